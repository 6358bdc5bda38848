//! `[figures]`: what participation figures must keep to, and what their tables are.

use std::path::PathBuf;

use calluna_tables::Rules;
use serde::{Deserialize, Serialize};

/// `[figures]`: the district's rules. Nodes may be stricter, never weaker.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct FiguresConfig {
    /// A number of fewer persons is hidden; at least 3.
    pub threshold: u32,
    /// The same in sensitive subjects; at least `threshold`.
    pub sensitive_threshold: u32,
    /// Sensitive codes of the subject dimension.
    pub sensitive: Vec<String>,
    /// Between two revisions every number changes by nobody or by at least so many persons; at least 3.
    pub batch: u32,
    /// Municipalities of the region; empty: the Landkreis Heidekreis. Every node needs the same file.
    pub municipalities_file: PathBuf,
    /// Subject fields below the seven areas; empty: the areas alone. Every node needs the same file.
    pub subjects_file: PathBuf,
    /// Linear programs that the proof of one period of one provider may take.
    pub proof_solves: usize,
    /// Seconds that it may take; what is not proved then is refused, and tried again the next night.
    pub proof_seconds: u64,
}

impl Default for FiguresConfig {
    fn default() -> Self {
        let rules = Rules::default();
        Self {
            threshold: rules.threshold,
            sensitive_threshold: rules.sensitive_threshold,
            sensitive: rules.sensitive,
            batch: rules.batch,
            municipalities_file: PathBuf::new(),
            subjects_file: PathBuf::new(),
            proof_solves: 50_000,
            proof_seconds: 60,
        }
    }
}

impl FiguresConfig {
    /// The weakest rules that are accepted.
    #[must_use]
    pub fn least(&self) -> Rules {
        Rules {
            threshold: self.threshold,
            sensitive_threshold: self.sensitive_threshold,
            sensitive: self.sensitive.clone(),
            batch: self.batch,
        }
    }
}
