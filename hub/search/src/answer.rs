//! What is answered.

use calluna_model::id::ProviderId;

use crate::query::Facet;

/// Why an offer is among the hits: written for people as "Gefunden wegen: ...".
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// A word of the question stands in this field, as the offer writes it.
    Word {
        /// `title`, `subject`, `summary`, `description`, `keyword`, `place`, `provider`.
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
