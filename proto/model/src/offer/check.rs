//! The rules of an offer.
//!
//! A record that is right costs a few comparisons a field: paths and messages are only made when a
//! rule is broken, because the hub runs this for every offer of every night.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use url::Url;

use super::{
    ContactDraft, LevelDraft, OfferDraft, PriceDraft, QualificationDraft, RunDraft, SlotDraft,
    SubjectDraft, VenueDraft, WeeklySlotDraft,
};
use crate::code;
use crate::finding::{Finding, is_direction_mark};
use crate::id::{OfferId, RunId};
use crate::limit::FINDINGS_PER_RECORD;

/// All broken rules of `draft`, at most [`FINDINGS_PER_RECORD`].
pub(super) fn findings(draft: &OfferDraft) -> Vec<Finding> {
    let mut check = Check {
        record: &draft.id,
        found: Vec::new(),
    };
    check.offer(draft);
    check.found
}

/// A path that costs nothing until somebody prints it.
#[derive(Clone, Copy)]
enum Path<'a> {
    Field(&'static str),
    Item(&'a Self, usize),
    Within(&'a Self, &'static str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Item(list, index) => write!(f, "{list}[{index}]"),
            Self::Within(outer, name) => write!(f, "{outer}.{name}"),
        }
    }
}

/// Whether line breaks and tabs may stand in a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

struct Check<'a> {
    record: &'a str,
    found: Vec<Finding>,
}

