//! What can happen to a provider in a period, and what its ledger makes of it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail loudly"
)]

#[path = "support/town.rs"]
mod town;

use calluna_evidence::Frame;
use calluna_ledger::{Damaged, Decision, Fault, Ledger, Occasion, Why};
use calluna_tables::{Kind, Rules, Shown};
use proptest::prelude::*;

use self::town::{Row, Town, asked, frame, ledger};

fn decide(
    ledger: &mut Ledger,
    frame: &Frame,
    town: &Town,
    night: u32,
    occasion: Occasion,
) -> Decision {
    let (rules, structural) = (Rules::default(), town.structural(frame));
    let figures = town.figures(frame, night);
    let question = asked(frame, &rules, &figures, &structural, occasion);
    ledger.decide(&question).unwrap()
}

fn publish(ledger: &mut Ledger, frame: &Frame, town: &Town, night: u32, occasion: Occasion) -> Why {
    let decision = decide(ledger, frame, town, night, occasion);
    if let Some(proposal) = decision.proposal {
        ledger.publish(proposal).unwrap();
    }
    decision.why
}

/// Registrations of different persons in one course, from these nights on.
fn rows(persons: std::ops::Range<u64>, course: u64, night: u32) -> Vec<Row> {
    persons
        .map(|person| Row {
            person,
            course,
            night,
            cancelled: None,
            waiting: false,
        })
        .collect()
}

fn shown(ledger: &Ledger) -> usize {
    let last = ledger.revisions().last().unwrap();
    last.values
        .iter()
        .filter(|value| matches!(value, Shown::Value(_)))
        .count()
}

/// The number of enrolments in all.
fn total(ledger: &Ledger) -> Shown {
    // The first number of the first table.
    ledger.revisions().last().unwrap().value(0)
}

#[test]
fn three_persons_are_not_shown_at_all() {
    let frame = frame();
    let town = Town::with(1, rows(0..3, 0, 0));
    let mut ledger = ledger();
    assert_eq!(
        publish(&mut ledger, &frame, &town, 0, Occasion::Night),
        Why::Proposed
    );
    assert_eq!(shown(&ledger), 0);
    assert_eq!(
        publish(&mut ledger, &frame, &town, 1, Occasion::Night),
        Why::NothingNew
    );
    assert_eq!(
        publish(&mut ledger, &frame, &town, 9, Occasion::Close),
        Why::Proposed
    );
    assert_eq!((shown(&ledger), ledger.revisions().len()), (0, 2));
}

#[test]
fn the_same_list_twice_makes_no_new_revision() {
    let frame = frame();
    let town = Town::new(3, 200, 10);
    let mut ledger = ledger();
    assert_eq!(
        publish(&mut ledger, &frame, &town, 5, Occasion::Night),
        Why::Proposed
    );
    assert!(shown(&ledger) > 10);
    assert_eq!(
        publish(&mut ledger, &frame, &town, 5, Occasion::Night),
        Why::NothingNew
    );
    // But a close is a revision of its own.
    assert_eq!(
        publish(&mut ledger, &frame, &town, 5, Occasion::Close),
        Why::Proposed
    );
    assert_eq!(ledger.revisions()[1].kind, Kind::Final);
    assert_eq!(
        publish(&mut ledger, &frame, &town, 5, Occasion::Correction),
        Why::NothingNew
    );
}

#[test]
fn one_newcomer_waits_for_four_others() {
    let frame = frame();
    let mut all = rows(0..60, 0, 0);
    all.extend(rows(100..101, 0, 1));
    // Five of the same kind: the same person five times over cannot be, so the same list with four more of it.
    let town = Town::with(1, all);
    let mut ledger = ledger();
    publish(&mut ledger, &frame, &town, 0, Occasion::Night);
    let before = total(&ledger);
    assert!(matches!(before, Shown::Value(60)), "{before:?}");
    let decision = decide(&mut ledger, &frame, &town, 1, Occasion::Night);
    assert_eq!(
        (decision.why, decision.waiting.few.least()),
        (Why::NothingNew, 0)
    );
    assert!(decision.proposal.is_none());
}

