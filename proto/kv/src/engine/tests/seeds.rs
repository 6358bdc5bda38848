//! Damaged files, two hundred ways by seed: a store is right, or it says that it is not. Never a
//! panic, never a loss in silence.
//!
//! `CALLUNA_DAMAGE_SEED=n` repeats one; `CALLUNA_DAMAGE_SEEDS=n` tries so many.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{EPOCH, copy, folder, log, options};
use crate::{Batch, Engine, KvError, Options, Trust, open};

over_both! {
    inv3_damage_by_seed_is_never_silent_and_never_a_panic,
}

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// Chance from a seed: splitmix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.below(all.len() as u64);
        &all[usize::try_from(at).unwrap()]
    }
}

/// A life of a store: small and large values, changed and removed, over several starts.
/// `early` is a copy of its files after the first of them.
fn lived(engine: &str, store: &Path, early: &Path) -> Content {
    let mut content = Content::new();
    for life in 0..3_u64 {
        let kv = open(engine, store, EPOCH, &options()).unwrap().engine;
        for round in 0..150_u64 {
            let mut batch = Batch::default();
            for n in 0..4 {
                let number = (life * 40 + round * 7 + n * 31) % 500;
                let key = number.to_be_bytes().to_vec();
                let length = if number % 9 == 0 { 18_000 } else { 900 };
                let value = vec![u8::try_from((life + round) % 251).unwrap(); length];
                if (round + n) % 11 == 3 {
                    batch.remove(key.clone());
                    content.remove(&key);
                } else {
                    batch.put(key.clone(), value.clone());
                    content.insert(key, value);
                }
            }
            kv.commit(batch).unwrap();
        }
        drop(kv);
        if life == 0 {
            copy(store, early);
        }
    }
    content
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if !["LOCK", "RESERVE"].iter().any(|name| path.ends_with(name)) {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn cut(path: &Path, length: u64) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_len(length).unwrap();
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    use std::os::unix::fs::FileExt;
    let file = fs::File::options().write(true).open(path).unwrap();
    let left = file.metadata().unwrap().len().saturating_sub(at);
    let fits = bytes.len().min(usize::try_from(left).unwrap());
    file.write_all_at(&bytes[..fits], at).unwrap();
}

/// Damages the store, and says how.
fn damage(engine: &str, store: &Path, early: &Path, dice: &mut Dice) -> String {
    let files = files(store);
    let file = dice.pick(&files).clone();
    let log = store.join(log(engine));
    // Half of all damage goes where most of the bytes are.
    let file = if dice.below(2) == 0 { log } else { file };
    let length = file.metadata().unwrap().len();
    let name = file.strip_prefix(store).unwrap().display().to_string();
    let at = dice.below(length);
    match dice.below(10) {
        0 => {
            let tail = dice.below((length / 8).min(60_000)) + 1;
            cut(&file, length.saturating_sub(tail));
            format!("{tail} bytes torn off the end of {name}")
        }
        1 => {
            cut(&file, at);
            format!("{name} cut off at {at} of {length}")
        }
        2 => {
            let byte = fs::read(&file)
                .unwrap()
                .get(usize::try_from(at).unwrap())
                .copied();
            overwrite(&file, at, &[byte.unwrap_or(0) ^ (1 << dice.below(8))]);
            format!("a bit flipped at {at} of {name}")
        }
        3 => {
            overwrite(&file, at / 4096 * 4096, &[0; 4096]);
            format!("a page zeroed at {at} of {name}")
        }
        4 => {
            overwrite(&file, at, &[0xa5; 512]);
            format!("a sector of rubbish at {at} of {name}")
        }
        5 => {
            cut(&file, 0);
            format!("{name} emptied")
        }
        6 => {
            fs::remove_file(&file).unwrap();
            format!("{name} lost")
        }
        7 => {
            let snapshots = files
                .iter()
                .filter(|f| f.to_string_lossy().contains("/snap."));
            snapshots.for_each(|snapshot| fs::remove_file(snapshot).unwrap());
            "every snapshot lost".to_owned()
        }
        8 => {
            let name = format!("snap.{:016X}.generating", dice.below(1 << 40));
            let left = store.join(folder(engine)).join(name);
            fs::write(
                left,
                vec![0xee; usize::try_from(dice.below(9_000)).unwrap()],
            )
            .unwrap();
            "a half-written snapshot left over".to_owned()
        }
        _ => {
            let state = fs::read(store.join("STATE")).unwrap();
            fs::remove_dir_all(store).unwrap();
            copy(early, store);
            fs::write(store.join("STATE"), state).unwrap();
            "an old copy under a STATE that is ahead".to_owned()
        }
    }
}

/// Everything that can be read, or why not.
fn read_all(engine: &dyn Engine) -> Result<Content, KvError> {
    let scanned: Content = engine.scan(b"", None).collect::<Result<_, _>>()?;
    for (key, value) in &scanned {
        assert_eq!(
            engine.get(key)?.as_ref(),
            Some(value),
            "get and scan differ"
        );
    }
    engine.last(b"")?;
    Ok(scanned)
}

/// What became of a damaged store.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Refused,
    Behind,
    ToldWhenRead,
    Right,
}

fn fate(engine: &str, store: &Path, truth: &Content) -> Fate {
    let options = Options {
        lock_wait: Duration::ZERO,
        ..options()
    };
    let opened = match open(engine, store, EPOCH, &options) {
        Ok(opened) => opened,
        Err(error @ (KvError::Damaged { .. } | KvError::Newer { .. })) => {
            let text = error.to_string();
            assert!(
                text.contains("backup") || text.contains("newer program"),
                "{text}"
            );
            return Fate::Refused;
        }
        Err(other) => panic!("{other}"),
    };
    let read = read_all(&*opened.engine);
    match (opened.trust, read) {
        (Trust::Fresh, _) => panic!("taken for a new store"),
        (Trust::Behind { note, .. }, _) => {
            assert!(!note.is_empty());
            Fate::Behind
        }
        (Trust::Whole, Err(KvError::Damaged { .. })) => Fate::ToldWhenRead,
        (Trust::Whole, Err(other)) => panic!("{other}"),
        (Trust::Whole, Ok(read)) => {
            let lost = truth.keys().filter(|key| !read.contains_key(*key)).count();
            assert!(
                &read == truth,
                "{lost} of {} entries are lost in silence",
                truth.len()
            );
            Fate::Right
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

fn inv3_damage_by_seed_is_never_silent_and_never_a_panic(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (store, early) = (dir.path().join("store"), dir.path().join("early"));
    let truth = lived(engine, &store, &early);
    let seeds = match number("CALLUNA_DAMAGE_SEED") {
        Some(one) => one..one + 1,
        None => 0..number("CALLUNA_DAMAGE_SEEDS").unwrap_or(200),
    };
    let mut fates: BTreeMap<Fate, u64> = BTreeMap::new();
    for seed in seeds {
        let damaged = dir.path().join(seed.to_string());
        copy(&store, &damaged);
        let how = damage(engine, &damaged, &early, &mut Dice(seed));
        println!("{engine}, seed {seed}: {how}");
        let fate = fate(engine, &damaged, &truth);
        println!("{engine}, seed {seed}: {fate:?}");
        *fates.entry(fate).or_default() += 1;
        fs::remove_dir_all(&damaged).unwrap();
    }
    println!("{engine}: {fates:?}");
    if number("CALLUNA_DAMAGE_SEED").is_none() {
        assert!(fates.len() == 4, "the damage hardly varies: {fates:?}");
    }
}
