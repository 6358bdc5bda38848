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
//!   writer quiet meanwhile, read by keys that never change, or take a [`Engine::snapshot`].
//! * A snapshot is the whole content of one moment, while others go on writing, in bounded memory. It
//!   is proved: what it showed adds up to the sum that the store held at that moment.
//! * A full disk is noticed before anything is written: [`KvError::Full`], reads go on, and
//!   writing goes on too once there is room. A small batch that notes how something ended may use
//!   a reserve ([`Batch::use_reserve`]) and is written all the same.
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
//! | `RESERVE` | allocated, unused space; given back on a full disk, to open the store and to note what happens |
//! | `aside/` | half-written snapshots of sled that would keep it from opening |
//! | `db/` | sled's own files |
//! | `fjall/` | fjall's own files |
//! | `bodies/` | values of 16 KiB and more, which a tree would write several times and keep in memory |
//!
//! # Which engine
//! Both make the same promises and pass the same suites: conformance, `kill -9` after `kill -9`, every
//! file of a store harmed in six ways, two hundred more damages by seed, a full disk. sled alone would
//! lose records of a damaged log without a word (6 of 320 changes; fjall, which checks its blocks, none of
//! 480). So every entry carries a checksum, and their sum is proved at every open, under either.
//! `cargo bench -p calluna-kv --bench engines` gives both the bytes of a hub in turn. On two busy cores,
//! before there were the checksum and the sum, sled : fjall, pair by pair (above 1 fjall takes less):
//!
//! | | 512 MiB, 3 pairs | 1,536 MiB, 2 pairs |
//! |---|---|---|
//! | write, each 1.5 MB durable | 1.49 (1.10 to 1.75) | 1.02 and 1.61 |
//! | change, each 68 KiB durable | 0.91 (0.33 to 1.04) | 0.42 and 1.17 |
//! | CPU of both | 1.15 (1.11 to 1.53) | 1.18 and 1.62 |
//! | most memory while writing | 1.53 (62 : 40 MiB) | 2.2 (100 : 45 MiB) |
//! | scan | 0.85 (0.78 to 0.88) | 1.25 and 1.93 |
//! | open after `kill -9` (s) | 0.81 (0.23 to 0.31 : 0.18 to 0.38) | 0.92 and 1.37 |
//! | disk | 0.98 | 1.01 |
//!
//! So the two to four times the rate at half the disk that a trial gave fjall do not hold here: since
//! large values lie beside the tree, the tree decides little, and the disk waits for fsync either way.
//! What holds is memory that does not grow with the store, and less CPU the bigger it gets.
//! * **sled** is the default: proven here for longer, and as fast for what a district has.
//! * **fjall** is for hubs above some hundred thousand offers, or with little memory. It keeps up to
//!   128 MB of journals on a small store too, wants 32 MiB more free disk, and it is maintained: sled 0.34
//!   is not.
//!
//! fjall's own separation of large values was measured too (in place of `bodies/`): 1.22 (1.02 to 1.40)
//! in writing, with more CPU than sled (0.85) and 53 to 75 MiB of memory. So large values lie in
//! `bodies/` under either.
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
pub mod dump;
#[cfg(any(test, feature = "dying"))]
pub mod dying;
mod engine;
mod error;
pub mod packed;
mod state;

pub use batch::{Batch, Stamp};
pub use engine::{ENGINES, Engine, Opened, Options, Pair, Pairs, Snapshot, Trust, holds, open};
pub use error::KvError;
