//! What the pages say of the monitoring dataset: the values of the files, and nothing where there is none.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use calluna_monitor::Releases;
use calluna_monitor::reading::{Said, indicators};

use crate::fixture::{self, Shelf};
use crate::html::{Tag, inside, tags, unescaped};
use crate::{Answer, get, usual};

async fn found(path: &str) -> Answer {
    let answer = get(&usual(), path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}");
    answer
}

fn says(answer: &Answer, all: &[&str]) {
    let text = unescaped(answer.text());
    for words in all {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
}

#[tokio::test]
async fn indicators_are_listed_with_the_newest_value_and_the_release() {
    let german = found("/monitoring").await;
    says(
        &german,
        &[
            "Bildung in Zahlen",
            "Ausgabe 2 vom 30.11.2026",
            "/daten/000002",
            "(2026-Q4)",
            "Belegungen",
        ],
    );
    let english = found("/en/monitoring").await;
    says(
        &english,
        &[
            "Education in figures",
            "Release 2 of 30 Nov 2026",
            "enrolments",
        ],
    );
}

#[tokio::test]
async fn a_page_of_an_indicator_holds_every_value_of_the_file_and_none_that_is_hidden() {
    let (site, shelf) = fixture::site(Shelf::usual());
    let router = calluna_web::router(site);
    let releases = Releases::reading(shelf.releases());
    for indicator in indicators(&releases, 2).unwrap() {
        let periods: BTreeSet<&str> = indicator
            .values
            .iter()
            .map(|one| one.period.as_str())
            .collect();
        for period in periods {
            let path = format!("/monitoring/{}?period={period}", indicator.id);
            let answer = get(&router, &path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            let html = answer.text();
            let values = || indicator.values.iter().filter(|one| one.period == period);
            let hidden = values().filter(|one| one.value == Said::Hidden).count();
            let table = inside(html, "table");
            assert_eq!(
                table.matches("scope=\"row\"").count(),
                values().count(),
                "{path}"
            );
            assert_eq!(table.matches("•\u{a0}geschützt").count(), hidden, "{path}");
            // A row that is hidden draws nothing.
            for row in table
                .split("<tr")
                .filter(|row| row.contains("•\u{a0}geschützt"))
            {
                assert!(!row.contains("<rect"), "{path}: {row}");
            }
            let protected = format!("{hidden} von {} Werten sind zum Schutz", values().count());
            assert_eq!(html.contains(&protected), hidden > 0, "{path}");
        }
    }
}

#[tokio::test]
async fn a_value_a_range_a_zero_and_a_hidden_one_look_different() {
    let mut classes = BTreeSet::new();
    for id in ["CAL-G3", "CAL-G10", "CAL-G11", "CAL-G9-K"] {
        let answer = found(&format!("/monitoring/{id}")).await;
        let cells = tags(inside(answer.text(), "table")).into_iter();
        let named = |tag: &Tag| {
            let class = tag.get("class")?.strip_prefix("n ")?;
            Some(class.to_owned())
        };
        classes.extend(
            cells
                .filter(|tag| tag.name == "td")
                .filter_map(|tag| named(&tag)),
        );
    }
    let wanted = ["hidden", "range", "value", "zero"].map(str::to_owned);
    assert_eq!(classes, BTreeSet::from(wanted));
}

#[tokio::test]
async fn an_indicator_says_what_is_provisional_what_is_missing_and_how_it_went() {
    let newest = found("/monitoring/CAL-G3").await;
    says(
        &newest,
        &[
            "Vorläufig",
            "Berufsbildende Schulen Walsrode",
            "im Verlauf",
            "2026-Q3",
            "/daten/000002/indicators.csv",
            "VHS-Statistik",
        ],
    );
    let closed = found("/monitoring/CAL-G3?period=2026-Q3").await;
    assert!(!closed.text().contains("Vorläufig"));
    says(&closed, &["noindex"]);
    let old = found("/en/monitoring/CAL-G3?release=1").await;
    says(
        &old,
        &[
            "Release 1 of 29 Nov 2026",
            "/daten/000001/indicators.csv",
            "?period=2026-Q3&release=1",
        ],
    );
}

#[tokio::test]
async fn a_release_says_what_it_is_and_names_its_files() {
    let answer = found("/daten/000002").await;
    says(
        &answer,
        &[
            "Ausgabe 2 vom 30.11.2026",
            "Berichtigung",
            "Ein Name war falsch.",
            "Alle Zahlen sind erfunden.",
            "Volkshochschule Heidekreis",
            "endgültig",
            "Berufsbildende Schulen Walsrode, 2026-Q3",
            "/daten/000002/figures/2026-Q3.csv",
            "/daten/000002/SHA256SUMS",
            "Landkreis Muster: Ausgabe 2 vom 30.11.2026",
            "https://bildung.example/daten/000002",
        ],
    );
    // The number is the address, however it is written; what is cited is one.
    let short = found("/daten/2").await;
    says(
        &short,
        &["rel=\"canonical\" href=\"https://bildung.example/daten/000002\""],
    );
    let list = found("/daten").await;
    says(
        &list,
        &[
            "href=\"/daten/000001\"",
            "Berichtigung: Ein Name war falsch.",
        ],
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let router = usual();
    for path in [
        "/daten/3",
        "/daten/0",
        "/daten/-1",
        "/daten/x",
        "/daten/99999999999999999999",
        "/monitoring/CAL-G99",
        "/monitoring/CAL-G3?period=2019-Q1",
        "/monitoring/CAL-G3?release=3",
        "/monitoring?release=x",
        "/en/monitoring/%3Cscript%3E",
    ] {
        let answer = get(&router, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn without_a_release_the_pages_say_so() {
    let (mut site, _) = fixture::site(Shelf::usual());
    let nowhere = tempfile::TempDir::new().unwrap().path().join("releases");
    for monitor in [None, Some(calluna_web::Monitor::new(&nowhere))] {
        site.monitor = monitor;
        let router = calluna_web::router(site.clone());
        let list = get(&router, "/monitoring").await;
        assert_eq!(list.status, StatusCode::OK);
        says(&list, &["Es gibt noch keine Ausgabe."]);
        says(
            &get(&router, "/daten").await,
            &["Es gibt noch keine Ausgabe."],
        );
        assert_eq!(get(&router, "/daten/1").await.status, StatusCode::NOT_FOUND);
        assert_eq!(
            get(&router, "/monitoring/CAL-G3").await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn a_damaged_release_is_our_fault_and_says_nothing_of_the_inside() {
    let (site, shelf) = fixture::site(Shelf::usual());
    let file = shelf.releases().join("000002").join("indicators.csv");
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "INDICATOR,OTHER\nCAL-G3,x\n").unwrap();
    let router = calluna_web::router(site);
    let answer = get(&router, "/monitoring").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(!answer.text().contains("indicators.csv"));
    assert_eq!(
        get(&router, "/monitoring?release=1").await.status,
        StatusCode::OK
    );
}
