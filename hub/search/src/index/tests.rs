//! The index over its life: filled, changed, damaged, made anew.

use std::fs;
use std::sync::atomic::Ordering;

use calluna_model::fixture::an_offer;
use calluna_model::member::ProviderKind;
use calluna_model::offer::OfferDraft;
use jiff::civil::date;

use super::*;
use crate::fixture::Shelf;

const HEIDEKREIS: &str = "03358";

fn id(text: &str) -> ProviderId {
    text.parse().unwrap()
}

fn offers(titles: &[&str]) -> Vec<OfferDraft> {
    let offer = |(n, title): (usize, &&str)| {
        an_offer(&format!("A-{n}"))
            .titled(title)
            .build()
            .into_draft()
    };
    titles.iter().enumerate().map(offer).collect()
}

fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    shelf.put(
        &id("vhs"),
        "VHS Heidekreis",
        ProviderKind::Vhs,
        offers(&["Englisch A1", "Spanisch A1", "Töpfern"]),
    );
    shelf.put(
        &id("bbs"),
        "BBS Soltau",
        ProviderKind::School,
        offers(&["Englisch im Beruf"]),
    );
    shelf
}

fn total(index: &Index, text: &str) -> u64 {
    let asking = Asking::on(date(2026, 11, 30));
    index.search(&Query::words(text), &asking).unwrap().total
}

#[test]
fn a_refresh_reads_what_changed_and_nothing_else() {
    let mut shelf = shelf();
    let index = Index::create_in_ram(HEIDEKREIS).unwrap();
    let first = index.refresh(&shelf).unwrap();
    assert_eq!((first.updated, first.removed, first.offers), (2, 0, 4));
    assert_eq!(total(&index, "Englisch"), 2);
    let reads = shelf.reads.load(Ordering::Relaxed);
    assert_eq!(index.refresh(&shelf).unwrap(), Refreshed::default());
    assert_eq!(shelf.reads.load(Ordering::Relaxed), reads);

    shelf.put(
        &id("bbs"),
        "BBS Soltau",
        ProviderKind::School,
        offers(&["Mechatronik", "Mathematik"]),
    );
    let second = index.refresh(&shelf).unwrap();
    assert_eq!((second.updated, second.removed, second.offers), (1, 0, 2));
    assert_eq!(
        (total(&index, "Englisch"), total(&index, "Mechatronik")),
        (1, 1)
    );

    shelf.drop_provider(&id("vhs"));
    assert_eq!(index.refresh(&shelf).unwrap().removed, 1);
    assert_eq!((total(&index, ""), total(&index, "Töpfern")), (2, 0));
    index.remove(&id("bbs")).unwrap();
    assert_eq!(total(&index, ""), 0);
}

#[test]
fn one_provider_is_replaced_in_one_commit() {
    let index = Index::create_in_ram(HEIDEKREIS).unwrap();
    let card = crate::fixture::card(&id("vhs"), "VHS", ProviderKind::Vhs, 7);
    let mut shown = offers(&["Englisch", "Englisch am Abend"]);
    for expected in [2, 1] {
        let written = index
            .update(&card, &mut |visit| {
                for offer in &shown {
                    if visit(offer.clone()).is_break() {
                        break;
                    }
                }
                Ok(())
            })
            .unwrap();
        assert_eq!((written, total(&index, "Englisch")), (expected, expected));
        shown.pop();
    }
}

