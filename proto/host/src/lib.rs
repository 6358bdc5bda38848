//! What any Calluna process needs to start, speak and end.
//!
//! Both daemons and both command lines stand on this crate, so that they read their settings,
//! print, log, keep files and stop in the same way. It knows nothing of offers or of the wire.
//!
//! | question | module |
//! |---|---|
//! | where does a setting come from? | [`config`] |
//! | what time is it, and where does chance come from? | [`clock`], [`entropy`] |
//! | how do I speak to the person or script that called me? | [`out`], [`exit`] |
//! | how do I tell the operator what happened? | [`telemetry`] |
//! | how do I start long-lived work and end it in order? | [`tasks`], [`signal`] |
//! | who does work that blocks? | [`workers`] |
//! | where do my files lie, and how do they survive a power cut? | [`data_dir`], [`durable`] |
//! | what may one peer cost on a connection? | [`guarded`], [`h2`] |
//! | how does a data directory become one file, and a directory again? | [`backup`] |
//! | how does a command reach the daemon on the same machine? | [`socket`] |
//! | what is wrong on this machine, and what is the way out? | [`check`] |

pub mod backup;
pub mod check;
pub mod clock;
pub mod config;
pub mod data_dir;
pub mod durable;
pub mod entropy;
pub mod exit;
pub mod guarded;
pub mod h2;
pub mod out;
pub mod signal;
pub mod socket;
pub mod tasks;
pub mod telemetry;
pub mod workers;
