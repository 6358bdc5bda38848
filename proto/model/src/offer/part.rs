//! The parts of an offer. As in [`super::OfferDraft`], everything is free until it is checked.

use serde::{Deserialize, Serialize};

/// One subject area in one classification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Subject))]
pub struct SubjectDraft {
    /// Which classification: code list `subject_scheme` (`dvv-2.0`, `isced-f-2013`, `provider` …).
    pub scheme: String,
    /// The code in it, such as `4.06`; at most 60 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The provider's words for it; at most 255 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// How demanding an offer is, in as many scales as the provider knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Level))]
pub struct LevelDraft {
    /// Common European Framework of Reference for languages: code list `cefr` (A1 to C2).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cefr: String,
    /// Level of the Deutscher Qualifikationsrahmen, 1 to 8 (equal to the EQF level).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dqr: Option<u32>,
    /// ISCED 2011 level, 0 to 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isced2011: Option<u32>,
    /// The provider's words, such as `Einsteiger` or `B1.2`; at most 255 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// A qualification that is asked for or given, so that passages can be followed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Qualification))]
pub struct QualificationDraft {
    /// Its name or the requirement in words. Required; at most 1,000 characters.
    pub title: String,
    /// Code list `qualification`, where it is one of the general ones.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// Level of the Deutscher Qualifikationsrahmen, 1 to 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dqr: Option<u32>,
}

/// What it costs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Price))]
pub struct PriceDraft {
    /// Regular price in euro cents; 0 means free of charge, nothing means not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_cents: Option<u32>,
    /// Reduced price in euro cents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reduced_cents: Option<u32>,
    /// Who pays less, what is included …, in words; at most 10 of 500 characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whom to ask. Role mailboxes and office numbers only: importers drop what names a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Contact))]
pub struct ContactDraft {
    /// A role mailbox, such as `info@…`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub email: String,
    /// An office number; digits, blanks and `+ - / ( ) .`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// A page with a form; `http` or `https`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
}

/// One dated occurrence of an offer (Durchführung; schema.org `CourseInstance`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Run))]
pub struct RunDraft {
    /// Name of the run within its offer. Required; see [`crate::id::RunId`].
    pub id: String,
    /// The provider's number of the run; not unique over semesters. At most 60 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub number: String,
    /// First day, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub start: String,
    /// Last day, `YYYY-MM-DD`. May lie before the start in real data: kept, and warned about.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub end: String,
    /// When it starts, in words, where there is no date; at most 500 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub start_text: String,
    /// Whether one can start at any time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub flexible_start: bool,
    /// Single dates; at most 400.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slots: Vec<SlotDraft>,
    /// Weekly times, Europe/Berlin; at most 14.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weekly: Vec<WeeklySlotDraft>,
    /// Number of dates (not hours; Kufer's `dauer`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_count: Option<u32>,
    /// Teaching hours in hundredths of an Unterrichtseinheit, where it differs from the offer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teaching_units_hundredths: Option<u32>,
    /// How long it takes, in words; at most 500 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub duration_text: String,
    /// In person, online, hybrid …: code list `format`, where it differs from the offer's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub format: String,
    /// Where it takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue: Option<VenueDraft>,
    /// Fewest participants for it to take place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats_minimum: Option<u32>,
    /// Places in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats: Option<u32>,
    /// Places that are free; only where the provider publishes it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free_seats: Option<u32>,
    /// Whether one can still get in: code list `availability`. Never a count of registrations.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub availability: String,
    /// Last day to register, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub registration_deadline: String,
    /// Page to register at; `http` or `https`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub registration_url: String,
    /// Planned, confirmed, cancelled, held: code list `run_status`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// What this run costs, where it differs from the offer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceDraft>,
}

/// One date of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Slot))]
pub struct SlotDraft {
    /// The day, `YYYY-MM-DD`. Required.
    pub date: String,
    /// From, `HH:MM`, Europe/Berlin.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub start: String,
    /// To, `HH:MM`, Europe/Berlin.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub end: String,
}

/// A time that comes back every week.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = WeeklySlot))]
pub struct WeeklySlotDraft {
    /// Day of the week by ISO 8601: 1 is Monday, 7 is Sunday.
    pub weekday: u32,
    /// From, `HH:MM`, Europe/Berlin.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub start: String,
    /// To, `HH:MM`, Europe/Berlin.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub end: String,
}

/// Where a run takes place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Venue))]
pub struct VenueDraft {
    /// Name of the house; at most 255 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Room; at most 255 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// Street and number; at most 255 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub street: String,
    /// Postal code as written, leading zeros kept; at most 12 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub postal_code: String,
    /// Town; at most 255 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub city: String,
    /// Part of the town (Ortsteil); at most 255 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub district: String,
    /// Amtlicher Gemeindeschlüssel: 8 digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub ags: String,
    /// Country, ISO 3166-1 alpha-2; empty means Germany.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub country: String,
    /// Latitude in millionths of a degree, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude_micro: Option<i32>,
    /// Longitude in millionths of a degree, WGS 84.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude_micro: Option<i32>,
    /// Whether one gets in without steps; nothing when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessible: Option<bool>,
}
