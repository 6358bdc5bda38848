//! Participation figures ↔ [`calluna_tables::revision`].

use calluna_tables::revision::{FiguresHead, RevisionDigest};
use calluna_tables::{Kind, Period, Revision, Rules, Shown};

use super::ContractBroken;
use crate::v1 as pb;

/// Most values of one revision.
pub const MOST_VALUES: usize = 100_000;

impl From<&FiguresHead> for pb::FiguresHead {
    fn from(head: &FiguresHead) -> Self {
        Self {
            period: head.period.to_string(),
            number: head.number,
            digest: head.digest.0.to_vec(),
        }
    }
}

impl TryFrom<pb::FiguresHead> for FiguresHead {
    type Error = ContractBroken;

    fn try_from(wire: pb::FiguresHead) -> Result<Self, Self::Error> {
        let pb::FiguresHead {
            period,
            number,
            digest,
        } = wire;
        if number == 0 {
            return Err(ContractBroken::new(
                "FiguresHead.number",
                "is 0; it counts from 1",
            ));
        }
        Ok(Self {
            period: period_of("FiguresHead.period", &period)?,
            number,
            digest: digest_of("FiguresHead.digest", &digest)?,
        })
    }
}

impl From<&Revision> for pb::TableRevision {
    fn from(revision: &Revision) -> Self {
        let kind = match revision.kind {
            Kind::Provisional => pb::RevisionKind::Provisional,
            Kind::Final => pb::RevisionKind::Final,
            Kind::Correction => pb::RevisionKind::Correction,
        };
        Self {
            period: revision.period.to_string(),
            number: revision.number,
            kind: kind.into(),
            at: revision.at,
            layout: revision.layout.clone(),
            rules: Some(pb::ProtectionRules {
                threshold: revision.rules.threshold,
                sensitive_threshold: revision.rules.sensitive_threshold,
                sensitive: revision.rules.sensitive.clone(),
                batch: revision.rules.batch,
            }),
            waiting: revision.waiting,
            before: revision.before.0.to_vec(),
            values: revision.values.iter().map(|value| value.code()).collect(),
            digest: revision.digest().0.to_vec(),
        }
    }
}

impl TryFrom<pb::TableRevision> for Revision {
    type Error = ContractBroken;

    /// Takes a revision from the wire; its digest is compared with its content.
    fn try_from(wire: pb::TableRevision) -> Result<Self, Self::Error> {
        let kind = match wire.kind() {
            pb::RevisionKind::Provisional => Kind::Provisional,
            pb::RevisionKind::Final => Kind::Final,
            pb::RevisionKind::Correction => Kind::Correction,
            pb::RevisionKind::Unspecified => {
                return Err(ContractBroken::new(
                    "TableRevision.kind",
                    "is not one that this side knows",
                ));
            }
        };
        let pb::TableRevision {
            period,
            number,
            kind: _,
            at,
            layout,
            rules,
            waiting,
            before,
            values,
            digest,
        } = wire;
        let rules =
            rules.ok_or_else(|| ContractBroken::new("TableRevision.rules", "is missing"))?;
        if number == 0 {
            return Err(ContractBroken::new(
                "TableRevision.number",
                "is 0; it counts from 1",
            ));
        }
        if values.len() > MOST_VALUES || layout.len() > 128 || rules.sensitive.len() > 1_000 {
            return Err(ContractBroken::new(
                "TableRevision",
                "is larger than any layout",
            ));
        }
        let plain =
            |code: &String| (1..=32).contains(&code.len()) && !code.contains(char::is_whitespace);
        if at < 0 || waiting > 1_000_000_000 || !rules.sensitive.iter().all(plain) {
            return Err(ContractBroken::new(
                "TableRevision",
                "has a time, a number of waiting persons or a code that cannot be",
            ));
        }
        let values: Option<Vec<Shown>> = values.into_iter().map(Shown::from_code).collect();
        let revision = Self {
            period: period_of("TableRevision.period", &period)?,
            number,
            kind,
            at,
            layout,
            rules: Rules {
                threshold: rules.threshold,
                sensitive_threshold: rules.sensitive_threshold,
                sensitive: rules.sensitive,
                batch: rules.batch,
            },
            waiting,
            before: digest_of("TableRevision.before", &before)?,
            values: values.ok_or_else(|| {
                ContractBroken::new(
                    "TableRevision.values",
                    "holds a number that is none of a table",
                )
            })?,
        };
        if revision.digest() == digest_of("TableRevision.digest", &digest)? {
            Ok(revision)
        } else {
            Err(ContractBroken::new(
                "TableRevision.digest",
                "does not fit the content",
            ))
        }
    }
}

fn period_of(field: &'static str, text: &str) -> Result<Period, ContractBroken> {
    text.parse()
        .map_err(|wrong| ContractBroken::new(field, wrong))
}

fn digest_of(field: &'static str, bytes: &[u8]) -> Result<RevisionDigest, ContractBroken> {
    let bytes = bytes
        .try_into()
        .map_err(|_| ContractBroken::new(field, "must have 32 bytes"))?;
    Ok(RevisionDigest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision() -> Revision {
        Revision {
            period: "2026-Q3".parse().unwrap(),
            number: 2,
            kind: Kind::Final,
            at: 1_790_000_000,
            layout: "abc".to_owned(),
            rules: Rules::default(),
            waiting: 10,
            before: RevisionDigest([7; 32]),
            values: vec![
                Shown::Value(57),
                Shown::Hidden,
                Shown::Structural,
                Shown::LeftOut,
            ],
        }
    }

    #[test]
    fn a_revision_goes_there_and_back() {
        let wire = pb::TableRevision::from(&revision());
        assert_eq!(Revision::try_from(wire).unwrap(), revision());
        let head = revision().head();
        assert_eq!(
            FiguresHead::try_from(pb::FiguresHead::from(&head)).unwrap(),
            head
        );
    }

    #[test]
    fn what_breaks_the_contract_is_refused_by_its_field() {
        type Break = (&'static str, fn(&mut pb::TableRevision));
        let breaks: [Break; 6] = [
            ("TableRevision.kind", |r| r.kind = 9),
            ("TableRevision.rules", |r| r.rules = None),
            ("TableRevision.period", |r| r.period = "2026".to_owned()),
            ("TableRevision.values", |r| r.values[0] = -9),
            ("TableRevision.digest", |r| r.values[0] = 58),
            ("TableRevision.before", |r| r.before.clear()),
        ];
        for (field, change) in breaks {
            let mut wire = pb::TableRevision::from(&revision());
            change(&mut wire);
            assert_eq!(Revision::try_from(wire).unwrap_err().field, field);
        }
    }
}
