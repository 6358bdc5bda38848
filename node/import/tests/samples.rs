//! The samples of the repository, and what must never come out of any format.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail loudly"
)]

use std::path::Path;

use calluna_import::{Imported, Mapping, Options, Source, clean_html, read, read_file};
use calluna_model::text::{Language, knows, line};

fn sample(name: &str) -> Imported {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/data")
        .join(name);
    read_file(&path, None, &Options::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn import(name: &str, text: &str) -> Imported {
    read(
        &Source {
            name,
            bytes: text.as_bytes(),
        },
        None,
        &Options::default(),
    )
    .unwrap()
}

#[test]
fn a_kufer_course_without_a_list_of_dates_keeps_the_time_of_its_first() {
    let imported = import(
        "kurse.xml",
        "<?xml version=\"1.0\"?><kurse><kurs><knr>1</knr><haupttitel>A</haupttitel><beginndat>12.01.2027</beginndat>\
         <beginnuhr>18:30</beginnuhr><endeuhr>20:00</endeuhr></kurs><kurs><knr>2</knr><haupttitel>B</haupttitel>\
         <beginndat>12.01.2027</beginndat></kurs></kurse>",
    );
    assert_eq!(imported.refused, []);
    let slots: Vec<_> = imported
        .offers
        .iter()
        .map(|offer| offer.clone().into_draft().runs[0].slots.clone())
        .collect();
    assert_eq!(slots[0].len(), 1);
    let slot = &slots[0][0];
    assert_eq!(
        (slot.date.as_str(), slot.start.as_str(), slot.end.as_str()),
        ("2027-01-12", "18:30", "20:00")
    );
    assert_eq!(slots[1], []);
}

#[test]
fn every_sample_reads_whole() {
    for (name, format, offers, runs) in [
        ("berlin-vhs-2026.json", "openvhs", 149, 149),
        ("synthetic-openvhs.xml", "openvhs", 24, 24),
        ("synthetic-kufer.xml", "kufer", 15, 15),
        ("synthetic-school.csv", "csv", 11, 11),
        ("synthetic-school.xlsx", "xlsx", 12, 15),
        ("synthetic-xcri.xml", "xcri", 12, 17),
        ("synthetic.jsonl", "jsonl", 12, 12),
        ("synthetic-openqcat.xml", "openqcat", 3, 3),
        ("synthetic-kursnet.xlsx", "kursnet", 2, 6),
        ("synthetic-schemaorg.json", "schemaorg", 4, 3),
        ("synthetic-course-page.html", "schemaorg", 2, 0),
        ("synthetic-oneroster.zip", "oneroster", 2, 2),
        ("synthetic-elm.xml", "elm", 2, 1),
        ("synthetic-elm.jsonld", "elm", 1, 1),
    ] {
        let imported = sample(name);
        assert_eq!(
            (imported.format, imported.offers.len()),
            (format, offers),
            "{name}"
        );
        assert_eq!(imported.refused, [], "{name}");
        assert_eq!(
            imported
                .offers
                .iter()
                .map(|offer| offer.runs.len())
                .sum::<usize>(),
            runs,
            "{name}"
        );
        for offer in &imported.offers {
            assert_eq!(
                clean_html(&offer.description_html),
                offer.description_html,
                "{name}"
            );
        }
        assert!(
            imported.warnings.iter().all(|finding| knows(&finding.rule)),
            "{name}"
        );
    }
}

#[test]
fn what_spreadsheets_do_to_values_is_undone() {
    let imported = sample("synthetic-school.xlsx");
    let welding = &imported.offers[0];
    assert_eq!(welding.title, "Schweißen: MAG-Grundlehrgang");
    assert_eq!(welding.runs.len(), 2);
    assert_eq!(welding.runs[0].start, "2027-03-01");
    assert_eq!(welding.runs[0].slots[0].start, "08:00");
    assert_eq!(welding.teaching_units_hundredths, Some(4_000));
    let milling = imported
        .offers
        .iter()
        .find(|offer| offer.title.starts_with("CNC"))
        .unwrap();
    assert_eq!(
        milling.runs[0].start, "2027-03-13",
        "two o'clock at night is not meant"
    );
    let csv = sample("synthetic-school.csv");
    assert_eq!(
        csv.offers[0].runs[0].venue.as_ref().unwrap().street,
        "Am Bahnhof 80"
    );
    assert_eq!(csv.offers[0].kind, "school-programme");
    assert_eq!(csv.offers[0].price.as_ref().unwrap().amount_cents, Some(0));
    assert!(
        csv.offers[0].entry_requirements[0]
            .title
            .contains("Schulabschluss")
    );
    let left_out: Vec<_> = csv
        .warnings
        .iter()
        .map(|finding| finding.field.as_str())
        .collect();
    assert_eq!(left_out, ["Interne Notiz"]);
}

#[test]
fn xhtml_becomes_the_safe_subset() {
    let imported = sample("synthetic-xcri.xml");
    let first = &imported.offers[0];
    assert_eq!(first.id().as_str(), "PM101");
    assert!(
        first
            .description_html
            .contains("<ul><li>kleine Gruppe</li>"),
        "{}",
        first.description_html
    );
    assert!(
        first
            .description
            .ends_with("- kleine Gruppe\n- Unterlagen inklusive"),
        "{}",
        first.description
    );
    assert_eq!(
        first.runs[0].start_text,
        "Einstieg jederzeit zum Monatsbeginn"
    );
    assert_eq!(
        first.runs[1].price.as_ref().unwrap().amount_cents,
        Some(12_000)
    );
}

#[test]
fn another_provider_is_worth_a_warning_and_nothing_more() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/synthetic-openvhs.xml");
    let options = Options {
        provider_name: Some("VHS Anderswo"),
        ..Options::default()
    };
    let imported = read_file(&path, None, &options).unwrap();
    assert_eq!(imported.offers.len(), 24);
    assert_eq!(
        imported
            .warnings
            .iter()
            .filter(|finding| finding.rule == "other-provider")
            .count(),
        1
    );
    let options = Options {
        provider_name: Some("beispiel volkshochschule HEIDEKREIS"),
        ..Options::default()
    };
    let imported = read_file(&path, None, &options).unwrap();
    assert!(
        !imported
            .warnings
            .iter()
            .any(|finding| finding.rule == "other-provider")
    );
}

/// Planted in every field that holds a person. None of it may come out anywhere.
const CANARIES: [&str; 6] = [
    "Kanarienvogel",
    "kanari.vogel@",
    "0171 5550199",
    "05161/555019",
    "5550199",
    "555019",
];

fn all_words(imported: &Imported) -> String {
    let mut out = format!("{imported:?}");
    for finding in imported.refused.iter().chain(&imported.warnings) {
        for language in Language::ALL {
            out.push_str(&line(finding, language));
        }
    }
    for offer in &imported.offers {
        out.push_str(&serde_json::to_string(&offer.clone().into_draft()).unwrap());
    }
    out
}

fn silent(imported: &Imported) {
    let words = all_words(imported);
    for canary in CANARIES {
        assert!(
            !words.contains(canary),
            "{}: {canary} in {words}",
            imported.format
        );
    }
}

#[test]
fn inv1_persons_never_come_out_of_any_format() {
    let text = "Fragen an kanari.vogel@web.example, Tel. 0171 5550199 oder 05161/555019.";
    let openvhs = format!(
        "<veranstaltungen><veranstaltung><guid>1</guid><nummer>1</nummer><name>Kurs</name>\
         <dozent><name>Kanarienvogel</name></dozent><ansprechperson>Kanarienvogel</ansprechperson>\
         <aktuelle_teilnehmerzahl>5550199</aktuelle_teilnehmerzahl><maximale_teilnehmerzahl>9</maximale_teilnehmerzahl>\
         <text><text>{text}</text></text><preis><betrag>5</betrag><zusatz>{text}</zusatz></preis>\
         <veranstaltungsort><name>Haus</name><kontakt>Kanarienvogel</kontakt></veranstaltungsort></veranstaltung></veranstaltungen>"
    );
    let imported = import("a.xml", &openvhs);
    assert_eq!(
        (
            imported.offers.len(),
            imported.offers[0].runs[0].availability.as_str()
        ),
        (1, "full")
    );
    assert!(
        imported.offers[0]
            .description
            .contains("Fragen an […], Tel. […] oder […].")
    );
    assert!(
        imported
            .warnings
            .iter()
            .all(|f| f.rule == "personal-data-removed" && f.value.is_empty())
    );
    silent(&imported);

    silent(&import(
        "a.xml",
        &format!(
            "<kurse><kurs><knr>1</knr><haupttitel>Kurs</haupttitel><inhalt>{text}</inhalt><mitarbeiter_planend>Kanarienvogel</mitarbeiter_planend>\
         <dozent><name>Kanarienvogel</name><telefonprivat>0171 5550199</telefonprivat></dozent><tnanmeldungen>5550199</tnanmeldungen></kurs></kurse>"
        ),
    ));
    silent(&import(
        "a.xml",
        &format!(
            "<catalog xmlns=\"http://xcri.org/profiles/1.2/catalog\"><provider><course><identifier>1</identifier><title>Kurs</title><description>{text}</description>\
         <contributor>Kanarienvogel</contributor><presentation><identifier>p</identifier><cost>{text}</cost><start>{text}</start><venue><provider><title>Haus</title>\
         <location><town>Walsrode</town><phone>0171 5550199</phone><email>kanari.vogel@x.example</email></location></provider></venue></presentation></course></provider></catalog>"
        ),
    ));
    silent(&import(
        "a.json",
        &format!(
            "[{{\"nummer\":\"1\",\"name\":\"Kurs\",\"dozent\":\"Kanarienvogel\",\"ansprechperson\":{{\"name\":\"Kanarienvogel\"}},\"schlagworte\":[\"{text}\"]}}]"
        ),
    ));
    silent(&import(
        "a.csv",
        &format!(
            "Nr;Titel;Beschreibung;Dozent/in;KONTAKT_NAME;KONTAKT_TEL;Ansprechpartner;Telefon privat;E-Mail;Anmeldungen;E-Mail Anmeldung;Beginn\n\
         1;Kurs;{text};Kanarienvogel;Kanarienvogel;0171 5550199;Kanarienvogel;05161/555019;kanari.vogel@x.example;5550199;kanari.vogel@x.example;\n\
         2;Kurs;a;Kanarienvogel;;;;;;;;05161/555019\n\
         3;Kurs;{text};Kanarienvogel;zu kurz\n"
        ),
    ));
}

#[test]
fn inv1_persons_never_come_out_of_the_exchange_formats() {
    let text = "Fragen an kanari.vogel@web.example, Tel. 0171 5550199 oder 05161/555019.";
    let person = "<LAST_NAME>Kanarienvogel</LAST_NAME><PHONE>0171 5550199</PHONE><EMAILS><EMAIL>kanari.vogel@x.example</EMAIL></EMAILS>";
    let imported = import(
        "a.xml",
        &format!(
            "<OPENQCAT><HEADER><DOCUMENT_CREATOR>{person}</DOCUMENT_CREATOR><SUPPLIER><CONTACT>{person}</CONTACT></SUPPLIER></HEADER><NEW_CATALOG><SERVICE><PRODUCT_ID>1</PRODUCT_ID>\
             <COURSE_TYPE>1</COURSE_TYPE><SERVICE_DETAILS><TITLE>Kurs</TITLE><DESCRIPTION_LONG>{text}</DESCRIPTION_LONG><CONTACT>{person}</CONTACT><REQUIREMENTS>{text}</REQUIREMENTS>\
             <SERVICE_MODULE><EDUCATION type=\"true\"><DEGREE><DEGREE_EXAM><EXAMINER>Kanarienvogel</EXAMINER></DEGREE_EXAM></DEGREE><MODULE_ORGANIZER>{person}</MODULE_ORGANIZER>\
             <MODULE_COURSE><INSTRUCTOR>{person}</INSTRUCTOR><INSTRUCTION_REMARKS>{text}</INSTRUCTION_REMARKS><LOCATION><NAME>Haus</NAME><PHONE>05161/555019</PHONE>{person}</LOCATION></MODULE_COURSE>\
             <MODULE_WBT><AUTHOR>{person}</AUTHOR></MODULE_WBT></EDUCATION></SERVICE_MODULE></SERVICE_DETAILS>\
             <SERVICE_PRICE_DETAILS><REMARKS>{text}</REMARKS></SERVICE_PRICE_DETAILS></SERVICE></NEW_CATALOG></OPENQCAT>"
        ),
    );
    assert_eq!((imported.format, imported.offers.len()), ("openqcat", 1));
    assert_eq!(imported.offers[0].runs.len(), 1);
    silent(&imported);

    let person = r#"{"@type":"Person","name":"Kanarienvogel","email":"kanari.vogel@x.example","telephone":"0171 5550199"}"#;
    let imported = import(
        "a.json",
        &format!(
            r#"{{"@context":"https://schema.org","@type":"Course","courseCode":"1","name":"Kurs","description":"{text}","instructor":{person},"author":[{person}],"creator":{person},
            "provider":{{"name":"Haus","employee":{person},"contactPoint":{person}}},"review":{{"author":{person}}},"coursePrerequisites":"{text}",
            "hasCourseInstance":{{"instructor":{person},"performer":{person},"organizer":{person},"attendee":[{person}],"location":"{text}","startDate":"{text}","courseWorkload":"{text}"}},
            "offers":{{"price":"{text}","seller":{person},"offeredBy":{person}}}}}"#
        ),
    );
    assert_eq!((imported.format, imported.offers.len()), ("schemaorg", 1));
    silent(&imported);

    let imported = import(
        "a.json",
        &format!(
            r#"{{"data":[{{"id":"1","type":"Course","attributes":{{"name":"Kurs","description":"{text}","creator":[{person}],"instructor":[{person}],"contributor":[{person}],
            "publisher":{person},"learningResourceType":{{}},"contentLocation":{{"name":"{text}"}}}}}}]}}"#
        ),
    );
    assert_eq!((imported.format, imported.offers.len()), ("moochub", 1));
    silent(&imported);

    let person = "<contactPoint><description>Kanarienvogel</description><phone><phoneNumber>0171 5550199</phoneNumber></phone><emailAddress>kanari.vogel@x.example</emailAddress></contactPoint>";
    let imported = import(
        "a.xml",
        &format!(
            "<Courses xmlns=\"http://data.europa.eu/snb/model/ap/loq-constraints/\"><a><learningOpportunity id=\"http://x/1\"><title>Kurs</title><description>{text}</description>{person}\
             <admissionProcedure><noteLiteral>{text}</noteLiteral></admissionProcedure><providedBy idref=\"o\"/></learningOpportunity></a><b><organisation id=\"o\"><legalName>Haus</legalName>{person}</organisation>\
             <person id=\"p\"><givenName>Kanarienvogel</givenName></person></b></Courses>"
        ),
    );
    assert_eq!((imported.format, imported.offers.len()), ("elm", 1));
    silent(&imported);

    silent(&import(
        "a.csv",
        &format!(
            "PRODUCT ID;TITEL;UNTERRICHTSFORM_KLASSE;BESCHREIBUNG;KONTAKT_NAME;KONTAKT_EMAIL;KONTAKT_TEL;TERMIN_HINWEISE\n\
             1;Kurs;202;{text};Kanarienvogel;kanari.vogel@x.example;0171 5550199;{text}\n"
        ),
    ));
}

