//! What an authority is, what it issues, and what it does not.

use super::*;
use calluna_model::clock::HandClock;
use calluna_model::entropy::SeededEntropy;
use x509_parser::extensions::GeneralName;

const NOW: Moment = Moment(1_800_000_000);

fn made() -> (Authority, HandClock, SeededEntropy) {
    let (clock, entropy) = (HandClock::at(NOW), SeededEntropy::new(1));
    let authority = Authority::create("Landkreis Heidekreis", &clock, &entropy).unwrap();
    (authority, clock, entropy)
}

fn some_key() -> RequestedKey {
    NodeKey::generate().unwrap().public_key().unwrap()
}

#[test]
fn an_authority_is_one_and_can_do_nothing_else() {
    let (authority, ..) = made();
    let certificate = parse(authority.root_der(), "x").unwrap();
    assert!(certificate.is_ca());
    let constraints = certificate.basic_constraints().unwrap().unwrap();
    assert!(constraints.critical);
    assert_eq!(constraints.value.path_len_constraint, Some(2));
    let usage = certificate.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
    assert_eq!(validity(&certificate).until, NOW.plus(3_652 * DAY));
    assert!(
        certificate
            .subject()
            .to_string()
            .contains("Landkreis Heidekreis")
    );
}

#[test]
fn a_leaf_says_who_it_is_and_can_serve_and_call() {
    let (authority, clock, entropy) = made();
    let peer = Peer::Provider("vhs".parse().unwrap());
    let issued = authority
        .issue(&peer, &some_key(), 30, &clock, &entropy)
        .unwrap();
    let leaf = parse(&issued.certificate_der, "x").unwrap();
    assert!(!leaf.is_ca());
    assert!(
        leaf.basic_constraints().unwrap().is_some(),
        "CA:FALSE is written"
    );
    let usage = leaf.key_usage().unwrap().unwrap().value;
    assert!(usage.digital_signature() && !usage.key_cert_sign());
    let purpose = leaf.extended_key_usage().unwrap().unwrap().value;
    assert!(purpose.server_auth && purpose.client_auth && !purpose.any);
    let names = leaf.subject_alternative_name().unwrap().unwrap().value;
    assert_eq!(
        names.general_names,
        [
            GeneralName::URI("calluna://provider/vhs"),
            GeneralName::DNSName("vhs.provider.calluna.internal")
        ]
    );
    assert_eq!(leaf.validity().not_before.timestamp(), NOW.0 - 300);
    assert_eq!(validity(&leaf).until, issued.not_after);
    assert_eq!(issued.not_after, NOW.plus(30 * DAY));
}

#[test]
fn serials_are_positive_random_and_128_bits_long() {
    let (authority, clock, entropy) = made();
    let issue = || {
        authority
            .issue(&Peer::Hub, &some_key(), 1, &clock, &entropy)
            .unwrap()
    };
    let (one, two) = (issue(), issue());
    assert_ne!(one.serial, two.serial);
    let leaf = parse(&one.certificate_der, "x").unwrap();
    assert_eq!(HEXLOWER.encode(leaf.raw_serial()), one.serial);
    assert_eq!(one.serial.len(), 32);
    assert!(one.serial.as_bytes()[0] < b'8', "{}", one.serial);
}

#[test]
fn a_leaf_never_outlives_its_authority() {
    let (authority, clock, entropy) = made();
    clock.forward(3_651 * DAY);
    let issued = authority
        .issue(&Peer::Hub, &some_key(), 825, &clock, &entropy)
        .unwrap();
    assert_eq!(issued.not_after, authority.not_after());
    clock.forward(DAY);
    let late = authority.issue(&Peer::Hub, &some_key(), 825, &clock, &entropy);
    assert!(matches!(late, Err(CertError::AuthorityExpired { .. })));
}

#[test]
fn what_was_written_down_can_be_loaded_and_issues() {
    let (authority, clock, entropy) = made();
    let loaded = Authority::from_pem(&authority.chain_pem(), &authority.key_pem()).unwrap();
    assert_eq!(loaded.fingerprint(), authority.fingerprint());
    assert_eq!(loaded.not_after(), authority.not_after());
    let issued = loaded
        .issue(&Peer::Hub, &some_key(), 1, &clock, &entropy)
        .unwrap();
    assert_eq!(
        parse(&issued.certificate_der, "x").unwrap().issuer(),
        parse(authority.root_der(), "x").unwrap().subject()
    );
}

