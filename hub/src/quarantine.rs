//! What is refused at present, record by record: nothing is held in memory but the record itself
//! and what waits to be sent.

use anyhow::{Context, Result, bail};
use calluna_model::clock::Moment;
use calluna_model::finding::Finding;
use calluna_model::id::ProviderId;
use calluna_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// One refused record, as `quarantine --format json` tells it (there with the words of each rule).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalDocument {
    /// Whose record.
    pub provider: ProviderId,
    /// The id under which it was sent.
    pub record: String,
    /// Whether an earlier, good version is still shown to readers.
    pub good_version_kept: bool,
    /// Since when this version is refused; nothing where that was not noted.
    pub since: Option<Moment>,
    /// The rules that it breaks.
    pub findings: Vec<Finding>,
}

/// Hands every refused record of `only` (of all members when empty) to `each`, by provider and
/// record id. An error of `each` stops it.
///
/// # Errors
/// When a provider is unknown, the store cannot be read, or `each` fails.
pub fn quarantine(
    hub: &Hub,
    only: &[ProviderId],
    each: &mut dyn FnMut(RefusalDocument) -> Result<()>,
) -> Result<()> {
    let mut members = hub.store.members()?;
    for wanted in only {
        if !members.iter().any(|member| member.id == *wanted) {
            bail!("there is no member `{wanted}`; `calluna-hub members` lists them");
        }
    }
    members.retain(|member| only.is_empty() || only.contains(&member.id));
    for member in &members {
        let visit = &mut |refusal: calluna_store::Refusal| {
            let document = RefusalDocument {
                provider: member.id.clone(),
                record: refusal.record,
                good_version_kept: refusal.good_version_kept,
                since: refusal.since,
                findings: refusal.findings,
            };
            each(document).map_err(|error| StoreError::Stopped(format!("{error:#}")))
        };
        hub.store
            .quarantine(&member.id, visit)
            .with_context(|| format!("listing the refused records of `{}`", member.id))?;
    }
    Ok(())
}
