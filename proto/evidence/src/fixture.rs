//! Synthetic figures for tests: nobody stands behind them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "helpers of tests may fail loudly"
)]

use calluna_protect::{Attacker, Budget, Memory, Standing, Verdict, protect};
use calluna_tables::dimension::DIMS;
use calluna_tables::{Dim, Kind, Layout, OfferFacts, Region, Revision, Rules, Shown, Subjects};

use crate::frame::{Frame, index};
use crate::linked::{Candidate, View, link};

/// The frame of the Heidekreis with the seven areas.
#[must_use]
pub fn frame() -> Frame {
    Frame::new(Layout::new(
        Region::heidekreis().unwrap(),
        Subjects::areas(),
    ))
}

/// The leaves of one synthetic registration that is an enrolment, by a seed: few categories, unevenly.
#[must_use]
pub fn leaves(frame: &Frame, seed: u64) -> [u16; DIMS] {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let mut pick = |codes: &[&'static str]| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let most = codes.len() as u64;
        // Twice, so that the first ones are more frequent.
        let at = (state >> 33) % most * ((state >> 20) % most + 1) / most;
        codes[usize::try_from(at).unwrap()]
    };
    let mut leaves = frame.layout.unknown();
    for (dim, codes) in [
        (Dim::Subject, &["4", "2", "1", "3"][..]),
        (Dim::Age, &["Y25T34", "Y50T64", "Y18T24", "Y_GE65"]),
        (Dim::Sex, &["F", "M"]),
        (Dim::Residence, &["03358021", "03358024", "03358016", "_O"]),
        (Dim::Format, &["in-person", "online"]),
        (Dim::Status, &["enrolled", "completed"]),
    ] {
        leaves[dim as usize] = frame.layout.leaf(dim, pick(codes));
    }
    leaves
}

/// Every number of these registrations, each of them an enrolment of its own person.
#[must_use]
pub fn count(frame: &Frame, registrations: &[[u16; DIMS]]) -> Vec<u32> {
    let mut truth = vec![0; frame.web.numbers().len()];
    for leaves in registrations {
        for (number, slot) in frame.web.numbers().iter().zip(&mut truth) {
            let inside = Dim::ALL.iter().zip(number.nodes).all(|(dim, node)| {
                let tree = frame.layout.tree(*dim).unwrap();
                node == 0 || tree.chain(leaves[*dim as usize]).contains(&node)
            });
            *slot += u32::from(inside);
        }
    }
    truth
}

/// Numbers that are zero because only these subjects are offered, in person and online.
#[must_use]
pub fn structural(frame: &Frame, offered: &[&str]) -> Vec<bool> {
    let facts: Vec<OfferFacts> = offered
        .iter()
        .flat_map(|subject| {
            ["in-person", "online"].map(|format| OfferFacts {
                subject: (*subject).to_owned(),
                format: format.to_owned(),
                ..OfferFacts::default()
            })
        })
        .collect();
    let empty = frame.layout.structural(&facts);
    frame.web.structural(&frame.layout, &empty)
}

/// The next revision with these numbers: thresholds, shared masks, complements over all revisions; without
/// rule N, so the caller sees to it that at least five persons come at a time.
///
/// # Panics
/// When no mask can be proved.
#[must_use]
pub fn publish(
    frame: &Frame,
    earlier: &[(Revision, Vec<u32>)],
    kind: Kind,
    truth: &[u32],
) -> Revision {
    let rules = Rules::default();
    let length = match kind {
        Kind::Provisional => frame.web.nightly(),
        _ => frame.web.numbers().len(),
    };
    let numbers = || (0_u32..).take(frame.web.numbers().len());
    let was = |number: u32, what: fn(Shown) -> bool| {
        earlier
            .iter()
            .any(|(revision, _)| what(revision.value(number)))
    };
    let mut structural = structural(frame, &["1", "2", "3", "4"]);
    for number in numbers() {
        structural[index(number)] &=
            truth[index(number)] == 0 && !was(number, |shown| shown == Shown::Hidden);
    }
    // The tables of the close are far too fine for a few hundred registrations (threat T3).
    let left_out: Vec<bool> = numbers()
        .map(|number| index(number) >= frame.web.nightly() || frame.web.is_silent(number))
        .collect();
    let thresholds = frame.thresholds(&rules, |n| structural[index(n)] || left_out[index(n)]);
    let mut standing: Vec<Standing> = numbers()
        .map(|number| {
            if was(number, |shown| matches!(shown, Shown::Value(_))) {
                Standing::Shown
            } else if truth[index(number)] < thresholds[index(number)] {
                Standing::Hidden
            } else {
                Standing::Open
            }
        })
        .collect();
    let views: Vec<View<'_>> = earlier
        .iter()
        .map(|(revision, truth)| View {
            revision,
            truth: Some(truth),
        })
        .collect();
    loop {
        let candidate = Candidate {
            kind,
            truth,
            thresholds: &thresholds,
            standing: &standing,
            structural: &structural,
            left_out: &left_out,
        };
        let linked = link(frame, &views, Some(candidate)).unwrap();
        let verdict = protect(
            &linked.system,
            Attacker::OUTSIDER,
            &mut Budget::default(),
            &mut Memory::default(),
        );
        let Verdict::Proved { mask, .. } = verdict else {
            panic!("no mask was proved: {verdict:?}");
        };
        let cells = linked.cells.last().unwrap();
        let hidden: Vec<bool> = numbers()
            .map(|number| cells.get(&number).is_some_and(|cell| mask.hides(*cell)))
            .collect();
        let mut must: Vec<u32> = numbers()
            .filter(|number| {
                let parents = frame.parents(*number).iter();
                parents.clone().any(|parent| hidden[index(*parent)])
            })
            .collect();
        for (lesser, greater) in frame.web.at_most() {
            if hidden[index(*lesser)] || hidden[index(*greater)] {
                must.extend([*lesser, *greater]);
            }
        }
        must.retain(|n| !hidden[index(*n)] && standing[index(*n)] == Standing::Open);
        must.retain(|n| !structural[index(*n)] && !left_out[index(*n)]);
        if !must.is_empty() {
            for number in must {
                standing[index(number)] = Standing::Hidden;
            }
            continue;
        }
        let last = earlier.last().map(|(revision, _)| revision);
        let shown = |at: usize| match (left_out[at], structural[at], hidden[at]) {
            (true, ..) => Shown::LeftOut,
            (_, true, _) => Shown::Structural,
            (.., true) => Shown::Hidden,
            _ => Shown::Value(truth[at]),
        };
        return Revision {
            period: "2026-Q3".parse().unwrap(),
            number: last.map_or(1, |last| last.number + 1),
            kind,
            at: 1_790_000_000,
            layout: frame.fingerprint.clone(),
            rules,
            waiting: 0,
            before: last.map(Revision::digest).unwrap_or_default(),
            values: (0..length).map(shown).collect(),
        };
    }
}
