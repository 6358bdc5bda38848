//! What is known of one provider in one period: numbers, the same in whatever table they stand.
//!
//! A number is a measure and the codes that it is restricted to, totals left out. So a cell of
//! `subject_age` with the total of ages *is* the cell of `subject`, and nothing has to be said
//! about tables afterwards, but for one thing: a row that a table leaves out is zero, unless the
//! table was made coarser.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context as _, Result, bail};

use super::release::{Release, Row};

/// Belegungen.
const ENROLMENTS: &str = "ENROLMENTS";
/// Registrations of every status.
const REGISTRATIONS: &str = "REGISTRATIONS";
/// Persons, each counted once in a table.
const PERSONS: &str = "PERSONS";
/// The group of statuses whose registrations are the enrolments.
const ENROLLED: (&str, &str) = ("STATUS", "enrolments");

/// Index of a number.
pub(super) type Number = usize;
/// Measure, and codes in the order of their numbers; none for the total of everything.
pub(super) type Key = (usize, Vec<usize>);

/// A code of a dimension.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) dimension: usize,
    name: String,
    /// Nothing for the total.
    pub(super) parent: Option<usize>,
    pub(super) children: Vec<usize>,
}

/// Every code, measure and number of all releases.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    dimensions: Vec<String>,
    pub(super) codes: Vec<Code>,
    code_of: HashMap<(usize, String), usize>,
    measures: Vec<String>,
    keys: Vec<Key>,
    number_of: HashMap<Key, Number>,
}

impl Numbers {
    /// Learns the codes of a release.
    pub(super) fn learn(&mut self, release: &Release) -> Result<()> {
        for code in &release.codes {
            let dimension = index(&mut self.dimensions, &code.dimension);
            let name = (dimension, code.code.clone());
            if self.code_of.contains_key(&name) {
                continue;
            }
            let id = self.codes.len();
            let parent = if code.parent.is_empty() {
                None
            } else {
                let above = self.code_of.get(&(dimension, code.parent.clone()));
                Some(*above.with_context(|| format!("{} has no parent", code.code))?)
            };
            if let Some(above) = parent {
                self.codes[above].children.push(id);
            }
            self.code_of.insert(name, id);
            self.codes.push(Code {
                dimension,
                name: code.code.clone(),
                parent,
                children: Vec::new(),
            });
        }
        Ok(())
    }

    /// The key of a row and the dimensions of its table.
    fn key(&mut self, row: &Row) -> Result<(Key, Vec<usize>)> {
        let measure = index(&mut self.measures, &row.measure);
        let mut codes = Vec::new();
        let mut dimensions = Vec::new();
        for (dimension, code) in &row.codes {
            let dimension = index(&mut self.dimensions, dimension);
            let Some(code) = self.code_of.get(&(dimension, code.clone())) else {
                bail!("code {code} of {} is unknown", self.dimensions[dimension]);
            };
            dimensions.push(dimension);
            if self.codes[*code].parent.is_some() {
                codes.push(*code);
            }
        }
        codes.sort_unstable();
        Ok(((measure, codes), dimensions))
    }

    /// The key under which a number is kept: registrations restricted to the enrolled ones are the
    /// enrolments.
    fn kept(&self, (measure, codes): &Key) -> Key {
        let enrolled = |code: &usize| {
            let code = &self.codes[*code];
            (self.dimensions[code.dimension].as_str(), code.name.as_str()) == ENROLLED
        };
        let enrolments = self.measures.iter().position(|known| known == ENROLMENTS);
        match enrolments {
            Some(enrolments)
                if self.measures[*measure] == REGISTRATIONS && codes.iter().any(enrolled) =>
            {
                let rest = codes.iter().copied().filter(|code| !enrolled(code));
                (enrolments, rest.collect())
            }
            _ => (*measure, codes.clone()),
        }
    }

    /// The number of a key, if a release ever listed it.
    fn find(&self, key: &Key) -> Option<Number> {
        self.number_of.get(&self.kept(key)).copied()
    }

    /// The number of a key that a release lists.
    fn number(&mut self, key: &Key) -> Number {
        let kept = self.kept(key);
        if let Some(known) = self.number_of.get(&kept) {
            return *known;
        }
        self.keys.push(kept.clone());
        self.number_of.insert(kept, self.keys.len() - 1);
        self.keys.len() - 1
    }

    /// The same cell with another code in one dimension.
    fn with(&self, codes: &[usize], dimension: usize, code: usize) -> Vec<usize> {
        let mut codes: Vec<usize> = codes
            .iter()
            .copied()
            .filter(|code| self.codes[*code].dimension != dimension)
            .collect();
        if self.codes[code].parent.is_some() {
            codes.push(code);
            codes.sort_unstable();
        }
        codes
    }

