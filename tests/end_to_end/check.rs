//! `check` with the real programs: all is well, somebody opens the encryption, nobody is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node};
use calluna_tests::process::{Ended, poll, repository, run};
use calluna_tests::sample::{jsonl, offer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a school's firewall calls itself.
const FILTER: &str = "Schulfilter SSL CA";

/// A filter that opens TLS: it shows whoever dials a certificate of its own authority, made for the
/// name that was asked for. It ends when it is dropped.
struct Filter {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Filter {
    /// `protocol`: whether it passes on the name of the protocol, as good ones do.
    fn before(hub: SocketAddr, protocol: bool) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(disguise(protocol)));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut near = acceptor.accept(stream).await?;
                    let mut far = TcpStream::connect(hub).await?;
                    copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Self {
            address,
            _runtime: runtime,
        }
    }
}

fn disguise(protocol: bool) -> ServerConfig {
    let mut above = CertificateParams::default();
    above.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    above.distinguished_name.push(DnType::CommonName, FILTER);
    let authority = CertifiedIssuer::self_signed(above, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = ["hub.calluna.internal".to_owned()];
    let leaf = CertificateParams::new(names)
        .unwrap()
        .signed_by(&key, &authority)
        .unwrap();
    let chain = vec![leaf.der().clone(), authority.der().clone()];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let mut config = config
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    if protocol {
        config.alpn_protocols = vec![b"calluna-enrol/1".to_vec(), b"calluna-rev/1".to_vec()];
    }
    config
}

/// The findings of `--format json`: id and level, the worst where one id comes twice.
fn levels(ended: &Ended) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for finding in findings(ended) {
        let text = |key: &str| finding[key].as_str().unwrap().to_owned();
        let known = all.entry(text("id")).or_insert_with(String::new);
        if *known != "failure" {
            *known = text("level");
        }
    }
    all
}

fn findings(ended: &Ended) -> Vec<Value> {
    let report = ended.json();
    let sections = report["sections"].as_array().unwrap();
    let all = sections
        .iter()
        .map(|section| section["findings"].as_array().unwrap().clone());
    all.collect::<Vec<_>>().concat()
}

/// What one finding says, with its way out.
fn said(ended: &Ended, id: &str) -> String {
    let all = findings(ended);
    let found = all.iter().find(|finding| finding["id"] == id);
    assert!(found.is_some(), "no {id} in {ended:#?}");
    let found = found.unwrap();
    format!("{} {}", found["what"], found["way_out"])
}

fn check(node: &Node, hub: Option<SocketAddr>, more: &[&str]) -> Ended {
    let mut command = node.command(&[&["check"], more].concat());
    command.env("LC_ALL", "de_DE.UTF-8");
    if let Some(hub) = hub {
        command.env("CALLUNA_HUB", hub.to_string());
    }
    run(&mut command)
}

#[test]
fn a_healthy_district_has_exit_code_0_on_both_sides_and_json_says_the_same_as_text() {
    let district = District::new();
    let node = district.member("vhs-a");
    let list = jsonl(&district.path("kurse.jsonl"), [offer(1, "neu")]);
    let _imported = node.import(&list, &[]).ok();
    let _taken = district.night().expect("vhs-a", Outcome::Ok);
    let ours = check(&node, None, &["--format", "json"]).ok();
    let found = levels(&ours);
    for id in [
        "settings",
        "file-modes",
        "certificate",
        "certificate-key",
        "store-opens",
        "store-state",
        "port",
        "tls",
        "hub-certificate",
        "clock-skew",
        "version",
        "daemon",
        "link",
        "night",
        "receipt",
    ] {
        assert_eq!(
            found.get(id).map(String::as_str),
            Some("ok"),
            "{id}: {ours:#?}"
        );
    }
    let theirs = district.hub(&["check", "--format", "json"]).ok();
    let found = levels(&theirs);
    for id in [
        "settings",
        "file-modes",
        "authority-certificate",
        "hub-certificate",
        "certificate-key",
        "member-certificate",
        "port",
        "tls",
        "store-opens",
        "store-state",
        "daemon",
        "night",
    ] {
        assert_eq!(
            found.get(id).map(String::as_str),
            Some("ok"),
            "{id}: {theirs:#?}"
        );
    }
    for (json, text) in [
        (ours, check(&node, None, &[]).ok()),
        (theirs, district.hub(&["check"]).ok()),
    ] {
        for finding in findings(&json) {
            let id = finding["id"].as_str().unwrap();
            // How long ago something was, and how much is free, changes from one call to the next.
            if ["disk", "clock-skew"].contains(&id) {
                continue;
            }
            let what = finding["what"].as_str().unwrap();
            // A day may end between the two calls.
            let shape = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
            let same = shape(&text.stdout).contains(&shape(what));
            assert!(same, "`{what}` is missing: {text:#?}");
        }
        assert!(
            !text.stdout.contains('✓'),
            "no signs where no terminal is: {text:#?}"
        );
    }
}

