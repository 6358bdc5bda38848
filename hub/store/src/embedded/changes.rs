//! What is told of changes, and what stays known of offers that went.

use std::collections::BTreeSet;
use std::sync::Arc;

use calluna_kv::{Engine, Options};
use calluna_model::clock::Moment;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, EpochId, ProviderId, Revision};
use calluna_model::limit::TOMBSTONE_SECONDS;
use calluna_model::member::{Member, ProviderKind, Reach};

use super::*;
use crate::port::ChangeSet;

const DAY: i64 = 86_400;
const NOW: Moment = Moment(1_800_000_000);

fn engine() -> Arc<dyn Engine> {
    let dir = std::path::Path::new("unused");
    calluna_kv::open("memory", dir, [1; 16], &Options::default())
        .unwrap()
        .engine
}

fn id(text: &str) -> ProviderId {
    text.parse().unwrap()
}

/// Records are `title|rest` here.
fn title_of(record: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(record).ok()?;
    Some(text.split('|').next()?.to_owned())
}

fn on(engine: &Arc<dyn Engine>) -> EmbeddedStore {
    let terms = Terms {
        life: [9; 16],
        title_of,
        ..Terms::default()
    };
    EmbeddedStore::on_terms(Arc::clone(engine), false, terms).unwrap()
}

fn hash(record: &str) -> ContentHash {
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().zip(record.bytes()) {
        *place = byte;
    }
    ContentHash(bytes)
}

/// One night: records by id, nothing for an offer that goes.
fn night(store: &EmbeddedStore, provider: &str, changes: &[(&str, Option<&str>)], at: Moment) {
    let mut stage = store.stage(&id(provider), false).unwrap();
    for (offer, record) in changes {
        match record {
            Some(record) => stage.put(Revision(1), offer, hash(record), record.as_bytes()),
            None => stage.gone(Revision(1), offer, at),
        }
    }
    let holding = stage.holding();
    let head = Head {
        epoch: EpochId([7; 16]),
        revision: Revision(1),
        count: holding.count,
        digest: holding.digest,
    };
    stage.publish(head, 1, None, at).unwrap();
}

fn put_out(store: &EmbeddedStore, provider: &str, at: Moment) {
    let member = Member {
        id: id(provider),
        name: provider.to_owned(),
        kind: ProviderKind::Vhs,
        invited_at: at,
        joined_at: Some(at),
        reach: Reach::DialsOut,
        revoked_at: Some(at),
        address: String::new(),
        website: String::new(),
        waiting: false,
    };
    let change = Change::Withdraw(&member, b"", at);
    store.apply(&change, &[]).unwrap();
}

fn told(store: &EmbeddedStore, from: u64) -> Vec<ChangeSet> {
    let mut all = Vec::new();
    store
        .changes(from, &mut |set| {
            all.push(set);
            true
        })
        .unwrap();
    all
}

