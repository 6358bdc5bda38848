//! Speaking with whoever called: data to stdout, talk to stderr. The only place that prints.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use calluna_model::clock::Moment;
use calluna_model::finding::is_direction_mark;
use calluna_model::text::Language;
use serde::Serialize;

use crate::config::{Environment, ProcessEnvironment};

mod progress;
mod table;

pub use progress::Progress;
pub use table::table;

/// Whether something that was meant for stdout did not arrive there.
static LOST: AtomicBool = AtomicBool::new(false);

/// How a command shows what it has to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// For people: sentences and aligned columns.
    #[default]
    Text,
    /// For programs: one JSON value.
    Json,
}

/// Writes data to stdout, with a newline at its end. A reader that went away (`| head`) is no
/// error; any other loss is told on stderr and turns the exit code 0 into 1.
pub fn data(text: &str) {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush());
    if let Err(cause) = written
        && cause.kind() != ErrorKind::BrokenPipe
    {
        LOST.store(true, Ordering::Relaxed);
        say(&format!("error: cannot write the output: {cause}"));
    }
}

/// Writes a value to stdout as indented JSON.
pub fn json<T: Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => data(&text),
        Err(cause) => {
            LOST.store(true, Ordering::Relaxed);
            say(&format!("error: cannot write the output as JSON: {cause}"));
        }
    }
}

/// Says something to the person: one line or more to stderr. A stderr that is closed is no error.
pub fn say(text: &str) {
    // There is nobody left to tell.
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// Tells an error and its causes on stderr, control characters made visible.
pub fn error(error: &anyhow::Error) {
    error_in(Language::En, error);
}

/// [`error`], introduced in the person's language.
pub fn error_in(language: Language, error: &anyhow::Error) {
    say(&error_lines(language, error));
}

/// Whether output was lost on the way to stdout, so that exit code 0 would be a lie.
#[must_use]
pub fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

fn error_lines(language: Language, error: &anyhow::Error) -> String {
    let (word, caused) = match language {
        Language::De => ("Fehler", "Ursache"),
        Language::En => ("error", "caused by"),
    };
    let mut told = safe(&error.to_string());
    let mut lines = format!("{word}: {told}");
    for cause in error.chain().skip(1) {
        let text = safe(&cause.to_string());
        // Many errors say their cause in their own text already.
        if !told.contains(&text) {
            lines.push_str(&format!("\n  {caused}: {text}"));
        }
        told = text;
    }
    lines
}

/// Makes text that others wrote fit for a terminal: control characters (newlines too) and marks
/// that turn the direction of writing are shown as escapes. What is safe already stays as it is.
#[must_use]
pub fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if steers(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a character would move the cursor, end the line or turn the direction of writing.
pub(crate) fn steers(c: char) -> bool {
    c.is_control() || is_direction_mark(c) || matches!(c, '\u{61C}' | '\u{2028}' | '\u{2029}')
}

/// A size for people, in binary units with one decimal: `999 B`, `1.5 KiB`, `12.0 MiB`.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // In tenths of the unit, rounded; u128 so that nothing overflows.
    let mut divisor = 1024_u128;
    let mut unit = "KiB";
    let tenths = |divisor: u128| (u128::from(bytes) * 10 + divisor / 2) / divisor;
    for next in UNITS.into_iter().skip(1) {
        if tenths(divisor) < 10_240 {
            break;
        }
        divisor *= 1024;
        unit = next;
    }
    let tenths = tenths(divisor);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// The day of a moment in UTC, such as `2026-11-23`: for columns that have to be narrow.
#[must_use]
pub fn day(at: Moment) -> String {
    let text = at.to_string();
    text.split_once('T')
        .map_or(text.clone(), |(day, _)| day.to_owned())
}

/// The language of the person who called, by `LC_ALL`, `LC_MESSAGES` or `LANG`.
#[must_use]
pub fn language() -> Language {
    language_of(&ProcessEnvironment)
}

/// As [`language`], from an environment that is handed in. German where none is set.
#[must_use]
pub fn language_of(environment: &dyn Environment) -> Language {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| environment.get(name))
        .find(|locale| !locale.is_empty())
        .map_or_else(Language::default, |locale| Language::from_locale(&locale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn provider_text_cannot_steer_a_terminal() {
        assert_eq!(safe("a\u{1b}]0;x\u{7}\n"), "a\\u{1b}]0;x\\u{7}\\n");
        assert_eq!(safe("\u{202e}Äpfel\u{2028}"), "\\u{202e}Äpfel\\u{2028}");
        assert_eq!(safe("Töpfern für Anfänger"), "Töpfern für Anfänger");
    }

    #[test]
    fn an_error_is_told_with_its_causes_once() {
        let error = anyhow::anyhow!("disk\u{1b} full")
            .context("cannot write a: permission")
            .context("the import failed");
        assert_eq!(
            error_lines(Language::En, &error),
            "error: the import failed\n  caused by: cannot write a: permission\n  caused by: disk\\u{1b} full"
        );
        let twice = anyhow::anyhow!("no room").context("cannot write: no room");
        assert_eq!(
            error_lines(Language::De, &twice),
            "Fehler: cannot write: no room"
        );
    }

    #[test]
    fn a_day_is_that_of_utc() {
        assert_eq!(day(Moment(0)), "1970-01-01");
        assert_eq!(day(Moment(86_399)), "1970-01-01");
        assert_eq!(day(Moment(86_400)), "1970-01-02");
    }

    #[test]
    fn sizes_are_read_by_people() {
        let told = [0, 1023, 1024, 1536, 1_048_575, 1_048_576, u64::MAX].map(human_bytes);
        assert_eq!(
            told,
            [
                "0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "1.0 MiB", "16.0 EiB"
            ]
        );
    }

    #[test]
    fn the_language_follows_the_first_variable_that_is_set() {
        let set = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            let owned = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
            pairs.iter().map(owned).collect()
        };
        let english = set(&[
            ("LC_ALL", ""),
            ("LC_MESSAGES", "en_GB.UTF-8"),
            ("LANG", "de_DE"),
        ]);
        assert_eq!(language_of(&english), Language::En);
        assert_eq!(language_of(&set(&[("LANG", "de_DE.UTF-8")])), Language::De);
        assert_eq!(language_of(&set(&[])), Language::De);
    }
}
