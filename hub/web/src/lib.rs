//! The public pages of the catalogue.
