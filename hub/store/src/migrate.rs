//! An older store, brought to the layout of today when it is opened.
//!
//! One module for each step, `vN_to_vM`; [`STEPS`] is the list. A step is done in batches of bounded
//! size, and its last batch moves the number of the layout: killed before that, the next open does
//! the step again. So a step must not mind what it has changed already. Before an update to a release
//! that changes the layout, `calluna-hub backup` makes the way back; a store of a later layout is
//! refused with a sentence.
//!
//! `frozen/` holds a small store of each earlier layout, as the program of that time wrote it
//! (`calluna_kv::dump`); a test opens each of them. They are never made anew.

mod v1_to_v2;

use calluna_kv::{Batch, Engine};

use crate::embedded::{Meta, json};
use crate::error::StoreError;
use crate::key;

/// The layout that this build writes.
pub(crate) const LAYOUT: u32 = 2;

/// A batch is committed once it holds this many bytes.
const BATCH_BYTES: usize = 1024 * 1024;

/// Brings `engine` one layout further; the batch that comes back is its last, and not yet written.
type Step = fn(&dyn Engine) -> Result<Batch, StoreError>;

/// Each step with the layout that it begins at.
const STEPS: &[(u32, Step)] = &[(1, v1_to_v2::run)];

/// Brings a store to [`LAYOUT`]; a new one is noted as being there. `meta` is what it says of itself.
pub(crate) fn forward(engine: &dyn Engine, meta: Option<Meta>) -> Result<(), StoreError> {
    let noted = meta.is_some();
    let mut meta = meta.unwrap_or_default();
    if !noted {
        // Until layout 2 a store without a night said nothing of its layout.
        let empty = engine.scan(b"", None).next().transpose()?.is_none();
        meta.layout = if empty { LAYOUT } else { 1 };
    }
    if meta.layout > LAYOUT {
        return Err(StoreError::Newer {
            found: meta.layout,
            known: LAYOUT,
        });
    }
    if noted && meta.layout == LAYOUT {
        return Ok(());
    }
    let from = meta.layout;
    let mut last = Batch::default();
    for (begins, step) in STEPS.iter().filter(|(begins, _)| *begins >= from) {
        last = step(engine)?;
        meta.layout = begins + 1;
        note(engine, std::mem::take(&mut last), &meta)?;
        tracing::warn!(
            from = begins,
            to = meta.layout,
            "the hub's store was brought to a newer layout"
        );
    }
    if from == LAYOUT {
        note(engine, last, &meta)?;
    }
    Ok(())
}

fn note(engine: &dyn Engine, mut batch: Batch, meta: &Meta) -> Result<(), StoreError> {
    batch.put(key::META, json(key::META, meta)?);
    // A full disk must not keep a hub from starting.
    batch.use_reserve();
    Ok(engine.commit(batch)?)
}

#[cfg(test)]
mod tests;
