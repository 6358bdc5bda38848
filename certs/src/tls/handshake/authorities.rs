//! Intermediates, several roots, and whoever plays at being an authority.

use rcgen::KeyUsagePurpose;

use super::*;
use crate::bundle::TrustBundle;

/// A certificate signed by `issuer`, changed at will, and its key.
fn signed_by(
    issuer: &Issuer<'static, KeyPair>,
    change: impl FnOnce(&mut CertificateParams),
) -> (CertificateDer<'static>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    change(&mut params);
    (params.signed_by(&key, issuer).unwrap().der().clone(), key)
}

fn as_hub(params: &mut CertificateParams) {
    let dns = SanType::DnsName("hub.calluna.internal".try_into().unwrap());
    params.subject_alt_names = vec![uri("calluna://hub"), dns];
}

/// `chain` on the accepting side: what a hub with this certificate would be.
fn serves(
    chain: &[&CertificateDer<'static>],
    key: &KeyPair,
    trusted: &Authority,
) -> Arc<ServerConfig> {
    let text: String = chain.iter().map(|der| crate::x509::to_pem(der)).collect();
    let identity = Identity::from_pem(&text, &key.serialize_pem(), &trusted.root_pem()).unwrap();
    accepts(&identity.timed_by(Arc::new(mint::clock())))
}

/// Neither as a client nor as a server does anybody believe this chain.
fn nobody_believes(chain: &[&CertificateDer<'static>], key: &KeyPair, district: &District) {
    let District {
        authority,
        hub,
        node,
    } = district;
    let owned: Vec<_> = chain.iter().map(|der| (*der).clone()).collect();
    let copy = KeyPair::from_pem(&key.serialize_pem()).unwrap();
    let client = presents(owned.clone(), copy, node);
    refused_by_server(shake(&client, &accepts(hub), &Peer::Hub));
    refused_by_client(shake(
        &dials(node),
        &serves(chain, key, authority),
        &Peer::Hub,
    ));
    let bundle = TrustBundle::of(authority);
    assert!(
        bundle.issuer_of(&owned).is_err(),
        "nor is it one of ours once it has expired"
    );
}

#[test]
fn members_of_an_intermediate_and_of_its_root_meet() {
    let root = mint::district();
    let issuing = mint::issuing(&root);
    for (of_hub, of_node) in [(&issuing, &issuing), (&issuing, &root), (&root, &issuing)] {
        let (hub, node) = (mint::hub(of_hub), mint::node(of_node, "vhs"));
        let talk = shake(&dials(&node), &accepts(&hub), &Peer::Hub).unwrap();
        assert_eq!(
            peer_from_chain(talk.server.peer_certificates()),
            Ok(mint::provider("vhs"))
        );
        shake(&dials(&hub), &accepts(&node), &mint::provider("vhs")).unwrap();
    }
}

#[test]
fn a_joining_node_pins_the_root_above_an_intermediate() {
    let root = mint::district();
    let hub = mint::hub(&mint::issuing(&root));
    let client = pinned_client_at(root.fingerprint(), Arc::new(mint::clock())).unwrap();
    let talk = shake(&client, &enrol_server(&hub).unwrap(), &Peer::Hub).unwrap();
    let chain = talk.client.peer_certificates().unwrap();
    assert_eq!(chain.len(), 3);
    assert_eq!(
        pinned_root(chain, root.fingerprint()),
        Some(root.root_der())
    );
}

#[test]
fn while_the_authority_is_replaced_both_generations_meet() {
    let old = mint::district();
    let new = mint::successor(&old);
    let bundle = TrustBundle::of(&new).followed_by(&TrustBundle::of(&old));
    let identity = |authority: &Authority, peer: &Peer| {
        let leaf = mint::leaf(authority, peer);
        Identity::from_pem(&leaf.certificate_pem, &leaf.key_pem, &bundle.to_pem())
            .unwrap()
            .timed_by(Arc::new(mint::clock()))
    };
    let vhs = mint::provider("vhs");
    for (of_hub, of_node) in [(&old, &new), (&new, &old), (&new, &new)] {
        let (hub, node) = (identity(of_hub, &Peer::Hub), identity(of_node, &vhs));
        shake(&dials(&node), &accepts(&hub), &Peer::Hub).unwrap();
        shake(&dials(&hub), &accepts(&node), &vhs).unwrap();
    }
    // Once the old root is out, its members are strangers.
    let hub = mint::hub(&new);
    let late = identity(&old, &vhs);
    let (_, heard) = refused_by_server(shake(&dials(&late), &accepts(&hub), &Peer::Hub));
    assert_says(&heard, "its authority was replaced");
}

/// A node that was away while the authority was replaced, and a token from before: the voucher, shown beside
/// the new certificate, carries both over. It carries nobody else.
#[test]
fn a_voucher_beside_the_new_certificate_carries_over_who_knows_only_the_old_authority() {
    let old = mint::district();
    let root = mint::successor(&old);
    let bundle = TrustBundle::of(&root).followed_by(&TrustBundle::of(&old));
    for new in [&root, &mint::issuing(&root)] {
        let leaf = mint::leaf(new, &Peer::Hub);
        let hub_showing = |voucher: &str| {
            let shown = format!("{}{voucher}{}", leaf.certificate_pem, old.root_pem());
            let hub = Identity::from_pem(&shown, &leaf.key_pem, &bundle.to_pem()).unwrap();
            hub.timed_by(Arc::new(mint::clock()))
        };
        let voucher = old.vouch_for(new, &mint::clock(), &mint::entropy());
        let hub = hub_showing(&voucher.unwrap());
        let node = mint::node(&old, "vhs");
        shake(&dials(&node), &accepts(&hub), &Peer::Hub).unwrap();
        shake(&dials(&hub), &accepts(&node), &mint::provider("vhs")).unwrap();
        for pinned in [&old, new] {
            let client = pinned_client_at(pinned.fingerprint(), Arc::new(mint::clock())).unwrap();
            let talk = shake(&client, &enrol_server(&hub).unwrap(), &Peer::Hub).unwrap();
            let chain = talk.client.peer_certificates().unwrap();
            assert!(pinned_root(chain, pinned.fingerprint()).is_some());
        }
        let thief = mint::successor(&mint::district());
        let stranger = thief.vouch_for(new, &mint::clock(), &mint::entropy());
        for voucher in [String::new(), stranger.unwrap()] {
            let hub = hub_showing(&voucher);
            refused_by_client(shake(&dials(&node), &accepts(&hub), &Peer::Hub));
        }
    }
}

#[test]
fn inv2_a_member_s_certificate_issues_nothing() {
    let district = district();
    // The hub's own, which everybody believes, and a node's.
    for peer in [Peer::Hub, mint::provider("vhs")] {
        let leaf = mint::leaf(&district.authority, &peer);
        let own = crate::x509::certificates(&leaf.certificate_pem, "x").unwrap();
        let key = KeyPair::from_pem(&leaf.key_pem).unwrap();
        let issuer = Issuer::from_ca_cert_der(&own[0], key).unwrap();
        let (forged, key) = signed_by(&issuer, as_hub);
        let root = district.authority.root_der();
        nobody_believes(&[&forged, &own[0]], &key, &district);
        nobody_believes(&[&forged, &own[0], root], &key, &district);
    }
}

#[test]
fn inv2_an_intermediate_makes_no_further_authority() {
    let district = district();
    let root = &district.authority;
    let issuing = mint::issuing(root);
    let key = KeyPair::from_pem(&issuing.key_pem()).unwrap();
    let own = issuing.between()[0].clone();
    let issuer = Issuer::from_ca_cert_der(&own, key).unwrap();
    // One level is in order, so that what is refused below is the second.
    let (leaf, key) = signed_by(&issuer, as_hub);
    let server = serves(&[&leaf, &own], &key, root);
    shake(&dials(&district.node), &server, &Peer::Hub).unwrap();
    let (deep, deep_key) = signed_by(&issuer, |params| {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "one too many");
    });
    let deep_issuer = Issuer::from_ca_cert_der(&deep, deep_key).unwrap();
    let (forged, key) = signed_by(&deep_issuer, as_hub);
    nobody_believes(&[&forged, &deep, &own], &key, &district);
}

#[test]
fn inv2_another_authority_with_the_same_names_has_no_intermediate_here() {
    let district = district();
    let rogue = mint::issuing(&mint::district());
    let leaf = mint::leaf(&rogue, &Peer::Hub);
    let chain = crate::x509::certificates(&leaf.certificate_pem, "x").unwrap();
    let key = KeyPair::from_pem(&leaf.key_pem).unwrap();
    let chain: Vec<_> = chain
        .iter()
        .chain([district.authority.root_der()])
        .collect();
    nobody_believes(&chain, &key, &district);
}

#[test]
fn an_expired_node_comes_to_the_door_for_enrolment_and_shows_nothing() {
    let District { authority, hub, .. } = district();
    let node = mint::expired(&authority, &mint::provider("vhs"));
    let mut talk = shake(
        &grace_client(&node).unwrap(),
        &enrol_server(&hub).unwrap(),
        &Peer::Hub,
    )
    .unwrap();
    assert_eq!(talk.server.alpn_protocol(), Some(ALPN_ENROL));
    assert!(talk.server.peer_certificates().is_none());
    assert_eq!(received(&mut talk.server).as_bytes(), SECRET);
    // Another district's hub, and a member that plays the hub, learn nothing.
    for fake in [
        mint::hub(&mint::district()),
        mint::node(&authority, "school"),
    ] {
        let fake = enrol_server(&fake).unwrap();
        refused_by_client(shake(&grace_client(&node).unwrap(), &fake, &Peer::Hub));
    }
    // Where a certificate is asked for, none is shown.
    let client = grace_client(&node).unwrap();
    let mut client = ClientConfig::clone(&client);
    client.alpn_protocols = vec![ALPN_GRPC.to_vec()];
    let (said, _) = refused_by_server(shake(&Arc::new(client), &accepts(&hub), &Peer::Hub));
    assert_says(&said, "presented no certificate");
}

#[test]
fn a_revoked_hub_is_refused_at_the_door_for_enrolment_too() {
    use crate::revocation::{Reason, Revoked};
    let District {
        authority,
        hub,
        node,
    } = district();
    let void = Revoked {
        serial: crate::Facts::of(hub.leaf()).unwrap().serial,
        at: mint::NOW,
        reason: Reason::KeyCompromise,
    };
    let list = authority
        .revocation_list(&[void], 1, 7, &mint::clock())
        .unwrap();
    let node = node.with_revocations(&list.to_pem()).unwrap();
    let door = enrol_server(&hub).unwrap();
    refused_by_client(shake(&grace_client(&node).unwrap(), &door, &Peer::Hub));
}