#[test]
fn a_cancellation_waits_for_the_close_and_there_for_four_others() {
    let frame = frame();
    for (leave, seen) in [(1, false), (40, true)] {
        let mut all = rows(0..120, 0, 0);
        all.iter_mut()
            .take(leave)
            .for_each(|row| row.cancelled = Some(1));
        let town = Town::with(1, all);
        let mut ledger = ledger();
        publish(&mut ledger, &frame, &town, 0, Occasion::Night);
        assert!(matches!(total(&ledger), Shown::Value(120)));
        let decision = decide(&mut ledger, &frame, &town, 1, Occasion::Night);
        assert_eq!(decision.why, Why::NothingNew);
        assert_eq!(decision.waiting.changed.least(), leave as u64 / 10 * 10);
        assert_eq!(
            publish(&mut ledger, &frame, &town, 1, Occasion::Close),
            Why::Proposed
        );
        let Shown::Value(after) = total(&ledger) else {
            unreachable!("the total was shown");
        };
        assert_eq!(after < 120, seen, "{after}");
        assert!(after == 120 || after <= 115);
    }
}

#[test]
fn when_everybody_cancels_what_was_shown_stays_above_its_threshold() {
    let frame = frame();
    let mut all = rows(0..60, 0, 0);
    let town = Town::with(1, all.clone());
    let mut ledger = ledger();
    publish(&mut ledger, &frame, &town, 0, Occasion::Night);
    let before = shown(&ledger);
    assert!(before > 0);
    all.iter_mut().for_each(|row| row.cancelled = Some(1));
    let gone = Town::with(1, all);
    assert_eq!(
        publish(&mut ledger, &frame, &gone, 1, Occasion::Close),
        Why::Proposed
    );
    assert!(shown(&ledger) >= before);
    // The same with an empty list.
    let mut other = ledger_of(&frame, &town);
    let empty = Town::with(1, Vec::new());
    assert_eq!(
        publish(&mut other, &frame, &empty, 1, Occasion::Close),
        Why::Proposed
    );
    assert!(shown(&other) >= before);
}

fn ledger_of(frame: &Frame, town: &Town) -> Ledger {
    let mut ledger = ledger();
    publish(&mut ledger, frame, town, 0, Occasion::Night);
    ledger
}

#[test]
fn a_public_zero_that_is_offered_after_the_close_stays_a_zero() {
    let frame = frame();
    let town = Town::new(7, 600, 90);
    let mut ledger = ledger();
    let rules = Rules::default();
    let offered = town.structural(&frame);
    let figures = town.figures(&frame, 90);
    for (night, occasion) in [(60, Occasion::Night), (90, Occasion::Close)] {
        publish(&mut ledger, &frame, &town, night, occasion);
    }
    let zeros = |ledger: &Ledger| {
        let last = ledger.revisions().last().unwrap();
        last.values
            .iter()
            .filter(|value| **value == Shown::Structural)
            .count()
    };
    let before = zeros(&ledger);
    assert!(before > 20, "{before}");
    // Next semester's catalogue has everything.
    let everything = vec![false; offered.len()];
    let question = asked(&frame, &rules, &figures, &everything, Occasion::Correction);
    let decision = ledger.decide(&question).unwrap();
    assert!(
        matches!(decision.why, Why::Proposed | Why::NothingNew),
        "{:?}",
        decision.why
    );
    if let Some(proposal) = decision.proposal {
        ledger.publish(proposal).unwrap();
    }
    // A false complement would let the true one be shown.
    assert_eq!(zeros(&ledger), before);
}

#[test]
fn a_corrected_import_comes_out_at_the_next_correction() {
    let frame = frame();
    let mut all = rows(0..150, 0, 0);
    let town = Town::with(1, all.clone());
    let mut ledger = ledger_of(&frame, &town);
    publish(&mut ledger, &frame, &town, 1, Occasion::Close);
    let Shown::Value(before) = total(&ledger) else {
        unreachable!("150 are shown");
    };
    // The list had been cut off: 50 more.
    all.extend(rows(200..250, 0, 0));
    let whole = Town::with(1, all);
    assert_eq!(
        publish(&mut ledger, &frame, &whole, 1, Occasion::Correction),
        Why::Proposed
    );
    let Shown::Value(after) = total(&ledger) else {
        unreachable!("what was shown stays shown");
    };
    assert!(after >= before + 5, "{before} {after}");
    assert_eq!(ledger.revisions().last().unwrap().kind, Kind::Correction);
}

