//! Counts of the cells.

use std::collections::BTreeMap;

use calluna_model::code;

use super::{ANYWHERE, Ask, Cell, OUTSIDE, Region, State};

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

    /// Areas without an offer in the region and online.
    pub(super) fn nowhere(&self, ask: &Ask, none: State) -> Vec<(String, State)> {
        let found = |area: &str| {
            let mut keys = self.0.keys();
            keys.any(|(known, place, _)| known == area && place != OUTSIDE)
        };
        let areas = code::DVV_AREA.codes().into_iter();
        areas
            .filter(|area| ask.area.as_deref().is_none_or(|wanted| wanted == *area))
            .filter(|area| !found(area))
            .map(|area| (area.to_owned(), none))
            .collect()
    }

    /// Every cell that there could be, and those beside them that hold something.
    pub(super) fn cells(self, region: &Region, ask: &Ask, none: State) -> Vec<Cell> {
        let mut counts = self.0;
        for area in code::DVV_AREA.codes() {
            for format in code::FORMAT.codes() {
                let placed = !matches!(format, "online" | "self-study" | "distance");
                let places = if placed {
                    region
                        .municipalities()
                        .iter()
                        .map(|m| m.ags.as_str())
                        .collect()
                } else {
                    vec![ANYWHERE]
                };
                for place in places {
                    let key = (area.to_owned(), place.to_owned(), format.to_owned());
                    counts.entry(key).or_default();
                }
            }
        }
        let wanted = |filter: &Option<String>, found: &str| {
            filter.as_deref().is_none_or(|wanted| wanted == found)
        };
        counts
            .into_iter()
            .filter(|((area, place, format), _)| {
                wanted(&ask.area, area)
                    && wanted(&ask.municipality, place)
                    && wanted(&ask.format, format)
            })
            .map(|((area, municipality, format), (offers, runs))| Cell {
                state: if offers > 0 { State::Value } else { none },
                area,
                municipality,
                format,
                offers,
                runs,
            })
            .collect()
    }
}
