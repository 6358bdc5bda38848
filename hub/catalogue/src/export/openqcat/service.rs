//! `SERVICE`: an offer with its first run, and each further run.

use calluna_model::code;
use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft, SubjectDraft, VenueDraft};

use super::profile::{Profile, names};
use super::timing::{self, Class};
use crate::export::text::{cut, euros, hundredths, language, times};
use crate::export::xml::Xml;
use crate::export::{Notes, Row};

/// `COURSE_TYPE` of Sprachförderung.
const LANGUAGE_TRAINING: &str = "4";

/// A run with what is mandatory beside it.
struct Event<'a> {
    row: &'a Row<'a>,
    profile: &'a Profile,
    run: &'a RunDraft,
    form: Class,
    /// Its name, where the code stands for other forms.
    form_name: Option<&'static str>,
    /// Missing for language training, of which KURSNET does not ask it, where it does not follow.
    time: Option<Class>,
    period: u32,
    remarks: String,
    languages: Vec<&'static str>,
    price: &'a str,
}

/// Appends the offer, or says why not.
pub(super) fn write(row: &Row<'_>, profile: &Profile, out: &mut Vec<u8>, notes: &mut Notes) {
    let offer = row.offer;
    let mut missing = Vec::new();
    if offer.description.is_empty() {
        missing.push("DESCRIPTION_LONG");
    }
    if offer.runs.is_empty() {
        missing.push("SERVICE_DATE/START_DATE");
    }
    if !missing.is_empty() {
        notes.refuse(missing);
        return;
    }
    let mut first = true;
    for run in &offer.runs {
        let price = amount(offer, run);
        match event(row, profile, run, &price) {
            Ok(event) => {
                event.write(std::mem::take(&mut first), &mut Xml::new(out), notes);
            }
            Err(missing) => notes.refuse_run(&run.id, missing),
        }
    }
    if first {
        notes.leave_out();
    }
}

fn amount(offer: &OfferDraft, run: &RunDraft) -> String {
    let price = run.price.as_ref().or(offer.price.as_ref());
    price
        .and_then(|price| price.amount_cents)
        .map(euros)
        .unwrap_or_default()
}

fn event<'a>(
    row: &'a Row<'a>,
    profile: &'a Profile,
    run: &'a RunDraft,
    price: &'a str,
) -> Result<Event<'a>, Vec<&'static str>> {
    let offer = row.offer;
    let format = if run.format.is_empty() {
        &offer.format
    } else {
        &run.format
    };
    let languages: Vec<&str> = offer
        .languages
        .iter()
        .filter_map(|tag| language(tag))
        .collect();
    let remarks = lasting(offer, run);
    let mut missing = Vec::new();
    let mut need = |there: bool, name: &'static str| {
        if !there {
            missing.push(name);
        }
    };
    let (form, time, period) = (form(format), timing::time(offer, run), timing::period(run));
    need(!run.start.is_empty(), "SERVICE_DATE/START_DATE");
    need(form.is_some(), "INSTRUCTION_FORM/@type");
    // The codes for other forms ask for its name, of 5 to 30 letters: that of our code list, where need be shorter.
    let form_name = match format.as_str() {
        "online" => Some("Online"),
        "hybrid" => Some("Präsenz und online"),
        "distance" => Some("Fernunterricht"),
        _ => None,
    };
    need(
        time.is_some() || profile.course_type == LANGUAGE_TRAINING,
        "INSTRUCTION_TIME/@type",
    );
    need(period.is_some(), "DURATION/@type");
    need(!remarks.is_empty(), "DURATION/DATE_REMARKS");
    need(!languages.is_empty(), "TEACHING_LANGUAGES");
    // Of the kinds of offer, that of Weiterbildung alone must have a price.
    need(
        !price.is_empty() || profile.course_type != "5",
        "PRICE_AMOUNT",
    );
    match (form, period) {
        (Some(form), Some(period)) if missing.is_empty() => Ok(Event {
            row,
            profile,
            run,
            form,
            form_name,
            time,
            period,
            remarks,
            languages,
            price,
        }),
        _ => Err(missing),
    }
}

