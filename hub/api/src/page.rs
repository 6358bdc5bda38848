//! The description for people: the OpenAPI document as a page, in German and English, without scripts.

mod words;

use std::fmt::Write;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use calluna_model::text::Language;
use serde_json::{Map, Value};

use crate::credits::SOURCES;
use crate::problem::Kind;

/// The style of the page.
pub(crate) const STYLE: &str = include_str!("page/style.css");

/// The language of a request: what the address says, else what the browser prefers, else German.
pub(crate) fn language(query: Option<&str>, headers: &HeaderMap) -> Language {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let said = pairs.into_iter().find(|(name, _)| name == "lang");
    if let Some((_, said)) = said {
        return if said == "en" {
            Language::En
        } else {
            Language::De
        };
    }
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let first = accepted
        .unwrap_or_default()
        .split(',')
        .map(|tag| tag.trim().get(..2).unwrap_or_default().to_ascii_lowercase())
        .find(|tag| tag == "de" || tag == "en");
    match first.as_deref() {
        Some("en") => Language::En,
        _ => Language::De,
    }
}

/// The page for this document.
pub(crate) fn of(document: &Value, language: Language) -> String {
    Page {
        document,
        language,
        out: String::new(),
    }
    .write()
}

struct Page<'a> {
    document: &'a Value,
    language: Language,
    out: String,
}

