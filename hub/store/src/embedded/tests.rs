//! Histories over the embedded store, on the memory engine and on sled.

use std::collections::BTreeMap;
use std::sync::Arc;

use calluna_kv::{Engine, Options};
use calluna_model::checkpoint::{Checkpoint, HeldNight, HoldReason, Staged};
use calluna_model::clock::Moment;
use calluna_model::finding::Finding;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, EpochId, ProviderId, Revision};
use calluna_model::outcome::Outcome;
use calluna_model::report::{Delivery, NightState, ProviderReport, Trigger, Way};

use super::*;
use crate::port::{FiguresRecord, Tally};

const EPOCH: EpochId = EpochId([7; 16]);
const NOW: Moment = Moment(1_800_000_000);

fn engine() -> Arc<dyn Engine> {
    let dir = std::path::Path::new("unused");
    calluna_kv::open("memory", dir, [1; 16], &Options::default())
        .unwrap()
        .engine
}

fn vhs() -> ProviderId {
    "vhs".parse().unwrap()
}

fn hash(n: u64) -> ContentHash {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    ContentHash(bytes)
}

fn head_of(stage: &dyn Stage, revision: u64) -> Head {
    let holding = stage.holding();
    Head {
        epoch: EPOCH,
        revision: Revision(revision),
        count: holding.count,
        digest: holding.digest,
    }
}

fn publish(stage: Box<dyn Stage>, revision: u64) -> Head {
    let head = head_of(stage.as_ref(), revision);
    stage.publish(head, revision, None, NOW).unwrap();
    head
}

fn at(revision: u64) -> Staged {
    Staged::Changes(Checkpoint {
        epoch: EPOCH,
        revision: Revision(revision),
    })
}

/// What readers see: id → record.
fn seen(store: &EmbeddedStore) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    store
        .offers(&vhs(), &mut |id, record| {
            assert!(
                all.insert(id.to_owned(), record.to_vec()).is_none(),
                "{id} is shown twice"
            );
            Ok(())
        })
        .unwrap();
    all
}

fn bare(head: Head) -> HeldNight {
    HeldNight {
        head,
        night: 2,
        at: NOW,
        removed: 0,
        before: 0,
        reason: HoldReason::Shrinks,
        added: 0,
        changed: 0,
        rekeyed: 0,
    }
}

fn refusals(store: &EmbeddedStore) -> Vec<crate::port::Refusal> {
    let mut all = Vec::new();
    store
        .quarantine(&vhs(), &mut |refusal| {
            all.push(refusal);
            Ok(())
        })
        .unwrap();
    all
}

fn first_night(store: &EmbeddedStore, offers: u64) -> Head {
    let mut stage = store.stage(&vhs(), false).unwrap();
    for n in 1..=offers {
        stage.put(
            Revision(n),
            &format!("o{n}"),
            hash(n),
            format!("record {n}").as_bytes(),
        );
    }
    publish(stage, offers)
}

#[test]
fn inv8_readers_see_nothing_of_a_stage_before_it_is_published() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    first_night(&store, 3);
    let mut stage = store.stage(&vhs(), false).unwrap();
    stage.put(Revision(4), "o1", hash(41), b"new");
    stage.gone(Revision(5), "o2", NOW);
    stage.commit(at(5)).unwrap();
    assert_eq!(seen(&store).len(), 3);
    assert_eq!(seen(&store)["o1"], b"record 1");
    let Tally {
        added,
        changed,
        removed,
        before,
        offers,
        ..
    } = stage.tally();
    assert_eq!((added, changed, removed, before, offers), (0, 1, 1, 3, 2));
    publish(stage, 5);
    assert_eq!(seen(&store).into_keys().collect::<Vec<_>>(), ["o1", "o3"]);
    assert_eq!(seen(&store)["o1"], b"new");
}