#[test]
fn a_filter_that_opens_the_encryption_is_named_by_node_and_hub() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    let before = district.status().providers.len();
    for protocol in [true, false] {
        let filter = Filter::before(district.proxy().address(), protocol);
        let seen = check(&node, Some(filter.address), &["--format", "json"]).expect(1);
        assert_eq!(levels(&seen)["tls"], "failure", "{seen:#?}");
        let told = said(&seen, "tls");
        assert!(
            told.contains("öffnet ein Filter die Verschlüsselung") && told.contains(FILTER),
            "{told}"
        );
        assert!(
            told.contains(&format!("Bitte {} davon ausnehmen", filter.address)),
            "{told}"
        );
        let text = check(&node, Some(filter.address), &[]).expect(1);
        assert!(
            text.stdout.contains(FILTER) && text.stdout.contains("Fehler:"),
            "{text:#?}"
        );
    }
    // The same before the hub: its own public address leads to somebody who ends the TLS.
    let filter = Filter::before(district.proxy().address(), true);
    district.set("CALLUNA_ADDRESS", &filter.address.to_string());
    let seen = district.hub(&["check", "--format", "json"]).expect(1);
    let told = said(&seen, "tls");
    assert!(
        told.contains("TLS passthrough") && told.contains(FILTER),
        "{told}"
    );
    // Nobody's connection was disturbed: a look is no second node.
    assert_eq!(district.status().providers.len(), before);
    assert!(
        district
            .status()
            .providers
            .iter()
            .all(|of| of.alarms.is_empty() && of.connected == Some(true))
    );
}

#[test]
fn a_stopped_hub_is_told_on_both_sides_and_offline_does_not_ask_for_it() {
    let mut district = District::new();
    let node = district.joined("vhs-a");
    let _ended = district.stop_hub();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = free.local_addr().unwrap();
    drop(free);
    let seen = check(&node, Some(closed), &["--format", "json"]).expect(1);
    assert!(said(&seen, "port").contains("lauscht niemand"), "{seen:#?}");
    assert_eq!(levels(&seen)["daemon"], "warning", "{seen:#?}");
    // Who takes the connection and ends it at once, as a router does whose target is gone.
    let cut = check(&node, None, &["--format", "json"]).expect(1);
    assert_eq!(levels(&cut)["tls"], "failure", "{cut:#?}");
    district.set("CALLUNA_ADDRESS", &closed.to_string());
    let seen = district.hub(&["check", "--format", "json"]).expect(1);
    assert!(
        said(&seen, "port").contains("daemon does not run"),
        "{seen:#?}"
    );
    assert_eq!(levels(&seen)["daemon"], "failure", "{seen:#?}");
    let _alone = check(&node, Some(closed), &["--offline"]).ok();
    let _alone = district.hub(&["check", "--offline"]).ok();
}

#[test]
fn open_keys_and_an_unknown_setting_are_told_while_both_daemons_run() {
    let district = District::new();
    let node = district.member("vhs-a");
    for (dir, key) in [
        (node.dir.clone(), "node.key"),
        (district.hub_dir(), "hub.key"),
    ] {
        fs::set_permissions(dir.join(key), Permissions::from_mode(0o644)).unwrap();
    }
    let seen = check(&node, None, &["--format", "json"]).expect(1);
    assert!(said(&seen, "file-modes").contains("chmod 600"), "{seen:#?}");
    let seen = district.hub(&["check", "--format", "json"]).expect(1);
    assert!(said(&seen, "file-modes").contains("chmod 600"), "{seen:#?}");
    // An open directory is told, and the daemon is asked all the same.
    fs::set_permissions(&node.dir, Permissions::from_mode(0o750)).unwrap();
    let seen = check(&node, None, &["--format", "json"]).expect(1);
    assert!(said(&seen, "settings").contains("chmod 700"), "{seen:#?}");
    let found = levels(&seen);
    assert_eq!(
        (found["daemon"].as_str(), found["store-opens"].as_str()),
        ("ok", "ok")
    );
    fs::set_permissions(&node.dir, Permissions::from_mode(0o700)).unwrap();
    let settings = node.dir.join("node.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("\nhub = ", "\nhubb = ")).unwrap();
    let seen = check(&node, None, &["--format", "json"]).expect(1);
    assert!(said(&seen, "settings").contains("hubb"), "{seen:#?}");
}

#[test]
fn a_link_that_was_cut_shows_in_the_nodes_check() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    poll("the connection", || {
        district.status().providers[0].connected.filter(|on| *on)
    });
    district.kill_hub();
    poll("the loss", || {
        let seen = check(&node, None, &["--format", "json"]).expect(1);
        (levels(&seen)["link"] == "warning").then_some(())
    });
}

#[test]
fn every_finding_stands_in_both_readmes() {
    let text = |name: &str| fs::read_to_string(repository().join(name)).unwrap();
    let readmes = [text("README.md"), text("README.de.md")];
    let mut ids = BTreeSet::new();
    for side in ["node/src/check", "hub/src/check"] {
        let parts = fs::read_dir(repository().join(side)).unwrap();
        let parts = parts.map(|part| part.unwrap().path());
        let parts = parts.chain([repository().join(format!("{side}.rs"))]);
        for part in parts.filter(|part| !part.ends_with("tests.rs")) {
            let code = fs::read_to_string(part).unwrap();
            for made in code.split("Finding::").skip(1) {
                let first = made.split_once('(').map(|(_, rest)| rest.trim_start());
                let id = first.and_then(|rest| rest.strip_prefix('"')?.split('"').next());
                ids.extend(id.map(str::to_owned));
            }
        }
    }
    assert!(ids.len() > 25, "{ids:?}");
    for id in ids {
        for readme in &readmes {
            assert!(readme.contains(&format!("`{id}`")), "{id} is not explained");
        }
    }
}
