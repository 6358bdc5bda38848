//! Real handshakes over buffers: who gets in, who does not, and what is said about it.

use std::io::Cursor;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

use super::*;
use crate::authority::Authority;
use crate::fingerprint::Fingerprint;
use crate::mint;

mod authorities;
mod harness;
mod revocation;

use harness::*;

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
