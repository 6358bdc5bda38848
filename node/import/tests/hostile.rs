//! Files that mean harm, or were harmed on the way. Each is refused with place and reason.

use std::fmt::Write as _;
use std::fs::File;

use calluna_import::{ALL, FILE_BYTES, ImportError, Imported, Options, Source, read, read_file};
use calluna_model::text::{Language, knows};

fn import(name: &str, text: &str) -> Result<Imported, ImportError> {
    read(
        &Source {
            name,
            bytes: text.as_bytes(),
        },
        None,
        &Options::default(),
    )
}

fn as_format(format: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
    read(
        &Source {
            name: "datei",
            bytes,
        },
        Some(format),
        &Options::default(),
    )
}

fn event(inside: &str) -> String {
    format!("<veranstaltung><guid>g</guid><name>Kurs</name>{inside}</veranstaltung>")
}

fn openvhs(records: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<veranstaltungen version=\"1.2\">\n{records}\n</veranstaltungen>"
    )
}

#[test]
fn entity_bombs_and_external_documents_are_refused_with_a_hint() {
    let mut bomb = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY a0 \"lol\">");
    for level in 1..10 {
        write!(
            bomb,
            "<!ENTITY a{level} \"{}\">",
            format!("&a{};", level - 1).repeat(10)
        )
        .unwrap();
    }
    bomb.push_str(
        "]>\n<veranstaltungen><veranstaltung><name>&a9;</name></veranstaltung></veranstaltungen>",
    );
    let external = "<!DOCTYPE kurse SYSTEM \"http://evil.example/x.dtd\"><kurse><kurs><knr>1</knr></kurs></kurse>";
    let file = "<!DOCTYPE veranstaltungen [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><veranstaltungen><veranstaltung><name>&x;</name></veranstaltung></veranstaltungen>";
    for text in [bomb.as_str(), external, file] {
        let error = import("a.xml", text).unwrap_err();
        assert!(
            matches!(&error, ImportError::Doctype { place } if place.starts_with("a.xml:")),
            "{error}"
        );
        assert!(error.message(Language::De).contains("DOCTYPE"));
    }
}

#[test]
fn inv7_an_entity_that_nobody_defined_costs_one_record() {
    let text = openvhs(&format!(
        "{}{}",
        event("<untertitel>&boese;</untertitel>").replace(">g<", ">1<"),
        event("").replace(">g<", ">2<")
    ));
    let imported = import("a.xml", &text).unwrap();
    assert_eq!(
        (
            imported.offers.len(),
            imported.refused_records,
            imported.read
        ),
        (1, 1, 2)
    );
    assert_eq!(
        (
            imported.refused[0].rule.as_str(),
            imported.refused[0].record.as_str()
        ),
        ("unknown-entity", "1")
    );
}

#[test]
fn nesting_ends_at_a_limit() {
    let text = openvhs(&event(&("<a>".repeat(10_000) + &"</a>".repeat(10_000))));
    assert!(matches!(
        import("a.xml", &text),
        Err(ImportError::TooDeep { limit: 64, .. })
    ));
    let json = format!("{{\"veranstaltungen\":{}", "[".repeat(100_000));
    assert!(as_format("openvhs", json.as_bytes()).is_err());
    let deep = import("a.jsonl", &format!("{{\"id\":{}\n", "[".repeat(100_000))).unwrap();
    assert_eq!(
        (deep.offers.len(), deep.refused_records),
        (0, 1),
        "a line is a record of its own"
    );
}

#[test]
fn inv7_a_record_that_is_too_large_is_refused_alone() {
    let large = event(&format!("<text><text>{}</text></text>", "x".repeat(70_000)));
    let attribute =
        event(&format!("<name a=\"{}\">y</name>", "x".repeat(70_000))).replace(">g<", ">h<");
    let many = event(&"<termin/>".repeat(20_000)).replace(">g<", ">i<");
    let text = openvhs(&[large, attribute, many, event("").replace(">g<", ">ok<")].concat());
    let imported = import("a.xml", &text).unwrap();
    assert_eq!(
        (
            imported.offers.len(),
            imported.refused_records,
            imported.read
        ),
        (1, 3, 4)
    );
    assert_eq!(imported.offers[0].id().as_str(), "ok");
    let seen: Vec<_> = imported
        .refused
        .iter()
        .map(|f| (f.record.as_str(), f.rule.as_str()))
        .collect();
    assert_eq!(
        seen,
        [("g", "too-large"), ("h", "too-large"), ("i", "too-many")]
    );
    assert_eq!(imported.refused[0].place, "a.xml:3");
}

