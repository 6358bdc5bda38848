//! Canonical bytes, content hash and catalogue digest.
//!
//! `proto/CONTRACT.md` specifies all three in prose, with the test vectors that the tests below
//! read from `proto/model/vectors/`; another implementation can be checked against them.
//!
//! In short: the canonical encoding of a record is, for every field that is present, in ascending
//! order of its number in `offer.proto`: the number (2 bytes, big-endian), the length of the value
//! (4 bytes, big-endian), the value. Text is UTF-8, whole numbers are 8 bytes big-endian two's
//! complement, truth values one byte, records are nested, lists repeat the field. Absent or empty
//! fields leave no trace. The content hash is BLAKE3 over `calluna-offer-v1\n` and those bytes.

use crate::id::{ContentHash, Digest};
use crate::offer::{
    ContactDraft, LevelDraft, Offer, OfferDraft, PriceDraft, QualificationDraft, RunDraft,
    SlotDraft, SubjectDraft, VenueDraft, WeeklySlotDraft,
};

const OFFER_DOMAIN: &[u8] = b"calluna-offer-v1\n";
const DIGEST_DOMAIN: &[u8] = b"calluna-digest-v1\n";

/// The content hash of an offer.
#[must_use]
pub fn content_hash(offer: &Offer) -> ContentHash {
    ContentHash(*blake3::hash(&canonical_bytes(offer)).as_bytes())
}

/// The canonical encoding of an offer, the domain line included.
#[must_use]
pub fn canonical_bytes(offer: &Offer) -> Vec<u8> {
    let mut out = Canon(Vec::with_capacity(4_096));
    out.0.extend_from_slice(OFFER_DOMAIN);
    offer.write(&mut out);
    out.0
}

/// The digest of a catalogue in which nothing is.
#[must_use]
pub fn empty_digest() -> Digest {
    Digester::default().finish()
}

/// Computes the digest of a catalogue from its (offer id, content hash) pairs.
///
/// BLAKE3 over `calluna-digest-v1\n` and, for every offer in ascending byte order of its id: the
/// length of the id (4 bytes, big-endian), the id, the content hash.
pub struct Digester {
    hasher: blake3::Hasher,
    count: u64,
    last: String,
    ascending: bool,
    pending: Vec<u8>,
}

impl Default for Digester {
    fn default() -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(DIGEST_DOMAIN);
        Self {
            hasher,
            count: 0,
            last: String::new(),
            ascending: true,
            pending: Vec::with_capacity(1 << 16),
        }
    }
}

impl Digester {
    /// Adds one pair. Pairs must come in ascending byte order of the id, each id once.
    pub fn add(&mut self, id: &str, hash: &ContentHash) {
        if self.count > 0 && id <= self.last.as_str() {
            self.ascending = false;
        }
        self.last.clear();
        self.last.push_str(id);
        self.count += 1;
        // Ids are bounded far below 4 GiB; the length cannot be cut off here.
        self.pending
            .extend_from_slice(&u32::try_from(id.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.pending.extend_from_slice(id.as_bytes());
        self.pending.extend_from_slice(&hash.0);
        if self.pending.len() > 60_000 {
            self.hasher.update(&self.pending);
            self.pending.clear();
        }
    }

    /// How many pairs were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether every id so far was greater than the one before; if not, the digest is of no use.
    #[must_use]
    pub fn ascending(&self) -> bool {
        self.ascending
    }

    /// The digest over all pairs.
    #[must_use]
    pub fn finish(mut self) -> Digest {
        self.hasher.update(&self.pending);
        Digest(*self.hasher.finalize().as_bytes())
    }
}

impl std::fmt::Debug for Digester {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digester({} pairs)", self.count)
    }
}

/// Bytes in the canonical encoding. A field is written only when it is present.
struct Canon(Vec<u8>);

impl Canon {
    fn value(&mut self, tag: u16, value: &[u8]) {
        self.0.extend_from_slice(&tag.to_be_bytes());
        // A record is bounded by 64 KiB, so no value reaches 4 GiB.
        self.0
            .extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.extend_from_slice(value);
    }

    fn text(&mut self, tag: u16, text: &str) {
        if !text.is_empty() {
            self.value(tag, text.as_bytes());
        }
    }

    fn texts(&mut self, tag: u16, list: &[String]) {
        list.iter()
            .for_each(|item| self.value(tag, item.as_bytes()));
    }

    fn number(&mut self, tag: u16, number: Option<impl Into<i64>>) {
        if let Some(number) = number {
            self.value(tag, &number.into().to_be_bytes());
        }
    }

