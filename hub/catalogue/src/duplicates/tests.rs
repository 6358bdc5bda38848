//! Which offers are taken for the same, and that the operator's word wins.

use calluna_model::fixture::an_offer;
use calluna_model::offer::{OfferDraft, RunDraft, SubjectDraft, VenueDraft};
use proptest::prelude::*;

use super::*;

const TEXT: &str = "In diesem Kurs lernen Sie die Grundlagen der doppelten Buchführung mit vielen Beispielen aus der Praxis kleiner Betriebe kennen und üben am eigenen Rechner";

fn key(provider: &str, offer: &str) -> OfferKey {
    OfferKey {
        provider: provider.parse().unwrap(),
        offer: offer.into(),
    }
}

fn offer(id: &str, title: &str) -> OfferDraft {
    an_offer(id).titled(title).build().into_draft()
}

fn run(number: &str, start: &str, end: &str, street: &str) -> RunDraft {
    RunDraft {
        id: "r".into(),
        number: number.into(),
        start: start.into(),
        end: end.into(),
        venue: Some(VenueDraft {
            street: street.into(),
            postal_code: "29664".into(),
            city: "Walsrode".into(),
            ..VenueDraft::default()
        }),
        ..RunDraft::default()
    }
}

fn detect(offers: &[(&str, OfferDraft)], verdicts: &[Verdict]) -> Groups {
    let mut detector = Detector::new();
    for (provider, offer) in offers {
        detector.add(&provider.parse().unwrap(), offer);
    }
    detector.groups(verdicts)
}

fn reason(offers: &[(&str, OfferDraft)]) -> Option<Reason> {
    detect(offers, &[]).all().first().map(Group::reason)
}

#[test]
fn each_reason_is_found_and_named() {
    let with_run = |id: &str, title: &str, number: &str, street: &str| {
        let mut offer = offer(id, title);
        offer.runs = vec![run(number, "2027-01-12", "2027-03-30", street)];
        offer
    };
    let found = reason(&[
        (
            "vhs",
            with_run("1", "Excel im Beruf kompakt", "26-501", "Markt 1"),
        ),
        (
            "bbs",
            with_run("9", "Excel im Beruf", "26-501", "Schulweg 7"),
        ),
    ]);
    assert_eq!(found, Some(Reason::SameNumberAndDates));
    let found = reason(&[
        (
            "vhs",
            with_run("1", "Excel: Grundlagen", "1", "Kirchstraße 4"),
        ),
        (
            "bbs",
            with_run("9", "Excel – Grundlagen", "2", "Kirchstrasse 4"),
        ),
    ]);
    assert_eq!(found, Some(Reason::SameTitleVenueAndStart));
    let described = |id: &str, title: &str, text: &str| {
        let mut offer = offer(id, title);
        offer.description = text.into();
        offer.subjects = vec![SubjectDraft {
            scheme: "dvv-2.0".into(),
            code: "5.04".into(),
            label: String::new(),
        }];
        offer.teaching_units_hundredths = Some(4_000);
        offer
    };
    let longer = format!("{TEXT}.");
    let found = reason(&[
        ("vhs", described("1", "Buchführung I", TEXT)),
        ("bbs", described("9", "Buchführung I", &longer)),
    ]);
    assert_eq!(found, Some(Reason::SameTitleAndDescription));
    let found = reason(&[
        ("vhs", described("1", "Buchführung Teil 1 Grundlagen", TEXT)),
        (
            "bbs",
            described("9", "Buchführung Teil 1 Grundlagen kompakt", &longer),
        ),
    ]);
    assert_eq!(found, Some(Reason::NearlySameText));
}

