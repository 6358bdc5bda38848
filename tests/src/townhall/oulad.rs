//! Registration lists made of `studentInfo` of the OULAD (Kuzilek et al. 2017, Open University,
//! CC BY 4.0): 32,593 anonymous registrations with real combinations of sex, age band, region,
//! education and result. The file is read where it lies and is no part of this repository.
//!
//! **Synthetic mapping.** Its four presentations become providers and its seven modules their
//! courses, one in each subject area; its thirteen regions become places of the Heidekreis; the
//! year of birth is drawn inside the age band; dates are drawn. Nothing of that says anything about
//! the Open University.

use std::path::Path;

use anyhow::{Context as _, Result};

use super::{AFTER, Dice, PLACES, Registration, Synthetic, Town, TownOffer};

/// A module, and the subject, format, CEFR and DQR level that it stands for.
type Module = (&'static str, &'static str, &'static str, &'static str, u32);

const MODULES: [Module; 7] = [
    ("AAA", "1.03", "in-person", "", 0),
    ("BBB", "4.06", "in-person", "A2", 0),
    ("CCC", "5.01", "online", "", 4),
    ("DDD", "3.01", "in-person", "", 0),
    ("EEE", "2.05", "hybrid", "", 0),
    ("FFF", "6.01", "in-person", "", 2),
    ("GGG", "7.01", "in-person", "", 1),
];
/// Words of `highest_education` and our codes.
const BEFORE: [(&str, &str); 5] = [
    ("A Level or Equivalent", "ahr"),
    ("HE Qualification", "academic"),
    ("Lower Than A Level", "msa"),
    ("No Formal quals", "none"),
    ("Post Graduate Qualification", "academic"),
];

impl Synthetic {
    /// Makes registration lists of the file; nothing when it is not there.
    ///
    /// # Errors
    /// When it is there and cannot be read, with the line.
    pub fn of_oulad(file: &Path, seed: u64, nights: u32) -> Result<Option<Self>> {
        if !file.exists() {
            return Ok(None);
        }
        let mut reader = csv::Reader::from_path(file)?;
        let header = reader.headers()?.clone();
        let column = |name: &str| {
            let at = header.iter().position(|known| known == name);
            at.with_context(|| format!("column {name} is missing"))
        };
        let names = [
            "code_module",
            "code_presentation",
            "id_student",
            "gender",
            "region",
            "highest_education",
            "age_band",
            "final_result",
        ];
        let columns: Vec<usize> = names.into_iter().map(column).collect::<Result<_>>()?;
        let mut dice = Dice(seed);
        // The first region that is met may be any place, and so on.
        let mut places: Vec<usize> = (0..PLACES.len()).collect();
        let mut regions: Vec<String> = Vec::new();
        for at in (1..places.len()).rev() {
            places.swap(at, usize::try_from(dice.roll(at as u64 + 1))?);
        }
        let mut towns: Vec<Town> = Vec::new();
        for (line, record) in (2..).zip(reader.records()) {
            let record = record?;
            let text = |at: usize| record.get(columns[at]).unwrap_or_default();
            let what = || format!("line {line}");
            let module = MODULES.iter().find(|(module, ..)| *module == text(0));
            let module = module.with_context(what)?;
            let presentation = text(1).to_lowercase();
            let known = regions.iter().position(|region| region == text(4));
            let region = known.unwrap_or_else(|| {
                regions.push(text(4).to_owned());
                regions.len() - 1
            });
            let before = BEFORE.iter().find(|(word, _)| *word == text(5));
            let night = dice.night(0, nights - 1);
            let later = dice.night(night + 15, night + 90);
            let id = format!("oulad-{presentation}");
            let at = towns.iter().position(|town| town.id == id);
            let at = at.unwrap_or_else(|| {
                towns.push(Town {
                    id,
                    offers: Vec::new(),
                    registrations: Vec::new(),
                });
                towns.len() - 1
            });
            let town = &mut towns[at];
            let offer = offer(module, town);
            town.registrations.push(Registration {
                person: text(2).parse().with_context(what)?,
                offer,
                night,
                states: match text(7) {
                    "Withdrawn" => vec![(night, "enrolled"), (later, "cancelled")],
                    "Fail" => vec![(night, "enrolled"), (later, "not-completed")],
                    _ => vec![(night, "enrolled"), (later, "completed")],
                },
                born: born(&mut dice, text(6))?,
                sex: if text(3) == "F" { "F" } else { "M" },
                place: *places.get(region).with_context(what)?,
                before: before.with_context(what)?.1,
                after: match dice.percent(60) {
                    true => dice.pick(&AFTER),
                    false => "",
                },
                corrected: None,
                removed: None,
            });
        }
        towns.sort_by_key(|town| std::cmp::Reverse(town.registrations.len()));
        Ok(Some(Self {
            providers: towns,
            nights,
        }))
    }
}

/// The course of a module, begun when it is met first.
fn offer((module, subject, format, cefr, dqr): &Module, town: &mut Town) -> usize {
    let id = format!("{}-{module}", town.id);
    let known = town.offers.iter().position(|offer| offer.id == id);
    known.unwrap_or_else(|| {
        town.offers.push(TownOffer {
            id,
            subject,
            format,
            cefr,
            dqr: *dqr,
            funding: "",
        });
        town.offers.len() - 1
    })
}

fn born(dice: &mut Dice, band: &str) -> Result<i16> {
    let (from, years) = match band {
        "0-35" => (1992, 16),
        "35-55" => (1972, 20),
        "55<=" => (1950, 21),
        _ => anyhow::bail!("an age band that is not known"),
    };
    Ok(from + i16::try_from(dice.roll(years))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_attributes_become_lists() {
        let file = Path::new("/work/shared/data/participation/oulad_studentInfo.csv");
        let Some(district) = Synthetic::of_oulad(file, 1, 120).unwrap() else {
            eprintln!("{} is not here: skipped", file.display());
            return;
        };
        assert_eq!(district.registrations(), 32_593);
        assert_eq!(district.providers.len(), 4);
        let places: std::collections::BTreeSet<&str> = district
            .listed(0, 91, "2026-Q3")
            .map(|listed| listed.place.1)
            .collect();
        assert_eq!(places.len(), PLACES.len());
        let old = district
            .listed(0, 91, "2026-Q3")
            .filter(|listed| listed.born < 1972);
        assert!(old.count() < 100, "the band 55<= is rare");
    }
}
