//! The n-th write of a node's store fails, for every n and every way: an import is there whole or
//! not at all, and what was acknowledged stays.

use std::path::Path;
use std::sync::OnceLock;

use calluna_kv::dying::{Death, Dying};
use calluna_model::clock::HandClock;
use calluna_model::entropy::SeededEntropy;
use calluna_model::fixture::an_offer;

use super::super::*;
use crate::fixture::NOW;
use crate::publish::{Candidate, Publisher, Terms};

const DEATHS: [Death; 5] = [
    Death::Fails,
    Death::LosesAnswer,
    Death::Stops,
    Death::StopsAfter,
    Death::Full,
];
/// Offers after each import.
const IMPORTS: [usize; 3] = [3, 40, 1_300];
const ALL: usize = 1_300;

fn settled(engine: Arc<dyn Engine>, epoch: [u8; 16]) -> Result<Arc<Publisher>, StoreError> {
    let (clock, entropy) = (HandClock::at(NOW), SeededEntropy::new(3));
    let opened = Opened {
        engine,
        trust: Trust::Whole,
        epoch,
        stamp: Stamp::default(),
    };
    let store = Arc::new(Store::settle(opened, &clock, &entropy)?);
    let provider = "vhs".parse().unwrap();
    Ok(Arc::new(Publisher::new(store, provider, Arc::new(clock))))
}

/// Offers of nine kilobytes that nothing can squeeze together: the last import takes several commits.
fn large_offers(count: usize) -> &'static [Candidate] {
    static MADE: OnceLock<Vec<Candidate>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let words = |n: usize| (0..130).map(move |w| blake3(n, w)).collect::<Vec<_>>();
        let offer = |n: usize| an_offer(&format!("A-{n}")).described(&words(n).join(" "));
        (0..ALL).map(|n| Candidate::of(&offer(n).build())).collect()
    });
    made.get(..count).unwrap_or(made)
}

fn blake3(number: usize, word: usize) -> String {
    let mut digester = Digester::default();
    digester.add(&format!("{number} {word}"), &ContentHash([0; 32]));
    digester.finish().to_string()
}

fn memory() -> Opened {
    calluna_kv::open(
        "memory",
        Path::new(""),
        [9; 16],
        &calluna_kv::Options::default(),
    )
    .unwrap()
}

/// Imports until one fails; how many offers the last acknowledged one had.
fn play(publisher: &Publisher) -> usize {
    let mut acknowledged = 0;
    for count in IMPORTS {
        if publisher
            .publish(large_offers(count), &Terms::default())
            .is_err()
        {
            break;
        }
        acknowledged = count;
    }
    acknowledged
}

#[test]
fn inv3_whichever_write_fails_an_import_is_there_whole_or_not_at_all() {
    // A node that has been in use: its first start is not what is tried here.
    let start = || {
        let opened = memory();
        let publisher = settled(Arc::clone(&opened.engine), opened.epoch).unwrap();
        let epoch = publisher.head().epoch.0;
        (opened.engine, epoch)
    };
    let (engine, epoch) = start();
    let count = Arc::new(Dying::new(engine, Death::Fails, 0));
    let whole: Arc<dyn Engine> = count.clone();
    assert_eq!(play(&settled(whole, epoch).unwrap()), ALL);
    let writes = count.commits();
    assert!(
        writes > IMPORTS.len() as u64,
        "the last import takes several: {writes}"
    );
    for death in DEATHS {
        for at in 1..=writes {
            let (engine, epoch) = start();
            let dying = Arc::new(Dying::new(engine, death, at));
            let survivor = dying.survivor();
            let publisher = settled(dying, epoch).unwrap();
            let acknowledged = play(&publisher);
            let here = format!("{death:?} at write {at}, {acknowledged} acknowledged");
            drop(publisher);
            let after = settled(survivor, epoch).unwrap();
            let head = after.head();
            let place = IMPORTS.iter().position(|count| *count == acknowledged);
            let next = IMPORTS.get(place.map_or(0, |place| place + 1)).copied();
            let there = usize::try_from(head.count).unwrap();
            assert!(
                there == acknowledged || Some(there) == next,
                "{here}: {there}"
            );
            assert_eq!(head.epoch.0, epoch, "{here}: no new life was needed");
            // What the head says is what is there.
            let snapshot = after.store().snapshot().unwrap();
            assert_eq!(
                digest_of(&snapshot.index),
                (head.count, head.digest),
                "{here}"
            );
            drop(snapshot);
            assert_eq!(play(&after), ALL, "{here}");
        }
    }
}