#[test]
fn a_file_that_ends_in_the_middle_is_refused_as_a_whole() {
    let whole = openvhs(
        &[
            event("").replace(">g<", ">1<"),
            event("").replace(">g<", ">2<"),
        ]
        .join("\n"),
    );
    for cut in [
        whole.len() - 1,
        whole.len() - 10,
        whole.len() - 20,
        150,
        100,
    ] {
        let error = import("a.xml", &whole[..cut]).unwrap_err();
        assert!(
            matches!(&error, ImportError::Truncated { place } if place.starts_with("a.xml:")),
            "{cut}: {error}"
        );
    }
    assert!(matches!(
        import("a.json", "[{\"nummer\":\"1\",\"name\":\"a\"},{\"nummer\""),
        Err(ImportError::Truncated { .. })
    ));
    assert!(matches!(
        import(
            "a.jsonl",
            "{\"id\":\"1\",\"title\":\"a\"}\n{\"id\":\"2\",\"ti"
        ),
        Err(ImportError::Truncated { .. })
    ));
    assert!(
        import("a.xml", "<kurse><kurs><knr>1</knr></kurse>").is_err(),
        "crossed tags"
    );
}

#[test]
fn nul_bytes_and_nothing_are_refused() {
    assert!(
        matches!(import("a.xml", &openvhs("\0")), Err(ImportError::Nul { place }) if place.starts_with("a.xml:3"))
    );
    assert!(matches!(
        import("a.csv", " \n\n"),
        Err(ImportError::Empty { .. })
    ));
    assert!(matches!(
        import("a.csv", ""),
        Err(ImportError::Empty { .. })
    ));
    assert!(as_format("csv", b"Nr;Titel\n1;a\0").is_err());
}

#[test]
fn what_is_no_export_names_what_was_tried() {
    for bytes in [
        &b"%PDF-1.7 ..."[..],
        b"\x89PNG\r\n\x1a\n....",
        b"Hallo Welt",
        b"<html><body>x</body></html>",
    ] {
        let error = read(&Source { name: "x", bytes }, None, &Options::default()).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("openvhs, kufer, xcri, openqcat, elm, oneroster, kursnet, xlsx, moochub, schemaorg, jsonl, csv"),
            "{error}"
        );
    }
    let error = as_format("exel", b"x").unwrap_err();
    assert!(
        error.message(Language::De).contains("auto, openvhs, kufer"),
        "{error}"
    );
    assert!(matches!(
        as_format("kufer", openvhs("").as_bytes()),
        Err(ImportError::WrongRoot { .. })
    ));
}

#[test]
fn a_file_that_is_too_large_is_refused_without_reading_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("riese.csv");
    // Sparse: it has the length, and nobody has the time to read it.
    File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let error = read_file(&path, None, &Options::default()).unwrap_err();
    assert!(
        matches!(&error, ImportError::TooLarge { file, limit, .. } if file == "riese.csv" && *limit == FILE_BYTES)
    );
    assert!(matches!(
        read_file(folder.path(), None, &Options::default()),
        Err(ImportError::NotAFile { .. })
    ));
    assert!(matches!(
        read_file(&folder.path().join("x"), None, &Options::default()),
        Err(ImportError::Missing { .. })
    ));
}

#[test]
fn one_line_without_end_is_refused_where_it_begins() {
    let mut csv = b"Nr;Titel;Text\n1;a;\"".to_vec();
    csv.resize(40 * 1024 * 1024, b'x');
    let error = as_format("csv", &csv).unwrap_err();
    assert!(error.to_string().starts_with("datei:2: "), "{error}");
    let mut json = b"{\"id\":\"1\",\"title\":\"".to_vec();
    json.resize(4 * 1024 * 1024, b'x');
    json.extend_from_slice(b"\"}\n{\"id\":\"2\",\"title\":\"b\"}\n");
    let imported = as_format("jsonl", &json).unwrap();
    assert_eq!(
        (imported.offers.len(), imported.refused[0].rule.as_str()),
        (1, "too-large")
    );
}

