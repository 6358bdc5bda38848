//! `revisions/<period>.csv`: every revision that every provider has published of a period, whole, as it
//! travelled. Whoever wants to repeat the proof over all revisions needs this file and no older release.

use calluna_model::id::ProviderId;
use calluna_tables::revision::RevisionDigest;
use calluna_tables::{Kind, Revision, Rules, Shown};

use super::figures::Period;
use crate::dataset::{Folder, Formats};
use crate::error::{Error, Result, broken};
use crate::input::Input;
use crate::release::{PeriodNote, Releases};
use crate::sheet::{Column, Sheet, Value};

/// Columns of the revisions.
pub(crate) fn columns() -> Vec<Column> {
    vec![
        Column::text("PROVIDER", "Anbieter", "Provider").listed("codes/PROVIDER.csv", "CODE"),
        Column::text(
            "PERIOD",
            "Zeitraum: Quartal der Anmeldung",
            "Period: quarter of registration",
        ),
        Column::whole(
            "NUMBER",
            "Nummer: zählt die Fassungen des Zeitraums, ab 1",
            "Number: counts the revisions of the period, from 1",
        ),
        Column::text(
            "KIND",
            "Art: provisional, final oder correction",
            "Kind: provisional, final or correction",
        ),
        Column::whole(
            "AT",
            "Zeitpunkt: Sekunden seit 1970-01-01T00:00:00Z, nach der Uhr des Anbieters",
            "Time: seconds since 1970-01-01T00:00:00Z, by the provider's clock",
        ),
        Column::text(
            "LAYOUT",
            "Fingerabdruck der Tabellen, zu denen die Werte gehören",
            "Fingerprint of the tables that the values belong to",
        ),
        Column::whole(
            "THRESHOLD",
            "Schwelle: weniger Personen sind geschützt",
            "Threshold: fewer persons are protected",
        )
        .in_unit("persons"),
        Column::whole(
            "SENSITIVE_THRESHOLD",
            "Schwelle in sensiblen Bereichen",
            "Threshold in sensitive subjects",
        )
        .in_unit("persons"),
        Column::text(
            "SENSITIVE",
            "Sensible Bereiche, mit Leerzeichen getrennt",
            "Sensitive subjects, separated by blanks",
        )
        .optional(),
        Column::whole(
            "BATCH",
            "Kleinste Änderung zwischen zwei Fassungen",
            "Smallest change between two revisions",
        )
        .in_unit("persons"),
        Column::whole(
            "WAITING",
            "Wartende: Personen, die noch nicht enthalten sind, auf 10 gerundet",
            "Waiting: persons not in it yet, rounded to 10",
        )
        .in_unit("persons"),
        Column::text(
            "BEFORE",
            "BLAKE3 der Fassung davor, Nullen bei der ersten",
            "BLAKE3 of the revision before, zeros for the first",
        ),
        Column::text("DIGEST", "BLAKE3 der Fassung", "BLAKE3 of the revision"),
        Column::text(
            "VALUES",
            "Werte: alle Zahlen in der Reihenfolge der Tabellen, mit Leerzeichen getrennt; -1 geschützt, -2 nichts angeboten, -3 nicht veröffentlicht",
            "Values: all numbers in the order of the tables, separated by blanks; -1 protected, -2 nothing offered, -3 not published",
        ),
    ]
}

/// The names of its files.
fn files(period: &str) -> [String; 2] {
    ["csv", "csv-metadata.json"].map(|ending| format!("revisions/{period}.{ending}"))
}

