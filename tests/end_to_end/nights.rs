//! Nights that nobody watches: begun by the clock, made up for, tried again, cancelled, held.

use std::thread;
use std::time::Duration;

use calluna_hub::held::HeldDocument;
use calluna_model::checkpoint::HoldReason;
use calluna_model::offer::Offer;
use calluna_model::outcome::Outcome;
use calluna_model::report::{NightReport, NightState, Trigger};
use calluna_tests::district::{District, Night, Node};
use calluna_tests::process::{Process, poll};
use calluna_tests::proxy::Mode;
use calluna_tests::sample::{jsonl, long_offer, offer};

/// Every other second: six fields, the first one counts seconds.
const OFTEN: &str = "*/2 * * * * *";

fn some(district: &District, node: &Node, name: &str, range: std::ops::Range<usize>) {
    let list = jsonl(&district.path(name), range.map(|n| offer(n, "x")));
    let _imported = node.import(&list, &[]).ok();
}

fn last_night(district: &District) -> Option<NightReport> {
    let night = district.status().last_night?;
    (night.state == NightState::Finished).then_some(night)
}

#[test]
fn nights_begin_by_the_clock() {
    let district = District::with(&[
        ("CALLUNA_NIGHT_SCHEDULE", OFTEN),
        ("CALLUNA_NIGHT_JITTER_SECONDS", "0"),
    ]);
    let node = district.member("vhs-a");
    some(&district, &node, "zehn.jsonl", 0..10);
    let night = poll("a night by the clock", || {
        last_night(&district).filter(|night| {
            let done = |line: &calluna_model::report::ProviderReport| line.outcome.agreed();
            night.providers.iter().any(done)
        })
    });
    assert_eq!(night.trigger, Trigger::Clock);
    assert!(night.whole);
    poll("the catalogue", || {
        (district.titles("vhs-a").len() == 10).then_some(())
    });
    let next = poll("the next night", || district.status().next_night);
    assert!(next.0 > 0);
}

#[test]
fn a_missed_night_is_made_up_for_at_the_next_start() {
    let mut district = District::with(&[("CALLUNA_NIGHT_JITTER_SECONDS", "0")]);
    let node = district.member("vhs-a");
    some(&district, &node, "zehn.jsonl", 0..10);
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let _quiet = district.stop_hub();
    thread::sleep(Duration::from_secs(3));
    district.set("CALLUNA_NIGHT_SCHEDULE", OFTEN);
    district.start_hub();
    district.heard("made up for");
    // A start in time makes up for nothing: every night of the year 2026 has been held by then.
    let _quiet = district.stop_hub();
    district.set("CALLUNA_NIGHT_SCHEDULE", "17 3 1 1 *");
    let before = district.hub_log().matches("made up for").count();
    district.start_hub();
    district.heard("next night by the clock");
    assert_eq!(district.hub_log().matches("made up for").count(), before);
}

#[test]
fn a_night_that_was_cut_off_is_resumed_from_its_checkpoint() {
    let mut district = District::with(&[("CALLUNA_NIGHT_JITTER_SECONDS", "0")]);
    let node = district.member("vhs-a");
    let list = jsonl(
        &district.path("viele.jsonl"),
        (0..3_000).map(|n| long_offer(n, "x")),
    );
    let _imported = node.import(&list, &[]).ok();
    district.proxy().set(Mode::Slow(1_500_000));
    let begun = district.proxy().passed();
    let sync = Process::start(&mut district.hub_command(&["sync"]));
    poll("half a night", || {
        (district.proxy().passed() - begun > 3_200_000).then_some(())
    });
    district.kill_hub();
    drop(sync);
    district.proxy().set(Mode::Forward);
    let before = district.proxy().passed();
    district.set("CALLUNA_NIGHT_SCHEDULE", "* * * * *");
    district.start_hub();
    let night = poll("the resumed night", || {
        last_night(&district).filter(|night| night.trigger == Trigger::Resumed)
    });
    assert_eq!(night.providers[0].outcome, Outcome::Ok, "{night:?}");
    assert_eq!(district.titles("vhs-a").len(), 3_000);
    let again = district.proxy().passed() - before;
    assert!(again < 4_500_000, "it began at zero: {again} bytes");
}

#[test]
fn who_comes_back_within_the_window_is_tried_again() {
    let district = District::with(&[
        ("CALLUNA_NIGHT_JITTER_SECONDS", "0"),
        ("CALLUNA_NIGHT_WAIT_SECONDS", "1"),
        ("CALLUNA_NIGHT_RETRY_FIRST_SECONDS", "1"),
        ("CALLUNA_NIGHT_RETRY_MOST_SECONDS", "2"),
    ]);
    let mut node = district.member("vhs-a");
    some(&district, &node, "zehn.jsonl", 0..10);
    let _quiet = node.stop();
    let args = ["sync", "--patient", "--format", "json"];
    let sync = Process::start(&mut district.hub_command(&args));
    district.heard("trying again");
    node.serve();
    let night = Night::of(sync.wait());
    let line = night.expect("vhs-a", Outcome::Ok);
    assert!(line.attempts > 1, "{line:?}");
    assert_eq!(district.status().providers[0].nights_missed, 0);
    // Somebody who waits for the answer gets it after one attempt.
    let _quiet = node.stop();
    let line = district
        .night()
        .expect("vhs-a", Outcome::Unreachable)
        .clone();
    assert_eq!(line.attempts, 1);
}

