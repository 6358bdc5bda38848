//! Nobody can move a hit up but by what the words of the offer say.

use super::*;
use crate::index::row::day_number;

/// The score steps of each offer, by provider and offer, for a question.
fn steps(index: &Index, text: &str) -> Vec<(String, f32)> {
    let state = index.state();
    let view = state.view(Some(day_number(date(2026, 11, 30))));
    let (_, matches, _) = matched(&state, &view, text).unwrap();
    let matches = matches.unwrap();
    let mut steps: Vec<(String, f32)> = matches
        .hits()
        .iter()
        .map(|doc| {
            let row = state.row(doc).unwrap();
            (
                format!("{} {}", row.provider, row.offer),
                matches.score(&view, doc) + view.date[doc],
            )
        })
        .collect();
    steps.sort_by(|a, b| a.0.cmp(&b.0));
    steps
}

fn catalogue(names: [&str; 3]) -> Index {
    let mut shelf = Shelf::default();
    for (provider, name) in names.into_iter().enumerate() {
        let offers = (0..30).map(|n| synthetic::offer(provider, n));
        shelf.put(&id(name), "Träger", ProviderKind::Other, offers);
    }
    let index = Index::create_in_ram("03358").unwrap();
    index.refresh(&shelf).unwrap();
    index
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn who_offers_it_does_not_move_it(names in Just(["aaa", "mmm", "zzz"]).prop_shuffle(), text in prop::sample::select(vec!["Englisch", "Kurs am Abend", "Excel Soltau", "Yoga", "Schweißkurs"])) {
        let before = steps(&catalogue(["p1", "p2", "p3"]), text);
        let after = steps(&catalogue([names[0], names[1], names[2]]), text);
        let renamed: BTreeSet<(String, u32)> = before
            .iter()
            .map(|(key, score)| {
                let (provider, offer) = key.split_once(' ').unwrap();
                let at: usize = provider[1..].parse().unwrap();
                (format!("{} {offer}", names[at - 1]), score.to_bits())
            })
            .collect();
        let after: BTreeSet<(String, u32)> = after.into_iter().map(|(key, score)| (key, score.to_bits())).collect();
        prop_assert_eq!(renamed, after);
    }
}

#[test]
fn equal_hits_are_shuffled_anew_each_day_and_kept_all_day() {
    let mut shelf = Shelf::default();
    let names: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
    for name in &names {
        shelf.put(
            &id(name),
            "Träger",
            ProviderKind::Other,
            [offer("o", "Yoga", "")],
        );
    }
    let index = Index::create_in_ram("03358").unwrap();
    index.refresh(&shelf).unwrap();
    let first = |day: i8| {
        let asking = Asking::on(date(2026, 11, day));
        let answer = index.search(&Query::words("yoga"), &asking).unwrap();
        answer.hits[0].provider.to_string()
    };
    assert_eq!(first(3), first(3));
    let firsts: Vec<String> = (1..=30).map(first).collect();
    for name in &names {
        let days = firsts.iter().filter(|first| *first == name).count();
        assert!(days < 15, "{name} is first on {days} of 30 days");
    }
    assert!(
        firsts.iter().collect::<BTreeSet<_>>().len() >= 5,
        "{firsts:?}"
    );
}

