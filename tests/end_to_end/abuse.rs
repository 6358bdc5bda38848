//! What an enrolled node may try, one test for each. It ends that provider's night with a named
//! outcome, costs bounded memory and time, and costs another provider in the same night nothing.
//!
//! Elsewhere: oversized, unreadable and misnamed records (`inv7_one_bad_record`), changes out of
//! order and a digest that lies (`inv5_agreement`), ids and signatures of other providers
//! (`inv2_own_data`), silence and random bytes (`inv6_one_bad_provider`).

use std::time::Duration;

use calluna_model::outcome::Outcome;
use calluna_model::report::ProviderReport;
use calluna_tests::district::District;
use calluna_tests::evil::{Badge, Evil, Manner, Script, Told};
use calluna_tests::process::memory;
use calluna_tests::sample::{jsonl, long_offer, offer};
use tokio::time::Instant;

/// What the hub may need for one abuser, beyond what it needs anyway.
const GROWTH: u64 = 64 << 20;
const LIMITS: &[(&str, &str)] = &[
    ("CALLUNA_NIGHT_WAIT_SECONDS", "5"),
    ("CALLUNA_LIMITS_CALL_SECONDS", "4"),
    ("CALLUNA_STORE_CACHE_MIB", "8"),
];

fn with_manner(manner: Manner) -> Script {
    Script {
        manner,
        ..Script::honest((0..10).map(|n| offer(n, "x")))
    }
}