#[test]
fn inv1_persons_never_come_out_of_json_lines() {
    let text = "Tel. 0171 5550199";
    let lines = [
        format!(
            "{{\"id\":\"1\",\"title\":\"Kurs\",\"description\":\"{text}\",\"description_html\":\"<p>{text}</p>\",\"contact\":{{\"email\":\"kanari.vogel@x.example\"}}}}"
        ),
        "{\"id\":\"2\",\"title\":\"Kurs\",\"dozent\":\"Kanarienvogel\"}".to_owned(),
        "{\"id\":\"3\",\"title\":\"Kurs\",\"childcare\":\"Kanarienvogel 0171 5550199\"}".to_owned(),
        "{\"id\":\"4\",\"title\":\"Kurs\",\"contact\":{\"phone\":\"Kanarienvogel 05161/555019\"}}"
            .to_owned(),
        "{\"id\":\"5\",\"title\":\"Kurs\",\"runs\":[{\"id\":\"1\",\"start\":\"0171 5550199\"}]}"
            .to_owned(),
    ];
    let imported = import("a.jsonl", &lines.join("\n"));
    assert_eq!(
        (
            imported.offers.len(),
            imported.refused_records,
            imported.read
        ),
        (1, 4, 5)
    );
    assert_eq!(
        (
            imported.refused[0].field.as_str(),
            imported.refused[0].rule.as_str()
        ),
        ("dozent", "unknown-field")
    );
    silent(&imported);
}

