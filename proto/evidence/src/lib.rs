//! Whether revisions of one provider's participation figures keep the rules, from what is public; and the
//! proof that nothing hidden can be worked out from all of them together.
//!
//! Node and hub use the same code for the same questions: the node before it publishes, with the true
//! numbers; the hub, and whoever repeats the audit, without them.
//!
//! | module | answers |
//! |---|---|
//! | [`frame`] | what all questions share: layout, web, and which sums a number stands in |
//! | [`mod@broken`] | which rule a next revision breaks: sums, thresholds, frozen mask, rule N by value |
//! | [`linked`] | all revisions of a period as one [`calluna_protect::System`] |
//! | [`unlisted`] | what can be said of numbers that a revision leaves out |
//!
//! # What a proof costs
//!
//! A table with fewer than t persons per cell on average shows nearly nothing, and proving it takes the
//! longest by far (threat T3 of PRIVACY.md: no cube finer than t persons per cell on average). 300
//! registrations in all tables of the close (6,000 numbers) do not come to an end in ten minutes; in the
//! nightly tables they take a fraction of a second. So whoever makes a revision leaves such levels out *before*
//! it asks for a proof ([`calluna_tables::Shown::LeftOut`]), and does not wait for the budget to run out.
//!
//! What is left out is not out of the proof: a sum that nobody lists still ties its parts ([`unlisted`]).
//! And nothing is shown below it, as nothing is shown below what is hidden: the rule about changes looks at sums
//! that are known, and would not see what two ways to add up one unknown sum say together.
//!
//! # What links revisions
//!
//! Every revision has its own hidden numbers, tied by its own sums. Two things tie revisions together:
//! while a period runs, numbers only grow (nobody leaves before the close), which everybody knows;
//! and what is shown stays shown. Both are in the system. A final revision and corrections may go
//! either way, so they stand beside the others: there the rule about changes ([`mod@broken`]) protects
//! whoever came or went.

pub mod broken;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod frame;
pub mod linked;
pub mod unlisted;

pub use broken::{Broken, broken};
pub use frame::Frame;
pub use linked::{Candidate, GENERATION, Linked, View, link, prove_public};
pub use unlisted::Unlisted;