/// Unterrichtsform: codes of the BA's search as a third party describes them (shared `ba_kursnet_codes.csv`).
fn form(format: &str) -> Option<Class> {
    match format {
        "in-person" => Some((101, "Präsenzveranstaltung")),
        "workplace" => Some((104, "Praxistraining")),
        "self-study" => Some((204, "Selbstlernmodul")),
        "online" => Some((206, "Sonstige digitale Lernformen")),
        "hybrid" => Some((304, "Sonstige kombinierte Lernformen")),
        "distance" => Some((403, "Sonstiger Fernunterricht")),
        _ => None,
    }
}

/// How long it takes, in words: the provider's, else what is counted.
fn lasting(offer: &OfferDraft, run: &RunDraft) -> String {
    let units = run
        .teaching_units_hundredths
        .or(offer.teaching_units_hundredths);
    let counted = [
        units.map(|units| format!("{} Unterrichtseinheiten", hundredths(units))),
        run.session_count.map(|count| format!("{count} Termine")),
    ];
    let own = (!run.duration_text.is_empty()).then(|| run.duration_text.clone());
    let all: Vec<String> = own
        .into_iter()
        .chain(counted.into_iter().flatten())
        .collect();
    all.join("; ")
}

impl Event<'_> {
    fn write(&self, first: bool, xml: &mut Xml<'_>, notes: &mut Notes) {
        let offer = self.row.offer;
        let own = format!("{}:{}", self.row.provider.id, offer.id);
        if first {
            xml.open("SERVICE");
            xml.leaf("PRODUCT_ID", &own);
        } else {
            xml.open_with("SERVICE", &[("mode", "new")]);
            xml.leaf("PRODUCT_ID", &format!("{own}:{}", self.run.id));
        }
        xml.leaf("COURSE_TYPE", &self.profile.course_type);
        let supplier = [("type", "supplier_specific")];
        xml.leaf_with("SUPPLIER_ID_REF", &supplier, &self.profile.supplier_id);
        self.details(first, &own, xml, notes);
        classification(offer, xml, notes);
        self.cost(xml, notes);
        if !offer.url.is_empty() {
            xml.open("MIME_INFO");
            xml.open("MIME_ELEMENT");
            xml.leaf("MIME_SOURCE", cut(&offer.url, 2_000));
            xml.close();
            xml.close();
        }
        xml.close();
    }

    fn details(&self, first: bool, own: &str, xml: &mut Xml<'_>, notes: &mut Notes) {
        let (offer, run) = (self.row.offer, self.run);
        xml.open("SERVICE_DETAILS");
        xml.leaf("TITLE", cut(&offer.title, 255));
        limited(
            "DESCRIPTION_LONG",
            &offer.description,
            30_000,
            "description",
            xml,
            notes,
        );
        limited(
            "SUPPLIER_ALT_PID",
            &run.number,
            30,
            "runs.number",
            xml,
            notes,
        );
        let titles = offer.entry_requirements.iter().map(|q| q.title.as_str());
        let requirements = titles.collect::<Vec<_>>().join("; ");
        limited(
            "REQUIREMENTS",
            &requirements,
            10_000,
            "entry_requirements",
            xml,
            notes,
        );
        xml.open("SERVICE_DATE");
        xml.leaf("START_DATE", &midnight(&run.start));
        xml.leaf("END_DATE", &midnight(&run.end));
        xml.leaf("DATE_REMARKS", &run.start_text);
        xml.close();
        offer
            .keywords
            .iter()
            .for_each(|word| xml.leaf("KEYWORD", cut(word, 255)));
        for audience in &offer.audiences {
            xml.open("TARGET_GROUP");
            xml.leaf("TARGET_GROUP_TEXT", cut(audience, 4_000));
            xml.close();
        }
        xml.open("SERVICE_MODULE");
        xml.open_with(
            "EDUCATION",
            &[("type", if first { "true" } else { "false" })],
        );
        xml.leaf("COURSE_ID", own);
        degree(offer, xml, notes);
        for route in &offer.funding {
            let words = code::FUNDING
                .get(route)
                .map_or(route.as_str(), |entry| &entry.de);
            xml.open("SUBSIDY");
            xml.leaf("SUBSIDY_DESCRIPTION", words);
            xml.close();
        }
        xml.leaf("REGISTRATION_DATE", &midnight(&run.registration_deadline));
        if !run.registration_url.is_empty() {
            xml.open("MIME_INFO");
            xml.open("MIME_ELEMENT");
            xml.leaf("MIME_SOURCE", cut(&run.registration_url, 2_000));
            xml.leaf("MIME_DESCR", "Anmeldung");
            xml.close();
            xml.close();
        }
        self.extended(xml, notes);
        self.module(xml, notes);
        xml.close();
        xml.close();
        xml.close();
    }

    fn extended(&self, xml: &mut Xml<'_>, notes: &mut Notes) {
        let coded = |xml: &mut Xml<'_>, name: &str, (code, words): Class| {
            xml.leaf_with(name, &[("type", &code.to_string())], words);
        };
        let institution = &self.profile.institution;
        let kind = &self.profile.education_type;
        xml.open("EXTENDED_INFO");
        xml.leaf_with(
            "INSTITUTION",
            &[("type", &institution.code)],
            &institution.words,
        );
        coded(xml, "INSTRUCTION_FORM", self.form);
        if let Some(name) = self.form_name {
            xml.leaf("INSTRUCTION_FORM_NAME", name);
        }
        if let Some(time) = self.time {
            coded(xml, "INSTRUCTION_TIME", time);
        }
        for language in &self.languages {
            xml.leaf("TEACHING_LANGUAGES", language);
        }
        if self.languages.len() < self.row.offer.languages.len() {
            notes.lose("languages");
        }
        xml.leaf_with("EDUCATION_TYPE", &[("type", &kind.code)], &kind.words);
        xml.close();
    }

    fn module(&self, xml: &mut Xml<'_>, notes: &mut Notes) {
        let run = self.run;
        xml.open("MODULE_COURSE");
        xml.number("MIN_PARTICIPANTS", run.seats_minimum);
        xml.number("MAX_PARTICIPANTS", run.seats);
        location(run.venue.as_ref(), xml, notes);
        xml.open_with("DURATION", &[("type", &self.period.to_string())]);
        xml.leaf("DATE_REMARKS", cut(&self.remarks, 4_000));
        xml.close();
        let times = times(run);
        if times.chars().count() <= 2_000 {
            xml.leaf("INSTRUCTION_REMARKS", &times);
        } else {
            notes.lose(if run.slots.is_empty() {
                "runs.weekly"
            } else {
                "runs.slots"
            });
        }
        xml.leaf(
            "FLEXIBLE_START",
            if run.flexible_start { "true" } else { "false" },
        );
        xml.close();
    }

    fn cost(&self, xml: &mut Xml<'_>, notes: &mut Notes) {
        let offer = self.row.offer;
        let price = self.run.price.as_ref().or(offer.price.as_ref());
        let remarks = price.map(price_remarks).unwrap_or_default();
        if self.price.is_empty() && remarks.is_empty() {
            return;
        }
        xml.open("SERVICE_PRICE_DETAILS");
        if !self.price.is_empty() {
            xml.open("SERVICE_PRICE");
            xml.leaf("PRICE_AMOUNT", self.price);
            xml.leaf("PRICE_CURRENCY", "EUR");
            xml.close();
        }
        limited("REMARKS", &remarks, 2_000, "price.notes", xml, notes);
        xml.close();
    }
}

