//! The blocks of JSON-LD in a page of HTML.
//!
//! The page is gone through once, from its beginning to its end, whatever stands in it. A block
//! that is broken is refused and its neighbours are read; a page that ends in the middle of one is
//! refused as a whole, as every file is that was cut on the way.

use calluna_model::finding::Finding;
use calluna_tabular::encoding;
use serde_json::Value;

use crate::Source;
use crate::error::ImportError;
use crate::json::{self, DOCUMENT_BYTES};
use crate::sink::Sink;

/// What a script with a block says of itself.
pub(super) const BLOCK: &str = "application/ld+json";
/// Most blocks of a page.
const BLOCKS: usize = 10_000;

/// What the blocks of a page hold, each with its place.
pub(super) fn documents(
    source: &Source<'_>,
    sink: &mut Sink,
) -> Result<Vec<(Value, String)>, ImportError> {
    let bytes = source.bytes.len() as u64;
    if bytes > DOCUMENT_BYTES {
        return Err(ImportError::TooLarge {
            file: source.name.to_owned(),
            bytes,
            limit: DOCUMENT_BYTES,
        });
    }
    let decoded = encoding::decode(source.bytes);
    let mut scan = Scan::new(&decoded.text);
    let mut out = Vec::new();
    let mut met = 0;
    while let Some(script) = scan.script() {
        let Some(body) = script.body else {
            if script.is_block {
                scan.count(decoded.text.len());
                let place = format!("{}:{}", source.name, scan.line);
                return Err(ImportError::Truncated { place });
            }
            break;
        };
        let place = format!("{}:{}", source.name, scan.line);
        if !script.is_block {
            continue;
        }
        met += 1;
        if met > BLOCKS {
            let finding = Finding::new("", "too-many").limit(BLOCKS);
            sink.refuse(vec![finding.at(place)]);
            break;
        }
        let block = script_text(body);
        let before = block.as_ptr().addr() - body.as_ptr().addr();
        let skipped = lines(body.get(..before).unwrap_or_default());
        match json::parse(block, source.name, scan.line - 1 + skipped) {
            Ok(document) => out.push((document, place)),
            Err(ImportError::NotWellFormed { place } | ImportError::Truncated { place }) => {
                sink.saw(1);
                sink.refuse(vec![Finding::new("", "not-well-formed").at(place)]);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(out)
}

/// A script of a page.
struct Script<'a> {
    is_block: bool,
    /// What stands in it; nothing when the page ends before it does.
    body: Option<&'a str>,
}

/// The way through a page.
struct Scan<'a> {
    text: &'a str,
    /// How far it was read.
    at: usize,
    /// How far the lines were counted.
    counted: usize,
    line: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            counted: 0,
            line: 1,
        }
    }

    /// The next script; `line` is then the one on which its body begins.
    fn script(&mut self) -> Option<Script<'a>> {
        loop {
            let rest = self.text.get(self.at..)?;
            let found = rest.find('<')? + 1;
            self.at += found;
            let tag = rest.get(found..)?;
            if !begins_with(tag, "script") {
                continue;
            }
            let end = tag.find('>')?;
            let attributes = tag.get(..end)?;
            let is_block = attributes.contains(BLOCK);
            self.at += end + 1;
            if attributes.ends_with('/') && !is_block {
                continue;
            }
            self.count(self.at);
            let inner = tag.get(end + 1..)?;
            let body = end_of_script(inner).and_then(|end| inner.get(..end));
            self.at += body.unwrap_or(inner).len();
            return Some(Script { is_block, body });
        }
    }

    /// Counts the lines up to there.
    fn count(&mut self, to: usize) {
        self.line += lines(self.text.get(self.counted..to).unwrap_or_default());
        self.counted = to;
    }
}

/// Where the script ends: another `</` inside of a text is not the end.
fn end_of_script(inner: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = inner.get(at..)?;
        at += rest.find("</")?;
        if begins_with(inner.get(at + 2..)?, "script") {
            return Some(at);
        }
        at += 2;
    }
}

