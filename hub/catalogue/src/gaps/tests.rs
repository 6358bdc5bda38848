//! What is missing where, and what competes.

use std::sync::Arc;

use calluna_model::fixture::an_offer;
use calluna_model::offer::{
    LevelDraft, OfferDraft, RunDraft, SlotDraft, SubjectDraft, VenueDraft, WeeklySlotDraft,
};
use jiff::civil::date;

use super::*;
use crate::duplicates::Detector;

fn region() -> Region {
    let municipality = |ags: &str, name: &str| Municipality {
        ags: ags.into(),
        name: name.into(),
    };
    Region::new(
        vec![
            municipality("03358024", "Walsrode, Stadt"),
            municipality("03358017", "Neuenkirchen"),
        ],
        &[("03358004".into(), "03358024".into())],
    )
}

fn id(provider: &str) -> ProviderId {
    provider.parse().unwrap()
}

/// A weekly course on Tuesdays. Synthetic.
fn course(id: &str, subject: &str, city: &str, time: (&str, &str)) -> OfferDraft {
    let mut offer = an_offer(id).build().into_draft();
    offer.subjects = vec![SubjectDraft {
        scheme: "dvv-2.0".into(),
        code: subject.into(),
        label: String::new(),
    }];
    offer.format = "in-person".into();
    offer.level = Some(LevelDraft {
        cefr: "A1".into(),
        ..LevelDraft::default()
    });
    offer.runs = vec![RunDraft {
        id: "r".into(),
        start: "2027-01-11".into(),
        end: "2027-01-31".into(),
        weekly: vec![WeeklySlotDraft {
            weekday: 2,
            start: time.0.into(),
            end: time.1.into(),
        }],
        venue: Some(VenueDraft {
            city: city.into(),
            ..VenueDraft::default()
        }),
        ..RunDraft::default()
    }];
    offer
}

fn ask() -> Ask {
    Ask::from(date(2027, 1, 1))
}

fn survey(ask: Ask, offers: &[(&str, OfferDraft)]) -> Survey {
    let mut survey = Survey::new(region(), ask);
    for (provider, offer) in offers {
        survey.add(&id(provider), offer);
    }
    survey
}

fn cell<'a>(report: &'a Report, area: &str, place: &str, format: &str) -> &'a Cell {
    let mut cells = report.coverage.iter();
    cells
        .find(|c| c.area == area && c.municipality == place && c.format == format)
        .unwrap()
}

#[test]
fn value_zero_and_not_delivered_are_told_apart() {
    let offers = [
        ("vhs", course("1", "4.06", "Walsrode", ("18:00", "19:30"))),
        ("vhs", course("2", "4.07", "walsrode", ("18:00", "19:30"))),
    ];
    let report = survey(ask(), &offers).finish(&Groups::default());
    let here = cell(&report, "4", "03358024", "in-person");
    assert_eq!((here.state, here.offers, here.runs), (State::Value, 2, 2));
    assert_eq!(
        cell(&report, "4", "03358017", "in-person").state,
        State::Zero
    );
    assert_eq!(cell(&report, "4", ANYWHERE, "online").state, State::Zero);
    // Seven areas; two municipalities with three ways of taking part, three ways without a place.
    assert_eq!(report.coverage.len(), 7 * (2 * 3 + 3));
    assert_eq!(report.nowhere.len(), 6);
    let mut again = survey(ask(), &offers);
    again.not_delivered(&id("bbs"), Some(Moment(7)));
    let report = again.finish(&Groups::default());
    assert_eq!(
        cell(&report, "4", "03358024", "in-person").state,
        State::Value
    );
    assert_eq!(
        cell(&report, "4", "03358017", "in-person").state,
        State::NotDelivered
    );
    assert_eq!(report.nowhere[0], ("1".to_owned(), State::NotDelivered));
    assert_eq!(report.not_delivered[0].provider, id("bbs"));
}

