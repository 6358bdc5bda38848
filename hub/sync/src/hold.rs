//! Whether a night that is complete and verified may be shown, or has to wait for a person
//! (invariant 4).

use std::fmt;

use calluna_model::checkpoint::HoldReason;
use calluna_model::guard::{Shrink, shrink};

use crate::rekey;
use crate::step::Why;

/// What a night would change for readers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Offers that readers see now.
    pub before: u64,
    /// Offers that would go.
    pub removed: u64,
    /// Of those, how many come back under another id with the same content.
    pub rekeyed: u64,
}

/// Why a night waits for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Many offers would go and come back under other ids.
    ReKeyed {
        /// What would change.
        effect: Effect,
    },
    /// It removes too much at once.
    Shrinks(Shrink),
    /// It removes something, and the node's store is not the one that the hub knew: it may be an
    /// old backup, in which offers that are missing were never withdrawn by anybody.
    OtherLife {
        /// What is different about the store.
        why: Why,
        /// Offers that would go.
        removed: u64,
    },
    /// An earlier night was held, and what it would remove is still gone.
    StillHeld {
        /// Offers that would go.
        removed: u64,
    },
}

impl Hold {
    /// The reason as it is kept and shown.
    #[must_use]
    pub fn reason(&self) -> HoldReason {
        match self {
            Self::ReKeyed { .. } => HoldReason::ReKeyed,
            Self::Shrinks(_) => HoldReason::Shrinks,
            Self::OtherLife { .. } => HoldReason::OtherLife,
            Self::StillHeld { .. } => HoldReason::StillHeld,
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReKeyed { effect } => {
                let Effect {
                    before,
                    removed,
                    rekeyed,
                } = effect;
                write!(
                    f,
                    "{removed} of {before} offers would be removed, and {rekeyed} of them come back \
                     under another id with the same content: links to them would break; has the \
                     provider's software changed its numbers?"
                )
            }
            Self::Shrinks(shrink) => shrink.fmt(f),
            Self::OtherLife { why, removed } => {
                write!(
                    f,
                    "{why}, and {removed} offers that readers see are not in it"
                )
            }
            Self::StillHeld { removed } => {
                write!(
                    f,
                    "{removed} offers would be removed, as in the night that is held"
                )
            }
        }
    }
}

/// Whether a night with this effect has to wait. `compared` says why the catalogues were compared as
/// a whole, if they were; `was_held` whether an earlier night waits already.
#[must_use]
pub fn hold(effect: Effect, compared: Option<Why>, was_held: bool) -> Option<Hold> {
    let Effect {
        before,
        removed,
        rekeyed,
    } = effect;
    if removed == 0 {
        return None;
    }
    if rekey::mass(before, rekeyed) {
        return Some(Hold::ReKeyed { effect });
    }
    if let Some(shrink) = shrink(before, removed) {
        return Some(Hold::Shrinks(shrink));
    }
    match compared {
        Some(
            why @ (Why::NewEpoch
            | Why::NodeWentBack
            | Why::SameRevisionOtherDigest
            | Why::DigestDiffers
            | Why::BrokenOff
            | Why::Verify
            // What the hub knew of the node's life may be lost as well.
            | Why::HubStoreBehind),
        ) => return Some(Hold::OtherLife { why, removed }),
        Some(Why::NodeAsked) | None => {}
    }
    was_held.then_some(Hold::StillHeld { removed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(before: u64, removed: u64) -> Effect {
        Effect {
            before,
            removed,
            rekeyed: 0,
        }
    }

    #[test]
    fn inv4_a_node_restored_from_an_old_backup_removes_nothing() {
        for why in [
            Why::NodeWentBack,
            Why::NewEpoch,
            Why::SameRevisionOtherDigest,
            // An old backup that has been added to since: its revisions are ahead again.
            Why::DigestDiffers,
            Why::BrokenOff,
            // Both heads are the same, and still the hub holds something else than the node.
            Why::Verify,
            // Both sides may have been restored at once.
            Why::HubStoreBehind,
        ] {
            assert!(
                matches!(
                    hold(of(100, 1), Some(why), false),
                    Some(Hold::OtherLife { .. })
                ),
                "{why}"
            );
            assert_eq!(hold(of(100, 0), Some(why), false), None);
        }
    }

    #[test]
    fn inv4_a_held_night_stays_held_while_it_removes_anything() {
        assert_eq!(
            hold(of(100, 2), None, true),
            Some(Hold::StillHeld { removed: 2 })
        );
        assert_eq!(
            hold(of(100, 0), None, true),
            None,
            "what was missing is back"
        );
    }

    #[test]
    fn inv4_tombstones_of_the_known_store_are_proof_within_the_guard() {
        assert_eq!(hold(of(100, 3), None, false), None);
        assert_eq!(hold(of(100, 3), Some(Why::NodeAsked), false), None);
        assert!(matches!(
            hold(of(100, 31), None, false),
            Some(Hold::Shrinks(_))
        ));
    }

    #[test]
    fn inv4_a_mass_re_key_is_held_below_the_shrink_guard_too() {
        let effect = Effect {
            before: 100,
            removed: 20,
            rekeyed: 18,
        };
        let held = hold(effect, None, false).unwrap();
        assert_eq!(held.reason(), HoldReason::ReKeyed);
        assert!(held.to_string().contains("18 of them come back"), "{held}");
        assert_eq!(hold(of(100, 20), None, false), None);
        let all = Effect {
            before: 20,
            removed: 20,
            rekeyed: 20,
        };
        assert_eq!(
            hold(all, None, false).unwrap().reason(),
            HoldReason::ReKeyed,
            "the truer reason is named"
        );
    }
}
