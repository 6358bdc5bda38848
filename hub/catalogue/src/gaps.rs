//! Gaps and overlaps, for whoever plans the district's offers.
//!
//! **What counts.** A run counts when it is neither cancelled nor held, and does not end (without a last day: begin)
//! before the first day that is asked about, nor begin after the last one. A run without dates counts: one can begin
//! at any time. An offer counts when one of its runs does; an offer without runs counts as one run of which nothing
//! is known.
//!
//! **Coverage.** A cell is an area (the seven Programmbereiche), a municipality and a way of taking part.
//! `offers` is the number of offers with at least one counting run in the cell, `runs` the number of those runs. An
//! offer with subjects in two areas counts in both; sums over areas are no number of offers. What is online,
//! self-study or distance learning has no municipality: it stands under [`ANYWHERE`]. A cell is a value above zero, a
//! zero, **not delivered** or **unknown**. Not delivered: no offer is known, but a provider has not delivered its
//! catalogue, so that nobody can say zero; a value is a least value then. Unknown: no offer is known, but one counts
//! that does not tell its area, its place or its way of taking part, and could be of this cell.
//!
//! **Nowhere.** An area of which no offer is known to count anywhere: neither in a municipality of the region nor
//! online. It is looked for in everything that counts in the time, whatever municipality or way was asked for. Like a
//! cell it is a zero, not delivered, or unknown.
//!
//! **Overlaps.** Two offers compete when they are of different providers and not taken for the same
//! ([`crate::duplicates`]), have a subject in common (the same code of the same classification), the same level (CEFR,
//! else DQR, else none told by both), and are held in the same municipality at the same time. `dates` is the number
//! of days on which an occurrence of one overlaps one of the other, `minutes` how long in sum. Occurrences are the
//! single dates of a run; where there are none, its weekly times from the first to the last day.

mod coverage;
mod overlap;
mod place;

use std::collections::BTreeSet;

use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::offer::{OfferDraft, RunDraft};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::place::{ANYWHERE, Gazetteer, Municipality, OUTSIDE, Region, UNKNOWN};
use crate::duplicates::{Groups, OfferKey};

/// What is asked about.
#[derive(Clone, Debug)]
pub struct Ask {
    /// First day.
    pub from: Date,
    /// Last day; nothing means without end.
    pub until: Option<Date>,
    /// Only this area.
    pub area: Option<String>,
    /// Only this municipality, by its key.
    pub municipality: Option<String>,
    /// Only this way of taking part.
    pub format: Option<String>,
}

impl Ask {
    /// Everything from that day on.
    #[must_use]
    pub fn from(day: Date) -> Self {
        Self {
            from: day,
            until: None,
            area: None,
            municipality: None,
            format: None,
        }
    }

    fn wants_area(&self, area: &str) -> bool {
        self.area.as_deref().is_none_or(|wanted| wanted == area)
    }

    fn wants_place(&self, municipality: &str, format: &str) -> bool {
        let asked =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|w| w == found);
        asked(&self.municipality, municipality) && asked(&self.format, format)
    }
}

/// What is known of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There are offers.
    Value,
    /// There are none, and everybody has delivered.
    Zero,
    /// None are known, and somebody has not delivered.
    NotDelivered,
    /// None are known, and an offer that does not tell where it belongs could be one.
    Unknown,
}

impl State {
    /// The name in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Zero => "zero",
            Self::NotDelivered => "not-delivered",
            Self::Unknown => "unknown",
        }
    }
}

/// One cell of the coverage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Code of the area; [`UNKNOWN`] where no subject tells.
    pub area: String,
    /// Key of the municipality, or [`ANYWHERE`], [`OUTSIDE`], [`UNKNOWN`].
    pub municipality: String,
    /// Way of taking part; [`UNKNOWN`] where it is not told.
    pub format: String,
    /// What is known.
    pub state: State,
    /// Offers with a run in it.
    pub offers: u64,
    /// Runs in it.
    pub runs: u64,
}

/// Two offers that compete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlap {
    /// The subject that they have in common, as `scheme code`.
    pub subject: String,
    /// Their level; empty where none is told.
    pub level: String,
    /// Key of the municipality.
    pub municipality: String,
    /// The smaller key.
    pub left: OfferKey,
    /// The greater key.
    pub right: OfferKey,
    /// Days on which they overlap.
    pub dates: u64,
    /// For how many minutes in sum.
    pub minutes: u64,
    /// The first of the days.
    pub first: String,
}

