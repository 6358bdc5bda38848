//! The district's authority is replaced while everybody goes on working, by hand and by the clock.

use std::fs;
use std::path::Path;

use calluna_certs::{Authority, Passphrase, TrustBundle, sealed};
use calluna_host::entropy::OsEntropy;
use calluna_hub::ca::{self, Act};
use calluna_hub::trust::Phase;
use calluna_model::clock::Clock;
use calluna_model::outcome::Outcome;
use calluna_model::report::NightReport;
use calluna_tests::trustees::{DAY, Office, School, until};

fn connected(school: &School, office: &Office) -> bool {
    let provider = school.node.publisher().provider();
    school.serving.link.look().connected_since.is_some() && office.hub.links.get(provider).is_some()
}

/// Waits until the node has what the hub tells it, and a certificate of the authority that issues.
async fn settled(school: &School, office: &Office) {
    until("the node followed", || {
        let badge = school.node.keyring().now();
        let standing = office.hub.trust.now();
        let root = badge
            .identity
            .bundle()
            .issuer_of_pem(&badge.certificate_pem);
        badge.trust_digest() == standing.digest()
            && root.is_ok_and(|root| root == standing.root())
            && office.clock.now() < badge.identity.not_after()
    })
    .await;
}

/// A day passes, and a night: those who are there lose nothing.
async fn a_day(office: &Office, there: &[&School]) -> NightReport {
    office.clock.forward(DAY);
    let night = office.night().await;
    for school in there {
        let provider = school.node.publisher().provider();
        let line = night
            .providers
            .iter()
            .find(|line| line.provider == *provider);
        assert!(line.unwrap().outcome.clean(), "{line:?}");
        settled(school, office).await;
    }
    night
}

fn phase(office: &Office) -> Phase {
    office.hub.trust.now().state.phase()
}

/// Nights until it stands so; how many.
async fn nights_until(office: &Office, wanted: Phase, there: &[&School], most: u32) -> u32 {
    let mut nights = 0;
    while phase(office) != wanted {
        assert!(nights < most, "{:?}", ca::status(&office.hub).unwrap());
        a_day(office, there).await;
        nights += 1;
    }
    nights
}

fn files(office: &Office, ending: &str) -> Vec<String> {
    let dir = fs::read_dir(office.home.path().join("hub")).unwrap();
    let names = dir.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names
        .filter(|name| name.starts_with("ca") && name.ends_with(ending))
        .collect();
    names.sort();
    names
}

/// From the first step to the last: two nodes are there, one is away for weeks and comes back when its
/// certificate has run out and its authority issues no more, one comes with a token from before.
#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_replaced_and_no_night_is_lost() {
    let office = Office::open("").await;
    let (a, b, away) = (
        office.member("vhs-a").await,
        office.member("vhs-b").await,
        office.member("vhs-away").await,
    );
    for school in [&a, &b, &away] {
        until("connected", || connected(school, &office)).await;
    }
    a_day(&office, &[&a, &b, &away]).await;
    let since = [&a, &b].map(|school| school.serving.link.look().connected_since);
    let old = office.hub.trust.now().root();
    let token = office.invite("vhs-late", 120 * DAY);
    let dir = away.close().await;

    ca::act(&office.hub, Act::Introduce, false).unwrap();
    assert_eq!(phase(&office), Phase::Introduced);
    assert_eq!(files(&office, ".key"), ["ca-2.key", "ca.key"]);
    // Nobody has heard of it yet, and by hand nobody is passed over either.
    let refused = ca::act(&office.hub, Act::Switch, false).unwrap_err();
    assert!(
        format!("{refused:#}").contains("vhs-a, vhs-away, vhs-b"),
        "{refused:#}"
    );
    // The one that is away holds it up until it counts as silent.
    let nights = nights_until(&office, Phase::Switched, &[&a, &b], 60).await;
    assert!((28..=33).contains(&nights), "{nights}");
    assert_eq!(files(&office, ".key"), ["ca-2.key"], "the old key is gone");
    let standing = office.hub.trust.now();
    assert_ne!(standing.root(), old);
    assert_eq!(standing.hub_root, Some(standing.root()));
    assert!(standing.identity.bundle().holds(old));

    // Nothing is taken away from those who are not there yet.
    for _ in 0..10 {
        a_day(&office, &[&a, &b]).await;
    }
    assert_eq!(phase(&office), Phase::Switched);
    let waits = ca::status(&office.hub).unwrap().waits_for;
    assert_eq!(waits.len(), 2, "{waits:?}");
    let refused = format!(
        "{:#}",
        ca::act(&office.hub, Act::Retire, false).unwrap_err()
    );
    assert!(refused.contains("vhs-away, vhs-late"), "{refused}");

    // It knows the old authority only, and its certificate has run out.
    let away = office.school(dir).await;
    let late = office.joined("vhs-late", &token).await;
    for school in [&away, &late] {
        until("connected", || connected(school, &office)).await;
        settled(school, &office).await;
    }
    let nights = nights_until(&office, Phase::Settled, &[&a, &b, &away, &late], 10).await;
    assert!(nights <= 5, "{nights}");
    let still = [&a, &b].map(|school| school.serving.link.look().connected_since);
    assert_eq!(still, since, "a connection was dropped");
    let office = office.restart().await;
    let schools = [a, b, away, late];
    for school in &schools {
        until("connected", || connected(school, &office)).await;
    }
    a_day(&office, &schools.each_ref()).await;
    for school in &schools {
        let bundle = TrustBundle::from_pem(&school.node.keyring().now().bundle_pem).unwrap();
        assert_eq!(bundle.fingerprints(), [office.hub.trust.now().root()]);
    }
    assert_eq!(files(&office, ".key"), ["ca-2.key"]);
    assert_eq!(files(&office, ".crt"), ["ca-2.crt"]);
    for school in schools {
        school.close().await;
    }
    office.close().await;
}

