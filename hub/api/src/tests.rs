//! The interface as others meet it: over its router, with a catalogue in memory and a real index.

mod answers;
mod limits;
mod schema;
mod world;
