//! One record while it is read: its place, its id, and what was wrong with single values.

use std::collections::HashMap;

use calluna_model::finding::Finding;
use calluna_model::id::OfferId;
use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft};

use crate::error::ImportError;
use crate::sink::Sink;
use crate::value::text::{self, Count};
use crate::value::{date, price};

/// Values of one record. A value that cannot be read is noted; the record is then refused with
/// everything that is wrong in it, not only the first.
#[derive(Debug)]
pub(crate) struct Record {
    place: String,
    id: String,
    refused: Vec<Finding>,
    warned: Vec<Finding>,
}

impl Record {
    /// Begins the record that stands at `place`.
    pub(crate) fn at(place: String) -> Self {
        Self {
            place,
            id: String::new(),
            refused: Vec::new(),
            warned: Vec::new(),
        }
    }

    /// The offer id made from the first of these names that is not empty.
    pub(crate) fn id<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) -> String {
        let name = names
            .into_iter()
            .map(str::trim)
            .find(|name| !name.is_empty());
        match name.and_then(|name| OfferId::from_foreign(name).ok()) {
            Some(id) => self.id = id.to_string(),
            None => self.refuse("id", "required", ""),
        }
        self.id.clone()
    }

    /// Notes a reason to refuse the record.
    pub(crate) fn refuse(&mut self, field: &str, rule: &str, value: &str) {
        self.refused.push(Finding::new(field, rule).value(value));
    }

    /// Notes something doubtful.
    pub(crate) fn warn(&mut self, field: &str, rule: &str, value: &str) {
        self.warned.push(Finding::new(field, rule).value(value));
    }

    pub(crate) fn date(&mut self, field: &str, raw: &str) -> String {
        self.parsed(field, "bad-date", raw, date::iso)
            .unwrap_or_default()
    }

    pub(crate) fn time(&mut self, field: &str, raw: &str) -> String {
        self.parsed(field, "bad-time", raw, date::time)
            .unwrap_or_default()
    }

    pub(crate) fn hundredths(&mut self, field: &str, raw: &str) -> Option<u32> {
        // As for counts, -1 stands for "not known".
        let raw = if matches!(raw.trim(), "-1" | "-1.0") {
            ""
        } else {
            raw
        };
        self.parsed(field, "bad-number", raw, text::hundredths)
    }

    pub(crate) fn count(&mut self, field: &str, raw: &str) -> Option<u32> {
        let count = text::count(raw);
        if count == Count::Bad {
            self.refuse(field, "bad-number", raw);
        }
        count.known()
    }

    /// A count in which 0 says "no limit was entered".
    pub(crate) fn seats(&mut self, field: &str, raw: &str) -> Option<u32> {
        self.count(field, raw).filter(|count| *count > 0)
    }

    /// A price with its amount, or with the text as a note where it is prose.
    pub(crate) fn price_or_note(&mut self, field: &str, raw: &str) -> PriceDraft {
        let raw = raw.trim();
        let amount_cents = price::cents(raw);
        let mut notes = Vec::new();
        if amount_cents.is_none() && !matches!(raw, "" | "-1" | "-1.00" | "-1.0") {
            self.warn(&format!("{field}.amount_cents"), "kept-as-text", raw);
            notes.push(text::shortened(raw, 500));
        }
        PriceDraft {
            amount_cents,
            notes,
            ..PriceDraft::default()
        }
    }

    fn parsed<T>(
        &mut self,
        field: &str,
        rule: &str,
        raw: &str,
        read: fn(&str) -> Option<T>,
    ) -> Option<T> {
        if raw.trim().is_empty() {
            return None;
        }
        let value = read(raw);
        if value.is_none() {
            self.refuse(field, rule, raw.trim());
        }
        value
    }

    /// Hands the record over.
    pub(crate) fn finish(self, sink: &mut Sink, draft: OfferDraft) -> Result<(), ImportError> {
        let place = self.place.clone();
        if self.settle(sink) {
            sink.offer(&place, draft)
        } else {
            Ok(())
        }
    }

    /// Tells what was found. Says whether the record may be taken; it was refused otherwise.
    pub(crate) fn settle(self, sink: &mut Sink) -> bool {
        let Self {
            place,
            id,
            refused,
            warned,
        } = self;
        let known = |finding: Finding| {
            let at = if finding.place.is_empty() {
                place.clone()
            } else {
                finding.place.clone()
            };
            finding.at(at).of(id.clone())
        };
        if refused.is_empty() {
            warned
                .into_iter()
                .map(known)
                .for_each(|finding| sink.warn(finding));
            true
        } else {
            sink.refuse(refused.into_iter().map(known).collect());
            false
        }
    }
}

