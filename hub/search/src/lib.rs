//! Search over the catalogue.

pub mod answer;
pub mod query;
