//! The way through an XML file, one record at a time.
//!
//! A file is walked from its first to its last tag, within limits; only the record that is being
//! read is held. Document types and entities of its own are refused, so nothing in a file can grow.

use calluna_model::finding::Finding;
use calluna_tabular::encoding;
use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::{BytesStart, Event};

use super::{Element, Part};
use crate::Source;
use crate::error::ImportError;
use crate::html;
use crate::sink::Sink;

/// Deepest nesting.
const DEPTH: usize = 64;
/// Most text of one record, in bytes.
pub(crate) const RECORD_BYTES: usize = 64 * 1024;
/// Most elements of one record.
const RECORD_ELEMENTS: usize = 10_000;

/// What the walk meets.
pub(crate) enum Met<'a> {
    /// A record.
    Record(&'a Element),
    /// An element outside of records that the format asked for, such as the provider's title.
    Around(&'a Element),
}

/// Which elements a format wants.
pub(crate) struct Wanted<'a> {
    /// Name of the root.
    pub(crate) root: &'static str,
    /// Name of a record.
    pub(crate) record: &'static str,
    /// Names of elements outside of records.
    pub(crate) around: &'a [&'a str],
}

/// Walks the file and hands over each record. A record that is too large, or has an entity that
/// nobody defined, is refused alone.
pub(crate) fn walk(
    source: &Source<'_>,
    wanted: &Wanted<'_>,
    sink: &mut Sink,
    mut each: impl FnMut(Met<'_>, &mut Sink) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let decoded = encoding::decode_as(source.bytes, declared(source.bytes).as_deref());
    if decoded.guessed {
        let finding = Finding::new("", "encoding-guessed").limit(decoded.encoding);
        sink.warn(finding.at(source.name));
    }
    // A byte order mark, comments and blanks may stand before the root.
    let text = decoded.text.trim_start();
    let offset = decoded
        .text
        .get(..decoded.text.len() - text.len())
        .unwrap_or_default();
    let mut walk = Walk {
        file: source.name,
        text,
        reader: Reader::from_str(text),
        wanted,
        line: 1 + offset.matches('\n').count() as u64,
        line_start: 0,
        at: 0,
        depth: 0,
        open: Vec::new(),
        skipping: None,
        bytes: 0,
        elements: 0,
        begun: false,
    };
    if let Some(at) = text.find('\0') {
        walk.advance(at);
        return Err(ImportError::Nul {
            place: walk.place(),
        });
    }
    while walk.step(sink, &mut each)? {}
    Ok(())
}

/// Text position, and the record that is being built.
struct Walk<'a> {
    file: &'a str,
    text: &'a str,
    reader: Reader<&'a [u8]>,
    wanted: &'a Wanted<'a>,
    line: u64,
    line_start: usize,
    at: usize,
    depth: usize,
    /// The open elements from the record (or the element around) down.
    open: Vec<Element>,
    /// Depth of a record that is left out, and the finding that says why.
    skipping: Option<(usize, Finding)>,
    bytes: usize,
    elements: usize,
    begun: bool,
}

