//! A still picture of a store that goes on being written.
//!
//! No tree below is asked for a snapshot: sled has none. The one writer keeps what it is about to
//! replace, for as long as somebody copies and has not come by yet:
//!
//! * A picture begins between two groups of batches, on the writing thread, so at a moment at which
//!   everything that is in the tree is durable and whole.
//! * Before a batch is applied, the writer keeps the old entry (or that there was none) of each key
//!   that lies behind the reader's place. The reader looks into what was kept *after* it has read the
//!   tree: an entry that is not kept then was not touched since the beginning.
//! * What is kept is given free as the reader passes it. A night mostly appends, and keeps of a new
//!   key that it was not there; when more than [`MOST_BYTES`] is kept all the same, the picture is
//!   given up and the store goes on. So a reader that hangs costs neither memory nor a night.
//! * Files of large values are not deleted while somebody copies.
//! * At its end the reader compares what it passed with the sum that the store held at the beginning
//!   ([`Sum`]): a picture is the whole content of one moment, or an error.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::entry::{SUM_KEY, Sum};
use super::{Guarded, is_internal};
use crate::engine::tree::{Encoded, Entry, Range, Tree};
use crate::engine::{MARK_KEY, Snapshot};
use crate::state::Mark;
use crate::{KvError, Pair};

/// So much is kept for one reader, in bytes of keys and entries.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What an entry of a map takes beside its key and value, about.
const OVERHEAD: usize = 96;

/// What writer and reader share.
#[derive(Debug, Default)]
pub(super) struct Picture(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The mark and the sum at the beginning.
    begun: Option<(Mark, Sum)>,
    /// The reader has passed all keys up to and including this one.
    passed: Option<Vec<u8>>,
    /// What was there, for keys that were written since.
    entries: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    bytes: usize,
    /// More was to be kept than may be, or something could not be read.
    given_up: Option<String>,
}

impl Kept {
    fn wants(&self, key: &[u8]) -> bool {
        self.given_up.is_none()
            && self.passed.as_deref().is_none_or(|passed| key > passed)
            && !self.entries.contains_key(key)
    }

    fn give_up(&mut self, why: String) {
        self.given_up = Some(why);
        self.entries = BTreeMap::new();
    }

    fn pass(&mut self, key: &[u8]) {
        match &mut self.passed {
            Some(passed) => {
                passed.clear();
                passed.extend_from_slice(key);
            }
            None => self.passed = Some(key.to_vec()),
        }
    }

    fn take_first(&mut self) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let (key, stored) = self.entries.pop_first()?;
        self.bytes = self.bytes.saturating_sub(weight(&key, stored.as_deref()));
        Some((key, stored))
    }
}

fn weight(key: &[u8], stored: Option<&[u8]>) -> usize {
    key.len() + stored.map_or(0, <[u8]>::len) + OVERHEAD
}

impl Picture {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what stands under `key`, unless the reader needs it no more.
    fn keep<T: Tree>(&self, tree: &T, key: &[u8]) {
        if !self.lock().wants(key) {
            return;
        }
        // Not under the lock: the tree may take its time, or panic over a damaged file.
        let old = tree
            .get(key)
            .map(|old| old.map(|old| old.as_ref().to_vec()));
        let mut kept = self.lock();
        if !kept.wants(key) {
            return;
        }
        let old = match old {
            Ok(old) => old,
            Err(error) => return kept.give_up(error.to_string()),
        };
        kept.bytes += weight(key, old.as_deref());
        kept.entries.insert(key.to_vec(), old);
        if kept.bytes > MOST_BYTES {
            kept.give_up(
                "more was written meanwhile than a copy can keep up with; try again at a quieter time, \
                 or onto a faster disk"
                    .to_owned(),
            );
        }
    }
}

/// The pictures that somebody still reads: the writer's side.
#[derive(Debug, Default)]
pub(super) struct Pictures(Vec<Weak<Picture>>);

impl Pictures {
    /// Begins one: what the tree holds now is what it shows.
    pub(super) fn begin(&mut self, picture: &Arc<Picture>, mark: Mark, sum: Sum) {
        picture.lock().begun = Some((mark, sum));
        self.0.push(Arc::downgrade(picture));
    }

    /// Keeps what `writes` are about to replace.
    pub(super) fn keep<T: Tree>(&mut self, tree: &T, writes: &Encoded) {
        if self.none() {
            return;
        }
        for picture in self.0.iter().filter_map(Weak::upgrade) {
            for (key, _) in writes {
                picture.keep(tree, key);
            }
        }
    }

    /// Whether nobody reads one any more.
    pub(super) fn none(&mut self) -> bool {
        self.0.retain(|picture| picture.strong_count() > 0);
        self.0.is_empty()
    }
}

