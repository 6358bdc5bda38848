//! Invariant 6: one bad provider costs the others nothing: time, memory and errors are bounded.

use std::time::Duration;

use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::evil::{Badge, Evil, Manner, Script};
use calluna_tests::sample::{jsonl, long_offer, offer};
use tokio::time::Instant;

const LIMITS: &[(&str, &str)] = &[
    ("CALLUNA_NIGHT_WAIT_SECONDS", "3"),
    ("CALLUNA_LIMITS_CALL_SECONDS", "3"),
    ("CALLUNA_LIMITS_NIGHT_BYTES", "12000000"),
    ("CALLUNA_NIGHT_PROVIDERS_AT_ONCE", "4"),
];

#[test]
fn inv6_whatever_single_members_do_the_others_are_ok_in_the_same_night() {
    let district = District::with(LIMITS);
    let healthy = ["gut-a", "gut-b", "gut-c"].map(|id| district.member(id));
    for node in &healthy {
        let list = jsonl(
            &district.path("l.jsonl"),
            (0..50).map(|n| offer(n, &node.id)),
        );
        let _imported = node.import(&list, &[]).ok();
    }
    let _away = Badge::join(&district.invite("fern"));
    let big = || Script::honest((0..2).map(|n| long_offer(n, "x")));
    let evil = |id: &str, manner: Manner| {
        let badge = Badge::join(&district.invite(id));
        Evil::start(badge, Script { manner, ..big() })
    };
    let _evil = [
        evil("endlos", Manner::Endless),
        evil("stumm", Manner::Silent),
        evil("rauschen", Manner::Noise),
        evil("verkehrt", Manner::Disordered),
    ];
    let begun = Instant::now();
    let night = district.night();
    let took = begun.elapsed();
    for node in &healthy {
        assert_eq!(night.expect(&node.id, Outcome::Ok).offers, 50);
        assert_eq!(district.titles(&node.id).len(), 50);
    }
    assert_eq!(night.line("fern").outcome, Outcome::Unreachable);
    assert_eq!(night.line("stumm").outcome, Outcome::Unreachable);
    assert_eq!(night.line("rauschen").outcome, Outcome::Unreachable);
    assert_eq!(night.line("verkehrt").outcome, Outcome::Refused);
    let endless = night.line("endlos");
    assert_eq!(endless.outcome, Outcome::Refused, "{endless:?}");
    assert!(endless.note.contains("12000000"), "{endless:?}");
    assert_eq!(night.code, Some(3));
    assert_eq!(night.report.providers.len(), 8, "everybody has a line");
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert_eq!(district.catalogue().len(), 150);
    let peak = peak_memory(district.hub_pid());
    assert!(peak < 400_000, "the hub needed {peak} kB");
}

/// Most memory that a process ever held, in kB.
fn peak_memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

#[test]
fn inv6_noise_at_the_door_disturbs_nobody() {
    use std::io::Write;
    let district = District::new();
    let node = district.member("vhs-a");
    let _imported = node
        .import(&jsonl(&district.path("l.jsonl"), [offer(1, "x")]), &[])
        .ok();
    // Connections that say nothing, say nonsense, or hang up, all at once.
    let callers: Vec<_> = (0..40)
        .filter_map(|n| {
            let mut stream = std::net::TcpStream::connect(district.proxy().address()).ok()?;
            if n % 2 == 0 {
                drop(stream.write_all(&[n; 600]));
            }
            (n % 3 != 0).then_some(stream)
        })
        .collect();
    let _agreed = district.night().expect("vhs-a", Outcome::Ok);
    drop(callers);
}
