//! Every decision with facts that were made up, and a look at real directories that are wrong.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use calluna_certs::tls::{Proof, Shown, enrol_server};
use calluna_certs::{Authority, mint};
use calluna_model::clock::HandClock;
use calluna_model::outcome::Outcome;
use calluna_probe::{Dns, Greeting, Tcp, Tls};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::fixture::member;
use crate::link::LinkInfo;
use crate::membership::renew::RenewalInfo;
use crate::store::Mended;

const DE: Words = Words(Language::De);
const EN: Words = Words(Language::En);
const NOW: Moment = mint::NOW;
const DAY: i64 = 86_400;

fn of<'a>(findings: &'a [Finding], id: &str) -> &'a Finding {
    let found = findings.iter().find(|finding| finding.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {findings:#?}"))
}

/// Both languages say as much: a way out in one is a way out in the other, of the same level.
fn both(decide: impl Fn(Words) -> Vec<Finding>) -> Vec<Finding> {
    let (german, english) = (decide(DE), decide(EN));
    for (de, en) in german.iter().zip(&english) {
        assert_eq!((&de.id, de.level), (&en.id, en.level));
        assert_eq!(
            de.way_out.is_empty(),
            en.way_out.is_empty(),
            "{de:?} {en:?}"
        );
        assert_ne!(de.what, en.what, "not translated");
        let asks = en.level >= Level::Warning;
        assert_eq!(
            asks,
            !en.way_out.is_empty(),
            "a way out where one is needed: {en:?}"
        );
    }
    assert_eq!(german.len(), english.len());
    english
}

fn certificate(from: i64, until: i64) -> CertificateFacts {
    let leaf = mint::node(&mint::district(), "vhs");
    let mut facts = CertificateFacts::of(leaf.leaf()).unwrap();
    facts.not_before = NOW.plus(from);
    facts.not_after = NOW.plus(until);
    facts
}

#[test]
fn a_certificate_has_days_left_or_a_way_out() {
    let level = |until, really: Option<i64>| {
        let own = certificate(-30 * DAY, until);
        let found = both(|w| {
            vec![here::certificate(
                w,
                &own,
                NOW,
                really.map(|at| NOW.plus(at)),
            )]
        });
        (found[0].level, found[0].what.clone())
    };
    assert_eq!(level(20 * DAY, None).0, Level::Ok);
    assert_eq!(level(7 * DAY, None).0, Level::Ok);
    assert_eq!(level(7 * DAY - 1, None).0, Level::Warning);
    let (bad, what) = level(-1, None);
    assert!(
        bad == Level::Failure && what.contains("expired on"),
        "{what}"
    );
    // The hub knows better: the clock here is a month ahead.
    let (bad, what) = level(-1, Some(-20 * DAY));
    assert!(bad == Level::Failure && what.contains("clock"), "{what}");
    // It agrees: the certificate is old.
    assert!(level(-1, Some(0)).1.contains("expired on"));
    let young = certificate(DAY, 30 * DAY);
    let found = here::certificate(EN, &young, NOW, None);
    assert!(
        found.what.contains("clock") && found.way_out.contains("timedatectl"),
        "{found:?}"
    );
}

#[test]
fn the_store_the_disk_and_the_folder_say_what_is_wrong() {
    let open = |mended| StoreSeen::Open(StoreFacts { offers: 3, mended });
    let foreign = StoreSeen::Foreign(998);
    let found = both(|w| here::store(w, &foreign));
    assert!(found[0].way_out.contains("'#998'") && found[0].level == Level::Warning);
    let well = both(|w| here::store(w, &open(None)));
    assert!(
        well.iter().all(|found| found.level == Level::Ok),
        "{well:?}"
    );
    let mended = || {
        Some(Mended {
            at: NOW,
            note: "2 offers".to_owned(),
        })
    };
    let found = both(|w| here::store(w, &open(mended())));
    assert_eq!(of(&found, "store-state").level, Level::Warning);
    assert!(
        of(&found, "store-state")
            .way_out
            .contains("import --replace")
    );
    let broken = StoreSeen::Broken("it is damaged; restore a backup".to_owned());
    let found = both(|w| here::store(w, &broken));
    assert_eq!(of(&found, "store-opens").level, Level::Failure);
    let dir = Path::new("/data");
    for (free, level) in [
        (None, Level::Note),
        (Some(1 << 40), Level::Ok),
        (Some(500 << 20), Level::Warning),
        (Some(5), Level::Failure),
    ] {
        let found = both(|w| vec![here::disk(w, dir, free)]);
        assert_eq!(found[0].level, level);
    }
    let folder = |is_folder, usable| Folder {
        path: "/drop".into(),
        is_folder,
        usable,
    };
    for (folder, level) in [
        (folder(true, true), Level::Ok),
        (folder(true, false), Level::Failure),
        (folder(false, false), Level::Failure),
    ] {
        assert_eq!(both(|w| vec![here::watch(w, &folder)])[0].level, level);
    }
}

fn reach(dns: Dns, tcp: Option<Tcp>, tls: Option<Tls>) -> Reach {
    let address = "hub.example:7443".to_owned();
    Reach {
        address,
        dns,
        tcp,
        tls,
        greeting: None,
    }
}

fn shown(proof: Proof, from: i64, until: i64) -> Shown {
    let leaf = mint::hub(&mint::district()).leaf().clone();
    let facts = certificate(from, until);
    Shown { leaf, facts, proof }
}

fn hub_there(proof: Proof, until: i64, ahead: i64) -> Reach {
    let seen = Tls::Hub(shown(proof, -10 * DAY, until));
    let greeting = Greeting {
        now: NOW.plus(-ahead),
        here: NOW,
        software: SOFTWARE.replace("node", "hub"),
        district: "Musterheide".to_owned(),
        versions: vec!["v1".to_owned()],
    };
    Reach {
        greeting: Some(Ok(greeting)),
        ..reach(Dns::Number, Some(Tcp::Open), Some(seen))
    }
}

#[test]
fn each_step_of_the_way_that_fails_is_told_in_words() {
    let at = |reach: &Reach| both(|w| hub::way(w, reach, NOW));
    for dns in [Dns::NoAddress, Dns::Unknown("gone".to_owned()), Dns::Late] {
        let found = at(&reach(dns, None, None));
        assert_eq!((found.len(), of(&found, "dns").level), (1, Level::Failure));
    }
    for (tcp, word) in [
        (Tcp::Refused, "nothing listens"),
        (Tcp::Late, "firewall"),
        (Tcp::NoWay, "no way"),
        (Tcp::Failed("odd".to_owned()), "odd"),
    ] {
        let found = at(&reach(
            Dns::Known(vec![[127, 0, 0, 1].into()]),
            Some(tcp),
            None,
        ));
        let port = of(&found, "port");
        assert!(
            port.level == Level::Failure && port.what.contains(word),
            "{port:?}"
        );
        assert!(port.way_out.contains("hub.example:7443"));
    }
    let found = at(&reach(
        Dns::Number,
        Some(Tcp::Open),
        Some(Tls::Nothing("not TLS".to_owned())),
    ));
    assert!(of(&found, "tls").what.contains("not TLS"));
}

#[test]
fn a_filter_is_named_with_issuer_fingerprint_and_the_address_to_exempt() {
    let mut stranger = shown(Proof::Stranger, -DAY, DAY);
    stranger.facts.issuer = "Sophos SSL CA".to_owned();
    let print = stranger.facts.fingerprint.to_string();
    let seen = reach(Dns::Number, Some(Tcp::Open), Some(Tls::Refused(stranger)));
    both(|w| hub::way(w, &seen, NOW));
    let german = hub::way(DE, &seen, NOW);
    let tls = of(&german, "tls");
    assert_eq!(
        tls.what,
        format!(
            "Zwischen Ihnen und dem Hub öffnet ein Filter die Verschlüsselung (Aussteller: Sophos SSL CA, Fingerabdruck {print})."
        )
    );
    assert!(
        tls.way_out
            .starts_with("Bitte hub.example:7443 davon ausnehmen"),
        "{}",
        tls.way_out
    );
    let stripped = Tls::NoProtocol(shown(Proof::Hub, -DAY, DAY));
    let found = both(|w| {
        hub::way(
            w,
            &reach(Dns::Number, Some(Tcp::Open), Some(stripped.clone())),
            NOW,
        )
    });
    assert!(of(&found, "tls").what.contains("ALPN"));
    let other = Tls::Refused(shown(Proof::Other("provider vhs-b".to_owned()), -DAY, DAY));
    let found = both(|w| {
        hub::way(
            w,
            &reach(Dns::Number, Some(Tcp::Open), Some(other.clone())),
            NOW,
        )
    });
    assert!(of(&found, "tls").what.contains("vhs-b"));
}

#[test]
fn a_wrong_clock_is_told_from_a_hub_whose_certificate_is_old() {
    let at = |reach: &Reach| both(|w| hub::way(w, reach, NOW));
    let well = at(&hub_there(Proof::Hub, 90 * DAY, 2));
    assert!(
        well.iter().all(|found| found.level == Level::Ok),
        "{well:#?}"
    );
    for (ahead, level, word) in [
        (-31, Level::Warning, "31 s behind"),
        (301, Level::Failure, "301 s ahead"),
    ] {
        let found = at(&hub_there(Proof::Hub, 90 * DAY, ahead));
        let skew = of(&found, "clock-skew");
        assert!(skew.level == level && skew.what.contains(word), "{skew:?}");
    }
    // Both agree what day it is: the certificate is old.
    let found = at(&hub_there(Proof::OutOfDate, -DAY, 0));
    assert!(of(&found, "hub-certificate").what.contains("expired on"));
    // The hub's day is one on which it is good.
    let found = at(&hub_there(Proof::OutOfDate, -DAY, DAY + 3_600));
    assert!(
        of(&found, "hub-certificate")
            .what
            .contains("clock of this machine")
    );
}

#[test]
fn another_contract_fails_and_another_version_is_a_note() {
    let mut other = hub_there(Proof::Hub, 90 * DAY, 0);
    let mut say = |software: &str, versions: &[&str]| {
        let greeting = other.greeting.as_mut().unwrap().as_mut().unwrap();
        greeting.software = software.to_owned();
        greeting.versions = versions.iter().map(|v| (*v).to_owned()).collect();
        of(&both(|w| hub::way(w, &other, NOW)), "version").level
    };
    assert_eq!(say("calluna-hub 7.0.0", &["v2", "v1"]), Level::Note);
    assert_eq!(say("calluna-hub 7.0.0", &["v2"]), Level::Failure);
    other.greeting = Some(Err("unimplemented".to_owned()));
    let found = both(|w| hub::way(w, &other, NOW));
    assert_eq!(of(&found, "hub-greets").level, Level::Warning);
}

#[test]
fn nights_that_stay_away_are_noticed() {
    let at = |facts: &NightFacts| both(|w| night::findings(w, facts, NOW));
    let level = |facts: NightFacts| of(&at(&facts), "night").level;
    let running = NightFacts {
        running: true,
        ..NightFacts::default()
    };
    assert_eq!(level(running.clone()), Level::Note, "never: unknown");
    let asked = |ago: i64| NightFacts {
        asked_at: Some(NOW.plus(-ago)),
        ..running.clone()
    };
    assert_eq!(level(asked(36 * 3_600)), Level::Ok);
    assert_eq!(level(asked(36 * 3_600 + 1)), Level::Warning);
    assert_eq!(level(asked(7 * DAY)), Level::Warning);
    assert_eq!(level(asked(7 * DAY + 1)), Level::Failure);
    let receipt = |ago: i64, outcome| Some((NOW.plus(-ago), outcome));
    // A daemon that was restarted does not know of nights without changes.
    let restarted = NightFacts {
        receipt: receipt(30 * DAY, Outcome::Ok),
        ..running.clone()
    };
    assert_eq!(level(restarted.clone()), Level::Warning);
    let stopped = NightFacts {
        running: false,
        ..restarted
    };
    assert_eq!(level(stopped.clone()), Level::Failure);
    assert_eq!(of(&at(&stopped), "daemon").level, Level::Warning);
    let held = NightFacts {
        receipt: receipt(60, Outcome::Held),
        ..running
    };
    assert_eq!(of(&at(&held), "receipt").level, Level::Warning);
    assert_eq!(level(held), Level::Ok);
}

#[test]
fn a_lost_link_says_why_and_a_proxy_is_mentioned() {
    let mut link = LinkInfo {
        last_error: "refused by somebody".to_owned(),
        attempts: 4,
        ..LinkInfo::default()
    };
    let at = |link: &LinkInfo| {
        let facts = NightFacts {
            running: true,
            link: Some(link.clone()),
            ..NightFacts::default()
        };
        of(&both(|w| night::findings(w, &facts, NOW)), "link").clone()
    };
    let lost = at(&link);
    assert!(
        lost.level == Level::Warning && lost.what.contains("refused by somebody"),
        "{lost:?}"
    );
    link.connected_since = Some(NOW);
    assert_eq!(at(&link).level, Level::Ok);
    let found = both(|w| hub::proxies(w, &["https_proxy"]).into_iter().collect());
    assert!(found[0].what.contains("https_proxy") && found[0].level == Level::Note);
    assert!(hub::proxies(EN, &[]).is_none());
}

// === real directories ===

struct Place {
    dir: TempDir,
    config: Config,
    environment: BTreeMap<String, String>,
}

impl Place {
    fn of(authority: &Authority, hub: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let config = Config::new(hub, "vhs".parse().unwrap());
        member(&dir.path().join("n"), authority, &config);
        let environment = BTreeMap::new();
        Self {
            dir,
            config,
            environment,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("n").join(name)
    }

    async fn check(&self, now: Moment, offline: bool) -> Report {
        let checker = Checker {
            dir: self.dir.path().join("n"),
            environment: &self.environment,
            clock: Arc::new(HandClock::at(now)),
            entropy: Arc::new(mint::entropy()),
            words: EN,
            offline,
        };
        checker.run().await
    }
}

fn all(report: &Report) -> Vec<Finding> {
    report.findings().cloned().collect()
}

#[tokio::test]
async fn a_whole_node_without_a_network_has_no_failure() {
    let place = Place::of(&mint::district(), "127.0.0.1:1");
    let report = place.check(NOW, true).await;
    assert_eq!(report.failures, 0, "{report:#?}");
    let found = all(&report);
    for id in [
        "settings",
        "file-modes",
        "certificate",
        "certificate-key",
        "store-opens",
        "store-state",
    ] {
        assert_eq!(of(&found, id).level, Level::Ok, "{report:#?}");
    }
    assert!(found.iter().all(|finding| finding.id != "port"));
}

#[tokio::test]
async fn open_modes_are_told_with_the_command_and_the_rest_is_looked_at_all_the_same() {
    let place = Place::of(&mint::district(), "127.0.0.1:1");
    fs::set_permissions(place.path(""), Permissions::from_mode(0o750)).unwrap();
    fs::set_permissions(place.path("node.key"), Permissions::from_mode(0o644)).unwrap();
    let report = place.check(NOW, true).await;
    let found = all(&report);
    let ways: Vec<&str> = found
        .iter()
        .filter(|finding| finding.id == "file-modes")
        .map(|finding| finding.way_out.as_str())
        .collect();
    assert!(
        ways[0].contains("chmod 700") && ways[1].contains("chmod 600"),
        "{ways:?}"
    );
    assert_eq!(of(&found, "settings").level, Level::Failure);
    assert_eq!(of(&found, "certificate").level, Level::Ok);
}

#[tokio::test]
async fn a_wrong_clock_an_unknown_key_and_a_strange_key_are_told() {
    let district = mint::district();
    let place = Place::of(&district, "127.0.0.1:1");
    let early = place.check(NOW.plus(-20 * 365 * DAY), true).await;
    assert!(
        of(&all(&early), "certificate").what.contains("clock"),
        "{early:#?}"
    );
    let late = place.check(NOW.plus(20 * 365 * DAY), true).await;
    assert!(
        of(&all(&late), "certificate").what.contains("expired on"),
        "{late:#?}"
    );
    let other = mint::leaf(&district, &mint::provider("vhs"));
    fs::write(place.path("node.key"), other.key_pem).unwrap();
    let report = place.check(NOW, true).await;
    assert!(
        of(&all(&report), "certificate-key")
            .what
            .contains("not a pair"),
        "{report:#?}"
    );
    fs::write(place.path("node.toml"), "hubb = \"x\"").unwrap();
    let report = place.check(NOW, true).await;
    assert!(
        of(&all(&report), "settings").way_out.contains("hubb"),
        "{report:#?}"
    );
    let none = Checker {
        dir: "/nowhere".into(),
        environment: &place.environment,
        clock: Arc::new(mint::clock()),
        entropy: Arc::new(mint::entropy()),
        words: EN,
        offline: true,
    };
    assert_eq!(none.run().await.failures, 1);
}

#[tokio::test]
async fn a_filter_and_a_closed_port_are_found_from_a_real_directory() {
    let district = mint::district();
    let filter = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = filter.local_addr().unwrap().to_string();
    let config = enrol_server(&mint::hub(&mint::district())).unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = filter.accept().await {
            let _refused = TlsAcceptor::from(Arc::clone(&config)).accept(stream).await;
        }
    });
    let mut place = Place::of(&district, &address);
    place
        .environment
        .insert("https_proxy".to_owned(), "http://proxy:8080".to_owned());
    let report = place.check(NOW, false).await;
    serving.abort();
    let found = all(&report);
    let tls = of(&found, "tls");
    assert!(
        tls.level == Level::Failure && tls.what.contains("a filter opens"),
        "{tls:?}"
    );
    assert!(tls.way_out.contains(&address), "{tls:?}");
    assert_eq!(of(&found, "proxy-environment").level, Level::Note);
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = Place::of(&district, &free.local_addr().unwrap().to_string());
    drop(free);
    let report = closed.check(NOW, false).await;
    assert_eq!(of(&all(&report), "port").level, Level::Failure);
    let mut listens = place.config.clone();
    listens.listen.address = "0.0.0.0:7444".to_owned();
    let mild = mild(&listens, all(&report));
    assert_eq!(of(&mild, "port").level, Level::Warning, "the hub dials it");
}

#[test]
fn a_hub_that_refuses_this_node_is_a_failure_and_a_renewal_that_failed_a_warning() {
    let words = EN;
    let mut info = RenewalInfo::default();
    assert!(here::renewal(words, &info).is_none());
    info.failures = 1;
    info.last_error = "the hub cannot be reached".to_owned();
    let finding = here::renewal(words, &info).unwrap();
    assert_eq!(finding.level, Level::Warning);
    assert!(finding.what.contains("cannot be reached"), "{finding:?}");
    info.refused = true;
    let finding = here::renewal(words, &info).unwrap();
    assert_eq!(finding.level, Level::Failure);
    assert!(finding.way_out.contains("new invitation"), "{finding:?}");
}
