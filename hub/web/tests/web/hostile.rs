//! An offer in which every field means harm: no page lets anything of it run, load, lead astray or turn.

use crate::fixture::{self, Shelf};
use crate::get;
use crate::html::tags;

/// What may stand as a value of `href` and its like: ours, the web, mail, telephone.
fn leads_somewhere_good(to: &str) -> bool {
    ["/", "#", "https://", "http://", "mailto:", "tel:"]
        .iter()
        .any(|begin| to.starts_with(begin))
        && !to.starts_with("//")
}

#[tokio::test]
async fn nothing_of_a_hostile_offer_works_on_any_page() {
    let (site, _) = fixture::site(Shelf::usual().with_hostile());
    let router = calluna_web::router(site);
    for path in [
        "/",
        "/suche?q=Englisch",
        "/suche?provider=boese-gmbh",
        "/angebot/boese-gmbh/X-1",
        "/angebot/boese-gmbh/weg",
        "/anbieter",
        "/anbieter/boese-gmbh",
        "/ueber",
        "/vergleich?o=boese-gmbh/X-1&o=vhs-heidekreis/26H-40601",
        "/liste?o=boese-gmbh/X-1&o=boese-gmbh/weg",
    ] {
        for root in ["", "/en"] {
            let path = if path == "/" && root == "/en" {
                "/en".into()
            } else {
                format!("{root}{path}")
            };
            let answer = get(&router, &path).await;
            assert!(
                answer.status == 200 || answer.status == 410,
                "{path}: {}",
                answer.status
            );
            let html = answer.text();
            assert!(!html.contains('\u{202e}') && !html.contains('\0'), "{path}");
            for tag in tags(html) {
                assert!(
                    !["svg", "iframe", "style"].contains(&tag.name.as_str()),
                    "{path}: {tag:?}"
                );
                for (name, value) in &tag.attributes {
                    assert!(
                        !name.starts_with("on") && name != "style",
                        "{path}: {tag:?}"
                    );
                    if ["href", "src", "action", "formaction"].contains(&name.as_str()) {
                        assert!(leads_somewhere_good(value), "{path}: {tag:?}");
                        assert!(!value.contains("evil.example"), "{path}: {tag:?}");
                    }
                }
                if tag.name == "img" {
                    assert!(tag.get("src").unwrap().starts_with("/assets/"), "{path}");
                }
            }
            // Scripts: our file, and the block of data, which nothing in it can end.
            let scripts = html.matches("<script").count();
            assert_eq!(scripts, html.matches("</script>").count(), "{path}");
            assert_eq!(
                scripts,
                if path.ends_with("X-1") && path.contains("/angebot/") {
                    2
                } else {
                    1
                },
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn the_block_of_data_is_json_that_says_the_same() {
    let (site, _) = fixture::site(Shelf::usual().with_hostile());
    let router = calluna_web::router(site);
    for path in [
        "/angebot/boese-gmbh/X-1",
        "/angebot/vhs-heidekreis/26H-40601",
    ] {
        let answer = get(&router, path).await;
        let html = answer.text();
        let from = html.find("application/ld+json\">").unwrap() + "application/ld+json\">".len();
        let data = &html[from..from + html[from..].find("</script>").unwrap()];
        assert!(!data.contains(['<', '>', '&']), "{data}");
        let json: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(json["@type"], "Course");
        assert_eq!(json["@id"], format!("https://bildung.example{path}"));
        assert!(json["name"].as_str().unwrap().starts_with("Englisch"));
    }
}

#[tokio::test]
async fn calendars_and_feeds_keep_their_lines() {
    let (site, _) = fixture::site(Shelf::usual().with_hostile());
    let router = calluna_web::router(site);
    for path in [
        "/angebot/boese-gmbh/X-1/r1.ics",
        "/liste.ics?o=boese-gmbh/X-1",
    ] {
        let answer = get(&router, path).await;
        assert_eq!(answer.status, 200, "{path}");
        for line in unfolded(answer.text()) {
            assert!(!line.starts_with("ATTENDEE"), "{line}");
            let name = line.split([':', ';']).next().unwrap();
            assert!(
                [
                    "BEGIN",
                    "END",
                    "VERSION",
                    "PRODID",
                    "CALSCALE",
                    "METHOD",
                    "UID",
                    "DTSTAMP",
                    "DTSTART",
                    "DTEND",
                    "SUMMARY",
                    "LOCATION",
                    "DESCRIPTION",
                    "URL",
                    "STATUS"
                ]
                .contains(&name),
                "{path}: {line}"
            );
        }
        assert!(
            answer
                .header("content-disposition")
                .starts_with("attachment; filename=\"")
        );
    }
    let feed = get(&router, "/suche.atom?provider=boese-gmbh").await;
    assert!(
        feed.text()
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;")
    );
    assert!(!feed.text().contains("<script") && !feed.text().contains('\u{202e}'));
}

/// The lines of a calendar file as they were before they were folded.
pub(crate) fn unfolded(file: &str) -> Vec<String> {
    assert!(file.ends_with("\r\n"));
    for line in file.split("\r\n") {
        assert!(line.len() <= 75, "a line of {} bytes", line.len());
        assert!(!line.contains(['\r', '\n']));
    }
    let whole = file.replace("\r\n ", "");
    whole.split_terminator("\r\n").map(str::to_owned).collect()
}
