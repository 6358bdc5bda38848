//! `[dataset]`: the monitoring dataset and who publishes it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[dataset]`: releases of the monitoring dataset.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatasetConfig {
    /// Whether a release is made after each night over all providers, where anything is new.
    pub nightly: bool,
    /// Title, in German.
    pub title_de: String,
    /// Title, in English.
    pub title_en: String,
    /// The office that publishes; empty: the district by its name.
    pub publisher: String,
    /// Its page.
    pub publisher_url: String,
    /// Its role mailbox for questions; never a person's.
    pub email: String,
    /// Address below which releases are served, without `/` at the end.
    pub base_url: String,
    /// Key of the Kreis, 5 digits.
    pub district: String,
    /// `dcatde:contributorID`, once GovData or the state's portal has given one.
    pub contributor_id: String,
    /// Residents by area and age (CSV: area,age,population, with lines `# source:`, `# licence:`, `# base:` and
    /// `# date:`), used before the program's own; relative to the data directory.
    pub population_file: PathBuf,
}

impl Default for DatasetConfig {
    fn default() -> Self {
        Self {
            nightly: true,
            title_de: "Bildungsmonitoring".to_owned(),
            title_en: "Education monitoring".to_owned(),
            publisher: String::new(),
            publisher_url: String::new(),
            email: String::new(),
            base_url: "https://hub.example/daten".to_owned(),
            district: "03358".to_owned(),
            contributor_id: String::new(),
            population_file: PathBuf::new(),
        }
    }
}
