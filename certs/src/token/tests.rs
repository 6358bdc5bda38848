//! Tokens that go through mail programs, word processors and hands.

use calluna_model::entropy::SeededEntropy;
use proptest::prelude::*;

use super::*;

const EXPIRES: Moment = Moment(1_800_000_000);

fn token() -> JoinToken {
    let print = Fingerprint::of(b"ca");
    let provider = "vhs-heidekreis".parse().unwrap();
    JoinToken::mint(
        "hub.example:7443",
        print,
        provider,
        EXPIRES,
        &SeededEntropy::new(1),
    )
    .unwrap()
}

fn same(left: &JoinToken, right: &JoinToken) -> bool {
    left.to_bytes() == right.to_bytes()
}

fn error(text: &str) -> TokenError {
    text.parse::<JoinToken>().expect_err(text)
}

#[test]
fn a_token_is_one_short_line_that_reads_back() {
    let text = token().to_string();
    assert!(text.starts_with("cal1-"), "{text}");
    assert!(text.len() < 200, "{}", text.len());
    assert!(
        text.bytes()
            .all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit())
    );
    let back: JoinToken = text.parse().unwrap();
    assert!(same(&back, &token()));
    assert_eq!(back.hub, "hub.example:7443");
    assert_eq!(back.provider.as_str(), "vhs-heidekreis");
    assert_eq!(
        (back.expires, back.fingerprint),
        (EXPIRES, Fingerprint::of(b"ca"))
    );
    assert_eq!(secret_hash(&back.secret), secret_hash(&token().secret));
}

#[test]
fn the_form_of_version_1_does_not_change() {
    assert_eq!(token().to_string(), FROZEN);
}

/// The text of [`token`]: old letters must stay readable.
const FROZEN: &str = "cal1-aboqaaaaabvutuqaz7bkhblfq625ir5oakn6blqu6buvsclqahiqkanmpvkmbpny3nqued3fr4usftbg4rwvgyizumismdtwnbzs22dfnfsgk23smvuxg2dvmixgk6dbnvygyzj2g42dim25qxd2k";