/// A night with one honest provider and one that abuses; the abuser's line, and how long it took.
fn abused(more: &[(&'static str, &str)], script: Script) -> (ProviderReport, Duration) {
    let district = District::with(&[LIMITS, more].concat());
    let honest = district.member("ehrlich");
    let list = jsonl(&district.path("l.jsonl"), (0..50).map(|n| offer(n, "x")));
    let _imported = honest.import(&list, &[]).ok();
    let badge = Badge::join(&district.invite("boese"));
    let evil = Evil::start(badge, Script::honest((0..10).map(|n| offer(n, "gut"))));
    // An ordinary night first: what the hub needs anyway, and what must not be lost.
    let good = district.night();
    let _good = good.expect("boese", Outcome::Ok);
    let (before, _) = memory(district.hub_pid());

    let changed = jsonl(&district.path("m.jsonl"), (0..55).map(|n| offer(n, "y")));
    let _imported = honest.import(&changed, &[]).ok();
    evil.tell(Script { epoch: 7, ..script });
    let begun = Instant::now();
    let night = district.night();
    let took = begun.elapsed();
    let (after, _) = memory(district.hub_pid());

    assert_eq!(night.expect("ehrlich", Outcome::Ok).offers, 55);
    assert!(
        district
            .titles("ehrlich")
            .values()
            .all(|title| title.ends_with(" y"))
    );
    let line = night.line("boese").clone();
    println!(
        "{:?} after {took:?}: {}; {} KiB more",
        line.outcome,
        line.note,
        (after - before) >> 10
    );
    assert!(!line.outcome.agreed() && !line.note.is_empty(), "{line:?}");
    let kept = district.titles("boese");
    assert_eq!(kept.len(), 10, "its last good state stays");
    assert!(kept.values().all(|title| title.ends_with("gut")));
    assert!(
        after - before <= GROWTH,
        "the hub needed {} bytes more",
        after - before
    );
    (line, took)
}

/// As [`abused`], with an abuser of whom the hub knows nothing yet: it is followed from zero.
fn abused_at_first(more: &[(&'static str, &str)], script: Script) -> (ProviderReport, Duration) {
    let district = District::with(&[LIMITS, more].concat());
    let honest = district.member("ehrlich");
    let list = jsonl(&district.path("l.jsonl"), (0..50).map(|n| offer(n, "x")));
    let _imported = honest.import(&list, &[]).ok();
    let _first = district.night().expect("ehrlich", Outcome::Ok);
    let (before, _) = memory(district.hub_pid());
    let _evil = Evil::start(Badge::join(&district.invite("boese")), script);
    let changed = jsonl(&district.path("m.jsonl"), (0..55).map(|n| offer(n, "y")));
    let _imported = honest.import(&changed, &[]).ok();
    let begun = Instant::now();
    let night = district.night();
    let took = begun.elapsed();
    let (after, _) = memory(district.hub_pid());
    assert_eq!(night.expect("ehrlich", Outcome::Ok).offers, 55);
    let line = night.line("boese").clone();
    println!(
        "{:?} after {took:?}: {}; {} KiB more",
        line.outcome,
        line.note,
        (after - before) >> 10
    );
    assert!(!line.outcome.agreed() && !line.note.is_empty(), "{line:?}");
    assert!(district.titles("boese").is_empty());
    assert!(
        after - before <= GROWTH,
        "the hub needed {} bytes more",
        after - before
    );
    (line, took)
}

fn refused(script: Script, word: &str) {
    let (line, _) = abused_at_first(&[], script);
    assert_eq!(line.outcome, Outcome::Refused, "{line:?}");
    assert!(line.note.contains(word), "`{word}` is missing: {line:?}");
}

#[test]
fn inv6_an_endless_stream_is_cut_at_the_limit_of_a_night() {
    let script = Script {
        manner: Manner::Endless,
        ..Script::honest((0..2).map(|n| long_offer(n, "x")))
    };
    let (line, _) = abused_at_first(&[("CALLUNA_LIMITS_NIGHT_BYTES", "80000000")], script);
    assert_eq!(line.outcome, Outcome::Refused, "{line:?}");
    assert!(line.note.contains("80000000"), "{line:?}");
}

#[test]
fn inv6_batches_without_end_that_hold_nothing_are_cut_at_the_deadline() {
    let (line, took) = abused_at_first(
        &[("CALLUNA_LIMITS_PROVIDER_SECONDS", "6")],
        with_manner(Manner::Hollow),
    );
    assert!(
        line.note.contains("6 s") || line.note.contains("beyond"),
        "{line:?}"
    );
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn inv6_a_slow_drip_is_cut_at_the_deadline() {
    let (line, took) = abused_at_first(
        &[("CALLUNA_LIMITS_PROVIDER_SECONDS", "6")],
        with_manner(Manner::Drip),
    );
    assert!(
        matches!(
            line.outcome,
            Outcome::Unreachable | Outcome::Partial | Outcome::Refused
        ),
        "{line:?}"
    );
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[test]
fn inv6_a_batch_above_the_limit_is_refused_unread() {
    // Two megabytes in one message; a batch may have one.
    let script = Script {
        manner: Manner::OneBatch,
        ..Script::honest((0..1_000).map(|n| long_offer(n, "x")))
    };
    refused(script, "too large");
}

#[test]
fn inv6_repeated_revisions_are_refused() {
    refused(with_manner(Manner::Repeats), "skipped or repeated");
}

#[test]
fn inv6_skipped_revisions_are_refused() {
    refused(with_manner(Manner::Skips), "skipped or repeated");
}

#[test]
fn inv6_one_offer_more_than_a_provider_may_have_is_refused_before_it_is_sent() {
    let script = Script {
        count: Some(100_001),
        ..with_manner(Manner::Proper)
    };
    let (line, _) = abused(&[], script);
    assert_eq!(line.outcome, Outcome::Refused, "{line:?}");
    assert!(line.note.contains("more than 100000 offers"), "{line:?}");
    assert!(line.bytes < 10_000, "{line:?}");
}

#[test]
fn inv6_more_offers_than_the_head_admits_are_refused() {
    let script = Script {
        count: Some(10),
        ..Script::honest((0..500).map(|n| offer(n, "x")))
    };
    let most = [("CALLUNA_LIMITS_OFFERS_PER_PROVIDER", "100")];
    let (line, _) = abused_at_first(&most, script);
    assert_eq!(line.outcome, Outcome::Refused, "{line:?}");
    assert!(line.note.contains("more than 100 offers"), "{line:?}");
}

#[test]
fn inv6_an_offer_twice_in_one_batch_is_refused() {
    let mut script = with_manner(Manner::OneBatch);
    script.records.push(Told::truly(&offer(3, "another")));
    refused(script, "ascending");
}

#[test]
fn inv6_a_message_of_another_contract_is_refused() {
    refused(with_manner(Manner::Foreign), "does not keep the contract");
}

#[test]
fn inv6_a_compressed_bomb_is_not_opened() {
    refused(with_manner(Manner::Bomb), "does not keep the contract");
}

#[test]
fn inv6_a_lie_in_a_later_night_leaves_the_last_good_one() {
    let script = Script {
        digest: Some(calluna_model::id::Digest([9; 32])),
        ..with_manner(Manner::Proper)
    };
    let (line, _) = abused(&[], script);
    assert_eq!(line.outcome, Outcome::Refused, "{line:?}");
}
