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
use crate::german::tokens::{Piece, Token, composed, pieces};
use crate::german::{Word, analyse, is_noun, lists};
use crate::places;
use crate::query::Facet;

/// So many analysed words are kept in memory.
const CACHE_MAX: usize = 200_000;

/// Makes documents. Remembers analysed words: the same few thousand come again and again.
#[derive(Debug)]
pub(crate) struct Maker<'a> {
    fields: Fields,
    dictionary: &'a Dictionary,
    district: &'a str,
    cache: HashMap<String, Rc<Word>>,
}

/// The words of one offer: stem to the set of fields in which it stands.
#[derive(Debug, Default)]
struct Found {
    words: HashMap<String, u8>,
    parts: HashMap<String, u8>,
    facts: Vec<String>,
    surface: Vec<(String, String)>,
    lengths: [u16; FIELDS],
}

impl<'a> Maker<'a> {
    pub(crate) fn new(fields: Fields, dictionary: &'a Dictionary, district: &'a str) -> Self {
        Self {
            fields,
            dictionary,
            district,
            cache: HashMap::new(),
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

    fn fill(&self, row: &Row, texts: &Texts, found: &Found) -> serde_json::Result<TantivyDocument> {
        let mut document = TantivyDocument::default();
        let counted = |words: &HashMap<String, u8>| {
            let mut text = String::new();
            for (word, mask) in words {
                push_counted(&mut text, word, *mask);
            }
            text
        };
        let once = |words: &mut dyn Iterator<Item = String>| {
            let mut text = String::new();
            words.for_each(|word| push_counted(&mut text, &word, 1));
            text
        };
        let fields = &self.fields;
        document.add_text(fields.provider, &row.provider);
        document.add_text(fields.word, counted(&found.words));
        document.add_text(fields.part, counted(&found.parts));
        document.add_text(fields.fact, once(&mut found.facts.iter().cloned()));
        let surface = &found.surface;
        let folded = surface.iter().map(|(folded, _)| folded.clone());
        document.add_text(fields.surface, once(&mut { folded }));
        let written = surface
            .iter()
            .map(|(folded, written)| format!("{folded} {written}"));
        document.add_text(fields.written, once(&mut { written }));
        document.add_bytes(fields.row, &serde_json::to_vec(row)?);
        document.add_bytes(fields.texts, &serde_json::to_vec(texts)?);
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
        let word = self.analysed(core, noun);
        if lists::is_stopword(&word.folded) {
            return;
        }
        let mask = MASKS[field];
        let fields = found.words.entry(word.stem.clone()).or_default();
        if *fields & mask == 0 {
            *fields |= mask;
            found.lengths[field] = found.lengths[field].saturating_add(1);
        }
        for part in &word.parts {
            *found.parts.entry(part.clone()).or_default() |= mask;
        }
        if field != DESCRIPTION && word.folded.len() >= 2 {
            seen(&word.folded, core, found);
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
                let word = self.analysed(token.core, false);
                if !lists::is_stopword(&word.folded) {
                    if !found.facts.contains(&word.stem) {
                        found.facts.push(word.stem.clone());
                    }
                    seen(&word.folded, token.core, found);
                }
            }
        }
    }

    fn analysed(&mut self, core: &str, noun: bool) -> Rc<Word> {
        // Whether it may be split is seen from the first letter, or stands in the key.
        let key = if noun || !is_noun(core) {
            core.to_owned()
        } else {
            format!("-{core}")
        };
        if let Some(word) = self.cache.get(&key) {
            return Rc::clone(word);
        }
        if self.cache.len() >= CACHE_MAX {
            self.cache.clear();
        }
        let word = Rc::new(analyse(core, noun, self.dictionary));
        self.cache.insert(key, Rc::clone(&word));
        word
    }
}

fn seen(folded: &str, written: &str, found: &mut Found) {
    if !found.surface.iter().any(|(known, _)| known == folded) {
        found.surface.push((folded.to_owned(), written.to_owned()));
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
