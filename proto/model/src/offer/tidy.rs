//! Bringing what an importer read into the form that the rules ask for.

use unicode_normalization::UnicodeNormalization;

use super::check::is_tidy;
use super::{OfferDraft, RunDraft};

impl OfferDraft {
    /// See [`super::Offer::tidy`].
    pub(super) fn tidy(&mut self) {
        for text in [
            &mut self.id,
            &mut self.title,
            &mut self.subtitle,
            &mut self.summary,
            &mut self.description,
            &mut self.description_html,
            &mut self.kind,
            &mut self.format,
            &mut self.url,
            &mut self.modified,
        ] {
            tidy_text(text);
        }
        one_line(&mut self.title);
        one_line(&mut self.subtitle);
        for list in [
            &mut self.learning_outcomes,
            &mut self.audiences,
            &mut self.keywords,
            &mut self.languages,
        ] {
            tidy_list(list);
        }
        for subject in &mut self.subjects {
            tidy_text(&mut subject.code);
            tidy_text(&mut subject.label);
            one_line(&mut subject.label);
        }
        if let Some(level) = &mut self.level {
            tidy_text(&mut level.text);
            one_line(&mut level.text);
        }
        for qualification in self.entry_requirements.iter_mut().chain(&mut self.awards) {
            tidy_text(&mut qualification.title);
        }
        self.entry_requirements.retain(|q| !q.title.is_empty());
        self.awards.retain(|q| !q.title.is_empty());
        if let Some(price) = &mut self.price {
            tidy_list(&mut price.notes);
        }
        if let Some(contact) = &mut self.contact {
            tidy_text(&mut contact.email);
            tidy_text(&mut contact.phone);
            tidy_text(&mut contact.url);
        }
        self.runs.iter_mut().for_each(RunDraft::tidy);
    }
}

impl RunDraft {
    fn tidy(&mut self) {
        for text in [
            &mut self.id,
            &mut self.number,
            &mut self.start_text,
            &mut self.duration_text,
        ] {
            tidy_text(text);
            one_line(text);
        }
        tidy_text(&mut self.registration_url);
        if let Some(price) = &mut self.price {
            tidy_list(&mut price.notes);
        }
        if let Some(venue) = &mut self.venue {
            for text in [
                &mut venue.name,
                &mut venue.room,
                &mut venue.street,
                &mut venue.postal_code,
                &mut venue.city,
                &mut venue.district,
            ] {
                tidy_text(text);
                one_line(text);
            }
        }
    }
}

fn tidy_list(list: &mut Vec<String>) {
    list.iter_mut().for_each(tidy_text);
    list.retain(|item| !item.is_empty());
}

fn tidy_text(text: &mut String) {
    if text.is_empty() {
        return;
    }
    if text.contains(['\r', '\u{a0}', '\u{ad}', '\u{feff}']) {
        // A soft hyphen or a byte order mark is invisible and would split words for a search.
        *text = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('\u{a0}', " ");
        text.retain(|c| !matches!(c, '\u{ad}' | '\u{feff}'));
    }
    if !is_tidy(text) {
        let composed: String = text.nfc().collect();
        composed.trim().clone_into(text);
    }
}

fn one_line(text: &mut String) {
    if text.contains(['\n', '\t']) {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}