#[test]
fn what_only_looks_alike_stays_apart() {
    // Common titles, and numbers that two houses use by chance.
    let mut yoga = offer("1", "Yoga");
    yoga.runs = vec![run("101", "2027-01-12", "2027-03-30", "Markt 1")];
    let mut other = offer("9", "Yoga");
    other.runs = vec![run("102", "2027-01-12", "2027-03-30", "Schulweg 7")];
    assert_eq!(reason(&[("vhs", yoga.clone()), ("bbs", other)]), None);
    let mut welding = offer("9", "Schweißen für Anfänger");
    welding.runs = yoga.runs.clone();
    assert_eq!(reason(&[("vhs", yoga.clone()), ("bbs", welding)]), None);
    // Two of one provider are two offers.
    let mut copy = yoga.clone();
    copy.id = "2".into();
    assert_eq!(reason(&[("vhs", yoga), ("vhs", copy)]), None);
    // The same text with another number of hours is another course.
    let mut short = offer("1", "Buchführung Teil 1 Grundlagen");
    short.description = TEXT.into();
    short.teaching_units_hundredths = Some(4_000);
    let mut long = offer("9", "Buchführung Teil 1 Grundlagen kompakt");
    long.description = TEXT.into();
    long.teaching_units_hundredths = Some(8_000);
    assert_eq!(reason(&[("vhs", short), ("bbs", long)]), None);
    // Nothing is known of a short description.
    let mut one = offer("1", "Englisch B1");
    one.description = "Bitte Lehrbuch mitbringen".into();
    let mut two = one.clone();
    two.id = "9".into();
    assert_eq!(reason(&[("vhs", one), ("bbs", two)]), None);
}

#[test]
fn a_master_course_of_many_providers_is_one_group_with_a_link_less() {
    let mut offers = Vec::new();
    let names: Vec<String> = (0..200).map(|n| format!("site-{n}a")).collect();
    for name in &names {
        let mut copy = offer("1", "Fachkraft Lager");
        copy.description = TEXT.into();
        offers.push((name.as_str(), copy));
    }
    let groups = detect(&offers, &[]);
    assert_eq!(groups.all().len(), 1);
    let group = &groups.all()[0];
    assert_eq!((group.members.len(), group.links.len()), (200, 199));
    assert_eq!(groups.group_of(&key("site-7a", "1")), Some(group));
    assert_eq!(groups.group_of(&key("site-7a", "2")), None);
}

#[test]
fn verdicts_join_what_is_unlike_and_part_what_is_alike() {
    let mut one = offer("1", "Fachkraft Lager");
    one.description = TEXT.into();
    let offers = [
        ("bbs", one.clone()),
        ("vhs", one),
        ("ifw", offer("1", "Etwas ganz anderes")),
    ];
    let verdict = |left: &str, right: &str, same| Verdict {
        left: key(left, "1"),
        right: key(right, "1"),
        same,
    };
    let parted = detect(&offers, &[verdict("vhs", "bbs", false)]);
    assert!(parted.all().is_empty());
    let joined = detect(&offers, &[verdict("vhs", "ifw", true)]);
    assert_eq!(joined.all()[0].members.len(), 3);
    assert_eq!(joined.all()[0].reason(), Reason::Verdict);
    // The last word about two offers counts.
    let both = [verdict("vhs", "bbs", false), verdict("bbs", "vhs", true)];
    assert_eq!(detect(&offers, &both).all().len(), 1);
    // Who is put apart is not brought together by a third, and that is told.
    let torn = [
        verdict("bbs", "vhs", false),
        verdict("bbs", "ifw", true),
        verdict("ifw", "vhs", true),
    ];
    let groups = detect(&offers, &torn);
    assert_ne!(
        groups.group_of(&key("bbs", "1")),
        groups.group_of(&key("vhs", "1"))
    );
    assert_eq!(groups.overruled().len(), 1);
    // About offers that are gone, a verdict says nothing.
    let gone = [verdict("vhs", "nobody", true)];
    assert_eq!(detect(&offers, &gone), detect(&offers, &[]));
}

const PROVIDERS: [&str; 4] = ["aa", "bb", "cc", "dd"];

