//! The packed log against a plain map, under random appends and compactions.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{Batch, Options, open};

fn log() -> Log {
    let opened = open("memory", Path::new(""), [0; 16], &Options::default()).unwrap();
    Log::new(opened.engine, *b"p/")
}

fn commit(log: &Log, batch: Batch) {
    log.engine.commit(batch).unwrap();
}

/// What a key shows: revision and kind of its newest record, and its good body.
type View = BTreeMap<String, (u64, Kind, Option<Vec<u8>>)>;

/// The view that the log shows through an index. Every place must hold the right key.
fn view(log: &Log, index: &Index) -> View {
    let show = |(key, entry): (&str, Entry)| {
        let newest = log.get(entry.at).unwrap().unwrap();
        assert_eq!(
            (newest.key.as_str(), newest.revision, newest.kind),
            (key, entry.revision, entry.kind)
        );
        assert_eq!(newest.hash, entry.hash);
        let good = entry.good.map(|at| {
            let good = log.get(at).unwrap().unwrap();
            assert_eq!((good.key.as_str(), good.kind), (key, Kind::Value));
            good.body
        });
        (key.to_owned(), (entry.revision, entry.kind, good))
    };
    index.iter().map(show).collect()
}

/// One night of the model: records, then some compaction steps.
#[derive(Clone, Debug)]
struct Night {
    records: Vec<(u8, Kind, u16)>,
    steps: u8,
    keep_gone_after: u64,
}

fn nights() -> impl Strategy<Value = Vec<Night>> {
    let kind =
        prop_oneof![4 => Just(Kind::Value), 2 => Just(Kind::Gone), 2 => Just(Kind::Rejected)];
    let record = (
        0..20_u8,
        kind,
        prop_oneof![4 => 0..60_u16, 1 => 0..40_000_u16],
    );
    let night = (prop::collection::vec(record, 0..12), 0..4_u8, 0..60_u64);
    let night = night.prop_map(|(records, steps, keep_gone_after)| Night {
        records,
        steps,
        keep_gone_after,
    });
    prop::collection::vec(night, 1..25)
}

/// Drops from a view the tombstones that may have gone.
fn without_old_tombstones(view: &View, limit: u64) -> View {
    let stays = |(_, (revision, kind, _)): &(&String, &(u64, Kind, Option<Vec<u8>>))| {
        *kind != Kind::Gone || *revision > limit
    };
    view.iter()
        .filter(stays)
        .map(|(key, shown)| (key.clone(), shown.clone()))
        .collect()
}

