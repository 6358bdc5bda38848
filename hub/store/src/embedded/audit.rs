//! A change and the audit record that tells of it are both there, or neither is: for every write
//! that fails, in every way in which it can fail.

use std::path::Path;
use std::sync::Arc;

use calluna_kv::dying::{Death, Dying};
use calluna_kv::{Engine, Options};
use calluna_model::checkpoint::{HeldNight, HoldReason};
use calluna_model::clock::Moment;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, EpochId, ProviderId, Revision};
use calluna_model::member::{Member, ProviderKind, Reach};
use calluna_model::report::{NightReport, NightState, Trigger};

use super::EmbeddedStore;
use crate::error::StoreError;
use crate::port::{AuditRecord, Change, Found, HubStore};

const NOW: Moment = Moment(1_800_000_000);
const DEATHS: [Death; 5] = [
    Death::Fails,
    Death::LosesAnswer,
    Death::Stops,
    Death::StopsAfter,
    Death::Full,
];
/// What [`play`] changes, in this order; record `n` tells of step `n`.
const STEPS: usize = 8;

fn vhs() -> ProviderId {
    "vhs".parse().unwrap()
}

fn memory() -> Arc<dyn Engine> {
    let opened = calluna_kv::open("memory", Path::new("unused"), [1; 16], &Options::default());
    opened.unwrap().engine
}

fn record(number: u64) -> [AuditRecord; 1] {
    let bytes = format!("what step {number} did").into_bytes();
    [AuditRecord { number, bytes }]
}

fn member() -> Member {
    Member {
        id: vhs(),
        name: "VHS".to_owned(),
        kind: ProviderKind::Vhs,
        invited_at: NOW,
        joined_at: None,
        reach: Reach::default(),
        revoked_at: None,
        address: String::new(),
        website: String::new(),
        waiting: false,
    }
}

fn hold(store: &EmbeddedStore, night: u64, audit: &[AuditRecord]) -> Result<(), StoreError> {
    let mut stage = store.stage(&vhs(), false)?;
    let id = format!("o{night}");
    stage.put(Revision(night), &id, ContentHash([1; 32]), b"record");
    let holding = stage.holding();
    let held = HeldNight {
        head: Head {
            epoch: EpochId([7; 16]),
            revision: Revision(night),
            count: holding.count,
            digest: holding.digest,
        },
        night,
        at: NOW,
        removed: 1,
        before: 1,
        reason: HoldReason::Shrinks,
        added: 1,
        changed: 0,
        rekeyed: 0,
    };
    stage.hold_audited(held, audit)
}

/// Every kind of change, each with its record, until one fails.
fn play(store: &EmbeddedStore) -> Result<(), StoreError> {
    let mut report = store.begin_night(NOW, Trigger::Hand, true)?;
    store.apply(&Change::Nothing, &record(1))?;
    store.apply(&Change::Member(&member(), b"secret"), &record(2))?;
    hold(store, 1, &record(3))?;
    store.apply(&Change::Release(&vhs(), NOW), &record(4))?;
    hold(store, 2, &record(5))?;
    store.apply(&Change::Discard(&vhs()), &record(6))?;
    report.state = NightState::Finished;
    store.apply(&Change::Night(&report), &record(7))?;
    let out = Member {
        revoked_at: Some(NOW),
        ..member()
    };
    store.apply(&Change::Withdraw(&out, b"void", NOW), &record(8))?;
    Ok(())
}

