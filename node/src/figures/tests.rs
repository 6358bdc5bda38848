//! A period from its first list to its forgetting, with a clock that is moved by hand. All persons are synthetic.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use calluna_figures::{Figures as Counted, Import, OfferIndex, Report};
use calluna_model::clock::{HandClock, Moment};
use calluna_model::entropy::SeededEntropy;
use calluna_model::fixture::an_offer;
use calluna_model::head::Head;
use calluna_model::outcome::Outcome as Night;
use calluna_model::receipt::{FiguresReceipt, Receipt};
use calluna_tables::revision::{FiguresHead, RevisionDigest};
use calluna_tables::{Kind, Period, Revision};
use tempfile::TempDir;

use super::book::Book;
use super::desk::Desk;
use super::ground::Ground;
use super::import::{Done, Outcome, Session, Wish, approve, discard, forget};
use super::outbox::{Choice, Stand, outbox};
use super::standing::{Standing, standings};
use super::{FiguresError, keep, restore, sealed, secret};
use crate::config::Figures;

/// Day 0 of the tests: in the third quarter of 2026.
const SUMMER: &str = "2026-08-15T10:00:00Z";

fn at(text: &str) -> Moment {
    Moment(text.parse::<jiff::Timestamp>().unwrap().as_second())
}

fn period(text: &str) -> Period {
    text.parse().unwrap()
}

/// A node's figures, without the node.
struct House {
    dir: TempDir,
    config: Figures,
    ground: Ground,
    entropy: SeededEntropy,
    clock: HandClock,
    /// The catalogue of today.
    offers: OfferIndex,
}

impl House {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            config: Figures::default(),
            ground: Ground::of(&Figures::default()).unwrap(),
            entropy: SeededEntropy::new(7),
            clock: HandClock::at(at(SUMMER)),
            offers: offers(),
        }
    }

    fn book(&self) -> Book {
        Book::of(self.dir.path())
    }

    fn now(&self) -> Moment {
        calluna_model::clock::Clock::now(&self.clock)
    }

    fn go_to(&self, text: &str) {
        self.clock.forward(at(text).since(self.now()));
    }

    fn desk(&self) -> Desk {
        let clock = Arc::new(self.clock.clone());
        Desk::new(self.book(), self.config.clone(), clock)
    }

    fn import(&self, list: &str) -> Result<Outcome, FiguresError> {
        self.import_as(list, "2026-Q3", false, false)
    }

    fn import_as(
        &self,
        list: &str,
        of: &str,
        closing: bool,
        dry_run: bool,
    ) -> Result<Outcome, FiguresError> {
        let book = self.book();
        let wish = Wish {
            book: &book,
            config: &self.config,
            ground: &self.ground,
            period: period(of),
            closing,
            dry_run,
            confirmed: false,
            now: self.now(),
        };
        let session = Session::open(wish, &self.entropy)?;
        let mut index = self.offers.clone();
        session.recall(&mut index)?;
        let (figures, report) = count(&self.ground, &index, period(of), session.secret(), list);
        session.decide(&figures, &report, &index)
    }

    fn heads(&self) -> Vec<FiguresHead> {
        self.desk().heads()
    }

    fn sent(&self, held: &[FiguresHead]) -> Vec<Revision> {
        let mut sent = Vec::new();
        let give = |revision: &Revision| {
            sent.push(revision.clone());
            true
        };
        self.desk().stream(held, give).unwrap();
        sent
    }

    fn standing(&self) -> Standing {
        standings(&self.book()).unwrap().remove(0)
    }

    /// Hashes of the persons of a list, as this node makes them.
    fn hashes(&self, list: &str) -> Vec<[u8; 32]> {
        let kept = secret::read(self.book().folder()).unwrap().unwrap();
        let index = offers();
        let of = period("2026-Q3");
        let (figures, _) = count(&self.ground, &index, of, &kept.secret, list);
        figures.persons().map(|one| *one.hash.as_bytes()).collect()
    }

    /// How many of these hashes stand anywhere in the folder.
    fn found(&self, hashes: &[[u8; 32]]) -> usize {
        let mut all = Vec::new();
        for entry in fs::read_dir(self.book().folder()).unwrap() {
            all.extend(fs::read(entry.unwrap().path()).unwrap());
        }
        hashes.iter().filter(|hash| holds(&all, *hash)).count()
    }
}