#[test]
fn what_does_not_fit_together_is_not_loaded() {
    let (one, clock, entropy) = made();
    let (two, ..) = made();
    let load = Authority::from_pem;
    assert!(matches!(
        load(&one.chain_pem(), &two.key_pem()),
        Err(CertError::NotAPair)
    ));
    let key = NodeKey::generate().unwrap();
    let leaf = one
        .issue(&Peer::Hub, &key.public_key().unwrap(), 1, &clock, &entropy)
        .unwrap();
    assert!(matches!(
        load(&leaf.certificate_pem, &key.pem()),
        Err(CertError::NotAnAuthority { .. })
    ));
    assert!(matches!(
        load("", &one.key_pem()),
        Err(CertError::Pem { .. })
    ));
    assert!(matches!(
        load(&one.chain_pem(), "x"),
        Err(CertError::Key { .. })
    ));
}

#[test]
fn an_intermediate_issues_leaves_and_nothing_above_them() {
    let (root, clock, entropy) = made();
    let issuing = root.intermediate(None, 365, &clock, &entropy).unwrap();
    assert_eq!(
        issuing.fingerprint(),
        root.fingerprint(),
        "tokens pin the root"
    );
    assert_eq!(issuing.root_pem(), root.root_pem());
    assert_eq!(issuing.not_after(), NOW.plus(365 * DAY));
    assert_eq!(issuing.name(), "Landkreis Heidekreis (issuing)");
    let own = parse(&issuing.chain[0], "x").unwrap();
    let constraints = own.basic_constraints().unwrap().unwrap();
    assert_eq!(constraints.value.path_len_constraint, Some(0));
    let usage = own.key_usage().unwrap().unwrap().value;
    assert!(usage.key_cert_sign() && usage.crl_sign() && !usage.digital_signature());
    let below = issuing.intermediate(None, 1, &clock, &entropy);
    assert!(matches!(below, Err(CertError::NotARoot { .. })));
}

#[test]
fn a_leaf_of_an_intermediate_comes_with_it_and_never_with_the_root() {
    let (root, clock, entropy) = made();
    let issuing = root
        .intermediate(Some("Kreisamt"), 365, &clock, &entropy)
        .unwrap();
    let issued = issuing
        .issue(&Peer::Hub, &some_key(), 90, &clock, &entropy)
        .unwrap();
    let chain = certificates(&issued.certificate_pem, "x").unwrap();
    assert_eq!(
        chain,
        [issued.certificate_der.clone(), issuing.chain[0].clone()]
    );
    assert_eq!(issued.root, root.fingerprint());
    let direct = root
        .issue(&Peer::Hub, &some_key(), 90, &clock, &entropy)
        .unwrap();
    assert_eq!(certificates(&direct.certificate_pem, "x").unwrap().len(), 1);
}

#[test]
fn an_intermediate_never_outlives_its_root() {
    let (root, clock, entropy) = made();
    clock.forward(3_600 * DAY);
    let issuing = root.intermediate(None, 365, &clock, &entropy).unwrap();
    assert_eq!(issuing.not_after(), root.not_after());
    clock.forward(60 * DAY);
    let late = root.intermediate(None, 365, &clock, &entropy);
    assert!(matches!(late, Err(CertError::AuthorityExpired { .. })));
}

#[test]
fn an_intermediate_that_was_written_down_can_be_loaded_and_issues() {
    let (root, clock, entropy) = made();
    let issuing = root.intermediate(None, 365, &clock, &entropy).unwrap();
    let loaded = Authority::from_pem(&issuing.chain_pem(), &issuing.key_pem()).unwrap();
    assert!(!loaded.is_root() && root.is_root());
    assert_eq!(loaded.fingerprint(), root.fingerprint());
    assert_eq!(loaded.not_after(), issuing.not_after());
    let issued = loaded
        .issue(&Peer::Hub, &some_key(), 1, &clock, &entropy)
        .unwrap();
    let bundle = crate::TrustBundle::of(&root);
    assert_eq!(
        bundle.issuer_of_pem(&issued.certificate_pem).unwrap(),
        root.fingerprint()
    );
}