#[test]
fn a_reader_keeps_its_state_and_a_failed_night_leaves_all_as_it_was() {
    let mut shelf = shelf();
    let index = Index::create_in_ram(HEIDEKREIS).unwrap();
    index.refresh(&shelf).unwrap();
    let held = index.state();
    shelf.put(
        &id("bbs"),
        "BBS",
        ProviderKind::School,
        offers(&["Mechatronik"]),
    );
    shelf.put(&id("vhs"), "VHS", ProviderKind::Vhs, offers(&["Kochen"]));
    shelf.broken = Some(id("vhs"));
    assert!(index.refresh(&shelf).is_err());
    assert_eq!(
        (
            total(&index, "Englisch"),
            total(&index, "Mechatronik"),
            total(&index, "")
        ),
        (2, 0, 4)
    );
    // Nor does a later commit bring out what was begun.
    let third = crate::fixture::card(&id("third"), "Dritte", ProviderKind::Other, 1);
    let one = offers(&["Nähen"]).remove(0);
    index
        .update(&third, &mut |visit| {
            let _more = visit(one.clone());
            Ok(())
        })
        .unwrap();
    assert_eq!((total(&index, "Englisch"), total(&index, "")), (2, 5));
    index.remove(&id("third")).unwrap();
    shelf.broken = None;
    index.refresh(&shelf).unwrap();
    assert_eq!(
        (
            total(&index, "Englisch"),
            total(&index, "Mechatronik"),
            total(&index, "")
        ),
        (0, 1, 2)
    );
    let asking = Asking::on(date(2026, 11, 30));
    let then = search::answer(&held, &Query::words("Englisch"), &asking).unwrap();
    assert_eq!((then.total, then.hits.len()), (2, 2));
}

#[test]
fn a_damaged_or_foreign_index_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let open = |district| Index::open(folder.path(), district).unwrap();
    let (index, opened) = open(HEIDEKREIS);
    assert_eq!(opened, Opened::New);
    index.refresh(&shelf()).unwrap();
    drop(index);

    let (index, opened) = open(HEIDEKREIS);
    assert_eq!((opened, total(&index, "Englisch")), (Opened::Whole, 2));
    assert_eq!(index.refresh(&shelf()).unwrap(), Refreshed::default());
    drop(index);

    let damage = |ending: &str| {
        let files = fs::read_dir(folder.path().join("index"))
            .unwrap()
            .map(|file| file.unwrap().path());
        let file = files
            .into_iter()
            .find(|file| file.to_string_lossy().ends_with(ending))
            .unwrap();
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        fs::write(&file, bytes).unwrap();
    };
    for ending in [".idx", ".term", ".store", "meta.json"] {
        damage(ending);
        let (index, opened) = open(HEIDEKREIS);
        assert_eq!(
            (opened, total(&index, "")),
            (Opened::ThrownAway, 0),
            "{ending}"
        );
        assert_eq!(index.refresh(&shelf()).unwrap().offers, 4);
        drop(index);
    }
    assert_eq!(open("03355").1, Opened::ThrownAway, "another district");
}

#[test]
fn what_another_version_wrote_is_foreign() {
    let mut memory = memory::Memory::new(HEIDEKREIS);
    let read = |memory: &memory::Memory| {
        memory::Memory::read(Some(&memory.payload().unwrap()), HEIDEKREIS)
    };
    assert_eq!(read(&memory).as_ref(), Some(&memory));
    memory.version += 1;
    assert_eq!(read(&memory), None);
    assert_eq!(memory::Memory::read(Some("{"), HEIDEKREIS), None);
    assert_eq!(memory::Memory::read(None, HEIDEKREIS), None);
}

#[test]
fn the_dictionary_grows_and_earlier_offers_profit() {
    let mut shelf = Shelf::default();
    shelf.put(
        &id("early"),
        "Früh",
        ProviderKind::Other,
        offers(&["Didgeridookurs am Meer"]),
    );
    let index = Index::create_in_ram(HEIDEKREIS).unwrap();
    index.refresh(&shelf).unwrap();
    let three = ["Didgeridoo bauen", "Das Didgeridoo", "Didgeridoo spielen"];
    shelf.put(&id("late"), "Spät", ProviderKind::Other, offers(&three));
    index.refresh(&shelf).unwrap();
    assert_eq!(total(&index, "Didgeridoo"), 4);
    assert!(index.state().memory.words.contains("didgeridoo"));
}
