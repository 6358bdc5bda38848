//! `Offer`: what it costs, whether one can still get in, and where to register.

use calluna_model::offer::{PriceDraft, RunDraft};

use super::Graph;
use super::course::{address, line};
use crate::json::Node;
use crate::record::Record;
use crate::value::{date, price, text, truth};

/// What an `Offer` says beside the price.
#[derive(Debug, Default)]
pub(super) struct Told {
    availability: String,
    deadline: String,
    url: String,
}

impl Told {
    /// Fills what the run does not say itself.
    pub(super) fn complete(self, run: &mut RunDraft) {
        for (own, told) in [
            (&mut run.availability, self.availability),
            (&mut run.registration_deadline, self.deadline),
            (&mut run.registration_url, self.url),
        ] {
            if own.is_empty() {
                *own = told;
            }
        }
    }
}

/// The offers of a course or of an instance: the first amount in euros is the price, the others
/// are kept in words.
pub(super) fn read(
    graph: &Graph<'_>,
    node: Node<'_>,
    record: &mut Record,
) -> (Option<PriceDraft>, Told) {
    let mut out = PriceDraft::default();
    let mut told = Told::default();
    for offer in graph.nodes(node, "offers") {
        let amount = amount(graph, offer, record);
        match amount {
            Amount::Cents(cents) if out.amount_cents.is_none() => out.amount_cents = Some(cents),
            Amount::Cents(cents) => {
                let name = line(&offer.text("name"));
                let reduced = name.to_lowercase().contains("erm");
                if reduced && out.reduced_cents.is_none() {
                    out.reduced_cents = Some(cents);
                } else if Some(cents) != out.amount_cents {
                    let euros = format!("{},{:02} EUR", cents / 100, cents % 100);
                    note(&mut out, format!("{name} {euros}").trim());
                }
            }
            Amount::Words(words) => note(&mut out, &words),
            Amount::Nothing => {}
        }
        note(&mut out, &offer.text("description"));
        if told.availability.is_empty() {
            availability(&offer.text("availability")).clone_into(&mut told.availability);
        }
        if told.deadline.is_empty() {
            let until = [offer.text("availabilityEnds"), offer.text("validThrough")];
            told.deadline = until
                .iter()
                .find_map(|until| date::moment(until))
                .map(|(date, _)| date)
                .unwrap_or_default();
        }
        if told.url.is_empty() {
            told.url = address(&offer.text("url"));
        }
    }
    if truth::truth(&node.text("isAccessibleForFree")) == Some(true) && out.amount_cents.is_none() {
        out.amount_cents = Some(0);
    }
    ((out != PriceDraft::default()).then_some(out), told)
}

enum Amount {
    Cents(u32),
    Words(String),
    Nothing,
}

/// An amount is one in euros only when it says so; nothing is the same in every currency.
fn amount(graph: &Graph<'_>, offer: Node<'_>, record: &mut Record) -> Amount {
    let detail = graph.nodes(offer, "priceSpecification");
    let from = |name: &str| {
        let own = offer.text(name);
        match detail.first() {
            Some(detail) if own.is_empty() => detail.text(name),
            _ => own,
        }
    };
    let (raw, currency) = (from("price"), from("priceCurrency").to_uppercase());
    if raw.is_empty() {
        let (low, high) = (offer.text("lowPrice"), offer.text("highPrice"));
        if !low.is_empty() || !high.is_empty() {
            return Amount::Words(format!("{low}–{high} {currency}").trim().to_owned());
        }
        let free = offer.text("category").eq_ignore_ascii_case("free");
        return if free {
            Amount::Cents(0)
        } else {
            Amount::Nothing
        };
    }
    let euros = matches!(currency.as_str(), "EUR" | "€") || raw.contains(['€']);
    match price::cents(&raw) {
        Some(cents) if euros || cents == 0 => Amount::Cents(cents),
        Some(_) => Amount::Words(format!("{raw} {currency}").trim().to_owned()),
        None => {
            record.warn("price.amount_cents", "kept-as-text", &raw);
            Amount::Words(raw)
        }
    }
}

fn note(price: &mut PriceDraft, words: &str) {
    let words = text::shortened(&line(words), 500);
    if !words.is_empty() && !price.notes.contains(&words) && price.notes.len() < 10 {
        price.notes.push(words);
    }
}

/// The word for an `ItemAvailability`.
fn availability(term: &str) -> &'static str {
    let name = term.rsplit(['/', '#', ':']).next().unwrap_or_default();
    match name {
        "InStock" | "OnlineOnly" | "InStoreOnly" | "PreOrder" | "PreSale" => "available",
        "LimitedAvailability" => "few",
        "SoldOut" | "OutOfStock" | "Discontinued" => "full",
        "BackOrder" => "waitlist",
        _ => "",
    }
}
