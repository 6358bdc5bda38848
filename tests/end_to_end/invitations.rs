//! Invitations that are listed, taken back, printed; and providers that wait for the operator's word.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use calluna_certs::JoinToken;
use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node};
use calluna_tests::process::poll;
use calluna_tests::sample::{jsonl, offer};
use serde_json::Value;

fn list(district: &District) -> Vec<(String, String)> {
    let list = district
        .hub(&["invitations", "--format", "json"])
        .ok()
        .json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = list.as_array().unwrap().iter();
    list.map(|one| (text(&one["provider"]), text(&one["state"])))
        .collect()
}

fn state(district: &District, id: &str) -> String {
    let found = list(district).into_iter().find(|(whose, _)| whose == id);
    found.unwrap().1
}

/// With a daemon and without one.
#[test]
fn open_invitations_are_listed_and_taken_back_and_the_node_is_told() {
    let mut district = District::prepared(&[]);
    assert!(list(&district).is_empty());
    let first = district.invite("vhs-a");
    let kept = district.invite("vhs-b");
    district.hub(&["invitations", "cancel", "vhs-a"]).ok();
    assert_eq!(state(&district, "vhs-a"), "cancelled");
    district.start_hub();
    assert_eq!(state(&district, "vhs-a"), "cancelled");
    assert_eq!(state(&district, "vhs-b"), "open");
    let document = district
        .hub(&["invitations", "--format", "json"])
        .ok()
        .json();
    assert_eq!(document[0]["provider"], "vhs-b", "the open ones come first");
    let left = document[0]["days_left"].as_i64().unwrap();
    assert!((6..=7).contains(&left), "{left}");
    assert!(document[1]["cancelled_at"].is_number());
    district
        .stranger("vhs-a")
        .run(&["join", &first])
        .says(1, &["was withdrawn on", "new invitation"]);
    // Again changes nothing; what was used is not taken back but revoked; who was never invited is named.
    let again = district.hub(&["invitations", "cancel", "vhs-a", "--format", "json"]);
    assert_eq!(
        again.ok().json()["cancelled_at"],
        document[1]["cancelled_at"]
    );
    let _joined = district.stranger("vhs-b").run(&["join", &kept]).ok();
    assert_eq!(state(&district, "vhs-b"), "used");
    district
        .hub(&["invitations", "cancel", "vhs-b"])
        .says(1, &["was used", "calluna-hub revoke"]);
    district
        .hub(&["invitations", "cancel", "vhs-x"])
        .says(1, &["`vhs-x` is not a member"]);
    let members = district.hub(&["members", "--format", "json"]).ok().json();
    assert_eq!(members[0]["state"], "cancelled");
    let text = district.hub(&["invitations"]).ok().stdout;
    assert!(
        text.contains("cancelled") && text.contains("used"),
        "{text}"
    );
    let audit = district.hub(&["audit", "list", "--provider", "vhs-a"]).ok();
    assert_eq!(audit.stdout.matches("invitation-cancelled").count(), 1);
    // A new one opens again.
    let token = district.invite("vhs-a");
    assert_eq!(state(&district, "vhs-a"), "open");
    let _joined = district.stranger("vhs-a").run(&["join", &token]).ok();
}

#[test]
fn an_invitation_is_printed_for_its_reader_alone() {
    let district = District::prepared(&[("CALLUNA_MEMBERSHIP_CONTACT", "Bildungsbüro, 05191 970")]);
    let file = district.path("brief.html");
    let path = file.to_string_lossy().into_owned();
    let with = ["--letter", &path, "--lang", "de", "--qr"];
    let args = [&["invite", "vhs-a", "--name", "VHS Muster"], &with[..]].concat();
    let ended = district.hub(&args).ok();
    let token = ended.stdout.trim();
    assert!(
        token.parse::<JoinToken>().is_ok(),
        "the token alone: {token}"
    );
    assert!(ended.stderr.contains('█') && ended.stderr.contains('▀'));
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let page = fs::read_to_string(&file).unwrap();
    for word in [
        token,
        "Landkreis Musterheide",
        "VHS Muster",
        "Bildungsbüro, 05191 970",
        "calluna-node join",
        "<svg",
    ] {
        assert!(page.contains(word), "{word}");
    }
    // A letter that cannot be written costs no invitation.
    district.hub(&args).says(1, &["is there already"]);
    let nowhere = district
        .path("none/brief.html")
        .to_string_lossy()
        .into_owned();
    let args = ["invite", "vhs-a", "--name", "x", "--letter", &nowhere];
    district.hub(&args).says(1, &["does not exist"]);
    let mut district = district;
    district.start_hub();
    let _joined = district.stranger("vhs-a").run(&["join", token]).ok();
}

