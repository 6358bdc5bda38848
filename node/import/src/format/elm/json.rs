//! JSON-LD as the same elements as XML, so there is one reading of either: a map of languages is
//! an element for each, the name of an object is what others refer to.

use calluna_model::finding::Finding;
use serde_json::{Map, Value};

use super::File;
use crate::Source;
use crate::error::ImportError;
use crate::json::{self, Node, RECORD_BYTES};
use crate::sink::Sink;
use crate::xml::Element;

/// Most levels of objects within objects; the reader of JSON has a limit of its own.
const DEPTH: usize = 64;

pub(super) fn read(source: &Source<'_>, sink: &mut Sink) -> Result<File, ImportError> {
    let document = json::document(source)?;
    let mut file = File::default();
    collect(&document, 0, source.name, sink, &mut file);
    Ok(file)
}

fn collect(value: &Value, depth: usize, name: &str, sink: &mut Sink, file: &mut File) {
    if depth > DEPTH {
        return;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                collect(item, depth + 1, name, sink, file);
            }
        }
        Value::Object(fields) => {
            let node = Node(fields);
            if node.is("LearningOpportunity") && fields.len() > 2 {
                sink.saw(1);
                let place = format!("{name}#{}", file.opportunities.len() + 1);
                if node.weight() > RECORD_BYTES {
                    let finding = Finding::new("", "too-large").limit(RECORD_BYTES);
                    sink.refuse(vec![finding.at(place)]);
                } else {
                    let element = element("learningOpportunity", fields, 0);
                    file.opportunities.push((place, element));
                }
            } else if fields.len() > 2 && !node.types().is_empty() && node.weight() <= RECORD_BYTES
            {
                file.index(element(class(node), fields, 0));
            }
            for value in fields.values() {
                collect(value, depth + 1, name, sink, file);
            }
        }
        _ => {}
    }
}

/// A name without its prefix, as XML has it: `dc:title`, `elm:mode`.
fn local(key: &str) -> &str {
    if key.starts_with('@') {
        return key;
    }
    let bare = json::bare(key);
    match bare.split_once(':') {
        Some((_, name)) if !name.starts_with('/') => name,
        _ => bare.rsplit(['/', '#']).next().unwrap_or(bare),
    }
}

/// What XML calls an object of that class, as far as it matters.
fn class(node: Node<'_>) -> &'static str {
    if node.is("Qualification") {
        "qualification"
    } else {
        "node"
    }
}

fn element(name: &str, fields: &Map<String, Value>, depth: usize) -> Element {
    let mut out = Element::named(name);
    for (key, value) in fields {
        match (local(key), value) {
            ("id" | "@id", Value::String(id)) => {
                out.set("id", id);
                out.set("idref", id);
                out.set("uri", id);
            }
            ("@value", Value::String(text)) => out.push_text(text),
            ("@language", Value::String(tag)) => out.set("language", tag),
            (name, _) if name.starts_with('@') => {}
            // The class of the object; what XML calls its type is `dcType` here.
            ("type", _) if key == "type" => {}
            ("dcType", _) => push(&mut out, "type", value, depth + 1),
            (name, _) => push(&mut out, name, value, depth + 1),
        }
    }
    out
}

fn push(parent: &mut Element, name: &str, value: &Value, depth: usize) {
    if depth > DEPTH {
        return;
    }
    match value {
        Value::Null => {}
        Value::Array(items) => items
            .iter()
            .for_each(|item| push(parent, name, item, depth + 1)),
        Value::Object(fields) if is_languages(fields) => {
            for (tag, texts) in fields {
                let many = texts
                    .as_array()
                    .map_or(std::slice::from_ref(texts), Vec::as_slice);
                for text in many.iter().filter_map(Value::as_str) {
                    let mut child = Element::named(name);
                    child.set("language", tag);
                    child.push_text(text);
                    parent.push(child);
                }
            }
        }
        Value::Object(fields) => parent.push(element(name, fields, depth)),
        // The address of a thing stands where XML has a reference.
        Value::String(text) if text.contains("://") => {
            let mut child = Element::named(name);
            child.set("uri", text);
            child.set("idref", text);
            child.push_text(text);
            parent.push(child);
        }
        Value::String(text) => parent.push_leaf(name, text),
        Value::Bool(_) | Value::Number(_) => parent.push_leaf(name, &value.to_string()),
    }
}

/// `{"de": "…", "en": ["…", "…"]}`.
fn is_languages(fields: &Map<String, Value>) -> bool {
    let tag = |name: &str| {
        (2..=3).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase())
            && name != "id"
    };
    !fields.is_empty()
        && fields
            .iter()
            .all(|(name, value)| tag(name) && (value.is_string() || value.is_array()))
}