#[test]
fn a_number_that_was_hidden_is_shown_when_enough_have_come() {
    let frame = frame();
    let mut all = rows(0..80, 0, 0);
    all.extend(rows(200..203, 30, 0));
    all.extend(rows(300..380, 30, 1));
    let town = Town::with(2, all);
    let mut ledger = ledger_of(&frame, &town);
    let before = shown(&ledger);
    for night in 1..=12 {
        // Something new every night, so that there are revisions.
        let mut more = town.clone();
        let from = 1000 * u64::from(night);
        more.rows
            .extend((1..=night).flat_map(|n| rows(from..from, 0, n)));
        more.rows
            .extend((1..=u64::from(night)).flat_map(|n| rows(1000 * n..1000 * n + 60, 0, 1)));
        publish(&mut ledger, &frame, &more, night, Occasion::Night);
    }
    assert!(shown(&ledger) > before, "{before} {}", shown(&ledger));
}

#[test]
fn sensitive_subjects_need_ten() {
    let frame = frame();
    let town = Town::new(4, 400, 5);
    let ledger = {
        let mut ledger = ledger();
        publish(&mut ledger, &frame, &town, 5, Occasion::Close);
        ledger
    };
    let last = ledger.revisions().last().unwrap();
    let plain = Rules::default().thresholds(&frame.layout, &frame.web);
    let mut seen = 0;
    for (least, shown) in plain.iter().zip(&last.values) {
        if let Shown::Value(value) = shown
            && *least == 10
        {
            assert!(value >= least);
            seen += 1;
        }
    }
    assert!(
        seen > 0,
        "nothing of a sensitive subject is shown, so nothing was tested"
    );
}

#[test]
fn a_restart_between_nights_changes_nothing() {
    let frame = frame();
    let town = Town::new(6, 200, 12);
    let (mut straight, mut restarted) = (ledger(), ledger());
    for night in 0..12 {
        publish(&mut straight, &frame, &town, night, Occasion::Night);
        restarted = Ledger::decode(&restarted.encode(), 0).unwrap();
        publish(&mut restarted, &frame, &town, night, Occasion::Night);
    }
    for ledger in [&mut straight, &mut restarted] {
        publish(ledger, &frame, &town, 20, Occasion::Close);
    }
    assert!(straight.revisions().len() > 3);
    assert_eq!(straight.head(), restarted.head());
    assert_eq!(straight.encode(), restarted.encode());
}

#[test]
fn a_proposal_can_wait_and_be_released_or_withdrawn() {
    let frame = frame();
    let town = Town::new(7, 200, 5);
    let mut ledger = ledger();
    let proposal = decide(&mut ledger, &frame, &town, 3, Occasion::Night)
        .proposal
        .unwrap();
    let late = decide(&mut ledger, &frame, &town, 3, Occasion::Night)
        .proposal
        .unwrap();
    let digest = proposal.revision.digest();
    ledger.hold(proposal).unwrap();
    let mut again = Ledger::decode(&ledger.encode(), 0).unwrap();
    assert_eq!(again.held().unwrap().revision.digest(), digest);
    let (rules, structural, figures) = (
        Rules::default(),
        town.structural(&frame),
        town.figures(&frame, 4),
    );
    let question = asked(&frame, &rules, &figures, &structural, Occasion::Night);
    assert_eq!(again.decide(&question).err(), Some(Fault::Waiting));
    assert_eq!(again.release().unwrap().unwrap().digest(), digest);
    assert!(ledger.withdraw() && !ledger.withdraw() && ledger.revisions().is_empty());
    assert_eq!(again.publish(late).err(), Some(Fault::Stale));
}

