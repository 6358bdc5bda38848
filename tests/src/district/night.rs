//! How a night ended, as `sync` told it.

use calluna_model::outcome::Outcome;
use calluna_model::report::{NightReport, ProviderReport};

use crate::process::Ended;

/// How a night ended.
#[derive(Clone, Debug)]
pub struct Night {
    /// Exit code of `sync`.
    pub code: Option<i32>,
    /// Its report.
    pub report: NightReport,
    /// The whole answer, for messages.
    pub ended: Ended,
}

impl Night {
    /// Reads what `sync --format json` said.
    ///
    /// # Panics
    /// When it is not a report.
    #[must_use]
    #[track_caller]
    pub fn of(ended: Ended) -> Self {
        let report = serde_json::from_value(ended.json()).expect("sync prints a report");
        Self {
            code: ended.code,
            report,
            ended,
        }
    }

    /// One provider's line.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    #[track_caller]
    pub fn line(&self, provider: &str) -> &ProviderReport {
        let found = self
            .report
            .providers
            .iter()
            .find(|line| line.provider.as_str() == provider);
        found.unwrap_or_else(|| panic!("no line for {provider}: {:#?}", self.ended))
    }

    /// Fails the test unless the provider's night ended so; then its line.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn expect(&self, provider: &str, outcome: Outcome) -> &ProviderReport {
        let line = self.line(provider);
        assert_eq!(line.outcome, outcome, "{line:#?}\n{}", self.ended.stderr);
        // The exit code is derived from the outcomes, and from nothing else.
        let code = if self.report.clean() { 0 } else { 3 };
        assert_eq!(self.code, Some(code), "{:#?}", self.ended);
        line
    }
}
