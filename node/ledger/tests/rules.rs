//! A whole period of a synthetic provider, checked by code that shares nothing with the ledger: between any two
//! revisions every number that can be seen or worked out differs by nobody or by at least five persons.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail loudly"
)]

#[path = "support/town.rs"]
mod town;

use std::collections::{BTreeMap, BTreeSet};

use calluna_evidence::{Frame, View, link, prove_public};
use calluna_figures::Figures;
use calluna_ledger::{Ledger, Occasion, Why};
use calluna_protect::{Attacker, Budget, Memory, prove};
use calluna_tables::{Kind, Revision, Rules, Shown};

use self::town::{Town, asked, frame, ledger};

/// What each person adds to each number.
type Version = BTreeMap<[u8; 32], BTreeMap<u32, u32>>;

/// A ledger that is watched: what was counted in each revision, kept by the test.
struct Watched {
    ledger: Ledger,
    now: Version,
    versions: Vec<Version>,
}

fn parts(figures: &Figures, hash: [u8; 32]) -> Option<BTreeMap<u32, u32>> {
    let all = figures.persons();
    let person = all
        .into_iter()
        .find(|person| *person.hash.as_bytes() == hash)?;
    let pairs = person
        .touches
        .iter()
        .map(|touch| (touch.number, touch.value));
    Some(pairs.collect())
}

impl Watched {
    fn new() -> Self {
        Self {
            ledger: ledger(),
            now: Version::new(),
            versions: Vec::new(),
        }
    }

    fn step(&mut self, frame: &Frame, town: &Town, night: u32, occasion: Occasion) -> Why {
        let (rules, structural) = (Rules::default(), town.structural(frame));
        let figures = town.figures(frame, night);
        let question = asked(frame, &rules, &figures, &structural, occasion);
        let decision = self.ledger.decide(&question).unwrap();
        if let Some(proposal) = decision.proposal {
            for hash in proposal.batch() {
                match parts(&figures, *hash.as_bytes()) {
                    Some(parts) => self.now.insert(*hash.as_bytes(), parts),
                    None => self.now.remove(hash.as_bytes()),
                };
            }
            self.versions.push(self.now.clone());
            self.ledger.publish(proposal).unwrap();
        }
        decision.why
    }
}

/// Every breach: earlier and later revision, number (or parent of the residual), persons.
fn breaches(
    frame: &Frame,
    revisions: &[Revision],
    versions: &[Version],
) -> Vec<(usize, usize, u32, usize)> {
    let mut found = Vec::new();
    for later in 0..revisions.len() {
        for earlier in 0..later {
            let (a, b) = (&revisions[earlier], &revisions[later]);
            let known = |number: u32| {
                a.value(number).value().is_some() && b.value(number).value().is_some()
            };
            let mut persons: BTreeMap<(u32, usize), usize> = BTreeMap::new();
            let nobody = BTreeMap::new();
            let both: BTreeSet<&[u8; 32]> = versions[earlier]
                .keys()
                .chain(versions[later].keys())
                .collect();
            for who in both {
                let was = versions[earlier].get(who).unwrap_or(&nobody);
                let is = versions[later].get(who).unwrap_or(&nobody);
                if was == is {
                    continue;
                }
                let by = |number: u32| {
                    i64::from(*is.get(&number).unwrap_or(&0))
                        - i64::from(*was.get(&number).unwrap_or(&0))
                };
                for number in was
                    .keys()
                    .chain(is.keys())
                    .copied()
                    .collect::<BTreeSet<u32>>()
                {
                    if known(number) && by(number) != 0 {
                        *persons.entry((number, 0)).or_default() += 1;
                    }
                }
                for (which, sum) in frame.web.sums().iter().enumerate() {
                    if known(sum.parent) && !sum.parts.iter().all(|part| known(*part)) {
                        let seen: i64 = sum
                            .parts
                            .iter()
                            .filter(|part| known(**part))
                            .map(|part| by(*part))
                            .sum();
                        if by(sum.parent) != seen {
                            *persons.entry((sum.parent, which + 1)).or_default() += 1;
                        }
                    }
                }
            }
            let few = persons.into_iter().filter(|(_, persons)| *persons < 5);
            found.extend(few.map(|((number, _), persons)| (earlier, later, number, persons)));
        }
    }
    found
}

