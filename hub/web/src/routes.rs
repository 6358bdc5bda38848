//! The list of pages, which is the site map. A new page is a file in `page/` and a line here.

use crate::fault::Fault;
use crate::page::{
    about, compare, data, home, list, map, monitoring, offer, prose, provider, providers, ranking,
    releases, search, suggest,
};
use crate::reply::Reply;
use crate::visit::Visit;
use crate::{calendar, feed, wellknown};

/// What makes a page.
pub(crate) type Page = fn(&Visit) -> Result<Reply, Fault>;

/// One page.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    /// Its address; for ever.
    pub(crate) path: &'static str,
    /// What makes it.
    pub(crate) page: Page,
    /// How it is spoken and listed.
    pub(crate) kind: Kind,
}

/// What kind of page it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In both languages, and in the site map.
    Listed,
    /// In both languages.
    Spoken,
    /// For machines: one for all languages.
    Machine,
}

const fn listed(path: &'static str, page: Page) -> Route {
    Route {
        path,
        page,
        kind: Kind::Listed,
    }
}

const fn spoken(path: &'static str, page: Page) -> Route {
    Route {
        path,
        page,
        kind: Kind::Spoken,
    }
}

const fn machine(path: &'static str, page: Page) -> Route {
    Route {
        path,
        page,
        kind: Kind::Machine,
    }
}

/// Every page.
pub(crate) const ALL: &[Route] = &[
    listed("/", home::page),
    listed("/suche", search::page),
    listed("/anbieter", providers::page),
    listed("/karte", map::page),
    listed("/monitoring", monitoring::page),
    listed("/ranking", ranking::page),
    listed("/ueber", about::page),
    listed("/daten", data::page),
    listed("/barrierefreiheit", prose::accessibility),
    listed("/leichte-sprache", prose::easy),
    listed("/leichte-sprache/suche", prose::easy_search),
    listed("/leichte-sprache/angebot", prose::easy_offer),
    listed("/impressum", prose::imprint),
    listed("/datenschutz", prose::privacy),
    spoken("/vergleich", compare::page),
    spoken("/liste", list::page),
    spoken("/monitoring/{indicator}", monitoring::indicator),
    spoken("/daten/{release}", releases::page),
    spoken("/anbieter/{provider}", provider::page),
    spoken("/angebot/{provider}/{offer}", offer::page),
    spoken("/suche.atom", feed::page),
    spoken("/liste.ics", calendar::list),
    spoken("/opensearch.xml", wellknown::opensearch),
    machine("/angebot/{provider}/{offer}/{run}", calendar::run),
    machine("/vorschlaege", suggest::page),
    machine("/sitemap.xml", wellknown::sitemap),
    machine("/sitemap/{part}", wellknown::sitemap_part),
    machine("/robots.txt", wellknown::robots),
    machine("/.well-known/security.txt", wellknown::security),
];
