//! An offer on its own page, in a comparison and in a printed list.

use calluna_model::code;
use calluna_model::member::Member;
use calluna_model::offer::{ContactDraft, OfferDraft, QualificationDraft};

use crate::format;
use crate::markup;
use crate::view::cell::Cell;
use crate::view::run::RunView;
use crate::visit::Visit;
use crate::words::Words;

/// An offer.
pub(crate) struct OfferView {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    pub(crate) summary: String,
    /// HTML of the safe subset.
    pub(crate) text: String,
    /// What is stated in one line each: label, value.
    pub(crate) facts: Vec<(&'static str, Cell)>,
    pub(crate) entry: Vec<String>,
    pub(crate) awards: Vec<String>,
    pub(crate) outcomes: Vec<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) runs: Vec<RunView>,
    pub(crate) past: Vec<RunView>,
    pub(crate) contact: Contact,
    pub(crate) url: String,
    /// Its path, without the part for the language.
    pub(crate) path: String,
    /// Its name in a list of marked offers.
    pub(crate) mark: String,
    pub(crate) modified: String,
}

/// Whom to ask.
#[derive(Default)]
pub(crate) struct Contact {
    pub(crate) email: String,
    pub(crate) mailto: String,
    pub(crate) phone: String,
    pub(crate) tel: String,
    pub(crate) url: String,
}

impl OfferView {
    /// From an offer that was made harmless.
    pub(crate) fn of(visit: &Visit, member: &Member, offer: &OfferDraft) -> Self {
        let words = visit.words;
        let path = format!("/angebot/{}/{}", member.id, offer.id);
        let today = visit.today();
        let runs = offer
            .runs
            .iter()
            .map(|run| RunView::of(offer, run, &path, today, words));
        let (past, runs) = runs.partition(|run| run.over);
        Self {
            title: offer.title.clone(),
            subtitle: offer.subtitle.clone(),
            summary: offer.summary.clone(),
            text: text(offer),
            facts: facts(offer, words),
            entry: qualifications(&offer.entry_requirements, words),
            awards: qualifications(&offer.awards, words),
            outcomes: offer.learning_outcomes.clone(),
            audiences: offer.audiences.clone(),
            runs,
            past,
            contact: offer.contact.as_ref().map(contact).unwrap_or_default(),
            url: offer.url.clone(),
            mark: format!("{}/{}", member.id, offer.id),
            path,
            modified: modified(&offer.modified, words),
        }
    }
}

/// The description as markup: what the provider wrote as such, else its plain text in paragraphs.
fn text(offer: &OfferDraft) -> String {
    if !offer.description_html.is_empty() {
        return offer.description_html.clone();
    }
    let paragraphs = offer.description.split("\n\n");
    paragraphs
        .filter(|paragraph| !paragraph.trim().is_empty())
        .map(|paragraph| {
            let lines = markup::escape(paragraph.trim()).replace('\n', "<br>");
            format!("<p>{lines}</p>")
        })
        .collect()
}

fn facts(offer: &OfferDraft, words: Words) -> Vec<(&'static str, Cell)> {
    let coded = |list, codes: &[String]| {
        let said = codes.iter().map(|code| words.code(list, code));
        Cell::text(said.collect::<Vec<_>>().join(", "), words)
    };
    let one = |list, code: &String| match code.as_str() {
        "" => Cell::unstated(words),
        code => Cell::text(words.code(list, code), words),
    };
    let tongues = offer.languages.iter().map(|tag| words.tongue(tag));
    let childcare = match offer.childcare {
        Some(true) => Cell::text(words.say("offer.yes"), words),
        Some(false) => Cell::text(words.say("offer.no"), words),
        None => Cell::unstated(words),
    };
    let known = |price: &&_| {
        let price: &calluna_model::offer::PriceDraft = price;
        price.amount_cents.or(price.reduced_cents).is_some()
    };
    let price = match offer.price.as_ref().filter(known) {
        Some(price) => Cell::text(format::price(Some(price), words), words),
        None => Cell::unstated(words),
    };
    let units = offer.teaching_units_hundredths.map_or_else(
        || Cell::unstated(words),
        |units| {
            let shown = format::hundredths(u64::from(units), words.0);
            Cell::text(words.fill("run.units", &[("n", &shown)]), words)
        },
    );
    vec![
        (words.say("offer.kind"), one(code::OFFER_KIND, &offer.kind)),
        (words.say("offer.subjects"), subjects(offer, words)),
        (words.say("offer.format"), one(code::FORMAT, &offer.format)),
        (words.say("offer.price"), price),
        (words.say("offer.level"), level(offer, words)),
        (words.say("offer.units"), units),
        (
            words.say("offer.languages"),
            Cell::text(tongues.collect::<Vec<_>>().join(", "), words),
        ),
        (
            words.say("offer.funding"),
            coded(code::FUNDING, &offer.funding),
        ),
        (
            words.say("offer.accessibility"),
            coded(code::ACCESSIBILITY, &offer.accessibility),
        ),
        (words.say("offer.childcare"), childcare),
    ]
}

