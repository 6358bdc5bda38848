//! What is refused, and that nothing that anybody sends is taken badly.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Method;
use axum::response::IntoResponse;
use http_body_util::BodyExt;
use proptest::prelude::*;
use serde_json::json;
use tower::ServiceExt;

use super::world::{World, request};
use crate::guard::guarded;
use crate::settings::Settings;
use crate::source::Peer;

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let world = World::new();
    for address in [
        "/api/v1/nothing",
        "/api/v2",
        "/api/v1/offers/a",
        "/api/v1/offers/",
        "/api/x",
    ] {
        let got = world.get(address).await;
        assert_eq!(
            (got.status.as_u16(), &got.json()["type"]),
            (404, &json!("/api#not-found")),
            "{address}"
        );
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let got = world.send(request(method.clone(), "/api/v1/offers")).await;
        assert_eq!(
            (got.status.as_u16(), &got.json()["type"]),
            (405, &json!("/api#method-not-allowed")),
            "{method}"
        );
        assert!(got.header("allow").contains("GET"), "{:?}", got.headers);
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let world = World::new();
    let long = format!("/api/v1/search?q={}", "x".repeat(9_000));
    assert_eq!(world.get(&long).await.status, 414);
    for length in ["20000", "99999999999999999999999", "-1"] {
        let mut large = request(Method::POST, "/api/v1/search");
        large
            .headers_mut()
            .insert("content-length", length.parse().unwrap());
        let got = world.send(large).await;
        assert_eq!(
            (got.status.as_u16(), got.header("connection")),
            (413, "close"),
            "{length}"
        );
        assert_eq!(got.json()["status"], 413);
    }
}

#[tokio::test]
async fn what_is_broken_here_is_said_without_the_inside() {
    let world = World::new();
    *world.shelf.broken.lock().unwrap() = true;
    let got = world.get("/api/v1/providers").await;
    assert_eq!(got.status, 500);
    let said = String::from_utf8(got.body).unwrap();
    assert!(!said.contains("disk"), "{said}");
}

fn limited(per_minute: u32) -> World {
    World::with(Settings {
        requests_per_minute: per_minute,
        trusted_proxies: vec!["10.0.0.1".parse().unwrap()],
        ..Settings::default()
    })
}

async fn from(world: &World, peer: &str, forwarded: Option<&str>) -> (u16, String) {
    let mut asked = request(Method::GET, "/api/v1");
    let peer: IpAddr = peer.parse().unwrap();
    asked.extensions_mut().insert(Peer(peer));
    if let Some(forwarded) = forwarded {
        let value = forwarded.parse().unwrap();
        asked.headers_mut().insert("x-forwarded-for", value);
    }
    let got = world.send(asked).await;
    (got.status.as_u16(), got.header("retry-after").to_owned())
}

#[tokio::test]
async fn a_source_that_asks_too_often_waits_and_others_do_not() {
    let world = limited(12);
    // A third at once.
    for _ in 0..4 {
        assert_eq!(from(&world, "2001:db8:1:2::1", None).await.0, 200);
    }
    let (status, wait) = from(&world, "2001:db8:1:2:ffff::9", None).await;
    assert_eq!(status, 429, "the same household");
    assert!((1..=6).contains(&wait.parse::<u64>().unwrap()), "{wait}");
    assert_eq!(from(&world, "2001:db8:1:3::1", None).await.0, 200);
    // Nobody gets more by saying that he is somebody else.
    for n in 0..4 {
        let said = format!("198.51.100.{n}");
        assert_eq!(from(&world, "203.0.113.5", Some(&said)).await.0, 200);
    }
    assert_eq!(
        from(&world, "203.0.113.5", Some("198.51.100.99")).await.0,
        429
    );
    // Behind a proxy that is trusted each of its clients counts for itself.
    for _ in 0..4 {
        assert_eq!(from(&world, "10.0.0.1", Some("203.0.113.77")).await.0, 200);
    }
    assert_eq!(from(&world, "10.0.0.1", Some("203.0.113.77")).await.0, 429);
    assert_eq!(from(&world, "10.0.0.1", Some("203.0.113.78")).await.0, 200);
    for _ in 0..20 {
        assert_eq!(from(&world, "127.0.0.1", None).await.0, 200, "this machine");
    }
}

