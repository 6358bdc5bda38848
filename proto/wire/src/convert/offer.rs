//! `offer.proto` ↔ [`calluna_model::offer`].

use calluna_model::finding::Finding;
use calluna_model::fingerprint::content_hash;
use calluna_model::id::ContentHash;
use calluna_model::offer::{
    ContactDraft, LevelDraft, Offer, OfferDraft, PriceDraft, QualificationDraft, RunDraft,
    SlotDraft, SubjectDraft, VenueDraft, WeeklySlotDraft,
};
use prost::Message;

use crate::v1 as pb;

/// Reads one record that a peer sent under `id` with the content hash `stated`, and applies every
/// rule to it. `most` is the limit of its length in bytes.
///
/// # Errors
/// All broken rules, each with its field path. What cannot be decoded at all, carries another id,
/// or does not have the stated hash is refused as a whole.
pub fn open_record(
    id: &str,
    stated: &ContentHash,
    bytes: &[u8],
    most: usize,
) -> Result<Offer, Vec<Finding>> {
    let refuse =
        |field: &str, rule: &str| Finding::new(field, rule).of(calluna_model::finding::shorten(id));
    if bytes.len() > most {
        let size = bytes.len().to_string();
        return Err(vec![refuse("", "too-large").value(&size).limit(most)]);
    }
    let Ok(wire) = pb::Offer::decode(bytes) else {
        return Err(vec![refuse("", "unreadable-record")]);
    };
    let offer = Offer::check(wire.into())?;
    if offer.id().as_str() != id {
        return Err(vec![refuse("id", "id-differs").value(offer.id().as_str())]);
    }
    if content_hash(&offer) != *stated {
        return Err(vec![refuse("", "hash-differs").value(&stated.to_string())]);
    }
    Ok(offer)
}

/// The record of an offer, as it is stored and sent.
#[must_use]
pub fn record_of(offer: &Offer) -> Vec<u8> {
    pb::Offer::from(OfferDraft::clone(offer)).encode_to_vec()
}

// === both directions, every field named, no `..`: a field added to the contract stops the build ===

impl From<pb::Subject> for SubjectDraft {
    fn from(from: pb::Subject) -> Self {
        let pb::Subject {
            scheme,
            code,
            label,
        } = from;
        Self {
            scheme,
            code,
            label,
        }
    }
}

impl From<SubjectDraft> for pb::Subject {
    fn from(from: SubjectDraft) -> Self {
        let SubjectDraft {
            scheme,
            code,
            label,
        } = from;
        Self {
            scheme,
            code,
            label,
        }
    }
}

impl From<pb::Level> for LevelDraft {
    fn from(from: pb::Level) -> Self {
        let pb::Level {
            cefr,
            dqr,
            isced2011,
            text,
        } = from;
        Self {
            cefr,
            dqr,
            isced2011,
            text,
        }
    }
}

impl From<LevelDraft> for pb::Level {
    fn from(from: LevelDraft) -> Self {
        let LevelDraft {
            cefr,
            dqr,
            isced2011,
            text,
        } = from;
        Self {
            cefr,
            dqr,
            isced2011,
            text,
        }
    }
}

impl From<pb::Qualification> for QualificationDraft {
    fn from(from: pb::Qualification) -> Self {
        let pb::Qualification { title, code, dqr } = from;
        Self { title, code, dqr }
    }
}

impl From<QualificationDraft> for pb::Qualification {
    fn from(from: QualificationDraft) -> Self {
        let QualificationDraft { title, code, dqr } = from;
        Self { title, code, dqr }
    }
}

impl From<pb::Price> for PriceDraft {
    fn from(from: pb::Price) -> Self {
        let pb::Price {
            amount_cents,
            reduced_cents,
            notes,
        } = from;
        Self {
            amount_cents,
            reduced_cents,
            notes,
        }
    }
}

impl From<PriceDraft> for pb::Price {
    fn from(from: PriceDraft) -> Self {
        let PriceDraft {
            amount_cents,
            reduced_cents,
            notes,
        } = from;
        Self {
            amount_cents,
            reduced_cents,
            notes,
        }
    }
}

impl From<pb::Contact> for ContactDraft {
    fn from(from: pb::Contact) -> Self {
        let pb::Contact { email, phone, url } = from;
        Self { email, phone, url }
    }
}

