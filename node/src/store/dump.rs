//! Everything that the node keeps, written out as it stands at one moment.

use std::io::Write;

use calluna_kv::Stamp;
use calluna_kv::convert::Content;
use calluna_model::head::Head;

use super::{Current, HEAD, Store, StoreError, parse};

/// What was written out.
#[derive(Clone, Debug)]
pub struct Dumped {
    /// The store's epoch.
    pub epoch: [u8; 16],
    /// The store's stamp.
    pub stamp: Stamp,
    /// Keys and bytes.
    pub content: Content,
    /// Where the catalogue stands.
    pub head: Head,
}

impl Store {
    /// Writes everything that is kept, whatever is published meanwhile. `step` hears of bytes.
    ///
    /// # Errors
    /// When the store cannot be read to its end, or `out` fails.
    pub fn dump(
        &self,
        out: &mut dyn Write,
        step: &mut dyn FnMut(u64),
    ) -> Result<Dumped, StoreError> {
        let snapshot = self.engine.snapshot()?;
        let (epoch, stamp) = (snapshot.epoch, snapshot.stamp);
        let mut head = None;
        let content = calluna_kv::dump::write(snapshot, out, &mut |key, value| {
            step((key.len() + value.len()) as u64);
            if key == HEAD {
                head = Some(value.to_vec());
            }
        })?;
        let current: Current = parse(&head.unwrap_or_default(), "head")?;
        Ok(Dumped {
            epoch,
            stamp,
            content,
            head: current.head,
        })
    }
}
