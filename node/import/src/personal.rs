//! What points to a person in free text: telephone numbers and mail addresses.
//!
//! A mailbox of an office (`info@…`, `anmeldung@…`) may stay, everything else is replaced by
//! `[…]`. Names cannot be told from other words; formats leave out the fields that hold them.

use calluna_model::finding::Finding;
use calluna_model::offer::{OfferDraft, PriceDraft, RunDraft};

use crate::html;

/// Stands where something was removed.
const REMOVED: &str = "[…]";

/// Local parts that name an office. Other words beside them must be in the host too
/// (`vhs-walsrode@vhs-walsrode.example`), or be numbers.
const ROLES: &[&str] = &[
    "admissions",
    "anfrage",
    "anfragen",
    "anmeldung",
    "anmeldungen",
    "beratung",
    "bildung",
    "bildungsberatung",
    "bildungszentrum",
    "buero",
    "büro",
    "contact",
    "courses",
    "empfang",
    "enquiries",
    "enquiry",
    "fortbildung",
    "general",
    "geschaeftsstelle",
    "geschäftsstelle",
    "hallo",
    "hello",
    "help",
    "hotline",
    "info",
    "infos",
    "kontakt",
    "kurs",
    "kursanmeldung",
    "kurse",
    "kundenservice",
    "kvhs",
    "mail",
    "office",
    "post",
    "poststelle",
    "programm",
    "rezeption",
    "schule",
    "schulbuero",
    "schulsekretariat",
    "sekretariat",
    "service",
    "servicezentrum",
    "support",
    "team",
    "vhs",
    "vhsinfo",
    "verwaltung",
    "volkshochschule",
    "webmaster",
    "weiterbildung",
    "willkommen",
    "zentrale",
];

/// Words before a number that make it a telephone number.
const LABELS: &[&str] = &[
    "tel",
    "telefon",
    "telefonnr",
    "telefonnummer",
    "telephone",
    "phone",
    "fon",
    "mobil",
    "mobile",
    "mobilnummer",
    "handy",
    "handynummer",
    "fax",
    "telefax",
    "ruf",
    "rufnummer",
    "durchwahl",
    "whatsapp",
];

/// Most digits of a telephone number, with the code of the country.
const PHONE_DIGITS: usize = 16;

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
    let without_mail = scrub_mail(text);
    let without_phone = scrub_phone(without_mail.as_deref().unwrap_or(text));
    without_phone.or(without_mail)
}

fn scrub_mail(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    let mut search = 0;
    while let Some((at, length)) = next_at_sign(text, search) {
        search = at + length;
        let before = text.get(from..at)?.trim_end_matches(' ');
        let start = from + before.len() - local_part(before).len();
        let after = text.get(at + length..)?;
        let host = host_part(after.trim_start_matches(' '));
        let end = at + length + (after.len() - after.trim_start_matches(' ').len()) + host.len();
        let spaced = end - (at + length) != host.len() || before.len() + from != at;
        // With blanks around it, only the spelt-out form is an address: "3 @ 5 Euro" is none.
        if local_part(before).is_empty() || !host.contains('.') || (spaced && length == 1) {
            continue;
        }
        let address = format!("{}@{host}", local_part(before));
        if !is_role_mailbox(&address) {
            out.push_str(text.get(from..start)?);
            out.push_str(REMOVED);
            from = end;
        }
        search = end;
    }
    (from > 0).then(|| out + text.get(from..).unwrap_or_default())
}

/// The next `@`, or `(at)` and `[at]` as people write it against robots.
fn next_at_sign(text: &str, mut from: usize) -> Option<(usize, usize)> {
    loop {
        let at = from + text.get(from..)?.find(['@', '(', '['])?;
        let rest = text.get(at..)?;
        if rest.starts_with('@') {
            return Some((at, 1));
        }
        let spelt = rest
            .get(..4)
            .is_some_and(|sign| matches!(sign, "(at)" | "[at]" | "(AT)" | "[AT]"));
        if spelt {
            return Some((at, 4));
        }
        from = at + 1;
    }
}

