//! What the district office reads in the morning: past nights, refused records, the report. Each is
//! the same with and without a daemon.

use calluna_model::id::ContentHash;
use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::evil::{Badge, Evil, Script, Told};
use calluna_tests::sample::{jsonl, offer};

const SOON: &[(&str, &str)] = &[("CALLUNA_NIGHT_WAIT_SECONDS", "1")];

/// The lines of `report --lang en`.
fn report(district: &District, more: &[&str]) -> Vec<String> {
    let args = [&["report", "--lang", "en"], more].concat();
    let text = district.hub(&args).ok().stdout;
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_provider_that_is_silent_for_three_nights_rises_to_the_top() {
    let mut district = District::with(SOON);
    let none = district.hub(&["report"]);
    none.says(1, &["there was no night yet", "calluna-hub sync"]);
    let a = district.member("a-schule");
    let mut z = district.member("z-schule");
    for node in [&a, &z] {
        let file = jsonl(
            &district.path("k.jsonl"),
            (0..3).map(|n| offer(n, &node.id)),
        );
        let _published = node.import(&file, &[]).ok();
    }
    let _first = district.night().expect("z-schule", Outcome::Ok);
    assert_eq!(report(&district, &[])[0], "2 of 2 up to date");
    let _stopped = z.stop();
    for _ in 0..3 {
        let _night = district.night().expect("z-schule", Outcome::Unreachable);
    }
    let lines = report(&district, &[]);
    assert_eq!(lines[0], "1 of 2 up to date, 1 silent for 3 nights");
    assert_eq!(lines[2], "Not reached:");
    assert!(
        lines[3].contains("z-schule (Anbieter z-schule): not reached for 3 nights"),
        "{lines:#?}"
    );
    assert!(lines[3].contains("(3 offers)"), "{lines:#?}");
    // As it stood two nights ago; and what German readers see.
    assert_eq!(
        report(&district, &["2"])[0],
        "1 of 2 up to date, 1 not reached"
    );
    let german = district.hub(&["report", "--lang", "de"]).ok().stdout;
    assert!(
        german.starts_with("1 von 2 aktuell, 1 seit 3 Nächten still\n"),
        "{german}"
    );
    let json = district.hub(&["report", "--format", "json"]).ok().json();
    assert_eq!(
        (&json["ok"], &json["attention"][0]["nights"]),
        (&false.into(), &3.into()),
        "{json:#}"
    );

    let asked: [&[&str]; 5] = [
        &["runs", "--format", "json", "--limit", "2"],
        &["runs"],
        &["runs", "4", "--format", "json"],
        &["report", "--format", "json"],
        &["report", "--lang", "de"],
    ];
    let running: Vec<String> = asked
        .iter()
        .map(|args| district.hub(args).ok().stdout)
        .collect();
    let _down = district.stop_hub();
    for (args, before) in asked.iter().zip(&running) {
        assert_eq!(
            district.hub(args).ok().stdout,
            *before,
            "{args:?} without a daemon"
        );
    }
    let nights: serde_json::Value = serde_json::from_str(&running[0]).unwrap();
    let numbers: Vec<_> = nights
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["night"].clone())
        .collect();
    assert_eq!(numbers, [4, 3], "the newest first, as many as asked for");
    assert_eq!(
        nights[0]["outcomes"],
        serde_json::json!({"unchanged": 1, "unreachable": 1})
    );
    assert!(
        running[1].contains("1 unchanged, 1 unreachable"),
        "{}",
        running[1]
    );
    district
        .hub(&["runs", "99"])
        .says(1, &["there is no night 99", "calluna-hub runs"]);
}

#[test]
fn only_so_many_nights_are_remembered() {
    let district = District::with(&[("CALLUNA_NIGHT_KEEP", "2")]);
    for _ in 0..4 {
        let _night = district.night();
    }
    let nights = district.hub(&["runs", "--format", "json"]).ok().json();
    let numbers: Vec<_> = nights
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n["night"].clone())
        .collect();
    assert_eq!(numbers, [4, 3]);
}