fn price_remarks(price: &PriceDraft) -> String {
    let reduced = price
        .reduced_cents
        .map(|cents| format!("erm. Preis: {} EUR", euros(cents)));
    let all: Vec<String> = reduced
        .into_iter()
        .chain(price.notes.iter().cloned())
        .collect();
    all.join("; ")
}

/// Text that may be longer than the schema allows: it is cut, and the report says so.
fn limited(
    name: &str,
    text: &str,
    limit: usize,
    field: &'static str,
    xml: &mut Xml<'_>,
    notes: &mut Notes,
) {
    let kept = cut(text, limit);
    if kept.len() < text.len() {
        notes.lose(field);
    }
    xml.leaf(name, kept);
}

fn midnight(date: &str) -> String {
    if date.is_empty() {
        String::new()
    } else {
        format!("{date}T00:00:00")
    }
}

/// Up to five entries of the Systematik; other classifications have no place.
fn classification(offer: &OfferDraft, xml: &mut Xml<'_>, notes: &mut Notes) {
    // Code and words are both asked for, and neither is made of the other.
    let known = |subject: &&SubjectDraft| {
        subject.scheme == "ba-systematik" && !subject.code.is_empty() && !subject.label.is_empty()
    };
    let features: Vec<_> = offer.subjects.iter().filter(known).take(5).collect();
    if features.len() < offer.subjects.len() {
        notes.lose("subjects");
    }
    if features.is_empty() {
        return;
    }
    xml.open("SERVICE_CLASSIFICATION");
    xml.leaf("REFERENCE_CLASSIFICATION_SYSTEM_NAME", "Kurssystematik");
    for subject in features {
        xml.open("FEATURE");
        xml.leaf("FNAME", cut(&subject.code, 60));
        xml.leaf("FVALUE", &subject.label);
        xml.close();
    }
    xml.close();
}

