//! Answers, held against the document that describes them. The validator knows the part of JSON Schema 2020-12 that
//! stands in the document, and fails on any keyword that it does not know.

use serde_json::{Map, Value, json};

use super::world::World;

/// Keywords that say something to people only.
const WORDS: &[&str] = &[
    "description",
    "example",
    "examples",
    "title",
    "format",
    "default",
];

/// Everything about `value` that the schema does not allow.
fn faults(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else {
        return found.push(format!("{at}: the schema is no object"));
    };
    for (keyword, wanted) in schema {
        match keyword.as_str() {
            "$ref" => {
                let name = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                let target = document
                    .pointer(name)
                    .unwrap_or_else(|| panic!("{name} leads nowhere"));
                faults(document, target, value, at, found);
            }
            "type" => {
                let kinds = wanted
                    .as_array()
                    .map_or(std::slice::from_ref(wanted), Vec::as_slice);
                if !kinds.iter().any(|kind| is(value, kind.as_str().unwrap())) {
                    found.push(format!("{at}: {value} is no {wanted}"));
                }
            }
            "properties" => {
                for (name, schema) in wanted.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        faults(document, schema, value, &format!("{at}.{name}"), found);
                    }
                }
            }
            "required" => {
                let missing = wanted.as_array().unwrap().iter();
                let missing = missing.filter(|name| value.get(name.as_str().unwrap()).is_none());
                found.extend(missing.map(|name| format!("{at}: {name} is missing")));
            }
            "additionalProperties" => {
                assert_eq!(*wanted, json!(false));
                let known = schema.get("properties").and_then(Value::as_object);
                let known = |name: &str| known.is_some_and(|known| known.contains_key(name));
                let more = value.as_object().into_iter().flat_map(Map::keys);
                found.extend(
                    more.filter(|name| !known(name))
                        .map(|name| format!("{at}: {name} is not described")),
                );
            }
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    faults(document, wanted, item, &format!("{at}[{n}]"), found);
                }
            }
            "allOf" => {
                let parts = wanted.as_array().unwrap().iter();
                parts.for_each(|part| faults(document, part, value, at, found));
            }
            "oneOf" => {
                let fits = |part: &&Value| {
                    let mut wrong = Vec::new();
                    faults(document, part, value, at, &mut wrong);
                    wrong.is_empty()
                };
                let fitting = wanted.as_array().unwrap().iter().filter(fits).count();
                if fitting != 1 {
                    found.push(format!("{at}: {fitting} of the alternatives fit {value}"));
                }
            }
            "enum" => {
                if !wanted.as_array().unwrap().contains(value) {
                    found.push(format!("{at}: {value} is none of {wanted}"));
                }
            }
            "minimum" if value.as_f64().is_some_and(|n| n < wanted.as_f64().unwrap()) => {
                found.push(format!("{at}: {value} is too small"));
            }
            "maximum" if value.as_f64().is_some_and(|n| n > wanted.as_f64().unwrap()) => {
                found.push(format!("{at}: {value} is too large"));
            }
            "minimum" | "maximum" => {}
            word if WORDS.contains(&word) => {}
            other => panic!("{at}: what does `{other}` mean?"),
        }
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("what is a {other}?"),
    }
}

/// Every address that the document names, with its examples put in.
fn addresses(document: &Value) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let operation = &operations["get"];
        let (mut address, mut query) = (path.clone(), Vec::new());
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let example = parameter["example"].as_str();
            match parameter["in"].as_str().unwrap() {
                "path" => {
                    let example =
                        example.unwrap_or_else(|| panic!("{path}: {name} has no example"));
                    address = address.replace(&format!("{{{name}}}"), example);
                }
                _ => query.extend(example.map(|example| format!("{name}={example}"))),
            }
        }
        if !query.is_empty() {
            address = format!("{address}?{}", query.join("&"));
        }
        all.push((address, operation));
    }
    all
}

