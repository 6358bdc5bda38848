//! A release read again for people: every indicator with its words, and what the quality notes say, from the release's
//! own files alone. So an old release reads as it was written, whatever the program calls things today.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use serde::Deserialize;

use crate::about::Words;
use crate::error::{Error, Result, at, broken};
use crate::release::Releases;

/// An indicator as a release says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorText {
    /// Its id, such as `CAL-G3`.
    pub id: String,
    /// Its name.
    pub name: Words,
    /// What it is worked out from.
    pub formula: Words,
    /// Its unit.
    pub unit: Words,
    /// Where its definition comes from.
    pub source: String,
    /// Its values, as they stand in the file.
    pub values: Vec<ValueText>,
}

/// One value of an indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueText {
    /// Key of the district (5 digits) or the municipality (8 digits).
    pub area: String,
    /// Its name; empty where the release does not know one.
    pub area_name: String,
    /// Quarter, such as `2026-Q3`.
    pub period: String,
    /// Code and its words for each further dimension.
    pub dimensions: Vec<DimensionText>,
    /// The value.
    pub value: Said,
    /// Numerator in hundredths, where it is shown.
    pub numerator: Option<u64>,
    /// Denominator in hundredths, where there is one and it is shown.
    pub denominator: Option<u64>,
    /// Whether figures of the period may still change.
    pub provisional: bool,
    /// Source of the definition, and of the population where there is one.
    pub source: String,
}

/// A code of a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionText {
    /// What the dimension is.
    pub dimension: Words,
    /// The code.
    pub code: String,
    /// Its words.
    pub words: Words,
}

/// What is said of a value, in hundredths of its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The value.
    Value(u64),
    /// It lies between these; without the second nothing bounds it above.
    Between(u64, Option<u64>),
    /// It is not shown, so that nobody can be recognised.
    Hidden,
}

/// What the quality notes say of a provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProviderQuality {
    /// Its id.
    pub provider: String,
    /// Its name.
    pub name: String,
    /// When the hub last agreed with its node, RFC 3339 in UTC.
    pub agreed: Option<String>,
    /// What it delivered.
    pub periods: Vec<PeriodQuality>,
    /// Periods of the release that it has nothing of.
    pub missing: Vec<String>,
}

/// What a provider delivered of a period.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PeriodQuality {
    /// The period.
    pub period: String,
    /// `provisional`, `final` or `correction`.
    pub kind: String,
    /// Persons whose registration is not in it yet, rounded to 10.
    pub waiting: u64,
    /// Tables of which something is left out because it could not be protected.
    pub coarsened: Vec<String>,
}

/// The quality notes of a release.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct QualityText {
    /// Every provider.
    pub providers: Vec<ProviderQuality>,
    /// What every reader should know.
    pub limits: Vec<Words>,
}

/// Words of a thing of the dictionary.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Entry {
    kind: String,
    #[serde(default)]
    within: String,
    name: String,
    de: String,
    en: String,
    #[serde(default)]
    unit_de: String,
    #[serde(default)]
    unit_en: String,
    #[serde(default)]
    source: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Row {
    indicator: String,
    ref_area: String,
    period: String,
    dimensions: String,
    numerator: String,
    denominator: String,
    value: String,
    lower: String,
    upper: String,
    source: String,
    obs_status: String,
}

/// Kind, where it belongs, name.
type Dictionary = HashMap<(String, String, String), Entry>;

/// Every indicator of a release, in the order of its file.
///
/// # Errors
/// When there is no such release, or one of its files cannot be read.
pub fn indicators(releases: &Releases, number: u64) -> Result<Vec<IndicatorText>> {
    let folder = existing(releases, number)?;
    let mut dictionary = Dictionary::new();
    each(&folder.join("dictionary.csv"), |entry: Entry| {
        let key = (entry.kind.clone(), entry.within.clone(), entry.name.clone());
        dictionary.insert(key, entry);
        Ok(())
    })?;
    let path = folder.join("indicators.csv");
    let mut out: Vec<IndicatorText> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    each(&path, |row: Row| {
        let place = *places.entry(row.indicator.clone()).or_insert_with(|| {
            out.push(named(&dictionary, &row.indicator));
            out.len() - 1
        });
        let value = value(&dictionary, row)
            .ok_or_else(|| broken(&path, "numbers with at most two decimals"))?;
        if let Some(indicator) = out.get_mut(place) {
            indicator.values.push(value);
        }
        Ok(())
    })?;
    Ok(out)
}

