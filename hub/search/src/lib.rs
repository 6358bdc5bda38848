//! Search over the catalogue: German analysis, facets, a ranking that nobody can buy.
//!
//! | module | holds |
//! |---|---|
//! | [`query`] | what is asked, and its form in an address |
//! | [`answer`] | what is answered |
//! | [`ranking`] | what moves a hit up: the constants that the page `/ranking` is written from |
//! | [`german`] | words brought to a form in which they meet |
//! | [`places`] | towns and postal codes, where they lie |
//! | [`groups`] | offers that are the same |
//! | [`index`] | the index: built from the catalogue, thrown away and rebuilt at any time |
//!
//! The crate knows no network, no runtime and no clock: today is handed in.

pub mod answer;
mod bits;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
pub mod german;
pub mod groups;
pub mod index;
pub mod places;
pub mod query;
mod quick;
pub mod ranking;
mod search;
