//! Open-vhs 1.2: what the software of the Volkshochschulen already sends to the vhs-Kursfinder
//! every night. Also 0.9 to 1.1, files without the namespace, and the Berlin dialect in XML and
//! (see [`super::berlin`]) in JSON.
//!
//! One `veranstaltung` is one offer with one run. Its id is the `guid`: titles and course numbers
//! change, and numbers come back (the DVV's own example has one twice); `nummer` stands in only
//! where there is no `guid`. `dauer` counts Unterrichtseinheiten, not dates.

use calluna_model::offer::{
    LevelDraft, OfferDraft, QualificationDraft, RunDraft, SlotDraft, SubjectDraft, VenueDraft,
    WeeklySlotDraft,
};

use super::{Format, beginning, berlin};
use crate::error::ImportError;
use crate::html;
use crate::record::{Record, availability};
use crate::sink::Sink;
use crate::value::price;
use crate::value::{date, text, truth};
use crate::xml::{Element, Met, Wanted, walk};
use crate::{Options, Source};

pub(super) struct OpenVhs;

impl Format for OpenVhs {
    fn name(&self) -> &'static str {
        "openvhs"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        let xml = begins.starts_with('<')
            && (begins.contains("<veranstaltungen") || begins.contains(":veranstaltungen"));
        xml || berlin::looks_like(&begins)
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        if beginning(source).starts_with(['[', '{']) {
            return berlin::read(source, sink);
        }
        let wanted = Wanted {
            root: "veranstaltungen",
            record: "veranstaltung",
            around: &["ersteller"],
        };
        walk(source, &wanted, sink, |met, sink| match met {
            Met::Around(maker) => {
                sink.compare_provider(maker.line, &maker.text_of("name"), options.provider_name);
                Ok(())
            }
            Met::Record(event) => take(event, sink.line(event.line), sink),
        })
    }
}

/// Takes one `veranstaltung`.
pub(super) fn take(event: &Element, place: String, sink: &mut Sink) -> Result<(), ImportError> {
    let mut record = Record::at(place);
    let draft = offer(event, &mut record);
    record.finish(sink, draft)
}

fn offer(event: &Element, record: &mut Record) -> OfferDraft {
    let id = record.id([
        event.text_of("guid").as_str(),
        event.text_of("nummer").as_str(),
    ]);
    let texts: Vec<String> = event.all("text").map(inner_text).collect();
    let (description, description_html) = html::joined(texts.iter().map(String::as_str));
    let subtitles: Vec<String> = texts_of(event, "untertitel");
    let keywords = texts_of(event, "schlagwort");
    let run = run(event, &id, record);
    let mut draft = OfferDraft {
        id,
        title: html::both(&event.text_of("name")).0,
        subtitle: text::shortened(&subtitles.join(" – "), 255),
        description,
        description_html,
        kind: kind(&event.text_of("veranstaltungsart")).to_owned(),
        subjects: subject(event, &run.start).into_iter().collect(),
        level: level(&event.text_of("level")),
        awards: event.all("zertifikat").filter_map(award).collect(),
        audiences: texts_of(event, "zielgruppe"),
        format: format_of(event, &keywords, run.venue.is_some()).to_owned(),
        accessibility: accessibility(event, &keywords),
        funding: funding(event, &keywords),
        teaching_units_hundredths: record
            .hundredths("teaching_units_hundredths", &event.text_of("dauer")),
        url: address(event),
        keywords,
        ..OfferDraft::default()
    };
    if let Some(cost) = event.first("preis") {
        let mut price = record.price_or_note("price", &cost.text_of("betrag"));
        for note in texts_of(cost, "zusatz") {
            match price::reduced_in(&note) {
                Some(reduced) if price.reduced_cents.is_none() => {
                    price.reduced_cents = Some(reduced)
                }
                _ => price.notes.push(text::shortened(&note, 500)),
            }
        }
        let empty =
            price.amount_cents.is_none() && price.reduced_cents.is_none() && price.notes.is_empty();
        draft.price = (!empty).then_some(price);
    }
    draft.runs = vec![run];
    draft
}

