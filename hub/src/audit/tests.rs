//! The log over restarts, failures, and what somebody does to its files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use calluna_audit::{Draft, Event, Expected, Fault, Verdict, Verifier};
use calluna_host::data_dir::DataDir;
use calluna_kv::{Engine, Options};
use calluna_model::clock::Moment;
use calluna_store::{Change, EmbeddedStore, HubStore, StoreError};

use super::{Audit, HEAD, KEY, Start};
use crate::config::{self, HubConfig};

const NOW: Moment = Moment(1_800_000_000);

struct Office {
    _folder: tempfile::TempDir,
    dir: DataDir,
    engine: Arc<dyn Engine>,
    store: EmbeddedStore,
}

fn engine() -> Arc<dyn Engine> {
    let opened = calluna_kv::open("memory", Path::new("unused"), [1; 16], &Options::default());
    opened.unwrap().engine
}

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::create_new(&folder.path().join("hub")).unwrap();
        let engine = engine();
        let store = EmbeddedStore::open(Arc::clone(&engine), false).unwrap();
        Self {
            _folder: folder,
            dir,
            engine,
            store,
        }
    }

    fn open(&self) -> Audit {
        Audit::open(&self.dir, &self.store, NOW, "").unwrap()
    }

    fn verify(&self) -> Verdict {
        let mut verifier = Verifier::new(Expected::default());
        let mut visit = |_, bytes: &[u8]| {
            let line = std::str::from_utf8(bytes).unwrap();
            match calluna_audit::Entry::from_line(line) {
                Ok(entry) => verifier.entry(&entry),
                Err(error) => verifier.unreadable(&error.to_string()),
            }
            true
        };
        self.store.audit(0, &mut visit).unwrap();
        verifier.finish()
    }

    fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let mut visit = |_, bytes: &[u8]| {
            let line = std::str::from_utf8(bytes).unwrap();
            events.push(calluna_audit::Entry::from_line(line).unwrap().draft.event);
            true
        };
        self.store.audit(0, &mut visit).unwrap();
        events
    }

    /// Takes entries away from the end, as a store does that is put back from a copy.
    fn cut(&self, left: u64) {
        let last = self.store.audit_last().unwrap().unwrap().number;
        let mut batch = calluna_kv::Batch::default();
        for number in left + 1..=last {
            batch.remove([&b"a/"[..], &number.to_be_bytes()].concat());
        }
        self.engine.commit(batch).unwrap();
    }

    fn note(&self, audit: &Audit, event: Event) {
        audit.note(&self.store, NOW, [Draft::hub(event)]).unwrap();
    }
}

#[test]
fn a_log_begins_by_itself_and_goes_on_over_restarts() {
    let office = Office::new();
    let audit = office.open();
    assert_eq!(audit.why_not_whole(), "");
    office.note(&audit, Event::BackupMade);
    let head = audit.head(&office.store).unwrap().unwrap();
    drop(audit);
    let audit = office.open();
    assert_eq!(audit.why_not_whole(), "");
    assert_eq!(audit.head(&office.store).unwrap(), Some(head));
    office.note(&audit, Event::BackupMade);
    let verdict = office.verify();
    assert!(verdict.sound(), "{verdict:?}");
    assert_eq!(verdict.entries, 3);
    assert_eq!(office.events()[0], Event::Began);
    let stated = fs::read_to_string(office.dir.join(HEAD)).unwrap();
    assert_eq!(stated.trim(), verdict.head.to_string());
}

#[test]
fn a_change_that_fails_leaves_no_entry_and_the_next_one_has_its_number() {
    let office = Office::new();
    let audit = office.open();
    let draft = || [Draft::operator(Event::Released)];
    let failed = audit.with(&office.store, NOW, draft(), |_| {
        Err::<(), _>(StoreError::Stopped("no".to_owned()))
    });
    failed.unwrap_err();
    // The answer was lost: the entry is there all the same.
    let lost = audit.with(&office.store, NOW, draft(), |records| {
        office.store.apply(&Change::Nothing, records)?;
        Err::<(), _>(StoreError::Stopped("lost".to_owned()))
    });
    lost.unwrap_err();
    office.note(&audit, Event::BackupMade);
    let events = [Event::Began, Event::Released, Event::BackupMade];
    assert_eq!(office.events(), events);
    assert!(office.verify().sound());
    assert_eq!(office.open().why_not_whole(), "");
}

#[test]
fn a_head_that_was_not_written_any_more_is_no_loss() {
    let office = Office::new();
    let audit = office.open();
    let before = fs::read(office.dir.join(HEAD)).unwrap();
    office.note(&audit, Event::BackupMade);
    office.note(&audit, Event::BackupMade);
    fs::write(office.dir.join(HEAD), before).unwrap();
    assert_eq!(office.open().why_not_whole(), "");
    assert!(office.verify().sound());
}

#[test]
fn a_log_that_is_behind_its_head_is_told_recorded_and_told_again() {
    let office = Office::new();
    let audit = office.open();
    for _ in 0..4 {
        office.note(&audit, Event::BackupMade);
    }
    let lost = audit.head(&office.store).unwrap().unwrap();
    drop(audit);
    office.cut(2);
    for again in 0..2 {
        let note = office.open().why_not_whole().to_owned();
        assert!(note.contains(&lost.to_string()), "{again}: {note}");
        assert!(note.contains("are gone"), "{again}: {note}");
    }
    assert_eq!(office.events().last(), Some(&Event::LogBehind));
    let verdict = office.verify();
    assert_eq!(verdict.problems.len(), 1, "{verdict:?}");
    assert_eq!(verdict.problems[0].fault, Fault::Lost);
    // After two weeks it has been seen.
    let later = NOW.plus(15 * 86_400);
    let audit = Audit::open(&office.dir, &office.store, later, "").unwrap();
    assert_eq!(audit.why_not_whole(), "");
}

