//! Ranges from linear programs against all tables that fit, tried one by one.

use std::collections::BTreeMap;

use calluna_tests::attack::{Attack, Options};

use crate::releases::release;

/// A small generator of numbers: the same seed gives the same ones.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) % sides
    }
}

const SUBJECTS: [&str; 3] = ["1", "2", "3"];
const AGES: [&str; 2] = ["Y", "O"];

/// The eleven other numbers of a cross of three by two, from its six inner ones.
fn all(inner: &[u64; 6]) -> BTreeMap<(&'static str, &'static str), u64> {
    let mut numbers = BTreeMap::new();
    for (row, subject) in SUBJECTS.iter().enumerate() {
        for (column, age) in AGES.iter().enumerate() {
            let value = inner[row * 2 + column];
            for at in [
                (*subject, *age),
                ("_T", *age),
                (*subject, "_T"),
                ("_T", "_T"),
            ] {
                *numbers.entry(at).or_default() += value;
            }
        }
    }
    numbers
}

/// Least and most of every number over all inner ones up to `most` that agree with what is shown.
fn by_trying(
    truth: &BTreeMap<(&'static str, &'static str), u64>,
    hidden: &[(&'static str, &'static str)],
    most: u64,
) -> BTreeMap<(&'static str, &'static str), (u64, u64)> {
    let mut ranges = BTreeMap::new();
    let base = most + 1;
    for code in 0..base.pow(6) {
        let mut rest = code;
        let inner = [0; 6].map(|_: u64| {
            let digit = rest % base;
            rest /= base;
            digit
        });
        let numbers = all(&inner);
        let fits = truth
            .iter()
            .all(|(at, value)| hidden.contains(at) || numbers[at] == *value);
        if !fits {
            continue;
        }
        for at in hidden {
            let value = numbers[at];
            let range = ranges.entry(*at).or_insert((value, value));
            *range = (range.0.min(value), range.1.max(value));
        }
    }
    ranges
}

#[test]
fn linear_programs_agree_with_trying_everything() {
    let mut dice = Dice(77);
    let mut narrow = 0;
    for _ in 0..60 {
        let inner = [0; 6].map(|_: u64| dice.roll(4));
        let truth = all(&inner);
        let hidden: Vec<_> = truth
            .keys()
            .copied()
            .filter(|at| *at != ("_T", "_T") && dice.roll(100) < 60)
            .collect();
        let total = truth[&("_T", "_T")];
        // No inner number is larger than the total, which is shown.
        let most = total.min(7);
        if total > 7 {
            continue;
        }
        let lines: String = truth
            .iter()
            .map(|((subject, age), value)| {
                let shown = if hidden.contains(&(*subject, *age)) {
                    "?".to_owned()
                } else {
                    value.to_string()
                };
                format!("cross haus SUBJECT={subject},AGE={age} {shown}\n")
            })
            .collect();
        // Wider than any range here, so that every true range is told.
        let options = Options {
            threshold: 50,
            ..Options::default()
        };
        let found = Attack::of(&[release(1, &lines)]).unwrap().run(&options);
        assert!(
            found.unsolved.is_empty() && found.contradictions.is_empty(),
            "{found}"
        );
        let by_program: BTreeMap<&str, (i64, i64)> = found
            .exact
            .iter()
            .chain(&found.narrow)
            .map(|found| (found.place.what.as_str(), (found.low, found.high)))
            .collect();
        let by_trying = by_trying(&truth, &hidden, most);
        assert_eq!(by_program.len(), hidden.len());
        for ((subject, age), (low, high)) in by_trying {
            let name = name(subject, age);
            let wanted = (i64::try_from(low).unwrap(), i64::try_from(high).unwrap());
            assert_eq!(by_program[name.as_str()], wanted, "{name}\n{lines}");
            narrow += usize::from(high - low < 4);
        }
    }
    assert!(narrow > 20, "too easy: {narrow}");
}

/// A number of a cross of two by two in one of two revisions.
type At = (usize, &'static str, &'static str);