/// Values that are not what the persons add up to, that are too small or of too few persons.
fn lies(frame: &Frame, revision: &Revision, version: &Version) -> Vec<u32> {
    let thresholds = frame.thresholds_of(revision);
    let mut found = Vec::new();
    for (number, shown) in (0..).zip(&revision.values) {
        let parts = version.values().filter_map(|parts| parts.get(&number));
        let (sum, persons) = parts.fold((0, 0), |(sum, persons), part| (sum + part, persons + 1));
        let wrong = match shown {
            Shown::Value(value) => {
                let least = thresholds[usize::try_from(number).unwrap()];
                *value != sum || *value < least || persons < least
            }
            Shown::Structural => sum != 0,
            Shown::Hidden | Shown::LeftOut => false,
        };
        if wrong {
            found.push(number);
        }
    }
    found
}

fn season() -> (Frame, Watched) {
    let frame = frame();
    let town = Town::new(5, 260, 120);
    let mut watched = Watched::new();
    for night in 0..120 {
        watched.step(&frame, &town, night, Occasion::Night);
    }
    let why = watched.step(&frame, &town, 125, Occasion::Close);
    assert_eq!(why, Why::Proposed);
    watched.step(&frame, &town, 170, Occasion::Correction);
    (frame, watched)
}

#[test]
fn any_two_revisions_of_120_nights_keep_every_rule() {
    let (frame, watched) = season();
    let revisions = watched.ledger.revisions();
    assert!(revisions.len() > 20, "{} revisions", revisions.len());
    let last = &revisions[revisions.len() - 1];
    let shown = last
        .values
        .iter()
        .filter(|value| matches!(value, Shown::Value(_)));
    assert!(shown.count() > 20);
    assert_eq!(breaches(&frame, revisions, &watched.versions), []);
    for (revision, version) in revisions.iter().zip(&watched.versions) {
        assert_eq!(
            lies(&frame, revision, version),
            Vec::<u32>::new(),
            "revision {}",
            revision.number
        );
    }
    // What was shown stays shown, and nights only grow.
    for pair in revisions.windows(2) {
        for (number, before) in (0..).zip(&pair[0].values) {
            if let Shown::Value(before) = before {
                let Shown::Value(after) = pair[1].value(number) else {
                    unreachable!("number {number} was shown and is not any more");
                };
                assert!(pair[1].kind != Kind::Provisional || *before <= after);
            }
        }
    }
    // The test sees it when the rule is broken: one person less in one version.
    let mut wrong = watched.versions.clone();
    let at = wrong.len() / 2;
    let who = *wrong[at].keys().next().unwrap();
    wrong[at].remove(&who);
    assert!(!breaches(&frame, revisions, &wrong).is_empty());
}

#[test]
fn what_is_proved_small_holds_in_the_whole_system_with_and_without_the_truth() {
    let frame = frame();
    let town = Town::new(9, 150, 30);
    let mut watched = Watched::new();
    for night in 0..14 {
        watched.step(&frame, &town, night, Occasion::Night);
    }
    let revisions = watched.ledger.revisions();
    assert!(revisions.len() > 3);
    let truth = |version: &Version| {
        let mut truth = vec![0; frame.web.numbers().len()];
        for (number, value) in version.values().flatten() {
            truth[usize::try_from(*number).unwrap()] += value;
        }
        truth
    };
    let truths: Vec<Vec<u32>> = watched.versions.iter().map(truth).collect();
    let views: Vec<View<'_>> = revisions
        .iter()
        .zip(&truths)
        .map(|(revision, truth)| View {
            revision,
            truth: Some(truth),
        })
        .collect();
    let linked = link(&frame, &views, None).unwrap();
    let mask = linked.mask(&views);
    let (mut budget, mut memory) = (Budget::default(), Memory::default());
    let audit = prove(
        &linked.system,
        &mask,
        Attacker::OUTSIDER,
        &mut budget,
        &mut memory,
    );
    assert!(audit.holds() && audit.hidden > 10, "{audit:?}");
    let audit = prove_public(
        &frame,
        revisions,
        &mut Budget::default(),
        &mut Memory::default(),
    );
    assert!(audit.unwrap().holds());
}
