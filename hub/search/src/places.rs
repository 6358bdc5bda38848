//! Towns, parts of them and postal codes, and where they lie: two data files for Lower Saxony, each with its
//! source and licence in its first lines. Distances are as the crow flies.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::german::fold::fold;

const PLACES: &str = include_str!("../data/places.csv");
const POSTAL_CODES: &str = include_str!("../data/postal_codes.csv");
/// Mean radius of the earth in kilometres.
const EARTH_KM: f64 = 6_371.0;

/// A point on the earth, in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Latitude.
    pub latitude: f64,
    /// Longitude.
    pub longitude: f64,
}

impl Point {
    /// Kilometres to another point, as the crow flies.
    #[must_use]
    pub fn km_to(self, other: Self) -> f64 {
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let across = (other.longitude - self.longitude).to_radians();
        let half = ((b - a) / 2.0).sin().powi(2) + a.cos() * b.cos() * (across / 2.0).sin().powi(2);
        2.0 * EARTH_KM * half.sqrt().clamp(0.0, 1.0).asin()
    }
}

/// A municipality, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Amtlicher Gemeindeschlüssel of the municipality.
    pub ags: String,
    /// Its name.
    pub name: String,
    /// How many live there; 0 for a part of a municipality.
    pub population: u32,
    /// The middle of its area.
    pub point: Point,
    /// Postal code of its seat.
    pub postal_code: String,
}

#[derive(Debug)]
struct Gazetteer {
    places: Vec<Place>,
    names: HashMap<String, Vec<usize>>,
    by_ags: HashMap<String, usize>,
    codes: HashMap<String, Vec<usize>>,
}

static ALL: LazyLock<Gazetteer> = LazyLock::new(gazetteer);

/// The municipalities of a district (first five digits of their AGS), in order of their names.
#[must_use]
pub fn municipalities(district: &str) -> Vec<&'static Place> {
    let here = |place: &&Place| place.population > 0 && place.ags.starts_with(district);
    let mut found: Vec<&Place> = ALL.places.iter().filter(here).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The municipality with this AGS.
#[must_use]
pub fn municipality(ags: &str) -> Option<&'static Place> {
    ALL.by_ags.get(ags).map(|at| &ALL.places[*at])
}

/// The place of that name or postal code. Of several, one of `district` first, then the largest.
#[must_use]
pub fn find(text: &str, district: &str) -> Option<&'static Place> {
    let text = text.trim();
    let at = if is_postal_code(text) {
        ALL.codes.get(text)
    } else {
        ALL.names.get(&key(text))
    };
    best(at?, district)
}

/// Where something with this address lies: by its AGS, its town, its postal code.
#[must_use]
pub fn locate(ags: &str, town: &str, postal_code: &str, district: &str) -> Option<&'static Place> {
    if let Some(place) = municipality(ags) {
        return Some(place);
    }
    let codes = ALL.codes.get(postal_code.trim());
    let named = ALL.names.get(&key(town));
    match (codes, named) {
        // Of the places with this name, the one with this postal code.
        (Some(codes), Some(named)) => {
            let ags_of = |at: &usize| &ALL.places[*at].ags;
            let both: Vec<usize> = named
                .iter()
                .copied()
                .filter(|at| codes.iter().any(|code| ags_of(code) == ags_of(at)))
                .collect();
            best(&both, district).or_else(|| best(codes, district))
        }
        (Some(codes), None) => best(codes, district),
        // A name alone is not enough for a town far away that is called like one of ours.
        (None, Some(named)) => {
            let far = !postal_code.trim().is_empty();
            best(named, district).filter(|place| !far || !place.ags.starts_with(district))
        }
        (None, None) => None,
    }
}

/// Names that are written nearly like `text`, nearest first.
#[must_use]
pub fn similar(text: &str, limit: usize) -> Vec<String> {
    let wanted = key(text);
    let most = if wanted.len() < 8 { 1 } else { 2 };
    let mut found: Vec<(usize, &Place)> = Vec::new();
    for place in &ALL.places {
        let name = key(&place.name);
        let begins = wanted.len() >= 3 && name.starts_with(&wanted);
        let apart = if begins {
            1
        } else {
            edits(&wanted, &name, most)
        };
        if apart <= most {
            found.push((apart, place));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.population.cmp(&a.1.population)));
    found.truncate(limit);
    found
        .into_iter()
        .map(|(_, place)| place.name.clone())
        .collect()
}

fn is_postal_code(text: &str) -> bool {
    text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit())
}

fn best(at: &[usize], district: &str) -> Option<&'static Place> {
    let rank = |place: &&Place| (place.ags.starts_with(district), place.population);
    at.iter().map(|at| &ALL.places[*at]).max_by_key(rank)
}

