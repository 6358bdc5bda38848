//! Builders for tests. Everything made here is synthetic.

use crate::offer::{
    ContactDraft, LevelDraft, Offer, OfferDraft, PriceDraft, QualificationDraft, RunDraft,
    SlotDraft, SubjectDraft, VenueDraft, WeeklySlotDraft,
};

/// Begins an offer that breaks no rule.
#[must_use]
pub fn an_offer(id: &str) -> Builder {
    Builder(OfferDraft {
        id: id.into(),
        title: format!("Kurs {id}"),
        ..OfferDraft::default()
    })
}

/// Changes single fields of an offer before it is built.
#[derive(Clone, Debug)]
pub struct Builder(pub OfferDraft);

impl Builder {
    /// Sets the title.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        self.0.title = title.into();
        self
    }

    /// Sets the description.
    #[must_use]
    pub fn described(mut self, description: &str) -> Self {
        self.0.description = description.into();
        self
    }

    /// The offer.
    ///
    /// # Panics
    /// When the fields break a rule: the test is wrong then.
    #[must_use]
    #[expect(clippy::panic, reason = "only tests build fixtures")]
    pub fn build(self) -> Offer {
        match Offer::check(self.0) {
            Ok(offer) => offer,
            Err(found) => panic!("a fixture breaks a rule: {found:?}"),
        }
    }
}

/// An offer in which every field is filled.
#[must_use]
pub fn full_offer(id: &str) -> Offer {
    let price = PriceDraft {
        amount_cents: Some(8_915),
        reduced_cents: Some(4_845),
        notes: vec!["erm. Preis für Auszubildende".into()],
    };
    Builder(OfferDraft {
        id: id.into(),
        title: "Englisch B1: Auffrischung am Abend".into(),
        subtitle: "Für Wiedereinsteiger/innen".into(),
        summary: "Ein Abendkurs in kleiner Gruppe.".into(),
        description: "Sie frischen Ihr Englisch auf.\nMit Prüfung.".into(),
        description_html: "<p>Sie frischen Ihr Englisch auf.</p><p>Mit Prüfung.</p>".into(),
        kind: "course".into(),
        subjects: vec![SubjectDraft {
            scheme: "dvv-2.0".into(),
            code: "4.06".into(),
            label: "Englisch".into(),
        }],
        level: Some(LevelDraft {
            cefr: "B1".into(),
            dqr: Some(3),
            isced2011: Some(3),
            text: "B1.2".into(),
        }),
        entry_requirements: vec![QualificationDraft {
            title: "Kenntnisse auf Stufe A2".into(),
            ..QualificationDraft::default()
        }],
        awards: vec![QualificationDraft {
            title: "Sprachzertifikat".into(),
            code: "certificate".into(),
            dqr: Some(3),
        }],
        learning_outcomes: vec!["Sie führen ein Gespräch über Alltägliches.".into()],
        audiences: vec!["Erwachsene".into()],
        keywords: vec!["Englisch".into(), "Abendkurs".into()],
        languages: vec!["en".into(), "de".into()],
        format: "in-person".into(),
        price: Some(price.clone()),
        funding: vec!["bildungsurlaub".into()],
        accessibility: vec!["wheelchair".into()],
        childcare: Some(false),
        teaching_units_hundredths: Some(3_000),
        contact: Some(ContactDraft {
            email: "info@vhs.example".into(),
            phone: "05161 000000".into(),
            url: "https://vhs.example/kontakt".into(),
        }),
        url: "https://vhs.example/kurs/1".into(),
        runs: vec![full_run(price)],
        modified: "2026-11-01T08:00:00Z".into(),
    })
    .build()
}

fn full_run(price: PriceDraft) -> RunDraft {
    RunDraft {
        id: "r1".into(),
        number: "26H-40601".into(),
        start: "2027-01-12".into(),
        end: "2027-03-30".into(),
        start_text: "ab Januar".into(),
        flexible_start: true,
        slots: vec![SlotDraft {
            date: "2027-01-12".into(),
            start: "18:30".into(),
            end: "20:00".into(),
        }],
        weekly: vec![WeeklySlotDraft {
            weekday: 2,
            start: "18:30".into(),
            end: "20:00".into(),
        }],
        session_count: Some(15),
        teaching_units_hundredths: Some(3_000),
        duration_text: "15 Abende".into(),
        format: "in-person".into(),
        venue: Some(VenueDraft {
            name: "Kulturzentrum".into(),
            room: "Raum 2".into(),
            street: "Kirchplatz 4".into(),
            postal_code: "29664".into(),
            city: "Walsrode".into(),
            district: "Kernstadt".into(),
            ags: "03358024".into(),
            country: "DE".into(),
            latitude_micro: Some(52_861_000),
            longitude_micro: Some(9_585_000),
            accessible: Some(true),
        }),
        seats_minimum: Some(6),
        seats: Some(12),
        free_seats: Some(3),
        availability: "few".into(),
        registration_deadline: "2027-01-05".into(),
        registration_url: "https://vhs.example/kurs/1/anmelden".into(),
        status: "confirmed".into(),
        price: Some(price),
    }
}