#[test]
fn a_stage_goes_on_after_a_break_and_can_be_discarded() {
    let engine = engine();
    let store = EmbeddedStore::open(Arc::clone(&engine), false).unwrap();
    first_night(&store, 3);
    let mut stage = store.stage(&vhs(), false).unwrap();
    stage.put(Revision(4), "o4", hash(4), b"record 4");
    stage.commit(at(4)).unwrap();
    stage.put(Revision(5), "o5", hash(5), b"lost");
    drop(stage);

    // Another life of the process.
    let store = EmbeddedStore::open(engine, false).unwrap();
    assert_eq!(store.provider(&vhs()).unwrap().staged, Some(at(4)));
    let stage = store.stage(&vhs(), true).unwrap();
    assert_eq!(stage.count(), 4);
    assert_eq!(stage.tally().added, 1);
    assert_eq!(stage.fingerprint("o5"), None);
    drop(stage);
    let stage = store.stage(&vhs(), false).unwrap();
    assert_eq!(stage.count(), 3);
    publish(stage, 9);
    assert_eq!(seen(&store).len(), 3);
}

#[test]
fn inv7_a_refused_record_keeps_its_last_good_version_and_still_counts() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    first_night(&store, 2);
    let mut stage = store.stage(&vhs(), false).unwrap();
    let finding = Finding::new("title", "required").of("o1");
    stage.refuse(
        Revision(3),
        "o1",
        hash(99),
        std::slice::from_ref(&finding),
        NOW,
    );
    stage.refuse(Revision(4), "new", hash(98), &[], NOW);
    let tally = stage.tally();
    assert_eq!((tally.added, tally.changed, tally.removed), (0, 0, 0));
    assert_eq!((tally.offers, tally.quarantined), (2, 2));
    assert_eq!(
        stage.count(),
        3,
        "refused records count by their fingerprint"
    );
    assert_eq!(stage.fingerprint("o1"), Some(hash(99)));
    publish(stage, 4);
    assert_eq!(seen(&store)["o1"], b"record 1");
    let refused = refusals(&store);
    assert_eq!(refused.len(), 2);
    assert_eq!(
        (refused[1].record.as_str(), refused[1].good_version_kept),
        ("o1", true)
    );
    assert_eq!(refused[1].findings, [finding]);
    assert_eq!(refused[1].since, Some(NOW));
    assert!(!refused[0].good_version_kept);

    // Mended in a later night.
    let mut stage = store.stage(&vhs(), false).unwrap();
    stage.put(Revision(5), "o1", hash(100), b"mended");
    assert_eq!(stage.tally().changed, 1);
    publish(stage, 5);
    assert_eq!(refusals(&store).len(), 1);
    assert_eq!(seen(&store)["o1"], b"mended");
}

#[test]
fn inv4_a_held_night_shows_nothing_until_it_is_released() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    first_night(&store, 5);
    let mut stage = store.stage(&vhs(), false).unwrap();
    for n in 1..=5 {
        stage.gone(Revision(5 + n), &format!("o{n}"), NOW);
    }
    let Tally {
        removed, before, ..
    } = stage.tally();
    let head = head_of(stage.as_ref(), 10);
    stage
        .hold(HeldNight {
            removed,
            before,
            ..bare(head)
        })
        .unwrap();
    assert_eq!(seen(&store).len(), 5);
    assert_eq!(store.provider(&vhs()).unwrap().held.unwrap().removed, 5);
    assert_eq!(store.release(&vhs(), NOW).unwrap().removed, 5);
    assert!(seen(&store).is_empty());
    let state = store.provider(&vhs()).unwrap();
    assert_eq!((state.held, state.staged), (None, None));
    assert_eq!(state.published.unwrap().head, head);
    assert!(store.release(&vhs(), NOW).is_err());
}

/// A year of nights: what readers see and what is held stays right while space is won back.
#[test]
fn a_year_of_nights_stays_right_and_small() {
    for kind in ["sled", "fjall"] {
        assert_a_year_stays_right_and_small(kind);
    }
}