#[test]
fn inv1_a_mapping_cannot_bring_persons_back() {
    let mapping =
        Mapping::from_toml("[columns]\ndescription = 'Dozent'\nsubtitle = 'KONTAKT_NAME'").unwrap();
    let options = Options {
        mapping: Some(&mapping),
        ..Options::default()
    };
    let bytes = b"Nr;Titel;Dozent;KONTAKT_NAME\n1;Kurs;Kanarienvogel;Kanarienvogel\n";
    let imported = read(
        &Source {
            name: "a.csv",
            bytes,
        },
        None,
        &options,
    )
    .unwrap();
    assert_eq!(imported.offers.len(), 1);
    silent(&imported);
}

#[test]
fn inv7_a_bad_row_is_refused_alone_with_cell_column_value_and_rule() {
    let text = "Kursnummer;Titel;Beginn;Preis;Plätze;UE;Format\n\
        A1;Töpfern;12.01.2027;89,15;12;30,0;Präsenz\n\
        A2;Malen;bald;teuer;viele;x;per Post\n\
        A3;Zu;kurz\n\
        ;Ohne Nummer;;;;;\n\
        A4;;12.01.2027;;;;\n\
        A5;Nähen;2027-01-13;kostenlos;;;online\n";
    let imported = import("kurse.csv", text);
    let ids: Vec<_> = imported
        .offers
        .iter()
        .map(|offer| offer.id().as_str())
        .collect();
    assert_eq!(ids, ["A1", "A5"]);
    assert_eq!((imported.read, imported.refused_records), (6, 4));
    let seen: Vec<_> = imported
        .refused
        .iter()
        .map(|f| {
            (
                f.place.as_str(),
                f.record.as_str(),
                f.field.as_str(),
                f.value.as_str(),
                f.rule.as_str(),
            )
        })
        .collect();
    for expected in [
        (
            "kurse.csv:3",
            "A2",
            "Beginn (runs[].start)",
            "bald",
            "bad-date",
        ),
        (
            "kurse.csv:3",
            "A2",
            "Preis (price.amount_cents)",
            "teuer",
            "bad-price",
        ),
        (
            "kurse.csv:3",
            "A2",
            "Plätze (runs[].seats)",
            "viele",
            "bad-number",
        ),
        (
            "kurse.csv:3",
            "A2",
            "UE (teaching_units_hundredths)",
            "x",
            "bad-number",
        ),
        (
            "kurse.csv:3",
            "A2",
            "Format (format)",
            "per Post",
            "bad-code",
        ),
        ("kurse.csv:4", "", "", "", "wrong-cell-count"),
        ("kurse.csv:5", "", "Kursnummer (id)", "", "required"),
        ("kurse.csv:6", "A4", "title", "", "required"),
    ] {
        assert!(seen.contains(&expected), "{expected:?} not in {seen:#?}");
    }
}

