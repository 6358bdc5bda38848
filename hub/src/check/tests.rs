//! Every decision with facts that were made up, and a look at real directories that are wrong.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use calluna_certs::Fingerprint;
use calluna_certs::tls::{Proof, Shown, enrol_server};
use calluna_host::check::Level;
use calluna_host::entropy::OsEntropy;
use calluna_model::clock::{HandClock, Moment};
use calluna_probe::{Dns, Greeting, Tcp, Tls};
use calluna_sync::schedule::Schedule;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::hub::{Setup, create};

/// 2026-01-01T00:00:00Z.
const NOW: Moment = Moment(1_767_225_600);
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

fn of<'a>(findings: &'a [Finding], id: &str) -> &'a Finding {
    let found = findings.iter().find(|finding| finding.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {findings:#?}"))
}

/// Whatever is wrong has a way out.
fn with_ways(findings: Vec<Finding>) -> Vec<Finding> {
    for finding in &findings {
        let asks = finding.level >= Level::Warning;
        assert_eq!(asks, !finding.way_out.is_empty(), "{finding:?}");
    }
    findings
}

// === a directory ===

struct Place {
    dir: TempDir,
    environment: BTreeMap<String, String>,
}

impl Place {
    fn at(address: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let setup = Setup {
            name: "Landkreis Musterheide".to_owned(),
            listen: "127.0.0.1:0".parse().unwrap(),
            web: None,
            address: address.to_owned(),
        };
        create(
            &dir.path().join("h"),
            &setup,
            &HandClock::at(NOW),
            &OsEntropy,
        )
        .unwrap();
        let environment = BTreeMap::new();
        Self { dir, environment }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("h").join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn facts(&self, name: &str) -> CertificateFacts {
        CertificateFacts::all_of(&self.text(name))
            .unwrap()
            .remove(0)
    }

    fn identity(&self) -> Identity {
        let texts = [HUB_CERT, HUB_KEY, CA_CERT].map(|name| self.text(name));
        Identity::from_pem(&texts[0], &texts[1], &texts[2]).unwrap()
    }

    async fn look(&self, now: Moment, offline: bool) -> Report {
        let checker = Checker {
            dir: self.path(""),
            environment: &self.environment,
            clock: Arc::new(HandClock::at(now)),
            run: self.dir.path().join("run"),
            offline,
        };
        let seen = Seen {
            status: status(json!({})),
            members: Vec::new(),
        };
        checker.look(Ok(seen)).await
    }
}

fn all(report: &Report) -> Vec<Finding> {
    report.findings().cloned().collect()
}

fn status(more: Value) -> StatusDocument {
    let mut all = json!({
        "district": "Musterheide", "address": "hub.example:7443", "running": true,
        "version": env!("CARGO_PKG_VERSION"), "certificate_days_left": 60, "authority": "",
        "store_bytes": 0, "offers": 7, "last_night": null, "providers": [],
    });
    for (key, value) in more.as_object().unwrap() {
        all[key] = value.clone();
    }
    serde_json::from_value(all).unwrap()
}

fn provider(id: &str, missed: u64) -> Value {
    json!({
        "id": id, "name": id, "state": "joined", "connected": true, "offers": 1, "quarantined": 0,
        "head": null, "last_outcome": null, "agreed_at": null, "nights_missed": missed, "held": null,
    })
}

// === this machine, certificates ===

#[test]
fn the_schedule_is_read_and_the_hour_that_is_missing_is_told() {
    let at = |pattern: &str, zone: &str| {
        let place = Place::at("hub.example:7443");
        let environment = BTreeMap::from([
            ("CALLUNA_NIGHT_SCHEDULE".to_owned(), pattern.to_owned()),
            ("CALLUNA_NIGHT_TIME_ZONE".to_owned(), zone.to_owned()),
        ]);
        let config = config::read(&place.path(""), &environment);
        of(&with_ways(here::settings(&config, NOW)), "schedule").clone()
    };
    let level = |pattern| at(pattern, "Europe/Berlin").level;
    assert_eq!(level("17 3 * * *"), Level::Ok);
    assert_eq!(level("off"), Level::Note);
    assert_eq!(level("0 2 * * *"), Level::Warning);
    assert_eq!(level("59 2 * * *"), Level::Warning);
    assert_eq!(level("0 1,2 * * *"), Level::Warning);
    assert_eq!(level("0 3 * * *"), Level::Ok);
    assert_eq!(at("0 2 * * *", "UTC").level, Level::Ok);
    let wrong = at("nonsense", "Europe/Berlin");
    assert!(
        wrong.level == Level::Failure && wrong.way_out.contains("17 3"),
        "{wrong:?}"
    );
}

#[test]
fn certificates_have_days_left_or_a_way_out() {
    let place = Place::at("hub.example:7443");
    let (mut ca, mut own) = (place.facts(CA_CERT), place.facts(HUB_CERT));
    let mut level = |days: i64| {
        ca.not_after = NOW.plus(days * DAY);
        with_ways(vec![here::authority(&ca, NOW)])[0].level
    };
    assert_eq!(
        [365, 364, 30, 29, -1].map(&mut level),
        [
            Level::Ok,
            Level::Warning,
            Level::Warning,
            Level::Failure,
            Level::Failure
        ]
    );
    own.not_before = NOW.plus(-60 * DAY);
    let mut level = |left: i64| {
        // 90 days of life, of which `left` seconds are left.
        own.not_after = NOW.plus(left);
        own.not_before = own.not_after.plus(-90 * DAY);
        with_ways(vec![here::own(&own, NOW)])[0].level
    };
    assert_eq!(
        [31 * DAY, 29 * DAY, 29 * DAY - 1].map(&mut level),
        [Level::Ok, Level::Ok, Level::Warning]
    );
    assert_eq!(
        [3 * DAY, 3 * DAY - 1, -1].map(&mut level),
        [Level::Warning, Level::Failure, Level::Failure]
    );
    own.not_before = NOW.plus(1);
    own.not_after = NOW.plus(90 * DAY);
    assert!(here::own(&own, NOW).what.contains("clock of this machine"));
}

#[test]
fn a_member_whose_certificate_runs_out_is_named() {
    let member = |id: &str, state: &str, days: Option<i64>| {
        let text = json!({
            "id": id, "name": id, "kind": "vhs", "state": state, "invited_at": 0, "token_expires": null,
            "joined_at": null, "reach": calluna_model::member::Reach::DialsOut, "certificate_days_left": days,
        });
        serde_json::from_value::<MemberDocument>(text).unwrap()
    };
    let list = [
        member("gone", "joined", Some(-1)),
        member("soon", "joined", Some(6)),
        member("fine", "joined", Some(7)),
        member("new", "invited", None),
        member("left", "invited", Some(-9)),
    ];
    let found = with_ways(here::members(&list));
    let levels: Vec<Level> = found.iter().map(|finding| finding.level).collect();
    assert_eq!(levels, [Level::Failure, Level::Warning]);
    assert!(
        found[0].what.contains("`gone`") && found[0].way_out.contains("invite gone"),
        "{found:?}"
    );
    assert!(found[1].what.contains("`soon`"), "{found:?}");
    assert_eq!(here::members(&list[2..])[0].level, Level::Ok);
}

#[test]
fn disk_and_clock_say_what_they_know() {
    let dir = std::path::Path::new("/data");
    let disk = |free| with_ways(vec![here::disk(dir, free, 64)])[0].level;
    assert_eq!(
        [None, Some(1 << 40), Some(200 << 20), Some(99 << 20)].map(disk),
        [Level::Note, Level::Ok, Level::Warning, Level::Failure]
    );
    let clock = |sync| with_ways(vec![here::clock(sync)])[0].level;
    assert_eq!(
        [ClockSync::Yes, ClockSync::No, ClockSync::Unknown].map(clock),
        [Level::Ok, Level::Warning, Level::Note]
    );
}

#[tokio::test]
async fn a_fresh_hub_has_no_failure_and_its_clock_is_as_the_system_says() {
    let place = Place::at("hub.example:7443");
    let report = place.look(NOW, true).await;
    assert_eq!(report.failures, 0, "{report:#?}");
    assert_eq!(of(&all(&report), "clock-synchronised").level, Level::Note);
    let timesync = place.dir.path().join("run/systemd/timesync");
    fs::create_dir_all(&timesync).unwrap();
    assert_eq!(
        of(&all(&place.look(NOW, true).await), "clock-synchronised").level,
        Level::Warning
    );
    fs::write(timesync.join("synchronized"), "").unwrap();
    assert_eq!(
        of(&all(&place.look(NOW, true).await), "clock-synchronised").level,
        Level::Ok
    );
}

#[tokio::test]
async fn open_modes_a_strange_key_and_wrong_settings_are_told() {
    let place = Place::at("hub.example:7443");
    let open = |name: &str, mode| {
        fs::set_permissions(place.path(name), Permissions::from_mode(mode)).unwrap()
    };
    fs::write(place.path("control.sock"), "").unwrap();
    open("control.sock", 0o666);
    open("ca.key", 0o640);
    let found = all(&place.look(NOW, true).await);
    assert!(of(&found, "control-socket").way_out.contains("chmod 600"));
    assert!(of(&found, "file-modes").way_out.contains("ca.key"));
    let other = Place::at("hub.example:7443");
    fs::write(place.path(HUB_KEY), other.text(HUB_KEY)).unwrap();
    let found = all(&place.look(NOW, true).await);
    assert!(
        of(&found, "certificate-key").what.contains("not a pair"),
        "{found:#?}"
    );
    fs::write(place.path("hub.toml"), "nam = 1").unwrap();
    let found = all(&place.look(NOW, true).await);
    assert!(
        of(&found, "settings").way_out.contains("`nam`"),
        "{found:#?}"
    );
}

#[test]
fn a_hub_that_does_not_open_says_whether_it_is_the_store() {
    let damaged = KvError::Damaged {
        dir: "/data/store".into(),
        why: "torn".to_owned(),
    };
    let store = closed(&Error::from(damaged).context("opening"));
    assert!(
        store.id == "store-opens" && store.way_out.contains("torn"),
        "{store:?}"
    );
    assert_eq!(closed(&Error::msg("no key")).id, "hub-opens");
}

// === the door ===

fn reach(tcp: Option<Tcp>, tls: Option<Tls>) -> Reach {
    let address = "hub.example:7443".to_owned();
    Reach {
        address,
        dns: Dns::Known(vec![[127, 0, 0, 1].into()]),
        tcp,
        tls,
        greeting: None,
    }
}

fn shown(place: &Place, proof: Proof) -> Shown {
    let leaf = place.identity().leaf().clone();
    let mut facts = place.facts(HUB_CERT);
    facts.issuer = "Strato TLS".to_owned();
    Shown { leaf, facts, proof }
}

#[test]
fn who_ends_the_tls_before_the_hub_is_named() {
    let place = Place::at("hub.example:7443");
    let own = place.facts(HUB_CERT).fingerprint;
    let at = |tls: Tls, own: Fingerprint| {
        let found = door::way(&reach(Some(Tcp::Open), Some(tls)), Some(own), true);
        of(&with_ways(found), "tls").clone()
    };
    let hub = at(Tls::Hub(shown(&place, Proof::Hub)), own);
    assert_eq!(hub.level, Level::Ok);
    let twin = at(Tls::Hub(shown(&place, Proof::Hub)), Fingerprint([7; 32]));
    assert_eq!(twin.level, Level::Warning);
    let proxy = at(Tls::Refused(shown(&place, Proof::Stranger)), own);
    assert!(
        proxy.level == Level::Failure && proxy.way_out.contains("TLS passthrough"),
        "{proxy:?}"
    );
    assert!(
        proxy.what.contains("Strato TLS") && proxy.what.contains(&own.to_string()),
        "{proxy:?}"
    );
    let stripped = at(Tls::NoProtocol(shown(&place, Proof::Hub)), own);
    assert!(
        stripped.level == Level::Failure && stripped.what.contains("ALPN"),
        "{stripped:?}"
    );
    let member = at(
        Tls::Refused(shown(&place, Proof::Other("provider a".to_owned()))),
        own,
    );
    assert!(member.what.contains("provider a"));
    assert_eq!(
        at(Tls::Nothing("cut".to_owned()), own).level,
        Level::Failure
    );
}

#[test]
fn each_step_of_the_way_that_fails_is_told_in_words() {
    let port = |tcp, running| {
        let found = with_ways(door::way(&reach(Some(tcp), None), None, running));
        of(&found, "port").clone()
    };
    assert!(
        port(Tcp::Refused, false)
            .what
            .contains("daemon does not run")
    );
    assert!(port(Tcp::Refused, true).what.contains("although"));
    for tcp in [Tcp::Late, Tcp::NoWay, Tcp::Failed("odd".to_owned())] {
        assert_eq!(port(tcp, true).level, Level::Failure);
    }
    for (dns, level) in [
        (Dns::NoAddress, Level::Failure),
        (Dns::Unknown("x".to_owned()), Level::Failure),
        (Dns::Late, Level::Failure),
        (Dns::Number, Level::Note),
    ] {
        let found = with_ways(door::way(
            &Reach {
                dns,
                ..reach(None, None)
            },
            None,
            true,
        ));
        assert_eq!((found.len(), found[0].level), (1, level));
    }
    let mute = Reach {
        greeting: Some(Err("unknown call".to_owned())),
        ..reach(Some(Tcp::Open), None)
    };
    assert_eq!(
        of(&with_ways(door::way(&mute, None, true)), "hub-greets").level,
        Level::Warning
    );
    let greeting = Greeting {
        now: NOW,
        here: NOW,
        software: String::new(),
        district: String::new(),
        versions: Vec::new(),
    };
    let well = Reach {
        greeting: Some(Ok(greeting)),
        ..reach(Some(Tcp::Open), None)
    };
    assert_eq!(door::way(&well, None, true).len(), 2);
}

#[tokio::test]
async fn a_proxy_that_ends_the_tls_is_found_from_a_real_directory() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = proxy.local_addr().unwrap().to_string();
    let place = Place::at(&address);
    let config = enrol_server(&Place::at("other.example:1").identity()).unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = proxy.accept().await {
            let _refused = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await;
        }
    });
    let report = place.look(NOW, false).await;
    serving.abort();
    let found = all(&report);
    let tls = of(&found, "tls");
    assert!(
        tls.level == Level::Failure && tls.what.contains("does not end in the hub"),
        "{tls:?}"
    );
}

