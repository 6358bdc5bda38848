//! `head.proto` ↔ [`calluna_model::head`].

use calluna_model::clock::Moment;
use calluna_model::head::{Head, SignedHead};
use calluna_model::id::{Digest, EpochId, Revision};
use calluna_tables::revision::FiguresHead;

use super::ContractBroken;
use crate::v1 as pb;

impl From<Head> for pb::Head {
    fn from(head: Head) -> Self {
        let Head {
            epoch,
            revision,
            count,
            digest,
        } = head;
        Self {
            epoch: epoch.0.to_vec(),
            revision: revision.0,
            count,
            digest: digest.0.to_vec(),
        }
    }
}

impl TryFrom<pb::Head> for Head {
    type Error = ContractBroken;

    fn try_from(wire: pb::Head) -> Result<Self, Self::Error> {
        let pb::Head {
            epoch,
            revision,
            count,
            digest,
        } = wire;
        Ok(Self {
            epoch: EpochId::from_slice(&epoch).map_err(|e| ContractBroken::new("Head.epoch", e))?,
            revision: Revision(revision),
            count,
            digest: Digest::from_slice(&digest)
                .map_err(|e| ContractBroken::new("Head.digest", e))?,
        })
    }
}

/// Puts a signed head on the wire.
#[must_use]
pub fn signed_to_wire(
    signed: SignedHead,
    software: &str,
    figures: &[FiguresHead],
) -> pb::SignedHead {
    let SignedHead {
        head,
        signed_at,
        signature,
    } = signed;
    pb::SignedHead {
        head: Some(head.into()),
        signed_at: signed_at.0,
        signature,
        versions: crate::version::SPOKEN
            .iter()
            .map(ToString::to_string)
            .collect(),
        software: software.to_owned(),
        figures: figures.iter().map(Into::into).collect(),
    }
}

/// Takes a signed head from the wire. The signature is not checked here.
///
/// # Errors
/// When a required field is missing or has the wrong length.
pub fn signed_from_wire(wire: pb::SignedHead) -> Result<SignedHead, ContractBroken> {
    let pb::SignedHead {
        head,
        signed_at,
        signature,
        versions: _,
        software: _,
        figures: _,
    } = wire;
    let head = head.ok_or_else(|| ContractBroken::new("SignedHead.head", "is missing"))?;
    Ok(SignedHead {
        head: head.try_into()?,
        signed_at: Moment(signed_at),
        signature,
    })
}
