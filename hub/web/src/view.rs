//! What templates show: made from records, in words, harmless.

pub(crate) mod cell;
pub(crate) mod facet;
pub(crate) mod form;
pub(crate) mod hit;
pub(crate) mod offer;
pub(crate) mod provider;
pub(crate) mod run;
pub(crate) mod value;
pub(crate) mod why;
