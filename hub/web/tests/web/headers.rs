//! Headers: what a browser may do, what may be kept, what is answered when nothing changed.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::fixture::{self, Shelf};
use crate::html::tags;
use crate::{get, send, usual};

#[tokio::test]
async fn every_answer_keeps_to_itself() {
    let router = usual();
    for path in [
        "/",
        "/en/suche?q=x",
        "/gibtsnicht",
        "/suche?x=y",
        "/robots.txt",
        "/vorschlaege?q=en",
        "/suche.atom",
    ] {
        let answer = get(&router, path).await;
        let policy = answer.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "style-src 'self'",
            "script-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {rule}");
        }
        assert!(
            !policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(
            answer.header("cross-origin-opener-policy"),
            "same-origin",
            "{path}"
        );
        assert!(
            answer
                .header("permissions-policy")
                .contains("geolocation=()"),
            "{path}"
        );
        assert!(
            answer.headers.get("set-cookie").is_none() && answer.headers.get("server").is_none()
        );
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let (site, _) = fixture::site(Shelf::usual());
    let router = calluna_web::router(site);
    let first = get(&router, "/anbieter").await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\"") && first.header("cache-control") == "no-cache");
    let again = |router: axum::Router, tag: String| async move {
        let request = Request::get("/anbieter").header("if-none-match", format!("\"x\", {tag}"));
        send(&router, request.body(Body::empty()).unwrap()).await
    };
    let same = again(router, tag.clone()).await;
    assert_eq!(
        (same.status, same.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    assert_eq!(same.header("etag"), tag);
    // Another state of the catalogue is another page.
    let (site, _) = fixture::site(Shelf::usual().with_many(1));
    assert_eq!(
        again(calluna_web::router(site), tag).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_names_that_follow_their_content() {
    let router = usual();
    let page = get(&router, "/").await;
    let found = tags(page.text());
    let mut assets: Vec<String> = found
        .iter()
        .flat_map(|tag| [tag.get("href"), tag.get("src")])
        .flatten()
        .filter(|to| to.starts_with("/assets/"))
        .map(str::to_owned)
        .collect();
    assets.dedup();
    assert!(assets.len() >= 3, "{assets:?}");
    for path in assets {
        let answer = get(&router, &path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(
            answer.header("cache-control").contains("immutable"),
            "{path}"
        );
        if path.ends_with(".css") {
            for picture in answer.text().split("url(").skip(1) {
                let picture = picture.split(')').next().unwrap();
                assert_eq!(
                    get(&router, picture).await.status,
                    StatusCode::OK,
                    "{picture}"
                );
            }
        }
    }
}

#[tokio::test]
async fn pages_travel_compressed_where_the_browser_can() {
    for coding in ["gzip", "br"] {
        let request = Request::get("/suche").header("accept-encoding", coding);
        let answer = send(&usual(), request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert!(answer.header("vary").contains("accept-encoding"));
        let plain = get(&usual(), "/suche").await;
        assert!(
            answer.body.len() * 3 < plain.body.len(),
            "{}",
            answer.body.len()
        );
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let request = Request::head("/anbieter").body(Body::empty()).unwrap();
    let answer = send(&usual(), request).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
}
