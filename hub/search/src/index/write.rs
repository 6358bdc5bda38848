//! Bringing the index up to date, in whole commits.

use std::collections::{BTreeSet, HashSet};
use std::sync::PoisonError;

use calluna_catalogue::reader::{ProviderCard, Reader, VisitOffer};
use calluna_model::id::ProviderId;
use tantivy::{IndexWriter, TantivyDocument, Term};

use super::count::{Counted, count};
use super::crew::{Batch, Dealer, Hand, deal};
use super::document::Maker;
use super::memory::{LATE_MAX, Memory};
use super::{Index, IndexError, Offers, Refreshed};
use crate::german::dictionary::{Dictionary, SEEN_IN};
use crate::german::split::split_with;
use crate::german::stem::Stems;

pub(super) fn update(
    index: &Index,
    card: &ProviderCard,
    offers: &mut Offers<'_>,
) -> Result<u64, IndexError> {
    write(index, |writer, memory| {
        let counted = count(|counting| counting.offers(card, offers).map(|_| ()))?;
        grow(index, memory, counted)?;
        let one = |making: &mut Dealer<'_, Made>, memory: &mut Memory| {
            replace(index, writer, memory, making, card, offers)
        };
        make(index, writer, memory, one)
    })
}

pub(super) fn remove(index: &Index, provider: &ProviderId) -> Result<(), IndexError> {
    write(index, |writer, memory| {
        take_out(index, writer, memory, provider.as_str());
        Ok(())
    })
}

pub(super) fn refresh(index: &Index, reader: &dyn Reader) -> Result<Refreshed, IndexError> {
    let cards = reader.providers()?;
    let memory = index.state().memory.clone();
    let all = memory.late.len() > LATE_MAX;
    let changed = |card: &&ProviderCard| {
        all || memory.providers.get(card.member.id.as_str()) != Some(&card.version)
    };
    let changed: Vec<&ProviderCard> = cards.iter().filter(changed).collect();
    let here: HashSet<&str> = cards.iter().map(|card| card.member.id.as_str()).collect();
    let ids = memory.providers.keys().map(String::as_str);
    let gone: Vec<&str> = ids.filter(|id| !here.contains(id)).collect();
    let mut done = Refreshed {
        updated: changed.len(),
        removed: gone.len(),
        offers: 0,
    };
    if changed.is_empty() && gone.is_empty() {
        return Ok(done);
    }
    write(index, |writer, memory| {
        gone.iter()
            .for_each(|id| take_out(index, writer, memory, id));
        let counted = count(|counting| {
            for card in &changed {
                let mut offers = |visit: &mut VisitOffer<'_>| reader.offers(&card.member.id, visit);
                counting.offers(card, &mut offers)?;
            }
            Ok(())
        })?;
        if all {
            memory.late.clear();
        }
        grow(index, memory, counted)?;
        done.offers = make(index, writer, memory, |making, memory| {
            let mut written = 0;
            for card in &changed {
                let mut offers = |visit: &mut VisitOffer<'_>| reader.offers(&card.member.id, visit);
                written += replace(index, writer, memory, making, card, &mut offers)?;
            }
            Ok(written)
        })?;
        Ok(())
    })?;
    Ok(done)
}

/// Does something and commits it; whatever fails, nothing of it is seen.
fn write<T>(
    index: &Index,
    change: impl FnOnce(&IndexWriter, &mut Memory) -> Result<T, IndexError>,
) -> Result<T, IndexError> {
    let mut writer = index.writer.lock().unwrap_or_else(PoisonError::into_inner);
    let mut memory = index.state().memory.clone();
    let done = change(&writer, &mut memory).and_then(|done| {
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&memory.payload()?);
        commit.commit()?;
        Ok(done)
    });
    match done {
        Ok(done) => {
            index.show(memory, None)?;
            Ok(done)
        }
        Err(error) => {
            writer.rollback()?;
            Err(error)
        }
    }
}

fn take_out(index: &Index, writer: &IndexWriter, memory: &mut Memory, provider: &str) {
    writer.delete_term(Term::from_field_text(index.fields.provider, provider));
    memory.providers.remove(provider);
}

fn replace(
    index: &Index,
    writer: &IndexWriter,
    memory: &mut Memory,
    making: &mut Dealer<'_, Made>,
    card: &ProviderCard,
    offers: &mut Offers<'_>,
) -> Result<u64, IndexError> {
    let id = card.member.id.as_str();
    take_out(index, writer, memory, id);
    let written = making.offers(card, offers)?;
    memory.providers.insert(id.to_owned(), card.version);
    Ok(written)
}

/// Documents of some offers, or why there are none.
type Made = serde_json::Result<Vec<TantivyDocument>>;

/// Writes the documents of the offers that `read` deals out.
fn make(
    index: &Index,
    writer: &IndexWriter,
    memory: &mut Memory,
    read: impl FnOnce(&mut Dealer<'_, Made>, &mut Memory) -> Result<u64, IndexError>,
) -> Result<u64, IndexError> {
    let dictionary = Dictionary::with(memory.words.iter().cloned());
    let district = memory.district.clone();
    let hire = || Maker::new(index.fields, &dictionary, &district);
    let mut take = |made: Made| {
        for document in made? {
            writer.add_document(document)?;
        }
        Ok(())
    };
    deal(hire, &mut take, |making| read(making, memory))
}

impl Hand for Maker<'_> {
    type Done = Made;

    fn work(&mut self, batch: Batch) -> Made {
        let offers = batch.offers.iter();
        let documents = offers.map(|draft| self.document(&batch.card, draft));
        documents.collect()
    }

    fn leave(self) {}
}

/// Lets the dictionary learn words, and remembers which compounds of before it now knows the parts of.
fn grow(index: &Index, memory: &mut Memory, counted: Counted) -> Result<(), IndexError> {
    let before = Dictionary::with(memory.words.iter().cloned());
    let mut after = before.clone();
    let mut words: Vec<(String, u32)> = counted.words().collect();
    // Short words first: a compound of two new words is then seen as one.
    words.sort_by(|a, b| a.0.len().cmp(&b.0.len()).then_with(|| a.0.cmp(&b.0)));
    let mut stems = Stems::default();
    for (word, offers) in words {
        if offers >= SEEN_IN
            && let Some(folded) = after.wants(&word, &mut stems)
        {
            after.add(folded);
        }
    }
    if after == before {
        return Ok(());
    }
    let state = index.state();
    for segment in state.searcher.segment_readers() {
        let inverted = segment.inverted_index(index.fields.word)?;
        let mut terms = inverted.terms().stream()?;
        while terms.advance() {
            let Ok(term) = std::str::from_utf8(terms.key()) else {
                continue;
            };
            let stem = stems.of(term);
            let now = split_with(term, &stem, &after, &mut stems);
            if now.is_empty() || now == split_with(term, &stem, &before, &mut stems) {
                continue;
            }
            for part in now {
                let compounds: &mut BTreeSet<String> = memory.late.entry(part).or_default();
                compounds.insert(term.to_owned());
            }
        }
    }
    memory.words = after.grown().map(str::to_owned).collect();
    Ok(())
}
