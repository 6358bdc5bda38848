//! The fields of the index, and the tokenizer that takes words that were analysed before.
//!
//! A word is in `word` once for each offer, and its "frequency" is a set of fields: the sum of [`MASKS`] of the
//! fields in which it stands. So a word counts once in a field by construction, and one list of offers answers
//! for all fields.

use tantivy::schema::{
    Field, IndexRecordOption, STORED, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Changes whenever an index of before cannot be read as one of now.
pub(crate) const VERSION: u32 = 3;
/// Fields in which words are weighed: description, summary, title, subject.
pub(crate) const FIELDS: usize = 4;
/// Their bits, the most frequent first: the number of a set is how often the index hears the word.
pub(crate) const MASKS: [u8; FIELDS] = [1, 2, 4, 8];
/// Places in [`MASKS`].
pub(crate) const DESCRIPTION: usize = 0;
pub(crate) const SUMMARY: usize = 1;
pub(crate) const TITLE: usize = 2;
pub(crate) const SUBJECT: usize = 3;

/// Name of the tokenizer.
const COUNTED: &str = "counted";

/// The fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// Provider id, to replace its offers.
    pub(crate) provider: Field,
    /// Stems of words.
    pub(crate) word: Field,
    /// Stems of parts of compounds.
    pub(crate) part: Field,
    /// Stems of names of places and providers, of formats, days, prices: found, not weighed.
    pub(crate) fact: Field,
    /// Folded words of short fields, to find what is nearly written like them.
    pub(crate) surface: Field,
    /// The same, a blank, and as they are written.
    pub(crate) written: Field,
    /// What facets and orders need: [`super::row::Row`].
    pub(crate) row: Field,
    /// What a hit's "why" needs: [`super::row::Texts`].
    pub(crate) texts: Field,
}

/// The schema of the index.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = SchemaBuilder::default();
    let text = |option| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(COUNTED)
            .set_index_option(option)
            .set_fieldnorms(false);
        TextOptions::default().set_indexing_options(indexing)
    };
    let fields = Fields {
        provider: builder.add_text_field("provider", STRING),
        word: builder.add_text_field("word", text(IndexRecordOption::WithFreqs)),
        part: builder.add_text_field("part", text(IndexRecordOption::WithFreqs)),
        fact: builder.add_text_field("fact", text(IndexRecordOption::Basic)),
        surface: builder.add_text_field("surface", text(IndexRecordOption::Basic)),
        written: builder.add_text_field("written", text(IndexRecordOption::Basic)),
        // As texts: tantivy reads stored bytes one at a time.
        row: builder.add_text_field("row", STORED),
        texts: builder.add_text_field("texts", STORED),
    };
    (builder.build(), fields)
}

/// Lets an index know the tokenizer.
pub(crate) fn register(index: &tantivy::Index) {
    index.tokenizers().register(COUNTED, Counted::default());
}

/// Writes one word for [`Counted`]: it will be heard `times` times.
pub(crate) fn push_counted(text: &mut String, word: &str, times: u8) {
    text.push(char::from(b'a' + times.min(15)));
    text.push_str(word);
    text.push('\n');
}

/// Reads what [`push_counted`] wrote.
#[derive(Clone, Debug, Default)]
struct Counted {
    token: Token,
}

impl Tokenizer for Counted {
    type TokenStream<'a> = CountedStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CountedStream<'a> {
        self.token.reset();
        // Positions are not kept; all words stand in the same one.
        self.token.position = 0;
        CountedStream {
            rest: text,
            left: 0,
            token: &mut self.token,
        }
    }
}

#[derive(Debug)]
struct CountedStream<'a> {
    rest: &'a str,
    left: u8,
    token: &'a mut Token,
}

impl TokenStream for CountedStream<'_> {
    fn advance(&mut self) -> bool {
        if self.left == 0 {
            let Some((line, rest)) = self.rest.split_once('\n') else {
                return false;
            };
            self.rest = rest;
            let times = line.bytes().next().unwrap_or(b'a').saturating_sub(b'a');
            self.token.text.clear();
            self.token.text.push_str(line.get(1..).unwrap_or_default());
            self.left = times.max(1);
        }
        self.left -= 1;
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
