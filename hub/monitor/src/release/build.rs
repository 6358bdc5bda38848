//! Making a release: everything into a folder beside the others, on disk for good, then one rename.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::json;

use super::{Manifest, Notes, PeriodNote, ReleaseKind, Releases, SUMS, UNFINISHED};
use crate::content::{self, PeriodFigures, Quality};
use crate::dataset::{FileEntry, Folder, Hasher, sync_folder};
use crate::error::{Error, Result, at, broken};
use crate::input::Input;
use calluna_tables::Kind;

/// Files that hold dates or are made of the others: they do not make a release new.
const DATED: &[&str] = &["quality.json", "quality.md", "audit.json"];

/// What came of building.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// A new release.
    New(Box<Manifest>),
    /// Nothing but dates would differ from this release, the newest.
    Unchanged(u64),
}

/// Makes the next release from `input`.
///
/// A crash at any point leaves the releases as they were; what it left is removed at the next
/// [`Releases::open`]. Files that are the same as in the release before are hard links to them.
///
/// # Errors
/// When the disk fails, figures cannot be read, or another process is building.
pub fn build(input: &Input<'_>, releases: &Releases) -> Result<Built> {
    let _held = releases.lock()?;
    releases.sweep()?;
    let before = releases.newest()?;
    let number = releases.next()?;
    let path = releases.dir.join(format!("{UNFINISHED}{number:06}"));
    let built = write(input, releases, before.as_ref(), number, &path);
    if !matches!(built, Ok(Built::New(_))) {
        // A full disk is not made fuller. What cannot be removed now is at the next opening.
        fs::remove_dir_all(&path).ok();
    }
    built
}

fn write(
    input: &Input<'_>,
    releases: &Releases,
    before: Option<&Manifest>,
    number: u64,
    path: &Path,
) -> Result<Built> {
    let old = before.map(|known| (releases.folder(known.number), known.files.clone()));
    let mut folder = Folder::create(path, old)?;

    let periods = survey(input)?;
    for surveyed in &periods {
        let period = surveyed.period.to_string();
        let same = before.and_then(|known| known.periods.iter().find(|one| one.period == period));
        content::write_period(&mut folder, input, surveyed, same)?;
        content::write_revisions(&mut folder, input, surveyed, same)?;
    }
    content::write_indicators(&mut folder, input, &periods)?;
    content::write_catalogue(&mut folder, input)?;
    content::write_population(&mut folder, input)?;
    content::write_lists(&mut folder, input)?;
    content::write_dictionary(&mut folder, input)?;
    folder.bytes("dictionary.md", content::dictionary_text(input).as_bytes())?;

    let quality = content::quality(input, &periods);
    folder.bytes("quality.json", quality.json().as_bytes())?;
    folder.bytes("quality.md", quality.text().as_bytes())?;
    let notes: Vec<PeriodNote> = periods.iter().map(PeriodFigures::note).collect();
    let audit = content::audit_file(input, &notes, folder.entries());
    folder.bytes("audit.json", audit.as_bytes())?;

    let content = essence(input, &quality, folder.entries());
    if let Some(before) = before
        && before.content == content
        && !announces(input, before)
    {
        return Ok(Built::Unchanged(before.number));
    }
    let (kind, corrects) = kind(input, &notes, before);
    let mut manifest = Manifest {
        number,
        kind,
        built_at: input.now.to_string(),
        corrects,
        reason: input.correction.map(|correction| correction.reason.clone()),
        content,
        layout: input.layout.fingerprint(),
        rules: input.least.clone(),
        notes: Notes {
            left_out: periods
                .iter()
                .flat_map(|known| known.left_out.clone())
                .collect(),
        },
        periods: notes,
        files: folder.entries().to_vec(),
    };
    let old = before.map(|known| (releases.folder(known.number), known));
    let (note, text) = content::change_note(path, &manifest, old)?;
    folder.bytes("change.json", note.as_bytes())?;
    folder.bytes("change.md", text.as_bytes())?;
    let described = content::describe(input, &manifest, folder.entries());
    folder.bytes("dcat.ttl", described.turtle().as_bytes())?;
    folder.bytes("dcat.jsonld", described.json_ld().as_bytes())?;
    manifest.files = folder.entries().to_vec();
    finish(&mut folder, &manifest)?;
    let target = releases.folder(number);
    fs::rename(path, &target).map_err(at(&target))?;
    sync_folder(&releases.dir)?;
    Ok(Built::New(Box::new(manifest)))
}

