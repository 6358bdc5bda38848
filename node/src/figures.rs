//! Participation figures: what is kept of them, who may write it, what leaves.
//!
//! # For the data-protection officer
//!
//! `calluna-node figures import` reads a registration list in a process of its own. That process writes no
//! core dump, cannot be read by other processes, and is kept from swapping where the system allows it
//! ([`shelter`]); the bytes of the list are overwritten after use. It ends with the import. The daemon, which
//! speaks with the hub, never sees a list, and never loads what is kept about persons: both parts of a
//! period lie in one file, and the daemon reads the first one only ([`mod@file`]).
//!
//! **What is kept**, in `figures/` of the data directory (mode 0700, files 0600):
//!
//! | file | holds | about persons |
//! |---|---|---|
//! | `secret` | 32 random bytes from the system | the key of all hashes; never sent, in no backup |
//! | `2026-Q3.ledger`, first part | the published revisions, what waits in numbers rounded to 10 | no |
//! | `2026-Q3.ledger`, second part | keyed hashes of persons in the figures, with the cells they count in | **yes**, pseudonymous (Art. 4 no. 5 GDPR) |
//! | `2026-Q3.offers` | names of the offers and runs of the quarter, and their subjects: public | no |
//! | `hub.json` | what the hub accepted or refused | no |
//! | `lock` | nothing | no |
//!
//! **How long.** The second part of a period goes `correction_days` (180) after the period's end: at the
//! next import, when the daemon starts, and daily while it runs ([`keep`]). `calluna-node figures forget`
//! does it at once. Afterwards nothing can be corrected in that period. What was published stays: it is
//! anonymous.
//!
//! **A person asks for deletion.** Her registration is deleted in the course software, and the list is
//! imported again. She no longer counts; rule N decides when the published figures may show that. Her hash
//! and the cells that she was counted in stay until the period is forgotten, because every later revision has to
//! be held against those that she was in; `calluna-node figures forget` removes them at once.
//!
//! **Overwriting.** Every file that a newer one replaces is overwritten with zeros, flushed, and only then
//! let go. On a hard disk with a file system that writes in place (ext4 in its usual mode) the old bytes
//! are gone. A flash disk and a file system that copies on write (btrfs, ZFS) may keep them until the space
//! is used again: there only an encrypted disk helps. Backups made with other programs are beyond our reach;
//! leave `figures/` out of them, and above all `figures/secret`.
//!
//! **The secret is lost, or another one** (restored directory, deleted file): persons cannot be recognised
//! again, so a newcomer could not be told from somebody who was there. Every open period is therefore sealed
//! at what it has published; new periods go on with a new secret.
//!
//! **Backup and restore.** A backup of the node holds the first parts only. A restored node shows what it
//! published, and its periods are sealed.
//!
//! **The hub holds a revision that this node does not know** (the node was restored, or its files were put
//! back): which persons are in it is not known here any more. The period is sealed, and nothing is sent of it.
//!
//! # Who writes
//! A command holds `lock` from its first look at a file to its last word, so two imports, or an import and a
//! release, come one after the other. A file is written whole: temporary file, flush, rename, flush of the
//! folder; a crash leaves the old one or the new one. Readers need no lock.
//!
//! | module | holds |
//! |---|---|
//! | [`book`] | the folder: reading, the lock, writing, overwriting |
//! | [`mod@file`] | one period's file |
//! | [`secret`] | the secret and its mark |
//! | [`ground`] | layout and postal codes of the district |
//! | [`calendar`] | when a period runs, ends, is forgotten |
//! | [`decide`] | the door to `calluna-ledger`, which decides what may be shown |
//! | [`import`] | from a list to a revision or a proposal |
//! | [`keep`] | sealing and forgetting |
//! | [`desk`] | what the hub is told, from the public parts alone |
//! | [`heard`] | what the hub has said |
//! | [`offers`] | offers that left the catalogue, for registrations that name them |
//! | [`outbox`] | what leaves, cell by cell |
//! | [`restore`] | what a backup holds of figures, and what a restore makes of it |
//! | [`standing`] | how each period stands, for `status` and `check` |
//! | [`shelter`] | no core dump, no swapping |

pub mod book;
pub mod calendar;
pub mod decide;
pub mod desk;
pub mod file;
pub mod ground;
pub mod heard;
pub mod import;
pub mod keep;
pub mod offers;
pub mod outbox;
pub mod restore;
pub mod secret;
pub mod shelter;
pub mod standing;

use std::path::PathBuf;

use calluna_host::durable::FileError;
use calluna_model::failure::{Failure, Reaction};
use calluna_tables::Period;
use calluna_tables::region::InvalidRegion;
use calluna_tables::subject::InvalidSubjects;