impl Check<'_> {
    fn broken(&mut self, path: Path<'_>, rule: &str, value: &str, limit: impl ToString) {
        if self.found.len() < FINDINGS_PER_RECORD {
            let finding = Finding::new(path.to_string(), rule)
                .value(value)
                .limit(limit);
            self.found
                .push(finding.of(crate::finding::shorten(self.record)));
        }
    }

    fn offer(&mut self, draft: &OfferDraft) {
        if draft.id.parse::<OfferId>().is_err() {
            self.broken(Path::Field("id"), "bad-offer-id", &draft.id, "");
        }
        self.required(Path::Field("title"), &draft.title);
        self.line(Path::Field("title"), &draft.title, 255);
        self.line(Path::Field("subtitle"), &draft.subtitle, 255);
        self.text(Path::Field("summary"), &draft.summary, 1_000, Lines::Many);
        self.text(
            Path::Field("description"),
            &draft.description,
            30_000,
            Lines::Many,
        );
        self.text(
            Path::Field("description_html"),
            &draft.description_html,
            40_000,
            Lines::Many,
        );
        if !draft.description_html.is_empty() && !crate::html::is_clean(&draft.description_html) {
            self.broken(Path::Field("description_html"), "unsafe-html", "", "");
        }
        self.code(Path::Field("kind"), &draft.kind, code::OFFER_KIND);
        self.list(Path::Field("subjects"), &draft.subjects, 20, Self::subject);
        if let Some(level) = &draft.level {
            self.level(Path::Field("level"), level);
        }
        let path = Path::Field("entry_requirements");
        self.list(path, &draft.entry_requirements, 20, Self::qualification);
        self.list(
            Path::Field("awards"),
            &draft.awards,
            20,
            Self::qualification,
        );
        self.lines(
            Path::Field("learning_outcomes"),
            &draft.learning_outcomes,
            50,
            1_000,
        );
        self.lines(Path::Field("audiences"), &draft.audiences, 50, 255);
        self.lines(Path::Field("keywords"), &draft.keywords, 100, 255);
        self.list(
            Path::Field("languages"),
            &draft.languages,
            20,
            |check, at, tag: &String| check.language(at, tag),
        );
        self.code(Path::Field("format"), &draft.format, code::FORMAT);
        if let Some(price) = &draft.price {
            self.price(Path::Field("price"), price);
        }
        self.codes(Path::Field("funding"), &draft.funding, code::FUNDING);
        self.codes(
            Path::Field("accessibility"),
            &draft.accessibility,
            code::ACCESSIBILITY,
        );
        if let Some(contact) = &draft.contact {
            self.contact(Path::Field("contact"), contact);
        }
        self.url(Path::Field("url"), &draft.url);
        self.list(Path::Field("runs"), &draft.runs, 400, Self::run);
        self.distinct_runs(&draft.runs);
        self.moment(Path::Field("modified"), &draft.modified);
    }

    fn subject(&mut self, path: Path<'_>, subject: &SubjectDraft) {
        self.required(Path::Within(&path, "scheme"), &subject.scheme);
        self.code(
            Path::Within(&path, "scheme"),
            &subject.scheme,
            code::SUBJECT_SCHEME,
        );
        self.line(Path::Within(&path, "code"), &subject.code, 60);
        self.line(Path::Within(&path, "label"), &subject.label, 255);
    }

    fn level(&mut self, path: Path<'_>, level: &LevelDraft) {
        self.code(Path::Within(&path, "cefr"), &level.cefr, code::CEFR);
        self.within(Path::Within(&path, "dqr"), level.dqr, 1, 8);
        self.within(Path::Within(&path, "isced2011"), level.isced2011, 0, 8);
        self.line(Path::Within(&path, "text"), &level.text, 255);
    }

    fn qualification(&mut self, path: Path<'_>, qualification: &QualificationDraft) {
        self.required(Path::Within(&path, "title"), &qualification.title);
        self.text(
            Path::Within(&path, "title"),
            &qualification.title,
            1_000,
            Lines::Many,
        );
        self.code(
            Path::Within(&path, "code"),
            &qualification.code,
            code::QUALIFICATION,
        );
        self.within(Path::Within(&path, "dqr"), qualification.dqr, 1, 8);
    }

    fn price(&mut self, path: Path<'_>, price: &PriceDraft) {
        self.lines(Path::Within(&path, "notes"), &price.notes, 10, 500);
    }

    fn contact(&mut self, path: Path<'_>, contact: &ContactDraft) {
        let field = Path::Within(&path, "email");
        self.line(field, &contact.email, 254);
        let shaped = |text: &str| {
            text.split_once('@').is_some_and(|(name, host)| {
                !name.is_empty() && host.contains('.') && !host.contains('@')
            }) && !text.contains(char::is_whitespace)
        };
        if !contact.email.is_empty() && !shaped(&contact.email) {
            self.broken(field, "bad-email", &contact.email, "");
        }
        let field = Path::Within(&path, "phone");
        self.line(field, &contact.phone, 60);
        if !contact
            .phone
            .chars()
            .all(|c| c.is_ascii_digit() || " +-/().".contains(c))
        {
            self.broken(field, "bad-phone", &contact.phone, "");
        }
        self.url(Path::Within(&path, "url"), &contact.url);
    }

    fn run(&mut self, path: Path<'_>, run: &RunDraft) {
        if run.id.parse::<RunId>().is_err() {
            self.broken(Path::Within(&path, "id"), "bad-run-id", &run.id, "");
        }
        self.line(Path::Within(&path, "number"), &run.number, 60);
        self.date(Path::Within(&path, "start"), &run.start);
        self.date(Path::Within(&path, "end"), &run.end);
        self.line(Path::Within(&path, "start_text"), &run.start_text, 500);
        self.list(Path::Within(&path, "slots"), &run.slots, 400, Self::slot);
        self.list(Path::Within(&path, "weekly"), &run.weekly, 14, Self::weekly);
        self.line(
            Path::Within(&path, "duration_text"),
            &run.duration_text,
            500,
        );
        self.code(Path::Within(&path, "format"), &run.format, code::FORMAT);
        if let Some(venue) = &run.venue {
            self.venue(Path::Within(&path, "venue"), venue);
        }
        self.code(
            Path::Within(&path, "availability"),
            &run.availability,
            code::AVAILABILITY,
        );
        self.date(
            Path::Within(&path, "registration_deadline"),
            &run.registration_deadline,
        );
        self.url(
            Path::Within(&path, "registration_url"),
            &run.registration_url,
        );
        self.code(Path::Within(&path, "status"), &run.status, code::RUN_STATUS);
        if let Some(price) = &run.price {
            self.price(Path::Within(&path, "price"), price);
        }
    }

    fn slot(&mut self, path: Path<'_>, slot: &SlotDraft) {
        self.required(Path::Within(&path, "date"), &slot.date);
        self.date(Path::Within(&path, "date"), &slot.date);
        self.time(Path::Within(&path, "start"), &slot.start);
        self.time(Path::Within(&path, "end"), &slot.end);
    }

    fn weekly(&mut self, path: Path<'_>, slot: &WeeklySlotDraft) {
        self.within(Path::Within(&path, "weekday"), Some(slot.weekday), 1, 7);
        self.time(Path::Within(&path, "start"), &slot.start);
        self.time(Path::Within(&path, "end"), &slot.end);
    }

    fn venue(&mut self, path: Path<'_>, venue: &VenueDraft) {
        self.line(Path::Within(&path, "name"), &venue.name, 255);
        self.line(Path::Within(&path, "room"), &venue.room, 255);
        self.line(Path::Within(&path, "street"), &venue.street, 255);
        self.line(Path::Within(&path, "postal_code"), &venue.postal_code, 12);
        self.line(Path::Within(&path, "city"), &venue.city, 255);
        self.line(Path::Within(&path, "district"), &venue.district, 255);
        let digits = |text: &str| text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        if !venue.ags.is_empty() && !digits(&venue.ags) {
            self.broken(Path::Within(&path, "ags"), "bad-ags", &venue.ags, "");
        }
        let letters = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        if !venue.country.is_empty() && !letters(&venue.country) {
            self.broken(
                Path::Within(&path, "country"),
                "bad-country",
                &venue.country,
                "",
            );
        }
        self.degrees(
            Path::Within(&path, "latitude_micro"),
            venue.latitude_micro,
            90_000_000,
        );
        self.degrees(
            Path::Within(&path, "longitude_micro"),
            venue.longitude_micro,
            180_000_000,
        );
    }

    // --- single values ---

    fn required(&mut self, path: Path<'_>, value: &str) {
        if value.is_empty() {
            self.broken(path, "required", "", "");
        }
    }

    fn line(&mut self, path: Path<'_>, value: &str, most: usize) {
        self.text(path, value, most, Lines::One);
    }

    fn text(&mut self, path: Path<'_>, value: &str, most: usize, lines: Lines) {
        if value.is_empty() {
            return;
        }
        if value.len() > most && value.chars().count() > most {
            self.broken(path, "too-long", value, most);
        }
        if has_control(value, lines) {
            self.broken(path, "control-character", value, "");
        } else if !is_tidy(value) {
            self.broken(path, "not-tidy", value, "");
        }
    }

    fn list<T>(
        &mut self,
        path: Path<'_>,
        items: &[T],
        most: usize,
        mut each: impl FnMut(&mut Self, Path<'_>, &T),
    ) {
        if items.len() > most {
            self.broken(path, "too-many", &items.len().to_string(), most);
        }
        for (index, item) in items.iter().take(most).enumerate() {
            each(self, Path::Item(&path, index), item);
        }
    }

    fn lines(&mut self, path: Path<'_>, items: &[String], most: usize, longest: usize) {
        self.list(path, items, most, |check, at, item: &String| {
            check.required(at, item);
            check.text(at, item, longest, Lines::Many);
        });
    }

    fn codes(&mut self, path: Path<'_>, items: &[String], list: code::Name) {
        self.list(path, items, 20, |check, at, item: &String| {
            check.required(at, item);
            check.code(at, item, list);
        });
    }

    fn code(&mut self, path: Path<'_>, value: &str, list: code::Name) {
        if !value.is_empty() && !list.has(value) {
            self.broken(path, "bad-code", value, list.codes().join(", "));
        }
    }

    fn language(&mut self, path: Path<'_>, value: &str) {
        let mut parts = value.split('-');
        let first = parts.next().unwrap_or_default();
        let first_ok =
            (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase());
        let rest_ok = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if !first_ok || !parts.all(rest_ok) || value.len() > 35 {
            self.broken(path, "bad-language", value, "");
        }
    }

    fn url(&mut self, path: Path<'_>, value: &str) {
        if value.is_empty() {
            return;
        }
        let known = Url::parse(value).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.host_str().is_some()
                && url.username().is_empty()
                && url.password().is_none()
        });
        if value.len() > 2_000 {
            self.broken(path, "too-long", value, 2_000);
        } else if !known || has_control(value, Lines::One) || value.contains(char::is_whitespace) {
            self.broken(path, "bad-url", value, "");
        }
    }

    fn date(&mut self, path: Path<'_>, value: &str) {
        if !value.is_empty() && !is_date(value) {
            self.broken(path, "bad-date", value, "");
        }
    }

    fn time(&mut self, path: Path<'_>, value: &str) {
        if !value.is_empty() && !is_time(value) {
            self.broken(path, "bad-time", value, "");
        }
    }

    fn moment(&mut self, path: Path<'_>, value: &str) {
        let known = value.len() <= 40 && (value.parse::<Timestamp>().is_ok() || is_date(value));
        if !value.is_empty() && !known {
            self.broken(path, "bad-moment", value, "");
        }
    }

    fn within(&mut self, path: Path<'_>, value: Option<u32>, least: u32, most: u32) {
        if let Some(value) = value
            && !(least..=most).contains(&value)
        {
            self.broken(
                path,
                "out-of-range",
                &value.to_string(),
                format!("{least}–{most}"),
            );
        }
    }

    fn degrees(&mut self, path: Path<'_>, value: Option<i32>, most: i32) {
        if let Some(value) = value
            && !(-most..=most).contains(&value)
        {
            self.broken(
                path,
                "out-of-range",
                &value.to_string(),
                format!("{}–{most}", -most),
            );
        }
    }

    fn distinct_runs(&mut self, runs: &[RunDraft]) {
        if runs.len() < 2 {
            return;
        }
        let mut seen = std::collections::HashSet::new();
        let path = Path::Field("runs");
        for (index, run) in runs.iter().enumerate() {
            if !seen.insert(run.id.as_str()) {
                let item = Path::Item(&path, index);
                self.broken(Path::Within(&item, "id"), "duplicate-run", &run.id, "");
            }
        }
    }
}

