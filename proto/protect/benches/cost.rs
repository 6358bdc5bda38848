//! What protection costs: one provider's tables, and the hub's night.
//!
//! ```text
//! cargo bench -p calluna-protect --bench cost          # 16 quarters
//! cargo bench -p calluna-protect --bench cost -- 4 hub # 4 quarters, the hub's night only
//! ```
//!
//! * **provider**: 20,000 registrations in one-way tables (35 subjects, 8 areas, 30 municipalities, 8 ages,
//!   3 sexes) and in area x age, area x sex, age x sex, municipality x area and area x age x sex, participants
//!   and completions, thresholds 5 and 10: primary, complements and proof.
//! * **rule N**: 20,000 pending persons with twelve cells each.
//! * **hub**: 40 providers x 16 quarters as the public sees them (hidden numbers unknown), one system
//!   per quarter with the district's totals; the first night proves all, the next night one quarter has
//!   changed and the others are remembered.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads the clock, speaks with whoever started it, and ends where it fails"
)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::time::Instant;

use calluna_protect::batch::{Pending, largest_batch};
use calluna_protect::{
    Attacker, Budget, Cell, CellId, Mask, Memory, Standing, System, Verdict, cost, protect, prove,
};

/// Categories of each dimension: area, age, sex, municipality.
const SIDES: [usize; 4] = [8, 8, 3, 30];
/// Tables as dimensions; the empty one is the total.
const TABLES: &[&[usize]] = &[
    &[],
    &[0],
    &[1],
    &[2],
    &[3],
    &[0, 1],
    &[0, 2],
    &[1, 2],
    &[0, 3],
    &[0, 1, 2],
];
/// One-way tables and the two that a small provider can fill.
const SMALL_TABLES: &[&[usize]] = &[&[], &[0], &[1], &[2], &[0, 2]];

/// xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    /// Small numbers more often than large ones, as places and subjects are.
    fn skewed(&mut self, most: usize) -> usize {
        let most = most as u64;
        let a = self.below(most);
        let b = self.below(most);
        usize::try_from(a * b / most).unwrap()
    }
}

/// Seconds of this process on the processor: other work on the machine does not count.
fn busy() -> f64 {
    let line = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = line
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// The most memory this process has had.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .collect::<Vec<_>>()
        .join(" ")
}

type Key = (usize, Vec<usize>);

/// Participants and completions in every cell of every table, empty cells included.
fn tabulate(registrations: u64, tables: &[&[usize]], dice: &mut Dice) -> BTreeMap<Key, [u64; 2]> {
    let mut cells = BTreeMap::new();
    for (table, dimensions) in tables.iter().enumerate() {
        let mut places = vec![Vec::new()];
        for dimension in *dimensions {
            let longer = |place: &Vec<usize>| {
                let place = place.clone();
                (0..SIDES[*dimension]).map(move |at| [place.clone(), vec![at]].concat())
            };
            places = places.iter().flat_map(longer).collect();
        }
        cells.extend(places.into_iter().map(|place| ((table, place), [0, 0])));
    }
    for _ in 0..registrations {
        let person: Vec<usize> = SIDES.iter().map(|side| dice.skewed(*side)).collect();
        let completed = u64::from(dice.below(10) < 7);
        for (table, dimensions) in tables.iter().enumerate() {
            let place = dimensions.iter().map(|at| person[*at]).collect();
            let cell = cells.get_mut(&(table, place)).unwrap();
            *cell = [cell[0] + 1, cell[1] + completed];
        }
    }
    cells
}

/// Every way to leave one dimension out that is a table too.
fn link(system: &mut System, tables: &[&[usize]], ids: &BTreeMap<Key, CellId>) {
    let mut sums: BTreeMap<(CellId, usize), Vec<CellId>> = BTreeMap::new();
    for ((table, place), id) in ids {
        for left_out in 0..place.len() {
            let mut dimensions = tables[*table].to_vec();
            let dimension = dimensions.remove(left_out);
            let mut parent = place.clone();
            parent.remove(left_out);
            if let Some(other) = tables.iter().position(|table| *table == dimensions) {
                sums.entry((ids[&(other, parent)], *table * 10 + dimension))
                    .or_default()
                    .push(*id);
            }
        }
    }
    for ((parent, _), parts) in sums {
        system.sum(parent, &parts).unwrap();
    }
}

fn provider(registrations: u64, tables: &[&[usize]], seed: u64) -> (System, BTreeMap<Key, CellId>) {
    let counted = tabulate(registrations, tables, &mut Dice(seed));
    let mut system = System::new(2, &[(1, 0)]);
    let mut ids = BTreeMap::new();
    for ((table, place), values) in counted {
        let sensitive = tables[table].first() == Some(&0) && place[0] == 3;
        let margin = tables[table].len() < 2;
        let cell = Cell::counted(&values)
            .threshold(if sensitive { 10 } else { 5 })
            .largest(0, values[0].min(1))
            .largest(1, values[1].min(1))
            .cost(cost(values[0], margin));
        ids.insert((table, place), system.add(cell).unwrap());
    }
    link(&mut system, tables, &ids);
    (system, ids)
}