/// Every period that anybody delivers. One that nobody does any more has no file.
fn survey(input: &Input<'_>) -> Result<Vec<PeriodFigures>> {
    let quarters = input.figures.periods().map_err(|why| Error::Figures {
        who: "all providers".to_owned(),
        period: "all periods".to_owned(),
        why: why.to_string(),
    })?;
    let mut periods = Vec::new();
    for quarter in quarters {
        let surveyed = PeriodFigures::survey(input, quarter)?;
        if !surveyed.delivered.is_empty() || !surveyed.unplaced.is_empty() {
            periods.push(surveyed);
        }
    }
    Ok(periods)
}

/// `release.json`, `SHA256SUMS`, and everything on disk for good.
fn finish(folder: &mut Folder, manifest: &Manifest) -> Result<()> {
    let text = serde_json::to_string_pretty(manifest)
        .map_err(|error| broken(Path::new(super::MANIFEST), error))?;
    folder.bytes(super::MANIFEST, format!("{text}\n").as_bytes())?;
    let lines: String = folder
        .entries()
        .iter()
        .map(|entry| format!("{}  {}\n", entry.sha256, entry.name))
        .collect();
    folder.bytes(SUMS, lines.as_bytes())?;
    folder.sync()
}

/// BLAKE3 over everything but dates: see [`Manifest::content`].
fn essence(input: &Input<'_>, quality: &Quality, files: &[FileEntry]) -> String {
    let files: BTreeMap<&str, &str> = files
        .iter()
        .filter(|file| !DATED.contains(&file.name.as_str()))
        .map(|file| (file.name.as_str(), file.blake3.as_str()))
        .collect();
    let proofs: Vec<_> = content::proofs(input, false);
    let whole = json!({
        "files": files,
        "about": input.about,
        "rules": input.least,
        "layout": input.layout.fingerprint(),
        "quality": quality.without_dates(),
        "prover": input.evidence.prover,
        "proofs": proofs,
    });
    let mut hasher = Hasher::new();
    hasher.update(whole.to_string().as_bytes());
    hasher.entry("").blake3
}

/// Whether the operator says of an older release what this one has not said yet.
fn announces(input: &Input<'_>, before: &Manifest) -> bool {
    input.correction.is_some_and(|correction| {
        before.corrects != Some(correction.corrects)
            || before.reason.as_ref() != Some(&correction.reason)
    })
}

/// What kind of release it is, and what it corrects.
fn kind(
    input: &Input<'_>,
    periods: &[PeriodNote],
    before: Option<&Manifest>,
) -> (ReleaseKind, Option<u64>) {
    if let Some(correction) = input.correction {
        return (ReleaseKind::Correction, Some(correction.corrects));
    }
    let mut kind = ReleaseKind::Provisional;
    for period in periods {
        for delivered in &period.providers {
            let old =
                before.and_then(|before| before.delivered(&period.period, &delivered.provider));
            if old.is_some_and(|old| old.digest == delivered.digest) {
                continue;
            }
            match (delivered.kind, old.map(|old| old.kind), before) {
                // Whoever begins with a correction has nothing here that it corrects.
                (Kind::Correction, Some(Kind::Final | Kind::Correction), Some(before)) => {
                    return (ReleaseKind::Correction, Some(before.number));
                }
                (Kind::Final | Kind::Correction, None | Some(Kind::Provisional), _) => {
                    kind = ReleaseKind::Final;
                }
                _ => {}
            }
        }
    }
    (kind, None)
}

impl Manifest {
    /// What a provider delivered of a period.
    #[must_use]
    pub fn delivered(&self, period: &str, provider: &str) -> Option<&super::Delivered> {
        let period = self.periods.iter().find(|known| known.period == period)?;
        period
            .providers
            .iter()
            .find(|known| known.provider == provider)
    }
}
