//! Bringing the index up to date, in whole commits.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::PoisonError;

use calluna_catalogue::reader::{ProviderCard, Reader};
use calluna_model::id::ProviderId;
use calluna_model::offer::OfferDraft;
use tantivy::{IndexWriter, Term};

use super::document::Maker;
use super::memory::{LATE_MAX, Memory};
use super::{Index, IndexError, Offers, Refreshed};
use crate::german::dictionary::{Dictionary, SEEN_IN};
use crate::german::is_noun;
use crate::german::split::split;
use crate::german::tokens::{Piece, composed, pieces};
use crate::quick::Quick;

/// Most different words that are counted at once.
const COUNTED_MAX: usize = 400_000;

pub(super) fn update(
    index: &Index,
    card: &ProviderCard,
    offers: &mut Offers<'_>,
) -> Result<u64, IndexError> {
    write(index, |writer, memory| {
        let mut counted = Counted::default();
        offers(&mut |draft| counted.add(&draft))?;
        grow(index, memory, counted)?;
        let dictionary = Dictionary::with(memory.words.iter().cloned());
        let district = memory.district.clone();
        let mut maker = Maker::new(index.fields, &dictionary, &district);
        replace(index, writer, memory, &mut maker, card, offers)
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
        let mut counted = Counted::default();
        for card in &changed {
            reader.offers(&card.member.id, &mut |draft| counted.add(&draft))?;
        }
        if all {
            memory.late.clear();
        }
        grow(index, memory, counted)?;
        let dictionary = Dictionary::with(memory.words.iter().cloned());
        let district = memory.district.clone();
        let mut maker = Maker::new(index.fields, &dictionary, &district);
        for card in &changed {
            let mut offers = |visit: &mut calluna_catalogue::reader::VisitOffer<'_>| {
                reader.offers(&card.member.id, visit)
            };
            done.offers += replace(index, writer, memory, &mut maker, card, &mut offers)?;
        }
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
    maker: &mut Maker<'_>,
    card: &ProviderCard,
    offers: &mut Offers<'_>,
) -> Result<u64, IndexError> {
    let id = card.member.id.as_str();
    take_out(index, writer, memory, id);
    let mut written = 0;
    let mut failed = None;
    offers(&mut |draft| {
        let added = maker
            .document(card, &draft)
            .map_err(IndexError::from)
            .and_then(|document| Ok(writer.add_document(document)?));
        match added {
            Ok(_) => {
                written += 1;
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    memory.providers.insert(id.to_owned(), card.version);
    Ok(written)
}

/// In how many offers each noun stands by itself.
#[derive(Debug, Default)]
struct Counted(HashMap<String, u32, Quick>);

impl Counted {
    fn add(&mut self, draft: &OfferDraft) -> ControlFlow<()> {
        let mut here: HashSet<&str, Quick> = HashSet::default();
        let labels = draft.subjects.iter().map(|subject| subject.label.as_str());
        let texts = [
            &draft.title,
            &draft.subtitle,
            &draft.summary,
            &draft.description,
        ];
        let texts: Vec<_> = texts
            .into_iter()
            .map(String::as_str)
            .chain(labels)
            .chain(draft.keywords.iter().map(String::as_str))
            .map(composed)
            .collect();
        for text in &texts {
            for piece in pieces(text) {
                if let Piece::Word(token) = piece
                    && token.core.len() >= 5
                    && is_noun(token.core)
                {
                    here.insert(token.core);
                }
            }
        }
        let room = self.0.len() < COUNTED_MAX;
        for word in here {
            match self.0.get_mut(word) {
                Some(count) => *count += 1,
                None if room => {
                    self.0.insert(word.to_owned(), 1);
                }
                None => {}
            }
        }
        ControlFlow::Continue(())
    }
}

/// Lets the dictionary learn words, and remembers which compounds of before it now knows the parts of.
fn grow(index: &Index, memory: &mut Memory, counted: Counted) -> Result<(), IndexError> {
    let before = Dictionary::with(memory.words.iter().cloned());
    let mut after = before.clone();
    let mut words: Vec<(String, u32)> = counted.0.into_iter().collect();
    // Short words first: a compound of two new words is then seen as one.
    words.sort_by(|a, b| a.0.len().cmp(&b.0.len()).then_with(|| a.0.cmp(&b.0)));
    for (word, offers) in words {
        if offers >= SEEN_IN
            && let Some(folded) = after.wants(&word)
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
            let now = split(term, &after);
            if now.is_empty() || now == split(term, &before) {
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