fn gone(store: &EmbeddedStore, provider: &str, offer: &str) -> (Moment, Option<String>) {
    match store.look_up(&id(provider), offer).unwrap() {
        Found::Gone { since, title } => (since, title),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_offer_that_went_keeps_its_last_title() {
    let engine = engine();
    let store = on(&engine);
    night(
        &store,
        "vhs",
        &[("a", Some("Töpfern|1")), ("b", Some("Nähen|1"))],
        NOW,
    );
    night(
        &store,
        "vhs",
        &[("a", Some("Töpfern für alle|2"))],
        NOW.plus(DAY),
    );
    let at = NOW.plus(2 * DAY);
    night(&store, "vhs", &[("a", None)], at);
    let kept = (at, Some("Töpfern für alle".to_owned()));
    assert_eq!(gone(&store, "vhs", "a"), kept);
    // Said once more, and after space was won back many times.
    night(&store, "vhs", &[("a", None)], at);
    for n in 0..40 {
        let text = format!("Nähen|{n}");
        night(&store, "vhs", &[("b", Some(text.as_str()))], at.plus(n));
    }
    assert_eq!(gone(&store, "vhs", "a"), kept);
    assert_eq!(gone(&on(&engine), "vhs", "a"), kept, "and after a restart");
    put_out(&store, "vhs", at.plus(DAY));
    let with_provider = gone(&store, "vhs", "b");
    assert_eq!(with_provider, (at.plus(DAY), Some("Nähen".to_owned())));
    assert_eq!(gone(&store, "vhs", "a"), kept, "it had gone before");
}

#[test]
fn a_tombstone_of_an_earlier_build_has_no_title() {
    let engine = engine();
    // That build knew no titles, and its tombstones had no body.
    let old = EmbeddedStore::open(Arc::clone(&engine), false).unwrap();
    night(
        &old,
        "vhs",
        &[("a", Some("Töpfern|1")), ("b", Some("Nähen|1"))],
        NOW,
    );
    night(&old, "vhs", &[("a", None)], NOW);
    let store = on(&engine);
    assert_eq!(gone(&store, "vhs", "a"), (NOW, None));
    assert!(store.is_shown(&id("vhs"), "b").unwrap());
}

#[test]
fn every_night_tells_what_it_changed_and_an_idle_one_nothing() {
    let store = on(&engine());
    night(
        &store,
        "vhs",
        &[("a", Some("A|1")), ("b", Some("B|1"))],
        NOW,
    );
    night(&store, "bbs", &[("x", Some("X|1"))], NOW.plus(1));
    night(&store, "vhs", &[], NOW.plus(2));
    night(&store, "vhs", &[("a", Some("A|1"))], NOW.plus(3));
    let last = NOW.plus(4);
    night(
        &store,
        "vhs",
        &[("a", Some("A|2")), ("b", None), ("c", Some("C|1"))],
        last,
    );
    let sets = told(&store, 0);
    let brief: Vec<_> = sets
        .iter()
        .map(|set| {
            (
                set.number,
                set.provider.as_str(),
                set.shown.join(" "),
                set.gone.join(" "),
            )
        })
        .collect();
    let s = |text: &str| text.to_owned();
    assert_eq!(
        brief,
        [
            (1, "vhs", s("a b"), s("")),
            (2, "bbs", s("x"), s("")),
            (3, "vhs", s(""), s("b")),
            (4, "vhs", s("a c"), s("")),
        ]
    );
    assert_eq!(sets[3].at, last);
    assert_eq!(told(&store, 4).len(), 1);
    let span = store.change_span().unwrap();
    assert_eq!((span.life, span.oldest, span.newest), ([9; 16], 1, 4));
}

/// A stream of numbers that every run of a test repeats.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }
}

#[test]
fn whoever_follows_the_changes_sees_what_readers_see() {
    for seed in 0..20 {
        let (engine, mut chance) = (engine(), Chance(seed));
        let mut store = on(&engine);
        let (mut follower, mut after) = (BTreeSet::new(), 0);
        for step in 0..60 {
            let at = NOW.plus(step * DAY);
            let provider = ["vhs", "bbs"][chance.below(2) as usize];
            if chance.below(12) == 0 {
                put_out(&store, provider, at);
            } else {
                let some: Vec<(String, Option<String>)> = (0..chance.below(6))
                    .map(|_| {
                        let offer = format!("o{}", chance.below(9));
                        let record = format!("{offer}|{}", chance.below(3));
                        (offer, (chance.below(3) > 0).then_some(record))
                    })
                    .collect();
                let some: Vec<_> = some
                    .iter()
                    .map(|(offer, record)| (offer.as_str(), record.as_deref()))
                    .collect();
                night(&store, provider, &some, at);
            }
            if chance.below(9) == 0 {
                store = on(&engine);
            }
            for set in told(&store, after + 1) {
                assert_eq!(set.number, after + 1, "no gap");
                after = set.number;
                for offer in set.gone {
                    let known = (set.provider.clone(), offer);
                    assert!(follower.remove(&known), "{known:?} was never shown");
                }
                let shown = set.shown.into_iter();
                follower.extend(shown.map(|offer| (set.provider.clone(), offer)));
            }
            let mut seen = BTreeSet::new();
            for provider in ["bbs", "vhs"].map(id) {
                let ids = store.offer_ids(&provider, "", usize::MAX).unwrap();
                let mut read = Vec::new();
                store
                    .offers_after(&provider, "", &mut |id, record| {
                        assert_eq!(title_of(record).as_deref(), Some(id));
                        read.push(id.to_owned());
                        Ok(())
                    })
                    .unwrap();
                assert_eq!(read, ids);
                seen.extend(ids.into_iter().map(|offer| (provider.clone(), offer)));
            }
            assert_eq!(follower, seen, "seed {seed}, step {step}");
        }
    }
}

#[test]
fn old_changes_are_forgotten_and_the_numbers_go_on() {
    let store = on(&engine());
    for n in 0..10 {
        let text = format!("A|{n}");
        night(
            &store,
            "vhs",
            &[("a", Some(text.as_str()))],
            NOW.plus(n * DAY),
        );
    }
    assert_eq!(store.change_span().unwrap().oldest, 1);
    let late = NOW.plus(TOMBSTONE_SECONDS + 5 * DAY);
    night(&store, "vhs", &[("a", Some("A|late"))], late);
    let span = store.change_span().unwrap();
    assert_eq!((span.oldest, span.newest), (6, 11));
    let later = late.plus(TOMBSTONE_SECONDS * 2);
    night(&store, "vhs", &[("a", None)], later);
    let span = store.change_span().unwrap();
    assert_eq!((span.oldest, span.newest), (12, 12));
}

#[test]
fn large_nights_are_told_in_pieces_and_read_in_order_of_their_ids() {
    let store = on(&engine());
    let names: Vec<(String, String)> = (0..2_500)
        .rev()
        .map(|n| (format!("o{n:05}"), format!("o{n:05}|{}", "x".repeat(200))))
        .collect();
    let all: Vec<_> = names
        .iter()
        .map(|(offer, record)| (offer.as_str(), Some(record.as_str())))
        .collect();
    night(&store, "vhs", &all, NOW);
    assert_eq!(
        told(&store, 0)
            .iter()
            .map(|set| set.shown.len())
            .collect::<Vec<_>>(),
        [1_000, 1_000, 500]
    );
    let mut read = Vec::new();
    let visit = &mut |id: &str, record: &[u8]| {
        assert!(record.starts_with(id.as_bytes()));
        read.push(id.to_owned());
        Ok(())
    };
    store.offers_after(&id("vhs"), "o01999", visit).unwrap();
    let expected: Vec<String> = (2_000..2_500).map(|n| format!("o{n:05}")).collect();
    assert_eq!(read, expected);
    let some = store.offer_ids(&id("vhs"), "o00009", 2).unwrap();
    assert_eq!(some, ["o00010", "o00011"]);
}
