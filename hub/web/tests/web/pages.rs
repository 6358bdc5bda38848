//! What each page says, in both languages.

use axum::http::StatusCode;

use crate::fixture::{self, Shelf};
use crate::html::{after, inside, tags};
use crate::{get, usual};

/// Address, what the German page says, what the English one says.
const PAGES: [(&str, &str, &str); 17] = [
    (
        "",
        "11 Angebote von 3 Anbietern",
        "11 offers from 3 providers",
    ),
    (
        "/suche?q=Englisch",
        "Gefunden wegen: Titel „Englisch“",
        "Found because of: title “Englisch”",
    ),
    (
        "/suche?format=online",
        "Lernform: Online",
        "Way of learning: Online",
    ),
    (
        "/angebot/vhs-heidekreis/26H-40601",
        "89,15\u{a0}€, ermäßigt 48,45\u{a0}€",
        "€89.15, reduced €48.45",
    ),
    (
        "/angebot/bbs-walsrode/rsa",
        "So kann es weitergehen",
        "Where it can lead",
    ),
    ("/anbieter", "noch nicht geliefert", "not delivered yet"),
    (
        "/anbieter/bildungswerk-soltau",
        "Seit 3 Nächten nicht erreicht",
        "Not reached for 3 nights",
    ),
    ("/karte", "GeoBasis-DE", "GeoBasis-DE"),
    (
        "/vergleich?o=vhs-heidekreis/26H-40601&o=vhs-heidekreis/26H-50107",
        "kostenlos",
        "free of charge",
    ),
    (
        "/liste?o=vhs-heidekreis/26H-40601",
        "Alle Termine als Kalenderdatei",
        "All dates as a calendar file",
    ),
    ("/ranking", "Titel und Untertitel", "Title and subtitle"),
    (
        "/barrierefreiheit",
        "schlichtung@land.example",
        "schlichtung@land.example",
    ),
    (
        "/leichte-sprache",
        "In einem Kurs lernen Sie etwas Neues.",
        "In a course you learn something new.",
    ),
    (
        "/impressum",
        "Am Markt 1, 29000 Musterstadt",
        "Am Markt 1, 29000 Musterstadt",
    ),
    (
        "/datenschutz",
        "datenschutz@kreis.example",
        "datenschutz@kreis.example",
    ),
    (
        "/ueber",
        "So kommen die Daten hierher",
        "How the data gets here",
    ),
    ("/daten", "Angebote als CSV", "Angebote als CSV"),
];

