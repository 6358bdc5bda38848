//! The morning report in words, German and English.

use calluna_host::out;
use calluna_model::clock::Moment;
use calluna_model::outcome::Outcome;
use calluna_model::report::NightState;
use calluna_model::text::Language;

use super::{Attention, Expiring, MorningReport};
use crate::backup::Backups;
use crate::newest::Noted;

/// Longest note that is shown, in characters.
const NOTE_CHARS: usize = 200;
/// Most lines of one section; the rest is counted.
const LINES: usize = 50;

/// The subject of the mail.
#[must_use]
pub fn subject(report: &MorningReport, language: Language) -> String {
    let night = pick(language, "Nacht", "night");
    format!(
        "Calluna {}, {night} {}: {}",
        out::safe(&report.district),
        report.night,
        summary(report, language)
    )
}

/// The sum in one line: `58 von 60 aktuell, 1 zurückgehalten, 1 seit 3 Nächten still`.
#[must_use]
pub fn summary(report: &MorningReport, language: Language) -> String {
    let p = |de, en| pick(language, de, en);
    match report.state {
        NightState::Running => {
            return p("die Nacht läuft noch", "the night is still running").into();
        }
        NightState::Aborted => {
            return p("die Nacht wurde abgebrochen", "the night was cut off").into();
        }
        NightState::Cancelled => {
            return p(
                "die Nacht wurde von Hand beendet",
                "the night was cancelled",
            )
            .into();
        }
        NightState::Finished => {}
    }
    if report.providers == 0 {
        return p(
            "noch kein Anbieter ist beigetreten",
            "no provider has joined yet",
        )
        .into();
    }
    let (current, providers) = (report.current, report.providers);
    let mut parts = vec![match language {
        Language::De => format!("{current} von {providers} aktuell"),
        Language::En => format!("{current} of {providers} up to date"),
    }];
    let mut count = |outcome: Outcome, words: &str| {
        let number = report.outcomes.get(&outcome).copied().unwrap_or(0);
        if number > 0 {
            parts.push(format!("{number} {words}"));
        }
    };
    count(Outcome::Held, p("zurückgehalten", "held back"));
    count(
        Outcome::Failed,
        p("im Hub fehlgeschlagen", "failed at the hub"),
    );
    count(Outcome::Refused, p("abgewiesen", "refused"));
    count(Outcome::Partial, p("unterbrochen", "broken off"));
    let nothing = report
        .quarantined
        .iter()
        .filter(|one| one.offers == 0)
        .count();
    if nothing > 0 {
        let words = p(
            "ohne ein einziges angenommenes Angebot",
            "without a single accepted offer",
        );
        parts.push(format!("{nothing} {words}"));
    }
    parts.extend(silent(report, language));
    parts.join(", ")
}

fn silent(report: &MorningReport, language: Language) -> Option<String> {
    let silent = || {
        report
            .attention
            .iter()
            .filter(|entry| entry.outcome == Outcome::Unreachable)
    };
    let longest = silent().max_by_key(|entry| entry.nights)?;
    let (count, nights) = (silent().count(), nights(longest, language));
    Some(match (language, count, longest.nights) {
        (Language::De, _, 1) => format!("{count} nicht erreicht"),
        (Language::En, _, 1) => format!("{count} not reached"),
        (Language::De, 1, _) => format!("1 seit {nights} still"),
        (Language::En, 1, _) => format!("1 silent for {nights}"),
        (Language::De, ..) => format!("{count} still (am längsten seit {nights})"),
        (Language::En, ..) => format!("{count} silent (the longest for {nights})"),
    })
}

fn nights(entry: &Attention, language: Language) -> String {
    let number = entry.nights;
    match (language, entry.or_more, number) {
        (Language::De, true, _) => format!("mindestens {number} Nächten"),
        (Language::En, true, _) => format!("at least {number} nights"),
        (Language::De, false, 1) => "einer Nacht".into(),
        (Language::En, false, 1) => "one night".into(),
        (Language::De, false, _) => format!("{number} Nächten"),
        (Language::En, false, _) => format!("{number} nights"),
    }
}

