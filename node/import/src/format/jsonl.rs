//! Calluna's own lines: one offer as JSON per line, with the field names of the canonical offer.

use calluna_model::finding::Finding;
use calluna_model::offer::OfferDraft;
use calluna_tabular::encoding;

use super::{Format, beginning};
use crate::error::ImportError;
use crate::html;
use crate::sink::Sink;
use crate::{Options, Source};

/// Longest line, in bytes.
const LINE_BYTES: usize = 1024 * 1024;

pub(super) struct JsonLines;

impl Format for JsonLines {
    fn name(&self) -> &'static str {
        "jsonl"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        begins.starts_with('{')
            && begins
                .lines()
                .next()
                .is_some_and(|line| line.contains("\"id\"") || line.contains("\"title\""))
    }

    fn read(
        &self,
        source: &Source<'_>,
        _: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let decoded = encoding::decode(source.bytes);
        let last = decoded.text.lines().count();
        let ended = decoded.text.ends_with('\n');
        for (index, line) in decoded.text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let place = sink.line(index as u64 + 1);
            sink.saw(1);
            if line.len() > LINE_BYTES {
                sink.refuse(vec![
                    Finding::new("", "too-large").limit(LINE_BYTES).at(place),
                ]);
                continue;
            }
            match serde_json::from_str::<OfferDraft>(line) {
                Ok(draft) => take(draft, &place, sink)?,
                Err(error) if error.is_eof() && index + 1 == last && !ended => {
                    return Err(ImportError::Truncated { place });
                }
                Err(error) => sink.refuse(vec![finding(&error).at(place)]),
            }
        }
        Ok(())
    }
}

fn take(mut draft: OfferDraft, place: &str, sink: &mut Sink) -> Result<(), ImportError> {
    if !draft.description_html.is_empty() {
        let clean = html::clean_html(&draft.description_html);
        if clean != draft.description_html {
            sink.warn(
                Finding::new("description_html", "unsafe-html")
                    .at(place)
                    .of(draft.id.clone()),
            );
            draft.description_html = clean;
        }
    }
    sink.offer(place, draft)
}

/// Only the name of an unknown field is repeated: other messages of the reader quote values, which
/// may be personal.
fn finding(error: &serde_json::Error) -> Finding {
    let text = error.to_string();
    let field = text
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split('`').next());
    match field {
        Some(field) => Finding::new(calluna_model::finding::shorten(field), "unknown-field"),
        None => Finding::new("", "not-well-formed"),
    }
}