fn assert_a_year_stays_right_and_small(kind: &str) {
    let dir = tempfile::tempdir().unwrap();
    let opened = calluna_kv::open(kind, dir.path(), [1; 16], &Options::default()).unwrap();
    let engine = opened.engine;
    let store = EmbeddedStore::open(Arc::clone(&engine), false).unwrap();
    first_night(&store, 300);
    let mut model: BTreeMap<String, Vec<u8>> = seen(&store);
    let mut revision = 300;
    for night in 0..120_u64 {
        let mut stage = store.stage(&vhs(), false).unwrap();
        for n in 0..3 {
            revision += 1;
            let id = format!("o{}", (night * 7 + n * 31) % 320);
            if (night + n) % 5 == 0 {
                stage.gone(Revision(revision), &id, NOW);
                model.remove(&id);
            } else {
                let record = vec![u8::try_from(night).unwrap(); 400];
                stage.put(Revision(revision), &id, hash(revision), &record);
                model.insert(id, record);
            }
        }
        publish(stage, revision);
    }
    assert_eq!(seen(&store), model);
    let chunks = engine.scan(b"l/vhs/h", None).count();
    assert!(chunks < 60, "{chunks} chunks are left of 121 nights");
    let again = EmbeddedStore::open(engine, false).unwrap();
    assert_eq!(seen(&again), model);
}

#[test]
fn providers_do_not_see_each_other() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    first_night(&store, 2);
    let other: ProviderId = "vhs-2".parse().unwrap();
    let mut stage = store.stage(&other, false).unwrap();
    stage.put(Revision(1), "o1", hash(5), b"other");
    publish(stage, 1);
    assert_eq!(seen(&store)["o1"], b"record 1");
    assert_eq!(store.provider(&other).unwrap().published.unwrap().offers, 1);
}

#[test]
fn a_doubtful_store_says_so_until_a_night_has_compared_everything() {
    let engine = engine();
    let store = EmbeddedStore::open(Arc::clone(&engine), false).unwrap();
    first_night(&store, 2);
    let store = EmbeddedStore::open(engine, true).unwrap();
    assert!(store.provider(&vhs()).unwrap().doubtful);
    assert_eq!(seen(&store).len(), 2);
    publish(store.stage(&vhs(), false).unwrap(), 3);
    assert!(!store.provider(&vhs()).unwrap().doubtful);
}

#[test]
fn nights_are_numbered_and_a_broken_one_is_closed() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    assert_eq!(
        store.begin_night(NOW, Trigger::Clock, true).unwrap().night,
        1
    );
    let aborted = store.close_aborted_night(NOW.plus(5)).unwrap().unwrap();
    assert_eq!((aborted.night, aborted.trigger), (1, Trigger::Clock));
    let closed = store.latest_night().unwrap().unwrap();
    assert_eq!(
        (closed.state, closed.ended_at),
        (NightState::Aborted, Some(NOW.plus(5)))
    );
    assert_eq!(store.close_aborted_night(NOW).unwrap(), None);
    assert_eq!(
        store.begin_night(NOW, Trigger::Clock, true).unwrap().night,
        2
    );
}

#[test]
fn missed_nights_are_counted_until_both_sides_agree_again() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    for outcome in [Outcome::Unreachable, Outcome::Refused] {
        store
            .note_exchange(&ProviderReport::new(vhs(), outcome), NOW)
            .unwrap();
    }
    let state = store.provider(&vhs()).unwrap();
    assert_eq!((state.nights_missed, state.agreed_at), (2, None));
    store
        .note_exchange(&ProviderReport::new(vhs(), Outcome::Unchanged), NOW)
        .unwrap();
    let state = store.provider(&vhs()).unwrap();
    assert_eq!((state.nights_missed, state.agreed_at), (0, Some(NOW)));
}