#[test]
fn other_ways_to_lose_the_end_are_told_too() {
    let touched = |touch: &dyn Fn(&Office)| {
        let office = Office::new();
        let audit = office.open();
        office.note(&audit, Event::BackupMade);
        drop(audit);
        touch(&office);
        office.open().why_not_whole().to_owned()
    };
    let told = touched(&|office| office.cut(0));
    assert!(told.contains("are gone"), "{told}");
    let told = touched(&|office| fs::remove_file(office.dir.join(HEAD)).unwrap());
    assert!(told.contains("audit.head is missing"), "{told}");
    let told = touched(&|office| fs::write(office.dir.join(HEAD), "x\n").unwrap());
    assert!(told.contains("cannot be read"), "{told}");
    // Written anew with the true key, from the entry before on.
    let told = touched(&|office| {
        let head = fs::read(office.dir.join(HEAD)).unwrap();
        office.cut(1);
        fs::write(office.dir.join(HEAD), format!("0:{}\n", "0".repeat(64))).unwrap();
        office.note(&office.open(), Event::Released);
        fs::write(office.dir.join(HEAD), head).unwrap();
    });
    assert!(told.contains("written anew"), "{told}");
    // The newest entry changed in its place.
    let told = touched(&|office| {
        let last = office.store.audit_last().unwrap().unwrap();
        let text = String::from_utf8(last.bytes).unwrap();
        let other = text.replace("backup-made", "restored");
        let mut batch = calluna_kv::Batch::default();
        let key = [&b"a/"[..], &last.number.to_be_bytes()].concat();
        batch.put(key, other.into_bytes());
        office.engine.commit(batch).unwrap();
    });
    assert!(told.contains("newest entry"), "{told}");
}

#[test]
fn a_key_that_is_missing_or_open_to_others_stops_the_hub() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::new();
    drop(office.open());
    let key = office.dir.join(KEY);
    assert_eq!(
        fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o600
    );
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let open = || Audit::open(&office.dir, &office.store, NOW, "");
    let error = format!("{:#}", open().unwrap_err());
    assert!(error.contains("chmod 600"), "{error}");
    fs::remove_file(&key).unwrap();
    let error = format!("{:#}", open().unwrap_err());
    assert!(
        error.contains("audit.key") && error.contains("backup"),
        "{error}"
    );
}

fn settings(dir: &Path, more: &str) -> HubConfig {
    let listen = "127.0.0.1:7443".parse().unwrap();
    let text = config::template("Heide", "hub.example:7443", listen, None);
    fs::write(dir.join(config::FILE), text.replace("[mail]", more)).unwrap();
    let environment = std::collections::BTreeMap::<String, String>::new();
    config::read(dir, &environment).unwrap()
}

#[test]
fn a_change_of_the_settings_is_recorded_once_and_without_secrets() {
    let office = Office::new();
    let audit = office.open();
    let start = |more: &str| {
        let config = &settings(office.dir.path(), more);
        let version = "0.1.0";
        audit
            .started(&office.store, NOW, &Start { config, version })
            .unwrap();
        let line = office.store.audit_last().unwrap().unwrap().bytes;
        let line = String::from_utf8(line).unwrap();
        calluna_audit::Entry::from_line(&line).unwrap()
    };
    let mail = |to: &str| {
        format!("[mail]\nserver = \"mail.example\"\nfrom = \"hub@a.example\"\nto = [\"{to}\"]")
    };
    let of =
        |entry: &calluna_audit::Entry, key: &str| entry.draft.details.get(key).map(str::to_owned);
    let first = start("[mail]");
    assert_eq!(first.draft.event, Event::ConfigChanged);
    assert_eq!(
        of(&first, "set.night.schedule").as_deref(),
        Some("17 3 * * *")
    );
    assert_eq!(start("[mail]").draft.event, Event::ServiceStarted);
    let second = start(&mail("frau.muster@a.example"));
    assert_eq!(
        of(&second, "changed").as_deref(),
        Some("mail.from, mail.server, mail.to")
    );
    assert_eq!(of(&second, "was.mail.server").as_deref(), Some(""));
    assert_eq!(
        of(&second, "set.mail.server").as_deref(),
        Some("mail.example")
    );
    let third = start(&mail("herr.muster@a.example"));
    assert_eq!(of(&third, "changed").as_deref(), Some("mail.to"));
    assert_eq!(
        start(&mail("herr.muster@a.example")).draft.event,
        Event::ServiceStarted
    );
    for entry in [second, third] {
        let line = entry.to_line().unwrap();
        assert!(
            !line.contains("muster") && !line.contains("hub@a"),
            "{line}"
        );
    }
    assert!(office.verify().sound());
}

#[test]
fn a_hub_without_a_directory_makes_its_changes_all_the_same() {
    let office = Office::new();
    let audit = Audit::off();
    let done = audit.with(&office.store, NOW, [Draft::hub(Event::Night)], |records| {
        assert!(records.is_empty());
        Ok::<_, StoreError>(7)
    });
    assert_eq!(done.unwrap(), 7);
    assert_eq!(audit.head(&office.store).unwrap(), None);
}
