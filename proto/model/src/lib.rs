//! What the words of Calluna mean.
//!
//! This crate is the ground floor: plain values, no input or output, no clock of its own. Both
//! sides of the exchange build on it, so a rule that stands here holds at the node *and* at the
//! hub.
//!
//! | module | holds |
//! |---|---|
//! | [`id`] | names of providers, offers, runs; epoch and revision |
//! | [`offer`] | the offer: a [`offer::OfferDraft`] is what somebody wrote, an [`offer::Offer`] is what passed every rule |
//! | [`fingerprint`] | canonical bytes, content hash, catalogue digest (specified in `proto/CONTRACT.md`) |
//! | [`head`] | what a node's catalogue is now, and the bytes a node signs |
//! | [`finding`], [`text`] | one broken rule with place, field, value; the rule in words, German and English |
//! | [`receipt`], [`outcome`], [`report`] | what the hub answers after a night, and how it ended |
//! | [`code`] | code lists, each a data file with source and version |
//! | [`failure`] | what a caller can do about an error |
//! | [`clock`], [`entropy`] | time and chance as ports that tests can drive |
//! | [`member`], [`public`] | a provider that was invited, and what the public reads of it
//! | [`limit`] | every limit with its unit and default |

pub mod checkpoint;
pub mod clock;
pub mod code;
pub mod entropy;
pub mod failure;
pub mod finding;
pub mod fingerprint;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod guard;
pub mod head;
pub mod html;
pub mod id;
pub mod limit;
pub mod member;
pub mod offer;
pub mod outcome;
pub mod public;
pub mod receipt;
pub mod report;
pub mod text;
