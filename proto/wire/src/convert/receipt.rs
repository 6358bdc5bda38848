//! `receipt.proto` ↔ [`calluna_model::receipt`].

use calluna_model::clock::Moment;
use calluna_model::finding::Finding;
use calluna_model::limit;
use calluna_model::receipt::{FiguresReceipt, Receipt};

use super::ContractBroken;
use crate::v1 as pb;

impl From<Finding> for pb::Finding {
    fn from(finding: Finding) -> Self {
        // A warning's place in a file is the node's own business, and so it stays there; a finding
        // of the hub has none.
        let Finding {
            record,
            place,
            field,
            value,
            rule,
            limit,
        } = finding;
        Self {
            record,
            place,
            field,
            value,
            rule,
            limit,
        }
    }
}

impl From<pb::Finding> for Finding {
    fn from(wire: pb::Finding) -> Self {
        let pb::Finding {
            record,
            place,
            field,
            value,
            rule,
            limit,
        } = wire;
        Self {
            record,
            place,
            field,
            value,
            rule,
            limit,
        }
    }
}

impl From<Receipt> for pb::Receipt {
    fn from(receipt: Receipt) -> Self {
        let Receipt {
            night,
            at,
            outcome,
            head,
            added,
            changed,
            removed,
            quarantined,
            findings,
            findings_left_out,
            note,
            figures,
        } = receipt;
        Self {
            night,
            at: at.0,
            outcome: outcome.as_str().to_owned(),
            head: Some(head.into()),
            added,
            changed,
            removed,
            quarantined,
            findings: findings.into_iter().map(Into::into).collect(),
            findings_left_out,
            note,
            figures: figures.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<FiguresReceipt> for pb::FiguresReceipt {
    fn from(figures: FiguresReceipt) -> Self {
        let FiguresReceipt {
            period,
            accepted,
            refused,
            reason,
        } = figures;
        Self {
            period,
            accepted,
            refused,
            reason,
        }
    }
}

impl From<pb::FiguresReceipt> for FiguresReceipt {
    fn from(wire: pb::FiguresReceipt) -> Self {
        let pb::FiguresReceipt {
            period,
            accepted,
            refused,
            reason,
        } = wire;
        Self {
            period,
            accepted,
            refused,
            reason,
        }
    }
}

impl TryFrom<pb::Receipt> for Receipt {
    type Error = ContractBroken;

    fn try_from(wire: pb::Receipt) -> Result<Self, Self::Error> {
        let pb::Receipt {
            night,
            at,
            outcome,
            head,
            added,
            changed,
            removed,
            quarantined,
            findings,
            findings_left_out,
            note,
            figures,
        } = wire;
        let head = head.ok_or_else(|| ContractBroken::new("Receipt.head", "is missing"))?;
        if findings.len() > limit::FINDINGS_PER_RECEIPT {
            return Err(ContractBroken::new(
                "Receipt.findings",
                "has more than 20,000 entries",
            ));
        }
        Ok(Self {
            night,
            at: Moment(at),
            outcome: outcome
                .parse()
                .map_err(|e| ContractBroken::new("Receipt.outcome", e))?,
            head: head.try_into()?,
            added,
            changed,
            removed,
            quarantined,
            findings: findings.into_iter().map(Into::into).collect(),
            findings_left_out,
            note,
            figures: figures.into_iter().map(Into::into).collect(),
        })
    }
}
