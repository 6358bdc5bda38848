//! `/karte`: how many offers each municipality has, as a map and as a table that says the same.

use askama::Template;
use calluna_search::query::{Facet, Query};

use crate::fault::Fault;
use crate::prose;
use crate::question;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::cell::Cell;
use crate::view::facet::Labels;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "map.html")]
struct MapPage {
    s: Shell,
    height: u32,
    source: String,
    areas: Vec<AreaView>,
    /// Offers that lie in no municipality: online, elsewhere.
    others: Vec<Row>,
    /// Whose data the page rests on, with their licences.
    sources: String,
}

struct AreaView {
    path: String,
    x: i32,
    y: i32,
    /// Its shade: 0 for none, to 4.
    shade: u8,
    row: Row,
}

struct Row {
    name: String,
    href: String,
    count: Cell,
}

/// `/karte`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let answer = visit.search(&Query {
        limit: 1,
        ..Query::default()
    })?;
    let found = answer
        .facets
        .iter()
        .find(|(facet, _)| *facet == Facet::Municipality);
    let counts = found.map_or(&[][..], |(_, counts)| counts.as_slice());
    let count = |value: &str| {
        let found = counts.iter().find(|count| count.value == value);
        found.map_or(0, |count| count.offers)
    };
    let providers = visit.providers()?;
    let labels = Labels {
        words,
        providers: &providers,
        map: &visit.site.map,
    };
    let row = |value: &str| {
        let chosen = Query::default().toggled(Facet::Municipality, value);
        Row {
            name: labels.value(Facet::Municipality, value),
            href: question::address(words.root(), "/suche", &chosen, &[]),
            count: Cell::number(count(value), words),
        }
    };
    let map = &visit.site.map;
    let most = map.codes().map(count).max().unwrap_or_default();
    let mut areas: Vec<_> = map
        .areas
        .iter()
        .map(|area| AreaView {
            path: area.path.clone(),
            x: area.x,
            y: area.y,
            shade: shade(count(&area.ags), most),
            row: row(&area.ags),
        })
        .collect();
    areas.sort_by(|a, b| a.row.name.cmp(&b.row.name));
    Reply::page(&MapPage {
        s: Shell::of(visit, words.say("map.title")),
        height: map.height,
        source: map.source.clone(),
        areas,
        others: vec![row("online"), row("elsewhere")],
        sources: prose::html("prose.sources", &visit.site.settings, words),
    })
}

/// None, and four equal steps up to the most.
fn shade(count: u64, most: u64) -> u8 {
    if count == 0 {
        return 0;
    }
    u8::try_from((count * 4).div_ceil(most.max(1)).clamp(1, 4)).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_a_shade_of_its_own() {
        assert_eq!([0, 1, 25, 26, 100].map(|n| shade(n, 100)), [0, 1, 1, 2, 4]);
        assert_eq!(shade(0, 0), 0);
    }
}
