//! Counts of the cells.

use std::collections::BTreeMap;

use calluna_model::code;

use super::{ANYWHERE, Ask, Cell, OUTSIDE, Region, State, UNKNOWN};

/// Area, municipality, way of taking part.
type Key = (String, String, String);

#[derive(Debug, Default)]
pub(super) struct Coverage(BTreeMap<Key, (u64, u64)>);

impl Coverage {
    /// Counts a run; `first` is the first one of its offer in the cell.
    pub(super) fn count(&mut self, area: &str, municipality: &str, format: &str, first: bool) {
        let key = (area.to_owned(), municipality.to_owned(), format.to_owned());
        let (offers, runs) = self.0.entry(key).or_default();
        *offers += u64::from(first);
        *runs += 1;
    }

    /// Areas without an offer in the region and online, whatever municipality or way was asked for.
    pub(super) fn nowhere(&self, ask: &Ask, none: State) -> Vec<(String, State)> {
        let found = |area: &str| {
            let mut keys = self.0.keys();
            keys.any(|(known, place, _)| {
                known == area && !matches!(place.as_str(), OUTSIDE | UNKNOWN)
            })
        };
        let areas = code::DVV_AREA.codes().into_iter();
        areas
            .filter(|area| ask.wants_area(area) && !found(area))
            .map(|area| {
                let maybe = self.0.keys().any(|(known, place, _)| {
                    place != OUTSIDE && (known == UNKNOWN || known == area)
                });
                (area.to_owned(), empty(none, maybe))
            })
            .collect()
    }

    /// Every cell that there could be, and those beside them that hold something, as far as they are asked for.
    pub(super) fn cells(self, region: &Region, ask: &Ask, none: State) -> Vec<Cell> {
        let mut counts = self.0;
        // What does not tell where it belongs, and could be of many cells.
        let vague: Vec<Key> = counts
            .keys()
            .filter(|(area, place, format)| [area, place, format].iter().any(|of| *of == UNKNOWN))
            .cloned()
            .collect();
        for area in code::DVV_AREA.codes() {
            for format in code::FORMAT.codes() {
                let placed = !matches!(format, "online" | "self-study" | "distance");
                let places = if placed {
                    let all = region.municipalities().iter();
                    all.map(|municipality| municipality.ags.as_str()).collect()
                } else {
                    vec![ANYWHERE]
                };
                for place in places {
                    let key = (area.to_owned(), place.to_owned(), format.to_owned());
                    counts.entry(key).or_default();
                }
            }
        }
        counts
            .into_iter()
            .filter(|((area, place, format), _)| {
                ask.wants_area(area) && ask.wants_place(place, format)
            })
            .map(|(key, (offers, runs))| Cell {
                state: if offers > 0 {
                    State::Value
                } else {
                    empty(none, vague.iter().any(|one| could_be(one, &key)))
                },
                area: key.0,
                municipality: key.1,
                format: key.2,
                offers,
                runs,
            })
            .collect()
    }
}

/// What is known where nothing was found: that somebody has not delivered says more than that one offer is vague.
fn empty(none: State, maybe: bool) -> State {
    match none {
        State::Zero if maybe => State::Unknown,
        other => other,
    }
}

/// Whether what is counted under `vague` could be of the cell `key`.
fn could_be(vague: &Key, key: &Key) -> bool {
    let same = |vague: &str, told: &str| vague == UNKNOWN || vague == told;
    same(&vague.0, &key.0) && same(&vague.1, &key.1) && same(&vague.2, &key.2)
}
