//! Questions and what they find.

use std::collections::BTreeSet;

use calluna_model::fixture::{an_offer, full_offer};
use calluna_model::id::ProviderId;
use calluna_model::member::ProviderKind;
use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft, VenueDraft};
use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::answer::Why;
use crate::fixture::{Shelf, synthetic};
use crate::groups::Groups;
use crate::index::Index;
use crate::query::{Facet, Near, Sort};

mod neutral;
mod runs;

fn id(text: &str) -> ProviderId {
    text.parse().unwrap()
}

fn today() -> Asking {
    Asking::on(date(2026, 11, 30))
}

fn offer(n: &str, title: &str, description: &str) -> OfferDraft {
    an_offer(n)
        .titled(title)
        .described(description)
        .build()
        .into_draft()
}

fn run(start: &str, city: &str) -> RunDraft {
    RunDraft {
        id: format!("{start}-{city}").to_lowercase().replace(' ', "-"),
        start: start.into(),
        end: start.into(),
        venue: Some(VenueDraft {
            city: city.into(),
            ..VenueDraft::default()
        }),
        ..RunDraft::default()
    }
}

fn index_of(offers: Vec<OfferDraft>) -> Index {
    let mut shelf = Shelf::default();
    shelf.put(
        &id("vhs-heidekreis"),
        "Volkshochschule Heidekreis",
        ProviderKind::Vhs,
        offers,
    );
    let index = Index::create_in_ram("03358").unwrap();
    index.refresh(&shelf).unwrap();
    index
}

fn found(index: &Index, query: &Query) -> Vec<String> {
    let answer = index.search(query, &today()).unwrap();
    answer.hits.into_iter().map(|hit| hit.offer).collect()
}

fn set(found: Vec<String>) -> BTreeSet<String> {
    found.into_iter().collect()
}

fn some_offers() -> Index {
    index_of(vec![
        offer("kurs", "Englisch B1: Kurs am Abend", "Für Berufstätige."),
        offer(
            "abend",
            "Schulabschluss am Abend",
            "Hauptschulabschluss nachholen.",
        ),
        offer("edv", "Computer für Einsteiger/innen", "Grundlagen."),
        offer("pflege", "Ausbildung Pflegehelfer*innen", "In Soltau."),
        offer("schweiss", "Schweißkurs WIG", ""),
        offer("haus", "Häuser dämmen", ""),
        offer("daf", "Deutsch als Fremdsprache", ""),
        offer("stapler", "Flurförderzeuge führen", ""),
        offer("yoga", "Yoga am Morgen", "Entspannung"),
        offer("gitarre", "Gitarre für Anfänger", ""),
    ])
}

#[test]
fn words_meet_as_a_reader_expects() {
    let index = some_offers();
    for (asked, first) in [
        ("Abendschule", "abend"),
        ("schulabschluss", "abend"),
        ("EDV", "edv"),
        ("Computerkurs", "edv"),
        ("einsteigerin", "edv"),
        ("Pflegehelferin", "pflege"),
        ("Schweisserkurse", "schweiss"),
        ("schweissen", "schweiss"),
        ("haeuser", "haus"),
        ("Haus", "haus"),
        ("DaF", "daf"),
        ("Staplerschein", "stapler"),
        ("Englischkurse", "kurs"),
        ("kurse englisch", "kurs"),
        ("englisch im beruf für alle", "kurs"),
    ] {
        let hits = found(&index, &Query::words(asked));
        assert_eq!(
            hits.first().map(String::as_str),
            Some(first),
            "{asked}: {hits:?}"
        );
    }
    assert_eq!(
        found(&index, &Query::words("Segelfliegen")),
        Vec::<String>::new()
    );
}

