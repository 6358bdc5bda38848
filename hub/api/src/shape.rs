//! What answers look like. Offers are exactly as in the data model; around them stand whose they are and where to
//! go on.

use calluna_catalogue::reader::ProviderCard;
use calluna_model::member::{Member, MemberState};
use calluna_model::offer::OfferDraft;
use serde::Serialize;
use utoipa::ToSchema;

use crate::settings::Settings;

/// A provider, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderBrief {
    /// Its id; stays the same.
    #[schema(example = "vhs-heidekreis")]
    pub id: String,
    /// Its public name.
    pub name: String,
    /// What kind of provider it is: `school`, `vhs`, `trainer`, `university`, `counselling` or `other`.
    pub kind: &'static str,
}

impl ProviderBrief {
    pub(crate) fn of(member: &Member) -> Self {
        Self {
            id: member.id.to_string(),
            name: member.name.clone(),
            kind: member.kind.as_str(),
        }
    }
}

/// Where an offer is to be found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferLinks {
    /// This offer in the interface.
    #[serde(rename = "self")]
    #[schema(format = "uri-reference")]
    pub this: String,
    /// Its page for people.
    #[schema(format = "uri-reference")]
    pub page: String,
    /// Its provider in the interface.
    #[schema(format = "uri-reference")]
    pub provider: String,
}

impl OfferLinks {
    pub(crate) fn of(settings: &Settings, provider: &str, offer: &str) -> Self {
        Self {
            this: settings.absolute(&format!("/api/v1/offers/{provider}/{offer}")),
            page: settings.absolute(&format!("/angebot/{provider}/{offer}")),
            provider: settings.absolute(&format!("/api/v1/providers/{provider}")),
        }
    }
}

/// An offer with its provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferDocument {
    /// Whose it is.
    pub provider: ProviderBrief,
    /// The offer, as its provider published it.
    pub offer: OfferDraft,
    /// Where it is to be found.
    pub links: OfferLinks,
}

impl OfferDocument {
    pub(crate) fn of(settings: &Settings, provider: &ProviderBrief, offer: OfferDraft) -> Self {
        Self {
            links: OfferLinks::of(settings, &provider.id, &offer.id),
            provider: provider.clone(),
            offer,
        }
    }
}

/// A page of offers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfferPage {
    /// The offers, in order of provider and id.
    pub items: Vec<OfferDocument>,
    /// Address of the next page; nothing on the last one.
    #[schema(format = "uri-reference")]
    pub next: Option<String>,
}

/// A provider as the public sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderDocument {
    /// Its id; stays the same.
    #[schema(example = "vhs-heidekreis")]
    pub id: String,
    /// Its public name.
    pub name: String,
    /// What kind of provider it is: `school`, `vhs`, `trainer`, `university`, `counselling` or `other`.
    pub kind: &'static str,
    /// Postal address, one line; empty where none is known.
    pub address: String,
    /// Website; empty where none is known.
    pub website: String,
    /// `joined`, or `revoked` when it takes part no longer.
    pub state: &'static str,
    /// Offers that are shown.
    pub offers: u64,
    /// When catalogue and provider last agreed; nothing before the first time.
    #[schema(format = "date-time")]
    pub agreed_at: Option<String>,
    /// Nights in a row without agreement: what is shown may be out of date.
    pub nights_missed: u64,
    /// Where to go on.
    pub links: ProviderLinks,
}

/// Where a provider is to be found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderLinks {
    /// This provider in the interface.
    #[serde(rename = "self")]
    #[schema(format = "uri-reference")]
    pub this: String,
    /// Its page for people.
    #[schema(format = "uri-reference")]
    pub page: String,
    /// Its offers in the interface.
    #[schema(format = "uri-reference")]
    pub offers: String,
}

impl ProviderDocument {
    pub(crate) fn of(settings: &Settings, card: ProviderCard) -> Self {
        let Member {
            id,
            name,
            kind,
            address,
            website,
            ..
        } = card.member;
        Self {
            links: ProviderLinks {
                this: settings.absolute(&format!("/api/v1/providers/{id}")),
                page: settings.absolute(&format!("/anbieter/{id}")),
                offers: settings.absolute(&format!("/api/v1/offers?provider={id}")),
            },
            id: id.to_string(),
            name,
            kind: kind.as_str(),
            address,
            website,
            state: match card.state {
                MemberState::Revoked => "revoked",
                _ => "joined",
            },
            offers: card.offers,
            agreed_at: card.agreed_at.map(|at| at.to_string()),
            nights_missed: card.nights_missed,
        }
    }
}

/// Every provider.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProviderList {
    /// The providers, in order of their ids.
    pub items: Vec<ProviderDocument>,
}
