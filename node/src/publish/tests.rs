//! What the hub is told, against what was published.

use std::collections::BTreeMap;

use calluna_model::fingerprint::Digester;
use calluna_model::id::ContentHash;
use calluna_wire::convert::offer::open_record;

use super::changes::{Batch, Body, Change};
use super::*;
use crate::fixture::{House, candidates, offers, titled};

fn batches(house: &House, after: u64) -> Vec<Batch> {
    let epoch = house.publisher.head().epoch;
    let changes = house
        .publisher
        .changes(Some(epoch), Revision(after))
        .unwrap();
    changes.collect::<Result<_, _>>().unwrap()
}

fn all(batches: Vec<Batch>) -> Vec<Change> {
    batches
        .into_iter()
        .flat_map(|batch| batch.changes)
        .collect()
}

fn ids(changes: &[Change]) -> Vec<&str> {
    changes.iter().map(|change| change.id.as_str()).collect()
}

#[test]
fn the_changes_are_what_was_published_in_whole_batches() {
    let house = House::new();
    let published = offers(200, 1_500);
    let head = house.publish(&published).unwrap().head;
    let batches = batches(&house, 0);
    assert!(batches.len() > 2, "{}", batches.len());
    let mut reached = Revision(0);
    for batch in &batches {
        assert_eq!((batch.epoch, batch.after), (head.epoch, reached));
        assert!(batch.up_to > batch.after);
        reached = batch.up_to;
        let bytes: usize = batch
            .changes
            .iter()
            .map(|change| match &change.body {
                Body::Offer { record, .. } => record.len(),
                Body::Gone { .. } => 0,
            })
            .sum();
        assert!(
            bytes <= limit::BATCH_TARGET_BYTES + limit::RECORD_BYTES,
            "{bytes}"
        );
    }
    assert_eq!(reached, head.revision);
    let mut sorted = BTreeMap::new();
    for (change, offer) in all(batches).iter().zip(&published) {
        let Body::Offer { hash, record } = &change.body else {
            panic!("{change:?}")
        };
        assert_eq!(
            &open_record(&change.id, hash, record, limit::RECORD_BYTES).unwrap(),
            offer
        );
        sorted.insert(change.id.clone(), *hash);
    }
    let mut digester = Digester::default();
    sorted.iter().for_each(|(id, hash)| digester.add(id, hash));
    assert_eq!(
        (sorted.len() as u64, digester.finish()),
        (head.count, head.digest)
    );
}

#[test]
fn superseded_records_are_left_out_and_the_last_batch_reaches_the_head() {
    let house = House::new();
    house.publish(&offers(5, 10)).unwrap();
    house.publish(&[titled("A-2", "new")]).unwrap();
    house
        .replace(&[
            titled("A-2", "new"),
            offers(1, 10).remove(0),
            titled("A-3", "x"),
            titled("A-4", "x"),
        ])
        .unwrap();
    let head = house.publisher.head();
    // 1..5 first, 6 is A-2 again, 7 and 8 change, 9 removes A-5.
    assert_eq!(head.revision, Revision(9));
    let changes = all(batches(&house, 0));
    let seen: Vec<_> = changes
        .iter()
        .map(|change| (change.revision.0, change.id.as_str()))
        .collect();
    assert_eq!(
        seen,
        [(1, "A-1"), (6, "A-2"), (7, "A-3"), (8, "A-4"), (9, "A-5")]
    );
    assert_eq!(
        changes[4].body,
        Body::Gone {
            at: crate::fixture::NOW
        }
    );
    let later = batches(&house, 6);
    assert_eq!(
        (later[0].after, later.last().unwrap().up_to),
        (Revision(6), head.revision)
    );
    assert_eq!(ids(&all(later)), ["A-3", "A-4", "A-5"]);
    assert!(batches(&house, 9).is_empty());
}

#[test]
fn many_small_publications_stream_as_one_after_space_was_given_back() {
    let house = House::new();
    for round in 0..40 {
        house
            .publish(&[titled(&format!("A-{}", round % 7), &format!("{round}"))])
            .unwrap();
    }
    let changes = all(batches(&house, 0));
    assert_eq!(changes.len(), 7);
    assert!(changes.is_sorted_by_key(|change| change.revision));
    assert_eq!(changes.last().unwrap().revision, Revision(40));
}