/// Text of ours or of the document, made harmless.
fn safe(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Text in which words between backticks are code.
fn prose(text: &str) -> String {
    let mut out = String::new();
    for (at, part) in safe(text).split('`').enumerate() {
        match at % 2 {
            0 => out.push_str(part),
            _ => {
                // Writing to a text never fails.
                let _always = write!(out, "<code>{part}</code>");
            }
        }
    }
    out
}

impl Page<'_> {
    fn say(&self, text: &str) -> String {
        prose(&words::say(text, self.language))
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn write(mut self) -> String {
        self.head();
        self.rules();
        self.endpoints();
        self.problems();
        self.shapes();
        self.sources();
        self.put("</main></body></html>");
        self.out
    }

    fn head(&mut self) {
        let (tag, other, other_name) = match self.language {
            Language::De => ("de", "en", "English"),
            Language::En => ("en", "de", "Deutsch"),
        };
        let title = safe(self.document["info"]["title"].as_str().unwrap_or_default());
        let page = format!("{} – {title}", self.say("Interface for programs"));
        let (skip, heading) = (
            self.say("To the content"),
            self.say("Interface for programs"),
        );
        let (home, machine) = (
            self.say("The catalogue for people"),
            self.say("The same for machines"),
        );
        let intro = self.say(
            "Everything that the catalogue shows, for programs: without an account, without a key, free to use.",
        );
        self.put(&format!(
            "<!doctype html>\n<html lang=\"{tag}\"><head><meta charset=\"utf-8\"><title>{page}</title>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <link rel=\"stylesheet\" href=\"/api/style.css\"></head><body>\
             <a class=\"skip\" href=\"#content\">{skip}</a>\n\
             <header><nav><a href=\"/\">{home}</a> <a href=\"/api/v1/openapi.json\">{machine} (OpenAPI 3.1)</a> \
             <a href=\"/api?lang={other}\" lang=\"{other}\" hreflang=\"{other}\">{other_name}</a></nav></header>\n\
             <main id=\"content\"><h1>{heading}</h1><p>{title}</p><p>{intro}</p>"
        ));
    }

    fn rules(&mut self) {
        let heading = self.say("Rules");
        self.put(&format!("<h2>{heading}</h2><ul>"));
        for rule in words::RULES {
            let rule = self.say(rule);
            self.put(&format!("<li>{rule}</li>"));
        }
        self.put("</ul>");
    }

    /// Whose data about places the search and the statistics use, as the licences ask.
    fn sources(&mut self) {
        let heading = self.say("Sources of the data on places");
        self.put(&format!("<h2 id=\"sources\">{heading}</h2><ul>"));
        for source in SOURCES {
            let (said, licence) = (self.say(source.said), safe(source.licence));
            let (by, at) = (safe(source.by), safe(source.address));
            self.put(&format!(
                "<li>{said}: © {by}. <a href=\"{at}\" rel=\"noopener noreferrer\">{licence}</a></li>"
            ));
        }
        self.put("</ul>");
    }

    fn endpoints(&mut self) {
        let heading = self.say("Addresses");
        self.put(&format!("<h2>{heading}</h2>"));
        let document = self.document;
        let Some(paths) = document["paths"].as_object() else {
            return;
        };
        for (path, operations) in paths {
            let operation = &operations["get"];
            let id = safe(operation["operationId"].as_str().unwrap_or_default());
            let summary = self.say(operation["summary"].as_str().unwrap_or_default());
            self.put(&format!(
                "<section aria-labelledby=\"{id}\"><h3 id=\"{id}\"><code>GET {}</code></h3><p>{summary}</p>",
                safe(path)
            ));
            self.parameters(
                operation["parameters"]
                    .as_array()
                    .map_or(&[], Vec::as_slice),
            );
            if let Some(responses) = operation["responses"].as_object() {
                self.responses(responses);
            }
            self.put("</section>");
        }
    }

    fn parameters(&mut self, parameters: &[Value]) {
        if parameters.is_empty() {
            return;
        }
        let [caption, name, meaning] = ["Parameters", "Name", "Meaning"].map(|text| self.say(text));
        let required = self.say("required");
        self.put(&format!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption>{caption}\
             </caption><thead><tr><th scope=\"col\">{name}</th><th scope=\"col\">{meaning}</th></tr></thead><tbody>"
        ));
        for parameter in parameters {
            let name = safe(parameter["name"].as_str().unwrap_or_default());
            let meaning = self.say(parameter["description"].as_str().unwrap_or_default());
            let must = match parameter["required"].as_bool() {
                Some(true) => format!(" ({required})"),
                _ => String::new(),
            };
            let schema = &parameter["schema"];
            let values = schema["items"]["enum"]
                .as_array()
                .or(schema["enum"].as_array());
            let values: Vec<String> = values
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|value| format!("<code>{}</code>", safe(value)))
                .collect();
            let values = match values.len() {
                0 => String::new(),
                _ => format!("<br>{}", values.join(" ")),
            };
            self.put(&format!(
                "<tr><th scope=\"row\"><code>{name}</code></th><td>{meaning}{must}{values}</td></tr>"
            ));
        }
        self.put("</tbody></table></div>");
    }

    fn responses(&mut self, responses: &Map<String, Value>) {
        self.put("<ul>");
        for (status, response) in responses {
            // The same for all of them: it stands in the rules.
            if ["304", "400", "429", "default"].contains(&status.as_str()) {
                continue;
            }
            let said = self.say(response["description"].as_str().unwrap_or_default());
            let shape = response["content"]["application/json"]["schema"]["$ref"].as_str();
            let shape = shape.and_then(|shape| shape.rsplit('/').next()).map(safe);
            let shape = shape
                .map(|shape| format!(": <a href=\"#shape-{shape}\"><code>{shape}</code></a>"))
                .unwrap_or_default();
            self.put(&format!(
                "<li><code>{}</code> {said}{shape}</li>",
                safe(status)
            ));
        }
        self.put("</ul>");
    }

    fn problems(&mut self) {
        let (heading, intro) = (
            self.say("Problems"),
            self.say(
                "Every error is an `application/problem+json` (RFC 9457). Its `type` leads here.",
            ),
        );
        self.put(&format!("<h2>{heading}</h2><p>{intro}</p><dl>"));
        for kind in Kind::ALL {
            let [de, en] = kind.words();
            let words = prose(match self.language {
                Language::De => de,
                Language::En => en,
            });
            let (name, status) = (kind.name(), kind.status().as_u16());
            self.put(&format!(
                "<dt id=\"{name}\"><code>{name}</code> ({status})</dt><dd>{words}</dd>"
            ));
        }
        self.put("</dl>");
    }

    /// What answers look like. These words are the data model's own, which is written in English.
    fn shapes(&mut self) {
        let heading = self.say("What answers look like");
        self.put(&format!("<h2>{heading}</h2><div lang=\"en\">"));
        let document = self.document;
        for (name, schema) in document["components"]["schemas"]
            .as_object()
            .into_iter()
            .flatten()
        {
            let (name, said) = (
                safe(name),
                prose(schema["description"].as_str().unwrap_or_default()),
            );
            self.put(&format!(
                "<section aria-labelledby=\"shape-{name}\"><h3 id=\"shape-{name}\"><code>{name}</code></h3>\
                 <p>{said}</p>"
            ));
            let parts = schema["allOf"]
                .as_array()
                .map_or(std::slice::from_ref(schema), Vec::as_slice);
            for part in parts {
                self.fields(&name, part);
            }
            self.put("</section>");
        }
        self.put("</div>");
    }

    fn fields(&mut self, of: &str, schema: &Value) {
        if let Some(other) = schema["$ref"]
            .as_str()
            .and_then(|other| other.rsplit('/').next())
        {
            let other = safe(other);
            self.put(&format!(
                "<p>Everything of <a href=\"#shape-{other}\"><code>{other}</code></a>, and:</p>"
            ));
        }
        let Some(properties) = schema["properties"].as_object() else {
            return;
        };
        self.put(&format!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Fields of {of}\"><table><thead><tr>\
             <th scope=\"col\">Field</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead><tbody>"
        ));
        for (name, field) in properties {
            let said = prose(field["description"].as_str().unwrap_or_default());
            self.put(&format!(
                "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{said}</td></tr>",
                safe(name),
                type_of(field)
            ));
        }
        self.put("</tbody></table></div>");
    }
}

