//! What points to a person in free text: telephone numbers and mail addresses.
//!
//! A mailbox of an office (`info@…`, `anmeldung@…`) may stay, everything else is replaced by
//! `[…]`. Names cannot be told from other words; formats leave out the fields that hold them, and
//! take a title that often ends in one only where every word of it is known.

mod mail;
mod phone;
mod title;

use calluna_model::finding::Finding;
use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft};

use crate::html;

pub use self::mail::is_role_mailbox;
pub(crate) use self::title::names_only_a_subject;

/// Stands where something was removed.
const REMOVED: &str = "[…]";

/// Removes what points to a person from every free text of `draft`, and a contact address that is
/// no office's. Returns the paths of the fields that were changed.
pub(crate) fn remove(draft: &mut OfferDraft) -> Vec<String> {
    let mut changed = Vec::new();
    for (path, text) in [
        ("title", &mut draft.title),
        ("subtitle", &mut draft.subtitle),
        ("summary", &mut draft.summary),
        ("description", &mut draft.description),
    ] {
        scrub_field(&mut changed, path, text);
    }
    scrub_html(&mut changed, &mut draft.description_html);
    for (path, texts) in [
        ("learning_outcomes", &mut draft.learning_outcomes),
        ("audiences", &mut draft.audiences),
        ("keywords", &mut draft.keywords),
    ] {
        scrub_list(&mut changed, path, texts);
    }
    for (path, list) in [
        ("entry_requirements", &mut draft.entry_requirements),
        ("awards", &mut draft.awards),
    ] {
        for (index, item) in list.iter_mut().enumerate() {
            scrub_field(
                &mut changed,
                &format!("{path}[{index}].title"),
                &mut item.title,
            );
        }
    }
    for (index, subject) in draft.subjects.iter_mut().enumerate() {
        scrub_field(
            &mut changed,
            &format!("subjects[{index}].label"),
            &mut subject.label,
        );
    }
    if let Some(level) = &mut draft.level {
        scrub_field(&mut changed, "level.text", &mut level.text);
    }
    scrub_price(&mut changed, "price", draft.price.as_mut());
    for (index, run) in draft.runs.iter_mut().enumerate() {
        scrub_run(&mut changed, &format!("runs[{index}]"), run);
    }
    if let Some(contact) = &mut draft.contact
        && !contact.email.is_empty()
        && !is_role_mailbox(&contact.email)
    {
        contact.email.clear();
        changed.push("contact.email".to_owned());
    }
    changed
}

/// Takes the value out of a finding where it could point to a person.
pub(crate) fn hide(mut finding: Finding) -> Finding {
    if finding.field.starts_with("contact") {
        finding.value.clear();
    }
    if let Some(clean) = scrub(&finding.value) {
        finding.value = clean;
    }
    finding
}

fn scrub_run(changed: &mut Vec<String>, path: &str, run: &mut RunDraft) {
    scrub_field(changed, &format!("{path}.start_text"), &mut run.start_text);
    scrub_field(
        changed,
        &format!("{path}.duration_text"),
        &mut run.duration_text,
    );
    if let Some(venue) = &mut run.venue {
        scrub_field(changed, &format!("{path}.venue.name"), &mut venue.name);
        scrub_field(changed, &format!("{path}.venue.room"), &mut venue.room);
        scrub_field(changed, &format!("{path}.venue.street"), &mut venue.street);
    }
    scrub_price(changed, &format!("{path}.price"), run.price.as_mut());
}

fn scrub_price(changed: &mut Vec<String>, path: &str, price: Option<&mut PriceDraft>) {
    if let Some(price) = price {
        scrub_list(changed, &format!("{path}.notes"), &mut price.notes);
    }
}

fn scrub_list(changed: &mut Vec<String>, path: &str, texts: &mut [String]) {
    for (index, text) in texts.iter_mut().enumerate() {
        scrub_field(changed, &format!("{path}[{index}]"), text);
    }
}

fn scrub_field(changed: &mut Vec<String>, path: &str, text: &mut String) {
    if let Some(clean) = scrub(text) {
        *text = clean;
        changed.push(path.to_owned());
    }
}

/// In HTML, a number can be cut by tags. What still reads as one afterwards goes as a whole: the
/// plain text is there.
fn scrub_html(changed: &mut Vec<String>, text: &mut String) {
    scrub_field(changed, "description_html", text);
    if !text.is_empty() && scrub(&html::plain(text)).is_some() {
        text.clear();
        changed.push("description_html".to_owned());
    }
}

