//! JSON Lines: one object a line, the offer's fields under `offer`, whose it is beside them.

use std::sync::Arc;

use serde::Serialize;

use super::{Body, Carries, Edition, ExportError, Format, Notes, Row, Words};

/// See the module.
#[derive(Debug)]
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

    fn title(&self) -> Words {
        Words {
            de: "JSON Lines: alle Felder, ein Angebot je Zeile",
            en: "JSON Lines: every field, one offer a line",
        }
    }

    fn extension(&self) -> &'static str {
        "jsonl"
    }

    /// As <https://jsonlines.org> proposes it and the registry of OpenAPI lists it; IANA has none.
    fn media_type(&self) -> &'static str {
        "application/jsonl"
    }

    fn carries(&self) -> Carries {
        Carries::Everything
    }

    fn open(&self, _: &Arc<Edition>) -> Result<Box<dyn Body>, ExportError> {
        Ok(Box::new(Lines))
    }
}

struct Lines;

impl Body for Lines {
    fn row(&mut self, row: &Row<'_>, out: &mut Vec<u8>, _: &mut Notes) -> Result<(), ExportError> {
        line(row, out)?;
        out.push(b'\n');
        Ok(())
    }
}

/// Appends an offer as it stands in a line, without the line end.
///
/// # Errors
/// When it cannot be written.
pub fn line(row: &Row<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
    let line = Line {
        provider: row.provider.id.as_str(),
        provider_name: &row.provider.name,
        provider_kind: row.provider.kind.as_str(),
        offer: row.offer,
    };
    serde_json::to_writer(out, &line).map_err(|source| ExportError::Row {
        offer: row.offer.id.clone(),
        format: "jsonl",
        source: source.into(),
    })
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;

    use super::super::tests::{export, member};

    #[test]
    fn an_offer_comes_back_from_its_line() {
        let offer = full_offer("A-1").into_draft();
        let (out, loss) = export("jsonl", &member("vhs"), std::slice::from_ref(&offer));
        assert_eq!(out.iter().filter(|b| **b == b'\n').count(), 1);
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(line["provider"], "vhs");
        let back: calluna_model::offer::OfferDraft =
            serde_json::from_value(line["offer"].clone()).unwrap();
        assert_eq!(back, offer);
        assert_eq!((loss.written, loss.lost.len()), (1, 0));
    }
}
