//! What benchmarks stand on, and tests that need very many nodes.
//!
//! | module | does |
//! |---|---|
//! | [`child`] | other roles of the same program, as child processes |
//! | [`crowd`] | very many real nodes in one process |
//! | [`data`] | synthetic offers |
//! | [`field`] | a hub as a process of its own and a crowd of nodes in another, with a night's costs |
//! | [`meter`] | what a process and the network have used |

pub mod child;
pub mod crowd;
pub mod data;
pub mod field;
pub mod meter;