fn run(event: &Element, id: &str, record: &mut Record) -> RunDraft {
    let seats = event.text_of("maximale_teilnehmerzahl");
    let mut run = RunDraft {
        id: id.to_owned(),
        number: event.text_of("nummer"),
        start: record.date("runs[0].start", &event.text_of("beginn_datum")),
        end: record.date("runs[0].end", &event.text_of("ende_datum")),
        slots: slots(event, record),
        session_count: record.count("runs[0].session_count", &event.text_of("anzahl_termine")),
        venue: venue(event),
        seats_minimum: record.seats(
            "runs[0].seats_minimum",
            &event.text_of("minimale_teilnehmerzahl"),
        ),
        seats: record.seats("runs[0].seats", &seats),
        availability: availability(&event.text_of("aktuelle_teilnehmerzahl"), &seats),
        ..RunDraft::default()
    };
    if run.slots.is_empty() {
        let mut days: Vec<u32> = texts_of(event, "wochentag")
            .iter()
            .filter_map(|day| date::weekday(day))
            .collect();
        days.sort_unstable();
        days.dedup();
        let weekly = |weekday| WeeklySlotDraft {
            weekday,
            ..WeeklySlotDraft::default()
        };
        run.weekly = days.into_iter().map(weekly).collect();
    }
    run
}

/// Dates stand in `termin`, in Berlin in `ortetermine/termin`.
fn slots(event: &Element, record: &mut Record) -> Vec<SlotDraft> {
    let nested = event
        .all("ortetermine")
        .flat_map(|places| places.all("termin"));
    let mut out: Vec<SlotDraft> = Vec::new();
    for slot in event.all("termin").chain(nested) {
        let path = format!("runs[0].slots[{}]", out.len());
        let slot = SlotDraft {
            date: record.date(&format!("{path}.date"), &slot.text_of("beginn_datum")),
            start: record.time(&format!("{path}.start"), &slot.text_of("beginn_uhrzeit")),
            end: record.time(&format!("{path}.end"), &slot.text_of("ende_uhrzeit")),
        };
        if !slot.date.is_empty() && !out.contains(&slot) {
            out.push(slot);
        }
    }
    out
}

fn venue(event: &Element) -> Option<VenueDraft> {
    let house = event.first("veranstaltungsort");
    let places = event.first("ortetermine");
    let address = house
        .and_then(|house| house.first("adresse"))
        .or_else(|| places?.first("adresse"));
    let of = |name: &str| {
        address
            .map(|address| address.text_of(name))
            .unwrap_or_default()
    };
    let named = |from: Option<&Element>, name: &str| {
        from.map(|from| from.text_of(name)).unwrap_or_default()
    };
    let mut venue = VenueDraft {
        name: [named(house, "name"), of("name")]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default(),
        room: named(house, "raum"),
        street: of("strasse"),
        city: of("ort"),
        district: of("ortsteil"),
        country: text::country(&of("land")),
        ..VenueDraft::default()
    };
    let postal_code = of("plz");
    venue.postal_code = if matches!(venue.country.as_str(), "" | "DE") {
        text::padded(&postal_code, 5)
    } else {
        postal_code
    };
    if venue.country.len() != 2 {
        // A country in words that we do not know says nothing that could be checked.
        venue.country.clear();
    }
    if venue.district.is_empty() {
        venue.district = event.text_of("bezirk");
    }
    let told = [named(house, "barrierefrei"), of("barrierefrei")];
    venue.accessible = told.iter().find_map(|told| truth::truth(told));
    (venue != VenueDraft::default()).then_some(venue)
}

/// Text may be nested in `text`, and that again.
fn inner_text(element: &Element) -> String {
    match element.first("text") {
        Some(inner) if inner.first("text").is_some() => inner_text(inner),
        Some(inner) => inner.markup(),
        None => element
            .children()
            .next()
            .map_or_else(|| element.text(), |_| String::new()),
    }
}

fn texts_of(element: &Element, name: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for found in element
        .all(name)
        .map(|child| html::both(&child.text()).0)
        .filter(|text| !text.is_empty())
    {
        if !out.contains(&found) {
            out.push(found);
        }
    }
    out
}

/// Without a version, the classification is the one in force when the course begins.
fn subject(event: &Element, start: &str) -> Option<SubjectDraft> {
    let category = event.first("dvv_kategorie")?;
    let code = category.text();
    let scheme = match category.attribute("version") {
        version if version.starts_with('1') => "dvv-1.0",
        "" if !start.is_empty() && start < "2018" => "dvv-1.0",
        _ => "dvv-2.0",
    };
    (!code.is_empty()).then(|| SubjectDraft {
        scheme: scheme.into(),
        code,
        ..SubjectDraft::default()
    })
}

