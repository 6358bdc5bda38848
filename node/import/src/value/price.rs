//! Amounts in euros.

/// Cents of an amount: `89,15`, `1.234,50 €`, `66.00`, `kostenlos`. Nothing for anything else.
pub(crate) fn cents(text: &str) -> Option<u32> {
    let text = text.trim().to_lowercase();
    if matches!(
        text.as_str(),
        "kostenlos"
            | "kostenfrei"
            | "gebührenfrei"
            | "gebuehrenfrei"
            | "entgeltfrei"
            | "frei"
            | "umsonst"
            | "free"
    ) {
        return Some(0);
    }
    let mut bare = text.as_str();
    for mark in ["€", "eur", "euro"] {
        bare = bare.strip_prefix(mark).unwrap_or(bare).trim();
    }
    for mark in ["euro", "eur", "€", ",-", ",--", "-"] {
        bare = bare.strip_suffix(mark).unwrap_or(bare).trim();
    }
    let bare: String = bare
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\''))
        .collect();
    if bare.is_empty()
        || !bare
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
    {
        return None;
    }
    let (whole, part) = split(&bare)?;
    let whole: u32 = whole.parse().ok()?;
    let (hundredths, rest) = part.split_at_checked(2.min(part.len()))?;
    if rest.bytes().any(|byte| byte != b'0') {
        return None;
    }
    let hundredths: u32 = format!("{hundredths:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(hundredths)
}

/// Whole and fraction. The last separator is the decimal one, unless exactly three digits follow a
/// single kind of separator: `1.234` is a thousand.
fn split(bare: &str) -> Option<(String, String)> {
    let Some(at) = bare.rfind(['.', ',']) else {
        return Some((bare.to_owned(), String::new()));
    };
    let (whole, part) = (bare.get(..at)?, bare.get(at + 1..)?);
    let mixed = bare.contains('.') && bare.contains(',');
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    if part.len() == 3 && !mixed && !whole.is_empty() && whole != "0" {
        return Some((digits(bare), String::new()));
    }
    let same_again = bare.get(at..=at).is_some_and(|sign| whole.contains(sign));
    if same_again || whole.is_empty() || (part.is_empty()) {
        return None;
    }
    Some((digits(whole), part.to_owned()))
}

/// The reduced price in a note such as `erm. Preis: 26,25 EUR`.
pub(crate) fn reduced_in(note: &str) -> Option<u32> {
    let lower = note.trim().to_lowercase();
    let rest = [
        "ermäßigt",
        "ermaessigt",
        "ermäßigter preis",
        "erm. preis",
        "erm.",
        "erm",
    ]
    .iter()
    .filter_map(|mark| lower.strip_prefix(mark))
    .min_by_key(|rest| rest.len())?;
    cents(rest.trim_start_matches([':', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, amount) in [
            ("89,15", 8_915),
            ("66.00", 6_600),
            ("82.8", 8_280),
            ("35,50 EUR", 3_550),
            ("1.234,50 €", 123_450),
            ("1,234.50", 123_450),
            ("€ 12", 1_200),
            ("1.234", 123_400),
            ("12,-", 1_200),
            ("0.0000", 0),
            ("0", 0),
            ("gebührenfrei", 0),
            ("Kostenlos", 0),
        ] {
            assert_eq!(cents(text), Some(amount), "{text}");
        }
        for text in [
            "",
            "-1",
            "auf Anfrage",
            "ab 5",
            "UK fee: GBP155.00",
            "1,2,3",
            "99999999999",
            ",5",
            "5,",
            "1.2.345,6,7",
        ] {
            assert_eq!(cents(text), None, "{text}");
        }
    }

    #[test]
    fn the_reduced_price_is_found_in_the_note() {
        assert_eq!(reduced_in("erm. Preis: 26,25 EUR"), Some(2_625));
        assert_eq!(reduced_in("Ermäßigt 12 €"), Some(1_200));
        assert_eq!(reduced_in("zzgl. ca. 5 € für Unterrichtsmaterial"), None);
    }
}
