//! What is answered.

use calluna_model::id::ProviderId;
use jiff::civil::Date;

use crate::query::{Facet, QueryFault};

/// What the search has to know and does not know by itself: it has no clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Today, where the district is: runs that ended before are over.
    pub today: Date,
    /// Seed of the shuffle that orders equal hits; the same all day, so that pages fit together.
    pub shuffle: u64,
}

impl Asking {
    /// On this day, with the shuffle of this day.
    #[must_use]
    pub fn on(today: Date) -> Self {
        let (year, month, day) = (today.year(), today.month(), today.day());
        let seed = blake3::hash(format!("shuffle {year}-{month}-{day}").as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&seed.as_bytes()[..8]);
        Self {
            today,
            shuffle: u64::from_le_bytes(first),
        }
    }
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The place is in no list; these are written nearly like it.
    #[error("the place `{place}` is not known here")]
    UnknownPlace {
        /// As asked.
        place: String,
        /// Places that may be meant.
        similar: Vec<String>,
    },
    /// The question breaks a limit that [`crate::query::Query::read`] would have refused.
    #[error(transparent)]
    Fault(#[from] QueryFault),
    /// The index cannot be read.
    #[error("the search index cannot be read")]
    Index(#[from] tantivy::TantivyError),
}

/// Why an offer is among the hits: written for people as "Gefunden wegen: ...".
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// A word of the question stands in this field, as the offer writes it.
    Word {
        /// `title`, `subject`, `summary`, `description`, `keyword`, `place`, `provider`, or `fact`: what the offer
        /// says with a code, such as its format, day of the week, price or funding.
        field: &'static str,
        /// As the offer writes it.
        word: String,
    },
    /// A word that means the same stands there.
    Synonym {
        /// The word of the question.
        asked: String,
        /// As the offer writes it.
        word: String,
    },
    /// A word of the question is a part of this one, or the other way round.
    Part {
        /// As the offer writes it.
        word: String,
    },
    /// A word that is written nearly like the one of the question.
    Similar {
        /// The word of the question.
        asked: String,
        /// As the offer writes it.
        word: String,
    },
    /// A venue lies near the place that was asked for.
    Near {
        /// Its town.
        place: String,
        /// Kilometres, as the crow flies.
        km: f64,
    },
    /// It is what was chosen in this facet.
    Chosen {
        /// The facet.
        facet: Facet,
        /// The value.
        value: String,
    },
}

/// One hit.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Whose offer.
    pub provider: ProviderId,
    /// Its id.
    pub offer: String,
    /// Why it is here.
    pub why: Vec<Why>,
    /// Kilometres to the nearest venue, where a place was asked for.
    pub distance_km: Option<f64>,
    /// The same offer of others, folded into this hit.
    pub same: Vec<(ProviderId, String)>,
}

/// How many hits there would be with a value of a facet (and everything else as chosen).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The value.
    pub value: String,
    /// How many.
    pub offers: u64,
}

/// The answer to a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// How many hits in all.
    pub total: u64,
    /// This page of them.
    pub hits: Vec<Hit>,
    /// Every facet with its counts: of each facet as if nothing were chosen in it.
    pub facets: Vec<(Facet, Vec<Count>)>,
    /// A better spelling, where hardly anything was found.
    pub did_you_mean: Option<String>,
}

/// A completion of what is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The whole line, with the last word completed.
    pub text: String,
    /// In how many offers the completed word stands.
    pub offers: u64,
}

/// The catalogue in figures, of everything that is not over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Offers in the index, those that are over among them.
    pub offers: u64,
    /// Offers that are not over; the same offer of several counts once.
    pub current: u64,
    /// Providers that have offers.
    pub providers: u64,
    /// Current offers by the value of each facet.
    pub facets: Vec<(Facet, Vec<Count>)>,
    /// Different words in the index.
    pub words: u64,
}
