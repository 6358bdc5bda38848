//! The offer (Bildungsangebot; schema.org `Course`).
//!
//! An [`OfferDraft`] is what somebody wrote: an importer, a peer, a line of JSON. An [`Offer`] is
//! a draft that passed every rule; there is no other way to get one, and it cannot be changed
//! afterwards. Field names follow schema.org and the crosswalk in `proto/CONTRACT.md`.

mod check;
mod part;
mod tidy;

use std::ops::Deref;

use serde::{Deserialize, Serialize};

pub use self::part::{
    ContactDraft, LevelDraft, PriceDraft, QualificationDraft, RunDraft, SlotDraft, SubjectDraft,
    VenueDraft, WeeklySlotDraft,
};
use crate::finding::Finding;
use crate::id::OfferId;

/// An offer as somebody wrote it: every field free, nothing promised.
///
/// Text is plain UTF-8, an empty text means "not given". The rules are on each field; they are
/// applied by [`Offer::check`]. The tag of each field in the canonical encoding is the number of
/// the field in `offer.proto`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Offer))]
pub struct OfferDraft {
    /// The provider's own stable name of the offer. Required; see [`OfferId`].
    pub id: String,
    /// What it is called. Required, at most 255 characters (the limit of openQ-cat).
    pub title: String,
    /// A second line under the title; at most 255 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subtitle: String,
    /// One paragraph for lists; at most 1,000 characters.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The whole text, plain; at most 30,000 characters (the limit of openQ-cat).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The same text in a safe subset of HTML; at most 40,000 characters. Never shown before it
    /// was cleaned again by whoever shows it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description_html: String,
    /// Kind of event: code list `offer_kind` (the kinds of the VHS-Statistik).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Subject areas in one or more classifications; at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<SubjectDraft>,
    /// Level of the offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<LevelDraft>,
    /// What one must have to take part; at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entry_requirements: Vec<QualificationDraft>,
    /// What one has afterwards; at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub awards: Vec<QualificationDraft>,
    /// What one can do afterwards, one sentence each; at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning_outcomes: Vec<String>,
    /// For whom it is meant; at most 50.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// Words to find it by; at most 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Languages of instruction, BCP 47 (`de`, `en`, `uk`); at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// In person, online, hybrid …: code list `format`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub format: String,
    /// What it costs; a run may say otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceDraft>,
    /// Funding routes: code list `funding`; at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub funding: Vec<String>,
    /// Accessibility features: code list `accessibility`; at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accessibility: Vec<String>,
    /// Whether children are looked after meanwhile; nothing when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub childcare: Option<bool>,
    /// Teaching hours in hundredths of an Unterrichtseinheit of 45 minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teaching_units_hundredths: Option<u32>,
    /// Whom to ask: an office, never a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactDraft>,
    /// Page about the offer; `http` or `https`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Dated occurrences; at most 400.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunDraft>,
    /// When the provider last changed it: a date, or a date and time in RFC 3339.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub modified: String,
}

/// An offer that passed every rule. Reading goes through [`OfferDraft`]'s fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    id: OfferId,
    fields: OfferDraft,
}

impl Offer {
    /// Applies every rule to `draft`.
    ///
    /// # Errors
    /// All broken rules of the draft, each with its field path; never only the first one.
    pub fn check(draft: OfferDraft) -> Result<Self, Vec<Finding>> {
        let findings = check::findings(&draft);
        if !findings.is_empty() {
            return Err(findings);
        }
        match draft.id.parse() {
            Ok(id) => Ok(Self { id, fields: draft }),
            Err(_) => Err(vec![Finding::new("id", "bad-offer-id").value(&draft.id)]),
        }
    }

    /// Brings text into the form that the rules ask for (Unicode NFC, outer blanks and carriage
    /// returns removed, empty list entries dropped), then applies the rules. For importers; a
    /// peer's record is checked as it came.
    ///
    /// # Errors
    /// As [`Offer::check`].
    pub fn tidy(mut draft: OfferDraft) -> Result<Self, Vec<Finding>> {
        draft.tidy();
        Self::check(draft)
    }

    /// The provider's own name of the offer.
    #[must_use]
    pub fn id(&self) -> &OfferId {
        &self.id
    }

    /// The fields, to be written somewhere.
    #[must_use]
    pub fn into_draft(self) -> OfferDraft {
        self.fields
    }
}

impl Deref for Offer {
    type Target = OfferDraft;

    fn deref(&self) -> &OfferDraft {
        &self.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::an_offer;

    #[test]
    fn inv7_every_broken_rule_is_named_with_its_path() {
        let mut draft = an_offer("A-1").build().into_draft();
        draft.title = String::new();
        draft.url = "javascript:alert(1)".into();
        draft.format = "by-post".into();
        draft.runs = vec![RunDraft {
            id: "r1".into(),
            start: "2026-02-30".into(),
            slots: vec![SlotDraft {
                date: "2026-03-01".into(),
                start: "25:00".into(),
                ..SlotDraft::default()
            }],
            ..RunDraft::default()
        }];
        let found = Offer::check(draft).unwrap_err();
        let seen: Vec<_> = found
            .iter()
            .map(|f| (f.field.as_str(), f.rule.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("title", "required"),
                ("format", "bad-code"),
                ("url", "bad-url"),
                ("runs[0].start", "bad-date"),
                ("runs[0].slots[0].start", "bad-time"),
            ]
        );
    }

    #[test]
    fn hidden_characters_are_refused() {
        for title in ["Kurs\u{0}", "Kurs\u{202e}", "a\nb"] {
            let mut draft = an_offer("A-1").build().into_draft();
            draft.title = title.into();
            assert_eq!(
                Offer::check(draft).unwrap_err()[0].rule,
                "control-character",
                "{title:?}"
            );
        }
        let mut draft = an_offer("A-1").build().into_draft();
        draft.description = "first\nsecond\tcolumn".into();
        assert!(Offer::check(draft).is_ok());
    }

    #[test]
    fn tidying_composes_letters_and_drops_blanks() {
        let mut draft = an_offer("A-1").build().into_draft();
        draft.title = "  Ma\u{308}nner kochen \r\n".into();
        draft.keywords = vec!["  ".into(), "Kochen".into()];
        assert_eq!(Offer::check(draft.clone()).unwrap_err()[0].field, "title");
        let offer = Offer::tidy(draft).unwrap();
        assert_eq!(offer.title, "Männer kochen");
        assert_eq!(offer.keywords, ["Kochen"]);
    }

    #[test]
    fn json_refuses_fields_it_does_not_know() {
        assert!(serde_json::from_str::<OfferDraft>(r#"{"id":"a","titel":"x"}"#).is_err());
    }

    #[test]
    fn a_draft_survives_json() {
        let draft = an_offer("A-1").titled("Englisch B1").build().into_draft();
        let text = serde_json::to_string(&draft).unwrap();
        assert_eq!(serde_json::from_str::<OfferDraft>(&text).unwrap(), draft);
    }
}
