//! The OpenAPI document: put together from the descriptions beside each endpoint and each shape. What is the same
//! for all of them is added here.

use calluna_search::query::{Facet, LIMIT_MAX, OFFSET_MAX, Query, Sort};
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::credits;
use crate::endpoint::{changes, codes, offers, providers, root, search, statistics, suggestions};
use crate::problem::Problem;
use crate::settings::Settings;

#[derive(OpenApi)]
#[openapi(
    paths(
        root::root,
        search::search,
        suggestions::suggestions,
        offers::offers,
        offers::offer,
        providers::providers,
        providers::provider,
        codes::lists,
        codes::list,
        changes::changes,
        statistics::statistics
    ),
    components(schemas(Problem))
)]
struct Described;

/// Version of the interface: the second number grows with every addition.
const VERSION: &str = "1.0";

/// The document of this catalogue.
pub(crate) fn of(settings: &Settings, district: &str) -> Value {
    // The description is plain data of our own.
    let mut document = serde_json::to_value(Described::openapi()).unwrap_or_default();
    let server = match settings.base_url.trim_end_matches('/') {
        "" => "/",
        base => base,
    };
    let mut info = json!({
        "title": format!("Bildungsangebote: {district}"),
        "version": VERSION,
        "summary": "The catalogue of education offers of a district, for programs.",
        "description": format!(
            "Everything that the catalogue shows, without an account. Offers are written as in the data model of \
            Calluna; what stands here is only ever added to. Answers carry an ETag; every error is an \
            application/problem+json (RFC 9457).{}",
            credits::in_words()
        ),
    });
    if !settings.contact.is_empty()
        && let Some(info) = info.as_object_mut()
    {
        info.insert("contact".to_owned(), json!({ "email": settings.contact }));
    }
    if let Some(all) = document.as_object_mut() {
        all.insert("info".to_owned(), info);
        all.insert("servers".to_owned(), json!([{ "url": server }]));
    }
    if let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) {
        for operation in paths.values_mut().filter_map(|path| path.get_mut("get")) {
            complete(operation);
        }
    }
    plain_words(&mut document);
    document
}

/// What every operation has.
fn complete(operation: &mut Value) {
    if operation["operationId"] == "search" {
        operation["parameters"] = search_parameters().into();
    }
    let Some(responses) = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    if let Some(ok) = responses.get_mut("200") {
        ok["headers"] = json!({
            "ETag": {
                "description": "Tag of this answer, for If-None-Match",
                "schema": { "type": "string" }
            },
            "Cache-Control": {
                "description": "How long the answer keeps",
                "schema": { "type": "string" }
            }
        });
    }
    responses.insert(
        "304".to_owned(),
        json!({ "description": "Whoever asks has it already (If-None-Match)" }),
    );
    let problem = |said: &str| {
        json!({
            "description": said,
            "content": {
                "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } }
            }
        })
    };
    responses.insert(
        "400".to_owned(),
        problem("A parameter that does not exist, or a value that cannot be used"),
    );
    responses.insert("429".to_owned(), problem("Too many requests of one source"));
    responses.insert("default".to_owned(), problem("Any other problem"));
}

/// The parameters of the search, from the search itself.
fn search_parameters() -> Vec<Value> {
    Query::keys().into_iter().map(search_parameter).collect()
}

fn search_parameter(key: &str) -> Value {
    let one = |said: String, schema: Value| {
        json!({
            "name": key, "in": "query", "required": false, "description": said, "schema": schema
        })
    };
    if let Some(facet) = Facet::from_key(key) {
        let mut item = Map::new();
        item.insert("type".to_owned(), "string".into());
        if let Some(known) = facet.known() {
            item.insert("enum".to_owned(), known.into());
        }
        let schema = json!({ "type": "array", "items": item });
        let mut parameter = one(facet_words(facet).to_owned(), schema);
        parameter["explode"] = true.into();
        return parameter;
    }
    let text = || json!({ "type": "string" });
    let day = || json!({ "type": "string", "format": "date" });
    match key {
        "q" => one(
            "The words; at most 200 characters".to_owned(),
            json!({ "type": "string", "maxLength": calluna_search::query::TEXT_MAX }),
        ),
        "place" => one(
            "Near a town, a part of it or a postal code".to_owned(),
            text(),
        ),
        "radius" => one(
            "Kilometres around the place".to_owned(),
            json!({ "type": "integer", "minimum": 1, "maximum": calluna_search::query::RADIUS_MAX_KM }),
        ),
        "from" => one("Runs that start on this day or later".to_owned(), day()),
        "until" => one("Runs that start on this day or earlier".to_owned(), day()),
        "price_max" => one("At most this price in euros".to_owned(), text()),
        "past" => one(
            "Offers that are over, too".to_owned(),
            json!({ "type": "string", "enum": ["yes"] }),
        ),
        "sort" => one(
            "The order; `distance` needs a place".to_owned(),
            json!({ "type": "string", "enum": Sort::ALL.map(Sort::key) }),
        ),
        _ => one(
            "The page; the first is 1".to_owned(),
            json!({
                "type": "integer", "minimum": 1,
                "maximum": OFFSET_MAX / calluna_search::query::PAGE_SIZE.min(LIMIT_MAX) + 1
            }),
        ),
    }
}

/// What a filter is, in words.
pub(crate) fn facet_words(facet: Facet) -> &'static str {
    match facet {
        Facet::Subject => "Subject area: code list `dvv_area`, or `other`",
        Facet::Municipality => "Municipality of a venue: its AGS, `online` or `elsewhere`",
        Facet::Format => "In person, online, hybrid …: code list `format`",
        Facet::Weekday => "Day of the week: 1 is Monday, 7 is Sunday",
        Facet::TimeOfDay => "Time of day: before 12, 12 to 17, from 17 o'clock",
        Facet::Price => "Price in euros: free, up to 50, 100, 250, more, unknown",
        Facet::Level => "Level of the Deutscher Qualifikationsrahmen",
        Facet::Entry => "What one must have: code list `qualification`",
        Facet::Award => "What one has afterwards: code list `qualification`",
        Facet::Language => "Language of instruction, such as `de`",
        Facet::Cefr => "Language level: code list `cefr`",
        Facet::Accessibility => "Accessibility: code list `accessibility`",
        Facet::Childcare => "Children are looked after meanwhile",
        Facet::Funding => "Funding route: code list `funding`",
        Facet::Provider => "Id of a provider",
        Facet::ProviderKind => "Kind of provider",
        Facet::FreeSeats => "One can still get in",
    }
}

/// Links of our own documentation mean nothing to others: [`X`] becomes `X`.
fn plain_words(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("[`") => {
            *text = text
                .replace("[`crate::id::", "`")
                .replace("[`super::", "`")
                .replace("[`", "`")
                .replace("`]", "`");
        }
        Value::Array(list) => list.iter_mut().for_each(plain_words),
        Value::Object(map) => map.values_mut().for_each(plain_words),
        _ => {}
    }
}
