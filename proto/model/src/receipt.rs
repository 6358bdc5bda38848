//! What the hub answers after a night: taken, refused, why.

use serde::{Deserialize, Serialize};

use crate::clock::Moment;
use crate::finding::Finding;
use crate::head::Head;
use crate::limit::{FINDINGS_PER_RECEIPT, RECEIPT_BYTES};
use crate::outcome::Outcome;

/// The hub's answer to one provider's night; the only thing that flows back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Number of the hub's night; counts up.
    pub night: u64,
    /// When the hub finished with this provider.
    pub at: Moment,
    /// How it ended.
    pub outcome: Outcome,
    /// The head that the hub proved itself equal to, or that it was given and could not reach.
    pub head: Head,
    /// Offers that the hub did not have before.
    pub added: u64,
    /// Offers that the hub had in another version.
    pub changed: u64,
    /// Offers that are gone.
    pub removed: u64,
    /// Records that are refused at present, this night's and earlier ones.
    pub quarantined: u64,
    /// Why records are refused: all findings, or as many as a [`FindingList`] takes.
    pub findings: Vec<Finding>,
    /// Findings that had no room in [`Receipt::findings`].
    #[serde(default)]
    pub findings_left_out: u64,
    /// What a person should know, in plain words; empty when all is well.
    #[serde(default)]
    pub note: String,
    /// What became of the participation figures that the night brought, by period.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<FiguresReceipt>,
}

/// What became of one period's participation figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiguresReceipt {
    /// The quarter, such as 2026-Q3.
    pub period: String,
    /// The newest revision that the hub has accepted; 0 for none.
    pub accepted: u32,
    /// The revision that it refused; 0 when none was.
    #[serde(default)]
    pub refused: u32,
    /// Why, in plain words; never a number of the table.
    #[serde(default)]
    pub reason: String,
}

/// What a finding takes on the wire besides its texts, at most: tags and lengths.
const FRAME_BYTES: usize = 32;

/// The findings of a receipt, so many that the receipt still fits into one message. What has no
/// room is counted: nothing is cut off in silence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingList {
    list: Vec<Finding>,
    left_out: u64,
    bytes: usize,
}

impl FindingList {
    /// Adds a finding, or counts it.
    pub fn add(&mut self, finding: Finding) {
        let Finding {
            record,
            place,
            field,
            value,
            rule,
            limit,
        } = &finding;
        let texts = [record, place, field, value, rule, limit];
        let bytes = FRAME_BYTES + texts.iter().map(|text| text.len()).sum::<usize>();
        // Once one had no room, none after it gets in: what is missing is the end of the list.
        if self.left_out > 0
            || self.list.len() == FINDINGS_PER_RECEIPT
            || self.bytes + bytes > RECEIPT_BYTES
        {
            self.left_out += 1;
            return;
        }
        self.bytes += bytes;
        self.list.push(finding);
    }

    /// The findings that have room, and how many have none.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Finding>, u64) {
        (self.list, self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(count: usize, limit: &str) -> (Vec<Finding>, u64) {
        let mut list = FindingList::default();
        for n in 0..count {
            list.add(
                Finding::new("title", "too-long")
                    .of(format!("K-{n}"))
                    .limit(limit),
            );
        }
        list.into_parts()
    }

    #[test]
    fn five_thousand_findings_go_back_whole() {
        let (list, left_out) = listed(5_000, "255");
        assert_eq!((list.len(), left_out), (5_000, 0));
    }

    #[test]
    fn what_has_no_room_is_counted_never_dropped() {
        let (list, left_out) = listed(FINDINGS_PER_RECEIPT + 7, "");
        assert_eq!((list.len(), left_out), (FINDINGS_PER_RECEIPT, 7));
        let (list, left_out) = listed(4_000, &"x".repeat(2_000));
        assert!(list.len() * 2_000 <= RECEIPT_BYTES, "{}", list.len());
        assert_eq!(list.len() as u64 + left_out, 4_000);
    }
}
