//! Code lists. Each is a data file in `proto/model/codes/` whose first lines name its source and
//! version; adding a list is one file and one line here.

use std::fmt;
use std::sync::LazyLock;

/// One code with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The code, as it stands in records.
    pub code: String,
    /// German words.
    pub de: String,
    /// English words.
    pub en: String,
    /// The code of the wider group in the same list; empty where there is none.
    pub parent: String,
}

/// A list of codes.
#[derive(Clone, Debug)]
pub struct List {
    /// Where it comes from.
    pub source: String,
    /// Which state of the source.
    pub version: String,
    /// The codes, in the order of the file.
    pub entries: Vec<Entry>,
}

/// The name of a code list: cheap to hand around, looked up once.
#[derive(Clone, Copy)]
pub struct Name {
    name: &'static str,
    list: &'static LazyLock<List>,
}

impl Name {
    /// The name, as it stands in messages and documentation.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.name
    }

    /// The list itself.
    #[must_use]
    pub fn list(self) -> &'static List {
        self.list
    }

    /// Whether the list has `code`.
    #[must_use]
    pub fn has(self, code: &str) -> bool {
        self.get(code).is_some()
    }

    /// The entry for `code`.
    #[must_use]
    pub fn get(self, code: &str) -> Option<&'static Entry> {
        self.list.entries.iter().find(|entry| entry.code == code)
    }

    /// Every code, in the order of the file.
    #[must_use]
    pub fn codes(self) -> Vec<&'static str> {
        self.list
            .entries
            .iter()
            .map(|entry| entry.code.as_str())
            .collect()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! lists {
    ($($(#[$doc:meta])* $constant:ident = $file:literal;)*) => {
        $(
            $(#[$doc])*
            pub const $constant: Name = {
                static LIST: LazyLock<List> =
                    LazyLock::new(|| parse(include_str!(concat!("../codes/", $file, ".csv"))));
                Name { name: $file, list: &LIST }
            };
        )*

        /// Every code list.
        pub const ALL: &[Name] = &[$($constant),*];
    };
}

lists! {
    /// Kinds of event.
    OFFER_KIND = "offer_kind";
    /// Classifications that a subject may come from.
    SUBJECT_SCHEME = "subject_scheme";
    /// Programmbereiche of the Volkshochschulen (first digit of a `dvv` subject code).
    DVV_AREA = "dvv_area";
    /// Language levels of the Common European Framework of Reference.
    CEFR = "cefr";
    /// General qualifications that are asked for or given.
    QUALIFICATION = "qualification";
    /// Ways of taking part.
    FORMAT = "format";
    /// Funding routes.
    FUNDING = "funding";
    /// Accessibility features.
    ACCESSIBILITY = "accessibility";
    /// Whether one can still get in.
    AVAILABILITY = "availability";
    /// Whether a run takes place.
    RUN_STATUS = "run_status";
    /// Age bands and their wider groups.
    AGE_GROUP = "age_group";
    /// Sex, as figures show it.
    SEX = "sex";
    /// How far a registration got, least first.
    REGISTRATION_STATUS = "registration_status";
    /// Levels of offers on two scales, in groups wide enough for figures.
    LEVEL_GROUP = "level_group";
    /// Highest qualification of a participant before.
    PRIOR_QUALIFICATION = "prior_qualification";
    /// What a participant goes on to.
    DESTINATION = "destination";
}

/// Reads a list. A broken file of our own shows as an empty list, which the test below refuses.
fn parse(text: &str) -> List {
    let note = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default().trim().to_owned()
    };
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let entries = reader
        .records()
        .filter_map(Result::ok)
        .map(|row| {
            let cell = |index| row.get(index).unwrap_or_default().to_owned();
            Entry {
                code: cell(0),
                de: cell(1),
                en: cell(2),
                parent: cell(3),
            }
        })
        .collect();
    List {
        source: note("# source:"),
        version: note("# version:"),
        entries,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_whole_and_says_where_it_comes_from() {
        for name in ALL {
            let list = name.list();
            assert!(
                !list.source.is_empty() && !list.version.is_empty(),
                "{name:?}"
            );
            assert!(list.entries.len() > 1, "{name:?}");
            let mut codes = name.codes();
            codes.sort_unstable();
            codes.dedup();
            assert_eq!(codes.len(), list.entries.len(), "{name:?} has a code twice");
            for entry in &list.entries {
                assert!(
                    !entry.de.is_empty() && !entry.en.is_empty(),
                    "{name:?} {}",
                    entry.code
                );
                assert!(
                    entry.parent.is_empty() || name.has(&entry.parent),
                    "{name:?} {}: its group is not in the list",
                    entry.code
                );
            }
        }
    }
}
