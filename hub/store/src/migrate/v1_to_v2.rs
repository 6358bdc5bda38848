//! Layout 2: what is kept of a member's way in says which version of its document it is, and lists
//! every certificate that was given in one place.
//!
//! Until now `e/<provider>` held `{invitation, earlier}` and nothing that told a reader so.

use calluna_kv::{Batch, Engine};
use serde_json::Value;

use super::BATCH_BYTES;
use crate::embedded::{json, parse};
use crate::error::StoreError;
use crate::key;

/// Name of the version in the document.
const VERSION: &str = "v";

pub(super) fn run(engine: &dyn Engine) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    for pair in engine.scan(key::ENROLMENTS, None) {
        let (key, value) = pair?;
        if let Some(document) = document(parse(&key, &value)?) {
            let value = json(&key, &document)?;
            batch.put(key, value);
        }
        if batch.bytes() >= BATCH_BYTES {
            engine.commit(std::mem::take(&mut batch))?;
        }
    }
    Ok(batch)
}

/// The document of version 2; nothing where it is one already.
pub(super) fn document(mut old: Value) -> Option<Value> {
    let fields = old.as_object_mut()?;
    if fields.contains_key(VERSION) {
        return None;
    }
    fields.insert(VERSION.to_owned(), 2.into());
    // Until now the newest certificate stood with the invitation alone.
    let mut given = match fields.remove("earlier") {
        Some(Value::Array(earlier)) => earlier,
        _ => Vec::new(),
    };
    let used = fields.get("invitation").and_then(|asked| asked.get("used"));
    given.extend(used.filter(|used| !used.is_null()).cloned());
    fields.insert("given".to_owned(), Value::Array(given));
    Some(old)
}
