//! A synthetic district: providers, their offers, and registrations that arrive night by night, as
//! a course software would export them. The same seed gives the same district. Nobody in it exists.
//!
//! [`oulad`] makes the same of a real microdata file; there the attributes are those of real,
//! anonymous students, and everything else is synthetic.

pub mod oulad;

use std::fmt::Write as _;

use calluna_model::fixture::{Builder, an_offer};
use calluna_model::offer::{LevelDraft, SubjectDraft};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

/// The first night; quarter 3 closes at night 92.
pub const FIRST: Date = date(2026, 7, 1);

/// Subjects (DVV 2.0 codes), formats, levels and funding of offers, by how often they occur. The
/// second digits are synthetic.
const OFFERS: [(&str, &str, &str, u32, &str); 20] = [
    ("4.06", "in-person", "A1", 0, ""),
    ("4.08", "in-person", "B1", 0, ""),
    ("3.01", "in-person", "", 0, ""),
    ("4.06", "online", "A2", 0, ""),
    ("3.02", "in-person", "", 0, ""),
    ("2.05", "in-person", "", 0, ""),
    ("5.01", "online", "", 4, "bildungsurlaub"),
    ("1.03", "in-person", "", 0, ""),
    ("4.04", "in-person", "A2", 0, "bamf"),
    ("3.04", "hybrid", "", 0, ""),
    ("2.07", "in-person", "", 0, "reduced-fee"),
    ("5.02", "in-person", "", 3, "bildungsgutschein"),
    ("6.01", "in-person", "", 2, ""),
    ("7.01", "in-person", "", 1, ""),
    ("4.11", "hybrid", "B2", 0, ""),
    ("1.05", "online", "", 0, ""),
    ("5.04", "online", "", 5, "aufstiegs-bafoeg"),
    ("6.02", "in-person", "", 3, ""),
    ("7.02", "in-person", "", 1, "other"),
    ("4.02", "online", "C1", 0, ""),
];
/// Postal code, town, municipality key, weight. The last one lies outside of the district.
const PLACES: [(&str, &str, &str, u64); 13] = [
    ("29614", "Soltau", "03358021", 22),
    ("29664", "Walsrode", "03358024", 22),
    ("29633", "Munster", "03358016", 14),
    ("29640", "Schneverdingen", "03358019", 17),
    ("29683", "Bad Fallingbostel", "03358008", 9),
    ("29646", "Bispingen", "03358002", 5),
    ("29643", "Neuenkirchen", "03358017", 4),
    ("29690", "Schwarmstedt", "03358020", 5),
    ("29649", "Wietzendorf", "03358023", 3),
    ("29693", "Hodenhagen", "03358014", 3),
    ("27336", "Rethem (Aller)", "03358018", 2),
    ("29690", "Lindwedel", "03358015", 2),
    ("20095", "Hamburg", "", 6),
];
/// Code list `prior_qualification`, with weights; nothing is said by every ninth.
const BEFORE: [(&str, u64); 9] = [
    ("msa", 24),
    ("ahr", 22),
    ("apprenticeship", 18),
    ("esa", 12),
    ("academic", 12),
    ("fhr", 6),
    ("none", 4),
    ("master-craftsman", 3),
    ("", 12),
];
/// Code list `destination`, with weights.
const AFTER: [(&str, u64); 6] = [
    ("course", 30),
    ("work", 30),
    ("training", 12),
    ("school", 8),
    ("university", 6),
    ("other", 14),
];

/// A small generator of numbers (splitmix64).
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }

    fn percent(&mut self, of: u64) -> bool {
        self.roll(1000) < of * 10
    }

    fn pick<T: Copy>(&mut self, list: &[(T, u64)]) -> T {
        let mut at = self.roll(list.iter().map(|(_, weight)| weight).sum());
        for (value, weight) in list {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return *value,
            }
        }
        list[0].0
    }

    fn place(&mut self) -> usize {
        let all: Vec<(usize, u64)> = PLACES.iter().map(|place| place.3).enumerate().collect();
        self.pick(&all)
    }

    fn night(&mut self, from: u32, to: u32) -> u32 {
        from + u32::try_from(self.roll(u64::from(to.saturating_sub(from)) + 1)).unwrap_or(0)
    }
}