#[test]
fn inv4_what_is_discarded_was_never_seen_and_is_not_held_any_more() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    first_night(&store, 5);
    let before = seen(&store);
    assert_eq!(store.discard(&vhs()).unwrap(), None, "nothing is held yet");
    let mut stage = store.stage(&vhs(), false).unwrap();
    for n in 1..=5 {
        stage.gone(Revision(5 + n), &format!("o{n}"), NOW);
    }
    let held = HeldNight {
        removed: 5,
        before: 5,
        ..bare(head_of(stage.as_ref(), 10))
    };
    stage.hold(held).unwrap();
    assert_eq!(store.discard(&vhs()).unwrap(), Some(held));
    let state = store.provider(&vhs()).unwrap();
    assert_eq!((state.held, state.staged), (None, None));
    assert_eq!(seen(&store), before);
    assert!(
        store.release(&vhs(), NOW).is_err(),
        "there is nothing to release"
    );
}

#[test]
fn only_a_night_over_all_that_ended_in_order_makes_up_for_the_schedule() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    let end = |whole, state| {
        let mut night = store.begin_night(NOW, Trigger::Clock, whole).unwrap();
        night.state = state;
        store.save_night(&night).unwrap();
        store.last_whole_night().unwrap()
    };
    assert_eq!(end(false, NightState::Finished), None);
    assert_eq!(end(true, NightState::Aborted), None);
    assert_eq!(end(true, NightState::Cancelled), None);
    assert_eq!(end(true, NightState::Finished), Some(NOW));
}

#[test]
fn a_stage_shows_what_would_go_and_what_would_come() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    first_night(&store, 3);
    let mut stage = store.stage(&vhs(), false).unwrap();
    stage.gone(Revision(4), "o1", NOW);
    stage.put(Revision(5), "n1", hash(50), b"new");
    stage.put(Revision(6), "o2", hash(51), b"changed");
    stage.commit(at(6)).unwrap();
    let collect = |show: &dyn Fn(&mut Visit<'_>) -> Result<(), StoreError>| {
        let mut all = Vec::new();
        show(&mut |id, record| {
            all.push((id.to_owned(), record.to_vec()));
            Ok(())
        })
        .unwrap();
        all
    };
    let pair = |id: &str, record: &[u8]| (id.to_owned(), record.to_vec());
    assert_eq!(
        collect(&|visit| stage.removals(visit)),
        [pair("o1", b"record 1")]
    );
    assert_eq!(
        collect(&|visit| stage.arrivals(visit)),
        [pair("n1", b"new")]
    );
}

#[test]
fn nights_are_listed_newest_first_and_only_so_many_are_kept() {
    let store = EmbeddedStore::on_terms(
        engine(),
        false,
        Terms {
            nights: 4,
            ..Terms::default()
        },
    )
    .unwrap();
    let listed = |from| {
        let mut numbers = Vec::new();
        store
            .nights(from, &mut |night| {
                numbers.push(night.night);
                numbers.len() < 3
            })
            .unwrap();
        numbers
    };
    assert!(listed(None).is_empty());
    for number in 1..=10 {
        assert_eq!(
            store.begin_night(NOW, Trigger::Clock, true).unwrap().night,
            number
        );
    }
    assert_eq!(listed(None), [10, 9, 8]);
    assert_eq!(listed(Some(8)), [8, 7], "4 are kept: 7 to 10");
    assert_eq!(listed(Some(99)), [10, 9, 8]);
    assert_eq!(store.night(6).unwrap(), None);
    assert_eq!(store.night(7).unwrap().unwrap().night, 7);
}

#[test]
fn the_newest_delivery_on_each_way_is_kept() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    assert!(store.deliveries().unwrap().is_empty());
    let told = |way, night| Delivery {
        way,
        night,
        at: NOW,
        tries: 1,
        failure: String::new(),
        next: None,
    };
    for delivery in [
        told(Way::Webhook, 1),
        told(Way::Mail, 1),
        told(Way::Mail, 2),
    ] {
        store.save_delivery(&delivery).unwrap();
    }
    assert_eq!(
        store.deliveries().unwrap(),
        [told(Way::Mail, 2), told(Way::Webhook, 1)]
    );
}

