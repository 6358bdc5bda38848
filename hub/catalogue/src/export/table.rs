//! The catalogue as a table with one row per run: the columns of CSV, of its description and of Parquet.

use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft, VenueDraft};

use super::{Carries, Row, Words};

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Not given.
    Empty,
    /// Text, or a date or a moment as it was written.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Hundredths: euros and teaching hours.
    Hundredths(i64),
    /// Millionths: degrees.
    Millionths(i32),
    /// Yes or no.
    Truth(bool),
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A whole number.
    Whole,
    /// A number with two decimals.
    Hundredths,
    /// A number with six decimals.
    Millionths,
    /// `true` or `false`.
    Truth,
}

/// Where a cell comes from.
pub(super) struct From<'a> {
    row: Row<'a>,
    offer: &'a OfferDraft,
    run: &'a RunDraft,
    venue: &'a VenueDraft,
}

/// One column.
pub(super) struct Column {
    /// Its name.
    pub(super) name: &'static str,
    /// What it holds, in words.
    pub(super) words: Words,
    /// Its type.
    pub(super) kind: Kind,
    /// Its cell.
    pub(super) cell: fn(&From<'_>) -> Cell,
}

macro_rules! columns {
    ($($name:literal $kind:ident $de:literal $en:literal $cell:expr;)*) => {
        &[$(Column {
            name: $name,
            words: Words { de: $de, en: $en },
            kind: Kind::$kind,
            cell: $cell,
        }),*]
    };
}

/// The columns; those that were there first come first.
pub(super) static COLUMNS: &[Column] = columns! {
    "provider" Text "Kennung des Anbieters" "Id of the provider" |f| text(f.row.provider.id.as_str());
    "provider_name" Text "Name des Anbieters" "Name of the provider" |f| text(&f.row.provider.name);
    "offer" Text "Kennung des Angebots beim Anbieter" "Id of the offer at its provider" |f| text(&f.offer.id);
    "title" Text "Titel" "Title" |f| text(&f.offer.title);
    "subject" Text "Themenbereich: Worte des Anbieters, sonst der Code" "Subject area: the provider's words, else the code" subject;
    "level" Text "Niveau: GER, sonst Worte des Anbieters" "Level: CEFR, else the provider's words" level;
    "format" Text "Form der Teilnahme (Codeliste format)" "Way of taking part (code list format)" |f| text(either(&f.run.format, &f.offer.format));
    "run" Text "Kennung des Durchgangs" "Id of the run" |f| text(&f.run.id);
    "number" Text "Kursnummer" "Course number" |f| text(&f.run.number);
    "start" Date "Erster Tag" "First day" |f| text(&f.run.start);
    "end" Date "Letzter Tag" "Last day" |f| text(&f.run.end);
    "venue" Text "Name des Hauses" "Name of the house" |f| text(&f.venue.name);
    "postal_code" Text "Postleitzahl" "Postal code" |f| text(&f.venue.postal_code);
    "city" Text "Ort" "Town" |f| text(&f.venue.city);
    "price_eur" Hundredths "Preis in Euro; 0 heißt kostenlos" "Price in euros; 0 means free of charge" |f| cents(f, |p| p.amount_cents);
    "reduced_eur" Hundredths "Ermäßigter Preis in Euro" "Reduced price in euros" |f| cents(f, |p| p.reduced_cents);
    "availability" Text "Ob noch Plätze frei sind (Codeliste availability)" "Whether places are free (code list availability)" |f| text(&f.run.availability);
    "status" Text "Ob der Durchgang stattfindet (Codeliste run_status)" "Whether the run takes place (code list run_status)" |f| text(&f.run.status);
    "url" Text "Seite über das Angebot" "Page about the offer" |f| text(&f.offer.url);
    "modified" Text "Letzte Änderung beim Anbieter" "Last change at the provider" |f| text(&f.offer.modified);
    "subtitle" Text "Untertitel" "Subtitle" |f| text(&f.offer.subtitle);
    "summary" Text "Kurzer Text" "Short text" |f| text(&f.offer.summary);
    "kind" Text "Art der Veranstaltung (Codeliste offer_kind)" "Kind of event (code list offer_kind)" |f| text(&f.offer.kind);
    "dvv_code" Text "Fachgebiet der Volkshochschulen ab 2018" "Subject area of the Volkshochschulen since 2018" |f| subject_code(f, "dvv-2.0");
    "isced_f" Text "ISCED-Feld 2013" "ISCED field 2013" |f| subject_code(f, "isced-f-2013");
    "languages" Text "Unterrichtssprachen, BCP 47, durch Leerzeichen getrennt" "Languages of instruction, BCP 47, separated by blanks" |f| text(&f.offer.languages.join(" "));
    "funding" Text "Förderwege (Codeliste funding), durch Leerzeichen getrennt" "Funding routes (code list funding), separated by blanks" |f| text(&f.offer.funding.join(" "));
    "accessibility" Text "Barrierefreiheit (Codeliste accessibility), durch Leerzeichen getrennt" "Accessibility (code list accessibility), separated by blanks" |f| text(&f.offer.accessibility.join(" "));
    "childcare" Truth "Ob Kinder betreut werden" "Whether children are looked after" |f| truth(f.offer.childcare);
    "teaching_units" Hundredths "Unterrichtseinheiten zu 45 Minuten" "Teaching units of 45 minutes" |f| units(f);
    "sessions" Whole "Anzahl der Termine" "Number of dates" |f| whole(f.run.session_count);
    "flexible_start" Truth "Ob man jederzeit beginnen kann" "Whether one can start at any time" |f| if f.run.id.is_empty() { Cell::Empty } else { Cell::Truth(f.run.flexible_start) };
    "street" Text "Straße und Hausnummer" "Street and number" |f| text(&f.venue.street);
    "ags" Text "Amtlicher Gemeindeschlüssel des Ortes" "Official municipality key of the place" |f| text(&f.venue.ags);
    "latitude" Millionths "Breite in Grad, WGS 84" "Latitude in degrees, WGS 84" |f| f.venue.latitude_micro.map_or(Cell::Empty, Cell::Millionths);
    "longitude" Millionths "Länge in Grad, WGS 84" "Longitude in degrees, WGS 84" |f| f.venue.longitude_micro.map_or(Cell::Empty, Cell::Millionths);
    "accessible_venue" Truth "Ob der Ort stufenlos erreichbar ist" "Whether the venue is reached without steps" |f| truth(f.venue.accessible);
    "seats" Whole "Plätze" "Places" |f| whole(f.run.seats);
    "free_seats" Whole "Freie Plätze" "Free places" |f| whole(f.run.free_seats);
    "registration_deadline" Date "Letzter Tag der Anmeldung" "Last day to register" |f| text(&f.run.registration_deadline);
    "registration_url" Text "Seite zur Anmeldung" "Page to register at" |f| text(&f.run.registration_url);
};

/// Fields that the columns hold.
pub(super) const CARRIES: Carries = Carries::These(&[
    "id",
    "title",
    "subtitle",
    "summary",
    "kind",
    "subjects",
    "level.cefr",
    "level.text",
    "languages",
    "format",
    "price.amount_cents",
    "price.reduced_cents",
    "funding",
    "accessibility",
    "childcare",
    "teaching_units_hundredths",
    "url",
    "modified",
    "runs.id",
    "runs.number",
    "runs.start",
    "runs.end",
    "runs.flexible_start",
    "runs.session_count",
    "runs.teaching_units_hundredths",
    "runs.format",
    "runs.venue.name",
    "runs.venue.street",
    "runs.venue.postal_code",
    "runs.venue.city",
    "runs.venue.ags",
    "runs.venue.latitude_micro",
    "runs.venue.longitude_micro",
    "runs.venue.accessible",
    "runs.seats",
    "runs.free_seats",
    "runs.availability",
    "runs.registration_deadline",
    "runs.registration_url",
    "runs.status",
    "runs.price.amount_cents",
    "runs.price.reduced_cents",
]);

impl Column {
    /// Whether every row has it.
    pub(super) fn always(&self) -> bool {
        matches!(self.name, "provider" | "provider_name" | "offer" | "title")
    }
}

/// Calls `each` for every run of the row; an offer without runs is one row as well.
pub(super) fn rows<E>(
    row: &Row<'_>,
    mut each: impl FnMut(&From<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let (no_run, no_venue) = (RunDraft::default(), VenueDraft::default());
    let runs = if row.offer.runs.is_empty() {
        std::slice::from_ref(&no_run)
    } else {
        &row.offer.runs
    };
    for run in runs {
        each(&From {
            row: *row,
            offer: row.offer,
            run,
            venue: run.venue.as_ref().unwrap_or(&no_venue),
        })?;
    }
    Ok(())
}

fn text(text: &str) -> Cell {
    if text.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(text.to_owned())
    }
}

fn either<'a>(first: &'a str, second: &'a str) -> &'a str {
    if first.is_empty() { second } else { first }
}

fn truth(value: Option<bool>) -> Cell {
    value.map_or(Cell::Empty, Cell::Truth)
}

fn whole(value: Option<u32>) -> Cell {
    value.map_or(Cell::Empty, |value| Cell::Whole(value.into()))
}

fn hundredths(value: Option<u32>) -> Cell {
    value.map_or(Cell::Empty, |value| Cell::Hundredths(value.into()))
}

fn units(from: &From<'_>) -> Cell {
    let of_run = from.run.teaching_units_hundredths;
    hundredths(of_run.or(from.offer.teaching_units_hundredths))
}

fn cents(from: &From<'_>, pick: fn(&PriceDraft) -> Option<u32>) -> Cell {
    let price = from.run.price.as_ref().or(from.offer.price.as_ref());
    hundredths(price.and_then(pick))
}

fn subject(from: &From<'_>) -> Cell {
    let first = from.offer.subjects.first();
    first.map_or(Cell::Empty, |s| text(either(&s.label, &s.code)))
}

fn subject_code(from: &From<'_>, scheme: &str) -> Cell {
    let mut subjects = from.offer.subjects.iter();
    let found = subjects.find(|subject| subject.scheme == scheme);
    found.map_or(Cell::Empty, |subject| text(&subject.code))
}

fn level(from: &From<'_>) -> Cell {
    let level = from.offer.level.as_ref();
    level.map_or(Cell::Empty, |l| text(either(&l.cefr, &l.text)))
}
