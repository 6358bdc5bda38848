//! Tests of whole releases, on a district that is made up. Everything here is synthetic.

mod district;
mod fixture;
mod folder;
mod formats;
mod golden;
mod large;
mod notes;
mod publicly;
mod reading;
mod values;
