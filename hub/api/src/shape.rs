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
pub(crate) struct ProviderBrief {
    /// Its id; stays the same.
    #[schema(example = "vhs-heidekreis")]
    pub(crate) id: String,
    /// Its public name.
    pub(crate) name: String,
    /// What kind of provider it is: `school`, `vhs`, `trainer`, `university`, `counselling` or `other`.
    pub(crate) kind: &'static str,
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
pub(crate) struct OfferLinks {
    /// This offer in the interface.
    #[serde(rename = "self")]
    #[schema(format = "uri-reference")]
    pub(crate) this: String,
    /// Its page for people.
    #[schema(format = "uri-reference")]
    pub(crate) page: String,
    /// Its provider in the interface.
    #[schema(format = "uri-reference")]
    pub(crate) provider: String,
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
pub(crate) struct OfferDocument {
    /// Whose it is.
    pub(crate) provider: ProviderBrief,
    /// The offer, as its provider published it.
    pub(crate) offer: OfferDraft,
    /// Where it is to be found.
    pub(crate) links: OfferLinks,
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
pub(crate) struct OfferPage {
    /// The offers, in order of provider and id.
    pub(crate) items: Vec<OfferDocument>,
    /// Address of the next page; nothing on the last one.
    #[schema(format = "uri-reference")]
    pub(crate) next: Option<String>,
}

/// A provider as the public sees it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderDocument {
    /// Its id; stays the same.
    #[schema(example = "vhs-heidekreis")]
    pub(crate) id: String,
    /// Its public name.
    pub(crate) name: String,
    /// What kind of provider it is: `school`, `vhs`, `trainer`, `university`, `counselling` or `other`.
    pub(crate) kind: &'static str,
    /// Postal address, one line; empty where none is known.
    pub(crate) address: String,
    /// Website; empty where none is known.
    pub(crate) website: String,
    /// `joined`, or `revoked` when it takes part no longer.
    pub(crate) state: &'static str,
    /// Offers that are shown.
    pub(crate) offers: u64,
    /// When catalogue and provider last agreed; nothing before the first time.
    #[schema(format = "date-time")]
    pub(crate) agreed_at: Option<String>,
    /// Nights in a row without agreement: what is shown may be out of date.
    pub(crate) nights_missed: u64,
    /// Where to go on.
    pub(crate) links: ProviderLinks,
}

/// Where a provider is to be found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProviderLinks {
    /// This provider in the interface.
    #[serde(rename = "self")]
    #[schema(format = "uri-reference")]
    pub(crate) this: String,
    /// Its page for people.
    #[schema(format = "uri-reference")]
    pub(crate) page: String,
    /// Its offers in the interface.
    #[schema(format = "uri-reference")]
    pub(crate) offers: String,
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
pub(crate) struct ProviderList {
    /// The providers, in order of their ids.
    pub(crate) items: Vec<ProviderDocument>,
}
