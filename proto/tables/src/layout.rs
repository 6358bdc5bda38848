//! Where each cell of each table stands.
//!
//! A table has a cell for every combination of the nodes of its dimensions, margins and groups
//! included, whatever the registrations are: the last dimension runs fastest. Cells are numbered
//! through all tables, so that one number names a cell. The layout is the same for every node of a
//! district, and stays so when figures are one day added up as shares that nobody can read.

use std::collections::BTreeSet;

use crate::dimension::{DIMS, Dim, Dimension, trees};
use crate::facts::OfferFacts;
use crate::region::{Region, UNKNOWN};
use crate::subject::Subjects;
use crate::table::{TABLES, Table};

/// Trees, tables and the numbers of their cells.
#[derive(Clone, Debug)]
pub struct Layout {
    region: Region,
    subjects: Subjects,
    trees: Vec<Dimension>,
    tables: Vec<Placed>,
}

/// A table with its place among the cells.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The table.
    pub table: &'static Table,
    /// Its first cell.
    pub first: u32,
    /// How many cells it has.
    pub cells: u32,
    sizes: Vec<u32>,
}

impl Placed {
    /// The cell where these nodes meet, one of each dimension of the table.
    #[must_use]
    pub fn cell(&self, nodes: &[u16]) -> Option<u32> {
        if nodes.len() != self.sizes.len() {
            return None;
        }
        let mut at = 0;
        for (node, size) in nodes.iter().zip(&self.sizes) {
            let node = u32::from(*node);
            if node >= *size {
                return None;
            }
            at = at * size + node;
        }
        Some(self.first + at)
    }

    /// The nodes that meet in a cell of this table.
    #[must_use]
    pub fn nodes(&self, cell: u32) -> Option<Vec<u16>> {
        let mut rest = cell.checked_sub(self.first).filter(|at| *at < self.cells)?;
        let mut nodes = Vec::with_capacity(self.sizes.len());
        for size in self.sizes.iter().rev() {
            nodes.push(u16::try_from(rest % size).ok()?);
            rest /= size;
        }
        nodes.reverse();
        Some(nodes)
    }
}

impl Layout {
    /// The layout of a region with these subjects.
    #[must_use]
    pub fn new(region: Region, subjects: Subjects) -> Self {
        let trees = trees(&region, &subjects);
        let mut first = 0;
        let mut tables = Vec::with_capacity(TABLES.len());
        for table in TABLES {
            let size = |dim: &Dim| -> u32 {
                let codes = trees
                    .get(*dim as usize)
                    .map_or(0, |tree| tree.codes().len());
                u32::try_from(codes).unwrap_or(u32::MAX)
            };
            let sizes: Vec<u32> = table.dims.iter().map(size).collect();
            let cells = sizes.iter().product();
            tables.push(Placed {
                table,
                first,
                cells,
                sizes,
            });
            first += cells;
        }
        Self {
            region,
            subjects,
            trees,
            tables,
        }
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The tables, in the order of [`TABLES`].
    #[must_use]
    pub fn tables(&self) -> &[Placed] {
        &self.tables
    }

    /// The tree of a dimension.
    #[must_use]
    pub fn tree(&self, dim: Dim) -> Option<&Dimension> {
        self.trees.get(dim as usize)
    }

    /// How many cells all tables have together.
    #[must_use]
    pub fn cells(&self) -> u32 {
        self.tables.last().map_or(0, |last| last.first + last.cells)
    }

    /// The table of a cell.
    #[must_use]
    pub fn table_of(&self, cell: u32) -> Option<&Placed> {
        let after = self.tables.partition_point(|placed| placed.first <= cell);
        let placed = self.tables.get(after.checked_sub(1)?)?;
        (cell < placed.first + placed.cells).then_some(placed)
    }

    /// What two sides must agree on before they compare cells: BLAKE3 over tables, measures,
    /// dimensions, codes and their groups, as hexadecimal digits.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut text = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        };
        for placed in &self.tables {
            text(placed.table.id);
            for dim in placed.table.dims {
                text(dim.id());
            }
            for measure in placed.table.measures {
                text(measure.definition().id);
            }
        }
        for tree in &self.trees {
            text(tree.dim.id());
            for code in tree.codes() {
                text(&code.id);
                text(&code.parent.unwrap_or(u16::MAX).to_string());
            }
        }
        hasher.finalize().to_hex().to_string()
    }

