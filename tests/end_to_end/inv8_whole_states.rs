//! Invariant 8: readers see whole states: never half a night, never an empty catalogue meanwhile.

use std::collections::BTreeSet;

use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Night};
use calluna_tests::process::Process;
use calluna_tests::proxy::Mode;
use calluna_tests::sample::{jsonl, long_offer, offer};

#[test]
fn inv8_readers_see_the_old_state_until_the_new_one_is_whole() {
    let district = District::new();
    let (slow, fast) = (district.member("vhs-a"), district.member("vhs-b"));
    // About three megabytes: the hub commits, unseen, after each of them.
    let list = |name: &str, version: &str| {
        jsonl(
            &district.path(name),
            (0..1_500).map(|n| long_offer(n, version)),
        )
    };
    let (old, new) = (list("alt.jsonl", "alt"), list("neu.jsonl", "neu"));
    let _imported = slow.import(&old, &[]).ok();
    let _imported = fast
        .import(&jsonl(&district.path("b.jsonl"), [offer(1, "x")]), &[])
        .ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);

    let _imported = slow.import(&new, &["--replace"]).ok();
    district.proxy().set(Mode::Slow(700_000));
    let mut syncing = Process::start(&mut district.hub_command(&["sync", "--format", "json"]));
    let (mut looks, mut looks_at_the_old) = (0, 0);
    while syncing.runs() {
        let titles = district.titles("vhs-a");
        assert_eq!(titles.len(), 1_500);
        let versions: BTreeSet<&str> = titles
            .values()
            .filter_map(|title| title.rsplit(' ').next())
            .collect();
        assert_eq!(versions.len(), 1, "half a night is visible: {versions:?}");
        looks += 1;
        looks_at_the_old += usize::from(versions.contains("alt"));
    }
    assert!(
        looks_at_the_old >= 3,
        "{looks_at_the_old} of {looks} looks fell into the night"
    );
    let night = Night::of(syncing.wait());
    assert_eq!(night.expect("vhs-a", Outcome::Ok).changed, 1_500);
    assert!(
        district
            .titles("vhs-a")
            .values()
            .all(|title| title.ends_with("neu"))
    );
}

#[test]
fn inv8_a_first_night_appears_as_a_whole() {
    let district = District::new();
    let mut node = district.joined("vhs-a");
    let _imported = node
        .import(
            &jsonl(
                &district.path("l.jsonl"),
                (0..1_500).map(|n| long_offer(n, "x")),
            ),
            &[],
        )
        .ok();
    node.serve();
    district.proxy().set(Mode::Slow(1_000_000));
    let mut syncing = Process::start(&mut district.hub_command(&["sync", "--format", "json"]));
    while syncing.runs() {
        let shown = district.titles("vhs-a").len();
        assert!(
            shown == 0 || shown == 1_500,
            "{shown} of 1,500 offers are visible"
        );
    }
    assert_eq!(
        Night::of(syncing.wait())
            .expect("vhs-a", Outcome::Ok)
            .offers,
        1_500
    );
}
