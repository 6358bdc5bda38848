//! From a registration list to tables of counts. The only crate that sees a registration.
//!
//! # For the data-protection officer
//!
//! **What is read.** One row of the list is one registration. Of each row only the columns named in
//! `data/columns.csv` (or in the operator's mapping) are looked at: course, run, number of the
//! registration, what tells persons apart, birth, sex, residence, status and its dates, prior
//! qualification, destination, funding. No other column is touched.
//!
//! **What becomes of a row.** It exists for one turn of a loop. Out of it come codes (age group,
//! sex, municipality …), a keyed hash of the person and the line number; then its cells are
//! overwritten. The type that holds it cannot be printed, copied or serialised, which the compiler
//! checks, and this crate has no means to log, to write a file or to speak to a network. Faults name
//! file, line, column letter and rule. They never quote a cell, a header or the name of a sheet: in
//! a list without header those would be somebody's data.
//!
//! **What comes out.** The numbers of a fixed set of tables ([`calluna_tables::Web`]), and for each
//! person a hash with what she adds to which number. Both are *unprotected*; nothing may be
//! published of them before the protection of the node has decided.
//!
//! **Why the node has to remember persons at all.** Whoever compares the figures of two nights sees
//! who came in between. Rule N therefore lets persons into the published figures in groups of at
//! least five, and for that the node must know, from one import to the next, whom it has let in and
//! whose data changed. Names are not needed for it, only "the same as before".
//!
//! **How.** BLAKE3 with a key, over the person's number in the course software; where the list has
//! none, over family name, given name and birth; where it has no names either, over birth, sex and
//! postal code. Text is made alike first (case, umlauts, hyphens), so that `Müller` and `MUELLER`
//! are one. The key of a period comes from the period and a secret of the node ([`Secret`]), 32
//! random bytes that never leave it.
//!
//! | question | answer |
//! |---|---|
//! | Are the hashes anonymous? | No: pseudonymous (Art. 4 no. 5 GDPR), since the node holds the key. With the numbers of a person they are a profile of her. They are personal data and treated so. |
//! | Why keyed? | Names and birth dates can be tried out. Without the key, a stolen store says nothing about anybody whom one might guess; with it, it does. So the key lies apart from the store and belongs in no backup of it. |
//! | Can somebody be followed over quarters? | No. Every period has its own key, so the same person has unrelated hashes. |
//! | How long? | Until the period is closed and its time for corrections is over; then hashes and profiles of that period go. The counts that were published stay: they are anonymous by then. What keeps the hashes enforces this; this crate keeps nothing. |
//! | A person asks for deletion? | The row is taken out of the course software and the list is imported again: that person's registrations no longer count, and rule N decides when the figures may show it. |
//! | Two persons taken for one? | By number: no. By name: only with the same name and birth. By attributes: yes, often; then the number of persons is too low, and thresholds err on the safe side. By a customer number that a family or a firm shares: yes, likewise. The basis is in [`Report::basis`] and belongs in the quality notes. |
//! | One person taken for two? | If her number, or the spelling of her name beyond case and umlauts, changes between two lists: she counts as one gone and one new. If a list names one person by two numbers, or (by attributes) with two postal codes, she counts as two: mend it at the source. |
//!
//! **Limits, plainly.** The bytes of the file belong to the caller, who should overwrite them
//! after use. `calluna-tabular` overwrites its own decoded text and sheets; what the libraries below
//! it (CSV, XLSX, ZIP) buffer while they read is freed and not overwritten. So the importing
//! process must be short-lived, write no core dump and be kept from swapping; that is its caller's
//! part. A notice such as "line 17: sex is not a known word" says nothing to whoever does not have
//! the list, and is for the person at the node only.
//!
//! # Which registrations count
//!
//! A registration belongs to the period in which it was made (column `registered`), because that
//! never changes afterwards: a later cancellation or completion corrects the same period. Without
//! a date it belongs to the period that the operator names. The VHS-Statistik counts by the year in
//! which a course is held, so both agree over years and not by quarter.
//!
//! The same registration (person, offer, run, number of the registration) counts once however often
//! it stands in the files; of several states the furthest counts, in whatever order rows stand.
//!
//! # Columns
//!
//! Columns are found by their names (`data/columns.csv`); a mapping says otherwise where it must:
//!
//! ```toml
//! sheet = "Anmeldungen"         # of a workbook; the first with content otherwise
//! [columns]
//! offer = "Veranstaltung"       # fields are the targets of data/columns.csv
//! [defaults]
//! sex = "w"                     # for every row whose cell is empty
//! identity = "name"             # id, name or attributes: what tells persons apart
//! ```
//!
//! Without a status column a registration is an enrolment unless it has a date of cancellation or
//! completion. Rows without offer, person or with an unreadable status or date are refused; what
//! else cannot be read counts as unknown and is told.
//!
//! | module | holds |
//! |---|---|
//! | `registration` | one row; crate-private |
//! | `read` | rows into codes, columns found by name or mapping |
//! | [`fault`] | file, line, column, rule |
//! | [`identity`] | keyed hashes of persons |
//! | [`postal`] | residence from postal codes |
//! | [`offers`] | what a registration takes from its offer |
//! | [`tally`] | numbers, and what each person adds to them |

