//! Dimensions: what figures are broken down by. Each is a tree of codes, so that a table that
//! cannot be protected can be made coarser along it.
//!
//! Nodes are numbered from the root (`_T`, the total) downwards, a parent before its children.
//! The numbers depend on the region, the subjects and the code lists, never on the registrations.

use calluna_model::code;

use crate::offers::OfferFacts;
use crate::region::{OUTSIDE, Region, UNKNOWN};
use crate::subject::Subjects;

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
pub(crate) const DIMS: usize = Dim::ALL.len();

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

/// The tree of each dimension, in the order of [`Dim::ALL`].
pub(crate) fn trees(region: &Region, subjects: &Subjects) -> Vec<Dimension> {
    Dim::ALL
        .iter()
        .map(|dim| match dim {
            Dim::Subject => {
                let mut tree = Dimension::new(*dim);
                tree.grow(subjects.entries(), "", 0, true);
                tree.unknown();
                tree
            }
            Dim::Residence => residence(region),
            Dim::Sex => Dimension::of_list(*dim, code::SEX),
            Dim::Status => Dimension::of_list(*dim, code::REGISTRATION_STATUS),
            Dim::Funding => {
                let mut tree = Dimension::of_list(*dim, code::FUNDING);
                tree.push(
                    "_M",
                    "Mehrere Förderungen möglich",
                    "Several routes possible",
                    Some(0),
                );
                tree.push("_N", "Keine genannt", "None named", Some(0));
                tree.unknown();
                tree
            }
            other => {
                let mut tree = Dimension::of_list(*other, list(*other));
                tree.unknown();
                tree
            }
        })
        .collect()
}

fn list(dim: Dim) -> code::Name {
    match dim {
        Dim::Age => code::AGE_GROUP,
        Dim::Level => code::LEVEL_GROUP,
        Dim::Qualification => code::PRIOR_QUALIFICATION,
        Dim::Destination => code::DESTINATION,
        _ => code::FORMAT,
    }
}

/// Land (only where the region has several of its Kreise), Kreis, municipality.
fn residence(region: &Region) -> Dimension {
    let mut tree = Dimension::new(Dim::Residence);
    let mut entries: Vec<code::Entry> = Vec::new();
    let municipalities = region.municipalities();
    let mut kreise: Vec<(&str, &str)> = municipalities
        .iter()
        .filter_map(|known| Some((known.ags.get(..5)?, known.district.as_str())))
        .collect();
    kreise.dedup_by_key(|(key, _)| *key);
    let several = |land: &str| {
        kreise
            .iter()
            .filter(|(key, _)| key.starts_with(land))
            .count()
            > 1
    };
    let mut add = |code: &str, name: &str, parent: &str| {
        if !entries.iter().any(|entry| entry.code == code) {
            entries.push(code::Entry {
                code: code.to_owned(),
                de: name.to_owned(),
                en: name.to_owned(),
                parent: parent.to_owned(),
            });
        }
    };
    for (key, name) in &kreise {
        let land = key.get(..2).unwrap_or_default();
        let above = if several(land) { land } else { "" };
        if !above.is_empty() {
            add(land, &format!("Land {land}"), "");
        }
        add(key, name, above);
    }
    for known in municipalities {
        add(
            &known.ags,
            &known.name,
            known.ags.get(..5).unwrap_or_default(),
        );
    }
    tree.grow(&entries, "", 0, true);
    tree.push(
        OUTSIDE,
        "Außerhalb der Region",
        "Outside the region",
        Some(0),
    );
    tree.unknown();
    tree
}

/// The code of an age in years.
pub(crate) fn age_code(age: i16) -> &'static str {
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
pub(crate) fn level_code(facts: &OfferFacts) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Dimension> {
        trees(&Region::heidekreis().unwrap(), &Subjects::areas())
    }

    #[test]
    fn every_tree_has_one_root_parents_first_and_no_code_twice() {
        for (tree, dim) in all().iter().zip(Dim::ALL) {
            assert_eq!(tree.dim, dim);
            assert!(tree.codes().len() > 2, "{dim:?}");
            for (at, code) in tree.codes().iter().enumerate() {
                assert_eq!(code.parent.is_none(), at == 0, "{dim:?} {}", code.id);
                assert!(code.parent.is_none_or(|parent| usize::from(parent) < at));
                assert_eq!(
                    tree.node(&code.id),
                    u16::try_from(at).ok(),
                    "{dim:?} {} stands twice",
                    code.id
                );
                assert_eq!(tree.chain(u16::try_from(at).unwrap()).last(), Some(&0));
            }
        }
    }

    #[test]
    fn what_is_known_in_part_is_counted_in_part() {
        let trees = all();
        let residence = &trees[Dim::Residence as usize];
        let up = |id: &str| -> Vec<&str> {
            let chain = residence.chain(residence.leaf(id));
            chain
                .iter()
                .map(|node| residence.codes()[usize::from(*node)].id.as_str())
                .collect()
        };
        assert_eq!(up("03358021"), ["03358021", "03358", "_T"]);
        assert_eq!(up("03358"), ["03358_X", "03358", "_T"]);
        assert_eq!(up("09999"), ["_X", "_T"]);
        for age in 0..=120 {
            assert!(trees[Dim::Age as usize].node(age_code(age)).is_some());
        }
    }

    #[test]
    fn a_region_of_several_districts_has_the_land_above_them() {
        let text = "ags,name,district,formerly\n03358021,Soltau,Heidekreis,\n03353036,Undeloh,Harburg,\n02000000,Hamburg,Hamburg,\n";
        let tree = residence(&Region::parse(text, "").unwrap());
        let ids: Vec<&str> = tree.codes().iter().map(|code| code.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "_T", "02000", "02000000", "02000_X", "03", "03353", "03353036", "03353_X",
                "03358", "03358021", "03358_X", "03_X", "_O", "_X"
            ]
        );
    }
}