impl Walk<'_> {
    /// Handles one event; says whether the file goes on.
    fn step(
        &mut self,
        sink: &mut Sink,
        each: &mut impl FnMut(Met<'_>, &mut Sink) -> Result<(), ImportError>,
    ) -> Result<bool, ImportError> {
        let begins = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        self.advance(begins);
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(self.broken(&error)),
        };
        match event {
            Event::Start(tag) => self.start(&tag)?,
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end(sink, each)?;
            }
            Event::End(_) => self.end(sink, each)?,
            Event::Text(text) => self.push(&text.into_inner()),
            Event::CData(data) => self.push(&data.into_inner()),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::DocType(_) => {
                return Err(ImportError::Doctype {
                    place: self.place(),
                });
            }
            Event::Eof if self.depth > 0 => {
                return Err(ImportError::Truncated {
                    place: self.place(),
                });
            }
            Event::Eof if !self.begun => return Err(self.wrong_root()),
            Event::Eof => return Ok(false),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
        Ok(true)
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), ImportError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(ImportError::TooDeep {
                place: self.place(),
                limit: DEPTH,
            });
        }
        let name = tag.name().local_name();
        let name: &str = name.as_ref();
        if !self.begun {
            self.begun = true;
            if name != self.wanted.root {
                return Err(self.wrong_root());
            }
            return Ok(());
        }
        if self.skipping.is_some() {
            return Ok(());
        }
        if self.open.is_empty() {
            if name != self.wanted.record && !self.wanted.around.contains(&name) {
                return Ok(());
            }
            (self.bytes, self.elements) = (0, 0);
        }
        self.elements += 1;
        // Weighed before it is copied: a single tag can be as long as the file.
        self.bytes += tag.attributes_raw().len();
        let fits = self.bytes <= RECORD_BYTES;
        let attributes = if fits {
            self.attributes(tag)?
        } else {
            Vec::new()
        };
        self.open.push(Element {
            name: name.to_owned(),
            attributes,
            parts: Vec::new(),
            line: self.line,
        });
        self.within_limits();
        Ok(())
    }

    fn attributes(&self, tag: &BytesStart<'_>) -> Result<Vec<(String, String)>, ImportError> {
        let mut out = Vec::new();
        for attribute in tag.attributes().with_checks(false) {
            let Ok(attribute) = attribute else {
                return Err(ImportError::NotWellFormed {
                    place: self.place(),
                });
            };
            let key = attribute.key.local_name();
            out.push((
                AsRef::<str>::as_ref(&key).to_owned(),
                html::decode(&attribute.value).into_owned(),
            ));
        }
        Ok(out)
    }

    fn end(
        &mut self,
        sink: &mut Sink,
        each: &mut impl FnMut(Met<'_>, &mut Sink) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let closes = self.depth;
        self.depth = self.depth.saturating_sub(1);
        if let Some((depth, finding)) = self.skipping.take() {
            if depth == closes {
                sink.saw(1);
                sink.refuse(vec![finding]);
            } else {
                self.skipping = Some((depth, finding));
            }
            return Ok(());
        }
        let Some(element) = self.open.pop() else {
            return Ok(());
        };
        match self.open.last_mut() {
            Some(parent) => parent.parts.push(Part::Element(element)),
            None if element.name == self.wanted.record => {
                sink.saw(1);
                each(Met::Record(&element), sink)?;
            }
            None => each(Met::Around(&element), sink)?,
        }
        Ok(())
    }

    fn push(&mut self, text: &str) {
        let Some(element) = self.open.last_mut() else {
            return;
        };
        // Blanks between tags are layout; they do not count, and more than a line is not kept.
        let blank = text.trim().is_empty();
        self.bytes += if blank { 0 } else { text.len() };
        if self.bytes <= RECORD_BYTES {
            element.push_text(if blank && text.len() > 256 {
                "\n"
            } else {
                text
            });
        }
        self.within_limits();
    }

    fn reference(&mut self, name: &str) {
        match html::entity(name) {
            Some(c) => self.push(c.encode_utf8(&mut [0; 4])),
            None => self.skip("unknown-entity", &format!("&{name};"), ""),
        }
    }

    fn within_limits(&mut self) {
        if self.bytes > RECORD_BYTES {
            self.skip("too-large", "", &RECORD_BYTES.to_string());
        } else if self.elements > RECORD_ELEMENTS {
            self.skip("too-many", "", &RECORD_ELEMENTS.to_string());
        }
    }

    /// Leaves out the record that is being built, from here to its end.
    fn skip(&mut self, rule: &str, value: &str, limit: &str) {
        let Some(record) = self.open.first() else {
            return;
        };
        let id = ["guid", "nummer", "knr", "PRODUCT_ID", "identifier"]
            .iter()
            .map(|name| record.text_of(name));
        let id = id.into_iter().find(|id| !id.is_empty()).unwrap_or_default();
        let place = format!("{}:{}", self.file, record.line);
        let finding = Finding::new("", rule).value(value).limit(limit).at(place);
        let id = calluna_model::finding::shorten(&id);
        self.skipping = Some((self.depth + 1 - self.open.len(), finding.of(id)));
        self.open.clear();
    }

    /// Counts lines up to a position.
    fn advance(&mut self, to: usize) {
        let part = self
            .text
            .as_bytes()
            .get(self.at..to.min(self.text.len()))
            .unwrap_or_default();
        for (index, byte) in part.iter().enumerate() {
            if *byte == b'\n' {
                self.line += 1;
                self.line_start = self.at + index + 1;
            }
        }
        self.at = self.at.max(to.min(self.text.len()));
    }

    fn place(&self) -> String {
        format!(
            "{}:{}:{}",
            self.file,
            self.line,
            self.at - self.line_start + 1
        )
    }

    fn wrong_root(&self) -> ImportError {
        ImportError::WrongRoot {
            place: self.place(),
            expected: self.wanted.root,
        }
    }

    fn broken(&mut self, error: &Error) -> ImportError {
        let at = usize::try_from(self.reader.error_position()).unwrap_or(usize::MAX);
        self.advance(at);
        let place = self.place();
        match error {
            Error::Syntax(SyntaxError::UnclosedDoctype)
            | Error::IllFormed(IllFormedError::MissingDoctypeName) => {
                ImportError::Doctype { place }
            }
            Error::Syntax(SyntaxError::InvalidBangMarkup) if !self.rest_goes_on() => {
                ImportError::Truncated { place }
            }
            Error::Syntax(
                SyntaxError::UnclosedPI
                | SyntaxError::UnclosedXmlDecl
                | SyntaxError::UnclosedComment
                | SyntaxError::UnclosedCData
                | SyntaxError::UnclosedTag
                | SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            ) => ImportError::Truncated { place },
            _ => ImportError::NotWellFormed { place },
        }
    }

    /// Whether there is another tag after the place of an error.
    fn rest_goes_on(&self) -> bool {
        self.text
            .get(self.at + 1..)
            .is_some_and(|rest| rest.contains('<'))
    }
}

/// The encoding that an XML declaration names.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..256).unwrap_or(bytes);
    let text: String = head
        .iter()
        .filter(|byte| byte.is_ascii() && **byte != 0)
        .map(|byte| char::from(*byte))
        .collect();
    let declaration = text.split_once("<?xml")?.1.split_once("?>")?.0.to_owned();
    let (_, after) = declaration.split_once("encoding")?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    after.get(1..)?.split(quote).next().map(str::to_owned)
}
