//! An offer in a list.

use calluna_catalogue::reader::Standing;
use calluna_model::code;
use calluna_model::id::ProviderId;
use calluna_model::offer::{OfferDraft, RunDraft};
use calluna_search::answer::Hit;

use crate::fault::Fault;
use crate::format;
use crate::view::cell::Cell;
use crate::view::facet::Labels;
use crate::view::{provider, run, why};
use crate::visit::Visit;
use crate::words::Words;

/// Longest summary in a list, in characters.
const SUMMARY: usize = 200;

/// An offer in a list.
#[derive(Clone, Debug)]
pub(crate) struct HitView {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) provider: String,
    pub(crate) provider_href: String,
    /// When hub and node of the provider last agreed.
    pub(crate) stand: Cell,
    pub(crate) when: String,
    pub(crate) place: String,
    pub(crate) format: String,
    pub(crate) price: Cell,
    /// A note about its next run: cancelled, full; empty where there is none.
    pub(crate) note: String,
    pub(crate) why: String,
    pub(crate) distance: String,
    /// The same offer of others: name, address.
    pub(crate) same: Vec<(String, String)>,
    /// Its name in a list of marked offers.
    pub(crate) mark: String,
    pub(crate) marked: bool,
}

/// The offers of hits, those left out that went since the index was built.
pub(crate) fn all(
    visit: &Visit,
    hits: &[Hit],
    labels: &Labels<'_>,
    marked: &[String],
) -> Result<Vec<HitView>, Fault> {
    let mut views = Vec::with_capacity(hits.len());
    for hit in hits {
        let Standing::Shown(offer) = visit.offer(&hit.provider, &hit.offer)? else {
            continue;
        };
        // The run that has what was asked for; the next one where nothing was.
        let run = hit.run.and_then(|at| offer.runs.get(at));
        let run = run.or_else(|| run::next(&offer, visit.today()));
        let mut view = with_run(visit, &hit.provider, &offer, run, labels);
        view.why = why::text(&hit.why, labels);
        view.distance = hit
            .distance_km
            .map_or_else(String::new, |km| format::kilometres(km, labels.words.0));
        view.same = same(hit, labels);
        view.marked = marked.contains(&view.mark);
        views.push(view);
    }
    Ok(views)
}

/// One offer in a list.
pub(crate) fn one(
    visit: &Visit,
    id: &ProviderId,
    offer: &OfferDraft,
    labels: &Labels<'_>,
) -> HitView {
    with_run(visit, id, offer, run::next(offer, visit.today()), labels)
}

fn with_run(
    visit: &Visit,
    id: &ProviderId,
    offer: &OfferDraft,
    next: Option<&RunDraft>,
    labels: &Labels<'_>,
) -> HitView {
    let words = labels.words;
    let card = labels.providers.get(id);
    let root = words.root();
    let fee = next
        .and_then(|run| run.price.as_ref())
        .or(offer.price.as_ref());
    let known = fee.is_some_and(|fee| fee.amount_cents.or(fee.reduced_cents).is_some());
    let format = next
        .map(|run| run.format.as_str())
        .filter(|format| !format.is_empty())
        .unwrap_or(&offer.format);
    let place = next.and_then(|run| run.venue.as_ref());
    HitView {
        href: format!("{root}/angebot/{id}/{}", offer.id),
        title: offer.title.clone(),
        summary: shortened(summary(offer)),
        provider: card.map_or_else(|| id.to_string(), |card| card.member.name.clone()),
        provider_href: format!("{root}/anbieter/{id}"),
        stand: card.map_or_else(
            || Cell::unstated(words),
            |card| provider::stand(card, visit.now, words),
        ),
        when: next
            .map(|run| when(run, words))
            .filter(|when| !when.is_empty())
            .unwrap_or_else(|| words.say(no_date(offer)).to_owned()),
        place: place.map_or_else(String::new, |venue| venue.city.clone()),
        format: if format.is_empty() {
            String::new()
        } else {
            words.code(code::FORMAT, format)
        },
        price: if known {
            Cell::text(format::price(fee, words), words)
        } else {
            Cell::unstated(words)
        },
        note: next.map(|run| note(run, words)).unwrap_or_default(),
        why: String::new(),
        distance: String::new(),
        same: Vec::new(),
        mark: format!("{id}/{}", offer.id),
        marked: false,
    }
}

/// What to say of an offer without a date to come: it has none, or all are over.
fn no_date(offer: &OfferDraft) -> &'static str {
    if offer.runs.is_empty() {
        "hit.no-runs"
    } else {
        "hit.over"
    }
}

fn when(next: &RunDraft, words: Words) -> String {
    let start = run::start(next, words);
    match next.weekly.first() {
        Some(slot) => {
            let hours = format::hours(&slot.start, &slot.end, words);
            // The first day says which day of the week it is.
            let first = format::day(&next.start).map(|day| day.weekday().to_monday_one_offset());
            let times = if first.map(i64::from) == Some(i64::from(slot.weekday)) {
                hours
            } else {
                format!("{} {hours}", run::weekday(slot.weekday, words))
            };
            if times.is_empty() {
                return start;
            }
            words.fill("hit.when", &[("start", &start), ("times", times.trim())])
        }
        None => start,
    }
}

fn note(next: &RunDraft, words: Words) -> String {
    if next.status == "cancelled" {
        return words.code(code::RUN_STATUS, "cancelled");
    }
    match next.availability.as_str() {
        code @ ("full" | "waitlist" | "few") => words.code(code::AVAILABILITY, code),
        _ => String::new(),
    }
}

fn summary(offer: &OfferDraft) -> &str {
    let texts = [&offer.summary, &offer.subtitle, &offer.description];
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .map_or("", String::as_str)
}

/// Cut at a word.
fn shortened(text: &str) -> String {
    if text.chars().count() <= SUMMARY {
        return text.to_owned();
    }
    let cut: String = text.chars().take(SUMMARY).collect();
    let end = cut.rfind(char::is_whitespace).unwrap_or(cut.len());
    format!("{} …", cut.get(..end).unwrap_or_default().trim_end())
}

fn same(hit: &Hit, labels: &Labels<'_>) -> Vec<(String, String)> {
    let root = labels.words.root();
    hit.same
        .iter()
        .map(|(provider, offer)| {
            let card = labels.providers.get(provider);
            let name = card.map_or_else(|| provider.to_string(), |card| card.member.name.clone());
            (name, format!("{root}/angebot/{provider}/{offer}"))
        })
        .collect()
}
