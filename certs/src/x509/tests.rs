//! Who signed whom, and what it costs to find out when a stranger asks.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};

use super::*;
use crate::mint;
use crate::peer::Peer;

/// Authorities that are all called the same.
struct Crowd {
    params: CertificateParams,
    keys: Vec<KeyPair>,
}

impl Crowd {
    fn new(keys: usize) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "Landkreis");
        let key = |_| KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let keys = (0..keys).map(key).collect();
        Self { params, keys }
    }

    /// A certificate for the one, signed by the other.
    fn signed(&self, one: usize, by: usize) -> CertificateDer<'static> {
        let mut params = self.params.clone();
        params.serial_number = Some(u64::try_from(one * 100 + by + 1).unwrap().into());
        let issuer = Issuer::from_params(&self.params, &self.keys[by]);
        params
            .signed_by(&self.keys[one], &issuer)
            .unwrap()
            .der()
            .clone()
    }
}

#[test]
fn a_crowd_that_signs_itself_in_circles_costs_a_few_signatures() {
    let district = mint::district();
    let roots = [district.root_der().clone()];
    // Seven keys in a circle; and one key whose seven certificates all sign each other.
    let circle = Crowd::new(7);
    let circle: Vec<_> = (0..7)
        .map(|one| circle.signed(one, (one + 1) % 7))
        .collect();
    let alike = Crowd::new(1);
    let alike: Vec<_> = (0..7)
        .map(|serial| {
            let mut params = alike.params.clone();
            params.serial_number = Some(u64::from(serial + 1_u8).into());
            let issuer = Issuer::from_params(&alike.params, &alike.keys[0]);
            params
                .signed_by(&alike.keys[0], &issuer)
                .unwrap()
                .der()
                .clone()
        })
        .collect();
    for crowd in [circle, alike] {
        let (found, checks) = climb(&crowd[0], &crowd, &roots, 0);
        assert!(found.is_none());
        assert!((1..=CHECKS_MAX).contains(&checks), "{checks}");
    }
}

#[test]
fn a_way_through_an_intermediate_costs_few_signatures_and_is_found_beside_a_namesake() {
    let (root, other) = (mint::district(), mint::district());
    let issuing = mint::issuing(&root);
    let chain = mint::leaf(&issuing, &Peer::Hub).certificate_pem;
    let mut chain = certificates(&chain, "x").unwrap();
    let leaf = chain.remove(0);
    chain.insert(0, other.root_der().clone());
    let roots = [other.root_der().clone(), root.root_der().clone()];
    let (found, checks) = climb(&leaf, &chain, &roots, 0);
    // The intermediate, and above it two roots of one name.
    assert_eq!((found, checks), (Some(root.root_der()), 3));
}
