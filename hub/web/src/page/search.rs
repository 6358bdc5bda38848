//! `/suche`: hits with facets.

use askama::Template;
use calluna_search::query::{OFFSET_MAX, Query, Sort};

use crate::ask;
use crate::fault::Fault;
use crate::page::list;
use crate::question::{self, MARK};
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::facet::{self, Chip, FacetView, Labels};
use crate::view::form::Form;
use crate::view::hit::{self, HitView};
use crate::visit::Visit;
use crate::words::Words;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    s: Shell,
    form: Form,
    /// "12 Angebote zu Englisch".
    found: String,
    hits: Vec<HitView>,
    chips: Vec<Chip>,
    /// The search with no filter left.
    plain: String,
    facets: Vec<FacetView>,
    sorts: Vec<(&'static str, &'static str, bool)>,
    meant: Option<Chip>,
    pages: Pages,
    /// Marked offers that are not among the hits of this page: their names travel along.
    carried: Vec<String>,
    /// All that are marked.
    all_marks: Vec<String>,
    marked: String,
    /// The question, to come back to.
    pairs: Vec<(&'static str, String)>,
    feed: String,
}

/// Where one is among the pages.
struct Pages {
    before: String,
    after: String,
    place: String,
}

/// `/suche`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let pairs = visit.pairs()?;
    let query = question::read(&pairs, words)?;
    let marked: Vec<String> = list::chosen(&pairs, list::MOST)?
        .iter()
        .map(list::Chosen::mark)
        .collect();
    let providers = visit.providers()?;
    let labels = Labels {
        words,
        providers: &providers,
        map: &visit.site.map,
    };
    let answer = visit.search(&query)?;
    let hits = hit::all(visit, &answer.hits, &labels, &marked)?;
    let at = |query: &Query| question::address(words.root(), "/suche", query, &marked);
    let plain = Query {
        sort: query.sort,
        ..Query::words(&query.text)
    };
    let found = found(&query, answer.total, words);
    let mut s = Shell::of(visit, &found).hidden();
    s.asked.clone_from(&query.text);
    let feed = question::address(words.root(), "/suche.atom", &query.at_page(1), &[]);
    s.feed = Some(feed.clone());
    Reply::page(&SearchPage {
        found,
        form: Form::of(&query),
        chips: facet::chips(&query, &labels, &marked),
        plain: at(&plain),
        facets: facet::all(&query, &answer, &labels),
        sorts: sorts(&query, words),
        meant: answer.did_you_mean.as_ref().map(|text| {
            let other = Query {
                text: text.clone(),
                ..query.at_page(1)
            };
            Chip {
                label: text.clone(),
                without: at(&other),
            }
        }),
        pages: pages(&query, answer.total, words, &at),
        carried: marked
            .iter()
            .filter(|mark| !hits.iter().any(|hit| hit.mark == **mark))
            .cloned()
            .collect(),
        marked: if marked.is_empty() {
            String::new()
        } else {
            words.count("search.marked", wide(marked.len()))
        },
        all_marks: marked.clone(),
        pairs: query.pairs(),
        feed,
        hits,
        s,
    })
}

fn found(query: &Query, total: u64, words: Words) -> String {
    let count = words.count("n.offers", total);
    let text = if query.text.is_empty() {
        words.fill("search.found", &[("n", &count)])
    } else {
        words.fill("search.found-for", &[("n", &count), ("q", &query.text)])
    };
    if query.page() > 1 {
        let page = query.page().to_string();
        words.fill("search.on-page", &[("found", &text), ("page", &page)])
    } else {
        text
    }
}

fn sorts(query: &Query, words: Words) -> Vec<(&'static str, &'static str, bool)> {
    Sort::ALL
        .into_iter()
        .filter(|sort| *sort != Sort::Distance || query.near.is_some())
        .map(|sort| {
            let name = words.say(match sort {
                Sort::Relevance => "sort.relevance",
                Sort::Start => "sort.start",
                Sort::Price => "sort.price",
                Sort::Distance => "sort.distance",
            });
            (sort.key(), name, sort == query.sort)
        })
        .collect()
}

fn pages(query: &Query, total: u64, words: Words, at: &dyn Fn(&Query) -> String) -> Pages {
    let size = wide(query.limit.max(1));
    let deepest = wide(OFFSET_MAX) / size + 1;
    let last = total.div_ceil(size).clamp(1, deepest);
    let page = query.page();
    let other = |page: usize| at(&query.at_page(page));
    let shown = |number: u64| crate::format::number(number, words.0);
    Pages {
        before: if page > 1 {
            other(page - 1)
        } else {
            String::new()
        },
        after: if wide(page) < last {
            other(page + 1)
        } else {
            String::new()
        },
        place: if last > 1 {
            let (page, last) = (shown(wide(page)), shown(last));
            words.fill("search.page-of", &[("page", &page), ("last", &last)])
        } else {
            String::new()
        },
    }
}

/// A number of things in memory as a number that is shown.
pub(crate) fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Names of the values that a form sends along for each marked offer.
pub(crate) fn back(visit: &Visit) -> Result<String, Fault> {
    let pairs = visit.pairs()?;
    let query = question::read_known(&pairs);
    let marked: Vec<String> = ask::values(&pairs, MARK)
        .into_iter()
        .map(str::to_owned)
        .collect();
    Ok(question::address(
        visit.words.root(),
        "/suche",
        &query,
        &marked,
    ))
}
