//! What is kept of an offer to compare it: some hundred bytes, however long its text.

use calluna_model::offer::{OfferDraft, RunDraft};

use super::words::{folded, half, hash, mixed, street};

/// Least words of a description that says anything; "Anmeldung erforderlich" is in many.
const LEAST_WORDS: usize = 12;
/// Words of a shingle.
const SHINGLE: usize = 3;
/// Hashes of a signature, and how many of them form a band. Texts that share 80 % of their shingles have a band in
/// common with a probability of 98 %, texts that share 40 % with one of 19 %.
const HASHES: usize = 32;
const BAND: usize = 4;

/// Keys by which offers are brought together, and what is compared then.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    /// The whole title.
    pub(super) title: u64,
    /// Its words, sorted, each once.
    title_words: Vec<u32>,
    /// Scheme and code of each subject, sorted.
    subjects: Vec<u32>,
    /// Teaching hours; nothing when not known.
    hours: Option<u32>,
    /// Number, first and last day of each run that has them all.
    pub(super) numbers: Vec<u64>,
    /// Place and first day of each run.
    pub(super) places: Vec<u64>,
    /// MinHash of the description; nothing where it is too short.
    signature: Option<Box<[u32; HASHES]>>,
}

impl Sketch {
    /// Of an offer; `folded_description` is a buffer that is used again.
    pub(super) fn of(offer: &OfferDraft) -> Self {
        let title = folded(&offer.title);
        let mut title_words: Vec<u32> = title.split(' ').map(|word| half(hash(&[word]))).collect();
        title_words.sort_unstable();
        title_words.dedup();
        let known = offer
            .subjects
            .iter()
            .filter(|subject| !subject.code.is_empty());
        let mut subjects: Vec<u32> = known
            .map(|subject| half(hash(&[&subject.scheme, &subject.code])))
            .collect();
        subjects.sort_unstable();
        let mut sketch = Self {
            title: hash(&[&title]),
            title_words,
            subjects,
            hours: hours(offer),
            numbers: Vec::new(),
            places: Vec::new(),
            signature: signature(&offer.description),
        };
        for run in offer.runs.iter().filter(|run| !run.start.is_empty()) {
            sketch.run(run);
        }
        for keys in [&mut sketch.numbers, &mut sketch.places] {
            keys.sort_unstable();
            keys.dedup();
        }
        sketch
    }

    fn run(&mut self, run: &RunDraft) {
        if !run.number.is_empty() && !run.end.is_empty() {
            self.numbers
                .push(hash(&[&folded(&run.number), &run.start, &run.end]));
        }
        let Some(venue) = &run.venue else { return };
        // Two providers name the same house differently: its street is as good as its name.
        if !venue.street.is_empty() && !venue.postal_code.is_empty() {
            let key = [
                "street",
                &venue.postal_code,
                &street(&venue.street),
                &run.start,
            ];
            self.places.push(hash(&key));
        }
        if !venue.name.is_empty() && !venue.city.is_empty() {
            let key = [
                "house",
                &folded(&venue.city),
                &folded(&venue.name),
                &run.start,
            ];
            self.places.push(hash(&key));
        }
    }

    /// Keys of the bands of its description.
    pub(super) fn bands(&self) -> impl Iterator<Item = u64> + '_ {
        let hashes = self
            .signature
            .iter()
            .flat_map(|signature| signature.chunks(BAND));
        hashes.enumerate().map(|(at, band)| {
            let start = u64::try_from(at).unwrap_or_default();
            band.iter()
                .fold(start, |key, hash| mixed(key ^ u64::from(*hash)))
        })
    }

    /// Share of the title's words that both have, in hundredths.
    pub(super) fn title_likeness(&self, other: &Self) -> usize {
        let common = self
            .title_words
            .iter()
            .filter(|word| other.title_words.contains(word))
            .count();
        let all = self.title_words.len() + other.title_words.len() - common;
        (common * 100).checked_div(all).unwrap_or(0)
    }

    /// Share of the description's shingles that both have, in hundredths, as the signatures estimate it.
    pub(super) fn text_likeness(&self, other: &Self) -> usize {
        let (Some(one), Some(two)) = (&self.signature, &other.signature) else {
            return 0;
        };
        one.iter().zip(two.iter()).filter(|(a, b)| a == b).count() * 100 / HASHES
    }

    /// Whether they have a subject in common.
    pub(super) fn shares_subject(&self, other: &Self) -> bool {
        self.subjects
            .iter()
            .any(|subject| other.subjects.contains(subject))
    }

    /// Whether both take as long, and it is known.
    pub(super) fn same_hours(&self, other: &Self) -> bool {
        self.hours.is_some() && self.hours == other.hours
    }
}

/// Of the offer, or of all its runs alike.
fn hours(offer: &OfferDraft) -> Option<u32> {
    let mut runs = offer.runs.iter().map(|run| run.teaching_units_hundredths);
    let first = runs.next().flatten();
    offer
        .teaching_units_hundredths
        .or_else(|| first.filter(|_| runs.all(|hours| hours == first)))
}

/// For each of the hash functions the least hash of a shingle: two signatures agree at a place with the probability
/// that is the share of shingles that both texts have.
fn signature(description: &str) -> Option<Box<[u32; HASHES]>> {
    let text = folded(description);
    let words: Vec<u64> = text.split(' ').map(|word| hash(&[word])).collect();
    if words.len() < LEAST_WORDS {
        return None;
    }
    let mut least = Box::new([u32::MAX; HASHES]);
    for shingle in words.windows(SHINGLE) {
        let whole = shingle.iter().fold(0, |key, word| mixed(key ^ *word));
        let mut state = whole;
        for slot in least.iter_mut() {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            *slot = (*slot).min(half(mixed(state)));
        }
    }
    Some(least)
}
