//! A synthetic provider: nobody stands behind its registrations. They come night by night as a list,
//! go through the import, and are what a ledger decides about.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail loudly"
)]
#![allow(dead_code, unreachable_pub, reason = "not every test uses everything")]

use std::fmt::Write as _;

use calluna_evidence::Frame;
use calluna_figures::{Figures, Import, Offers, PostalCodes, Secret};
use calluna_ledger::{Asked, Ledger, Occasion};
use calluna_model::id::OfferId;
use calluna_protect::Budget;
use calluna_tables::{Layout, OfferFacts, Region, Rules, Subjects};

/// The frame of the Heidekreis with the seven areas.
pub fn frame() -> Frame {
    Frame::new(Layout::new(
        Region::heidekreis().unwrap(),
        Subjects::areas(),
    ))
}

/// xorshift.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % most
    }

    /// The first of `list` most often.
    pub fn pick<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        let most = list.len() as u64;
        let at = (self.below(most) * self.below(most)) / most;
        &list[usize::try_from(at).unwrap()]
    }
}

/// One registration.
#[derive(Clone, Debug)]
pub struct Row {
    pub person: u64,
    pub course: u64,
    /// The night from which it is in the list.
    pub night: u32,
    /// The night from which it is cancelled.
    pub cancelled: Option<u32>,
    pub waiting: bool,
}

/// Synthetic postal codes with a place.
const PLACES: [&str; 10] = [
    "29614;Soltau",
    "29664;Walsrode",
    "29633;Munster",
    "29640;Schneverdingen",
    "29646;Bispingen",
    "29643;Neuenkirchen",
    "29649;Wietzendorf",
    "29690;Schwarmstedt",
    "20095;Hamburg",
    ";",
];

/// A provider with all its registrations.
#[derive(Clone)]
pub struct Town {
    pub seed: u64,
    pub rows: Vec<Row>,
    home: u64,
}

/// Subject, format, CEFR, funding of a course.
fn course(seed: u64, number: u64) -> OfferFacts {
    let mut dice = Dice::new(seed * 1000 + number);
    let turn = usize::try_from(seed % 7).unwrap();
    let mut areas = ["4", "5", "2", "3", "1", "6", "7"];
    areas.rotate_left(turn);
    let subject = *dice.pick(&areas);
    let cefr = if subject == "4" {
        *dice.pick(&["A1", "B1", "C1"])
    } else {
        ""
    };
    OfferFacts {
        subject: subject.to_owned(),
        format: (*dice.pick(&["in-person", "in-person", "online", "hybrid"])).to_owned(),
        cefr: cefr.to_owned(),
        dqr: None,
        funding: if dice.below(10) < 8 {
            Vec::new()
        } else {
            vec!["bildungsurlaub".to_owned()]
        },
    }
}

/// How many courses a town has.
const COURSES: u64 = 40;

struct Courses(u64);

impl Offers for Courses {
    fn facts(&self, name: &OfferId) -> Option<OfferFacts> {
        let number = name.as_str().strip_prefix('K')?.parse().ok()?;
        (number < COURSES).then(|| course(self.0, number))
    }
}

impl Town {
    /// A provider with so many registrations, made evenly over the nights; two of three are of somebody who has
    /// none yet, one of twenty is cancelled later, one of thirty is on the waiting list.
    pub fn new(seed: u64, registrations: u64, nights: u32) -> Self {
        let mut dice = Dice::new(seed);
        let mut rows: Vec<Row> = (0..registrations)
            .map(|_| {
                let night = u32::try_from(dice.below(u64::from(nights))).unwrap();
                let later = night + 1 + u32::try_from(dice.below(40)).unwrap();
                Row {
                    person: dice.below(registrations * 2),
                    course: dice.below(COURSES) * dice.below(COURSES) / COURSES,
                    night,
                    cancelled: (dice.below(20) == 0).then_some(later),
                    waiting: dice.below(30) == 0,
                }
            })
            .collect();
        rows.sort_by_key(|row| row.night);
        Self {
            seed,
            rows,
            home: dice.below(8),
        }
    }

    /// A provider with these registrations.
    pub fn with(seed: u64, rows: Vec<Row>) -> Self {
        Self {
            seed,
            rows,
            home: 0,
        }
    }

    /// The list as it is on a night.
    pub fn list(&self, night: u32) -> String {
        let mut text = "Kursnummer;Anmeldenummer;TN-Nr;Geburtsjahr;Geschlecht;PLZ;Ort;Status;Vorbildung;Verbleib;Anmeldedatum\n".to_owned();
        for (at, row) in self
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.night <= night)
        {
            let mut dice = Dice::new(self.seed * 1_000_003 + row.person);
            dice.below(2);
            let status = match (row.cancelled, row.waiting) {
                (Some(since), _) if since <= night => "storniert",
                (_, true) => "Warteliste",
                _ => "angemeldet",
            };
            let born = 2026 - 15 - dice.below(65);
            let sex = dice.pick(&["w", "m", "w", "m", "d"]).to_owned();
            let place = if dice.below(2) == 0 {
                PLACES[usize::try_from(self.home).unwrap()]
            } else {
                *dice.pick(&PLACES)
            };
            let before = dice
                .pick(&["", "", "Realschule", "Abitur", "Lehre"])
                .to_owned();
            let after = dice.pick(&["", "", "", "Arbeit", "Studium"]).to_owned();
            let day = row.night % 92;
            writeln!(
                text,
                "K{};{at};{};{born};{sex};{place};{status};{before};{after};{:02}.{:02}.2026",
                row.course,
                row.person + 1,
                day % 30 + 1,
                7 + day / 31,
            )
            .unwrap();
        }
        text
    }

    /// What the import makes of the list of a night.
    pub fn figures(&self, frame: &Frame, night: u32) -> Figures {
        import(frame, self.seed, &self.list(night))
    }

    /// Zeros that everybody knows from the courses.
    pub fn structural(&self, frame: &Frame) -> Vec<bool> {
        let offers: Vec<OfferFacts> = (0..COURSES).map(|at| course(self.seed, at)).collect();
        frame
            .web
            .structural(&frame.layout, &frame.layout.structural(&offers))
    }
}

/// What the import makes of a list.
pub fn import(frame: &Frame, seed: u64, list: &str) -> Figures {
    let postal = PostalCodes::heidekreis().unwrap();
    let courses = Courses(seed);
    let mut import = Import::new(
        &frame.layout,
        &postal,
        &courses,
        "2026-Q3".parse().unwrap(),
        &Secret::new([7; 32]),
    );
    import.read("synthetic.csv", list.as_bytes(), None).unwrap();
    let (figures, report) = import.finish(&frame.web);
    assert_eq!(report.refused_rows, 0, "{report:?}");
    figures
}

/// A question with what is usual.
pub fn asked<'a>(
    frame: &'a Frame,
    rules: &'a Rules,
    figures: &'a Figures,
    structural: &'a [bool],
    occasion: Occasion,
) -> Asked<'a> {
    Asked {
        frame,
        rules,
        figures,
        structural,
        occasion,
        at: 1_790_000_000,
        budget: Budget::default(),
    }
}

/// An empty ledger of the period of all towns.
pub fn ledger() -> Ledger {
    Ledger::new("2026-Q3".parse().unwrap())
}
