//! Against everything: all whole tables that fit a publication, and all masks that could have been chosen.

use calluna_protect::{CellId, Mask, is_unsafe, loss};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::table::Table;
use crate::{evidence, judge, proved};

fn inner(cells: usize, most: i64) -> impl Strategy<Value = Vec<Vec<i64>>> {
    prop::collection::vec((0..=most).prop_map(|value| vec![value]), cells)
}

/// Participants and completions, some small, some large.
fn with_completions(cells: usize) -> impl Strategy<Value = Vec<Vec<i64>>> {
    let pair = (0..40_i64).prop_flat_map(|p| (Just(p), 0..=p));
    prop::collection::vec(pair.prop_map(|(p, c)| vec![p, c]), cells)
}

/// Whatever is proved withstands the search, and nothing small is shown.
fn withstands(table: &Table) -> Result<bool, TestCaseError> {
    let Some((mask, audit)) = proved(judge(&table.system)) else {
        return Ok(false);
    };
    prop_assert!(audit.holds() && audit.exact == 0);
    for id in table.system.ids() {
        prop_assert!(!is_unsafe(&table.system, id) || mask.hides(id));
    }
    let losses = table.losses(&mask);
    prop_assert!(losses.is_empty(), "the attacker narrowed {losses:?}");
    // No gap either: of a small number every value below the threshold stays possible.
    let public = table.public(&mask);
    for cell in 0..table.values.len() {
        for at in (0..table.width()).filter(|at| table.number(cell, *at) < table.threshold) {
            let possible = |value| public.possible(cell * table.width() + at, value);
            prop_assert!((0..table.threshold).all(possible), "a gap in cell {cell}");
        }
    }
    Ok(true)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_whole_table_search_narrows_a_two_way_table(values in inner(12, 12)) {
        withstands(&Table::new(&[4, 3], &values, false, 5))?;
    }

    #[test]
    fn no_whole_table_search_narrows_a_three_way_table(values in inner(12, 14)) {
        withstands(&Table::new(&[2, 3, 2], &values, false, 5))?;
    }

    #[test]
    fn nor_a_table_with_completions(values in with_completions(6)) {
        withstands(&Table::new(&[3, 2], &values, true, 3))?;
    }

    /// The evidence agrees with the search for masks that nobody chose carefully.
    #[test]
    fn evidence_never_says_more_than_the_search(values in inner(9, 12), extra in 0_u32..65_536) {
        let table = Table::new(&[3, 3], &values, false, 5);
        let mut mask = Mask::open(&table.system);
        for (at, id) in table.system.ids().enumerate() {
            if is_unsafe(&table.system, id) || extra >> at & 1 == 1 {
                mask.hide(id);
            }
        }
        let audit = evidence(&table.system, &mask);
        let losses = table.losses(&mask);
        if audit.holds() {
            prop_assert!(losses.is_empty(), "{losses:?}");
        } else {
            // Two-way tables have whole vertices: here nothing is unproved that could be proved.
            prop_assert!(!losses.is_empty(), "unproved without need: {:?}", audit.unproved);
        }
        if let (Some(least), false) = (audit.minimum_width, losses.is_empty()) {
            let narrowest = losses.iter().map(|(_, _, low, high)| high - low).min();
            prop_assert_eq!(narrowest, i64::try_from(least).ok());
        }
    }
}

/// What the properties above look at is not only tables for which there is no mask.
#[test]
fn most_tables_get_a_mask() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut share = |tables: &dyn Fn(&mut proptest::test_runner::TestRunner) -> Table| {
        let all: Vec<Table> = (0..40).map(|_| tables(&mut runner)).collect();
        all.iter()
            .filter(|table| proved(judge(&table.system)).is_some())
            .count()
    };
    let draw = |strategy: &dyn Fn() -> BoxedStrategy<Vec<Vec<i64>>>,
                runner: &mut proptest::test_runner::TestRunner| {
        strategy().new_tree(runner).unwrap().current()
    };
    let two = share(&|r| Table::new(&[4, 3], &draw(&|| inner(12, 12).boxed(), r), false, 5));
    let three = share(&|r| Table::new(&[2, 3, 2], &draw(&|| inner(12, 14).boxed(), r), false, 5));
    let pairs = share(&|r| Table::new(&[3, 2], &draw(&|| with_completions(6).boxed(), r), true, 3));
    println!("of 40 each: two-way {two}, three-way {three}, with completions {pairs}");
    assert!(two >= 20 && three >= 20 && pairs >= 20);
}

/// The cheapest mask that withstands the search, by trying all.
fn optimum(table: &Table) -> Option<f64> {
    let ids: Vec<CellId> = table.system.ids().collect();
    let (small, free): (Vec<CellId>, Vec<CellId>) =
        ids.iter().partition(|id| is_unsafe(&table.system, **id));
    let mut masks: Vec<(f64, Mask)> = (0_u32..1 << free.len())
        .map(|choice| {
            let mut mask = Mask::open(&table.system);
            small.iter().for_each(|id| mask.hide(*id));
            let chosen = free
                .iter()
                .enumerate()
                .filter(|(at, _)| choice >> at & 1 == 1);
            chosen.for_each(|(_, id)| mask.hide(*id));
            (loss(&table.system, &mask), mask)
        })
        .filter(|(_, mask)| !table.breaks_line_rule(mask))
        .collect();
    masks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let found = masks.iter().find(|(_, mask)| table.losses(mask).is_empty());
    found.map(|(loss, _)| *loss)
}

#[test]
fn the_loss_is_within_a_quarter_of_the_optimum() {
    let mut seed: u64 = 20_261_125;
    let mut next = move |most: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        i64::try_from(seed % most).unwrap()
    };
    let (mut ours, mut best, mut worst) = (0.0, 0.0, 0.0_f64);
    let (mut tables, mut optimal, mut coarsened) = (0, 0, 0);
    while tables < 40 {
        // Two in five cells small, as in a real table of subject by municipality.
        let cells = 9;
        let values: Vec<Vec<i64>> = (0..cells)
            .map(|_| vec![if next(5) < 2 { next(5) } else { 5 + next(40) }])
            .collect();
        let table = Table::new(&[3, 3], &values, false, 5);
        let Some(least) = optimum(&table) else {
            assert!(proved(judge(&table.system)).is_none());
            continue;
        };
        if least == 0.0 {
            continue;
        }
        tables += 1;
        let Some((mask, _)) = proved(judge(&table.system)) else {
            coarsened += 1;
            continue;
        };
        let got = loss(&table.system, &mask);
        assert!(
            got > least - 1e-9,
            "cheaper than the optimum: {got} < {least}"
        );
        ours += got;
        best += least;
        worst = worst.max(got / least);
        optimal += usize::from(got < least + 1e-9);
    }
    println!(
        "{tables} tables, {optimal} optimal, {coarsened} coarsened without need; loss {:.1} % above the optimum, worst {:.0} %",
        (ours / best - 1.0) * 100.0,
        (worst - 1.0) * 100.0
    );
    assert_eq!(coarsened, 0);
    assert!(ours <= best * 1.25);
}