#[tokio::test]
async fn each_page_says_what_it_is_for() {
    let router = usual();
    for (path, german, english) in PAGES {
        for (root, words) in [("", german), ("/en", english)] {
            let path = match format!("{root}{path}") {
                empty if empty.is_empty() => "/".to_owned(),
                path => path,
            };
            let answer = get(&router, &path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            let text = crate::html::unescaped(answer.text());
            assert!(text.contains(words), "{path} does not say {words}:\n{text}");
        }
    }
}

/// The licences of the files of places ask for it. What they ask is written in the first lines of each file.
#[tokio::test]
async fn whose_data_the_places_are_is_said_with_the_licence() {
    const FILES: [&str; 3] = [
        include_str!("../../../search/data/postal_codes.csv"),
        include_str!("../../../search/data/places.csv"),
        include_str!("../../data/heidekreis.geojson"),
    ];
    // What a file says, and what a page then has to.
    const OWED: [(&str, &[&str]); 5] = [
        (
            "OpenStreetMap",
            &[
                "© <a href=\"https://www.openstreetmap.org/copyright\"",
                "OpenStreetMap",
            ],
        ),
        ("suche-postleitzahl.org", &["suche-postleitzahl.org"]),
        (
            "ODbL 1.0",
            &["href=\"https://opendatacommons.org/licenses/odbl/1-0/\""],
        ),
        ("BKG", &["GeoBasis-DE / BKG</a> 2023"]),
        (
            "dl-de/by-2-0",
            &[
                "href=\"https://www.govdata.de/dl-de/by-2-0\"",
                "© Statistische Ämter des Bundes und der Länder",
            ],
        ),
    ];
    let router = usual();
    for (mark, said) in OWED {
        let heads = FILES.map(|file| file.lines().take(3).collect::<String>());
        assert!(
            heads.iter().any(|head| head.contains(mark)),
            "no file is of {mark} any more"
        );
        for path in ["/karte", "/ranking", "/impressum"] {
            for root in ["", "/en"] {
                let answer = get(&router, &format!("{root}{path}")).await;
                for said in said {
                    assert!(answer.text().contains(said), "{root}{path}: {said}");
                }
            }
        }
    }
    let known: Vec<&str> = OWED.iter().map(|(mark, _)| *mark).collect();
    for file in FILES {
        for line in file.lines().filter(|line| line.starts_with("# source")) {
            assert!(
                known.iter().any(|mark| line.contains(mark)),
                "a source that no page names: {line}"
            );
        }
    }
}

#[tokio::test]
async fn a_search_keeps_what_was_chosen() {
    let router = usual();
    let path = "/suche?q=Englisch&municipality=03358021&place=Walsrode&radius=30&from=2027-01-01&sort=start";
    let answer = get(&router, path).await;
    let found = tags(answer.text());
    let value = |name: &str| {
        let field = found.iter().find(|tag| tag.get("id") == Some(name));
        field.unwrap().get("value").unwrap().to_owned()
    };
    assert_eq!(value("q"), "Englisch");
    assert_eq!(
        (value("place"), value("radius")),
        ("Walsrode".into(), "30".into())
    );
    assert_eq!(value("from"), "2027-01-01");
    let checked = found.iter().filter(|tag| tag.get("checked").is_some());
    let checked: Vec<_> = checked.map(|tag| tag.get("value").unwrap()).collect();
    assert_eq!(checked, ["03358021"]);
    // Each chip leads to the same search without it.
    let chips = after(answer.text(), "class=\"chips\"", "</ul>");
    assert!(chips.contains("Gemeinde: Soltau") && chips.contains("Bis 30 km um Walsrode"));
    let links: Vec<_> = tags(chips)
        .into_iter()
        .filter(|tag| tag.name == "a")
        .collect();
    assert_eq!(
        links[0].get("href"),
        Some("/suche?q=Englisch&place=Walsrode&radius=30&from=2027-01-01&sort=start")
    );
}

#[tokio::test]
async fn a_value_that_would_find_nothing_is_disabled_and_there() {
    let router = usual();
    let answer = get(&router, "/suche").await;
    let found = tags(answer.text());
    let of = |name: &str, value: &str| {
        let field = found
            .iter()
            .find(|tag| tag.get("name") == Some(name) && tag.get("value") == Some(value));
        field
            .unwrap_or_else(|| panic!("{name}={value} is hidden"))
            .get("disabled")
            .is_some()
    };
    assert!(!of("format", "online"));
    assert!(of("format", "distance"));
    assert!(of("municipality", "03358002"), "Bispingen has no offers");
}

#[tokio::test]
async fn pages_of_hits_follow_each_other() {
    let (site, _) = fixture::site(Shelf::usual().with_many(45));
    let router = calluna_web::router(site);
    let first = get(&router, "/suche?sort=start").await;
    assert!(
        first.text().contains("Seite 1 von 3")
            && first
                .text()
                .contains("href=\"/suche?sort=start&#38;page=2\"")
    );
    let last = get(&router, "/suche?sort=start&page=3").await;
    assert!(last.text().contains("rel=\"prev\"") && !last.text().contains("rel=\"next\""));
}

#[tokio::test]
async fn passages_lead_from_certificate_to_certificate() {
    let router = usual();
    let middle = get(&router, "/angebot/bbs-walsrode/rsa").await;
    let path = middle.text();
    let before = path.find("Damit können Sie beginnen").unwrap();
    let onward = path.find("So kann es weitergehen").unwrap();
    assert!(path[before..onward].contains("/angebot/bbs-walsrode/hsa"));
    assert!(path[onward..].contains("/angebot/bbs-walsrode/fos"));
    let english = get(&router, "/angebot/vhs-heidekreis/26H-40602").await;
    let onward = english.text().find("So kann es weitergehen").unwrap();
    assert!(
        english.text()[onward..].contains("/angebot/vhs-heidekreis/26H-40601"),
        "A2 leads to B1"
    );
}

#[tokio::test]
async fn value_zero_unstated_and_undelivered_differ_in_the_tables() {
    let router = usual();
    let offer = get(&router, "/angebot/vhs-heidekreis/26H-40601").await;
    let runs = inside(offer.text(), "tbody");
    assert!(runs.contains("<span class=\"value\">3</span>"));
    assert!(runs.contains("<span class=\"zero\">0</span>"));
    let other = get(&router, "/angebot/vhs-heidekreis/26H-40602").await;
    assert!(
        inside(other.text(), "tbody").contains("<span class=\"unstated\">nicht angegeben</span>")
    );
    let providers = get(&router, "/anbieter").await;
    let table = inside(providers.text(), "tbody");
    assert!(table.contains("<td class=\"n undelivered\">noch nicht geliefert</td>"));
    assert!(table.contains("<td class=\"n value\">7</td>"));
    assert!(table.contains("heute 02:14") && table.contains("gestern 02:14"));
    let map = get(&router, "/karte").await;
    assert!(inside(map.text(), "tbody").contains("<td class=\"n zero\">0</td>"));
}

#[tokio::test]
async fn a_list_travels_in_the_address_alone() {
    let router = usual();
    let marked = "o=vhs-heidekreis%2F26H-40601&o=bbs-walsrode%2Frsa";
    let search = get(&router, &format!("/suche?q=Yoga&{marked}")).await;
    let hidden = tags(search.text());
    let carried = hidden
        .iter()
        .filter(|tag| tag.get("type") == Some("hidden") && tag.get("name") == Some("o"));
    assert_eq!(carried.count(), 4, "two in each form");
    assert!(search.text().contains("2 Angebote gemerkt."));
    let list = get(&router, &format!("/liste?q=Yoga&{marked}")).await;
    assert!(list.text().contains("Englisch B1: Auffrischung am Abend"));
    assert!(
        crate::html::unescaped(list.text()).contains(&format!("href=\"/suche?q=Yoga&{marked}\""))
    );
    assert!(crate::html::unescaped(list.text()).contains("href=\"/liste?o=bbs-walsrode%2Frsa\""));
}

#[tokio::test]
async fn a_page_of_twenty_hits_is_light() {
    let (site, _) = fixture::site(Shelf::usual().with_many(400));
    let router = calluna_web::router(site);
    for path in [
        "/suche?q=Gruppe",
        "/en/suche?q=Gruppe&place=Walsrode&sort=distance",
        "/",
        "/karte",
    ] {
        let answer = get(&router, path).await;
        let text = answer.text();
        let hits = text.matches("<article class=\"hit\">").count();
        assert!(!path.contains("suche") || hits == 20, "{path}: {hits}");
        println!("{path}: {} bytes", text.len());
        assert!(text.len() <= 60_000, "{path}: {} bytes", text.len());
    }
}

#[tokio::test]
async fn an_operator_that_filled_nothing_in_sees_where() {
    let (mut site, _) = fixture::site(Shelf::usual());
    site.settings = calluna_web::Settings {
        base_url: "https://bildung.example".into(),
        ..calluna_web::Settings::default()
    };
    let router = calluna_web::router(site);
    for path in [
        "/impressum",
        "/barrierefreiheit",
        "/datenschutz",
        "/ueber",
        "/en/impressum",
    ] {
        let answer = get(&router, path).await;
        assert!(answer.text().contains("<mark class=\"todo\">["), "{path}");
        assert!(answer.text().contains("class=\"note wrong\""), "{path}");
    }
    let whole = get(&usual(), "/impressum").await;
    assert!(!whole.text().contains("class=\"todo\""));
}
