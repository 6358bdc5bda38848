//! The report from nights that are written down here: order, sum, words, and what must never be
//! called a success.

use calluna_model::head::Head;
use calluna_model::id::{Digest, EpochId, Revision};
use calluna_model::text::Language;

use super::*;
use calluna_model::checkpoint::HoldReason;
use calluna_model::report::Trigger;

fn line(provider: &str, outcome: Outcome) -> ProviderReport {
    let mut line = ProviderReport::new(provider.parse().unwrap(), outcome);
    line.offers = 10;
    line
}

fn night(lines: Vec<ProviderReport>) -> MorningReport {
    finished(of_night(
        "Landkreis Musterheide",
        &NightReport {
            night: 17,
            trigger: Trigger::Clock,
            whole: true,
            started_at: Moment(1_800_000_000),
            ended_at: Some(Moment(1_800_000_060)),
            state: NightState::Finished,
            providers: lines,
        },
    ))
}

fn finished(mut report: MorningReport) -> MorningReport {
    report.look = !report.ok || !report.certificates.is_empty();
    order(&mut report.attention);
    report
}

fn held(removed: u64, before: u64) -> HeldNight {
    HeldNight {
        head: Head {
            epoch: EpochId([1; 16]),
            revision: Revision(1),
            count: 1,
            digest: Digest([0; 32]),
        },
        night: 16,
        at: Moment(1_799_900_000),
        removed,
        before,
        reason: HoldReason::Shrinks,
        added: 0,
        changed: 0,
        rekeyed: 0,
    }
}

/// 60 providers: one silent for three nights, one held, the others fine.
fn sixty() -> MorningReport {
    let mut lines: Vec<_> = (0..58)
        .map(|n| line(&format!("schule-{n:02}"), Outcome::Ok))
        .collect();
    lines.push(line("vhs-gross", Outcome::Held));
    lines.push(line("zuletzt", Outcome::Unreachable));
    lines[3].added = 4;
    let mut report = night(lines);
    for entry in &mut report.attention {
        if entry.outcome == Outcome::Held {
            entry.held = Some(held(310, 412));
            entry.name = "VHS Groß".to_owned();
        } else {
            entry.nights = 3;
            entry.agreed_at = Some(Moment(1_799_700_000));
        }
    }
    report
}

#[test]
fn the_sum_comes_first_and_the_longest_silent_at_the_top() {
    let report = sixty();
    assert_eq!(
        summary(&report, Language::De),
        "58 von 60 aktuell, 1 zurückgehalten, 1 seit 3 Nächten still"
    );
    assert_eq!(
        text(&report, Language::De),
        "58 von 60 aktuell, 1 zurückgehalten, 1 seit 3 Nächten still\n\
         \n\
         Nicht erreicht:\n  \
           zuletzt: seit 3 Nächten nicht erreicht; Leser sehen den Stand vom 2027-01-11T20:40:00Z (10 Angebote)\n\
         \n\
         Zurückgehalten:\n  \
           vhs-gross (VHS Groß): würde 310 von 412 Angeboten entfernen (Nacht 16); bis dahin bleibt der alte Stand\n    \
             veröffentlichen: calluna-hub release vhs-gross\n    \
             verwerfen: calluna-hub discard vhs-gross\n\
         \n\
         neu 4 · geändert 0 · entfallen 0 · 600 Angebote in allem\n\
         Landkreis Musterheide · Nacht 17 · 2027-01-15T08:00:00Z bis 2027-01-15T08:01:00Z\n"
    );
    assert_eq!(report.attention[0].provider.as_str(), "zuletzt");
}

#[test]
fn the_same_in_english() {
    let report = sixty();
    assert_eq!(
        subject(&report, Language::En),
        "Calluna Landkreis Musterheide, night 17: 58 of 60 up to date, 1 held back, 1 silent for 3 nights"
    );
    let text = text(&report, Language::En);
    for words in [
        "not reached for 3 nights",
        "would remove 310 of 412 offers",
        "calluna-hub release vhs-gross",
        "calluna-hub discard vhs-gross",
    ] {
        assert!(text.contains(words), "{words}:\n{text}");
    }
}

