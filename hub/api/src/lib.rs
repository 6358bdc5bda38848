//! The JSON interface of the catalogue.
