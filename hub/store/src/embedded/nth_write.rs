//! The n-th write fails, for every n and every way in which it can fail: what was acknowledged is
//! there, readers see whole states, and the next night puts everything right.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use calluna_kv::dying::{Death, Dying};
use calluna_kv::{Engine, Options};
use calluna_model::checkpoint::{Checkpoint, Staged};
use calluna_model::clock::Moment;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, EpochId, ProviderId, Revision};
use calluna_model::outcome::Outcome;
use calluna_model::report::{NightState, ProviderReport, Trigger};

use super::EmbeddedStore;
use crate::error::StoreError;
use crate::port::HubStore;

const NOW: Moment = Moment(1_800_000_000);
const EPOCH: EpochId = EpochId([7; 16]);
const NIGHTS: u64 = 4;

const DEATHS: [Death; 5] = [
    Death::Fails,
    Death::LosesAnswer,
    Death::Stops,
    Death::StopsAfter,
    Death::Full,
];

fn vhs() -> ProviderId {
    "vhs".parse().unwrap()
}

/// What the provider has in a night: each night changes much, and takes away a little.
fn catalogue(night: u64) -> BTreeMap<String, String> {
    (night..night + 12)
        .map(|n| (format!("o{n:03}"), format!("night {night} record {n}")))
        .collect()
}

fn hash_of(record: &str) -> ContentHash {
    let mut bytes = [0; 32];
    let at = record.len().min(32);
    bytes[..at].copy_from_slice(&record.as_bytes()[..at]);
    ContentHash(bytes)
}

/// One night, as the hub performs it. How far it came is known from what is there afterwards.
fn night(store: &EmbeddedStore, number: u64) -> Result<(), StoreError> {
    let mut report = store.begin_night(NOW, Trigger::Hand, true)?;
    let mut stage = store.stage(&vhs(), false)?;
    let wanted = catalogue(number);
    let mut revision = number * 100;
    let gone: Vec<String> = stage
        .fingerprints()
        .map(|(id, _)| id.to_owned())
        .filter(|id| !wanted.contains_key(id))
        .collect();
    for id in &gone {
        revision += 1;
        stage.gone(Revision(revision), id, NOW);
    }
    for (at, (id, record)) in wanted.iter().enumerate() {
        revision += 1;
        stage.put(Revision(revision), id, hash_of(record), record.as_bytes());
        if at % 4 == 3 {
            let revision = Revision(revision);
            let epoch = EPOCH;
            stage.commit(Staged::Changes(Checkpoint { epoch, revision }))?;
        }
    }
    let holding = stage.holding();
    let head = Head {
        epoch: EPOCH,
        revision: Revision(revision),
        count: holding.count,
        digest: holding.digest,
    };
    let line = ProviderReport::new(vhs(), Outcome::Ok);
    stage.publish(head, report.night, Some(&line), NOW)?;
    report.providers = vec![line];
    report.state = NightState::Finished;
    store.save_night(&report)
}

fn seen(store: &EmbeddedStore) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    let mut visit = |id: &str, record: &[u8]| {
        all.insert(id.to_owned(), String::from_utf8(record.to_vec()).unwrap());
        Ok(())
    };
    store.offers(&vhs(), &mut visit).unwrap();
    all
}

fn memory() -> Arc<dyn Engine> {
    let opened = calluna_kv::open("memory", Path::new("unused"), [1; 16], &Options::default());
    opened.unwrap().engine
}

/// Nights until one fails; the number of the last one that was acknowledged.
fn play(store: &EmbeddedStore) -> u64 {
    let mut acknowledged = 0;
    for number in 1..=NIGHTS {
        if night(store, number).is_err() {
            break;
        }
        acknowledged = number;
    }
    acknowledged
}

/// A store that has been opened once: what the first opening writes is the business of `migrate`.
fn opened_once() -> Arc<dyn Engine> {
    let engine = memory();
    drop(EmbeddedStore::open(Arc::clone(&engine), false).unwrap());
    engine
}

fn how_many_writes() -> u64 {
    let dying = Arc::new(Dying::new(opened_once(), Death::Fails, 0));
    let engine: Arc<dyn Engine> = dying.clone();
    assert_eq!(play(&EmbeddedStore::open(engine, false).unwrap()), NIGHTS);
    dying.commits()
}

#[test]
fn inv3_inv8_whichever_write_fails_nothing_acknowledged_is_lost_and_nothing_is_half_seen() {
    let writes = how_many_writes();
    assert!(writes > 20, "{writes}");
    for death in DEATHS {
        for at in 1..=writes {
            let dying = Arc::new(Dying::new(opened_once(), death, at));
            let survivor = dying.survivor();
            let store = EmbeddedStore::open(dying, false).unwrap();
            let acknowledged = play(&store);
            let here = format!("{death:?} at write {at}, night {acknowledged} acknowledged");
            // Readers go on beside the failure, in the same process.
            let before = seen(&store);
            drop(store);

            // A restart: what is there is one whole night, the acknowledged one or the one after it.
            let store = EmbeddedStore::open(survivor, false).unwrap();
            let after = seen(&store);
            assert_eq!(before, after, "{here}");
            let whole = [acknowledged, acknowledged + 1];
            let fits = |night: &u64| match night {
                0 => after.is_empty(),
                night => after == catalogue(*night),
            };
            assert!(whole.iter().any(fits), "{here}: {after:?}");
            store.close_aborted_night(NOW).unwrap();
            let last = store.latest_night().unwrap();
            assert!(
                last.is_none_or(|night| night.state != NightState::Running),
                "{here}"
            );
            // And the next night puts it right.
            night(&store, NIGHTS + 1).unwrap();
            assert_eq!(seen(&store), catalogue(NIGHTS + 1), "{here}");
        }
    }
}
