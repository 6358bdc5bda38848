//! `/vergleich?o=...`: up to four offers side by side.

use askama::Template;

use crate::ask;
use crate::fault::Fault;
use crate::page::list::{self, Absent, Entry};
use crate::page::search;
use crate::question::MARK;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::cell::Cell;
use crate::visit::Visit;
use crate::words::Words;

/// Most offers in a comparison.
pub(crate) const MOST: usize = 4;

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage {
    s: Shell,
    entries: Vec<Entry>,
    /// What is compared: label, and a cell for each offer.
    rows: Vec<(&'static str, Vec<Cell>)>,
    gone: Vec<Absent>,
    list: String,
    back: String,
}

/// `/vergleich`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let chosen = list::chosen(&visit.pairs()?, MOST)?;
    let (entries, gone) = list::entries(visit, &chosen, &visit.providers()?, "/vergleich")?;
    let query = ask::written(chosen.iter().map(|one| (MARK, one.mark())));
    Reply::page(&ComparePage {
        s: Shell::of(visit, words.say("compare.title")).hidden(),
        rows: rows(&entries, words),
        list: format!("{}/liste?{query}", words.root()),
        back: search::back(visit)?,
        entries,
        gone,
    })
}

fn rows(entries: &[Entry], words: Words) -> Vec<(&'static str, Vec<Cell>)> {
    let each = |cell: &dyn Fn(&Entry) -> Cell| entries.iter().map(cell).collect::<Vec<_>>();
    let next = |pick: fn(&crate::view::run::RunView) -> String| {
        each(&|entry| {
            let text = entry.offer.runs.first().map(pick).unwrap_or_default();
            Cell::text(text, words)
        })
    };
    let mut rows = vec![
        (
            words.say("compare.provider"),
            each(&|entry| Cell::text(entry.provider.name.clone(), words)),
        ),
        (
            words.say("compare.start"),
            next(|run| run.start.text.clone()),
        ),
        (words.say("compare.times"), next(|run| run.times.join("; "))),
        (
            words.say("compare.duration"),
            next(|run| run.duration.clone()),
        ),
        (words.say("compare.venue"), next(|run| run.venue.join(", "))),
        (
            words.say("compare.run-price"),
            each(&|entry| {
                let run = entry.offer.runs.first();
                run.map_or_else(|| Cell::unstated(words), |run| run.price.clone())
            }),
        ),
        (
            words.say("compare.seats"),
            each(&|entry| {
                let run = entry.offer.runs.first();
                run.map_or_else(|| Cell::unstated(words), |run| run.seats.clone())
            }),
        ),
    ];
    let facts = entries.first().map_or(0, |entry| entry.offer.facts.len());
    for place in 0..facts {
        let label = entries
            .first()
            .and_then(|entry| entry.offer.facts.get(place));
        let cells = each(&|entry| {
            let fact = entry.offer.facts.get(place);
            fact.map_or_else(|| Cell::unstated(words), |(_, cell)| cell.clone())
        });
        rows.extend(label.map(|(label, _)| (*label, cells)));
    }
    let joined =
        |pick: fn(&Entry) -> &Vec<String>| each(&|entry| Cell::text(pick(entry).join("; "), words));
    rows.push((words.say("offer.entry"), joined(|entry| &entry.offer.entry)));
    rows.push((
        words.say("offer.awards"),
        joined(|entry| &entry.offer.awards),
    ));
    rows.push((words.say("stand.label"), each(&|entry| entry.stand.clone())));
    rows
}
