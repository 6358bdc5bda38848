//! Certificates are renewed without anybody noticing, and a node that was away comes back.

use std::path::Path;
use std::process::Command;

use calluna_certs::pair::PairFiles;
use calluna_certs::tls::Identity;
use calluna_certs::{Facts, files};
use calluna_hub::members;
use calluna_model::clock::Clock;
use calluna_model::outcome::Outcome;
use calluna_tests::trustees::{DAY, Office, School, until};

fn agrees(school: &School, office: &Office) -> bool {
    school.serving.link.look().connected_since.is_some()
        && office
            .hub
            .links
            .get(school.node.publisher().provider())
            .is_some()
}

/// Four hundred nights: every certificate is renewed many times, no night is lost, no connection is
/// dropped for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_year_of_nights_renews_every_certificate_and_loses_none() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    until("connected", || agrees(&school, &office)).await;
    let since = school.serving.link.look().connected_since;
    let mut serials = vec![school.serial()];
    let mut hubs = vec![office.hub.trust.now().identity.leaf().clone()];
    for day in 1..=400 {
        office.clock.forward(DAY);
        let night = office.night().await;
        assert!(
            night.providers.iter().all(|line| line.outcome.clean()),
            "day {day}: {night:?}"
        );
        let now = office.clock.now();
        let renewed = || {
            let badge = school.node.keyring().now();
            let (from, until) = (badge.identity.not_before(), badge.identity.not_after());
            now < from.plus(until.since(from) / 3 * 2)
        };
        if !renewed() {
            // The night wakes it; in between twenty seconds would pass.
            until("the node renewed its certificate", renewed).await;
        }
        if serials.last() != Some(&school.serial()) {
            serials.push(school.serial());
        }
        let hub = office.hub.trust.now().identity.leaf().clone();
        if hubs.last() != Some(&hub) {
            hubs.push(hub);
        }
    }
    assert!((19..=22).contains(&serials.len()), "{}", serials.len());
    assert!((6..=8).contains(&hubs.len()), "{}", hubs.len());
    assert_eq!(
        school.serving.link.look().connected_since,
        since,
        "a connection was dropped"
    );
    // The files are those that are in use.
    let dir = school.close().await;
    let school = office.school(dir).await;
    until("connected again", || agrees(&school, &office)).await;
    assert_eq!(
        office.night().await.providers[0].outcome,
        Outcome::Unchanged
    );
    school.close().await;
    office.close().await;
}

/// The summer holidays: the node was off for three months, its certificate ran out. It comes back by
/// its key alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_certificate_expired_comes_back_by_its_key() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    until("connected", || agrees(&school, &office)).await;
    let serial = school.serial();
    let dir = school.close().await;
    office.clock.forward(100 * DAY);
    let _away = office.night().await;
    let school = office.school(dir).await;
    until("connected", || agrees(&school, &office)).await;
    assert_ne!(school.serial(), serial);
    assert!(office.night().await.providers[0].outcome.clean());
    school.close().await;
    office.close().await;
}

/// The hub wrote the new key down, its answer was lost, and then came the summer. The node comes back by
/// the key that it never got a certificate for.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_and_then_the_summer_holidays() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    until("connected", || agrees(&school, &office)).await;
    let id = school.node.publisher().provider().clone();
    let dir = school.close().await;
    office.clock.forward(21 * DAY);
    let key = PairFiles::new(&dir, "node.key", "node.crt")
        .next_key()
        .unwrap();
    let identity = shown_by(&dir);
    let csr = key.csr_of(identity.peer()).unwrap();
    let lost = members::renew(&office.hub, &id, identity.leaf(), &csr).unwrap();
    office.clock.forward(80 * DAY);
    let _away = office.night().await;
    let school = office.school(dir).await;
    until("connected", || agrees(&school, &office)).await;
    assert_ne!(school.serial(), Facts::of_pem(&lost).unwrap().serial);
    assert!(office.night().await.providers[0].outcome.clean());
    school.close().await;
    office.close().await;
}

fn shown_by(dir: &Path) -> Identity {
    let read = |name| std::fs::read_to_string(dir.join(name)).unwrap();
    Identity::from_pem(&read("node.crt"), &read("node.key"), &read("bundle.pem")).unwrap()
}

/// The clock of the node's machine showed another year for a while, and a renewal failed in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_once_holds_up_no_renewal_after() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    until("connected", || agrees(&school, &office)).await;
    until("asked once", || {
        school.serving.renewal.look().answered_at.is_some()
    })
    .await;
    office.clock.forward(2_000 * DAY);
    until("failed in another year", || {
        school.serving.renewal.look().failures > 0
    })
    .await;
    office.clock.forward(-1_979 * DAY);
    let serial = school.serial();
    until("renewed", || school.serial() != serial).await;
    until("well again", || school.serving.renewal.look().failures == 0).await;
    school.close().await;
    office.close().await;
}

/// The certificate was given while the hub's clock ran two months ahead. Mutual TLS opens nothing with
/// it for two months; the node does not wait for that.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_valid_yet_is_replaced_at_once() {
    let office = Office::open("").await;
    office.clock.forward(60 * DAY);
    let dir = office.home.path().join("vhs-a");
    office
        .join(&office.invite("vhs-a", DAY), &dir)
        .await
        .unwrap();
    office.clock.forward(-60 * DAY);
    let early = shown_by(&dir);
    assert!(early.not_before() > office.clock.now());
    let school = office.school(dir).await;
    until("connected", || agrees(&school, &office)).await;
    let renewed = shown_by(&school.dir);
    assert!(renewed.not_before() <= office.clock.now());
    assert!(office.night().await.providers[0].outcome.clean());
    school.close().await;
    office.close().await;
}

