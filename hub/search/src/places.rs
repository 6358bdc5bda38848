//! Towns, parts of them and postal codes, and where they lie.