/// Nobody does anything, for ten years.
#[tokio::test(flavor = "multi_thread")]
async fn ten_years_on_the_authority_is_replaced_by_itself() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    until("connected", || connected(&school, &office)).await;
    let since = school.serving.link.look().connected_since;
    let old = office.hub.trust.now().root();
    let mut phases = vec![Phase::Settled];
    let mut replaced = None;
    for day in (0..3_660).step_by(12) {
        office.clock.forward(11 * DAY);
        a_day(&office, &[&school]).await;
        if phases.last() != Some(&phase(&office)) {
            phases.push(phase(&office));
            replaced = replaced.or(Some(day));
        }
    }
    assert_eq!(
        phases,
        [
            Phase::Settled,
            Phase::Introduced,
            Phase::Switched,
            Phase::Settled
        ]
    );
    assert!(
        replaced.is_some_and(|day| (3_250..=3_300).contains(&day)),
        "{replaced:?}"
    );
    let standing = office.hub.trust.now();
    assert!(!standing.identity.bundle().holds(old));
    assert!(ca::warnings(&office.hub).unwrap().is_empty());
    assert_eq!(school.serving.link.look().connected_since, since);
    school.close().await;
    office.close().await;
}

/// Who stays away for too long is named, and the others are not held up.
#[tokio::test(flavor = "multi_thread")]
async fn who_stays_away_is_named_when_the_old_authority_goes() {
    let office = Office::open("").await;
    let (here, away) = (
        office.member("vhs-a").await,
        office.member("vhs-away").await,
    );
    for school in [&here, &away] {
        until("connected", || connected(school, &office)).await;
    }
    a_day(&office, &[&here, &away]).await;
    let dir = away.close().await;
    ca::act(&office.hub, Act::Introduce, false).unwrap();
    a_day(&office, &[&here]).await;
    let done = ca::act(&office.hub, Act::Switch, true).unwrap();
    assert!(done.passed_over.contains(&"vhs-away".parse().unwrap()));
    for _ in 0..3 {
        a_day(&office, &[&here]).await;
    }
    let done = ca::act(&office.hub, Act::Retire, true).unwrap();
    assert_eq!(done.passed_over, ["vhs-away".parse().unwrap()]);
    let said = done.status.warnings.join("\n");
    assert!(
        said.contains("new invitation") && said.contains("vhs-away"),
        "{said}"
    );
    a_day(&office, &[&here]).await;
    // It comes back, and stays outside: the authority that it knows is no more.
    let away = office.school(dir).await;
    let refused = || away.serving.renewal.look().failures > 0;
    until("the node was refused", refused).await;
    assert!(!connected(&away, &office));
    // A new invitation brings it back.
    let dir = away.close().await;
    fs::remove_dir_all(dir).unwrap();
    let again = office.member("vhs-away").await;
    until("connected", || connected(&again, &office)).await;
    a_day(&office, &[&here, &again]).await;
    assert!(ca::warnings(&office.hub).unwrap().is_empty());
    here.close().await;
    again.close().await;
    office.close().await;
}

/// A thief has the hub's key and all of its files, but not the authority's key. He sets up his own hub in
/// its place, with an authority of his own, vouched for by himself.
#[tokio::test(flavor = "multi_thread")]
async fn inv2_an_impostor_with_the_hub_s_key_brings_no_authority_of_his_own() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    until("connected", || connected(&school, &office)).await;
    a_day(&office, &[&school]).await;
    let before = school.node.keyring().now().bundle_pem.clone();
    let clock = office.clock.clone();
    let office = office
        .restart_after(|dir: &Path| {
            let own = Authority::create("Landkreis Musterheide", &clock, &OsEntropy).unwrap();
            let other = Authority::create("Landkreis Musterheide", &clock, &OsEntropy).unwrap();
            let words = Passphrase::new("only the district knows this").unwrap();
            let locked = sealed::seal(&other.key_pem(), &words, &OsEntropy).unwrap();
            fs::write(dir.join("ca.key"), locked).unwrap();
            let voucher = other.vouch_for(&own, &clock, &OsEntropy).unwrap();
            fs::write(dir.join("ca-2.key"), own.key_pem().as_bytes()).unwrap();
            fs::write(dir.join("ca-2.crt"), own.chain_pem()).unwrap();
            let state = serde_json::json!({
                "v": 1, "issuing": "ca", "next": "ca-2", "generation": 2, "vouchers_pem": voucher
            });
            fs::write(dir.join("ca.json"), state.to_string()).unwrap();
        })
        .await;
    until("connected", || connected(&school, &office)).await;
    office.clock.forward(DAY);
    let night = office.night().await;
    assert_ne!(night.providers[0].outcome, Outcome::Unreachable);
    let refused = || school.serving.renewal.look().last_error.contains("vouches");
    until("the node does not believe it", refused).await;
    let badge = school.node.keyring().now();
    assert_eq!(badge.bundle_pem, before);
    let on_disk = fs::read_to_string(school.dir.join("bundle.pem")).unwrap();
    assert_eq!(on_disk, before);
    school.close().await;
    office.close().await;
}
