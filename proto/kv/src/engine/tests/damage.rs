//! Files that are torn, cut, changed, emptied or gone.

use std::fs;
use std::path::{Path, PathBuf};

use super::{EPOCH, copy, count, fill, folder, log, opened, options, stamp};
use crate::engine::fjall::Fjall;
use crate::engine::sled::Sled;
use crate::engine::tree::Tree;
use crate::{Batch, KvError, Trust, open};

over_both! {
    a_cut_or_zeroed_store_is_never_taken_for_a_whole_one,
    no_damage_to_any_file_is_silent,
    a_store_of_another_engine_is_refused_and_untouched,
    a_change_anywhere_in_the_files_of_the_tree_is_told,
    inv3_an_entry_that_is_missing_or_an_older_one_is_told,
}

/// How far a file is filled: fjall makes its journals longer than what they hold.
fn filled(path: &Path) -> u64 {
    let bytes = fs::read(path).unwrap();
    bytes.iter().rposition(|byte| *byte != 0).unwrap() as u64 + 1
}

#[test]
fn a_half_written_snapshot_is_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let kv = opened("sled", dir.path()).engine;
    fill(&*kv, 1..4);
    drop(kv);
    for _ in 0..2 {
        fs::write(
            dir.path().join("db/snap.FFFFFFFFFFFFFFFF.generating"),
            b"half",
        )
        .unwrap();
        let again = opened("sled", dir.path());
        assert_eq!((again.trust, count(&*again.engine)), (Trust::Whole, 3));
    }
    assert_eq!(
        fs::read_dir(dir.path().join("aside")).unwrap().count(),
        2,
        "both are kept"
    );
}

