//! Why an offer is among the hits, in words.

use calluna_search::answer::Why;

use crate::format;
use crate::view::facet::Labels;
use crate::words::Words;

/// "Titel „Englisch“, Ort Walsrode (4,2 km)"; empty where everything was asked for.
pub(crate) fn text(why: &[Why], labels: &Labels<'_>) -> String {
    let words = labels.words;
    let mut parts: Vec<String> = Vec::new();
    for reason in why {
        let mut part = one(reason, labels, words);
        // What the index read is what a provider wrote.
        crate::scrub::text(&mut part);
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    parts.join("; ")
}

fn one(why: &Why, labels: &Labels<'_>, words: Words) -> String {
    match why {
        Why::Word { field, word } => {
            let field = words.say(match *field {
                "title" => "why.title",
                "subject" => "why.subject",
                "summary" => "why.summary",
                "keyword" => "why.keyword",
                "place" => "why.place",
                "provider" => "why.provider",
                _ => "why.description",
            });
            words.fill("why.word", &[("field", field), ("word", word)])
        }
        Why::Synonym { asked, word } => {
            words.fill("why.synonym", &[("asked", asked), ("word", word)])
        }
        Why::Part { word } => words.fill("why.part", &[("word", word)]),
        Why::Similar { asked, word } => {
            words.fill("why.similar", &[("asked", asked), ("word", word)])
        }
        Why::Near { place, km } => {
            let km = format::kilometres(*km, words.0);
            words.fill("why.near", &[("place", place), ("km", &km)])
        }
        Why::Chosen { facet, value } => {
            let name = labels.name(*facet);
            let value = labels.value(*facet, value);
            words.fill("why.chosen", &[("name", name), ("value", &value)])
        }
    }
}
