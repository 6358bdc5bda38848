//! Numbers, prices, dates and moments as each language writes them.

use calluna_model::clock::Moment;
use calluna_model::offer::PriceDraft;
use calluna_model::text::Language;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::words::Words;

/// A whole number with its thousands apart: `1.234` or `1,234`.
pub(crate) fn number(number: u64, language: Language) -> String {
    let mark = match language {
        Language::De => '.',
        Language::En => ',',
    };
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

/// Hundredths as `12,5` or `12.5`; whole numbers without a mark.
pub(crate) fn hundredths(value: u64, language: Language) -> String {
    let whole = number(value / 100, language);
    let rest = format!("{:02}", value % 100);
    match (rest.trim_end_matches('0'), language) {
        ("", _) => whole,
        (rest, Language::De) => format!("{whole},{rest}"),
        (rest, Language::En) => format!("{whole}.{rest}"),
    }
}

/// Kilometres with one digit.
pub(crate) fn kilometres(km: f64, language: Language) -> String {
    let text = format!("{:.1} km", km.clamp(0.0, 99_999.0));
    match language {
        Language::De => text.replace('.', ","),
        Language::En => text,
    }
}

/// Cents as `89,15 €` or `€89.15`.
pub(crate) fn euro(cents: u32, language: Language) -> String {
    let whole = number(u64::from(cents / 100), language);
    let rest = cents % 100;
    match language {
        // No-break blank: a price is not torn apart at the end of a line.
        Language::De => format!("{whole},{rest:02}\u{a0}€"),
        Language::En => format!("€{whole}.{rest:02}"),
    }
}

/// A price in words: free, an amount with its reduction, or that nothing is known.
pub(crate) fn price(price: Option<&PriceDraft>, words: Words) -> String {
    match price.map(|price| (price.amount_cents, price.reduced_cents)) {
        Some((Some(0), _)) => words.say("price.free").to_owned(),
        Some((Some(amount), Some(reduced))) if reduced != amount => {
            let lower = if reduced == 0 {
                words.say("price.free").to_owned()
            } else {
                euro(reduced, words.0)
            };
            let whole = euro(amount, words.0);
            words.fill("price.both", &[("amount", &whole), ("reduced", &lower)])
        }
        Some((Some(amount), _)) => euro(amount, words.0),
        Some((None, Some(reduced))) => {
            words.fill("price.reduced", &[("reduced", &euro(reduced, words.0))])
        }
        Some((None, None)) | None => words.say("price.unknown").to_owned(),
    }
}

/// A day of a record; nothing when it is none.
pub(crate) fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}

/// `Di., 12.01.2027` or `Tue 12 Jan 2027`.
pub(crate) fn date(date: Date, words: Words) -> String {
    let weekday = words.say(match date.weekday().to_monday_one_offset() {
        1 => "weekday.short.1",
        2 => "weekday.short.2",
        3 => "weekday.short.3",
        4 => "weekday.short.4",
        5 => "weekday.short.5",
        6 => "weekday.short.6",
        _ => "weekday.short.7",
    });
    // No-break blank: the day of the week stays with its date.
    format!("{weekday}\u{a0}{}", plain_date(date, words.0))
}

/// `12.01.2027` or `12 Jan 2027`.
pub(crate) fn plain_date(date: Date, language: Language) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    match language {
        Language::De => format!("{day:02}.{month:02}.{year}"),
        Language::En => {
            const NAMES: [&str; 12] = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ];
            let index = usize::try_from(month - 1).unwrap_or_default();
            format!("{day} {} {year}", NAMES.get(index).unwrap_or(&""))
        }
    }
}

/// A day of a record in words; the text itself where it is no day.
pub(crate) fn date_text(text: &str, words: Words) -> String {
    day(text).map_or_else(|| text.to_owned(), |day| date(day, words))
}

/// `18:30–20:00 Uhr`, `ab 18:30 Uhr`; empty where nothing is given.
pub(crate) fn hours(start: &str, end: &str, words: Words) -> String {
    match (start, end) {
        ("", "") => String::new(),
        (start, "") => words.fill("time.from", &[("start", start)]),
        ("", end) => words.fill("time.until", &[("end", end)]),
        (start, end) => words.fill("time.between", &[("start", start), ("end", end)]),
    }
}

