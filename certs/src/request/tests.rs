//! Requests that are honest, and requests that ask for more.

use proptest::prelude::*;
use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

use super::*;
use crate::mint;

mod foreign;

fn vhs() -> Peer {
    Peer::Provider("vhs".parse().unwrap())
}

fn csr(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    csr_with(
        &KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
        change,
    )
}

fn csr_with(key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    change(&mut params);
    params.serialize_request(key).unwrap().der().to_vec()
}

#[test]
fn a_node_s_own_request_is_taken() {
    let key = NodeKey::generate().unwrap();
    let der = key.csr_der(&"vhs".parse().unwrap()).unwrap();
    let taken = RequestedKey::from_csr(&der, &vhs()).unwrap();
    assert_eq!(taken, key.public_key().unwrap());
    let again = NodeKey::from_pem(&key.pem()).unwrap();
    assert_eq!(
        taken.fingerprint(),
        again.public_key().unwrap().fingerprint()
    );
    assert_ne!(
        taken.fingerprint(),
        NodeKey::generate()
            .unwrap()
            .public_key()
            .unwrap()
            .fingerprint()
    );
}

#[test]
fn a_request_without_any_name_is_taken() {
    assert!(RequestedKey::from_csr(&csr(|_| {}), &vhs()).is_ok());
}

#[test]
fn inv2_a_request_for_another_name_is_refused() {
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let dns = |text: &str| SanType::DnsName(text.try_into().unwrap());
    let sans = [
        uri("calluna://hub"),
        uri("calluna://provider/vhs2"),
        dns("hub.calluna.internal"),
        dns("other.provider.calluna.internal"),
        SanType::Rfc822Name("a@example.org".try_into().unwrap()),
        SanType::IpAddress("127.0.0.1".parse().unwrap()),
    ];
    for san in sans {
        let own = uri("calluna://provider/vhs");
        let der = csr(|params| params.subject_alt_names = vec![own, san.clone()]);
        let refused = RequestedKey::from_csr(&der, &vhs());
        assert!(
            matches!(refused, Err(RequestError::OtherName { .. })),
            "{san:?}: {refused:?}"
        );
    }
    let der = csr(|params| params.distinguished_name.push(DnType::CommonName, "hub"));
    let refused = RequestedKey::from_csr(&der, &vhs()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the certificate request names `hub`, but is sent for provider vhs"
    );
}

#[test]
fn a_request_for_an_authority_s_rights_is_refused() {
    let ca = csr(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let signs = csr(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    for der in [ca, signs] {
        assert_eq!(
            RequestedKey::from_csr(&der, &vhs()),
            Err(RequestError::WantsAuthority)
        );
    }
    assert!(
        RequestedKey::from_csr(&csr(|params| params.is_ca = IsCa::ExplicitNoCa), &vhs()).is_ok()
    );
}

#[test]
fn keys_of_another_kind_are_refused() {
    for algorithm in [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let der = csr_with(&key, |_| {});
        assert_eq!(
            RequestedKey::from_csr(&der, &vhs()),
            Err(RequestError::Algorithm)
        );
        assert!(matches!(
            NodeKey::from_pem(&key.serialize_pem()),
            Err(CertError::Key { .. })
        ));
    }
}

#[test]
fn an_rsa_key_is_refused_by_its_head() {
    // The head of an RSA public key; ring cannot make RSA keys, and it is refused by its kind.
    let rsa_spki = [
        0x30, 0x1a, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01,
        0x05, 0x00, 0x03, 0x09, 0x00, 0x30, 0x06, 0x02, 0x01, 0x03, 0x02, 0x01, 0x03,
    ];
    assert_eq!(
        RequestedKey::from_spki(&rsa_spki),
        Err(RequestError::Algorithm)
    );
}

#[test]
fn a_request_signed_by_another_key_is_refused() {
    let mut der = csr(|_| {});
    let last = der.len() - 1;
    der[last] ^= 1;
    assert_eq!(
        RequestedKey::from_csr(&der, &vhs()),
        Err(RequestError::Signature)
    );
    let mut longer = csr(|_| {});
    longer.push(0);
    assert_eq!(
        RequestedKey::from_csr(&longer, &vhs()),
        Err(RequestError::Damaged)
    );
    let huge = vec![0; REQUEST_MAX + 1];
    assert!(matches!(
        RequestedKey::from_csr(&huge, &vhs()),
        Err(RequestError::TooLong { .. })
    ));
}

#[test]
fn inv2_an_issued_certificate_holds_no_name_of_the_request() {
    let authority = mint::district();
    let der = csr(|params| {
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Evil")
    });
    let key = RequestedKey::from_csr(&der, &vhs()).unwrap();
    let issued = authority
        .issue(&vhs(), &key, 1, &mint::clock(), &mint::entropy())
        .unwrap();
    let leaf = parse(&issued.certificate_der, "x").unwrap();
    assert_eq!(leaf.subject().to_string(), "O=Calluna, CN=vhs");
    assert_eq!(sha256(leaf.public_key().raw), key.fingerprint());
}

#[test]
fn a_signature_fits_one_message_and_one_certificate() {
    let authority = mint::district();
    let key = NodeKey::generate().unwrap();
    let public = key.public_key().unwrap();
    let issue = |key: &RequestedKey| {
        authority
            .issue(&vhs(), key, 1, &mint::clock(), &mint::entropy())
            .unwrap()
            .certificate_der
    };
    let leaf = issue(&public);
    let signature = key.sign(b"head").unwrap();
    verify_signature(&leaf, b"head", &signature).unwrap();
    for (message, signature) in [
        (&b"hand"[..], &signature[..]),
        (b"head", b""),
        (b"head", b"xx"),
    ] {
        assert!(matches!(
            verify_signature(&leaf, message, signature),
            Err(CertError::Signature)
        ));
    }
    let other = issue(&NodeKey::generate().unwrap().public_key().unwrap());
    assert!(verify_signature(&other, b"head", &signature).is_err());
}

#[test]
fn the_key_is_never_shown() {
    let key = NodeKey::generate().unwrap();
    assert_eq!(format!("{key:?}"), "NodeKey(..)");
    let pem = key.pem();
    let secret = pem.lines().nth(1).unwrap();
    let error = NodeKey::from_pem(&pem.replace(secret, &secret[8..])).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(&secret[8..]));
}

proptest! {
    #[test]
    fn no_bytes_make_the_request_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(RequestedKey::from_csr(&bytes, &vhs()).is_err());
    }
}

#[test]
fn nothing_that_the_key_signed_can_be_changed() {
    let san = SanType::URI("calluna://provider/vhs".try_into().unwrap());
    let der = csr(|params| params.subject_alt_names = vec![san]);
    let (_, request) = X509CertificationRequest::from_der(&der).unwrap();
    let signed = request.certification_request_info.raw;
    let start = signed.as_ptr() as usize - der.as_ptr() as usize;
    let honest = RequestedKey::from_csr(&der, &vhs()).unwrap();
    for (place, bit) in (0..der.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
        let mut changed = der.clone();
        changed[place] ^= 1 << bit;
        if let Ok(taken) = RequestedKey::from_csr(&changed, &vhs()) {
            // The parser is lenient about some bits of the wrapping, which say nothing.
            let within = (start..start + signed.len()).contains(&place);
            assert!(!within && taken == honest, "byte {place}, bit {bit}");
        }
    }
}