fn level(raw: &str) -> Option<LevelDraft> {
    let cefr = text::cefr(raw).unwrap_or_default().to_owned();
    (!raw.is_empty()).then(|| LevelDraft {
        cefr,
        text: text::shortened(raw, 255),
        ..LevelDraft::default()
    })
}

fn award(certificate: &Element) -> Option<QualificationDraft> {
    let (name, words) = (certificate.text_of("name"), certificate.text_of("text"));
    let title = match (name.as_str(), words.as_str()) {
        ("", "") => return None,
        (name, "") => name.to_owned(),
        ("", words) => words.to_owned(),
        (name, words) => format!("{words} ({name})"),
    };
    Some(QualificationDraft {
        title: text::shortened(&title, 1_000),
        code: "certificate".into(),
        dqr: None,
    })
}

/// The value of a `merkmal`.
fn feature(event: &Element, name: &str) -> Option<String> {
    let features = event.all("merkmale").flat_map(|list| list.all("merkmal"));
    features
        .filter(|feature| feature.text_of("name") == name)
        .map(|feature| feature.text_of("wert"))
        .next()
}

fn has_feature(event: &Element, name: &str) -> bool {
    feature(event, name).as_deref().and_then(truth::truth) == Some(true)
}

fn has_keyword(keywords: &[String], wanted: &[&str]) -> bool {
    keywords
        .iter()
        .any(|keyword| wanted.contains(&keyword.to_lowercase().as_str()))
}

fn format_of(event: &Element, keywords: &[String], somewhere: bool) -> &'static str {
    match feature(event, "kursart_digital").as_deref() {
        Some("online_angebot") => return "online",
        Some("blended_learning") => return "hybrid",
        Some("selbstlernangebot") => return "self-study",
        _ => {}
    }
    // Berlin says it in keywords.
    let online = has_keyword(
        keywords,
        &[
            "onlinekurs",
            "online-kurs",
            "online learning",
            "webinar",
            "szenario_online",
        ],
    );
    let present = has_keyword(keywords, &["präsenzkurs", "szenario_präsenz"]);
    if has_keyword(keywords, &["blended learning"]) || (online && present) {
        "hybrid"
    } else if online {
        "online"
    } else if present || somewhere {
        "in-person"
    } else {
        ""
    }
}

fn accessibility(event: &Element, keywords: &[String]) -> Vec<String> {
    let known = [
        (
            has_feature(event, "barrierefreies_lernen"),
            "accessible-learning",
        ),
        (has_feature(event, "langsames_lerntempo"), "slow-pace"),
        (has_keyword(keywords, &["leichte sprache"]), "easy-language"),
    ];
    known
        .into_iter()
        .filter(|(told, _)| *told)
        .map(|(_, code)| code.to_owned())
        .collect()
}

fn funding(event: &Element, keywords: &[String]) -> Vec<String> {
    let reduced = event
        .first("preis")
        .map(|cost| cost.text_of("rabatt_moeglich"));
    let leave = event
        .text_of("veranstaltungsart")
        .to_lowercase()
        .starts_with("bildungsurlaub")
        || has_keyword(keywords, &["bildungsurlaub", "bildungszeit"]);
    let known = [
        (
            reduced.as_deref().and_then(truth::truth) == Some(true),
            "reduced-fee",
        ),
        (leave, "bildungsurlaub"),
    ];
    known
        .into_iter()
        .filter(|(told, _)| *told)
        .map(|(_, code)| code.to_owned())
        .collect()
}

fn kind(raw: &str) -> &'static str {
    match raw.to_lowercase().as_str() {
        "" => "",
        "einzelveranstaltung" | "vortrag" | "führung" => "single-event",
        "vortragsreihe" => "lecture-series",
        "studienreise" | "studienfahrt" | "exkursion" => "study-trip",
        "ausstellung" => "exhibition",
        "beratung" => "counselling",
        _ => "course",
    }
}

/// The page of the course: the address of type `website`, else the first of any type.
fn address(event: &Element) -> String {
    let web = |address: &&Element| address.text_of("uri").starts_with("http");
    let site = event
        .all("webadresse")
        .filter(web)
        .find(|address| address.text_of("typ") == "website");
    site.or_else(|| event.all("webadresse").find(web))
        .map(|address| address.text_of("uri"))
        .unwrap_or_default()
}
