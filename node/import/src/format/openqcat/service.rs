//! One `SERVICE` as an offer, with the run that it is.

use calluna_model::offer::{
    ContactDraft, OfferDraft, PriceDraft, QualificationDraft, RunDraft, SubjectDraft,
};

use super::run;
use crate::html;
use crate::personal::is_role_mailbox;
use crate::record::Record;
use crate::terms;
use crate::value::{language, money, price, text, truth};
use crate::xml::Element;

/// Elements that are read, or whose content is only for the exchange itself.
const READ: &[&str] = &[
    "PRODUCT_ID",
    "COURSE_TYPE",
    "SUPPLIER_ID_REF",
    "TITLE",
    "DESCRIPTION_LONG",
    "REQUIREMENTS",
    "KEYWORD",
    "TARGET_GROUP_TEXT",
    "SERVICE_DATE",
    "SUPPLIER_ALT_PID",
    "MIME_INFO",
    "FEATURE",
    "REFERENCE_CLASSIFICATION_SYSTEM_NAME",
    "SERVICE_PRICE",
    "REMARKS",
    "COURSE_ID",
    "DEGREE_TITLE",
    "DEGREE_ENTITLED",
    "DEGREE_ADD_QUALIFICATION",
    "UNIV_DEGREE",
    "SUBSIDY",
    "SUBSIDY_DESCRIPTION",
    "FUNDING_TYPES_FEDERAL",
    "FUNDING_TYPES_REGIONAL",
    "CERTIFICATE_STATUS",
    "LANGUAGE",
    "TEACHING_LANGUAGES",
    "INSTRUCTION_FORM",
    "INSTRUCTION_FORM_NAME",
    "INSTRUCTION_TIME",
    "INSTRUCTION_REMARKS",
    "EDUCATION_TYPE",
    "MIN_PARTICIPANTS",
    "MAX_PARTICIPANTS",
    "LOCATION",
    "DURATION",
    "FLEXIBLE_START",
    "REGISTRATION_DATE",
    "DIGITAL_ACCESSIBILITY",
    "HAND_NAME",
    "RECIPIENT_PID",
    "SERVICE_ORDER",
    "MODULE_ORDER",
    "SERVICE_STATUS",
];
/// Elements about persons: nobody need be told that they are left out.
const PERSONS: &[&str] = &[
    "CONTACT",
    "INSTRUCTOR",
    "AUTHOR",
    "CBT_CONTACT",
    "WBT_CONTACT",
    "MODULE_ORGANIZER",
    "EXAMINER",
];

/// What a `SERVICE` says.
pub(super) struct Service {
    /// The offer; its id is that of the offer also where this is one more run of it.
    pub(super) draft: OfferDraft,
    pub(super) run: Option<RunDraft>,
    /// Whether this is the offer itself.
    pub(super) is_offer: bool,
    /// Classes that our lists do not know.
    pub(super) unknown_classes: Vec<(&'static str, String)>,
}

/// Names every element with content that has no place in an offer.
pub(super) fn left_out(service: &Element, mut each: impl FnMut(&str, u64)) {
    for found in service.left_over(READ, PERSONS) {
        each(&found.name, found.line);
    }
}

pub(super) fn read(service: &Element, currency: &str, record: &mut Record) -> Service {
    let nothing = Element::default();
    let details = service.first("SERVICE_DETAILS").unwrap_or(&nothing);
    let education = details
        .deep("EDUCATION")
        .first()
        .copied()
        .unwrap_or(&nothing);
    let (product, course) = (
        service.text_of("PRODUCT_ID"),
        education.text_of("COURSE_ID"),
    );
    let is_offer = truth::truth(education.attribute("type")) != Some(false)
        || course.is_empty()
        || course == product;
    let id = if is_offer {
        record.id([product.as_str(), course.as_str()])
    } else {
        record.id([course.as_str()])
    };
    let mut unknown_classes = Vec::new();
    let format = format(education, &mut unknown_classes);
    let mut run = run::read(details, education, record);
    run.format = format;
    run.price = cost(service, currency, record);
    run.registration_url = registration(education);
    run.id = calluna_model::id::OfferId::from_foreign(&product)
        .map(|id| id.to_string())
        .unwrap_or_default();
    let (description, description_html) = html::both(&details.text_of("DESCRIPTION_LONG"));
    let course_type = service.text_of("COURSE_TYPE");
    let draft = OfferDraft {
        id,
        title: text::shortened(&html::both(&details.text_of("TITLE")).0, 255),
        description,
        description_html,
        kind: kind(&course_type, &education.deep_text("EDUCATION_TYPE")).to_owned(),
        subjects: subjects(service),
        entry_requirements: qualifications([details.text_of("REQUIREMENTS")]),
        awards: qualifications(awards(education, details)),
        audiences: audiences(details, education),
        keywords: keywords(details),
        languages: languages(education),
        funding: funding(education, &course_type),
        accessibility: accessibility(education),
        teaching_units_hundredths: text::teaching_units_in(&run.duration_text)
            .or_else(|| text::teaching_units_in(&details.text_of("TITLE"))),
        contact: contact(details),
        url: address(service),
        ..OfferDraft::default()
    };
    Service {
        draft,
        run: run::is_one(&run).then_some(run),
        is_offer,
        unknown_classes,
    }
}

fn kind(course_type: &str, education_type: &str) -> &'static str {
    let words = education_type.to_lowercase();
    match course_type {
        "2" => "degree-programme",
        _ if words.contains("berufsausbildung") => "vocational-training",
        _ if words.contains("schulausbildung") || words.contains("schulabschl") => {
            "school-programme"
        }
        _ => "course",
    }
}

