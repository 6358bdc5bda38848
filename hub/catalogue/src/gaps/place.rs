//! Where an offer is held, and of what area it is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use calluna_model::code;
use calluna_model::offer::{OfferDraft, RunDraft, VenueDraft};

use crate::duplicates::folded;

/// Has no place: online, self-study, distance learning.
pub const ANYWHERE: &str = "_N";
/// Held outside the region.
pub const OUTSIDE: &str = "_O";
/// Not told.
pub const UNKNOWN: &str = "_X";

/// A municipality of the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Municipality {
    /// Amtlicher Gemeindeschlüssel, 8 digits.
    pub ags: String,
    /// Its name.
    pub name: String,
}

/// The municipalities that are looked at.
#[derive(Clone, Debug, Default)]
pub struct Region {
    municipalities: Vec<Municipality>,
    /// By key, present and former.
    keys: BTreeMap<String, usize>,
    /// By folded name.
    names: BTreeMap<String, usize>,
    /// For addresses without a key.
    gazetteer: Option<Arc<dyn Gazetteer>>,
}

/// Knows where addresses are.
pub trait Gazetteer: fmt::Debug + Send + Sync {
    /// The municipality of an address, in the region or outside: its key of 8 digits, or nothing where it is not
    /// known.
    fn municipality(&self, venue: &VenueDraft) -> Option<String>;
}

impl Region {
    /// The region of these municipalities. `formerly` holds keys that they had before with the present ones.
    #[must_use]
    pub fn new(municipalities: Vec<Municipality>, formerly: &[(String, String)]) -> Self {
        let mut region = Self::default();
        for (at, municipality) in municipalities.iter().enumerate() {
            region.keys.insert(municipality.ags.clone(), at);
            // Official names have "Stadt" or "Flecken" behind a comma; nobody writes that into an address.
            let plain = municipality.name.split(',').next().unwrap_or_default();
            region.names.insert(folded(plain), at);
        }
        for (old, new) in formerly {
            if let Some(at) = region.keys.get(new).copied() {
                region.keys.insert(old.clone(), at);
            }
        }
        region.municipalities = municipalities;
        region
    }

    /// With that gazetteer for parts of municipalities, postal codes and towns outside; without one only the names
    /// of the municipalities themselves are known.
    #[must_use]
    pub fn with_gazetteer(mut self, gazetteer: Arc<dyn Gazetteer>) -> Self {
        self.gazetteer = Some(gazetteer);
        self
    }

    /// Them.
    #[must_use]
    pub fn municipalities(&self) -> &[Municipality] {
        &self.municipalities
    }

    /// Whether a place is one of the municipalities.
    pub(super) fn holds(&self, place: &str) -> bool {
        self.keys.contains_key(place)
    }

    /// Where a run is held: by the key of its venue, else by what the gazetteer says of its address, else by the name
    /// of the town. An address that nobody knows is [`UNKNOWN`], not outside: a part of a municipality has a name too.
    pub(super) fn place(&self, run: &RunDraft, format: &str) -> String {
        if matches!(format, "online" | "self-study" | "distance") {
            return ANYWHERE.to_owned();
        }
        let Some(venue) = &run.venue else {
            return UNKNOWN.to_owned();
        };
        let of_key = |key: &str| match self.keys.get(key) {
            Some(at) => self.municipalities[*at].ags.clone(),
            None => OUTSIDE.to_owned(),
        };
        if !venue.ags.is_empty() {
            return of_key(&venue.ags);
        }
        let known = |gazetteer: &Arc<dyn Gazetteer>| gazetteer.municipality(venue);
        if let Some(key) = self.gazetteer.as_ref().and_then(known) {
            return of_key(&key);
        }
        match self.names.get(&folded(&venue.city)) {
            // A town that is only called like one of ours would have been found by its postal code.
            Some(at) if self.gazetteer.is_none() || venue.postal_code.is_empty() => {
                self.municipalities[*at].ags.clone()
            }
            _ => UNKNOWN.to_owned(),
        }
    }
}

/// The way of taking part of a run, else of its offer.
pub(super) fn format<'a>(offer: &'a OfferDraft, run: &'a RunDraft) -> &'a str {
    let formats = [run.format.as_str(), offer.format.as_str(), UNKNOWN];
    formats
        .into_iter()
        .find(|format| !format.is_empty())
        .unwrap_or(UNKNOWN)
}

/// The areas of an offer, each once. Of the older classification the first four areas are the same; the fifth is wider
/// and the sixth was split. Languages alone are one field of ISCED-F.
pub(super) fn areas(offer: &OfferDraft) -> Vec<String> {
    let mut areas: Vec<String> = Vec::new();
    for subject in &offer.subjects {
        let first = subject.code.split('.').next().unwrap_or_default();
        let area = match subject.scheme.as_str() {
            "dvv-2.0" if code::DVV_AREA.has(first) => first,
            "dvv-1.0" if matches!(first, "1" | "2" | "3" | "4") => first,
            "isced-f-2013" if subject.code == "0231" => "4",
            _ => continue,
        };
        if !areas.iter().any(|known| known == area) {
            areas.push(area.to_owned());
        }
    }
    if areas.is_empty() {
        areas.push(UNKNOWN.to_owned());
    }
    areas
}