fn has_control(value: &str, lines: Lines) -> bool {
    let allowed = |b: u8| lines == Lines::Many && (b == b'\n' || b == b'\t');
    // C0 and DEL are single bytes. C1 controls begin with 0xC2, the Arabic letter mark with 0xD8,
    // separators and the other marks that turn the direction of writing with 0xE2: only a text
    // that has one of these bytes is looked at character by character.
    if any_byte(value, |b| (b < 0x20 || b == 0x7f) && !allowed(b)) {
        return true;
    }
    any_byte(value, |b| b == 0xC2 || b == 0xD8 || b == 0xE2)
        && value.chars().any(|c| {
            matches!(c, '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}') || is_direction_mark(c)
        })
}

/// Unicode NFC and no blanks at the ends.
pub(super) fn is_tidy(value: &str) -> bool {
    let blank = |c: char| c.is_whitespace();
    if value.starts_with(blank) || value.ends_with(blank) {
        return false;
    }
    // Everything below U+0300 is its own composed form; its UTF-8 never begins with 0xCC or more.
    !any_byte(value, |b| b >= 0xCC)
        || match is_nfc_quick(value.chars()) {
            IsNormalized::Yes => true,
            IsNormalized::No => false,
            IsNormalized::Maybe => value.nfc().eq(value.chars()),
        }
}