fn withdraw(store: &EmbeddedStore, when: Moment) {
    let member = Member {
        id: vhs(),
        name: "VHS".to_owned(),
        kind: calluna_model::member::ProviderKind::Vhs,
        invited_at: NOW,
        joined_at: Some(NOW),
        reach: calluna_model::member::Reach::default(),
        revoked_at: Some(when),
        address: String::new(),
        website: String::new(),
        waiting: false,
    };
    let change = Change::Withdraw(&member, b"void", when);
    store.apply(&change, &[]).unwrap();
}

#[test]
fn a_night_that_was_overtaken_by_a_withdrawal_brings_nothing_back() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    first_night(&store, 5);
    let mut overtaken = store.stage(&vhs(), false).unwrap();
    overtaken.put(Revision(9), "late", hash(9), b"late");
    withdraw(&store, NOW.plus(10));
    let refused = overtaken.commit(at(9)).unwrap_err();
    assert!(
        matches!(refused, StoreError::Withdrawn { .. }),
        "{refused:?}"
    );
    let mut line = ProviderReport::new(vhs(), Outcome::Partial);
    line.note = "the connection was cut".to_owned();
    store.note_exchange(&line, NOW.plus(11)).unwrap();
    let state = store.provider(&vhs()).unwrap();
    assert_eq!(
        (state.published, state.withdrawn),
        (None, Some(NOW.plus(10)))
    );
    assert!(seen(&store).is_empty());
    // It comes back as somebody who delivers for the first time, under the same ids.
    let mut stage = store.stage(&vhs(), false).unwrap();
    stage.put(Revision(1), "late", hash(9), b"late");
    assert_eq!((stage.tally().added, stage.tally().removed), (1, 0));
    publish(stage, 1);
    assert_eq!(seen(&store).len(), 1);
    assert_eq!(store.provider(&vhs()).unwrap().withdrawn, None);
    assert_eq!(
        store.look_up(&vhs(), "late").unwrap(),
        Found::Shown(b"late".to_vec())
    );
    assert_eq!(store.look_up(&vhs(), "never").unwrap(), Found::Unknown);
}

#[test]
fn figures_are_kept_by_period_and_number_and_survive_nights() {
    let store = EmbeddedStore::open(engine(), false).unwrap();
    let record = |period: &str, number: u32| FiguresRecord {
        period: period.to_owned(),
        number,
        digest: [u8::try_from(number).unwrap(); 32],
        bytes: format!("{period} {number}").into_bytes(),
    };
    let records = [
        record("2026-Q2", 1),
        record("2026-Q3", 1),
        record("2026-Q3", 2),
    ];
    let change = Change::Figures(&vhs(), &records);
    store.apply(&change, &[]).unwrap();
    // A number beyond one byte still comes after the small ones.
    let vhs_next = [record("2026-Q3", 3)];
    store
        .apply(&Change::Figures(&vhs(), &vhs_next), &[])
        .unwrap();
    let other: ProviderId = "vhs-2".parse().unwrap();
    store
        .apply(&Change::Figures(&other, &records[..1]), &[])
        .unwrap();
    let stage = store.stage(&vhs(), false).unwrap();
    publish(stage, 1);
    let read = |id: &ProviderId, period| {
        let mut found = Vec::new();
        let mut visit = |period: &str, number: u32, bytes: &[u8]| {
            assert_eq!(bytes, format!("{period} {number}").as_bytes());
            found.push((period.to_owned(), number));
            true
        };
        store.figures(id, period, &mut visit).unwrap();
        found
    };
    let q3 = |number| ("2026-Q3".to_owned(), number);
    assert_eq!(read(&vhs(), Some("2026-Q3")), [q3(1), q3(2), q3(3)]);
    assert_eq!(read(&vhs(), None).len(), 4);
    assert_eq!(read(&other, None).len(), 1);
    let state = store.provider(&vhs()).unwrap();
    let heads: Vec<(String, u32)> = state
        .figures
        .into_iter()
        .map(|at| (at.period, at.number))
        .collect();
    assert_eq!(heads, [("2026-Q2".to_owned(), 1), q3(3)]);
}