/// Appends a night and applies it to index and model.
fn append(
    log: &Log,
    index: &mut Index,
    model: &mut View,
    seq: u64,
    revision: &mut u64,
    night: &Night,
) {
    let mut builder = ChunkBuilder::new();
    for (key, kind, size) in &night.records {
        *revision += 1;
        let key = format!("key-{key}");
        let body = if *kind == Kind::Value {
            vec![*revision as u8; usize::from(*size)]
        } else {
            Vec::new()
        };
        let hash = [*revision as u8; 32];
        let record = Record {
            revision: *revision,
            key: &key,
            hash,
            kind: *kind,
            body: &body,
        };
        index.apply(seq, builder.records(), &record);
        builder.push(&record);
        let good = match kind {
            Kind::Value => Some(body.clone()),
            Kind::Gone => None,
            Kind::Rejected => model.get(&key).and_then(|(_, _, good)| good.clone()),
        };
        model.insert(key, (*revision, *kind, good));
    }
    if !builder.is_empty() {
        let mut batch = Batch::default();
        log.append(&mut batch, seq, builder.finish());
        commit(log, batch);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn compaction_never_changes_what_is_seen(nights in nights()) {
        let (log, mut index, mut model, mut revision) = (log(), Index::default(), View::new(), 0);
        let mut limit = 0;
        for (seq, night) in (10_u64..).zip(&nights) {
            append(&log, &mut index, &mut model, seq, &mut revision, night);
            for _ in 0..night.steps {
                limit = limit.max(night.keep_gone_after);
                let mut keep = |record: &Record<'_>| {
                    assert!(record.kind == Kind::Gone && record.body.is_empty());
                    record.revision > night.keep_gone_after
                };
                let Some(batch) = log.compact_step(&mut index, seq, &mut keep).unwrap() else { break };
                commit(&log, batch);
            }
            let seen = view(&log, &index);
            // A tombstone below the limit may be there still, or not; all others and all values must.
            prop_assert_eq!(without_old_tombstones(&seen, limit), without_old_tombstones(&model, limit));
            let present = model.values().filter(|(_, kind, _)| *kind != Kind::Gone).count();
            prop_assert_eq!(index.count(), present);
            // Loading again gives the same index: nothing comes back to life.
            let loaded = log.index(None).unwrap();
            prop_assert_eq!(view(&log, &loaded), seen);
            prop_assert_eq!((loaded.count(), loaded.tombstones()), (index.count(), index.tombstones()));
            prop_assert_eq!((loaded.last_seq(), loaded.last_revision()), (index.last_seq(), index.last_revision()));
            for seq in loaded.fills().keys() {
                prop_assert_eq!(loaded.chunk_records(*seq), index.chunk_records(*seq));
            }
        }
    }

    #[test]
    fn compaction_comes_to_an_end(nights in nights()) {
        let (log, mut index, mut model, mut revision) = (log(), Index::default(), View::new(), 0);
        for (seq, night) in (0_u64..).zip(&nights) {
            append(&log, &mut index, &mut model, seq, &mut revision, night);
        }
        let mut steps = 0;
        while let Some(batch) = log.compact_step(&mut index, u64::MAX, &mut |_| false).unwrap() {
            commit(&log, batch);
            steps += 1;
            prop_assert!(steps < 100, "it goes round in circles");
        }
    }

    #[test]
    fn rubbish_is_no_head_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(ChunkHead::parse(&bytes).map(|head| head.entries().count()));
        let mut near = vec![1, 0, 0, 0, 0, 2, 0, 0, 0];
        near.extend(bytes);
        drop(ChunkHead::parse(&near).map(|head| head.entries().count()));
    }

    #[test]
    fn a_damaged_head_is_no_panic(place in 0_usize..200, byte in any::<u8>(), cut in 0_usize..200) {
        let mut head = two_records().head;
        let place = place % head.len();
        head[place] = byte;
        drop(ChunkHead::parse(&head).map(|head| head.entries().count()));
        head.truncate(cut);
        drop(ChunkHead::parse(&head).map(|head| head.entries().count()));
    }

    #[test]
    fn records_come_back_as_they_went_in(
        records in prop::collection::vec((any::<u64>(), ".{0,20}", any::<[u8; 32]>(), 0..3_u8, prop::collection::vec(any::<u8>(), 0..50)), 0..30),
    ) {
        let mut builder = ChunkBuilder::new();
        let records: Vec<Record<'_>> = records.iter().map(|(revision, key, hash, kind, body)| Record {
            revision: *revision, key, hash: *hash, kind: Kind::from_byte(*kind).unwrap(), body,
        }).collect();
        records.iter().for_each(|record| builder.push(record));
        let packed = builder.finish();
        let chunk = Chunk::new(ChunkHead::parse(&packed.head).unwrap(), packed.body).unwrap();
        prop_assert_eq!(chunk.records().collect::<Vec<_>>(), records.clone());
        let bodies = chunk.clone().into_body();
        for (slot, record) in records.iter().enumerate() {
            prop_assert_eq!(bodies.get(chunk.body_range(slot)), Some(record.body));
        }
        prop_assert_eq!(chunk.head().first_revision(), records.first().map(|record| record.revision));
        prop_assert_eq!(chunk.head().last_revision(), records.last().map(|record| record.revision));
    }
}

fn two_records() -> Packed {
    let mut builder = ChunkBuilder::new();
    builder.push(&Record {
        revision: 9,
        key: "kä",
        hash: [1; 32],
        kind: Kind::Value,
        body: b"one",
    });
    builder.push(&Record {
        revision: 8,
        key: "k2",
        hash: [2; 32],
        kind: Kind::Rejected,
        body: b"",
    });
    builder.finish()
}

/// A log of `chunks` chunks with two records each; keys are the numbers of the records.
fn filled(chunks: u64) -> Log {
    let log = log();
    let mut batch = Batch::default();
    for seq in 0..chunks {
        let mut builder = ChunkBuilder::new();
        for number in [2 * seq, 2 * seq + 1] {
            let key = format!("{number:06}");
            builder.push(&Record {
                revision: number + 1,
                key: &key,
                hash: [0; 32],
                kind: Kind::Value,
                body: b"body",
            });
        }
        log.append(&mut batch, seq, builder.finish());
    }
    commit(&log, batch);
    log
}

#[test]
fn the_layout_of_a_head_stays() {
    let head = two_records().head;
    let start = [1, 0, 0, 0, 0, 2, 0, 0, 0, 18, 0, 3, 3, b'k', 0xc3, 0xa4, 1];
    assert_eq!(head[..start.len()], start);
    assert_eq!(head[9 + 4 + 3 + 32..][..6], [1, 2, 2, 0, b'k', b'2']);
}

