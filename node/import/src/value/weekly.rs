//! Weekly times as people write them: `Mo-Fr 08:00-15:00 Uhr`, `Di und Do, 18.30 bis 20.00 Uhr`.

use calluna_model::offer::WeeklySlotDraft;

use super::date;

/// Most weekly times of a run (the rule of `weekly`).
const MOST: usize = 14;

/// The weekly times that a text says, if it says nothing else; the text has to be kept otherwise.
pub(crate) fn read(text: &str) -> Option<Vec<WeeklySlotDraft>> {
    let mut out = Vec::new();
    for part in text.split([';', '\n']).map(str::trim) {
        if !part.is_empty() {
            segment(part, &mut out)?;
        }
    }
    (!out.is_empty() && out.len() <= MOST).then_some(out)
}

fn segment(part: &str, out: &mut Vec<WeeklySlotDraft>) -> Option<()> {
    if part.len() > 120 {
        return None;
    }
    let part = part.trim_end_matches("Uhr").trim();
    // The first digit parts the days from the times.
    let at = part.find(|c: char| c.is_ascii_digit())?;
    let days = days(part.get(..at)?)?;
    let times = part.get(at..)?.replace(['–', '—'], "-").replace("bis", "-");
    let (from, to) = times.split_once('-')?;
    let (start, end) = (date::time(&clock(from)?)?, date::time(&clock(to)?)?);
    for weekday in days {
        let slot = WeeklySlotDraft {
            weekday,
            start: start.clone(),
            end: end.clone(),
        };
        if !out.contains(&slot) {
            out.push(slot);
        }
    }
    Some(())
}

/// Inside of a range of times, a bare hour is a time too.
fn clock(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches("Uhr").trim();
    let bare = text
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    match text.len() {
        _ if !bare => None,
        1..=2 => Some(format!("{text}:00")),
        _ => Some(text.to_owned()),
    }
}

fn days(text: &str) -> Option<Vec<u32>> {
    let text = text.replace(['–', '—'], "-").replace(" bis ", "-");
    let mut out = Vec::new();
    let words = text
        .split([',', '/', '+', '&', ' ', ':'])
        .map(|word| word.trim().trim_end_matches('.'))
        .filter(|word| !word.is_empty() && !matches!(*word, "und" | "u" | "jeweils" | "von" | "-"));
    for word in words {
        match word.split_once('-') {
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                if first > last {
                    return None;
                }
                out.extend(first..=last);
            }
            None => out.push(day(word)?),
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Only whole names and their usual short forms: "Sommer" is not a Sunday.
fn day(word: &str) -> Option<u32> {
    const NAMES: [&str; 14] = [
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let word = word.trim().trim_end_matches('.').to_lowercase();
    let whole = NAMES.contains(&word.trim_end_matches('s'));
    if word.chars().count() == 2 || whole {
        date::weekday(&word)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Option<Vec<(u32, String, String)>> {
        read(text).map(|slots| {
            slots
                .into_iter()
                .map(|slot| (slot.weekday, slot.start, slot.end))
                .collect()
        })
    }

    #[test]
    fn weekly_times_are_read_as_people_write_them() {
        let slot = |day, from: &str, to: &str| (day, from.to_owned(), to.to_owned());
        assert_eq!(
            seen("Di und Do, 18.30 bis 20.00 Uhr"),
            Some(vec![slot(2, "18:30", "20:00"), slot(4, "18:30", "20:00")])
        );
        assert_eq!(
            seen("Mo-Mi 08:00-15:00; Fr. 8 - 12 Uhr"),
            Some(vec![
                slot(1, "08:00", "15:00"),
                slot(2, "08:00", "15:00"),
                slot(3, "08:00", "15:00"),
                slot(5, "08:00", "12:00"),
            ])
        );
        assert_eq!(
            seen("montags 9.00-10.30"),
            Some(vec![slot(1, "09:00", "10:30")])
        );
    }

    #[test]
    fn a_text_that_says_more_stays_a_text() {
        for text in [
            "",
            "nach Absprache",
            "Mo 18:00-20:00, außer in den Ferien",
            "im Sommer 08:00-15:00",
            "Mo 18:00-20:00 - außer in den Ferien",
            "Mo ab 18 Uhr",
            "Fr-Mo 08:00-15:00",
            "Mo 25:00-26:00",
        ] {
            assert_eq!(seen(text), None, "{text}");
        }
    }
}