#[test]
fn a_running_night_can_be_cancelled_and_the_next_goes_on() {
    let district = District::new();
    let node = district.member("vhs-a");
    let list = jsonl(
        &district.path("viele.jsonl"),
        (0..3_000).map(|n| long_offer(n, "x")),
    );
    let _imported = node.import(&list, &[]).ok();
    district.proxy().set(Mode::Slow(1_500_000));
    let begun = district.proxy().passed();
    let sync = Process::start(&mut district.hub_command(&["sync", "--format", "json"]));
    poll("half a night", || {
        (district.proxy().passed() - begun > 3_200_000).then_some(())
    });
    let _cancelled = district.hub(&["cancel"]).ok();
    let night = Night::of(sync.wait());
    let line = night.expect("vhs-a", Outcome::Partial);
    assert!(line.note.contains("cancelled"), "{line:?}");
    assert_eq!(night.report.state, NightState::Cancelled);
    assert!(district.titles("vhs-a").is_empty());
    let known = &district.status().providers[0];
    assert_eq!(known.nights_missed, 0, "it was not the provider's fault");
    district.proxy().set(Mode::Forward);
    let before = district.proxy().passed();
    let line = district.night().expect("vhs-a", Outcome::Ok).clone();
    assert_eq!(line.offers, 3_000);
    assert!(district.proxy().passed() - before < 4_500_000, "{line:?}");
    district.hub(&["cancel"]).says(0, &["No night is running"]);
}

#[test]
fn inv4_a_mass_re_key_is_held_shown_discarded_and_released() {
    let district = District::new();
    let node = district.member("vhs-a");
    some(&district, &node, "vierzig.jsonl", 0..40);
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    // Six of forty get another number: far below what the shrink guard holds.
    let renamed = (0..40).map(|n| {
        let mut draft = offer(n, "x").into_draft();
        if n < 6 {
            draft.id = format!("neu-{n}");
        }
        Offer::check(draft).unwrap()
    });
    let list = jsonl(&district.path("umbenannt.jsonl"), renamed);
    let _imported = node.import(&list, &["--replace"]).ok();
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Held);
    assert!(line.note.contains("under another id"), "{line:?}");
    let shown = district.hub(&["held", "--format", "json"]).ok();
    let held: Vec<HeldDocument> = serde_json::from_value(shown.json()).unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].held.reason, HoldReason::ReKeyed);
    assert_eq!((held[0].held.rekeyed, held[0].removals.len()), (6, 6));
    assert!(held[0].removals.iter().all(|offer| !offer.title.is_empty()));
    assert!(district.status().providers[0].stale);
    let text = district.hub(&["held", "vhs-a", "--limit", "2"]).ok().stdout;
    assert!(text.contains("and 4 more"), "{text}");

    let _forgotten = district.hub(&["discard", "vhs-a"]).ok();
    district
        .hub(&["discard", "vhs-a"])
        .says(1, &["no night of `vhs-a` is held"]);
    assert_eq!(
        district
            .titles("vhs-a")
            .keys()
            .filter(|id| id.starts_with("neu-"))
            .count(),
        0
    );
    district
        .hub(&["release", "vhs-z"])
        .says(1, &["no member `vhs-z`"]);
    let _held_again = district.night().expect("vhs-a", Outcome::Held);
    let _released = district.hub(&["release", "vhs-a"]).ok();
    assert_eq!(
        district
            .titles("vhs-a")
            .keys()
            .filter(|id| id.starts_with("neu-"))
            .count(),
        6
    );
    let _agreed = district.night().expect("vhs-a", Outcome::Unchanged);
}

#[test]
fn verify_compares_although_nothing_seems_to_have_changed() {
    let district = District::new();
    let node = district.member("vhs-a");
    some(&district, &node, "zehn.jsonl", 0..10);
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let _quiet = district.night().expect("vhs-a", Outcome::Unchanged);
    let checked = Night::of(district.hub(&["sync", "--verify", "--format", "json"]));
    let line = checked.expect("vhs-a", Outcome::Ok);
    assert!(line.reconciled.contains("operator"), "{line:?}");
    assert_eq!((line.added, line.changed, line.removed), (0, 0, 0));
    assert!(line.bytes < 3_000, "only fingerprints move: {line:?}");
    // With changes on top, both are done in one night.
    some(&district, &node, "mehr.jsonl", 10..15);
    let checked = Night::of(district.hub(&["sync", "--verify", "--format", "json"]));
    let line = checked.expect("vhs-a", Outcome::Ok);
    assert_eq!((line.added, line.offers), (5, 15), "{line:?}");
}

#[test]
fn a_schedule_that_is_none_is_refused_with_the_way_out() {
    let mut district = District::prepared(&[]);
    for (key, value, word) in [
        ("CALLUNA_NIGHT_SCHEDULE", "every night", "17 3 * * *"),
        ("CALLUNA_NIGHT_SCHEDULE", "0 0 30 2 *", "never comes"),
        ("CALLUNA_NIGHT_TIME_ZONE", "Europe/Soltau", "Europe/Berlin"),
    ] {
        district.set("CALLUNA_NIGHT_SCHEDULE", "17 3 * * *");
        district.set(key, value);
        district.hub(&["serve"]).says(1, &[word]);
    }
}