#[test]
fn what_mail_programs_and_people_do_to_it_is_forgiven() {
    let text = token().to_string();
    let (left, right) = text.split_at(60);
    for changed in [
        format!("  {text}\r\n"),
        format!("{left}\n    {right}"),
        format!("{left}\u{200b}\u{ad}{right}\u{feff}"),
        format!("\u{a0}\u{2003}{text}"),
        text.to_uppercase(),
        format!("\"{text}\""),
        format!("„{text}“."),
        format!("<{text}>"),
        text.replacen('-', "\u{2013}", 1),
        text.chars().map(|c| format!("{c} ")).collect(),
    ] {
        let read = changed.parse::<JoinToken>();
        assert!(read.is_ok_and(|read| same(&read, &token())), "{changed}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let text = token().to_string();
    for other in [
        "",
        "-",
        "hello",
        "cal",
        "cal1",
        "call-x",
        "calx-y",
        "https://hub.example",
        "cal-1-x",
    ] {
        assert_eq!(error(other), TokenError::NotAToken, "{other}");
    }
    assert_eq!(
        error(&text.replacen('1', "2", 1)),
        TokenError::Newer {
            version: "2".into()
        }
    );
    assert!(matches!(error("cal12-"), TokenError::Newer { .. }));
    assert_eq!(error(&format!("{text}{text}")), TokenError::Mistyped);
    assert_eq!(error(&format!("{text}a")), TokenError::Mistyped);
    assert_eq!(
        error(&text.replacen("cal1-", "cal1-ä", 1)),
        TokenError::Mistyped
    );
}

#[test]
fn a_token_cut_off_anywhere_is_called_cut_off() {
    let text = token().to_string();
    for end in PREFIX.len()..text.len() {
        assert!(
            matches!(error(&text[..end]), TokenError::CutOff { .. }),
            "{end}"
        );
    }
}

#[test]
fn a_token_ends_at_the_second_of_its_expiry() {
    assert_eq!(token().check_time(EXPIRES.plus(-1)), Ok(()));
    assert_eq!(
        token().check_time(EXPIRES),
        Err(TokenError::Expired {
            at: EXPIRES,
            since: 0
        })
    );
    for (since, words) in [
        (5, "less than a minute ago"),
        (60, "1 minute ago"),
        (7_300, "2 hours ago"),
        (3 * 86_400, "3 days ago"),
    ] {
        let text = token()
            .check_time(EXPIRES.plus(since))
            .unwrap_err()
            .to_string();
        assert!(
            text.contains(words) && text.contains("district office"),
            "{text}"
        );
    }
}

#[test]
fn only_an_address_that_can_be_dialled_goes_into_a_token() {
    let mint = |hub: &str| {
        let provider = "vhs".parse().unwrap();
        JoinToken::mint(
            hub,
            Fingerprint([0; 32]),
            provider,
            EXPIRES,
            &SeededEntropy::new(1),
        )
    };
    for hub in ["hub.example:7443", "192.0.2.1:1", "[2001:db8::1]:65535"] {
        assert!(
            same(
                &mint(hub).unwrap().to_string().parse().unwrap(),
                &mint(hub).unwrap()
            ),
            "{hub}"
        );
    }
    let long = format!("{}:1", "x".repeat(HUB_MAX));
    for hub in [
        "",
        "hub",
        "hub:",
        ":1",
        "hub:0",
        "hub:65536",
        "hub x:1",
        "hüb:1",
        &long,
    ] {
        assert!(
            matches!(mint(hub), Err(TokenError::HubAddress { .. })),
            "{hub}"
        );
    }
}

#[test]
fn the_secret_is_never_shown() {
    let token = token();
    let hex = data_encoding::HEXLOWER.encode(token.secret.expose());
    let shown = format!("{token:?} {:?}", token.secret);
    assert!(!shown.contains(&hex) && !shown.contains(&format!("{:?}", token.secret.expose())));
}

proptest! {
    #[test]
    fn every_token_reads_back(
        secret in any::<[u8; 16]>(), print in any::<[u8; 32]>(), expires in any::<i64>(),
        provider in "[a-z][a-z0-9-]{0,38}[a-z0-9]", host in "[a-z0-9.-]{1,200}", port in 1_u16..,
    ) {
        let token = JoinToken {
            hub: format!("{host}:{port}"),
            fingerprint: Fingerprint(print),
            secret: TokenSecret(secret),
            provider: provider.parse().unwrap(),
            expires: Moment(expires),
        };
        let back: JoinToken = token.to_string().parse().unwrap();
        prop_assert!(same(&back, &token));
    }

    #[test]
    fn every_single_wrong_character_is_caught(place in any::<prop::sample::Index>(), with in "[a-z0-9!?äß-]") {
        let text = token().to_string();
        let place = place.index(text.len());
        let typo = format!("{}{with}{}", &text[..place], &text[place + 1..]);
        prop_assert!(typo == text || typo.parse::<JoinToken>().is_err());
    }

    #[test]
    fn a_missing_doubled_or_swapped_character_is_caught(place in any::<prop::sample::Index>()) {
        let text = token().to_string();
        let place = place.index(text.len() - 1);
        let (here, next) = (&text[place..=place], &text[place + 1..place + 2]);
        let (before, after) = (&text[..place], &text[place + 2..]);
        let missing = format!("{before}{next}{after}");
        prop_assert!(missing.parse::<JoinToken>().is_err());
        let doubled = format!("{before}{here}{here}{next}{after}");
        prop_assert!(doubled.parse::<JoinToken>().is_err());
        let swapped = format!("{before}{next}{here}{after}");
        prop_assert!(swapped == text || swapped.parse::<JoinToken>().is_err());
    }

    #[test]
    fn white_space_anywhere_changes_nothing(place in any::<prop::sample::Index>(), space in "[ \t\r\n\u{a0}\u{200b}\u{2060}]{1,5}") {
        let text = token().to_string();
        let (left, right) = text.split_at(place.index(text.len()));
        let read: JoinToken = format!("{left}{space}{right}").parse().unwrap();
        prop_assert!(same(&read, &token()));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,80}", bits in "[a-z2-7]{0,400}") {
        for text in [format!("cal1-{text}"), format!("cal1-{bits}"), text] {
            prop_assert!(text.parse::<JoinToken>().is_err());
        }
    }
}