/// The text without what points to a person, or nothing when there was nothing.
#[must_use]
pub fn scrub(text: &str) -> Option<String> {
    let without_mail = mail::scrub(text);
    let without_phone = phone::scrub(without_mail.as_deref().unwrap_or(text));
    without_phone.or(without_mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inv1_numbers_and_private_addresses_go() {
        for (text, clean) in [
            ("Tel: 0234/0000000\nmontags", "Tel: […]\nmontags"),
            ("unter Tel. 0800 / 855 22 22.", "unter Tel. […]."),
            ("Anruf (05161) 94 88-80, bitte", "Anruf […], bitte"),
            ("mobil 0171-1234567", "mobil […]"),
            ("01711234567", "[…]"),
            ("+49 5161 94888", "[…]"),
            ("Telefon: 94888 (Büro)", "Telefon: […] (Büro)"),
            ("Mail an erika.muster@web.example!", "Mail an […]!"),
            ("erika (at) muster.example", "[…]"),
            ("vhs.mueller@vhs.example", "[…]"),
            // Two in a row, and what stands right behind a number.
            ("05161 948880/0171 1234567", "[…]/[…]"),
            ("05161-948880 / 0171-1234567", "[…] / […]"),
            ("05161 948880 12345", "[…]"),
            ("Tel. 0171 1234567, 0172 1234567", "Tel. […], […]"),
            ("Tel. 05161 948880 17.30 Uhr", "Tel. […] 17.30 Uhr"),
            ("Tel. 05161 948880 17:30", "Tel. […] 17:30"),
            (
                "(05161) 948880 12.01.2027 bis 13.01.2027",
                "[…] 12.01.2027 bis 13.01.2027",
            ),
            ("Telefon 05161 948880 oder 94 88 81", "Telefon […] oder […]"),
            ("Fax-Nr.: 94888, Tel.Nr. 94887", "Fax-Nr.: […], Tel.Nr. […]"),
            ("0 51 61 / 94 88 80 u. 0 51 61/94881", "[…] u. […]"),
            ("05161·948880, 05161‑948880", "[…], […]"),
            ("Diensthandy 94888", "Diensthandy […]"),
            ("+49(0)5161/94888-0", "[…]"),
            // Addresses spelt out against robots.
            ("erika[ät]gmx.de, erika(@)gmx.de", "[…], […]"),
            ("erika {at} gmx (punkt) de!", "[…]!"),
            ("erika.muster at schule.example oder", "[…] oder"),
            ("erika at gmx.de", "[…]"),
        ] {
            assert_eq!(scrub(text).as_deref(), Some(clean), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        for text in [
            "vom 03.04.2017 bis 02.06.2017, 09:00 - 13:00 Uhr",
            "montags 14.00 - 17.00 Uhr",
            "Normannenstr. 34, 44793 Bochum",
            "01067 Dresden",
            "ISBN: 9780194716550 oder ISBN 0194716550",
            "Usrati Band 2 (3-19-005244-1)",
            "Kurs 161A087-08, Nr. 0512345x",
            "https://vhs.example/05161948880?id=0334499123",
            "info@vhs.example und vhs-walsrode@vhs-walsrode.example, kurse2@x.example",
            "3 @ 5.50 Euro",
            "Windows 10 und Office 2021",
            "Look at open.ac.uk (a list) or [a] web page",
            "Beratung at (at) home",
            "info (at) vhs.example, info at vhs.example",
            "Telefonkonferenz am 12.01.2027, 29614 Soltau",
            "0 bis 10 Punkte, 0 - 100 %",
            "01.02.2027/03.02.2027, 09:00-10:30/11:00",
        ] {
            assert_eq!(scrub(text), None, "{text}");
        }
    }

    #[test]
    fn inv1_a_number_cut_by_tags_does_not_stay_in_the_html() {
        let mut draft = OfferDraft {
            description: "Ruf 05161 94888".into(),
            description_html: "<p>05161 <strong>94888</strong></p>".into(),
            ..OfferDraft::default()
        };
        assert_eq!(remove(&mut draft), ["description", "description_html"]);
        assert_eq!(draft.description_html, "");
    }

    proptest::proptest! {
        #[test]
        fn anything_can_be_scrubbed(text in "([0-9+()/. -]|tel|@|\\(at\\)|ü|\\PC){0,60}") {
            if let Some(clean) = scrub(&text) {
                drop(scrub(&clean));
            }
        }
    }
}
