//! A member that is put out is out at once, its offers are gone with a date, and it comes back by a
//! new invitation alone.

use std::fs;
use std::path::Path;

use calluna_hub::members::{Figures, Why};
use calluna_hub::revoke::revoke;
use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::evil::Badge;
use calluna_tests::process::poll;
use calluna_tests::sample::{jsonl, offer};
use calluna_tests::trustees::{DAY, Office, until};

const IMPATIENT: &[(&str, &str)] = &[("CALLUNA_NIGHT_WAIT_SECONDS", "2")];

fn read(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap()
}

#[test]
fn who_is_revoked_is_out_at_once_and_comes_back_by_a_new_invitation_alone() {
    let district = District::with(IMPATIENT);
    let node = district.member("vhs-a");
    let other = district.member("vhs-b");
    for node in [&node, &other] {
        let offers = (0..5).map(|n| offer(n, "x"));
        node.import(&jsonl(&district.path("a.jsonl"), offers), &[])
            .ok();
    }
    district.night().expect("vhs-a", Outcome::Ok);
    let (key, certificate) = (read(&node.dir, "node.key"), read(&node.dir, "node.crt"));
    let hub = district.proxy().address().to_string();
    let bundle = read(&node.dir, "bundle.pem");
    let copy = || Badge::stolen(&certificate, &key, &bundle, &hub);
    district.hub(&["revoke", "vhs-a"]).says(2, &["--reason"]);
    district
        .hub(&["revoke", "vhs-x", "--reason", "zu"])
        .says(1, &["`vhs-x` is not a member"]);
    let done = district
        .hub(&[
            "revoke",
            "vhs-a",
            "--reason",
            "Träger geschlossen",
            "--format",
            "json",
        ])
        .ok()
        .json();
    assert_eq!(
        (&done["offers"], &done["figures"]),
        (&5.into(), &"keep".into())
    );
    // The connection is gone, and the node reads why.
    poll("the node is told", || {
        let renewal = &node.status()["certificate"]["renewal"];
        let why = renewal["last_error"].as_str()?.contains("was revoked on");
        (why && renewal["refused"] == true).then_some(())
    });
    assert!(node.status()["link"]["connected_since"].is_null());
    assert!(!copy().is_let_in());
    // Readers see none of its offers, and since when; the other one's stay.
    assert!(district.titles("vhs-a").is_empty());
    assert_eq!(district.titles("vhs-b").len(), 5);
    district
        .hub(&["offer", "vhs-a", &offer(0, "x").id])
        .says(1, &["is gone since 20", "the provider was put out"]);
    district.hub(&["offer", "vhs-b", &offer(0, "x").id]).ok();
    let members = district.hub(&["members", "--format", "json"]).ok().json();
    assert_eq!(members[0]["state"], "revoked");
    nobodys_business(&district, &done);

    // A new invitation, in the directory of old: with a new key, and everything is back.
    let token = district.invite("vhs-a");
    // The daemon runs on, and takes over what `join` put there.
    let joined = node.run(&["join", &token]).ok();
    assert!(joined.stdout.contains("takes this over"), "{joined:#?}");
    assert_ne!(read(&node.dir, "node.key"), key);
    poll("the node is connected again", || {
        let status = node.status();
        let well = status["certificate"]["renewal"]["last_error"] == "";
        (well && !status["link"]["connected_since"].is_null()).then_some(())
    });
    district.night().expect("vhs-a", Outcome::Ok);
    assert_eq!(district.titles("vhs-a").len(), 5);
    assert!(!copy().is_let_in(), "what was revoked stays so");
    district.hub(&["offer", "vhs-a", &offer(0, "x").id]).ok();
}

