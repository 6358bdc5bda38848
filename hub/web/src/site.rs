//! What the pages are given by whoever serves them.

use std::fmt;
use std::sync::Arc;

use calluna_catalogue::reader::Reader;
use calluna_model::clock::Clock;
use calluna_search::answer::{Answer, Asking, Hit, SearchError, Suggestion};
use calluna_search::index::Index;
use calluna_search::query::Query;

use crate::map::Map;
use crate::monitor::Monitor;
use crate::settings::Settings;

/// Everything that the pages need.
#[derive(Clone, Debug)]
pub struct Site {
    /// The catalogue.
    pub reader: Arc<dyn Reader>,
    /// The search over it.
    pub search: Arc<dyn Search>,
    /// What the operator says of itself.
    pub settings: Settings,
    /// The municipalities of the district.
    pub map: Map,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Files that others may take, for the page `/daten`: exports and releases of the dataset.
    pub downloads: Vec<Download>,
    /// Releases of the monitoring dataset; nothing for a hub that makes none.
    pub monitor: Option<Monitor>,
}

/// A file that others may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// What it is, in the words of its format.
    pub name: String,
    /// Its address; one of ours begins with `/`.
    pub href: String,
    /// Its media type.
    pub media: String,
}

/// What the pages ask of a search: [`Index`] answers it, and so does a list in a test. Calls block.
pub trait Search: Send + Sync + fmt::Debug {
    /// Answers a question.
    ///
    /// # Errors
    /// When it cannot be answered.
    fn search(&self, query: &Query, asking: &Asking) -> Result<Answer, SearchError>;

    /// Completes the last word of what is being typed.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError>;

    /// Offers like that text.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn similar(&self, text: &str, limit: usize, asking: &Asking) -> Result<Vec<Hit>, SearchError>;
}

impl Search for Index {
    fn search(&self, query: &Query, asking: &Asking) -> Result<Answer, SearchError> {
        Self::search(self, query, asking)
    }

    fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError> {
        Self::suggest(self, typed, limit)
    }

    fn similar(&self, text: &str, limit: usize, asking: &Asking) -> Result<Vec<Hit>, SearchError> {
        Self::similar(self, text, limit, asking)
    }
}
