//! The index: built from the catalogue, thrown away and rebuilt at any time. Nothing stands only here.
//!
//! Words are in tantivy's inverted index; what facets and orders need is a row beside each offer, which is read
//! into columns of the process once for each segment (`columns`) and brought together for the day (`view`).
//! Readers hold a `state::State` while they search; a commit puts another in its place.

pub(crate) mod columns;
mod count;
mod crew;
mod document;
pub(crate) mod masks;
pub(crate) mod memory;
mod open;
pub(crate) mod row;
pub(crate) mod schema;
pub(crate) mod state;
pub(crate) mod values;
pub(crate) mod view;
mod write;

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use calluna_catalogue::reader::{ProviderCard, ReadError, Reader, VisitOffer};
use calluna_model::id::ProviderId;
use tantivy::{IndexReader, IndexWriter};

use self::schema::Fields;
use self::state::State;
use crate::answer::{Answer, Asking, Hit, SearchError, Statistics, Suggestion};
use crate::groups::Groups;
use crate::query::Query;
use crate::search;

/// The index could not be brought up to date. What readers see stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The index cannot be written.
    #[error("the search index cannot be written")]
    Index(#[from] tantivy::TantivyError),
    /// The folder cannot be used.
    #[error("the folder of the search index cannot be used")]
    Folder(#[from] std::io::Error),
    /// What is kept beside an offer cannot be written.
    #[error("the search index cannot keep an offer")]
    Row(#[from] serde_json::Error),
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

/// Gives the offers of one provider, as [`Reader::offers`] does. It is asked twice: once for the words that the
/// dictionary has to know before, and once for the offers.
pub type Offers<'a> = dyn FnMut(&mut VisitOffer<'_>) -> Result<(), ReadError> + 'a;

/// The index over the catalogue. Readers always see a whole state; one thread writes at a time.
pub struct Index {
    fields: Fields,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    state: RwLock<Arc<State>>,
    /// What nobody outside knows of the shuffle.
    salt: AtomicU64,
}

impl Index {
    /// An index that lives as long as this value. `district` is the first five digits of the AGS of the district's
    /// municipalities, such as `03358`.
    ///
    /// # Errors
    /// When threads cannot be started.
    pub fn create_in_ram(district: &str) -> Result<Self, IndexError> {
        open::in_ram(district)
    }

    /// The index in `folder`, which belongs to it alone. One that is damaged, of another version or of another
    /// district is thrown away: it holds nothing that the catalogue does not.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process writes there.
    pub fn open(folder: &Path, district: &str) -> Result<(Self, Opened), IndexError> {
        open::in_folder(folder, district)
    }

    /// Gives the shuffle of equal hits a secret that no provider knows, so that nobody can choose titles or ids that come
    /// first on a day. Without one the shuffle can be worked out from the date alone.
    pub fn shuffle_by(&self, secret: &[u8; 32]) {
        let key = blake3::derive_key("calluna-search 2026-11 shuffle of equal hits", secret);
        let salt = row::first_bytes(&blake3::Hash::from_bytes(key));
        self.salt.store(salt, Ordering::Relaxed);
    }

    fn salted(&self, asking: &Asking) -> Asking {
        let salt = self.salt.load(Ordering::Relaxed);
        let mut hasher = blake3::Hasher::new();
        hasher.update(&asking.shuffle.to_le_bytes());
        hasher.update(&salt.to_le_bytes());
        Asking {
            shuffle: row::first_bytes(&hasher.finalize()),
            ..*asking
        }
    }

    /// Replaces the offers of one provider, in one commit.
    ///
    /// # Errors
    /// When the offers cannot be read or the index cannot be written: then nothing has changed.
    pub fn update(&self, card: &ProviderCard, offers: &mut Offers<'_>) -> Result<u64, IndexError> {
        write::update(self, card, offers)
    }

    /// Takes a provider out.
    ///
    /// # Errors
    /// When the index cannot be written: then nothing has changed.
    pub fn remove(&self, provider: &ProviderId) -> Result<(), IndexError> {
        write::remove(self, provider)
    }

    /// Says which offers are the same: hits of one group are folded into one from now on.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn fold(&self, groups: Groups) -> Result<(), IndexError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = self.state().memory.clone();
        self.show(memory, Some(Arc::new(groups)))?;
        drop(writer);
        Ok(())
    }

    /// Brings the index to what `reader` shows, in one commit: only providers whose version changed are read, those
    /// that left are taken out.
    ///
    /// # Errors
    /// When the catalogue cannot be read or the index cannot be written: then nothing has changed.
    pub fn refresh(&self, reader: &dyn Reader) -> Result<Refreshed, IndexError> {
        write::refresh(self, reader)
    }

    /// Answers a question.
    ///
    /// # Errors
    /// A place that is not known, a question beyond the limits of [`Query::read`], or an index that cannot be read.
    pub fn search(&self, query: &Query, asking: &Asking) -> Result<Answer, SearchError> {
        search::answer(&self.state(), query, &self.salted(asking))
    }

    /// Completes the last word of what is being typed.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError> {
        search::suggest::suggest(&self.state(), typed, limit)
    }

    /// Offers like this text: title and subjects of an offer that is gone.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn similar(
        &self,
        text: &str,
        limit: usize,
        asking: &Asking,
    ) -> Result<Vec<Hit>, SearchError> {
        search::similar::similar(&self.state(), text, limit, &self.salted(asking))
    }

    /// The catalogue in figures.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn statistics(&self, asking: &Asking) -> Result<Statistics, SearchError> {
        search::statistics::statistics(&self.state(), asking)
    }

    /// The state that readers see now.
    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows what was committed last.
    fn show(&self, memory: memory::Memory, groups: Option<Arc<Groups>>) -> Result<(), IndexError> {
        self.reader.reload()?;
        let before = self.state();
        let groups = groups.unwrap_or_else(|| Arc::clone(&before.groups));
        let state = State::load(&self.reader, self.fields, memory, groups, Some(&before))?;
        // The day that was asked for last is made now, so that no reader has to wait for it.
        if let Some(day) = before.days().last() {
            drop(state.view(*day));
        }
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        Ok(())
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Index").field(&self.state()).finish()
    }
}

#[cfg(test)]
mod tests;
