//! Dates and times of day.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

/// A date as `YYYY-MM-DD`: from ISO 8601 (a time after it is left out), `DD.MM.YYYY`, `D.M.YY`,
/// also after the name of a weekday.
pub(crate) fn iso(text: &str) -> Option<String> {
    let text = text.trim();
    let text = match text.split_once([',', ' ']) {
        Some((day, rest)) if is_weekday(day) => rest.trim(),
        _ => text,
    };
    let date = if text.contains('.') && !text.contains('-') {
        german(text)?
    } else {
        first_part(text)?
    };
    Some(date.to_string())
}

fn first_part(text: &str) -> Option<Date> {
    let (date, rest) = text.split_at_checked(10)?;
    let tail = rest.strip_prefix(['T', ' ', '+', 'Z']);
    if !(rest.is_empty()
        || tail.is_some_and(|tail| tail.chars().all(|c| "0123456789:.+-Z".contains(c))))
    {
        return None;
    }
    let known = date.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if known { date.parse().ok() } else { None }
}

fn german(text: &str) -> Option<Date> {
    // "12.01.2027 18:30" carries a time; a column of its own says it better.
    let text = text.split_whitespace().next()?;
    let mut parts = text.trim_end_matches([',', ';']).split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (day, month) = (small(day)?, small(month)?);
    let year: i16 = match (year.len(), year.parse().ok()?) {
        (4, year) => year,
        // Two digits: courses lie near the present, not in the last century.
        (2, year @ 0..70) => 2000 + year,
        (2, year) => 1900 + year,
        _ => return None,
    };
    Date::new(year, month, day).ok()
}

fn small(text: &str) -> Option<i8> {
    ((1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// A time of day as `HH:MM`: from `HH:MM[:SS]` with or without a zone, `9.00 Uhr`, `9 Uhr`, `1830`.
///
/// A zone is left out: both formats that carry one write the local time before it.
pub(crate) fn time(text: &str) -> Option<String> {
    let text = text.trim();
    let clock = text
        .strip_suffix("Uhr")
        .or_else(|| text.strip_suffix("uhr"))
        .or_else(|| text.strip_suffix('h'));
    let bare = clock.unwrap_or(text).trim();
    // A date before the time, as spreadsheets and xsd:dateTime write it.
    let bare = bare.split_once('T').map_or(bare, |(_, time)| time);
    let zone = bare.find(['+', '-', 'Z']).unwrap_or(bare.len());
    let bare = bare.get(..zone)?.trim();
    let (hour, minute) = match bare.split_once([':', '.']) {
        Some((hour, rest)) => (hour, rest.split([':', '.']).next()?),
        None if bare.len() == 4 => bare.split_at_checked(2)?,
        None if clock.is_some() => (bare, "00"),
        None => return None,
    };
    if minute.len() != 2 {
        return None;
    }
    let (hour, minute) = (small(hour)?, small(minute)?);
    // Midnight at the end of a day has no other way to be written.
    let hour = if hour == 24 && minute == 0 { 0 } else { hour };
    Time::new(hour, minute, 0, 0)
        .ok()
        .map(|_| format!("{hour:02}:{minute:02}"))
}

/// Date and time of day in Germany of a moment that names its zone (`2027-01-12T23:30:00Z` is half
/// past midnight of the 13th); without a zone, and for a date alone, what is written.
pub(crate) fn moment(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let zoned = text.parse::<Timestamp>().ok();
    let berlin = zoned.and_then(|moment| moment.in_tz("Europe/Berlin").ok());
    if let Some(berlin) = berlin {
        let (date, time) = (berlin.date(), berlin.time());
        return Some((
            date.to_string(),
            format!("{:02}:{:02}", time.hour(), time.minute()),
        ));
    }
    let date = iso(text)?;
    let clock = text.split_once('T').and_then(|(_, clock)| time(clock));
    Some((date, clock.unwrap_or_default()))
}

/// A weekday by ISO 8601, 1 is Monday, from its German or English name or abbreviation.
pub(crate) fn weekday(text: &str) -> Option<u32> {
    let word = text.trim().trim_end_matches(['.', 's']).to_lowercase();
    let short: String = word.chars().take(2).collect();
    let index = ["mo", "di", "mi", "do", "fr", "sa", "so"]
        .iter()
        .position(|day| *day == short);
    let english = ["mo", "tu", "we", "th", "fr", "sa", "su"]
        .iter()
        .position(|day| *day == short);
    index
        .or(english)
        .and_then(|index| u32::try_from(index + 1).ok())
}

fn is_weekday(text: &str) -> bool {
    text.chars().all(|c| c.is_alphabetic() || c == '.') && weekday(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, date) in [
            ("2026-07-04", "2026-07-04"),
            ("2026-07-04T02:00:00+02:00", "2026-07-04"),
            ("03.04.2017", "2017-04-03"),
            ("3.4.17", "2017-04-03"),
            ("Mo., 12.01.2027", "2027-01-12"),
            ("Montag 12.01.2027", "2027-01-12"),
            ("12.01.2027 18:30", "2027-01-12"),
        ] {
            assert_eq!(iso(text).as_deref(), Some(date), "{text}");
        }
        for text in [
            "",
            "30.02.2027",
            "bald",
            "Thu Jan 22 16:04:49 UTC 2026",
            "2026-07-04x",
            "1.2.3.4",
            "45128",
            "äöü.ß.2026",
            "2026-07-0ä",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, clock) in [
            ("18:30", "18:30"),
            ("18:30:00", "18:30"),
            ("13:00:00+02:00", "13:00"),
            ("9.00 Uhr", "09:00"),
            ("9 Uhr", "09:00"),
            ("1830", "18:30"),
            ("2026-01-02T18:30", "18:30"),
            ("24:00", "00:00"),
        ] {
            assert_eq!(time(text).as_deref(), Some(clock), "{text}");
        }
        for text in ["", "25:00", "9", "abends", "18:3", "ü:00"] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_with_a_zone_is_shown_as_the_clock_in_germany_shows_it() {
        for (text, date, clock) in [
            ("2027-01-12T17:30:00Z", "2027-01-12", "18:30"),
            ("2027-07-12T23:30:00+00:00", "2027-07-13", "01:30"),
            ("2027-01-12T18:30:00+01:00", "2027-01-12", "18:30"),
            ("2027-01-12T18:30", "2027-01-12", "18:30"),
            ("2027-01-12", "2027-01-12", ""),
            ("12.01.2027", "2027-01-12", ""),
        ] {
            assert_eq!(
                moment(text),
                Some((date.to_owned(), clock.to_owned())),
                "{text}"
            );
        }
        assert_eq!(moment("soon"), None);
    }

    #[test]
    fn weekdays_are_read_in_german_and_english() {
        let seen: Vec<_> = ["Montag", "Do", "thursday", "So.", "dienstags"]
            .map(weekday)
            .into();
        assert_eq!(seen, [Some(1), Some(4), Some(4), Some(7), Some(2)]);
        assert_eq!(weekday("täglich"), None);
    }
}
