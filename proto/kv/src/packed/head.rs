//! The head of a chunk: writing and reading its bytes.

use std::ops::Range;

use super::{Kind, PackedError, Record};

/// The only format so far.
const FORMAT: u8 = 1;
/// Format, generation, number of records.
const FIXED_LEN: usize = 1 + 4 + 4;
/// The fewest bytes that a record takes in a head.
const RECORD_MIN: usize = 1 + 1 + 1 + 1 + 32;

/// Collects the bytes of a head.
#[derive(Debug)]
pub(super) struct HeadWriter {
    bytes: Vec<u8>,
    records: u32,
    revision: u64,
}

impl HeadWriter {
    pub(super) fn new() -> Self {
        let mut bytes = Vec::with_capacity(4 * 1024);
        bytes.push(FORMAT);
        bytes.resize(FIXED_LEN, 0);
        Self {
            bytes,
            records: 0,
            revision: 0,
        }
    }

    pub(super) fn push(&mut self, record: &Record<'_>) {
        let step = record.revision.wrapping_sub(self.revision).cast_signed();
        put_varint(
            &mut self.bytes,
            ((step << 1) ^ (step >> 63)).cast_unsigned(),
        );
        self.bytes.push(record.kind.to_byte());
        put_varint(&mut self.bytes, record.key.len() as u64);
        put_varint(&mut self.bytes, record.body.len() as u64);
        self.bytes.extend_from_slice(record.key.as_bytes());
        self.bytes.extend_from_slice(&record.hash);
        self.revision = record.revision;
        self.records += 1;
    }

    pub(super) const fn records(&self) -> u32 {
        self.records
    }

    pub(super) fn finish(mut self, generation: u32) -> Vec<u8> {
        let (generation, records) = (generation.to_le_bytes(), self.records.to_le_bytes());
        let fixed = generation.into_iter().chain(records);
        self.bytes
            .iter_mut()
            .skip(1)
            .zip(fixed)
            .for_each(|(place, byte)| *place = byte);
        self.bytes
    }
}

/// One record as the head tells of it: all but the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadEntry<'a> {
    /// The record's revision.
    pub revision: u64,
    /// Its key.
    pub key: &'a str,
    /// Its hash.
    pub hash: [u8; 32],
    /// Its kind.
    pub kind: Kind,
    /// Where its body lies among the bodies of the chunk.
    pub body: Range<usize>,
}

/// A slot without its borrowed key.
#[derive(Clone, Debug)]
struct Slot {
    revision: u64,
    /// Where the key lies in `keys`; the hash follows it.
    key: Range<u32>,
    kind: Kind,
    body: Range<u32>,
}

/// The parsed head of a chunk.
#[derive(Clone, Debug)]
pub struct ChunkHead {
    bytes: Box<str>,
    hashes: Vec<[u8; 32]>,
    slots: Vec<Slot>,
    generation: u32,
    body_bytes: usize,
}

impl ChunkHead {
    /// Reads a head. Never panics, whatever the bytes.
    ///
    /// # Errors
    /// [`PackedError::Malformed`] or [`PackedError::Newer`].
    pub fn parse(bytes: &[u8]) -> Result<Self, PackedError> {
        let mut rest = bytes;
        let [format] = take(&mut rest)?;
        match format {
            FORMAT => {}
            0 => return Err(malformed("its format is 0")),
            found => {
                return Err(PackedError::Newer {
                    found,
                    known: FORMAT,
                });
            }
        }
        let generation = u32::from_le_bytes(take(&mut rest)?);
        let records = u32::from_le_bytes(take(&mut rest)?) as usize;
        if rest.len() / RECORD_MIN < records {
            return Err(malformed("it is shorter than its records"));
        }
        let mut reader = Reader {
            revision: 0,
            body: 0,
            keys: Vec::with_capacity(rest.len()),
        };
        let mut slots = Vec::with_capacity(records);
        let mut hashes = Vec::with_capacity(records);
        for _ in 0..records {
            let (slot, hash) = reader.slot(&mut rest)?;
            slots.push(slot);
            hashes.push(hash);
        }
        if !rest.is_empty() {
            return Err(malformed("bytes are left over"));
        }
        let bytes = String::from_utf8(reader.keys).map_err(|_| malformed("a key is not UTF-8"))?;
        // A key may not begin or end within a character: then each key by itself is UTF-8 too.
        let whole = |slot: &Slot| bytes.is_char_boundary(slot.key.start as usize);
        if !slots.iter().all(whole) {
            return Err(malformed("a key is not UTF-8"));
        }
        let body_bytes = reader.body as usize;
        Ok(Self {
            bytes: bytes.into_boxed_str(),
            hashes,
            slots,
            generation,
            body_bytes,
        })
    }

