//! The offers of the fixture. Synthetic.

use calluna_model::fixture::full_offer;
use calluna_model::offer::{
    ContactDraft, LevelDraft, OfferDraft, PriceDraft, QualificationDraft, RunDraft, SlotDraft,
    SubjectDraft, VenueDraft, WeeklySlotDraft,
};

fn offer(id: &str, title: &str, summary: &str, area: &str) -> OfferDraft {
    OfferDraft {
        id: id.into(),
        title: title.into(),
        summary: summary.into(),
        kind: "course".into(),
        subjects: vec![SubjectDraft {
            scheme: "dvv-2.0".into(),
            code: area.into(),
            label: String::new(),
        }],
        languages: vec!["de".into()],
        format: "in-person".into(),
        ..OfferDraft::default()
    }
}

fn venue(name: &str, postal_code: &str, city: &str, ags: &str) -> Option<VenueDraft> {
    Some(VenueDraft {
        name: name.into(),
        street: "Musterstraße 3".into(),
        postal_code: postal_code.into(),
        city: city.into(),
        ags: ags.into(),
        ..VenueDraft::default()
    })
}

fn walsrode() -> Option<VenueDraft> {
    venue("Kulturzentrum mittendrin", "29664", "Walsrode", "03358024")
}

fn soltau() -> Option<VenueDraft> {
    venue("Haus der Bildung", "29614", "Soltau", "03358021")
}

fn schneverdingen() -> Option<VenueDraft> {
    venue("KGS", "29640", "Schneverdingen", "03358019")
}

fn run(id: &str, start: &str, end: &str, weekday: u32, venue: Option<VenueDraft>) -> RunDraft {
    RunDraft {
        id: id.into(),
        number: format!("26H-{id}"),
        start: start.into(),
        end: end.into(),
        weekly: vec![WeeklySlotDraft {
            weekday,
            start: "18:30".into(),
            end: "20:00".into(),
        }],
        session_count: Some(10),
        venue,
        ..RunDraft::default()
    }
}

fn price(amount: u32, reduced: Option<u32>) -> Option<PriceDraft> {
    Some(PriceDraft {
        amount_cents: Some(amount),
        reduced_cents: reduced,
        notes: Vec::new(),
    })
}

fn qualification(title: &str, code: &str) -> Vec<QualificationDraft> {
    vec![QualificationDraft {
        title: title.into(),
        code: code.into(),
        dqr: None,
    }]
}

fn language(mut offer: OfferDraft, tag: &str, cefr: &str) -> OfferDraft {
    offer.languages = vec![tag.into()];
    offer.level = Some(LevelDraft {
        cefr: cefr.into(),
        ..LevelDraft::default()
    });
    offer
}

pub(crate) fn vhs() -> Vec<OfferDraft> {
    let mut full = full_offer("26H-40601").into_draft();
    full.runs.push(RunDraft {
        status: "cancelled".into(),
        free_seats: Some(0),
        availability: "full".into(),
        ..run("r2", "2027-02-02", "2027-04-13", 2, soltau())
    });
    full.runs
        .push(run("r3", "2026-09-01", "2026-11-03", 2, schneverdingen()));
    let mut english = language(
        offer(
            "26H-40602",
            "Englisch A2 am Vormittag",
            "Langsam und in kleiner Gruppe.",
            "4.06",
        ),
        "en",
        "A2",
    );
    english.price = price(7_200, Some(3_600));
    english.runs = vec![run("r1", "2027-01-13", "2027-03-31", 3, soltau())];
    let mut conversation = language(
        offer(
            "26H-40603",
            "Englisch B2: Konversation",
            "Sprechen über Aktuelles.",
            "4.06",
        ),
        "en",
        "B2",
    );
    conversation.price = price(9_900, None);
    conversation.runs = vec![run("r1", "2027-01-14", "2027-03-25", 4, walsrode())];
    let mut german = language(
        offer(
            "26H-40401",
            "Integrationskurs Deutsch",
            "Mit Kinderbetreuung und Prüfung.",
            "4.04",
        ),
        "de",
        "B1",
    );
    german.childcare = Some(true);
    german.funding = vec!["bamf".into()];
    german.price = price(0, None);
    german.runs = vec![run("r1", "2027-01-11", "2027-06-30", 1, soltau())];
    let mut yoga = offer(
        "26H-30101",
        "Yoga für den Rücken",
        "Ruhige Übungen für jeden Tag.",
        "3.01",
    );
    yoga.price = price(5_400, None);
    yoga.accessibility = vec!["slow-pace".into(), "wheelchair".into()];
    yoga.runs = vec![run("r1", "2027-01-15", "2027-03-19", 5, schneverdingen())];
    let mut excel = offer(
        "26H-50107",
        "Excel für Einsteiger",
        "Tabellen und Diagramme, Schritt für Schritt.",
        "5.01",
    );
    excel.format = "online".into();
    excel.price = price(0, None);
    excel.runs = vec![RunDraft {
        id: "r1".into(),
        slots: (1..=15)
            .map(|day| SlotDraft {
                date: format!("2027-02-{day:02}"),
                start: "19:00".into(),
                end: "20:30".into(),
            })
            .collect(),
        start: "2027-02-01".into(),
        free_seats: Some(7),
        ..RunDraft::default()
    }];
    let mut old = offer(
        "25F-20201",
        "Aquarell im Sommer",
        "Malen in der Heide.",
        "2.02",
    );
    old.runs = vec![run("r1", "2026-06-01", "2026-07-06", 1, walsrode())];
    vec![full, english, conversation, german, yoga, excel, old]
}

