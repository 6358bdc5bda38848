//! The consolidated catalogue, as readers get it.
//!
//! For now it holds the export formats; search, facets and paths between qualifications join it
//! later. It knows offers and members, not the store they come from: whoever calls hands in row
//! after row, so that no export ever holds the whole catalogue in memory.

pub mod export;
