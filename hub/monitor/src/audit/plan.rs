//! Which numbers there are and which sums tie them, from `tables.csv` and `dimensions.csv`.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use calluna_tables::Dim;
use calluna_tables::dimension::DIMS;

use crate::error::{Result, broken};
use crate::rows::Row;

/// Numbers and sums of a release.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Name of each number: measure and codes.
    pub(super) names: Vec<String>,
    known: HashMap<String, usize>,
    /// Parent and parts.
    pub(super) sums: Vec<(usize, Vec<usize>)>,
    /// Persons and enrolments of the same place.
    pub(super) persons: Vec<(usize, usize)>,
    /// For every table its places: the number, and how deep it lies in each dimension (`1.2`).
    pub(super) tables: Vec<(String, Vec<(usize, String)>)>,
    /// Subject codes of each number with all above it.
    pub(super) subjects: Vec<Vec<String>>,
}

/// The codes of one dimension.
#[derive(Clone, Debug, Default)]
struct Tree {
    codes: Vec<String>,
    parents: Vec<Option<usize>>,
}

impl Tree {
    fn depth(&self, at: usize) -> usize {
        self.chain(at).len().saturating_sub(1)
    }

    fn chain(&self, at: usize) -> Vec<usize> {
        let mut out = vec![at];
        while let Some(above) = out
            .last()
            .and_then(|at| self.parents.get(*at).copied().flatten())
        {
            out.push(above);
        }
        out
    }

    fn children(&self, at: usize) -> Vec<usize> {
        let all = self.parents.iter().enumerate();
        all.filter(|(_, parent)| **parent == Some(at))
            .map(|(child, _)| child)
            .collect()
    }

    fn code(&self, at: usize) -> &str {
        self.codes.get(at).map_or("", String::as_str)
    }
}

/// The name of a number: one that stands in two tables, or can be called two ways, has one.
fn name(measure: &str, codes: &[&str]) -> String {
    let mut codes: Vec<&str> = codes
        .iter()
        .map(|code| if *code == "_Z" { "_T" } else { code })
        .collect();
    let mut measure = measure;
    if let Some(status) = codes.get_mut(Dim::Status as usize)
        && *status == "enrolments"
        && measure == "REGISTRATIONS"
    {
        *status = "_T";
        measure = "ENROLMENTS";
    }
    format!("{measure} {}", codes.join(" "))
}

impl Plan {
    /// Reads the lists of a release.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let trees = trees(&folder.join("dimensions.csv"))?;
        let mut plan = Self::default();
        let mut sums = BTreeSet::new();
        let path = folder.join("tables.csv");
        let mut reader = csv::Reader::from_path(&path).map_err(|error| broken(&path, error))?;
        for row in reader.records() {
            let row = row.map_err(|error| broken(&path, error))?;
            let cell = |at: usize| row.get(at).unwrap_or_default();
            let dims: Option<Vec<usize>> = cell(1)
                .split(';')
                .map(|id| Dim::ALL.iter().position(|dim| dim.id() == id))
                .collect();
            let dims = dims.ok_or_else(|| broken(&path, "a dimension that has no column"))?;
            let measures: Vec<&str> = cell(2).split(';').collect();
            plan.table(&trees, cell(0), &dims, &measures, &mut sums);
        }
        plan.sums = sums.into_iter().collect();
        for (name, enrolments) in &plan.known {
            if let Some(rest) = name.strip_prefix("ENROLMENTS ")
                && let Some(persons) = plan.known.get(&format!("PERSONS {rest}"))
            {
                plan.persons.push((*persons, *enrolments));
            }
        }
        plan.persons.sort_unstable();
        Ok(plan)
    }

    fn table(
        &mut self,
        trees: &[Tree],
        id: &str,
        dims: &[usize],
        measures: &[&str],
        sums: &mut BTreeSet<(usize, Vec<usize>)>,
    ) {
        let tree = |dim: &usize| trees.get(*dim).cloned().unwrap_or_default();
        let own: Vec<Tree> = dims.iter().map(tree).collect();
        let mut cells: Vec<Vec<usize>> = vec![Vec::new()];
        for tree in &own {
            let longer = |cell: &Vec<usize>| -> Vec<Vec<usize>> {
                let with = |at| cell.iter().copied().chain([at]).collect();
                (0..tree.codes.len()).map(with).collect()
            };
            cells = cells.iter().flat_map(longer).collect();
        }
        let mut places = Vec::new();
        for cell in &cells {
            let depths: Vec<String> = own
                .iter()
                .zip(cell)
                .map(|(tree, at)| tree.depth(*at).to_string())
                .collect();
            for measure in measures {
                let parent = self.number(&own, dims, measure, cell);
                places.push((parent, depths.join(".")));
                for (which, tree) in own.iter().enumerate() {
                    let Some(at) = cell.get(which) else { continue };
                    let mut parts = Vec::new();
                    for child in tree.children(*at) {
                        let mut below = cell.clone();
                        if let Some(slot) = below.get_mut(which) {
                            *slot = child;
                        }
                        parts.push(self.number(&own, dims, measure, &below));
                    }
                    if !parts.is_empty() {
                        sums.insert((parent, parts));
                    }
                }
            }
        }
        self.tables.push((id.to_owned(), places));
    }

    fn number(&mut self, own: &[Tree], dims: &[usize], measure: &str, cell: &[usize]) -> usize {
        let mut codes = ["_T"; DIMS];
        let mut subjects = Vec::new();
        for ((dim, tree), at) in dims.iter().zip(own).zip(cell) {
            if let Some(slot) = codes.get_mut(*dim) {
                *slot = tree.code(*at);
            }
            if *dim == Dim::Subject as usize {
                let chain = tree.chain(*at).into_iter();
                subjects = chain.map(|at| tree.code(at).to_owned()).collect();
            }
        }
        let name = name(measure, &codes);
        if let Some(known) = self.known.get(&name) {
            return *known;
        }
        self.known.insert(name.clone(), self.names.len());
        self.names.push(name);
        self.subjects.push(subjects);
        self.names.len() - 1
    }

    /// The number of a row.
    pub(super) fn of(&self, row: &Row) -> Option<usize> {
        let codes: Vec<&str> = row.codes.iter().map(String::as_str).collect();
        self.known.get(&name(&row.measure, &codes)).copied()
    }

    /// Whether two plans are the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.names == other.names && self.sums == other.sums && self.tables == other.tables
    }
}

fn trees(path: &Path) -> Result<Vec<Tree>> {
    let mut trees = vec![Tree::default(); DIMS];
    let mut reader = csv::Reader::from_path(path).map_err(|error| broken(path, error))?;
    for row in reader.records() {
        let row = row.map_err(|error| broken(path, error))?;
        let cell = |at: usize| row.get(at).unwrap_or_default();
        let dim = Dim::ALL.iter().position(|dim| dim.id() == cell(0));
        let Some(tree) = dim.and_then(|dim| trees.get_mut(dim)) else {
            return Err(broken(path, "a dimension that has no column"));
        };
        let parent = tree.codes.iter().position(|code| code == cell(2));
        if parent.is_none() && !cell(2).is_empty() {
            return Err(broken(path, "a code stands before its parent"));
        }
        tree.codes.push(cell(1).to_owned());
        tree.parents.push(parent);
    }
    Ok(trees)
}
