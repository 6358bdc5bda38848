//! An invitation on paper: the token, the same as a QR code, until when it is good, three steps, and whom
//! to ask. One HTML page that prints on one sheet and needs nothing from anywhere else; and the code alone,
//! for a terminal.

use std::fmt::Write as _;

use calluna_model::clock::Moment;
use calluna_model::text::Language;
use qrcode::{Color, EcLevel, QrCode};

/// Light modules around a code, without which readers do not find it.
const QUIET: usize = 4;

/// The token is too long for a QR code.
#[derive(Debug, thiserror::Error)]
#[error("the token has {0} characters, more than a QR code holds; shorten `address` in hub.toml")]
pub struct TooLong(usize);

/// What stands in a letter.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// Name of the district.
    pub district: &'a str,
    /// The provider's name.
    pub name: &'a str,
    /// The provider's id.
    pub provider: &'a str,
    /// `host:port` that its node will dial.
    pub hub: &'a str,
    /// The token.
    pub token: &'a str,
    /// Until when it is good.
    pub expires: Moment,
    /// Time zone in which that is said, an IANA name.
    pub time_zone: &'a str,
    /// Whom to ask; empty: the district.
    pub contact: &'a str,
}

/// The words of a letter.
struct Words {
    lang: &'static str,
    title: &'static str,
    greeting: &'static str,
    until: &'static str,
    first: &'static str,
    second: &'static str,
    third: &'static str,
    ask: &'static str,
    secret: &'static str,
    facts: &'static str,
    token: &'static str,
    file: &'static str,
}

const GERMAN: Words = Words {
    lang: "de",
    title: "Einladung zum gemeinsamen Bildungskatalog",
    greeting: "mit diesem Brief laden wir Sie ein, Ihre Bildungsangebote im gemeinsamen Katalog zu zeigen. Auf einem \
               Rechner bei Ihnen läuft dafür das kleine Programm <b>calluna-node</b>. Ihre Angebote bleiben dort; der \
               Katalog holt jede Nacht nur, was sich geändert hat, und niemals Daten über Personen.",
    until: "Der Einladungscode gilt für <b>eine</b> Anmeldung bis <b>{until}</b>.",
    first: "Das Programm calluna-node auf dem Rechner einrichten, der nachts eingeschaltet ist. Es braucht eine \
            Verbindung ins Internet zu {hub}, aber keinen offenen Zugang von außen.",
    second: "Mit dem Einladungscode anmelden. Er steht oben und im QR-Code daneben; das Programm fragt danach, und \
             Zeilenumbrüche schaden nicht:",
    third: "Die Angebotsliste einlesen und das Programm laufen lassen. Ab der nächsten Nacht stehen die Angebote im \
            Katalog:",
    ask: "Fragen beantwortet: <b>{contact}</b>. Ist der Code abgelaufen oder verloren, stellt diese Stelle einen \
          neuen aus; der alte ist dann ungültig.",
    secret: "Bitte behandeln Sie diesen Brief bis zur Anmeldung wie ein Passwort, und vernichten Sie ihn danach.",
    facts: "Anbieterkennung {id} · Hub {hub}",
    token: "-",
    file: "angebote.csv",
};

const ENGLISH: Words = Words {
    lang: "en",
    title: "Invitation to the joint education catalogue",
    greeting: "with this letter we invite you to show your courses in the joint catalogue. A small program, \
               <b>calluna-node</b>, runs on one of your machines for it. Your offers stay there; every night the catalogue \
               fetches what has changed, and never any data about persons.",
    until: "The join token is good for <b>one</b> use until <b>{until}</b>.",
    first: "Install the program calluna-node on a machine that is switched on at night. It needs a connection to the \
            internet, to {hub}, and no way in from outside.",
    second: "Join with the token. It stands above and in the QR code beside it; the program asks for it, and line \
             breaks do no harm:",
    third: "Import the list of offers and leave the program running. From the next night on the offers stand in the \
            catalogue:",
    ask: "Questions are answered by <b>{contact}</b>. If the token has expired or is lost, they make a new one; the old one \
          is void then.",
    secret: "Please treat this letter like a password until you have joined, and destroy it afterwards.",
    facts: "Provider id {id} · Hub {hub}",
    token: "-",
    file: "offers.csv",
};

