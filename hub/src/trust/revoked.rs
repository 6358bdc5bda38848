//! The revocation lists: made from the members' records, signed by the authority that issues.

use anyhow::Result;
use calluna_certs::{Revoked, files};
use calluna_model::clock::Moment;

use super::Credentials;
use super::standing::REVOCATIONS;

/// For so many days a list announces its successor.
const LIST_DAYS: u32 = 14;
/// So many days after it was made the next one is: early enough that a locked hub or one that was
/// switched off for some days has a list that is current still.
const REFRESH_DAYS: i64 = 7;
/// Lists of authorities that issue no more are shown for so long: longer than any certificate of theirs.
const KEEP_DAYS: i64 = 400;
const DAY: i64 = 86_400;

impl Credentials {
    /// Makes and publishes the list of all certificates of members that are void: nodes get it with the trust
    /// bundle. The hub itself asks its record of what it gave.
    /// A serial number is there once, so it does no harm that certificates of an earlier authority are
    /// named as well. What earlier authorities listed stays published.
    ///
    /// # Errors
    /// When the authority's key is locked (the list before stays), or it cannot be written.
    pub fn publish_revocations(&self, void: &[Revoked]) -> Result<()> {
        let (dir, _one_at_a_time) = self.alone()?;
        let standing = self.now();
        let now = self.clock.now();
        // Also after the hub was restored from a backup a number has to be higher than all before.
        let before = standing.lists().iter().map(|list| list.number() + 1).max();
        let number = before
            .unwrap_or_default()
            .max(now.0.try_into().unwrap_or(1));
        let authority = standing.authority()?;
        let list = authority.revocation_list(void, number, LIST_DAYS, self.clock.as_ref())?;
        let kept = standing
            .lists()
            .iter()
            .filter(|old| !list.replaces(old) && now.since(old.this_update()) < KEEP_DAYS * DAY);
        let mut text = list.to_pem();
        text.extend(kept.map(calluna_certs::RevocationList::to_pem));
        files::write_public(&dir.join(REVOCATIONS), text.as_bytes())?;
        self.reload(dir)?;
        tracing::info!(number, void = void.len(), "revocations-published");
        Ok(())
    }

    /// Whether the list is due to be made again: weekly, and at once for an authority that has none.
    #[must_use]
    pub fn revocations_due(&self) -> bool {
        let standing = self.now();
        let Ok(authority) = standing.authority() else {
            return false;
        };
        let newest = standing.lists().first();
        let due = |at: Moment| self.clock.now().since(at) >= REFRESH_DAYS * DAY;
        newest.is_none_or(|list| due(list.this_update()) || !list.is_of(authority))
    }
}
