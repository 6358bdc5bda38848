//! The store across restarts, damage and time.

mod nth_write;

use calluna_model::clock::Moment;
use calluna_model::finding::Finding;
use calluna_model::id::Revision;
use calluna_model::limit;
use calluna_model::outcome::Outcome;
use calluna_model::receipt::Receipt;

use super::*;
use crate::fixture::{House, offers, titled};

#[test]
fn inv3_what_was_published_is_there_after_a_restart() {
    let house = House::new();
    let head = house.publish(&offers(50, 2_000)).unwrap().head;
    assert_eq!((head.count, head.revision), (50, Revision(50)));
    let house = house.reopened(|_| {});
    assert_eq!(house.publisher.head(), head);
    assert_eq!(house.publisher.store().current().mended, None);
    assert_eq!(
        house
            .publisher
            .store()
            .last_import()
            .unwrap()
            .unwrap()
            .added,
        50
    );
}

#[test]
fn inv3_a_publication_that_was_cut_off_leaves_nothing_behind() {
    let house = House::new();
    house.publish(&offers(3, 10)).unwrap();
    let store = house.publisher.store();
    let before = store.current();
    // A chunk without the head that would make it count: what a crash leaves.
    let mut builder = calluna_kv::packed::ChunkBuilder::new();
    builder.push(&calluna_kv::packed::Record {
        revision: 9,
        key: "half",
        hash: [1; 32],
        kind: Kind::Value,
        body: b"x",
    });
    let mut batch = Batch::default();
    store
        .log
        .append(&mut batch, before.last_seq.unwrap() + 1, builder.finish());
    store.engine.commit(batch).unwrap();
    assert!(store.snapshot().unwrap().index.get("half").is_none());
    let house = house.reopened(|_| {});
    let store = house.publisher.store();
    assert_eq!(store.current(), before);
    assert_eq!(store.log.last_seq().unwrap(), before.last_seq);
}

#[test]
fn inv4_a_store_that_lost_its_content_begins_a_new_epoch() {
    let house = House::new();
    let before = house.publish(&offers(5, 10)).unwrap().head;
    let house = house.reopened(|store| std::fs::remove_dir_all(store.join("db")).unwrap());
    let current = house.publisher.store().current();
    assert_ne!(
        current.head.epoch, before.epoch,
        "the hub must not take the absence for a removal"
    );
    assert_eq!(current.head.count, 0);
    assert!(current.mended.is_some());
    let epoch = current.head.epoch;
    let house = house.reopened(|_| {});
    assert_eq!(house.publisher.head().epoch, epoch, "once is enough");
    assert!(
        house.publisher.store().current().mended.is_some(),
        "status still tells"
    );
}

#[test]
fn a_newer_layout_is_refused() {
    let house = House::new();
    let store = house.publisher.store();
    let mut batch = Batch::default();
    batch.put(META, r#"{"layout":2}"#);
    store.engine.commit(batch).unwrap();
    let House {
        dir,
        clock,
        publisher,
    } = house;
    drop(publisher);
    let entropy = calluna_model::entropy::SeededEntropy::new(1);
    let error =
        Store::open(&dir.path().join("store"), &clock, &entropy, Duration::ZERO).unwrap_err();
    assert!(error.to_string().contains("layout 2"), "{error}");
}

#[test]
fn a_store_that_is_open_elsewhere_says_so() {
    let house = House::new();
    let entropy = calluna_model::entropy::SeededEntropy::new(1);
    let error = Store::open(
        &house.dir.path().join("store"),
        &house.clock,
        &entropy,
        Duration::ZERO,
    )
    .unwrap_err();
    assert!(error.is_locked(), "{error}");
}

#[test]
fn tombstones_go_after_their_time_and_raise_the_horizon() {
    let house = House::new();
    // Chunks of their own, so that there is something to rewrite.
    for i in 0..12 {
        house.publish(&[titled(&format!("A-{i}"), "x")]).unwrap();
    }
    let rest: Vec<_> = (2..12).map(|i| titled(&format!("A-{i}"), "x")).collect();
    house.replace(&rest).unwrap();
    assert_eq!(house.publisher.store().current().horizon, Revision(0));
    house.clock.forward(limit::TOMBSTONE_SECONDS + 1);
    for i in 0..12 {
        house.publish(&[titled(&format!("B-{i}"), "x")]).unwrap();
    }
    let current = house.publisher.store().current();
    let index = house.publisher.store().index_of(&current).unwrap();
    assert_eq!(index.tombstones(), 0);
    assert_eq!(current.horizon, Revision(14));
    assert_eq!(digest_of(&index), (current.head.count, current.head.digest));
}

#[test]
fn ten_receipts_are_kept_the_newest_by_time() {
    let house = House::new();
    let store = house.publisher.store();
    for night in 1..=15 {
        store
            .keep_receipt(&receipt(night, 1_000 + i64::try_from(night).unwrap()))
            .unwrap();
    }
    // A hub that was set up again counts from one.
    store.keep_receipt(&receipt(1, 2_000)).unwrap();
    store.keep_receipt(&receipt(1, 2_000)).unwrap();
    let nights: Vec<u64> = store
        .receipts()
        .unwrap()
        .iter()
        .map(|receipt| receipt.night)
        .collect();
    assert_eq!(nights, [1, 15, 14, 13, 12, 11, 10, 9, 8, 7]);
}

fn receipt(night: u64, at: i64) -> Receipt {
    Receipt {
        night,
        at: Moment(at),
        outcome: Outcome::OkWithQuarantine,
        head: Head::empty(EpochId([1; 16])),
        added: 1,
        changed: 2,
        removed: 3,
        quarantined: 1,
        findings: vec![Finding::new("title", "required")],
        findings_left_out: 0,
        note: String::new(),
        figures: Vec::new(),
    }
}
