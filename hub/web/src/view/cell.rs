//! One cell of a table. A value, a zero, something not stated and something not delivered look and read differently.

use crate::format;
use crate::words::Words;

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// What it says.
    pub(crate) text: String,
    /// Its class in the style sheet.
    pub(crate) class: &'static str,
}

impl Cell {
    /// A text; not stated where it is empty.
    pub(crate) fn text(text: impl Into<String>, words: Words) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::unstated(words)
        } else {
            Self {
                text,
                class: "value",
            }
        }
    }

    /// A number; zero is a value too, and says so.
    pub(crate) fn number(number: u64, words: Words) -> Self {
        Self {
            text: format::number(number, words.0),
            class: if number == 0 { "zero" } else { "value" },
        }
    }

    /// A number that may not be stated.
    pub(crate) fn maybe(number: Option<u32>, words: Words) -> Self {
        number.map_or_else(
            || Self::unstated(words),
            |number| Self::number(u64::from(number), words),
        )
    }

    /// The provider says nothing about it.
    pub(crate) fn unstated(words: Words) -> Self {
        Self {
            text: words.say("cell.unstated").to_owned(),
            class: "unstated",
        }
    }

    /// The provider has delivered nothing so far.
    pub(crate) fn undelivered(words: Words) -> Self {
        Self {
            text: words.say("cell.undelivered").to_owned(),
            class: "undelivered",
        }
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::text::Language;

    use super::*;

    #[test]
    fn value_zero_unstated_and_undelivered_are_four_things() {
        for language in Language::ALL {
            let words = Words(language);
            let cells = [
                Cell::number(7, words),
                Cell::number(0, words),
                Cell::maybe(None, words),
                Cell::undelivered(words),
            ];
            for (place, cell) in cells.iter().enumerate() {
                for other in &cells[place + 1..] {
                    assert!(cell.text != other.text && cell.class != other.class);
                }
            }
        }
        assert_eq!(Cell::text("", Words(Language::De)).class, "unstated");
    }
}
