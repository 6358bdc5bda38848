//! What the tree holds, and the proof that it still holds all of it.
//!
//! sled checks its log when it opens, but not what it reads later: a flipped bit on the disk comes
//! back as a value, or as a key that is not there any more (found by `seeds.rs`). fjall checks its
//! blocks; it is not taken at its word either. So every entry carries a checksum
//! over its key and itself, and the tree holds the sum over all entries, changed in the same atomic
//! batch ([`Sum`]). Opening adds up anew: an entry that is missing, changed or come back from the dead
//! is told before anybody builds on it.

use std::collections::BTreeMap;
use std::path::Path;

use super::caught;
use crate::KvError;
use crate::engine::MARK_KEY;
use crate::engine::tree::{Encoded, Tree};

/// The one key beside the mark that is not part of the sum: it holds the sum.
pub(super) const SUM_KEY: &[u8] = b"\0calluna-kv/sum";

const PLACED: u8 = 1;
const INLINE: u8 = 2;
/// Bytes of an inline entry's checksum.
const CHECK: usize = 8;

/// Where a large value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
    /// The first 16 bytes of the value's BLAKE3.
    pub(super) check: [u8; 16],
}

/// What the tree holds for a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Held<'a> {
    Inline(&'a [u8]),
    Placed(Place),
}

/// Reads what the tree holds for `key`; `None` when it is not what was written.
pub(super) fn held<'a>(key: &[u8], stored: &'a [u8]) -> Option<Held<'a>> {
    let (tag, rest) = stored.split_first()?;
    let (check, rest) = rest.split_first_chunk::<CHECK>()?;
    if *check != seal(key, *tag, rest) {
        return None;
    }
    match *tag {
        INLINE => Some(Held::Inline(rest)),
        PLACED => {
            let (file, place) = rest.split_first_chunk()?;
            let (offset, place) = place.split_first_chunk()?;
            let (length, check) = place.split_first_chunk()?;
            Some(Held::Placed(Place {
                file: u64::from_be_bytes(*file),
                offset: u64::from_be_bytes(*offset),
                length: u32::from_be_bytes(*length),
                check: check.try_into().ok()?,
            }))
        }
        _ => None,
    }
}

/// The entry of a small value.
pub(super) fn inline(key: &[u8], value: &[u8]) -> Vec<u8> {
    stored(key, INLINE, value)
}

/// The entry of a large value.
pub(super) fn placed(key: &[u8], place: &Place) -> Vec<u8> {
    let (file, offset) = (place.file.to_be_bytes(), place.offset.to_be_bytes());
    let length = place.length.to_be_bytes();
    stored(
        key,
        PLACED,
        &[&file[..], &offset, &length, &place.check].concat(),
    )
}

fn stored(key: &[u8], tag: u8, rest: &[u8]) -> Vec<u8> {
    [&[tag][..], &seal(key, tag, rest), rest].concat()
}

fn seal(key: &[u8], tag: u8, rest: &[u8]) -> [u8; CHECK] {
    first(&hashed(key, &[&[tag], rest]))
}

fn hashed(key: &[u8], parts: &[&[u8]]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_be_bytes());
    hasher.update(key);
    parts.iter().for_each(|part| {
        hasher.update(part);
    });
    hasher.finalize()
}

fn first<const N: usize>(hash: &blake3::Hash) -> [u8; N] {
    hash.as_bytes().first_chunk().copied().unwrap_or([0; N])
}

/// How many entries there are, and the sum over all of them. The order does not matter, so it
/// follows a change without looking at the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    entries: u64,
    total: u128,
}

impl Sum {
    pub(super) fn add(&mut self, key: &[u8], stored: &[u8]) {
        self.entries = self.entries.wrapping_add(1);
        self.total = self.total.wrapping_add(weight(key, stored));
    }

    fn take(&mut self, key: &[u8], stored: &[u8]) {
        self.entries = self.entries.wrapping_sub(1);
        self.total = self.total.wrapping_sub(weight(key, stored));
    }

