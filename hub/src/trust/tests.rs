//! Each step cut off after each of its writes: the next start finds the whole old or the whole new state,
//! and the step can be done again or is done.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use calluna_certs::Reason;
use calluna_certs::Revoked;
use calluna_model::clock::HandClock;
use calluna_model::entropy::SeededEntropy;

use super::*;

const NOW: Moment = Moment(1_800_000_000);
const DAY: i64 = 86_400;

type Files = BTreeMap<String, Vec<u8>>;

struct Place {
    home: tempfile::TempDir,
    clock: HandClock,
    entropy: SeededEntropy,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            home: tempfile::tempdir().unwrap(),
            clock: HandClock::at(NOW),
            entropy: SeededEntropy::new(7),
        };
        let dir = DataDir::create_new(&place.home.path().join("hub")).unwrap();
        Credentials::create(&dir, "Heide", 90, None, &place.clock, &place.entropy).unwrap();
        place
    }

    fn dir(&self) -> DataDir {
        DataDir::open(&self.home.path().join("hub"), "").unwrap()
    }

    fn open(&self) -> Credentials {
        let clock = Arc::new(self.clock.clone());
        let trust = Credentials::open(&self.dir(), Found::default(), clock).unwrap();
        trust.settle().unwrap();
        trust
    }

    fn files(&self) -> Files {
        let entries = fs::read_dir(self.dir().path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, fs::read(path).unwrap())
            })
            .collect()
    }

    /// Puts exactly these files there.
    fn put(&self, files: &Files) {
        for name in self.files().keys() {
            fs::remove_file(self.dir().join(name)).unwrap();
        }
        for (name, bytes) in files {
            files::write_private(&self.dir().join(name), bytes).unwrap();
        }
    }

    /// Every state on the way from `before` to `after`, when the files change in the order of `writes`; a
    /// file that is not in `after` is removed.
    fn cut_off(
        &self,
        before: &Files,
        after: &Files,
        writes: &[&str],
        mut look: impl FnMut(usize, &Credentials),
    ) {
        let mut state = before.clone();
        for (count, name) in writes.iter().enumerate() {
            self.put(&state);
            look(count, &self.open());
            match after.get(*name) {
                Some(bytes) => state.insert((*name).to_owned(), bytes.clone()),
                None => state.remove(*name),
            };
        }
        self.put(&state);
        look(writes.len(), &self.open());
    }
}

fn exists(dir: &Path, name: &str) -> bool {
    dir.join(name).exists()
}

/// The state as a step wrote it, before the removals were noted as done.
fn with_removals(mut after: Files, names: &[&str]) -> Files {
    let mut state: State = serde_json::from_slice(&after[STATE]).unwrap();
    state.remove = names.iter().map(|name| (*name).to_owned()).collect();
    after.insert(STATE.to_owned(), serde_json::to_vec(&state).unwrap());
    after
}

#[test]
fn introducing_is_whole_or_not_at_all() {
    let place = Place::new();
    let before = place.files();
    place.open().introduce(&place.entropy).unwrap();
    let after = place.files();
    place.cut_off(
        &before,
        &after,
        &["ca-2.key", "ca-2.crt", STATE],
        |writes, trust| {
            if writes < 3 {
                assert_eq!(trust.now().state.phase(), Phase::Settled);
                assert!(trust.now().vouchers_pem.is_empty());
                trust.introduce(&place.entropy).unwrap();
            }
            let standing = place.open().now();
            assert_eq!(standing.state.phase(), Phase::Introduced);
            assert_eq!(standing.identity.bundle().fingerprints().len(), 2);
            trust.switch().unwrap();
        },
    );
}

#[test]
fn switching_is_whole_or_not_at_all() {
    let place = Place::new();
    let old = place.open().now().root();
    place.open().introduce(&place.entropy).unwrap();
    let before = place.files();
    place.open().switch().unwrap();
    let after = with_removals(place.files(), &["ca.key"]);
    place.cut_off(&before, &after, &[STATE, "ca.key"], |writes, trust| {
        if writes == 0 {
            assert_eq!(
                (trust.now().state.phase(), trust.now().root()),
                (Phase::Introduced, old)
            );
            trust.switch().unwrap();
        }
        let trust = place.open();
        assert_eq!(trust.now().state.phase(), Phase::Switched);
        assert_ne!(trust.now().root(), old);
        assert!(!exists(place.dir().path(), "ca.key"));
        // The hub's own certificate is of the old one still: it is due at once, and nothing is retired.
        assert!(trust.renewal_due() <= NOW);
        let refused = trust.retire().unwrap_err();
        assert_eq!(refused.downcast_ref(), Some(&ChangeError::HubIsOld));
        trust.renew_hub(90, &place.entropy).unwrap();
        assert!(trust.renewal_due() > NOW);
        trust.retire().unwrap();
    });
}

#[test]
fn retiring_is_whole_or_not_at_all() {
    let place = Place::new();
    let old = place.open().now().root();
    let trust = place.open();
    trust.introduce(&place.entropy).unwrap();
    trust.switch().unwrap();
    trust.renew_hub(90, &place.entropy).unwrap();
    trust.publish_revocations(&[]).unwrap();
    let before = place.files();
    trust.retire().unwrap();
    let after = with_removals(place.files(), &["ca.crt"]);
    place.cut_off(&before, &after, &[STATE, "ca.crt"], |writes, trust| {
        assert_eq!(trust.now().identity.bundle().holds(old), writes == 0);
        if writes == 0 {
            trust.retire().unwrap();
        }
        let standing = place.open().now();
        assert_eq!(standing.state.phase(), Phase::Settled);
        assert!(standing.vouchers_pem.is_empty());
        assert!(!exists(place.dir().path(), "ca.crt"));
    });
}

