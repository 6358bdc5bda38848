//! Between an address and the search: what is wrong with a question, in the reader's language, and the address of
//! another one.

use calluna_search::answer::SearchError;
use calluna_search::query::{OFFSET_MAX, PAIRS_MAX, Query, QueryFault, VALUES_MAX};

use crate::ask::{self, Pairs};
use crate::fault::Fault;
use crate::format;
use crate::words::Words;

/// Name under which offers that somebody marked travel along.
pub(crate) const MARK: &str = "o";

/// A question that cannot be asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// In words.
    pub(crate) text: String,
    /// The field that is to blame; empty where it is not one alone.
    pub(crate) field: &'static str,
}

/// Reads a question. Offers that were marked are no part of it.
pub(crate) fn read(pairs: &Pairs, words: Words) -> Result<Query, Fault> {
    let asked = pairs.iter().filter(|(name, _)| name != MARK);
    Query::read(asked.map(|(name, value)| (name, value)))
        .map_err(|fault| Fault::Question(wrong(&fault, words)))
}

/// The question that travels along with a list of marked offers; everything where it is none.
pub(crate) fn read_known(pairs: &Pairs) -> Query {
    let keys = Query::keys();
    let asked = pairs
        .iter()
        .filter(|(name, _)| keys.contains(&name.as_str()));
    Query::read(asked.map(|(name, value)| (name, value))).unwrap_or_default()
}

/// The address of a question, with the offers that were marked.
pub(crate) fn address(root: &str, path: &str, query: &Query, marked: &[String]) -> String {
    let marks = marked.iter().map(|mark| (MARK, mark.clone()));
    let query = ask::written(query.pairs().into_iter().chain(marks));
    if query.is_empty() {
        format!("{root}{path}")
    } else {
        format!("{root}{path}?{query}")
    }
}

/// Why the search did not answer.
pub(crate) fn failed(cause: SearchError, words: Words) -> Fault {
    match cause {
        SearchError::UnknownPlace { place, similar } => {
            let text = if similar.is_empty() {
                words.fill("bad.place", &[("value", &place)])
            } else {
                let others = similar.join(", ");
                words.fill(
                    "bad.place-similar",
                    &[("value", &place), ("known", &others)],
                )
            };
            let field = "place";
            Fault::Question(Wrong { text, field })
        }
        SearchError::Fault(fault) => Fault::Question(wrong(&fault, words)),
        SearchError::Index(_) => Fault::Internal(Box::new(cause)),
    }
}

/// A fault in the reader's language.
fn wrong(fault: &QueryFault, words: Words) -> Wrong {
    let number = |number: usize| format::number(u64::try_from(number).unwrap_or(u64::MAX), words.0);
    let text = match fault {
        QueryFault::UnknownFilter { name, known: _ } => words.fill("bad.filter", &[("name", name)]),
        QueryFault::UnknownValue {
            filter,
            value,
            known,
        } => words.fill(
            "bad.value",
            &[("name", filter), ("value", value), ("known", known)],
        ),
        QueryFault::TooLong { filter, max } => {
            words.fill("bad.long", &[("name", filter), ("max", &number(*max))])
        }
        QueryFault::Twice { filter } => words.fill("bad.twice", &[("name", filter)]),
        QueryFault::TooManyValues { filter } => words.fill(
            "bad.values",
            &[("name", filter), ("max", &number(VALUES_MAX))],
        ),
        QueryFault::TooManyPairs => words.fill("bad.pairs", &[("max", &number(PAIRS_MAX))]),
        QueryFault::BadDate { filter, value } => {
            words.fill("bad.date", &[("name", filter), ("value", value)])
        }
        QueryFault::BadNumber {
            filter,
            expected: _,
            value,
        } => words.fill("bad.number", &[("name", filter), ("value", value)]),
        QueryFault::EndsBeforeStart => words.say("bad.order").to_owned(),
        QueryFault::SortNeedsPlace => words.say("bad.needs-place").to_owned(),
        QueryFault::TooDeep => words.fill("bad.deep", &[("max", &number(OFFSET_MAX))]),
    };
    let field = fault.filter().unwrap_or_default();
    Wrong { text, field }
}

#[cfg(test)]
mod tests {
    use calluna_model::text::Language;

    use super::*;

    fn asked(query: &str) -> Result<Query, Fault> {
        read(&ask::pairs(Some(query)).unwrap(), Words(Language::De))
    }

    #[test]
    fn what_is_marked_is_no_part_of_the_question() {
        let query = asked("q=Englisch&format=online&o=vhs/1&o=vhs/2").unwrap();
        let marked = ["vhs/1".to_owned()];
        assert_eq!(
            address("/en", "/suche", &query, &marked),
            "/en/suche?q=Englisch&format=online&o=vhs%2F1"
        );
        assert_eq!(address("", "/suche", &Query::default(), &[]), "/suche");
    }

    #[test]
    fn a_fault_names_its_field_and_what_is_known() {
        let Err(Fault::Question(wrong)) = asked("format=by-post") else {
            panic!("it is taken");
        };
        assert_eq!(wrong.field, "format");
        assert!(wrong.text.contains("hybrid") && wrong.text.contains("by-post"));
        assert!(matches!(asked("colour=red"), Err(Fault::Question(_))));
        assert!(matches!(asked("page=502"), Err(Fault::Question(_))));
    }
}