pub(crate) fn school() -> Vec<OfferDraft> {
    let mut first = offer(
        "hsa",
        "Hauptschulabschluss nachholen",
        "In einem Jahr am Abend.",
        "6.01",
    );
    first.kind = "school-programme".into();
    first.awards = qualification("Hauptschulabschluss", "esa");
    first.runs = vec![run("2027", "2027-08-05", "2028-07-01", 1, walsrode())];
    let mut second = offer(
        "rsa",
        "Realschulabschluss nachholen",
        "Abendschule in Walsrode.",
        "6.02",
    );
    second.kind = "school-programme".into();
    second.entry_requirements = qualification("Hauptschulabschluss", "esa");
    second.awards = qualification("Sekundarabschluss I", "msa");
    second.runs = vec![run("2027", "2027-08-05", "2029-07-01", 1, walsrode())];
    let mut third = offer(
        "fos",
        "Fachoberschule Wirtschaft",
        "Der Weg zur Fachhochschulreife.",
        "6.03",
    );
    third.kind = "school-programme".into();
    third.entry_requirements = qualification("Sekundarabschluss I", "msa");
    third.awards = qualification("Fachhochschulreife", "fhr");
    third.level = Some(LevelDraft {
        dqr: Some(4),
        ..LevelDraft::default()
    });
    vec![first, second, third]
}

pub(crate) fn trainer() -> Vec<OfferDraft> {
    let mut welding = offer(
        "SW-1",
        "Schweißerkurs MAG",
        "Grundlagen mit Prüfung nach Norm.",
        "5.03",
    );
    welding.funding = vec!["bildungsgutschein".into()];
    welding.price = price(124_900, None);
    welding.format = "workplace".into();
    welding.awards = qualification("Schweißerprüfung", "certificate");
    welding.runs = vec![RunDraft {
        flexible_start: true,
        availability: "available".into(),
        ..run(
            "r1",
            "",
            "",
            1,
            venue("Werkhalle", "29633", "Munster", "03358016"),
        )
    }];
    let mut sign = offer(
        "DGS-1",
        "Gebärdensprache: erste Schritte",
        "Für Familien und Fachkräfte.",
        "4.99",
    );
    sign.accessibility = vec!["sign-language".into()];
    sign.format = "hybrid".into();
    sign.price = price(4_500, Some(0));
    sign.runs = vec![run("r1", "2027-01-16", "", 6, soltau())];
    vec![welding, sign]
}

/// One of many, all different.
pub(crate) fn one_of_many(number: usize) -> OfferDraft {
    const TOPICS: [(&str, &str); 8] = [
        ("Spanisch A1", "4.22"),
        ("Kochen: Küche der Heide", "3.07"),
        ("Gitarre für Anfängerinnen und Anfänger", "2.13"),
        ("Buchführung Grundlagen", "5.06"),
        ("Rechte im Betreuungsfall", "1.02"),
        ("Lesen und Schreiben von Anfang an", "7.01"),
        ("Smartphone sicher nutzen", "5.01"),
        ("Rückenfit in der Mittagspause", "3.02"),
    ];
    let (topic, area) = TOPICS[number % TOPICS.len()];
    let summary = "Sie lernen in einer kleinen Gruppe, Schritt für Schritt und mit vielen Beispielen aus dem \
                   Alltag. Vorkenntnisse brauchen Sie nicht; bringen Sie bitte etwas zum Schreiben mit.";
    let mut made = offer(
        &format!("M-{number:04}"),
        &format!("{topic}, Gruppe {number}"),
        summary,
        area,
    );
    made.description = format!("{summary}\n\nDer Kurs findet an zehn Abenden statt. {summary}");
    made.price = price(4_000 + u32::try_from(number).unwrap() * 50, Some(2_000));
    made.keywords = vec!["Abendkurs".into(), "Einsteiger".into()];
    let day = number % 27 + 1;
    let venues = [walsrode(), soltau(), schneverdingen()];
    let place = venues[number % 3].clone();
    made.runs = vec![run(
        "r1",
        &format!("2027-03-{day:02}"),
        "2027-06-01",
        2,
        place,
    )];
    made
}

/// Everything in it means harm, in every field that a page shows. As no node would let it through.
pub(crate) fn hostile() -> OfferDraft {
    let bad =
        "\"><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}\u{0}' onclick='alert(3)";
    let line = || format!("Englisch {bad}");
    let mut offer = full_offer("X-1").into_draft();
    offer.title = line();
    offer.subtitle = line();
    offer.summary = line();
    offer.description = line();
    offer.description_html = format!(
        "<p onclick=alert(4)>Text {bad}</p><a href=\"javascript:alert(5)\">hier</a>\
         <style>*{{display:none}}</style><iframe src=//evil.example></iframe></script><svg onload=alert(6)>"
    );
    offer.url = "javascript:alert(7)".into();
    offer.subjects[0].label = line();
    offer.learning_outcomes = vec![line()];
    offer.audiences = vec![line()];
    offer.keywords = vec![line()];
    offer.entry_requirements = qualification(&line(), "");
    offer.awards = qualification(&line(), "\"><b>");
    offer.modified = line();
    offer.level = Some(LevelDraft {
        text: line(),
        ..LevelDraft::default()
    });
    offer.contact = Some(ContactDraft {
        email: "a@b.example?bcc=\"><b>".into(),
        phone: line(),
        url: "data:text/html,<script>alert(8)</script>".into(),
    });
    let run = &mut offer.runs[0];
    run.number = line();
    run.start_text = line();
    run.duration_text = line();
    run.registration_url = "vbscript:x".into();
    run.registration_deadline = line();
    run.status = line();
    if let Some(venue) = &mut run.venue {
        venue.name = format!("Haus\r\nATTENDEE:mailto:opfer@evil.example {bad}");
        venue.city = line();
    }
    run.price = price(100, None);
    run.price.as_mut().unwrap().notes = vec![line()];
    offer
}