#[test]
fn a_provider_waits_until_the_operator_has_approved_it() {
    let district = District::with(&[
        ("CALLUNA_MEMBERSHIP_APPROVE", "true"),
        ("CALLUNA_NIGHT_WAIT_SECONDS", "20"),
    ]);
    let mut node = district.stranger("vhs-a");
    let join = [
        "join",
        &district.invite("vhs-a"),
        "--name",
        "Volkshochschule Heide",
        "--address",
        "Marktplatz 1, 29614 Soltau",
        "--website",
        "https://www.vhs-heide.example",
    ];
    node.run(&[&join[..6], &["--website", "www.vhs.example"]].concat())
        .says(1, &["https://www.vhs.example"]);
    let joined = node.run(&join).ok();
    assert!(
        joined.stdout.contains("still has to approve"),
        "{joined:#?}"
    );
    node.import(&jsonl(&district.path("a.jsonl"), [offer(1, "x")]), &[])
        .ok();
    node.serve();
    poll("the node is told", || {
        let renewal = &node.status()["certificate"]["renewal"];
        (renewal["waiting"] == true).then_some(())
    });
    let said = node.run(&["status"]).ok().stdout;
    assert!(said.contains("still has to approve"), "{said}");
    // Nothing is fetched, and nothing stated is shown.
    assert!(district.night().report.providers.is_empty());
    district
        .hub(&["sync", "--provider", "vhs-a"])
        .says(1, &["calluna-hub approve vhs-a"]);
    assert!(district.catalogue().is_empty());
    let members = district.hub(&["members", "--format", "json"]).ok().json();
    assert_eq!(members[0]["state"], "waiting");
    assert_eq!(members[0]["name"], "Anbieter vhs-a");
    assert_eq!(members[0]["stated"]["name"], "Volkshochschule Heide");
    let text = district.hub(&["members"]).ok().stdout;
    for word in [
        "waits for your approval",
        "Marktplatz 1",
        "calluna-hub approve vhs-a",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    // The operator's word stands above the node's, and breaks no rule either.
    district
        .hub(&["approve", "vhs-a", "--website", "ftp://x"])
        .says(1, &["http://"]);
    district
        .hub(&["approve", "vhs-x"])
        .says(1, &["`vhs-x` is not a member"]);
    let args = ["approve", "vhs-a", "--name", "VHS Heide e. V."];
    let approved = district.hub(&args).ok().stdout;
    for word in [
        "Anbieter vhs-a → VHS Heide e. V.",
        "(none) → Marktplatz 1",
        "takes part",
    ] {
        assert!(approved.contains(word), "{word}: {approved}");
    }
    let members = district.hub(&["members", "--format", "json"]).ok().json();
    assert_eq!(members[0]["state"], "joined");
    assert_eq!(members[0]["website"], "https://www.vhs-heide.example");
    assert!(members[0]["stated"].is_null());
    district.night().expect("vhs-a", Outcome::Ok);
    assert_eq!(district.titles("vhs-a").len(), 1);
    let audit = district.hub(&["audit", "list", "--event", "approved"]).ok();
    assert_eq!(
        audit.stdout.matches("approved").count(),
        1,
        "{}",
        audit.stdout
    );
    comes_back(&district, node);
}

/// A member that joins again is asked for nothing, one that was put out is approved again.
fn comes_back(district: &District, mut node: Node) {
    // A member that comes back with a new invitation goes on, also where it states something new.
    let again = district.invite("vhs-a");
    let _old = node.stop();
    node.run(&["join", &again, "--website", "https://neu.example"])
        .ok();
    let members = district.hub(&["members", "--format", "json"]).ok().json();
    assert_eq!(members[0]["state"], "joined");
    assert_eq!(members[0]["website"], "https://www.vhs-heide.example");
    assert_eq!(members[0]["stated"]["website"], "https://neu.example");
    // One that was put out has to be approved again.
    district.hub(&["revoke", "vhs-a", "--reason", "Test"]).ok();
    let token = district.invite("vhs-a");
    node.run(&["join", &token]).ok();
    let members = district.hub(&["members", "--format", "json"]).ok().json();
    assert_eq!(members[0]["state"], "waiting");
}

#[test]
fn without_the_setting_nobody_waits_and_what_is_stated_is_kept_for_the_operator() {
    let district = District::new();
    let token = district.invite("vhs-a");
    let node = district.stranger("vhs-a");
    let args = ["join", &token, "--website", "https://a.example"];
    let joined = node.run(&args).ok();
    assert!(!joined.stdout.contains("approve"), "{joined:#?}");
    let members = district.hub(&["members", "--format", "json"]).ok().json();
    assert_eq!(members[0]["state"], "joined");
    assert_eq!(members[0]["website"], "");
    district.hub(&["approve", "vhs-a"]).ok();
    let members = district.hub(&["members", "--format", "json"]).ok().json();
    assert_eq!(members[0]["website"], "https://a.example");
}
