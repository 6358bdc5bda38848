//! The particulars of an entry: a short, flat map of text that no terminal can be steered with.

use std::collections::BTreeMap;

use calluna_model::finding::is_direction_mark;
use serde::{Deserialize, Deserializer, Serialize, de};

/// Most particulars of one entry: a night of a large district, one line per provider that needs one.
pub const MOST: usize = 512;
/// Longest name of a particular, in bytes.
pub const KEY_BYTES: usize = 64;
/// Longest value, in characters; a longer one is cut.
pub const VALUE_CHARS: usize = 500;

/// What an entry says besides its event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Details(BTreeMap<String, String>);

impl Details {
    /// Adds one particular, made safe: characters that are not allowed in a name become `-`,
    /// control characters in a value are shown escaped, a long value is cut, and what is one too
    /// many is left out.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.set(key, value);
        self
    }

    /// As [`Details::with`].
    pub fn set(&mut self, key: &str, value: impl ToString) {
        let key: String = key
            .chars()
            .take(KEY_BYTES)
            .map(|c| if is_key_char(c) { c } else { '-' })
            .collect();
        if !key.is_empty() && (self.0.len() < MOST || self.0.contains_key(&key)) {
            self.0.insert(key, safe(&value.to_string()));
        }
    }

    /// One particular.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in ascending order of the name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

impl<'de> Deserialize<'de> for Details {
    /// Refuses what [`Details::with`] would not have made.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = BTreeMap::<String, String>::deserialize(deserializer)?;
        let key_ok =
            |key: &str| !key.is_empty() && key.len() <= KEY_BYTES && key.chars().all(is_key_char);
        let fits =
            map.len() <= MOST && map.iter().all(|(key, value)| key_ok(key) && is_safe(value));
        if fits {
            Ok(Self(map))
        } else {
            Err(de::Error::custom(
                "the details are longer than the hub writes them, or hold control characters",
            ))
        }
    }
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn is_steering(c: char) -> bool {
    c.is_control() || is_direction_mark(c)
}

fn is_safe(value: &str) -> bool {
    // The escaped form of the last character, and the mark of a cut.
    value.chars().count() <= VALUE_CHARS + 16 && !value.chars().any(is_steering)
}

/// A value that is cut and in which control characters are shown escaped.
pub(crate) fn safe(value: &str) -> String {
    let mut out = String::new();
    let mut length = 0;
    for c in value.chars() {
        if length >= VALUE_CHARS {
            out.push('…');
            break;
        }
        if is_steering(c) {
            length += c.escape_default().count();
            out.extend(c.escape_default());
        } else {
            length += 1;
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_escaped_and_what_is_long_is_cut() {
        let details = Details::default()
            .with("a b\n", "x\u{1b}[31m\r\n\u{202e}")
            .with("long", "ü".repeat(5_000))
            .with("rows", "\n".repeat(5_000));
        assert_eq!(details.get("a-b-"), Some("x\\u{1b}[31m\\r\\n\\u{202e}"));
        assert_eq!(
            details.get("long").unwrap().chars().count(),
            VALUE_CHARS + 1
        );
        assert!(is_safe(details.get("rows").unwrap()));
    }

    #[test]
    fn one_too_many_is_left_out_and_a_known_one_may_still_change() {
        let mut details = Details::default();
        for number in 0..=MOST {
            details.set(&number.to_string(), "x");
        }
        assert_eq!(details.len(), MOST);
        details.set("0", "y");
        assert_eq!(details.get("0"), Some("y"));
    }

    #[test]
    fn what_is_made_can_be_read_and_nothing_else() {
        let details = Details::default()
            .with("key", "\u{7}".repeat(VALUE_CHARS))
            .with("other", "ß \"quoted\" \\");
        let text = serde_json::to_string(&details).unwrap();
        assert_eq!(serde_json::from_str::<Details>(&text).unwrap(), details);
        let long = format!(r#"{{"k":"{}"}}"#, "x".repeat(VALUE_CHARS + 17));
        for wrong in [
            r#"{"k":"\n"}"#,
            r#"{"":"x"}"#,
            r#"{"ü":"x"}"#,
            r#"{"k":1}"#,
            &long,
        ] {
            assert!(serde_json::from_str::<Details>(wrong).is_err(), "{wrong}");
        }
    }
}
