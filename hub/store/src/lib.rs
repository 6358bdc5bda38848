//! What the hub keeps.
//!
//! [`HubStore`] is the door at the level of the domain: members, nights, and per provider a
//! published state that readers see and a stage that a night writes to. The embedded store behind
//! it ([`EmbeddedStore`]) sits on `calluna-kv`; a PostgreSQL store can stand beside it without any
//! change above this crate.
//!
//! # Layout of the embedded store
//!
//! | key | value |
//! |---|---|
//! | `meta` | version of this layout, number of the last night (JSON) |
//! | `m/<provider>` | the member (JSON) |
//! | `e/<provider>` | its invitation and enrolment: a JSON object whose `v` is its version (2), else opaque to this crate |
//! | `p/<provider>` | published state, stage, last exchange (JSON) |
//! | `l/<provider>/…` | the provider's packed log: chunks of offers, tombstones and refusals |
//! | `n/<night, big-endian>` | report of a night (JSON); the newest ones, see [`Terms`] |
//! | `d/<way>` | how the last report was delivered on that way (JSON) |
//! | `f/<provider>/<period>/<revision, big-endian>` | a revision of participation figures, opaque to this crate |
//! | `a/<number, big-endian>` | a record of the audit log, opaque to this crate |
//! | `c/<number, big-endian>` | ids of offers that readers saw change at one moment (JSON); see `changes` |
//! | `v/<provider>/<offer>/<provider>/<offer>` | the operator's word on two offers (JSON) |
//!
//! This is layout 2. An older one is brought forward when it is opened (`migrate`).
//!
//! Every offer is written once. A night appends chunks to the provider's log; they are invisible
//! because readers only look at chunks up to `visible`. Publishing is one atomic write that moves
//! `visible` (invariant 8); breaking off leaves the stage to be resumed; discarding drops the
//! chunks behind `visible`. A refused record is a log entry of its own kind, so its last good
//! version stays where it was (invariant 7), and its fingerprint counts in the digest
//! (invariant 5). Space that older versions take is won back in small steps after a night, only
//! while nobody is reading that provider. A tombstone says since when an offer is gone and what it was
//! called; those of earlier builds say only since when.
//!
//! Audit records are only ever appended, each in the same batch as the change it tells of
//! ([`HubStore::apply`]): whichever write fails, there is never one without the other.

mod audit;
mod changes;
mod dump;
mod embedded;
mod error;
mod key;
mod migrate;
mod night;
mod port;
mod refusal;
mod stage;
mod state;
mod tomb;
mod verdict;
mod views;

pub use dump::{Dumped, Proved};
pub use embedded::{EmbeddedStore, Terms};
pub use error::StoreError;
pub use port::{
    AuditRecord, Change, ChangeSet, ChangeSpan, FiguresRecord, Found, Holding, HubStore, Refusal,
    Stage, Tally, Visit, VisitAudit, VisitChanges, VisitFigures, VisitRefusal,
};
pub use state::{FiguresAt, ProviderState};
pub use tomb::TitleOf;
pub use verdict::{OfferAt, Verdict};
