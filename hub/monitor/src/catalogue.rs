//! What providers offer, counted from the public catalogue. Offers are public, so nothing of this is
//! protected.
//!
//! An offer counts once in its subject area and once in every municipality where one of its runs takes
//! place, so counts of offers do not add up over municipalities; runs, hours and seats do.

use std::collections::{BTreeMap, BTreeSet};

use calluna_model::code;
use calluna_model::offer::{Offer, RunDraft};
use calluna_tables::OfferFacts;
use calluna_tables::region::{OUTSIDE, Region, UNKNOWN};

/// The code of a total.
pub const TOTAL: &str = "_T";

/// Counts of one provider's catalogue, or of several together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogueStatistics(BTreeMap<(String, String), Cell>);

/// What is counted of the offers of one subject area in one municipality.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Offers.
    pub offers: u64,
    /// Runs that are not cancelled.
    pub runs: u64,
    /// Teaching hours of these runs, as far as stated, in hundredths of an Unterrichtseinheit of 45 minutes.
    pub hundredths: u64,
    /// Seats of these runs, as far as stated.
    pub seats: u64,
    /// Offers with a stated price.
    pub priced: u64,
    /// Offers free of charge.
    pub free: u64,
    /// Offers with at least one accessibility feature.
    pub accessible: u64,
    /// Offers by code list `format`; `_X` where it is not stated.
    pub formats: BTreeMap<String, u64>,
}

/// A count of the catalogue: its code, unit and words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    pub(crate) id: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) de: &'static str,
    pub(crate) en: &'static str,
    pub(crate) of: fn(&Cell) -> u64,
}

/// Every count but the offers by format. Hours are in hundredths.
pub(crate) const COUNTS: &[Count] = &[
    Count {
        id: "OFFERS",
        unit: "offers",
        de: "Angebote im öffentlichen Katalog; ein Angebot zählt in jeder Gemeinde, in der eine Durchführung stattfindet, insgesamt einmal",
        en: "Offers in the public catalogue; an offer counts in every municipality where a run takes place, and once in the total",
        of: |cell| cell.offers,
    },
    Count {
        id: "RUNS",
        unit: "runs",
        de: "Durchführungen, die nicht abgesagt sind",
        en: "Runs that are not cancelled",
        of: |cell| cell.runs,
    },
    Count {
        id: TEACHING_HOURS,
        unit: "teaching units of 45 minutes",
        de: "Unterrichtseinheiten zu 45 Minuten der nicht abgesagten Durchführungen, soweit angegeben",
        en: "Teaching units of 45 minutes of the runs that are not cancelled, as far as stated",
        of: |cell| cell.hundredths,
    },
    Count {
        id: "SEATS",
        unit: "seats",
        de: "Plätze der nicht abgesagten Durchführungen, soweit angegeben",
        en: "Seats of the runs that are not cancelled, as far as stated",
        of: |cell| cell.seats,
    },
    Count {
        id: "PRICED_OFFERS",
        unit: "offers",
        de: "Angebote mit angegebenem Preis, auch 0",
        en: "Offers with a stated price, 0 included",
        of: |cell| cell.priced,
    },
    Count {
        id: "FREE_OFFERS",
        unit: "offers",
        de: "Angebote, deren angegebener Preis 0 ist",
        en: "Offers whose stated price is 0",
        of: |cell| cell.free,
    },
    Count {
        id: "ACCESSIBLE_OFFERS",
        unit: "offers",
        de: "Angebote mit mindestens einem Merkmal der Barrierefreiheit, am Angebot oder am Ort; wo nichts angegeben ist, zählt es nicht mit",
        en: "Offers with at least one accessibility feature, of the offer or its venue; not stated counts as no",
        of: |cell| cell.accessible,
    },
];

/// The count that is kept in hundredths.
pub(crate) const TEACHING_HOURS: &str = "TEACHING_HOURS";

impl CatalogueStatistics {
    /// Counts one offer. `region` tells which municipalities are the district's own: others are `_O`,
    /// a run without a municipality (online, or not stated) is `_X`.
    pub fn feed(&mut self, offer: &Offer, region: &Region) {
        let facts = OfferFacts::from(offer);
        let area = facts.subject.split('.').next().unwrap_or_default();
        let subject = if code::DVV_AREA.has(area) {
            area
        } else {
            UNKNOWN
        };
        let mut by_area: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
        let mut all = (0, 0, 0);
        for run in offer.runs.iter().filter(|run| run.status != "cancelled") {
            let units = run
                .teaching_units_hundredths
                .or(offer.teaching_units_hundredths);
            let (units, seats) = (
                u64::from(units.unwrap_or_default()),
                u64::from(run.seats.unwrap_or_default()),
            );
            for sums in [by_area.entry(venue(run, region)).or_default(), &mut all] {
                *sums = (sums.0 + 1, sums.1 + units, sums.2 + seats);
            }
        }
        if by_area.is_empty() {
            by_area.insert(UNKNOWN, (0, 0, 0));
        }
        by_area.insert(TOTAL, all);
        let one = of_offer(offer, &facts.format);
        for subject in [subject, TOTAL] {
            for (area, (runs, hundredths, seats)) in &by_area {
                let counted = Cell {
                    runs: *runs,
                    hundredths: *hundredths,
                    seats: *seats,
                    ..one.clone()
                };
                let place = (subject.to_owned(), (*area).to_owned());
                self.0.entry(place).or_default().add(&counted);
            }
        }
    }