/// The reader's side.
struct Reader<'a, T: Tree> {
    store: &'a Guarded<T>,
    picture: Arc<Picture>,
    tree: Range<T::Bytes>,
    ahead: Option<(T::Bytes, T::Bytes)>,
    tree_ended: bool,
    sum: Sum,
    expected: Sum,
    over: bool,
}

/// The content at this moment.
pub(super) fn of<T: Tree>(store: &Guarded<T>) -> Result<Snapshot<'_>, KvError> {
    let picture = Arc::new(Picture::default());
    store.begin_picture(&picture)?;
    let begun = picture.lock().begun;
    let (mark, expected) = begun.ok_or_else(|| KvError::Snapshot {
        dir: store.dir.clone(),
        why: "it was never begun".to_owned(),
    })?;
    let reader = Reader {
        tree: store.range(b"", None)?,
        store,
        picture,
        ahead: None,
        tree_ended: false,
        sum: Sum::default(),
        expected,
        over: false,
    };
    Ok(Snapshot {
        epoch: mark.epoch,
        stamp: mark.stamp,
        pairs: Box::new(reader),
    })
}

impl<T: Tree> Reader<'_, T> {
    fn failed(&self, why: String) -> KvError {
        KvError::Snapshot {
            dir: self.store.dir.clone(),
            why,
        }
    }

    /// Looks one entry ahead in the tree.
    fn look(&mut self) -> Result<(), KvError> {
        if self.ahead.is_none() && !self.tree_ended {
            let next: Option<Entry<T::Bytes>> = self.store.step(|| self.tree.next());
            self.ahead = next.transpose()?;
            self.tree_ended = self.ahead.is_none();
        }
        Ok(())
    }

    /// The next entry as it stood at the beginning.
    fn entry(&mut self) -> Result<Option<Pair>, KvError> {
        loop {
            self.look()?;
            let mut kept = self.picture.lock();
            if let Some(why) = kept.given_up.clone() {
                drop(kept);
                return Err(self.failed(why));
            }
            let first = kept
                .entries
                .first_key_value()
                .map(|(key, _)| key.as_slice());
            let ahead = self.ahead.as_ref().map(|(key, _)| key.as_ref());
            let from_kept = match (first, ahead) {
                (None, None) => return Ok(None),
                (Some(first), Some(ahead)) => first <= ahead,
                (first, _) => first.is_some(),
            };
            if !from_kept {
                let Some((key, stored)) = self.ahead.take() else {
                    return Ok(None);
                };
                kept.pass(key.as_ref());
                return Ok(Some((key.as_ref().to_vec(), stored.as_ref().to_vec())));
            }
            let Some((key, stored)) = kept.take_first() else {
                return Ok(None);
            };
            kept.pass(&key);
            if self
                .ahead
                .as_ref()
                .is_some_and(|(ahead, _)| ahead.as_ref() == key)
            {
                self.ahead = None;
            }
            if let Some(stored) = stored {
                return Ok(Some((key, stored)));
            }
        }
    }

    /// The next pair of the owner's.
    fn pair(&mut self) -> Result<Option<Pair>, KvError> {
        while let Some((key, stored)) = self.entry()? {
            if key == MARK_KEY || key == SUM_KEY {
                continue;
            }
            self.sum.add(&key, &stored);
            if is_internal(&key) {
                continue;
            }
            let value = self.store.value(&key, &stored)?;
            return Ok(Some((
                key.clone(),
                value.ok_or_else(|| self.store.lost(&key))?,
            )));
        }
        if self.sum == self.expected {
            return Ok(None);
        }
        Err(self.failed("what was read does not add up to what the store held; this is damage, or a mistake in the program: start the process again, which proves the store".to_owned()))
    }
}