#[test]
fn nothing_accepted_is_never_a_success() {
    let mut all_refused = line("vhs-a", Outcome::OkWithQuarantine);
    all_refused.offers = 0;
    all_refused.quarantined = 117;
    let report = night(vec![all_refused.clone()]);
    assert!(!report.ok);
    assert_eq!(
        summary(&report, Language::De),
        "0 von 1 aktuell, 1 ohne ein einziges angenommenes Angebot"
    );
    assert!(text(&report, Language::De).contains("kein einziges Angebot wurde angenommen"));
    // The same a night later: nothing has changed, and it still is no success.
    all_refused.outcome = Outcome::Unchanged;
    assert!(!night(vec![all_refused]).ok);
    let none = night(Vec::new());
    assert!(!none.ok && none.look);
    assert_eq!(summary(&none, Language::En), "no provider has joined yet");
}

#[test]
fn a_night_that_was_cut_off_or_runs_says_so() {
    for (state, words) in [
        (NightState::Aborted, "die Nacht wurde abgebrochen"),
        (NightState::Running, "die Nacht läuft noch"),
        (NightState::Cancelled, "die Nacht wurde von Hand beendet"),
    ] {
        let mut one = NightReport {
            night: 3,
            trigger: Trigger::Clock,
            whole: true,
            started_at: Moment(0),
            ended_at: None,
            state,
            providers: vec![line("vhs-a", Outcome::Ok)],
        };
        assert!(!of_night("x", &one).ok, "{state:?}");
        assert_eq!(summary(&of_night("x", &one), Language::De), words);
        one.state = NightState::Finished;
        assert!(of_night("x", &one).ok);
    }
}

#[test]
fn only_clean_outcomes_make_an_ok_and_every_other_is_in_the_sum() {
    for outcome in Outcome::ALL {
        let report = night(vec![line("vhs-a", Outcome::Ok), line("vhs-b", outcome)]);
        assert_eq!(report.ok, outcome.clean(), "{outcome}");
        assert_eq!(report.look, !outcome.clean(), "{outcome}");
        assert_eq!(
            report.current,
            1 + usize::from(outcome.agreed()),
            "{outcome}"
        );
        for language in Language::ALL {
            let sum = summary(&report, language);
            assert_eq!(sum.contains(','), !outcome.agreed(), "{outcome}: {sum}");
        }
    }
}

#[test]
fn a_certificate_that_runs_out_is_named_and_worth_a_look_but_the_night_is_ok() {
    let mut report = night(vec![line("vhs-a", Outcome::Ok)]);
    for (provider, days_left) in [(Some("vhs-a".to_owned()), -1), (None, 20)] {
        report.certificates.push(Expiring {
            provider,
            days_left,
        });
    }
    let report = finished(report);
    assert!(report.ok && report.look);
    let text = text(&report, Language::De);
    assert!(
        text.contains("vhs-a: abgelaufen") && text.contains("der Hub selbst: noch 20 Tage"),
        "{text}"
    );
}

#[test]
fn what_a_node_said_cannot_steer_a_terminal_or_fill_the_mail() {
    let mut bad = line("vhs-a", Outcome::Refused);
    bad.note = format!("\u{1b}[2J\r\n{}", "x".repeat(5_000));
    let text = text(&night(vec![bad]), Language::En);
    assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text}");
    assert!(text.len() < 600, "{}", text.len());
}

#[test]
fn a_thousand_silent_providers_are_counted_not_all_listed() {
    let lines = (0..1_000)
        .map(|n| line(&format!("schule-{n}"), Outcome::Unreachable))
        .collect();
    let report = night(lines);
    assert_eq!(
        summary(&report, Language::De),
        "0 von 1000 aktuell, 1000 nicht erreicht"
    );
    let text = text(&report, Language::De);
    assert!(
        text.contains("… 950 weitere") && text.lines().count() < 70,
        "{text}"
    );
}
