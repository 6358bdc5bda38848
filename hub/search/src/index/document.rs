//! An offer as a document of the index: its words, analysed.

use std::collections::HashMap;
use std::rc::Rc;

use calluna_catalogue::reader::ProviderCard;
use calluna_model::code;
use calluna_model::offer::OfferDraft;
use tantivy::TantivyDocument;

use super::row::{self, Row, Texts};
use super::schema::{DESCRIPTION, FIELDS, Fields, MASKS, SUBJECT, SUMMARY, TITLE, push_counted};
use super::values;
use crate::german::dictionary::Dictionary;
use crate::german::stem::Stems;
use crate::german::tokens::{Piece, Token, composed, pieces};
use crate::german::{analyse_with, is_noun, lists};
use crate::places;
use crate::query::Facet;
use crate::quick::Quick;

/// So many analysed words are kept in memory.
const CACHE_MAX: usize = 200_000;
/// Room for a term, in bytes, more than most need.
const TERM_BYTES: usize = 14;

/// Makes documents. Remembers analysed words, because the same few thousand come again and again.
#[derive(Debug)]
pub(crate) struct Maker<'a> {
    fields: Fields,
    dictionary: &'a Dictionary,
    district: &'a str,
    /// Words that may be taken apart, and words that may not.
    cache: [HashMap<Box<str>, Rc<Known>, Quick>; 2],
    stems: Numbered,
    /// Stems of words and of their parts.
    analysed: Stems,
}

/// A word that was analysed before.
#[derive(Debug)]
struct Known {
    /// As it is written.
    core: Box<str>,
    folded: Box<str>,
    /// It says nothing about an offer.
    stop: bool,
    /// Number of its stem.
    stem: usize,
    /// Numbers of the stems of its parts.
    parts: Box<[usize]>,
}

/// Numbers for stems, and the sets of fields in which they stand in the offer at hand.
#[derive(Debug, Default)]
struct Numbered {
    numbers: HashMap<Box<str>, usize, Quick>,
    names: Vec<Box<str>>,
    words: Tally,
    parts: Tally,
}

/// Sets of fields by the number of a stem.
#[derive(Debug, Default)]
struct Tally {
    masks: Vec<u8>,
    touched: Vec<usize>,
}

impl Tally {
    /// Adds a field; whether it is new there.
    fn add(&mut self, stem: usize, mask: u8) -> bool {
        if self.masks.len() <= stem {
            self.masks.resize(stem + 1, 0);
        }
        let fields = &mut self.masks[stem];
        if *fields == 0 {
            self.touched.push(stem);
        }
        let new = *fields & mask == 0;
        *fields |= mask;
        new
    }

    /// Writes everything down and begins anew.
    fn take(&mut self, names: &[Box<str>]) -> String {
        let mut text = String::with_capacity(self.touched.len() * TERM_BYTES);
        for stem in self.touched.drain(..) {
            push_counted(&mut text, &names[stem], self.masks[stem]);
            self.masks[stem] = 0;
        }
        text
    }
}

impl Numbered {
    fn number(&mut self, stem: &str) -> usize {
        if let Some(number) = self.numbers.get(stem) {
            return *number;
        }
        let number = self.names.len();
        self.names.push(stem.into());
        self.numbers.insert(stem.into(), number);
        number
    }
}

/// What else is found in an offer.
#[derive(Debug, Default)]
struct Found {
    facts: Vec<usize>,
    surface: Vec<Rc<Known>>,
    lengths: [u16; FIELDS],
}

impl<'a> Maker<'a> {
    pub(crate) fn new(fields: Fields, dictionary: &'a Dictionary, district: &'a str) -> Self {
        Self {
            fields,
            dictionary,
            district,
            cache: Default::default(),
            stems: Numbered::default(),
            analysed: Stems::default(),
        }
    }

