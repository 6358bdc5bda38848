//! The facets beside the hits: every value with its count, chosen ones as chips.

use calluna_model::code;
use calluna_model::id::ProviderId;
use calluna_model::member::ProviderKind;
use calluna_search::answer::{Answer, Count};
use calluna_search::query::{Facet, Query, Sort};

use crate::format;
use crate::map::Map;
use crate::question;
use crate::view::{provider, run};
use crate::visit::Providers;
use crate::words::Words;

/// Facets that stand open from the beginning.
const OPEN: [Facet; 4] = [
    Facet::Subject,
    Facet::Municipality,
    Facet::Format,
    Facet::TimeOfDay,
];

/// What is needed to say a value in words.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub(crate) words: Words,
    pub(crate) providers: &'a Providers,
    pub(crate) map: &'a Map,
}

/// A facet.
pub(crate) struct FacetView {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) open: bool,
    pub(crate) values: Vec<ValueView>,
}

/// A value of a facet.
pub(crate) struct ValueView {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) count: String,
    pub(crate) chosen: bool,
    /// Nothing would be found with it.
    pub(crate) empty: bool,
}

/// A filter that was chosen, with the address without it.
pub(crate) struct Chip {
    pub(crate) label: String,
    pub(crate) without: String,
}

impl Labels<'_> {
    /// A facet in words.
    pub(crate) fn name(&self, facet: Facet) -> &'static str {
        self.words.say(key(facet))
    }

    /// A value of a facet in words.
    pub(crate) fn value(&self, facet: Facet, value: &str) -> String {
        let words = self.words;
        let said = |key: &str| words.say(key).to_owned();
        match (facet, value) {
            (Facet::Subject, "other") => said("facet.other"),
            (Facet::Subject, _) => words.code(code::DVV_AREA, value),
            (Facet::Municipality, "online") => said("facet.online"),
            (Facet::Municipality, "elsewhere") => said("facet.elsewhere"),
            (Facet::Municipality, ags) => self.map.name(ags).unwrap_or(ags).to_owned(),
            (Facet::Format, _) => words.code(code::FORMAT, value),
            (Facet::Weekday, _) => run::weekday(value.parse().unwrap_or(7), words).to_owned(),
            (Facet::TimeOfDay, "morning") => said("facet.morning"),
            (Facet::TimeOfDay, "afternoon") => said("facet.afternoon"),
            (Facet::TimeOfDay, _) => said("facet.evening"),
            (Facet::Price, "free") => said("facet.free"),
            (Facet::Price, "more") => said("facet.more"),
            (Facet::Price, "unknown") => said("facet.unknown"),
            (Facet::Price, euros) => words.fill("facet.to", &[("n", euros)]),
            (Facet::Level, level) => words.fill("facet.dqr", &[("n", level)]),
            (Facet::Entry, "unknown") => said("facet.unknown"),
            (Facet::Entry, "none") => said("facet.no-entry"),
            (Facet::Entry | Facet::Award, _) => words.code(code::QUALIFICATION, value),
            (Facet::Language, "other") => said("facet.other-language"),
            (Facet::Language, _) => words.tongue(value),
            (Facet::Cefr, _) => format!("{value} – {}", words.code(code::CEFR, value)),
            (Facet::Accessibility, _) => words.code(code::ACCESSIBILITY, value),
            (Facet::Childcare, _) => said("facet.childcare-yes"),
            (Facet::Funding, _) => words.code(code::FUNDING, value),
            (Facet::Provider, id) => {
                let id = id.parse::<ProviderId>().ok();
                let card = id.and_then(|id| self.providers.get(&id));
                card.map_or_else(|| value.to_owned(), |card| card.member.name.clone())
            }
            (Facet::ProviderKind, _) => match value.parse::<ProviderKind>() {
                Ok(kind) => provider::kind(kind, words).to_owned(),
                Err(_) => value.to_owned(),
            },
            (Facet::FreeSeats, _) => said("facet.seats-yes"),
        }
    }
}

fn key(facet: Facet) -> &'static str {
    match facet {
        Facet::Subject => "facet.subject",
        Facet::Municipality => "facet.municipality",
        Facet::Format => "facet.format",
        Facet::Weekday => "facet.weekday",
        Facet::TimeOfDay => "facet.time",
        Facet::Price => "facet.price",
        Facet::Level => "facet.level",
        Facet::Entry => "facet.entry",
        Facet::Award => "facet.award",
        Facet::Language => "facet.language",
        Facet::Cefr => "facet.cefr",
        Facet::Accessibility => "facet.accessibility",
        Facet::Childcare => "facet.childcare",
        Facet::Funding => "facet.funding",
        Facet::Provider => "facet.provider",
        Facet::ProviderKind => "facet.kind",
        Facet::FreeSeats => "facet.seats",
    }
}