/// What the quality notes of a release say.
///
/// # Errors
/// As [`indicators`].
pub fn quality(releases: &Releases, number: u64) -> Result<QualityText> {
    let path = existing(releases, number)?.join("quality.json");
    let text = std::fs::read(&path).map_err(at(&path))?;
    serde_json::from_slice(&text).map_err(|error| broken(&path, error))
}

fn existing(releases: &Releases, number: u64) -> Result<std::path::PathBuf> {
    let folder = releases.folder(number);
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(Error::Missing { number })
    }
}

fn each<T: for<'de> Deserialize<'de>>(
    path: &Path,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let file = File::open(path).map_err(at(path))?;
    for row in csv::Reader::from_reader(file).into_deserialize() {
        take(row.map_err(|error| broken(path, error))?)?;
    }
    Ok(())
}

fn named(dictionary: &Dictionary, id: &str) -> IndicatorText {
    let entry = entry(dictionary, "indicator", "", id);
    // "Name. Formula", see `content/dictionary.rs`.
    let parts = |text: &str| {
        let (name, formula) = text.split_once(". ").unwrap_or((text, ""));
        (name.to_owned(), formula.to_owned())
    };
    let (de, formula_de) = parts(&entry.de);
    let (en, formula_en) = parts(&entry.en);
    IndicatorText {
        id: id.to_owned(),
        name: Words { de, en },
        formula: Words {
            de: formula_de,
            en: formula_en,
        },
        unit: Words {
            de: entry.unit_de,
            en: entry.unit_en,
        },
        source: entry.source,
        values: Vec::new(),
    }
}

/// The words of a thing; its name where the dictionary does not know it.
fn entry(dictionary: &Dictionary, kind: &str, within: &str, name: &str) -> Entry {
    let key = (kind.to_owned(), within.to_owned(), name.to_owned());
    let unknown = || Entry {
        de: name.to_owned(),
        en: name.to_owned(),
        ..Entry::default()
    };
    dictionary.get(&key).cloned().unwrap_or_else(unknown)
}

fn value(dictionary: &Dictionary, row: Row) -> Option<ValueText> {
    let words = |kind: &str, within: &str, name: &str| {
        let Entry { de, en, .. } = entry(dictionary, kind, within, name);
        Words { de, en }
    };
    let pairs = row
        .dimensions
        .split(';')
        .filter_map(|one| one.split_once('='));
    let dimensions = pairs.map(|(dim, code)| DimensionText {
        dimension: words("dimension", "", dim),
        code: code.to_owned(),
        words: words("code", dim, code),
    });
    let key = (
        "code".to_owned(),
        "REF_AREA".to_owned(),
        row.ref_area.clone(),
    );
    let said = match (hundredths(&row.value)?, hundredths(&row.lower)?) {
        (Some(value), _) => Said::Value(value),
        (None, Some(lower)) => Said::Between(lower, hundredths(&row.upper)?),
        (None, None) => Said::Hidden,
    };
    Some(ValueText {
        area_name: dictionary
            .get(&key)
            .map(|entry| entry.de.clone())
            .unwrap_or_default(),
        dimensions: dimensions.collect(),
        value: said,
        numerator: hundredths(&row.numerator)?,
        denominator: hundredths(&row.denominator)?,
        provisional: row.obs_status == "P",
        area: row.ref_area,
        period: row.period,
        source: row.source,
    })
}

/// `44.5` is 4450; nothing at all is nothing; the outer nothing is no number.
fn hundredths(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 2 {
        return None;
    }
    let rest: u64 = format!("{rest:0<2}").parse().ok()?;
    let whole: u64 = whole.parse().ok()?;
    Some(Some(whole.checked_mul(100)?.checked_add(rest)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_decimals() {
        assert_eq!(hundredths(""), Some(None));
        assert_eq!(hundredths("44.5"), Some(Some(4_450)));
        assert_eq!(hundredths("7"), Some(Some(700)));
        assert_eq!(hundredths("0.07"), Some(Some(7)));
        for wrong in ["1.234", "x", "-1", "1.-2", "99999999999999999999"] {
            assert_eq!(hundredths(wrong), None, "{wrong}");
        }
    }
}
