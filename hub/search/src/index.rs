//! The index.

use std::path::Path;

use calluna_catalogue::reader::{ReadError, Reader, VisitOffer};
use calluna_model::id::ProviderId;

use crate::answer::{Answer, Asking, Hit, SearchError, Statistics, Suggestion};
use crate::groups::Groups;
use crate::query::Query;
use calluna_catalogue::reader::ProviderCard;

/// The index could not be brought up to date. What readers see stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The index cannot be written.
    #[error("the search index cannot be written")]
    Index(#[from] tantivy::TantivyError),
    /// The folder cannot be used.
    #[error("the folder of the search index cannot be used")]
    Folder(#[from] std::io::Error),
    /// The catalogue cannot be read.
    #[error(transparent)]
    Source(#[from] ReadError),
}

/// How an index was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// As it was left.
    Whole,
    /// There was none.
    New,
    /// It was damaged or of another version: thrown away, to be filled again by [`Index::refresh`].
    ThrownAway,
}

/// What a refresh did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Providers whose offers were replaced.
    pub updated: usize,
    /// Providers that left.
    pub removed: usize,
    /// Offers that were written.
    pub offers: u64,
}

/// Gives the offers of one provider: `calluna_catalogue`'s way of visiting.
pub type Offers<'a> = dyn FnMut(&mut VisitOffer<'_>) -> Result<(), ReadError> + 'a;

/// The index over the catalogue. Readers always see a whole state; one thread writes at a time.
#[derive(Debug)]
pub struct Index;

impl Index {
    /// An index that lives as long as this value. `district` is the first five digits of the AGS of the district's
    /// municipalities, such as `03358`.
    pub fn create_in_ram(district: &str) -> Result<Self, IndexError> {
        let _ = district;
        Ok(Self)
    }

    /// The index in `folder`.
    pub fn open(folder: &Path, district: &str) -> Result<(Self, Opened), IndexError> {
        let _ = (folder, district);
        Ok((Self, Opened::New))
    }

    /// Replaces the offers of one provider, in one commit.
    pub fn update(&self, card: &ProviderCard, offers: &mut Offers<'_>) -> Result<u64, IndexError> {
        let _ = (card, offers);
        Ok(0)
    }

    /// Takes a provider out.
    pub fn remove(&self, provider: &ProviderId) -> Result<(), IndexError> {
        let _ = provider;
        Ok(())
    }

    /// Says which offers are the same.
    pub fn fold(&self, groups: Groups) {
        let _ = groups;
    }

    /// Brings the index to what `reader` shows, in one commit: only providers whose version changed are read.
    pub fn refresh(&self, reader: &dyn Reader) -> Result<Refreshed, IndexError> {
        let _ = reader;
        Ok(Refreshed::default())
    }

    /// Answers a question.
    pub fn search(&self, query: &Query, asking: &Asking) -> Result<Answer, SearchError> {
        let _ = (query, asking);
        Ok(Answer::default())
    }

    /// Completes the last word of what is being typed.
    pub fn suggest(&self, typed: &str, limit: usize) -> Vec<Suggestion> {
        let _ = (typed, limit);
        Vec::new()
    }

    /// Offers like this text: title and subjects of an offer that is gone.
    pub fn similar(
        &self,
        text: &str,
        limit: usize,
        asking: &Asking,
    ) -> Result<Vec<Hit>, SearchError> {
        let _ = (text, limit, asking);
        Ok(Vec::new())
    }

    /// The catalogue in figures.
    pub fn statistics(&self, asking: &Asking) -> Result<Statistics, SearchError> {
        let _ = asking;
        Ok(Statistics::default())
    }
}
