//! What providers wrote is made harmless once, before any template sees it: marks that turn the direction of
//! writing and control characters go, markup is cleaned again, addresses lead to the web or nowhere.
//!
//! Templates escape everything besides; this is for what escaping cannot help against.

use calluna_catalogue::reader::ProviderCard;
use calluna_model::finding::is_direction_mark;
use calluna_model::html;
use calluna_model::offer::{
    ContactDraft, LevelDraft, OfferDraft, PriceDraft, QualificationDraft, RunDraft, SlotDraft,
    SubjectDraft, VenueDraft, WeeklySlotDraft,
};
use url::Url;

/// The offer, harmless. Every field is named, no `..`: one that is added stops the build here.
pub(crate) fn offer(offer: &mut OfferDraft) {
    let OfferDraft {
        id,
        title,
        subtitle,
        summary,
        description,
        description_html,
        kind,
        subjects,
        level,
        entry_requirements,
        awards,
        learning_outcomes,
        audiences,
        keywords,
        languages,
        format,
        price: fee,
        funding,
        accessibility,
        childcare: _,
        teaching_units_hundredths: _,
        contact,
        url,
        runs,
        modified,
    } = offer;
    for line in [id, title, subtitle, kind, format, modified] {
        text(line);
    }
    for line in [summary, description, description_html] {
        text(line);
    }
    *description_html = html::clean(description_html);
    subjects.iter_mut().for_each(subject);
    level.iter_mut().for_each(self::level);
    for list in [entry_requirements, awards] {
        list.iter_mut().for_each(qualification);
    }
    for list in [
        learning_outcomes,
        audiences,
        keywords,
        languages,
        funding,
        accessibility,
    ] {
        list.iter_mut().for_each(text);
    }
    fee.iter_mut().for_each(price);
    contact.iter_mut().for_each(self::contact);
    link(url);
    runs.iter_mut().for_each(run);
}

fn subject(subject: &mut SubjectDraft) {
    let SubjectDraft {
        scheme,
        code,
        label,
    } = subject;
    for line in [scheme, code, label] {
        text(line);
    }
}

fn level(level: &mut LevelDraft) {
    let LevelDraft {
        cefr,
        dqr: _,
        isced2011: _,
        text: words,
    } = level;
    text(cefr);
    text(words);
}

fn qualification(qualification: &mut QualificationDraft) {
    let QualificationDraft {
        title,
        code,
        dqr: _,
    } = qualification;
    text(title);
    text(code);
}

fn contact(contact: &mut ContactDraft) {
    let ContactDraft { email, phone, url } = contact;
    text(email);
    text(phone);
    link(url);
}

fn run(run: &mut RunDraft) {
    let RunDraft {
        id,
        number,
        start,
        end,
        start_text,
        flexible_start: _,
        slots,
        weekly,
        session_count: _,
        teaching_units_hundredths: _,
        duration_text,
        format,
        venue: place,
        seats_minimum: _,
        seats: _,
        free_seats: _,
        availability,
        registration_deadline,
        registration_url,
        status,
        price: fee,
    } = run;
    for line in [id, number, start, end, start_text, duration_text, format] {
        text(line);
    }
    for line in [availability, registration_deadline, status] {
        text(line);
    }
    for SlotDraft { date, start, end } in slots {
        for line in [date, start, end] {
            text(line);
        }
    }
    for WeeklySlotDraft {
        weekday: _,
        start,
        end,
    } in weekly
    {
        text(start);
        text(end);
    }
    place.iter_mut().for_each(venue);
    link(registration_url);
    fee.iter_mut().for_each(price);
}

fn venue(venue: &mut VenueDraft) {
    let VenueDraft {
        name,
        room,
        street,
        postal_code,
        city,
        district,
        ags,
        country,
        latitude_micro: _,
        longitude_micro: _,
        accessible: _,
    } = venue;
    for line in [
        name,
        room,
        street,
        postal_code,
        city,
        district,
        ags,
        country,
    ] {
        text(line);
    }
}

fn price(price: &mut PriceDraft) {
    let PriceDraft {
        amount_cents: _,
        reduced_cents: _,
        notes,
    } = price;
    notes.iter_mut().for_each(text);
}

/// What readers see of a provider, harmless.
pub(crate) fn provider(card: &mut ProviderCard) {
    text(&mut card.member.name);
    text(&mut card.member.address);
    link(&mut card.member.website);
}

/// Takes out what hides or turns: control characters but line breaks and tabs, direction marks, separators, and
/// what XML cannot hold.
pub(crate) fn text(text: &mut String) {
    if text.chars().any(is_odd) {
        text.retain(|c| !is_odd(c));
    }
}

fn is_odd(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || is_direction_mark(c)
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
        )
}

/// An address that leads to the web, or nothing.
fn link(address: &mut String) {
    text(address);
    let good = Url::parse(address).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if !good {
        address.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_turns_runs_or_leads_astray() {
        let mut hostile = OfferDraft {
            title: "Kurs \u{202e}gpj.exe\u{0}".into(),
            description_html: "<p onclick=x()>a<script>alert(1)</script></p>".into(),
            url: "javascript:alert(1)".into(),
            contact: Some(ContactDraft {
                url: "https://vhs.example@evil.example/".into(),
                ..ContactDraft::default()
            }),
            runs: vec![RunDraft {
                registration_url: "data:text/html,x".into(),
                venue: Some(VenueDraft {
                    name: "Haus\u{2066}\r".into(),
                    ..VenueDraft::default()
                }),
                ..RunDraft::default()
            }],
            ..OfferDraft::default()
        };
        offer(&mut hostile);
        assert_eq!(hostile.title, "Kurs gpj.exe");
        assert_eq!(hostile.description_html, "<p>a</p>");
        assert_eq!(hostile.url, "");
        assert_eq!(hostile.contact.unwrap().url, "");
        assert_eq!(hostile.runs[0].registration_url, "");
        assert_eq!(hostile.runs[0].venue.as_ref().unwrap().name, "Haus");
    }

    #[test]
    fn what_is_harmless_stays_as_it_is() {
        let mut good = calluna_model::fixture::full_offer("A-1").into_draft();
        let before = good.clone();
        offer(&mut good);
        assert_eq!(good, before);
    }
}