/// What a source is told that asks a second time within the minute that one request is good for, or brings too much.
async fn refused(path: &str, accept: &str, length: Option<&str>) -> axum::http::Response<Body> {
    let settings = Settings {
        requests_per_minute: 1,
        ..Settings::default()
    };
    let page: crate::guard::Page = Arc::new(|refusal, path| {
        axum::response::Html(format!("<p>{refusal:?} {path}</p>")).into_response()
    });
    let router = axum::Router::new().fallback(|| async { "let in" });
    let router = guarded(router, &settings, Some(page));
    let ask = || {
        let mut asked = request(Method::GET, path);
        let peer: IpAddr = "203.0.113.5".parse().unwrap();
        asked.extensions_mut().insert(Peer(peer));
        asked
            .headers_mut()
            .insert("accept", accept.parse().unwrap());
        if let Some(length) = length {
            asked
                .headers_mut()
                .insert("content-length", length.parse().unwrap());
        }
        router.clone().oneshot(asked)
    };
    if length.is_none() {
        assert_eq!(ask().await.unwrap().status(), 200);
    }
    ask().await.unwrap()
}

#[tokio::test]
async fn who_is_refused_reads_it_in_the_form_that_was_asked_for() {
    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (path, accept, media, says) in [
        ("/suche", BROWSER, "text/html; charset=utf-8", "/suche</p>"),
        (
            "/suche",
            "*/*",
            "text/plain; charset=utf-8",
            "Zu viele Anfragen",
        ),
        (
            "/api/v1",
            BROWSER,
            "application/problem+json",
            "too-many-requests",
        ),
        (
            "/api",
            BROWSER,
            "application/problem+json",
            "too-many-requests",
        ),
    ] {
        let got = refused(path, accept, None).await;
        assert_eq!(got.status(), 429, "{path}");
        let header = |name: &str| got.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), media, "{path} {accept}");
        let wait = header("retry-after");
        assert!((1..=61).contains(&wait.parse::<u64>().unwrap()), "{wait}");
        let body = got.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(says), "{path} {accept}: {body}");
    }
    let large = refused("/suche", BROWSER, Some("99999")).await;
    assert_eq!(large.status(), 413);
    assert_eq!(large.headers()["connection"], "close");
    let body = large.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "<p>TooLarge /suche</p>");
}

#[tokio::test]
async fn without_a_limit_nobody_waits() {
    let world = limited(0);
    for _ in 0..50 {
        assert_eq!(from(&world, "203.0.113.5", None).await.0, 200);
    }
}

/// Addresses that are near to real ones, and others that are not.
fn addresses() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("offers".to_owned()),
        Just("providers".to_owned()),
        Just("search".to_owned()),
        Just("changes".to_owned()),
        Just("codes".to_owned()),
        Just("vhs-heidekreis".to_owned()),
        "[a-zA-Z0-9._~:%-]{0,12}",
        "(%[0-9A-F]{2}){1,6}",
    ];
    let keys = calluna_search::query::Query::keys();
    let key = prop_oneof![
        proptest::sample::select(keys).prop_map(str::to_owned),
        Just("cursor".to_owned()),
        Just("limit".to_owned()),
        "[a-z_%0-9]{0,8}",
    ];
    let value = prop_oneof![
        "[ -~]{0,24}".prop_map(|text| text.replace(
            ['&', '#', ' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}'],
            "+"
        )),
        "(%[0-9A-F]{2}){0,12}",
        "-?[0-9]{1,30}",
        Just("%F0%9F%98%80%E2%80%AE".to_owned()),
    ];
    let query = proptest::collection::vec((key, value), 0..5);
    (proptest::collection::vec(piece, 0..4), query).prop_map(|(path, query)| {
        let query: Vec<String> = query.into_iter().map(|(k, v)| format!("{k}={v}")).collect();
        format!("/api/v1/{}?{}", path.join("/"), query.join("&"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_that_anybody_asks_is_an_error_of_ours(address in addresses()) {
        thread_local! {
            static WORLD: World = World::new();
            static RUNTIME: tokio::runtime::Runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        }
        let Ok(uri) = address.parse::<axum::http::Uri>() else {
            return Ok(());
        };
        let got = WORLD.with(|world| RUNTIME.with(|runtime| runtime.block_on(world.get(&uri.to_string()))));
        prop_assert!(got.status.as_u16() < 500, "{address}: {}", got.status);
        // Whatever it is, it is JSON.
        let body: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
        if !got.status.is_success() {
            prop_assert_eq!(&body["status"], &json!(got.status.as_u16()));
        }
    }
}
