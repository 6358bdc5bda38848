//! What can go wrong in the store.

use calluna_kv::KvError;
use calluna_kv::packed::PackedError;
use calluna_model::failure::{Failure, Reaction};

/// A failure of the hub's store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine below failed.
    #[error(transparent)]
    Engine(#[from] KvError),
    /// A chunk could not be read.
    #[error("the log of provider {provider} cannot be read")]
    Log {
        /// Whose log.
        provider: String,
        /// Why.
        source: PackedError,
    },
    /// An entry could not be read.
    #[error("the entry `{key}` of the hub's store cannot be read; restore the newest backup")]
    Unreadable {
        /// Which.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
    /// The layout is of a later release.
    #[error(
        "the hub's store has layout {found}, this program knows up to {known}; use the newer program"
    )]
    Newer {
        /// In the store.
        found: u32,
        /// Known here.
        known: u32,
    },
    /// Nobody is known by that name.
    #[error("there is no member `{provider}`; `calluna-hub members` lists them")]
    NoSuchMember {
        /// The name.
        provider: String,
    },
    /// Nothing is held back for this provider.
    #[error("nothing is held back for `{provider}`")]
    NotHeld {
        /// The name.
        provider: String,
    },
    /// Everything of the provider was withdrawn while this was being prepared.
    #[error("`{provider}` was revoked meanwhile; nothing was written")]
    Withdrawn {
        /// Whose.
        provider: String,
    },
    /// An audit record does not follow the newest one.
    #[error(
        "the audit log ends with entry {last}, and entry {number} was to be written; nothing was changed, try again"
    )]
    AuditOrder {
        /// The newest one.
        last: u64,
        /// The one that was to be written.
        number: u64,
    },
    /// What happens could not be recorded.
    #[error("this cannot be recorded in the audit log, so nothing was changed: {0}")]
    Unrecorded(String),
    /// Everything that is kept could not be written out.
    #[error(transparent)]
    Dump(#[from] calluna_kv::dump::DumpError),
    /// What is kept of a provider is not what it was proved to be.
    #[error(
        "the store says that `{provider}` has {told} offers, and holds {found}, or others; restore the newest backup"
    )]
    NotAsTold {
        /// Whose.
        provider: String,
        /// As the store says.
        told: u64,
        /// As counted.
        found: u64,
    },
    /// Whoever was reading stopped.
    #[error("reading was stopped: {0}")]
    Stopped(String),
}

impl Failure for StoreError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::NoSuchMember { .. } => Reaction::NotThere,
            Self::NotHeld { .. } => Reaction::FixRequest,
            Self::AuditOrder { .. } => Reaction::ComeBackLater,
            _ => Reaction::AskOperator,
        }
    }
}
