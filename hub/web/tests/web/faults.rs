//! What goes wrong becomes a page that says so, in both languages, with nothing of the inside.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use calluna_web::TurnedAway;
use http_body_util::BodyExt;

use crate::fixture::{self, Shelf};
use crate::{get, send, usual};

#[tokio::test]
async fn wrong_questions_are_answered_with_what_can_be_asked() {
    let router = usual();
    let long = format!("/suche?q={}", "a".repeat(201));
    let longer = format!("/suche?q={}", "a".repeat(5_000));
    let many = format!("/suche?{}", "format=online&".repeat(201));
    for (path, says) in [
        ("/suche?farbe=rot", "Den Filter „farbe“ gibt es nicht."),
        ("/suche?format=post", "kennt den Wert „post“ nicht"),
        (long.as_str(), "höchstens 200 Zeichen"),
        (longer.as_str(), "Die Adresse ist zu lang."),
        (many.as_str(), "zu viele Angaben"),
        ("/suche?q=%zz", "fehlen zwei Ziffern"),
        ("/suche?q=%ff", "ein Zeichen, das es nicht gibt"),
        ("/suche?q=a%00b", "unsichtbares Steuerzeichen"),
        ("/suche?page=1000", "Nach 10.000 Treffern ist Schluss."),
        (
            "/suche?page=99999999999999999999999",
            "Nach 10.000 Treffern ist Schluss.",
        ),
        ("/suche?from=morgen", "ist kein Tag"),
        ("/suche?sort=distance", "fehlt ein Ort"),
        (
            "/suche?place=Atlantis",
            "Den Ort „Atlantis“ kennen wir nicht.",
        ),
        ("/suche.atom?farbe=rot", "Den Filter „farbe“ gibt es nicht."),
        ("/liste?o=quatsch", "anbieter/angebot"),
        (
            "/vergleich?o=aa/1&o=aa/2&o=aa/3&o=aa/4&o=aa/5",
            "höchstens vier",
        ),
    ] {
        let answer = get(&router, path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path:.60}");
        let text = crate::html::unescaped(answer.text());
        assert!(
            text.contains(says),
            "{path:.60} does not say {says}: {text}"
        );
        for filter in ["municipality", "price_max", "cefr"] {
            assert!(
                text.contains(&format!("<code>{filter}</code>")),
                "{path:.60}"
            );
        }
    }
    let english = get(&router, "/en/suche?colour=%3Cb%3E").await;
    assert!(
        english.text().contains("There is no filter “&#60;b&#62;”")
            || english.text().contains("There is no filter “colour”")
    );
}

#[tokio::test]
async fn a_fault_stands_at_its_field() {
    let answer = get(&usual(), "/suche?place=Atlantis&q=Yoga").await;
    let found = crate::html::tags(answer.text());
    let field = found
        .iter()
        .find(|tag| tag.get("id") == Some("place"))
        .unwrap();
    assert_eq!(field.get("aria-describedby"), Some("wrong"));
    assert_eq!(field.get("value"), Some("Atlantis"));
    assert!(found.iter().any(|tag| tag.get("id") == Some("wrong")));
}

#[tokio::test]
async fn what_was_withdrawn_is_gone_and_what_never_was_is_not_found() {
    let router = usual();
    let gone = get(&router, "/angebot/vhs-heidekreis/ALT-1").await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert!(
        gone.text()
            .contains("Nicht mehr im Angebot: Englisch B1 für Wiedereinsteiger")
    );
    assert!(
        gone.text().contains("/angebot/vhs-heidekreis/26H-40601"),
        "similar offers"
    );
    assert!(gone.text().contains("29.11.2026"));
    let nameless = get(&router, "/en/angebot/vhs-heidekreis/ALT-2").await;
    assert_eq!(nameless.status, StatusCode::GONE);
    assert!(nameless.text().contains("This offer is no longer there"));
    for path in [
        "/angebot/vhs-heidekreis/NIE",
        "/angebot/..%2f..%2fetc/passwd",
        "/angebot/VHS/1",
        "/anbieter/niemand",
        "/en/gibtsnicht",
        "/angebot/vhs-heidekreis/26H-40601/r9.ics",
        "/angebot/vhs-heidekreis/26H-40601/r1",
        "/sitemap/7.xml",
        "/assets/../Cargo.toml",
        "//evil.example/",
    ] {
        let answer = get(&router, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            answer.text().contains("role=\"search\""),
            "{path} has no search"
        );
    }
}

