//! Dimensions: what figures are broken down by. Each is a tree of codes, so that a table that
//! cannot be protected can be made coarser along it.
//!
//! Nodes are numbered from the root (`_T`, the total) downwards, a parent before its children.
//! The numbers depend on the region, the subjects and the code lists, never on the registrations.

mod build;

use calluna_model::code;

pub(crate) use self::build::trees;
use crate::facts::OfferFacts;
use crate::region::UNKNOWN;

/// A dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dim {
    /// Subject area of the offer.
    Subject,
    /// Age group of the participant.
    Age,
    /// Sex of the participant.
    Sex,
    /// Where the participant lives; not where the offer takes place.
    Residence,
    /// In person, online …
    Format,
    /// Level of the offer.
    Level,
    /// Funding of the registration, else of the offer.
    Funding,
    /// How far the registration got.
    Status,
    /// Highest qualification before.
    Qualification,
    /// What the participant goes on to.
    Destination,
}

/// Number of dimensions.
pub const DIMS: usize = Dim::ALL.len();

impl Dim {
    /// Every dimension, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Subject,
        Self::Age,
        Self::Sex,
        Self::Residence,
        Self::Format,
        Self::Level,
        Self::Funding,
        Self::Status,
        Self::Qualification,
        Self::Destination,
    ];

    /// The dimension's name in data, as SDMX writes concepts.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Subject => "SUBJECT",
            Self::Age => "AGE",
            Self::Sex => "SEX",
            Self::Residence => "REF_AREA",
            Self::Format => "FORMAT",
            Self::Level => "LEVEL",
            Self::Funding => "FUNDING",
            Self::Status => "STATUS",
            Self::Qualification => "PRIOR_QUALIFICATION",
            Self::Destination => "DESTINATION",
        }
    }

    /// What it means, in German and English.
    #[must_use]
    pub const fn definition(self) -> (&'static str, &'static str) {
        match self {
            Self::Subject => (
                "Programmbereich des Angebots nach der DVV-Systematik 2.0; darunter Fachgebiete, wo der Betreiber die Liste angibt",
                "Programme area of the offer by the DVV classification 2.0; subject fields below where the operator gives the list",
            ),
            Self::Age => (
                "Alter, das im Kalenderjahr erreicht wird (Jahr des Zeitraums minus Geburtsjahr), sonst das angegebene Alter",
                "Age reached in the calendar year (year of the period minus year of birth), else the age as stated",
            ),
            Self::Sex => ("Geschlecht wie in der Liste", "Sex as in the list"),
            Self::Residence => (
                "Wohnort, nicht Ort des Angebots: Gemeinde, Kreis, Land; _O außerhalb der Region, …_X Gemeinde nicht bestimmbar",
                "Residence, not the venue: municipality, district, Land; _O outside the region, …_X municipality not determined",
            ),
            Self::Format => ("Form des Angebots", "Way of taking part"),
            Self::Level => (
                "Niveau des Angebots: GER, sonst DQR",
                "Level of the offer: CEFR, else DQR",
            ),
            Self::Funding => (
                "Förderung laut Anmeldung, sonst die einzige Förderung des Angebots; _M mehrere möglich, _N keine",
                "Funding of the registration, else the only one of the offer; _M several possible, _N none",
            ),
            Self::Status => (
                "Stand der Anmeldung zum Zeitpunkt der Liste",
                "State of the registration when the list was exported",
            ),
            Self::Qualification => (
                "Höchster Abschluss vor der Teilnahme",
                "Highest qualification before taking part",
            ),
            Self::Destination => (
                "Was nach der Teilnahme folgt",
                "What follows after taking part",
            ),
        }
    }
}

/// One code of a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code.
    pub id: String,
    /// German words.
    pub de: String,
    /// English words.
    pub en: String,
    /// The node above; nothing for the total.
    pub parent: Option<u16>,
}

/// The tree of one dimension.
#[derive(Clone, Debug)]
pub struct Dimension {
    /// Which one.
    pub dim: Dim,
    codes: Vec<Code>,
    /// For each node itself and everything above it, upwards.
    chains: Vec<Vec<u16>>,
}

