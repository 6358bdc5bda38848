//! Where participants live: from a postal code or a municipality key to a code of the residence dimension.
//!
//! A postal code is not a place: one of six in Germany belongs to several municipalities, and one
//! in the Heidekreis to six of them. So the town decides where the code alone does not, and what
//! stays open counts for the district, or as unknown; it is never guessed.

use std::collections::{BTreeMap, BTreeSet};

use calluna_tables::region::{InvalidRegion, OUTSIDE, Region, UNKNOWN, digits, rows};
use calluna_tabular::mapping::fold;

/// Postal codes and the municipalities that they reach, also beyond the region.
#[derive(Clone, Debug)]
pub struct PostalCodes {
    /// Postal code to (municipality, folded town).
    towns: BTreeMap<String, Vec<(String, String)>>,
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

impl PostalCodes {
    /// Those of the Landkreis Heidekreis, from the data file of this crate.
    ///
    /// # Errors
    /// Never with the file as it is; a test holds that.
    pub fn heidekreis() -> Result<Self, InvalidRegion> {
        Self::parse(include_str!("../data/postal_codes.csv"))
    }

    /// Reads CSV with the columns `postal_code,ags,town`. Lines that begin with `#` name source and licence.
    ///
    /// # Errors
    /// With line and rule.
    pub fn parse(text: &str) -> Result<Self, InvalidRegion> {
        let mut known = Self {
            towns: BTreeMap::new(),
        };
        for (line, row) in rows(text, "postal codes")? {
            let cell = |at: usize| row.get(at).unwrap_or_default().trim();
            let fault = |rule| InvalidRegion {
                file: "postal codes",
                line,
                rule,
            };
            let code = digits(cell(0), 5).ok_or(fault("`postal_code` has 5 digits"))?;
            let ags = digits(cell(1), 8).ok_or(fault("`ags` has 8 digits"))?;
            let towns = known.towns.entry(code).or_default();
            towns.push((ags, fold(cell(2))));
        }
        Ok(known)
    }

    /// The code of the residence dimension for a postal code and a town (which may be empty).
    pub(crate) fn find(&self, region: &Region, code: &str, town: &str) -> Residence {
        let code = code.trim();
        let code = code.strip_prefix("D-").unwrap_or(code);
        if code.is_empty() {
            return Residence::Unknown;
        }
        let Some(code) = digits(code, 5) else {
            return Residence::Bad;
        };
        let Some(towns) = self.towns.get(&code) else {
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
            .map(|(ags, _)| region.present(ags).unwrap_or(OUTSIDE))
            .collect();
        if found.len() != 1 {
            found = towns
                .iter()
                .map(|(ags, _)| region.present(ags).unwrap_or(OUTSIDE))
                .collect();
        }
        match (found.first(), found.len()) {
            (Some(only), 1) => Residence::Known((*only).to_owned()),
            _ => Residence::Ambiguous(in_common(&found)),
        }
    }
}

/// The code of the residence dimension for a municipality key.
pub(crate) fn by_ags(region: &Region, text: &str) -> Residence {
    let text = text.trim();
    if text.is_empty() {
        return Residence::Unknown;
    }
    // Spreadsheets take leading zeros away.
    let Some(ags) = digits(text, 8) else {
        return Residence::Bad;
    };
    Residence::Known(region.present(&ags).unwrap_or(OUTSIDE).to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn known(code: &str) -> Residence {
        Residence::Known(code.to_owned())
    }

    #[test]
    fn a_postal_code_is_a_place_only_where_it_is_one() {
        let region = Region::heidekreis().unwrap();
        let codes = PostalCodes::heidekreis().unwrap();
        assert_eq!(codes.find(&region, "29614", ""), known("03358021"));
        assert_eq!(codes.find(&region, "D-29614", "Soltau"), known("03358021"));
        let six = codes.find(&region, "29690", "");
        assert_eq!(six, Residence::Ambiguous("03358".to_owned()));
        assert_eq!(
            codes.find(&region, "29690", "Schwarmstedt-Bothmer"),
            known("03358020")
        );
        assert_eq!(codes.find(&region, "29690", "Buchholz"), known("03358005"));
        // 29640 reaches Undeloh in the next district: nothing is certain, not even the Kreis.
        assert_eq!(
            codes.find(&region, "29640", ""),
            Residence::Ambiguous("_X".to_owned())
        );
        assert_eq!(codes.find(&region, "29640", "Undeloh"), known("_O"));
        assert_eq!(codes.find(&region, "20095", "Hamburg"), known("_O"));
        assert_eq!(codes.find(&region, "4109", "Leipzig"), known("_O"));
        assert_eq!(codes.find(&region, "", "Soltau"), Residence::Unknown);
        assert_eq!(codes.find(&region, "Soltau", ""), Residence::Bad);
    }

    #[test]
    fn keys_survive_lost_zeros_and_mergers() {
        let region = Region::heidekreis().unwrap();
        assert_eq!(by_ags(&region, "3358021"), known("03358021"));
        assert_eq!(
            by_ags(&region, "03358004"),
            known("03358024"),
            "Bomlitz is Walsrode now"
        );
        assert_eq!(by_ags(&region, "03101000"), known("_O"));
        assert_eq!(by_ags(&region, "0335"), Residence::Bad);
    }
}
