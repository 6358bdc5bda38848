//! What a person reads of a backup, in German and English.

use std::path::Path;

use calluna_model::text::Language;

use super::{Kind, Manifest};
use crate::out::{human_bytes, safe};

/// What was made or looked at: what it is of and from when, what is in it, what of it is secret.
#[must_use]
pub fn summary(language: Language, place: &Path, bytes: u64, manifest: &Manifest) -> String {
    let Manifest {
        kind,
        software,
        made_at,
        store,
        ..
    } = manifest;
    let shown = safe(&place.display().to_string());
    let (size, raw) = (human_bytes(bytes), human_bytes(store.bytes));
    let files = manifest.members.iter();
    let files = files.filter(|member| member.name.starts_with(super::FILES));
    let files = files.count();
    let mut lines = vec![match language {
        Language::De => format!(
            "{shown}: {size}\n  Stand {made_at}, geschrieben von {software}\n  {files} Dateien und der Bestand ({} Einträge, {raw})",
            store.keys
        ),
        Language::En => format!(
            "{shown}: {size}\n  as of {made_at}, written by {software}\n  {files} files and the store ({} entries, {raw})",
            store.keys
        ),
    }];
    let joined = |names: &mut dyn Iterator<Item = &str>| names.collect::<Vec<_>>().join(", ");
    let number = |name: &str| manifest.state.get(name).and_then(serde_json::Value::as_u64);
    if let (Some(members), Some(offers)) = (number("members"), number("offers")) {
        lines.push(match language {
            Language::De => format!("  {members} Mitglieder, {offers} Angebote"),
            Language::En => format!("  {members} members, {offers} offers"),
        });
    } else if let Some(offers) = number("offers") {
        lines.push(match language {
            Language::De => format!("  {offers} Angebote"),
            Language::En => format!("  {offers} offers"),
        });
    }
    if !manifest.left_out.is_empty() {
        let names = joined(&mut manifest.left_out.iter().map(String::as_str));
        lines.push(match language {
            Language::De => format!("  nicht darin: {}", safe(&names)),
            Language::En => format!("  not in it: {}", safe(&names)),
        });
    }
    lines.push(secrets(language, *kind, manifest));
    lines.join("\n")
}

/// What must stay secret, loudly.
fn secrets(language: Language, kind: Kind, manifest: &Manifest) -> String {
    let named = |encrypted: bool| {
        let of = manifest.secrets.iter();
        let names = of.filter(|secret| secret.encrypted == encrypted);
        names.map(|secret| secret.name.as_str()).collect::<Vec<_>>()
    };
    let (open, sealed) = (named(false), named(true));
    let mut lines = Vec::new();
    if !sealed.is_empty() {
        let names = safe(&sealed.join(", "));
        lines.push(match language {
            Language::De => format!("  verschlüsselt darin: {names} (ohne die Passphrase wertlos: bewahren Sie sie getrennt auf)"),
            Language::En => format!("  encrypted in it: {names} (worthless without the passphrase: keep that in another place)"),
        });
    }
    if !open.is_empty() {
        let names = safe(&open.join(", "));
        lines.push(match language {
            Language::De => format!("! NICHT VERSCHLÜSSELT darin: {names}"),
            Language::En => format!("! NOT ENCRYPTED in it: {names}"),
        });
        let authority = kind == Kind::Hub && open.contains(&"ca.key");
        lines.push(match (language, authority) {
            (Language::De, true) => "! Wer diese Datei hat, kann Zertifikate für jeden Anbieter und für den Hub ausstellen. \
                Bewahren Sie sie wie den Tresorschlüssel auf: nicht auf demselben Rechner, nur auf verschlüsselten Medien."
                .to_owned(),
            (Language::En, true) => "! Whoever has this file can issue certificates for every provider and for the hub. \
                Keep it like the key of a safe: not on the same machine, and on encrypted media only."
                .to_owned(),
            (Language::De, false) => "! Wer diese Datei hat, kann sich als diese Stelle ausgeben. Nicht auf demselben Rechner \
                und nur auf verschlüsselten Medien aufbewahren."
                .to_owned(),
            (Language::En, false) => "! Whoever has this file can pass for this party. Keep it on another machine, and on \
                encrypted media only."
                .to_owned(),
        });
    }
    lines.join("\n")
}
