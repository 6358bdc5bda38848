//! What an import of 20,000 registrations costs. Alone in its process, so that the peak is its own.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly")]

use std::fmt::Write as _;
use std::fs;
use std::io::{Cursor, Write as _};

use calluna_figures::{Import, Offers, PostalCodes, Secret};
use calluna_model::id::OfferId;
use calluna_tables::{Layout, OfferFacts, Region, Subjects, Web};

struct Eight;

impl Offers for Eight {
    fn facts(&self, name: &OfferId) -> Option<OfferFacts> {
        let digit = name.as_str().bytes().last()? % 8;
        Some(OfferFacts {
            subject: format!("{}.0{}", digit.clamp(1, 7), digit),
            format: ["in-person", "online", "hybrid"]
                .get(usize::from(digit % 3))?
                .to_string(),
            ..OfferFacts::default()
        })
    }
}

fn list(registrations: u32) -> String {
    let codes = ["29614", "29646", "29649", "29633", "29699", "20095"];
    let states = ["angemeldet", "abgeschlossen", "storniert", "Warteliste"];
    let mut text = "Kursnummer;Nachname;Vorname;Geburtsdatum;Geschlecht;PLZ;Ort;Status;Anmeldedatum;Schulabschluss;Verbleib\n".to_owned();
    for at in 0..registrations {
        // Two registrations of three are of somebody who is there already.
        let person = at.wrapping_mul(2_654_435_761) % (registrations * 2 / 3);
        let pick = |of: &[&'static str], by: u32| {
            of[usize::try_from((person / by) % u32::try_from(of.len()).unwrap()).unwrap()]
        };
        writeln!(
            text,
            "K{};Müller{person};Änne;{:02}.{:02}.{};{};{};;{};{:02}.08.2026;{};{}",
            at % 400,
            person % 28 + 1,
            person % 12 + 1,
            1936 + person % 75,
            pick(&["w", "m", "d"], 1),
            pick(&codes, 3),
            states[usize::try_from(at % 4).unwrap()],
            at % 28 + 1,
            pick(&["Abitur", "Realschule", "", "Lehre"], 7),
            pick(&["Arbeit", "Studium", ""], 5),
        )
        .unwrap();
    }
    text
}

/// Highest resident memory of this process so far, in KiB.
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The same list as a workbook with its text in the cells.
fn workbook(list: &str) -> Vec<u8> {
    let mut body = String::new();
    for (row, line) in (1..).zip(list.lines()) {
        write!(body, "<row r=\"{row}\">").unwrap();
        for (column, cell) in ('A'..).zip(line.split(';')) {
            write!(
                body,
                "<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"
            )
            .unwrap();
        }
        body.push_str("</row>");
    }
    let sheet = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{body}</sheetData></worksheet>"
    );
    // Everything but the sheet as in the small sample.
    let sample = Cursor::new(include_bytes!("data/synthetic-bbs.xlsx"));
    let mut sample = zip::ZipArchive::new(sample).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..sample.len() {
        let entry = sample.by_index_raw(at).unwrap();
        if entry.name().unwrap().contains("sheet1") {
            out.start_file(
                "xl/worksheets/sheet1.xml",
                zip::write::SimpleFileOptions::default(),
            )
            .unwrap();
            out.write_all(sheet.as_bytes()).unwrap();
        } else {
            out.raw_copy_file(entry).unwrap();
        }
    }
    out.finish().unwrap().into_inner()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a measurement of real time")]
fn twenty_thousand_registrations_cost_seconds_and_not_gigabytes() {
    let text = list(20_000);
    let book = workbook(&text);
    let layout = Layout::new(Region::heidekreis().unwrap(), Subjects::areas());
    for (name, bytes) in [("gross.csv", text.as_bytes()), ("gross.xlsx", &book)] {
        let before = peak();
        let begun = std::time::Instant::now();
        let postal = PostalCodes::heidekreis().unwrap();
        let mut import = Import::new(
            &layout,
            &postal,
            &Eight,
            "2026-Q3".parse().unwrap(),
            &Secret::new([3; 32]),
        );
        import.read(name, bytes, None).unwrap();
        let (figures, report) = import.finish(&Web::new(&layout));
        let took = begun.elapsed();
        let touches: usize = figures.persons().map(|person| person.touches.len()).sum();
        println!(
            "{name}: {} registrations, {} persons, {} numbers, {touches} touches: {took:?}, peak {:?} KiB (before: {before:?})",
            report.counted,
            figures.persons().len(),
            figures.values().len(),
            peak(),
        );
        assert!(
            report.counted > 15_000 && report.refused_rows == 0,
            "{report:?}"
        );
        assert!(took.as_secs() < 10, "{took:?}");
        if let Some(peak) = peak() {
            assert!(peak < 200 * 1024, "{peak} KiB");
        }
    }
}