impl Letter<'_> {
    /// The page.
    ///
    /// # Errors
    /// When the token does not fit into a QR code.
    pub fn page(&self, language: Language) -> Result<String, TooLong> {
        let words = match language {
            Language::De => GERMAN,
            Language::En => ENGLISH,
        };
        let contact = if self.contact.is_empty() {
            self.district
        } else {
            self.contact
        };
        // Filled in one pass over the template: what stands in a name is never taken for a place.
        let facts = |text: &str| {
            fill(text, |place| match place {
                "hub" => Some(escaped(self.hub)),
                "id" => Some(escaped(self.provider)),
                "until" => Some(escaped(&self.until(language))),
                "contact" => Some(escaped(contact)),
                _ => None,
            })
        };
        let qr = svg(&code(self.token)?);
        Ok(fill(include_str!("../letter.html.in"), |place| {
            Some(match place {
                "lang" => words.lang.to_owned(),
                "title" => words.title.to_owned(),
                "district" => escaped(self.district),
                "provider" => escaped(self.name),
                "greeting" => capital(words.greeting, language),
                "until" => facts(words.until),
                "qr" => qr.clone(),
                "token" => escaped(self.token),
                "first" => facts(words.first),
                "second" => facts(words.second),
                "third" => facts(words.third),
                "short" => words.token.to_owned(),
                "file" => words.file.to_owned(),
                "ask" => facts(words.ask),
                "secret" => words.secret.to_owned(),
                "facts" => facts(words.facts),
                _ => return None,
            })
        }))
    }

    /// Until when the token is good, as people in the district write it.
    fn until(&self, language: Language) -> String {
        let form = match language {
            Language::De => "%d.%m.%Y, %H:%M Uhr",
            Language::En => "%-d %B %Y, %H:%M (%Z)",
        };
        let at =
            jiff::Timestamp::from_second(self.expires.0).and_then(|at| at.in_tz(self.time_zone));
        // A zone that is not known was refused when the hub was opened; then it is said in UTC.
        at.map_or_else(
            |_| self.expires.to_string(),
            |at| at.strftime(form).to_string(),
        )
    }
}