/// Cells that would be slow or deep for a careless reader. Seconds here would be hours in a file.
#[test]
fn a_cell_cannot_hold_up_the_import() {
    let mut text = String::from("id;Titel;Beschreibung;Schlagworte\n");
    for (index, part) in [
        "@",
        "(at)",
        "0 ",
        "<p><em>",
        "<a href=http://x><table>",
        "< ",
        "<a ",
        "&amp",
        "</p",
        "01711234567 ",
    ]
    .iter()
    .enumerate()
    {
        let cell = part.repeat(250_000 / part.len()) + ">";
        writeln!(text, "{index};Kurs;{cell};").unwrap();
    }
    let words: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
    writeln!(text, "w;Kurs;a;{}", words.join(",")).unwrap();
    writeln!(text, "ok;Kurs;a;b").unwrap();
    let imported = import("a.csv", &text).unwrap();
    assert_eq!(imported.read, 12);
    assert!(
        imported
            .offers
            .iter()
            .any(|offer| offer.id().as_str() == "ok")
    );
    assert!(
        imported
            .refused
            .iter()
            .any(|finding| finding.record == "w" && finding.rule == "too-many")
    );
}

#[test]
fn a_tag_or_a_gap_as_long_as_the_file_is_not_copied() {
    let blanks = event(&" ".repeat(5_000_000)).replace(">g<", ">1<");
    let tag = event(&format!("<x y=\"{}\"/>", "z".repeat(5_000_000))).replace(">g<", ">2<");
    let imported = import("a.xml", &openvhs(&(blanks + &tag))).unwrap();
    assert_eq!((imported.offers.len(), imported.refused_records), (1, 1));
    assert_eq!(imported.refused[0].record, "2");
}

#[test]
fn wide_letters_are_recognised_beyond_the_first_look() {
    let mut text = String::from("\u{feff}Nr;Titel\n");
    for number in 0..3_000 {
        writeln!(text, "{number};Töpfern").unwrap();
    }
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let imported = read(
        &Source {
            name: "a.csv",
            bytes: &bytes,
        },
        None,
        &Options::default(),
    )
    .unwrap();
    assert_eq!(
        (imported.offers.len(), imported.offers[0].title.as_str()),
        (3_000, "Töpfern")
    );
}

#[test]
fn more_offers_than_a_provider_may_have_are_refused_as_a_whole() {
    let mut text = String::new();
    for number in 0..=100_000 {
        writeln!(text, "{{\"id\":\"{number}\",\"title\":\"a\"}}").unwrap();
    }
    assert!(matches!(
        import("a.jsonl", &text),
        Err(ImportError::TooManyOffers { limit: 100_000, .. })
    ));
}

#[test]
fn documents_of_json_are_refused_where_they_are_broken_deep_or_cut() {
    for format in ["schemaorg", "moochub", "elm"] {
        let begin = "{\"@context\":\"https://schema.org\",\n\"data\":";
        let deep = as_format(format, format!("{begin}{}", "[".repeat(100_000)).as_bytes());
        assert!(
            matches!(deep, Err(ImportError::NotWellFormed { .. })),
            "{format}"
        );
        let cut = as_format(format, format!("{begin}[{{\"id\":\"").as_bytes());
        assert!(
            matches!(&cut, Err(ImportError::Truncated { place }) if place.starts_with("datei:2:")),
            "{format}"
        );
        assert!(as_format(format, b"[1,2,3] x").is_err(), "{format}");
    }
    let course = |id: &str, text: &str| {
        format!(
            "{{\"@type\":\"Course\",\"courseCode\":\"{id}\",\"name\":\"a\",\"image\":\"{text}\"}}"
        )
    };
    let text = format!(
        "{{\"@context\":\"https://schema.org\",\"@graph\":[{},{}]}}",
        course("1", &"x".repeat(2_000_000)),
        course("2", "x")
    );
    let imported = as_format("schemaorg", text.as_bytes()).unwrap();
    assert_eq!((imported.offers.len(), imported.refused_records), (1, 1));
    assert_eq!(imported.refused[0].rule, "too-large");
    assert_eq!(imported.refused[0].place, "datei#1");
}

#[test]
fn references_that_lead_in_circles_come_to_an_end() {
    let text = "{\"@context\":\"https://schema.org\",\"@graph\":[\
        {\"@type\":\"Course\",\"@id\":\"a\",\"name\":\"A\",\"hasPart\":{\"@id\":\"b\"},\"about\":{\"@id\":\"a\"},\"hasCourseInstance\":{\"@id\":\"a\"},\"offers\":{\"@id\":\"a\"}},\
        {\"@id\":\"b\",\"itemListElement\":{\"@id\":\"b\"},\"x\":1}]}";
    let imported = as_format("schemaorg", text.as_bytes()).unwrap();
    assert_eq!((imported.offers.len(), imported.refused_records), (1, 0));
}

