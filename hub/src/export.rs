//! The catalogue row by row: nothing of it is held in memory but the row itself and what waits to
//! be sent.

use anyhow::{Context, Result, bail};
use calluna_catalogue::export::{Format, Row, format};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::offer::OfferDraft;
use calluna_store::{Found, StoreError};
use calluna_wire::v1 as pb;
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// Pieces are handed on when they reach this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Writes what readers see, of one provider or of all, in order of the provider id. `each` gets
/// the bytes in pieces with the number of offers in each; its error stops the export.
///
/// # Errors
/// When the provider is unknown, the store cannot be read, or `each` fails.
pub fn export(
    hub: &Hub,
    format: &dyn Format,
    only: Option<&ProviderId>,
    each: &mut dyn FnMut(Vec<u8>, u64) -> Result<()>,
) -> Result<u64> {
    let mut members = hub.store.members()?;
    if let Some(only) = only {
        members.retain(|member| member.id == *only);
        if members.is_empty() {
            bail!("there is no member `{only}`; `calluna-hub members` lists them");
        }
    }
    let mut out = Vec::new();
    let (mut waiting, mut total) = (0_u64, 0_u64);
    format.begin(&mut out)?;
    for member in &members {
        hub.store
            .offers(&member.id, &mut |id, record| {
                let wire = pb::Offer::decode(record).map_err(|_| {
                    StoreError::Stopped(format!("the record of offer {id} cannot be read"))
                })?;
                let offer = OfferDraft::from(wire);
                let stopped =
                    |error: &dyn std::fmt::Display| StoreError::Stopped(error.to_string());
                format
                    .row(
                        &Row {
                            provider: member,
                            offer: &offer,
                        },
                        &mut out,
                    )
                    .map_err(|e| stopped(&e))?;
                waiting += 1;
                if out.len() >= PIECE_BYTES {
                    total += waiting;
                    each(std::mem::take(&mut out), std::mem::take(&mut waiting))
                        .map_err(|e| stopped(&format!("{e:#}")))?;
                }
                Ok(())
            })
            .with_context(|| format!("exporting the offers of `{}`", member.id))?;
    }
    total += waiting;
    each(out, waiting)?;
    Ok(total)
}

/// How one offer stands for readers, as `offer --format json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferDocument {
    /// Whose offer.
    pub provider: String,
    /// Its id.
    pub id: String,
    /// How it stands.
    pub state: OfferState,
    /// Since when it is gone.
    pub gone_since: Option<Moment>,
    /// What it was called last, where it is gone and that is still known.
    #[serde(default)]
    pub title: Option<String>,
    /// The offer, as in the export; nothing when it is not shown.
    pub offer: Option<serde_json::Value>,
}

/// How an offer stands for readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferState {
    /// They see it.
    Shown,
    /// Its provider has withdrawn it.
    Withdrawn,
    /// Its provider was put out.
    ProviderRevoked,
    /// Nothing is known of it.
    Unknown,
}

/// How one offer stands.
///
/// # Errors
/// When the provider is unknown, or the store cannot be read.
pub fn look_up(hub: &Hub, provider: &ProviderId, offer: &str) -> Result<OfferDocument> {
    let Some(member) = hub.store.member(provider)? else {
        bail!("there is no member `{provider}`; `calluna-hub members` lists them");
    };
    let mut document = OfferDocument {
        provider: provider.to_string(),
        id: offer.to_owned(),
        state: OfferState::Unknown,
        gone_since: None,
        title: None,
        offer: None,
    };
    match hub.store.look_up(provider, offer)? {
        Found::Unknown => {}
        Found::Gone { since: at, title } => {
            document.title = title;
            document.gone_since = Some(at);
            document.state = if hub.store.provider(provider)?.withdrawn == Some(at) {
                OfferState::ProviderRevoked
            } else {
                OfferState::Withdrawn
            };
        }
        Found::Shown(record) => {
            document.state = OfferState::Shown;
            let wire = pb::Offer::decode(record.as_slice())
                .with_context(|| format!("the record of offer {offer} cannot be read"))?;
            let offer = OfferDraft::from(wire);
            let row = Row {
                provider: &member,
                offer: &offer,
            };
            let jsonl = format("jsonl")?;
            let mut line = Vec::new();
            jsonl.row(&row, &mut line)?;
            document.offer = Some(serde_json::from_slice(&line)?);
        }
    }
    Ok(document)
}
