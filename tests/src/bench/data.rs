//! Synthetic offers: deterministic, German, about 1.5 KB encoded.

use calluna_model::offer::{
    Offer, OfferDraft, PriceDraft, RunDraft, SlotDraft, SubjectDraft, VenueDraft,
};

const WORDS: [&str; 24] = [
    "Grundlagen",
    "Übung",
    "Teilnahme",
    "Abendkurs",
    "Gespräch",
    "Prüfung",
    "Fortgeschrittene",
    "Werkstatt",
    "Sprache",
    "Gesundheit",
    "Beruf",
    "Praxis",
    "Begleitung",
    "Schulabschluss",
    "Tabellenkalkulation",
    "Buchführung",
    "Entspannung",
    "Zeichnen",
    "Geschichte",
    "Region",
    "Gruppe",
    "Material",
    "Anmeldung",
    "Heidekreis",
];

/// The offers of one provider. `version` changes the text of every offer.
#[must_use]
pub fn offers(provider: usize, count: usize, version: u64) -> Vec<Offer> {
    (0..count).map(|n| offer(provider, n, version)).collect()
}

/// One offer.
#[must_use]
pub fn offer(provider: usize, n: usize, version: u64) -> Offer {
    let place = provider as u64 * 1_000_003 + n as u64 * 7_919;
    let seed = place + version * 104_729;
    let draft = OfferDraft {
        id: format!(
            "{:08x}-{provider:04}-{n:06}",
            place.wrapping_mul(0x9E37_79B9) as u32
        ),
        title: format!("{} und {} {n}", word(seed, 1), word(seed, 2)),
        summary: sentence(seed, 3, 10),
        description: (0..6)
            .map(|line| sentence(seed, line * 13 + 5, 14))
            .collect::<Vec<_>>()
            .join("\n"),
        kind: "course".into(),
        subjects: vec![SubjectDraft {
            scheme: "dvv-2.0".into(),
            code: "4.06".into(),
            ..SubjectDraft::default()
        }],
        keywords: (0..4).map(|k| word(seed, 40 + k).to_owned()).collect(),
        languages: vec!["de".into()],
        format: "in-person".into(),
        url: format!("https://vhs.example/kurse/{provider}/{n}"),
        runs: vec![run(seed)],
        ..OfferDraft::default()
    };
    match Offer::tidy(draft) {
        Ok(offer) => offer,
        Err(found) => unreachable!("the generator breaks a rule: {found:?}"),
    }
}

fn run(seed: u64) -> RunDraft {
    let day = seed % 27 + 1;
    RunDraft {
        id: "r1".into(),
        start: format!("2027-01-{day:02}"),
        end: format!("2027-03-{day:02}"),
        slots: (1..=8)
            .map(|week| SlotDraft {
                date: format!("2027-02-{:02}", week * 3),
                start: "18:30".into(),
                end: "20:00".into(),
            })
            .collect(),
        venue: Some(VenueDraft {
            name: "Beispielhaus".into(),
            street: format!("Musterstraße {}", seed % 90),
            postal_code: "29664".into(),
            city: "Walsrode".into(),
            ..VenueDraft::default()
        }),
        seats: Some(12),
        availability: "available".into(),
        price: Some(PriceDraft {
            amount_cents: Some(8_900),
            reduced_cents: Some(4_500),
            notes: Vec::new(),
        }),
        ..RunDraft::default()
    }
}

fn word(seed: u64, step: u64) -> &'static str {
    let mixed =
        (seed ^ step.wrapping_mul(0x2545_F491_4F6C_DD1D)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    WORDS[(mixed >> 40) as usize % WORDS.len()]
}

fn sentence(seed: u64, from: u64, words: u64) -> String {
    let mut text = (0..words)
        .map(|n| word(seed, from * 31 + n))
        .collect::<Vec<_>>()
        .join(" ");
    text.push('.');
    text
}