/// Every facet of an answer.
pub(crate) fn all(query: &Query, answer: &Answer, labels: &Labels<'_>) -> Vec<FacetView> {
    Facet::ALL
        .into_iter()
        .map(|facet| {
            let found = answer.facets.iter().find(|(other, _)| *other == facet);
            let counts = found.map_or(&[][..], |(_, counts)| counts.as_slice());
            let chosen = query.chosen.contains_key(&facet);
            FacetView {
                key: facet.key(),
                name: labels.name(facet),
                open: chosen || OPEN.contains(&facet),
                values: values(facet, counts, query, labels),
            }
        })
        .filter(|facet| !facet.values.is_empty())
        .collect()
}

/// Most values of a facet that a page shows, the most frequent ones.
const MOST_VALUES: usize = 60;

/// Every value that the list of codes knows, else those that were counted; chosen ones in any case.
fn values(facet: Facet, counts: &[Count], query: &Query, labels: &Labels<'_>) -> Vec<ValueView> {
    let mut names: Vec<String> = match facet.known() {
        Some(known) => known.into_iter().map(str::to_owned).collect(),
        None => Vec::new(),
    };
    if facet == Facet::Municipality {
        names.extend(labels.map.codes().map(str::to_owned));
    }
    let chosen = query.chosen.get(&facet);
    let counted = counts.iter().map(|count| &count.value);
    for value in counted.chain(chosen.into_iter().flatten()) {
        if !names.contains(value) {
            names.push(value.clone());
        }
    }
    let view = |value: String| {
        let found = counts.iter().find(|count| count.value == value);
        let count = found.map_or(0, |count| count.offers);
        let chosen = query.has(facet, &value);
        let view = ValueView {
            label: labels.value(facet, &value),
            count: format::number(count, labels.words.0),
            chosen,
            empty: count == 0 && !chosen,
            value,
        };
        (count, view)
    };
    let mut views: Vec<_> = names.into_iter().map(view).collect();
    if facet.known().is_none() {
        views.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.label.cmp(&right.label)));
    }
    // What the catalogue decides can be long; whoever looks for a rare value finds it by its words.
    let most = facet.known().map_or(MOST_VALUES, |known| known.len());
    let most = most.max(MOST_VALUES);
    let mut kept = 0;
    views.retain(|(_, view)| {
        kept += 1;
        kept <= most || view.chosen
    });
    views.into_iter().map(|(_, view)| view).collect()
}

/// What was chosen, each with the address without it.
pub(crate) fn chips(query: &Query, labels: &Labels<'_>, marked: &[String]) -> Vec<Chip> {
    let words = labels.words;
    let at = |query: &Query| question::address(words.root(), "/suche", query, marked);
    let mut chips = Vec::new();
    let mut without = |label: String, change: &dyn Fn(&mut Query)| {
        let mut other = query.at_page(1);
        change(&mut other);
        chips.push(Chip {
            label,
            without: at(&other),
        });
    };
    for (facet, values) in &query.chosen {
        for value in values {
            let label = format!("{}: {}", labels.name(*facet), labels.value(*facet, value));
            without(label, &|other| *other = other.toggled(*facet, value));
        }
    }
    if let Some(near) = &query.near {
        let km = near.radius_km.to_string();
        let label = words.fill("chip.near", &[("place", &near.place), ("km", &km)]);
        without(label, &|other| {
            other.near = None;
            if other.sort == Sort::Distance {
                other.sort = Sort::default();
            }
        });
    }
    if let Some(from) = query.from {
        let day = format::plain_date(from, words.0);
        let label = words.fill("chip.from", &[("day", &day)]);
        without(label, &|other| other.from = None);
    }
    if let Some(until) = query.until {
        let day = format::plain_date(until, words.0);
        let label = words.fill("chip.until", &[("day", &day)]);
        without(label, &|other| other.until = None);
    }
    if let Some(cents) = query.price_max_cents {
        let price = format::euro(cents, words.0);
        let label = words.fill("chip.price", &[("price", &price)]);
        without(label, &|other| other.price_max_cents = None);
    }
    if query.past {
        without(words.say("chip.past").to_owned(), &|other| {
            other.past = false;
        });
    }
    chips
}

/// Every filter that an address may have, with its name in words.
pub(crate) fn known(words: Words) -> Vec<(&'static str, String)> {
    let name = |name: &'static str| {
        let said = match Facet::from_key(name) {
            Some(facet) => words.say(key(facet)),
            None => words.say(match name {
                "q" => "form.q",
                "place" => "form.place",
                "radius" => "form.radius",
                "from" => "form.from",
                "until" => "form.until",
                "price_max" => "form.price_max",
                "past" => "form.past",
                "sort" => "form.sort",
                _ => "form.page",
            }),
        };
        (name, said.to_owned())
    };
    Query::keys().into_iter().map(name).collect()
}
