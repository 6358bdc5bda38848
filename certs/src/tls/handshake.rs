//! Real handshakes over buffers: who gets in, who does not, and what is said about it.

use std::io::{Cursor, Read, Write};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};

use super::*;
use crate::authority::Authority;
use crate::fingerprint::Fingerprint;
use crate::mint;

mod authorities;
mod revocation;

/// What two sides came to.
#[derive(Debug)]
struct Talk {
    client: ClientConnection,
    server: ServerConnection,
    /// Every byte the client sent, as a fake server could record it.
    sent: Vec<u8>,
}

#[derive(Debug)]
enum Refused {
    /// The client broke off.
    ByClient(Error),
    /// The server broke off; what it says, and what the client then hears.
    ByServer(Error, Option<Error>),
}

fn shake(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    to: &Peer,
) -> Result<Talk, Box<Refused>> {
    let name = server_name(to).unwrap();
    let mut talk = Talk {
        client: ClientConnection::new(Arc::clone(client), name).unwrap(),
        server: ServerConnection::new(Arc::clone(server)).unwrap(),
        sent: Vec::new(),
    };
    // A client writes as soon as it may; what it writes first is what it must not lose.
    talk.client.writer().write_all(SECRET).unwrap();
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while talk.client.wants_write() {
            talk.client.write_tls(&mut bytes).unwrap();
        }
        talk.sent.extend_from_slice(&bytes);
        feed(&mut bytes.as_slice(), |from| talk.server.read_tls(from));
        let refused = talk.server.process_new_packets().err();
        let mut answer = Vec::new();
        while talk.server.wants_write() {
            talk.server.write_tls(&mut answer).unwrap();
        }
        feed(&mut answer.as_slice(), |from| talk.client.read_tls(from));
        let heard = talk.client.process_new_packets().err();
        match (refused, heard) {
            (Some(refused), heard) => return Err(Box::new(Refused::ByServer(refused, heard))),
            (None, Some(error)) => {
                assert_no_secret(talk);
                return Err(Box::new(Refused::ByClient(error)));
            }
            (None, None) => {}
        }
    }
    assert!(!talk.client.is_handshaking() && !talk.server.is_handshaking());
    Ok(talk)
}

/// Neither in the open, nor in what a fake server, who has the keys, can decrypt to the end.
fn assert_no_secret(mut talk: Talk) {
    let mut last = Vec::new();
    while talk.client.wants_write() {
        talk.client.write_tls(&mut last).unwrap();
    }
    talk.sent.extend_from_slice(&last);
    feed(&mut last.as_slice(), |from| talk.server.read_tls(from));
    assert!(matches!(
        talk.server.process_new_packets(),
        Err(Error::AlertReceived(_))
    ));
    assert_eq!(received(&mut talk.server), "");
    assert!(
        !talk
            .sent
            .windows(SECRET.len())
            .any(|window| window == SECRET)
    );
}

const SECRET: &[u8] = b"the SECRET of the token";

fn feed(from: &mut &[u8], mut read: impl FnMut(&mut dyn Read) -> std::io::Result<usize>) {
    while !from.is_empty() {
        read(from).unwrap();
    }
}

fn received(server: &mut ServerConnection) -> String {
    let mut out = vec![0; 100];
    let length = server.reader().read(&mut out).unwrap_or(0);
    String::from_utf8_lossy(&out[..length]).into_owned()
}

fn accepts(identity: &Identity) -> Arc<ServerConfig> {
    mutual_server(identity, &[ALPN_GRPC, ALPN_REVERSE]).unwrap()
}

fn dials(identity: &Identity) -> Arc<ClientConfig> {
    mutual_client(identity, ALPN_REVERSE).unwrap()
}

fn refused_by_client(result: Result<Talk, Box<Refused>>) -> String {
    match *result.expect_err("the client refuses") {
        Refused::ByClient(error) => explain(&error),
        other => panic!("expected the client to refuse, got {other:?}"),
    }
}

/// What the server says, and what the client hears.
fn refused_by_server(result: Result<Talk, Box<Refused>>) -> (String, String) {
    match *result.expect_err("the server refuses") {
        Refused::ByServer(error, heard) => (
            explain(&error),
            heard.as_ref().map(explain).unwrap_or_default(),
        ),
        other => panic!("expected the server to refuse, got {other:?}"),
    }
}

fn assert_says(text: &str, words: &str) {
    assert!(text.contains(words), "`{words}` is not in: {text}");
}

struct District {
    authority: Authority,
    hub: Identity,
    node: Identity,
}

fn district() -> District {
    let authority = mint::district();
    let (hub, node) = (mint::hub(&authority), mint::node(&authority, "vhs"));
    District {
        authority,
        hub,
        node,
    }
}

