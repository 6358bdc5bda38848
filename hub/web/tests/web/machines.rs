//! What machines read: calendar, feed, site map, robots, security, suggestions.

use axum::http::StatusCode;

use crate::fixture::{self, Shelf};
use crate::hostile::unfolded;
use crate::{get, usual};

#[tokio::test]
async fn a_run_becomes_a_calendar() {
    let router = usual();
    let answer = get(&router, "/angebot/vhs-heidekreis/26H-40601/r1.ics").await;
    assert_eq!(
        answer.header("content-type"),
        "text/calendar; charset=utf-8"
    );
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"26H-40601-r1.ics\""
    );
    let lines = unfolded(answer.text());
    for line in [
        "BEGIN:VCALENDAR",
        "DTSTART:20270112T173000Z",
        "DTEND:20270112T190000Z",
        "SUMMARY:Englisch B1: Auffrischung am Abend",
        "LOCATION:Kulturzentrum\\, Raum 2\\, Kirchplatz 4\\, 29664 Walsrode",
        "UID:vhs-heidekreis.26H-40601.r1.0@bildung.example",
        "URL:https://bildung.example/angebot/vhs-heidekreis/26H-40601",
        "END:VCALENDAR",
    ] {
        assert!(
            lines.contains(&line.to_owned()),
            "{line} is missing: {lines:#?}"
        );
    }
    let cancelled = get(&router, "/angebot/vhs-heidekreis/26H-40601/r2.ics").await;
    assert!(cancelled.text().contains("STATUS:CANCELLED"));
    // Ten Tuesdays from February to April, over the change to summer time.
    assert_eq!(cancelled.text().matches("BEGIN:VEVENT").count(), 11);
    let list = get(
        &router,
        "/liste.ics?o=vhs-heidekreis/26H-50107&o=vhs-heidekreis/25F-20201",
    )
    .await;
    assert_eq!(
        list.text().matches("BEGIN:VEVENT").count(),
        15,
        "what is over is left out"
    );
}

#[tokio::test]
async fn any_search_is_a_feed() {
    let router = usual();
    let answer = get(&router, "/suche.atom?q=Englisch&format=in-person").await;
    assert_eq!(
        answer.header("content-type"),
        "application/atom+xml; charset=utf-8"
    );
    let feed = answer.text();
    assert!(
        feed.contains("<title>Englisch; Lernform: In Präsenz: Landkreis Heidekreis</title>"),
        "{feed}"
    );
    assert_eq!(feed.matches("<entry>").count(), 3);
    assert!(feed.contains("<id>https://bildung.example/angebot/vhs-heidekreis/26H-40601</id>"));
    assert!(feed.contains("<updated>2026-11-01T08:00:00Z</updated>"));
    let english = get(&router, "/en/suche.atom?q=Englisch").await;
    assert!(english.text().contains("xml:lang=\"en\""));
    assert!(
        english
            .text()
            .contains("<id>https://bildung.example/angebot/vhs-heidekreis/26H-40601</id>")
    );
}

#[tokio::test]
async fn the_site_map_holds_every_page_in_both_languages() {
    let router = usual();
    let answer = get(&router, "/sitemap.xml").await;
    let map = answer.text();
    assert!(map.contains("<urlset"));
    for path in [
        "/",
        "/en",
        "/karte",
        "/en/karte",
        "/anbieter/bbs-walsrode",
        "/en/angebot/bbs-walsrode/rsa",
    ] {
        assert!(
            map.contains(&format!("<loc>https://bildung.example{path}</loc>")),
            "{path}"
        );
    }
    assert!(!map.contains("/vergleich") && !map.contains('{'));
    assert_eq!(get(&router, "/sitemap/1.xml").await.body, answer.body);
}

#[tokio::test]
async fn a_large_site_map_comes_in_parts() {
    let (site, _) = fixture::site(Shelf::usual().with_many(26_000));
    let router = calluna_web::router(site);
    let index = get(&router, "/sitemap.xml").await;
    assert!(index.text().contains("<sitemapindex") && index.text().contains("/sitemap/2.xml"));
    assert!(!index.text().contains("/sitemap/3.xml"));
    let mut all = std::collections::BTreeSet::new();
    for part in 1..=2 {
        let answer = get(&router, &format!("/sitemap/{part}.xml")).await;
        let places: Vec<_> = answer.text().split("<loc>").skip(1).collect();
        assert!(places.len() <= 50_000, "{}", places.len());
        for place in places {
            let new = all.insert(place.split('<').next().unwrap().to_owned());
            assert!(new, "{place:.80} stands there twice");
        }
    }
    // 26,012 offers, 5 providers, 14 fixed pages, each twice.
    assert_eq!(all.len(), (26_012 + 5 + 14) * 2);
}

#[tokio::test]
async fn robots_and_security_say_where_to_turn() {
    let router = usual();
    let robots = get(&router, "/robots.txt").await;
    assert!(
        robots
            .text()
            .contains("Sitemap: https://bildung.example/sitemap.xml")
    );
    assert!(robots.text().contains("Disallow: /suche?"));
    let security = get(&router, "/.well-known/security.txt").await;
    assert_eq!(security.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(
        security.text(),
        "Contact: mailto:sicherheit@kreis.example\nExpires: 2027-05-29T00:00:00Z\n\
         Preferred-Languages: de, en\nCanonical: https://bildung.example/.well-known/security.txt\n"
    );
    let (mut site, _) = fixture::site(Shelf::usual());
    site.settings.security_contact = "x\nContact: y".into();
    let nobody = get(&calluna_web::router(site), "/.well-known/security.txt").await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_browser_can_search_from_its_own_field() {
    let answer = get(&usual(), "/opensearch.xml").await;
    assert!(
        answer
            .text()
            .contains("template=\"https://bildung.example/suche?q={searchTerms}\"")
    );
}

#[tokio::test]
async fn typing_ahead_answers_a_list() {
    let router = usual();
    let answer = get(&router, "/vorschlaege?q=eng").await;
    assert_eq!(answer.header("content-type"), "application/json");
    let texts: Vec<String> = serde_json::from_str(answer.text()).unwrap();
    assert!(
        texts
            .iter()
            .any(|text| text.to_lowercase().contains("englisch")),
        "{texts:?}"
    );
    assert_eq!(get(&router, "/vorschlaege").await.text(), "[]");
    let long = format!("/vorschlaege?q={}", "x".repeat(3_000));
    assert_eq!(get(&router, &long).await.status, StatusCode::OK);
}