/// One qualification; its kind has to be told, and is known of the general ones.
fn degree(offer: &OfferDraft, xml: &mut Xml<'_>, notes: &mut Notes) {
    let kind = |code: &str| match code {
        "esa" | "msa" | "fhr" | "ahr" | "vocational-2" | "vocational-3" | "master-craftsman"
        | "bachelor" | "master" => Some("0"),
        "attendance" => Some("3"),
        _ => None,
    };
    let known = offer
        .awards
        .iter()
        .find_map(|award| Some((award, kind(&award.code)?)));
    if offer.awards.len() > usize::from(known.is_some()) {
        notes.lose("awards");
    }
    if let Some((award, kind)) = known {
        xml.open_with("DEGREE", &[("type", kind)]);
        xml.leaf("DEGREE_TITLE", cut(&award.title, 2_000));
        xml.close();
    }
}

/// An address is whole or it is not there: `<LOCATION><NAME/></LOCATION>` is how KURSNET wants "none".
fn location(venue: Option<&VenueDraft>, xml: &mut Xml<'_>, notes: &mut Notes) {
    let fits = |text: &str, limit: usize| (1..=limit).contains(&text.chars().count());
    let whole = venue.filter(|venue| {
        let named = names(&venue.name, &mut Xml::new(&mut Vec::new()));
        named
            && !venue.name.is_empty()
            && fits(&venue.street, 30)
            && fits(&venue.postal_code, 14)
            && fits(&venue.city, 36)
    });
    let Some(venue) = whole else {
        if venue.is_some() {
            notes.lose("runs.venue");
        }
        xml.open("LOCATION");
        xml.empty("NAME", &[]);
        xml.close();
        return;
    };
    xml.open("LOCATION");
    names(&venue.name, xml);
    xml.leaf("STREET", &venue.street);
    xml.leaf("ZIP", &venue.postal_code);
    xml.leaf("CITY", &venue.city);
    limited(
        "DISTRICT",
        &venue.district,
        36,
        "runs.venue.district",
        xml,
        notes,
    );
    let country = match venue.country.as_str() {
        "" | "DE" => "Deutschland",
        other => other,
    };
    xml.leaf("COUNTRY", country);
    if let Some(accessible) = venue.accessible {
        xml.leaf(
            "BARRIER_FREE_LOCATION",
            if accessible { "true" } else { "false" },
        );
    }
    xml.close();
}
