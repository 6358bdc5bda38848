//! The content of a store as one stream of bytes, and a new store from it.
//!
//! ```text
//! "CALDUMP1"
//! for each pair, in ascending order of the key:
//!     1 u8, key length u32, value length u32 (little-endian), key, value
//! 0 u8, number of pairs u64, bytes of keys and values u64, BLAKE3 over all of them (32 bytes)
//! ```
//! Neither the engine nor its own keys are part of it: any engine can be made from it.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use crate::convert::{BATCH_BYTES, Content, Sum, content};
use crate::{Batch, Engine, KvError, Opened, Options, Pair, Snapshot, Stamp, Trust, open};

const MAGIC: &[u8; 8] = b"CALDUMP1";
const PAIR: u8 = 1;
const END: u8 = 0;
/// Far longer than any key or value that is ever written. A length that was changed must not become
/// an allocation.
const MOST_BYTES: u32 = 256 * 1024 * 1024;

/// A store could not be dumped.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// It could not be read.
    #[error(transparent)]
    Store(#[from] KvError),
    /// What was read could not be written.
    #[error(transparent)]
    Out(#[from] io::Error),
}

/// Writes everything that a snapshot shows. `each` sees every pair as it passes.
///
/// # Errors
/// When the snapshot cannot be read to its end, or `out` fails.
pub fn write(
    snapshot: Snapshot<'_>,
    out: &mut dyn Write,
    each: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<Content, DumpError> {
    let mut sum = Sum::default();
    out.write_all(MAGIC)?;
    for pair in snapshot.pairs {
        let (key, value) = pair?;
        out.write_all(&[PAIR])?;
        for part in [&key, &value] {
            let length = u32::try_from(part.len()).ok().filter(|n| *n <= MOST_BYTES);
            let length =
                length.ok_or_else(|| io::Error::other("a value is too long for a dump"))?;
            out.write_all(&length.to_le_bytes())?;
        }
        out.write_all(&key)?;
        out.write_all(&value)?;
        sum.add(&key, &value);
        each(&key, &value);
    }
    let content = sum.content();
    out.write_all(&[END])?;
    out.write_all(&content.keys.to_le_bytes())?;
    out.write_all(&content.bytes.to_le_bytes())?;
    out.write_all(&content.hash)?;
    Ok(content)
}

/// Puts what [`write()`] wrote into a new store of the engine `kind` in `dir`, under `epoch` and with
/// `stamp`; opens that again, and compares. `step` hears of every byte that was written or compared,
/// so twice of each.
///
/// # Errors
/// When the bytes are not what was written, when `dir` holds a store already, or it cannot be written.
pub fn read(
    from: &mut dyn Read,
    kind: &str,
    dir: &Path,
    (epoch, stamp): ([u8; 16], Stamp),
    options: &Options,
    step: &mut dyn FnMut(u64),
) -> Result<(Opened, Content), KvError> {
    let wrong = |why: &str| KvError::Dump {
        dir: dir.to_owned(),
        why: why.to_owned(),
    };
    let to = open(kind, dir, epoch, options)?;
    if to.trust != Trust::Fresh {
        return Err(wrong("there is a store already"));
    }
    let told = fill(from, &to.engine, stamp, step).map_err(|error| match error {
        DumpError::Store(error) => error,
        DumpError::Out(error) => wrong(&error.to_string()),
    })?;
    drop(to);
    let opened = open(kind, dir, epoch, options)?;
    let held = content(&*opened.engine, step)?;
    let as_written = opened.trust == Trust::Whole && opened.stamp == stamp;
    if held != told || !as_written {
        return Err(wrong("what was stored is not what was read"));
    }
    Ok((opened, told))
}

fn fill(
    from: &mut dyn Read,
    to: &Arc<dyn Engine>,
    stamp: Stamp,
    step: &mut dyn FnMut(u64),
) -> Result<Content, DumpError> {
    let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    if &exactly::<8>(from)? != MAGIC {
        return Err(bad("it does not begin like one").into());
    }
    let (mut sum, mut batch) = (Sum::default(), Batch::default());
    let mut last: Option<Vec<u8>> = None;
    while let Some((key, value)) = next(from)? {
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err(bad("its keys are not in order").into());
        }
        step(sum.add(&key, &value));
        last = Some(key.clone());
        batch.put(key, value);
        if batch.bytes() >= BATCH_BYTES {
            to.commit(std::mem::take(&mut batch))?;
        }
    }
    let told = Content {
        keys: u64::from_le_bytes(exactly(from)?),
        bytes: u64::from_le_bytes(exactly(from)?),
        hash: exactly(from)?,
    };
    if told != sum.content() {
        return Err(bad("it does not hold what it says").into());
    }
    batch.stamp(stamp);
    to.commit(batch)?;
    Ok(told)
}

/// The next pair; nothing at the end.
fn next(from: &mut dyn Read) -> io::Result<Option<Pair>> {
    let bad = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why);
    match exactly::<1>(from)? {
        [END] => return Ok(None),
        [PAIR] => {}
        _ => return Err(bad("it holds something that is no pair")),
    }
    let mut part = [0_usize; 2];
    for length in &mut part {
        let told = u32::from_le_bytes(exactly(from)?);
        if told > MOST_BYTES {
            return Err(bad("it tells of a value of impossible length"));
        }
        *length = told as usize;
    }
    let [mut key, mut value] = part.map(|length| vec![0; length]);
    from.read_exact(&mut key)?;
    from.read_exact(&mut value)?;
    Ok(Some((key, value)))
}

