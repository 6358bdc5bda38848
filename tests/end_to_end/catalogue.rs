//! From a list at a provider to an answer over HTTP: found after the night, gone with its title, gone with its
//! provider, and the same after a restart, a damaged index and a restore.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use calluna_model::fixture::an_offer;
use calluna_model::offer::Offer;
use calluna_tests::district::{District, Node};
use calluna_tests::process::poll;
use calluna_tests::sample::jsonl;
use serde_json::Value;

pub(crate) const WEB: &[(&str, &str)] = &[
    ("CALLUNA_WEB", "127.0.0.1:0"),
    ("CALLUNA_NIGHT_WAIT_SECONDS", "2"),
];

fn course(id: &str, title: &str) -> Offer {
    an_offer(id).titled(title).build()
}

/// Where pages and interface are.
fn web(district: &District) -> SocketAddr {
    let status = district.hub(&["status", "--format", "json"]).ok().json();
    status["web"].as_str().unwrap().parse().unwrap()
}

/// Status and body of a GET.
pub(crate) fn get(district: &District, path: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(web(district)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = if head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        unchunked(body)
    } else {
        body.to_owned()
    };
    // What is no JSON fails at the caller's comparison, which then shows it whole.
    (
        status,
        serde_json::from_str(&body).unwrap_or(Value::String(body)),
    )
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        whole.push_str(&rest[..size]);
        body = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

/// Waits until a search has so many hits; their titles.
fn finds(district: &District, words: &str, hits: u64) -> Vec<String> {
    poll(&format!("{hits} hits for {words}"), || {
        let (status, answer) = get(district, &format!("/api/v1/search?q={words}"));
        let found = answer["hits"].as_array().cloned().unwrap_or_default();
        let titles = found
            .iter()
            .map(|hit| hit["offer"]["title"].as_str().unwrap().to_owned());
        (status == 200 && answer["total"] == hits).then(|| titles.collect())
    })
}

fn import(district: &District, node: &Node, offers: Vec<Offer>) {
    let file = jsonl(&district.path(&format!("{}.jsonl", node.id)), offers);
    node.import(&file, &["--replace", "--yes"]).ok();
}

#[test]
fn what_a_provider_lists_is_found_over_http_and_what_it_withdraws_is_gone_with_its_title() {
    let mut district = District::with(WEB);
    let (vhs, bbs) = (district.member("vhs-a"), district.member("bbs-b"));
    let pottery = || course("K-1", "Töpfern für Anfänger");
    import(
        &district,
        &vhs,
        vec![pottery(), course("K-2", "Nähen am Abend")],
    );
    import(
        &district,
        &bbs,
        vec![course("X-1", "Schweißen in der Nacht")],
    );
    assert_eq!(finds(&district, "toepfern", 0), Vec::<String>::new());
    let _both = district.night();
    assert_eq!(finds(&district, "toepfern", 1), ["Töpfern für Anfänger"]);
    let (status, offer) = get(&district, "/api/v1/offers/vhs-a/K-2");
    assert_eq!(
        (status, offer["offer"]["title"].as_str()),
        (200, Some("Nähen am Abend"))
    );
    let (_, changes) = get(&district, "/api/v1/changes");
    assert_eq!(changes["items"].as_array().unwrap().len(), 3);
    let cursor = changes["cursor"].as_str().unwrap().to_owned();

    // Withdrawn: gone, with its title; and the interface tells of it.
    import(&district, &vhs, vec![pottery()]);
    let _night = district.night();
    let (status, gone) = get(&district, "/api/v1/offers/vhs-a/K-2");
    assert_eq!(
        (status, gone["last_title"].as_str()),
        (410, Some("Nähen am Abend"))
    );
    finds(&district, "naehen", 0);
    let (_, news) = get(&district, &format!("/api/v1/changes?cursor={cursor}"));
    let items = news["items"].as_array().unwrap();
    assert_eq!(
        (items.len(), &items[0]["offer"], &items[0]["change"]),
        (1, &"K-2".into(), &"gone".into())
    );

    // Put out: nothing of it is found, what it had is gone with its titles.
    district
        .hub(&["revoke", "bbs-b", "--reason", "Träger geschlossen"])
        .ok();
    finds(&district, "schweissen", 0);
    let (status, gone) = get(&district, "/api/v1/offers/bbs-b/X-1");
    assert_eq!(
        (status, gone["last_title"].as_str()),
        (410, Some("Schweißen in der Nacht"))
    );
    let (_, provider) = get(&district, "/api/v1/providers/bbs-b");
    assert_eq!(provider["state"], "revoked");

    // The same after a restart.
    district.stop_hub().ok();
    district.start_hub();
    finds(&district, "toepfern", 1);
    finds(&district, "schweissen", 0);
    let (_, again) = get(&district, &format!("/api/v1/changes?cursor={cursor}"));
    assert_eq!(
        again["items"].as_array().unwrap().len(),
        2,
        "the cursor is still good"
    );
}

#[test]
fn an_index_that_is_damaged_or_gone_is_built_anew_from_the_store() {
    let mut district = District::with(WEB);
    let vhs = district.member("vhs-a");
    import(&district, &vhs, vec![course("K-1", "Töpfern für Anfänger")]);
    let _night = district.night();
    finds(&district, "toepfern", 1);
    let folder = district.hub_dir().join("index");
    for damage in ["meta.json", "every file"] {
        district.kill_hub();
        let files = fs::read_dir(&folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        for file in files.filter(|file| file.is_file()) {
            if damage == "every file" || file.ends_with(damage) {
                fs::write(file, b"not an index").unwrap();
            }
        }
        district.start_hub();
        finds(&district, "toepfern", 1);
    }
    district.kill_hub();
    fs::remove_dir_all(&folder).unwrap();
    district.start_hub();
    finds(&district, "toepfern", 1);
    let rebuilt = district
        .hub(&["index", "rebuild", "--format", "json"])
        .ok()
        .json();
    assert_eq!(rebuilt["offers"], 1);
    finds(&district, "toepfern", 1);
    district.stop_hub().ok();
    let rebuilt = district.hub(&["index", "rebuild"]).ok();
    assert!(rebuilt.stderr.contains("1 offers"), "{rebuilt:#?}");
}

#[test]
fn a_backup_takes_the_operators_word_along_and_no_index() {
    let mut district = District::with(WEB);
    let (vhs, bbs) = (district.member("vhs-a"), district.member("bbs-b"));
    import(&district, &vhs, vec![course("K-1", "Englisch B1")]);
    import(
        &district,
        &bbs,
        vec![course("X-9", "Ganz anders: Englisch")],
    );
    let _both = district.night();
    finds(&district, "englisch", 2);
    district
        .hub(&["duplicates", "same", "vhs-a/K-1", "bbs-b/none"])
        .says(1, &["no offer `bbs-b/none`"]);
    district
        .hub(&["duplicates", "same", "vhs-a/K-1", "vhs-a/K-1"])
        .says(1, &["the same offer"]);
    district
        .hub(&["duplicates", "same", "vhs-a/K-1", "bbs-b/X-9"])
        .ok();
    // Two providers' hits become one, and stay one.
    finds(&district, "englisch", 1);
    let (_, answer) = get(&district, "/api/v1/search?q=englisch");
    assert_eq!(answer["hits"][0]["same"].as_array().unwrap().len(), 1);
    import(&district, &vhs, vec![course("K-1", "Englisch B1, neu")]);
    let _night = district.night();
    poll("the new title", || {
        let (_, answer) = get(&district, "/api/v1/search?q=neu");
        (answer["total"] == 1).then_some(())
    });
    finds(&district, "englisch", 1);
    let audit = district
        .hub(&[
            "audit",
            "list",
            "--event",
            "duplicate-judged",
            "--format",
            "json",
        ])
        .ok();
    assert!(audit.stdout.contains("vhs-a/K-1"), "{audit:#?}");

    let file = district.path("hub.backup");
    let file = file.to_str().unwrap();
    let said = district.hub(&["backup", "--output", file, "--format", "json"]);
    assert!(!said.stdout.contains("\"index\""), "{said:#?}");
    // What comes back from the backup holds the word, and builds its index from its own store.
    district.kill_hub();
    fs::rename(district.hub_dir(), district.path("lost")).unwrap();
    district.hub(&["restore", file]).ok();
    assert!(!district.hub_dir().join("index").exists());
    district.start_hub();
    let restored = district
        .hub(&["duplicates", "--format", "json"])
        .ok()
        .json();
    assert_eq!(restored["verdicts"][0]["same"], true);
    finds(&district, "englisch", 1);
}

#[test]
fn searches_without_a_hit_are_counted_by_their_words_and_survive_the_process() {
    let mut district = District::with(WEB);
    for n in 0..5 {
        let (status, _) = get(
            &district,
            &format!("/api/v1/search?q=Imkerei+Frau+Beispiel{n}"),
        );
        assert_eq!(status, 200);
    }
    let shown = |district: &District| {
        let demand = district.hub(&["demand", "--format", "json"]).ok().json();
        let words = demand["words"].as_array().unwrap().clone();
        words
            .iter()
            .map(|word| word["word"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&district), ["imkerei"]);
    district.stop_hub().ok();
    assert_eq!(shown(&district), ["imkerei"]);
    let kept = fs::read_to_string(district.hub_dir().join("demand.json")).unwrap();
    assert!(!kept.contains("beispiel"), "{kept}");
}
