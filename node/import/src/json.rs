//! Documents of JSON and JSON-LD: read whole, within limits, and asked for by the names of
//! properties, with or without a prefix, for one value or many.

use calluna_tabular::encoding;
use serde_json::{Map, Value};

use crate::Source;
use crate::error::ImportError;

/// Largest document that is held in memory as a whole, in bytes.
pub(crate) const DOCUMENT_BYTES: u64 = 64 * 1024 * 1024;
/// Largest record in a document, in bytes of names and texts.
pub(crate) const RECORD_BYTES: usize = 1024 * 1024;

/// Prefixes under which the same property stands.
const PREFIXES: [&str; 6] = [
    "schema:",
    "sdo:",
    "http://schema.org/",
    "https://schema.org/",
    "elm:",
    "http://data.europa.eu/snb/model/elm/",
];

/// The document of a file.
pub(crate) fn document(source: &Source<'_>) -> Result<Value, ImportError> {
    let bytes = source.bytes.len() as u64;
    if bytes > DOCUMENT_BYTES {
        return Err(ImportError::TooLarge {
            file: source.name.to_owned(),
            bytes,
            limit: DOCUMENT_BYTES,
        });
    }
    parse(&encoding::decode(source.bytes).text, source.name, 0)
}

/// A document that begins after `before` lines of a file.
pub(crate) fn parse(text: &str, file: &str, before: usize) -> Result<Value, ImportError> {
    serde_json::from_str(text).map_err(|error| {
        let place = format!("{file}:{}:{}", before + error.line(), error.column());
        if error.is_eof() {
            ImportError::Truncated { place }
        } else {
            ImportError::NotWellFormed { place }
        }
    })
}

/// Bytes of the names and texts in a value.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum::<usize>() + items.len(),
        Value::Object(fields) => Node(fields).weight(),
        _ => 8,
    }
}

/// A name without the prefix of its vocabulary.
pub(crate) fn bare(name: &str) -> &str {
    PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

/// An object of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Node<'a> {
    /// The object in a value.
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// Bytes of its names and texts.
    pub(crate) fn weight(self) -> usize {
        self.0
            .iter()
            .map(|(name, value)| name.len() + weight(value))
            .sum()
    }

    /// The values of a property, none, one or many.
    pub(crate) fn all(self, name: &str) -> Vec<&'a Value> {
        let found = self.0.get(name).or_else(|| {
            self.0
                .iter()
                .find_map(|(key, value)| (bare(key) == name).then_some(value))
        });
        match found {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => items.iter().filter(|item| !item.is_null()).collect(),
            Some(value) => vec![value],
        }
    }

    /// The objects of a property.
    pub(crate) fn nodes(self, name: &str) -> Vec<Self> {
        self.all(name).into_iter().filter_map(Self::of).collect()
    }

    /// The texts of a property: of several languages only the German ones, where there are any.
    pub(crate) fn texts(self, name: &str) -> Vec<String> {
        let values = self.all(name);
        let german: Vec<&Value> = values
            .iter()
            .copied()
            .filter(|value| language(value).starts_with("de"))
            .collect();
        let chosen = if german.is_empty() { values } else { german };
        chosen
            .into_iter()
            .filter_map(words)
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// The first text of a property, empty when there is none.
    pub(crate) fn text(self, name: &str) -> String {
        self.texts(name).into_iter().next().unwrap_or_default()
    }

    /// The types, without prefix.
    pub(crate) fn types(self) -> Vec<&'a str> {
        ["@type", "type"]
            .iter()
            .flat_map(|name| self.all(name))
            .filter_map(Value::as_str)
            .map(bare)
            .collect()
    }

    /// Whether it is of that type.
    pub(crate) fn is(self, name: &str) -> bool {
        self.types().contains(&name)
    }

    /// The names of properties that are in none of the lists; keywords of JSON-LD are none.
    pub(crate) fn left_over(self, known: &[&[&str]]) -> Vec<&'a str> {
        self.0
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| bare(name))
            .filter(|name| !name.starts_with('@') && !known.iter().any(|list| list.contains(name)))
            .collect()
    }
}

/// The words of a value: itself, its `@value`, or the name of what it describes.
pub(crate) fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Object(fields) => {
            let node = Node(fields);
            ["@value", "name", "value", "headline"]
                .iter()
                .find_map(|name| match node.all(name).first() {
                    Some(Value::String(text)) => Some(text.clone()),
                    Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
                    Some(Value::Object(inner)) => inner
                        .get("@value")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                    _ => None,
                })
        }
        Value::Null | Value::Array(_) => None,
    }
}

fn language(value: &Value) -> String {
    ["@language", "inLanguage"]
        .iter()
        .find_map(|name| value.get(name)?.as_str())
        .unwrap_or_default()
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_are_found_by_their_names_however_they_are_written() {
        let value = json!({
            "@type": ["schema:Course", "https://schema.org/Event"],
            "schema:name": [{"@language": "en", "@value": "Pottery"}, {"@language": "de", "@value": "Töpfern"}],
            "keywords": ["a", null, 5, {"name": "b"}, ["c"]],
            "image": null,
            "mood": "good",
        });
        let node = Node::of(&value).unwrap();
        assert!(node.is("Course") && node.is("Event"));
        assert_eq!(node.text("name"), "Töpfern");
        assert_eq!(node.texts("keywords"), ["a", "5", "b"]);
        assert_eq!(node.text("image"), "");
        assert_eq!(node.left_over(&[&["name"], &["keywords"]]), ["mood"]);
    }
}
