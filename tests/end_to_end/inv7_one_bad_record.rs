//! Invariant 7: one bad record costs its neighbours nothing; its last good version stays.

use calluna_model::id::ContentHash;
use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::evil::{Badge, Evil, Script, Told};
use calluna_tests::sample::offer;
use calluna_wire::v1 as pb;
use prost::Message;

/// A record that breaks a rule, as an honest node would never send it.
fn without_a_title(number: usize) -> Told {
    let mut wire = pb::Offer::from(offer(number, "x").into_draft());
    wire.title.clear();
    let record = wire.encode_to_vec();
    Told {
        hash: ContentHash(*blake3::hash(&record).as_bytes()),
        record,
        ..Told::truly(&offer(number, "x"))
    }
}

fn with_another_hash(number: usize) -> Told {
    Told {
        hash: ContentHash([3; 32]),
        ..Told::truly(&offer(number, "x"))
    }
}

fn unreadable(number: usize) -> Told {
    Told {
        record: vec![0xff; 40],
        ..Told::truly(&offer(number, "x"))
    }
}

fn too_large(number: usize) -> Told {
    Told {
        record: vec![b'x'; 70_000],
        ..Told::truly(&offer(number, "x"))
    }
}

fn under_another_name(number: usize) -> Told {
    Told {
        id: "K-99999".to_owned(),
        ..Told::truly(&offer(number, "x"))
    }
}

#[test]
fn inv7_bad_records_are_refused_alone_and_the_node_is_told_why() {
    let district = District::new();
    let badge = Badge::join(&district.invite("vhs-e"));
    let mut script = Script::honest((0..20).map(|n| offer(n, "x")));
    script.records[3] = without_a_title(3);
    script.records[7] = with_another_hash(7);
    script.records[11] = unreadable(11);
    script.records[15] = too_large(15);
    script.records[19] = under_another_name(19);
    let evil = Evil::start(badge, script);

    let night = district.night();
    let line = night.expect("vhs-e", Outcome::OkWithQuarantine);
    assert_eq!(
        (line.added, line.offers, line.quarantined),
        (15, 15, 5),
        "{line:?}"
    );
    assert_eq!(night.code, Some(3));
    let shown = district.titles("vhs-e");
    assert_eq!(shown.len(), 15);
    for bad in [
        "K-00003", "K-00007", "K-00011", "K-00015", "K-00019", "K-99999",
    ] {
        assert!(!shown.contains_key(bad), "{bad}");
    }

    let receipt = evil.receipts().pop().unwrap();
    assert_eq!(
        (receipt.outcome.as_str(), receipt.quarantined),
        ("ok-with-quarantine", 5)
    );
    let rule_of = |record: &str| {
        let found = receipt
            .findings
            .iter()
            .find(|finding| finding.record == record);
        found
            .unwrap_or_else(|| panic!("no finding for {record}: {receipt:#?}"))
            .clone()
    };
    assert_eq!(
        (
            rule_of("K-00003").field.as_str(),
            rule_of("K-00003").rule.as_str()
        ),
        ("title", "required")
    );
    assert_eq!(rule_of("K-00007").rule, "hash-differs");
    assert_eq!(rule_of("K-00011").rule, "unreadable-record");
    assert_eq!(
        (
            rule_of("K-00015").rule.as_str(),
            rule_of("K-00015").value.as_str()
        ),
        ("too-large", "70000")
    );
    let named = rule_of("K-99999");
    assert_eq!(
        (
            named.rule.as_str(),
            named.field.as_str(),
            named.value.as_str()
        ),
        ("id-differs", "id", "K-00019")
    );
    assert_eq!(district.status().providers[0].quarantined, 5);
    // A night in which nothing changed does not forget them.
    let same = district.night();
    assert_eq!(same.expect("vhs-e", Outcome::Unchanged).quarantined, 5);
}

#[test]
fn inv7_the_last_good_version_stays_until_a_good_one_comes() {
    let district = District::new();
    let badge = Badge::join(&district.invite("vhs-e"));
    let evil = Evil::start(badge, Script::honest((0..5).map(|n| offer(n, "gut"))));
    let _first = district.night().expect("vhs-e", Outcome::Ok);
    // The next day, one of them is broken and another one new.
    let good = Script::honest((0..5).map(|n| offer(n, "gut")));
    let mut next = good.clone();
    next.records[2] = Told {
        record: vec![0xff; 9],
        hash: ContentHash([5; 32]),
        ..next.records[2].clone()
    };
    next.records.push(Told::truly(&offer(9, "neu")));
    evil.tell(Script { epoch: 1, ..next });
    let night = district.night();
    let line = night.expect("vhs-e", Outcome::OkWithQuarantine);
    assert_eq!(
        (line.added, line.removed, line.quarantined),
        (1, 0, 1),
        "{line:?}"
    );
    let shown = district.titles("vhs-e");
    assert_eq!(shown.len(), 6);
    assert_eq!(shown["K-00002"], "Kurs 2 gut");
    // Mended: the new version comes in, and the quarantine is empty again.
    let mended = Script::honest((0..5).map(|n| offer(n, "besser")).chain([offer(9, "neu")]));
    evil.tell(Script { epoch: 2, ..mended });
    let night = district.night();
    assert_eq!(night.expect("vhs-e", Outcome::Ok).quarantined, 0);
    assert_eq!(district.titles("vhs-e")["K-00002"], "Kurs 2 besser");
}

#[test]
fn inv7_a_bad_row_of_a_file_is_refused_alone() {
    let district = District::new();
    let node = district.member("vhs-a");
    let mut text = String::from("id;title;url\n");
    for row in 0..10 {
        text.push_str(&format!(
            "B-{row};{};https://a.example/\n",
            if row == 4 { "" } else { "Kurs" }
        ));
    }
    let file = calluna_tests::sample::write(&district.path("kurse.csv"), text.as_bytes());
    let report = node.import(&file, &["--report", "json"]).expect(3).json();
    assert!(report.to_string().contains("kurse.csv"), "{report:#}");
    assert!(report.to_string().contains("title"), "{report:#}");
    assert_eq!(node.count(), 9);
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 9);
}
