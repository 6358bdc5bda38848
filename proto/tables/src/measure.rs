//! Measures: what is counted in a cell.
//!
//! Completions, cancellations and the waiting list are registrations by their status: as cells of a
//! dimension, each of them and each complement (enrolments that are not completed) is a number of its
//! own, with its own sum, and is protected as such.

/// A measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Belegungen.
    Enrolments,
    /// Persons with at least one enrolment, each counted once.
    Persons,
    /// Registrations of whatever status.
    Registrations,
}

/// The words and the source of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The measure's name in data.
    pub id: &'static str,
    /// German definition.
    pub de: &'static str,
    /// English definition.
    pub en: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// Of what it is a number.
    pub unit: &'static str,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 3] = [Self::Enrolments, Self::Persons, Self::Registrations];

    /// Definition, source and unit.
    #[must_use]
    pub const fn definition(self) -> Definition {
        match self {
            Self::Enrolments => Definition {
                id: "ENROLMENTS",
                de: "Belegungen: Anmeldungen, die weder storniert noch auf der Warteliste sind; wer zwei Angebote belegt, zählt zweimal. Gezählt im Quartal der Anmeldung, nicht im Berichtsjahr des Kurses",
                en: "Enrolments: registrations neither cancelled nor on the waiting list; whoever takes two offers counts twice. Counted in the quarter of registration, not in the year in which the course is held",
                source: "VHS-Statistik (DIE), Belegungen; CAL-G3. The quarter is Calluna's own",
                unit: "enrolments",
            },
            Self::Persons => Definition {
                id: "PERSONS",
                de: "Personen mit mindestens einer Belegung; jede zählt je Anbieter und Tabelle einmal, mit den Angaben ihrer ersten Belegung",
                en: "Persons with at least one enrolment; each counts once per provider and table, with the data of her first enrolment",
                source: "Calluna; the VHS-Statistik counts enrolments only",
                unit: "persons",
            },
            Self::Registrations => Definition {
                id: "REGISTRATIONS",
                de: "Anmeldungen gleich welchen Stands: Belegungen, Stornierungen und Warteliste zusammen",
                en: "Registrations of whatever state: enrolments, cancellations and waiting list together",
                source: "Calluna",
                unit: "registrations",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_says_what_it_is_and_where_that_comes_from() {
        let mut ids: Vec<&str> = Measure::ALL
            .iter()
            .map(|known| known.definition().id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), Measure::ALL.len());
        for measure in Measure::ALL {
            let Definition {
                de,
                en,
                source,
                unit,
                ..
            } = measure.definition();
            assert!(de.len() > 10 && en.len() > 10 && source.len() > 5 && !unit.is_empty());
        }
    }
}
