//! Two versions of an offer, field by field.

use calluna_model::finding::shorten;
use calluna_model::offer::OfferDraft;
use calluna_wire::v1 as pb;
use prost::Message;
use serde_json::Value;

use super::difference::{Example, FieldChange};

/// Most fields of one offer that are shown.
const FIELDS: usize = 10;

/// What differs between two records of one offer.
pub(super) fn example(id: &str, before: &[u8], after: &[u8]) -> Example {
    let (before, after) = (draft(before), draft(after));
    let title = shorten(&after.title);
    let mut fields = Vec::new();
    compare("", &value(&before), &value(&after), &mut fields);
    Example {
        id: id.to_owned(),
        title,
        fields,
    }
}

/// A record that this node wrote can be read; if it could not, it would show as empty.
fn draft(record: &[u8]) -> OfferDraft {
    pb::Offer::decode(record)
        .map(OfferDraft::from)
        .unwrap_or_default()
}

fn value(draft: &OfferDraft) -> Value {
    serde_json::to_value(draft).unwrap_or_default()
}

fn compare(path: &str, before: &Value, after: &Value, out: &mut Vec<FieldChange>) {
    if before == after || out.len() >= FIELDS {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let keys = old
                .keys()
                .chain(new.keys().filter(|key| !old.contains_key(*key)));
            for key in keys {
                let inner = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                compare(
                    &inner,
                    old.get(key).unwrap_or(&Value::Null),
                    new.get(key).unwrap_or(&Value::Null),
                    out,
                );
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                compare(&format!("{path}[{at}]"), old, new, out);
            }
        }
        _ => out.push(FieldChange {
            field: path.to_owned(),
            before: shown(before),
            after: shown(after),
        }),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shorten(text),
        other => shorten(&other.to_string()),
    }
}
