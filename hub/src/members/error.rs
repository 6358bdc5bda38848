//! Why a member is not invited, enrolled, renewed or put out; each with the way out.

use calluna_certs::{EnrolRefused, RenewRefused, RequestError, TokenError};
use calluna_model::clock::Moment;
use calluna_model::failure::{Failure, Reaction};
use calluna_model::id::ProviderId;
use calluna_model::member::WrongPublicData;
use calluna_store::StoreError;

use super::renewal::ISSUES_A_DAY;
use crate::trust::Locked;

/// A member could not be invited or enrolled.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The decision was no.
    #[error(transparent)]
    Refused(#[from] EnrolRefused),
    /// The certificate request is not acceptable.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The token could not be made.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] calluna_certs::CertError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the store holds cannot be read.
    #[error("the enrolment of `{provider}` cannot be read; invite it again")]
    Unreadable {
        /// Whose.
        provider: ProviderId,
        /// Why.
        source: serde_json::Error,
    },
    /// The name is empty or too long.
    #[error("a member's name has 1 to 200 characters without control characters")]
    Name,
    /// The member has asked for too many certificates.
    #[error(
        "this member was given {ISSUES_A_DAY} certificates within a day, and gets no more; come back tomorrow"
    )]
    TooOften,
    /// The reason of a revocation is empty or too long.
    #[error(
        "a reason has 1 to 500 characters without control characters; it is kept in the audit log"
    )]
    Reason,
    /// The certificate is not good here.
    #[error(transparent)]
    Admission(#[from] Admission),
    /// There is no next certificate for it.
    #[error(transparent)]
    NoRenewal(#[from] RenewRefused),
    /// The address to dial is not `host:port`.
    #[error("`{0}` is not an address that the hub can dial: write host:port")]
    Address(String),
    /// The authority's key is locked.
    #[error(transparent)]
    Locked(#[from] Locked),
    /// What a node states, or the operator writes, of the public data.
    #[error(transparent)]
    PublicData(#[from] WrongPublicData),
    /// Too many wrong tokens.
    #[error(
        "too many wrong tokens came from here or for this provider; nothing is lost: come back at {until} with \
         the token of the newest letter"
    )]
    TooMany {
        /// When there is another try.
        until: Moment,
    },
    /// There is nothing to take back.
    #[error("the invitation of `{provider}` {why}")]
    NotOpen {
        /// Whose.
        provider: ProviderId,
        /// Why, and what to do instead.
        why: String,
    },
    /// There is nothing to approve yet.
    #[error(
        "`{0}` is invited, but its node has not joined yet: approve it when `calluna-hub members` shows it as waiting"
    )]
    NotJoined(ProviderId),
}

/// Why a certificate that TLS found in order opens no door all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Admission {
    /// There is no such member.
    #[error("`{0}` is not a member of this hub; ask the district office for an invitation")]
    NoMember(ProviderId),
    /// It is none that this hub gave, or one that it has forgotten.
    #[error(
        "this hub does not know the certificate of `{0}`: it may be from before the hub was restored from \
         a backup; ask the district office for a new invitation"
    )]
    Unknown(ProviderId),
    /// It was revoked.
    #[error(
        "the certificate of `{provider}` was revoked on {at}; ask the district office, which can invite again"
    )]
    Revoked {
        /// Whose.
        provider: ProviderId,
        /// When.
        at: Moment,
    },
}

impl Failure for Admission {
    fn reaction(&self) -> Reaction {
        match self {
            Self::NoMember(_) | Self::Unknown(_) => Reaction::Unauthenticated,
            Self::Revoked { .. } => Reaction::NotYours,
        }
    }
}

impl Failure for MemberError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::TooOften => Reaction::ComeBackLater,
            Self::Admission(refused) => refused.reaction(),
            Self::NoRenewal(refused) => refused.reaction(),
            Self::Locked(locked) => locked.reaction(),
            Self::Refused(refused) => refused.reaction(),
            Self::Request(_)
            | Self::Name
            | Self::Address(_)
            | Self::Reason
            | Self::PublicData(_)
            | Self::NotOpen { .. }
            | Self::NotJoined(_) => Reaction::FixRequest,
            Self::TooMany { .. } => Reaction::TooMuch,
            Self::Store(error) => error.reaction(),
            Self::Certificate(calluna_certs::CertError::Damaged { .. }) => Reaction::FixRequest,
            Self::Token(_) | Self::Certificate(_) | Self::Unreadable { .. } => {
                Reaction::AskOperator
            }
        }
    }
}
