//! What the pages are given by whoever serves them.

use std::fmt;
use std::sync::Arc;

use calluna_catalogue::reader::Reader;
use calluna_model::clock::{Clock, Moment};
use calluna_search::answer::Answer;
use calluna_search::query::Query;

use crate::map::Map;
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
}

/// What the pages ask of a search. Calls block.
pub trait Search: Send + Sync + fmt::Debug {
    /// Answers a question, as it stands on that moment.
    ///
    /// # Errors
    /// When it cannot be answered.
    fn search(&self, query: &Query, now: Moment) -> Result<Answer, SearchFault>;

    /// How a word that was begun may go on, best first; at most ten.
    fn suggest(&self, begun: &str) -> Vec<String>;
}

/// A question could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchFault {
    /// The question itself is wrong: in words, and what is known instead.
    #[error("{0}")]
    Question(String),
    /// The search cannot be used.
    #[error("the search cannot be used")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}