fn exactly<const N: usize>(from: &mut dyn Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(io::ErrorKind::InvalidData, "it is cut off")
            }
            _ => error,
        })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        revision: 4,
        count: 5,
        digest: [6; 32],
    };

    fn dumped() -> (Vec<u8>, Content) {
        let opened = open("memory", Path::new(""), [0; 16], &Options::default()).unwrap();
        let mut batch = Batch::default();
        for number in 0..50_u32 {
            batch.put(number.to_be_bytes(), vec![9; number as usize * 500]);
        }
        opened.engine.commit(batch).unwrap();
        let (mut bytes, mut seen) = (Vec::new(), 0);
        let snapshot = opened.engine.snapshot().unwrap();
        let content = write(snapshot, &mut bytes, &mut |_, _| seen += 1).unwrap();
        assert_eq!((content.keys, seen), (50, 50));
        (bytes, content)
    }

    fn restore(bytes: &[u8], kind: &str, dir: &Path) -> Result<(Opened, Content), KvError> {
        let mut from = bytes;
        let options = Options::default();
        read(
            &mut from,
            kind,
            dir,
            ([8; 16], STAMP),
            &options,
            &mut |_| (),
        )
    }

    #[test]
    fn a_dump_becomes_a_store_of_either_engine() {
        let (bytes, content) = dumped();
        for kind in ["sled", "fjall"] {
            let dir = tempfile::tempdir().unwrap();
            let (opened, told) = restore(&bytes, kind, dir.path()).unwrap();
            assert_eq!(
                (told, opened.epoch, opened.stamp),
                (content, [8; 16], STAMP)
            );
            let value = opened.engine.get(&7_u32.to_be_bytes()).unwrap();
            assert_eq!(value, Some(vec![9; 3_500]));
            drop(opened);
            let again = restore(&bytes, kind, dir.path()).unwrap_err();
            assert!(again.to_string().contains("already"), "{again}");
        }
    }

    #[test]
    fn a_dump_that_was_changed_anywhere_or_cut_off_is_refused() {
        let (bytes, _) = dumped();
        let dir = tempfile::tempdir().unwrap();
        let mut tries = 0;
        let mut refused = |bytes: &[u8]| {
            tries += 1;
            let place = dir.path().join(tries.to_string());
            assert!(restore(bytes, "sled", &place).is_err());
        };
        let ends = [
            0,
            7,
            8,
            9,
            12,
            16,
            21,
            600,
            bytes.len() - 49,
            bytes.len() - 1,
        ];
        for at in ends {
            let mut changed = bytes.clone();
            changed[at] ^= 2;
            refused(&changed);
            refused(&bytes[..at]);
        }
    }
}
