//! Wire ↔ model, one file per `.proto`.

pub mod head;
pub mod offer;
pub mod receipt;
pub mod tables;

/// A message that breaks the contract itself (not a rule of one record).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the other side broke the contract: {field} {why}")]
pub struct ContractBroken {
    /// Which field of which message.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl ContractBroken {
    /// A violation of `field`.
    #[must_use]
    pub fn new(field: &'static str, why: impl std::fmt::Display) -> Self {
        Self {
            field,
            why: why.to_string(),
        }
    }
}

impl calluna_model::failure::Failure for ContractBroken {
    fn reaction(&self) -> calluna_model::failure::Reaction {
        calluna_model::failure::Reaction::FixRequest
    }
}
