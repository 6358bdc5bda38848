//! Every internal link is followed: none is dead, nothing is asked of others, every page is whole.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::http::StatusCode;

use crate::fixture::{self, Shelf};
use crate::get;
use crate::html::{Tag, inside, tags};

/// Enough for everything there is with a few facets chosen; addresses with facets are endless.
const MOST: usize = 1_000;

/// Where a link leads inside the site; nothing where it leads elsewhere.
fn internal(from: &str, to: &str) -> Option<String> {
    let to = to.split('#').next().unwrap();
    if to.is_empty() {
        return None;
    }
    if let Some(path) = to.strip_prefix("https://bildung.example") {
        return Some(if path.is_empty() {
            "/".into()
        } else {
            path.into()
        });
    }
    // Files of a release are served beside the pages.
    let file = |rest: &str| rest.split_once('/').is_some();
    if to.strip_prefix("/daten/").is_some_and(file) {
        return None;
    }
    if to.starts_with("https://") || to.starts_with("mailto:") || to.starts_with("tel:") {
        return None;
    }
    assert!(
        to.starts_with('/') && !to.starts_with("//"),
        "{from}: odd link {to}"
    );
    Some(to.to_owned())
}

fn whole(path: &str, html: &str, found: &[Tag]) {
    let count = |name: &str| found.iter().filter(|tag| tag.name == name).count();
    assert_eq!(count("h1"), 1, "{path}");
    assert_eq!(count("main"), 1, "{path}");
    let lang = if path == "/en" || path.starts_with("/en/") || path.starts_with("/en?") {
        "en"
    } else {
        "de"
    };
    assert_eq!(
        found
            .iter()
            .find(|tag| tag.name == "html")
            .unwrap()
            .get("lang"),
        Some(lang),
        "{path}"
    );
    assert_eq!(count("style"), 0, "{path}");
    let mut ids = BTreeSet::new();
    let mut level = 0;
    for tag in found {
        for (name, _) in &tag.attributes {
            assert!(
                name != "style" && !name.starts_with("on"),
                "{path}: {tag:?}"
            );
        }
        match tag.name.as_str() {
            "script" => assert!(
                tag.get("src")
                    .is_some_and(|src| src.starts_with("/assets/"))
                    || tag.get("type") == Some("application/ld+json"),
                "{path}: {tag:?}"
            ),
            "img" | "iframe" | "video" | "object" | "embed" => {
                assert!(
                    tag.get("src").unwrap().starts_with("/assets/"),
                    "{path}: {tag:?}"
                );
                assert!(tag.get("alt").is_some(), "{path}: {tag:?}");
            }
            "form" => assert!(tag.get("action").unwrap().starts_with('/'), "{path}"),
            "th" => assert!(tag.get("scope").is_some(), "{path}: {tag:?}"),
            "h1" | "h2" | "h3" | "h4" => {
                let own = tag.name[1..].parse::<u8>().unwrap();
                assert!(own <= level + 1, "{path}: h{own} after h{level}");
                level = own;
            }
            _ => {}
        }
        if let Some(id) = tag.get("id") {
            assert!(ids.insert(id.to_owned()), "{path}: id {id} twice");
        }
    }
    assert_eq!(count("table"), count("caption"), "{path}");
    let footer = inside(html, "footer");
    let root = if lang == "en" { "/en" } else { "" };
    for link in [
        "/barrierefreiheit",
        "/leichte-sprache",
        "/impressum",
        "/datenschutz",
    ] {
        assert!(
            footer.contains(&format!("href=\"{root}{link}\"")),
            "{path}: {link}"
        );
    }
    assert!(
        html.contains("<a class=\"skip\" href=\"#inhalt\">"),
        "{path}"
    );
    // Every field has a label.
    for field in found
        .iter()
        .filter(|tag| ["input", "select"].contains(&tag.name.as_str()))
    {
        let kind = field.get("type").unwrap_or_default();
        if kind != "hidden" && kind != "checkbox" {
            let id = field.get("id").unwrap();
            assert!(
                html.contains(&format!("<label for=\"{id}\">")),
                "{path}: {id}"
            );
        }
    }
}

#[tokio::test]
async fn no_link_is_dead_and_every_page_is_whole() {
    let (site, _) = fixture::site(Shelf::usual().with_many(45));
    let router = calluna_web::router(site);
    let mut open: VecDeque<String> = ["/", "/en", "/vergleich", "/liste", "/sitemap.xml"]
        .map(str::to_owned)
        .into();
    open.push_back("/vergleich?o=vhs-heidekreis/26H-40601&o=bbs-walsrode/rsa".into());
    open.push_back("/en/liste?o=vhs-heidekreis/26H-40601&o=bbs-walsrode/rsa".into());
    let mut seen: BTreeSet<String> = open.iter().cloned().collect();
    let mut titles: BTreeMap<String, String> = BTreeMap::new();
    let mut pages = 0;
    while let Some(path) = open.pop_front() {
        let answer = get(&router, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.headers.get("set-cookie").is_none(), "{path}");
        if answer.header("content-type") != "text/html; charset=utf-8" {
            continue;
        }
        pages += 1;
        let html = answer.text();
        let found = tags(html);
        whole(&path, html, &found);
        // A page and its searches may share a title; two pages may not.
        let place = path.split('?').next().unwrap().to_owned();
        let title = inside(html, "title").to_owned();
        if let Some(other) = titles.insert(title.clone(), place.clone()) {
            assert_eq!(other, place, "both are called {title}");
        }
        for tag in &found {
            for name in ["href", "src", "action", "formaction"] {
                let Some(to) = tag.get(name).and_then(|to| internal(&path, to)) else {
                    continue;
                };
                // One facet deep: what lies behind two is made by the same code.
                let deep = to.matches('&').count() > 1 && to.contains("/suche?");
                if !deep && seen.len() < MOST && seen.insert(to.clone()) {
                    open.push_back(to);
                }
            }
        }
    }
    assert!(pages > 150, "the crawler saw {pages} pages only");
    for must in [
        "/karte",
        "/en/ranking",
        "/monitoring/CAL-G3?period=2026-Q3",
        "/en/monitoring/CAL-G3?release=1",
        "/daten/000001",
        "/angebot/bbs-walsrode/rsa",
        "/anbieter/alte-schule",
        "/suche?page=2",
    ] {
        assert!(
            seen.contains(must) || must == "/anbieter/alte-schule",
            "{must} is not linked"
        );
    }
}