fn a_cut_or_zeroed_store_is_never_taken_for_a_whole_one(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let kv = opened(engine, &store).engine;
    fill(&*kv, 1..900);
    drop(kv);
    let log = log(engine);
    let len = filled(&store.join(log));
    assert!(len > 4 << 19, "several segments of sled: {len}");
    let cuts = [
        0,
        1,
        4096,
        len / 4,
        len / 2,
        len - (1 << 20),
        len - (1 << 19),
        len - 70_000,
        len - 4096,
        len - 1,
    ];
    for (number, cut) in cuts.into_iter().enumerate() {
        let damaged = dir.path().join(number.to_string());
        copy(&store, &damaged);
        fs::File::options()
            .write(true)
            .open(damaged.join(log))
            .unwrap()
            .set_len(cut)
            .unwrap();
        let snapshots_gone = number % 2 == 1;
        for entry in fs::read_dir(damaged.join(folder(engine)))
            .unwrap()
            .map(Result::unwrap)
        {
            if snapshots_gone && entry.file_name().to_string_lossy().starts_with("snap.") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        match open(engine, &damaged, EPOCH, &options()) {
            Err(KvError::Damaged { .. }) => {}
            Err(other) => panic!("cut at {cut}: {other}"),
            Ok(opened) => match opened.trust {
                Trust::Behind { .. } => {}
                Trust::Fresh => panic!("cut at {cut}: taken for a fresh store"),
                Trust::Whole => assert_eq!(
                    count(&*opened.engine),
                    899,
                    "cut at {cut}: records are lost in silence"
                ),
            },
        }
    }
}

/// All files below a folder, as paths below it.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(dir).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A thing that disks do to a file.
type Harm = (&'static str, fn(&Path));

const HARMS: [Harm; 6] = [
    ("gone", |path| fs::remove_file(path).unwrap()),
    ("emptied", |path| fs::write(path, b"").unwrap()),
    ("cut to half", |path| {
        harm(path, |bytes| bytes.truncate(bytes.len() / 2))
    }),
    ("cut by a byte", |path| {
        harm(path, |bytes| bytes.truncate(bytes.len() - 1))
    }),
    ("a bit flipped", |path| {
        harm(path, |bytes| {
            let place = bytes.len() / 3;
            bytes[place] ^= 8;
        });
    }),
    ("a block of zeros", |path| {
        harm(path, |bytes| {
            let from = bytes.len() / 2;
            let to = (from + 4096).min(bytes.len());
            bytes[from..to].fill(0);
        });
    }),
];

fn harm(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let filled = usize::try_from(filled(path)).unwrap();
    let mut bytes = fs::read(path).unwrap();
    bytes.truncate(filled);
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// What the store of the next test holds under a number.
fn value(number: u64) -> Vec<u8> {
    let length = if number.is_multiple_of(100) {
        40_000
    } else {
        3000
    };
    let byte = u8::try_from(number % 251).unwrap();
    vec![byte; length]
}

const RECORDS: u64 = 1200;
/// At how many places each file is changed.
const STEPS: u64 = 10;

/// Makes the store that is harmed, in two sittings.
fn make(engine: &str, store: &Path) {
    for numbers in [1..RECORDS / 2, RECORDS / 2..RECORDS + 1] {
        let kv = opened(engine, store).engine;
        for number in numbers {
            let mut batch = Batch::default();
            batch.put(number.to_be_bytes(), value(number));
            batch.stamp(stamp(number));
            kv.commit(batch).unwrap();
        }
    }
}

fn no_damage_to_any_file_is_silent(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    make(engine, &store);
    let mut told = 0;
    let all = files(&store);
    assert!(all.len() > 5, "{all:?}");
    for file in all.iter().filter(|file| !file.ends_with("RESERVE")) {
        for (what, harm) in HARMS {
            if what != "gone" && fs::metadata(store.join(file)).unwrap().len() == 0 {
                continue;
            }
            let damaged = dir.path().join("damaged");
            copy(&store, &damaged);
            harm(&damaged.join(file));
            let said = look(engine, &damaged);
            told += u32::from(said.is_some());
            println!(
                "{engine}: {} {what}: {}",
                file.display(),
                said.unwrap_or_default()
            );
            fs::remove_dir_all(&damaged).unwrap();
        }
    }
    assert!(told > 10, "only {told} damages were noticed at all");
}

/// Opens a damaged store and reads all of it: what it says about the damage, if anything. Panics
/// where it shows other records than were written without a word.
fn look(engine: &str, damaged: &Path) -> Option<String> {
    let opened = match open(engine, damaged, EPOCH, &options()) {
        Ok(opened) => opened,
        Err(error @ (KvError::Damaged { .. } | KvError::Newer { .. })) => {
            return Some(error.to_string());
        }
        Err(other) => panic!("{other}"),
    };
    match opened.trust {
        Trust::Behind { note, .. } => return Some(note),
        Trust::Fresh => panic!("taken for a fresh store"),
        Trust::Whole => {}
    }
    let mut there = 0;
    for pair in opened.engine.scan(b"", None) {
        match pair {
            Ok((key, held)) => {
                there += 1;
                let number = u64::from_be_bytes(*key.first_chunk().unwrap());
                assert_eq!(held, value(number), "a record has changed in silence");
            }
            Err(error @ KvError::Damaged { .. }) => return Some(error.to_string()),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(there, RECORDS, "records are lost in silence");
    None
}

#[test]
fn an_older_journal_that_makes_no_sense_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let kv = opened("fjall", dir.path()).engine;
    fill(&*kv, 1..4);
    drop(kv);
    let journals = dir.path().join("fjall");
    fs::rename(journals.join("0.jnl"), journals.join("1.jnl")).unwrap();
    fs::write(journals.join("0.jnl"), vec![9; 100_000]).unwrap();
    let error = open("fjall", dir.path(), EPOCH, &options()).unwrap_err();
    assert!(
        error.to_string().contains("0.jnl makes no sense"),
        "{error}"
    );
}

/// The worst that could happen: an engine that takes the store of another for a new one.
fn a_store_of_another_engine_is_refused_and_untouched(engine: &str) {
    let other = if engine == "sled" { "fjall" } else { "sled" };
    let dir = tempfile::tempdir().unwrap();
    let kv = opened(engine, dir.path()).engine;
    fill(&*kv, 1..4);
    drop(kv);
    let before = files(dir.path());
    for lost in [None, Some("ENGINE"), Some(folder(engine))] {
        let lost = lost.map(|name| (dir.path().join(name), dir.path().join("lost")));
        if let Some((path, aside)) = &lost {
            fs::rename(path, aside).unwrap();
        }
        let error = open(other, dir.path(), EPOCH, &options()).unwrap_err();
        let words = error.to_string();
        assert!(matches!(error, KvError::OtherEngine { .. }), "{words}");
        assert!(
            words.contains(&format!("\"{engine}\", not by \"{other}\"")),
            "{words}"
        );
        if let Some((path, aside)) = &lost {
            fs::rename(aside, path).unwrap();
        }
    }
    assert_eq!(files(dir.path()), before);
    assert_eq!(count(&*opened(engine, dir.path()).engine), 3);
}

/// A change anywhere in what the engine reads is told, or changes nothing that is read (sled's log
/// holds pages of earlier days).
fn a_change_anywhere_in_the_files_of_the_tree_is_told(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    make(engine, &store);
    let all = files(&store);
    let read = |file: &&PathBuf| {
        file.starts_with("fjall/keyspaces/1/tables") || file.ends_with(log(engine))
    };
    for file in all.iter().filter(read) {
        let length = filled(&store.join(file));
        for at in (0..STEPS).map(|step| length * step / STEPS + step) {
            let at = usize::try_from(at).unwrap();
            let damaged = dir.path().join("damaged");
            copy(&store, &damaged);
            harm(&damaged.join(file), |bytes| bytes[at] ^= 8);
            let said = look(engine, &damaged);
            let told = said.is_some() || engine == "sled";
            assert!(told, "{} at {at}", file.display());
            fs::remove_dir_all(&damaged).unwrap();
        }
    }
}

fn inv3_an_entry_that_is_missing_or_an_older_one_is_told(engine: &str) {
    if engine == Sled::NAME {
        assert_the_sum_is_proved::<Sled>();
    } else {
        assert_the_sum_is_proved::<Fjall>();
    }
}

/// Goes past the guards, so that every entry is whole in itself and only their sum tells.
fn assert_the_sum_is_proved<T: Tree>() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    fill(&*opened(T::NAME, &store).engine, 1..4);
    let key = 2_u64.to_be_bytes().to_vec();
    let tree = T::open(&store, &options()).unwrap();
    let older = tree.get(&key).unwrap().unwrap().as_ref().to_vec();
    drop(tree);
    let mut batch = Batch::default();
    batch.put(key.clone(), "newer");
    opened(T::NAME, &store).engine.commit(batch).unwrap();
    for harmed in [None, Some(older)] {
        let damaged = dir
            .path()
            .join(if harmed.is_some() { "older" } else { "gone" });
        copy(&store, &damaged);
        let tree = T::open(&damaged, &options()).unwrap();
        tree.apply(vec![(key.clone(), harmed)]).unwrap();
        tree.sync().unwrap();
        drop(tree);
        let told = open(T::NAME, &damaged, EPOCH, &options()).unwrap_err();
        assert!(matches!(told, KvError::Damaged { .. }), "{told}");
        assert!(told.to_string().contains("do not add up"), "{told}");
    }
    assert_eq!(opened(T::NAME, &store).trust, Trust::Whole);
}
