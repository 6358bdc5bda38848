//! Terms of other vocabularies, and what they are here: `data/kursnet.csv`, `data/elm.csv`.

use std::sync::LazyLock;

/// A term of a vocabulary.
pub(crate) struct Term {
    list: &'static str,
    term: &'static str,
    /// Our code for it, empty where there is none.
    pub(crate) code: &'static str,
    /// Its words in the source.
    pub(crate) label: &'static str,
}

static KURSNET: LazyLock<Vec<Term>> = LazyLock::new(|| {
    let lines = lines(include_str!("../data/kursnet.csv"));
    let mut cells = lines.map(|line| line.splitn(3, ','));
    let mut out = Vec::new();
    for mut row in cells.by_ref() {
        if let (Some(term), Some(code), Some(label)) = (row.next(), row.next(), row.next()) {
            out.push(Term {
                list: "class",
                term,
                code,
                label,
            });
        }
    }
    out
});

static ELM: LazyLock<Vec<Term>> = LazyLock::new(|| {
    let mut out = Vec::new();
    for line in lines(include_str!("../data/elm.csv")) {
        let mut row = line.splitn(4, ',');
        if let (Some(list), Some(term), Some(code), Some(label)) =
            (row.next(), row.next(), row.next(), row.next())
        {
            out.push(Term {
                list,
                term,
                code,
                label,
            });
        }
    }
    out
});

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1)
}

/// The class of KURSNET for the way of taking part.
pub(crate) fn kursnet(class: &str) -> Option<&'static Term> {
    KURSNET.iter().find(|term| term.term == class.trim())
}

/// The term of the European Learning Model at that address.
pub(crate) fn elm(list: &str, address: &str) -> Option<&'static Term> {
    let last = address.rsplit(['/', '#']).next().unwrap_or_default();
    ELM.iter()
        .find(|term| term.list == list && term.term == last)
}

#[cfg(test)]
mod tests {
    use calluna_model::code;

    use super::*;

    #[test]
    fn every_term_is_whole_and_its_code_is_one_of_ours() {
        assert_eq!((KURSNET.len(), ELM.len()), (17, 41));
        for term in KURSNET.iter() {
            assert!(code::FORMAT.has(term.code), "{}", term.term);
        }
        for term in ELM.iter() {
            let list = match term.list {
                "mode" => Some(code::FORMAT),
                "type" => Some(code::OFFER_KIND),
                "schedule" | "target" => None,
                other => panic!("{other}"),
            };
            assert!(!term.label.is_empty(), "{}", term.term);
            let ours = term.code.is_empty() || list.is_some_and(|list| list.has(term.code));
            assert!(ours, "{}", term.term);
        }
        assert_eq!(kursnet(" 302 ").unwrap().code, "hybrid");
        let online = "http://data.europa.eu/snb/learning-assessment/920fbb3cbe";
        assert_eq!(elm("mode", online).unwrap().code, "online");
        assert!(elm("type", online).is_none() && kursnet("8").is_none());
    }
}
