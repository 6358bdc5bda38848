//! What the interface is given by whoever serves it.

use std::fmt;
use std::sync::Arc;

use calluna_catalogue::reader::Reader;
use calluna_model::clock::{Clock, Moment};
use calluna_search::answer::{Answer, SearchError, Statistics, Suggestion};
use calluna_search::query::Query;

use crate::settings::Settings;

/// Everything that the interface needs.
#[derive(Clone, Debug)]
pub struct Api {
    /// The catalogue.
    pub reader: Arc<dyn Reader>,
    /// The search over it.
    pub find: Arc<dyn Find>,
    /// What the operator sets.
    pub settings: Settings,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What the interface asks of the search, as things stand at a moment. Calls block.
pub trait Find: Send + Sync + fmt::Debug {
    /// Answers a question.
    ///
    /// # Errors
    /// When it cannot be answered.
    fn search(&self, query: &Query, now: Moment) -> Result<Answer, SearchError>;

    /// How what is being typed may go on, best first.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError>;

    /// The catalogue in figures.
    ///
    /// # Errors
    /// When the index cannot be read.
    fn statistics(&self, now: Moment) -> Result<Statistics, SearchError>;
}
