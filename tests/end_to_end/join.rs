//! From a token to a member: the way in, and the ways that do not lead in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use calluna_model::member::MemberState;
use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Night};
use calluna_tests::process::{Process, poll};
use calluna_tests::sample::{every_byte, holds, jsonl, offer};
use tokio::time::Instant;

#[test]
fn a_new_member_comes_from_the_token_to_the_first_offer_in_six_commands_and_two_minutes() {
    let district = District::new();
    let list = jsonl(&district.path("kurse.jsonl"), [offer(1, "neu")]);
    let token = district.invite("vhs-neu");
    let node = district.stranger("vhs-neu");
    let begun = Instant::now();
    let mut commands = 0;
    let mut one_more = || commands += 1;
    // What the README tells a new member to type, and the operator's `sync`.
    one_more();
    let joined = node.run(&["join", &token]).ok();
    assert!(
        joined.stdout.contains("calluna-node import"),
        "it says what to do next: {joined:#?}"
    );
    one_more();
    let _imported = node.import(&list, &[]).ok();
    one_more();
    let mut serving = Process::start(&mut node.command(&["serve"]));
    let _ready = serving.until("ready: ");
    one_more();
    let night = district.night();
    assert_eq!(night.expect("vhs-neu", Outcome::Ok).offers, 1);
    assert_eq!(district.titles("vhs-neu")["K-00001"], "Kurs 1 neu");
    assert!(commands <= 6, "{commands} commands");
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn keys_are_for_their_owner_alone() {
    let district = District::new();
    let node = district.member("vhs-a");
    for root in [district.hub_dir(), node.dir.clone()] {
        check_modes(&root);
    }
}

/// The directory is closed, and so is whatever may hold a key or lead to one.
fn check_modes(root: &Path) {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(root), 0o700, "{}", root.display());
    let mut private = 0;
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let end = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if ["key", "toml", "sock"].contains(&end.as_str()) {
            private += 1;
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
    assert!(
        private >= 3,
        "key, settings and socket are in {}",
        root.display()
    );
}

#[test]
fn a_node_never_sends_its_key() {
    let district = District::new();
    let node = district.joined("vhs-a");
    let key = fs::read_to_string(node.dir.join("node.key")).unwrap();
    let secret = key.lines().nth(1).unwrap().to_owned();
    assert!(holds(&every_byte(&node.dir), secret.as_bytes()));
    assert!(!holds(&every_byte(&district.hub_dir()), secret.as_bytes()));
}

#[test]
fn a_mistyped_token_is_told_from_one_that_is_cut_off_and_from_nonsense() {
    let district = District::prepared(&[]);
    let token = district.invite("vhs-a");
    let node = district.stranger("vhs-a");
    let last = if token.ends_with('a') { 'b' } else { 'a' };
    let middle = token.len() / 2;
    let mistyped = format!("{}{last}{}", &token[..middle], &token[middle + 1..]);
    if mistyped != token {
        node.run(&["join", &mistyped]).says(1, &["mistyped"]);
    }
    node.run(&["join", &token[..middle]]).says(1, &["cut off"]);
    node.run(&["join", "hello"]).says(1, &["not a join token"]);
    assert!(!node.dir.join("node.toml").exists());
}

#[test]
fn an_expired_token_says_since_when() {
    let district = District::new();
    let token = district.invite_with("vhs-a", &["--expires", "1s"]);
    poll("the token's end", || {
        let members = district.hub(&["members", "--format", "json"]).ok().json();
        let state: MemberState = serde_json::from_value(members[0]["state"].clone()).unwrap();
        (state == MemberState::Expired).then_some(())
    });
    district
        .stranger("vhs-a")
        .run(&["join", &token])
        .says(1, &["expired", "new invitation"]);
}

#[test]
fn a_used_token_opens_for_the_same_key_and_for_no_other() {
    let district = District::new();
    let token = district.invite("vhs-a");
    let first = district.stranger("vhs-a");
    let _joined = first.run(&["join", &token]).ok();
    // The answer may have been lost: asking again strands nobody.
    let _again = first.run(&["join", &token]).ok();
    let mut second = district.stranger("vhs-a");
    second.dir = district.path("another-machine");
    second.run(&["join", &token]).says(1, &["already used"]);
    assert!(!second.dir.join("node.toml").exists());
}

#[test]
fn an_older_token_is_void_and_says_so() {
    let district = District::new();
    let older = district.invite("vhs-a");
    let newest = district.invite("vhs-a");
    let node = district.stranger("vhs-a");
    node.run(&["join", &older]).says(1, &["newest"]);
    let _joined = node.run(&["join", &newest]).ok();
}

#[test]
fn a_token_of_another_hub_is_told_as_such() {
    let district = District::new();
    let other = District::prepared(&[]);
    // The other hub's letter leads to our hub's address, as after a mistake in a DNS entry.
    other.proxy().aim(district.proxy().address());
    let token = other.invite("vhs-a");
    let ended = district.stranger("vhs-a").run(&["join", &token]).expect(1);
    assert!(
        ended.stderr.contains("another hub") || ended.stderr.contains("fingerprint"),
        "{ended:#?}"
    );
}

#[test]
fn a_hub_that_does_not_answer_is_named_with_its_address() {
    let district = District::prepared(&[]);
    let token = district.invite("vhs-a");
    let ended = district.stranger("vhs-a").run(&["join", &token]).expect(1);
    assert!(
        ended
            .stderr
            .contains(&district.proxy().address().to_string()),
        "{ended:#?}"
    );
}

#[test]
fn a_directory_that_is_not_empty_is_refused() {
    let district = District::new();
    let token = district.invite("vhs-a");
    let node = district.stranger("vhs-a");
    fs::create_dir(&node.dir).unwrap();
    fs::write(node.dir.join("letter.txt"), b"dear").unwrap();
    node.run(&["join", &token]).says(1, &["letter.txt"]);
    district
        .hub(&["init", "--name", "x", "--address", "h:1"])
        .says(1, &["not empty", "--data"]);
}

#[test]
fn a_node_with_an_address_is_dialled_by_the_hub() {
    let district = District::new();
    let mut node = district.stranger("vhs-a");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let _joined = node
        .run(&["join", &district.invite("vhs-a"), "--listen", &address])
        .ok();
    let list = jsonl(&district.path("kurse.jsonl"), [offer(1, "neu")]);
    let _imported = node.import(&list, &[]).ok();
    node.serve();
    let night: Night = district.night();
    assert_eq!(night.expect("vhs-a", Outcome::Ok).offers, 1);
}
