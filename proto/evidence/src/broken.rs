//! Which rule a next revision breaks, as far as everybody can see it.
//!
//! * it follows the one before (number, digest, layout, kinds in order) under rules that are strict enough;
//! * what is shown adds up, is at least its threshold, and does not stand below something hidden or left out;
//! * persons and enrolments of one place share their mask;
//! * what was shown stays shown; a zero that was hidden does not become a public one;
//! * while the period runs, numbers only grow;
//! * against **every** earlier revision, every shown number and every residual (a shown sum minus its
//!   shown parts) differs by nothing or by at least k.
//!
//! That the difference is of k *persons* only the node can see; by value it is a necessary condition.

use calluna_tables::{Kind, Revision, Rules, Shown};

use crate::frame::{Frame, index};

/// A rule that is broken. It names places, and of numbers only that they are wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Numbers of revisions have a gap.
    #[error("revision {got} does not follow; {wanted} is expected")]
    Number {
        /// Its number.
        got: u32,
        /// The next one.
        wanted: u32,
    },
    /// It continues another history.
    #[error(
        "it does not continue the revision before: the history at the other side is another one"
    )]
    History,
    /// Another layout.
    #[error(
        "its layout is {got}, here it is {wanted}: all nodes and the hub of a district need the same \
         region and subjects, and the same generation of the program"
    )]
    Layout {
        /// Its fingerprint.
        got: String,
        /// Ours.
        wanted: String,
    },
    /// The number of values does not fit.
    #[error("it has {got} values, its kind has {wanted}")]
    Length {
        /// Its values.
        got: usize,
        /// As many as there must be.
        wanted: usize,
    },
    /// Provisional after final, a second final, a correction without a final one.
    #[error(
        "a {got} revision may not come here: provisional ones, then a final one, then corrections"
    )]
    Order {
        /// Its kind.
        got: &'static str,
    },
    /// The rules are weaker than the district's.
    #[error("its rules are weaker than those of the district, or below the floor of 3")]
    Weak,
    /// A number is below its threshold.
    #[error("number {number} is shown below its threshold")]
    Small {
        /// Which number of the web.
        number: u32,
    },
    /// Parts do not fit their sum.
    #[error("the parts of number {number} do not fit it")]
    Sum {
        /// The sum.
        number: u32,
    },
    /// More persons than enrolments, or one of both hidden alone.
    #[error("number {number}: persons and enrolments of one place do not fit")]
    Pair {
        /// The persons.
        number: u32,
    },
    /// Shown below something hidden or left out.
    #[error("number {number} is shown, and a sum that it is a part of is hidden or left out")]
    Below {
        /// The number.
        number: u32,
    },
    /// Was shown and is not any more, or was hidden and is a public zero now.
    #[error(
        "number {number} was {before} in an earlier revision of the period and may not change that"
    )]
    Mask {
        /// The number.
        number: u32,
        /// What it was.
        before: &'static str,
    },
    /// Fewer than before while the period runs.
    #[error("number {number} became less while the period runs")]
    Less {
        /// The number.
        number: u32,
    },
    /// A change by too few.
    #[error("number {number} differs by fewer than the batch from revision {earlier}{}", if *residual { " (what is left of it beside its shown parts)" } else { "" })]
    Few {
        /// The number, or the sum of the residual.
        number: u32,
        /// The earlier revision.
        earlier: u32,
        /// It is a residual.
        residual: bool,
    },
}

/// Every rule that `next` breaks as the successor of `earlier` (all revisions of the period, in order);
/// empty when it keeps them. `least` are the weakest rules that are accepted.
#[must_use]
pub fn broken(frame: &Frame, least: &Rules, earlier: &[Revision], next: &Revision) -> Vec<Broken> {
    let mut found = Vec::new();
    follows(frame, least, earlier, next, &mut found);
    if !found.is_empty() {
        // Nothing below would mean anything.
        return found;
    }
    adds_up(frame, next, &mut found);
    keeps_mask(earlier, next, &mut found);
    changes(frame, earlier, next, &mut found);
    found
}

fn follows(
    frame: &Frame,
    least: &Rules,
    earlier: &[Revision],
    next: &Revision,
    found: &mut Vec<Broken>,
) {
    let last = earlier.last();
    let wanted = last.map_or(1, |last| last.number.saturating_add(1));
    if next.number != wanted {
        found.push(Broken::Number {
            got: next.number,
            wanted,
        });
    }
    if next.before != last.map(Revision::digest).unwrap_or_default()
        || last.is_some_and(|last| last.period != next.period)
    {
        found.push(Broken::History);
    }
    if next.layout != frame.fingerprint {
        found.push(Broken::Layout {
            got: next.layout.clone(),
            wanted: frame.fingerprint.clone(),
        });
    }
    let wanted = frame.values(next);
    if next.values.len() != wanted {
        found.push(Broken::Length {
            got: next.values.len(),
            wanted,
        });
    }
    let closed = last.is_some_and(|last| last.kind != Kind::Provisional);
    if closed != (next.kind == Kind::Correction) {
        found.push(Broken::Order {
            got: next.kind.as_str(),
        });
    }
    // Rules may become stricter within a period, never weaker.
    // Where the district becomes stricter, that counts from the next period on.
    let before = last.map_or(least, |last| &last.rules);
    if next.rules.fault().is_some() || !next.rules.at_least(before) {
        found.push(Broken::Weak);
    }
}

