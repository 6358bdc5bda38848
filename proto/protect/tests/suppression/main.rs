//! Suppression against an attacker who is written apart, against the optimum, and with every rule broken.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; a panic is how they fail"
)]

mod attacker;
mod broken;
mod brute;
mod nights;
mod table;

use calluna_protect::{Attacker, Audit, Budget, Mask, Memory, System, Verdict, protect, prove};

/// A verdict from nothing remembered.
pub(crate) fn judge(system: &System) -> Verdict {
    protect(
        system,
        Attacker::OUTSIDER,
        &mut Budget::default(),
        &mut Memory::default(),
    )
}

/// The evidence for a mask.
pub(crate) fn evidence(system: &System, mask: &Mask) -> Audit {
    prove(
        system,
        mask,
        Attacker::OUTSIDER,
        &mut Budget::default(),
        &mut Memory::default(),
    )
}

/// The mask of a verdict that proved one.
pub(crate) fn proved(verdict: Verdict) -> Option<(Mask, Audit)> {
    match verdict {
        Verdict::Proved { mask, audit } => Some((mask, audit)),
        Verdict::Coarsen { .. } | Verdict::HoldBack { .. } => None,
    }
}
