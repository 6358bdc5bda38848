//! Night after night with a frozen mask, and an attacker who keeps every night.

use calluna_protect::{Attacker, Budget, Cell, CellId, Memory, Standing, System, Verdict, protect};
use proptest::prelude::*;

use crate::attacker::Public;

/// A night: the numbers of a 2 by 2 table with margins, and which of them are hidden.
#[derive(Clone, Debug)]
struct Night {
    values: [i64; 9],
    hidden: [bool; 9],
}

/// Total and parts of a 2 by 2 table whose cells are a b A / c d B / C D T.
const SUMS: [(usize, [usize; 2]); 6] = [
    (2, [0, 1]),
    (5, [3, 4]),
    (8, [6, 7]),
    (6, [0, 3]),
    (7, [1, 4]),
    (8, [2, 5]),
];

fn with_margins([a, b, c, d]: [i64; 4]) -> [i64; 9] {
    [a, b, a + b, c, d, c + d, a + c, b + d, a + b + c + d]
}

/// Everything published so far and tonight, as the node hands it in.
fn system(past: &[Night], tonight: [i64; 9]) -> (System, Vec<CellId>) {
    let mut system = System::new(1, &[]);
    let mut before: Option<Vec<CellId>> = None;
    let ever_shown = |at: usize| past.iter().any(|night| !night.hidden[at]);
    let past_standing = |night: &Night, at: usize| {
        if night.hidden[at] {
            Standing::Hidden
        } else {
            Standing::Shown
        }
    };
    let revisions = past.iter().map(|night| {
        (
            night.values,
            [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|at| past_standing(night, at)),
        )
    });
    let new = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|at| {
        if ever_shown(at) {
            Standing::Shown
        } else {
            Standing::Open
        }
    });
    for (values, standings) in revisions.chain([(tonight, new)]) {
        let pairs = values.iter().zip(standings);
        let cells = pairs
            .map(|(value, standing)| Cell::counted(&[value.unsigned_abs()]).standing(standing));
        let ids: Vec<CellId> = cells.map(|cell| system.add(cell).unwrap()).collect();
        for (total, parts) in SUMS {
            system
                .sum(ids[total], &parts.map(|part| ids[part]))
                .unwrap();
        }
        for (earlier, later) in before.iter().flatten().zip(&ids) {
            system.succeed(*earlier, *later).unwrap();
        }
        before = Some(ids);
    }
    (system, before.unwrap())
}

/// What all published nights say together; numbers grow wherever they did.
fn public(nights: &[Night]) -> Public {
    let mut public = Public::default();
    for night in nights {
        let first = public.ranges.len();
        for (value, hidden) in night.values.iter().zip(night.hidden) {
            match (hidden, *value < 5) {
                (false, _) => public.shown(*value),
                (true, true) => public.hidden(0, 4),
                (true, false) => public.hidden(0, 200),
            };
        }
        for (total, parts) in SUMS {
            public.adds_up(first + total, &parts.map(|part| first + part));
        }
    }
    for (later, pair) in nights.windows(2).enumerate() {
        for at in 0..9 {
            if pair[0].values[at] <= pair[1].values[at] {
                public.at_most(later * 9 + at, (later + 1) * 9 + at);
            }
        }
    }
    public
}

/// Nights on which something was published.
fn publish(all: &[[i64; 4]]) -> Vec<Night> {
    let mut past: Vec<Night> = Vec::new();
    for inner in all {
        let values = with_margins(*inner);
        let (system, tonight) = system(&past, values);
        let mut memory = Memory::default();
        let verdict = protect(
            &system,
            Attacker::OUTSIDER,
            &mut Budget::default(),
            &mut memory,
        );
        if let Verdict::Proved { mask, .. } = verdict {
            let hidden = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|at| mask.hides(tonight[at]));
            past.push(Night { values, hidden });
        }
    }
    past
}

fn nights() -> impl Strategy<Value = Vec<[i64; 4]>> {
    let change = [-2_i64..8, -2_i64..8, -2_i64..8, -2_i64..8];
    let first = [0_i64..14, 0_i64..14, 0_i64..14, 0_i64..14];
    (first, prop::collection::vec(change, 0..3)).prop_map(|(first, changes)| {
        let mut all = vec![first];
        for change in changes {
            let last = all[all.len() - 1];
            all.push([0, 1, 2, 3].map(|at| (last[at] + change[at]).max(0)));
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn no_night_gives_another_away(all in nights()) {
        let published = publish(&all);
        let public = public(&published);
        for (night, Night { hidden, .. }) in published.iter().enumerate() {
            for at in (0..9).filter(|at| hidden[*at]) {
                let (low, high) = public.interval(night * 9 + at, 4);
                prop_assert!(high - low >= 4, "night {night} cell {at}: {low} to {high}");
            }
        }
        for pair in published.windows(2) {
            for at in 0..9 {
                prop_assert!(pair[0].hidden[at] || !pair[1].hidden[at], "shown, then hidden");
            }
        }
    }
}

#[test]
fn most_nights_are_published() {
    // Two small cells that grow: the second night shows no less than the first.
    let published = publish(&[[2, 30, 20, 40], [3, 36, 26, 45], [9, 41, 32, 51]]);
    assert_eq!(published.len(), 3);
    assert!(published[0].hidden[0] && !published[0].hidden[8]);
}