#[test]
fn misspelt_and_unfinished_words_find_and_are_named() {
    let index = some_offers();
    let answer = index.search(&Query::words("Gitare"), &today()).unwrap();
    assert_eq!(answer.did_you_mean.as_deref(), Some("Gitarre"));
    assert_eq!(answer.hits[0].offer, "gitarre");
    assert_eq!(
        answer.hits[0].why,
        [Why::Similar {
            asked: "Gitare".into(),
            word: "Gitarre".into()
        }]
    );
    let two = index
        .search(&Query::words("Fremtsprachhe"), &today())
        .unwrap();
    assert_eq!(two.did_you_mean.as_deref(), Some("Fremdsprache"));
    let short = index.search(&Query::words("Yga"), &today()).unwrap();
    assert_eq!(
        (short.total, short.did_you_mean),
        (0, None),
        "three letters are too few to guess"
    );
    let begun = index.search(&Query::words("Flurförd"), &today()).unwrap();
    assert_eq!(
        (begun.hits[0].offer.as_str(), begun.did_you_mean),
        ("stapler", None)
    );
    let suggested = index.suggest("mein flur", 5).unwrap();
    assert_eq!(suggested[0].text, "mein Flurförderzeuge");
    assert!(
        index.suggest("x", 5).unwrap().is_empty() && index.suggest("Yoga ", 5).unwrap().is_empty()
    );
}

#[test]
fn every_hit_says_why() {
    let mut full = full_offer("full").into_draft();
    full.description = "Mit Grammatikübungen.".into();
    let index = index_of(vec![full]);
    let mut query = Query::words("englisch grammatik walsrode volkshochschule abends");
    query.chosen.insert(Facet::Cefr, ["B1".to_owned()].into());
    query.near = Some(Near {
        place: "Soltau".into(),
        radius_km: 50,
    });
    let answer = index.search(&query, &today()).unwrap();
    let why = &answer.hits[0].why;
    let word = |field, word: &str| Why::Word {
        field,
        word: word.into(),
    };
    assert!(why.contains(&word("title", "Englisch")), "{why:?}");
    assert!(why.contains(&word("place", "Walsrode")), "{why:?}");
    assert!(
        why.contains(&word("provider", "Volkshochschule")),
        "{why:?}"
    );
    assert!(
        why.contains(&Why::Part {
            word: "Grammatikübungen".into()
        }),
        "{why:?}"
    );
    assert!(
        why.contains(&Why::Chosen {
            facet: Facet::Cefr,
            value: "B1".into()
        }),
        "{why:?}"
    );
    let near = why.iter().find(|why| matches!(why, Why::Near { place, km } if place == "Walsrode" && (15.0..40.0).contains(km)));
    assert!(near.is_some(), "{why:?}");
}

#[test]
fn what_is_over_is_left_out_and_its_values_with_it() {
    let mut both = offer("both", "Englisch", "");
    both.runs = vec![run("2026-03-01", "Soltau"), run("2027-03-01", "Walsrode")];
    let mut over = offer("over", "Englisch", "");
    over.runs = vec![run("2026-03-01", "Soltau")];
    let mut cancelled = offer("cancelled", "Englisch", "");
    cancelled.runs = vec![RunDraft {
        status: "cancelled".into(),
        ..run("2027-03-01", "Munster")
    }];
    let index = index_of(vec![
        both,
        over,
        cancelled,
        offer("undated", "Englisch", ""),
    ]);
    let mut query = Query::words("Englisch");
    let answer = index.search(&query, &today()).unwrap();
    assert_eq!(answer.total, 2);
    let count = |answer: &Answer, facet, value: &str| {
        let counts = &answer
            .facets
            .iter()
            .find(|(known, _)| *known == facet)
            .unwrap()
            .1;
        counts
            .iter()
            .find(|count| count.value == value)
            .unwrap()
            .offers
    };
    assert_eq!(count(&answer, Facet::Municipality, "03358024"), 1);
    assert_eq!(
        count(&answer, Facet::Municipality, "03358021"),
        0,
        "the run in Soltau is over"
    );
    query.past = true;
    let answer = index.search(&query, &today()).unwrap();
    assert_eq!(
        (
            answer.total,
            count(&answer, Facet::Municipality, "03358021")
        ),
        (4, 2)
    );
    query.past = false;
    query.from = Some(date(2027, 2, 1));
    query.until = Some(date(2027, 3, 1));
    assert_eq!(found(&index, &query), ["both"]);
}