/// Whether one can still get in, from counts that themselves stay here: `full` when all seats are
/// taken, `few` from four fifths on, empty when not known.
pub(crate) fn availability(taken: &str, seats: &str) -> String {
    let (Some(taken), Some(seats)) = (text::count(taken).known(), text::count(seats).known())
    else {
        return String::new();
    };
    let state = match (u64::from(taken), u64::from(seats)) {
        (_, 0) => "",
        (taken, seats) if taken >= seats => "full",
        (taken, seats) if taken * 5 >= seats * 4 => "few",
        _ => "available",
    };
    state.to_owned()
}

/// A name for a run that has none of its own: from when and where it is, so that it is the same
/// tomorrow, in whatever order the rows then stand.
pub(crate) fn derived(run: &RunDraft) -> String {
    let mut parts = vec![
        run.number.as_str(),
        run.start.as_str(),
        run.start_text.as_str(),
    ];
    if let Some(venue) = &run.venue {
        parts.extend(
            [
                &venue.name,
                &venue.room,
                &venue.street,
                &venue.postal_code,
                &venue.city,
            ]
            .map(String::as_str),
        );
    }
    let times = run
        .slots
        .iter()
        .map(|slot| &slot.start)
        .chain(run.weekly.iter().map(|slot| &slot.start));
    parts.extend(times.map(String::as_str));
    let hash = blake3::hash(parts.join("\u{1f}").as_bytes()).to_hex();
    format!("r{}", hash.get(..12).unwrap_or_default())
}

/// Makes the names of the runs of one offer distinct; a run that is there twice is there once.
pub(crate) fn distinct(runs: Vec<RunDraft>) -> Vec<RunDraft> {
    let mut out: Vec<RunDraft> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for mut run in runs {
        if out.iter().rev().take(400).any(|other| *other == run) {
            continue;
        }
        let wished = run.id.clone();
        let mut again = known.get(&wished).copied().unwrap_or_default();
        while known.contains_key(&run.id) {
            again += 1;
            run.id = format!("{wished}~{}", again + 1);
        }
        known.insert(wished, again);
        known.entry(run.id.clone()).or_default();
        out.push(run);
    }
    out
}

/// Says what holds for all runs once, with the offer.
pub(crate) fn raise_format(draft: &mut OfferDraft) {
    if draft.format.is_empty()
        && let Some(first) = draft.runs.first().map(|run| run.format.clone())
        && draft.runs.iter().all(|run| run.format == first)
    {
        draft.format = first;
    }
    let format = draft.format.clone();
    let same = draft.runs.iter_mut().filter(|run| run.format == format);
    same.for_each(|run| run.format.clear());
}

/// As [`raise_format`], for what it costs.
pub(crate) fn raise_price(draft: &mut OfferDraft) {
    let price = draft.runs.first().and_then(|run| run.price.clone());
    if draft.price.is_none() && draft.runs.iter().all(|run| run.price == price) {
        draft.price = price;
    }
    let price = draft.price.clone();
    let same = draft.runs.iter_mut().filter(|run| run.price == price);
    same.for_each(|run| run.price = None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inv1_counts_of_registrations_become_a_word() {
        for (taken, seats, state) in [
            ("12", "12", "full"),
            ("13", "12", "full"),
            ("8", "10", "few"),
            ("7", "10", "available"),
            ("-1", "10", ""),
            ("3", "0", ""),
            ("", "", ""),
        ] {
            assert_eq!(availability(taken, seats), state, "{taken}/{seats}");
        }
    }
}
