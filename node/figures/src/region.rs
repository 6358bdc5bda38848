//! Where participants live: municipalities, and which of them a postal code reaches.
//!
//! A postal code is not a place: one of six in Germany belongs to several municipalities, and one
//! in the Heidekreis to six of them. So the town decides where the code alone does not, and what
//! stays open counts for the district, or as unknown; it is never guessed.

use std::collections::{BTreeMap, BTreeSet};

use calluna_tabular::mapping::fold;

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

/// The municipalities of which figures are shown, and the postal codes that reach them. All nodes
/// of a district use the same: the cells of a table follow from it.
#[derive(Clone, Debug)]
pub struct Region {
    municipalities: Vec<Municipality>,
    /// Old key to the present one.
    formerly: BTreeMap<String, String>,
    /// Postal code to (municipality, folded town); municipalities outside the region included.
    postal_codes: BTreeMap<String, Vec<(String, String)>>,
}

/// A data file of a region that cannot be used. It holds nothing about persons.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {rule}")]
pub struct InvalidRegion {
    /// Which of the two files.
    pub file: &'static str,
    /// The line, from 1; 0 for the whole file.
    pub line: u64,
    /// What it must hold.
    pub rule: &'static str,
}

/// Where somebody lives, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Residence {
    /// A code of the residence dimension: a municipality, a Kreis, `_O` (outside the region).
    Known(String),
    /// Several municipalities; the code is what they have in common, a Kreis or `_X`.
    Ambiguous(String),
    /// Nothing was said.
    Unknown,
    /// What was said is no postal code and no municipality.
    Bad,
}

/// Code for places outside the region.
pub(crate) const OUTSIDE: &str = "_O";
/// Code for what is not known.
pub(crate) const UNKNOWN: &str = "_X";

impl Region {
    /// The Landkreis Heidekreis, from the data files of this crate.
    ///
    /// # Errors
    /// Never with the files as they are; a test holds that.
    pub fn heidekreis() -> Result<Self, InvalidRegion> {
        Self::parse(
            include_str!("../data/municipalities.csv"),
            include_str!("../data/postal_codes.csv"),
        )
    }