    /// For every cell whether it is empty whatever the registrations are: no offer has its
    /// subject, format and level. Such a zero is public already, from the catalogue. `offers` must
    /// be the public ones, and those in which registrations are looked up.
    #[must_use]
    pub fn structural<'o>(&self, offers: impl IntoIterator<Item = &'o OfferFacts>) -> Vec<bool> {
        let mut leaves: BTreeSet<[u16; DIMS]> = offers
            .into_iter()
            .map(|facts| self.leaves_of(facts))
            .collect();
        // A registration may name an offer that nobody knows.
        leaves.insert(self.unknown());
        let of_offer = |dim: &Dim| matches!(dim, Dim::Subject | Dim::Format | Dim::Level);
        let mut empty = Vec::new();
        for placed in &self.tables {
            let dims: Vec<Dim> = placed
                .table
                .dims
                .iter()
                .filter(|dim| of_offer(dim))
                .copied()
                .collect();
            let offered: BTreeSet<Vec<u16>> = leaves
                .iter()
                .flat_map(|leaves| self.above(&dims, leaves))
                .collect();
            for cell in placed.first..placed.first + placed.cells {
                let nodes = placed.nodes(cell).unwrap_or_default();
                let pairs = placed.table.dims.iter().zip(nodes);
                let own: Vec<u16> = pairs
                    .filter(|(dim, _)| of_offer(dim))
                    .map(|(_, node)| node)
                    .collect();
                empty.push(!offered.contains(&own));
            }
        }
        empty
    }

    /// Every combination of the nodes of these leaves in `dims` with all that lies above them.
    fn above(&self, dims: &[Dim], leaves: &[u16; DIMS]) -> Vec<Vec<u16>> {
        let mut out = vec![Vec::new()];
        for dim in dims {
            let leaf = leaves.get(*dim as usize).copied().unwrap_or_default();
            let chain = self.tree(*dim).map_or(&[][..], |tree| tree.chain(leaf));
            let longer = |nodes: &Vec<u16>| -> Vec<Vec<u16>> {
                let add = |node: &u16| nodes.iter().chain([node]).copied().collect();
                chain.iter().map(add).collect()
            };
            out = out.iter().flat_map(longer).collect();
        }
        out
    }

    /// The leaf of a dimension where something with this code is counted; unknown where the code is.
    #[must_use]
    pub fn leaf(&self, dim: Dim, code: &str) -> u16 {
        self.tree(dim).map_or(0, |tree| tree.leaf(code))
    }

    /// Leaves of everything that a registration has from its offer, in the order of [`Dim::ALL`]; the rest is unknown.
    #[must_use]
    pub fn leaves_of(&self, facts: &OfferFacts) -> [u16; DIMS] {
        let mut leaves = self.unknown();
        let mut set = |dim: Dim, code: &str| {
            if let Some(slot) = leaves.get_mut(dim as usize) {
                *slot = self.leaf(dim, code);
            }
        };
        set(
            Dim::Subject,
            self.subjects.known(&facts.subject).unwrap_or(UNKNOWN),
        );
        set(Dim::Format, &facts.format);
        set(Dim::Level, crate::dimension::level_code(facts));
        let funding = match facts.funding.as_slice() {
            [] => "_N",
            [only] => only,
            _ => "_M",
        };
        set(Dim::Funding, funding);
        leaves
    }

    /// The leaves of a registration of which nothing is known.
    #[must_use]
    pub fn unknown(&self) -> [u16; DIMS] {
        let mut leaves = [0; DIMS];
        for (slot, dim) in leaves.iter_mut().zip(Dim::ALL) {
            *slot = self.leaf(dim, if dim == Dim::Sex { "_O" } else { UNKNOWN });
        }
        leaves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_one_number_and_one_place() {
        let layout = Layout::new(Region::heidekreis().unwrap(), Subjects::areas());
        for cell in 0..layout.cells() {
            let placed = layout.table_of(cell).unwrap();
            let nodes = placed.nodes(cell).unwrap();
            assert_eq!(placed.cell(&nodes), Some(cell));
        }
        assert!(layout.table_of(layout.cells()).is_none());
        let placed = &layout.tables()[0];
        assert!(placed.cell(&[]).is_none() && placed.cell(&[u16::MAX]).is_none());
    }

    #[test]
    fn the_fingerprint_follows_the_codes_and_nothing_else() {
        let region = || Region::heidekreis().unwrap();
        let plain = Layout::new(region(), Subjects::areas()).fingerprint();
        assert_eq!(
            plain,
            Layout::new(region(), Subjects::areas()).fingerprint()
        );
        let fields = Subjects::with_fields("code,de,en\n4.06,Französisch,French\n").unwrap();
        assert_ne!(plain, Layout::new(region(), fields).fingerprint());
    }

    #[test]
    fn a_zero_is_structural_where_nothing_is_offered() {
        let layout = Layout::new(Region::heidekreis().unwrap(), Subjects::areas());
        let facts = OfferFacts {
            subject: "4.06".to_owned(),
            format: "online".to_owned(),
            ..OfferFacts::default()
        };
        let empty = layout.structural([&facts]);
        assert_eq!(empty.len(), usize::try_from(layout.cells()).unwrap());
        let is_empty = |table: &str, codes: &[&str]| {
            let placed = layout
                .tables()
                .iter()
                .find(|placed| placed.table.id == table)
                .unwrap();
            let node = |(dim, code): (&Dim, &&str)| layout.tree(*dim).unwrap().node(code).unwrap();
            let nodes: Vec<u16> = placed.table.dims.iter().zip(codes).map(node).collect();
            empty[usize::try_from(placed.cell(&nodes).unwrap()).unwrap()]
        };
        assert!(!is_empty("subject", &["4"]) && is_empty("subject", &["2"]));
        assert!(!is_empty("subject", &["_X"]) && !is_empty("subject", &["_T"]));
        assert!(!is_empty("subject_format", &["4", "online"]));
        assert!(is_empty("subject_format", &["4", "hybrid"]));
        assert!(
            is_empty("subject_age", &["2", "Y_LT18"]) && !is_empty("subject_age", &["4", "Y_LT18"])
        );
        assert!(!is_empty(
            "residence_age_sex",
            &["03358001", "Y_GE65", "_O"]
        ));
    }
}
