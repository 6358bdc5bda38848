//! Values of indicators, worked out by hand.

use std::fs;

use calluna_model::offer::PriceDraft;
use calluna_tables::{Dim, Kind};

use super::fixture::{Record, World, offer};
use crate::{CatalogueStatistics, Releases, build};

/// Rows of an indicator: (area, period, dimensions) and (numerator, denominator, value, lower, upper, status).
fn rows(world: &World, indicator: &str) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    build(&world.input(), &releases).unwrap();
    let text = fs::read_to_string(releases.folder(1).join("indicators.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let all = reader.records().map(|row| {
        row.unwrap()
            .iter()
            .map(str::to_owned)
            .collect::<Vec<String>>()
    });
    all.filter(|row| row[0] == indicator).collect()
}

fn of<'a>(rows: &'a [Vec<String>], area: &str, dimensions: &str) -> [&'a str; 6] {
    let row = rows
        .iter()
        .find(|row| row[2] == area && row[4] == dimensions);
    let row = row.unwrap_or_else(|| panic!("{area} {dimensions} is not in {rows:#?}"));
    [5, 6, 7, 8, 9, 13].map(|at| row[at].as_str())
}

/// So many registrations with these codes.
fn many(world: &World, groups: &[(usize, &[(Dim, &str)])]) -> Vec<Record> {
    let one = |(count, codes): &(usize, &[(Dim, &str)])| vec![world.record(codes); *count];
    groups.iter().flat_map(one).collect()
}

#[test]
fn participation_per_thousand_residents() {
    let mut world = World::new();
    let soltau = (Dim::Residence, "03358021");
    let subject = (Dim::Subject, "4");
    let records = many(
        &world,
        &[
            (30, &[soltau, subject, (Dim::Age, "Y_LT18")]),
            (25, &[soltau, subject, (Dim::Age, "Y_GE65")]),
        ],
    );
    world.publish("vhs-heide", "2026-Q2", Kind::Final, &records);
    let found = rows(&world, "CAL-G10");
    // 55 of 1,200 are 45.83…, 55 of 2,000 are 27.5, 30 of 500 are 60 per thousand.
    assert_eq!(
        of(&found, "03358021", "AGE=_T"),
        ["55", "1200", "45.8", "", "", "A"]
    );
    assert_eq!(
        of(&found, "03358", "AGE=_T"),
        ["55", "2000", "27.5", "", "", "A"]
    );
    assert_eq!(
        of(&found, "03358", "AGE=Y_LT25"),
        ["30", "500", "60", "", "", "A"]
    );
    assert_eq!(found.len(), 3, "nothing where no residents are known");
    assert!(
        found
            .iter()
            .all(|row| row[11] == "synthetic2026" && row[12].ends_with("; synthetic"))
    );
    // Hidden at a second provider: an interval, and nothing is made up.
    let few = many(
        &world,
        &[
            (3, &[soltau, subject]),
            (17, &[subject, (Dim::Residence, "_O")]),
        ],
    );
    world.publish("schule-eins", "2026-Q2", Kind::Final, &few);
    let found = rows(&world, "CAL-G10");
    // At least 55, at most 55 + (20 - 17).
    assert_eq!(
        of(&found, "03358021", "AGE=_T"),
        ["", "1200", "", "45.8", "48.3", "Q"]
    );
}

#[test]
fn completion_rates_and_their_smallest_base() {
    let mut world = World::new();
    let state = |status: &'static str| (Dim::Status, status);
    let (four, five) = ((Dim::Subject, "4"), (Dim::Subject, "5"));
    let records = many(
        &world,
        &[
            (40, &[four, state("completed")]),
            (20, &[four, state("not-completed")]),
            (30, &[four, state("enrolled")]),
            (8, &[five, state("completed")]),
            (6, &[five, state("not-completed")]),
        ],
    );
    world.publish("vhs-heide", "2026-Q2", Kind::Final, &records);
    let found = rows(&world, "CAL-G11");
    assert_eq!(
        of(&found, "03358", "SUBJECT=4"),
        ["40", "60", "67", "", "", "A"]
    );
    assert_eq!(
        of(&found, "03358", "SUBJECT=_T"),
        ["48", "74", "65", "", "", "A"]
    );
    // 14 cases are too few for a share, though both numbers may be seen.
    assert_eq!(
        of(&found, "03358", "SUBJECT=5"),
        ["8", "14", "", "", "", "Q"]
    );
    // A second provider hides its own: the district's share is gone.
    let few = many(
        &world,
        &[
            (30, &[four, state("completed")]),
            (2, &[four, state("not-completed")]),
        ],
    );
    world.publish("schule-eins", "2026-Q2", Kind::Final, &few);
    assert_eq!(
        of(&rows(&world, "CAL-G11"), "03358", "SUBJECT=4"),
        ["70", "", "", "", "", "Q"]
    );
}

