//! A million offers, measured. Not run by itself:
//! `cargo test -p calluna-catalogue --test large -- --ignored --nocapture --test-threads 1 exports`
//! (and `… duplicates`).

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "helpers of tests may fail loudly; these tell what they measure"
)]

use std::time::Instant;

use calluna_catalogue::duplicates::Detector;
use calluna_catalogue::export::{Edition, Row, Writer, format};
use calluna_model::clock::Moment;
use calluna_model::fixture::full_offer;
use calluna_model::member::{Member, ProviderKind, Reach};
use calluna_model::offer::OfferDraft;

fn member(id: &str) -> Member {
    Member {
        id: id.parse().unwrap(),
        name: "Beispiel-VHS".into(),
        kind: ProviderKind::Vhs,
        invited_at: Moment(0),
        joined_at: None,
        reach: Reach::DialsOut,
        revoked_at: None,
        address: "Kirchplatz 4, 29664 Walsrode".into(),
        website: String::new(),
        waiting: false,
    }
}

/// The most memory that this process had at once, in MB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB").trim();
    kilobytes.parse::<u64>().unwrap() / 1_024
}

/// Offers that differ in what a dictionary would fold. Synthetic.
fn vary(offer: &mut OfferDraft, n: u64) {
    offer.id = format!("A-{n}");
    offer.title = format!("Englisch B1: Auffrischung {}", n % 9_973);
    offer.description = format!(
        "Kurs {n} frischt Ihr Englisch auf. {}",
        "Wir üben Hören, Sprechen, Lesen und Schreiben in kleinen Gruppen. ".repeat(4)
    );
    offer.runs[0].number = format!("26H-{n}");
}

#[test]
#[ignore = "takes minutes; the command stands above"]
fn exports_of_a_million_offers_stay_small() {
    const OFFERS: u64 = 1_000_000;
    let provider = member("vhs");
    let mut offer = full_offer("A-1").into_draft();
    let before = peak();
    for name in [
        "jsonl",
        "csv",
        "schemaorg",
        "xcri",
        "openvhs",
        "elm",
        "parquet",
    ] {
        let began = Instant::now();
        let edition = Edition::new("Heidekreis", Moment(0), vec![provider.clone()]);
        let mut writer = Writer::new(format(name).unwrap(), edition).unwrap();
        let mut bytes = 0;
        for n in 0..OFFERS {
            vary(&mut offer, n);
            let row = Row {
                provider: &provider,
                offer: &offer,
            };
            writer.push(&row).unwrap();
            if writer.ready() >= 256 * 1024 {
                bytes += writer.take().len();
            }
        }
        let (rest, loss) = writer.finish().unwrap();
        bytes += rest.len();
        let peak = peak();
        println!(
            "{name}: {OFFERS} offers, {} MB, {:.1} s, peak {peak} MB (before the first: {before} MB)",
            bytes / 1_000_000,
            began.elapsed().as_secs_f64()
        );
        assert_eq!(loss.written, OFFERS);
        assert!(peak < before + 250, "{name}: {peak} MB");
    }
}

#[test]
#[ignore = "takes a while; the command stands above"]
fn duplicates_of_two_hundred_thousand_offers() {
    const OFFERS: u64 = 200_000;
    let before = peak();
    let began = Instant::now();
    let mut detector = Detector::new();
    let mut offer = full_offer("A-1").into_draft();
    let providers: Vec<Member> = (0..50).map(|n| member(&format!("p-{n}a"))).collect();
    for n in 0..OFFERS {
        vary(&mut offer, n);
        // Every twentieth is a copy of the one before it, of another provider.
        let copy = n % 20 == 19;
        if copy {
            vary(&mut offer, n - 1);
            offer.id = format!("copy-{n}");
        }
        let provider = &providers[usize::try_from(n % 50).unwrap()];
        detector.add(&provider.id, &offer);
    }
    let groups = detector.groups(&[]);
    println!(
        "duplicates: {OFFERS} offers, {} groups, {:.1} s, peak {} MB (before: {before} MB)",
        groups.all().len(),
        began.elapsed().as_secs_f64(),
        peak()
    );
    assert!(groups.all().len() >= 10_000);
}
