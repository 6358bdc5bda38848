//! Releases made by hand, each with one thing that it gives away.

use calluna_tests::attack::findings::{Disclosed, SmallChange};
use calluna_tests::attack::release::LeftOut;
use calluna_tests::attack::{Attack, Findings, Options, Release};

use crate::releases::release;

fn attack_with(releases: &[Release], options: &Options) -> Findings {
    Attack::of(releases).unwrap().run(options)
}

fn attack(texts: &[&str]) -> Findings {
    let releases: Vec<Release> = (1..)
        .zip(texts)
        .map(|(number, text)| release(number, text))
        .collect();
    attack_with(&releases, &Options::default())
}

/// What, least, most.
fn told(list: &[Disclosed]) -> Vec<(&str, i64, i64)> {
    list.iter()
        .map(|found| (found.place.what.as_str(), found.low, found.high))
        .collect()
}

/// From, to, and whether it is a residual.
fn changes(list: &[SmallChange]) -> Vec<(i64, i64, bool)> {
    list.iter()
        .map(|found| (found.from, found.to, found.residual))
        .collect()
}

#[test]
fn a_single_hidden_number_of_a_row_is_known() {
    let found = attack(&["
        subject haus SUBJECT=_T 60
        subject haus SUBJECT=1 40
        subject haus SUBJECT=2 17
        subject haus SUBJECT=3 ?
    "]);
    assert_eq!(told(&found.exact), [("ENROLMENTS SUBJECT=3", 3, 3)]);
    assert!(found.narrow.is_empty() && found.unsolved.is_empty());
    assert_eq!(found.judged, 1);
    assert!(!found.is_clean());
}

#[test]
fn two_hidden_numbers_with_a_small_sum_are_narrow_and_with_a_large_one_are_not() {
    let with = |total| {
        attack(&[&format!(
            "
            subject haus SUBJECT=_T {total}
            subject haus SUBJECT=1 40
            subject haus SUBJECT=2 ?
            subject haus SUBJECT=3 ?
            "
        )])
    };
    let found = with(43);
    assert!(found.exact.is_empty());
    assert_eq!(
        told(&found.narrow),
        [
            ("ENROLMENTS SUBJECT=2", 0, 3),
            ("ENROLMENTS SUBJECT=3", 0, 3)
        ]
    );
    // Exactly as wide as wanted.
    assert!(with(44).is_clean());
    assert!(with(70).is_clean());
}

#[test]
fn a_sensitive_subject_and_its_totals_want_more() {
    let text = "
        subject haus SUBJECT=_T 48
        subject haus SUBJECT=1 40
        subject haus SUBJECT=2 ?
        subject haus SUBJECT=3 ?
    ";
    assert!(attack(&[text]).is_clean());
    let options = Options {
        sensitive: ["3".to_owned()].into(),
        ..Options::default()
    };
    let found = attack_with(&[release(1, text)], &options);
    assert_eq!(told(&found.narrow), [("ENROLMENTS SUBJECT=3", 0, 8)]);
    assert_eq!(found.narrow[0].wanted, 9);
    // The young of all subjects are above the young of a sensitive one, but only where those are
    // listed.
    let linked = "
        cross haus SUBJECT=_T,AGE=_T 48
        cross haus SUBJECT=_T,AGE=Y ?
        cross haus SUBJECT=_T,AGE=O ?
        cross haus SUBJECT=3,AGE=_T 8
        cross haus SUBJECT=3,AGE=Y ?
        cross haus SUBJECT=3,AGE=O ?
        cross haus SUBJECT=2,AGE=_T 40
        cross haus SUBJECT=2,AGE=Y 20
        cross haus SUBJECT=2,AGE=O 20
    ";
    let found = attack_with(&[release(1, linked)], &options);
    let what: Vec<&str> = told(&found.narrow).iter().map(|(what, ..)| *what).collect();
    assert_eq!(
        what,
        [
            "ENROLMENTS AGE=Y",
            "ENROLMENTS AGE=O",
            "ENROLMENTS SUBJECT=3 AGE=Y",
            "ENROLMENTS SUBJECT=3 AGE=O"
        ]
    );
    let without = linked.replace("SUBJECT=3", "SUBJECT=1");
    assert!(attack_with(&[release(1, &without)], &options).is_clean());
}

#[test]
fn growth_over_two_revisions_narrows() {
    // In the first 2 + 3 is 20, and 2 is at most 19 later. In the second 4 is shown to be 5.
    let before = "
        subject haus SUBJECT=_T 60
        subject haus SUBJECT=1 40
        subject haus SUBJECT=2 ?
        subject haus SUBJECT=3 ?
    ";
    let after = "
        subject haus SUBJECT=_T 66
        subject haus SUBJECT=1 40
        subject haus SUBJECT=2 18
        subject haus SUBJECT=3 8
    ";
    let found = attack(&[before, after]);
    // 2 <= 18 and 3 <= 8 with a sum of 20: 2 is 12 to 18, 3 is 2 to 8: wide enough.
    assert!(found.narrow.is_empty() && found.exact.is_empty(), "{found}");
    let later = after.replace("66", "60").replace("18", "12");
    let found = attack(&[before, &later]);
    // Nothing came in, so everything stayed what it is.
    assert_eq!(
        told(&found.exact),
        [
            ("ENROLMENTS SUBJECT=2", 12, 12),
            ("ENROLMENTS SUBJECT=3", 8, 8)
        ]
    );
    let narrow = after
        .replace("66", "62")
        .replace("18", "13")
        .replace(" 8", " 9");
    let found = attack(&[before, &narrow]);
    assert_eq!(
        told(&found.narrow),
        [
            ("ENROLMENTS SUBJECT=2", 11, 13),
            ("ENROLMENTS SUBJECT=3", 7, 9)
        ]
    );
    // Without growth the two say nothing of each other.
    let releases = [release(1, before), release(2, &narrow)];
    let options = Options {
        grows: false,
        ..Options::default()
    };
    assert!(attack_with(&releases, &options).narrow.is_empty());
}

#[test]
fn growth_ties_hidden_numbers_through_a_linear_program() {
    let text = |young, total| {
        format!(
            "
            subject haus SUBJECT=_T {total}
            subject haus SUBJECT=1 20
            subject haus SUBJECT=2 ?
            subject haus SUBJECT=3 ?
            cross haus SUBJECT=_T,AGE=Y {young}
            cross haus SUBJECT=_T,AGE=O ?
            cross haus SUBJECT=1,AGE=Y 10
            cross haus SUBJECT=1,AGE=O 10
            cross haus SUBJECT=2,AGE=Y ?
            cross haus SUBJECT=3,AGE=Y ?
            cross haus SUBJECT=2,AGE=O ?
            cross haus SUBJECT=3,AGE=O ?
            "
        )
    };
    // Of the two subjects two are young, and later twelve more; subjects and ages are tied.
    let (before, after) = (text(12, 60), text(24, 72));
    let narrow = |texts: &[&str]| {
        let found = attack(texts);
        assert!(found.contradictions.is_empty(), "{found}");
        found.narrow.len() + found.exact.len()
    };
    assert_eq!(narrow(&[&after]), 1, "the old are the rest");
    // Alone the young are 0 to 2 each.
    assert_eq!(narrow(&[&before]), 3);
    // Everything that came is young; those of now are wide.
    assert_eq!(narrow(&[&before, &after]), 4);
    // Were only one young one to come, those of now would still be narrow.
    assert_eq!(narrow(&[&before, &text(13, 61)]), 6);
}

#[test]
fn a_change_by_one_person_is_found_between_any_two_revisions() {
    let text = |value| format!("subject haus SUBJECT=_T {value}");
    let found = attack(&[&text(57), &text(58)]);
    assert_eq!(changes(&found.small_changes), [(57, 58, false)]);
    // 57 to 62 is large, 62 to 60 not; neither is 57 to 60.
    let found = attack(&[&text(57), &text(62), &text(60)]);
    assert_eq!(
        changes(&found.small_changes),
        [(57, 60, false), (62, 60, false)]
    );
    assert!(attack(&[&text(57), &text(57), &text(62)]).is_clean());
    assert_eq!(attack(&[&text(57), &text(61)]).small_changes.len(), 1);
}

#[test]
fn a_change_of_what_is_left_is_found() {
    let text = |total, first| {
        format!(
            "
            subject haus SUBJECT=_T {total}
            subject haus SUBJECT=1 {first}
            subject haus SUBJECT=2 ?
            subject haus SUBJECT=3 ?
            "
        )
    };
    let found = attack(&[&text(100, 60), &text(111, 70)]);
    assert_eq!(changes(&found.small_changes), [(40, 41, true)]);
    assert!(attack(&[&text(100, 60), &text(110, 70)]).is_clean());
    // Shown children that become more: only those shown both times are taken off.
    let more = text(103, 60).replace("2 ?", "2 30");
    let found = attack(&[&text(100, 60), &more]);
    assert_eq!(
        changes(&found.small_changes),
        [(100, 103, false), (40, 43, true)]
    );
}

#[test]
fn linked_tables_recover_what_each_alone_hides() {
    let subject = "
        subject haus SUBJECT=_T 60
        subject haus SUBJECT=1 40
        subject haus SUBJECT=2 ?
        subject haus SUBJECT=3 ?
    ";
    let cross = "
        cross haus SUBJECT=_T,AGE=Y ?
        cross haus SUBJECT=_T,AGE=O ?
        cross haus SUBJECT=1,AGE=Y ?
        cross haus SUBJECT=1,AGE=O ?
        cross haus SUBJECT=2,AGE=Y 6
        cross haus SUBJECT=2,AGE=O 9
        cross haus SUBJECT=3,AGE=Y ?
        cross haus SUBJECT=3,AGE=O ?
    ";
    assert!(attack(&[subject]).is_clean());
    let found = attack(&[&format!("{subject}{cross}")]);
    assert_eq!(
        told(&found.exact),
        [
            ("ENROLMENTS SUBJECT=2", 15, 15),
            ("ENROLMENTS SUBJECT=3", 5, 5)
        ]
    );
    // Hidden here and shown there.
    let found = attack(&["
        subject haus SUBJECT=_T ?
        age haus AGE=_T 70
    "]);
    assert_eq!(told(&found.exact), [("ENROLMENTS", 70, 70)]);
}

#[test]
fn a_cross_without_two_hidden_in_every_line_falls() {
    // A cycle is safe, and so is a third number on it; a fourth outside of it is not.
    let found = attack(&["
        cross haus SUBJECT=1,AGE=Y ?
        cross haus SUBJECT=1,AGE=O ?
        cross haus SUBJECT=2,AGE=Y ?
        cross haus SUBJECT=2,AGE=O ?
        cross haus SUBJECT=3,AGE=Y ?
        cross haus SUBJECT=3,AGE=O 11
        cross haus SUBJECT=1,AGE=_T 30
        cross haus SUBJECT=2,AGE=_T 30
        cross haus SUBJECT=3,AGE=_T 13
        cross haus SUBJECT=_T,AGE=Y 33
        cross haus SUBJECT=_T,AGE=O 40
        cross haus SUBJECT=_T,AGE=_T 73
    "]);
    assert_eq!(told(&found.exact), [("ENROLMENTS SUBJECT=3 AGE=Y", 2, 2)]);
    assert!(found.narrow.is_empty());
}

#[test]
fn persons_are_at_most_enrolments() {
    let text = |persons| {
        format!(
            "
            subject haus SUBJECT=_T 60
            subject haus SUBJECT=1 40
            subject haus SUBJECT=2 ?
            subject haus SUBJECT=3 ?
            subject haus SUBJECT=_T PERSONS {persons}
            subject haus SUBJECT=1 PERSONS 30
            subject haus SUBJECT=2 PERSONS ?
            subject haus SUBJECT=3 PERSONS ?
            age haus AGE=_T 60
            "
        )
    };
    assert!(attack(&[&text(40)]).is_clean());
    // 20 persons with 20 enrolments: all of them alike, but none known.
    assert!(attack(&[&text(50)]).is_clean());
    let narrowed = text(48).replace("2 ?", "2 7");
    let found = attack(&[&narrowed]);
    // Two hidden enrolments: 7 and 13. Persons of 2 at most 7, so those of 3 at least 11.
    assert_eq!(
        told(&found.narrow),
        [("PERSONS SUBJECT=2", 5, 7), ("PERSONS SUBJECT=3", 11, 13)]
    );
}

#[test]
fn the_group_of_statuses_is_the_enrolments() {
    let found = attack(&["
        subject haus SUBJECT=_T ENROLMENTS 50
        status haus STATUS=_T REGISTRATIONS 70
        status haus STATUS=enrolments REGISTRATIONS ?
        status haus STATUS=enrolled REGISTRATIONS 30
        status haus STATUS=completed REGISTRATIONS ?
        status haus STATUS=not-completed REGISTRATIONS ?
        status haus STATUS=cancelled REGISTRATIONS 18
        status haus STATUS=waiting REGISTRATIONS ?
    "]);
    assert_eq!(
        told(&found.exact),
        [
            ("ENROLMENTS", 50, 50),
            ("REGISTRATIONS STATUS=waiting", 2, 2)
        ]
    );
    assert!(found.narrow.is_empty());
}

#[test]
fn groups_of_ages_count_as_sums_too() {
    let found = attack(&["
        age haus AGE=_T 60
        age haus AGE=Y 25
        age haus AGE=O 35
        age haus AGE=Y1 ?
        age haus AGE=Y2 ?
        age haus AGE=O1 33
        age haus AGE=O2 ?
    "]);
    assert_eq!(told(&found.exact), [("ENROLMENTS AGE=O2", 2, 2)]);
}

#[test]
fn a_row_left_out_is_zero_unless_the_table_was_made_coarser() {
    let text = "
        age haus AGE=_T 60
        age haus AGE=Y 57
        age haus AGE=O ?
        age haus AGE=O1 ?
    ";
    let found = attack(&[text]);
    assert_eq!(
        told(&found.exact),
        [("ENROLMENTS AGE=O", 3, 3), ("ENROLMENTS AGE=O1", 3, 3)]
    );
    let mut coarse = release(1, text);
    coarse.left_out.push(LeftOut {
        period: "2026-Q3".into(),
        provider: "haus".into(),
        table: "age".into(),
    });
    let found = attack_with(&[coarse], &Options::default());
    // Y and O are both listed and sum up; of O only one part is.
    assert_eq!(told(&found.exact), [("ENROLMENTS AGE=O", 3, 3)]);
    assert_eq!(told(&found.narrow), [("ENROLMENTS AGE=O1", 0, 3)]);
}

#[test]
fn a_number_is_hidden_again() {
    let found = attack(&["age haus AGE=_T 60", "age haus AGE=_T ?"]);
    assert_eq!(found.hidden_again.len(), 1);
    let place = &found.hidden_again[0].place;
    assert_eq!((place.release, found.hidden_again[0].later), (1, 2));
    assert!(
        attack(&["age haus AGE=_T ?", "age haus AGE=_T 60"])
            .hidden_again
            .is_empty()
    );
}

#[test]
fn rows_that_no_numbers_fit_are_told_and_stop_nobody_else() {
    let found = attack(&["
        age haus AGE=_T 60
        age haus AGE=Y 70
        age haus AGE=O ?
        age hof AGE=_T 60
        age hof AGE=Y 59
        age hof AGE=O ?
    "]);
    assert_eq!(found.contradictions.len(), 1);
    assert!(found.contradictions[0].contains("haus"));
    assert_eq!(told(&found.exact), [("ENROLMENTS AGE=O", 1, 1)]);
}

#[test]
fn the_district_says_only_what_its_providers_say() {
    let text = |young: &str, old: &str| {
        format!(
            "
            age haus AGE=_T 60
            age haus AGE=Y ?
            age haus AGE=O ?
            age hof AGE=_T 30
            age hof AGE=Y 10
            age hof AGE=O 20
            age _T AGE=_T 90
            age _T AGE=Y {young}
            age _T AGE=O {old}
            "
        )
    };
    assert!(attack(&[&text("?10-70", "?20-80")]).is_clean());
    assert!(attack(&[&text("?0-100", "?0-90")]).is_clean());
    assert_eq!(attack(&[&text("?10-70", "?20-80")]).district_judged, 3);
    for (young, old) in [("?11-70", "?20-80"), ("?10-70", "?20-79"), ("40", "?20-80")] {
        let found = attack(&[&text(young, old)]);
        assert_eq!(found.district_leaks.len(), 1, "{young} {old}");
    }
    let found = attack(&[&text("?10-70", "?20-80").replace("_T 90", "_T 91")]);
    assert!(found.district_leaks[0].why.contains("91"));
}

#[test]
fn the_true_range_of_a_district_number_is_found_where_bounds_are_not_enough() {
    // In the cross every line alone says 0 to 9, all together 1 = Y says 1 to 9.
    let provider = "
        cross haus SUBJECT=1,AGE=Y ?
        cross haus SUBJECT=1,AGE=O ?
        cross haus SUBJECT=2,AGE=Y ?
        cross haus SUBJECT=2,AGE=O ?
        cross haus SUBJECT=1,AGE=_T ?
        cross haus SUBJECT=2,AGE=_T ?
        cross haus SUBJECT=_T,AGE=Y 20
        cross haus SUBJECT=_T,AGE=O 20
        cross haus SUBJECT=_T,AGE=_T 40
        sex haus SUBJECT=1,SEX=F ?
        sex haus SUBJECT=1,SEX=M ?
        sex haus SUBJECT=2,SEX=F ?
        sex haus SUBJECT=2,SEX=M ?
        sex haus SUBJECT=_T,SEX=F 10
        sex haus SUBJECT=_T,SEX=M 30
    ";
    let with = |bounds| attack(&[&format!("{provider} cross _T SUBJECT=1,AGE=_T {bounds}")]);
    assert!(with("?0-40").district_leaks.is_empty());
    assert_eq!(with("?0-39").district_leaks.len(), 1);
    assert_eq!(with("?1-40").district_leaks.len(), 1);
}

#[test]
fn what_readers_have_is_counted() {
    let text = "
        subject haus SUBJECT=_T 60
        subject haus SUBJECT=1 40
        subject haus SUBJECT=2 ?
        subject haus SUBJECT=3 ?
    ";
    let utility = attack(&[text]).utility;
    assert_eq!((utility.listed, utility.shown), (4, 2));
    assert_eq!(utility.inner["SUBJECT"], (40, 60));
    let options = Options {
        truth: Some([(("2026-Q3".into(), "haus".into()), 80)].into()),
        ..Options::default()
    };
    let utility = attack_with(&[release(1, text)], &options).utility;
    assert_eq!(utility.inner["SUBJECT"], (40, 80));
}