impl From<ContactDraft> for pb::Contact {
    fn from(from: ContactDraft) -> Self {
        let ContactDraft { email, phone, url } = from;
        Self { email, phone, url }
    }
}

impl From<pb::Slot> for SlotDraft {
    fn from(from: pb::Slot) -> Self {
        let pb::Slot { date, start, end } = from;
        Self { date, start, end }
    }
}

impl From<SlotDraft> for pb::Slot {
    fn from(from: SlotDraft) -> Self {
        let SlotDraft { date, start, end } = from;
        Self { date, start, end }
    }
}

impl From<pb::WeeklySlot> for WeeklySlotDraft {
    fn from(from: pb::WeeklySlot) -> Self {
        let pb::WeeklySlot {
            weekday,
            start,
            end,
        } = from;
        Self {
            weekday,
            start,
            end,
        }
    }
}

impl From<WeeklySlotDraft> for pb::WeeklySlot {
    fn from(from: WeeklySlotDraft) -> Self {
        let WeeklySlotDraft {
            weekday,
            start,
            end,
        } = from;
        Self {
            weekday,
            start,
            end,
        }
    }
}

impl From<pb::Venue> for VenueDraft {
    fn from(from: pb::Venue) -> Self {
        let pb::Venue {
            name,
            room,
            street,
            postal_code,
            city,
            district,
            ags,
            country,
            latitude_micro,
            longitude_micro,
            accessible,
        } = from;
        Self {
            name,
            room,
            street,
            postal_code,
            city,
            district,
            ags,
            country,
            latitude_micro,
            longitude_micro,
            accessible,
        }
    }
}

impl From<VenueDraft> for pb::Venue {
    fn from(from: VenueDraft) -> Self {
        let VenueDraft {
            name,
            room,
            street,
            postal_code,
            city,
            district,
            ags,
            country,
            latitude_micro,
            longitude_micro,
            accessible,
        } = from;
        Self {
            name,
            room,
            street,
            postal_code,
            city,
            district,
            ags,
            country,
            latitude_micro,
            longitude_micro,
            accessible,
        }
    }
}

impl From<pb::Run> for RunDraft {
    fn from(from: pb::Run) -> Self {
        let pb::Run {
            id,
            number,
            start,
            end,
            start_text,
            flexible_start,
            slots,
            weekly,
            session_count,
            teaching_units_hundredths,
            duration_text,
            format,
            venue,
            seats_minimum,
            seats,
            free_seats,
            availability,
            registration_deadline,
            registration_url,
            status,
            price,
        } = from;
        Self {
            id,
            number,
            start,
            end,
            start_text,
            flexible_start,
            slots: slots.into_iter().map(Into::into).collect(),
            weekly: weekly.into_iter().map(Into::into).collect(),
            session_count,
            teaching_units_hundredths,
            duration_text,
            format,
            venue: venue.map(Into::into),
            seats_minimum,
            seats,
            free_seats,
            availability,
            registration_deadline,
            registration_url,
            status,
            price: price.map(Into::into),
        }
    }
}

impl From<RunDraft> for pb::Run {
    fn from(from: RunDraft) -> Self {
        let RunDraft {
            id,
            number,
            start,
            end,
            start_text,
            flexible_start,
            slots,
            weekly,
            session_count,
            teaching_units_hundredths,
            duration_text,
            format,
            venue,
            seats_minimum,
            seats,
            free_seats,
            availability,
            registration_deadline,
            registration_url,
            status,
            price,
        } = from;
        Self {
            id,
            number,
            start,
            end,
            start_text,
            flexible_start,
            slots: slots.into_iter().map(Into::into).collect(),
            weekly: weekly.into_iter().map(Into::into).collect(),
            session_count,
            teaching_units_hundredths,
            duration_text,
            format,
            venue: venue.map(Into::into),
            seats_minimum,
            seats,
            free_seats,
            availability,
            registration_deadline,
            registration_url,
            status,
            price: price.map(Into::into),
        }
    }
}