#[test]
fn members_meet_and_know_each_other() {
    let District { hub, node, .. } = district();
    for protocol in [ALPN_GRPC, ALPN_REVERSE] {
        let client = mutual_client(&node, protocol).unwrap();
        let mut talk = shake(&client, &accepts(&hub), &Peer::Hub).unwrap();
        assert_eq!(
            peer_from_chain(talk.server.peer_certificates()),
            Ok(mint::provider("vhs"))
        );
        assert_eq!(
            peer_from_chain(talk.client.peer_certificates()),
            Ok(Peer::Hub)
        );
        assert_eq!(talk.server.alpn_protocol(), Some(protocol));
        assert_eq!(
            talk.server.protocol_version(),
            Some(rustls::ProtocolVersion::TLSv1_3)
        );
        assert_eq!(received(&mut talk.server).as_bytes(), SECRET);
    }
    let back = shake(&dials(&hub), &accepts(&node), &mint::provider("vhs")).unwrap();
    assert_eq!(
        peer_from_chain(back.server.peer_certificates()),
        Ok(Peer::Hub)
    );
}

#[test]
fn inv2_a_node_s_certificate_is_not_accepted_as_the_hub_s() {
    let District {
        authority, node, ..
    } = district();
    let other = mint::node(&authority, "school");
    let text = refused_by_client(shake(&dials(&node), &accepts(&other), &Peer::Hub));
    assert_says(&text, "`hub.calluna.internal` was expected to answer");
    assert_says(&text, "school.provider.calluna.internal");
    // A provider that calls itself hub is a provider still.
    let named = mint::node(&authority, "hub");
    refused_by_client(shake(&dials(&node), &accepts(&named), &Peer::Hub));
    let talk = shake(&dials(&named), &accepts(&node), &mint::provider("vhs")).unwrap();
    assert_eq!(
        peer_from_chain(talk.server.peer_certificates()),
        Ok(mint::provider("hub"))
    );
}

#[test]
fn inv2_the_hub_s_certificate_and_another_node_s_are_not_accepted_as_a_node_s() {
    let District { authority, hub, .. } = district();
    let wanted = mint::provider("vhs");
    refused_by_client(shake(&dials(&hub), &accepts(&hub), &wanted));
    let other = mint::node(&authority, "school");
    refused_by_client(shake(&dials(&hub), &accepts(&other), &wanted));
}

#[test]
fn inv2_another_authority_with_the_same_names_is_refused_on_both_sides() {
    let District {
        authority,
        hub,
        node,
    } = district();
    let rogue = mint::district();
    let caller = mint::foreign(&rogue, &mint::provider("vhs"), &authority);
    let (said, heard) = refused_by_server(shake(&dials(&caller), &accepts(&hub), &Peer::Hub));
    assert_says(&said, "not from this district's authority");
    assert_says(&heard, "the other side does not");
    let fake = mint::foreign(&rogue, &Peer::Hub, &authority);
    let text = refused_by_client(shake(&dials(&node), &accepts(&fake), &Peer::Hub));
    assert_says(&text, "TLS-inspecting proxy");
}

#[test]
fn inv2_nobody_gets_in_without_a_certificate() {
    let District { authority, hub, .. } = district();
    let clock = Arc::new(mint::clock());
    let client = pinned_client_at(authority.fingerprint(), clock).unwrap();
    let mut client = ClientConfig::clone(&client);
    client.alpn_protocols = vec![ALPN_GRPC.to_vec()];
    let result = shake(&Arc::new(client), &accepts(&hub), &Peer::Hub);
    let (said, heard) = refused_by_server(result);
    assert_says(&said, "presented no certificate");
    assert_says(&heard, "calluna-node join");
}

#[test]
fn inv2_expired_and_future_certificates_are_refused_on_both_sides() {
    let District {
        authority,
        hub,
        node,
    } = district();
    let vhs = mint::provider("vhs");
    let caller = mint::expired(&authority, &vhs);
    let (said, heard) = refused_by_server(shake(&dials(&caller), &accepts(&hub), &Peer::Hub));
    assert_says(
        &said,
        "expired on 2025-12-31T00:00:00Z, and it is 2026-01-01T00:00:00Z here",
    );
    assert_says(&heard, "our certificate is expired");
    let server = mint::expired(&authority, &Peer::Hub);
    let text = refused_by_client(shake(&dials(&node), &accepts(&server), &Peer::Hub));
    assert_says(&text, "ask the district office");
    let caller = mint::not_yet_valid(&authority, &vhs);
    let (said, _) = refused_by_server(shake(&dials(&caller), &accepts(&hub), &Peer::Hub));
    assert_says(&said, "not valid before 2026-01-01T23:55:00Z");
    let server = mint::not_yet_valid(&authority, &Peer::Hub);
    let text = refused_by_client(shake(&dials(&node), &accepts(&server), &Peer::Hub));
    assert_says(&text, "clock");
}