#[test]
fn places_are_found_by_key_and_name_and_never_guessed() {
    let offer = course("1", "4.06", "Walsrode", ("18:00", "19:30"));
    let place = |change: fn(&mut OfferDraft)| {
        let mut offer = offer.clone();
        change(&mut offer);
        let run = offer.runs[0].clone();
        region().place(&run, format_of(&offer))
    };
    fn format_of(offer: &OfferDraft) -> &str {
        &offer.format
    }
    fn venue(offer: &mut OfferDraft) -> &mut VenueDraft {
        offer.runs[0].venue.as_mut().unwrap()
    }
    assert_eq!(place(|_| {}), "03358024");
    assert_eq!(place(|o| venue(o).ags = "03358004".into()), "03358024");
    assert_eq!(place(|o| venue(o).ags = "03241001".into()), OUTSIDE);
    // A name alone that is none of ours: it could be a village of one.
    assert_eq!(place(|o| venue(o).city = "Bomlitz".into()), UNKNOWN);
    assert_eq!(place(|o| venue(o).city.clear()), UNKNOWN);
    assert_eq!(place(|o| o.runs[0].venue = None), UNKNOWN);
    assert_eq!(place(|o| o.format = "online".into()), ANYWHERE);
}

#[test]
fn villages_and_postal_codes_are_placed_by_the_gazetteer() {
    /// Knows one village of Walsrode and one town far away.
    #[derive(Debug)]
    struct Two;
    impl Gazetteer for Two {
        fn municipality(&self, venue: &VenueDraft) -> Option<String> {
            match venue.city.as_str() {
                "Bomlitz" => Some("03358024".into()),
                "Hannover" => Some("03241001".into()),
                _ => None,
            }
        }
    }
    let region = region().with_gazetteer(Arc::new(Two));
    let place = |city: &str, postal_code: &str| {
        let venue = VenueDraft {
            city: city.into(),
            postal_code: postal_code.into(),
            ..VenueDraft::default()
        };
        let run = RunDraft {
            venue: Some(venue),
            ..RunDraft::default()
        };
        region.place(&run, "in-person")
    };
    assert_eq!(place("Bomlitz", ""), "03358024");
    assert_eq!(place("Hannover", ""), OUTSIDE);
    assert_eq!(place("Neuenkirchen", ""), "03358017");
    // Called like one of ours, with a postal code that the gazetteer does not give to it.
    assert_eq!(place("Neuenkirchen", "99999"), UNKNOWN);
}

#[test]
fn what_could_be_of_a_cell_keeps_it_from_being_a_zero() {
    let course = |subject: &str, city: &str| course("1", subject, city, ("18:00", "19:30"));
    let report = |offer: OfferDraft| survey(ask(), &[("vhs", offer)]).finish(&Groups::default());
    // No area is told: it could be any, at its place and in its way.
    let found = report(course("no code", "Walsrode"));
    let state = |report: &Report, place, format| cell(report, "4", place, format).state;
    assert_eq!(state(&found, "03358024", "in-person"), State::Unknown);
    assert_eq!(state(&found, "03358017", "in-person"), State::Zero);
    assert_eq!(state(&found, "03358024", "hybrid"), State::Zero);
    assert_eq!(found.nowhere.len(), 7);
    assert!(
        found
            .nowhere
            .iter()
            .all(|(_, state)| *state == State::Unknown)
    );
    // No place is told: it could be anywhere, also outside, so its area is not known to be here.
    let found = report(course("4.06", ""));
    assert_eq!(state(&found, "03358017", "in-person"), State::Unknown);
    assert_eq!(
        cell(&found, "5", "03358017", "in-person").state,
        State::Zero
    );
    let nowhere = |report: &Report, area: &str| {
        let mut all = report.nowhere.iter();
        all.find(|(known, _)| known == area)
            .map(|(_, state)| *state)
    };
    assert_eq!(nowhere(&found, "4"), Some(State::Unknown));
    assert_eq!(nowhere(&found, "5"), Some(State::Zero));
    // That somebody has not delivered says more.
    let mut again = survey(ask(), &[("vhs", course("4.06", ""))]);
    again.not_delivered(&id("bbs"), None);
    let found = again.finish(&Groups::default());
    assert_eq!(state(&found, "03358017", "in-person"), State::NotDelivered);
}

#[test]
fn nowhere_means_nowhere_in_the_region_whatever_is_asked_for() {
    let offers = [("vhs", course("1", "4.06", "Walsrode", ("18:00", "19:30")))];
    let ask = Ask {
        municipality: Some("03358017".into()),
        format: Some("online".into()),
        ..ask()
    };
    let report = survey(ask, &offers).finish(&Groups::default());
    assert_eq!(report.offers, 0);
    assert!(report.nowhere.iter().all(|(area, _)| area != "4"));
    assert_eq!(report.nowhere.len(), 6);
}

