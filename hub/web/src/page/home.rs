//! `/`: the search, the subject areas, what begins soon.

use askama::Template;
use calluna_search::query::{Facet, Query, Sort};

use crate::fault::Fault;
use crate::page::search;
use crate::question;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::facet::{self, Labels};
use crate::view::form::Form;
use crate::view::hit::{self, HitView};
use crate::visit::Visit;

/// Offers that begin soon.
const SOON: usize = 6;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    s: Shell,
    form: Form,
    /// "1.234 Angebote von 17 Anbietern".
    lead: String,
    areas: Vec<Tile>,
    ways: Vec<Tile>,
    soon: Vec<HitView>,
}

/// A way into the search.
struct Tile {
    label: String,
    count: String,
    href: String,
    empty: bool,
}

/// `/`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let providers = visit.providers()?;
    let labels = Labels {
        words,
        providers: &providers,
        map: &visit.site.map,
    };
    let query = Query {
        sort: Sort::Start,
        limit: SOON,
        ..Query::default()
    };
    let answer = visit.search(&query)?;
    let with_offers = providers.values().filter(|card| card.offers > 0).count();
    let lead = words.fill(
        "home.lead",
        &[
            ("offers", &words.count("n.offers", answer.total)),
            (
                "providers",
                &words.count("n.providers", search::wide(with_offers)),
            ),
        ],
    );
    let facets = facet::all(&Query::default(), &answer, &labels);
    let tiles = |of: Facet| -> Vec<Tile> {
        let view = facets.iter().find(|facet| facet.key == of.key());
        let values = view.map_or(&[][..], |facet| facet.values.as_slice());
        values
            .iter()
            .map(|value| {
                let chosen = Query::default().toggled(of, &value.value);
                Tile {
                    label: value.label.clone(),
                    count: value.count.clone(),
                    href: question::address(words.root(), "/suche", &chosen, &[]),
                    empty: value.empty,
                }
            })
            .collect()
    };
    let title = words.fill("home.title", &[("district", &visit.district)]);
    Reply::page(&Home {
        form: Form::of(&Query::default()),
        areas: tiles(Facet::Subject),
        ways: tiles(Facet::Format),
        soon: hit::all(visit, &answer.hits, &labels, &[])?,
        s: Shell::of(visit, title).summed_up(&lead),
        lead,
    })
}