    fn truth(&mut self, tag: u16, truth: Option<bool>) {
        if let Some(truth) = truth {
            self.value(tag, &[u8::from(truth)]);
        }
    }

    fn record(&mut self, tag: u16, record: &impl Record) {
        self.0.extend_from_slice(&tag.to_be_bytes());
        let at = self.0.len();
        self.0.extend_from_slice(&[0; 4]);
        record.write(self);
        let length = u32::try_from(self.0.len() - at - 4).unwrap_or(u32::MAX);
        if let Some(place) = self.0.get_mut(at..at + 4) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    fn records(&mut self, tag: u16, list: &[impl Record]) {
        list.iter().for_each(|item| self.record(tag, item));
    }
}

/// A record that can write its fields in ascending order of their numbers.
trait Record {
    fn write(&self, out: &mut Canon);
}

impl Record for OfferDraft {
    fn write(&self, out: &mut Canon) {
        // Every field is named, no `..`: a new field stops the build here.
        let Self {
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
        } = self;
        out.text(1, id);
        out.text(2, title);
        out.text(3, subtitle);
        out.text(4, summary);
        out.text(5, description);
        out.text(6, description_html);
        out.text(7, kind);
        out.records(8, subjects);
        if let Some(level) = level {
            out.record(9, level);
        }
        out.records(10, entry_requirements);
        out.records(11, awards);
        out.texts(12, learning_outcomes);
        out.texts(13, audiences);
        out.texts(14, keywords);
        out.texts(15, languages);
        out.text(16, format);
        if let Some(price) = price {
            out.record(17, price);
        }
        out.texts(18, funding);
        out.texts(19, accessibility);
        out.truth(20, *childcare);
        out.number(21, *teaching_units_hundredths);
        if let Some(contact) = contact {
            out.record(22, contact);
        }
        out.text(23, url);
        out.records(24, runs);
        out.text(25, modified);
    }
}

impl Record for SubjectDraft {
    fn write(&self, out: &mut Canon) {
        let Self {
            scheme,
            code,
            label,
        } = self;
        out.text(1, scheme);
        out.text(2, code);
        out.text(3, label);
    }
}

impl Record for LevelDraft {
    fn write(&self, out: &mut Canon) {
        let Self {
            cefr,
            dqr,
            isced2011,
            text,
        } = self;
        out.text(1, cefr);
        out.number(2, *dqr);
        out.number(3, *isced2011);
        out.text(4, text);
    }
}

impl Record for QualificationDraft {
    fn write(&self, out: &mut Canon) {
        let Self { title, code, dqr } = self;
        out.text(1, title);
        out.text(2, code);
        out.number(3, *dqr);
    }
}

impl Record for PriceDraft {
    fn write(&self, out: &mut Canon) {
        let Self {
            amount_cents,
            reduced_cents,
            notes,
        } = self;
        out.number(1, *amount_cents);
        out.number(2, *reduced_cents);
        out.texts(3, notes);
    }
}

impl Record for ContactDraft {
    fn write(&self, out: &mut Canon) {
        let Self { email, phone, url } = self;
        out.text(1, email);
        out.text(2, phone);
        out.text(3, url);
    }
}

impl Record for RunDraft {
    fn write(&self, out: &mut Canon) {
        let Self {
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
        } = self;
        out.text(1, id);
        out.text(2, number);
        out.text(3, start);
        out.text(4, end);
        out.text(5, start_text);
        out.truth(6, flexible_start.then_some(true));
        out.records(7, slots);
        out.records(8, weekly);
        out.number(9, *session_count);
        out.number(10, *teaching_units_hundredths);
        out.text(11, duration_text);
        out.text(12, format);
        if let Some(venue) = venue {
            out.record(13, venue);
        }
        out.number(14, *seats_minimum);
        out.number(15, *seats);
        out.number(16, *free_seats);
        out.text(17, availability);
        out.text(18, registration_deadline);
        out.text(19, registration_url);
        out.text(20, status);
        if let Some(price) = price {
            out.record(21, price);
        }
    }
}

impl Record for SlotDraft {
    fn write(&self, out: &mut Canon) {
        let Self { date, start, end } = self;
        out.text(1, date);
        out.text(2, start);
        out.text(3, end);
    }
}

impl Record for WeeklySlotDraft {
    fn write(&self, out: &mut Canon) {
        let Self {
            weekday,
            start,
            end,
        } = self;
        out.number(1, Some(*weekday));
        out.text(2, start);
        out.text(3, end);
    }
}

impl Record for VenueDraft {
    fn write(&self, out: &mut Canon) {
        let Self {
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
        } = self;
        out.text(1, name);
        out.text(2, room);
        out.text(3, street);
        out.text(4, postal_code);
        out.text(5, city);
        out.text(6, district);
        out.text(7, ags);
        out.text(8, country);
        out.number(9, *latitude_micro);
        out.number(10, *longitude_micro);
        out.truth(11, *accessible);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::fixture::{an_offer, full_offer};

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// The vectors that `CONTRACT.md` gives to other implementations.
    #[test]
    fn published_vectors_hold() {
        for line in include_str!("../vectors/content-hash.jsonl").lines() {
            let vector: serde_json::Value = serde_json::from_str(line).unwrap();
            let draft = serde_json::from_value(vector["offer"].clone()).unwrap();
            let offer = Offer::check(draft).unwrap();
            if let Some(bytes) = vector["canonical"].as_str() {
                assert_eq!(hex(&canonical_bytes(&offer)), bytes);
            }
            assert_eq!(
                content_hash(&offer).to_string(),
                vector["content_hash"].as_str().unwrap()
            );
        }
    }

    #[test]
    fn published_digests_hold() {
        for line in include_str!("../vectors/digest.jsonl").lines() {
            let vector: serde_json::Value = serde_json::from_str(line).unwrap();
            let mut digester = Digester::default();
            for pair in vector["pairs"].as_array().unwrap() {
                let hash = pair[1].as_str().unwrap().parse().unwrap();
                digester.add(pair[0].as_str().unwrap(), &hash);
            }
            assert!(digester.ascending());
            assert_eq!(
                digester.finish().to_string(),
                vector["digest"].as_str().unwrap()
            );
        }
    }

    /// Prints the vectors, for the day when a field is added on purpose.
    #[test]
    #[ignore = "prints the vector files; run by hand with --nocapture after a wanted change"]
    fn print_vectors() {
        let small = an_offer("A-1").titled("Männer kochen").build();
        for (offer, whole) in [(small, true), (full_offer("VHS.2026~1"), false)] {
            let mut vector = serde_json::json!({
                "offer": offer.clone().into_draft(),
                "content_hash": content_hash(&offer).to_string(),
            });
            if whole {
                vector["canonical"] = hex(&canonical_bytes(&offer)).into();
            }
            println!("{vector}");
        }
        for pairs in [
            vec![],
            vec![("A-1", [1; 32]), ("A-10", [2; 32]), ("B", [255; 32])],
        ] {
            let mut digester = Digester::default();
            let mut list = Vec::new();
            for (id, hash) in pairs {
                digester.add(id, &ContentHash(hash));
                list.push(serde_json::json!([id, ContentHash(hash).to_string()]));
            }
            println!(
                "{}",
                serde_json::json!({"pairs": list, "digest": digester.finish().to_string()})
            );
        }
    }

    #[test]
    fn every_field_changes_the_hash() {
        let base = full_offer("A-1").into_draft();
        let value = serde_json::to_value(&base).unwrap();
        let mut seen = std::collections::HashSet::new();
        assert!(seen.insert(content_hash(&Offer::check(base.clone()).unwrap())));
        for field in value
            .as_object()
            .unwrap()
            .keys()
            .filter(|k| !matches!(k.as_str(), "id" | "title"))
        {
            let mut without = value.clone();
            without.as_object_mut().unwrap().remove(field);
            let offer = Offer::check(serde_json::from_value(without).unwrap()).unwrap();
            assert!(seen.insert(content_hash(&offer)), "{field} leaves no trace");
        }
        let run = value["runs"][0].as_object().unwrap();
        for field in run.keys().filter(|k| *k != "id") {
            let mut without = value.clone();
            without["runs"][0].as_object_mut().unwrap().remove(field);
            let offer = Offer::check(serde_json::from_value(without).unwrap()).unwrap();
            assert!(
                seen.insert(content_hash(&offer)),
                "runs.{field} leaves no trace"
            );
        }
    }

    #[test]
    fn neighbouring_texts_cannot_be_mistaken_for_each_other() {
        let mut a = an_offer("A-1").build().into_draft();
        let mut b = a.clone();
        a.keywords = vec!["ab".into(), "c".into()];
        b.keywords = vec!["a".into(), "bc".into()];
        assert_ne!(
            content_hash(&Offer::check(a).unwrap()),
            content_hash(&Offer::check(b).unwrap())
        );
    }

    #[test]
    fn a_digest_notices_wrong_order() {
        let mut digester = Digester::default();
        digester.add("b", &ContentHash([0; 32]));
        digester.add("a", &ContentHash([0; 32]));
        assert!(!digester.ascending());
    }
}
