//! Copies a whole store into a new one of another engine, in bounded memory, and proves the copy.

use std::path::Path;

use crate::{Batch, Engine, KvError, Opened, Options, Trust, open};

/// A batch is committed once it holds this many bytes.
pub(crate) const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// What a store holds: the same on both sides of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Keys.
    pub keys: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
    /// BLAKE3 over all keys and values in their order, each with its length before it.
    pub hash: [u8; 32],
}

/// Adds up what a store holds.
#[derive(Default)]
pub(crate) struct Sum {
    keys: u64,
    bytes: u64,
    hasher: blake3::Hasher,
}

impl Sum {
    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) -> u64 {
        for part in [key, value] {
            self.hasher.update(&(part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
        let more = (key.len() + value.len()) as u64;
        self.keys += 1;
        self.bytes += more;
        more
    }

    pub(crate) fn content(&self) -> Content {
        Content {
            keys: self.keys,
            bytes: self.bytes,
            hash: *self.hasher.finalize().as_bytes(),
        }
    }
}

/// Reads everything that a store holds.
///
/// # Errors
/// When it cannot be read.
pub fn content(engine: &dyn Engine, read: &mut dyn FnMut(u64)) -> Result<Content, KvError> {
    let mut sum = Sum::default();
    for pair in engine.scan(b"", None) {
        let (key, value) = pair?;
        read(sum.add(&key, &value));
    }
    Ok(sum.content())
}

/// Writes everything that `from` holds, under its epoch and with its stamp, into a new store of the
/// engine `kind` in `dir`, opens that again, and compares. `step` hears of every byte that was
/// copied or compared, so twice of each. Nobody may write to `from` meanwhile.
///
/// # Errors
/// When one of the two cannot be read or written, when `dir` holds a store already, or when the
/// copy is not the same.
pub fn copy(
    from: &Opened,
    kind: &str,
    dir: &Path,
    options: &Options,
    step: &mut dyn FnMut(u64),
) -> Result<Content, KvError> {
    let wrong = |why: &str| KvError::Damaged {
        dir: dir.to_owned(),
        why: why.to_owned(),
    };
    let to = open(kind, dir, from.epoch, options)?;
    if to.trust != Trust::Fresh {
        return Err(wrong(
            "a copy was to be written here, and there is a store already",
        ));
    }
    let copied = write(from, &*to.engine, step)?;
    drop(to);
    let to = open(kind, dir, from.epoch, options)?;
    let held = content(&*to.engine, step)?;
    let same = to.trust == Trust::Whole && to.epoch == from.epoch && to.stamp == from.stamp;
    if held != copied || !same {
        return Err(wrong("the copy is not the same as its source"));
    }
    Ok(copied)
}

fn write(from: &Opened, to: &dyn Engine, step: &mut dyn FnMut(u64)) -> Result<Content, KvError> {
    let mut sum = Sum::default();
    let mut batch = Batch::default();
    for pair in from.engine.scan(b"", None) {
        let (key, value) = pair?;
        step(sum.add(&key, &value));
        batch.put(key, value);
        if batch.bytes() >= BATCH_BYTES {
            to.commit(std::mem::take(&mut batch))?;
        }
    }
    batch.stamp(from.stamp);
    to.commit(batch)?;
    Ok(sum.content())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stamp;

    const EPOCH: [u8; 16] = [6; 16];

    fn opened(kind: &str, dir: &Path) -> Opened {
        open(kind, dir, EPOCH, &Options::default()).unwrap()
    }

    fn value(number: u32) -> Vec<u8> {
        vec![number.to_le_bytes()[0]; (number as usize * 37) % 50_000]
    }

    #[test]
    fn a_store_goes_to_the_other_engine_and_back_unchanged() {
        let dir = tempfile::tempdir().unwrap();
        let first = opened("sled", &dir.path().join("a"));
        let stamp = Stamp {
            revision: 9,
            count: 700,
            digest: [3; 32],
        };
        for number in 0..700_u32 {
            let mut batch = Batch::default();
            batch.put(number.to_be_bytes(), value(number));
            batch.stamp(stamp);
            first.engine.commit(batch).unwrap();
        }
        drop(first);
        let mut held = Vec::new();
        for (from, to, place, new) in [("sled", "fjall", "a", "b"), ("fjall", "sled", "b", "c")] {
            let from = opened(from, &dir.path().join(place));
            assert_eq!((from.trust.clone(), from.stamp), (Trust::Whole, stamp));
            let mut steps = 0;
            let (new, options) = (dir.path().join(new), Options::default());
            let content = copy(&from, to, &new, &options, &mut |more| steps += more).unwrap();
            assert_eq!((content.keys, steps), (700, 2 * content.bytes));
            let there = opened(to, &new);
            assert_eq!(
                (there.trust, there.epoch, there.stamp),
                (Trust::Whole, EPOCH, stamp)
            );
            for number in 0..700_u32 {
                let found = there.engine.get(&number.to_be_bytes()).unwrap();
                assert_eq!(found, Some(value(number)));
            }
            held.push(content);
            drop(there.engine);
            let again = copy(&from, to, &new, &options, &mut |_| ());
            assert!(again.is_err(), "a store that is there is not written over");
        }
        assert_eq!(held[0], held[1]);
    }

    #[test]
    fn what_a_store_holds_depends_on_every_byte_and_every_border() {
        let hash = |pairs: &[(&str, &str)]| {
            let mut sum = Sum::default();
            for (key, value) in pairs {
                sum.add(key.as_bytes(), value.as_bytes());
            }
            sum.content().hash
        };
        let all = [
            hash(&[("a", "bc")]),
            hash(&[("ab", "c")]),
            hash(&[("a", "b"), ("c", "")]),
            hash(&[("a", "bd")]),
            hash(&[]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one));
        }
    }
}
