//! Files, environment and mistakes of the person who wrote them.

use std::num::NonZeroU16;

use serde::Deserialize;

use super::*;

const KNOWN: &[&str] = &[
    "data",
    "night.at",
    "night.providers-at-once",
    "night.days",
    "mail.password",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Hub {
    data: String,
    night: Night,
    mail: Mail,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct Night {
    at: String,
    providers_at_once: NonZeroU16,
    days: Vec<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Mail {
    password: Option<Secret>,
}

impl Default for Hub {
    fn default() -> Self {
        Self {
            data: "/var/lib/calluna".to_owned(),
            night: Night::default(),
            mail: Mail::default(),
        }
    }
}

impl Default for Night {
    fn default() -> Self {
        Self {
            at: "02:00".to_owned(),
            providers_at_once: NonZeroU16::MIN,
            days: Vec::new(),
        }
    }
}

fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Loaded<Hub>, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hub.toml");
    std::fs::write(&file, text).unwrap();
    let environment: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    load(&file, &environment, "CALLUNA", KNOWN)
}

fn refused(text: &str, variables: &[(&str, &str)]) -> String {
    let told = load_text(text, variables).unwrap_err().to_string();
    // Without the temporary directory.
    match told.split_once("hub.toml") {
        Some((_, rest)) => format!("hub.toml{rest}"),
        None => told,
    }
}

#[test]
fn default_then_file_then_environment() {
    let text = "[night]\nat = \"03:00\"\nproviders-at-once = 4\n";
    let loaded = load_text(text, &[("CALLUNA_NIGHT_AT", "04:00")]).unwrap();
    assert_eq!(loaded.value.data, "/var/lib/calluna");
    assert_eq!(loaded.value.night.at, "04:00");
    assert_eq!(loaded.value.night.providers_at_once.get(), 4);
    assert!(loaded.from_file);
    assert_eq!(loaded.origin("data"), Origin::Default);
    assert_eq!(loaded.origin("night.providers-at-once"), Origin::File);
    assert_eq!(
        loaded.origin("night.at"),
        Origin::Variable("CALLUNA_NIGHT_AT".to_owned())
    );
}

#[test]
fn a_variable_becomes_the_type_that_is_wanted() {
    let variables = [
        ("CALLUNA_DATA", "17"),
        ("CALLUNA_NIGHT_PROVIDERS_AT_ONCE", "8"),
        ("CALLUNA_NIGHT_DAYS", "[1, 2]"),
        ("CALLUNA_MAIL_PASSWORD", "1234"),
        ("CALLUNA_NIGHT_AT", ""),
    ];
    let hub = load_text("", &variables).unwrap().value;
    assert_eq!(hub.data, "17");
    assert_eq!(hub.night.providers_at_once.get(), 8);
    assert_eq!(hub.night.days, [1, 2]);
    assert_eq!(hub.night.at, "02:00");
    assert_eq!(hub.mail.password.unwrap().expose(), "1234");
}

#[test]
fn a_missing_file_is_an_empty_one() {
    let none = Path::new("/nonexistent/hub.toml");
    let loaded: Loaded<Hub> = load(none, &BTreeMap::new(), "CALLUNA", KNOWN).unwrap();
    assert!(!loaded.from_file);
    assert_eq!(loaded.value.night.at, "02:00");
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest_one() {
    assert_eq!(
        refused("[night]\nat = \"01:00\"\nprovider-at-once = 3\n", &[]),
        "hub.toml, line 3: there is no setting `night.provider-at-once`; \
         did you mean `night.providers-at-once`?"
    );
    assert_eq!(
        refused("[nigth]\nat = \"01:00\"\n", &[]),
        "hub.toml, line 1: there is no setting `nigth`; did you mean `night`?"
    );
    assert_eq!(
        refused("colour = 1\n", &[]),
        "hub.toml, line 1: there is no setting `colour`; there are: data, night, mail"
    );
}

#[test]
fn a_wrong_value_is_named_with_line_key_and_rule() {
    let told = refused("\n[night]\nproviders-at-once = \"many\"\n", &[]);
    assert!(
        told.starts_with("hub.toml, line 3: `night.providers-at-once` is `\"many\"`, ")
            && told.contains("expected a nonzero u16"),
        "{told}"
    );
    let told = refused("[night]\nproviders-at-once = 0\n", &[]);
    assert!(told.contains("`0`") && told.contains("nonzero"), "{told}");
    let told = refused("[night\n", &[]);
    assert!(told.starts_with("hub.toml, line 1: "), "{told}");
    let told = refused("night = 3\n", &[("CALLUNA_NIGHT_AT", "01:00")]);
    assert!(
        told.starts_with("hub.toml, line 1: `night` is `3`"),
        "{told}"
    );
}

#[test]
fn a_wrong_variable_is_named_and_the_file_is_not_blamed() {
    for value in ["many", "0", "-1"] {
        let variables = [("CALLUNA_NIGHT_PROVIDERS_AT_ONCE", value)];
        let told = refused("[night]\nproviders-at-once = 3\n", &variables);
        assert!(
            told.starts_with("the environment variable CALLUNA_NIGHT_PROVIDERS_AT_ONCE ")
                && told.contains(&format!("`{value}`")),
            "{told}"
        );
    }
}

#[test]
fn a_missing_setting_names_key_and_variable() {
    #[derive(Debug, Deserialize)]
    struct Node {
        #[expect(dead_code, reason = "only read by serde")]
        hub: Address,
    }
    #[derive(Debug, Deserialize)]
    struct Address {
        #[expect(dead_code, reason = "only read by serde")]
        address: String,
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("node.toml");
    std::fs::write(&file, "[hub]\n").unwrap();
    let known = ["hub.address"];
    let told = load::<Node>(&file, &BTreeMap::new(), "CALLUNA", &known)
        .unwrap_err()
        .to_string();
    assert!(
        told.ends_with("`hub.address` is missing; add it, or set CALLUNA_HUB_ADDRESS"),
        "{told}"
    );
    let set = BTreeMap::from([("CALLUNA_HUB_ADDRESS".to_owned(), "a:1".to_owned())]);
    load::<Node>(&file, &set, "CALLUNA", &known).unwrap();
}

#[test]
fn a_secret_is_never_printed() {
    let hub = load_text("[mail]\npassword = \"hunter2\"\n", &[]).unwrap();
    assert!(!format!("{hub:?}").contains("hunter2"));
    let told = refused("[mail]\npassword = 4711\n", &[]);
    assert!(told.contains("`mail.password` is (secret)"), "{told}");
    assert!(!told.contains("4711"));
}
