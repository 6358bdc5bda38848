//! A provider, as pages show it.

use calluna_catalogue::reader::ProviderCard;
use calluna_model::clock::Moment;
use calluna_model::member::{MemberState, ProviderKind};

use crate::format;
use crate::view::cell::Cell;
use crate::words::Words;

/// A provider.
#[derive(Clone, Debug)]
pub(crate) struct ProviderView {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) kind: &'static str,
    /// When hub and node last agreed, in words.
    pub(crate) stand: Cell,
    /// That what is shown may be out of date; empty where it is not.
    pub(crate) stale: String,
    pub(crate) offers: Cell,
    pub(crate) address: String,
    pub(crate) website: String,
    /// Whether it takes part no more.
    pub(crate) left: bool,
}

impl ProviderView {
    /// From its card.
    pub(crate) fn of(card: &ProviderCard, now: Moment, words: Words) -> Self {
        let left = card.state == MemberState::Revoked;
        let offers = match card.agreed_at {
            None => Cell::undelivered(words),
            Some(_) => Cell::number(card.offers, words),
        };
        let stale = if card.nights_missed > 0 && !left {
            words.count("stand.missed", card.nights_missed)
        } else {
            String::new()
        };
        Self {
            name: card.member.name.clone(),
            href: format!("{}/anbieter/{}", words.root(), card.member.id),
            kind: kind(card.member.kind, words),
            stand: stand(card, now, words),
            stale,
            offers,
            address: card.member.address.clone(),
            website: card.member.website.clone(),
            left,
        }
    }
}

/// When hub and node last agreed.
pub(crate) fn stand(card: &ProviderCard, now: Moment, words: Words) -> Cell {
    match card.agreed_at {
        Some(at) => Cell::text(format::moment(at, now, words), words),
        None => Cell {
            text: words.say("stand.never").to_owned(),
            class: "undelivered",
        },
    }
}

/// A kind of provider in words.
pub(crate) fn kind(kind: ProviderKind, words: Words) -> &'static str {
    words.say(match kind {
        ProviderKind::School => "kind.school",
        ProviderKind::Vhs => "kind.vhs",
        ProviderKind::Trainer => "kind.trainer",
        ProviderKind::University => "kind.university",
        ProviderKind::Counselling => "kind.counselling",
        ProviderKind::Other => "kind.other",
    })
}
