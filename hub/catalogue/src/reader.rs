//! What readers of the catalogue (pages, interface, exports, the search's index) may ask for. The hub answers
//! it over its store; tests answer it from a list. Calls block: whoever is asynchronous moves them to a thread.

use std::fmt;
use std::ops::ControlFlow;

use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::{Member, MemberState};
use calluna_model::offer::OfferDraft;

/// A provider as the public sees it.
#[derive(Clone, Debug)]
pub struct ProviderCard {
    /// Id, name, kind, address, website.
    pub member: Member,
    /// How it stands; readers see those that have joined or were put out.
    pub state: MemberState,
    /// Offers that readers see.
    pub offers: u64,
    /// When hub and node last agreed ("Stand"); nothing before the first night.
    pub agreed_at: Option<Moment>,
    /// Nights in a row without agreement: what readers see may be out of date.
    pub nights_missed: u64,
    /// Changes whenever anything of this provider changed that readers see: offers, name, standing.
    pub version: u64,
}

/// How one offer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Readers see it.
    Shown(Box<OfferDraft>),
    /// They saw it until this moment.
    Gone {
        /// Since when they do not.
        since: Moment,
        /// What it was called last, where that is still known.
        title: Option<String>,
    },
    /// They never saw it, or so long ago that nothing is known of it any more.
    Unknown,
}

/// A change that readers saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedOffer {
    /// Whose offer.
    pub provider: ProviderId,
    /// Its id.
    pub offer: String,
    /// Whether readers see it now; otherwise it is gone.
    pub shown: bool,
    /// When readers saw the change.
    pub at: Moment,
}

/// A stretch of changes.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// In the order in which readers saw them; of one offer the newest only.
    pub items: Vec<ChangedOffer>,
    /// Where to go on: opaque, and good for as long as changes are remembered.
    pub next: String,
    /// Whether there is more at once.
    pub more: bool,
}

/// A reader could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The place to go on from is not known (any more): begin without one.
    #[error("the cursor is not known here any more; begin again without one")]
    Cursor,
    /// The catalogue cannot be read.
    #[error("the catalogue cannot be read")]
    Source(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Called for every offer; it may stop the reading.
pub type VisitOffer<'a> = dyn FnMut(OfferDraft) -> ControlFlow<()> + 'a;

/// The catalogue for readers. A provider's offers are always one whole state, whatever nights do meanwhile.
pub trait Reader: Send + Sync + fmt::Debug {
    /// Name of the district.
    fn district(&self) -> String;

    /// Every provider that readers may know of, in order of its id.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    fn providers(&self) -> Result<Vec<ProviderCard>, ReadError>;

    /// One provider.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    fn provider(&self, id: &ProviderId) -> Result<Option<ProviderCard>, ReadError>;

    /// How one offer stands.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    fn offer(&self, provider: &ProviderId, offer: &str) -> Result<Standing, ReadError>;

    /// Visits every offer of a provider that readers see, in order of its id.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    fn offers(&self, provider: &ProviderId, visit: &mut VisitOffer<'_>) -> Result<(), ReadError>;

    /// At most `limit` offers of a provider, in order of the id: those behind `after`.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    fn offers_after(
        &self,
        provider: &ProviderId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<OfferDraft>, ReadError> {
        let mut page = Vec::new();
        self.offers(provider, &mut |offer| {
            if page.len() >= limit {
                return ControlFlow::Break(());
            }
            if offer.id.as_str() > after {
                page.push(offer);
            }
            ControlFlow::Continue(())
        })?;
        Ok(page)
    }

    /// At most `limit` changes after `cursor`; without one from the beginning (then every offer that is shown is a
    /// change).
    ///
    /// # Errors
    /// An unknown cursor, or when the catalogue cannot be read.
    fn changes(&self, cursor: Option<&str>, limit: usize) -> Result<Changes, ReadError>;
}