#[tokio::test]
async fn a_calendar_file_of_what_was_withdrawn_is_gone_and_says_what_it_was() {
    let router = usual();
    let gone = get(&router, "/angebot/vhs-heidekreis/ALT-1/r1.ics").await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert_eq!(gone.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(gone.header("content-disposition"), "");
    assert!(
        gone.text()
            .contains("Nicht mehr im Angebot: Englisch B1 für Wiedereinsteiger")
    );
    // The English page is that of the offer: calendar files have one address only.
    assert!(
        gone.text()
            .contains("href=\"/en/angebot/vhs-heidekreis/ALT-1\"")
    );
    for path in [
        "/angebot/vhs-heidekreis/NIE/r1.ics",
        "/angebot/vhs-heidekreis/ALT-1/r1",
        "/angebot/niemand/ALT-1/r1.ics",
    ] {
        assert_eq!(get(&router, path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn lists_comparisons_and_their_calendars_name_what_was_withdrawn() {
    let router = usual();
    let marks = "o=vhs-heidekreis/ALT-1&o=vhs-heidekreis/26H-40601&o=vhs-heidekreis/NIE";
    for root in ["", "/en"] {
        for page in ["liste", "vergleich"] {
            let answer = get(&router, &format!("{root}/{page}?{marks}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{root}/{page}");
            let text = answer.text();
            assert!(text.contains(&format!("href=\"{root}/angebot/vhs-heidekreis/ALT-1\"")));
            assert!(text.contains("Englisch B1 für Wiedereinsteiger</a>"));
            assert!(
                text.contains("vhs-heidekreis/NIE") && !text.contains("angebot/vhs-heidekreis/NIE")
            );
            // Without it the other two are left.
            let rest =
                format!("{root}/{page}?o=vhs-heidekreis%2F26H-40601&#38;o=vhs-heidekreis%2FNIE");
            assert!(text.contains(&rest), "{rest}\n{text}");
        }
    }
    let only = get(&router, "/liste?o=vhs-heidekreis/ALT-1").await;
    assert!(!only.text().contains("Noch ist nichts gemerkt"));
    let calendar = get(&router, &format!("/liste.ics?{marks}")).await;
    assert_eq!(calendar.status, StatusCode::OK);
    assert!(calendar.text().contains("26H-40601") && !calendar.text().contains("ALT-1"));
    let none = get(
        &router,
        "/liste.ics?o=vhs-heidekreis/ALT-1&o=vhs-heidekreis/ALT-2",
    )
    .await;
    assert_eq!(none.status, StatusCode::GONE);
    assert!(none.text().contains("Englisch B1 für Wiedereinsteiger"));
    let nothing = get(&router, "/liste.ics").await;
    assert_eq!(nothing.status, StatusCode::OK);
}

#[tokio::test]
async fn the_inside_never_shows() {
    for panics in [false, true] {
        let (site, shelf) = fixture::site(Shelf::usual());
        let router = calluna_web::router(site);
        shelf.broken.store(true, Ordering::SeqCst);
        shelf.panics.store(panics, Ordering::SeqCst);
        for (path, says) in [
            ("/", "Das hat nicht geklappt"),
            ("/en/anbieter", "This did not work"),
        ] {
            let answer = get(&router, path).await;
            assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
            assert!(answer.text().contains(says));
            for inside in ["secret", "panicked", "ReadError", ".rs"] {
                assert!(!answer.text().contains(inside), "{path}: {inside}");
            }
            assert_eq!(answer.header("etag"), "");
            assert!(
                answer
                    .header("content-security-policy")
                    .contains("default-src 'none'")
            );
        }
        // And it is over when the cause is.
        shelf.broken.store(false, Ordering::SeqCst);
        shelf.panics.store(false, Ordering::SeqCst);
        assert_eq!(get(&router, "/").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn pages_are_only_read() {
    let request = Request::post("/suche").body(Body::from("q=x")).unwrap();
    let answer = send(&usual(), request).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), "GET, HEAD");
    assert!(answer.text().contains("Diese Seiten kann man nur lesen."));
}

#[tokio::test]
async fn who_is_turned_away_gets_a_page_in_the_language_of_the_address() {
    let (site, shelf) = fixture::site(Shelf::usual());
    // It may be said while nothing can be read.
    shelf.broken.store(true, Ordering::SeqCst);
    let many = TurnedAway::TooMany { seconds: 7 };
    for (why, path, lang, says) in [
        (many, "/suche", "de", "in 7 Sekunden"),
        (many, "/en/suche", "en", "in 7 seconds"),
        (
            TurnedAway::TooMany { seconds: 1 },
            "/",
            "de",
            "in 1 Sekunde ",
        ),
        (
            TurnedAway::AddressTooLong,
            "/en",
            "en",
            "This address is too long",
        ),
        (
            TurnedAway::TooLarge,
            "/englisch",
            "de",
            "Diese Anfrage ist zu groß",
        ),
    ] {
        let response = why.page(&site, path);
        let status = response.status().as_u16();
        let policy = response.headers()["content-security-policy"].clone();
        assert!(policy.to_str().unwrap().contains("default-src 'none'"));
        assert_eq!(response.headers()["content-language"], lang, "{path}");
        assert_eq!(response.headers()["cache-control"], "no-cache");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = crate::html::unescaped(std::str::from_utf8(&body).unwrap());
        assert!(text.contains(says), "{path}: {text}");
        assert!(text.contains(&format!("<p class=\"code\">{status}</p>")));
        assert!(text.contains("role=\"search\""), "{path} has no search");
    }
}
