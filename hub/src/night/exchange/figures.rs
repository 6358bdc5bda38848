//! The participation figures of one provider's night: whatever the hub does not have yet.

use std::collections::BTreeMap;

use calluna_model::outcome::Outcome;
use calluna_model::receipt::FiguresReceipt;
use calluna_tables::revision::FiguresHead;
use calluna_tables::{Period, Revision};
use calluna_wire::convert::ContractBroken;
use calluna_wire::v1 as pb;

use super::{Exchange, in_time};
use crate::desk::MOST_REVISIONS;
use crate::figures;
use crate::night::provider::Broken;

/// Most periods that a node may speak of: thirty years of quarters.
const MOST_PERIODS: usize = 120;

impl Exchange<'_> {
    /// Fetches and judges what is new. Offers have been dealt with: whatever goes wrong here is noted, and
    /// the next night tries again.
    pub(super) async fn figures(&mut self) {
        if let Err(broken) = self.fetch_figures().await {
            self.add_note(&format!("participation figures were not fetched: {broken}"));
            if self.line.outcome.agreed() {
                self.line.outcome = Outcome::OkWithQuarantine;
            }
            self.noted = false;
        }
    }

    async fn fetch_figures(&mut self) -> Result<(), Broken> {
        let theirs = std::mem::take(&mut self.figure_heads);
        let id = self.member.id.clone();
        let ours = self.apart(move |hub| figures::heads(hub, &id)).await?;
        let new = |head: &&FiguresHead| {
            let known = ours.iter().find(|known| known.period == head.period);
            known.is_none_or(|known| known.digest != head.digest)
        };
        if !theirs.iter().any(|head| new(&head)) {
            return Ok(());
        }
        let request = pb::StreamTablesRequest {
            held: ours.iter().map(Into::into).collect(),
        };
        self.line.calls += 1;
        let answer = self.client.stream_tables(request);
        let mut stream = in_time(self.hub, answer).await?.into_inner();
        let mut sent: BTreeMap<Period, Vec<Revision>> = BTreeMap::new();
        let mut bytes = 0;
        while let Some(wire) = in_time(self.hub, stream.message()).await? {
            bytes += prost::Message::encoded_len(&wire) as u64;
            self.line.bytes += prost::Message::encoded_len(&wire) as u64;
            if bytes > self.hub.config.limits.night_bytes {
                return Err(ContractBroken::new(
                    "StreamTables",
                    "sends more than a night may have",
                )
                .into());
            }
            let revision = Revision::try_from(wire)?;
            let list = sent.entry(revision.period).or_default();
            list.push(revision);
            if list.len() > MOST_REVISIONS || sent.len() > MOST_PERIODS {
                return Err(ContractBroken::new(
                    "StreamTables",
                    "sends more revisions than a period has",
                )
                .into());
            }
        }
        for head in theirs.iter().filter(new) {
            let next = sent.remove(&head.period).unwrap_or_default();
            let receipt = if next.is_empty() {
                let known = ours.iter().find(|known| known.period == head.period);
                other_history(head, known)
            } else {
                let id = self.member.id.clone();
                let period = head.period;
                self.apart(move |hub| figures::take(hub, &id, period, &next))
                    .await?
            };
            if receipt.refused != 0 || !receipt.reason.is_empty() {
                self.add_note(&format!(
                    "participation figures of {}: {}",
                    receipt.period, receipt.reason
                ));
                if self.line.outcome.agreed() && receipt.refused != 0 {
                    self.line.outcome = Outcome::OkWithQuarantine;
                }
            } else {
                self.line.figures += 1;
            }
            self.noted = false;
            self.figure_receipts.push(receipt);
        }
        Ok(())
    }

    fn add_note(&mut self, note: &str) {
        if !self.line.note.is_empty() {
            self.line.note.push_str("; ");
        }
        self.line.note.push_str(note);
    }
}

/// The node has another history of the period and sends nothing: what the hub has stays.
fn other_history(head: &FiguresHead, known: Option<&FiguresHead>) -> FiguresReceipt {
    FiguresReceipt {
        period: head.period.to_string(),
        accepted: known.map_or(0, |known| known.number),
        refused: 0,
        reason: "the node does not know any more what it has published (it was restored, or its secret was \
                 lost): the last accepted revision stays the last word on this period"
            .to_owned(),
    }
}