#[test]
fn inv4_a_hub_that_counts_differently_is_sent_to_compare() {
    let house = House::new();
    house.publish(&offers(3, 10)).unwrap();
    let epoch = house.publisher.head().epoch;
    let reaction = |epoch, after| {
        house
            .publisher
            .changes(epoch, Revision(after))
            .unwrap_err()
            .reaction()
    };
    assert_eq!(reaction(Some(EpochId([9; 16])), 0), Reaction::Reconcile);
    assert_eq!(reaction(Some(epoch), 4), Reaction::Reconcile);
    assert_eq!(reaction(None, 1), Reaction::Reconcile);
    assert!(house.publisher.changes(None, Revision(0)).is_ok());
    let other = house
        .publisher
        .fingerprints(EpochId([9; 16]), |_| true)
        .unwrap_err();
    assert_eq!(other.reaction(), Reaction::Reconcile);
    let current = Current {
        horizon: Revision(2),
        ..house.publisher.store().current()
    };
    assert_eq!(
        check_start(&current, Some(epoch), Revision(1))
            .unwrap_err()
            .reaction(),
        Reaction::Reconcile
    );
    for after in [0, 2, 3] {
        check_start(&current, Some(epoch), Revision(after)).unwrap();
    }
}

#[test]
fn fingerprints_and_single_offers_agree_with_the_head() {
    let house = House::new();
    house.publish(&offers(30, 100)).unwrap();
    house
        .publisher
        .publish(
            &candidates(&offers(29, 100)),
            &Terms {
                replace: true,
                ..Terms::default()
            },
        )
        .unwrap();
    let head = house.publisher.head();
    let mut listed = Vec::new();
    house
        .publisher
        .fingerprints(head.epoch, |mut piece| {
            listed.append(&mut piece);
            true
        })
        .unwrap();
    let mut digester = Digester::default();
    listed
        .iter()
        .for_each(|(id, hash, _)| digester.add(id, hash));
    assert!(digester.ascending());
    assert_eq!(
        (digester.count(), digester.finish()),
        (head.count, head.digest)
    );
    let wanted: Vec<String> = ["A-7", "A-30", "none", "A-1", "A-7"]
        .map(str::to_owned)
        .to_vec();
    let mut fetched = Vec::new();
    house
        .publisher
        .fetch(head.epoch, &wanted, |mut batch| {
            fetched.append(&mut batch.changes);
            true
        })
        .unwrap();
    assert_eq!(ids(&fetched), ["A-1", "A-7"]);
    let many = vec![String::new(); FETCH_MOST + 1];
    assert_eq!(
        house
            .publisher
            .fetch(head.epoch, &many, |_| true)
            .unwrap_err()
            .reaction(),
        Reaction::TooMuch
    );
}

#[test]
fn a_large_listing_comes_in_bounded_pieces_and_stops_when_nobody_listens() {
    let house = House::new();
    house.publish(&offers(3_000, 1)).unwrap();
    let epoch = house.publisher.head().epoch;
    let mut pieces = Vec::new();
    house
        .publisher
        .fingerprints(epoch, |piece| {
            pieces.push(piece.len());
            true
        })
        .unwrap();
    assert!(
        pieces.len() > 1 && pieces.iter().sum::<usize>() == 3_000,
        "{pieces:?}"
    );
    let mut given = 0;
    house
        .publisher
        .fingerprints(epoch, |_| {
            given += 1;
            false
        })
        .unwrap();
    assert_eq!(given, 1);
}

#[test]
fn a_reader_s_picture_does_not_move_while_others_publish() {
    let house = House::new();
    house.publish(&offers(200, 1_500)).unwrap();
    let mut changes = house.publisher.changes(None, Revision(0)).unwrap();
    let first = changes.next().unwrap().unwrap();
    for round in 0..20 {
        let again: Vec<_> = (1..=200)
            .map(|i| titled(&format!("A-{i}"), &format!("{round}")))
            .collect();
        house.publish(&again).unwrap();
    }
    let rest: Vec<_> = changes.collect::<Result<Vec<_>, _>>().unwrap();
    let told = first.changes.len() + rest.iter().map(|batch| batch.changes.len()).sum::<usize>();
    assert_eq!((told, rest.last().unwrap().up_to), (200, Revision(200)));
}

#[test]
fn the_same_list_again_changes_nothing() {
    let house = House::new();
    let first = house.publish(&offers(4, 10)).unwrap();
    let again = house.publish(&offers(4, 10)).unwrap();
    assert_eq!((again.head, again.difference.unchanged), (first.head, 4));
    let store = house.publisher.store();
    assert_eq!(store.last_import().unwrap().unwrap().unchanged, 4);
}