/// Whether a tag is of that name.
fn begins_with(tag: &str, name: &str) -> bool {
    let found = tag.get(..name.len());
    let after = tag.get(name.len()..).unwrap_or_default();
    found.is_some_and(|found| found.eq_ignore_ascii_case(name))
        && !after.starts_with(|c: char| c.is_alphanumeric() || c == '-')
}

fn lines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// Some put the block into a comment or a CDATA section for old readers.
fn script_text(block: &str) -> &str {
    let mut block = block.trim();
    for (begins, ends) in [
        ("//<![CDATA[", "//]]>"),
        ("<![CDATA[", "]]>"),
        ("<!--", "-->"),
    ] {
        if let Some(inner) = block.strip_prefix(begins) {
            block = inner.strip_suffix(ends).unwrap_or(inner).trim();
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page: &str) -> (Result<Vec<(Value, String)>, ImportError>, Sink) {
        let mut sink = Sink::new("a.html");
        let source = Source {
            name: "a.html",
            bytes: page.as_bytes(),
        };
        (documents(&source, &mut sink), sink)
    }

    fn block(inside: &str) -> String {
        format!("<script type=\"{BLOCK}\">\n{inside}\n</script>\n")
    }

    #[test]
    fn inv7_a_broken_block_is_refused_and_the_others_are_read() {
        let page = [
            block("{\"a\":1}"),
            block("\n{\"a\":\n x}"),
            block("{\"a\":"),
            block("[3]"),
        ];
        let (found, sink) = read(&page.concat());
        let places: Vec<_> = found.unwrap().into_iter().map(|(_, place)| place).collect();
        assert_eq!(places, ["a.html:1", "a.html:12"]);
        let imported = sink.finish("schemaorg");
        assert_eq!((imported.read, imported.refused_records), (2, 2));
        let told: Vec<_> = imported
            .refused
            .iter()
            .map(|told| (told.rule.as_str(), told.place.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("not-well-formed", "a.html:7:2"),
                ("not-well-formed", "a.html:10:5")
            ]
        );
    }

    #[test]
    fn a_page_that_ends_in_a_block_is_refused_as_a_whole() {
        let page =
            block("[1]") + "<SCRIPT type='application/ld+json'>\n{\"a\": \"</p>\"}\n</scripts>";
        let (found, _) = read(&page);
        assert!(matches!(found, Err(ImportError::Truncated { place }) if place == "a.html:6"));
    }

    #[test]
    fn only_a_script_of_its_own_is_a_block() {
        let page = format!(
            "{BLOCK} <p title='{BLOCK}'><scripture {BLOCK}>[1]</script><script src=x/>{}<script>var a='<script {BLOCK}>[2]';</script><Script {BLOCK}>[3]</sCript >",
            block("[4]"),
        );
        let (found, sink) = read(&page);
        let values: Vec<_> = found
            .unwrap()
            .into_iter()
            .map(|(value, _)| value.to_string())
            .collect();
        assert_eq!(values, ["[4]", "[3]"]);
        assert_eq!(sink.finish("schemaorg").refused, []);
    }

    #[test]
    fn blocks_end_at_a_limit() {
        let page = block("1").repeat(BLOCKS + 5);
        let (found, sink) = read(&page);
        let found = found.unwrap();
        assert_eq!(found.len(), BLOCKS);
        assert_eq!(
            found[BLOCKS - 1].1,
            format!("a.html:{}", 3 * (BLOCKS - 1) + 1)
        );
        let imported = sink.finish("schemaorg");
        assert_eq!(
            (imported.refused.len(), imported.refused[0].rule.as_str()),
            (1, "too-many")
        );
    }

    /// A reader that goes back for each of these needs hours for it.
    #[test]
    fn a_page_is_gone_through_once() {
        let mut page = format!("{BLOCK} ").repeat(500_000);
        page.push_str(&"<script>".repeat(100_000));
        page.push_str(&"</scrip".repeat(100_000));
        page.push_str("</script>");
        page.push_str(&"\n".repeat(5_000_000));
        page.push_str(&block("1").repeat(BLOCKS));
        let (found, _) = read(&page);
        assert_eq!(found.unwrap().len(), BLOCKS);
    }
}