    /// For a number of persons the enrolments of the same cell.
    pub(super) fn enrolments_of(&self, number: Number) -> Option<Number> {
        let (measure, codes) = &self.keys[number];
        let enrolments = self.measures.iter().position(|known| known == ENROLMENTS)?;
        (self.measures[*measure] == PERSONS)
            .then(|| self.number_of.get(&(enrolments, codes.clone())).copied())?
    }

    /// Whether the number counts enrolments, in a cell that nothing lies below.
    pub(super) fn is_inner_enrolments(&self, number: Number) -> bool {
        let (measure, codes) = &self.keys[number];
        self.measures[*measure] == ENROLMENTS
            && !codes.is_empty()
            && codes
                .iter()
                .all(|code| self.codes[*code].children.is_empty())
    }

    /// The total of all enrolments.
    pub(super) fn all_enrolments(&self) -> Option<Number> {
        let measure = self.measures.iter().position(|known| known == ENROLMENTS)?;
        self.number_of.get(&(measure, Vec::new())).copied()
    }

    /// The dimensions that a number is restricted in.
    pub(super) fn dimensions_of(&self, number: Number) -> Vec<&str> {
        let dimension = |code: &usize| self.dimensions[self.codes[*code].dimension].as_str();
        self.keys[number].1.iter().map(dimension).collect()
    }

    /// Numbers of the same cell with a code of `names` in the dimension `SUBJECT` at or below its own.
    pub(super) fn below_subject(&self, number: Number, names: &BTreeSet<String>) -> Vec<Number> {
        let Some(subject) = self.dimensions.iter().position(|name| name == "SUBJECT") else {
            return Vec::new();
        };
        let (measure, codes) = &self.keys[number];
        let own = codes
            .iter()
            .copied()
            .find(|code| self.codes[*code].dimension == subject);
        let is_below = |mut code: usize| loop {
            if own.is_none_or(|own| own == code) {
                return true;
            }
            match self.codes[code].parent {
                Some(above) => code = above,
                None => return false,
            }
        };
        names
            .iter()
            .filter_map(|name| self.code_of.get(&(subject, name.clone())))
            .filter(|code| is_below(**code))
            .filter_map(|code| {
                let codes = self.with(codes, subject, *code);
                self.number_of.get(&(*measure, codes)).copied()
            })
            .collect()
    }

    /// A number in words.
    pub(super) fn words(&self, number: Number) -> String {
        let (measure, codes) = &self.keys[number];
        let mut text = self.measures[*measure].clone();
        for code in codes {
            let code = &self.codes[*code];
            text.push_str(&format!(
                " {}={}",
                self.dimensions[code.dimension], code.name
            ));
        }
        text
    }

    /// Every cell one step above: one code replaced by its parent.
    fn above(&self, codes: &[usize]) -> Vec<Vec<usize>> {
        codes
            .iter()
            .filter_map(|code| {
                let parent = self.codes[*code].parent?;
                Some(self.with(codes, self.codes[*code].dimension, parent))
            })
            .collect()
    }
}

fn index(names: &mut Vec<String>, name: &str) -> usize {
    names
        .iter()
        .position(|known| known == name)
        .unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
}

/// What a release lists under a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// The number, where some table shows it.
    pub(super) value: Option<u64>,
    /// Whether some table hides it.
    pub(super) hidden: bool,
    /// What the district's number lies between.
    pub(super) bounds: Option<(u64, u64)>,
}

/// A table in which a provider has rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    measure: usize,
    dimensions: Vec<usize>,
    /// Whether rows may be missing that are not zero.
    coarse: bool,
}

/// What is known of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is shown, or zero by the rules.
    Value(u64),
    /// A row says that it is hidden.
    Hidden,
    /// Nothing is said of it.
    Nothing,
}

/// `parent = Σ children`; `parent >= Σ children` where not every child is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// Nothing when it is known to be zero.
    pub(super) parent: Option<Number>,
    pub(super) children: Vec<Number>,
    pub(super) complete: bool,
}

/// The figures of one provider in one period, as they stood in one or several releases in a row.
#[derive(Debug)]
pub(super) struct Revision {
    /// Number of the first and of the last release in a row that holds it.
    pub(super) releases: (u64, u64),
    /// Whether the next one can only be larger.
    pub(super) provisional: bool,
    pub(super) cells: BTreeMap<Number, Cell>,
    /// Shown in two tables with two values.
    pub(super) torn: BTreeSet<Number>,
    /// Sums of listed numbers that are not listed themselves: everybody knows that there are such, and that they are
    /// part of what stands above them.
    pub(super) unlisted: BTreeSet<Number>,
    keys: BTreeSet<Key>,
    seen: BTreeSet<Seen>,
}