#[test]
fn other_rules_tables_or_orders_are_refused() {
    let frame = frame();
    let town = Town::new(8, 100, 3);
    let mut ledger = ledger_of(&frame, &town);
    let (rules, structural, figures) = (
        Rules::default(),
        town.structural(&frame),
        town.figures(&frame, 2),
    );
    let usual = asked(&frame, &rules, &figures, &structural, Occasion::Night);
    let mut refused = |question| ledger.decide(&question).err();
    let weaker = Rules {
        batch: 4,
        ..Rules::default()
    };
    let floor = Rules {
        batch: 2,
        ..Rules::default()
    };
    let asks = |rules, occasion| calluna_ledger::Asked {
        rules,
        occasion,
        ..usual
    };
    assert_eq!(
        refused(asks(&weaker, Occasion::Night)),
        Some(Fault::RulesChanged)
    );
    assert!(matches!(
        refused(asks(&floor, Occasion::Night)),
        Some(Fault::Rules(_))
    ));
    assert!(matches!(
        refused(asks(&rules, Occasion::Correction)),
        Some(Fault::Order { .. })
    ));
    let short = calluna_ledger::Asked {
        structural: &structural[1..],
        ..usual
    };
    assert!(matches!(refused(short), Some(Fault::Foreign(_))));
    ledger.seal("moved to another region", 7);
    assert!(matches!(
        ledger.decide(&usual).err(),
        Some(Fault::Sealed { .. })
    ));
}

#[test]
fn what_leaves_the_house_holds_no_person_and_decides_nothing() {
    let frame = frame();
    let town = Town::new(8, 100, 3);
    let mut ledger = ledger_of(&frame, &town);
    assert!(ledger.persons() > 20);
    let public = ledger.encode_public();
    let figures = town.figures(&frame, 0);
    for person in figures.persons() {
        let hash = person.hash.as_bytes();
        assert!(ledger.knows(&person.hash) && !public.windows(32).any(|bytes| bytes == hash));
    }
    let mut read = Ledger::decode(&public, 99).unwrap();
    assert_eq!((read.head(), read.persons()), (ledger.head(), 0));
    assert_eq!(read.sealed().unwrap().at, 99);
    let (rules, structural) = (Rules::default(), town.structural(&frame));
    let question = asked(&frame, &rules, &figures, &structural, Occasion::Night);
    assert!(matches!(
        read.decide(&question).err(),
        Some(Fault::Sealed { .. })
    ));
    ledger.settle();
    assert_eq!(ledger.decide(&question).err(), Some(Fault::Settled));
    assert_eq!((ledger.persons(), ledger.revisions().len()), (0, 1));
}

fn sample() -> Vec<u8> {
    let frame = frame();
    let mut ledger = ledger_of(&frame, &Town::new(8, 60, 1));
    let more = Town::new(8, 90, 1);
    if let Some(proposal) = decide(&mut ledger, &frame, &more, 1, Occasion::Night).proposal {
        ledger.hold(proposal).unwrap();
    }
    ledger.encode()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_are_refused_and_nothing_else(at in any::<prop::sample::Index>(), by in 1_u8.., cut in any::<prop::sample::Index>()) {
        static SAMPLE: std::sync::LazyLock<Vec<u8>> = std::sync::LazyLock::new(sample);
        prop_assert!(Ledger::decode(&SAMPLE, 0).is_ok());
        let mut bytes = SAMPLE.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        prop_assert!(Ledger::decode(&bytes, 0).is_err());
        prop_assert!(Ledger::decode(&SAMPLE[..cut.index(SAMPLE.len())], 0).is_err());
        // With a checksum that fits, whoever wrote it: an answer, whatever it is.
        let length = bytes.len() - 32;
        let checksum = *blake3::hash(&bytes[..length]).as_bytes();
        bytes[length..].copy_from_slice(&checksum);
        let read = Ledger::decode(&bytes, 0);
        prop_assert!(read.is_ok() || matches!(read.err(), Some(Damaged::Content(_) | Damaged::Unknown)));
    }
}