#[test]
fn the_hand_clock_decides_what_has_expired() {
    let District { hub, node, .. } = district();
    let clock = mint::clock();
    let hub = hub.timed_by(Arc::new(clock.clone()));
    assert!(shake(&dials(&node), &accepts(&hub), &Peer::Hub).is_ok());
    clock.forward(node.not_after().since(mint::NOW) + 1);
    refused_by_server(shake(&dials(&node), &accepts(&hub), &Peer::Hub));
}

/// A certificate that `issue` would never make, signed by the district's authority all the same.
fn crafted(
    authority: &Authority,
    change: impl FnOnce(&mut CertificateParams),
) -> Arc<ClientConfig> {
    let ca_key = KeyPair::from_pem(&authority.key_pem()).unwrap();
    let issuer = Issuer::from_ca_cert_der(authority.root_der(), ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.subject_alt_names = vec![uri("calluna://provider/vhs")];
    params
        .distinguished_name
        .push(DnType::CommonName, "calluna://provider/vhs");
    change(&mut params);
    let chain = vec![params.signed_by(&key, &issuer).unwrap().der().clone()];
    presents(chain, key, &mint::node(authority, "vhs"))
}

/// A client that trusts as `like` does and presents exactly this.
fn presents(
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    like: &Identity,
) -> Arc<ClientConfig> {
    let key = rustls_pki_types::PrivateKeyDer::from(key);
    let certified = rustls::sign::CertifiedKey::from_der(chain, key, &provider()).unwrap();
    let mut config = ClientConfig::clone(&dials(like));
    config.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(certified));
    Arc::new(config)
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

#[test]
fn inv2_a_certificate_for_another_purpose_is_no_member() {
    let District { authority, hub, .. } = district();
    let knock = |client| shake(&client, &accepts(&hub), &Peer::Hub);
    assert!(knock(crafted(&authority, |_| {})).is_ok());
    refused_by_server(knock(crafted(&authority, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    })));
    refused_by_server(knock(crafted(&authority, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    })));
}

#[test]
fn inv2_a_member_without_one_clear_name_is_nobody() {
    let District { authority, hub, .. } = district();
    let who = |client| {
        let talk = shake(&client, &accepts(&hub), &Peer::Hub).unwrap();
        peer_from_chain(talk.server.peer_certificates())
    };
    let cn_only = crafted(&authority, |params| params.subject_alt_names.clear());
    assert_eq!(who(cn_only), Err(PeerError::NoUri));
    let two = crafted(&authority, |params| {
        params.subject_alt_names.push(uri("calluna://hub"))
    });
    assert_eq!(who(two), Err(PeerError::SeveralUris { count: 2 }));
    assert_eq!(peer_from_chain(None), Err(PeerError::NoCertificate));
}

#[test]
fn inv2_no_session_is_ever_resumed() {
    let District { hub, node, .. } = district();
    let (client, server) = (dials(&node), accepts(&hub));
    for _ in 0..2 {
        let talk = shake(&client, &server, &Peer::Hub).unwrap();
        assert_eq!(
            talk.server.handshake_kind(),
            Some(rustls::HandshakeKind::Full)
        );
    }
    // Even a client that would like to finds no ticket to come back with.
    let mut eager = ClientConfig::clone(&client);
    eager.resumption = rustls::client::Resumption::in_memory_sessions(8);
    let eager = Arc::new(eager);
    for _ in 0..2 {
        let talk = shake(&eager, &server, &Peer::Hub).unwrap();
        assert_eq!(
            talk.server.handshake_kind(),
            Some(rustls::HandshakeKind::Full)
        );
    }
    assert!(!server.session_storage.can_cache());
    assert_eq!(
        (server.send_tls13_tickets, server.max_early_data_size),
        (0, 0)
    );
}

#[test]
fn a_protocol_that_is_not_ours_is_refused() {
    let District { hub, node, .. } = district();
    let client = mutual_client(&node, b"http/1.1").unwrap();
    let (said, heard) = refused_by_server(shake(&client, &accepts(&hub), &Peer::Hub));
    assert_says(&said, "none of Calluna's protocols");
    assert_eq!(said, heard);
}

#[test]
fn a_joining_node_finds_the_hub_by_its_pin() {
    let District { authority, hub, .. } = district();
    let client = pinned_client_at(authority.fingerprint(), Arc::new(mint::clock())).unwrap();
    let mut talk = shake(&client, &enrol_server(&hub).unwrap(), &Peer::Hub).unwrap();
    assert_eq!(talk.server.alpn_protocol(), Some(ALPN_ENROL));
    let chain = talk.client.peer_certificates().unwrap();
    assert_eq!(
        pinned_root(chain, authority.fingerprint()),
        Some(authority.root_der())
    );
    assert_eq!(
        pinned_root(chain, Fingerprint::of(&chain[0])),
        None,
        "a leaf is no root"
    );
    assert_eq!(received(&mut talk.server).as_bytes(), SECRET);
    assert!(talk.server.peer_certificates().is_none());
}