#[test]
fn a_service_that_is_too_large_or_a_doctype_is_refused_in_openqcat_too() {
    let service = |id: &str, text: &str| {
        format!(
            "<SERVICE><PRODUCT_ID>{id}</PRODUCT_ID><COURSE_TYPE>1</COURSE_TYPE><SERVICE_DETAILS><TITLE>a</TITLE><DESCRIPTION_LONG>{text}</DESCRIPTION_LONG></SERVICE_DETAILS></SERVICE>"
        )
    };
    let text = format!(
        "<OPENQCAT><NEW_CATALOG>{}{}</NEW_CATALOG></OPENQCAT>",
        service("1", &"x".repeat(70_000)),
        service("2", "x")
    );
    let imported = import("a.xml", &text).unwrap();
    assert_eq!((imported.offers.len(), imported.refused_records), (1, 1));
    assert_eq!(
        (
            imported.refused[0].record.as_str(),
            imported.refused[0].rule.as_str()
        ),
        ("1", "too-large")
    );
    let doctype = "<!DOCTYPE OPENQCAT SYSTEM \"x\"><OPENQCAT></OPENQCAT>";
    assert!(matches!(
        import("a.xml", doctype),
        Err(ImportError::Doctype { .. })
    ));
    assert!(matches!(
        import("a.xml", "<OPENQCAT><NEW_CATALOG><SERVICE><PRODUCT_ID>1"),
        Err(ImportError::Truncated { .. })
    ));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn garbage_never_panics_in_any_format(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        for format in ALL {
            drop(as_format(format.name(), &bytes));
        }
        drop(read(&Source { name: "x", bytes: &bytes }, None, &Options::default()));
    }

    /// Garbage that gets past the door: known tags and fields with anything in them.
    #[test]
    fn likely_garbage_never_panics(
        inside in "(<(/?(veranstaltung|kurs|course|presentation|termin|preis|text|name|guid|knr|title|start|beginn_datum|dauer|betrag)|!\\[CDATA\\[|!--)>|]]>|-->|&[a-z#0-9]{0,4};|\\PC|[0-9.,:;-]){0,60}",
        row in "([;\"\n]|\\PC|[0-9.,:-]){0,80}",
        service in "(<(/?(SERVICE|PRODUCT_ID|TITLE|EDUCATION|COURSE_ID|MODULE_COURSE|SERVICE_DATE|START_DATE|DURATION|LOCATION|ZIP|PRICE_AMOUNT|INSTRUCTION_REMARKS|learningOpportunity|title|temporal|startDate|identifier|notation|amount|value))>|Mo-Fr |\\PC|[0-9.,:-]){0,60}",
        json in "(\"(@id|@type|name|startDate|endDate|offers|price|about|location|address|geo|latitude|courseSchedule|byDay|subEvent|hasCourseInstance|duration|keywords|title|temporal)\":|\"Course\"|\"P[0-9TMDH.,]{0,6}\"|[\\[\\]{}:,]|\"\\PC{0,4}\"|-?[0-9]{1,12}(\\.[0-9]{1,3})?){0,40}",
    ) {
        for (format, begin, end) in [("openqcat", "<OPENQCAT><SERVICE><SERVICE_DETAILS>", "</SERVICE_DETAILS></SERVICE></OPENQCAT>"), ("elm", "<Courses><learningOpportunity>", "</learningOpportunity></Courses>")] {
            drop(as_format(format, format!("{begin}{service}{end}").as_bytes()));
        }
        for (format, begin, end) in [("schemaorg", "{\"@type\":\"Course\",\"name\":\"a\",", "}"), ("moochub", "{\"data\":[{\"id\":\"1\",\"attributes\":{", "}}]}"), ("elm", "{\"type\":\"LearningOpportunity\",\"id\":\"x\",", "}")] {
            drop(as_format(format, format!("{begin}{json}{end}").as_bytes()));
        }
        for (format, begin, end) in [("openvhs", "<veranstaltungen><veranstaltung>", "</veranstaltung></veranstaltungen>"), ("kufer", "<kurse><kurs>", "</kurs></kurse>"), ("xcri", "<catalog><course>", "</course></catalog>")] {
            drop(as_format(format, format!("{begin}{inside}{end}").as_bytes()));
        }
        let header = "id;Titel;Beginn;Ende;Uhrzeit;Preis;Plätze;UE;PLZ;Format;Wochentag;Telefon";
        if let Ok(imported) = as_format("csv", format!("{header}\n{row}\n").as_bytes()) {
            for finding in imported.refused.iter().chain(&imported.warnings) {
                proptest::prop_assert!(knows(&finding.rule), "no words for {}", finding.rule);
                proptest::prop_assert!(!finding.place.is_empty());
            }
        }
    }
}
