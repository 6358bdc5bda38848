//! What moves a hit up, and by how much. The page `/ranking` is written from these constants, so what it says
//! is what happens.
//!
//! An offer is worth the sum over the words of the question: `idf * x / (K1 + x)`, where `x` is the sum of the
//! weights of the fields in which the word stands, each divided by `1 - B + B * length / average length` of that
//! field (BM25F), and `idf` says how rare the word is. **A word counts once in a field**, however often it is
//! written there. On top comes the date term. Nothing else: not the provider, not the price, not how complete an
//! offer is, not when it was changed. Names of places and providers decide whether an offer is found, never where
//! it stands. Equal hits are shuffled anew each day.

/// Weight of the title and the second line under it.
pub const TITLE: f32 = 4.0;
/// Weight of subject areas and words to find it by (`keywords`): one field, in which a word counts once.
pub const SUBJECT: f32 = 2.0;
/// Weight of the summary.
pub const SUMMARY: f32 = 2.0;
/// Weight of the description, what one can do afterwards, for whom it is, what one has to have.
pub const DESCRIPTION: f32 = 1.0;
/// A part of a compound word counts so much of the whole word.
pub const PART: f32 = 1.0 / 3.0;
/// A word that means the same counts so much of the word itself.
pub const SYNONYM: f32 = 0.6;
/// A word that begins like the one of the question counts so much; only looked for where hardly anything is found.
pub const PREFIX: f32 = 0.3;
/// A word that is written nearly like the one of the question counts so much; only where hardly anything is found.
pub const SIMILAR: f32 = 0.4;
/// How soon more fields stop to add: the `k1` of BM25.
pub const K1: f32 = 1.2;
/// How much longer texts count less: the `b` of BM25.
pub const B: f32 = 0.5;
/// The longest text, in different words, that counts as long: nobody loses more than this.
pub const LENGTH_MAX: f32 = 4.0;
/// What an offer that starts today is worth on top; falls to nothing over [`DATE_DAYS`].
pub const DATE: f32 = 0.15;
/// Days over which the date term falls to nothing.
pub const DATE_DAYS: f32 = 120.0;
/// Scores that differ by less than this are equal: they are ordered by the shuffle of the day.
pub const STEP: f32 = 0.01;
/// An exact question with fewer hits than this is widened to words that begin like it or are nearly like it.
pub const FEW: u64 = 3;
/// A compound of the question whose other parts say nothing (`Englischkurs`) counts so much where only the telling
/// part stands.
pub const BARE: f32 = 0.8;
