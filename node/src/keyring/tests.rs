//! What is in use after each exchange, and after a restart.

use calluna_certs::mint;

use super::*;
use crate::config::Config;
use crate::fixture::member;

#[test]
fn a_new_certificate_and_a_new_bundle_are_in_use_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (mint::district(), mint::district());
    let config = Config::new("hub.example:7443", "vhs".parse().unwrap());
    let data = member(&dir.path().join("n"), &old, &config);
    let clock: Arc<dyn Clock> = Arc::new(mint::clock());
    let open = || Keyring::open(&data, &config.provider, &clock).unwrap();
    let keyring = open();
    let before = keyring.now();
    let bundle = format!("{}{}", new.root_pem(), old.root_pem());
    keyring.take_trust(&bundle, "").unwrap();
    let key = keyring.next_key().unwrap();
    let issue = |key: &NodeKey, who: &str| {
        let public = key.public_key().unwrap();
        let issued = new.issue(
            &mint::provider(who),
            &public,
            30,
            &mint::clock(),
            &mint::entropy(),
        );
        issued.unwrap().certificate_pem
    };
    keyring
        .take_certificate(Some(&key), &issue(&key, "vhs"))
        .unwrap();
    for now in [keyring.now(), open().now()] {
        assert_eq!(now.key.pem(), key.pem());
        assert_ne!(now.identity.leaf(), before.identity.leaf());
        assert_eq!(now.bundle_pem, bundle);
        assert_ne!(now.trust_digest(), before.trust_digest());
    }
    // The same key again, as after an expired certificate.
    keyring.take_certificate(None, &issue(&key, "vhs")).unwrap();
    assert_eq!(open().now().key.pem(), key.pem());
    // Whatever does not fit changes nothing.
    let held = keyring.now();
    let wrong = [
        issue(&key, "aha"),
        before.certificate_pem.clone(),
        String::new(),
    ];
    for certificate in &wrong {
        assert!(keyring.take_certificate(None, certificate).is_err());
    }
    assert!(keyring.take_trust("", "").is_err());
    for now in [keyring.now(), open().now()] {
        assert_eq!(now.certificate_pem, held.certificate_pem);
        assert_eq!(now.bundle_pem, bundle);
    }
}

struct Ring {
    dir: tempfile::TempDir,
    district: calluna_certs::Authority,
    config: Config,
    data: DataDir,
}

impl Ring {
    fn new() -> Self {
        let (dir, district) = (tempfile::tempdir().unwrap(), mint::district());
        let config = Config::new("hub.example:7443", "vhs".parse().unwrap());
        let data = member(&dir.path().join("n"), &district, &config);
        Self {
            dir,
            district,
            config,
            data,
        }
    }

    fn open(&self) -> Keyring {
        let clock: Arc<dyn Clock> = Arc::new(mint::clock());
        Keyring::open(&self.data, &self.config.provider, &clock).unwrap()
    }
}

fn lists(of: &calluna_certs::Authority, number: u64) -> String {
    let list = of.revocation_list(&[], number, 30, &mint::clock());
    list.unwrap().to_pem()
}

#[test]
fn a_node_that_was_cut_off_between_bundle_and_lists_starts_and_asks_again() {
    let ring = Ring::new();
    let other = calluna_certs::Authority::create("Anderer Kreis", &mint::clock(), &mint::entropy());
    let path = ring.data.join(REVOCATIONS);
    for text in [
        lists(&other.unwrap(), 1),
        "-----BEGIN X509 CRL-----\n".to_owned(),
    ] {
        fs::write(&path, &text).unwrap();
        let keyring = ring.open();
        let now = keyring.now();
        assert_eq!(
            (
                now.revocations_pem.as_str(),
                now.identity.revocations().len()
            ),
            ("", 0)
        );
        assert_ne!(now.trust_digest(), trust_digest(&now.bundle_pem, &text));
        assert!(!keyring.reload_if_changed().unwrap(), "it would never end");
        // What the hub then sends is in use again, also after a restart.
        let good = lists(&ring.district, 7);
        keyring.take_trust(&now.bundle_pem, &good).unwrap();
        assert_eq!(ring.open().now().revocations_pem, good);
    }
}

#[test]
fn a_list_that_is_older_than_the_one_in_use_does_not_take_its_place() {
    let ring = Ring::new();
    let keyring = ring.open();
    let bundle = keyring.now().bundle_pem.clone();
    let number = || keyring.now().identity.revocations()[0].number();
    for (offered, used) in [(5, 5), (4, 5), (5, 5), (6, 6)] {
        keyring
            .take_trust(&bundle, &lists(&ring.district, offered))
            .unwrap();
        assert_eq!(number(), used);
        assert_eq!(ring.open().now().identity.revocations()[0].number(), used);
    }
    // What no authority signed is not taken at all.
    assert!(
        keyring
            .take_trust(&bundle, "-----BEGIN X509 CRL-----\n")
            .is_err()
    );
    assert_eq!(number(), 6);
}

#[test]
fn files_that_somebody_replaced_are_in_use_once_they_fit_together() {
    let ring = Ring::new();
    let keyring = ring.open();
    let mut reloads = keyring.reloads();
    reloads.mark_unchanged();
    assert!(!keyring.reload_if_changed().unwrap());
    let new = mint::leaf(&ring.district, &mint::provider("vhs"));
    let before = keyring.now();
    files::write_private(&ring.data.join(KEY), new.key_pem.as_bytes()).unwrap();
    assert!(keyring.reload_if_changed().is_err(), "no pair");
    assert_eq!(keyring.now().certificate_pem, before.certificate_pem);
    assert!(!reloads.has_changed().unwrap());
    files::write_public(&ring.data.join(CERTIFICATE), new.certificate_pem.as_bytes()).unwrap();
    assert!(keyring.reload_if_changed().unwrap());
    assert!(reloads.has_changed().unwrap(), "the dialler is woken");
    assert_eq!(keyring.now().certificate_pem, new.certificate_pem);
    assert!(!keyring.reload_if_changed().unwrap());
}

#[test]
fn the_pair_before_a_renewal_is_kept_and_a_repeated_answer_does_not_push_it_out() {
    let ring = Ring::new();
    let keyring = ring.open();
    assert!(keyring.former().unwrap().is_none());
    let first = keyring.now();
    let new = mint::leaf(&ring.district, &mint::provider("vhs"));
    let key = NodeKey::from_pem(&new.key_pem).unwrap();
    for _ in 0..2 {
        keyring
            .take_certificate(Some(&key), &new.certificate_pem)
            .unwrap();
        let former = keyring.former().unwrap().unwrap();
        assert_eq!(former.certificate_pem, first.certificate_pem);
        assert_eq!(former.key.pem(), first.key.pem());
    }
    // What was given for the former one leaves it where it is.
    let third = mint::leaf(&ring.district, &mint::provider("vhs"));
    let key = NodeKey::from_pem(&third.key_pem).unwrap();
    keyring.take_back(&key, &third.certificate_pem).unwrap();
    assert_eq!(ring.open().now().certificate_pem, third.certificate_pem);
    let former = keyring.former().unwrap().unwrap();
    assert_eq!(former.certificate_pem, first.certificate_pem);
    assert!(ring.dir.path().join("n/node.key.old").exists());
}
