//! Refused records, as they lie in a provider's log and as they are read again.

use calluna_kv::packed::{Chunk, Index, Kind, Log, PackedError};
use calluna_model::clock::Moment;
use calluna_model::finding::Finding;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::port::{Refusal, VisitRefusal};

/// What the body of a refused record holds.
#[derive(Serialize)]
struct Written<'a> {
    since: Moment,
    findings: &'a [Finding],
}

/// What may be found in one. Earlier builds wrote the findings alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Found {
    Dated {
        since: Moment,
        findings: Vec<Finding>,
    },
    Findings(Vec<Finding>),
}

/// The body of a refusal.
pub(crate) fn body(findings: &[Finding], at: Moment) -> Vec<u8> {
    let written = Written {
        since: at,
        findings,
    };
    // Findings are plain data; if they could not be written, an empty list still refuses.
    serde_json::to_vec(&written).unwrap_or_else(|_| b"[]".to_vec())
}

/// Visits the refused records of a log in order of their ids. Of the log only one chunk is held at
/// a time; neighbours in the list usually are neighbours in the log.
pub(crate) fn visit_all(
    log: &Log,
    index: &Index,
    visit: &mut VisitRefusal<'_>,
    unreadable: &dyn Fn(PackedError) -> StoreError,
) -> Result<(), StoreError> {
    let mut held: Option<(u64, Option<Chunk>)> = None;
    let rejected = index
        .iter()
        .filter(|(_, entry)| entry.kind == Kind::Rejected);
    for (key, entry) in rejected {
        if held.as_ref().is_none_or(|(seq, _)| *seq != entry.at.seq) {
            held = Some((entry.at.seq, log.chunk(entry.at.seq).map_err(unreadable)?));
        }
        let record = held
            .as_ref()
            .and_then(|(_, chunk)| chunk.as_ref()?.record(usize::try_from(entry.at.slot).ok()?));
        let body = record.filter(|record| record.key == key).map(|r| r.body);
        let (since, findings) = body.map_or((None, Vec::new()), parse);
        visit(Refusal {
            record: key.to_owned(),
            good_version_kept: entry.good.is_some(),
            since,
            findings,
        })?;
    }
    Ok(())
}

/// What cannot be read still is a refusal, only without its reasons.
fn parse(body: &[u8]) -> (Option<Moment>, Vec<Finding>) {
    match serde_json::from_slice(body) {
        Ok(Found::Dated { since, findings }) => (Some(since), findings),
        Ok(Found::Findings(findings)) => (None, findings),
        Err(_) => (None, Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_without_a_date_is_still_read() {
        let finding = Finding::new("title", "required");
        let dated = body(std::slice::from_ref(&finding), Moment(7));
        assert_eq!(parse(&dated), (Some(Moment(7)), vec![finding.clone()]));
        let undated = serde_json::to_vec(std::slice::from_ref(&finding)).unwrap();
        assert_eq!(parse(&undated), (None, vec![finding]));
        assert_eq!(parse(b"\xff"), (None, Vec::new()));
    }
}