/// How many steps have left their mark, by what is there besides the records.
fn marks(store: &EmbeddedStore) -> usize {
    let state = store.provider(&vhs()).unwrap();
    let night: Option<NightReport> = store.latest_night().unwrap();
    let ended = night.is_some_and(|night| night.state == NightState::Finished);
    let held = state.held.map(|held| held.night);
    let out = store
        .member(&vhs())
        .unwrap()
        .is_some_and(|member| member.revoked_at.is_some());
    let seen = matches!(store.look_up(&vhs(), "o1").unwrap(), Found::Shown(_));
    let void = store.enrolment(&vhs()).unwrap().as_deref() == Some(b"void");
    if state.withdrawn.is_some() {
        assert!(out && void && !seen && state.published.is_none());
        assert_eq!(
            store.look_up(&vhs(), "o1").unwrap(),
            Found::Gone {
                since: NOW,
                title: None
            }
        );
        return 8;
    }
    assert!(!out && !void, "half a withdrawal");
    match (state.published.is_some(), held) {
        _ if ended => 7,
        (true, Some(2)) => 5,
        (true, None) => 4,
        (false, Some(1)) => 3,
        (false, None) if store.member(&vhs()).unwrap().is_some() => 2,
        (false, None) => 0,
        other => panic!("{other:?}"),
    }
}

fn records(store: &EmbeddedStore) -> usize {
    let mut numbers = Vec::new();
    let mut visit = |number: u64, bytes: &[u8]| {
        assert_eq!(bytes, record(number)[0].bytes);
        numbers.push(number);
        true
    };
    store.audit(0, &mut visit).unwrap();
    let count = numbers.len();
    assert_eq!(numbers, (1..=count as u64).collect::<Vec<_>>());
    let last = store.audit_last().unwrap().map(|record| record.number);
    assert_eq!(last.unwrap_or(0), count as u64);
    count
}

#[test]
fn whichever_write_fails_a_change_and_its_record_are_both_there_or_both_not() {
    let noted = memory();
    let _noted = EmbeddedStore::open(Arc::clone(&noted), false).unwrap();
    let dying = Arc::new(Dying::new(noted, Death::Fails, 0));
    let engine: Arc<dyn Engine> = dying.clone();
    let store = EmbeddedStore::open(engine, false).unwrap();
    play(&store).unwrap();
    assert_eq!((records(&store), marks(&store)), (STEPS, STEPS));
    let writes = dying.commits();
    assert!(writes >= 8, "{writes}");
    for death in DEATHS {
        for at in 1..=writes {
            let engine = memory();
            // A new store notes its layout first.
            let _noted = EmbeddedStore::open(Arc::clone(&engine), false).unwrap();
            let dying = Arc::new(Dying::new(engine, death, at));
            let survivor = dying.survivor();
            let store = EmbeddedStore::open(dying, false).unwrap();
            let _one_fails = play(&store);
            drop(store);
            let store = EmbeddedStore::open(survivor, false).unwrap();
            let (records, marks) = (records(&store), marks(&store));
            // Step 1 is a record alone. Step 6 puts back what step 4 left.
            let told = match records {
                0 | 1 => 0,
                6 => 4,
                other => other,
            };
            assert_eq!(told, marks, "{death:?} at write {at}: {records} records");
        }
    }
}

#[test]
fn a_record_is_only_ever_appended() {
    let store = EmbeddedStore::open(memory(), false).unwrap();
    store.apply(&Change::Nothing, &record(1)).unwrap();
    for number in [0, 1, 3] {
        let error = store
            .apply(&Change::Member(&member(), b""), &record(number))
            .unwrap_err();
        assert!(matches!(error, StoreError::AuditOrder { last: 1, .. }));
    }
    assert_eq!(store.member(&vhs()).unwrap(), None, "nothing was changed");
    let both = [record(2), record(3)].concat();
    store.apply(&Change::Nothing, &both).unwrap();
    assert_eq!(records(&store), 3);
    assert_eq!(store.audit_record(2).unwrap().as_ref(), Some(&both[0]));
    assert_eq!(store.audit_record(4).unwrap(), None);
    let mut seen = Vec::new();
    let mut visit = |number, _: &[u8]| {
        seen.push(number);
        seen.is_empty()
    };
    store.audit(2, &mut visit).unwrap();
    assert_eq!(seen, [2]);
}