#[test]
fn orders_and_distances_hold() {
    let priced = |n: &str, cents, start: &str, city: &str| {
        let mut offer = offer(n, "Yoga", "");
        offer.price = Some(PriceDraft {
            amount_cents: cents,
            ..PriceDraft::default()
        });
        offer.runs = vec![run(start, city)];
        offer
    };
    let index = index_of(vec![
        priced("a", Some(5_000), "2027-02-01", "Soltau"),
        priced("b", None, "2027-01-01", "Walsrode"),
        priced("c", Some(0), "2027-03-01", "Schneverdingen"),
        priced("d", Some(900), "2026-12-24", "Hannover"),
    ]);
    let sorted = |sort, near: Option<(&str, u16)>| {
        let near = near.map(|(place, radius_km)| Near {
            place: place.into(),
            radius_km,
        });
        found(
            &index,
            &Query {
                sort,
                near,
                ..Query::words("yoga")
            },
        )
    };
    assert_eq!(sorted(Sort::Start, None), ["d", "b", "a", "c"]);
    assert_eq!(sorted(Sort::Price, None), ["c", "d", "a", "b"]);
    assert_eq!(
        sorted(Sort::Distance, Some(("29664", 200))),
        ["b", "a", "c", "d"]
    );
    assert_eq!(
        set(sorted(Sort::Relevance, Some(("Soltau", 20)))),
        set(vec!["a".into(), "c".into()])
    );
    let mut dear = Query::words("");
    dear.price_max_cents = Some(1_000);
    assert_eq!(set(found(&index, &dear)), set(vec!["c".into(), "d".into()]));
    dear.near = Some(Near {
        place: "Walsrhode".into(),
        radius_km: 5,
    });
    match index.search(&dear, &today()) {
        Err(SearchError::UnknownPlace { place, similar }) => {
            assert_eq!(
                (place.as_str(), similar),
                ("Walsrhode", vec!["Walsrode".to_owned()])
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_offer_of_several_is_one_hit() {
    let mut shelf = Shelf::default();
    let mut groups = Groups::none();
    for n in 0..10 {
        let provider = id(&format!("p{n}"));
        let mut master = offer("m", "Yoga am Morgen mit Musik", "");
        master.format = "online".into();
        shelf.put(
            &provider,
            "Träger",
            ProviderKind::Trainer,
            [master, offer("x", "Kochen", "")],
        );
        groups.put(provider, "m", "yoga");
    }
    shelf.put(
        &id("single"),
        "Schule",
        ProviderKind::School,
        [offer("s", "Yoga", "")],
    );
    let index = Index::create_in_ram("03358").unwrap();
    index.refresh(&shelf).unwrap();
    index.fold(groups).unwrap();
    let answer = index.search(&Query::words("Yoga"), &today()).unwrap();
    assert_eq!((answer.total, answer.hits.len()), (2, 2));
    assert_eq!(answer.hits[0].offer, "s", "ten copies do not lift an offer");
    assert_eq!(answer.hits[1].same.len(), 9);
    let count = |answer: &Answer, facet, value: &str| {
        let counts = &answer
            .facets
            .iter()
            .find(|(known, _)| *known == facet)
            .unwrap()
            .1;
        counts
            .iter()
            .find(|count| count.value == value)
            .unwrap()
            .offers
    };
    assert_eq!(count(&answer, Facet::Format, "online"), 1);
    assert_eq!(count(&answer, Facet::Provider, "p3"), 1);
    assert_eq!(count(&answer, Facet::ProviderKind, "trainer"), 1);
    let one = Query::words("Yoga").toggled(Facet::Provider, "p3");
    let answer = index.search(&one, &today()).unwrap();
    assert_eq!(
        (
            answer.total,
            answer.hits[0].provider.as_str(),
            answer.hits[0].same.len()
        ),
        (1, "p3", 0)
    );
}

#[test]
fn offers_like_one_that_is_gone_are_found() {
    let index = some_offers();
    let hits = index
        .similar(
            "Schweißen für Pflegehelfer in Soltau mit Hubschrauber",
            5,
            &today(),
        )
        .unwrap();
    let hits: Vec<&str> = hits.iter().map(|hit| hit.offer.as_str()).collect();
    assert_eq!(
        set(hits.iter().map(|hit| (*hit).to_owned()).collect()),
        set(vec!["schweiss".into(), "pflege".into()])
    );
    assert!(
        index
            .similar("Hubschrauber", 5, &today())
            .unwrap()
            .is_empty()
    );
}

#[test]
fn figures_of_the_catalogue() {
    let figures = some_offers().statistics(&today()).unwrap();
    assert_eq!(
        (figures.offers, figures.current, figures.providers),
        (10, 10, 1)
    );
    assert!(figures.words > 15);
    assert_eq!(figures.facets.len(), Facet::ALL.len());
}

/// Every count is what choosing that value would find, whatever else is chosen: the counts of a facet do not know
/// of what is chosen in it, and values that nobody has are there with nought.
#[test]
fn counts_are_what_choosing_would_find() {
    let mut shelf = Shelf::default();
    let mut groups = Groups::none();
    for provider in 0..4 {
        let name = id(&format!("p{provider}"));
        let offers: Vec<OfferDraft> = (0..40).map(|n| synthetic::offer(provider, n)).collect();
        shelf.put(&name, "Träger", ProviderKind::ALL[provider], offers.clone());
        groups.put(name.clone(), offers[3].id.clone(), "a");
        groups.put(name, offers[provider + 5].id.clone(), "b");
    }
    let index = Index::create_in_ram("03358").unwrap();
    index.refresh(&shelf).unwrap();
    index.fold(groups).unwrap();
    let mut queries = vec![
        Query::default(),
        Query::words("kurs"),
        Query::words("englisch"),
    ];
    queries.push(Query::default().toggled(Facet::Format, "online"));
    queries.push(
        Query::default()
            .toggled(Facet::Weekday, "2")
            .toggled(Facet::Weekday, "4")
            .toggled(Facet::Price, "100"),
    );
    queries.push(Query {
        near: Some(Near {
            place: "Soltau".into(),
            radius_km: 25,
        }),
        ..Query::default()
    });
    for query in queries {
        let answer = index.search(&query, &today()).unwrap();
        assert_eq!(answer.facets.len(), Facet::ALL.len());
        for (facet, counts) in &answer.facets {
            for known in facet.known().unwrap_or_default() {
                assert!(
                    counts.iter().any(|count| count.value == known),
                    "{facet:?} {known}"
                );
            }
            for count in counts {
                let mut chosen = query.clone();
                chosen.chosen.insert(*facet, [count.value.clone()].into());
                let total = index.search(&chosen, &today()).unwrap().total;
                assert_eq!(
                    total, count.offers,
                    "{facet:?} {} of {query:?}",
                    count.value
                );
            }
        }
    }
}

#[test]
fn pages_fit_together_and_end() {
    let offers = (0..60)
        .map(|n| offer(&format!("o{n}"), "Yoga", ""))
        .collect();
    let index = index_of(offers);
    let mut seen = BTreeSet::new();
    for page in 1..=3 {
        for hit in found(&index, &Query::words("yoga").at_page(page)) {
            assert!(seen.insert(hit), "twice");
        }
    }
    assert_eq!(seen.len(), 60);
    assert!(found(&index, &Query::words("yoga").at_page(4)).is_empty());
    let deep = Query {
        offset: 10_001,
        ..Query::words("yoga")
    };
    assert!(matches!(
        index.search(&deep, &today()),
        Err(SearchError::Fault(QueryFault::TooDeep))
    ));
    let long = Query::words(&"yoga ".repeat(100));
    assert!(matches!(
        index.search(&long, &today()),
        Err(SearchError::Fault(QueryFault::TooLong { .. }))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_question_makes_it_fall_over(text in "\\PC{0,200}|[a-zäöüßé\\-*:/ ]{0,80}|(C\\+\\+|c#|in|Innen|/in|:innen|-|ae|ue)+", offset in 0_usize..12_000, limit in 0_usize..300) {
        thread_local!(static INDEX: Index = some_offers());
        INDEX.with(|index| {
            let query = Query { offset, limit, ..Query::words(&text) };
            match index.search(&query, &today()) {
                Ok(answer) => prop_assert!(answer.hits.len() <= LIMIT_MAX),
                Err(SearchError::Fault(_)) => {}
                Err(error) => prop_assert!(false, "{error}"),
            }
            prop_assert!(index.suggest(&text, 10).is_ok());
            prop_assert!(index.similar(&text, 10, &today()).is_ok());
            Ok(())
        })?;
    }
}