/// The whole report: the sum first, then who needs a look, the most urgent at the top.
#[must_use]
pub fn text(report: &MorningReport, language: Language) -> String {
    let p = |de, en| pick(language, de, en);
    let mut page = Page {
        language,
        text: format!("{}\n", summary(report, language)),
    };
    let of =
        |wanted: fn(&Attention) -> bool| report.attention.iter().filter(move |entry| wanted(entry));
    page.section(
        p("Nicht erreicht", "Not reached"),
        of(is_silent).map(|entry| silent_line(entry, language)),
    );
    page.section(
        p("Zurückgehalten", "Held back"),
        of(is_held).map(|entry| held_lines(entry, language)),
    );
    page.section(
        p("Nicht abgeschlossen", "Not finished"),
        of(|entry| !is_silent(entry) && !is_held(entry)).map(|entry| broken_line(entry, language)),
    );
    page.section(
        p("Abgelehnte Datensätze", "Refused records"),
        report.quarantined.iter().map(|refused| {
            let none = if refused.offers == 0 {
                p(
                    "; kein einziges Angebot wurde angenommen",
                    "; not a single offer was accepted",
                )
            } else {
                ""
            };
            let provider = &refused.provider;
            format!(
                "{provider}: {}{none} (calluna-hub quarantine {provider})",
                refused.records
            )
        }),
    );
    page.section(
        p("Zertifikate, die ablaufen", "Certificates that run out"),
        report
            .certificates
            .iter()
            .map(|one| certificate_line(one, language)),
    );
    if !report.store_note.is_empty() {
        let note = short(&report.store_note);
        page.section(
            p("Speicher des Hubs", "Store of the hub"),
            [note].into_iter(),
        );
    }
    if !report.audit_note.is_empty() {
        let note = out::safe(&report.audit_note);
        page.section(p("Prüfprotokoll", "Audit log"), [note].into_iter());
    }
    if let Some(backups) = &report.backups {
        page.section(
            p("Sicherung des Hubs", "Backup of the hub"),
            backup_lines(backups, language).into_iter(),
        );
    }

    if let Some(noted) = &report.dataset {
        page.section(
            p("Monitoring-Datensatz", "Monitoring dataset"),
            dataset_lines(noted, language).into_iter(),
        );
    }

    page.section(
        p("Zertifizierungsstelle", "Certificate authority"),
        report.trust_warnings.iter().map(|one| out::safe(one)),
    );
    page.text.push_str(&footer(report, language));
    if let Some(head) = &report.audit_head {
        let words = p("Prüfprotokoll", "audit log");
        page.text.push_str(&format!("{words} {head}\n"));
    }
    page.text
}

/// When the last proved backup was made; before it, that the last try failed.
fn backup_lines(backups: &Backups, language: Language) -> Vec<String> {
    let german = language == Language::De;
    let mut lines = Vec::new();
    if !backups.failure.is_empty() {
        let why = short(&backups.failure);
        lines.push(if german {
            format!("FEHLGESCHLAGEN: {why}")
        } else {
            format!("FAILED: {why}")
        });
    }
    lines.push(match (backups.verified_at, german) {
        (Some(at), true) => format!("letzte geprüfte Sicherung: {at}"),
        (Some(at), false) => format!("last proved backup: {at}"),
        (None, true) => "noch keine geprüfte Sicherung".to_owned(),
        (None, false) => "no proved backup yet".to_owned(),
    });
    lines
}

/// That the last try failed, and which release is the newest.
fn dataset_lines(noted: &Noted, language: Language) -> Vec<String> {
    let mut lines = Vec::new();
    if !noted.failure.is_empty() {
        let failed = pick(language, "FEHLGESCHLAGEN", "FAILED");
        lines.push(format!("{failed}: {}", short(&noted.failure)));
    }
    if noted.newest > 0 {
        let newest = pick(language, "neueste Ausgabe", "newest release");
        lines.push(format!(
            "{newest}: {} ({}), {}",
            noted.newest, noted.kind, noted.built_at
        ));
    }
    lines
}

struct Page {
    language: Language,
    text: String,
}

impl Page {
    fn section(&mut self, title: &str, mut lines: impl Iterator<Item = String>) {
        let shown: Vec<String> = lines.by_ref().take(LINES).collect();
        if shown.is_empty() {
            return;
        }
        self.text.push_str(&format!("\n{title}:\n"));
        for line in shown {
            self.text.push_str(&format!("  {line}\n"));
        }
        let more = lines.count();
        if more > 0 {
            let words = pick(self.language, "weitere", "more");
            self.text.push_str(&format!(
                "  … {more} {words} (calluna-hub report --format json)\n"
            ));
        }
    }
}

fn is_silent(entry: &Attention) -> bool {
    entry.outcome == Outcome::Unreachable
}

/// A night that waits does so whether or not the provider was reached since.
fn is_held(entry: &Attention) -> bool {
    entry.outcome == Outcome::Held || entry.held.is_some()
}

