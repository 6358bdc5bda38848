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

/// A table of one dimension: its name, code and parent, the code of a registration.
struct Table {
    name: &'static str,
    dimension: &'static str,
    codes: Vec<(String, String)>,
    leaf: fn(&Listed<'_>) -> String,
    /// Whether codes that no offer has are known to be empty.
    offered: bool,
}

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

fn tables() -> Vec<Table> {
    let areas: Vec<String> = (1..=24)
        .map(|number| format!("033580{number:02}"))
        .collect();
    let areas: Vec<&str> = areas.iter().map(String::as_str).collect();
    let table = |name, dimension, codes, leaf, offered| Table {
        name,
        dimension,
        codes,
        leaf,
        offered,
    };
    vec![
        table(
            "subject",
            "SUBJECT",
            codes(&[("_T", &["1", "2", "3", "4", "5", "6", "7", "_X"])]),
            |listed| listed.offer.subject[..1].to_owned(),
            true,
        ),
        table(
            "age",
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
        table(
            "sex",
            "SEX",
            codes(&[("_T", &["F", "M", "_O"])]),
            |listed| listed.sex.to_owned(),
            false,
        ),
        table(
            "residence",
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
        table(
            "format",
            "FORMAT",
            codes(&[("_T", &["in-person", "online", "hybrid"])]),
            |listed| listed.offer.format.to_owned(),
            true,
        ),
        table(
            "status",
            "STATUS",
            codes(&[
                ("_T", &["enrolments", "cancelled", "waiting"]),
                ("enrolments", &["enrolled", "not-completed", "completed"]),
            ]),
            |listed| listed.status.to_owned(),
            false,
        ),
        table(
            "qualification",
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
        table(
            "destination",
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

/// Measure and value of every code of a table.
type Counts = BTreeMap<String, BTreeMap<&'static str, u64>>;

/// One release for each night, of all providers and the district.
pub(crate) fn publish(town: &Synthetic, nights: &[u32], care: Care, lists: Lists) -> Vec<Release> {
    let tables = tables();
    let mut masks: BTreeMap<(usize, &str), BTreeSet<String>> = BTreeMap::new();
    let mut releases = Vec::new();
    for (number, night) in (1..).zip(nights) {
        let mut release = Release {
            number,
            codes: all_codes(&tables),
            ..Release::default()
        };
        for table in &tables {
            let mut district: BTreeMap<(String, &'static str), Option<u64>> = BTreeMap::new();
            for provider in 0..town.providers.len() {
                let rows = rows_of(town, provider, *night, lists);
                let counts = count(table, &rows, town, provider);
                let hidden = match care {
                    Care::Threshold => small(&counts),
                    Care::Complement => masks
                        .entry((provider, table.name))
                        .or_insert_with(|| complement(table, &counts))
                        .clone(),
                };
                let id = &town.providers[provider].id;
                for (code, measures) in counts {
                    for (measure, value) in measures {
                        let value = (!hidden.contains(&code)).then_some(value);
                        let sum = district.entry((code.clone(), measure)).or_insert(Some(0));
                        *sum = sum.zip(value).map(|(sum, value)| sum + value);
                        release.rows.push(row(table, id, &code, measure, value));
                    }
                }
            }
            for ((code, measure), value) in district {
                release.rows.push(row(table, "_T", &code, measure, value));
            }
        }
        releases.push(release);
    }
    releases
}

fn all_codes(tables: &[Table]) -> Vec<Code> {
    let code = |table: &Table, (code, parent): &(String, String)| Code {
        dimension: table.dimension.to_owned(),
        code: code.clone(),
        parent: parent.clone(),
    };
    tables
        .iter()
        .flat_map(|table| table.codes.iter().map(move |pair| code(table, pair)))
        .collect()
}

fn rows_of(town: &Synthetic, provider: usize, night: u32, lists: Lists) -> Vec<Listed<'_>> {
    match lists {
        Lists::Real => town.listed(provider, night, PERIOD).collect(),
        Lists::Growing => {
            let until = calluna_tests::townhall::day(night);
            let last = town.listed(provider, town.nights * 2, PERIOD);
            last.filter(|listed| listed.registered <= until).collect()
        }
    }
}

fn count(table: &Table, rows: &[Listed<'_>], town: &Synthetic, provider: usize) -> Counts {
    let above = |code: &str| {
        let found = table.codes.iter().find(|(known, _)| known == code);
        found.map(|(_, parent)| parent.as_str()).unwrap()
    };
    let chain = |code: &str| {
        let mut chain = vec![code.to_owned()];
        while let Some(parent) = chain
            .last()
            .map(|last| above(last))
            .filter(|at| !at.is_empty())
        {
            chain.push(parent.to_owned());
        }
        chain
    };
    let measures: &[&'static str] = match table.name {
        "status" => &["REGISTRATIONS"],
        _ => &["ENROLMENTS", "PERSONS"],
    };
    let zero = || measures.iter().map(|measure| (*measure, 0)).collect();
    let mut counts: Counts = table
        .codes
        .iter()
        .map(|(code, _)| (code.clone(), zero()))
        .collect();
    if table.offered {
        let offers = &town.providers[provider].offers;
        counts.retain(|code, _| {
            code == "_T"
                || offers
                    .iter()
                    .any(|offer| [&offer.subject[..1], offer.format].contains(&code.as_str()))
        });
    }
    let mut persons = BTreeSet::new();
    for listed in rows {
        let is_enrolled = !["cancelled", "waiting"].contains(&listed.status);
        let is_new = is_enrolled && persons.insert(listed.person);
        for code in chain(&(table.leaf)(listed)) {
            for (measure, value) in counts.get_mut(&code).unwrap() {
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

/// The persons (or registrations) of a code.
fn heads(counts: &Counts, code: &str) -> u64 {
    counts[code].values().min().copied().unwrap()
}

fn small(counts: &Counts) -> BTreeSet<String> {
    let few = |code: &&String| heads(counts, code) < THRESHOLD;
    counts.keys().filter(few).cloned().collect()
}

fn complement(table: &Table, counts: &Counts) -> BTreeSet<String> {
    let mut hidden = small(counts);
    for (parent, _) in &table.codes {
        let children: Vec<&String> = table
            .codes
            .iter()
            .filter(|(code, above)| above == parent && counts.contains_key(code))
            .map(|(code, _)| code)
            .collect();
        if hidden.contains(parent) {
            hidden.extend(children.into_iter().cloned());
            continue;
        }
        let mut open: Vec<&String> = children
            .iter()
            .copied()
            .filter(|code| !hidden.contains(*code))
            .collect();
        open.sort_by_key(|code| std::cmp::Reverse(heads(counts, code)));
        let few = |hidden: &BTreeSet<String>| {
            let of: Vec<u64> = children
                .iter()
                .filter(|code| hidden.contains(**code))
                .map(|code| heads(counts, code))
                .collect();
            !of.is_empty() && (of.len() < 2 || of.iter().sum::<u64>() < 2 * THRESHOLD)
        };
        while few(&hidden)
            && let Some(next) = open.pop()
        {
            hidden.insert(next.clone());
        }
    }
    hidden
}

fn row(table: &Table, provider: &str, code: &str, measure: &str, value: Option<u64>) -> Row {
    Row {
        table: table.name.to_owned(),
        period: PERIOD.to_owned(),
        provider: provider.to_owned(),
        codes: vec![(table.dimension.to_owned(), code.to_owned())],
        measure: measure.to_owned(),
        value,
        bounds: None,
        provisional: true,
    }
}