/// The hub is put back as it was before a renewal, twice: while the certificate of then is still valid,
/// and long after it. The node comes back without an invitation.
#[tokio::test(flavor = "multi_thread")]
async fn a_hub_from_an_older_backup_is_joined_by_the_certificate_of_then() {
    for away in [0, 100 * DAY] {
        let office = Office::open("").await;
        let school = office.member("vhs-a").await;
        until("connected", || agrees(&school, &office)).await;
        let backup = office.home.path().join("backup");
        let office = office.restart_after(|hub| copy(hub, &backup)).await;
        office.clock.forward(21 * DAY);
        let serial = school.serial();
        let _night = office.night().await;
        until("renewed", || school.serial() != serial).await;
        let forgotten = school.serial();
        let dir = school.close().await;
        office.clock.forward(away);
        let office = office
            .restart_after(|hub| {
                std::fs::remove_dir_all(hub).unwrap();
                copy(&backup, hub);
            })
            .await;
        let _night = office.night().await;
        let school = office.school(dir).await;
        until("connected again", || agrees(&school, &office)).await;
        assert!(![serial, forgotten].contains(&school.serial()));
        school.close().await;
        office.close().await;
    }
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(done.unwrap().success());
}

/// Killed after any step, or without a note of the token at all: the same token opens again for the
/// same node, and a new invitation always does.
#[tokio::test(flavor = "multi_thread")]
async fn joining_again_is_the_same_whatever_was_cut_off() {
    let office = Office::open("").await;
    let dir = office.home.path().join("vhs-a");
    let path = |name: &str| dir.join(name);
    let text = |name: &str| std::fs::read_to_string(path(name)).unwrap();
    office
        .join(&office.invite("vhs-a", DAY), &dir)
        .await
        .unwrap();
    let (old_key, old_certificate) = (text("node.key"), text("node.crt"));
    let token = office.invite("vhs-a", DAY);
    office.join(&token, &dir).await.unwrap();
    let (key, certificate) = (text("node.key"), text("node.crt"));
    assert_ne!(key, old_key, "who is invited again gets a new key");
    let same = || (text("node.key"), text("node.crt")) == (key.clone(), certificate.clone());
    let unfinished = || std::fs::rename(path("token"), path("token.next")).unwrap();

    // Killed before the last step.
    unfinished();
    let again = office.join(&token, &dir).await.unwrap();
    assert!(!again.already && same() && !path("token.next").exists());
    assert!(office.join(&token, &dir).await.unwrap().already);
    // Killed before the pair was swapped: the answer was lost.
    unfinished();
    PairFiles::new(&dir, "node.key", "node.crt")
        .replace(&old_key, &old_certificate)
        .unwrap();
    files::write_private(&path("node.key.next"), key.as_bytes()).unwrap();
    office.join(&token, &dir).await.unwrap();
    assert!(same());
    // Killed between the two files of the pair.
    unfinished();
    std::fs::write(path("node.crt.next"), &certificate).unwrap();
    std::fs::write(path("node.crt"), &old_certificate).unwrap();
    office.join(&token, &dir).await.unwrap();
    assert!(same());
    // Nobody wrote the token down.
    std::fs::remove_file(path("token")).unwrap();
    office.join(&token, &dir).await.unwrap();
    assert!(same());
    // A new invitation for a directory that never had a note, with a key that was revoked.
    std::fs::remove_file(path("token")).unwrap();
    let why = members::Why {
        reason: "Test".to_owned(),
        key_compromised: true,
        figures: members::Figures::Keep,
    };
    let id = "vhs-a".parse().unwrap();
    calluna_hub::revoke::revoke(&office.hub, &id, why)
        .await
        .unwrap();
    let refused = office.join(&token, &dir).await.unwrap_err().to_string();
    assert!(refused.contains("was revoked on"), "{refused}");
    std::fs::remove_file(path("token.next")).unwrap();
    office
        .join(&office.invite("vhs-a", DAY), &dir)
        .await
        .unwrap();
    assert_ne!(text("node.key"), key);
    let school = office.school(dir.clone()).await;
    until("connected", || agrees(&school, &office)).await;
    school.close().await;
    office.close().await;
}

/// Somebody joins again in the directory of a node that runs.
#[tokio::test(flavor = "multi_thread")]
async fn who_joins_again_while_the_node_runs_is_connected_within_seconds() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    until("connected", || agrees(&school, &office)).await;
    let id = school.node.publisher().provider().clone();
    let why = members::Why {
        reason: "Test".to_owned(),
        key_compromised: false,
        figures: members::Figures::Keep,
    };
    calluna_hub::revoke::revoke(&office.hub, &id, why)
        .await
        .unwrap();
    until("sent away", || {
        !agrees(&school, &office) && school.serving.renewal.look().failures > 0
    })
    .await;
    office
        .join(&office.invite("vhs-a", DAY), &school.dir)
        .await
        .unwrap();
    let begun = tokio::time::Instant::now();
    until("connected again", || agrees(&school, &office)).await;
    until("well again", || school.serving.renewal.look().failures == 0).await;
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    school.close().await;
    office.close().await;
}