/// The provider's words for a subject, else the area of the VHS, else the code.
fn subjects(offer: &OfferDraft, words: Words) -> Cell {
    let mut said: Vec<String> = Vec::new();
    for subject in &offer.subjects {
        let area = subject.code.get(..1).unwrap_or_default();
        let text = if !subject.label.is_empty() {
            subject.label.clone()
        } else if subject.scheme.starts_with("dvv") && code::DVV_AREA.has(area) {
            words.code(code::DVV_AREA, area)
        } else {
            subject.code.clone()
        };
        if !text.is_empty() && !said.contains(&text) {
            said.push(text);
        }
    }
    Cell::text(said.join(", "), words)
}

fn level(offer: &OfferDraft, words: Words) -> Cell {
    let Some(level) = &offer.level else {
        return Cell::unstated(words);
    };
    let mut parts = Vec::new();
    if !level.text.is_empty() {
        parts.push(level.text.clone());
    }
    if !level.cefr.is_empty() {
        parts.push(words.fill("offer.cefr", &[("level", &level.cefr)]));
    }
    if let Some(dqr) = level.dqr {
        parts.push(words.fill("facet.dqr", &[("n", &dqr.to_string())]));
    }
    Cell::text(parts.join(", "), words)
}

fn qualifications(list: &[QualificationDraft], words: Words) -> Vec<String> {
    list.iter()
        .map(|qualification| {
            let general = match qualification.code.as_str() {
                "" => String::new(),
                code => words.code(code::QUALIFICATION, code),
            };
            let mut text = qualification.title.clone();
            if !general.is_empty() && general != text {
                text = format!("{text} ({general})");
            }
            if let Some(dqr) = qualification.dqr {
                let level = words.fill("facet.dqr", &[("n", &dqr.to_string())]);
                text = format!("{text}, {level}");
            }
            text
        })
        .collect()
}

/// A mail address and a number become links only where they look like what they say they are.
fn contact(contact: &ContactDraft) -> Contact {
    let mail_like = |c: char| c.is_ascii_alphanumeric() || "@._+-".contains(c);
    let mail = contact.email.as_str();
    let good = mail.matches('@').count() == 1 && mail.chars().all(mail_like);
    let digits = |c: &char| c.is_ascii_digit() || *c == '+';
    let tel: String = contact.phone.chars().filter(digits).collect();
    Contact {
        email: contact.email.clone(),
        mailto: if good {
            format!("mailto:{mail}")
        } else {
            String::new()
        },
        phone: contact.phone.clone(),
        tel: if tel.len() >= 3 {
            format!("tel:{tel}")
        } else {
            String::new()
        },
        url: contact.url.clone(),
    }
}

fn modified(text: &str, words: Words) -> String {
    let day = text.get(..10).unwrap_or_default();
    format::day(day).map_or_else(String::new, |day| format::plain_date(day, words.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_becomes_paragraphs_and_stays_text() {
        let offer = OfferDraft {
            description: "Erste <b>Zeile</b>\nzweite\n\nAbsatz & mehr".into(),
            ..OfferDraft::default()
        };
        let html = text(&offer);
        assert_eq!(
            html,
            "<p>Erste &lt;b&gt;Zeile&lt;/b&gt;<br>zweite</p><p>Absatz &amp; mehr</p>"
        );
    }

    #[test]
    fn only_what_looks_like_an_address_becomes_a_link() {
        let made = |email: &str| {
            contact(&ContactDraft {
                email: email.into(),
                ..ContactDraft::default()
            })
            .mailto
        };
        assert_eq!(made("info@vhs.example"), "mailto:info@vhs.example");
        assert_eq!(made("info@vhs.example?bcc=x@y.example"), "");
        assert_eq!(made("javascript:alert(1)"), "");
    }
}
