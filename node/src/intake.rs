//! From files to candidates: the way that the command and the drop folder share.

use std::path::Path;

use calluna_host::out::safe;
use calluna_import::{ImportError, Mapping, Options};
use calluna_model::finding::Finding;
use calluna_model::limit;
use calluna_model::text::Language;
use serde::{Deserialize, Serialize};

use crate::publish::{Candidate, Terms};
use crate::store::SourceFile;

/// What one file held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Its name, without its folder.
    pub file: String,
    /// The format that read it.
    pub format: String,
    /// Records in it.
    pub read: u64,
    /// Records that were refused.
    pub refused: u64,
    /// Why they were refused.
    pub findings: Vec<Finding>,
    /// What was taken, but changed or doubtful.
    pub warnings: Vec<Finding>,
}

/// What some files held together.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// One report for each file.
    pub files: Vec<FileReport>,
    /// The offers that can be published; of several with one id, the first.
    pub offers: Vec<Candidate>,
}

/// How files are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'a> {
    /// Name of the format; nothing means to find it out.
    pub format: Option<&'a str>,
    /// Which column holds what.
    pub mapping: Option<&'a Mapping>,
    /// In a catalogue of several providers, take only the offers under this name.
    pub only: Option<&'a str>,
}

/// Reads the file at `path` that says which column holds what.
///
/// # Errors
/// A sentence in `language` when it cannot be read or says what there is not.
pub fn mapping_in(path: &Path, language: Language) -> Result<Mapping, String> {
    let shown = safe(&path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|error| match language {
        Language::De => format!(
            "die Zuordnungsdatei {shown} lässt sich nicht lesen ({error}); bitte den Pfad prüfen"
        ),
        Language::En => {
            format!("the mapping file {shown} cannot be read ({error}); check the path")
        }
    })?;
    Mapping::from_toml(&text).map_err(|error| format!("{shown}: {}", error.message(language)))
}

impl Intake {
    /// Reads one more file.
    ///
    /// # Errors
    /// When the file is refused as a whole; nothing of it was taken then.
    pub fn add(&mut self, path: &Path, reading: &Reading<'_>) -> Result<(), ImportError> {
        let options = Options {
            mapping: reading.mapping,
            provider_name: reading.only,
        };
        let imported = calluna_import::read_file(path, reading.format, &options)?;
        let mut report = FileReport {
            file: path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            format: imported.format.to_owned(),
            read: imported.read,
            refused: imported.refused_records,
            findings: imported.refused,
            warnings: imported.warnings,
        };
        let mut seen: std::collections::HashSet<String> = self
            .offers
            .iter()
            .map(|offer| offer.id().to_string())
            .collect();
        for offer in imported.offers {
            let candidate = Candidate::of(&offer);
            if let Some(finding) = refusal(&candidate, &seen, &report.file) {
                report.refused += 1;
                report.findings.push(finding);
            } else {
                seen.insert(candidate.id().to_string());
                self.offers.push(candidate);
            }
        }
        self.files.push(report);
        Ok(())
    }

    /// How many records were refused in all files.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.files.iter().map(|file| file.refused).sum()
    }

    /// The terms of a publication of these files.
    #[must_use]
    pub fn terms(&self, replace: bool) -> Terms {
        let findings = self.files.iter().flat_map(|file| &file.findings);
        let sources = self.files.iter().map(|file| SourceFile {
            file: file.file.clone(),
            format: file.format.clone(),
            read: file.read,
            refused: file.refused,
        });
        Terms {
            replace,
            keep: findings
                .map(|finding| finding.record.clone())
                .filter(|id| !id.is_empty())
                .collect(),
            sources: sources.collect(),
            ..Terms::default()
        }
    }
}

fn refusal(
    candidate: &Candidate,
    seen: &std::collections::HashSet<String>,
    file: &str,
) -> Option<Finding> {
    let id = candidate.id().as_str();
    let size = candidate.record().len();
    if seen.contains(id) {
        return Some(
            Finding::new("id", "duplicate-offer")
                .value(id)
                .of(id)
                .at(file),
        );
    }
    let too_large = || {
        Finding::new("", "too-large")
            .value(&size.to_string())
            .limit(limit::RECORD_BYTES)
    };
    (size > limit::RECORD_BYTES).then(|| too_large().of(id).at(file))
}
