//! One broken rule: where, what, which rule, and (through [`crate::text`]) what to do.

use serde::{Deserialize, Serialize};

/// Longest value that a finding shows, in characters.
const VALUE_CHARS: usize = 60;

/// One broken rule in one record or row.
///
/// It is written for the person who can mend it: the place in the file they know, the field, the
/// value (shortened, control characters made visible), and a rule that has words in German and
/// English. Findings about personal fields carry no value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the record, where it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub record: String,
    /// Where in the source: `kurse.xml:42`, `Angebote!C7`. Empty when there is no file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// Path of the field in the canonical offer, such as `runs[2].slots[0].start`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// The value that broke the rule, shortened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// Code of the rule, such as `too-long`; its words are in `text/*.toml`.
    pub rule: String,
    /// The bound that was passed or the values that are allowed, where the rule has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub limit: String,
}

impl Finding {
    /// A finding for `field` that breaks `rule`.
    #[must_use]
    pub fn new(field: impl Into<String>, rule: &str) -> Self {
        Self {
            record: String::new(),
            place: String::new(),
            field: field.into(),
            value: String::new(),
            rule: rule.to_owned(),
            limit: String::new(),
        }
    }

    /// Adds the value, shortened and with control characters made visible.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        self.value = shorten(value);
        self
    }

    /// Adds the bound or the allowed values.
    #[must_use]
    pub fn limit(mut self, limit: impl ToString) -> Self {
        self.limit = limit.to_string();
        self
    }

    /// Adds where in the source it was.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }

    /// Adds the record's id.
    #[must_use]
    pub fn of(mut self, record: impl Into<String>) -> Self {
        self.record = record.into();
        self
    }
}

/// Cuts a value to a length that fits a line and makes control characters visible, so that a
/// terminal or a log cannot be steered by what a file holds.
#[must_use]
pub fn shorten(value: &str) -> String {
    let mut out = String::new();
    for (index, c) in value.chars().enumerate() {
        if index == VALUE_CHARS {
            out.push('…');
            break;
        }
        if c.is_control() || is_direction_mark(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether `c` turns the direction of writing, with which a line can lie about its own order.
#[must_use]
pub fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_steer_a_terminal() {
        assert_eq!(shorten("a\u{1b}[31mb\r\n"), "a\\u{1b}[31mb\\r\\n");
        assert_eq!(shorten("\u{202e}x"), "\\u{202e}x");
        assert_eq!(shorten(&"ü".repeat(100)).chars().count(), VALUE_CHARS + 1);
    }
}
