//! What is answered.

use axum::http::Method;
use calluna_model::fixture::full_offer;
use calluna_model::offer::OfferDraft;
use serde_json::json;

use super::world::{World, local, request};

#[tokio::test]
async fn an_offer_is_written_exactly_as_in_the_model() {
    let world = World::new();
    let got = world.get("/api/v1/offers/vhs-heidekreis/A-1").await;
    assert_eq!(got.status, 200);
    assert_eq!(got.header("content-type"), "application/json");
    let document = got.json();
    let offer: OfferDraft = serde_json::from_value(document["offer"].clone()).unwrap();
    assert_eq!(offer, full_offer("A-1").into_draft());
    assert_eq!(document["provider"]["kind"], "vhs");
    let links = &document["links"];
    assert_eq!(
        links["page"],
        "https://bildung.example/angebot/vhs-heidekreis/A-1"
    );
    assert_eq!(
        world
            .get(local(links["self"].as_str().unwrap()))
            .await
            .json(),
        document
    );
    assert_eq!(
        world
            .get(local(links["provider"].as_str().unwrap()))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn an_offer_that_went_is_gone_with_its_title() {
    let world = World::new();
    let got = world.get("/api/v1/offers/bbs-walsrode/G-1").await;
    assert_eq!(got.status, 410);
    assert_eq!(got.header("content-type"), "application/problem+json");
    let problem = got.json();
    assert_eq!(problem["last_title"], "Nähen");
    assert_eq!(problem["type"], "/api#gone");
    assert!(problem["since"].as_str().unwrap().starts_with("2026-11-"));
    let untitled = world.get("/api/v1/offers/trainer-x/G-2").await;
    assert_eq!(
        (untitled.status.as_u16(), untitled.json().get("last_title")),
        (410, None)
    );
    for missing in [
        "vhs-heidekreis/nothing",
        "nobody/A-1",
        "UP_PER/A-1",
        "vhs-heidekreis/%00",
        "%FF/A-1",
    ] {
        let got = world.get(&format!("/api/v1/offers/{missing}")).await;
        assert_eq!(got.status, 404, "{missing}");
        assert_eq!(got.json()["status"], 404);
    }
}

/// Follows `next` to the end; the ids of everything that came.
async fn follow(world: &World, first: &str) -> Vec<String> {
    let (mut all, mut at) = (Vec::new(), first.to_owned());
    for _ in 0..200 {
        let got = world.get(&at).await;
        assert_eq!(got.status, 200, "{at}");
        let page = got.json();
        let items = page["items"]
            .as_array()
            .or(page["hits"].as_array())
            .unwrap();
        all.extend(items.iter().map(|item| {
            let (provider, offer) = (&item["provider"]["id"], &item["offer"]["id"]);
            format!("{}/{}", provider.as_str().unwrap(), offer.as_str().unwrap())
        }));
        let Some(next) = page["next"].as_str() else {
            assert_eq!(got.header("link"), "");
            return all;
        };
        assert_eq!(got.header("link"), format!("<{next}>; rel=\"next\""));
        at = local(next).to_owned();
    }
    panic!("it never ends")
}

#[tokio::test]
async fn whoever_follows_next_gets_every_offer_once_in_order() {
    let world = World::new();
    for limit in [1, 7, 61, 62, 200] {
        let all = follow(&world, &format!("/api/v1/offers?limit={limit}")).await;
        assert_eq!(all.len(), 62, "{limit}");
        assert!(all.is_sorted());
    }
    let only = follow(&world, "/api/v1/offers?provider=vhs-heidekreis&limit=9").await;
    assert_eq!(only.len(), 61);
    assert!(
        follow(&world, "/api/v1/offers?provider=trainer-x")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn the_search_pages_through_every_hit_and_says_why() {
    let world = World::new();
    let mut all = follow(&world, "/api/v1/search?q=t%C3%B6pfern").await;
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 61);
    let got = world
        .get("/api/v1/search?q=T%C3%B6pfern&kind=vhs")
        .await
        .json();
    assert_eq!(got["total"], 60);
    let why = got["hits"][0]["why"].as_array().unwrap();
    assert!(
        why.iter()
            .any(|why| why["kind"] == "word" && why["field"] == "title"),
        "{why:?}"
    );
    assert!(
        why.iter()
            .any(|why| why["kind"] == "chosen" && why["filter"] == "kind"),
        "{why:?}"
    );
    let names: Vec<_> = got["facets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["name"].clone())
        .collect();
    assert!(names.contains(&json!("format")) && names.contains(&json!("subject")));
}

#[tokio::test]
async fn a_wrong_question_is_told_what_could_be_asked() {
    let world = World::new();
    for (address, parameter) in [
        ("/api/v1/search?colour=red", None),
        ("/api/v1/search?format=by-post", Some("format")),
        ("/api/v1/search?page=0", Some("page")),
        ("/api/v1/search?page=99999999999999999999", Some("page")),
        ("/api/v1/search?sort=distance", Some("sort")),
        ("/api/v1/search?place=Atlantis", Some("place")),
        ("/api/v1/search?from=2026-02-30", Some("from")),
        ("/api/v1/offers?limit=0", Some("limit")),
        ("/api/v1/offers?limit=201", Some("limit")),
        ("/api/v1/offers?cursor=x", Some("cursor")),
        ("/api/v1/offers?provider=nobody", Some("provider")),
        ("/api/v1/offers?limit=1&limit=2", Some("limit")),
        ("/api/v1/providers?x=1", None),
        ("/api/v1/statistics?q=1", None),
    ] {
        let got = world.get(address).await;
        assert_eq!(got.status, 400, "{address}");
        assert_eq!(got.header("content-type"), "application/problem+json");
        assert_eq!(got.header("cache-control"), "no-store");
        let problem = got.json();
        assert_eq!(
            problem["parameter"].as_str(),
            parameter,
            "{address}: {problem}"
        );
    }
    let unknown = world.get("/api/v1/search?colour=red").await.json();
    assert_eq!(unknown["type"], "/api#unknown-filter");
    let known = unknown["known"].as_array().unwrap();
    for key in calluna_search::query::Query::keys() {
        assert!(known.contains(&json!(key)), "{key}");
    }
    let long = format!("/api/v1/search?q={}", "x".repeat(201));
    assert_eq!(world.get(&long).await.status, 400);
}

#[tokio::test]
async fn changes_are_followed_with_a_cursor_that_may_be_too_old() {
    let world = World::new();
    let (mut count, mut at) = (0, "/api/v1/changes?limit=20".to_owned());
    let cursor = loop {
        let got = world.get(&at).await;
        let page = got.json();
        count += page["items"].as_array().unwrap().len();
        assert_eq!(
            page["more"] == true,
            got.header("link").contains("rel=\"next\"")
        );
        at = local(page["next"].as_str().unwrap()).to_owned();
        if page["more"] == false {
            break page["cursor"].as_str().unwrap().to_owned();
        }
    };
    assert_eq!(count, 64);
    let later = world
        .get(&format!("/api/v1/changes?cursor={cursor}"))
        .await
        .json();
    assert_eq!(later["items"], json!([]));
    let refused = world.get("/api/v1/changes?cursor=old").await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["type"]),
        (410, &json!("/api#cursor-unknown"))
    );
}

#[tokio::test]
async fn figures_show_zeros_and_how_fresh_they_are() {
    let world = World::new();
    let figures = world.get("/api/v1/statistics").await.json();
    assert_eq!(
        (&figures["offers"], &figures["providers"]),
        (&json!(62), &json!(2))
    );
    let of = |list: &str, value: &str| {
        let values = figures[list].as_array().unwrap();
        let found = values.iter().find(|count| count["value"] == value);
        found.unwrap_or_else(|| panic!("{list} {value}"))["offers"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(of("formats", "in-person"), 1);
    assert_eq!(of("provider_kinds", "vhs"), 61);
    assert_eq!(of("provider_kinds", "university"), 0);
    assert_eq!(of("municipalities", "03358024"), 1, "{figures}");
    assert!(
        figures["municipalities"]
            .as_array()
            .unwrap()
            .iter()
            .any(|m| m["de"] == "Soltau")
    );
    assert_eq!(figures["freshness"]["up_to_date"], 2);
}

#[tokio::test]
async fn code_lists_and_suggestions_are_there() {
    let world = World::new();
    let lists = world.get("/api/v1/codes").await.json();
    let lists = lists["items"].as_array().unwrap();
    assert_eq!(lists.len(), calluna_model::code::ALL.len());
    for list in lists {
        let whole = world
            .get(local(list["href"].as_str().unwrap()))
            .await
            .json();
        assert_eq!(
            list["entries"].as_u64().unwrap() as usize,
            whole["entries"].as_array().unwrap().len()
        );
    }
    assert_eq!(world.get("/api/v1/codes/colours").await.status, 404);
    let going_on = world.get("/api/v1/suggestions?q=t%C3%B6pf").await.json();
    assert!(!going_on["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn whoever_has_it_already_gets_304_and_head_gets_no_body() {
    let world = World::new();
    for address in [
        "/api/v1/offers",
        "/api/v1/openapi.json",
        "/api",
        "/api/v1/search?q=abend",
    ] {
        let first = world.get(address).await;
        assert!(
            first
                .header("cache-control")
                .starts_with("public, max-age="),
            "{address}"
        );
        let mut again = request(Method::GET, address);
        again
            .headers_mut()
            .insert("if-none-match", first.headers["etag"].clone());
        let again = world.send(again).await;
        assert_eq!(
            (again.status.as_u16(), again.body.len()),
            (304, 0),
            "{address}"
        );
        assert_eq!(again.header("etag"), first.header("etag"));
        let head = world.send(request(Method::HEAD, address)).await;
        assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), first.header("etag"));
    }
}

#[tokio::test]
async fn answers_travel_compressed_and_may_be_read_by_other_pages() {
    let world = World::new();
    for coding in ["gzip", "br"] {
        let mut asked = request(Method::GET, "/api/v1/offers?limit=200");
        asked
            .headers_mut()
            .insert("accept-encoding", coding.parse().unwrap());
        asked
            .headers_mut()
            .insert("origin", "https://portal.example".parse().unwrap());
        let got = world.send(asked).await;
        assert_eq!(got.header("content-encoding"), coding);
        assert_eq!(got.header("access-control-allow-origin"), "*");
        let plain = world.get("/api/v1/offers?limit=200").await;
        assert!(got.body.len() * 4 < plain.body.len());
    }
    let mut before = request(Method::OPTIONS, "/api/v1/offers");
    for (name, value) in [
        ("origin", "https://portal.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "if-none-match"),
    ] {
        before.headers_mut().insert(name, value.parse().unwrap());
    }
    let allowed = world.send(before).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-methods"), "GET,HEAD");
}

#[tokio::test]
async fn the_page_for_people_speaks_both_languages_under_a_strict_policy() {
    let world = World::new();
    let german = world.get("/api").await;
    assert_eq!(german.header("content-language"), "de");
    let english = world.get("/api?lang=en").await;
    assert_eq!(english.header("content-language"), "en");
    for page in [&german, &english] {
        let policy = page.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
    }
    let style = world.get("/api/style.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
}