fn holds(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

fn offers() -> OfferIndex {
    let offers = ["A-1", "A-2"].map(|id| an_offer(id).build());
    offers.iter().collect()
}

fn count(
    ground: &Ground,
    index: &OfferIndex,
    of: Period,
    secret: &calluna_figures::Secret,
    list: &str,
) -> (Counted, Report) {
    let mut import = Import::new(&ground.frame.layout, &ground.postal, index, of, secret);
    import.read("synthetic.csv", list.as_bytes(), None).unwrap();
    import.finish(&ground.frame.web)
}

/// Persons of a synthetic list, numbered.
fn list(numbers: impl Iterator<Item = usize>) -> String {
    let mut text = "Kursnummer;Teilnehmernummer;Geburtsjahr;Geschlecht;PLZ;Status\n".to_owned();
    for n in numbers {
        let (course, sex) = (1 + n % 2, if n % 3 == 0 { "m" } else { "w" });
        let (year, place) = (1960 + n % 40, if n % 4 == 0 { "29664" } else { "29614" });
        writeln!(
            text,
            "A-{course};4711{n:04};{year};{sex};{place};angemeldet"
        )
        .unwrap();
    }
    text
}

fn receipt(figures: FiguresReceipt) -> Receipt {
    Receipt {
        night: 1,
        at: at(SUMMER),
        outcome: Night::Ok,
        head: Head::empty(calluna_model::id::EpochId::default()),
        added: 0,
        changed: 0,
        removed: 0,
        quarantined: 0,
        findings: Vec::new(),
        findings_left_out: 0,
        note: String::new(),
        figures: vec![figures],
    }
}

#[test]
fn a_list_is_published_once_and_the_hub_is_given_what_it_lacks() {
    let house = House::new();
    let first = house.import(&list(0..80)).unwrap();
    assert_eq!(first.done, Done::Published);
    assert!(first.first && first.revision.is_some());
    let heads = house.heads();
    assert_eq!((heads.len(), heads[0].number), (1, 1));
    assert_eq!(house.sent(&[]), [first.revision.unwrap()]);
    assert!(house.sent(&heads).is_empty(), "the hub has it");
    let again = house.import(&list(0..80)).unwrap();
    assert_eq!((again.done, again.first), (Done::Nothing, false));
    assert_eq!(house.heads(), heads, "the same list changes nothing");
    let more = house.import(&list(0..160)).unwrap();
    assert_eq!(more.done, Done::Published);
    let sent: Vec<u32> = house.sent(&heads).iter().map(|one| one.number).collect();
    assert_eq!(sent, [2]);
    assert_eq!(house.found(&house.hashes(&list(0..160))), 160);
}

#[test]
fn a_look_leaves_nothing_behind() {
    let house = House::new();
    let looked = house
        .import_as(&list(0..80), "2026-Q3", false, true)
        .unwrap();
    assert_eq!(looked.done, Done::Would);
    assert_eq!(fs::read_dir(house.dir.path()).unwrap().count(), 0);
    house.import(&list(0..80)).unwrap();
    let before = fs::read(house.book().path(period("2026-Q3"))).unwrap();
    house
        .import_as(&list(0..200), "2026-Q3", false, true)
        .unwrap();
    assert_eq!(
        fs::read(house.book().path(period("2026-Q3"))).unwrap(),
        before
    );
}

#[test]
fn a_quarter_is_not_begun_early_waits_for_its_close_and_is_corrected_until_it_is_forgotten() {
    let house = House::new();
    let refused = house.import_as(&list(0..80), "2026-Q4", false, false);
    assert!(matches!(refused, Err(FiguresError::Future { .. })));
    let refused = house.import_as(&list(0..80), "2026-Q3", true, false);
    assert!(matches!(refused, Err(FiguresError::StillRuns { .. })));
    house.import(&list(0..80)).unwrap();
    house.go_to("2026-10-30T10:00:00Z");
    let waits = house.import(&list(0..120)).unwrap();
    assert_eq!(
        (waits.done, waits.closes_on.as_str()),
        (Done::Waits, "2026-10-31")
    );
    assert_eq!(house.heads()[0].number, 1);
    house.go_to("2026-10-31T10:00:00Z");
    let closed = house.import(&list(0..120)).unwrap();
    assert_eq!(
        closed.revision.as_ref().map(|one| one.kind),
        Some(Kind::Final)
    );
    let corrected = house.import(&list(0..240)).unwrap();
    assert_eq!(
        corrected.revision.map(|one| one.kind),
        Some(Kind::Correction)
    );
    let hashes = house.hashes(&list(0..240));
    assert_eq!(house.found(&hashes), 240);
    house.go_to("2027-03-29T10:00:00Z");
    house.desk().upkeep();
    assert_eq!(house.found(&hashes), 240, "the 180th day is still time");
    let heads = house.heads();
    house.go_to("2027-03-30T10:00:00Z");
    house.desk().upkeep();
    assert_eq!(house.found(&hashes), 0);
    assert_eq!(house.heads(), heads, "what was published stays");
    assert!(house.standing().forgotten_at.is_some());
    assert!(matches!(
        house.import(&list(0..240)),
        Err(FiguresError::Forgotten { .. })
    ));
}

#[test]
fn a_quarter_can_be_closed_by_hand_once_it_is_over() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    house.go_to("2026-10-01T10:00:00Z");
    let closed = house
        .import_as(&list(0..160), "2026-Q3", true, false)
        .unwrap();
    assert_eq!(closed.revision.map(|one| one.kind), Some(Kind::Final));
}