impl From<pb::Offer> for OfferDraft {
    fn from(from: pb::Offer) -> Self {
        let pb::Offer {
            id,
            title,
            subtitle,
            summary,
            description,
            description_html,
            kind,
            subjects,
            level,
            entry_requirements,
            awards,
            learning_outcomes,
            audiences,
            keywords,
            languages,
            format,
            price,
            funding,
            accessibility,
            childcare,
            teaching_units_hundredths,
            contact,
            url,
            runs,
            modified,
        } = from;
        Self {
            id,
            title,
            subtitle,
            summary,
            description,
            description_html,
            kind,
            subjects: subjects.into_iter().map(Into::into).collect(),
            level: level.map(Into::into),
            entry_requirements: entry_requirements.into_iter().map(Into::into).collect(),
            awards: awards.into_iter().map(Into::into).collect(),
            learning_outcomes,
            audiences,
            keywords,
            languages,
            format,
            price: price.map(Into::into),
            funding,
            accessibility,
            childcare,
            teaching_units_hundredths,
            contact: contact.map(Into::into),
            url,
            runs: runs.into_iter().map(Into::into).collect(),
            modified,
        }
    }
}

impl From<OfferDraft> for pb::Offer {
    fn from(from: OfferDraft) -> Self {
        let OfferDraft {
            id,
            title,
            subtitle,
            summary,
            description,
            description_html,
            kind,
            subjects,
            level,
            entry_requirements,
            awards,
            learning_outcomes,
            audiences,
            keywords,
            languages,
            format,
            price,
            funding,
            accessibility,
            childcare,
            teaching_units_hundredths,
            contact,
            url,
            runs,
            modified,
        } = from;
        Self {
            id,
            title,
            subtitle,
            summary,
            description,
            description_html,
            kind,
            subjects: subjects.into_iter().map(Into::into).collect(),
            level: level.map(Into::into),
            entry_requirements: entry_requirements.into_iter().map(Into::into).collect(),
            awards: awards.into_iter().map(Into::into).collect(),
            learning_outcomes,
            audiences,
            keywords,
            languages,
            format,
            price: price.map(Into::into),
            funding,
            accessibility,
            childcare,
            teaching_units_hundredths,
            contact: contact.map(Into::into),
            url,
            runs: runs.into_iter().map(Into::into).collect(),
            modified,
        }
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::fixture::full_offer;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_full_offer_survives_the_wire() {
        let offer = full_offer("A-1");
        let record = record_of(&offer);
        let back = open_record("A-1", &content_hash(&offer), &record, 65_536).unwrap();
        assert_eq!(back, offer);
    }

    /// The hash stands for the meaning: a peer that writes its fields in another order is right too.
    #[test]
    fn the_order_of_fields_on_the_wire_does_not_matter() {
        let offer = calluna_model::fixture::an_offer("A-1")
            .titled("Kochen")
            .build();
        let mut swapped = Vec::new();
        swapped.extend_from_slice(&[0x12, 6]);
        swapped.extend_from_slice(b"Kochen");
        swapped.extend_from_slice(&[0x0a, 3]);
        swapped.extend_from_slice(b"A-1");
        assert_ne!(swapped, record_of(&offer));
        assert!(open_record("A-1", &content_hash(&offer), &swapped, 65_536).is_ok());
    }

    #[test]
    fn inv7_a_record_is_refused_by_name_and_never_panics() {
        let offer = full_offer("A-1");
        let hash = content_hash(&offer);
        let record = record_of(&offer);
        let rule = |found: Result<Offer, Vec<Finding>>| found.unwrap_err()[0].rule.clone();
        assert_eq!(rule(open_record("A-1", &hash, &record, 100)), "too-large");
        assert_eq!(
            rule(open_record("A-2", &hash, &record, 65_536)),
            "id-differs"
        );
        assert_eq!(
            rule(open_record("A-1", &ContentHash([0; 32]), &record, 65_536)),
            "hash-differs"
        );
        assert_eq!(
            rule(open_record("A-1", &hash, &record[..40], 65_536)),
            "unreadable-record"
        );
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _refused = open_record("A-1", &ContentHash([0; 32]), &bytes, 65_536);
        }

        #[test]
        fn a_damaged_record_never_panics(at in 0_usize..900, value in any::<u8>()) {
            let offer = full_offer("A-1");
            let mut record = record_of(&offer);
            let length = record.len();
            record[at % length] = value;
            let _either = open_record("A-1", &content_hash(&offer), &record, 65_536);
        }
    }
}