/// Whether some byte is odd. Looks at all of them on purpose: without an early end the compiler
/// compares many bytes at once, and nearly every text has none.
fn any_byte(value: &str, odd: impl Fn(u8) -> bool) -> bool {
    value.bytes().fold(false, |any, b| any | odd(b))
}

/// `YYYY-MM-DD`, a day that exists. The shape is read here, the calendar is jiff's: its own parser
/// takes any of the forms of ISO 8601, at several times the price.
fn is_date(value: &str) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *value.as_bytes() else {
        return false;
    };
    let (Some(high), Some(low)) = (two_digits(y1, y2), two_digits(y3, y4)) else {
        return false;
    };
    let (Some(month), Some(day)) = (two_digits(m1, m2), two_digits(d1, d2)) else {
        return false;
    };
    Date::new(i16::from(high) * 100 + i16::from(low), month, day).is_ok()
}

/// `HH:MM`, from 00:00 to 23:59.
fn is_time(value: &str) -> bool {
    let [h1, h2, b':', m1, m2] = *value.as_bytes() else {
        return false;
    };
    let (Some(hour), Some(minute)) = (two_digits(h1, h2), two_digits(m1, m2)) else {
        return false;
    };
    hour < 24 && minute < 60
}

fn two_digits(tens: u8, ones: u8) -> Option<i8> {
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return None;
    }
    i8::try_from((tens - b'0') * 10 + (ones - b'0')).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, Time};
    use proptest::prelude::*;

    use super::{is_date, is_time};

    #[test]
    fn days_and_times_that_exist() {
        for good in ["2027-01-12", "2028-02-29", "1999-12-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            "2027-02-29",
            "2027-13-01",
            "2027-1-12",
            "27-01-12",
            "2027/01/12",
            "",
            "2027-01-12T",
        ] {
            assert!(!is_date(bad), "{bad}");
        }
        assert!(is_time("00:00") && is_time("23:59"));
        for bad in ["24:00", "12:60", "9:00", "09:00:00", "٠٩:00"] {
            assert!(!is_time(bad), "{bad}");
        }
    }

    proptest! {
        /// What is taken here is what jiff reads, whoever reads it later.
        #[test]
        fn what_is_taken_can_be_read(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}", time in "[0-9]{2}:[0-9]{2}") {
            prop_assert_eq!(is_date(&text), text.parse::<Date>().is_ok());
            // A leap second, 60, has no place in minutes; 24:00 is not written by anybody.
            prop_assert_eq!(is_time(&time), time.parse::<Time>().is_ok());
        }
    }
}
