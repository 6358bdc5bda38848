//! What is written together, and what STATE shall say afterwards.

/// One change: the key, and its new value or `None` to remove it.
pub(crate) type Write = (Vec<u8>, Option<Vec<u8>>);

/// What the owner says about its content after a batch. The engine only keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// The owner's revision: counts changes within one epoch.
    pub revision: u64,
    /// How many records the owner holds.
    pub count: u64,
    /// The owner's digest over them.
    pub digest: [u8; 32],
}

/// Writes that become durable together or not at all.
///
/// Writes apply in order: the last one to a key counts.
#[derive(Debug, Default)]
pub struct Batch {
    writes: Vec<Write>,
    bytes: usize,
    stamp: Option<Stamp>,
    needful: bool,
}

impl Batch {
    /// Sets a key to a value.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        let (key, value) = (key.into(), value.into());
        self.bytes += key.len() + value.len();
        self.writes.push((key, Some(value)));
    }

    /// Removes a key; removing one that is not there is no error.
    pub fn remove(&mut self, key: impl Into<Vec<u8>>) {
        let key = key.into();
        self.bytes += key.len();
        self.writes.push((key, None));
    }

    /// Says that the batch may use the disk space that is kept in reserve: it is small, and it notes
    /// how something ended or mends the store. On a full disk such a batch is still written.
    pub fn use_reserve(&mut self) {
        self.needful = true;
    }

    /// Whether it may use the reserve.
    #[must_use]
    pub const fn uses_reserve(&self) -> bool {
        self.needful
    }

    /// Says what STATE shall hold after this batch. Without it the last stamp stays.
    pub fn stamp(&mut self, stamp: Stamp) {
        self.stamp = Some(stamp);
    }

    /// The stamp that was set, if any.
    #[must_use]
    pub const fn stamped(&self) -> Option<Stamp> {
        self.stamp
    }

    /// Whether there is nothing to do: no write and no stamp.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.stamp.is_none()
    }

    /// How many writes it holds.
    #[must_use]
    pub const fn writes(&self) -> usize {
        self.writes.len()
    }

    /// Bytes of all keys and values.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the writes of another batch behind the own ones; its stamp, if it has one, wins.
    pub fn append(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.writes.extend(other.writes);
        self.stamp = other.stamp.or(self.stamp);
        self.needful |= other.needful;
    }

    pub(crate) fn into_writes(self) -> Vec<Write> {
        self.writes
    }

    pub(crate) fn touches(&self, which: impl Fn(&[u8]) -> bool) -> bool {
        self.writes.iter().any(|(written, _)| which(written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_keys_and_values_and_a_stamp_alone_is_not_empty() {
        let mut batch = Batch::default();
        assert!(batch.is_empty());
        batch.stamp(Stamp::default());
        assert!(!batch.is_empty());
        batch.put("ab", "cde");
        batch.remove("ab");
        assert_eq!((batch.bytes(), batch.writes()), (7, 2));
        let mut other = Batch::default();
        other.put("x", "y");
        batch.append(other);
        assert_eq!(
            (batch.bytes(), batch.writes(), batch.stamped()),
            (9, 3, Some(Stamp::default()))
        );
    }
}