/// The type of a field in short.
fn type_of(field: &Value) -> String {
    if let Some(other) = field["$ref"]
        .as_str()
        .and_then(|other| other.rsplit('/').next())
    {
        let other = safe(other);
        return format!("<a href=\"#shape-{other}\"><code>{other}</code></a>");
    }
    for joined in ["oneOf", "allOf", "anyOf"] {
        if let Some(parts) = field[joined].as_array() {
            let parts: Vec<String> = parts.iter().map(type_of).collect();
            return parts.join(" | ");
        }
    }
    match &field["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", type_of(&field["items"])),
        Value::String(kind) => safe(kind),
        Value::Array(kinds) => {
            let kinds: Vec<String> = kinds.iter().filter_map(Value::as_str).map(safe).collect();
            kinds.join(" | ")
        }
        _ => "any".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;
    use crate::settings::Settings;

    fn document() -> Value {
        document::of(&Settings::default(), "Landkreis <b>Heide</b>")
    }

    #[test]
    fn what_is_said_on_the_german_page_is_german() {
        let document = document();
        let mut missing = Vec::new();
        let mut look = |text: &Value| {
            let text = text.as_str().unwrap_or_default();
            if words::german(text).is_none() {
                missing.push(text.to_owned());
            }
        };
        for operations in document["paths"].as_object().unwrap().values() {
            let operation = &operations["get"];
            look(&operation["summary"]);
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                look(&parameter["description"]);
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                if !["304", "400", "429", "default"].contains(&status.as_str()) {
                    look(&response["description"]);
                }
            }
        }
        assert!(missing.is_empty(), "no German for {missing:#?}");
    }

    #[test]
    fn the_page_is_one_document_in_each_language_with_nothing_inline() {
        let document = document();
        for (language, tag, heading) in [
            (
                Language::De,
                "<html lang=\"de\">",
                "Schnittstelle für Programme",
            ),
            (Language::En, "<html lang=\"en\">", "Interface for programs"),
        ] {
            let page = of(&document, language);
            assert!(page.contains(tag) && page.contains(heading));
            assert_eq!(page.matches("<h1>").count(), 1);
            assert!(
                page.contains("Landkreis &lt;b&gt;Heide"),
                "the name is text"
            );
            for inline in ["<script", "<style", "style=", "javascript:", "http://"] {
                assert!(!page.contains(inline), "{inline}");
            }
            let handler = |word: &str| word.starts_with("on") && word.contains("=\"");
            assert!(!page.split(' ').any(handler));
            for kind in Kind::ALL {
                assert!(page.contains(&format!("id=\"{}\"", kind.name())));
            }
            for path in document["paths"].as_object().unwrap().keys() {
                assert!(page.contains(&format!("GET {path}<")), "{path}");
            }
            for source in SOURCES {
                assert!(page.contains(source.by) && page.contains(source.address));
                let de = words::german(source.said).unwrap();
                assert!(page.contains(if language == Language::De {
                    de
                } else {
                    source.said
                }));
                let document = document["info"]["description"].as_str().unwrap();
                assert!(document.contains(source.by) && document.contains(source.licence));
            }
            // Every link within the page leads somewhere.
            for link in page.split("href=\"#").skip(1) {
                let name = link.split('"').next().unwrap();
                assert!(page.contains(&format!("id=\"{name}\"")), "#{name}");
            }
            assert!(page.len() < 120_000, "{}", page.len());
        }
    }

    #[test]
    fn the_language_is_what_the_address_says_else_what_the_browser_wants() {
        let mut headers = HeaderMap::new();
        assert_eq!(language(None, &headers), Language::De);
        headers.insert(ACCEPT_LANGUAGE, "fr, en;q=0.8, de;q=0.5".parse().unwrap());
        assert_eq!(language(None, &headers), Language::En);
        assert_eq!(language(Some("lang=de"), &headers), Language::De);
    }
}