/// The QR code of `token` for a terminal, two rows of modules in one line. It is drawn light on dark: on a
/// dark terminal light is what shines.
///
/// # Errors
/// When the token does not fit into a QR code.
pub fn for_terminal(token: &str) -> Result<String, TooLong> {
    let code = code(token)?;
    let size = code.width() + 2 * QUIET;
    let mut text = String::new();
    for row in (0..size).step_by(2) {
        for column in 0..size {
            let (upper, lower) = (is_dark(&code, row, column), is_dark(&code, row + 1, column));
            text.push(match (upper, lower) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        text.push('\n');
    }
    Ok(text)
}

fn code(token: &str) -> Result<QrCode, TooLong> {
    // Letters of one case only: then a module holds more, and the code gets coarser. Tokens are read in
    // either case.
    let token = token.to_ascii_uppercase();
    QrCode::with_error_correction_level(&token, EcLevel::M).map_err(|_| TooLong(token.len()))
}

/// Whether the module there is dark; the margin is counted, and light.
fn is_dark(code: &QrCode, row: usize, column: usize) -> bool {
    let (Some(row), Some(column)) = (row.checked_sub(QUIET), column.checked_sub(QUIET)) else {
        return false;
    };
    row < code.width() && column < code.width() && code[(column, row)] == Color::Dark
}

/// One path of squares: sharp at any size, and no image.
fn svg(code: &QrCode) -> String {
    let size = code.width() + 2 * QUIET;
    let mut path = String::new();
    for row in 0..size {
        for column in 0..size {
            if is_dark(code, row, column) {
                // Writing into a text cannot fail.
                let _written = write!(path, "M{column} {row}h1v1h-1z");
            }
        }
    }
    format!(
        "<svg viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"QR\">\
         <rect width=\"{size}\" height=\"{size}\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    )
}

/// Puts texts in the places `{name}` of a template; what is no place stays.
fn fill(template: &str, text_of: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let place = after.split_once('}');
        match place.and_then(|(name, behind)| Some((text_of(name)?, behind))) {
            Some((text, behind)) => {
                out.push_str(&text);
                rest = behind;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A letter begins with a greeting.
fn capital(text: &str, language: Language) -> String {
    let hello = match language {
        Language::De => "Guten Tag,",
        Language::En => "Dear colleagues,",
    };
    format!("{hello}<br>{text}")
}

#[cfg(test)]
mod tests {
    use calluna_certs::{Fingerprint, JoinToken, TokenSecret};
    use rqrr::PreparedImage;

    use super::*;

    fn token(hub: &str) -> JoinToken {
        JoinToken {
            hub: hub.to_owned(),
            fingerprint: Fingerprint([0xa5; 32]),
            secret: TokenSecret::from_bytes([0x5a; 16]),
            provider: "vhs-heidekreis".parse().unwrap(),
            expires: Moment(1_764_000_000),
        }
    }

    /// What a reader of QR codes sees in modules drawn `scale` pixels wide.
    fn read(size: usize, dark: impl Fn(usize, usize) -> bool) -> String {
        let scale = 4;
        let mut image =
            PreparedImage::prepare_from_greyscale(size * scale, size * scale, |x, y| {
                if dark(y / scale, x / scale) { 0 } else { 255 }
            });
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "one code is found");
        grids[0].decode().unwrap().1
    }

    #[test]
    fn the_code_in_the_letter_and_in_the_terminal_holds_the_token() {
        // The longest name that DNS allows is there too.
        let long = format!("{}.example:65535", vec!["a".repeat(60); 4].join("."));
        for hub in ["hub.heidekreis.example:7443", long.as_str()] {
            let token = token(hub);
            let text = token.to_string();
            let drawn = for_terminal(&text).unwrap();
            let lines: Vec<Vec<char>> = drawn.lines().map(|line| line.chars().collect()).collect();
            let size = lines[0].len();
            let seen = read(size, |row, column| {
                let block = lines[row / 2][column];
                block == ' ' || block == if row % 2 == 0 { '▄' } else { '▀' }
            });
            assert_eq!(seen.parse::<JoinToken>().unwrap().to_string(), text);

            let page = letter(&text).page(Language::De).unwrap();
            let path = page
                .split("<path d=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            let squares: std::collections::HashSet<(usize, usize)> = path
                .split('M')
                .skip(1)
                .map(|square| {
                    let place = square.split('h').next().unwrap();
                    let (column, row) = place.split_once(' ').unwrap();
                    (row.parse().unwrap(), column.parse().unwrap())
                })
                .collect();
            let seen = read(size, |row, column| squares.contains(&(row, column)));
            assert_eq!(seen.parse::<JoinToken>().unwrap().to_string(), text);
        }
    }

    fn letter(token: &str) -> Letter<'_> {
        Letter {
            district: "Landkreis <Heide> & Co",
            name: "VHS {token} \"Heide\"",
            provider: "vhs-heidekreis",
            hub: "hub.example:7443",
            token,
            expires: Moment(1_764_000_000),
            time_zone: "Europe/Berlin",
            contact: "",
        }
    }

    #[test]
    fn a_letter_says_all_in_both_languages_and_loads_nothing() {
        let token = token("hub.example:7443").to_string();
        for language in [Language::De, Language::En] {
            let page = letter(&token).page(language).unwrap();
            for word in [
                token.as_str(),
                "calluna-node join - --data",
                "vhs-heidekreis",
                "Landkreis &lt;Heide&gt; &amp; Co",
                "VHS {token} &quot;Heide&quot;",
                "default-src 'none'",
            ] {
                assert!(page.contains(word), "{word} is missing: {page}");
            }
            for never in ["<script", "http://", "https://", "url(", "<img", "<link"] {
                assert!(!page.contains(never), "{never}");
            }
            let places = ["{until}", "{contact}", "{hub}", "{id}", "{qr}", "{ask}"];
            assert!(places.iter().all(|place| !page.contains(place)));
        }
        let page = |language| letter(&token).page(language).unwrap();
        assert!(page(Language::De).contains("24.11.2025, 17:00 Uhr"));
        assert!(page(Language::En).contains("24 November 2025, 17:00 (CET)"));
        let asks = Letter {
            contact: "Bildungsbüro, 05191 970",
            ..letter(&token)
        };
        let page = asks.page(Language::De).unwrap();
        assert!(page.contains("<b>Bildungsbüro, 05191 970</b>"));
    }

    #[test]
    fn a_text_that_fits_into_no_code_is_refused() {
        assert!(for_terminal(&"x".repeat(5_000)).is_err());
    }
}
