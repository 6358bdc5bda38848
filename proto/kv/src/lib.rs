//! Ordered bytes on disk: atomic batches, and durable means durable.
//!
//! This crate stores bytes and knows nothing of offers. The node's and the hub's stores put
//! their typed keys on top of it.
//!
//! # What an [`Engine`] promises
//! * A [`Batch`] is applied whole or not at all, also across a crash.
//! * [`Engine::commit`] returns after the bytes are on disk (flush **and** fsync). What it has
//!   acknowledged is there after `kill -9` or a power cut.
//! * Commits from many threads share one flush (group commit); reads stay on the caller's thread.
//! * A single read sees a batch whole or not at all. A *scan* is not a snapshot: a batch that is
//!   committed while it runs may be seen in part. Whoever needs a still picture must keep its
//!   writer quiet meanwhile, or read by keys that never change.
//! * A full disk is noticed before anything is written: [`KvError::Full`], reads go on, and
//!   writing goes on too once there is room.
//! * After a failed write the engine is read-only ([`KvError::ReadOnly`]) until it is opened
//!   again: nobody builds on something of which it is unknown whether it is on disk.
//! * Nothing is ever deleted to make a damaged store open.
//! * Keys and values are bytes of any length; some keys are the engine's own ([`KvError::ReservedKey`]).
//!
//! # The folder of a store
//! | name | what it is |
//! |---|---|
//! | `ENGINE` | the engine whose store this is; no other opens it ([`holds`]) |
//! | `LOCK` | held (flock) while the store is open |
//! | `STATE` | two slots, written in turn: what was durable at the last commit |
//! | `RESERVE` | allocated, unused space; given back when the store cannot open on a full disk |
//! | `aside/` | half-written snapshots of sled that would keep it from opening |
//! | `db/` | sled's own files |
//! | `fjall/` | fjall's own files |
//! | `bodies/` | values of 16 KiB and more, which a tree would write several times and keep in memory |
//!
//! # STATE
//! Each slot holds a magic, a format version, a generation, the epoch, the number of the last
//! commit, a [`Stamp`], a flag, and a BLAKE3 checksum. The valid slot with the highest generation
//! counts. The engine writes number, epoch and stamp also *into* the store, in the same atomic
//! batch as the data; STATE follows only after that is on disk. So an undamaged store is never
//! behind its STATE, and a store that is says so at open: [`Trust::Behind`]. Its owner deletes
//! nothing anywhere on its word, mends it, and then calls [`Engine::renew_epoch`].
//! The flag says that the store was not settled: it was behind and not renewed since, or
//! a write failed half-way. Both are `Behind` at the next open too.
//!
//! # The packed log
//! See [`packed`]: one insert carries about forty small records. That, not the stream, decides
//! how fast a first sync is.

mod batch;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
pub mod convert;
#[cfg(any(test, feature = "dying"))]
pub mod dying;
mod engine;
mod error;
pub mod packed;
mod state;

pub use batch::{Batch, Stamp};
pub use engine::{ENGINES, Engine, Opened, Options, Pair, Pairs, Trust, holds, open};
pub use error::KvError;