    /// The document of an offer.
    pub(crate) fn document(
        &mut self,
        card: &ProviderCard,
        draft: &OfferDraft,
    ) -> serde_json::Result<TantivyDocument> {
        let mut row = row::row(draft, self.district);
        row.provider = card.member.id.as_str().to_owned();
        values::push(&mut row.values, Facet::Provider, card.member.id.as_str());
        values::push(
            &mut row.values,
            Facet::ProviderKind,
            card.member.kind.as_str(),
        );
        let texts = texts(card, draft, &row);
        let mut found = Found::default();
        self.weigh(&texts.title, TITLE, &mut found);
        self.weigh(&texts.subject, SUBJECT, &mut found);
        self.weigh(&texts.keyword, SUBJECT, &mut found);
        self.weigh(&texts.summary, SUMMARY, &mut found);
        self.weigh(&texts.description, DESCRIPTION, &mut found);
        for text in texts.place.iter().chain(&texts.provider).chain(&texts.fact) {
            self.facts(text, &mut found);
        }
        row.lengths = found.lengths;
        self.fill(&row, &texts, &found)
    }

    fn fill(
        &mut self,
        row: &Row,
        texts: &Texts,
        found: &Found,
    ) -> serde_json::Result<TantivyDocument> {
        let mut document = TantivyDocument::default();
        let fields = self.fields;
        let Numbered {
            names,
            words,
            parts,
            ..
        } = &mut self.stems;
        document.add_text(fields.provider, &row.provider);
        document.add_text(fields.word, words.take(names));
        document.add_text(fields.part, parts.take(names));
        let mut facts = String::with_capacity(found.facts.len() * TERM_BYTES);
        for stem in &found.facts {
            push_counted(&mut facts, &names[*stem], 1);
        }
        document.add_text(fields.fact, facts);
        let room = found.surface.len() * TERM_BYTES;
        let mut surface = String::with_capacity(room);
        let mut written = String::with_capacity(2 * room);
        let mut pair = String::new();
        for word in &found.surface {
            push_counted(&mut surface, &word.folded, 1);
            pair.clear();
            pair.extend([&word.folded, " ", &word.core]);
            push_counted(&mut written, &pair, 1);
        }
        document.add_text(fields.surface, surface);
        document.add_text(fields.written, written);
        document.add_text(fields.row, serde_json::to_string(row)?);
        document.add_text(fields.texts, serde_json::to_string(texts)?);
        Ok(document)
    }

    fn weigh(&mut self, texts: &[String], field: usize, found: &mut Found) {
        for text in texts {
            let text = composed(text);
            for piece in pieces(&text) {
                match piece {
                    Piece::Word(token) => self.word(token.core, is_noun(token.core), field, found),
                    Piece::Joined { whole, parts, .. } => {
                        self.word(&whole, false, field, found);
                        for part in parts {
                            self.word(part.core, is_noun(part.core), field, found);
                        }
                    }
                }
            }
        }
    }

    fn word(&mut self, core: &str, noun: bool, field: usize, found: &mut Found) {
        let word = self.known(core, noun);
        if word.stop {
            return;
        }
        let mask = MASKS[field];
        if self.stems.words.add(word.stem, mask) {
            found.lengths[field] = found.lengths[field].saturating_add(1);
        }
        for part in &word.parts {
            self.stems.parts.add(*part, mask);
        }
        if field != DESCRIPTION && word.folded.len() >= 2 {
            seen(&word, found);
        }
    }

    fn facts(&mut self, text: &str, found: &mut Found) {
        let text = composed(text);
        for piece in pieces(&text) {
            let tokens: Vec<Token<'_>> = match piece {
                Piece::Word(token) => vec![token],
                Piece::Joined { parts, .. } => parts,
            };
            for token in tokens {
                let word = self.known(token.core, false);
                if !word.stop {
                    if !found.facts.contains(&word.stem) {
                        found.facts.push(word.stem);
                    }
                    seen(&word, found);
                }
            }
        }
    }

    fn known(&mut self, core: &str, noun: bool) -> Rc<Known> {
        let cache = usize::from(noun);
        if let Some(word) = self.cache[cache].get(core) {
            return Rc::clone(word);
        }
        if self.cache[cache].len() >= CACHE_MAX {
            self.cache[cache].clear();
        }
        let word = analyse_with(core, noun, self.dictionary, &mut self.analysed);
        let parts = word.parts.iter().map(|part| self.stems.number(part));
        let word = Rc::new(Known {
            core: core.into(),
            parts: parts.collect(),
            stem: self.stems.number(&word.stem),
            stop: lists::is_stopword(&word.folded),
            folded: word.folded.into(),
        });
        self.cache[cache].insert(core.into(), Rc::clone(&word));
        word
    }
}

