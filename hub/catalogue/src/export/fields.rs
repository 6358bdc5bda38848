//! The fields of an offer, as loss reports name them.

use calluna_model::offer::{LevelDraft, OfferDraft, PriceDraft, RunDraft, VenueDraft};

/// A field that an offer may have.
#[derive(Debug)]
pub struct Field {
    /// Its name: the path in JSON without the positions in lists.
    pub name: &'static str,
    /// Whether an offer has it.
    pub given: fn(&OfferDraft) -> bool,
}

macro_rules! fields {
    ($($name:literal: $given:expr;)*) => {
        &[$(Field { name: $name, given: $given }),*]
    };
}

/// Every field. Parts of a subject, of a qualification, of a contact and of a date count as one.
pub static FIELDS: &[Field] = fields! {
    "id": |o| !o.id.is_empty();
    "title": |o| !o.title.is_empty();
    "subtitle": |o| !o.subtitle.is_empty();
    "summary": |o| !o.summary.is_empty();
    "description": |o| !o.description.is_empty();
    "description_html": |o| !o.description_html.is_empty();
    "kind": |o| !o.kind.is_empty();
    "subjects": |o| !o.subjects.is_empty();
    "level.cefr": |o| level(o, |l| !l.cefr.is_empty());
    "level.dqr": |o| level(o, |l| l.dqr.is_some());
    "level.isced2011": |o| level(o, |l| l.isced2011.is_some());
    "level.text": |o| level(o, |l| !l.text.is_empty());
    "entry_requirements": |o| !o.entry_requirements.is_empty();
    "awards": |o| !o.awards.is_empty();
    "learning_outcomes": |o| !o.learning_outcomes.is_empty();
    "audiences": |o| !o.audiences.is_empty();
    "keywords": |o| !o.keywords.is_empty();
    "languages": |o| !o.languages.is_empty();
    "format": |o| !o.format.is_empty();
    "price.amount_cents": |o| price(o, |p| p.amount_cents.is_some());
    "price.reduced_cents": |o| price(o, |p| p.reduced_cents.is_some());
    "price.notes": |o| price(o, |p| !p.notes.is_empty());
    "funding": |o| !o.funding.is_empty();
    "accessibility": |o| !o.accessibility.is_empty();
    "childcare": |o| o.childcare.is_some();
    "teaching_units_hundredths": |o| o.teaching_units_hundredths.is_some();
    "contact": |o| o.contact.is_some();
    "url": |o| !o.url.is_empty();
    "modified": |o| !o.modified.is_empty();
    "runs.id": |o| run(o, |r| !r.id.is_empty());
    "runs.number": |o| run(o, |r| !r.number.is_empty());
    "runs.start": |o| run(o, |r| !r.start.is_empty());
    "runs.end": |o| run(o, |r| !r.end.is_empty());
    "runs.start_text": |o| run(o, |r| !r.start_text.is_empty());
    "runs.flexible_start": |o| run(o, |r| r.flexible_start);
    "runs.slots": |o| run(o, |r| !r.slots.is_empty());
    "runs.weekly": |o| run(o, |r| !r.weekly.is_empty());
    "runs.session_count": |o| run(o, |r| r.session_count.is_some());
    "runs.teaching_units_hundredths": |o| run(o, |r| r.teaching_units_hundredths.is_some());
    "runs.duration_text": |o| run(o, |r| !r.duration_text.is_empty());
    "runs.format": |o| run(o, |r| !r.format.is_empty());
    "runs.venue.name": |o| venue(o, |v| !v.name.is_empty());
    "runs.venue.room": |o| venue(o, |v| !v.room.is_empty());
    "runs.venue.street": |o| venue(o, |v| !v.street.is_empty());
    "runs.venue.postal_code": |o| venue(o, |v| !v.postal_code.is_empty());
    "runs.venue.city": |o| venue(o, |v| !v.city.is_empty());
    "runs.venue.district": |o| venue(o, |v| !v.district.is_empty());
    "runs.venue.ags": |o| venue(o, |v| !v.ags.is_empty());
    "runs.venue.country": |o| venue(o, |v| !v.country.is_empty());
    "runs.venue.latitude_micro": |o| venue(o, |v| v.latitude_micro.is_some());
    "runs.venue.longitude_micro": |o| venue(o, |v| v.longitude_micro.is_some());
    "runs.venue.accessible": |o| venue(o, |v| v.accessible.is_some());
    "runs.seats_minimum": |o| run(o, |r| r.seats_minimum.is_some());
    "runs.seats": |o| run(o, |r| r.seats.is_some());
    "runs.free_seats": |o| run(o, |r| r.free_seats.is_some());
    "runs.availability": |o| run(o, |r| !r.availability.is_empty());
    "runs.registration_deadline": |o| run(o, |r| !r.registration_deadline.is_empty());
    "runs.registration_url": |o| run(o, |r| !r.registration_url.is_empty());
    "runs.status": |o| run(o, |r| !r.status.is_empty());
    "runs.price.amount_cents": |o| run_price(o, |p| p.amount_cents.is_some());
    "runs.price.reduced_cents": |o| run_price(o, |p| p.reduced_cents.is_some());
    "runs.price.notes": |o| run_price(o, |p| !p.notes.is_empty());
};

fn level(offer: &OfferDraft, given: fn(&LevelDraft) -> bool) -> bool {
    offer.level.as_ref().is_some_and(given)
}

fn price(offer: &OfferDraft, given: fn(&PriceDraft) -> bool) -> bool {
    offer.price.as_ref().is_some_and(given)
}

fn run(offer: &OfferDraft, given: fn(&RunDraft) -> bool) -> bool {
    offer.runs.iter().any(given)
}

fn venue(offer: &OfferDraft, given: fn(&VenueDraft) -> bool) -> bool {
    let mut venues = offer.runs.iter().filter_map(|run| run.venue.as_ref());
    venues.any(given)
}

fn run_price(offer: &OfferDraft, given: fn(&PriceDraft) -> bool) -> bool {
    let mut prices = offer.runs.iter().filter_map(|run| run.price.as_ref());
    prices.any(given)
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;
    use serde_json::Value;

    use super::*;

    fn leaves(value: &Value, at: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let at = if at.is_empty() {
                        name.clone()
                    } else {
                        format!("{at}.{name}")
                    };
                    leaves(member, &at, out);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| leaves(item, at, out)),
            _ => out.push(at.to_owned()),
        }
    }

    #[test]
    fn every_field_of_an_offer_has_a_name_here_and_the_other_way_round() {
        let offer = full_offer("A-1").into_draft();
        let mut found = Vec::new();
        leaves(&serde_json::to_value(&offer).unwrap(), "", &mut found);
        let covers = |name: &str, leaf: &str| {
            leaf.strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        for leaf in &found {
            let names = FIELDS.iter().filter(|field| covers(field.name, leaf));
            assert_eq!(names.count(), 1, "{leaf}");
        }
        let empty = OfferDraft::default();
        for field in FIELDS {
            assert!(
                found.iter().any(|leaf| covers(field.name, leaf)),
                "{}",
                field.name
            );
            assert!((field.given)(&offer), "{}", field.name);
            assert!(!(field.given)(&empty), "{}", field.name);
        }
    }
}
