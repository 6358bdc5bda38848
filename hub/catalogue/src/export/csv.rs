//! CSV for a spreadsheet: one row per run, as [`super::sheet`] writes it.

use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft};

use super::sheet::write_row;
use super::{ExportError, Format, Row};

/// See the module.
pub(super) struct Csv;

const HEADER: [&str; 20] = [
    "provider",
    "provider_name",
    "offer",
    "title",
    "subject",
    "level",
    "format",
    "run",
    "number",
    "start",
    "end",
    "venue",
    "postal_code",
    "city",
    "price_eur",
    "reduced_eur",
    "availability",
    "status",
    "url",
    "modified",
];

impl Format for Csv {
    fn name(&self) -> &'static str {
        "csv"
    }

    fn begin(&self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        write_row(out, &HEADER).map_err(|e| failed("", e))
    }

    fn row(&self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let none = RunDraft::default();
        let runs = if row.offer.runs.is_empty() {
            std::slice::from_ref(&none)
        } else {
            &row.offer.runs
        };
        for run in runs {
            write_row(out, &cells(row, row.offer, run)).map_err(|e| failed(&row.offer.id, e))?;
        }
        Ok(())
    }
}

fn failed(offer: &str, source: csv::Error) -> ExportError {
    ExportError::Row {
        offer: offer.to_owned(),
        format: "csv",
        source: source.into(),
    }
}

fn cells(row: &Row<'_>, offer: &OfferDraft, run: &RunDraft) -> [String; 20] {
    let venue = run.venue.clone().unwrap_or_default();
    let price = run.price.as_ref().or(offer.price.as_ref());
    let level = offer.level.as_ref();
    let level = level.map(|l| if l.cefr.is_empty() { &l.text } else { &l.cefr });
    let subject = offer.subjects.first().map(|s| {
        if s.label.is_empty() {
            &s.code
        } else {
            &s.label
        }
    });
    let format = if run.format.is_empty() {
        &offer.format
    } else {
        &run.format
    };
    [
        row.provider.id.to_string(),
        row.provider.name.clone(),
        offer.id.clone(),
        offer.title.clone(),
        subject.cloned().unwrap_or_default(),
        level.cloned().unwrap_or_default(),
        format.clone(),
        run.id.clone(),
        run.number.clone(),
        run.start.clone(),
        run.end.clone(),
        venue.name,
        venue.postal_code,
        venue.city,
        euros(price, |p| p.amount_cents),
        euros(price, |p| p.reduced_cents),
        run.availability.clone(),
        run.status.clone(),
        offer.url.clone(),
        offer.modified.clone(),
    ]
}

fn euros(price: Option<&PriceDraft>, pick: fn(&PriceDraft) -> Option<u32>) -> String {
    let cents = price.and_then(pick);
    cents
        .map(|cents| format!("{}.{:02}", cents / 100, cents % 100))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use calluna_model::clock::Moment;
    use calluna_model::fixture::full_offer;
    use calluna_model::member::{Member, ProviderKind, Reach};

    use super::*;

    #[test]
    fn one_row_per_run_and_no_formula() {
        let mut offer = full_offer("A-1").into_draft();
        offer.title = "=HYPERLINK(\"http://evil\")".into();
        offer.runs.push(RunDraft {
            id: "r2".into(),
            ..RunDraft::default()
        });
        let provider = Member {
            id: "vhs".parse().unwrap(),
            name: "Beispiel-VHS".into(),
            kind: ProviderKind::Vhs,
            invited_at: Moment(0),
            joined_at: None,
            reach: Reach::DialsOut,
            revoked_at: None,
            address: String::new(),
            website: String::new(),
            waiting: false,
        };
        let mut out = Vec::new();
        Csv.begin(&mut out).unwrap();
        Csv.row(
            &Row {
                provider: &provider,
                offer: &offer,
            },
            &mut out,
        )
        .unwrap();
        let mut reader = csv::Reader::from_reader(out.as_slice());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0][3].starts_with("'="));
        assert_eq!(&rows[0][14], "89.15");
    }
}