/// Name of the folder in the data directory.
pub const FOLDER: &str = "figures";

/// Why figures cannot be read, made or published. No text holds a value of a list.
#[derive(Debug, thiserror::Error)]
pub enum FiguresError {
    /// A file or folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of municipalities or postal codes.
    #[error(transparent)]
    Region(#[from] InvalidRegion),
    /// A file of subject fields.
    #[error(transparent)]
    Subjects(#[from] InvalidSubjects),
    /// The secret's file holds something else.
    #[error("{} does not hold the node's secret of 32 bytes; move it away: the open periods are then closed for good, and new ones go on", path.display())]
    NoSecret {
        /// The file.
        path: PathBuf,
    },
    /// A period's file cannot be read back.
    #[error("{} is damaged, so nothing is sent of that period and nothing can be imported for it; put the file back from a copy of this disk, or move it away and leave the period as it was published", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// More than a file can hold.
    #[error("the figures of one period are larger than a file of them can be; report this")]
    TooLarge,
    /// There is nothing about this period.
    #[error("there are no figures of {period}; see what there is with: calluna-node outbox")]
    NoSuchPeriod {
        /// Which.
        period: Period,
    },
    /// The period has not begun.
    #[error("{period} has not begun; check --period")]
    Future {
        /// Which.
        period: Period,
    },
    /// `--final` too early.
    #[error("{period} still runs until {last}; --final closes a period that is over")]
    StillRuns {
        /// Which.
        period: Period,
        /// Its last day.
        last: String,
    },
    /// Closed for good.
    #[error(
        "{period} is closed for good at what was published: {}",
        sealed_en(reason)
    )]
    Sealed {
        /// Which.
        period: Period,
        /// Why, as a code.
        reason: String,
    },
    /// Everything about persons is gone.
    #[error(
        "{period} cannot be corrected any more: everything about persons was forgotten on {at}; what was published stays"
    )]
    Forgotten {
        /// Which.
        period: Period,
        /// When.
        at: String,
    },
    /// Municipalities, fields or tables are others than before.
    #[error(
        "the figures of {period} were begun with other municipalities, fields or tables; set [figures] in node.toml as it was until that period is closed"
    )]
    OtherLayout {
        /// Which.
        period: Period,
    },
    /// Persons would not be recognised.
    #[error(
        "persons were told apart by {before} in the earlier lists of {period}, and by {now} in this one, so nobody would be recognised; export the same columns as before, or set [defaults] identity in the mapping"
    )]
    OtherBasis {
        /// Which.
        period: Period,
        /// As before.
        before: String,
        /// As in this list.
        now: String,
    },
    /// Most persons of the earlier lists are not in this one.
    #[error(
        "most persons of the earlier lists of {period} are not in this one; it must be the whole list of the quarter, and persons must be numbered as before: look at the file, or confirm with --yes"
    )]
    Strangers {
        /// Which.
        period: Period,
    },
    /// Most registrations name offers that this node does not know.
    #[error(
        "most registrations of the list for {period} name offers that this node does not know, so hardly any would count in a subject; import the offers first (calluna-node import), or the column of the offer is another one: see --mapping, or confirm with --yes"
    )]
    UnknownOffers {
        /// Which.
        period: Period,
    },
    /// A file of the list was refused as a whole.
    #[error("{0}")]
    List(calluna_figures::Fault),
    /// Nothing waits for release.
    #[error("nothing of {period} waits for release")]
    NothingWaits {
        /// Which.
        period: Period,
    },
    /// The ledger does not do what was asked.
    #[error("the figures of {period} cannot be used: {reason}")]
    Ledger {
        /// Which.
        period: Period,
        /// Why.
        reason: String,
    },
}

impl Failure for FiguresError {
    fn reaction(&self) -> Reaction {
        Reaction::AskOperator
    }
}

/// Why a period is closed for good: the codes in its file.
pub mod sealed {
    /// The secret was lost, or is another one.
    pub const SECRET: &str = "secret-lost";
    /// The hub holds what this node does not know.
    pub const DIVERGED: &str = "hub-diverged";
    /// The node was restored from a backup.
    pub const RESTORED: &str = "restored";
}

/// Why a period is closed for good, in English.
#[must_use]
pub fn sealed_en(code: &str) -> &'static str {
    match code {
        sealed::SECRET => {
            "the node's secret was lost, so persons cannot be recognised again and nothing more can be released safely"
        }
        sealed::DIVERGED => {
            "the hub holds figures that this node does not know, so nothing more can be released safely"
        }
        sealed::RESTORED => {
            "the node was restored from a backup, which holds nothing about persons, so nothing more can be released safely"
        }
        _ => "nothing more can be released safely",
    }
}

#[cfg(test)]
mod tests;