#[test]
fn a_wrong_pin_is_refused_and_no_byte_of_the_secret_leaves() {
    let District { authority, .. } = district();
    let rogue = mint::district();
    let fake = enrol_server(&mint::hub(&rogue)).unwrap();
    let client = pinned_client_at(authority.fingerprint(), Arc::new(mint::clock())).unwrap();
    // `shake` looks at all that the fake hub can decrypt.
    let text = refused_by_client(shake(&client, &fake, &Peer::Hub));
    assert_says(&text, "not the hub that the token was made by");
    assert_says(&text, &authority.fingerprint().to_string());
    assert_says(&text, "the secret was not sent");
}

#[test]
fn showing_the_pinned_authority_is_not_enough() {
    let District {
        authority, node, ..
    } = district();
    let clock = || Arc::new(mint::clock());
    let client = pinned_client_at(authority.fingerprint(), clock()).unwrap();
    // A member, with the right chain, is not the hub.
    refused_by_client(shake(&client, &enrol_server(&node).unwrap(), &Peer::Hub));
    // A stranger shows the true authority behind a leaf of its own.
    let rogue = mint::leaf(&mint::district(), &Peer::Hub);
    let chain = format!("{}{}", rogue.certificate_pem, authority.root_pem());
    let fake = Identity::from_pem(&chain, &rogue.key_pem, &authority.root_pem()).unwrap();
    let text = refused_by_client(shake(&client, &enrol_server(&fake).unwrap(), &Peer::Hub));
    assert_says(&text, "not from this district's authority");
    // The hub's own certificate has run out.
    let old = enrol_server(&mint::expired(&authority, &Peer::Hub)).unwrap();
    assert_says(
        &refused_by_client(shake(&client, &old, &Peer::Hub)),
        "expired on",
    );
    // The pin is the leaf's: a leaf is no authority.
    let hub = mint::hub(&authority);
    let client = pinned_client_at(Fingerprint::of(hub.leaf()), clock()).unwrap();
    refused_by_client(shake(&client, &enrol_server(&hub).unwrap(), &Peer::Hub));
}

#[test]
fn the_first_message_tells_who_wants_to_enrol() {
    let District {
        authority, node, ..
    } = district();
    let pinned = pinned_client(authority.fingerprint()).unwrap();
    for (client, wants) in [(pinned, true), (dials(&node), false)] {
        let mut client = ClientConnection::new(client, server_name(&Peer::Hub).unwrap()).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        let mut acceptor = rustls::server::Acceptor::default();
        acceptor.read_tls(&mut hello.as_slice()).unwrap();
        let accepted = acceptor.accept().unwrap().unwrap();
        assert_eq!(wants_enrolment(&accepted.client_hello()), wants);
    }
}

#[test]
fn inv2_a_client_that_speaks_only_tls_1_2_is_refused() {
    let District { hub, .. } = district();
    for config in [accepts(&hub), enrol_server(&hub).unwrap()] {
        let mut server = ServerConnection::new(config).unwrap();
        server.read_tls(&mut Cursor::new(hello_tls12())).unwrap();
        let error = server.process_new_packets().unwrap_err();
        assert_says(&explain(&error), "does not speak TLS 1.3");
    }
}

#[test]
fn plain_text_on_the_tls_port_is_refused_in_words() {
    let District { hub, .. } = district();
    let mut server = ServerConnection::new(accepts(&hub)).unwrap();
    server
        .read_tls(&mut Cursor::new(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        .unwrap();
    let error = server.process_new_packets().unwrap_err();
    assert_says(&explain(&error), "does not speak TLS on this port");
}

/// A client hello as TLS 1.2 wrote it: no supported versions, ECDHE-ECDSA with AES-128-GCM.
fn hello_tls12() -> Vec<u8> {
    let extensions: &[u8] = &[
        0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, // groups: P-256
        0x00, 0x0b, 0x00, 0x02, 0x01, 0x00, // point formats: uncompressed
        0x00, 0x0d, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03, // signatures: ECDSA P-256 SHA-256
        0x00, 0x17, 0x00, 0x00, // extended master secret
    ];
    let mut body = vec![0x03, 0x03];
    body.extend([7; 32]);
    body.extend([0x00, 0x00, 0x02, 0xc0, 0x2b, 0x01, 0x00]);
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u8::try_from(body.len()).unwrap();
    let mut record = vec![0x16, 0x03, 0x01, 0x00, length + 4, 0x01, 0x00, 0x00, length];
    record.extend(body);
    record
}
