//! What happens to a store: crashes, old backups, damage, a held lock, a full disk. The same for each
//! engine on disk.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::fjall::Fjall;
use super::sled::Sled;
use super::tree::Tree;
use crate::{Batch, Engine, Opened, Options, Stamp, Trust, open};

/// Runs each test over each engine on disk.
macro_rules! over_both {
    ($($test:ident),* $(,)?) => {
        mod sled {
            $(#[test] fn $test() { super::$test("sled"); })*
        }
        mod fjall {
            $(#[test] fn $test() { super::$test("fjall"); })*
        }
    };
}

mod bodies;
mod crash;
mod damage;
mod life;
mod seeds;

const EPOCH: [u8; 16] = [1; 16];

/// Where an engine keeps its tree.
fn folder(engine: &str) -> &'static str {
    if engine == "sled" {
        Sled::FOLDER
    } else {
        Fjall::FOLDER
    }
}

/// What an engine writes first.
fn log(engine: &str) -> &'static str {
    if engine == "sled" {
        "db/db"
    } else {
        "fjall/0.jnl"
    }
}

fn options() -> Options {
    Options {
        cache_bytes: 8 << 20,
        reserve_bytes: 1 << 20,
        lock_wait: Duration::from_secs(5),
    }
}

fn opened(engine: &str, dir: &Path) -> Opened {
    open(engine, dir, EPOCH, &options()).unwrap()
}

fn stamp(revision: u64) -> Stamp {
    Stamp {
        revision,
        count: revision,
        digest: [5; 32],
    }
}

/// Commits `commits` batches of one record each, stamped with their number.
fn fill(kv: &dyn Engine, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let mut batch = Batch::default();
        batch.put(number.to_be_bytes(), vec![7; 3000]);
        batch.stamp(stamp(number));
        kv.commit(batch).unwrap();
    }
}

fn count(kv: &dyn Engine) -> usize {
    kv.scan(b"", None).map(Result::unwrap).count()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            // What is left out is zeros: fjall makes its journals longer than what they hold.
            let bytes = fs::read(entry.path()).unwrap();
            let filled = bytes
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |at| at + 1);
            fs::write(&place, &bytes[..filled]).unwrap();
            let file = fs::File::options().write(true).open(&place).unwrap();
            file.set_len(bytes.len() as u64).unwrap();
        }
    }
}

fn assert_behind(engine: &str, dir: &Path, words: &str) -> Opened {
    let opened = opened(engine, dir);
    match &opened.trust {
        Trust::Behind { note, .. } => assert!(note.contains(words), "{note}"),
        other => panic!("{other:?} instead of Behind ({words})"),
    }
    opened
}
