//! Each rule taken away, and the attacker wins; so the rule is what stops him. And the evidence says so too.

use calluna_protect::{
    Attacker, Budget, Cell, CellId, Mask, Memory, Standing, System, Verdict, is_unsafe, protect,
    prove,
};

use crate::attacker::Public;
use crate::table::{Table, revisions};
use crate::{evidence, judge, proved};

fn column(values: &[i64]) -> Vec<Vec<i64>> {
    values.iter().map(|value| vec![*value]).collect()
}

fn mask(system: &System, hides: impl Fn(usize, CellId) -> bool) -> Mask {
    let mut mask = Mask::open(system);
    let hidden = system.ids().enumerate().filter(|(at, id)| hides(*at, *id));
    hidden.for_each(|(_, id)| mask.hide(id));
    mask
}

fn attacked(table: &Table, mask: &Mask) -> Vec<(usize, usize, i64, i64)> {
    let losses = table.losses(mask);
    assert_eq!(losses.is_empty(), evidence(&table.system, mask).holds());
    losses
}

#[test]
fn t2_without_complements_a_difference_gives_the_small_cell_away() {
    let table = Table::new(&[3, 2], &column(&[2, 20, 30, 25, 35, 40]), false, 5);
    let only_small = mask(&table.system, |_, id| is_unsafe(&table.system, id));
    let losses = attacked(&table, &only_small);
    assert_eq!(losses.len(), 1);
    assert_eq!((losses[0].2, losses[0].3), (2, 2), "exactly");
    let audit = evidence(&table.system, &only_small);
    assert_eq!(
        (audit.exact, audit.narrower, audit.minimum_width),
        (1, 1, Some(0))
    );
    let (mask, audit) = proved(judge(&table.system)).unwrap();
    assert!(table.losses(&mask).is_empty());
    assert_eq!(
        (audit.exact, audit.narrower, audit.minimum_width),
        (0, 0, Some(4))
    );
}

#[test]
fn t2_the_line_rule_alone_leaves_narrow_intervals() {
    // Every line has no or two hidden members, and yet 1 + 1 = 2 leaves 0, 1 or 2.
    let values = column(&[1, 1, 30, 1, 1, 40, 50, 60, 70]);
    let table = Table::new(&[3, 3], &values, false, 5);
    let only_small = mask(&table.system, |_, id| is_unsafe(&table.system, id));
    // The margins 2 are not there: row and column hold a large cell.
    assert!(!table.breaks_line_rule(&only_small));
    let losses = attacked(&table, &only_small);
    assert!(
        losses
            .iter()
            .all(|(_, _, low, high)| (*low, *high) == (0, 2))
    );
    assert_eq!(losses.len(), 4);
    let (mask, _) = proved(judge(&table.system)).unwrap();
    assert!(table.losses(&mask).is_empty());
}

#[test]
fn t3_zeros_that_are_shown_let_the_margin_speak() {
    let values = column(&[0, 3, 0, 20, 31, 42, 25, 36, 12, 50, 60, 70]);
    let table = Table::new(&[3, 4], &values, false, 5);
    let (good, _) = proved(judge(&table.system)).unwrap();
    assert!(table.losses(&good).is_empty());
    let zeros_shown = mask(&table.system, |at, id| {
        good.hides(id) && table.number(at, 0) > 0
    });
    assert!(!attacked(&table, &zeros_shown).is_empty());
}

#[test]
fn t8_a_complement_that_is_not_a_cell_tells_who_failed() {
    let values = vec![
        vec![20, 19],
        vec![30, 15],
        vec![40, 20],
        vec![50, 25],
        vec![30, 18],
        vec![26, 12],
    ];
    let table = Table::new(&[3, 2], &values, true, 5);
    // Judged as two measures that have nothing to do with each other.
    let mut blind = System::new(2, &[]);
    for cell in &table.values {
        let values: Vec<u64> = cell.iter().map(|value| value.unsigned_abs()).collect();
        blind.add(Cell::counted(&values)).unwrap();
    }
    assert!(
        blind.ids().all(|id| !is_unsafe(&blind, id)),
        "nothing looks small"
    );
    let public = table.public(&Mask::open(&blind));
    assert_eq!(
        public.interval(2, 10),
        (1, 1),
        "one of twenty did not complete"
    );
    let (mask, _) = proved(judge(&table.system)).unwrap();
    assert!(table.losses(&mask).is_empty());
}

