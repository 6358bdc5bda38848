//! Certificates are renewed without anybody noticing, and a node that was away comes back.

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
