//! What is left out still ties what is published.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use calluna_evidence::fixture::frame;
use calluna_evidence::{Broken, Frame, broken, prove_public};
use calluna_protect::{Audit, Budget, Memory};
use calluna_tables::dimension::DIMS;
use calluna_tables::{Dim, Kind, Measure, Revision, Rules, Shown};

/// The number of enrolments of these codes, everything else not broken down.
fn enrolments(frame: &Frame, codes: &[(Dim, &str)]) -> u32 {
    let mut nodes = [0; DIMS];
    for (dim, code) in codes {
        let tree = frame.layout.tree(*dim).unwrap();
        nodes[*dim as usize] = tree.node(code).unwrap();
    }
    let wanted = |number: &calluna_tables::web::Number| {
        number.measure == Measure::Enrolments && number.nodes == nodes
    };
    let at = frame.web.numbers().iter().position(wanted).unwrap();
    u32::try_from(at).unwrap()
}

/// A final revision that says nothing but this of the enrolments of one subject area, by one dimension: the rest of the
/// dimension is publicly zero.
struct Said(Revision);

impl Said {
    fn nothing(frame: &Frame) -> Self {
        Self(Revision {
            period: "2026-Q3".parse().unwrap(),
            number: 1,
            kind: Kind::Final,
            at: 1_790_000_000,
            layout: frame.fingerprint.clone(),
            rules: Rules::default(),
            waiting: 0,
            before: Default::default(),
            values: vec![Shown::LeftOut; frame.web.numbers().len()],
        })
    }

    fn by(mut self, frame: &Frame, dim: Dim, said: &[(&str, Shown)]) -> Self {
        let area = enrolments(frame, &[(Dim::Subject, "4")]);
        let first = enrolments(frame, &[(Dim::Subject, "4"), (dim, said[0].0)]);
        let sums = frame.web.sums().iter();
        for sum in sums.filter(|sum| sum.parent == area && sum.parts.contains(&first)) {
            for part in &sum.parts {
                self.0.values[*part as usize] = Shown::Structural;
            }
        }
        for (code, shown) in said {
            let at = enrolments(frame, &[(Dim::Subject, "4"), (dim, code)]);
            self.0.values[at as usize] = *shown;
        }
        self
    }
}

fn audit(frame: &Frame, said: &Said) -> Audit {
    let revisions = [said.0.clone()];
    let (mut budget, mut memory) = (Budget::default(), Memory::default());
    prove_public(frame, &revisions, &mut budget, &mut memory).unwrap()
}

fn proved(frame: &Frame, said: &Said) -> bool {
    audit(frame, said).holds()
}

/// As `what_is_proved_is_of_this_generation` in `rules.rs`, with sums that are left out.
#[test]
fn what_is_tied_is_of_this_generation() {
    let frame = frame();
    let sexes = [("F", Shown::Value(43)), ("M", Shown::Hidden)];
    let mut said = Said::nothing(&frame).by(&frame, Dim::Sex, &sexes).by(
        &frame,
        Dim::Format,
        &[("in-person", Shown::Value(62))],
    );
    said.0.values[enrolments(&frame, &[]) as usize] = Shown::Value(70);
    let system = audit(&frame, &said).system;
    let system: String = system[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        (calluna_evidence::GENERATION, system.as_str()),
        (2, "e6b5929a1b4f29c4")
    );
}

#[test]
fn two_ways_to_add_up_a_sum_that_nobody_lists_are_one_equation() {
    let frame = frame();
    // 62 in person, and online there was nothing: so 62 altogether, and 62 - 43 - 17 = 2 of no sex.
    let sexes = [
        ("F", Shown::Value(43)),
        ("M", Shown::Value(17)),
        ("_O", Shown::Hidden),
    ];
    let by_sex = Said::nothing(&frame).by(&frame, Dim::Sex, &sexes);
    assert!(proved(&frame, &by_sex), "one way alone says nothing");
    let both = by_sex.by(&frame, Dim::Format, &[("in-person", Shown::Value(62))]);
    assert!(!proved(&frame, &both));
    // With a second hidden one it could be anything.
    let sexes = [
        ("F", Shown::Value(43)),
        ("M", Shown::Hidden),
        ("_O", Shown::Hidden),
    ];
    let two = Said::nothing(&frame).by(&frame, Dim::Sex, &sexes).by(
        &frame,
        Dim::Format,
        &[("in-person", Shown::Value(62))],
    );
    assert!(proved(&frame, &two));
}

#[test]
fn a_sum_that_nobody_lists_ties_its_parts_to_what_stands_above() {
    let frame = frame();
    let sexes = [
        ("F", Shown::Value(43)),
        ("M", Shown::Value(17)),
        ("_O", Shown::Hidden),
    ];
    let mut said = Said::nothing(&frame).by(&frame, Dim::Sex, &sexes);
    let total = enrolments(&frame, &[]);
    said.0.values[total as usize] = Shown::Value(62);
    // Of the other areas nothing is said: they may have had some of the 62, and so the hidden one is 2 at most.
    assert!(!proved(&frame, &said));
    said.0.values[total as usize] = Shown::Value(70);
    assert!(proved(&frame, &said), "10 at most");
}

#[test]
fn public_zeros_of_a_sum_that_nobody_lists_are_zeros_of_all_its_parts() {
    let frame = frame();
    let hidden = [("F", Shown::Hidden), ("M", Shown::Hidden)];
    let said = Said::nothing(&frame).by(&frame, Dim::Sex, &hidden);
    assert!(proved(&frame, &said));
    let zeros = said.by(&frame, Dim::Format, &[("in-person", Shown::Structural)]);
    assert!(!proved(&frame, &zeros));
}

#[test]
fn nothing_is_shown_below_what_is_left_out() {
    let frame = frame();
    let said = Said::nothing(&frame).by(&frame, Dim::Sex, &[("F", Shown::Value(43))]);
    let number = enrolments(&frame, &[(Dim::Subject, "4"), (Dim::Sex, "F")]);
    let found = broken(&frame, &Rules::default(), &[], &said.0);
    assert!(found.contains(&Broken::Below { number }), "{found:?}");
}
