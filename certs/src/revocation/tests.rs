//! Lists that are made here can be read here, and lists of others cannot.

use proptest::prelude::*;

use super::*;
use crate::mint;
use crate::peer::Peer;

const DAY_SECONDS: i64 = 86_400;

fn revoked(serial: &str) -> Revoked {
    Revoked {
        serial: serial.to_owned(),
        at: mint::NOW,
        reason: Reason::KeyCompromise,
    }
}

fn list(authority: &Authority, serials: &[&str], number: u64) -> RevocationList {
    let revoked: Vec<_> = serials.iter().map(|serial| revoked(serial)).collect();
    authority
        .revocation_list(&revoked, number, 7, &mint::clock())
        .unwrap()
}

#[test]
fn a_list_says_what_was_put_in() {
    let root = mint::district();
    let serials = ["4f00", "6e11223344556677"];
    let made = list(&root, &serials, 12);
    assert_eq!(made.serials(), serials);
    assert!(made.holds("4f00") && !made.holds("4f01"));
    assert_eq!(made.number(), 12);
    assert_eq!(made.this_update(), mint::NOW);
    assert_eq!(made.next_update(), mint::NOW.plus(7 * DAY_SECONDS));
    assert_eq!(made.root(), root.fingerprint());
    let read = RevocationList::read(&made.to_pem(), &TrustBundle::of(&root)).unwrap();
    assert!(made.is_of(&root) && !made.is_of(&mint::issuing(&root)));
    assert_eq!(read, [made]);
}

#[test]
fn a_list_that_revokes_nothing_is_one_too() {
    let root = mint::district();
    let made = list(&root, &[], 1);
    assert!(made.serials().is_empty());
    let read = RevocationList::read(&made.to_pem(), &TrustBundle::of(&root)).unwrap();
    assert_eq!(read.len(), 1);
    assert!(
        RevocationList::read("", &TrustBundle::of(&root))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn the_serial_of_a_certificate_is_found_as_it_was_issued() {
    let root = mint::district();
    let key = crate::NodeKey::generate().unwrap().public_key().unwrap();
    let issued = root
        .issue(&Peer::Hub, &key, 1, &mint::clock(), &mint::entropy())
        .unwrap();
    assert!(list(&root, &[&issued.serial], 1).holds(&issued.serial));
}

#[test]
fn inv2_a_list_that_a_stranger_signed_is_refused() {
    let (ours, rogue) = (mint::district(), mint::district());
    let text = list(&rogue, &["4f00"], 99).to_pem();
    let refused = RevocationList::read(&text, &TrustBundle::of(&ours)).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("none of the trusted authorities signed it"),
        "{refused}"
    );
    // The stranger's authority beside it changes nothing.
    let with_root = format!("{text}{}", rogue.root_pem());
    assert!(RevocationList::read(&with_root, &TrustBundle::of(&ours)).is_err());
    let below = list(&mint::issuing(&rogue), &["4f00"], 1).to_pem();
    assert!(RevocationList::read(&below, &TrustBundle::of(&ours)).is_err());
}

#[test]
fn inv2_a_member_s_certificate_signs_no_list() {
    use rcgen::{Issuer, KeyPair};
    let root = mint::district();
    let leaf = mint::leaf(&root, &Peer::Hub);
    let key = KeyPair::from_pem(&leaf.key_pem).unwrap();
    let der = certificates(&leaf.certificate_pem, "x").unwrap();
    // rcgen itself would refuse the key usage; a forger has no such scruples.
    let mut params = rcgen::CertificateParams::default();
    let parsed = parse(&der[0], "x").unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(rcgen::DnType::OrganizationName, "Calluna");
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, common(&parsed));
    let forged = CertificateRevocationListParams {
        this_update: date(mint::NOW).unwrap().to_datetime(),
        next_update: date(mint::NOW.plus(9)).unwrap().to_datetime(),
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    }
    .signed_by(&Issuer::new(params, key))
    .unwrap();
    let text = format!("{}{}", forged.pem().unwrap(), leaf.certificate_pem);
    assert!(RevocationList::read(&text, &TrustBundle::of(&root)).is_err());
}

fn common(certificate: &x509_parser::prelude::X509Certificate<'_>) -> String {
    crate::x509::common_name(certificate.subject())
}

#[test]
fn a_list_of_an_intermediate_comes_with_what_leads_to_the_root() {
    let root = mint::district();
    let issuing = mint::issuing(&root);
    let made = list(&issuing, &["4f00"], 3);
    let bundle = TrustBundle::of(&root);
    let read = RevocationList::read(&made.to_pem(), &bundle).unwrap();
    assert_eq!(read[0].root(), root.fingerprint());
    // Without the intermediate nobody can say who signed it.
    let alone = armour("X509 CRL", made.der());
    assert!(RevocationList::read(&alone, &bundle).is_err());
}

#[test]
fn the_highest_number_of_each_authority_counts() {
    let root = mint::district();
    let issuing = mint::issuing(&root);
    let (old, new) = (list(&root, &["4f00"], 1), list(&root, &["4f00", "4f01"], 2));
    let below = list(&issuing, &[], 1);
    assert!(new.replaces(&old) && !old.replaces(&new) && !old.replaces(&old));
    assert!(!below.replaces(&old));
    for order in [[&old, &new, &below], [&below, &new, &old]] {
        let text: String = order.iter().map(|list| list.to_pem()).collect();
        let read = RevocationList::read(&text, &TrustBundle::of(&root)).unwrap();
        assert_eq!(read.len(), 2);
        assert!(read.contains(&new) && read.contains(&below));
    }
}

#[test]
fn two_roots_of_one_name_are_refused_before_they_lock_everybody_out() {
    // The fixture's chance repeats itself, so both are called the same to the last byte.
    let (one, two) = (mint::district(), mint::district());
    let bundle = TrustBundle::of(&one).followed_by(&TrustBundle::of(&two));
    let text = list(&one, &[], 1).to_pem();
    let refused = RevocationList::read(&text, &bundle).unwrap_err();
    assert!(
        matches!(refused, CertError::SameSubject { .. }),
        "{refused}"
    );
    let other = mint::successor(&one);
    let bundle = TrustBundle::of(&one).followed_by(&TrustBundle::of(&other));
    assert_eq!(RevocationList::read(&text, &bundle).unwrap().len(), 1);
}

#[test]
fn what_is_no_serial_number_is_not_put_on_a_list() {
    let root = mint::district();
    for serial in ["", "xy", "123", &"ab".repeat(21)] {
        let refused = root.revocation_list(&[revoked(serial)], 1, 7, &mint::clock());
        assert!(matches!(refused, Err(CertError::Serial { .. })), "{serial}");
    }
}

proptest! {
    #[test]
    fn a_damaged_list_is_refused_and_never_panics(place in 0_usize..400, with in any::<u8>()) {
        let root = mint::district();
        let made = list(&root, &["4f00"], 1);
        let mut bytes = made.der().to_vec();
        let place = place % bytes.len();
        prop_assume!(bytes[place] != with);
        bytes[place] = with;
        let text = armour("X509 CRL", &bytes);
        if let Ok(read) = RevocationList::read(&text, &TrustBundle::of(&root)) {
            // The parser is lenient about some bits of the wrapping; what was signed stays.
            prop_assert_eq!(read[0].serials(), made.serials());
            prop_assert_eq!(read[0].number(), made.number());
        }
    }
}
