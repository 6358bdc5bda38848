//! What the tables take from an offer.

use calluna_model::offer::Offer;
use serde::{Deserialize, Serialize};

/// What figures need to know of an offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OfferFacts {
    /// Its `dvv-2.0` subject code, such as `4.06`; empty when it has none.
    pub subject: String,
    /// Code list `format`; empty when not known.
    pub format: String,
    /// Code list `cefr`; empty when it has no language level.
    pub cefr: String,
    /// Level of the Deutscher Qualifikationsrahmen.
    pub dqr: Option<u32>,
    /// Funding routes, code list `funding`.
    pub funding: Vec<String>,
}

impl From<&Offer> for OfferFacts {
    fn from(offer: &Offer) -> Self {
        let subject = offer
            .subjects
            .iter()
            .find(|subject| subject.scheme == "dvv-2.0");
        let level = offer.level.clone().unwrap_or_default();
        Self {
            subject: subject
                .map(|subject| subject.code.clone())
                .unwrap_or_default(),
            format: offer.format.clone(),
            cefr: level.cefr,
            dqr: level.dqr,
            funding: offer.funding.clone(),
        }
    }
}