impl Revision {
    /// Of the rows of one provider and period in one release; `coarse` names tables with rows left out.
    pub(super) fn new(
        numbers: &mut Numbers,
        release: u64,
        provisional: bool,
        rows: &[&Row],
        coarse: &BTreeSet<&str>,
    ) -> Result<Self> {
        let mut revision = Self {
            releases: (release, release),
            provisional,
            cells: BTreeMap::new(),
            torn: BTreeSet::new(),
            unlisted: BTreeSet::new(),
            keys: BTreeSet::new(),
            seen: BTreeSet::new(),
        };
        for row in rows {
            let (key, dimensions) = numbers.key(row)?;
            let number = numbers.number(&key);
            revision.seen.insert(Seen {
                measure: key.0,
                dimensions,
                coarse: coarse.contains(row.table.as_str()),
            });
            revision.keys.insert(key);
            let cell = revision.cells.entry(number).or_insert(Cell {
                value: row.value,
                hidden: false,
                bounds: None,
            });
            cell.hidden |= row.value.is_none();
            cell.bounds = cell.bounds.or(row.bounds);
            match (cell.value, row.value) {
                (None, found) => cell.value = found,
                (Some(one), Some(other)) if one != other => {
                    revision.torn.insert(number);
                }
                _ => {}
            }
        }
        revision.climb(numbers);
        Ok(revision)
    }

    /// Finds the sums that are not listed, up to those that are.
    fn climb(&mut self, numbers: &mut Numbers) {
        let mut open: Vec<Key> = self.keys.iter().cloned().collect();
        while let Some((measure, codes)) = open.pop() {
            for above in numbers.above(&codes) {
                let key = (measure, above);
                if self.keys.contains(&key)
                    || self.lists(numbers, &key).is_some()
                    || self.is_zero(numbers, &key)
                {
                    continue;
                }
                self.unlisted.insert(numbers.number(&key));
                self.keys.insert(key.clone());
                open.push(key);
            }
        }
    }

    /// Whether another revision says the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.provisional == other.provisional
            && self.cells == other.cells
            && self.seen == other.seen
    }

    /// What is known of a number.
    pub(super) fn known(&self, numbers: &Numbers, number: Number) -> Known {
        match self.cells.get(&number) {
            Some(Cell {
                value: Some(value), ..
            }) => Known::Value(*value),
            Some(_) => Known::Hidden,
            None if self.is_zero(numbers, &numbers.keys[number]) => Known::Value(0),
            None => Known::Nothing,
        }
    }

    fn lists(&self, numbers: &Numbers, key: &Key) -> Option<Number> {
        let number = numbers.find(key)?;
        self.cells.contains_key(&number).then_some(number)
    }

    /// A number that is not listed is zero if a table that lists everything has its dimensions, or
    /// if a number above it is zero so.
    fn is_zero(&self, numbers: &Numbers, key: &Key) -> bool {
        if self.lists(numbers, key).is_some() {
            return false;
        }
        let (measure, codes) = key;
        let has = |table: &Seen, code: &usize| {
            let dimension = numbers.codes[*code].dimension;
            table.dimensions.contains(&dimension)
        };
        let full = |table: &Seen| {
            table.measure == *measure && !table.coarse && codes.iter().all(|code| has(table, code))
        };
        self.seen.iter().any(full)
            || numbers
                .above(codes)
                .into_iter()
                .any(|codes| self.is_zero(numbers, &(*measure, codes)))
    }

    /// The number of a key that is listed, or is a sum of what is.
    fn stands(&self, numbers: &Numbers, key: &Key) -> Option<Number> {
        let unlisted = || numbers.find(key).filter(|of| self.unlisted.contains(of));
        self.lists(numbers, key).or_else(unlisted)
    }

    /// Every sum that listed rows belong to, by the key of its parent and the dimension.
    pub(super) fn sums(&self, numbers: &Numbers) -> BTreeMap<(Key, usize), Sum> {
        let mut parents: BTreeMap<(Key, usize), usize> = BTreeMap::new();
        for (measure, codes) in &self.keys {
            for code in codes {
                let code = &numbers.codes[*code];
                if let Some(parent) = code.parent {
                    let above = (*measure, numbers.with(codes, code.dimension, parent));
                    parents.insert((above, code.dimension), parent);
                }
            }
        }
        let mut sums = BTreeMap::new();
        for ((key, dimension), parent) in parents {
            let total = self.stands(numbers, &key);
            if total.is_none() && !self.is_zero(numbers, &key) {
                continue;
            }
            let mut sum = Sum {
                parent: total,
                children: Vec::new(),
                complete: true,
            };
            for child in &numbers.codes[parent].children {
                let below = (key.0, numbers.with(&key.1, dimension, *child));
                match self.stands(numbers, &below) {
                    Some(number) => sum.children.push(number),
                    None => sum.complete &= self.is_zero(numbers, &below),
                }
            }
            sums.insert((key, dimension), sum);
        }
        sums
    }
}