    /// The sum after `writes`, each of whose keys comes once.
    pub(super) fn after<T: Tree>(mut self, tree: &T, writes: &Encoded) -> Result<Self, KvError> {
        for (key, stored) in writes {
            if let Some(before) = tree.get(key)? {
                self.take(key, before.as_ref());
            }
            if let Some(stored) = stored {
                self.add(key, stored);
            }
        }
        Ok(self)
    }

    /// The form in which it lies in the tree.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let value = [&self.entries.to_be_bytes()[..], &self.total.to_be_bytes()].concat();
        inline(SUM_KEY, &value)
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Held::Inline(value) = held(SUM_KEY, bytes)? else {
            return None;
        };
        let (entries, total) = value.split_first_chunk()?;
        Some(Self {
            entries: u64::from_be_bytes(*entries),
            total: u128::from_be_bytes(total.try_into().ok()?),
        })
    }
}

fn weight(key: &[u8], stored: &[u8]) -> u128 {
    u128::from_be_bytes(first(&hashed(key, &[stored])))
}

/// Adds up what the tree holds and compares it with what it says that it holds. `None` is a tree
/// to which nothing was written yet.
pub(super) fn prove<T: Tree>(dir: &Path, tree: &T) -> Result<Option<Sum>, KvError> {
    let damaged = |why: String| KvError::Damaged {
        dir: dir.to_owned(),
        why,
    };
    let told = caught::call::<T, _>(dir, "read its sum", || tree.get(SUM_KEY))?;
    let begin = || Ok(tree.range(Vec::new(), None));
    let mut entries = caught::call::<T, _>(dir, "read every entry", begin)?;
    let mut next = || caught::call::<T, _>(dir, "read every entry", || entries.next().transpose());
    let mut found = Sum::default();
    while let Some((key, stored)) = next()? {
        let (key, stored) = (key.as_ref(), stored.as_ref());
        if key == MARK_KEY || key == SUM_KEY {
            continue;
        }
        if held(key, stored).is_none() {
            return Err(damaged(format!(
                "the entry `{}` was changed",
                key.escape_ascii()
            )));
        }
        found.add(key, stored);
    }
    let Some(told) = told else {
        let empty = found.entries == 0;
        return empty.then_some(None).ok_or_else(|| {
            damaged(format!(
                "{} entries are there, and their sum is lost",
                found.entries
            ))
        });
    };
    let told =
        Sum::from_bytes(told.as_ref()).ok_or_else(|| damaged("its sum was changed".to_owned()))?;
    if told == found {
        return Ok(Some(told));
    }
    Err(damaged(format!(
        "{} entries should be there, {} are, and they do not add up",
        told.entries, found.entries
    )))
}

/// What a batch leaves: the last write to a key counts, and each key comes once.
pub(super) fn last_of_each(writes: Vec<crate::batch::Write>) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
    writes.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tree_holds_survives_its_encoding_and_no_change() {
        let place = Place {
            file: 7,
            offset: 8,
            length: 9,
            check: [3; 16],
        };
        let entries = [
            (placed(b"k", &place), Held::Placed(place)),
            (inline(b"k", b"abc"), Held::Inline(b"abc")),
            (inline(b"k", b""), Held::Inline(b"")),
        ];
        for (stored, meaning) in &entries {
            assert_eq!(held(b"k", stored).as_ref(), Some(meaning));
            assert_eq!(held(b"l", stored), None, "it belongs to its key");
            for at in 0..stored.len() {
                let mut changed = stored.clone();
                changed[at] ^= 4;
                assert_eq!(held(b"k", &changed), None);
                assert_eq!(held(b"k", &stored[..at]), None);
            }
        }
    }

    #[test]
    fn a_sum_does_not_depend_on_the_way_to_it() {
        let mut there = Sum::default();
        there.add(b"a", b"1");
        there.add(b"b", b"2");
        let mut back = there;
        back.add(b"c", b"3");
        back.take(b"a", b"1");
        back.take(b"c", b"3");
        back.add(b"a", b"1");
        assert_eq!(back, there);
        back.take(b"a", b"1");
        back.add(b"a", b"2");
        assert_ne!(back, there);
        assert_eq!(Sum::from_bytes(&there.to_bytes()), Some(there));
    }
}