/// A provider whose catalogue is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// Which.
    pub provider: ProviderId,
    /// Since when it is a member.
    pub since: Option<Moment>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// First day that was asked about.
    pub from: String,
    /// Last day; empty without end.
    pub until: String,
    /// Offers that count and are asked for.
    pub offers: u64,
    /// Providers that have not delivered.
    pub not_delivered: Vec<Missing>,
    /// Every cell, by area, municipality and way of taking part.
    pub coverage: Vec<Cell>,
    /// Areas found nowhere: zero, not delivered, or unknown.
    pub nowhere: Vec<(String, State)>,
    /// Offers that compete, most days first.
    pub overlaps: Vec<Overlap>,
    /// Days of overlap beyond the listed pairs.
    pub overlaps_not_listed: u64,
}

/// Is shown every provider and every offer, and answers then.
#[derive(Debug)]
pub struct Survey {
    ask: Ask,
    region: Region,
    missing: Vec<Missing>,
    offers: u64,
    coverage: coverage::Coverage,
    overlaps: overlap::Overlaps,
}

impl Survey {
    /// A survey of the region.
    #[must_use]
    pub fn new(region: Region, ask: Ask) -> Self {
        Self {
            coverage: coverage::Coverage::default(),
            overlaps: overlap::Overlaps::default(),
            ask,
            region,
            missing: Vec::new(),
            offers: 0,
        }
    }

    /// Says that a provider has not delivered its catalogue, so that its offers are not known.
    pub fn not_delivered(&mut self, provider: &ProviderId, since: Option<Moment>) {
        self.missing.push(Missing {
            provider: provider.clone(),
            since,
        });
    }

    /// Shows it an offer.
    pub fn add(&mut self, provider: &ProviderId, offer: &OfferDraft) {
        let none = RunDraft::default();
        let runs = if offer.runs.is_empty() {
            std::slice::from_ref(&none)
        } else {
            &offer.runs
        };
        let areas = place::areas(offer);
        let mut cells = BTreeSet::new();
        let mut asked_for = false;
        let overlaps = self.overlaps.of(provider, offer);
        for run in runs.iter().filter(|run| counts(run, &self.ask)) {
            let format = place::format(offer, run);
            let municipality = self.region.place(run, format);
            let here = self.ask.wants_place(&municipality, format);
            for area in &areas {
                asked_for |= here && self.ask.wants_area(area);
                let first = cells.insert((area.clone(), municipality.clone(), format));
                self.coverage.count(area, &municipality, format, first);
            }
            if here && asked_for && self.region.holds(&municipality) {
                self.overlaps
                    .run(overlaps, offer, run, &municipality, &self.ask);
            }
        }
        self.offers += u64::from(asked_for);
    }

    /// The answer. Offers that `groups` takes for the same do not compete.
    #[must_use]
    pub fn finish(self, groups: &Groups) -> Report {
        let Self {
            ask,
            region,
            mut missing,
            offers,
            coverage,
            overlaps,
        } = self;
        missing.sort_by(|a, b| a.provider.cmp(&b.provider));
        missing.dedup_by(|a, b| a.provider == b.provider);
        let none = if missing.is_empty() {
            State::Zero
        } else {
            State::NotDelivered
        };
        let nowhere = coverage.nowhere(&ask, none);
        let (overlaps, overlaps_not_listed) = overlaps.finish(groups);
        Report {
            from: ask.from.to_string(),
            until: ask.until.map(|day| day.to_string()).unwrap_or_default(),
            offers,
            not_delivered: missing,
            coverage: coverage.cells(&region, &ask, none),
            nowhere,
            overlaps,
            overlaps_not_listed,
        }
    }
}

/// Whether a run counts: see the module.
fn counts(run: &RunDraft, ask: &Ask) -> bool {
    if matches!(run.status.as_str(), "cancelled" | "held") {
        return false;
    }
    let day = |text: &str| text.parse::<Date>().ok();
    let (first, last) = (day(&run.start), day(&run.end));
    let over = last.or(first).is_some_and(|last| last < ask.from);
    let later = first
        .zip(ask.until)
        .is_some_and(|(first, until)| first > until);
    // Where one can begin at any time, the first day says nothing; the last one does.
    (!over || (run.flexible_start && last.is_none())) && !later
}

#[cfg(test)]
mod tests;
