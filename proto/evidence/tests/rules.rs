//! A next revision that keeps the rules, and one for each rule that breaks it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use calluna_evidence::fixture::{count, frame, leaves, publish};
use calluna_evidence::{Broken, Frame, broken, prove_public};
use calluna_protect::{Budget, Memory};
use calluna_tables::revision::RevisionDigest;
use calluna_tables::{Kind, Revision, Rules, Shown};

/// Two nights and the close; each adds `more` registrations.
fn history(frame: &Frame, nights: &[u64]) -> Vec<(Revision, Vec<u32>)> {
    let mut published: Vec<(Revision, Vec<u32>)> = Vec::new();
    for (at, registrations) in nights.iter().enumerate() {
        let all: Vec<_> = (0..*registrations)
            .map(|seed| leaves(frame, seed))
            .collect();
        let truth = count(frame, &all);
        let kind = if at + 1 == nights.len() {
            Kind::Final
        } else {
            Kind::Provisional
        };
        let next = publish(frame, &published, kind, &truth);
        published.push((next, truth));
    }
    published
}

fn split(history: &[(Revision, Vec<u32>)]) -> (Vec<Revision>, Revision) {
    let mut all: Vec<Revision> = history.iter().map(|(r, _)| r.clone()).collect();
    let next = all.pop().unwrap();
    (all, next)
}

#[test]
fn a_first_revision_keeps_every_rule_and_is_proved_without_secrets() {
    let frame = frame();
    let history = history(&frame, &[300, 300]);
    let revisions: Vec<Revision> = history.iter().map(|(r, _)| r.clone()).collect();
    let first = revisions.first().unwrap();
    assert_eq!(broken(&frame, &Rules::default(), &[], first), []);
    let shown = first
        .values
        .iter()
        .filter(|v| matches!(v, Shown::Value(_)))
        .count();
    let hidden = first.values.iter().filter(|v| **v == Shown::Hidden).count();
    assert!(shown > 10 && hidden > 20, "{shown} shown, {hidden} hidden");
    let (earlier, next) = split(&history);
    assert_eq!(broken(&frame, &Rules::default(), &earlier, &next), []);
    let audit = prove_public(
        &frame,
        &revisions,
        &mut Budget::default(),
        &mut Memory::default(),
    )
    .unwrap();
    assert!(
        audit.holds() && audit.exact == 0 && audit.numbers > 100,
        "{audit:?}"
    );
    assert!(audit.minimum_width.unwrap() >= 4);
}

/// Proofs are kept over restarts by [`calluna_evidence::GENERATION`]: whoever changes what is proved raises it, and this hash.
#[test]
fn what_is_proved_is_of_this_generation() {
    let frame = frame();
    let history = history(&frame, &[300, 300]);
    let revisions: Vec<Revision> = history.into_iter().map(|(r, _)| r).collect();
    let (mut budget, mut memory) = (Budget::default(), Memory::default());
    let audit = prove_public(&frame, &revisions, &mut budget, &mut memory).unwrap();
    let system: String = audit.system[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        (calluna_evidence::GENERATION, system.as_str()),
        (2, "f7ded1b9122434ea")
    );
}

#[test]
fn an_unprotected_revision_is_not_proved() {
    let frame = frame();
    let history = history(&frame, &[300, 300]);
    let (mut revision, truth) = history.first().unwrap().clone();
    // Complements are shown: only what is small is hidden.
    for (number, value) in (0_u32..).zip(&mut revision.values) {
        let own = truth[number as usize];
        if *value == Shown::Hidden && own >= 10 {
            *value = Shown::Value(own);
        }
    }
    let audit = prove_public(
        &frame,
        &[revision],
        &mut Budget::default(),
        &mut Memory::default(),
    )
    .unwrap();
    assert!(!audit.holds(), "{audit:?}");
}

#[test]
fn each_rule_is_missed_when_it_is_broken() {
    let frame = frame();
    let mut history = history(&frame, &[300, 300]);
    history.pop();
    let (first, _) = history.first().unwrap().clone();
    let mut next = first.clone();
    next.number = 2;
    next.before = first.digest();
    let earlier = [first.clone()];
    assert_eq!(broken(&frame, &Rules::default(), &earlier, &next), []);
    let shown = (0_u32..)
        .zip(&first.values)
        .filter(|(_, value)| matches!(value, Shown::Value(_)))
        .map(|(number, _)| number);
    let leaf = shown.clone().find(|n| !frame.is_margin(*n)).unwrap() as usize;
    let hidden = first
        .values
        .iter()
        .position(|v| *v == Shown::Hidden)
        .unwrap();
    let big = |r: &Revision, at: usize| r.values[at].value().unwrap();
    type Change<'a> = Box<dyn Fn(&mut Revision) + 'a>;
    let changes: Vec<(&str, Change<'_>)> = vec![
        ("Number", Box::new(|r| r.number = 3)),
        ("History", Box::new(|r| r.before = RevisionDigest([1; 32]))),
        ("Layout", Box::new(|r| r.layout.push('x'))),
        ("Length", Box::new(|r| r.values.truncate(7))),
        ("Order", Box::new(|r| r.kind = Kind::Correction)),
        ("Weak", Box::new(|r| r.rules.threshold = 3)),
        (
            "Small",
            Box::new(move |r| r.values[hidden] = Shown::Value(3)),
        ),
        ("Sum", Box::new(move |r| r.values[0] = Shown::Value(9_999))),
        (
            "Mask",
            Box::new(move |r| r.values[hidden] = Shown::Structural),
        ),
        (
            "Less",
            Box::new(move |r| r.values[leaf] = Shown::Value(big(r, leaf) - 5)),
        ),
        (
            "Few",
            Box::new(move |r| r.values[leaf] = Shown::Value(big(r, leaf) + 2)),
        ),
    ];
    for (rule, change) in changes {
        let mut wrong = next.clone();
        change(&mut wrong);
        let found = broken(&frame, &Rules::default(), &earlier, &wrong);
        let named = found
            .iter()
            .any(|broken| format!("{broken:?}").starts_with(rule));
        assert!(named, "{rule}: {found:?}");
    }
    // A residual: the total grows by two, and nothing shown does.
    let mut wrong = next.clone();
    let total = big(&wrong, 0);
    wrong.values[0] = Shown::Value(total + 2);
    let found = broken(&frame, &Rules::default(), &earlier, &wrong);
    let residual = |broken: &Broken| matches!(broken, Broken::Few { residual: true, .. });
    assert!(found.iter().any(residual), "{found:?}");
    // Shown below something hidden.
    let below = frame.web.sums().iter().find(|sum| {
        first.value(sum.parent) == Shown::Hidden && first.value(sum.parts[0]) == Shown::Hidden
    });
    let part = below.unwrap().parts[0];
    let mut wrong = next.clone();
    wrong.values[part as usize] = Shown::Value(60);
    let found = broken(&frame, &Rules::default(), &earlier, &wrong);
    assert!(found.contains(&Broken::Below { number: part }), "{found:?}");
}