/// Writes the revisions of a period, or takes them over from the release before.
pub(crate) fn write_revisions(
    folder: &mut Folder,
    input: &Input<'_>,
    surveyed: &Period,
    before: Option<&PeriodNote>,
) -> Result<()> {
    let note = surveyed.note();
    let files = files(&note.period);
    if before.is_some_and(|before| before.inputs == note.inputs) {
        if folder.take_over(&files)? {
            return Ok(());
        }
        folder.give_back(&files)?;
    }
    let sheet = Sheet {
        name: format!("revisions/{}", note.period),
        de: format!(
            "Alle Fassungen der Teilnahmezahlen im Zeitraum {}",
            note.period
        ),
        en: format!(
            "Every revision of the participation figures in the period {}",
            note.period
        ),
        columns: columns(),
        key: &["PROVIDER", "NUMBER"],
    };
    folder.sheet(&sheet, Formats::Plain, |emit| {
        for delivered in &note.providers {
            let Ok(provider) = delivered.provider.parse::<ProviderId>() else {
                continue;
            };
            let history = input.figures.history(&provider, surveyed.period);
            let history = history.map_err(|why| Error::Figures {
                who: delivered.provider.clone(),
                period: note.period.clone(),
                why: why.to_string(),
            })?;
            for revision in history {
                row(emit, &provider, &revision)?;
            }
        }
        Ok(())
    })
}

fn row(
    emit: &mut dyn FnMut(&[Value<'_>]) -> Result<()>,
    provider: &ProviderId,
    revision: &Revision,
) -> Result<()> {
    let values: Vec<String> = revision
        .values
        .iter()
        .map(|value| value.code().to_string())
        .collect();
    emit(&[
        Value::Text(provider.as_str()),
        Value::Text(&revision.period.to_string()),
        Value::Whole(u64::from(revision.number)),
        Value::Text(revision.kind.as_str()),
        Value::Whole(u64::try_from(revision.at).unwrap_or_default()),
        Value::Text(&revision.layout),
        Value::Whole(u64::from(revision.rules.threshold)),
        Value::Whole(u64::from(revision.rules.sensitive_threshold)),
        Value::Text(&revision.rules.sensitive.join(" ")),
        Value::Whole(u64::from(revision.rules.batch)),
        Value::Whole(revision.waiting),
        Value::Text(&revision.before.to_string()),
        Value::Text(&revision.digest().to_string()),
        Value::Text(&values.join(" ")),
    ])
}

/// Reads the revisions that a release holds, in order of period, provider and number. Each is compared with
/// its digest.
///
/// # Errors
/// When a file is missing or does not hold what it must.
pub fn revisions(releases: &Releases, number: u64) -> Result<Vec<(ProviderId, Revision)>> {
    let manifest = releases.show(number)?;
    let mut found = Vec::new();
    for period in &manifest.periods {
        let [name, _] = files(&period.period);
        let path = releases.folder(number).join(&name);
        let mut reader = csv::Reader::from_path(&path).map_err(|error| broken(&path, error))?;
        for (row, line) in reader.records().zip(2_u64..) {
            let row = row.map_err(|error| broken(&path, error))?;
            let read = parse(&row).ok_or_else(|| {
                broken(
                    &path,
                    format!("line {line} must be a revision that fits its digest"),
                )
            })?;
            found.push(read);
        }
    }
    Ok(found)
}

fn parse(row: &csv::StringRecord) -> Option<(ProviderId, Revision)> {
    let cell = |at: usize| row.get(at);
    let whole = |at: usize| cell(at)?.parse::<u32>().ok();
    let kinds = [Kind::Provisional, Kind::Final, Kind::Correction];
    let values = cell(13)?
        .split_ascii_whitespace()
        .map(|code| Shown::from_code(code.parse().ok()?))
        .collect::<Option<Vec<Shown>>>()?;
    let revision = Revision {
        period: cell(1)?.parse().ok()?,
        number: whole(2)?,
        kind: kinds
            .into_iter()
            .find(|kind| Some(kind.as_str()) == cell(3))?,
        at: cell(4)?.parse().ok()?,
        layout: cell(5)?.to_owned(),
        rules: Rules {
            threshold: whole(6)?,
            sensitive_threshold: whole(7)?,
            sensitive: cell(8)?
                .split_ascii_whitespace()
                .map(str::to_owned)
                .collect(),
            batch: whole(9)?,
        },
        waiting: cell(10)?.parse().ok()?,
        before: digest(cell(11)?)?,
        values,
    };
    (revision.digest() == digest(cell(12)?)?).then_some(())?;
    Some((cell(0)?.parse().ok()?, revision))
}

fn digest(text: &str) -> Option<RevisionDigest> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (slot, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *slot = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(RevisionDigest(bytes))
}
