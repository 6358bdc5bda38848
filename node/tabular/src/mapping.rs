//! Which column holds what: a TOML file, or a guess from the header.

use std::collections::BTreeMap;

use calluna_model::text::Language;
use serde::Deserialize;

/// A column mapping.
///
/// ```toml
/// sheet = "Angebote"            # which sheet of a workbook; the first one with content otherwise
/// [columns]
/// title = "Kursbezeichnung"
/// description = ["Inhalt", "Hinweise"]   # several columns are joined, each as a paragraph
/// [defaults]
/// format = "in-person"          # for every row whose cell is empty
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Name of the sheet; nothing means the first one with content.
    pub sheet: Option<String>,
    /// Target field to the names of its columns.
    #[serde(deserialize_with = "one_or_many")]
    pub columns: BTreeMap<String, Vec<String>>,
    /// Target field to the value that stands in for an empty cell.
    pub defaults: BTreeMap<String, String>,
}

/// A mapping file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message(Language::En))]
pub struct InvalidMapping {
    /// Line (from 1) of the first fault, 0 when not known.
    pub line: usize,
    /// What the reader of TOML says, in English.
    pub reason: String,
}

impl InvalidMapping {
    /// What is wrong and what to do, in words.
    #[must_use]
    pub fn message(&self, language: Language) -> String {
        let Self { line, reason } = self;
        match language {
            Language::De => format!(
                "Zuordnungsdatei, Zeile {line}: {reason} → erlaubt sind `sheet`, `[columns]` und `[defaults]`"
            ),
            Language::En => format!(
                "mapping file, line {line}: {reason} → allowed are `sheet`, `[columns]` and `[defaults]`"
            ),
        }
    }
}

impl Mapping {
    /// Reads a mapping from TOML.
    ///
    /// # Errors
    /// With line and reason; a key that is not known is refused.
    pub fn from_toml(text: &str) -> Result<Self, InvalidMapping> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(0, |before| before.matches('\n').count() + 1);
            InvalidMapping {
                line,
                reason: error.message().to_owned(),
            }
        })
    }

    /// Guesses a mapping: each column goes to the target one of whose `known` names is its name,
    /// however it is written (case, umlauts, blanks and punctuation do not count).
    ///
    /// A column goes to one target only; of several columns with the same target, all are taken
    /// in the order of the header.
    #[must_use]
    pub fn guess(header: &[String], known: &[(&str, &[&str])]) -> Self {
        let mut columns: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for column in header.iter().filter(|column| !column.is_empty()) {
            let folded = fold(column);
            let target = known
                .iter()
                .find(|(_, names)| names.iter().any(|name| fold(name) == folded));
            if let Some((target, _)) = target {
                let taken = columns.entry((*target).to_owned()).or_default();
                if !taken.contains(column) {
                    taken.push(column.clone());
                }
            }
        }
        Self {
            columns,
            ..Self::default()
        }
    }

    /// This mapping, with what it does not say taken from `other`. A column that this mapping
    /// uses for one target is not also used for another.
    #[must_use]
    pub fn or(&self, other: Self) -> Self {
        let mut merged = self.clone();
        let used: Vec<String> = self
            .columns
            .values()
            .flatten()
            .map(|name| fold(name))
            .collect();
        for (target, mut names) in other.columns {
            names.retain(|name| !used.contains(&fold(name)));
            if !names.is_empty() {
                merged.columns.entry(target).or_insert(names);
            }
        }
        for (target, value) in other.defaults {
            merged.defaults.entry(target).or_insert(value);
        }
        merged
    }

    /// The positions of the columns of `target` in `header`, in the order of the mapping.
    #[must_use]
    pub fn positions(&self, target: &str, header: &[String]) -> Vec<usize> {
        let names = self
            .columns
            .get(target)
            .map(Vec::as_slice)
            .unwrap_or_default();
        names
            .iter()
            .flat_map(|name| {
                let exact = header.iter().position(|column| column == name);
                let folded = fold(name);
                exact.or_else(|| header.iter().position(|column| fold(column) == folded))
            })
            .collect()
    }
}

/// A column name with everything removed that people write differently: case, umlauts and ß
/// spelt out, blanks and punctuation.
#[must_use]
pub fn fold(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' => out.push_str("ae"),
            'ö' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            // A combining diaeresis: the vowel before it was an umlaut.
            '\u{308}' => out.push('e'),
            c if c.is_alphanumeric() => out.push(c),
            _ => {}
        }
    }
    out
}

fn one_or_many<'de, D>(deserializer: D) -> Result<BTreeMap<String, Vec<String>>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        One(String),
        Many(Vec<String>),
    }
    let read = BTreeMap::<String, Names>::deserialize(deserializer)?;
    let flat = |names| match names {
        Names::One(name) => vec![name],
        Names::Many(names) => names,
    };
    Ok(read
        .into_iter()
        .map(|(target, names)| (target, flat(names)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_header_is_recognised_however_it_is_written() {
        let known: &[(&str, &[&str])] = &[("title", &["Kurstitel"]), ("fee", &["Gebühr"])];
        let header = header(&["GEBUEHR", "kurs-titel", "Farbe"]);
        let guess = Mapping::guess(&header, known);
        assert_eq!(guess.positions("fee", &header), [0]);
        assert_eq!(guess.positions("title", &header), [1]);
        assert_eq!(guess.columns.len(), 2);
        assert_eq!(fold("Gebu\u{308}hr"), fold("Gebühr"));
    }

    #[test]
    fn what_the_file_says_wins_over_the_guess() {
        let file = Mapping::from_toml("[columns]\ntitle = 'Name'\ntext = ['A', 'B']\n").unwrap();
        let header = header(&["Name", "Titel", "B", "A"]);
        let guess = Mapping::guess(&header, &[("title", &["Titel"]), ("name", &["Name"])]);
        let merged = file.or(guess);
        assert_eq!(merged.positions("title", &header), [0]);
        assert_eq!(merged.positions("text", &header), [3, 2]);
        assert!(merged.positions("name", &header).is_empty());
    }

    #[test]
    fn a_key_that_is_not_known_is_refused_with_its_line() {
        let refused =
            Mapping::from_toml("[columns]\ntitle = 'A'\n[default]\nx = '1'\n").unwrap_err();
        assert!(
            refused.line == 3 && refused.reason.contains("default"),
            "{refused}"
        );
    }
}
