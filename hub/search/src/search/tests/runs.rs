//! Of several things that are asked of a run, one run has all.

use calluna_model::offer::WeeklySlotDraft;

use super::*;

fn weekly(start: &str, city: &str, weekday: u32, cents: u32) -> RunDraft {
    RunDraft {
        weekly: vec![WeeklySlotDraft {
            weekday,
            start: "18:00".into(),
            end: "19:30".into(),
        }],
        price: Some(PriceDraft {
            amount_cents: Some(cents),
            ..PriceDraft::default()
        }),
        ..run(start, city)
    }
}

fn chosen(facets: &[(Facet, &str)]) -> Query {
    let mut query = Query::words("yoga");
    for (facet, value) in facets {
        query
            .chosen
            .entry(*facet)
            .or_default()
            .insert((*value).to_owned());
    }
    query
}

/// In Soltau on Mondays in January, dear; in Hannover on Tuesdays in March, cheap.
fn two_runs() -> Index {
    let mut yoga = offer("yoga", "Yoga", "");
    yoga.runs = vec![
        weekly("2027-01-11", "Soltau", 1, 9_000),
        weekly("2027-03-02", "Hannover", 2, 2_000),
    ];
    index_of(vec![yoga])
}

#[test]
fn a_run_here_and_another_one_on_tuesdays_are_no_run_here_on_tuesdays() {
    let index = two_runs();
    let soltau = (Facet::Municipality, "03358021");
    let hits = |facets: &[(Facet, &str)]| found(&index, &chosen(facets)).len();
    assert_eq!(hits(&[soltau]), 1);
    assert_eq!(hits(&[soltau, (Facet::Weekday, "1")]), 1);
    assert_eq!(hits(&[soltau, (Facet::Weekday, "2")]), 0);
    assert_eq!(hits(&[soltau, (Facet::Price, "50")]), 0);
    let mut march = chosen(&[soltau]);
    march.from = Some(date(2027, 3, 1));
    assert_eq!(found(&index, &march).len(), 0);
    march.chosen.clear();
    assert_eq!(found(&index, &march).len(), 1);
    let mut near = chosen(&[(Facet::Weekday, "2")]);
    near.near = Some(Near {
        place: "Soltau".into(),
        radius_km: 20,
    });
    assert_eq!(found(&index, &near).len(), 0);
    near.chosen.clear();
    let hit = &index.search(&near, &today()).unwrap().hits[0];
    assert_eq!(
        (hit.run, hit.distance_km.map(|km| km < 5.0)),
        (Some(0), Some(true))
    );
    near.near = None;
    near.chosen = chosen(&[(Facet::Weekday, "2")]).chosen;
    assert_eq!(index.search(&near, &today()).unwrap().hits[0].run, Some(1));
}

#[test]
fn counts_say_what_a_click_would_find() {
    let index = two_runs();
    let asked = chosen(&[(Facet::Municipality, "03358021")]);
    let answer = index.search(&asked, &today()).unwrap();
    for (facet, counts) in &answer.facets {
        for count in counts {
            let mut next = asked.clone();
            next.chosen
                .insert(*facet, BTreeSet::from([count.value.clone()]));
            let total = index.search(&next, &today()).unwrap().total;
            assert_eq!(total, count.offers, "{facet:?} {}", count.value);
        }
    }
}

#[test]
fn the_runs_that_were_asked_for_say_when_it_starts_and_what_it_costs() {
    let mut late = offer("late", "Yoga", "");
    late.runs = vec![
        weekly("2026-12-07", "Hannover", 1, 1_000),
        weekly("2027-04-05", "Soltau", 1, 9_500),
    ];
    let mut soon = offer("soon", "Yoga", "");
    soon.runs = vec![weekly("2027-02-01", "Soltau", 1, 5_000)];
    let index = index_of(vec![late, soon]);
    let mut query = chosen(&[(Facet::Municipality, "03358021")]);
    for sort in [Sort::Start, Sort::Price] {
        query.sort = sort;
        assert_eq!(found(&index, &query), ["soon", "late"], "{sort:?}");
        let anywhere = Query {
            sort,
            ..Query::words("yoga")
        };
        assert_eq!(found(&index, &anywhere), ["late", "soon"], "{sort:?}");
    }
}

#[test]
fn that_nothing_is_said_of_entry_is_not_that_nothing_is_asked_for() {
    let open = offer("open", "Yoga", "");
    let mut none = offer("none", "Yoga", "");
    none.entry_requirements = vec![calluna_model::offer::QualificationDraft {
        title: "keine".into(),
        code: "none".into(),
        dqr: None,
    }];
    let index = index_of(vec![open, none]);
    assert_eq!(found(&index, &chosen(&[(Facet::Entry, "none")])), ["none"]);
    assert_eq!(
        found(&index, &chosen(&[(Facet::Entry, "unknown")])),
        ["open"]
    );
}

#[test]
fn languages_that_nobody_knows_are_one_value() {
    let mut odd = offer("odd", "Yoga", "");
    odd.languages = (b'a'..=b't')
        .map(|c| format!("x{}q", char::from(c)))
        .collect();
    let index = index_of(vec![odd]);
    let answer = index.search(&Query::words("yoga"), &today()).unwrap();
    let (_, languages) = answer
        .facets
        .iter()
        .find(|(facet, _)| *facet == Facet::Language)
        .unwrap();
    let values: Vec<&str> = languages.iter().map(|count| count.value.as_str()).collect();
    assert_eq!(values, ["other"]);
}
