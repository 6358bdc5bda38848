//! In how many offers each noun stands by itself: what the dictionary learns from.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use calluna_model::offer::OfferDraft;

use super::IndexError;
use super::crew::{Batch, Dealer, Hand, deal};
use crate::german::is_noun;
use crate::german::tokens::{Piece, composed, pieces};
use crate::quick::Quick;

/// Most different words that one thread counts.
const COUNTED_MAX: usize = 400_000;
/// Shortest word that is counted, in bytes.
const WORD_MIN: usize = 5;

/// Counts the words of the offers that `read` deals out.
pub(super) fn count(
    read: impl FnOnce(&mut Dealer<'_, ()>) -> Result<(), IndexError>,
) -> Result<Counted, IndexError> {
    let all = Mutex::new(Counted::default());
    let hire = || Counter {
        counted: Counted::default(),
        offers: 0,
        all: &all,
    };
    deal(hire, &mut |()| Ok(()), read)?;
    Ok(all.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Words as they are written, and in how many offers each of them stands.
#[derive(Debug, Default)]
pub(super) struct Counted(HashMap<String, Seen, Quick>);

#[derive(Clone, Copy, Debug)]
struct Seen {
    offers: u32,
    /// The last offer: a word counts once in it.
    last: u32,
}

impl Counted {
    /// Each word and in how many offers it stands.
    pub(super) fn words(self) -> impl Iterator<Item = (String, u32)> {
        self.0.into_iter().map(|(word, seen)| (word, seen.offers))
    }
}

/// One thread that counts.
#[derive(Debug)]
struct Counter<'a> {
    counted: Counted,
    offers: u32,
    all: &'a Mutex<Counted>,
}

impl Hand for Counter<'_> {
    type Done = ();

    fn work(&mut self, batch: Batch) {
        batch.offers.iter().for_each(|draft| self.add(draft));
    }

    fn leave(self) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        for (word, seen) in self.counted.0 {
            let sum = all.0.entry(word).or_insert(Seen { offers: 0, last: 0 });
            sum.offers += seen.offers;
        }
    }
}

impl Counter<'_> {
    fn add(&mut self, draft: &OfferDraft) {
        self.offers += 1;
        let texts = [
            &draft.title,
            &draft.subtitle,
            &draft.summary,
            &draft.description,
        ];
        let labels = draft.subjects.iter().map(|subject| &subject.label);
        for text in texts.into_iter().chain(labels).chain(&draft.keywords) {
            for piece in pieces(&composed(text)) {
                if let Piece::Word(token) = piece
                    && token.core.len() >= WORD_MIN
                    && is_noun(token.core)
                {
                    self.word(token.core);
                }
            }
        }
    }

    fn word(&mut self, word: &str) {
        let words = &mut self.counted.0;
        let room = words.len() < COUNTED_MAX;
        match words.get_mut(word) {
            Some(seen) if seen.last == self.offers => {}
            Some(seen) => {
                seen.offers += 1;
                seen.last = self.offers;
            }
            None if room => {
                let (offers, last) = (1, self.offers);
                words.insert(word.to_owned(), Seen { offers, last });
            }
            None => {}
        }
    }
}
