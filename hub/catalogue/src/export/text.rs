//! Text as files for other machines carry it.

use std::borrow::Cow;

use calluna_model::offer::RunDraft;

/// The text without what XML does not allow and without characters that turn the order of reading around: a peer's
/// offer was refused with them, and a file of ours does not hand them on either.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.chars().any(hostile) {
        Cow::Owned(text.chars().filter(|c| !hostile(*c)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn hostile(c: char) -> bool {
    let control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let bidi = matches!(c, '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    control || bidi || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

/// At most `limit` characters.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    match text.char_indices().nth(limit) {
        Some((at, _)) => text.get(..at).unwrap_or_default(),
        None => text,
    }
}

/// Cents as a decimal number: `89.15`.
pub(super) fn euros(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Hundredths as a decimal number without needless zeros: `30`, `16.67`.
pub(super) fn hundredths(value: u32) -> String {
    let text = euros(value);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Millionths of a degree as a decimal number: `52.861000`.
pub(super) fn degrees(micro: i32) -> String {
    let sign = if micro < 0 { "-" } else { "" };
    let micro = micro.unsigned_abs();
    format!("{sign}{}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

/// Hundredths of an Unterrichtseinheit of 45 minutes as a duration of ISO 8601.
pub(super) fn duration(units_hundredths: u32) -> String {
    let minutes = u64::from(units_hundredths) * 45 / 100;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("PT{minutes}M"),
        (hours, 0) => format!("PT{hours}H"),
        (hours, minutes) => format!("PT{hours}H{minutes}M"),
    }
}

/// Three letters by ISO 639 (terminological codes) of a BCP 47 tag; nothing for languages that are not in the table.
pub(super) fn language(tag: &str) -> Option<&'static str> {
    let primary = tag
        .split('-')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let code = match primary.as_str() {
        "de" => "deu",
        "en" => "eng",
        "fr" => "fra",
        "es" => "spa",
        "it" => "ita",
        "pt" => "por",
        "nl" => "nld",
        "da" => "dan",
        "sv" => "swe",
        "no" => "nor",
        "nb" => "nob",
        "fi" => "fin",
        "is" => "isl",
        "pl" => "pol",
        "cs" => "ces",
        "sk" => "slk",
        "hu" => "hun",
        "ro" => "ron",
        "bg" => "bul",
        "hr" => "hrv",
        "sr" => "srp",
        "bs" => "bos",
        "sl" => "slv",
        "mk" => "mkd",
        "sq" => "sqi",
        "el" => "ell",
        "tr" => "tur",
        "ru" => "rus",
        "uk" => "ukr",
        "be" => "bel",
        "et" => "est",
        "lv" => "lav",
        "lt" => "lit",
        "ga" => "gle",
        "mt" => "mlt",
        "ar" => "ara",
        "he" => "heb",
        "fa" => "fas",
        "ps" => "pus",
        "ku" => "kur",
        "ur" => "urd",
        "hi" => "hin",
        "bn" => "ben",
        "ta" => "tam",
        "zh" => "zho",
        "ja" => "jpn",
        "ko" => "kor",
        "vi" => "vie",
        "th" => "tha",
        "id" => "ind",
        "sw" => "swa",
        "am" => "amh",
        "ti" => "tir",
        "so" => "som",
        "la" => "lat",
        "eo" => "epo",
        "nds" => "nds",
        _ => return None,
    };
    Some(code)
}

/// Weekly times, and single dates, in words.
pub(super) fn times(run: &RunDraft) -> String {
    const DAYS: [&str; 7] = ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"];
    let span = |start: &str, end: &str| match (start, end) {
        ("", "") => String::new(),
        (start, "") => format!(" ab {start} Uhr"),
        (start, end) => format!(" {start}-{end} Uhr"),
    };
    let weekly = run.weekly.iter().map(|slot| {
        let at = usize::try_from(slot.weekday).unwrap_or_default();
        let day = at.checked_sub(1).and_then(|at| DAYS.get(at)).copied();
        format!(
            "{}{}",
            day.unwrap_or_default(),
            span(&slot.start, &slot.end)
        )
    });
    let single = run.slots.iter().map(|slot| {
        let mut parts = slot.date.split('-');
        let (year, month, day) = (parts.next(), parts.next(), parts.next());
        let date = [day, month, year].map(Option::unwrap_or_default).join(".");
        format!("{date}{}", span(&slot.start, &slot.end))
    });
    weekly.chain(single).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_other_machines_read_them() {
        assert_eq!(euros(8_905), "89.05");
        assert_eq!(
            (hundredths(3_000), hundredths(1_667), hundredths(1_650)),
            ("30".into(), "16.67".into(), "16.5".into())
        );
        assert_eq!(hundredths(0), "0");
        assert_eq!(degrees(-9_585_000), "-9.585000");
        assert_eq!(
            (duration(3_000), duration(100), duration(200)),
            ("PT22H30M".into(), "PT45M".into(), "PT1H30M".into())
        );
    }

    #[test]
    fn hidden_characters_go_and_umlauts_stay() {
        assert_eq!(plain("a\u{0}b\u{202e}c\u{2066}\u{fffe}\u{85}d"), "abcd");
        assert!(matches!(plain("Männer\nkochen – ß"), Cow::Borrowed(_)));
        assert_eq!(cut("Äpfel", 2), "Äp");
    }
}