fn seen(word: &Rc<Known>, found: &mut Found) {
    let mut surface = found.surface.iter();
    if !surface.any(|known| Rc::ptr_eq(known, word) || known.folded == word.folded) {
        found.surface.push(Rc::clone(word));
    }
}

/// The texts of an offer by the field in which their words count.
fn texts(card: &ProviderCard, draft: &OfferDraft, row: &Row) -> Texts {
    let some = |texts: &[&str]| -> Vec<String> {
        let full = texts.iter().filter(|text| !text.is_empty());
        full.map(|text| (*text).to_owned()).collect()
    };
    let mut description = some(&[&draft.description]);
    description.extend(draft.learning_outcomes.iter().cloned());
    description.extend(draft.audiences.iter().cloned());
    description.extend(
        draft
            .entry_requirements
            .iter()
            .map(|entry| entry.title.clone()),
    );
    description.extend(draft.awards.iter().map(|award| award.title.clone()));
    description.extend(draft.level.iter().map(|level| level.text.clone()));
    let labels = draft.subjects.iter().map(|subject| subject.label.as_str());
    Texts {
        title: some(&[&draft.title, &draft.subtitle]),
        subject: some(&labels.collect::<Vec<_>>()),
        keyword: draft.keywords.clone(),
        place: place_names(draft, row),
        provider: some(&[&card.member.name]),
        fact: facts(row),
        summary: some(&[&draft.summary]),
        description,
    }
}

fn place_names(draft: &OfferDraft, row: &Row) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    };
    for venue in draft.runs.iter().filter_map(|run| run.venue.as_ref()) {
        add(&venue.city);
        add(&venue.district);
        add(&venue.postal_code);
        add(&venue.name);
    }
    for (facet, value) in row.runs.iter().flat_map(|run| &run.values) {
        if Facet::ALL.get(usize::from(*facet)) == Some(&Facet::Municipality)
            && let Some(place) = places::municipality(value)
        {
            add(&place.name);
        }
    }
    names
}

/// What is said with codes, in the words that people look for.
fn facts(row: &Row) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    let mut add = |words: &str| {
        if !words.is_empty() && !facts.iter().any(|known| known == words) {
            facts.push(words.to_owned());
        }
    };
    let values = row
        .values
        .iter()
        .chain(row.runs.iter().flat_map(|run| &run.values));
    for (facet, value) in values {
        let Some(facet) = Facet::ALL.get(usize::from(*facet)) else {
            continue;
        };
        let label = |list: code::Name| list.get(value).map_or("", |entry| entry.de.as_str());
        add(match facet {
            Facet::Subject => label(code::DVV_AREA),
            Facet::Format => label(code::FORMAT),
            Facet::Award => label(code::QUALIFICATION),
            Facet::Accessibility => label(code::ACCESSIBILITY),
            Facet::Funding => label(code::FUNDING),
            Facet::Cefr => value,
            Facet::Childcare => "Kinderbetreuung",
            Facet::TimeOfDay => time_words(value),
            Facet::Weekday => weekday_words(value),
            _ => "",
        });
    }
    let free = |price: Option<u32>| price == Some(0);
    if free(row.price) || row.runs.iter().any(|run| free(run.price)) {
        add("kostenlos");
    }
    facts
}

fn time_words(value: &str) -> &'static str {
    match value {
        "morning" => "vormittags Vormittag morgens",
        "afternoon" => "nachmittags Nachmittag",
        _ => "abends Abend",
    }
}

fn weekday_words(value: &str) -> &'static str {
    match value {
        "1" => "montags Montag",
        "2" => "dienstags Dienstag",
        "3" => "mittwochs Mittwoch",
        "4" => "donnerstags Donnerstag",
        "5" => "freitags Freitag",
        "6" => "samstags Samstag Wochenende",
        _ => "sonntags Sonntag Wochenende",
    }
}
