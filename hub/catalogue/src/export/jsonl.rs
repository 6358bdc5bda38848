//! JSON Lines: one object a line, the offer's fields under `offer`, whose it is beside them.

use serde::Serialize;

use super::{ExportError, Format, Row};

/// See the module.
pub(super) struct JsonLines;

#[derive(Serialize)]
struct Line<'a> {
    provider: &'a str,
    provider_name: &'a str,
    provider_kind: &'a str,
    offer: &'a calluna_model::offer::OfferDraft,
}

impl Format for JsonLines {
    fn name(&self) -> &'static str {
        "jsonl"
    }

    fn begin(&self, _: &mut Vec<u8>) -> Result<(), ExportError> {
        Ok(())
    }

    fn row(&self, row: &Row<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let line = Line {
            provider: row.provider.id.as_str(),
            provider_name: &row.provider.name,
            provider_kind: row.provider.kind.as_str(),
            offer: row.offer,
        };
        serde_json::to_writer(&mut *out, &line).map_err(|source| ExportError::Row {
            offer: row.offer.id.clone(),
            format: self.name(),
            source: source.into(),
        })?;
        out.push(b'\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::clock::Moment;
    use calluna_model::fixture::full_offer;
    use calluna_model::member::{Member, ProviderKind, Reach};

    use super::*;

    #[test]
    fn an_offer_comes_back_from_its_line() {
        let offer = full_offer("A-1").into_draft();
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
        JsonLines
            .row(
                &Row {
                    provider: &provider,
                    offer: &offer,
                },
                &mut out,
            )
            .unwrap();
        assert_eq!(out.iter().filter(|b| **b == b'\n').count(), 1);
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["provider"], "vhs");
        let back: calluna_model::offer::OfferDraft =
            serde_json::from_value(line["offer"].clone()).unwrap();
        assert_eq!(back, offer);
    }
}