/// An offer of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TownOffer {
    /// Its number in the course software.
    pub id: String,
    /// `dvv-2.0` code such as `4.06`.
    pub subject: &'static str,
    /// Code list `format`.
    pub format: &'static str,
    /// Code list `cefr`, or empty.
    pub cefr: &'static str,
    /// Level of the DQR; 0 for none.
    pub dqr: u32,
    /// Code list `funding`, or empty.
    pub funding: &'static str,
}

impl TownOffer {
    /// The offer as a node publishes it.
    #[must_use]
    pub fn to_offer(&self) -> calluna_model::offer::Offer {
        let Builder(mut draft) = an_offer(&self.id);
        draft.subjects = vec![SubjectDraft {
            scheme: "dvv-2.0".to_owned(),
            code: self.subject.to_owned(),
            label: String::new(),
        }];
        self.format.clone_into(&mut draft.format);
        draft.level = Some(LevelDraft {
            cefr: self.cefr.to_owned(),
            dqr: (self.dqr > 0).then_some(self.dqr),
            ..LevelDraft::default()
        });
        if !self.funding.is_empty() {
            draft.funding = vec![self.funding.to_owned()];
        }
        Builder(draft).build()
    }
}

/// A registration with everything that will happen to it.
#[derive(Clone, Debug)]
struct Registration {
    person: u32,
    offer: usize,
    night: u32,
    /// Night and status from then on (code list `registration_status`), in order.
    states: Vec<(u32, &'static str)>,
    born: i16,
    sex: &'static str,
    place: usize,
    before: &'static str,
    after: &'static str,
    /// From this night on year of birth and place are others: a correction.
    corrected: Option<(u32, i16, usize)>,
    /// From this night on the list does not hold it any more.
    removed: Option<u32>,
}

/// A registration as the list of one night shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    /// Its number in the course software.
    pub number: usize,
    /// The customer's number.
    pub person: u32,
    /// What was registered for.
    pub offer: &'a TownOffer,
    /// Year of birth.
    pub born: i16,
    /// `F`, `M` or `_O`.
    pub sex: &'static str,
    /// Postal code, town and municipality key (empty outside of the district).
    pub place: (&'static str, &'static str, &'static str),
    /// Code list `registration_status`.
    pub status: &'static str,
    /// When it was made.
    pub registered: Date,
    /// Since when the status is what it is.
    pub since: Date,
    /// Code list `prior_qualification`, or empty.
    pub before: &'static str,
    /// Code list `destination`, or empty.
    pub after: &'static str,
}

/// A provider with its registrations.
#[derive(Clone, Debug)]
pub struct Town {
    /// Its id.
    pub id: String,
    /// Its offers.
    pub offers: Vec<TownOffer>,
    registrations: Vec<Registration>,
}

/// A synthetic district.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// Its providers, the largest first.
    pub providers: Vec<Town>,
    /// Nights in which registrations arrive.
    pub nights: u32,
}

impl Synthetic {
    /// A district: few large providers, many small ones.
    #[must_use]
    pub fn new(seed: u64, providers: usize, registrations: usize, nights: u32) -> Self {
        let mut dice = Dice(seed);
        let weight = |rank: usize| 1.0 / (rank as f64 + 1.0);
        let all: f64 = (0..providers).map(weight).sum();
        let towns = (0..providers).map(|rank| {
            let share = registrations as f64 * weight(rank) / all;
            Town::new(&mut dice, rank, (share as usize).max(8), nights)
        });
        Self {
            providers: towns.collect(),
            nights,
        }
    }

    /// All registrations that will ever arrive.
    #[must_use]
    pub fn registrations(&self) -> usize {
        self.providers
            .iter()
            .map(|town| town.registrations.len())
            .sum()
    }

