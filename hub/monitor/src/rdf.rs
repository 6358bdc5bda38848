//! A description in triples, written as Turtle and as JSON-LD from the same tree.

use serde_json::{Map, Value as Json, json};

/// Prefixes that are used, with what they stand for.
const PREFIXES: &[(&str, &str)] = &[
    ("dcat", "http://www.w3.org/ns/dcat#"),
    ("dcatap", "http://data.europa.eu/r5r/"),
    ("dcatde", "http://dcat-ap.de/def/dcatde/"),
    ("dct", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("spdx", "http://spdx.org/rdf/terms#"),
    ("vcard", "http://www.w3.org/2006/vcard/ns#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// What a property points at.
#[derive(Clone, Debug)]
pub(crate) enum Object {
    /// An address.
    Iri(String),
    /// Words in a language.
    Words(String, &'static str),
    /// Plain text.
    Text(String),
    /// A value of a type, such as `xsd:dateTime`.
    Typed(String, &'static str),
    /// A thing without an address.
    Thing(Resource),
}

/// A thing with its type and properties.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    iri: String,
    kind: &'static str,
    properties: Vec<(&'static str, Object)>,
}

impl Resource {
    /// A thing with an address.
    pub(crate) fn new(iri: &str, kind: &'static str) -> Self {
        Self {
            iri: iri.to_owned(),
            kind,
            properties: Vec::new(),
        }
    }

    /// A thing without one.
    pub(crate) fn blank(kind: &'static str) -> Self {
        Self::new("", kind)
    }

    /// Adds a property.
    pub(crate) fn with(mut self, property: &'static str, object: Object) -> Self {
        self.properties.push((property, object));
        self
    }

    /// Adds an address, if there is one.
    pub(crate) fn iri(self, property: &'static str, iri: &str) -> Self {
        if iri.is_empty() {
            self
        } else {
            self.with(property, Object::Iri(iri.to_owned()))
        }
    }

    /// Adds plain text.
    pub(crate) fn text(self, property: &'static str, text: &str) -> Self {
        self.with(property, Object::Text(text.to_owned()))
    }

    /// Adds words in both languages.
    pub(crate) fn words(self, property: &'static str, de: &str, en: &str) -> Self {
        self.with(property, Object::Words(de.to_owned(), "de"))
            .with(property, Object::Words(en.to_owned(), "en"))
    }
}

/// Several things.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph(pub(crate) Vec<Resource>);

impl Graph {
    /// As Turtle.
    pub(crate) fn turtle(&self) -> String {
        let mut out = String::new();
        for (prefix, meaning) in PREFIXES {
            out += &format!("@prefix {prefix}: <{meaning}> .\n");
        }
        for resource in &self.0 {
            out += &format!("\n<{}> a {}", iri(&resource.iri), resource.kind);
            write_properties(&mut out, resource, 1);
            out += " .\n";
        }
        out
    }

    /// As JSON-LD.
    pub(crate) fn json_ld(&self) -> String {
        let context: Map<String, Json> = PREFIXES
            .iter()
            .map(|(prefix, meaning)| ((*prefix).to_owned(), json!(meaning)))
            .collect();
        let graph: Vec<Json> = self.0.iter().map(node).collect();
        format!("{:#}\n", json!({"@context": context, "@graph": graph}))
    }
}

fn write_properties(out: &mut String, resource: &Resource, depth: usize) {
    for (property, object) in &resource.properties {
        *out += &format!(" ;\n{}{property} ", "  ".repeat(depth));
        match object {
            Object::Iri(address) => *out += &format!("<{}>", iri(address)),
            Object::Words(text, language) => *out += &format!("{}@{language}", literal(text)),
            Object::Text(text) => *out += &literal(text),
            Object::Typed(text, kind) => *out += &format!("{}^^{kind}", literal(text)),
            Object::Thing(thing) => {
                *out += &format!("[ a {}", thing.kind);
                write_properties(out, thing, depth + 1);
                *out += " ]";
            }
        }
    }
}

/// What Turtle does not allow between `<` and `>` is written as a reader of addresses expects it.
fn iri(address: &str) -> String {
    address
        .chars()
        .map(|c| match c {
            '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\' | '\0'..=' ' => {
                format!("%{:02X}", u32::from(c))
            }
            c => c.to_string(),
        })
        .collect()
}

fn literal(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            '\r' => "\\r".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

fn node(resource: &Resource) -> Json {
    let mut out = Map::new();
    if !resource.iri.is_empty() {
        out.insert("@id".to_owned(), json!(iri(&resource.iri)));
    }
    out.insert("@type".to_owned(), json!(resource.kind));
    for (property, object) in &resource.properties {
        let object = match object {
            Object::Iri(address) => json!({"@id": iri(address)}),
            Object::Words(text, language) => json!({"@value": text, "@language": language}),
            Object::Text(text) => json!(text),
            Object::Typed(text, kind) => json!({"@value": text, "@type": kind}),
            Object::Thing(thing) => node(thing),
        };
        let all = out
            .entry((*property).to_owned())
            .or_insert_with(|| json!([]));
        if let Json::Array(all) = all {
            all.push(object);
        }
    }
    Json::Object(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_out() {
        let resource = Resource::new("https://x.example/a b>", "dcat:Dataset")
            .text("dct:title", "a \"quoted\" \\ line\nand more")
            .with(
                "dct:publisher",
                Object::Thing(Resource::blank("foaf:Agent").text("foaf:name", "x")),
            );
        let graph = Graph(vec![resource]);
        let turtle = graph.turtle();
        assert!(
            turtle.contains("<https://x.example/a%20b%3E> a dcat:Dataset"),
            "{turtle}"
        );
        assert!(
            turtle.contains(r#""a \"quoted\" \\ line\nand more""#),
            "{turtle}"
        );
        assert!(turtle.contains("dct:publisher [ a foaf:Agent"), "{turtle}");
        let json: Json = serde_json::from_str(&graph.json_ld()).unwrap();
        assert_eq!(
            json["@graph"][0]["dct:title"][0],
            "a \"quoted\" \\ line\nand more"
        );
    }
}
