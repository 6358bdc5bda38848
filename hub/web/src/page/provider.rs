//! `/anbieter/{provider}`: who it is, how fresh its data is, what it offers.

use askama::Template;
use calluna_search::query::{Facet, Query, Sort};

use crate::fault::Fault;
use crate::question;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::facet::Labels;
use crate::view::hit::{self, HitView};
use crate::view::provider::ProviderView;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "provider.html")]
struct ProviderPage {
    s: Shell,
    provider: ProviderView,
    hits: Vec<HitView>,
    /// "Alle 123 Angebote".
    all: String,
    all_href: String,
    feed: String,
}

/// `/anbieter/{provider}`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let id = visit.provider_id()?;
    let card = visit.provider(&id)?;
    let provider = ProviderView::of(&card, visit.now, words);
    let providers = [(id.clone(), card)].into();
    let labels = Labels {
        words,
        providers: &providers,
        map: &visit.site.map,
    };
    let query = Query {
        sort: Sort::Start,
        ..Query::default()
    }
    .toggled(Facet::Provider, id.as_str());
    let answer = visit.search(&query)?;
    let mut hits = hit::all(visit, &answer.hits, &labels, &[])?;
    // That it is this provider's is no reason worth telling here.
    hits.iter_mut().for_each(|hit| hit.why.clear());
    let feed = question::address(words.root(), "/suche.atom", &query, &[]);
    let mut s = Shell::of(visit, provider.name.as_str());
    s.feed = Some(feed.clone());
    Reply::page(&ProviderPage {
        all: words.count("provider.all", answer.total),
        all_href: question::address(words.root(), "/suche", &query, &[]),
        provider,
        hits,
        feed,
        s,
    })
}