    /// Reads a region from two CSV files: `ags,name,district,formerly` and
    /// `postal_code,ags,town`. Lines that begin with `#` name source and licence.
    ///
    /// # Errors
    /// With file, line and rule.
    pub fn parse(municipalities: &str, postal_codes: &str) -> Result<Self, InvalidRegion> {
        let mut region = Self {
            municipalities: Vec::new(),
            formerly: BTreeMap::new(),
            postal_codes: BTreeMap::new(),
        };
        let mut seen = BTreeSet::new();
        for (line, row) in rows(municipalities, "municipalities")? {
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
        for (line, row) in rows(postal_codes, "postal codes")? {
            let cell = |at: usize| row.get(at).unwrap_or_default().trim();
            let fault = |rule| InvalidRegion {
                file: "postal codes",
                line,
                rule,
            };
            let code = digits(cell(0), 5).ok_or(fault("`postal_code` has 5 digits"))?;
            let ags = digits(cell(1), 8).ok_or(fault("`ags` has 8 digits"))?;
            let towns = region.postal_codes.entry(code).or_default();
            towns.push((ags, fold(cell(2))));
        }
        Ok(region)
    }

    /// The municipalities, by key.
    #[must_use]
    pub fn municipalities(&self) -> &[Municipality] {
        &self.municipalities
    }

    fn present(&self, ags: &str) -> Option<&str> {
        let ags = self.formerly.get(ags).map_or(ags, String::as_str);
        let found = self.municipalities.iter().find(|known| known.ags == ags);
        found.map(|known| known.ags.as_str())
    }

    /// The code of the residence dimension for a municipality key.
    pub(crate) fn by_ags(&self, text: &str) -> Residence {
        let text = text.trim();
        if text.is_empty() {
            return Residence::Unknown;
        }
        // Spreadsheets take leading zeros away.
        let Some(ags) = digits(text, 8) else {
            return Residence::Bad;
        };
        Residence::Known(self.present(&ags).unwrap_or(OUTSIDE).to_owned())
    }

    /// The code of the residence dimension for a postal code and a town (which may be empty).
    pub(crate) fn by_postal_code(&self, code: &str, town: &str) -> Residence {
        let code = code.trim();
        let code = code.strip_prefix("D-").unwrap_or(code);
        if code.is_empty() {
            return Residence::Unknown;
        }
        let Some(code) = digits(code, 5) else {
            return Residence::Bad;
        };
        let Some(towns) = self.postal_codes.get(&code) else {
            return Residence::Known(OUTSIDE.to_owned());
        };
        let wanted = zeroize::Zeroizing::new(fold(town));
        let fits = |name: &str| {
            !name.is_empty()
                && wanted.len() >= 4
                && (wanted.starts_with(name) || name.starts_with(wanted.as_str()))
        };
        let mut found: BTreeSet<&str> = towns
            .iter()
            .filter(|(_, name)| fits(name))
            .map(|(ags, _)| self.present(ags).unwrap_or(OUTSIDE))
            .collect();
        if found.len() != 1 {
            found = towns
                .iter()
                .map(|(ags, _)| self.present(ags).unwrap_or(OUTSIDE))
                .collect();
        }
        match (found.first(), found.len()) {
            (Some(only), 1) => Residence::Known((*only).to_owned()),
            _ => Residence::Ambiguous(in_common(&found)),
        }
    }
}

/// The Kreis that all have in common, else unknown.
fn in_common(found: &BTreeSet<&str>) -> String {
    let mut districts: BTreeSet<&str> = found
        .iter()
        .map(|ags| ags.get(..5).unwrap_or(UNKNOWN))
        .collect();
    match (districts.pop_first(), districts.len()) {
        (Some(district), 0) => district.to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

/// Exactly `length` digits, with one leading zero restored.
fn digits(text: &str, length: usize) -> Option<String> {
    let known = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        found if known && found == length => Some(text.to_owned()),
        found if known && found + 1 == length => Some(format!("0{text}")),
        _ => None,
    }
}

type Rows = Vec<(u64, csv::StringRecord)>;

fn rows(text: &str, file: &'static str) -> Result<Rows, InvalidRegion> {
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

    fn known(code: &str) -> Residence {
        Residence::Known(code.to_owned())
    }

    #[test]
    fn a_postal_code_is_a_place_only_where_it_is_one() {
        let region = Region::heidekreis().unwrap();
        assert_eq!(region.municipalities().len(), 23);
        assert_eq!(region.by_postal_code("29614", ""), known("03358021"));
        assert_eq!(
            region.by_postal_code("D-29614", "Soltau"),
            known("03358021")
        );
        let six = region.by_postal_code("29690", "");
        assert_eq!(six, Residence::Ambiguous("03358".to_owned()));
        assert_eq!(
            region.by_postal_code("29690", "Schwarmstedt-Bothmer"),
            known("03358020")
        );
        assert_eq!(
            region.by_postal_code("29690", "Buchholz"),
            known("03358005")
        );
        // 29640 reaches Undeloh in the next district: nothing is certain, not even the Kreis.
        assert_eq!(
            region.by_postal_code("29640", ""),
            Residence::Ambiguous("_X".to_owned())
        );
        assert_eq!(region.by_postal_code("29640", "Undeloh"), known("_O"));
        assert_eq!(region.by_postal_code("20095", "Hamburg"), known("_O"));
        assert_eq!(region.by_postal_code("4109", "Leipzig"), known("_O"));
        assert_eq!(region.by_postal_code("", "Soltau"), Residence::Unknown);
        assert_eq!(region.by_postal_code("Soltau", ""), Residence::Bad);
    }

    #[test]
    fn keys_survive_lost_zeros_and_mergers() {
        let region = Region::heidekreis().unwrap();
        assert_eq!(region.by_ags("3358021"), known("03358021"));
        assert_eq!(
            region.by_ags("03358004"),
            known("03358024"),
            "Bomlitz is Walsrode now"
        );
        assert_eq!(region.by_ags("03101000"), known("_O"));
        assert_eq!(region.by_ags("0335"), Residence::Bad);
    }

    #[test]
    fn a_wrong_region_is_refused_with_its_line() {
        let head = "ags,name,district,formerly\n";
        let refused = |text: &str| Region::parse(&format!("{head}{text}"), "").unwrap_err();
        assert_eq!(refused("03358021,Soltau,Heidekreis,\n12,X,Y,\n").line, 3);
        assert_eq!(refused("").line, 0);
        assert!(
            refused("03358021,A,B,\n03358021,A,B,\n")
                .to_string()
                .contains("twice")
        );
    }
}