fn adds_up(frame: &Frame, next: &Revision, found: &mut Vec<Broken>) {
    let thresholds = frame.thresholds_of(next);
    for (number, shown) in (0..).zip(&next.values) {
        let Shown::Value(value) = shown else { continue };
        if thresholds
            .get(index(number))
            .is_none_or(|least| value < least)
        {
            found.push(Broken::Small { number });
        }
        let hidden = |parent: &u32| match next.value(*parent) {
            Shown::Hidden => true,
            Shown::LeftOut => !frame.web.is_silent(*parent),
            Shown::Value(_) | Shown::Structural => false,
        };
        if frame.parents(number).iter().any(hidden) {
            found.push(Broken::Below { number });
        }
    }
    for sum in frame.web.sums() {
        let parts = sum.parts.iter().map(|part| next.value(*part));
        let known: u64 = parts.clone().filter_map(Shown::value).map(u64::from).sum();
        let whole = parts.clone().all(|part| part.value().is_some());
        if let Some(parent) = next.value(sum.parent).value().map(u64::from)
            && (known > parent || (whole && known != parent))
        {
            found.push(Broken::Sum { number: sum.parent });
        }
    }
    for (lesser, greater) in frame.web.at_most() {
        let (persons, enrolments) = (next.value(*lesser), next.value(*greater));
        let alone = persons != Shown::LeftOut
            && enrolments != Shown::LeftOut
            && std::mem::discriminant(&persons) != std::mem::discriminant(&enrolments);
        let more = persons
            .value()
            .zip(enrolments.value())
            .is_some_and(|(p, e)| p > e);
        if alone || more {
            found.push(Broken::Pair { number: *lesser });
        }
    }
}

fn keeps_mask(earlier: &[Revision], next: &Revision, found: &mut Vec<Broken>) {
    for (number, shown) in (0..).zip(&next.values) {
        let were = |what: fn(Shown) -> bool| earlier.iter().any(|r| what(r.value(number)));
        let was_shown = were(|shown| matches!(shown, Shown::Value(_)));
        if was_shown && !matches!(shown, Shown::Value(_)) {
            found.push(Broken::Mask {
                number,
                before: "shown",
            });
        } else if next.kind != Kind::Provisional
            && *shown == Shown::Hidden
            && earlier
                .last()
                .is_some_and(|last| last.value(number) == Shown::Structural)
        {
            found.push(Broken::Mask {
                number,
                before: "a public zero",
            });
        } else if *shown == Shown::Structural && were(|shown| shown == Shown::Hidden) {
            found.push(Broken::Mask {
                number,
                before: "hidden",
            });
        }
    }
    let shorter = earlier
        .iter()
        .any(|before| before.values.len() > next.values.len());
    if shorter && let Some(number) = u32::try_from(next.values.len()).ok() {
        found.push(Broken::Mask {
            number,
            before: "published",
        });
    }
}

fn changes(frame: &Frame, earlier: &[Revision], next: &Revision, found: &mut Vec<Broken>) {
    let few = |before: u64, after: u64| {
        let difference = before.abs_diff(after);
        difference != 0 && difference < u64::from(next.rules.batch)
    };
    let last = earlier.last().filter(|_| next.kind == Kind::Provisional);
    for (number, shown) in (0..).zip(&next.values) {
        let Some(after) = shown.value().map(u64::from) else {
            continue;
        };
        if last
            .and_then(|last| last.value(number).value())
            .map(u64::from)
            > Some(after)
        {
            found.push(Broken::Less { number });
        }
        for before in earlier {
            // A public zero that is a number now is a change like any other.
            if let Some(value) = before.value(number).value()
                && few(u64::from(value), after)
            {
                found.push(Broken::Few {
                    number,
                    earlier: before.number,
                    residual: false,
                });
            }
        }
    }
    for before in earlier {
        for sum in frame.web.sums() {
            if let Some((was, is)) = residual(sum, before, next)
                && few(was, is)
            {
                found.push(Broken::Few {
                    number: sum.parent,
                    earlier: before.number,
                    residual: true,
                });
            }
        }
    }
}

/// What is left of a sum beside the parts that both revisions show, in both of them.
#[must_use]
pub fn residual(
    sum: &calluna_tables::web::Sum,
    before: &Revision,
    next: &Revision,
) -> Option<(u64, u64)> {
    let mut was = u64::from(before.value(sum.parent).value()?);
    let mut is = u64::from(next.value(sum.parent).value()?);
    let mut rest = false;
    for part in &sum.parts {
        match (before.value(*part).value(), next.value(*part).value()) {
            (Some(old), Some(new)) => {
                was = was.checked_sub(u64::from(old))?;
                is = is.checked_sub(u64::from(new))?;
            }
            _ => rest = true,
        }
    }
    rest.then_some((was, is))
}