impl Dimension {
    /// A tree with nothing but the total.
    fn new(dim: Dim) -> Self {
        let mut tree = Self {
            dim,
            codes: Vec::new(),
            chains: Vec::new(),
        };
        tree.push("_T", "Insgesamt", "Total", None);
        tree
    }

    fn push(&mut self, id: &str, de: &str, en: &str, parent: Option<u16>) -> u16 {
        let node = u16::try_from(self.codes.len()).unwrap_or(u16::MAX);
        let above = parent.and_then(|parent| self.chains.get(usize::from(parent)));
        let chain = std::iter::once(node)
            .chain(above.into_iter().flatten().copied())
            .collect();
        self.codes.push(Code {
            id: id.to_owned(),
            de: de.to_owned(),
            en: en.to_owned(),
            parent,
        });
        self.chains.push(chain);
        node
    }

    fn unknown(&mut self) {
        self.push(
            UNKNOWN,
            "Ohne Angabe oder nicht bestimmbar",
            "Not stated or not determined",
            Some(0),
        );
    }

    /// Entries below `parent` (by code), and theirs, in the order of the list. With `open`, each
    /// inner node gets a child for what is known only so far.
    fn grow(&mut self, entries: &[code::Entry], parent: &str, below: u16, open: bool) {
        for entry in entries.iter().filter(|entry| entry.parent == parent) {
            let node = self.push(&entry.code, &entry.de, &entry.en, Some(below));
            let inner = entries.iter().any(|child| child.parent == entry.code);
            if inner {
                self.grow(entries, &entry.code, node, open);
            }
            if inner && open {
                let id = format!("{}_X", entry.code);
                let de = format!("{}, ohne nähere Angabe", entry.de);
                let en = format!("{}, not further specified", entry.en);
                self.push(&id, &de, &en, Some(node));
            }
        }
    }

    fn of_list(dim: Dim, list: code::Name) -> Self {
        let mut tree = Self::new(dim);
        tree.grow(&list.list().entries, "", 0, false);
        tree
    }

    /// The nodes, in the order of their numbers.
    #[must_use]
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The number of a code.
    #[must_use]
    pub fn node(&self, id: &str) -> Option<u16> {
        let at = self.codes.iter().position(|code| code.id == id)?;
        u16::try_from(at).ok()
    }

    /// A node itself and everything above it up to the total.
    #[must_use]
    pub fn chain(&self, node: u16) -> &[u16] {
        self.chains
            .get(usize::from(node))
            .map_or(&[], Vec::as_slice)
    }

    /// The nodes directly below a node.
    pub fn children(&self, node: u16) -> impl Iterator<Item = u16> + '_ {
        let numbered = (0_u16..).zip(&self.codes);
        numbered
            .filter(move |(_, code)| code.parent == Some(node))
            .map(|(child, _)| child)
    }

    /// The leaf where something with this code is counted: an inner node's own rest, else `_X`.
    pub(crate) fn leaf(&self, id: &str) -> u16 {
        let settled = |id: &str| {
            self.node(id)
                .filter(|node| self.children(*node).next().is_none())
        };
        settled(id)
            .or_else(|| settled(&format!("{id}_X")))
            .or_else(|| settled(UNKNOWN))
            .unwrap_or(0)
    }
}

/// The code of an age in years.
#[must_use]
pub fn age_code(age: i16) -> &'static str {
    match age {
        ..18 => "Y_LT18",
        18..25 => "Y18T24",
        25..35 => "Y25T34",
        35..50 => "Y35T49",
        50..65 => "Y50T64",
        65.. => "Y_GE65",
    }
}

/// The code of an offer's level.
#[must_use]
pub fn level_code(facts: &OfferFacts) -> &'static str {
    match (facts.cefr.as_bytes().first(), facts.dqr) {
        (Some(b'A'), _) => "CEFR_A",
        (Some(b'B'), _) => "CEFR_B",
        (Some(b'C'), _) => "CEFR_C",
        (_, Some(1 | 2)) => "DQR_1_2",
        (_, Some(3 | 4)) => "DQR_3_4",
        (_, Some(5..=8)) => "DQR_5_8",
        _ => UNKNOWN,
    }
}
