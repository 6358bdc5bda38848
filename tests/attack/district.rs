//! The attacker on a whole synthetic district whose publisher does not know better. That it finds
//! much here makes it worth something that it finds nothing elsewhere.

use std::path::Path;

use calluna_tests::attack::{Attack, Findings, Options};
use calluna_tests::townhall::Synthetic;

use crate::publisher::{Care, Lists, close, publish};

/// Prints what an attack found; the publisher's own assumptions are the attacker's.
fn attack(town: &Synthetic, nights: &[u32], care: Care, lists: Lists) -> Findings {
    let attack = Attack::of(&publish(town, nights, care, lists)).unwrap();
    let options = Options {
        grows: lists == Lists::Growing,
        ..Options::default()
    };
    let found = attack.run(&options);
    println!(
        "{care:?}, {lists:?}: {} registrations, {} nights, {} revisions\n{found}",
        town.registrations(),
        nights.len(),
        attack.revisions()
    );
    assert!(
        found.contradictions.is_empty() && found.unsolved.is_empty(),
        "{found}"
    );
    found
}

#[test]
fn a_threshold_alone_protects_almost_nothing() {
    let town = Synthetic::new(11, 8, 1_500, 120);
    let nights: Vec<u32> = (20..80).step_by(6).collect();
    let found = attack(&town, &nights, Care::Threshold, Lists::Real);
    assert!(found.exact.len() > 100 && found.narrow.len() > 100);
    assert!(found.small_changes.len() > 500 && !found.hidden_again.is_empty());
    assert!(
        found.district_leaks.is_empty(),
        "the publisher sums shown numbers only"
    );
}

#[test]
fn growth_gives_away_more_than_single_nights() {
    let town = Synthetic::new(12, 6, 900, 120);
    let nights: Vec<u32> = (20..80).step_by(10).collect();
    let releases = publish(&town, &nights, Care::Threshold, Lists::Growing);
    let attack = Attack::of(&releases).unwrap();
    let with = |grows| {
        let found = attack.run(&Options {
            grows,
            ..Options::default()
        });
        assert!(found.contradictions.is_empty() && found.unsolved.is_empty());
        found
    };
    let (alone, together) = (with(false), with(true));
    println!("alone: {alone}\ntogether: {together}");
    assert!(together.exact.len() + together.narrow.len() > alone.exact.len() + alone.narrow.len());
}

#[test]
fn a_complement_hides_more_but_not_the_nights() {
    let town = Synthetic::new(11, 8, 1_500, 120);
    let nights: Vec<u32> = (20..80).step_by(6).collect();
    let before = attack(&town, &nights, Care::Threshold, Lists::Growing);
    let after = attack(&town, &nights, Care::Complement, Lists::Growing);
    assert!(after.exact.len() * 2 < before.exact.len());
    assert!(!after.small_changes.is_empty());
    assert!(after.hidden_again.is_empty());
}

#[test]
fn how_far_the_search_goes_does_not_change_what_is_narrow() {
    let town = Synthetic::new(13, 10, 3_000, 120);
    let nights: Vec<u32> = (20..80).step_by(20).collect();
    let releases = publish(&town, &nights, Care::Complement, Lists::Growing);
    let attack = Attack::of(&releases).unwrap();
    let narrow = |threshold| {
        let found = attack.run(&Options {
            threshold,
            ..Options::default()
        });
        assert!(found.unsolved.is_empty() && found.contradictions.is_empty());
        let mut narrow = found.narrow;
        narrow.retain(|found| found.high - found.low < 4);
        let told = narrow
            .into_iter()
            .map(|found| (found.place, found.low, found.high));
        told.collect::<Vec<_>>()
    };
    let found = narrow(5);
    println!("{} narrow", found.len());
    assert!(found.len() > 20, "{}", found.len());
    // Asked for more, it looks further and finds the same true ranges.
    assert_eq!(found, narrow(12));
}

#[test]
fn real_microdata_are_no_safer() {
    let file = Path::new("/work/shared/data/participation/oulad_studentInfo.csv");
    let Some(town) = Synthetic::of_oulad(file, 5, 120).unwrap() else {
        println!("{} is not here: skipped", file.display());
        return;
    };
    let found = attack(&town, &[10, 40, 80], Care::Threshold, Lists::Real);
    assert!(!found.exact.is_empty());
}

/// `cargo test -p calluna-tests --test attack -- --ignored --nocapture measure`
#[test]
#[ignore = "a measurement of real time"]
#[expect(clippy::disallowed_methods, reason = "a measurement of real time")]
fn measure_forty_providers_in_thirty_five_revisions() {
    let town = Synthetic::new(3, 40, 25_000, 120);
    let nights: Vec<u32> = (20..90).step_by(2).collect();
    let begun = std::time::Instant::now();
    let attack = Attack::of(&[close(&town, Care::Complement)]).unwrap();
    println!("closing published and read in {:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    let found = attack.run(&Options::default());
    println!("closing attacked in {:?}\n{found}", begun.elapsed());
    for (care, lists) in [
        (Care::Threshold, Lists::Real),
        (Care::Complement, Lists::Growing),
    ] {
        let begun = std::time::Instant::now();
        let releases = publish(&town, &nights, care, lists);
        println!("published in {:?}", begun.elapsed());
        let begun = std::time::Instant::now();
        let attack = Attack::of(&releases).unwrap();
        println!("read in {:?}", begun.elapsed());
        let begun = std::time::Instant::now();
        let options = Options {
            grows: lists == Lists::Growing,
            ..Options::default()
        };
        let found = attack.run(&options);
        println!(
            "{care:?}, {lists:?}: {} revisions attacked in {:?}\n{found}",
            attack.revisions(),
            begun.elapsed()
        );
    }
}