#[test]
fn what_waits_for_release_is_not_told_to_the_hub() {
    let mut house = House::new();
    house.config.approve = true;
    let of = period("2026-Q3");
    assert_eq!(house.import(&list(0..80)).unwrap().done, Done::Proposed);
    assert!(house.heads().is_empty() && house.sent(&[]).is_empty());
    assert!(house.standing().proposed_at.is_some());
    let shown = outbox(
        &house.book(),
        &house.ground,
        180,
        Choice {
            period: None,
            all: false,
        },
    )
    .unwrap();
    assert_eq!(
        shown.periods[0].proposal.as_ref().unwrap().stand,
        Stand::WaitsForRelease
    );
    discard(&house.book(), &house.config, of, house.now()).unwrap();
    assert!(matches!(
        approve(&house.book(), &house.config, of, house.now()),
        Err(FiguresError::NothingWaits { .. })
    ));
    assert_eq!(house.import(&list(0..80)).unwrap().done, Done::Proposed);
    // A newer list takes the place of what waits.
    house.clock.forward(60);
    assert_eq!(house.import(&list(0..160)).unwrap().done, Done::Proposed);
    let released = approve(&house.book(), &house.config, of, house.now()).unwrap();
    assert_eq!((released.number, house.heads()), (1, vec![released.head()]));
    assert!(house.standing().proposed_at.is_none());
    assert!(matches!(
        approve(&house.book(), &house.config, of, house.now()),
        Err(FiguresError::NothingWaits { .. })
    ));
}

#[test]
fn without_its_secret_a_quarter_is_closed_for_good_and_the_next_one_goes_on() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    let (hashes, heads) = (house.hashes(&list(0..80)), house.heads());
    fs::remove_file(house.book().folder().join(secret::FILE)).unwrap();
    let looked = house.import_as(&list(0..160), "2026-Q3", false, true);
    assert!(matches!(looked, Err(FiguresError::Sealed { .. })));
    let refused = house.import(&list(0..160));
    assert!(
        matches!(refused, Err(FiguresError::Sealed { reason, .. }) if reason == sealed::SECRET)
    );
    assert_eq!((house.heads(), house.found(&hashes)), (heads, 0));
    house.go_to("2026-10-02T10:00:00Z");
    let next = house
        .import_as(&list(0..80), "2026-Q4", false, false)
        .unwrap();
    assert_eq!(next.done, Done::Published);
    assert_eq!(house.heads().len(), 2);
}

#[test]
fn a_revision_at_the_hub_that_is_not_ours_closes_the_quarter() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    let hashes = house.hashes(&list(0..80));
    let ours = house.heads()[0];
    let others = [
        FiguresHead {
            digest: RevisionDigest([9; 32]),
            ..ours
        },
        FiguresHead { number: 2, ..ours },
    ];
    let other = others[0];
    assert!(house.sent(&[other]).is_empty());
    assert!(
        house.heads().is_empty() && house.sent(&[]).is_empty(),
        "now and later"
    );
    assert_eq!(house.found(&hashes), 0);
    assert!(
        matches!(house.import(&list(0..160)), Err(FiguresError::Sealed { reason, .. }) if reason == sealed::DIVERGED)
    );
    // The same where the hub is only ahead, and where this node has no file at all.
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    assert!(house.sent(&[others[1]]).is_empty() && house.heads().is_empty());
    let house = House::new();
    assert!(house.sent(&[other]).is_empty());
    assert!(matches!(
        house.import(&list(0..80)),
        Err(FiguresError::Sealed { .. })
    ));
}

#[test]
fn a_divergence_that_is_found_while_somebody_imports_holds_as_well() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    let other = FiguresHead {
        digest: RevisionDigest([9; 32]),
        ..house.heads()[0]
    };
    let writer = house.book().write().unwrap();
    assert!(house.sent(&[other]).is_empty() && house.heads().is_empty());
    drop(writer);
    assert!(matches!(
        house.import(&list(0..160)),
        Err(FiguresError::Sealed { .. })
    ));
}