/// The time zone of the district.
pub(crate) fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap_or(TimeZone::UTC)
}

/// A moment on the wall clock.
pub(crate) fn wall(moment: Moment) -> DateTime {
    let stamp = Timestamp::from_second(moment.0).unwrap_or_default();
    zone().to_datetime(stamp)
}

/// `heute 02:14`, `gestern 02:14`, or the date with the time.
pub(crate) fn moment(moment: Moment, now: Moment, words: Words) -> String {
    let (then, today) = (wall(moment), wall(now).date());
    let time = format!("{:02}:{:02}", then.hour(), then.minute());
    let day = then.date();
    if day == today {
        words.fill("stand.today", &[("time", &time)])
    } else if today.yesterday().is_ok_and(|before| before == day) {
        words.fill("stand.yesterday", &[("time", &time)])
    } else {
        format!("{} {time}", plain_date(day, words.0))
    }
}

/// The day of a timestamp as programs write it (RFC 3339); the text itself where it is none.
pub(crate) fn stamp(text: &str, words: Words) -> String {
    match text.parse::<Timestamp>() {
        Ok(stamp) => plain_date(wall(Moment(stamp.as_second())).date(), words.0),
        Err(_) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DE: Words = Words(Language::De);
    const EN: Words = Words(Language::En);

    #[test]
    fn numbers_have_the_marks_of_their_language() {
        assert_eq!(number(0, Language::De), "0");
        assert_eq!(number(1_234_567, Language::De), "1.234.567");
        assert_eq!(number(1_234, Language::En), "1,234");
        assert_eq!(hundredths(3_000, Language::De), "30");
        assert_eq!(hundredths(1_250, Language::De), "12,5");
        assert_eq!(hundredths(1_205, Language::En), "12.05");
        assert_eq!(kilometres(4.25, Language::De), "4,2 km");
    }

    #[test]
    fn free_reduced_and_unknown_are_three_things() {
        let of = |amount_cents, reduced_cents| PriceDraft {
            amount_cents,
            reduced_cents,
            notes: Vec::new(),
        };
        assert_eq!(price(Some(&of(Some(8_915), None)), DE), "89,15\u{a0}€");
        assert_eq!(price(Some(&of(Some(123_456), None)), EN), "€1,234.56");
        assert_eq!(price(Some(&of(Some(0), None)), DE), "kostenlos");
        assert_eq!(price(Some(&of(None, None)), DE), "nicht angegeben");
        assert_eq!(price(None, EN), "not stated");
        assert_eq!(
            price(Some(&of(Some(8_915), Some(4_845))), DE),
            "89,15\u{a0}€, ermäßigt 48,45\u{a0}€"
        );
    }

    #[test]
    fn moments_are_told_from_today_on_the_wall_clock() {
        // 2026-11-30 01:14 UTC is 02:14 in Soltau.
        let night = Moment(1_796_001_240);
        assert_eq!(moment(night, night.plus(3_600), DE), "heute 02:14");
        assert_eq!(moment(night, night.plus(86_400), DE), "gestern 02:14");
        assert_eq!(moment(night, night.plus(86_400), EN), "yesterday 02:14");
        assert_eq!(
            moment(night, night.plus(3 * 86_400), DE),
            "30.11.2026 02:14"
        );
        // Shortly before midnight UTC it is already the next day here.
        assert_eq!(
            moment(Moment(1_796_081_000), Moment(1_796_086_400), EN),
            "today 00:23"
        );
    }

    #[test]
    fn days_are_written_as_people_write_them() {
        assert_eq!(date_text("2027-01-12", DE), "Di.\u{a0}12.01.2027");
        assert_eq!(date_text("2027-01-12", EN), "Tue\u{a0}12 Jan 2027");
        assert_eq!(date_text("demnächst", DE), "demnächst");
        assert_eq!(hours("18:30", "20:00", DE), "18:30–20:00 Uhr");
        assert_eq!(hours("18:30", "", DE), "ab 18:30 Uhr");
        assert_eq!(hours("", "", DE), "");
    }
}
