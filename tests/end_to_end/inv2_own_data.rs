//! Invariant 2: a provider writes only its own data, and a certificate opens one role's door only.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use calluna_certs::tls::{ALPN_REVERSE, Identity, mutual_server};
use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::evil::{Badge, Evil, Script};
use calluna_tests::process::poll;
use calluna_tests::sample::{jsonl, offer};
use tokio::io::AsyncReadExt;
use tokio_rustls::TlsAcceptor;

const IMPATIENT: &[(&str, &str)] = &[("CALLUNA_NIGHT_WAIT_SECONDS", "2")];

#[test]
fn inv2_the_certificate_says_whose_offers_they_are() {
    let district = District::with(IMPATIENT);
    let mut honest = district.member("vhs-a");
    let _imported = honest
        .import(
            &jsonl(&district.path("a.jsonl"), (0..5).map(|n| offer(n, "echt"))),
            &[],
        )
        .ok();
    let badge = Badge::join(&district.invite("vhs-b"));
    // The same ids as the other provider's, from somebody with a certificate of their own.
    let evil = Evil::start(
        badge,
        Script::honest((0..5).map(|n| offer(n, "untergeschoben"))),
    );
    let night = district.night();
    let _a = night.expect("vhs-a", Outcome::Ok);
    let _b = night.expect("vhs-b", Outcome::Ok);
    assert!(
        district
            .titles("vhs-a")
            .values()
            .all(|title| title.ends_with("echt"))
    );
    assert!(
        district
            .titles("vhs-b")
            .values()
            .all(|title| title.ends_with("untergeschoben"))
    );
    // With the other one away, nobody takes its place.
    let _quiet = honest.stop();
    evil.tell(Script::honest((0..5).map(|n| offer(n, "nochmal"))));
    let night = district.night();
    let _a = night.expect("vhs-a", Outcome::Unreachable);
    assert!(
        district
            .titles("vhs-a")
            .values()
            .all(|title| title.ends_with("echt"))
    );
}

#[test]
fn inv2_a_head_signed_for_another_provider_is_refused() {
    let district = District::with(IMPATIENT);
    let badge = Badge::join(&district.invite("vhs-b"));
    let script = Script::honest((0..5).map(|n| offer(n, "x")));
    let _evil = Evil::start(
        badge,
        Script {
            signs_for: Some("vhs-a".parse().unwrap()),
            ..script
        },
    );
    let night = district.night();
    let line = night.expect("vhs-b", Outcome::Refused);
    assert!(line.note.contains("signature"), "{line:?}");
    assert!(district.catalogue().is_empty());
}

#[test]
fn inv2_the_hub_lets_in_nodes_of_its_own_district_alone() {
    let district = District::new();
    let hub = district.proxy().address().to_string();
    let member = Badge::join(&district.invite("vhs-a"));
    assert!(
        member.is_let_in(),
        "the test itself must be able to succeed"
    );
    let read = |name: &str| fs::read_to_string(district.hub_dir().join(name)).unwrap();
    // The hub's own certificate is no node's.
    let hub_itself = Badge::stolen(&read("hub.crt"), &read("hub.key"), &read("ca.crt"), &hub);
    assert!(!hub_itself.is_let_in());
    district.heard("only nodes may dial the hub");
    // The same name, certified by another district.
    let other = District::new();
    let foreign = other.joined("vhs-a");
    let pem = |name: &str| fs::read_to_string(foreign.dir.join(name)).unwrap();
    let foreigner = Badge::stolen(&pem("node.crt"), &pem("node.key"), &read("ca.crt"), &hub);
    assert!(!foreigner.is_let_in());
}

#[test]
fn inv2_a_node_speaks_with_the_hub_and_nobody_else() {
    let district = District::new();
    let node_of_b = district.joined("vhs-b");
    let mut node = district.joined("vhs-a");
    // Somebody with a good certificate of the district, but a node's, sits at the hub's address.
    let pem = |name: &str| fs::read_to_string(node_of_b.dir.join(name)).unwrap();
    let bundle = fs::read_to_string(district.hub_dir().join("ca.crt")).unwrap();
    let identity = Identity::from_pem(&pem("node.crt"), &pem("node.key"), &bundle).unwrap();
    let (address, talk) = impostor(&identity);
    district.proxy().aim(address);
    node.serve();
    let heard = talk.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(heard.is_err(), "the node went on talking to an impostor");
    poll("the node's own account", || {
        let why = node.status()["link"]["last_error"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (!why.is_empty()).then_some(())
    });
    assert!(node.status()["link"]["connected_since"].is_null());
}

/// Accepts like the hub, and tells whether the caller went on after the handshake.
fn impostor(identity: &Identity) -> (SocketAddr, std::sync::mpsc::Receiver<io::Result<u8>>) {
    let acceptor = TlsAcceptor::from(mutual_server(identity, &[ALPN_REVERSE]).unwrap());
    let (tell, talk) = std::sync::mpsc::channel();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let heard = async { acceptor.accept(stream).await?.read_u8().await };
            let heard = tokio::time::timeout(Duration::from_secs(30), heard).await;
            // A caller that stays, and says nothing, has taken us for the hub as well.
            drop(tell.send(heard.unwrap_or(Ok(0))));
        });
    });
    (address, talk)
}

#[test]
fn inv2_node_toml_cannot_change_who_a_node_is() {
    let district = District::new();
    let node = district.joined("vhs-a");
    let file = node.dir.join("node.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"vhs-a\"", "\"vhs-b\"")).unwrap();
    node.run(&["serve"]).says(1, &["vhs-a", "vhs-b"]);
}
