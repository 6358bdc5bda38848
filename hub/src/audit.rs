//! Records what happens, in the same write as the change itself.
//!
//! Whoever changes something that an auditor may ask about calls [`Audit::with`]: the entry is made,
//! signed, and handed to the change, which writes both in one batch. Afterwards the small file
//! `audit.head` says where the log ends. At the start store and file are compared: a log that is
//! behind its head, or another one, is told in the hub's log, in `status` and in the morning report, and
//! recorded in the log itself.

mod open;
mod settings;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use calluna_audit::{AuditKey, Draft, Entry, Head};
use calluna_certs::{Fingerprint, PublicKey};
use calluna_host::durable;
use calluna_model::clock::Moment;
use calluna_store::{AuditRecord, Change, HubStore, StoreError};

pub use self::open::{Start, make_key};

/// The key that signs, mode 0600.
pub const KEY: &str = "audit.key";
/// Its public half, for whoever verifies.
pub const PUBLIC: &str = "audit.pub";
/// Where the log ends.
pub const HEAD: &str = "audit.head";

/// The hub's audit log.
#[derive(Debug)]
pub struct Audit(Option<Kept>);

#[derive(Debug)]
struct Kept {
    key: AuditKey,
    head_file: PathBuf,
    /// Where the log ends; nothing when a write failed and it has to be looked up again.
    head: Mutex<Option<Head>>,
    note: String,
}

impl Audit {
    /// No log: for a hub without a directory, which has no place for a key.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Makes a change together with the entries that tell of it: `change` gets the records and writes
    /// them in the same batch ([`HubStore::apply`]). One at a time.
    ///
    /// # Errors
    /// When the entries cannot be made, or the change fails; nothing has changed then.
    pub fn with<T, E: From<StoreError>>(
        &self,
        store: &dyn HubStore,
        at: Moment,
        drafts: impl IntoIterator<Item = Draft>,
        change: impl FnOnce(&[AuditRecord]) -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(kept) = &self.0 else {
            return change(&[]);
        };
        let mut place = kept.lock();
        let head = match *place {
            Some(head) => head,
            None => open::end_of(store)?,
        };
        let (head, records) = kept.records(head, at, drafts)?;
        // Until it is known to be written, what the store says counts.
        *place = None;
        let done = change(&records)?;
        *place = Some(head);
        kept.keep_head(head);
        Ok(done)
    }

    /// Records something that changes nothing else.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub fn note(
        &self,
        store: &dyn HubStore,
        at: Moment,
        drafts: impl IntoIterator<Item = Draft>,
    ) -> Result<(), StoreError> {
        if self.0.is_none() {
            return Ok(());
        }
        self.with(store, at, drafts, |audit| {
            store.apply(&Change::Nothing, audit).map(|_nothing_held| ())
        })
    }

    /// Where the log ends; nothing without a log.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn head(&self, store: &dyn HubStore) -> Result<Option<Head>, StoreError> {
        let Some(kept) = &self.0 else {
            return Ok(None);
        };
        let place = kept.lock();
        match *place {
            Some(head) => Ok(Some(head)),
            None => open::end_of(store).map(Some),
        }
    }

    /// Why the log is not whole; empty when it is, as far as the hub can tell by itself.
    #[must_use]
    pub fn why_not_whole(&self) -> &str {
        self.0.as_ref().map_or("", |kept| &kept.note)
    }

    /// The key that signs.
    #[must_use]
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.0.as_ref().map(|kept| kept.key.public())
    }

    /// Fingerprint of the key that signs.
    #[must_use]
    pub fn key_id(&self) -> Option<Fingerprint> {
        self.0.as_ref().map(|kept| kept.key.id())
    }
}

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Option<Head>> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn records(
        &self,
        mut head: Head,
        at: Moment,
        drafts: impl IntoIterator<Item = Draft>,
    ) -> Result<(Head, Vec<AuditRecord>), StoreError> {
        let mut records = Vec::new();
        // Every log begins with its key.
        let began = (head == Head::default()).then(|| Draft::began(self.key.public()));
        for draft in began.into_iter().chain(drafts) {
            let entry = head.next(at, draft, &self.key);
            let entry = entry.map_err(|cause| StoreError::Unrecorded(cause.to_string()))?;
            records.push(record_of(&entry)?);
            head = entry.head();
        }
        Ok((head, records))
    }

    /// The change is made: a head that could not be written is told, and no failure of it.
    fn keep_head(&self, head: Head) {
        let written = durable::write_file(&self.head_file, format!("{head}\n").as_bytes(), 0o600);
        if let Err(cause) = written {
            tracing::error!(
                file = %self.head_file.display(), %head, %cause,
                "where the audit log ends could not be written down; make room on the disk"
            );
        }
    }
}

fn record_of(entry: &Entry) -> Result<AuditRecord, StoreError> {
    let line = entry
        .to_line()
        .map_err(|cause| StoreError::Unrecorded(cause.to_string()))?;
    Ok(AuditRecord {
        number: entry.number,
        bytes: line.into_bytes(),
    })
}

#[cfg(test)]
mod tests;