#[test]
fn a_backup_holds_no_person_and_what_is_restored_is_closed() {
    let mut house = House::new();
    house.import(&list(0..80)).unwrap();
    house.config.approve = true;
    assert_eq!(house.import(&list(0..160)).unwrap().done, Done::Proposed);
    let (hashes, heads) = (house.hashes(&list(0..160)), house.heads());
    let secret = fs::read(house.book().folder().join(secret::FILE)).unwrap();
    let kept = restore::kept(&house.book()).unwrap();
    assert!(!kept.files.is_empty() && kept.left_out.is_empty());
    let other = House::new();
    for (name, bytes) in &kept.files {
        assert!(!hashes.iter().any(|hash| holds(bytes, hash)) && !holds(bytes, &secret));
        fs::write(other.dir.path().join(name), bytes).unwrap();
    }
    restore::put_in_place(other.dir.path()).unwrap();
    assert_eq!(other.heads(), heads);
    assert_eq!(fs::read_dir(other.dir.path()).unwrap().count(), 1);
    let refused = other.import(&list(0..160));
    assert!(
        matches!(refused, Err(FiguresError::Sealed { reason, .. }) if reason == sealed::RESTORED)
    );
}

#[test]
fn a_list_that_tells_persons_apart_by_other_columns_is_refused() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    let by_name = list(0..80).replace("Teilnehmernummer", "Sonstiges");
    let refused = house.import(&by_name).unwrap_err();
    assert!(
        matches!(refused, FiguresError::OtherBasis { .. }),
        "{refused}"
    );
}

#[test]
fn a_list_in_which_most_persons_are_missing_is_not_taken_for_the_whole() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    let refused = house.import(&list(50..160)).unwrap_err();
    assert!(
        matches!(refused, FiguresError::Strangers { .. }),
        "{refused}"
    );
    assert_eq!(house.heads()[0].number, 1);
    house.import(&list(30..160)).unwrap();
}

#[test]
fn registrations_of_offers_that_left_the_catalogue_stay_in_their_subject() {
    let mut house = House::new();
    house.import(&list(0..80)).unwrap();
    house.go_to("2026-10-31T10:00:00Z");
    // Both courses have ended and are gone; another one is there.
    house.offers = [an_offer("B-1").build()].iter().collect();
    let closed = house.import(&list(0..80)).unwrap();
    let remembered = closed.revision.unwrap();
    let mut whole = House::new();
    whole.import(&list(0..80)).unwrap();
    whole.go_to("2026-10-31T10:00:00Z");
    whole.offers = ["A-1", "A-2", "B-1"]
        .map(|id| an_offer(id).build())
        .iter()
        .collect();
    let never_gone = whole.import(&list(0..80)).unwrap().revision.unwrap();
    assert_eq!(remembered.values, never_gone.values);
    // What can no longer be corrected needs no offers.
    let kept = house.book().folder().join("2026-Q3.offers");
    assert!(kept.exists());
    let writer = house.book().write().unwrap();
    keep::forget(&writer, period("2026-Q3"), house.now()).unwrap();
    assert!(!kept.exists());
}

#[test]
fn a_list_whose_offers_are_unknown_is_not_counted_by_mistake() {
    let mut house = House::new();
    house.offers = [an_offer("B-1").build()].iter().collect();
    let refused = house.import(&list(0..80)).unwrap_err();
    assert!(
        matches!(refused, FiguresError::UnknownOffers { .. }),
        "{refused}"
    );
    assert!(house.heads().is_empty());
    house.offers = offers();
    house.import(&list(0..80)).unwrap();
}

#[test]
fn rules_that_are_changed_hold_from_the_next_quarter_on() {
    let mut house = House::new();
    house.import(&list(0..80)).unwrap();
    house.config.rules.threshold = 9;
    let kept = house.import(&list(0..160)).unwrap();
    assert!(
        kept.reasons.contains(&"rules-kept".to_owned()),
        "{:?}",
        kept.reasons
    );
    assert_eq!(kept.revision.unwrap().rules.threshold, 5);
    house.go_to("2026-10-02T10:00:00Z");
    let next = house
        .import_as(&list(0..80), "2026-Q4", false, false)
        .unwrap();
    assert_eq!(next.revision.unwrap().rules.threshold, 9);
}

