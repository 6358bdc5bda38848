//! Values as people write them, into values as the offer wants them.

pub(crate) mod date;
pub(crate) mod duration;
pub(crate) mod language;
pub(crate) mod money;
pub(crate) mod price;
pub(crate) mod text;
pub(crate) mod truth;
pub(crate) mod weekly;