fn silent_line(entry: &Attention, language: Language) -> String {
    let (who, offers) = (who(entry), entry.offers);
    let since = match (language, entry.nights) {
        (Language::De, 1) => "in dieser Nacht nicht erreicht".to_owned(),
        (Language::En, 1) => "not reached this night".to_owned(),
        (Language::De, _) => format!("seit {} nicht erreicht", nights(entry, language)),
        (Language::En, _) => format!("not reached for {}", nights(entry, language)),
    };
    let seen = match (language, entry.agreed_at) {
        (Language::De, Some(at)) => format!("Leser sehen den Stand vom {at} ({offers} Angebote)"),
        (Language::En, Some(at)) => format!("readers see the state of {at} ({offers} offers)"),
        (Language::De, None) => format!("Leser sehen {offers} Angebote"),
        (Language::En, None) => format!("readers see {offers} offers"),
    };
    format!("{who}: {since}; {seen}")
}

fn held_lines(entry: &Attention, language: Language) -> String {
    let (who, id) = (who(entry), &entry.provider);
    let what = match (language, &entry.held) {
        (Language::De, Some(held)) => format!(
            "würde {} von {} Angeboten entfernen (Nacht {}); bis dahin bleibt der alte Stand",
            held.removed, held.before, held.night
        ),
        (Language::En, Some(held)) => format!(
            "would remove {} of {} offers (night {}); the old state stays until then",
            held.removed, held.before, held.night
        ),
        (_, None) => short(&entry.note),
    };
    let (publish, forget) = match language {
        Language::De => ("veröffentlichen", "verwerfen"),
        Language::En => ("publish", "forget"),
    };
    format!(
        "{who}: {what}\n    {publish}: calluna-hub release {id}\n    {forget}: calluna-hub discard {id}"
    )
}

fn broken_line(entry: &Attention, language: Language) -> String {
    let outcome = match (language, entry.outcome) {
        (Language::De, Outcome::Failed) => "im Hub fehlgeschlagen",
        (Language::De, Outcome::Refused) => "abgewiesen",
        (Language::De, Outcome::Partial) => "unterbrochen, die nächste Nacht macht dort weiter",
        (Language::En, Outcome::Failed) => "failed at the hub",
        (Language::En, Outcome::Partial) => "broken off, the next night goes on from there",
        (_, other) => other.as_str(),
    };
    let since = match (language, entry.nights) {
        (_, 1) => String::new(),
        (Language::De, _) => format!(", seit {} nicht abgeglichen", nights(entry, language)),
        (Language::En, _) => format!(", no agreement for {}", nights(entry, language)),
    };
    format!("{}: {outcome}{since}: {}", who(entry), short(&entry.note))
}

fn certificate_line(one: &Expiring, language: Language) -> String {
    let who = one
        .provider
        .as_deref()
        .unwrap_or(pick(language, "der Hub selbst", "the hub itself"));
    let days = one.days_left;
    let left = match (language, days) {
        (Language::De, ..0) => "abgelaufen".to_owned(),
        (Language::En, ..0) => "has run out".to_owned(),
        (Language::De, _) => format!("noch {days} Tage"),
        (Language::En, _) => format!("{days} days left"),
    };
    format!("{who}: {left}")
}

fn footer(report: &MorningReport, language: Language) -> String {
    let MorningReport {
        night,
        started_at,
        added,
        changed,
        removed,
        offers,
        ..
    } = report;
    let district = out::safe(&report.district);
    let ended = report.ended_at.unwrap_or(Moment(started_at.0));
    match language {
        Language::De => format!(
            "\nneu {added} · geändert {changed} · entfallen {removed} · {offers} Angebote in allem\n\
             {district} · Nacht {night} · {started_at} bis {ended}\n"
        ),
        Language::En => format!(
            "\nnew {added} · changed {changed} · removed {removed} · {offers} offers in all\n\
             {district} · night {night} · {started_at} to {ended}\n"
        ),
    }
}

fn who(entry: &Attention) -> String {
    if entry.name.is_empty() {
        entry.provider.to_string()
    } else {
        format!("{} ({})", entry.provider, out::safe(&entry.name))
    }
}

/// A note holds what a node has answered: short, and unable to steer a terminal.
fn short(note: &str) -> String {
    let mut chars = note.chars();
    let mut cut: String = chars.by_ref().take(NOTE_CHARS).collect();
    if chars.next().is_some() {
        cut.push('…');
    }
    out::safe(&cut)
}

fn pick(language: Language, german: &'static str, english: &'static str) -> &'static str {
    match language {
        Language::De => german,
        Language::En => english,
    }
}
