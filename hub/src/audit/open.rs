//! The log when the hub starts: key, beginning, and whether store and `audit.head` agree.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result};
use calluna_audit::key::is_signed;
use calluna_audit::{AuditKey, Draft, Entry, Event, Hash, Head};
use calluna_certs::{NodeKey, files};
use calluna_host::data_dir::DataDir;
use calluna_model::clock::Moment;
use calluna_store::{AuditRecord, HubStore, StoreError};

use super::{Audit, HEAD, KEY, Kept, PUBLIC, settings};
use crate::config::HubConfig;

/// For how long a log that was found behind is told, in seconds: long enough to be seen.
const TOLD_SECONDS: i64 = 14 * 86_400;
/// How many entries are looked back at for that.
const LOOK_BACK: u64 = 2_000;

/// What is recorded when the service starts.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a> {
    /// The settings that hold.
    pub config: &'a HubConfig,
    /// Version of this program.
    pub version: &'a str,
}

/// Makes the key of a new log, with its public half and a head that says that nothing is written yet.
///
/// # Errors
/// When a file cannot be written.
pub fn make_key(dir: &DataDir) -> Result<AuditKey> {
    let key = NodeKey::generate()?;
    let pem = key.pem();
    let key = AuditKey::new(key)?;
    // The key comes last: where it is, the others are.
    files::write_private(&dir.join(HEAD), format!("{}\n", Head::default()).as_bytes())?;
    files::write_public(&dir.join(PUBLIC), key.public().pem().as_bytes())?;
    files::write_private(&dir.join(KEY), pem.as_bytes())?;
    Ok(key)
}

impl Audit {
    /// Opens the log of the hub in `dir`; one that has none yet gets one. `doubt`: why the store is
    /// not to be taken as proof, empty when it is whole.
    ///
    /// # Errors
    /// When the key is missing or can be read by others, or the store cannot be read or written.
    pub fn open(dir: &DataDir, store: &dyn HubStore, at: Moment, doubt: &str) -> Result<Self> {
        let last = store.audit_last()?;
        let key = match fs::read_to_string(dir.join(KEY)) {
            Ok(pem) => {
                files::check_private(&dir.join(KEY))?;
                let key = NodeKey::from_pem(&pem).context("reading audit.key")?;
                AuditKey::new(key)?
            }
            Err(error) if error.kind() == ErrorKind::NotFound && last.is_none() => make_key(dir)?,
            Err(error) => {
                return Err(error).with_context(|| {
                    let path = dir.join(KEY);
                    format!(
                        "cannot read {}, which signs the audit log; restore it from a backup of this hub",
                        path.display()
                    )
                });
            }
        };
        let stated = read_head(&dir.join(HEAD))?;
        let mut drafts = Vec::new();
        let lost = compare(store, &key, last.as_ref(), stated)?;
        if let Some(lost) = &lost {
            tracing::error!(
                expected = lost.expected, found = %lost.found, why = lost.why,
                "the audit log is not whole: entries were lost or changed; look for them in an export or a backup"
            );
            drafts.push(
                Draft::hub(Event::LogBehind)
                    .with("expected", &lost.expected)
                    .with("found", lost.found)
                    .with("why", lost.why),
            );
        }
        if !doubt.is_empty() {
            drafts.push(Draft::hub(Event::StoreDoubted).with("why", doubt));
        }
        let mut kept = Kept {
            key,
            head_file: dir.join(HEAD),
            head: Mutex::new(None),
            note: String::new(),
        };
        kept.note = told_before(store, at)?;
        if let Some(lost) = lost {
            kept.note = lost.in_words();
        }
        let mut audit = Self(Some(kept));
        if (last.is_none() || !drafts.is_empty())
            && let Err(cause) = audit.note(store, at, drafts)
        {
            // Readers and nodes are served all the same; whatever changes something needs the log.
            tracing::error!(%cause, "the start could not be recorded in the audit log");
            if let Self(Some(kept)) = &mut audit {
                kept.note = format!("the start could not be recorded: {cause}");
            }
        }
        Ok(audit)
    }

    /// Records that the service starts, and what differs in its settings from the start before.
    ///
    /// # Errors
    /// When it could not be made durable.
    pub fn started(
        &self,
        store: &dyn HubStore,
        at: Moment,
        start: &Start<'_>,
    ) -> Result<(), StoreError> {
        let Some(kept) = &self.0 else {
            return Ok(());
        };
        let now = settings::effective(start.config, &kept.key)?;
        let mut before = None;
        walk_back(store, u64::MAX, &mut |entry| {
            let found = entry.draft.event == Event::ConfigChanged;
            if found {
                before = Some(entry.draft.details.clone());
            }
            !found
        })?;
        let mut drafts = vec![Draft::hub(Event::ServiceStarted).with("version", start.version)];
        drafts.extend(settings::changed(before.as_ref(), &now));
        self.note(store, at, drafts)
    }
}