#[test]
fn a_chain_that_is_broken_is_not_loaded() {
    let (root, clock, entropy) = made();
    let (other, ..) = made();
    let issuing = root.intermediate(None, 365, &clock, &entropy).unwrap();
    let alone = to_pem(&issuing.chain[0]);
    let key = issuing.key_pem();
    let load = |chain: &str| Authority::from_pem(chain, &key).unwrap_err();
    assert!(matches!(load(&alone), CertError::NotARoot { .. }));
    let foreign = format!("{alone}{}", other.root_pem());
    assert!(matches!(load(&foreign), CertError::NotSignedBy { .. }));
    let turned = format!("{}{alone}", root.root_pem());
    assert!(matches!(load(&turned), CertError::NotSignedBy { .. }));
    // An authority below one that may have none below itself.
    let deep = authority_params("deep", issuing.valid, 0, &entropy).unwrap();
    let pair = NodeKey::generate().unwrap().into_pair();
    let deep = deep.signed_by(&pair, &issuing.issuer).unwrap();
    let chain = format!("{}{}", deep.pem(), issuing.chain_pem());
    let refused = Authority::from_pem(&chain, &pair.serialize_pem()).unwrap_err();
    assert!(
        matches!(refused, CertError::NotSignedBy { .. }),
        "{refused}"
    );
}

#[test]
fn no_two_authorities_are_called_the_same() {
    let (root, clock, entropy) = made();
    let next = Authority::create("Landkreis Heidekreis", &clock, &entropy).unwrap();
    let (one, two) = (
        parse(root.root_der(), "x").unwrap(),
        parse(next.root_der(), "x").unwrap(),
    );
    assert_ne!(one.subject().as_raw(), two.subject().as_raw());
    assert_eq!(root.name(), next.name());
}

#[test]
fn a_name_of_full_length_leaves_room_for_the_intermediate_s() {
    let (clock, entropy) = (HandClock::at(NOW), SeededEntropy::new(1));
    let root = Authority::create(&"ä".repeat(64), &clock, &entropy).unwrap();
    let issuing = root.intermediate(None, 1, &clock, &entropy).unwrap();
    assert_eq!(issuing.name().chars().count(), 64);
    assert!(issuing.name().ends_with("(issuing)"));
}

#[test]
fn names_and_clocks_that_no_certificate_can_hold_are_refused() {
    let (clock, entropy) = (HandClock::at(NOW), SeededEntropy::new(1));
    for name in [String::new(), "x".repeat(65), "a\nb".to_owned()] {
        let made = Authority::create(&name, &clock, &entropy);
        assert!(matches!(made, Err(CertError::Name { .. })), "{name}");
    }
    for second in [i64::MIN, -1, 0, 253_402_300_800, i64::MAX] {
        let made = Authority::create("x", &HandClock::at(Moment(second)), &entropy);
        assert!(matches!(made, Err(CertError::Date { .. })), "{second}");
    }
}

#[test]
fn the_key_is_never_shown() {
    let (authority, ..) = made();
    assert!(authority.key_pem().contains("PRIVATE KEY"));
    assert!(!format!("{authority:?}").contains("PRIVATE"));
}

#[test]
fn nothing_is_issued_that_would_be_valid_at_no_time() {
    let (root, clock, entropy) = made();
    let issuing = root.intermediate(None, 365, &clock, &entropy).unwrap();
    let ask = |authority: &Authority, days, at| {
        let clock = HandClock::at(at);
        authority.issue(&Peer::Hub, &some_key(), days, &clock, &entropy)
    };
    let from = NOW.plus(-CLOCK_SLACK);
    // A clock that went back a year, or a second too far; and no days at all in the first second.
    for (days, now) in [(90, NOW.plus(-365 * DAY)), (90, from.plus(-1)), (0, from)] {
        for authority in [&root, &issuing] {
            let refused = ask(authority, days, now).unwrap_err();
            assert!(
                matches!(refused, CertError::BeforeAuthority { now: n, from: f } if n == now && f == from),
                "{refused}"
            );
            let text = refused.to_string();
            assert!(text.contains(&now.to_string()) && text.contains(&from.to_string()));
        }
        let below = root.intermediate(None, days, &HandClock::at(now), &entropy);
        assert!(matches!(below, Err(CertError::BeforeAuthority { .. })));
    }
    assert!(ask(&root, 90, from).is_ok());
}