#[test]
fn runs_that_are_over_cancelled_or_later_do_not_count() {
    let offer = course("1", "4.06", "Walsrode", ("18:00", "19:30"));
    let counts = |change: fn(&mut RunDraft), ask: Ask| {
        let mut offer = offer.clone();
        change(&mut offer.runs[0]);
        survey(ask, &[("vhs", offer)])
            .finish(&Groups::default())
            .offers
            == 1
    };
    assert!(counts(|_| {}, ask()));
    assert!(!counts(|run| run.status = "cancelled".into(), ask()));
    assert!(!counts(|_| {}, Ask::from(date(2027, 2, 1))));
    assert!(counts(|_| {}, Ask::from(date(2027, 1, 31))));
    let until = |day| Ask {
        until: Some(day),
        ..ask()
    };
    assert!(!counts(|_| {}, until(date(2027, 1, 10))));
    assert!(counts(|_| {}, until(date(2027, 1, 11))));
    let undated = |run: &mut RunDraft| (run.start, run.end) = (String::new(), String::new());
    assert!(counts(undated, Ask::from(date(2030, 1, 1))));
}

#[test]
fn overlaps_need_subject_level_place_time_and_two_providers() {
    let one = course("1", "4.06", "Walsrode", ("18:00", "19:30"));
    let overlaps = |other: OfferDraft, provider: &str| {
        let offers = [("vhs", one.clone()), (provider, other)];
        survey(ask(), &offers).finish(&Groups::default()).overlaps
    };
    let rival = course("9", "4.06", "Walsrode", ("19:00", "20:30"));
    let found = overlaps(rival.clone(), "bbs");
    assert_eq!(found.len(), 1);
    // 12, 19 and 26 January, half an hour each.
    assert_eq!((found[0].dates, found[0].minutes), (3, 90));
    assert_eq!(found[0].first, "2027-01-12");
    assert_eq!(found[0].subject, "dvv-2.0 4.06");
    let none = |change: fn(&mut OfferDraft)| {
        let mut other = rival.clone();
        change(&mut other);
        overlaps(other, "bbs").is_empty()
    };
    assert!(overlaps(rival.clone(), "vhs").is_empty());
    assert!(none(|o| o.subjects[0].code = "4.07".into()));
    assert!(none(|o| o.level.as_mut().unwrap().cefr = "B1".into()));
    assert!(none(
        |o| o.runs[0].venue.as_mut().unwrap().city = "Neuenkirchen".into()
    ));
    assert!(none(|o| o.runs[0].weekly[0].weekday = 3));
    assert!(
        none(|o| o.runs[0].weekly[0].start = "19:30".into()),
        "one after the other"
    );
    assert!(
        none(|o| o.runs[0].start = "2027-02-01".into()),
        "other weeks"
    );
    // Single dates count before weekly times.
    let mut single = rival.clone();
    single.runs[0].slots = vec![SlotDraft {
        date: "2027-01-19".into(),
        start: "18:00".into(),
        end: "18:45".into(),
    }];
    assert_eq!(overlaps(single, "bbs")[0].dates, 1);
}

#[test]
fn what_is_the_same_does_not_compete_with_itself() {
    let mut one = course("1", "4.06", "Walsrode", ("18:00", "19:30"));
    one.runs[0].number = "26-1".into();
    let offers = [("vhs", one.clone()), ("bbs", one)];
    let mut detector = Detector::new();
    for (provider, offer) in &offers {
        detector.add(&id(provider), offer);
    }
    let groups = detector.groups(&[]);
    assert_eq!(groups.all().len(), 1);
    assert!(survey(ask(), &offers).finish(&groups).overlaps.is_empty());
    assert_eq!(
        survey(ask(), &offers)
            .finish(&Groups::default())
            .overlaps
            .len(),
        1
    );
}

#[test]
fn filters_leave_only_what_is_asked_for() {
    let offers = [
        ("vhs", course("1", "4.06", "Walsrode", ("18:00", "19:30"))),
        (
            "vhs",
            course("2", "5.01", "Neuenkirchen", ("18:00", "19:30")),
        ),
    ];
    let ask = Ask {
        area: Some("5".into()),
        municipality: Some("03358017".into()),
        format: Some("in-person".into()),
        ..ask()
    };
    let report = survey(ask, &offers).finish(&Groups::default());
    assert_eq!((report.offers, report.coverage.len()), (1, 1));
    assert_eq!(report.coverage[0].offers, 1);
    assert!(report.nowhere.is_empty());
}
