//! gRPC adapters: take the message apart, ask, put the answer together.

pub(crate) mod audit;
pub mod control;
mod exported;
pub mod membership;

pub(crate) use self::exported::profiles;

use calluna_model::failure::{Failure, Reaction};
use calluna_wire::status::status_of;
use tonic::Status;

/// The status for an error of an operation that has many causes. The text carries all of them: it
/// goes to the operator's own command line.
pub(crate) fn to_operator(error: &anyhow::Error) -> Status {
    status_of(reaction_of(error), format!("{error:#}"))
}

fn reaction_of(error: &anyhow::Error) -> Reaction {
    if let Some(member) = error.downcast_ref::<crate::members::MemberError>() {
        return member.reaction();
    }
    if let Some(store) = error.downcast_ref::<calluna_store::StoreError>() {
        return store.reaction();
    }
    Reaction::FixRequest
}
