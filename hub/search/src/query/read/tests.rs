//! Questions from addresses, good and bad.

use proptest::prelude::*;

use super::*;

fn read(pairs: &[(&str, &str)]) -> Result<Query, QueryFault> {
    Query::read(pairs.iter().copied())
}

#[test]
fn an_address_is_read_in_full() {
    let query = read(&[
        ("q", "  Englisch   am Abend "),
        ("subject", "4"),
        ("subject", "5"),
        ("municipality", "03358024"),
        ("place", "Walsrode"),
        ("radius", "15"),
        ("from", "2027-01-01"),
        ("until", "2027-06-30"),
        ("price_max", "49,50"),
        ("childcare", "yes"),
        ("past", "yes"),
        ("sort", "distance"),
        ("page", "3"),
        ("language", ""),
    ])
    .unwrap();
    assert_eq!(query.text, "Englisch am Abend");
    assert_eq!(query.chosen[&Facet::Subject].len(), 2);
    assert!(!query.chosen.contains_key(&Facet::Language));
    assert_eq!(query.near.as_ref().unwrap().radius_km, 15);
    assert_eq!(query.price_max_cents, Some(4_950));
    assert!(query.past);
    assert_eq!((query.offset, query.page()), (40, 3));
    assert_eq!(Query::read(query.pairs()), Ok(query));
}

#[test]
fn what_cannot_be_asked_is_refused_with_what_can() {
    let text = |pairs: &[(&str, &str)]| read(pairs).unwrap_err().to_string();
    let unknown = text(&[("promoted", "1")]);
    for key in Query::keys() {
        assert!(unknown.contains(key), "{key} is not named in: {unknown}");
    }
    assert!(text(&[("format", "by-post")]).contains("in-person, online, hybrid"));
    assert!(text(&[("provider", "No Such!")]).contains("vhs-heidekreis"));
    assert!(text(&[("sort", "promoted")]).contains("relevance, start, price, distance"));
    assert!(text(&[("from", "31.01.2027")]).contains("2027-01-31"));
    assert!(text(&[("from", "2027-02-30")]).contains("`from`"));
    let at = |pairs: &[(&str, &str)]| read(pairs).unwrap_err().filter();
    assert_eq!(
        at(&[("from", "2027-02-01"), ("until", "2027-01-01")]),
        Some("until")
    );
    assert_eq!(at(&[("sort", "distance")]), Some("sort"));
    assert_eq!(
        at(&[("radius", "201"), ("place", "Soltau")]),
        Some("radius")
    );
    assert_eq!(at(&[("price_max", "-5")]), Some("price_max"));
    assert_eq!(at(&[("price_max", "42949672.96")]), Some("price_max"));
    assert_eq!(at(&[("q", "a"), ("q", "b")]), Some("q"));
}

#[test]
fn oversized_questions_and_deep_pages_are_refused() {
    assert!(read(&[("q", &"ä".repeat(TEXT_MAX))]).is_ok());
    let long = read(&[("q", &"ä".repeat(TEXT_MAX + 1))]);
    assert!(matches!(long, Err(QueryFault::TooLong { filter: "q", .. })));
    assert!(read(&[("q", &"x".repeat(1 << 22))]).is_err());
    assert!(read(&[("page", "501")]).is_ok());
    for deep in ["502", "99999999999999999999999999"] {
        assert_eq!(read(&[("page", deep)]), Err(QueryFault::TooDeep), "{deep}");
    }
    for bad in ["0", "-1", "x", "00"] {
        assert!(read(&[("page", bad)]).is_err(), "{bad}");
    }
    let many = vec![("q", ""); PAIRS_MAX + 1];
    assert_eq!(read(&many), Err(QueryFault::TooManyPairs));
    let providers: Vec<String> = (0..=VALUES_MAX).map(|n| format!("p{n}")).collect();
    let many: Vec<_> = providers
        .iter()
        .map(|id| ("provider", id.as_str()))
        .collect();
    assert!(matches!(read(&many), Err(QueryFault::TooManyValues { .. })));
}

#[test]
fn messages_carry_nothing_that_hides_or_turns() {
    let fault = read(&[("a\u{202e}b\n\u{1b}[31m", "x")]).unwrap_err();
    assert!(fault.to_string().starts_with("there is no filter `ab[31m`"));
    assert_eq!(read(&[("q", "a\u{0}b\u{202e}c")]).unwrap().text, "a b c");
}

#[test]
fn a_page_is_never_out_of_reach() {
    let query = Query::words("x");
    assert_eq!(query.at_page(0).page(), 1);
    assert_eq!(query.at_page(usize::MAX).offset, OFFSET_MAX);
    let chosen = query.at_page(4).toggled(Facet::Format, "online");
    assert_eq!(
        (chosen.page(), chosen.has(Facet::Format, "online")),
        (1, true)
    );
    assert!(chosen.toggled(Facet::Format, "online").chosen.is_empty());
}

fn value_of(facet: Facet) -> BoxedStrategy<String> {
    match facet.known() {
        Some(known) => prop::sample::select(known).prop_map(str::to_owned).boxed(),
        None => match facet {
            Facet::Municipality => "0[0-9]{7}|online|elsewhere".boxed(),
            Facet::Language => "[a-z]{2,3}".boxed(),
            _ => "[a-z][a-z0-9]{1,12}".boxed(),
        },
    }
}

fn pair() -> impl Strategy<Value = (String, String)> {
    let facet = prop::sample::select(Facet::ALL.to_vec());
    let chosen = facet.prop_flat_map(|facet| (Just(facet.key().to_owned()), value_of(facet)));
    let named = |key: &'static str, values: &'static str| {
        (Just(key.to_owned()), values.prop_map(|value| value))
    };
    prop_oneof![
        4 => chosen,
        1 => named("q", "\\PC{0,60}"),
        1 => named("place", "\\PC{0,30}"),
        1 => named("radius", "[1-9][0-9]?"),
        1 => named("from", "2026-0[1-9]-[012][1-8]"),
        1 => named("until", "2027-0[1-9]-[012][1-8]"),
        1 => named("price_max", "[0-9]{1,5}([.,][0-9]{1,2})?"),
        1 => named("past", "yes"),
        1 => named("sort", "relevance|start|price|distance"),
        1 => named("page", "[1-9][0-9]?"),
    ]
}

proptest! {
    #[test]
    fn reading_and_writing_are_inverse(pairs in prop::collection::vec(pair(), 0..20)) {
        if let Ok(query) = Query::read(pairs.iter().map(|(k, v)| (k, v))) {
            prop_assert_eq!(Query::read(query.pairs()), Ok(query));
        }
    }

    #[test]
    fn no_address_makes_it_fall_over(
        pairs in prop::collection::vec((prop_oneof!["\\PC{0,8}", prop::sample::select(Query::keys()).prop_map(str::to_owned)], ".{0,300}"), 0..12)
    ) {
        match Query::read(pairs.iter().map(|(k, v)| (k, v))) {
            Ok(query) => prop_assert_eq!(Query::read(query.pairs()), Ok(query)),
            Err(fault) => prop_assert!(fault.to_string().len() < 1_500),
        }
    }
}