/// A word counts once in a field, so writing it more often gains nothing, and longer fields count less.
#[test]
fn writing_a_word_more_often_gains_nothing() {
    let rest = [
        offer("other", "Kochen", "Mit Gemüse."),
        offer("more", "Nähen", "Mit Stoff."),
    ];
    let score = |mut stuffed: OfferDraft| {
        stuffed.id = "stuffed".into();
        let mut offers = rest.to_vec();
        offers.push(offer("plain", "Yoga am Morgen", "Yoga zum Wachwerden."));
        offers.push(stuffed);
        let found = steps(&index_of(offers), "Yoga");
        let of = |offer: &str| {
            found
                .iter()
                .find(|(key, _)| key.ends_with(offer))
                .map(|(_, score)| *score)
        };
        (of("plain").unwrap(), of("stuffed").unwrap())
    };
    let many = "Yoga ".repeat(200);
    let (plain, stuffed) = score(offer(
        "x",
        "Yoga Yoga Yoga Yoga Morgen",
        &format!("{many} Wachwerden"),
    ));
    assert_eq!(plain, stuffed, "as often as one likes, it counts once");
    let variants = "Yogakurs Yogaabend Yogamorgen Yogawoche Yogareise Yogaraum Yogasport Yogatraining Yogafest Yogatanz";
    let (plain, stuffed) = score(offer(
        "x",
        &format!("Yoga {variants}"),
        &format!("Yoga {variants}"),
    ));
    assert!(
        stuffed < plain,
        "compounds of the word make the field longer: {stuffed} {plain}"
    );
    let mut keywords = offer("x", "Yoga am Morgen", "Yoga zum Wachwerden.");
    keywords.keywords = (0..100).map(|n| format!("Yoga{n} Wort{n}")).collect();
    let (plain, stuffed) = score(keywords);
    assert_eq!(
        plain, stuffed,
        "keywords that are not the word are not the word"
    );
}

/// Everything that an offer can say besides its words leaves it where it is.
#[test]
fn completeness_and_price_and_links_do_not_lift() {
    let plain = offer("plain", "Yoga", "");
    let mut rich = offer("rich", "Yoga", "");
    rich.price = Some(PriceDraft {
        amount_cents: Some(0),
        ..PriceDraft::default()
    });
    rich.url = "https://best.example/".into();
    rich.modified = "2026-11-30".into();
    rich.funding = vec!["bildungsurlaub".into()];
    rich.accessibility = vec!["wheelchair".into()];
    rich.childcare = Some(true);
    let found = steps(&index_of(vec![plain, rich]), "Yoga");
    assert_eq!(found[0].1, found[1].1);
}

#[test]
fn the_title_weighs_more_than_the_text_and_the_word_more_than_its_parts() {
    let by = |title: &str, keyword: &str, summary: &str, description: &str, id: &str| {
        let mut offer = offer(id, title, description);
        offer.summary = summary.into();
        if !keyword.is_empty() {
            offer.keywords = vec![keyword.into()];
        }
        offer
    };
    let index = index_of(vec![
        by("Yoga", "Wort", "Wort", "Wort", "a-title"),
        by("Wort", "Yoga", "Wort", "Wort", "b-keyword"),
        by("Wort", "Wort", "Yoga", "Wort", "c-summary"),
        by("Wort", "Wort", "Wort", "Yoga", "d-description"),
        by("Wort", "Wort", "Wort", "Yogakurs", "e-part"),
    ]);
    let scores: Vec<f32> = steps(&index, "Yoga")
        .into_iter()
        .map(|(_, score)| score)
        .collect();
    assert_eq!(scores.len(), 5);
    assert!(
        scores[0] > scores[1]
            && scores[1] == scores[2]
            && scores[2] > scores[3]
            && scores[3] > scores[4],
        "{scores:?}"
    );
}

/// With ids and copies of one's choice one is not first more often: copies share a ticket, and what decides is secret.
#[test]
fn copies_draw_no_further_tickets() {
    let mut shelf = Shelf::default();
    for name in ["p1", "p2", "p3"] {
        shelf.put(
            &id(name),
            "Träger",
            ProviderKind::Other,
            [offer("o", "Yoga", "")],
        );
    }
    let copies = (0..20).map(|n| offer(&format!("c{n}"), "Yoga!", ""));
    shelf.put(&id("p4"), "Träger", ProviderKind::Other, copies);
    let index = Index::create_in_ram("03358").unwrap();
    index.refresh(&shelf).unwrap();
    let first = |day: u32| {
        let on = Asking {
            shuffle: u64::from(day),
            ..Asking::on(date(2026, 11, 3))
        };
        let answer = index.search(&Query::words("yoga"), &on).unwrap();
        answer.hits[0].provider.to_string()
    };
    let days = (0..400).filter(|day| first(*day) == "p4").count();
    assert!((60..140).contains(&days), "first on {days} of 400 days");
    let before: Vec<String> = (0..40).map(first).collect();
    index.shuffle_by(&[7; 32]);
    let after: Vec<String> = (0..40).map(first).collect();
    assert_ne!(before, after, "the secret decides");
}
