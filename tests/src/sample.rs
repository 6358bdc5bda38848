//! Synthetic offers and files. Nothing in them is about anybody.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use calluna_model::fixture::an_offer;
use calluna_model::offer::Offer;
use zip::write::SimpleFileOptions;

/// An offer of about 400 bytes; `version` makes it differ.
#[must_use]
pub fn offer(number: usize, version: &str) -> Offer {
    an_offer(&format!("K-{number:05}"))
        .titled(&format!("Kurs {number} {version}"))
        .described(
            format!("Ein Kurs zum Lernen, Nummer {number}, Fassung {version}. ")
                .repeat(6)
                .trim_end(),
        )
        .build()
}

/// An offer of about 2 KB; `version` makes it differ.
#[must_use]
pub fn long_offer(number: usize, version: &str) -> Offer {
    // Words that differ, so that nothing on the way can squeeze them together.
    let words: Vec<String> = (0..24)
        .map(|n| {
            blake3::hash(format!("{number} {version} {n}").as_bytes())
                .to_hex()
                .to_string()
        })
        .collect();
    an_offer(&format!("K-{number:05}"))
        .titled(&format!("Kurs {number} {version}"))
        .described(&words.join(" "))
        .build()
}

/// Writes offers as Calluna's own JSON Lines.
///
/// # Panics
/// When the file cannot be written.
#[must_use]
pub fn jsonl(path: &Path, offers: impl IntoIterator<Item = Offer>) -> PathBuf {
    let mut text = String::new();
    for offer in offers {
        text.push_str(&serde_json::to_string(&offer.into_draft()).expect("an offer is JSON"));
        text.push('\n');
    }
    write(path, text.as_bytes())
}

/// Writes a file.
///
/// # Panics
/// When it cannot be written.
#[must_use]
pub fn write(path: &Path, bytes: &[u8]) -> PathBuf {
    std::fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path.to_owned()
}

/// A workbook with one sheet of text cells.
#[must_use]
pub fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut sheet = String::from(SHEET);
    sheet.push_str("<sheetData>");
    for (row, cells) in (1..).zip(rows) {
        sheet.push_str(&format!("<row r=\"{row}\">"));
        for (column, text) in ('A'..='Z').zip(*cells) {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            let cell = format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
            sheet.push_str(&cell);
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    zipped(&mut sheet.as_bytes())
}

/// A workbook of some hundred kilobytes whose sheet inflates to `bytes`.
#[must_use]
pub fn zip_bomb(bytes: u64) -> Vec<u8> {
    let blanks = std::io::Read::take(std::io::repeat(b' '), bytes);
    zipped(&mut std::io::Read::chain(SHEET.as_bytes(), blanks))
}

const SHEET: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
    <worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">";

/// The parts that every workbook has, and one sheet.
fn zipped(sheet: &mut dyn std::io::Read) -> Vec<u8> {
    const PARTS: [(&str, &str); 4] = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\">\
             <Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
             <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
             <Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/>\
             <Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>",
        ),
        (
            "_rels/.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
             xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">\
             <sheets><sheet name=\"Angebote\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>",
        ),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, text) in PARTS {
        zip.start_file(name, options).expect("memory takes it");
        zip.write_all(text.as_bytes()).expect("memory takes it");
    }
    zip.start_file("xl/worksheets/sheet1.xml", options)
        .expect("memory takes it");
    std::io::copy(sheet, &mut zip).expect("memory takes it");
    zip.finish().expect("memory takes it").into_inner()
}

/// Every byte of every file under `folder`, names included.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn every_byte(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        all.extend_from_slice(entry.file_name().as_encoded_bytes());
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() {
            all.extend(every_byte(&entry.path()));
        } else if meta.is_file() {
            // A file may go while a running process tidies up.
            all.extend(std::fs::read(entry.path()).unwrap_or_default());
        }
    }
    all
}

/// Whether `bytes` hold `word`.
#[must_use]
pub fn holds(bytes: &[u8], word: &[u8]) -> bool {
    let Some(first) = word.first() else {
        return true;
    };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let Some(from) = rest.get(at..) else {
            return false;
        };
        if from.starts_with(word) {
            return true;
        }
        rest = from.get(1..).unwrap_or_default();
    }
    false
}
