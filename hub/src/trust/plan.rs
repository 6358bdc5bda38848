//! When the authority is replaced, step by step: facts in, one step out. It reads no clock and no store.
//!
//! | phase | goes on |
//! |---|---|
//! | settled | `introduce` when the root has less than `rotate_days` left |
//! | introduced | `switch` when every node that was heard of lately has said that it has the new authority |
//! | switched | `retire` when every node that can come back has shown a certificate of the new authority, and no open invitation pins the old one |
//!
//! Nobody is lost at the switch: as long as the old authority is not retired, the hub shows its voucher
//! for the new one, and who knows only the old one is carried over by it. A node that is silent does not
//! hold up the switch, but it does hold up the retirement: until it can no longer come back by itself (its
//! certificate and the days of grace are over), or the old root has less than [`HURRY_DAYS`] left.

use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;

use super::state::Phase;

/// A node that was not heard of for so many days does not hold up the switch.
pub const SILENT_DAYS: i64 = 30;
/// When the old root has fewer days left, nobody holds up anything.
pub const HURRY_DAYS: i64 = 60;
const DAY: i64 = 86_400;

/// What a step is decided by.
#[derive(Clone, Debug)]
pub struct Facts {
    /// What time it is.
    pub now: Moment,
    /// How far the replacement is.
    pub phase: Phase,
    /// Since when it stands so.
    pub since: Option<Moment>,
    /// Until when the older of the two roots is valid.
    pub root_until: Moment,
    /// How many days before that a replacement begins; 0: never by itself.
    pub rotate_days: u32,
    /// Whether the hub's own certificate is of the authority that issues.
    pub hub_is_current: bool,
    /// Everybody who was invited.
    pub members: Vec<MemberFacts>,
}

/// What is known of a member.
#[derive(Clone, Debug)]
pub struct MemberFacts {
    /// Who.
    pub id: ProviderId,
    /// Whether its node can still come back by itself: its certificate is good, or can be renewed.
    pub returns: bool,
    /// When it was last heard of.
    pub heard: Option<Moment>,
    /// Whether its node said that it has the newer root.
    pub knows_new: bool,
    /// Whether its node showed a certificate of the newer root.
    pub shows_new: bool,
    /// Whether it has an open invitation that pins the older root.
    pub token_of_old: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Rest,
    /// Make the next authority, and tell everybody.
    Introduce,
    /// Issue from the new one.
    Switch,
    /// Take the old one away. These need a new invitation.
    Retire(Vec<ProviderId>),
    /// Wait for these.
    Wait(Vec<ProviderId>),
    /// Wait for the hub's own certificate.
    WaitForHub,
}

/// The step that is due.
#[must_use]
pub fn next(facts: &Facts) -> Step {
    let left = facts.root_until.since(facts.now);
    let hurry = left < HURRY_DAYS * DAY;
    match facts.phase {
        Phase::Settled if left < i64::from(facts.rotate_days) * DAY => Step::Introduce,
        Phase::Settled => Step::Rest,
        Phase::Introduced => match unaware(facts) {
            waiting if hurry || waiting.is_empty() => Step::Switch,
            waiting => Step::Wait(waiting),
        },
        Phase::Switched if !facts.hub_is_current => Step::WaitForHub,
        Phase::Switched => match stranded(facts) {
            waiting if (hurry && had_time(facts)) || waiting.is_empty() => Step::Retire(waiting),
            waiting => Step::Wait(waiting),
        },
    }
}

/// Whether nodes had the time to renew since the switch, or there is none left.
fn had_time(facts: &Facts) -> bool {
    let since = facts.since;
    let long = since.is_none_or(|since| facts.now.since(since) >= SILENT_DAYS * DAY);
    long || facts.root_until <= facts.now
}

/// Who was heard of lately and has not said that it has the newer root.
#[must_use]
pub fn unaware(facts: &Facts) -> Vec<ProviderId> {
    pick(facts, |member| {
        let heard = member.heard;
        let lately = heard.is_some_and(|at| facts.now.since(at) < SILENT_DAYS * DAY);
        member.returns && lately && !member.knows_new
    })
}

/// Who would need a new invitation if the older root were taken away now.
#[must_use]
pub fn stranded(facts: &Facts) -> Vec<ProviderId> {
    pick(facts, |member| {
        (member.returns && !member.shows_new) || member.token_of_old
    })
}