#[test]
fn t8_one_measure_hidden_alone_is_bounded_by_its_sibling() {
    // Participants are shown as 6: completions and complement lie in 0..=6 and add up to it.
    let mut public = Public::default();
    let participants = public.shown(6);
    let completions = public.hidden(0, 400);
    let complement = public.hidden(0, 4);
    public.adds_up(participants, &[completions, complement]);
    public.at_most(completions, participants);
    assert_eq!(
        public.interval(completions, 10),
        (2, 6),
        "at least two completed: known for sure"
    );
}

/// What two nights say together: total, a, b, c each, hidden as told; numbers only grow.
fn two_nights(first: [(i64, bool); 4], second: [(i64, bool); 4]) -> Public {
    let mut public = Public::default();
    for night in [first, second] {
        let places: Vec<usize> = night
            .iter()
            .map(|(value, hidden)| match (hidden, *value < 5) {
                (false, _) => public.shown(*value),
                (true, true) => public.hidden(0, 4),
                (true, false) => public.hidden(0, 400),
            })
            .collect();
        public.adds_up(places[0], &places[1..]);
    }
    (0..4).for_each(|at| public.at_most(at, at + 4));
    public
}

#[test]
fn t5_showing_a_cell_the_next_night_gives_the_last_night_away() {
    let [first, second] = [[60, 2, 28, 30], [65, 7, 28, 30]];
    let hidden = [false, true, true, false];
    let night = |values: [i64; 4], hidden: [bool; 4]| {
        let mut at = 0;
        values.map(|value| {
            at += 1;
            (value, hidden[at - 1])
        })
    };
    let careless = two_nights(night(first, hidden), night(second, [false; 4]));
    assert_eq!(
        careless.interval(1, 10),
        (2, 4),
        "b has grown to 28 at most: a was 2 at least"
    );

    let nights = |values: [i64; 4], standing: [Standing; 4]| {
        let pairs = values.iter().zip(standing);
        pairs
            .map(|(value, standing)| (value.unsigned_abs(), standing))
            .collect()
    };
    use Standing::{Hidden, Open, Shown};
    let (system, ids) = revisions(&[
        nights(first, [Shown, Hidden, Hidden, Shown]),
        nights(second, [Shown, Open, Open, Shown]),
    ]);
    let shown = mask(&system, |at, _| at == 1 || at == 2);
    assert!(
        !evidence(&system, &shown).holds(),
        "the evidence sees it over both revisions"
    );
    let (mask, _) = proved(judge(&system)).unwrap();
    assert!(mask.hides(ids[0][1]), "the past cannot be changed");
    let stays = [1, 2].map(|at| mask.hides(ids[1][at]));
    let safe = two_nights(
        night(first, hidden),
        night(second, [false, stays[0], stays[1], false]),
    );
    assert_eq!(safe.interval(1, 4), (0, 4));
}

#[test]
fn t5_a_shown_cell_that_becomes_small_holds_the_update_back() {
    use Standing::{Open, Shown};
    let (system, ids) = revisions(&[
        vec![(56, Shown), (6, Shown), (20, Shown), (30, Shown)],
        vec![(53, Shown), (3, Shown), (20, Shown), (30, Open)],
    ]);
    assert_eq!(
        judge(&system),
        Verdict::HoldBack {
            cells: vec![ids[1][1]]
        }
    );
}

#[test]
fn t6_who_knows_the_neighbour_knows_the_cell() {
    // Hidden: 1 and 5, with sum 6. All five of the neighbour's are one provider's own.
    let mut system = System::new(1, &[]);
    let own = system.add(Cell::counted(&[5]).largest(0, 5)).unwrap();
    let small = system.add(Cell::counted(&[1]).largest(0, 1)).unwrap();
    let rest = system.add(Cell::counted(&[40]).largest(0, 9)).unwrap();
    let total = system.add(Cell::counted(&[46]).largest(0, 9)).unwrap();
    system.sum(total, &[own, small, rest]).unwrap();
    let pair = mask(&system, |_, id| id == own || id == small);
    let audit = |attacker| {
        prove(
            &system,
            &pair,
            attacker,
            &mut Budget::default(),
            &mut Memory::default(),
        )
    };
    assert!(audit(Attacker::OUTSIDER).holds());
    assert_eq!(audit(Attacker::INSIDER).unproved, [own, small]);
    let mut public = Public::default();
    let (own_number, small_number) = (public.hidden(5, 400), public.hidden(0, 4));
    let (rest_number, total_number) = (public.shown(40), public.shown(46));
    public.adds_up(total_number, &[own_number, small_number, rest_number]);
    assert_eq!(
        public.interval(small_number, 10),
        (0, 1),
        "one person at most"
    );
    // The rule's answer hides more.
    let verdict = protect(
        &system,
        Attacker::INSIDER,
        &mut Budget::default(),
        &mut Memory::default(),
    );
    let (mask, _) = proved(verdict).unwrap();
    assert!(mask.hides(rest));
}