#[test]
fn a_published_revision_shows_numbers_and_they_are_those_of_the_outbox() {
    let house = House::new();
    let done = house.import(&list(0..80)).unwrap();
    let values = done.revision.unwrap().values;
    let shown = values
        .iter()
        .filter(|one| matches!(one, calluna_tables::Shown::Value(_)));
    let shown = shown.count();
    assert!(shown >= 3, "{shown} numbers");
    let choice = Choice {
        period: None,
        all: false,
    };
    let out = outbox(&house.book(), &house.ground, 180, choice).unwrap();
    assert_eq!(out.periods[0].revisions[0].counts.shown, shown);
    let total = &out.periods[0].revisions[0].tables[0].cells[0].values[0];
    assert_eq!(*total, super::outbox::ValueOut::Number(80));
}

#[test]
fn figures_of_another_region_do_not_go_on_in_a_quarter() {
    let mut house = House::new();
    house.import(&list(0..80)).unwrap();
    let file = house.dir.path().join("fields.csv");
    fs::write(&file, "code,de,en\n4.06,Französisch,French\n").unwrap();
    house.config.subjects = file.to_string_lossy().into_owned();
    house.ground = Ground::of(&house.config).unwrap();
    assert!(matches!(
        house.import(&list(0..160)),
        Err(FiguresError::OtherLayout { .. })
    ));
}

#[test]
fn what_the_hub_says_is_kept_and_shown() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    let accepted = FiguresReceipt {
        period: "2026-Q3".to_owned(),
        accepted: 1,
        ..FiguresReceipt::default()
    };
    house.desk().acknowledge(&receipt(accepted)).unwrap();
    assert_eq!(house.standing().accepted, 1);
    house.import(&list(0..160)).unwrap();
    let refused = FiguresReceipt {
        period: "2026-Q3".to_owned(),
        accepted: 1,
        refused: 2,
        reason: "the batch is too small".to_owned(),
    };
    house.desk().acknowledge(&receipt(refused)).unwrap();
    let shown = outbox(
        &house.book(),
        &house.ground,
        180,
        Choice {
            period: None,
            all: false,
        },
    )
    .unwrap();
    let stands: Vec<Stand> = shown.periods[0]
        .revisions
        .iter()
        .map(|one| one.stand)
        .collect();
    assert_eq!(stands, [Stand::Refused, Stand::Accepted]);
    assert_eq!(house.standing().reason, "the batch is too small");
    let odd = FiguresReceipt {
        period: "../../etc".to_owned(),
        ..FiguresReceipt::default()
    };
    house.desk().acknowledge(&receipt(odd)).unwrap();
    assert_eq!(standings(&house.book()).unwrap().len(), 1);
}

#[test]
fn forgetting_by_hand_leaves_what_was_published() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    let (hashes, heads) = (house.hashes(&list(0..80)), house.heads());
    forget(&house.book(), period("2026-Q3"), house.now()).unwrap();
    assert_eq!((house.found(&hashes), house.heads()), (0, heads));
    assert!(matches!(
        house.import(&list(0..80)),
        Err(FiguresError::Forgotten { .. })
    ));
    let none = forget(&house.book(), period("2026-Q2"), house.now());
    assert!(matches!(none, Err(FiguresError::NoSuchPeriod { .. })));
}

#[test]
fn a_damaged_file_silences_its_quarter_and_no_other() {
    let house = House::new();
    house.import(&list(0..80)).unwrap();
    house.go_to("2026-10-02T10:00:00Z");
    house
        .import_as(&list(0..80), "2026-Q4", false, false)
        .unwrap();
    let heads = house.heads();
    let path = house.book().path(period("2026-Q3"));
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert_eq!(house.heads(), heads[1..]);
    let sent = house.sent(&heads[..1]);
    assert!(sent.iter().all(|one| one.period == period("2026-Q4")) && !sent.is_empty());
    assert!(matches!(
        house.import_as(&list(0..90), "2026-Q3", true, false),
        Err(FiguresError::Damaged { .. })
    ));
    assert!(!house.standing().fault.is_empty());
}

/// `cargo test -p calluna-node --release figures::tests::cost -- --ignored --nocapture`
#[test]
#[ignore = "a measurement: 20,000 registrations"]
fn cost_of_a_large_provider() {
    let house = House::new();
    let list = list(0..20_000);
    let start = tokio::time::Instant::now();
    let done = house.import(&list).unwrap();
    let shown = done.revision.map_or(0, |one| one.values.len());
    println!("night: {:?}, {shown} numbers", start.elapsed());
    house.go_to("2026-11-05T10:00:00Z");
    let start = tokio::time::Instant::now();
    let done = house.import(&list).unwrap();
    let shown = done.revision.map_or(0, |one| one.values.len());
    println!("close: {:?}, {shown} numbers", start.elapsed());
    let file = fs::metadata(house.book().path(period("2026-Q3"))).unwrap();
    println!("file: {} bytes", file.len());
}