#[test]
fn going_offline_never_loses_the_root_s_key() {
    let place = Place::new();
    let root = place.open().now().root();
    let file = RootFile {
        path: place.home.path().join("safe.pem"),
        passphrase: Passphrase::new("five words in a safe").unwrap(),
    };
    let before = place.files();
    let trust = place.open();
    trust.take_offline(&file, 365, &place.entropy).unwrap();
    let after = with_removals(place.files(), &["ca.key", "ca.crt"]);
    let writes = ["ca-2.key", "ca-2.crt", STATE, "ca.key", "ca.crt"];
    place.cut_off(&before, &after, &writes, |writes, trust| {
        assert_eq!(trust.now().root(), root);
        let online = trust.now().chain.is_root;
        assert_eq!(online, writes < 3, "{writes}");
        if online {
            let again = RootFile {
                path: place.home.path().join(format!("safe-{writes}.pem")),
                passphrase: file.passphrase.clone(),
            };
            trust.take_offline(&again, 365, &place.entropy).unwrap();
            assert_eq!(again.open().unwrap().fingerprint(), root);
        }
        assert!(!exists(place.dir().path(), "ca.key") && !exists(place.dir().path(), "ca.crt"));
        let trust = place.open();
        trust
            .renew_intermediate(&file, 365, &place.entropy)
            .unwrap();
        assert_eq!(place.open().now().root(), root);
    });
}

#[test]
fn what_does_not_fit_the_moment_is_refused_with_the_way_out() {
    let place = Place::new();
    let trust = place.open();
    let refused = |outcome: Result<()>, wanted: ChangeError| {
        let error = outcome.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&wanted), "{error:#}");
    };
    refused(trust.switch(), ChangeError::Settled);
    refused(trust.retire(), ChangeError::Settled);
    trust.introduce(&place.entropy).unwrap();
    refused(trust.introduce(&place.entropy), ChangeError::Introduced);
    refused(trust.retire(), ChangeError::Introduced);
    trust.switch().unwrap();
    refused(trust.introduce(&place.entropy), ChangeError::Switched);
    refused(trust.switch(), ChangeError::Switched);
}

#[test]
fn revocation_lists_grow_are_refreshed_and_outlive_the_change_of_authority() {
    let place = Place::new();
    let void = |serial: &str| Revoked {
        serial: serial.to_owned(),
        at: NOW,
        reason: Reason::Unspecified,
    };
    let trust = place.open();
    assert!(trust.revocations_due());
    trust.publish_revocations(&[void("4f01")]).unwrap();
    let first = trust.now().lists()[0].number();
    let trust = place.open();
    assert!(!trust.revocations_due(), "it is read back");
    // Even with a clock that stands still, or was set back.
    place.clock.forward(-DAY);
    trust
        .publish_revocations(&[void("4f01"), void("4f02")])
        .unwrap();
    let standing = trust.now();
    assert_eq!(standing.lists().len(), 1);
    assert_eq!(standing.lists()[0].number(), first + 1);
    assert!(standing.lists()[0].holds("4f02"));
    assert_ne!(standing.digest(), place_digest(&standing.bundle_pem));
    place.clock.forward(7 * DAY);
    assert!(trust.revocations_due());
    // The new authority signs its own; that of the old one stays while it is trusted.
    trust.introduce(&place.entropy).unwrap();
    trust.switch().unwrap();
    assert!(trust.revocations_due());
    trust.publish_revocations(&[void("4f03")]).unwrap();
    assert_eq!(trust.now().lists().len(), 2);
    trust.renew_hub(90, &place.entropy).unwrap();
    trust.retire().unwrap();
    assert!(trust.revocations_due());
    trust.publish_revocations(&[]).unwrap();
    assert_eq!(place.open().now().lists().len(), 1);
}

fn place_digest(bundle: &str) -> [u8; 32] {
    calluna_certs::trust::trust_digest(bundle, "")
}

#[test]
fn a_locked_key_stops_issuing_and_nothing_else() {
    let place = Place::new();
    let trust = place.open();
    trust.publish_revocations(&[]).unwrap();
    let list = trust.now().revocations_pem.clone();
    let words = Passphrase::new("five words in a file").unwrap();
    assert_eq!(
        trust.seal(None, &words, &place.entropy).unwrap(),
        ["ca.key"]
    );
    assert!(trust.seal(None, &words, &place.entropy).unwrap().is_empty());
    let clock: Arc<dyn Clock> = Arc::new(place.clock.clone());
    let open = |words: Option<&str>| {
        let found = Found {
            passphrase: words.map(|words| Passphrase::new(words).unwrap()),
            place: "a place".to_owned(),
            trouble: String::new(),
        };
        Credentials::open(&place.dir(), found, Arc::clone(&clock)).unwrap()
    };
    for (words, why) in [
        (None, "no passphrase"),
        (Some("not those words"), "does not open"),
    ] {
        let trust = open(words);
        let Issuing::Locked(said) = &trust.now().issuing.clone() else {
            panic!("{words:?} opened it");
        };
        assert!(said.contains(why) && said.contains("ca.key"), "{said}");
        assert!(trust.renew_hub(90, &place.entropy).is_err());
        assert!(trust.introduce(&place.entropy).is_err());
        assert!(trust.publish_revocations(&[]).is_err());
        assert!(!trust.revocations_due());
        assert_eq!(trust.now().revocations_pem, list, "the old list stays");
        assert!(!format!("{trust:?}").contains("not those words"));
    }
    let trust = open(Some("five words in a file"));
    trust.introduce(&place.entropy).unwrap();
    let next = fs::read_to_string(place.dir().join("ca-2.key")).unwrap();
    assert!(
        sealed::is_sealed(&next),
        "the next one is encrypted from the first byte"
    );
}