fn check(document: &Value, operation: &Value, status: &str, media: &str, body: &Value, at: &str) {
    let responses = &operation["responses"];
    let response = responses.get(status).unwrap_or(&responses["default"]);
    let schema = &response["content"][media]["schema"];
    assert!(
        schema.is_object(),
        "{at}: {status} {media} is not described"
    );
    let mut found = Vec::new();
    faults(document, schema, body, at, &mut found);
    assert!(found.is_empty(), "{found:#?}\n{body:#}");
}

#[tokio::test]
async fn every_answer_is_as_the_document_says() {
    let world = World::new();
    let document = world.get("/api/v1/openapi.json").await.json();
    let all = addresses(&document);
    assert_eq!(all.len(), crate::endpoint::ALL.len());
    for (address, operation) in &all {
        let got = world.get(address).await;
        assert_eq!(got.status, 200, "{address}");
        check(
            &document,
            operation,
            "200",
            "application/json",
            &got.json(),
            address,
        );
        let wrong = format!(
            "{address}{}no-such-thing=1",
            if address.contains('?') { "&" } else { "?" }
        );
        let got = world.get(&wrong).await;
        assert_eq!(got.status, 400, "{wrong}");
        check(
            &document,
            operation,
            "400",
            "application/problem+json",
            &got.json(),
            &wrong,
        );
    }
    let of = |path: &str| &document["paths"][path]["get"];
    for (address, path) in [
        (
            "/api/v1/search?q=t%C3%B6pfern&place=Walsrode&kind=vhs&kind=school",
            "/api/v1/search",
        ),
        ("/api/v1/search?q=englich", "/api/v1/search"),
        ("/api/v1/offers?limit=3", "/api/v1/offers"),
        (
            "/api/v1/offers/bbs-walsrode/G-1",
            "/api/v1/offers/{provider}/{offer}",
        ),
        (
            "/api/v1/offers/bbs-walsrode/none",
            "/api/v1/offers/{provider}/{offer}",
        ),
        ("/api/v1/providers/none", "/api/v1/providers/{provider}"),
        ("/api/v1/codes/none", "/api/v1/codes/{list}"),
        ("/api/v1/changes?cursor=none", "/api/v1/changes"),
    ] {
        let got = world.get(address).await;
        let media = got.header("content-type").to_owned();
        check(
            &document,
            of(path),
            got.status.as_str(),
            &media,
            &got.json(),
            address,
        );
    }
}

#[tokio::test]
async fn the_document_describes_what_there_is_and_nothing_else() {
    let document = World::new().get("/api/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(
        document["servers"],
        json!([{ "url": "https://bildung.example" }])
    );
    let described: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    let mut served: Vec<&str> = crate::endpoint::ALL.iter().map(|(path, _)| *path).collect();
    served.sort_unstable();
    assert_eq!(described, served);
    let search = &document["paths"]["/api/v1/search"]["get"]["parameters"];
    let names: Vec<&str> = search
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, calluna_search::query::Query::keys());
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let text = schema.to_string();
        assert!(
            !text.contains("[`"),
            "{name} has links of our own documentation"
        );
        assert!(
            schema["description"].is_string(),
            "{name} has no description"
        );
    }
}

#[test]
fn the_validator_finds_what_is_wrong() {
    let document = json!({ "a": { "type": "string" } });
    let schema = json!({
        "type": "object",
        "required": ["x"],
        "additionalProperties": false,
        "properties": {
            "x": { "type": ["integer", "null"], "minimum": 1 },
            "y": { "oneOf": [{ "type": "null" }, { "$ref": "#/a" }] },
            "z": { "type": "array", "items": { "enum": ["on", "off"] } }
        }
    });
    let wrong = |value: Value| {
        let mut found = Vec::new();
        faults(&document, &schema, &value, "it", &mut found);
        found.len()
    };
    assert_eq!(wrong(json!({ "x": null, "y": "text", "z": ["on"] })), 0);
    for value in [
        json!({}),
        json!([]),
        json!({ "x": 0 }),
        json!({ "x": "1" }),
        json!({ "x": 1, "w": 1 }),
        json!({ "x": 1, "y": 2 }),
        json!({ "x": 1, "z": ["out"] }),
    ] {
        assert!(wrong(value.clone()) > 0, "{value}");
    }
}
