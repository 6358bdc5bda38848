//! What the tests stand on: real processes, a proxy to cut, a node that lies.
//!
//! | module | does |
//! |---|---|
//! | [`process`] | starts a binary, waits for its own word, kills it; nothing outlives its test |
//! | [`district`] | a hub and nodes as real processes in a temporary directory |
//! | [`proxy`] | stands before the hub: forwards, cuts, holds back, slows down |
//! | [`disk`] | copies, damages and fills what a store lies on |
//! | [`net`] | a network that can be cut without a word |
//! | [`evil`] | a member with a real certificate that answers scripted nonsense |
//! | [`knock`] | calls at the doors of the hub that no node of ours would make |
//! | [`post`] | a mail server and a web server that keep what they are given |
//! | [`mod@bench`] | what benchmarks stand on |
//! | [`registrations`] | registration lists about synthetic persons |
//! | [`sample`] | synthetic offers and files |
//! | [`mod@attack`] | finds what releases of the participation figures give away |
//! | [`townhall`] | a synthetic district whose registrations arrive night by night |
//! | [`trustees`] | a hub and nodes in this process with a clock that is moved by hand |
//!
//! **Ports.** A hub listens on port 0 and says which port it was given; what nodes dial is the
//! proxy, whose listener the test holds open from the beginning. So no port is ever picked first
//! and bound later, except where a test says so ([`district::District::fixed_port`]).
//!
//! **Waiting.** Nothing sleeps in the hope that it was long enough: [`process::poll`] looks again
//! and again until a deadline that even a slow machine keeps.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "only tests call this; a panic is how they fail"
)]

pub mod attack;
pub mod bench;
pub mod disk;
pub mod district;
pub mod evil;
pub mod knock;
pub mod net;
pub mod post;
pub mod process;
pub mod proxy;
pub mod registrations;
pub mod sample;
pub mod townhall;
pub mod trustees;