#[test]
fn a_dry_run_tells_the_numbers_and_writes_nothing() {
    let house = House::new();
    house.publish(&offers(10, 10)).unwrap();
    let before = house.publisher.store().current();
    let mut list: Vec<_> = offers(9, 10);
    list[0] = titled("A-1", "Neuer Titel");
    list.push(titled("B-1", "x"));
    let terms = Terms {
        replace: true,
        dry_run: true,
        ..Terms::default()
    };
    let dry = house
        .publisher
        .publish(&candidates(&list), &terms)
        .unwrap()
        .difference;
    assert_eq!(house.publisher.store().current(), before);
    assert_eq!(
        (dry.added, dry.changed, dry.unchanged, dry.removed),
        (1, 1, 8, 1)
    );
    assert_eq!(dry.removed_ids, ["A-10"]);
    let field = |name: &str| {
        dry.examples[0]
            .fields
            .iter()
            .find(|field| field.field == name)
            .cloned()
            .unwrap()
    };
    assert_eq!(
        (field("title").before, field("title").after),
        ("Kurs A-1".to_owned(), "Neuer Titel".to_owned())
    );
    let real = house
        .publisher
        .publish(
            &candidates(&list),
            &Terms {
                dry_run: false,
                ..terms
            },
        )
        .unwrap();
    assert_eq!(real.difference, dry);
    assert_eq!(real.head.count, 10);
}

#[test]
fn inv4_a_list_that_removes_much_is_refused_until_somebody_confirms() {
    let house = House::new();
    house.publish(&offers(10, 10)).unwrap();
    let before = house.publisher.head();
    let error = house.replace(&offers(6, 10)).unwrap_err();
    assert!(
        error.to_string().contains("4 of 10") && error.to_string().contains("--yes"),
        "{error}"
    );
    let error = house.replace(&[]).unwrap_err();
    assert!(
        matches!(error, PublishError::NothingAccepted { before: 10 }),
        "{error}"
    );
    assert_eq!(house.publisher.head(), before);
    let terms = Terms {
        replace: true,
        confirmed: true,
        ..Terms::default()
    };
    let done = house
        .publisher
        .publish(&candidates(&offers(6, 10)), &terms)
        .unwrap();
    assert_eq!((done.head.count, done.difference.removed), (6, 4));
}

#[test]
fn inv4_without_replace_nothing_is_removed() {
    let house = House::new();
    house.publish(&offers(10, 10)).unwrap();
    assert_eq!(house.publish(&offers(1, 10)).unwrap().head.count, 10);
    assert_eq!(house.publish(&[]).unwrap().head.count, 10);
}

#[test]
fn inv7_a_refused_record_keeps_its_last_good_version() {
    let house = House::new();
    house.publish(&offers(10, 10)).unwrap();
    let keep = ["A-9", "A-10"].map(str::to_owned).into();
    let terms = Terms {
        replace: true,
        keep,
        ..Terms::default()
    };
    let done = house
        .publisher
        .publish(&candidates(&offers(8, 10)), &terms)
        .unwrap();
    assert_eq!((done.head.count, done.difference.removed), (10, 0));
}

#[test]
fn an_offer_that_comes_back_is_new_again() {
    let house = House::new();
    house.publish(&offers(10, 10)).unwrap();
    house.replace(&offers(9, 10)).unwrap();
    let back = house.publish(&offers(10, 10)).unwrap();
    assert_eq!((back.difference.added, back.head.count), (1, 10));
    assert_eq!(ids(&all(batches(&house, 11))), ["A-10"]);
}

#[test]
fn of_two_offers_with_one_id_the_first_counts() {
    let house = House::new();
    let done = house
        .publish(&[titled("A-1", "first"), titled("A-1", "second")])
        .unwrap();
    assert_eq!(
        (done.difference.added, done.head.count, done.head.revision),
        (1, 1, Revision(1))
    );
}

#[test]
fn a_head_is_signed_for_this_provider_and_moment() {
    let house = House::new();
    house.publish(&offers(2, 10)).unwrap();
    let key = NodeKey::generate().unwrap();
    let signed = house.publisher.signed_head(&key).unwrap();
    assert_eq!(
        (signed.head, signed.signed_at),
        (house.publisher.head(), crate::fixture::NOW)
    );
    assert!(!signed.signature.is_empty());
    let digest = ContentHash(signed.head.digest.0);
    assert_ne!(digest, ContentHash::default());
}
