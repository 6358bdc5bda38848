//! Workbooks, friendly and hostile, built here.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::io::{Cursor, Write};

use calluna_tabular::{INFLATED_BYTES, Table, TableError};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Builds a workbook with one sheet, `Angebote`, that holds `rows` (the inside of `sheetData`).
fn workbook(rows: &str) -> Vec<u8> {
    with_entries(rows, &[])
}

fn with_entries(rows: &str, more: &[(&str, &[u8])]) -> Vec<u8> {
    let sheet = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{rows}</sheetData></worksheet>"
    );
    let mut entries: Vec<(&str, &[u8])> = vec![
        ("[Content_Types].xml", b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"),
        ("_rels/.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"),
        ("xl/workbook.xml", b"<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Angebote\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", b"<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles\" Target=\"styles.xml\"/></Relationships>"),
        ("xl/styles.xml", b"<styleSheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><cellXfs count=\"3\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\" applyNumberFormat=\"1\"/><xf numFmtId=\"20\" applyNumberFormat=\"1\"/></cellXfs></styleSheet>"),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ];
    entries.extend_from_slice(more);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn text(at: &str, text: &str) -> String {
    format!("<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

fn header() -> String {
    format!(
        "<row r=\"1\">{}{}{}</row>",
        text("A1", "Nr"),
        text("B1", "Titel"),
        text("C1", "Beginn")
    )
}

fn rows(bytes: &[u8]) -> Result<Vec<Vec<String>>, TableError> {
    Table::xlsx("angebote.xlsx", bytes, None)?
        .rows()
        .map(|row| row.map(|row| row.cells))
        .collect()
}

#[test]
fn numbers_dates_and_times_read_as_people_see_them() {
    let row = |number: u32, cells: &str| format!("<row r=\"{number}\">{cells}</row>");
    let cell = |at: &str, style: u8, value: &str| {
        format!("<c r=\"{at}\" s=\"{style}\"><v>{value}</v></c>")
    };
    let body = [
        header(),
        row(
            3,
            &[
                cell("A3", 0, "13"),
                text("B3", " Töpfern "),
                cell("C3", 1, "45128.083333333336"),
            ]
            .concat(),
        ),
        row(
            4,
            &[
                cell("A4", 0, "89.15"),
                text("B4", "x"),
                cell("C4", 1, "45128"),
            ]
            .concat(),
        ),
        row(
            5,
            &[
                cell("A5", 0, "45.300000000000004"),
                text("B5", "x"),
                cell("C5", 2, "0.770833333333"),
            ]
            .concat(),
        ),
        row(
            6,
            &[cell("A6", 0, "1"), cell("C6", 1, "45128.770833333336")].concat(),
        ),
    ]
    .concat();
    let bytes = workbook(&body);
    let table = Table::xlsx("angebote.xlsx", &bytes, None).unwrap();
    assert_eq!(
        (table.sheet.as_deref(), table.header_place.as_str()),
        (Some("Angebote"), "Angebote!A1")
    );
    let rows: Vec<_> = table.rows().map(Result::unwrap).collect();
    assert_eq!(rows[0].cells, ["13", "Töpfern", "2023-07-21"]);
    assert_eq!(rows[0].cell_place(2), "Angebote!C3");
    assert_eq!(rows[1].cells, ["89.15", "x", "2023-07-21"]);
    assert_eq!(rows[2].cells, ["45.3", "x", "18:30"]);
    assert_eq!(rows[3].cells, ["1", "", "2023-07-21T18:30"]);
}

#[test]
fn a_zip_bomb_is_refused_by_what_it_really_inflates_to() {
    let zeros = vec![b' '; usize::try_from(INFLATED_BYTES).unwrap() / 2 + 1];
    let bytes = with_entries(&header(), &[("xl/a.bin", &zeros), ("xl/b.bin", &zeros)]);
    assert!(bytes.len() < 1024 * 1024, "a bomb is small outside");
    assert!(matches!(rows(&bytes), Err(TableError::ZipBomb { .. })));
}

#[test]
fn too_many_entries_are_refused_before_they_are_listed() {
    let names: Vec<String> = (0..1_001).map(|index| format!("x/{index}")).collect();
    let more: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert!(matches!(
        rows(&with_entries(&header(), &more)),
        Err(TableError::TooManyEntries { .. })
    ));
}

#[test]
fn the_far_corner_is_refused_by_its_address_and_costs_nothing() {
    let far = format!(
        "{}<row r=\"1048576\">{}</row>",
        header(),
        text("XFD1048576", "x")
    );
    let refused = rows(&workbook(&far)).unwrap_err();
    assert!(
        matches!(&refused, TableError::TooManyColumns { place, .. } if place == "Angebote!XFD1048576"),
        "{refused}"
    );
    let deep = format!(
        "{}<row r=\"1048576\">{}</row>",
        header(),
        text("A1048576", "x")
    );
    assert!(matches!(
        rows(&workbook(&deep)),
        Err(TableError::TooManyRows { .. })
    ));
    // Formatting alone is harmless: nothing is kept for it.
    let painted = format!(
        "{}<row r=\"1048576\"><c r=\"XFD1048576\" s=\"1\"/></row>",
        header()
    );
    assert_eq!(rows(&workbook(&painted)), Ok(vec![]));
}

#[test]
fn cut_old_and_encrypted_files_are_told_apart() {
    let whole = workbook(&header());
    for cut in [10, whole.len() / 2, whole.len() - 5] {
        assert!(
            matches!(rows(&whole[..cut]), Err(TableError::NotAWorkbook { .. })),
            "{cut}"
        );
    }
    let mut old = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    old.resize(2_000, 0);
    assert!(matches!(rows(&old), Err(TableError::OldWorkbook { .. })));
    old.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(matches!(rows(&old), Err(TableError::Encrypted { .. })));
    assert!(matches!(rows(&workbook("")), Err(TableError::Empty { .. })));
}

#[test]
fn a_sheet_that_is_not_there_is_named_with_those_that_are() {
    let refused = Table::xlsx("a.xlsx", &workbook(&header()), Some("Kurse")).unwrap_err();
    assert!(
        refused.to_string().contains("there are: Angebote"),
        "{refused}"
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// A workbook with some bytes turned, and a sheet of garbage inside of a sound archive.
    #[test]
    fn garbage_never_panics(
        turned in proptest::collection::vec((proptest::num::usize::ANY, proptest::num::u8::ANY), 1..8),
        inside in "(<(/?(row|c|v|is|t|sheetData)|c r=\"[A-Z]{0,4}[0-9]{0,8}\" t=\"[a-zA-Z]{0,3}\")>|[0-9]{1,4}|&[a-z]{2};){0,30}",
    ) {
        let mut bytes = workbook(&header());
        for (at, byte) in turned {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        drop(rows(&bytes));
        drop(rows(&workbook(&inside)));
    }
}
