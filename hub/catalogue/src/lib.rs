//! The consolidated catalogue, as readers get it: what they may ask for ([`reader`]) and the export formats
//! ([`export`]). It knows offers and members, not the store they come from: whoever calls hands in row after row, so
//! that no export ever holds the whole catalogue in memory.

pub mod duplicates;
pub mod export;
pub mod gaps;
pub mod reader;
