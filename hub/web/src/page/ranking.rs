//! `/ranking`: how hits are ordered, written from the constants that order them.

use askama::Template;
use calluna_model::text::Language;
use calluna_search::ranking;

use crate::fault::Fault;
use crate::prose;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::visit::Visit;
use crate::words::Words;

#[derive(Template)]
#[template(path = "ranking.html")]
struct RankingPage {
    s: Shell,
    text: String,
    weights: Vec<(&'static str, String)>,
    kinds: Vec<(&'static str, String)>,
    others: Vec<(&'static str, String)>,
    end: String,
    /// Whose data the distance comes from.
    sources: String,
}

/// `/ranking`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let settings = &visit.site.settings;
    let row = |key: &'static str, value: f32| (words.say(key), weight(value, words));
    Reply::page(&RankingPage {
        s: Shell::of(visit, words.say("ranking.title")),
        text: prose::html("prose.ranking", settings, words),
        weights: vec![
            row("ranking.w-title", ranking::TITLE),
            row("ranking.w-subject", ranking::SUBJECT),
            row("ranking.w-summary", ranking::SUMMARY),
            row("ranking.w-description", ranking::DESCRIPTION),
        ],
        kinds: vec![
            row("ranking.k-whole", 1.0),
            row("ranking.k-synonym", ranking::SYNONYM),
            row("ranking.k-similar", ranking::SIMILAR),
            row("ranking.k-part", ranking::PART),
            row("ranking.k-prefix", ranking::PREFIX),
        ],
        others: vec![
            row("ranking.o-date", ranking::DATE),
            row("ranking.o-days", ranking::DATE_DAYS),
            row("ranking.o-step", ranking::STEP),
            row("ranking.o-k1", ranking::K1),
            row("ranking.o-b", ranking::B),
            row("ranking.o-length", ranking::LENGTH_MAX),
            (
                words.say("ranking.o-few"),
                crate::format::number(ranking::FEW, words.0),
            ),
        ],
        end: prose::html("prose.ranking-end", settings, words),
        sources: prose::html("prose.sources", settings, words),
    })
}

/// A weight with as many digits as it needs, at most three.
fn weight(value: f32, words: Words) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match words.0 {
        Language::De => text.replace('.', ","),
        Language::En => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_written_short() {
        assert_eq!(weight(4.0, Words(Language::De)), "4");
        assert_eq!(weight(0.15, Words(Language::De)), "0,15");
        assert_eq!(weight(1.0 / 3.0, Words(Language::En)), "0.333");
    }
}
