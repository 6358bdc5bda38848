//! The settings that hold, flat, and what differs between two starts.
//!
//! What may name a person or hold a secret (mail addresses, login, addresses of web hooks) is not
//! written down: a short keyed hash stands for it, which tells only that it changed.

use std::collections::BTreeMap;

use calluna_audit::{AuditKey, Details, Draft, Event};
use calluna_host::config::Secret;
use calluna_model::id::Digest;
use calluna_store::StoreError;
use serde_json::Value;

use crate::config::{Address, HubConfig, WebAddress};

/// Beginning of the names of the particulars that hold a setting.
const SETTING: &str = "set.";

/// Every setting with its value.
pub(super) fn effective(
    config: &HubConfig,
    key: &AuditKey,
) -> Result<BTreeMap<String, String>, StoreError> {
    let tree = serde_json::to_value(config);
    let tree = tree.map_err(|cause| StoreError::Unrecorded(cause.to_string()))?;
    let mut flat = BTreeMap::new();
    flatten("", &tree, &mut flat);
    let mail = |address: &Address| address.0.as_ref().map(ToString::to_string);
    let web = |address: &WebAddress| address.get().map(Secret::expose).map(str::to_owned);
    let pages = &config.pages;
    let to: Vec<String> = config.mail.to.iter().filter_map(mail).collect();
    for (name, value) in [
        ("mail.username", Some(config.mail.username.clone())),
        ("mail.from", mail(&config.mail.from)),
        ("mail.to", Some(to.join("\n"))),
        ("webhook.url", web(&config.webhook.url)),
        ("webhook.heartbeat_url", web(&config.webhook.heartbeat_url)),
        (
            "membership.contact",
            Some(config.membership.contact.clone()),
        ),
        ("pages.represented_by", Some(pages.represented_by.clone())),
        ("pages.mail", Some(pages.mail.clone())),
        ("pages.phone", Some(pages.phone.clone())),
        (
            "pages.accessibility_mail",
            Some(pages.accessibility_mail.clone()),
        ),
        (
            "pages.data_protection_officer",
            Some(pages.data_protection_officer.clone()),
        ),
        (
            "pages.security_contact",
            Some(pages.security_contact.clone()),
        ),
    ] {
        let value = value.filter(|value| !value.is_empty());
        let shown = value.map_or_else(String::new, |value| veiled(key, name, &value));
        flat.insert(name.to_owned(), shown);
    }
    Ok(flat)
}

/// A value of which only its changes are told. Without the audit key nobody can try out guesses.
fn veiled(key: &AuditKey, name: &str, value: &str) -> String {
    let secret = key.secret("calluna audit settings v1");
    let mut hasher = blake3::Hasher::new_keyed(&secret);
    hasher
        .update(name.as_bytes())
        .update(b"\0")
        .update(value.as_bytes());
    let text = Digest(*hasher.finalize().as_bytes()).to_string();
    format!("(not shown, {})", text.get(..8).unwrap_or_default())
}

fn flatten(at: &str, value: &Value, flat: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let name = if at.is_empty() {
                    name.clone()
                } else {
                    format!("{at}.{name}")
                };
                flatten(&name, value, flat);
            }
        }
        Value::Null => drop(flat.insert(at.to_owned(), String::new())),
        Value::String(text) => drop(flat.insert(at.to_owned(), text.clone())),
        other => drop(flat.insert(at.to_owned(), other.to_string())),
    }
}

/// The entry about what changed; nothing where all is as before. It holds every setting
/// (`set.night.schedule`), and of those that changed the value before (`was.night.schedule`).
pub(super) fn changed(before: Option<&Details>, now: &BTreeMap<String, String>) -> Option<Draft> {
    let mut draft = Draft::operator(Event::ConfigChanged);
    let mut names = Vec::new();
    for (name, value) in now {
        draft.details.set(&format!("{SETTING}{name}"), value);
    }
    let now = draft.details.clone();
    if let Some(before) = before {
        let old: BTreeMap<&str, &str> = settings(before).collect();
        let new: BTreeMap<&str, &str> = settings(&now).collect();
        for name in old.keys().chain(new.keys()) {
            let (old, new) = (old.get(name), new.get(name));
            let known = names.contains(&(*name).to_owned());
            if old != new && !known {
                names.push((*name).to_owned());
                draft
                    .details
                    .set(&format!("was.{name}"), old.copied().unwrap_or_default());
            }
        }
        if names.is_empty() {
            return None;
        }
    }
    let which = if names.is_empty() {
        "all, for the first time".to_owned()
    } else {
        names.join(", ")
    };
    Some(draft.with("changed", which))
}

fn settings(details: &Details) -> impl Iterator<Item = (&str, &str)> {
    details
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(SETTING)?, value)))
}