#[test]
fn inv7_a_bad_record_of_xml_costs_its_neighbours_nothing() {
    let text = "<kurse>\n<kurs><knr>1</knr><haupttitel>a</haupttitel><beginndat>31.02.2027</beginndat><tnmax>viele</tnmax></kurs>\n\
        <kurs><knr>2</knr><haupttitel>b</haupttitel></kurs>\n<kurs><haupttitel>c</haupttitel></kurs>\n\
        <kurs><knr>2</knr><haupttitel>anders</haupttitel></kurs>\n<kurs><knr>2</knr><haupttitel>b</haupttitel></kurs></kurse>";
    let imported = import("k.xml", text);
    assert_eq!(
        (
            imported.offers.len(),
            imported.read,
            imported.refused_records
        ),
        (1, 5, 3)
    );
    let seen: Vec<_> = imported
        .refused
        .iter()
        .map(|f| (f.place.as_str(), f.field.as_str(), f.rule.as_str()))
        .collect();
    assert_eq!(
        seen,
        [
            ("k.xml:2", "runs[0].start", "bad-date"),
            ("k.xml:2", "runs[0].seats", "bad-number"),
            ("k.xml:4", "id", "required"),
            ("k.xml:5", "id", "duplicate-offer"),
        ]
    );
}

#[test]
fn rows_of_one_offer_become_its_runs_however_they_stand() {
    let head = "Angebotsnummer;Titel;Beginn;Ort\n";
    let (a, b) = (
        "K1;Töpfern;12.01.2027;Soltau\n",
        "K1;Töpfern;13.01.2027;Munster\n",
    );
    let one = import("a.csv", &format!("{head}{a}{b}{a}"));
    let other = import("a.csv", &format!("{head}{b}{a}"));
    assert_eq!(
        (one.offers.len(), one.offers[0].runs.len(), one.read),
        (1, 2, 3)
    );
    let ids = |imported: &Imported| {
        let mut ids: Vec<_> = imported.offers[0]
            .runs
            .iter()
            .map(|run| run.id.clone())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(
        ids(&one),
        ids(&other),
        "the name of a run does not depend on the order of the rows"
    );
    let differs = import("a.csv", &format!("{head}{a}K1;Malen;13.01.2027;Munster\n"));
    assert_eq!(
        (
            differs.offers.len(),
            differs.refused[0].rule.as_str(),
            differs.refused[0].place.as_str()
        ),
        (1, "duplicate-offer", "a.csv:3")
    );
}

#[test]
fn a_mapping_names_what_it_gets_wrong() {
    let bytes = b"Nr;Bez;Text\n1;Kurs;a\n";
    let source = Source {
        name: "a.csv",
        bytes,
    };
    let try_with = |toml: &str| {
        let mapping = Mapping::from_toml(toml).unwrap();
        read(
            &source,
            None,
            &Options {
                mapping: Some(&mapping),
                ..Options::default()
            },
        )
    };
    let error = read(&source, None, &Options::default()).unwrap_err();
    assert!(
        error.to_string().contains("no column for `title`")
            && error.to_string().contains("Nr, Bez, Text"),
        "{error}"
    );
    assert!(
        try_with("[columns]\ntitel = 'Bez'")
            .unwrap_err()
            .to_string()
            .contains("there is no field `titel`")
    );
    assert!(
        try_with("[columns]\ntitle = 'Bezeichner'")
            .unwrap_err()
            .to_string()
            .contains("`Bezeichner`")
    );
    let imported =
        try_with("[columns]\ntitle = 'Bez'\ndescription = 'Text'\n[defaults]\nformat = 'online'")
            .unwrap();
    assert_eq!(
        (
            imported.offers[0].title.as_str(),
            imported.offers[0].format.as_str()
        ),
        ("Kurs", "online")
    );
}

#[test]
fn berlin_writes_places_with_their_dates_and_one_thing_without_a_list() {
    let text = "<!-- Kommentar vor der Wurzel -->\n<veranstaltungen version=\"1.0\"><veranstaltung><guid>5</guid><nummer>X1</nummer><name>Kurs</name><bezirk>Mitte</bezirk>\
        <ortetermine><adresse><ort>Berlin</ort><plz>1067</plz><strasse>A 1</strasse></adresse><termin><beginn_datum>2020-05-11</beginn_datum><beginn_uhrzeit>09:00</beginn_uhrzeit><ende_uhrzeit>10:00</ende_uhrzeit></termin></ortetermine>\
        <ortetermine><adresse><ort>Berlin</ort></adresse><termin><beginn_datum>2020-05-12</beginn_datum></termin></ortetermine>\
        <text><eigenschaft>x</eigenschaft><text><text>innen</text></text></text>\
        <preis><betrag>35,50 EUR</betrag><rabatt_moeglich>fasle</rabatt_moeglich></preis><aktuelle_teilnehmerzahl>-1</aktuelle_teilnehmerzahl></veranstaltung></veranstaltungen>";
    let imported = import("b.xml", text);
    let offer = &imported.offers[0];
    assert_eq!(offer.runs[0].slots.len(), 2);
    let venue = offer.runs[0].venue.as_ref().unwrap();
    assert_eq!(
        (venue.postal_code.as_str(), venue.district.as_str()),
        ("01067", "Mitte")
    );
    assert_eq!(offer.description, "innen");
    assert_eq!(offer.price.as_ref().unwrap().amount_cents, Some(3_550));
    assert!(offer.funding.is_empty() && offer.runs[0].availability.is_empty());
    let json = "{\"veranstaltungen\":{\"veranstaltung\":{\"guid\":\"5\",\"name\":\"Kurs\",\"schlagwort\":\"eins\",\"text\":{\"text\":\"nur einer\"}}}}";
    let imported = import("b.json", json);
    assert_eq!(
        (
            imported.offers[0].keywords[0].as_str(),
            imported.offers[0].description.as_str()
        ),
        ("eins", "nur einer")
    );
}

#[test]
fn names_are_known_by_their_last_part_whatever_the_prefix() {
    let text = "<x:catalog xmlns:x=\"http://xcri.org/profiles/1.2/catalog\"><x:provider><x:course><identifier xmlns=\"http://purl.org/dc/elements/1.1/\">1</identifier>\
        <title xmlns=\"http://purl.org/dc/elements/1.1/\">Kurs – mit&#160;Strich</title><x:presentation><identifier xmlns=\"a\">p1</identifier>\
        <start xmlns=\"http://purl.org/net/mlo\" dtf=\"2027-01-12T00:00:00\">bald</start></x:presentation></x:course></x:provider></x:catalog>";
    let imported = import("x.xml", text);
    assert_eq!(
        (
            imported.offers[0].title.as_str(),
            imported.offers[0].runs[0].start.as_str()
        ),
        ("Kurs – mit Strich", "2027-01-12")
    );
}

#[test]
fn a_line_of_json_that_speaks_of_events_is_still_a_line_of_json() {
    let imported = import(
        "a.jsonl",
        "{\"id\":\"1\",\"title\":\"Die \\\"Veranstaltung\\\"\"}\n",
    );
    assert_eq!((imported.format, imported.offers.len()), ("jsonl", 1));
}

#[test]
fn bytes_that_are_not_what_they_claim_are_read_with_a_warning() {
    let mut bytes =
        b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><kurse><kurs><knr>1</knr><haupttitel>T"
            .to_vec();
    bytes.push(0xF6);
    bytes.extend_from_slice(b"pfern</haupttitel></kurs></kurse>");
    let imported = read(
        &Source {
            name: "k.xml",
            bytes: &bytes,
        },
        None,
        &Options::default(),
    )
    .unwrap();
    assert_eq!(imported.offers[0].title, "Töpfern");
    assert_eq!(imported.warnings[0].rule, "encoding-guessed");
    let utf16: Vec<u8> = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?><kurse><kurs><knr>1</knr><haupttitel>Töpfern</haupttitel></kurs></kurse>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let imported = read(
        &Source {
            name: "k.xml",
            bytes: &utf16,
        },
        None,
        &Options::default(),
    )
    .unwrap();
    assert_eq!(
        (imported.offers[0].title.as_str(), imported.warnings.len()),
        ("Töpfern", 0)
    );
}