/// A name as it is looked up: folded, without what stands in brackets and without blanks.
fn key(name: &str) -> String {
    let name = name.split(['(', ',']).next().unwrap_or_default();
    let words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.map(fold).collect()
}

/// Levenshtein distance, or `most + 1` where it is more.
pub(crate) fn edits(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let step = corner + usize::from(from != to);
            corner = row[j + 1];
            row[j + 1] = step.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()].min(most + 1)
}

fn gazetteer() -> Gazetteer {
    let mut all = Gazetteer {
        places: Vec::new(),
        names: HashMap::new(),
        by_ags: HashMap::new(),
        codes: HashMap::new(),
    };
    // Neither file has a field with a comma in it, which the test below holds.
    for line in content(PLACES) {
        let Some(place) = place(line) else { continue };
        let at = all.places.len();
        all.names.entry(key(&place.name)).or_default().push(at);
        all.codes
            .entry(place.postal_code.clone())
            .or_default()
            .push(at);
        if place.population > 0 {
            all.by_ags.insert(place.ags.clone(), at);
        }
        all.places.push(place);
    }
    for line in content(POSTAL_CODES) {
        let Some((code, ags)) = line.split_once(',') else {
            continue;
        };
        if let Some(at) = all.by_ags.get(ags) {
            let places = all.codes.entry(code.to_owned()).or_default();
            if !places.contains(at) {
                places.push(*at);
            }
        }
    }
    all
}

fn content(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#')).skip(1)
}

fn place(line: &str) -> Option<Place> {
    let [ags, name, population, latitude, longitude, postal_code] =
        <[&str; 6]>::try_from(line.split(',').collect::<Vec<_>>()).ok()?;
    Some(Place {
        ags: ags.to_owned(),
        name: name.to_owned(),
        population: population.parse().ok()?,
        point: Point {
            latitude: latitude.parse().ok()?,
            longitude: longitude.parse().ok()?,
        },
        postal_code: postal_code.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEIDEKREIS: &str = "03358";

    #[test]
    fn every_line_of_the_files_is_read() {
        assert_eq!(ALL.places.len(), content(PLACES).count());
        for line in content(POSTAL_CODES) {
            let (code, ags) = line.split_once(',').unwrap();
            assert!(
                is_postal_code(code) && municipality(ags).is_some(),
                "{line}"
            );
        }
        assert_eq!(municipalities(HEIDEKREIS).len(), 23);
    }

    #[test]
    fn places_are_found_as_people_write_them() {
        for (text, name) in [
            ("walsrode", "Walsrode"),
            ("Rethem", "Rethem (Aller)"),
            ("Boehme", "Böhme"),
            ("bad fallingbostel", "Bad Fallingbostel"),
            ("Bad-Fallingbostel", "Bad Fallingbostel"),
            ("29614", "Soltau"),
            ("Bomlitz", "Bomlitz"),
            ("Neuenkirchen", "Neuenkirchen"),
        ] {
            let place = find(text, HEIDEKREIS).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(place.name, name);
            assert!(place.ags.starts_with(HEIDEKREIS), "{text}: {}", place.ags);
        }
        assert!(find("Entenhausen", HEIDEKREIS).is_none());
        assert_eq!(similar("Walsrhode", 3), ["Walsrode"]);
        assert_eq!(similar("Schneverd", 3), ["Schneverdingen"]);
    }

    #[test]
    fn a_town_far_away_is_not_taken_for_one_of_ours() {
        assert!(
            locate("", "Neuenkirchen", "49586", HEIDEKREIS)
                .is_none_or(|p| !p.ags.starts_with(HEIDEKREIS))
        );
        assert_eq!(
            locate("", "Neuenkirchen", "29643", HEIDEKREIS).unwrap().ags,
            "03358017"
        );
        assert_eq!(
            locate("", "Walsrode", "", HEIDEKREIS).unwrap().ags,
            "03358024"
        );
        assert_eq!(
            locate("03358021", "", "", HEIDEKREIS).unwrap().name,
            "Soltau"
        );
    }

    #[test]
    fn distances_are_right() {
        let at = |name| find(name, HEIDEKREIS).unwrap().point;
        let km = at("Walsrode").km_to(at("Soltau"));
        assert!((20.0..30.0).contains(&km), "{km}");
        let km = at("Soltau").km_to(find("Hannover", HEIDEKREIS).unwrap().point);
        assert!((60.0..80.0).contains(&km), "{km}");
        assert_eq!(at("Soltau").km_to(at("Soltau")), 0.0);
    }
}