/// Nights leave it out, the audit log tells of it, and saying it again adds only what is new.
fn nobodys_business(district: &District, done: &serde_json::Value) {
    // Its night is nobody's business any more, and asking for it says so.
    let night = district.night();
    assert_eq!(night.report.providers.len(), 1);
    district
        .hub(&["sync", "--provider", "vhs-a"])
        .says(1, &["was revoked on", "invite it again"]);
    let audit = district.hub(&["audit", "list", "--provider", "vhs-a"]).ok();
    for event in ["revoked", "offers-withdrawn"] {
        assert!(audit.stdout.contains(event), "{}", audit.stdout);
    }
    // Again changes nothing.
    let again = district.hub(&["revoke", "vhs-a", "--reason", "doch", "--format", "json"]);
    assert_eq!(again.ok().json()["reason"], "Träger geschlossen");
    // What was learnt later is kept.
    let more = [
        "revoke",
        "vhs-a",
        "--reason",
        "Rechner gestohlen",
        "--key-compromised",
    ];
    let more = district
        .hub(&[&more[..], &["--format", "json"]].concat())
        .ok()
        .json();
    assert_eq!(
        (&more["reason"], &more["key_compromised"]),
        (&"Rechner gestohlen".into(), &true.into())
    );
    assert_eq!(
        (&more["at"], &more["offers"]),
        (&done["at"], &done["offers"])
    );
    district
        .hub(&["offer", "vhs-a", &offer(0, "x").id])
        .says(1, &["the provider was put out"]);
}

/// Whatever a night is doing with a provider at that moment, whichever side opened the connection:
/// nothing of it is left or comes back.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_wins_over_the_night_that_runs() {
    let office = Office::open("").await;
    let mut schools = Vec::new();
    for n in 0..8 {
        let id = format!("vhs-{n}");
        let school = match n % 4 {
            3 => office.listening_member(&id).await,
            _ => office.member(&id).await,
        };
        school.publish(3_000);
        schools.push(school);
    }
    let ids: Vec<_> = schools
        .iter()
        .map(|school| school.node.publisher().provider().clone())
        .collect();
    let dials = |n: usize| n % 4 != 3;
    until("connected", || {
        let mut all = ids.iter().enumerate().filter(|(n, _)| dials(*n));
        all.all(|(_, id)| office.hub.links.get(id).is_some())
    })
    .await;
    let revoking = async {
        for (n, id) in ids.iter().enumerate() {
            tokio::time::sleep(std::time::Duration::from_millis(40 * n as u64 % 90)).await;
            let why = Why {
                reason: "Test".to_owned(),
                key_compromised: false,
                figures: Figures::Keep,
            };
            revoke(&office.hub, id, why).await.unwrap();
        }
    };
    let (_night, ()) = tokio::join!(office.night(), revoking);
    for id in &ids {
        let state = office.hub.store.provider(id).unwrap();
        assert!(
            state.published.is_none() && state.withdrawn.is_some(),
            "{id}: {state:?}"
        );
        assert!(office.hub.links.get(id).is_none(), "{id} is connected");
        let mut seen = 0;
        office
            .hub
            .store
            .offers(id, &mut |_, _| {
                seen += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(seen, 0, "{id}");
    }
    assert!(office.night().await.providers.is_empty());
    for school in schools {
        school.close().await;
    }
    office.close().await;
}

/// The revocation and everything it withdraws are there after the hub is started anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_outlives_a_restart_and_an_expired_certificate_does_not_come_back() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    let id = school.node.publisher().provider().clone();
    until("connected", || office.hub.links.get(&id).is_some()).await;
    office.night().await;
    let why = Why {
        reason: "Test".to_owned(),
        key_compromised: true,
        figures: Figures::Remove,
    };
    let done = revoke(&office.hub, &id, why).await.unwrap();
    assert_eq!((done.offers, done.figures), (5, Figures::Remove));
    assert!(office.hub.links.get(&id).is_none());
    let office = office.restart().await;
    assert!(office.hub.store.provider(&id).unwrap().published.is_none());
    // By its key alone it does not come back either, when the certificate has run out.
    let dir = school.close().await;
    office.clock.forward(40 * DAY);
    let school = office.school(dir).await;
    until("refused", || school.serving.renewal.look().refused).await;
    assert!(office.hub.links.get(&id).is_none());
    assert!(office.night().await.providers.is_empty());
    school.close().await;
    office.close().await;
}