    /// The whole list of a period (such as `2026-Q3`) as a provider's software exports it in a
    /// night, counted from [`FIRST`] as 0. UTF-8, semicolons, German words.
    #[must_use]
    pub fn csv(&self, provider: usize, night: u32, period: &str) -> String {
        let mut text = String::from(HEADER);
        for listed in self.listed(provider, night, period) {
            let word = STATES.iter().find(|(code, _)| *code == listed.status);
            let only = |status: &str| match listed.status == status {
                true => listed.since.to_string(),
                false => String::new(),
            };
            let (postal_code, town, ags) = listed.place;
            // A string takes every line.
            let _ = writeln!(
                text,
                "{};{};{:06};{:05};{};{};{postal_code};{town};{ags};{};{};{};{};{};{}",
                listed.offer.id,
                listed.offer.id,
                listed.number,
                listed.person,
                listed.born,
                match listed.sex {
                    "F" => "w",
                    "M" => "m",
                    _ => "d",
                },
                word.map_or("", |(_, word)| word),
                listed.registered.strftime("%d.%m.%Y"),
                only("cancelled"),
                only("completed"),
                listed.before,
                listed.after,
            );
        }
        text
    }

    /// The same list in parts.
    pub fn listed<'a>(
        &'a self,
        provider: usize,
        night: u32,
        period: &'a str,
    ) -> impl Iterator<Item = Listed<'a>> + 'a {
        let town = &self.providers[provider];
        let numbered = town.registrations.iter().enumerate();
        numbered.filter_map(move |(number, registration)| {
            let gone = registration.removed.is_some_and(|removed| removed <= night);
            let registered = day(registration.night);
            if registration.night > night || gone || quarter(registered) != period {
                return None;
            }
            let state = registration
                .states
                .iter()
                .rev()
                .find(|(from, _)| *from <= night)?;
            let corrected = registration
                .corrected
                .filter(|(from, ..)| *from <= night)
                .map_or(
                    (registration.born, registration.place),
                    |(_, born, place)| (born, place),
                );
            let (postal_code, name, ags, _) = PLACES[corrected.1];
            Some(Listed {
                number: number + 1,
                person: registration.person,
                offer: &town.offers[registration.offer],
                born: corrected.0,
                sex: registration.sex,
                place: (postal_code, name, ags),
                status: state.1,
                registered,
                since: day(state.0),
                before: registration.before,
                after: match state.1 {
                    "completed" => registration.after,
                    _ => "",
                },
            })
        })
    }
}

/// The columns of a list.
const HEADER: &str = "Kursnummer;Durchführung;Anmeldenummer;Kundennummer;Geburtsjahr;Geschlecht;PLZ;Ort;Gemeindeschlüssel;Status;Anmeldedatum;Stornodatum;Abschlussdatum;Vorbildung;Verbleib\n";
/// Words of a course software for the codes of `registration_status`.
const STATES: [(&str, &str); 5] = [
    ("enrolled", "angemeldet"),
    ("waiting", "Warteliste"),
    ("cancelled", "storniert"),
    ("completed", "abgeschlossen"),
    ("not-completed", "abgebrochen"),
];

/// The date of a night.
#[must_use]
pub fn day(night: u32) -> Date {
    FIRST.saturating_add(i64::from(night).days())
}

/// Such as `2026-Q3`.
#[must_use]
pub fn quarter(day: Date) -> String {
    format!("{}-Q{}", day.year(), (day.month() - 1) / 3 + 1)
}

impl Town {
    fn new(dice: &mut Dice, rank: usize, registrations: usize, nights: u32) -> Self {
        // Small ones know one or two things, large ones everything.
        let fields = match registrations {
            ..60 => 2,
            60..300 => 6,
            _ => OFFERS.len(),
        };
        let from = usize::try_from(dice.roll(OFFERS.len() as u64)).unwrap_or(0);
        let offers: Vec<TownOffer> = (0..(registrations / 11).max(2))
            .map(|number| {
                let at = from + number % fields;
                let (subject, format, cefr, dqr, funding) = OFFERS[at % OFFERS.len()];
                TownOffer {
                    id: format!("T{:02}-{:04}", rank + 1, number + 1),
                    subject,
                    format,
                    cefr,
                    dqr,
                    funding,
                }
            })
            .collect();
        let mut nights_of: Vec<u32> = (0..registrations)
            .map(|_| dice.night(0, nights - 1))
            .collect();
        nights_of.sort_unstable();
        let mut made: Vec<Registration> = Vec::with_capacity(registrations);
        let mut persons = 0;
        for night in nights_of {
            // Every fourth registration is of somebody who is there already.
            let known = match made.len() {
                0 => None,
                many if dice.percent(25) => usize::try_from(dice.roll(many as u64)).ok(),
                _ => None,
            };
            let offer = usize::try_from(dice.roll(offers.len() as u64)).unwrap_or(0);
            let registration = match known {
                Some(known) => Registration {
                    offer,
                    night,
                    states: states(dice, night),
                    removed: None,
                    ..made[known].clone()
                },
                None => {
                    persons += 1;
                    Registration::of_new(dice, persons, offer, night)
                }
            };
            made.push(registration);
        }
        Self {
            id: format!("haus-{:02}", rank + 1),
            offers,
            registrations: made,
        }
    }
}

