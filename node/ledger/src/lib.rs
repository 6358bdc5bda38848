//! docs

mod against;
mod bytes;
mod chain;
mod codec;
mod decide;
mod fault;
mod history;
mod ledger;
mod outlook;
mod search;

pub use decide::{Asked, Decision, Occasion, Proof, Proposal, Why};
pub use fault::{Damaged, Fault};
pub use ledger::{Ledger, Seal};
pub use outlook::{Outlook, Rounded, TableOutlook, Waiting};