#[test]
fn t9_two_publications_that_are_safe_alone_are_not_safe_together() {
    // The node hides a and b of its three cells; the hub shows the district's a and the other node's a.
    let mut system = System::new(1, &[]);
    let mut add = |value| system.add(Cell::counted(&[value])).unwrap();
    let (total, a, b, c) = (add(60), add(2), add(28), add(30));
    let (district_a, other_a) = (add(22), add(20));
    system.sum(total, &[a, b, c]).unwrap();
    let node_only = mask(&system, |_, id| id == a || id == b);
    assert!(evidence(&system, &node_only).holds());
    system.sum(district_a, &[a, other_a]).unwrap();
    let audit = evidence(&system, &node_only);
    assert_eq!((audit.exact, audit.unproved), (2, vec![a, b]));
}

#[test]
fn what_cannot_be_proved_comes_without_a_mask() {
    // One small cell whose only sums are shown already: nothing can be hidden any more.
    let mut system = System::new(1, &[]);
    let mut add = |value, standing| {
        system
            .add(Cell::counted(&[value]).standing(standing))
            .unwrap()
    };
    let (total, a, b) = (
        add(42, Standing::Shown),
        add(2, Standing::Open),
        add(40, Standing::Shown),
    );
    system.sum(total, &[a, b]).unwrap();
    let verdict = judge(&system);
    assert!(matches!(verdict, Verdict::Coarsen { ref audit } if audit.unproved == [a]));
    // Nor without a budget, where a mask would exist.
    let table = Table::new(&[3, 2], &column(&[2, 20, 30, 25, 35, 40]), false, 5);
    let mut nothing = Budget {
        solves: 0,
        until: None,
    };
    let verdict = protect(
        &table.system,
        Attacker::OUTSIDER,
        &mut nothing,
        &mut Memory::default(),
    );
    assert!(matches!(verdict, Verdict::Coarsen { .. }), "{verdict:?}");
}

#[test]
fn anybody_can_repeat_the_proof_from_what_is_public() {
    let table = Table::new(
        &[3, 3],
        &column(&[2, 20, 30, 25, 3, 40, 50, 60, 70]),
        false,
        5,
    );
    let (good, _) = proved(judge(&table.system)).unwrap();
    for (mask, safe) in [
        (good, true),
        (
            mask(&table.system, |_, id| is_unsafe(&table.system, id)),
            false,
        ),
    ] {
        let mut public = System::new(1, &[]);
        for (at, id) in table.system.ids().enumerate() {
            let value = table.number(at, 0).unsigned_abs();
            let cell = if mask.hides(id) {
                Cell::unseen(1)
            } else {
                Cell::counted(&[value])
            };
            public.add(cell).unwrap();
        }
        let ids: Vec<CellId> = public.ids().collect();
        for (total, parts) in &table.sums {
            let parts: Vec<CellId> = parts.iter().map(|part| ids[*part]).collect();
            public.sum(ids[*total], &parts).unwrap();
        }
        let audit = evidence(&public, &mask);
        assert_eq!(audit.holds(), safe, "{audit:?}");
        // And a second time from memory.
        let mut memory = Memory::default();
        let again = |memory: &mut Memory| {
            prove(
                &public,
                &mask,
                Attacker::OUTSIDER,
                &mut Budget::default(),
                memory,
            )
        };
        let first = again(&mut memory);
        let second = again(&mut memory);
        assert_eq!(first.minimum_width, second.minimum_width);
        assert_eq!(
            second.holds(),
            safe,
            "what failed is not remembered as proved"
        );
        assert_eq!(second.remembered == second.components, safe);
    }
}
