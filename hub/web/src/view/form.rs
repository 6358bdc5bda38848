//! The fields of the search form, as they were filled.

use calluna_search::query::{Query, RADIUS_KM, Sort};

use crate::ask::{self, Pairs};

/// The fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) q: String,
    pub(crate) place: String,
    pub(crate) radius: String,
    pub(crate) from: String,
    pub(crate) until: String,
    pub(crate) price_max: String,
    pub(crate) past: bool,
    pub(crate) sort: &'static str,
    /// The field that is to blame for a fault; empty where none is.
    pub(crate) wrong: &'static str,
}

impl Form {
    /// As a question that was understood fills it.
    pub(crate) fn of(query: &Query) -> Self {
        let mut form = Self::raw(
            &query
                .pairs()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        );
        form.sort = query.sort.key();
        form
    }

    /// As it was sent, whatever that was.
    pub(crate) fn raw(pairs: &Pairs) -> Self {
        let first = |name| {
            let found = ask::values(pairs, name).first().copied();
            let text = found.unwrap_or_default();
            text.chars().take(200).collect::<String>()
        };
        let radius = first("radius");
        Self {
            q: first("q"),
            place: first("place"),
            radius: if radius.is_empty() {
                RADIUS_KM.to_string()
            } else {
                radius
            },
            from: first("from"),
            until: first("until"),
            price_max: first("price_max"),
            past: first("past") == "yes",
            sort: Sort::from_key(&first("sort")).unwrap_or_default().key(),
            wrong: "",
        }
    }
}
