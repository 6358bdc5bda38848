//! What may happen: to a node and the hub by day, and to everybody by night.

use crate::chance::Chance;
use crate::disk::Death;
use crate::net::Line;

/// What an owner does to a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// New offers.
    Add(u64),
    /// Offers in another version.
    Change(u64),
    /// Offers that are taken away by a complete list; confirmed or under the node's guard.
    Remove(u64, bool),
    /// A new term: every offer changes.
    Term,
    /// Everything is taken away.
    Clear,
    /// Versions that the hub has to refuse.
    Large(u64),
    /// The complete list, as the owner's own program has it, whatever the node has forgotten.
    Whole,
}

/// What happens to a node by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    /// Its owner works.
    Works(Work),
    /// Its owner works, and the process is killed at this commit.
    Killed(Work, Death, u64),
    /// The data directory is copied.
    Backup,
    /// A copy is put back: all of it, or the data below a younger STATE.
    Restore { with_state: bool },
    /// The data are lost; STATE is left.
    Wipe,
    /// It is stopped and started.
    Restart,
}

/// What happens to the hub by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Office {
    /// The data directory is copied.
    Backup,
    /// A copy is put back: all of it, or the data below a younger STATE. While it starts, it may be
    /// killed at a commit.
    Restore {
        with_state: bool,
        killed: Option<(Death, u64)>,
    },
    /// It is stopped and started.
    Restart,
    /// More than a year goes by: tombstones are dropped.
    Sleep,
}

/// What an operator does about a held night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Release,
    /// Release, and the hub is killed at this commit.
    KilledRelease(Death),
    Discard,
    Leave,
}

/// Something that happens to one node in the middle of a night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// Its owner works meanwhile.
    Works(Work),
    /// Its process is killed; with `power` its machine goes down and nobody is told.
    Kill { power: bool },
    /// It is started again.
    Start,
    /// Its machine is set up again from an old copy.
    Restore { with_state: bool },
    /// Its disk runs full.
    Full,
    /// A reader looks.
    Look,
}

/// One node's share of a bad night.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) line: Line,
    /// It does not dial at all.
    pub(crate) away: bool,
    /// The process is killed at this commit.
    pub(crate) death: Option<(Death, u64)>,
    /// What happens, and when (milliseconds).
    pub(crate) strikes: Vec<(u64, Strike)>,
}

/// A night.
#[derive(Clone, Debug)]
pub(crate) struct NightPlan {
    pub(crate) quiet: bool,
    pub(crate) shares: Vec<Share>,
    pub(crate) hub_death: Option<(Death, u64)>,
    /// The hub is killed at this time; with `power` nobody is told.
    pub(crate) hub_kill: Option<(u64, bool)>,
    /// The hub's disk runs full at this time.
    pub(crate) hub_full: Option<u64>,
}

pub(crate) fn work(chance: &Chance) -> Work {
    match chance.below(100) {
        0..30 => Work::Add(chance.between(1, 8)),
        30..60 => Work::Change(chance.between(1, 6)),
        60..76 => Work::Remove(chance.between(1, 9), chance.percent(60)),
        76..87 => Work::Term,
        87..89 => Work::Clear,
        89..94 => Work::Large(chance.between(1, 3)),
        _ => Work::Whole,
    }
}

fn death(chance: &Chance) -> Death {
    [Death::Before, Death::BeforeState, Death::After][chance.place(3)]
}

/// What happens to a node on one day, if anything.
pub(crate) fn day(chance: &Chance) -> Option<Day> {
    Some(match chance.below(100) {
        0..30 => Day::Works(work(chance)),
        30..35 => Day::Killed(work(chance), death(chance), chance.between(1, 3)),
        35..42 => Day::Backup,
        42..46 => Day::Restore {
            with_state: chance.percent(60),
        },
        46..47 => Day::Wipe,
        47..49 => Day::Restart,
        _ => return None,
    })
}

/// What happens to the hub on one day, if anything.
pub(crate) fn office(chance: &Chance) -> Option<Office> {
    Some(match chance.below(100) {
        0..12 => Office::Backup,
        12..18 => Office::Restore {
            with_state: chance.percent(60),
            killed: chance
                .percent(40)
                .then(|| (death(chance), chance.between(1, 3))),
        },
        18..22 => Office::Restart,
        22..25 => Office::Sleep,
        _ => return None,
    })
}

pub(crate) fn verdict(chance: &Chance) -> Verdict {
    match chance.below(100) {
        0..30 => Verdict::Release,
        30..35 => Verdict::KilledRelease(death(chance)),
        35..42 => Verdict::Discard,
        _ => Verdict::Leave,
    }
}

impl NightPlan {
    /// A night without faults.
    pub(crate) fn quiet(nodes: usize) -> Self {
        let share = Share {
            line: Line::GOOD,
            away: false,
            death: None,
            strikes: Vec::new(),
        };
        Self {
            quiet: true,
            shares: vec![share; nodes],
            hub_death: None,
            hub_kill: None,
            hub_full: None,
        }
    }

    /// A night as chance will have it; a `rough` one never goes by quietly.
    pub(crate) fn any(chance: &Chance, nodes: usize, rough: bool) -> Self {
        if !rough && chance.percent(45) {
            return Self::quiet(nodes);
        }
        let badness = if rough {
            chance.between(40, 80)
        } else {
            chance.between(5, 40)
        };
        let shares = (0..nodes).map(|_| share(chance, badness)).collect();
        let kill = chance.below(100);
        let half = chance.percent(50);
        Self {
            quiet: false,
            shares,
            hub_death: (kill < if rough { 60 } else { 22 })
                .then(|| (death(chance), chance.between(1, 3 * nodes as u64))),
            hub_kill: (60..70)
                .contains(&kill)
                .then(|| (chance.below(4_000), half)),
            hub_full: (70..74).contains(&kill).then(|| chance.below(2_000)),
        }
    }
}

fn share(chance: &Chance, badness: u64) -> Share {
    let bad = || chance.percent(badness);
    let line = Line {
        delay: match chance.below(20) {
            0 => (500, 4_000),
            1..5 => (20, 400),
            _ => (1, 60),
        },
        cut_after: bad().then(|| chance.between(4, 60)),
        breaks: chance.between(1, 3),
        partition: bad().then(|| {
            let from = chance.below(3_000);
            (
                from,
                from + [200, 5_000, 40_000, 2_000_000][chance.place(4)],
            )
        }),
    };
    let mut strikes = Vec::new();
    if chance.percent(30) {
        strikes.push((chance.below(3_000), Strike::Works(work(chance))));
    }
    if chance.percent(badness / 3) {
        let at = chance.below(3_000);
        let power = chance.percent(30);
        strikes.push((at, Strike::Kill { power }));
        if chance.percent(60) {
            strikes.push((at + chance.below(5_000), Strike::Start));
        }
    }
    if chance.percent(badness / 6) {
        let with_state = chance.percent(50);
        strikes.push((chance.below(2_000), Strike::Restore { with_state }));
    }
    if chance.percent(badness / 8) {
        strikes.push((chance.below(2_000), Strike::Full));
    }
    for _ in 0..2 {
        strikes.push((chance.below(4_000), Strike::Look));
    }
    Share {
        line,
        away: chance.percent(badness / 4),
        death: chance
            .percent(badness / 3)
            .then(|| (death(chance), chance.between(1, 2))),
        strikes,
    }
}