fn local_part(before: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let start = before.rfind(|c| !is_part(c)).map_or(0, |at| {
        at + before
            .get(at..)
            .and_then(|s| s.chars().next())
            .map_or(1, char::len_utf8)
    });
    before.get(start..).unwrap_or_default()
}

fn host_part(after: &str) -> &str {
    let end = after
        .find(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
        .unwrap_or(after.len());
    after
        .get(..end)
        .unwrap_or_default()
        .trim_end_matches(['.', '-'])
}

/// Whether a mail address is that of an office: `info@…`, `anmeldung@…`, `vhs-walsrode@…` where
/// the host is called so too.
#[must_use]
pub fn is_role_mailbox(address: &str) -> bool {
    let Some((local, host)) = address.trim().rsplit_once('@') else {
        return false;
    };
    let (local, host) = (local.to_lowercase(), host.to_lowercase());
    let mut words = local
        .split(['.', '-', '_', '+'])
        .filter(|word| !word.is_empty())
        .peekable();
    words
        .peek()
        .is_some_and(|first| ROLES.contains(&first.trim_end_matches(|c: char| c.is_ascii_digit())))
        && words.all(|word| {
            let word = word.trim_end_matches(|c: char| c.is_ascii_digit());
            word.is_empty() || ROLES.contains(&word) || (word.len() > 2 && host.contains(word))
        })
}

fn scrub_phone(text: &str) -> Option<String> {
    if text.bytes().filter(u8::is_ascii_digit).count() < 5 {
        return None;
    }
    let mut out = String::new();
    let mut from = 0;
    let mut labelled = false;
    let mut word = String::new();
    let mut previous = None;
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        let begins = c.is_ascii_digit() || matches!(c, '+' | '(');
        if begins
            && (labelled || boundary(previous))
            && let Some(length) = phone_length(text.get(at..)?, labelled)
            && !is_book_number(text.get(..at)?)
        {
            out.push_str(text.get(from..at)?);
            out.push_str(REMOVED);
            from = at + length;
            skip_to = from;
            labelled = false;
            word.clear();
            previous = Some('…');
            continue;
        }
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
            labelled = false;
        } else {
            if !word.is_empty() {
                labelled = LABELS.contains(&word.as_str());
                word.clear();
            }
            labelled = labelled && !c.is_ascii_digit() && c != '\n';
        }
        previous = Some(c);
    }
    (from > 0).then(|| out + text.get(from..).unwrap_or_default())
}

/// Whether a number may begin after this character: not inside a word, number or address.
fn boundary(previous: Option<char>) -> bool {
    previous.is_none_or(|c| c.is_whitespace() || "(:,;.>|[\"'„“–…".contains(c))
}

/// Length in bytes of the telephone number at the beginning of `text`.
fn phone_length(text: &str, labelled: bool) -> Option<usize> {
    let mut digits = String::new();
    let mut first_group = 0;
    let mut end = 0;
    let mut gap = 0;
    for (at, c) in text.char_indices() {
        if c.is_ascii_digit() {
            digits.push(c);
            if digits.len() > PHONE_DIGITS {
                return None;
            }
            gap = 0;
            end = at + 1;
        } else if (c == '+' && at == 0) || (" ()/-–.\u{a0}".contains(c) && gap < 3) {
            if first_group == 0 {
                first_group = digits.len();
            }
            gap += 1;
        } else {
            if c.is_alphabetic() && gap == 0 {
                return None;
            }
            break;
        }
    }
    let count = digits.len();
    let first_group = if first_group == 0 { count } else { first_group };
    let abroad = text.starts_with('+') || digits.starts_with("00");
    let known = if abroad {
        count >= 8
    } else if labelled {
        count >= 5
    } else {
        // A trunk zero, an area code of two digits or more: 0511/…, (05161) …, 0171-…, 01711234567.
        digits.starts_with('0') && first_group >= 3 && (7..=15).contains(&count)
    };
    known.then_some(end)
}

/// ISBN and ISSN look like telephone numbers.
fn is_book_number(before: &str) -> bool {
    let tail: String = before.chars().rev().take(12).collect();
    let tail: String = tail.chars().rev().collect::<String>().to_uppercase();
    tail.contains("ISBN") || tail.contains("ISSN") || tail.contains("IBAN")
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