#[test]
fn refused_records_are_listed_with_a_way_out_and_no_cell_is_a_formula() {
    let district = District::new();
    let badge = Badge::join(&district.invite("vhs-e"));
    let evil = Evil::start(badge, Script::honest((0..4).map(|n| offer(n, "gut"))));
    let _first = district.night().expect("vhs-e", Outcome::Ok);
    let mut script = Script::honest((0..4).map(|n| offer(n, "gut")));
    script.epoch = 1;
    script.records[2] = Told {
        record: vec![0xff; 9],
        hash: ContentHash([5; 32]),
        ..script.records[2].clone()
    };
    script.records.push(Told {
        id: "=HYPERLINK(\"http://evil.example\")".to_owned(),
        record: vec![0xff; 9],
        hash: ContentHash([6; 32]),
    });
    evil.tell(script);
    let line = district.night();
    assert_eq!(
        line.expect("vhs-e", Outcome::OkWithQuarantine).quarantined,
        2
    );

    let json = district
        .hub(&["quarantine", "--format", "json", "--lang", "de"])
        .ok()
        .json();
    let list = json.as_array().unwrap();
    assert_eq!(list.len(), 2, "{json:#}");
    let kept = list.iter().find(|one| one["record"] == "K-00002").unwrap();
    assert_eq!(kept["provider"], "vhs-e");
    assert_eq!(kept["good_version_kept"], true);
    assert!(kept["since"].as_i64().unwrap() > 1_700_000_000, "{kept:#}");
    let finding = &kept["findings"][0];
    assert_eq!(finding["rule"], "unreadable-record");
    assert!(
        finding["hint"].as_str().unwrap().contains("Hersteller"),
        "{finding:#}"
    );

    let text = district
        .hub(&["quarantine", "vhs-e", "--lang", "en"])
        .ok()
        .stdout;
    assert!(
        text.contains("K-00002 (an earlier version is still shown, refused since 2"),
        "{text}"
    );
    assert!(
        text.contains("[unreadable-record]") && text.contains(" → "),
        "{text}"
    );

    let file = district.path("refused.csv");
    let path = file.to_string_lossy().into_owned();
    let written = district.hub(&[
        "quarantine",
        "--format",
        "csv",
        "--output",
        &path,
        "--lang",
        "en",
    ]);
    assert!(written.ok().stderr.contains("2 refused records written to"));
    let csv = std::fs::read_to_string(&file).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(
        csv.contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\""),
        "{csv}"
    );
    assert!(!csv.contains(",=") && !csv.contains("\"="), "{csv}");

    district
        .hub(&["quarantine", "nobody"])
        .says(1, &["there is no member `nobody`"]);
    assert!(
        report(&district, &[])
            .iter()
            .any(|line| line.contains("vhs-e: 2 (calluna-hub quarantine vhs-e)"))
    );
}

/// A hub that takes only small records refuses all of a real node's. The node gets the whole list,
/// which is larger than what a receipt once held; nowhere is that called a success.
#[test]
fn five_thousand_refused_records_go_back_to_the_node_whole() {
    const MANY: usize = 5_000;
    let mut district = District::with(&[("CALLUNA_LIMITS_RECORD_BYTES", "60")]);
    let node = district.member("vhs-a");
    let file = jsonl(&district.path("k.jsonl"), (0..MANY).map(|n| offer(n, "x")));
    let _published = node.import(&file, &[]).ok();
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::OkWithQuarantine);
    assert_eq!((line.quarantined, line.offers), (MANY as u64, 0));
    assert_eq!(line.note, "", "the receipt was delivered");

    let status = node.run(&["status", "--format", "json"]).ok().json();
    let receipt = &status["receipts"][0];
    let findings = receipt["findings"].as_array().unwrap();
    assert_eq!(
        (findings.len(), &receipt["findings_left_out"]),
        (MANY, &0.into())
    );
    let last = &findings[MANY - 1];
    assert_eq!(
        (&last["record"], &last["rule"]),
        (&"K-04999".into(), &"too-large".into())
    );
    assert!(
        !last["value"].as_str().unwrap().is_empty() && !last["hint"].as_str().unwrap().is_empty()
    );
    let mut german = node.command(&["status"]);
    let text = calluna_tests::process::run(german.env("LANG", "de_DE.UTF-8"))
        .ok()
        .stdout;
    assert!(
        text.contains("ist als Datensatz zu groß") && text.contains("Beschreibung"),
        "{text}"
    );
    assert!(
        text.contains(&format!("… und {} weitere", MANY - 20)),
        "{text}"
    );

    let lines = report(&district, &[]);
    assert_eq!(
        lines[0],
        "0 of 1 up to date, 1 without a single accepted offer"
    );
    let listed = || district.hub(&["quarantine", "--format", "csv"]).ok().stdout;
    let with_daemon = listed();
    assert_eq!(with_daemon.lines().count(), MANY + 1);
    // The next night changes nothing, and still nothing was accepted.
    let same = district.night();
    assert_eq!(
        same.expect("vhs-a", Outcome::Unchanged).quarantined,
        MANY as u64
    );
    assert_eq!(report(&district, &[])[0], lines[0]);
    let _down = district.stop_hub();
    assert_eq!(
        district.hub(&["quarantine", "--format", "csv"]).ok().stdout,
        with_daemon
    );
}
