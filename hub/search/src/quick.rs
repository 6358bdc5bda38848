//! A hash for words that are looked up by the million while an index is written (FNV-1a). Whoever fills its tables with
//! words that meet makes the writing slower, never wrong: they are bounded and live for one commit.

use std::hash::{BuildHasherDefault, Hasher};

/// For hash tables.
pub(crate) type Quick = BuildHasherDefault<Fnv>;

/// FNV-1a.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        // The upper bits choose the bucket.
        self.0 ^ self.0.rotate_left(29)
    }
}
