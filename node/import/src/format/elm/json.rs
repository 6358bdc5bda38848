//! JSON-LD as the same elements as XML, so there is one reading of either: a map of languages is
//! an element for each, the name of an object is what others refer to.

use std::cell::OnceCell;

use calluna_model::finding::Finding;
use serde_json::{Map, Value};

use super::budget::{Budget, TooManyParts, cost};
use super::{File, Part};
use crate::json::{self, Node, RECORD_BYTES};
use crate::sink::Sink;
use crate::xml::Element;

/// Most levels of objects within objects; the reader of JSON has a limit of its own.
const DEPTH: usize = 64;

/// The parts of a document. Those with a name are only noted: written out, each would hold all
/// that are nested in it, and each of these all of theirs again.
pub(super) fn read<'a>(
    document: &'a Value,
    name: &str,
    budget: Budget,
    sink: &mut Sink,
) -> File<'a> {
    let mut file = File {
        budget,
        ..File::default()
    };
    collect(document, 0, name, sink, &mut file);
    file
}

fn collect<'a>(value: &'a Value, depth: usize, name: &str, sink: &mut Sink, file: &mut File<'a>) {
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
                opportunity(node, name, sink, file);
            } else if fields.len() > 2 && !node.types().is_empty() {
                let id = identity(fields);
                if !id.is_empty() && !file.named.contains_key(id) {
                    let part = Part::Json(Later::new(node));
                    file.named.insert(id.to_owned(), part);
                }
            }
            for value in fields.values() {
                collect(value, depth + 1, name, sink, file);
            }
        }
        _ => {}
    }
}

fn opportunity<'a>(node: Node<'a>, name: &str, sink: &mut Sink, file: &mut File<'a>) {
    sink.saw(1);
    let place = format!("{name}#{}", file.opportunities.len() + 1);
    let finding = if node.weight() > RECORD_BYTES {
        Finding::new("", "too-large").limit(RECORD_BYTES)
    } else if file.budget.spend(cost(node.0)).is_err() {
        Finding::new("", TooManyParts::RULE)
    } else {
        let element = element("learningOpportunity", node.0, 0);
        file.opportunities.push((place, element));
        return;
    };
    sink.refuse(vec![finding.at(place)]);
}

/// A part that becomes an element when it is first asked for.
pub(super) struct Later<'a> {
    node: Node<'a>,
    made: OnceCell<Option<Element>>,
}

impl<'a> Later<'a> {
    fn new(node: Node<'a>) -> Self {
        let made = OnceCell::new();
        Self { node, made }
    }

    /// The element; nothing when it is too large for one record.
    pub(super) fn element(&self, budget: &Budget) -> Result<Option<&Element>, TooManyParts> {
        if let Some(made) = self.made.get() {
            return Ok(made.as_ref());
        }
        let fits = self.node.weight() <= RECORD_BYTES;
        if fits {
            budget.spend(cost(self.node.0))?;
        }
        let make = || fits.then(|| element(class(self.node), self.node.0, 0));
        Ok(self.made.get_or_init(make).as_ref())
    }
}

/// The name by which others refer to it, empty when there is none.
fn identity(fields: &Map<String, Value>) -> &str {
    let mut names = fields
        .iter()
        .filter(|(key, _)| matches!(local(key), "id" | "@id"))
        .filter_map(|(_, value)| value.as_str());
    names.next().unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::format::elm::budget::NODES;

    /// 60 named objects, each in the one before, around a list that all of them hold.
    fn nested() -> Value {
        let many = json!(vec![json!({}); 2_000]);
        (0..60).rev().fold(
            many,
            |inner, level| json!({"@id": format!("n{level}"), "@type": "Node", "elm:x": inner}),
        )
    }

    fn file_with(opportunity: Value) -> Value {
        json!({"@graph": [opportunity, nested()]})
    }

    #[test]
    fn what_nobody_refers_to_is_not_copied_at_any_level() {
        let document =
            file_with(json!({"@id": "o", "@type": "LearningOpportunity", "dc:title": "a"}));
        let mut sink = Sink::new("a");
        let file = read(&document, "a", Budget::default(), &mut sink);
        assert_eq!((file.opportunities.len(), file.named.len()), (1, 60));
        assert!(file.budget.left() > NODES - 20, "{}", file.budget.left());
        // Asked for twice, made once.
        assert!(file.part("n59").unwrap().is_ok());
        let left = file.budget.left();
        assert!(file.part("n59").unwrap().is_ok());
        assert_eq!(left, file.budget.left());
        assert!((NODES - 2_200..NODES - 2_000).contains(&left), "{left}");
    }

    #[test]
    fn references_into_every_level_end_at_the_budget() {
        let levels: Vec<_> = (0..60)
            .map(|level| json!({"@id": format!("n{level}")}))
            .collect();
        let document = file_with(json!({
            "@id": "o", "@type": "LearningOpportunity", "dc:title": "a", "elm:learningAchievementSpecification": levels,
        }));
        for (most, refused) in [(60 * 2_000, 1), (NODES, 0)] {
            let mut sink = Sink::new("a");
            let file = read(&document, "a", Budget::of(most), &mut sink);
            file.offers(&crate::Options::default(), &mut sink).unwrap();
            assert!(file.budget.left() < most, "it was read");
            let imported = sink.finish("elm");
            assert_eq!(imported.refused_records, refused, "{most}");
            assert!(
                imported
                    .refused
                    .iter()
                    .all(|told| told.rule == TooManyParts::RULE)
            );
        }
    }

    #[test]
    fn opportunities_within_one_another_end_at_the_budget() {
        let many = json!(vec![json!({}); 2_000]);
        let document = (0..60).fold(many, |inner, level| {
            json!({"@id": format!("o{level}"), "@type": "LearningOpportunity", "dc:title": "a", "elm:x": inner})
        });
        let mut sink = Sink::new("a");
        let file = read(&document, "a", Budget::of(50_000), &mut sink);
        let read = file.opportunities.len();
        assert!((10..30).contains(&read), "{read}");
        let imported = sink.finish("elm");
        assert_eq!(imported.read, 60);
        assert_eq!(imported.refused[0].rule, TooManyParts::RULE);
        assert_eq!(imported.refused_records, 60 - read as u64);
    }
}