impl Registration {
    fn of_new(dice: &mut Dice, person: u32, offer: usize, night: u32) -> Self {
        let age = dice.pick(&[(14, 4), (20, 9), (29, 16), (41, 28), (56, 27), (69, 16)]);
        let born = 2026 - age + i16::try_from(dice.roll(8)).unwrap_or(0) - 4;
        let place = dice.place();
        Self {
            person,
            offer,
            night,
            states: states(dice, night),
            born,
            sex: dice.pick(&[("F", 66), ("M", 32), ("_O", 2)]),
            place,
            before: dice.pick(&BEFORE),
            after: match dice.percent(60) {
                true => dice.pick(&AFTER),
                false => "",
            },
            corrected: dice.percent(1).then(|| {
                let from = dice.night(night + 2, night + 20);
                (from, born - 10, dice.place())
            }),
            removed: (dice.roll(1000) < 3).then(|| dice.night(night + 2, night + 30)),
        }
    }
}

/// What becomes of a registration: 4 % late cancellations, 9 % begin on the waiting list and most
/// of these move up, two of three are completed at the end.
fn states(dice: &mut Dice, night: u32) -> Vec<(u32, &'static str)> {
    let mut states = vec![(night, "enrolled")];
    let mut enrolled = night;
    if dice.percent(9) {
        states = vec![(night, "waiting")];
        enrolled = dice.night(night + 3, night + 25);
        if dice.percent(40) {
            return states;
        }
        states.push((enrolled, "enrolled"));
    }
    if dice.percent(4) {
        states.push((dice.night(enrolled + 10, enrolled + 40), "cancelled"));
        return states;
    }
    let end = dice.night(enrolled + 30, enrolled + 90);
    match dice.roll(100) {
        0..66 => states.push((end, "completed")),
        66..76 => states.push((end, "not-completed")),
        _ => {}
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_district_and_sizes_are_skewed() {
        let town = Synthetic::new(7, 12, 3_000, 120);
        let again = Synthetic::new(7, 12, 3_000, 120);
        assert_eq!(town.csv(3, 60, "2026-Q3"), again.csv(3, 60, "2026-Q3"));
        let other = Synthetic::new(8, 12, 3_000, 120);
        assert_ne!(town.csv(3, 60, "2026-Q3"), other.csv(3, 60, "2026-Q3"));
        let sizes: Vec<usize> = town
            .providers
            .iter()
            .map(|town| town.registrations.len())
            .collect();
        assert!(sizes[0] > 8 * sizes[11] && (2_800..3_200).contains(&town.registrations()));
    }

    #[test]
    fn lists_grow_change_and_are_cut_by_quarter() {
        let town = Synthetic::new(7, 3, 2_000, 120);
        let many = |night, period| town.listed(0, night, period).count();
        assert!(many(30, "2026-Q3") > many(10, "2026-Q3"));
        assert_eq!(many(91, "2026-Q4"), 0);
        assert!(many(119, "2026-Q4") > 100);
        // Nothing arrives in a quarter after its end, but states go on changing.
        assert!(many(119, "2026-Q3") <= many(91, "2026-Q3"));
        let with = |night, status: &str| {
            town.listed(0, night, "2026-Q3")
                .filter(|listed| listed.status == status)
                .count()
        };
        assert!(with(119, "completed") > with(60, "completed"));
        for status in ["waiting", "cancelled", "not-completed", "completed"] {
            assert!(with(100, status) > 0, "{status}");
        }
        let offers: std::collections::BTreeSet<&str> = town.providers[0]
            .offers
            .iter()
            .map(|offer| offer.subject)
            .collect();
        assert_eq!(offers.len(), 19);
        assert!(
            town.providers[0]
                .offers
                .iter()
                .all(|offer| !offer.to_offer().subjects.is_empty())
        );
    }
}