pub mod fault;
pub mod identity;
pub mod offers;
pub mod postal;
mod read;
mod registration;
pub mod tally;

use calluna_tables::{Layout, Period, Web};
pub use calluna_tabular::{InvalidMapping, Mapping};

pub use self::fault::{Fault, Rule};
pub use self::identity::{Basis, PersonHash, Secret};
pub use self::offers::{KnownOffer, OfferIndex, Offers};
pub use self::postal::PostalCodes;
pub use self::tally::{Figures, Person, Touch};

use self::fault::Faults;
use self::identity::PeriodKey;
use self::read::Reader;
use self::tally::Coded;

/// What an import has to say besides its figures. It holds line numbers and counts, no values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows that were refused, by rule and column.
    pub refused: Vec<Fault>,
    /// Rows that count, with something that was noticed (an unknown offer, an unreadable age).
    pub notices: Vec<Fault>,
    /// What told persons apart; nothing when no file was read.
    pub basis: Option<Basis>,
    /// Which fields were found in the first file: our name of the field, and its column from 0.
    pub columns: Vec<(&'static str, usize)>,
    /// Rows in all files.
    pub rows: u64,
    /// Rows that were refused.
    pub refused_rows: u64,
    /// Rows of another period.
    pub other_period: u64,
    /// Rows that repeat a registration.
    pub repeated: u64,
    /// Registrations that count.
    pub counted: u64,
}

/// An import of one period: files are read one after the other, then counted together.
///
/// A list is always the whole list of its period: what is not in it is no longer there.
pub struct Import<'a> {
    layout: &'a Layout,
    postal: &'a PostalCodes,
    offers: &'a dyn Offers,
    period: Period,
    key: PeriodKey,
    files: Vec<String>,
    rows: Vec<Coded>,
    refused: Faults,
    notices: Faults,
    report: Report,
}

impl<'a> Import<'a> {
    /// Begins an import.
    #[must_use]
    pub fn new(
        layout: &'a Layout,
        postal: &'a PostalCodes,
        offers: &'a dyn Offers,
        period: Period,
        secret: &Secret,
    ) -> Self {
        Self {
            layout,
            postal,
            offers,
            period,
            key: secret.of(period),
            files: Vec::new(),
            rows: Vec::new(),
            refused: Faults::default(),
            notices: Faults::default(),
            report: Report::default(),
        }
    }

    /// Reads one file, CSV or XLSX. `name` is the file's name as people know it.
    ///
    /// # Errors
    /// When the file as a whole cannot be used; then nothing of it counts.
    pub fn read(
        &mut self,
        name: &str,
        bytes: &[u8],
        mapping: Option<&Mapping>,
    ) -> Result<(), Fault> {
        let reader = Reader {
            layout: self.layout,
            postal: self.postal,
            offers: self.offers,
            period: self.period,
            key: &self.key,
        };
        let number =
            u16::try_from(self.files.len()).map_err(|_| Fault::of_file(name, Rule::TooLarge))?;
        let taken = reader.read(name, number, bytes, mapping)?;
        if self.report.basis.is_some() && self.report.basis != taken.basis {
            // Told apart by different columns, one person would count as two.
            return Err(Fault::of_file(name, Rule::IdentityDiffers));
        }
        if self.files.is_empty() {
            self.report.columns = taken.columns;
        }
        self.files.push(name.to_owned());
        self.rows.extend(taken.rows);
        self.refused.append(taken.refused);
        self.notices.append(taken.notices);
        self.report.basis = taken.basis;
        self.report.rows += taken.seen;
        self.report.refused_rows += taken.refused_rows;
        self.report.other_period += taken.other_period;
        Ok(())
    }

    /// Counts what was read into the numbers of `web`, the web of the same layout.
    #[must_use]
    pub fn finish(mut self, web: &Web) -> (Figures, Report) {
        let rows = std::mem::take(&mut self.rows);
        let taken = rows.len() as u64;
        let (figures, repeated) =
            tally::tally(self.layout, web, rows, &self.files, &mut self.notices);
        let report = Report {
            refused: self.refused.into_sorted(),
            notices: self.notices.into_sorted(),
            repeated,
            counted: taken - repeated,
            ..self.report
        };
        (figures, report)
    }
}