/// What the log should hold, and what it does.
#[derive(Debug)]
struct Lost {
    expected: String,
    found: Head,
    why: &'static str,
}

impl Lost {
    fn in_words(&self) -> String {
        words(&self.expected, &self.found.to_string(), self.why)
    }
}

fn words(expected: &str, found: &str, why: &str) -> String {
    format!(
        "{why}: it should end with {expected}, and it ended with {found}; \
         look for the lost entries in an export or a backup"
    )
}

fn compare(
    store: &dyn HubStore,
    key: &AuditKey,
    last: Option<&AuditRecord>,
    stated: Stated,
) -> Result<Option<Lost>, StoreError> {
    let found = last.map(head_of).unwrap_or_default();
    let lost = |expected: String, why| {
        Ok(Some(Lost {
            expected,
            found,
            why,
        }))
    };
    let head = match stated {
        Stated::Head(head) => head,
        // It is written before the key is, and never removed.
        Stated::Missing => return lost("unknown".to_owned(), "audit.head is missing"),
        Stated::Unreadable => return lost("unknown".to_owned(), "audit.head cannot be read"),
    };
    if head.number > found.number {
        return lost(
            head.to_string(),
            "entries at the end of the audit log are gone",
        );
    }
    let there = match store.audit_record(head.number)? {
        Some(record) => head_of(&record),
        None => Head::default(),
    };
    if there != head {
        return lost(head.to_string(), "the audit log was written anew");
    }
    if let Some(last) = last
        && !is_sound(last, key)
    {
        return lost(
            head.to_string(),
            "the newest entry of the audit log was changed",
        );
    }
    Ok(None)
}

/// Whether an entry is as this hub's key signed it.
fn is_sound(record: &AuditRecord, key: &AuditKey) -> bool {
    entry_of(record).is_some_and(|entry| {
        entry.number == record.number
            && entry.computed() == entry.hash
            && entry.key == key.id()
            && is_signed(key.public(), &entry.hash, &entry.signature)
    })
}

/// That the log was found behind lately, as the log itself tells.
fn told_before(store: &dyn HubStore, at: Moment) -> Result<String, StoreError> {
    let mut note = String::new();
    walk_back(store, LOOK_BACK, &mut |entry| {
        let young = at.since(entry.at) < TOLD_SECONDS;
        if young && entry.draft.event == Event::LogBehind {
            let of = |key| entry.draft.details.get(key).unwrap_or("unknown");
            note = words(of("expected"), of("found"), of("why"));
        }
        note.is_empty() && young
    })?;
    Ok(note)
}

/// Visits entries, the newest first, at most `most`; what cannot be read is left out.
pub(super) fn walk_back(
    store: &dyn HubStore,
    most: u64,
    visit: &mut dyn FnMut(&Entry) -> bool,
) -> Result<(), StoreError> {
    let newest = store.audit_last()?.map_or(0, |record| record.number);
    let oldest = newest.saturating_sub(most) + 1;
    for number in (oldest..=newest).rev() {
        let record = store.audit_record(number)?;
        if let Some(entry) = record.as_ref().and_then(entry_of)
            && !visit(&entry)
        {
            break;
        }
    }
    Ok(())
}

/// Where the log in the store ends.
pub(super) fn end_of(store: &dyn HubStore) -> Result<Head, StoreError> {
    Ok(store
        .audit_last()?
        .as_ref()
        .map(head_of)
        .unwrap_or_default())
}

fn entry_of(record: &AuditRecord) -> Option<Entry> {
    Entry::from_line(std::str::from_utf8(&record.bytes).ok()?).ok()
}

/// The head that a record makes. One that cannot be read still has a place to go on from.
fn head_of(record: &AuditRecord) -> Head {
    let hash = entry_of(record).map_or_else(
        || Hash(*blake3::hash(&record.bytes).as_bytes()),
        |entry| entry.hash,
    );
    Head {
        number: record.number,
        hash,
    }
}

/// What `audit.head` says.
#[derive(Clone, Copy, Debug)]
enum Stated {
    Head(Head),
    Missing,
    Unreadable,
}

fn read_head(path: &Path) -> Result<Stated> {
    match fs::read(path) {
        Ok(bytes) => {
            let head = std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.parse().ok());
            Ok(head.map_or(Stated::Unreadable, Stated::Head))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Stated::Missing),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