fn pick(facts: &Facts, which: impl Fn(&MemberFacts) -> bool) -> Vec<ProviderId> {
    let members = facts.members.iter().filter(|member| which(member));
    members.map(|member| member.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_800_000_000);

    fn member(id: &str) -> MemberFacts {
        MemberFacts {
            id: id.parse().unwrap(),
            returns: true,
            heard: Some(NOW),
            knows_new: true,
            shows_new: true,
            token_of_old: false,
        }
    }

    fn facts(phase: Phase, days_left: i64, members: Vec<MemberFacts>) -> Facts {
        Facts {
            now: NOW,
            phase,
            since: Some(NOW.plus(-SILENT_DAYS * DAY)),
            root_until: NOW.plus(days_left * DAY),
            rotate_days: 365,
            hub_is_current: true,
            members,
        }
    }

    fn ids(names: &[&str]) -> Vec<ProviderId> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    #[test]
    fn a_root_is_replaced_a_year_before_its_end_and_not_before() {
        let at = |days| next(&facts(Phase::Settled, days, vec![member("a1")]));
        assert_eq!(at(365), Step::Rest);
        assert_eq!(at(364), Step::Introduce);
        assert_eq!(at(-1), Step::Introduce);
        let never = Facts {
            rotate_days: 0,
            ..facts(Phase::Settled, 10, vec![])
        };
        assert_eq!(next(&never), Step::Rest);
    }

    #[test]
    fn the_switch_waits_for_who_is_alive_and_not_for_who_is_silent() {
        let unaware = MemberFacts {
            knows_new: false,
            ..member("b1")
        };
        let silent = MemberFacts {
            heard: Some(NOW.plus(-SILENT_DAYS * DAY)),
            ..unaware.clone()
        };
        let nearly_silent = MemberFacts {
            heard: Some(NOW.plus(-SILENT_DAYS * DAY + 1)),
            ..unaware.clone()
        };
        let gone = MemberFacts {
            returns: false,
            ..unaware.clone()
        };
        let never_heard = MemberFacts {
            heard: None,
            ..unaware.clone()
        };
        let with = |other: &MemberFacts, days| {
            facts(Phase::Introduced, days, vec![member("a1"), other.clone()])
        };
        for waits in [&unaware, &nearly_silent] {
            assert_eq!(next(&with(waits, 300)), Step::Wait(ids(&["b1"])));
            assert_eq!(next(&with(waits, 60)), Step::Wait(ids(&["b1"])));
            assert_eq!(next(&with(waits, 59)), Step::Switch);
        }
        for passes in [&silent, &gone, &never_heard, &member("b1")] {
            assert_eq!(next(&with(passes, 300)), Step::Switch);
        }
        assert_eq!(next(&facts(Phase::Introduced, 300, vec![])), Step::Switch);
    }

    #[test]
    fn the_old_root_goes_when_nobody_needs_it_or_its_end_is_near() {
        let old = MemberFacts {
            shows_new: false,
            heard: None,
            ..member("b1")
        };
        let invited = MemberFacts {
            returns: false,
            token_of_old: true,
            ..old.clone()
        };
        let gone = MemberFacts {
            returns: false,
            ..old.clone()
        };
        let with = |other: &MemberFacts, days| {
            facts(Phase::Switched, days, vec![member("a1"), other.clone()])
        };
        for waits in [&old, &invited] {
            assert_eq!(next(&with(waits, 60)), Step::Wait(ids(&["b1"])));
            assert_eq!(next(&with(waits, 59)), Step::Retire(ids(&["b1"])));
        }
        assert_eq!(next(&with(&gone, 300)), Step::Retire(vec![]));
        // A hub that was off for a year hurries, and strands nobody for that.
        let just_now = |days| Facts {
            since: Some(NOW.plus(-SILENT_DAYS * DAY + 1)),
            ..with(&old, days)
        };
        assert_eq!(next(&just_now(59)), Step::Wait(ids(&["b1"])));
        assert_eq!(next(&just_now(0)), Step::Retire(ids(&["b1"])));
        let hub_is_old = Facts {
            hub_is_current: false,
            ..with(&gone, 10)
        };
        assert_eq!(next(&hub_is_old), Step::WaitForHub);
    }
}
