//! Offers that are the same, though several providers have them. Somebody else decides which; the search folds.

use std::collections::BTreeMap;

use calluna_model::id::ProviderId;

/// Which offers are the same: every offer of a group carries the group's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(BTreeMap<(ProviderId, String), String>);

impl Groups {
    /// No two offers are the same.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Puts an offer into a group; one that it was in before is left.
    pub fn put(
        &mut self,
        provider: ProviderId,
        offer: impl Into<String>,
        group: impl Into<String>,
    ) {
        self.0.insert((provider, offer.into()), group.into());
    }

    /// The group of an offer.
    #[must_use]
    pub fn of(&self, provider: &ProviderId, offer: &str) -> Option<&str> {
        let key = (provider.clone(), offer.to_owned());
        self.0.get(&key).map(String::as_str)
    }

    /// How many offers are in a group.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no two offers are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
