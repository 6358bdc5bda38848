//! What the hub answered, night by night.

use calluna_kv::Batch;
use calluna_model::limit;
use calluna_model::receipt::Receipt;

use super::{RECEIPTS, Store, StoreError, json, parse};

impl Store {
    /// Keeps a receipt, and of the others only the newest.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_receipt(&self, receipt: &Receipt) -> Result<(), StoreError> {
        // A night may be told twice (the answer was lost), and two calls must not both make room.
        let _one_at_a_time = self.lock_writer();
        let mut batch = Batch::default();
        batch.put(key_of(receipt.night), json(receipt, "receipt")?);
        let others = self
            .receipts()?
            .into_iter()
            .filter(|kept| kept.night != receipt.night);
        for old in others.skip(limit::RECEIPTS_KEPT - 1) {
            batch.remove(key_of(old.night));
        }
        Ok(self.engine.commit(batch)?)
    }

    /// The receipts, the newest first. By time, not by night: a hub that was set up again counts
    /// its nights from 1.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn receipts(&self) -> Result<Vec<Receipt>, StoreError> {
        let mut all = self
            .engine
            .scan(RECEIPTS, None)
            .map(|pair| parse::<Receipt>(&pair?.1, "receipt"))
            .collect::<Result<Vec<_>, _>>()?;
        all.sort_by_key(|receipt| std::cmp::Reverse((receipt.at, receipt.night)));
        Ok(all)
    }
}

fn key_of(night: u64) -> Vec<u8> {
    [RECEIPTS, &night.to_be_bytes()].concat()
}