impl<T: Tree> Iterator for Reader<'_, T> {
    type Item = Result<Pair, KvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let next = self.pair().transpose();
        self.over = next.as_ref().is_none_or(Result::is_err);
        next
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicBool, Ordering};

    use crate::{Batch, Engine, Options, Stamp, open};

    fn value(number: u64, version: u64) -> Vec<u8> {
        // Every third is large for sled, so that files of large values come and go.
        let size = if number.is_multiple_of(3) { 20_000 } else { 60 };
        let mut value = vec![number.to_le_bytes()[0]; size];
        value.extend(version.to_be_bytes());
        value
    }

    fn held(engine: &dyn Engine) -> BTreeMap<Vec<u8>, Vec<u8>> {
        engine.scan(b"", None).map(Result::unwrap).collect()
    }

    /// Everything is changed, removed and added to while the reader stands in the middle.
    #[test]
    fn a_picture_shows_the_moment_at_which_it_began_whatever_is_written_meanwhile() {
        for kind in ["sled", "fjall", "memory"] {
            let dir = tempfile::tempdir().unwrap();
            let opened = open(kind, dir.path(), [3; 16], &Options::default()).unwrap();
            let engine = &*opened.engine;
            for number in 0..300_u64 {
                let mut batch = Batch::default();
                batch.put(number.to_be_bytes(), value(number, 0));
                batch.stamp(Stamp {
                    revision: number,
                    ..Stamp::default()
                });
                engine.commit(batch).unwrap();
            }
            let before = held(engine);
            let mut picture = engine.snapshot().unwrap();
            let mut seen = BTreeMap::new();
            for _ in 0..100 {
                let (key, value) = picture.pairs.next().unwrap().unwrap();
                seen.insert(key, value);
            }
            for number in 0..300_u64 {
                let mut batch = Batch::default();
                match number % 4 {
                    0 => batch.remove(number.to_be_bytes()),
                    1 => batch.put(number.to_be_bytes(), value(number, 1)),
                    2 => batch.put([&number.to_be_bytes()[..], b"new"].concat(), "new"),
                    _ => {}
                }
                engine.commit(batch).unwrap();
            }
            if kind != "memory" {
                assert_eq!((picture.epoch, picture.stamp.revision), ([3; 16], 299));
            }
            seen.extend(picture.pairs.by_ref().map(Result::unwrap));
            drop(picture);
            assert!(
                seen == before,
                "{kind}: {} and {}",
                seen.len(),
                before.len()
            );
            assert_ne!(held(engine), before);
            // What was put off while somebody read is made up for: nothing is left behind.
            let mut batch = Batch::default();
            held(engine).into_keys().for_each(|key| batch.remove(key));
            engine.commit(batch).unwrap();
            let files = dir.path().join("bodies");
            let left = files.read_dir().map_or(0, Iterator::count);
            assert_eq!(left, 0, "{kind}: files of large values that nothing needs");
        }
    }

    /// Ends the writers also when an assertion fails.
    struct Stop<'a>(&'a AtomicBool);

    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    /// Pairs of keys always hold the same number: no picture may show half a batch.
    #[test]
    fn pictures_taken_under_full_load_show_whole_batches() {
        for kind in ["sled", "fjall"] {
            let dir = tempfile::tempdir().unwrap();
            let opened = open(kind, dir.path(), [0; 16], &Options::default()).unwrap();
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let _stop = Stop(&stop);
                for writer in 0..3_u64 {
                    let (engine, stop) = (&opened.engine, &stop);
                    scope.spawn(move || {
                        let mut version = 0_u64;
                        while !stop.load(Ordering::SeqCst) {
                            version += 1;
                            let mut batch = Batch::default();
                            for side in ["a", "m", "z"] {
                                for slot in 0..20_u64 {
                                    let key = format!("{side}/{writer}/{slot:03}");
                                    batch.put(key, value(slot, version));
                                }
                                // What comes and goes.
                                batch.remove(format!("{side}/{writer}/x{}", version - 1));
                                batch.put(format!("{side}/{writer}/x{version}"), "x");
                            }
                            engine.commit(batch).unwrap();
                        }
                    });
                }
                for _ in 0..20 {
                    let mut versions: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
                    let mut moving = 0;
                    for pair in opened.engine.snapshot().unwrap().pairs {
                        let (key, value) = pair.unwrap();
                        if value == b"x" {
                            moving += 1;
                            continue;
                        }
                        let (_, version) = value.split_last_chunk().unwrap();
                        versions
                            .entry(key[2])
                            .or_default()
                            .push(u64::from_be_bytes(*version));
                    }
                    assert_eq!(moving, versions.len() * 3, "{kind}");
                    for seen in versions.values() {
                        assert_eq!(seen.len(), 60, "{kind}");
                        assert!(
                            seen.iter().all(|version| version == &seen[0]),
                            "{kind}: {seen:?}"
                        );
                    }
                }
            });
        }
    }

    #[test]
    fn a_reader_that_hangs_costs_a_bounded_memory_and_no_writer() {
        let dir = tempfile::tempdir().unwrap();
        let opened = open("sled", dir.path(), [0; 16], &Options::default()).unwrap();
        let big = vec![7; 12_000];
        let write = |version: u8| {
            for part in 0..60_u8 {
                let mut batch = Batch::default();
                for slot in 0..100_u8 {
                    batch.put([part, slot], [&big[..], &[version]].concat());
                }
                opened.engine.commit(batch).unwrap();
            }
        };
        write(0);
        let mut picture = opened.engine.snapshot().unwrap();
        assert!(picture.pairs.next().unwrap().is_ok());
        write(1);
        let said = picture.pairs.find_map(Result::err).unwrap().to_string();
        assert!(said.contains("quieter time"), "{said}");
        assert!(picture.pairs.next().is_none());
        assert_eq!(opened.engine.snapshot().unwrap().pairs.count(), 6_000);
    }
}