#[test]
fn an_index_and_a_discard_stop_where_they_are_told() {
    let log = filled(10);
    let index = log.index(Some(4)).unwrap();
    assert_eq!(
        (index.count(), index.last_seq(), index.last_revision()),
        (10, Some(4), 10)
    );
    assert_eq!(
        index
            .iter_after("000007")
            .map(|(key, _)| key)
            .collect::<Vec<_>>(),
        ["000008", "000009"]
    );
    let mut batch = Batch::default();
    log.drop_after(&mut batch, 4).unwrap();
    commit(&log, batch);
    assert_eq!(log.last_seq().unwrap(), Some(4));
    assert!(log.chunk(5).unwrap().is_none());
    assert!(log.get(Loc { seq: 4, slot: 2 }).unwrap().is_none());
    let mut batch = Batch::default();
    log.remove_all(&mut batch).unwrap();
    commit(&log, batch);
    assert_eq!(
        log.engine.scan(b"", None).count(),
        0,
        "no key is left behind"
    );
}

#[test]
fn logs_side_by_side_do_not_see_each_other() {
    let first = filled(3);
    let second = Log::new(Arc::clone(&first.engine), *b"q/");
    assert_eq!(second.index(None).unwrap().count(), 0);
    let mut batch = Batch::default();
    second.append(&mut batch, 7, two_records());
    commit(&second, batch);
    assert_eq!(
        (
            first.index(None).unwrap().count(),
            second.index(None).unwrap().count()
        ),
        (6, 2)
    );
}

#[test]
fn small_chunks_become_one_but_the_last_stays() {
    let log = filled(50);
    let mut index = log.index(None).unwrap();
    let before = view(&log, &index);
    while let Some(batch) = log.compact_step(&mut index, 49, &mut |_| true).unwrap() {
        commit(&log, batch);
    }
    assert!(
        log.heads_from(0).count() <= 4,
        "{} chunks",
        log.heads_from(0).count()
    );
    assert_eq!(
        (log.last_seq().unwrap(), index.last_seq()),
        (Some(49), Some(49))
    );
    assert_eq!(view(&log, &index), before);
}

#[test]
fn an_index_that_knows_staged_chunks_compacts_nothing() {
    let log = filled(50);
    let mut index = log.index(None).unwrap();
    assert!(
        log.compact_step(&mut index, 48, &mut |_| false)
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_rejected_version_after_a_tombstone_has_no_good_value() {
    let log = log();
    let (mut index, mut model, mut revision) = (Index::default(), View::new(), 0);
    let night = |records: &[(u8, Kind, u16)]| Night {
        records: records.to_vec(),
        steps: 0,
        keep_gone_after: 0,
    };
    append(
        &log,
        &mut index,
        &mut model,
        1,
        &mut revision,
        &night(&[(1, Kind::Value, 5), (2, Kind::Value, 5)]),
    );
    append(
        &log,
        &mut index,
        &mut model,
        2,
        &mut revision,
        &night(&[(1, Kind::Gone, 0), (2, Kind::Rejected, 0)]),
    );
    append(
        &log,
        &mut index,
        &mut model,
        3,
        &mut revision,
        &night(&[(1, Kind::Rejected, 0)]),
    );
    assert_eq!(index.get("key-1").unwrap().good, None);
    let second = index.get("key-2").unwrap();
    assert_eq!(
        (second.kind, second.good),
        (Kind::Rejected, Some(Loc { seq: 1, slot: 1 }))
    );
    assert!(index.is_needed(1, 1, "key-2") && !index.is_needed(1, 0, "key-1"));
    assert_eq!((index.chunk_records(1), index.count()), (Some((2, 1)), 2));
}

#[test]
fn a_head_and_the_bodies_of_another_writing_do_not_pass_for_a_chunk() {
    let log = filled(2);
    let packed = two_records();
    let mut batch = Batch::default();
    log.append(
        &mut batch,
        0,
        Packed {
            head: packed.head,
            body: vec![0; 9],
        },
    );
    commit(&log, batch);
    assert!(matches!(
        log.chunk(0),
        Err(PackedError::Damaged { seq: 0, .. })
    ));
    assert!(matches!(
        log.get(Loc { seq: 0, slot: 0 }),
        Err(PackedError::Damaged { seq: 0, .. })
    ));
}

#[test]
fn a_newer_chunk_is_refused() {
    assert!(matches!(
        ChunkHead::parse(&[2, 0, 0]),
        Err(PackedError::Newer { found: 2, known: 1 })
    ));
}