fn one_provider() {
    for (registrations, attacker, name) in [
        (2_000, Attacker::OUTSIDER, "outsider"),
        (20_000, Attacker::OUTSIDER, "outsider"),
        (20_000, Attacker::INSIDER, "insider"),
    ] {
        let began = Instant::now();
        let (system, _) = provider(registrations, TABLES, 7);
        let tabulated = began.elapsed();
        let (began, worked) = (Instant::now(), busy());
        let mut budget = Budget::default();
        let verdict = protect(&system, attacker, &mut budget, &mut Memory::default());
        let took = format!(
            "{:.2?} ({:.2} s busy, peak {})",
            began.elapsed(),
            busy() - worked,
            peak()
        );
        match verdict {
            Verdict::Proved { mask, audit } => println!(
                "provider, {registrations} registrations, {name}: {} cells, {} unsafe, {} hidden, least width {:?}, exact {}, narrower {}, {} programs; tables {tabulated:.2?}, protection {took}",
                system.len(),
                system
                    .ids()
                    .filter(|id| calluna_protect::is_unsafe(&system, *id))
                    .count(),
                mask.hidden(),
                audit.minimum_width,
                audit.exact,
                audit.narrower,
                20_000 - budget.solves,
            ),
            Verdict::Coarsen { audit } => println!(
                "provider, {registrations} registrations, {name}: to be coarsened, {} of {} hidden cells unproved, {} programs, {took}",
                audit.unproved.len(),
                audit.hidden,
                20_000 - budget.solves
            ),
            Verdict::HoldBack { cells } => println!("held back: {}", cells.len()),
        }
    }
}

/// A quarter as the public sees it.
fn quarter(seed: u64) -> (System, Mask) {
    let mut public = System::new(2, &[(1, 0)]);
    let mut hidden = Vec::new();
    let mut totals: BTreeMap<Key, ([u64; 2], Vec<CellId>, bool)> = BTreeMap::new();
    for number in 0..40 {
        let registrations = 60 + Dice(seed * 100 + number + 1).below(1200);
        let (system, ids) = provider(registrations, SMALL_TABLES, seed * 1000 + number + 1);
        let counted = tabulate(
            registrations,
            SMALL_TABLES,
            &mut Dice(seed * 1000 + number + 1),
        );
        let verdict = protect(
            &system,
            Attacker::OUTSIDER,
            &mut Budget::default(),
            &mut Memory::default(),
        );
        let Verdict::Proved { mask, .. } = verdict else {
            continue;
        };
        let mut seen = BTreeMap::new();
        for (key, id) in &ids {
            let sight = if mask.hides(*id) {
                Cell::unseen(2)
            } else {
                Cell::counted(&counted[key]).standing(Standing::Shown)
            };
            let place = public.add(sight).unwrap();
            hidden.extend(mask.hides(*id).then_some(place));
            seen.insert(key.clone(), place);
            let total = totals.entry(key.clone()).or_default();
            total.0[0] += counted[key][0];
            total.0[1] += counted[key][1];
            total.1.push(place);
            total.2 |= mask.hides(*id);
        }
        link(&mut public, SMALL_TABLES, &seen);
    }
    // The district's totals, where every provider's number is shown. Where one is hidden the total is published as an
    // interval that anybody can work out: it says nothing new, so it is no cell.
    for (values, parts, any_hidden) in totals.into_values() {
        if !any_hidden {
            let id = public.add(Cell::counted(&values)).unwrap();
            public.sum(id, &parts).unwrap();
        }
    }
    let mut mask = Mask::open(&public);
    hidden.into_iter().for_each(|id| mask.hide(id));
    (public, mask)
}

fn hub(number: u64) {
    let began = Instant::now();
    let mut quarters: Vec<(System, Mask)> = (1..=number).map(quarter).collect();
    println!(
        "hub: 40 providers x {number} quarters made in {:.2?}",
        began.elapsed()
    );
    let mut memory = Memory::default();
    for night in ["first night", "nothing changed", "one quarter changed"] {
        if night == "one quarter changed" {
            quarters[0] = quarter(99);
        }
        let (began, worked) = (Instant::now(), busy());
        let (mut cells, mut hidden, mut unproved, mut parts, mut known) = (0, 0, 0, 0, 0);
        for (system, mask) in &quarters {
            let mut budget = Budget::default();
            let audit = prove(system, mask, Attacker::OUTSIDER, &mut budget, &mut memory);
            cells += audit.cells;
            hidden += audit.hidden;
            unproved += audit.unproved.len();
            parts += audit.components;
            known += audit.remembered;
        }
        println!(
            "hub, {night}: {cells} cells, {hidden} hidden, {unproved} unproved, {known} of {parts} parts remembered: {:.2?} ({:.2} s busy, peak {})",
            began.elapsed(),
            busy() - worked,
            peak()
        );
    }
}

/// Rule N over a whole provider: everybody is pending.
fn one_batch() {
    let mut dice = Dice(11);
    let pending: Vec<Pending> = (0..20_000)
        .map(|person| Pending {
            person,
            touches: (0..12)
                .map(|table| table * 10_000 + dice.below(2500))
                .collect(),
            waits: false,
        })
        .collect();
    let began = Instant::now();
    let batch = largest_batch(5, &pending);
    println!(
        "rule N: 20,000 pending with 12 cells each, {} released: {:.2?}",
        batch.released.len(),
        began.elapsed()
    );
}

fn main() {
    let quarters = env::args().find_map(|word| word.parse().ok());
    one_batch();
    if env::args().all(|word| word != "hub") {
        one_provider();
    }
    hub(quarters.unwrap_or(16));
}
