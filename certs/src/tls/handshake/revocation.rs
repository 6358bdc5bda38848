//! Who is on a revocation list stays outside, on both sides.

use super::*;
use crate::bundle::TrustBundle;
use crate::facts::Facts;
use crate::revocation::{Reason, RevocationList, Revoked};

fn serial(identity: &Identity) -> String {
    Facts::of(identity.leaf()).unwrap().serial
}

fn list(authority: &Authority, void: &[&Identity], number: u64) -> RevocationList {
    let revoked: Vec<_> = void
        .iter()
        .map(|identity| Revoked {
            serial: serial(identity),
            at: mint::NOW,
            reason: Reason::KeyCompromise,
        })
        .collect();
    authority
        .revocation_list(&revoked, number, 7, &mint::clock())
        .unwrap()
}

fn knowing(identity: &Identity, lists: &[&RevocationList]) -> Identity {
    let text: String = lists.iter().map(|list| list.to_pem()).collect();
    identity.clone().with_revocations(&text).unwrap()
}

#[test]
fn inv2_a_revoked_certificate_is_refused_by_a_server_and_others_pass() {
    for authority in [mint::district(), mint::issuing(&mint::district())] {
        let (out, stays) = (
            mint::node(&authority, "vhs"),
            mint::node(&authority, "school"),
        );
        assert_ne!(serial(&out), serial(&stays));
        let hub = knowing(&mint::hub(&authority), &[&list(&authority, &[&out], 1)]);
        let (said, heard) = refused_by_server(shake(&dials(&out), &accepts(&hub), &Peer::Hub));
        assert_says(&said, "the certificate of the other side was revoked");
        assert_says(
            &heard,
            "our certificate was revoked; ask the district office",
        );
        shake(&dials(&stays), &accepts(&hub), &Peer::Hub).unwrap();
    }
}

#[test]
fn inv2_a_revoked_certificate_is_refused_by_a_client_and_others_pass() {
    for authority in [mint::district(), mint::issuing(&mint::district())] {
        let (hub, stays) = (mint::hub(&authority), mint::node(&authority, "school"));
        let node = knowing(
            &mint::node(&authority, "vhs"),
            &[&list(&authority, &[&hub], 1)],
        );
        let text = refused_by_client(shake(&dials(&node), &accepts(&hub), &Peer::Hub));
        assert_says(&text, "was revoked");
        shake(&dials(&node), &accepts(&stays), &mint::provider("school")).unwrap();
    }
}

#[test]
fn a_list_past_its_next_update_is_used_still() {
    let District {
        authority,
        hub,
        node,
    } = district();
    let stays = mint::node(&authority, "school");
    let clock = mint::clock();
    let hub = knowing(&hub, &[&list(&authority, &[&node], 1)]).timed_by(Arc::new(clock.clone()));
    clock.forward(20 * 86_400);
    assert!(clock.now() > hub.revocations()[0].next_update());
    refused_by_server(shake(&dials(&node), &accepts(&hub), &Peer::Hub));
    shake(&dials(&stays), &accepts(&hub), &Peer::Hub).unwrap();
}

#[test]
fn an_authority_without_a_list_lets_its_members_in_beside_one_that_has_one() {
    let old = mint::district();
    let new = mint::successor(&old);
    let bundle = TrustBundle::of(&new).followed_by(&TrustBundle::of(&old));
    let leaf = mint::leaf(&new, &Peer::Hub);
    let hub = Identity::from_pem(&leaf.certificate_pem, &leaf.key_pem, &bundle.to_pem())
        .unwrap()
        .timed_by(Arc::new(mint::clock()));
    let (of_old, of_new) = (
        mint::foreign(&old, &mint::provider("vhs"), &new),
        mint::node(&new, "school"),
    );
    // The list of the old authority does not stand in the way of the new one's members, nor the
    // other way round; serials are each authority's own.
    let hub = knowing(&hub, &[&list(&old, &[&of_old], 1)]);
    refused_by_server(shake(&dials(&of_old), &accepts(&hub), &Peer::Hub));
    shake(&dials(&of_new), &accepts(&hub), &Peer::Hub).unwrap();
    let other = mint::node(&old, "club");
    let of_old = mint::foreign(&old, &mint::provider("vhs"), &new);
    let hub = knowing(&hub, &[&list(&old, &[&other], 2), &list(&new, &[], 1)]);
    shake(&dials(&of_old), &accepts(&hub), &Peer::Hub).unwrap();
    shake(&dials(&of_new), &accepts(&hub), &Peer::Hub).unwrap();
}

#[test]
fn inv2_a_root_takes_its_intermediate_back() {
    let root = mint::district();
    let issuing = mint::issuing(&root);
    let void = Revoked {
        serial: {
            let own = crate::x509::parse(&issuing.between()[0], "x").unwrap();
            data_encoding::HEXLOWER.encode(own.raw_serial())
        },
        at: mint::NOW,
        reason: Reason::KeyCompromise,
    };
    let list = root
        .revocation_list(&[void], 1, 365, &mint::clock())
        .unwrap();
    let node = mint::node(&issuing, "vhs");
    shake(&dials(&node), &accepts(&mint::hub(&root)), &Peer::Hub).unwrap();
    let hub = knowing(&mint::hub(&root), &[&list]);
    refused_by_server(shake(&dials(&node), &accepts(&hub), &Peer::Hub));
    let direct = mint::node(&root, "school");
    shake(&dials(&direct), &accepts(&hub), &Peer::Hub).unwrap();
}

#[test]
fn inv2_a_list_of_a_stranger_is_refused_when_it_is_loaded() {
    let District { hub, node, .. } = district();
    let rogue = mint::district();
    for text in [
        list(&rogue, &[&node], 9).to_pem(),
        list(&mint::issuing(&rogue), &[&node], 9).to_pem(),
    ] {
        let refused = hub.clone().with_revocations(&text).unwrap_err();
        assert_says(
            &refused.to_string(),
            "none of the trusted authorities signed it",
        );
    }
    assert!(hub.revocations().is_empty());
}

#[test]
fn inv2_whoever_was_in_before_does_not_come_back_with_a_ticket() {
    let District {
        authority,
        hub,
        node,
    } = district();
    let mut eager = ClientConfig::clone(&dials(&node));
    eager.resumption = rustls::client::Resumption::in_memory_sessions(8);
    let eager = Arc::new(eager);
    shake(&eager, &accepts(&hub), &Peer::Hub).unwrap();
    let hub = knowing(&hub, &[&list(&authority, &[&node], 1)]);
    refused_by_server(shake(&eager, &accepts(&hub), &Peer::Hub));
}