/// The nine numbers of both revisions, each from its four inner ones.
fn both(inner: &[u64; 8]) -> BTreeMap<At, u64> {
    let mut numbers = BTreeMap::new();
    for (place, value) in inner.iter().enumerate() {
        let (subject, age) = (SUBJECTS[place / 2 % 2], AGES[place % 2]);
        for (subject, age) in [(subject, age), ("_T", age), (subject, "_T"), ("_T", "_T")] {
            *numbers.entry((place / 4, subject, age)).or_default() += value;
        }
    }
    numbers
}

/// Least and most of every hidden number over all inner ones that only grow and agree with what is
/// shown.
fn growing(truth: &BTreeMap<At, u64>, hidden: &[At], total: u64) -> Vec<(u64, String, i64, i64)> {
    let mut ranges: BTreeMap<At, (i64, i64)> = BTreeMap::new();
    let base = total + 1;
    for code in 0..base.pow(8) {
        let mut rest = code;
        let tried = [0; 8].map(|_: u64| {
            let digit = rest % base;
            rest /= base;
            digit
        });
        let grows = (0..4).all(|at| tried[at] <= tried[at + 4]);
        if !grows || tried[4..].iter().sum::<u64>() != total {
            continue;
        }
        let numbers = both(&tried);
        let fits = |(at, value): (&At, &u64)| hidden.contains(at) || numbers[at] == *value;
        if !truth.iter().all(fits) {
            continue;
        }
        for at in hidden {
            let value = i64::try_from(numbers[at]).unwrap();
            let range = ranges.entry(*at).or_insert((value, value));
            *range = (range.0.min(value), range.1.max(value));
        }
    }
    let named = |((revision, subject, age), (low, high)): (At, (i64, i64))| {
        (revision as u64 + 1, name(subject, age), low, high)
    };
    let mut all: Vec<_> = ranges.into_iter().map(named).collect();
    all.sort();
    all
}

/// The attacker's words for a number.
fn name(subject: &str, age: &str) -> String {
    let mut name = "ENROLMENTS".to_owned();
    for (dimension, code) in [("SUBJECT", subject), ("AGE", age)] {
        if code != "_T" {
            name.push_str(&format!(" {dimension}={code}"));
        }
    }
    name
}

/// What the attacker finds, release first; no range here is as wide as asked.
fn told(attack: &Attack, grows: bool) -> Vec<(u64, String, i64, i64)> {
    let found = attack.run(&Options {
        threshold: 50,
        grows,
        ..Options::default()
    });
    assert!(
        found.unsolved.is_empty() && found.contradictions.is_empty(),
        "{found}"
    );
    let all = found.exact.into_iter().chain(found.narrow);
    let mut all: Vec<_> = all
        .map(|found| (found.place.release, found.place.what, found.low, found.high))
        .collect();
    all.sort();
    all
}

#[test]
fn growth_over_two_revisions_agrees_with_trying_everything() {
    let mut dice = Dice(78);
    let mut tied = 0;
    for _ in 0..40 {
        let mut inner = [0; 8].map(|_: u64| dice.roll(3));
        for at in 0..4 {
            inner[at + 4] = inner[at] + u64::from(dice.roll(3) == 0);
        }
        let truth = both(&inner);
        let total = truth[&(1, "_T", "_T")];
        if total > 4 {
            continue;
        }
        let hidden: Vec<At> = truth
            .keys()
            .copied()
            .filter(|(_, subject, age)| (*subject, *age) != ("_T", "_T") && dice.roll(100) < 60)
            .collect();
        let releases = [0, 1].map(|revision| {
            let own = truth.iter().filter(|((at, ..), _)| *at == revision);
            let line = |(at, value): (&At, &u64)| {
                let shown = match hidden.contains(at) {
                    true => "?".to_owned(),
                    false => value.to_string(),
                };
                format!("cross haus SUBJECT={},AGE={} {shown}\n", at.1, at.2)
            };
            let lines: String = own.map(line).collect();
            // Another table keeps the two apart even where all numbers are the same.
            let number = revision as u64 + 1;
            release(number, &format!("{lines} sex haus SEX=_T WAITING {number}"))
        });
        let attack = Attack::of(&releases).unwrap();
        let wanted = growing(&truth, &hidden, total);
        assert_eq!(told(&attack, true), wanted);
        tied += usize::from(told(&attack, false) != wanted);
    }
    assert!(tied > 3, "growth ties too little here: {tied}");
}