/// Few titles, texts, numbers and places, so that much is alike. Synthetic.
fn any_offer() -> impl Strategy<Value = OfferDraft> {
    let titles = prop_oneof!["Excel Grundlagen", "Excel Grundlagen Teil 2", "Yoga"];
    (titles, 0..3_usize, 0..3_u8, 0..2_u8, 0..2_u32).prop_map(|(title, text, number, street, hours)| {
        let mut offer = offer("x", &title);
        offer.description = ["", TEXT, "ganz anderer Text ohne Gemeinsamkeit eins zwei drei vier fünf sechs sieben acht neun"][text].into();
        offer.teaching_units_hundredths = (hours > 0).then_some(hours * 1_000);
        offer.subjects = vec![SubjectDraft { scheme: "dvv-2.0".into(), code: "5".into(), label: String::new() }];
        let number = if number == 0 { String::new() } else { number.to_string() };
        offer.runs = vec![run(&number, "2027-01-12", "2027-03-30", &format!("Markt {street}"))];
        offer
    })
}

fn any_catalogue() -> impl Strategy<Value = Vec<(&'static str, OfferDraft)>> {
    prop::collection::vec((0..PROVIDERS.len(), any_offer()), 2..24).prop_map(|list| {
        let numbered = list.into_iter().enumerate();
        numbered
            .map(|(at, (provider, mut offer))| {
                offer.id = format!("o{at}");
                (PROVIDERS[provider], offer)
            })
            .collect()
    })
}

fn any_verdicts() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
    prop::collection::vec((0..24_usize, 0..24_usize, any::<bool>()), 0..8)
}

fn said(offers: &[(&str, OfferDraft)], verdicts: &[(usize, usize, bool)]) -> Vec<Verdict> {
    let at = |at: usize| {
        let (provider, offer) = &offers[at % offers.len()];
        key(provider, &offer.id)
    };
    let told = verdicts.iter().map(|(left, right, same)| Verdict {
        left: at(*left),
        right: at(*right),
        same: *same,
    });
    // One about two offers, as a store keeps them.
    let mut last: Vec<Verdict> = Vec::new();
    for verdict in told.filter(|verdict| verdict.left != verdict.right) {
        let pair = |v: &Verdict| {
            let (a, b) = (v.left.clone(), v.right.clone());
            if a < b { (a, b) } else { (b, a) }
        };
        last.retain(|known| pair(known) != pair(&verdict));
        last.push(verdict);
    }
    last
}

proptest! {
    #[test]
    fn the_order_of_offers_and_verdicts_does_not_matter(
        offers in any_catalogue(), verdicts in any_verdicts(), turn in 0..24_usize
    ) {
        let verdicts = said(&offers, &verdicts);
        let groups = detect(&offers, &verdicts);
        let mut turned = offers.clone();
        turned.rotate_left(turn % offers.len());
        turned.reverse();
        let mut words = verdicts.clone();
        words.reverse();
        prop_assert_eq!(groups, detect(&turned, &words));
    }

    #[test]
    fn a_verdict_holds_in_every_later_night(
        offers in any_catalogue(), more in any_catalogue(), verdicts in any_verdicts()
    ) {
        let verdicts = said(&offers, &verdicts);
        // The next night brings other offers beside them.
        let mut later = offers.clone();
        later.extend(more.into_iter().map(|(provider, mut offer)| {
            offer.id = format!("later-{}", offer.id);
            (provider, offer)
        }));
        for catalogue in [&offers, &later] {
            let groups = detect(catalogue, &verdicts);
            for verdict in &verdicts {
                let (left, right) = (groups.group_of(&verdict.left), groups.group_of(&verdict.right));
                let together = left.is_some() && left == right;
                if verdict.same {
                    let overruled = groups.overruled().iter().any(|o| {
                        (&o.left, &o.right) == (&verdict.left, &verdict.right)
                            || (&o.left, &o.right) == (&verdict.right, &verdict.left)
                    });
                    prop_assert!(together || overruled);
                } else {
                    prop_assert!(!together);
                }
            }
            for group in groups.all() {
                prop_assert_eq!(group.links.len() + 1, group.members.len());
                let of = |reason| group.links.iter().any(|link| link.reason == reason);
                let mut providers: Vec<_> = group.members.iter().map(|key| &key.provider).collect();
                providers.dedup();
                prop_assert!(providers.len() == group.members.len() || of(Reason::Verdict));
            }
        }
    }
}
