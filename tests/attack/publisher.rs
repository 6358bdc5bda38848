//! Two publishers of a synthetic district that know no better: one hides what is small, the other
//! hides a second number beside it as well. Neither looks at the nights.

use std::collections::{BTreeMap, BTreeSet};

use calluna_tests::attack::release::{Code, Release, Row};
use calluna_tests::townhall::{Listed, Synthetic};

/// Persons below which a number is hidden.
const THRESHOLD: u64 = 5;
const PERIOD: &str = "2026-Q3";

/// How much a publisher thinks about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Hides numbers of few persons.
    Threshold,
    /// In every sum hides one more number where the hidden ones are few, and keeps that so.
    Complement,
}

/// What rows are taken of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    /// As they are.
    Real,
    /// Only what stays to the end, as it is then: numbers only grow.
    Growing,
}

/// A dimension: code and parent of all its codes, the code of a registration.
struct Dim {
    name: &'static str,
    codes: Vec<(String, String)>,
    leaf: fn(&Listed<'_>) -> String,
    /// Whether codes that no offer has are known to be empty.
    offered: bool,
}

/// A table and the places of its dimensions in the list of all.
type Table = (&'static str, &'static [usize]);

/// The tables of every night.
const NIGHTLY: &[Table] = &[
    ("subject", &[0]),
    ("age", &[1]),
    ("sex", &[2]),
    ("residence", &[3]),
    ("format", &[4]),
    ("status", &[5]),
    ("qualification", &[6]),
    ("destination", &[7]),
];
/// What comes when a period closes.
const CLOSING: &[Table] = &[
    ("subject_age", &[0, 1]),
    ("subject_sex", &[0, 2]),
    ("subject_residence", &[0, 3]),
    ("age_sex", &[1, 2]),
    ("residence_age", &[3, 1]),
    ("subject_age_sex", &[0, 1, 2]),
    ("qualification_destination", &[6, 7]),
];

fn codes(pairs: &[(&str, &[&str])]) -> Vec<(String, String)> {
    let mut all = vec![("_T".to_owned(), String::new())];
    for (parent, children) in pairs {
        all.extend(
            children
                .iter()
                .map(|code| ((*code).to_owned(), (*parent).to_owned())),
        );
    }
    all
}

/// A dimension of [`dims`].
fn dim(
    name: &'static str,
    codes: Vec<(String, String)>,
    leaf: fn(&Listed<'_>) -> String,
    offered: bool,
) -> Dim {
    Dim {
        name,
        codes,
        leaf,
        offered,
    }
}

/// All dimensions; [`NIGHTLY`] and [`CLOSING`] say their places.
fn dims() -> Vec<Dim> {
    let areas: Vec<String> = (1..=24)
        .map(|number| format!("033580{number:02}"))
        .collect();
    let areas: Vec<&str> = areas.iter().map(String::as_str).collect();
    let mut dims = vec![
        dim(
            "SUBJECT",
            codes(&[("_T", &["1", "2", "3", "4", "5", "6", "7", "_X"])]),
            |listed| listed.offer.subject[..1].to_owned(),
            true,
        ),
        dim(
            "AGE",
            codes(&[
                ("_T", &["Y_LT25", "Y25T49", "Y_GE50", "_X"]),
                ("Y_LT25", &["Y_LT18", "Y18T24"]),
                ("Y25T49", &["Y25T34", "Y35T49"]),
                ("Y_GE50", &["Y50T64", "Y_GE65"]),
            ]),
            |listed| {
                let code = match 2026 - listed.born {
                    ..18 => "Y_LT18",
                    18..25 => "Y18T24",
                    25..35 => "Y25T34",
                    35..50 => "Y35T49",
                    50..65 => "Y50T64",
                    65.. => "Y_GE65",
                };
                code.to_owned()
            },
            false,
        ),
        dim(
            "SEX",
            codes(&[("_T", &["F", "M", "_O"])]),
            |listed| listed.sex.to_owned(),
            false,
        ),
        dim(
            "REF_AREA",
            codes(&[("_T", &["03358", "_O"]), ("03358", &areas)]),
            |listed| {
                if listed.place.2.is_empty() {
                    "_O"
                } else {
                    listed.place.2
                }
                .to_owned()
            },
            false,
        ),
    ];
    dims.extend(more_dims());
    dims
}

fn more_dims() -> Vec<Dim> {
    vec![
        dim(
            "FORMAT",
            codes(&[("_T", &["in-person", "online", "hybrid"])]),
            |listed| listed.offer.format.to_owned(),
            true,
        ),
        dim(
            "STATUS",
            codes(&[
                ("_T", &["enrolments", "cancelled", "waiting"]),
                ("enrolments", &["enrolled", "not-completed", "completed"]),
            ]),
            |listed| listed.status.to_owned(),
            false,
        ),
        dim(
            "PRIOR_QUALIFICATION",
            codes(&[
                ("_T", &["school", "higher-entrance", "vocational", "_X"]),
                ("school", &["none", "esa", "msa"]),
                ("higher-entrance", &["fhr", "ahr"]),
                (
                    "vocational",
                    &["apprenticeship", "master-craftsman", "academic"],
                ),
            ]),
            |listed| or_unknown(listed.before),
            false,
        ),
        dim(
            "DESTINATION",
            codes(&[
                ("_T", &["learning", "work", "other", "_X"]),
                ("learning", &["school", "training", "university", "course"]),
            ]),
            |listed| or_unknown(listed.after),
            false,
        ),
    ]
}

fn or_unknown(code: &str) -> String {
    if code.is_empty() { "_X" } else { code }.to_owned()
}

/// Measure and value of every cell of a table.
type Counts = BTreeMap<Cell, BTreeMap<&'static str, u64>>;
/// A code for each dimension of a table.
type Cell = Vec<String>;

/// One release for each night, of all providers and the district.
pub(crate) fn publish(town: &Synthetic, nights: &[u32], care: Care, lists: Lists) -> Vec<Release> {
    let mut publisher = Publisher::new(town, care, lists);
    let provisional = |(number, night): (u64, &u32)| publisher.release(number, *night, false);
    (1..).zip(nights).map(provisional).collect()
}

/// The release that closes the period, with the tables of two and three dimensions.
pub(crate) fn close(town: &Synthetic, care: Care) -> Release {
    Publisher::new(town, care, Lists::Real).release(1, 92, true)
}

struct Publisher<'a> {
    town: &'a Synthetic,
    dims: Vec<Dim>,
    care: Care,
    lists: Lists,
    masks: BTreeMap<(usize, &'static str), BTreeSet<Cell>>,
}

impl<'a> Publisher<'a> {
    fn new(town: &'a Synthetic, care: Care, lists: Lists) -> Self {
        Self {
            town,
            dims: dims(),
            care,
            lists,
            masks: BTreeMap::new(),
        }
    }

    fn release(&mut self, number: u64, night: u32, closing: bool) -> Release {
        let mut release = Release {
            number,
            codes: self.codes(),
            ..Release::default()
        };
        let more = if closing { CLOSING } else { &[] };
        for table in NIGHTLY.iter().chain(more) {
            let mut district: BTreeMap<(Cell, &'static str), Option<u64>> = BTreeMap::new();
            let names: Vec<String> = self.of(table).map(|dim| dim.name.to_owned()).collect();
            let mut add = |provider: &str, cell: &Cell, measure: &str, value| {
                release.rows.push(Row {
                    table: table.0.to_owned(),
                    period: PERIOD.to_owned(),
                    provider: provider.to_owned(),
                    codes: names.iter().cloned().zip(cell.clone()).collect(),
                    measure: measure.to_owned(),
                    value,
                    bounds: None,
                    provisional: !closing,
                });
            };
            for provider in 0..self.town.providers.len() {
                let counts = self.count(table, provider, night);
                let hidden = match self.care {
                    Care::Threshold => small(&counts),
                    Care::Complement => match self.masks.get(&(provider, table.0)) {
                        Some(known) => known.clone(),
                        None => self.complement(table, &counts),
                    },
                };
                let id = &self.town.providers[provider].id;
                for (cell, measures) in counts {
                    for (measure, value) in measures {
                        let value = (!hidden.contains(&cell)).then_some(value);
                        let sum = district.entry((cell.clone(), measure)).or_insert(Some(0));
                        *sum = sum.zip(value).map(|(sum, value)| sum + value);
                        add(id, &cell, measure, value);
                    }
                }
                self.masks.insert((provider, table.0), hidden);
            }
            for ((cell, measure), value) in district {
                add("_T", &cell, measure, value);
            }
        }
        release
    }

    fn codes(&self) -> Vec<Code> {
        let code = |dim: &Dim, (code, parent): &(String, String)| Code {
            dimension: dim.name.to_owned(),
            code: code.clone(),
            parent: parent.clone(),
        };
        self.dims
            .iter()
            .flat_map(|dim| dim.codes.iter().map(move |pair| code(dim, pair)))
            .collect()
    }

    fn of(&self, table: &Table) -> impl Iterator<Item = &Dim> {
        table.1.iter().map(|at| &self.dims[*at])
    }

    fn rows(&self, provider: usize, night: u32) -> Vec<Listed<'a>> {
        match self.lists {
            Lists::Real => self.town.listed(provider, night, PERIOD).collect(),
            Lists::Growing => {
                let until = calluna_tests::townhall::day(night);
                let last = self.town.listed(provider, self.town.nights * 2, PERIOD);
                last.filter(|listed| listed.registered <= until).collect()
            }
        }
    }

    fn count(&self, table: &Table, provider: usize, night: u32) -> Counts {
        let measures: &[&'static str] = match table.0 {
            "status" => &["REGISTRATIONS"],
            _ => &["ENROLMENTS", "PERSONS"],
        };
        let offers = &self.town.providers[provider].offers;
        let is_offered = |dim: &&Dim, code: &str| {
            let has = |known: &str| known == code;
            !dim.offered
                || code == "_T"
                || offers
                    .iter()
                    .any(|offer| has(&offer.subject[..1]) || has(offer.format))
        };
        let all = self.of(table).map(|dim| {
            let codes = dim.codes.iter().map(|(code, _)| code.clone());
            codes.filter(|code| is_offered(&dim, code)).collect()
        });
        let zero = || measures.iter().map(|measure| (*measure, 0)).collect();
        let mut counts: Counts = cross(all).into_iter().map(|cell| (cell, zero())).collect();
        let mut persons = BTreeSet::new();
        for listed in self.rows(provider, night) {
            let is_enrolled = !["cancelled", "waiting"].contains(&listed.status);
            let is_new = is_enrolled && persons.insert(listed.person);
            let chains = self.of(table).map(|dim| dim.chain((dim.leaf)(&listed)));
            for cell in cross(chains) {
                for (measure, value) in counts.get_mut(&cell).unwrap() {
                    *value += match *measure {
                        "REGISTRATIONS" => 1,
                        "PERSONS" => u64::from(is_new),
                        _ => u64::from(is_enrolled),
                    };
                }
            }
        }
        counts
    }

    /// Hides what is small, and in every sum the next largest while the hidden ones are few.
    fn complement(&self, table: &Table, counts: &Counts) -> BTreeSet<Cell> {
        let mut hidden = small(counts);
        loop {
            let before = hidden.len();
            for parent in counts.keys() {
                for (at, dim) in self.of(table).enumerate() {
                    let children: Vec<Cell> = dim
                        .codes
                        .iter()
                        .filter(|(_, above)| *above == parent[at])
                        .map(|(code, _)| {
                            let mut cell = parent.clone();
                            cell[at].clone_from(code);
                            cell
                        })
                        .filter(|cell| counts.contains_key(cell))
                        .collect();
                    hide(parent, children, counts, &mut hidden);
                }
            }
            if hidden.len() == before {
                return hidden;
            }
        }
    }
}

impl Dim {
    /// A code and everything above it.
    fn chain(&self, code: String) -> Vec<String> {
        let mut chain = vec![code];
        while let Some((_, parent)) = self
            .codes
            .iter()
            .find(|(code, parent)| Some(code) == chain.last() && !parent.is_empty())
        {
            chain.push(parent.clone());
        }
        chain
    }
}

/// Every choice of one from each.
fn cross(lists: impl Iterator<Item = Vec<String>>) -> Vec<Cell> {
    lists.fold(vec![Vec::new()], |cells, list| {
        let longer = |cell: &Cell| {
            let cell = cell.clone();
            list.iter()
                .map(move |code| [&cell[..], std::slice::from_ref(code)].concat())
        };
        cells.iter().flat_map(longer).collect()
    })
}

fn hide(parent: &Cell, children: Vec<Cell>, counts: &Counts, hidden: &mut BTreeSet<Cell>) {
    if hidden.contains(parent) {
        hidden.extend(children);
        return;
    }
    let mut open: Vec<&Cell> = children
        .iter()
        .filter(|cell| !hidden.contains(*cell))
        .collect();
    open.sort_by_key(|cell| std::cmp::Reverse(heads(counts, cell)));
    let few = |hidden: &BTreeSet<Cell>| {
        let of = children.iter().filter(|cell| hidden.contains(*cell));
        let of: Vec<u64> = of.map(|cell| heads(counts, cell)).collect();
        !of.is_empty() && (of.len() < 2 || of.iter().sum::<u64>() < 2 * THRESHOLD)
    };
    while few(hidden)
        && let Some(next) = open.pop()
    {
        hidden.insert(next.clone());
    }
}

/// The persons (or registrations) of a cell.
fn heads(counts: &Counts, cell: &Cell) -> u64 {
    counts[cell].values().min().copied().unwrap()
}

fn small(counts: &Counts) -> BTreeSet<Cell> {
    let few = |cell: &&Cell| heads(counts, cell) < THRESHOLD;
    counts.keys().filter(few).cloned().collect()
}
