//! `/liste?o=provider/offer&o=...`: offers that somebody marked, to print and to hand over. The list is the address.

use askama::Template;
use calluna_catalogue::reader::Standing;
use calluna_model::id::{OfferId, ProviderId};

use crate::ask::{self, Pairs};
use crate::fault::Fault;
use crate::page::search;
use crate::question::MARK;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::cell::Cell;
use crate::view::offer::OfferView;
use crate::view::provider::ProviderView;
use crate::visit::{Providers, Visit};

/// Most offers in a list.
pub(crate) const MOST: usize = 40;

/// An offer in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) provider: ProviderId,
    pub(crate) offer: OfferId,
}

impl Chosen {
    /// As it stands in an address.
    pub(crate) fn mark(&self) -> String {
        format!("{}/{}", self.provider, self.offer)
    }
}

/// The offers that an address names, each once, in their order.
pub(crate) fn chosen(pairs: &Pairs, most: usize) -> Result<Vec<Chosen>, Fault> {
    let mut list = Vec::new();
    for mark in ask::values(pairs, MARK) {
        let parts = mark.split_once('/').and_then(|(provider, offer)| {
            Some(Chosen {
                provider: provider.parse().ok()?,
                offer: offer.parse().ok()?,
            })
        });
        let one = parts.ok_or(Fault::Malformed("bad.mark"))?;
        if !list.contains(&one) {
            list.push(one);
        }
    }
    if list.len() > most {
        return Err(Fault::Malformed(if most == MOST {
            "bad.list"
        } else {
            "bad.compare"
        }));
    }
    Ok(list)
}

/// One offer of a list or a comparison.
pub(crate) struct Entry {
    pub(crate) offer: OfferView,
    pub(crate) provider: ProviderView,
    pub(crate) href: String,
    /// The list without it.
    pub(crate) without: String,
    pub(crate) stand: Cell,
}

/// An offer of a list that readers do not see, or not any more.
pub(crate) struct Absent {
    /// Its last title, or how it stands in the address.
    pub(crate) name: String,
    /// Its page, which says since when it is gone; empty where it never was.
    pub(crate) href: String,
    /// The list without it.
    pub(crate) without: String,
}

/// The offers of a list that readers see, and those that they do not.
pub(crate) fn entries(
    visit: &Visit,
    list: &[Chosen],
    providers: &Providers,
    path: &str,
) -> Result<(Vec<Entry>, Vec<Absent>), Fault> {
    let root = visit.words.root();
    let mut shown = Vec::new();
    let mut gone = Vec::new();
    for one in list {
        let others = list.iter().filter(|other| *other != one);
        let others = ask::written(others.map(|other| (MARK, other.mark())));
        let without = format!("{root}{path}?{others}");
        let standing = visit.offer(&one.provider, one.offer.as_str())?;
        let (Standing::Shown(draft), Some(card)) = (&standing, providers.get(&one.provider)) else {
            gone.push(absent(one, standing, root, without));
            continue;
        };
        let offer = OfferView::of(visit, &card.member, draft);
        let provider = ProviderView::of(card, visit.now, visit.words);
        shown.push(Entry {
            href: format!("{root}{}", offer.path),
            without,
            stand: provider.stand.clone(),
            offer,
            provider,
        });
    }
    Ok((shown, gone))
}

fn absent(one: &Chosen, standing: Standing, root: &str, without: String) -> Absent {
    let (name, href) = match standing {
        Standing::Gone { title, .. } => (
            title,
            format!("{root}/angebot/{}/{}", one.provider, one.offer),
        ),
        _ => (None, String::new()),
    };
    Absent {
        name: name.unwrap_or_else(|| one.mark()),
        href,
        without,
    }
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    s: Shell,
    entries: Vec<Entry>,
    gone: Vec<Absent>,
    /// Address of the list, to hand over.
    address: String,
    calendar: String,
    compare: String,
    back: String,
    today: String,
}

/// `/liste`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let list = chosen(&visit.pairs()?, MOST)?;
    let (entries, gone) = entries(visit, &list, &visit.providers()?, "/liste")?;
    let query = ask::written(list.iter().map(|one| (MARK, one.mark())));
    let of = |path: &str| format!("{}{path}?{query}", words.root());
    let few = (2..=crate::page::compare::MOST).contains(&entries.len());
    Reply::page(&ListPage {
        s: Shell::of(visit, words.say("list.title")).hidden(),
        address: if list.is_empty() {
            String::new()
        } else {
            visit.site.settings.absolute(&of("/liste"))
        },
        calendar: of("/liste.ics"),
        compare: if few { of("/vergleich") } else { String::new() },
        back: search::back(visit)?,
        today: crate::format::date(visit.today(), words),
        entries,
        gone,
    })
}
