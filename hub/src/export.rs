//! The catalogue row by row: nothing of it is held in memory but the row itself and what waits to
//! be sent.

use anyhow::{Context, Result, bail};
use calluna_catalogue::export::openqcat::Profiles;
use calluna_catalogue::export::{Edition, Format, Loss, Row, Writer, line};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::Member;
use calluna_model::offer::OfferDraft;
use calluna_store::{Found, StoreError};
use calluna_wire::v1 as pb;
use prost::Message;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;

/// Pieces are handed on when they reach this size.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces are handed on after this many offers, full or not, so that whoever waits sees that it goes on.
const PIECE_OFFERS: u64 = 2_000;

/// Which file is wanted.
#[derive(Debug)]
pub struct Order<'a> {
    /// In which format.
    pub format: &'a dyn Format,
    /// Only of this provider.
    pub only: Option<&'a ProviderId>,
    /// What KURSNET asks of providers.
    pub profiles: Profiles,
    /// Where the catalogue's pages are; empty where nobody serves them.
    pub base_url: &'a str,
}

/// What holds for every file of this hub; `providers` are those that rows come from.
#[must_use]
pub fn edition(hub: &Hub, providers: Vec<Member>, base_url: &str) -> Edition {
    let config = &hub.config.dataset;
    let mut edition = Edition::new(&hub.config.name, hub.clock.now(), providers);
    base_url
        .trim_end_matches('/')
        .clone_into(&mut edition.base_url);
    if !config.publisher.is_empty() {
        edition.publisher.name.clone_from(&config.publisher);
    }
    edition.publisher.url.clone_from(&config.publisher_url);
    edition.publisher.email.clone_from(&config.email);
    edition.publisher.district_key.clone_from(&config.district);
    edition
        .publisher
        .contributor_id
        .clone_from(&config.contributor_id);
    edition
}

/// Writes what readers see, of one provider or of all, in order of the provider id. `each` gets
/// the bytes in pieces with the number of offers that were handled meanwhile; its error stops the export.
///
/// # Errors
/// When the provider is unknown, the format needs what is not there, the store cannot be read, or `each` fails.
pub fn export(
    hub: &Hub,
    order: Order<'_>,
    each: &mut dyn FnMut(Vec<u8>, u64) -> Result<()>,
) -> Result<Loss> {
    let mut members = hub.store.members()?;
    if let Some(only) = order.only {
        members.retain(|member| member.id == *only);
        if members.is_empty() {
            bail!("there is no member `{only}`; `calluna-hub members` lists them");
        }
    }
    let mut edition = edition(hub, members.clone(), order.base_url);
    edition.profiles = order.profiles;
    let mut writer = Writer::new(order.format, edition)?;
    let mut waiting = 0_u64;
    for provider in &members {
        offers(hub, &provider.id, &mut |offer| {
            let row = Row {
                provider,
                offer: &offer,
            };
            writer.push(&row)?;
            waiting += 1;
            if writer.ready() >= PIECE_BYTES || waiting >= PIECE_OFFERS {
                each(writer.take(), std::mem::take(&mut waiting))?;
            }
            Ok(())
        })
        .with_context(|| format!("exporting the offers of `{}`", provider.id))?;
    }
    let (rest, loss) = writer.finish()?;
    each(rest, waiting)?;
    Ok(loss)
}

/// Shows every offer of a provider that readers see.
///
/// # Errors
/// When the store cannot be read, or `each` fails.
pub fn offers(
    hub: &Hub,
    provider: &ProviderId,
    each: &mut dyn FnMut(OfferDraft) -> Result<()>,
) -> Result<()> {
    let stopped = |error: &anyhow::Error| StoreError::Stopped(format!("{error:#}"));
    hub.store.offers(provider, &mut |id, record| {
        let wire = pb::Offer::decode(record)
            .map_err(|_| StoreError::Stopped(format!("the record of offer {id} cannot be read")))?;
        each(OfferDraft::from(wire)).map_err(|error| stopped(&error))
    })?;
    Ok(())
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
        offer: None,
    };
    match hub.store.look_up(provider, offer)? {
        Found::Unknown => {}
        Found::Gone(at) => {
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
            let mut text = Vec::new();
            line(&row, &mut text)?;
            document.offer = Some(serde_json::from_slice(&text)?);
        }
    }
    Ok(document)
}
