//! Durations of ISO 8601 in words.

/// `P3M2DT4H` as "3 Monate 2 Tage 4 Stunden"; anything else stays as it is.
pub(crate) fn words(text: &str) -> String {
    let text = text.trim();
    match iso(text) {
        Some(words) if !words.is_empty() => words,
        _ => text.to_owned(),
    }
}

fn iso(text: &str) -> Option<String> {
    let rest = text.strip_prefix('P')?;
    let mut out = Vec::new();
    let mut number = String::new();
    let mut clock = false;
    for c in rest.chars() {
        match c {
            'T' if number.is_empty() && !clock => clock = true,
            '0'..='9' | '.' | ',' if number.len() < 8 => number.push(c),
            _ => {
                let (one, many) = unit(c, clock)?;
                let count = number.trim_start_matches('0').replace('.', ",");
                if number.is_empty() {
                    return None;
                }
                if !count.is_empty() {
                    let unit = if count == "1" { one } else { many };
                    out.push(format!("{count} {unit}"));
                }
                number.clear();
            }
        }
    }
    number.is_empty().then(|| out.join(" "))
}

fn unit(sign: char, clock: bool) -> Option<(&'static str, &'static str)> {
    Some(match (sign, clock) {
        ('Y', false) => ("Jahr", "Jahre"),
        ('M', false) => ("Monat", "Monate"),
        ('W', false) => ("Woche", "Wochen"),
        ('D', false) => ("Tag", "Tage"),
        ('H', true) => ("Stunde", "Stunden"),
        ('M', true) => ("Minute", "Minuten"),
        ('S', true) => ("Sekunde", "Sekunden"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_words() {
        for (text, said) in [
            ("P3M2DT4H", "3 Monate 2 Tage 4 Stunden"),
            ("P1W", "1 Woche"),
            ("PT90M", "90 Minuten"),
            ("P7Y0M2DT1H10M0S", "7 Jahre 2 Tage 1 Stunde 10 Minuten"),
            ("PT1.5H", "1,5 Stunden"),
            ("P", "P"),
            ("PT", "PT"),
            ("P4", "P4"),
            ("PxD", "PxD"),
            ("sechs Wochen", "sechs Wochen"),
        ] {
            assert_eq!(words(text), said, "{text}");
        }
    }
}
