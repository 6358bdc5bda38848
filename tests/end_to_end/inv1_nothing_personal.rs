//! Invariant 1, for what exists today: whatever an export says about persons stays in the export.

use std::path::PathBuf;

use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::sample::{every_byte, holds, workbook, write};

/// Invented names, numbers and addresses; none of them may be found anywhere afterwards.
const CANARIES: [&str; 9] = [
    "Kanarienvogel",
    "Zeisigmann",
    "zeisig.privat",
    "0171 5550123",
    "01715550123",
    "05161 998877",
    "99887",
    "Geburtsname",
    "IBANDE89370400440532013000",
];

/// What is public, and must arrive: the search would otherwise find nothing because there is nothing.
const PUBLIC: &str = "Aquarellmalerei im Herbst";

const PRIVATE_TEXT: &str =
    "Anmeldung bei zeisig.privat@mail.example oder Tel. 05161 998877, mobil 0171 5550123.";

/// The same course in every format, with everything that such files say about persons.
fn files(district: &District) -> Vec<PathBuf> {
    let openvhs = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><openvhs:veranstaltungen version=\"1.2\" \
         xmlns:openvhs=\"http://www.dvv-vhs.de/Open-VHS\"><veranstaltung><guid>O-1</guid><nummer>O1</nummer>\
         <name>{PUBLIC}</name><aktuelle_teilnehmerzahl>7</aktuelle_teilnehmerzahl>\
         <dozent><titel>Dr.</titel><vorname>Petra</vorname><name>Kanarienvogel</name><telefon>0171 5550123</telefon></dozent>\
         <text><eigenschaft>text</eigenschaft><text>{PRIVATE_TEXT}</text></text>\
         <ansprechperson><name>Zeisigmann</name><mail>zeisig.privat@mail.example</mail></ansprechperson>\
         </veranstaltung></openvhs:veranstaltungen>"
    );
    let kufer = format!(
        "<?xml version=\"1.0\"?><kurse><kurs><knr>K-1</knr><haupttitel>{PUBLIC}</haupttitel>\
         <inhalt>{PRIVATE_TEXT}</inhalt><mitarbeiter_planend>Zeisigmann</mitarbeiter_planend>\
         <dozent><anrede>Frau</anrede><name>Kanarienvogel</name><geburtsname>Geburtsname</geburtsname>\
         <telefonprivat>0171 5550123</telefonprivat><konto>IBANDE89370400440532013000</konto></dozent>\
         </kurs></kurse>"
    );
    let xcri = format!(
        "<?xml version=\"1.0\"?><catalog xmlns=\"http://xcri.org/profiles/1.2/catalog\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><provider><dc:title>Anbieter</dc:title>\
         <course><dc:identifier>X-1</dc:identifier><dc:title>{PUBLIC}</dc:title>\
         <dc:description>{PRIVATE_TEXT}</dc:description><contributor>Petra Kanarienvogel</contributor>\
         <presentation><dc:identifier>X-1-1</dc:identifier><engagement>Zeisigmann 99887</engagement></presentation>\
         </course></provider></catalog>"
    );
    let head = [
        "id",
        "title",
        "description",
        "Dozent",
        "Telefon privat",
        "Ansprechpartner",
    ];
    let row = |id| {
        [
            id,
            PUBLIC,
            PRIVATE_TEXT,
            "Petra Kanarienvogel",
            "0171 5550123",
            "Zeisigmann",
        ]
    };
    let csv = format!("{}\n{}\n", head.join(";"), row("C-1").join(";"));
    let line = serde_json::json!({
        "id": "J-1", "title": PUBLIC, "description": PRIVATE_TEXT,
        "contact": {"email": "zeisig.privat@mail.example"},
    });
    // A row that is refused is told of; what it says about persons is not.
    let bad = "id;title;description;Dozent\nC-9;;Tel. 05161 998877;Petra Kanarienvogel\nC-8;Töpfern;;Zeisigmann\n";
    let file = |name: &str, bytes: &[u8]| write(&district.path(name), bytes);
    vec![
        file("openvhs.xml", openvhs.as_bytes()),
        file("kufer.xml", kufer.as_bytes()),
        file("xcri.xml", xcri.as_bytes()),
        file("tabelle.csv", csv.as_bytes()),
        file("mappe.xlsx", &workbook(&[&head, &row("W-1")])),
        file("zeilen.jsonl", format!("{line}\n").as_bytes()),
        file("schlecht.csv", bad.as_bytes()),
    ]
}

#[test]
fn inv1_what_files_say_about_persons_reaches_no_store_log_receipt_or_export() {
    let district = District::new();
    let node = district.member("vhs-a");
    let mut said = String::new();
    for file in files(&district) {
        let ended = node.import(&file, &["--report", "json"]);
        assert!(matches!(ended.code, Some(0 | 3)), "{ended:#?}");
        said += &ended.stdout;
        said += &ended.stderr;
        let dry = node.import(&file, &["--dry-run"]);
        said += &dry.stdout;
        said += &dry.stderr;
    }
    let night = district.night();
    assert_eq!(night.expect("vhs-a", Outcome::Ok).offers, 7);
    let export = district.path("katalog.jsonl");
    let _written = district
        .hub(&["export", "--output", &export.to_string_lossy()])
        .ok();
    let exported = std::fs::read(&export).unwrap();
    assert!(holds(&exported, PUBLIC.as_bytes()));
    said += &node.log();
    said += &district.hub_log();
    said += &node.status().to_string();
    said += &night.ended.stdout;
    for canary in CANARIES {
        let word = canary.as_bytes();
        assert!(!holds(&exported, word), "{canary} is in the export");
        assert!(!holds(said.as_bytes(), word), "{canary} was said: {said}");
        assert!(
            !holds(&every_byte(&node.dir), word),
            "{canary} is in the node's directory"
        );
        assert!(
            !holds(&every_byte(&district.hub_dir()), word),
            "{canary} is in the hub's directory"
        );
    }
    // The search would have found it: what is public is there, in the clear.
    assert!(holds(&every_byte(&node.dir), PUBLIC.as_bytes()));
    assert!(holds(&every_byte(&district.hub_dir()), PUBLIC.as_bytes()));
}