// === nights ===

#[test]
fn nights_that_stay_away_are_noticed_by_the_schedule() {
    let nightly = Schedule::parse("17 3 * * *", "Europe/Berlin").unwrap();
    let weekly = Schedule::parse("17 3 * * 1", "Europe/Berlin").unwrap();
    let level = |ago: i64, schedule: Option<&Schedule>| {
        let last = Some(NOW.plus(-ago));
        with_ways(vec![night::last_night(last, schedule, NOW)])[0].level
    };
    let daily = |ago| level(ago, Some(&nightly));
    assert_eq!(
        [26 * HOUR, 26 * HOUR + 1].map(daily),
        [Level::Ok, Level::Warning]
    );
    assert_eq!(
        [50 * HOUR, 50 * HOUR + 1].map(daily),
        [Level::Warning, Level::Failure]
    );
    assert_eq!(
        level(6 * DAY, Some(&weekly)),
        Level::Ok,
        "one night a week is enough"
    );
    assert_eq!(level(8 * DAY, Some(&weekly)), Level::Warning);
    assert_eq!(level(900 * DAY, None), Level::Ok);
    assert_eq!(
        night::last_night(None, Some(&nightly), NOW).level,
        Level::Note
    );
}

#[test]
fn what_waits_for_the_operator_is_listed() {
    let mut held = provider("a", 0);
    let head = json!(calluna_model::head::Head::empty(
        calluna_model::id::EpochId::default()
    ));
    held["held"] = json!({"head": head, "night": 1, "at": 0, "removed": 9, "before": 10});
    let mut twin = provider("t", 0);
    twin["alarms"] = json!([{"name": "duplicate-identity", "since": 0, "last_seen": 0, "text": "two live nodes; stop one of them"}]);
    let silent: Vec<Value> = (1..=7).map(|n| provider(&format!("s{n}"), n)).collect();
    let providers: Vec<Value> = [vec![held, twin], silent].concat();
    let at = status(json!({
        "providers": providers,
        "deliveries": [{"way": "mail", "night": 3, "at": 0, "tries": 5, "failure": "no route"}, {"way": "webhook", "night": 3, "at": 0, "tries": 1}],
    }));
    let found = with_ways(night::nights(&at, None, NOW, false));
    assert!(of(&found, "held").what.ends_with("of a"), "{found:#?}");
    let silent = of(&found, "silent");
    assert!(
        silent.what.contains("s7 (7), s6 (6)") && silent.what.contains("and 2 more"),
        "{silent:?}"
    );
    assert_eq!(of(&found, "duplicate-identity").way_out, "stop one of them");
    assert_eq!(of(&found, "mail").level, Level::Warning);
    assert_eq!(of(&found, "webhook").level, Level::Ok);
    assert_eq!(of(&found, "daemon").level, Level::Ok);
}

#[test]
fn a_stopped_or_older_daemon_and_a_doubtful_store_are_told() {
    let stopped = status(json!({"running": false}));
    assert_eq!(
        of(
            &with_ways(night::nights(&stopped, None, NOW, false)),
            "daemon"
        )
        .level,
        Level::Failure
    );
    assert_eq!(
        of(&night::nights(&stopped, None, NOW, true), "daemon").level,
        Level::Note
    );
    let old = status(json!({"version": "0.0.1"}));
    assert_eq!(
        of(&with_ways(night::nights(&old, None, NOW, false)), "version").level,
        Level::Warning
    );
    assert!(
        night::store(&status(json!({})))
            .iter()
            .all(|found| found.level == Level::Ok)
    );
    let doubtful = status(json!({"store_note": "behind by 2 commits"}));
    assert_eq!(
        of(&with_ways(night::store(&doubtful)), "store-state").level,
        Level::Warning
    );
}