#[test]
fn enrolments_and_transitions() {
    let mut world = World::new();
    let from = |code: &'static str| (Dim::Qualification, code);
    let to = |code: &'static str| (Dim::Destination, code);
    let four = (Dim::Subject, "4");
    let records = many(
        &world,
        &[
            (30, &[four, from("msa"), to("training")]),
            (15, &[four, from("msa"), to("work")]),
            (5, &[four, from("ahr"), to("university")]),
        ],
    );
    world.publish("vhs-heide", "2026-Q2", Kind::Final, &records);
    assert_eq!(
        of(&rows(&world, "CAL-G3"), "03358", "SUBJECT=4"),
        ["50", "", "50", "", "", "A"]
    );
    let found = rows(&world, "CAL-G15");
    let at = |from: &str, to: &str| {
        of(
            &found,
            "03358",
            &format!("PRIOR_QUALIFICATION={from};DESTINATION={to}"),
        )
    };
    assert_eq!(at("msa", "training"), ["30", "45", "67", "", "", "A"]);
    assert_eq!(at("school", "learning"), ["30", "45", "67", "", "", "A"]);
    assert_eq!(at("_T", "work"), ["15", "50", "30", "", "", "A"]);
    assert_eq!(at("ahr", "university"), ["5", "5", "", "", "", "Q"]);
}

#[test]
fn the_catalogue_by_hand() {
    let mut world = World::new();
    let mut counted = CatalogueStatistics::default();
    for number in 0..24 {
        let one = offer(&format!("O-{number}"), |draft| {
            let free = number < 9;
            draft.price = Some(PriceDraft {
                amount_cents: Some(if free { 0 } else { 4_200 }),
                ..PriceDraft::default()
            });
            let run = &mut draft.runs[0];
            run.price = None;
            run.seats = Some(10);
            run.teaching_units_hundredths = Some(1_250);
            let venue = run.venue.as_mut().unwrap();
            venue.ags = if number < 20 { "03358024" } else { "03358021" }.to_owned();
            venue.accessible = None;
            if number % 2 == 1 {
                draft.accessibility.clear();
            }
            if number == 20 {
                draft.subjects[0].code = "5.01".to_owned();
            }
        });
        counted.feed(&one, world.layout.region());
    }
    world.providers[0].catalogue = counted;
    let waiting = many(
        &world,
        &[(46, &[(Dim::Subject, "4"), (Dim::Status, "waiting")])],
    );
    world.publish("vhs-heide", "2026-Q2", Kind::Final, &waiting);
    world.publish("vhs-heide", "2026-Q1", Kind::Final, &waiting);
    assert_eq!(
        of(&rows(&world, "CAL-G13"), "03358", "SUBJECT=_T"),
        ["9", "24", "38", "", "", "A"]
    );
    assert_eq!(
        of(&rows(&world, "CAL-G13"), "03358", "SUBJECT=5"),
        ["0", "1", "", "", "", "Q"]
    );
    assert_eq!(
        of(&rows(&world, "CAL-G14"), "03358", "SUBJECT=_T"),
        ["12", "24", "50", "", "", "A"]
    );
    // 23 runs of 12.5 units.
    assert_eq!(
        of(&rows(&world, "CAL-G2-K"), "03358", "SUBJECT=4"),
        ["287.5", "", "287.5", "", "", "A"]
    );
    let coverage = rows(&world, "CAL-G9-K");
    assert_eq!(of(&coverage, "03358024", ""), ["1", "7", "1", "", "", "A"]);
    assert_eq!(of(&coverage, "03358021", ""), ["2", "7", "2", "", "", "A"]);
    assert_eq!(of(&coverage, "03358016", ""), ["0", "7", "0", "", "", "A"]);
    assert_eq!(
        coverage[0][3], "2026-Q3",
        "the quarter of the release, not of figures"
    );
    // 46 on the list for 230 seats; only with the newest period.
    let found = rows(&world, "CAL-G12");
    assert_eq!(
        of(&found, "03358", "SUBJECT=4"),
        ["46", "230", "20", "", "", "A"]
    );
    assert!(found.iter().all(|row| row[3] == "2026-Q2"));
}
