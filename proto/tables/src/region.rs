//! The municipalities of which figures are shown. All nodes of a district use the same: the cells of
//! a table follow from it.

use std::collections::{BTreeMap, BTreeSet};

/// A municipality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Municipality {
    /// Amtlicher Gemeindeschlüssel, 8 digits.
    pub ags: String,
    /// Its name.
    pub name: String,
    /// Name of its Kreis.
    pub district: String,
}

/// The municipalities of a region, and the keys that they had before they were merged.
#[derive(Clone, Debug)]
pub struct Region {
    municipalities: Vec<Municipality>,
    /// Old key to the present one.
    formerly: BTreeMap<String, String>,
}

/// A data file of a region that cannot be used. It holds nothing about persons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {rule}")]
pub struct InvalidRegion {
    /// Which file.
    pub file: &'static str,
    /// The line, from 1; 0 for the whole file.
    pub line: u64,
    /// What it must hold.
    pub rule: &'static str,
}

/// Code for places outside the region.
pub const OUTSIDE: &str = "_O";
/// Code for what is not known.
pub const UNKNOWN: &str = "_X";

impl Region {
    /// The Landkreis Heidekreis, from the data file of this crate.
    ///
    /// # Errors
    /// Never with the file as it is; a test holds that.
    pub fn heidekreis() -> Result<Self, InvalidRegion> {
        Self::parse(include_str!("../data/municipalities.csv"))
    }

    /// Reads a region from CSV with the columns `ags,name,district,formerly`. Lines that begin with
    /// `#` name source and licence.
    ///
    /// # Errors
    /// With line and rule.
    pub fn parse(text: &str) -> Result<Self, InvalidRegion> {
        let mut region = Self {
            municipalities: Vec::new(),
            formerly: BTreeMap::new(),
        };
        let mut seen = BTreeSet::new();
        for (line, row) in rows(text, "municipalities")? {
            let cell = |at: usize| row.get(at).unwrap_or_default().trim();
            let fault = |rule| InvalidRegion {
                file: "municipalities",
                line,
                rule,
            };
            let ags = digits(cell(0), 8).ok_or(fault("`ags` has 8 digits"))?;
            if cell(1).is_empty() || cell(2).is_empty() {
                return Err(fault("`name` and `district` are required"));
            }
            if !seen.insert(ags.clone()) {
                return Err(fault("a municipality stands twice"));
            }
            for old in cell(3).split_whitespace() {
                let old = digits(old, 8).ok_or(fault("`formerly` holds keys of 8 digits"))?;
                region.formerly.insert(old, ags.clone());
            }
            region.municipalities.push(Municipality {
                ags,
                name: cell(1).to_owned(),
                district: cell(2).to_owned(),
            });
        }
        if region.municipalities.is_empty() {
            let rule = "at least one municipality is needed";
            return Err(InvalidRegion {
                file: "municipalities",
                line: 0,
                rule,
            });
        }
        region.municipalities.sort_by(|a, b| a.ags.cmp(&b.ags));
        Ok(region)
    }

    /// The municipalities, by key.
    #[must_use]
    pub fn municipalities(&self) -> &[Municipality] {
        &self.municipalities
    }

    /// Former keys, each with the present one.
    pub fn former(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.formerly.iter();
        pairs.map(|(old, present)| (old.as_str(), present.as_str()))
    }

    /// The present key of a municipality of the region, from that or a former one.
    #[must_use]
    pub fn present(&self, ags: &str) -> Option<&str> {
        let ags = self.formerly.get(ags).map_or(ags, String::as_str);
        let found = self.municipalities.iter().find(|known| known.ags == ags);
        found.map(|known| known.ags.as_str())
    }
}

/// Exactly `length` digits, with one leading zero restored: spreadsheets take it away.
#[must_use]
pub fn digits(text: &str, length: usize) -> Option<String> {
    let known = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        found if known && found == length => Some(text.to_owned()),
        found if known && found + 1 == length => Some(format!("0{text}")),
        _ => None,
    }
}

/// Rows with their line numbers.
pub type Rows = Vec<(u64, csv::StringRecord)>;

/// The rows of a data file, each with its line; lines that begin with `#` are comments.
///
/// # Errors
/// When it is not CSV with commas.
pub fn rows(text: &str, file: &'static str) -> Result<Rows, InvalidRegion> {
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut out = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| InvalidRegion {
            file,
            line: error.position().map_or(0, csv::Position::line),
            rule: "is not CSV with commas",
        })?;
        out.push((row.position().map_or(0, csv::Position::line), row));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_whole_and_keys_survive_mergers() {
        let region = Region::heidekreis().unwrap();
        assert_eq!(region.municipalities().len(), 23);
        assert_eq!(region.present("03358021"), Some("03358021"));
        assert_eq!(
            region.present("03358004"),
            Some("03358024"),
            "Bomlitz is Walsrode now"
        );
        assert_eq!(region.present("03101000"), None);
    }

    #[test]
    fn a_wrong_region_is_refused_with_its_line() {
        let head = "ags,name,district,formerly\n";
        let refused = |text: &str| Region::parse(&format!("{head}{text}")).unwrap_err();
        assert_eq!(refused("03358021,Soltau,Heidekreis,\n12,X,Y,\n").line, 3);
        assert_eq!(refused("").line, 0);
        assert!(
            refused("03358021,A,B,\n03358021,A,B,\n")
                .to_string()
                .contains("twice")
        );
    }
}