    /// Adds another's counts: providers have different offers.
    pub fn add(&mut self, other: &Self) {
        for (place, cell) in &other.0 {
            self.0.entry(place.clone()).or_default().add(cell);
        }
    }

    /// The counts of a subject area in a municipality; `_T` for all. Zeros where there is nothing.
    #[must_use]
    pub fn cell(&self, subject: &str, area: &str) -> Cell {
        let place = (subject.to_owned(), area.to_owned());
        self.0.get(&place).cloned().unwrap_or_default()
    }

    /// Every place where something is counted, with its counts: (subject area, municipality).
    pub fn cells(&self) -> impl Iterator<Item = (&str, &str, &Cell)> {
        let parts = |((subject, area), cell)| (subject, area, cell);
        self.0.iter().map(move |(place, cell)| {
            let (subject, area, cell): (&String, &String, &Cell) =
                parts(((&place.0, &place.1), cell));
            (subject.as_str(), area.as_str(), cell)
        })
    }
}

impl Cell {
    fn add(&mut self, other: &Self) {
        self.offers += other.offers;
        self.runs += other.runs;
        self.hundredths += other.hundredths;
        self.seats += other.seats;
        self.priced += other.priced;
        self.free += other.free;
        self.accessible += other.accessible;
        for (format, count) in &other.formats {
            *self.formats.entry(format.clone()).or_default() += count;
        }
    }
}

/// What one offer adds wherever it counts.
fn of_offer(offer: &Offer, format: &str) -> Cell {
    let own = offer.price.as_ref().and_then(|price| price.amount_cents);
    let prices: BTreeSet<u32> = match own {
        Some(cents) => BTreeSet::from([cents]),
        None => offer
            .runs
            .iter()
            .filter_map(|run| run.price.as_ref()?.amount_cents)
            .collect(),
    };
    let accessible_place = |run: &RunDraft| {
        let venue = run.venue.as_ref();
        venue.is_some_and(|venue| venue.accessible == Some(true))
    };
    let accessible = !offer.accessibility.is_empty() || offer.runs.iter().any(accessible_place);
    let format = if format.is_empty() { UNKNOWN } else { format };
    Cell {
        offers: 1,
        priced: u64::from(!prices.is_empty()),
        free: u64::from(!prices.is_empty() && prices.iter().all(|cents| *cents == 0)),
        accessible: u64::from(accessible),
        formats: BTreeMap::from([(format.to_owned(), 1)]),
        ..Cell::default()
    }
}

fn venue<'a>(run: &RunDraft, region: &'a Region) -> &'a str {
    match run.venue.as_ref().map(|venue| venue.ags.as_str()) {
        None | Some("") => UNKNOWN,
        Some(ags) => region.present(ags).unwrap_or(OUTSIDE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calluna_model::fixture::{an_offer, full_offer};
    use calluna_model::offer::PriceDraft;

    #[test]
    fn an_offer_counts_where_it_takes_place_and_once_in_all() {
        let region = Region::heidekreis().unwrap();
        let mut draft = full_offer("A").into_draft();
        let mut second = draft.runs[0].clone();
        second.id = "r2".to_owned();
        second.venue.as_mut().unwrap().ags = "03358021".to_owned();
        second.teaching_units_hundredths = None;
        let mut third = second.clone();
        third.id = "r3".to_owned();
        third.status = "cancelled".to_owned();
        draft.runs.extend([second, third]);
        let mut counted = CatalogueStatistics::default();
        counted.feed(&Offer::check(draft).unwrap(), &region);
        let mut free = an_offer("B");
        free.0.price = Some(PriceDraft {
            amount_cents: Some(0),
            ..PriceDraft::default()
        });
        counted.feed(&free.build(), &region);

        let all = counted.cell(TOTAL, TOTAL);
        assert_eq!((all.offers, all.runs, all.seats), (2, 2, 24));
        assert_eq!(
            all.hundredths, 6_000,
            "the second run has the offer's hours"
        );
        assert_eq!((all.priced, all.free, all.accessible), (2, 1, 1));
        assert_eq!(all.formats["in-person"], 1);
        for area in ["03358024", "03358021"] {
            let here = counted.cell("4", area);
            assert_eq!((here.offers, here.runs, here.hundredths), (1, 1, 3_000));
        }
        assert_eq!(counted.cell(UNKNOWN, UNKNOWN).offers, 1);

        let mut twice = counted.clone();
        twice.add(&counted);
        assert_eq!(twice.cell(TOTAL, TOTAL).offers, 4);
    }
}