    /// How many records the chunk holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The record in a slot.
    #[must_use]
    pub fn entry(&self, slot: usize) -> Option<HeadEntry<'_>> {
        let found = self.slots.get(slot)?;
        Some(HeadEntry {
            revision: found.revision,
            key: self
                .bytes
                .get(found.key.start as usize..found.key.end as usize)?,
            hash: *self.hashes.get(slot)?,
            kind: found.kind,
            body: found.body.start as usize..found.body.end as usize,
        })
    }

    /// All records, in the order in which they apply.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = HeadEntry<'_>> {
        self.slots
            .iter()
            .zip(&self.hashes)
            .map(|(slot, hash)| HeadEntry {
                revision: slot.revision,
                key: self
                    .bytes
                    .get(slot.key.start as usize..slot.key.end as usize)
                    .unwrap_or_default(),
                hash: *hash,
                kind: slot.kind,
                body: slot.body.start as usize..slot.body.end as usize,
            })
    }

    /// Revision of the first record; `None` in an empty chunk.
    #[must_use]
    pub fn first_revision(&self) -> Option<u64> {
        self.slots.first().map(|slot| slot.revision)
    }

    /// Revision of the last record; `None` in an empty chunk.
    #[must_use]
    pub fn last_revision(&self) -> Option<u64> {
        self.slots.last().map(|slot| slot.revision)
    }

    /// Bytes of all bodies together.
    #[must_use]
    pub const fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    pub(super) const fn generation(&self) -> u32 {
        self.generation
    }
}

/// What a record needs to know of those before it.
struct Reader {
    revision: u64,
    body: u32,
    keys: Vec<u8>,
}

impl Reader {
    fn slot(&mut self, rest: &mut &[u8]) -> Result<(Slot, [u8; 32]), PackedError> {
        let zigzag = take_varint(rest)?;
        let step = (zigzag >> 1) ^ (zigzag & 1).wrapping_neg();
        self.revision = self.revision.wrapping_add(step);
        let [kind] = take(rest)?;
        let kind = Kind::from_byte(kind).ok_or(malformed("a record is of no known kind"))?;
        let key_len =
            usize::try_from(take_varint(rest)?).map_err(|_| malformed("a key is too long"))?;
        let body_len =
            u32::try_from(take_varint(rest)?).map_err(|_| malformed("a body is too long"))?;
        let (key, after) = rest
            .split_at_checked(key_len)
            .ok_or(malformed("it ends within a key"))?;
        *rest = after;
        let hash = take(rest)?;
        let key_start = self.keys.len();
        self.keys.extend_from_slice(key);
        let too_long = |_| malformed("it is longer than 4 GiB");
        let key = u32::try_from(key_start).map_err(too_long)?
            ..u32::try_from(self.keys.len()).map_err(too_long)?;
        let end = self
            .body
            .checked_add(body_len)
            .ok_or(malformed("its bodies are longer than 4 GiB"))?;
        let body = std::mem::replace(&mut self.body, end)..end;
        Ok((
            Slot {
                revision: self.revision,
                key,
                kind,
                body,
            },
            hash,
        ))
    }
}

const fn malformed(why: &'static str) -> PackedError {
    PackedError::Malformed { why }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], PackedError> {
    let (head, rest) = bytes
        .split_first_chunk()
        .ok_or(malformed("it ends too early"))?;
    *bytes = rest;
    Ok(*head)
}

fn put_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Result<u64, PackedError> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let [byte] = take(bytes)?;
        let part = u64::from(byte & 0x7f);
        if shift == 63 && part > 1 {
            break;
        }
        number |= part << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(malformed("a number is too long"))
}
