//! An older store, brought to the layout of today when it is opened.
//!
//! One function for each step, `vN_to_vM`; [`STEPS`] is the list. The last batch of a step moves the
//! number of the layout: killed before that, the next open does the step again, so a step must not
//! mind what it has changed already. `frozen/` holds a small store of each layout, as the program of
//! that time wrote it (`calluna_kv::dump`); a test opens each of them.

use calluna_kv::{Batch, Engine};

use super::{HEAD, META, Meta, StoreError, json, parse};

/// The layout that this build writes.
pub(super) const LAYOUT: u32 = 1;

/// Brings `engine` one layout further; the batch that comes back is its last, and not yet written.
type Step = fn(&dyn Engine) -> Result<Batch, StoreError>;

/// Each step with the layout that it begins at.
const STEPS: &[(u32, Step)] = &[(0, v0_to_v1)];

/// Brings a store to [`LAYOUT`]. A new one is left alone: its first batch says where it is.
pub(super) fn forward(engine: &dyn Engine) -> Result<(), StoreError> {
    let found = match engine.get(META)? {
        Some(meta) => parse::<Meta>(&meta, "meta")?.layout,
        None if engine.get(HEAD)?.is_some() => 0,
        None => return Ok(()),
    };
    if found > LAYOUT {
        return Err(StoreError::Newer { found });
    }
    for (begins, step) in STEPS.iter().filter(|(begins, _)| *begins >= found) {
        let mut last = step(engine)?;
        let layout = begins + 1;
        last.put(META, json(&Meta { layout }, "meta")?);
        // A full disk must not keep a node from starting.
        last.use_reserve();
        engine.commit(last)?;
        tracing::warn!(
            from = begins,
            to = layout,
            "the node's store was brought to a newer layout"
        );
    }
    Ok(())
}

/// Layout 1 is the first one that says its number. What it says it of is as it was.
fn v0_to_v1(_: &dyn Engine) -> Result<Batch, StoreError> {
    Ok(Batch::default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use calluna_kv::{Opened, Options, Stamp};
    use calluna_model::clock::HandClock;
    use calluna_model::entropy::SeededEntropy;
    use calluna_model::id::Revision;

    use super::*;
    use crate::fixture::NOW;
    use crate::store::{Current, Store, stamp_of};

    /// Twelve offers, imported once, and the receipt of one night.
    const V1: &[u8] = include_bytes!("../../frozen/v1.bin");

    fn frozen(dir: &Path) -> Opened {
        let read = |place: &str, life| {
            let (mut bytes, options) = (V1, Options::default());
            let place = dir.join(place);
            calluna_kv::dump::read(&mut bytes, "sled", &place, life, &options, &mut |_| ())
        };
        // The life that the head in it tells of.
        let first = read("a", ([0; 16], Stamp::default())).unwrap().0;
        let head = first.engine.get(HEAD).unwrap().unwrap();
        let head = parse::<Current>(&head, "head").unwrap().head;
        read("b", (head.epoch.0, stamp_of(&head))).unwrap().0
    }

    fn assert_whole(store: &Store) {
        let current = store.current();
        assert_eq!(
            (current.head.count, current.head.revision),
            (12, Revision(12))
        );
        assert_eq!(current.mended, None, "it is taken for what it is");
        assert_eq!(store.snapshot().unwrap().index.count(), 12);
        assert_eq!(store.receipts().unwrap().len(), 1);
        assert_eq!(store.last_import().unwrap().unwrap().added, 12);
    }

    #[test]
    fn a_store_of_layout_1_opens_with_all_that_it_holds() {
        let dir = tempfile::tempdir().unwrap();
        let opened = frozen(dir.path());
        let (clock, entropy) = (HandClock::at(NOW), SeededEntropy::new(1));
        assert_whole(&Store::settle(opened, &clock, &entropy).unwrap());
    }

    #[test]
    fn a_store_that_says_nothing_of_its_layout_is_told_apart_from_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let opened = frozen(dir.path());
        let engine = Arc::clone(&opened.engine);
        let mut batch = Batch::default();
        batch.remove(META);
        engine.commit(batch).unwrap();
        let (clock, entropy) = (HandClock::at(NOW), SeededEntropy::new(1));
        assert_whole(&Store::settle(opened, &clock, &entropy).unwrap());
        let meta: Meta = parse(&engine.get(META).unwrap().unwrap(), "meta").unwrap();
        assert_eq!(meta.layout, 1);
    }
}