/// The class, else the words beside it.
fn format(education: &Element, unknown: &mut Vec<(&'static str, String)>) -> String {
    let Some(form) = education.deep("INSTRUCTION_FORM").first().copied() else {
        return String::new();
    };
    if let Some(term) = terms::kursnet(form.attribute("type")) {
        return term.code.to_owned();
    }
    let words = format!(
        "{} {}",
        form.text(),
        education.deep_text("INSTRUCTION_FORM_NAME")
    );
    let code = text::format_in(&words);
    if code.is_empty() && !form.attribute("type").is_empty() {
        unknown.push(("INSTRUCTION_FORM", form.attribute("type").to_owned()));
    }
    code.to_owned()
}

fn subjects(service: &Element) -> Vec<SubjectDraft> {
    let mut out: Vec<SubjectDraft> = Vec::new();
    for class in service.all("SERVICE_CLASSIFICATION") {
        let system = class
            .text_of("REFERENCE_CLASSIFICATION_SYSTEM_NAME")
            .to_lowercase();
        let scheme = if system.contains("isced") {
            "isced-f-2013"
        } else if system.is_empty() || system.contains("systematik") {
            "ba-systematik"
        } else {
            "provider"
        };
        for feature in class.all("FEATURE") {
            let name = feature.text_of("FNAME");
            // Some write the name of the list where its code belongs.
            let code = if name.to_lowercase().contains("systematik") {
                String::new()
            } else {
                name
            };
            let subject = SubjectDraft {
                scheme: scheme.into(),
                code: text::shortened(&code, 60),
                label: text::shortened(&feature.text_of("FVALUE"), 255),
            };
            let said = !subject.code.is_empty() || !subject.label.is_empty();
            if said && !out.contains(&subject) && out.len() < 20 {
                out.push(subject);
            }
        }
    }
    out
}

fn awards(education: &Element, details: &Element) -> Vec<String> {
    let names = [
        "DEGREE_TITLE",
        "DEGREE_ENTITLED",
        "DEGREE_ADD_QUALIFICATION",
    ];
    let mut out: Vec<String> = names
        .iter()
        .flat_map(|name| education.deep(name))
        .map(Element::text)
        .collect();
    out.push(details.deep_text("UNIV_DEGREE"));
    out
}

fn qualifications(titles: impl IntoIterator<Item = String>) -> Vec<QualificationDraft> {
    let mut out: Vec<QualificationDraft> = Vec::new();
    for title in titles {
        let title = text::shortened(&html::both(&title).0, 1_000);
        let draft = QualificationDraft {
            code: money::qualification(&title).to_owned(),
            title,
            dqr: None,
        };
        if !draft.title.is_empty() && !out.contains(&draft) && out.len() < 20 {
            out.push(draft);
        }
    }
    out
}

fn audiences(details: &Element, education: &Element) -> Vec<String> {
    let groups = details.deep("TARGET_GROUP_TEXT");
    let handicaps = education.deep("HAND_NAME");
    let texts = groups.into_iter().chain(handicaps).map(Element::text);
    distinct(
        texts.map(|words| text::shortened(&html::both(&words).0, 255)),
        50,
    )
}

fn keywords(details: &Element) -> Vec<String> {
    let words = details
        .all("KEYWORD")
        .flat_map(|keyword| text::list(&keyword.text()));
    distinct(words.map(|word| text::shortened(&word, 255)), 100)
}

fn languages(education: &Element) -> Vec<String> {
    let taught = education.deep("TEACHING_LANGUAGES");
    let found = if taught.is_empty() {
        education.all("LANGUAGE").collect()
    } else {
        taught
    };
    let names = found
        .into_iter()
        .flat_map(|element| text::list(&element.text()));
    distinct(names.filter_map(|name| language::known(&name)), 20)
}

fn funding(education: &Element, course_type: &str) -> Vec<String> {
    let names = [
        "SUBSIDY_DESCRIPTION",
        "FUNDING_TYPES_FEDERAL",
        "FUNDING_TYPES_REGIONAL",
    ];
    let mut out: Vec<String> = names
        .iter()
        .flat_map(|name| education.deep(name))
        .filter_map(|said| money::funding(&said.text()))
        .map(str::to_owned)
        .collect();
    // The field of KURSNET for "may be paid with a Bildungsgutschein".
    let voucher = education.deep("CERTIFICATE_STATUS");
    if voucher
        .iter()
        .any(|status| truth::truth(&status.text()) == Some(true))
    {
        out.push("bildungsgutschein".to_owned());
    }
    if course_type == "3" {
        out.push("aktivierungsgutschein".to_owned());
    }
    distinct(out.into_iter(), 20)
}

fn accessibility(education: &Element) -> Vec<String> {
    let digital = truth::truth(&education.deep_text("DIGITAL_ACCESSIBILITY")) == Some(true);
    digital
        .then(|| "accessible-learning".to_owned())
        .into_iter()
        .collect()
}

/// Only a mailbox of an office: numbers and names beside it are those of a person.
fn contact(details: &Element) -> Option<ContactDraft> {
    let mailboxes = details
        .all("CONTACT")
        .flat_map(|contact| contact.deep("EMAIL"));
    let email = mailboxes
        .map(Element::text)
        .find(|address| is_role_mailbox(address))?;
    Some(ContactDraft {
        email,
        ..ContactDraft::default()
    })
}

/// The page of the offer: its own link, else one of its run that is not there to register.
fn address(service: &Element) -> String {
    let own = service.all("MIME_INFO").find_map(link);
    let of_run = || {
        let infos = service.deep("MIME_INFO").into_iter();
        infos.filter(|info| !is_registration(info)).find_map(link)
    };
    own.or_else(of_run).unwrap_or_default()
}

/// Where to register for the run.
fn registration(education: &Element) -> String {
    let infos = education.all("MIME_INFO");
    infos
        .filter(|info| is_registration(info))
        .find_map(link)
        .unwrap_or_default()
}

fn is_registration(info: &Element) -> bool {
    let words = info.deep_text("MIME_DESCR").to_lowercase();
    words.contains("anmeld")
}

fn link(info: &Element) -> Option<String> {
    info.deep("MIME_SOURCE")
        .into_iter()
        .map(Element::text)
        .map(|found| match found.strip_prefix("www.") {
            Some(_) => format!("https://{found}"),
            None => found,
        })
        .find(|found| found.starts_with("http"))
}

/// An amount counts where it is in euros, by itself or by the catalogue.
fn cost(service: &Element, currency: &str, record: &mut Record) -> Option<PriceDraft> {
    let details = service.first("SERVICE_PRICE_DETAILS")?;
    let mut out = PriceDraft::default();
    if let Some(price) = details.first("SERVICE_PRICE") {
        let amount = price.text_of("PRICE_AMOUNT");
        let own = price.text_of("PRICE_CURRENCY");
        let currency = if own.is_empty() { currency } else { &own };
        if matches!(currency, "" | "EUR" | "€") {
            out = record.price_or_note("runs[0].price", &amount);
        } else if !amount.is_empty() {
            out.amount_cents = price::cents(&amount).filter(|cents| *cents == 0);
            out.notes.push(format!("{amount} {currency}"));
        }
    }
    let remarks = html::both(&details.text_of("REMARKS")).0;
    if !remarks.is_empty() {
        out.notes.push(text::shortened(&remarks, 500));
    }
    (out != PriceDraft::default()).then_some(out)
}

fn distinct(texts: impl Iterator<Item = String>, most: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in texts {
        if !text.is_empty() && !out.contains(&text) && out.len() < most {
            out.push(text);
        }
    }
    out
}
