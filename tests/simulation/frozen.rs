//! Seeds that once failed, by the name of what was wrong.
