//! `change.json`, `change.md`: what is new against the release before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use calluna_tables::Kind;
use serde::Serialize;

use crate::about::Words;
use crate::error::Result;
use crate::release::{Delivered, Difference, Manifest, between};

#[derive(Clone, Debug, Serialize)]
struct Note<'a> {
    number: u64,
    kind: &'static str,
    corrects: Option<u64>,
    reason: Option<&'a Words>,
    /// Period and provider that were not there before.
    added: Vec<Place>,
    /// Period and provider whose figures are others than before.
    changed: Vec<Place>,
    /// Period and provider that are no longer there.
    removed: Vec<Place>,
    /// Period and provider that became final.
    became_final: Vec<Place>,
    /// Period and provider whose final figures were put right.
    corrected: Vec<Place>,
    rows: Rows,
    difference: &'a Difference,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Place {
    period: String,
    provider: String,
}

#[derive(Clone, Debug, Serialize)]
struct Rows {
    added: u64,
    removed: u64,
    changed: u64,
}

/// The texts of both files. `path` is the folder of the release being written.
pub(crate) fn change_note(
    path: &Path,
    new: &Manifest,
    old: Option<(PathBuf, &Manifest)>,
) -> Result<(String, String)> {
    let difference = between(
        old.as_ref().map(|(path, known)| (path.as_path(), *known)),
        (path, new),
    )?;
    let before = old
        .as_ref()
        .map(|(_, known)| delivered(known))
        .unwrap_or_default();
    let after = delivered(new);
    let pick = |wanted: &dyn Fn(Option<&Delivered>, Option<&Delivered>) -> bool| -> Vec<Place> {
        let mut places: Vec<&Place> = before.keys().chain(after.keys()).collect();
        places.sort();
        places.dedup();
        let fits = |place: &&Place| wanted(before.get(*place).copied(), after.get(*place).copied());
        places.into_iter().filter(fits).cloned().collect()
    };
    let is_final = |known: &Delivered| known.kind != Kind::Provisional;
    let (added_rows, removed_rows, changed_rows) = difference.totals();
    let note = Note {
        number: new.number,
        kind: new.kind.as_str(),
        corrects: new.corrects,
        reason: new.reason.as_ref(),
        added: pick(&|old, new| old.is_none() && new.is_some()),
        changed: pick(&|old, new| {
            old.zip(new)
                .is_some_and(|(old, new)| old.digest != new.digest)
        }),
        removed: pick(&|old, new| old.is_some() && new.is_none()),
        became_final: pick(&|old, new| new.is_some_and(is_final) && !old.is_some_and(is_final)),
        corrected: pick(&|old, new| {
            old.zip(new).is_some_and(|(old, new)| {
                is_final(old) && new.kind == Kind::Correction && old.digest != new.digest
            })
        }),
        rows: Rows {
            added: added_rows,
            removed: removed_rows,
            changed: changed_rows,
        },
        difference: &difference,
    };
    let json = serde_json::to_string_pretty(&note).unwrap_or_default();
    Ok((format!("{json}\n"), text(&note, difference.from)))
}

fn delivered(manifest: &Manifest) -> BTreeMap<Place, &Delivered> {
    let mut out = BTreeMap::new();
    for period in &manifest.periods {
        for known in &period.providers {
            let place = Place {
                period: period.period.clone(),
                provider: known.provider.clone(),
            };
            out.insert(place, known);
        }
    }
    out
}

fn text(note: &Note<'_>, from: Option<u64>) -> String {
    let mut out = String::new();
    for german in [true, false] {
        let pick = |de: &'static str, en: &'static str| if german { de } else { en };
        out += &match (from, german) {
            (Some(from), true) => format!(
                "# Was sich von Ausgabe {from} zu Ausgabe {} ändert\n\n",
                note.number
            ),
            (Some(from), false) => format!(
                "# What changes from release {from} to release {}\n\n",
                note.number
            ),
            (None, true) => format!("# Ausgabe {} ist die erste\n\n", note.number),
            (None, false) => format!("# Release {} is the first\n\n", note.number),
        };
        if let Some(corrects) = note.corrects {
            out += &format!(
                "{} {corrects}.",
                pick("Berichtigt Ausgabe", "Corrects release")
            );
            if let Some(reason) = note.reason {
                out += &format!(" {}", if german { &reason.de } else { &reason.en });
            }
            out += "\n\n";
        }
        for (places, de, en) in [
            (&note.added, "Neu", "New"),
            (&note.changed, "Geändert", "Changed"),
            (&note.became_final, "Endgültig geworden", "Became final"),
            (&note.corrected, "Berichtigt", "Corrected"),
            (&note.removed, "Entfallen", "Gone"),
        ] {
            if !places.is_empty() {
                let names: Vec<String> = places
                    .iter()
                    .map(|place| format!("{} {}", place.period, place.provider))
                    .collect();
                out += &format!("- {}: {}\n", pick(de, en), names.join(", "));
            }
        }
        let Rows {
            added,
            removed,
            changed,
        } = note.rows;
        out += &if german {
            format!(
                "- Zeilen der Teilnahme: {added} neu, {changed} geändert, {removed} entfallen\n"
            )
        } else {
            format!("- Rows of participation: {added} new, {changed} changed, {removed} gone\n")
        };
        let files = &note.difference.files_changed;
        if !files.is_empty() {
            out += &format!(
                "- {}: {}\n",
                pick("Andere geänderte Dateien", "Other changed files"),
                files.join(", ")
            );
        }
        out.push('\n');
    }
    out
}
