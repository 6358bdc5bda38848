//! Findings put together: as text, as JSON, as an exit code.

use std::io::{IsTerminal, stdout};

use calluna_model::clock::Moment;
use serde::{Deserialize, Serialize};

use super::{Finding, Level};
use crate::exit::Exit;
use crate::out::safe;

/// Findings about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// What they are about, for people.
    pub name: String,
    /// The findings, in the order in which they were looked at.
    pub findings: Vec<Finding>,
}

/// Everything that was found: the document that `check --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Program and version that looked.
    pub software: String,
    /// When.
    pub at: Moment,
    /// How many findings are failures.
    pub failures: usize,
    /// How many are warnings.
    pub warnings: usize,
    /// The findings.
    pub sections: Vec<Section>,
}

/// The words around findings, in the person's language.
#[derive(Clone, Copy, Debug)]
pub struct Labels {
    /// For [`Level::Ok`], [`Level::Note`], [`Level::Warning`] and [`Level::Failure`].
    pub levels: [&'static str; 4],
    /// The last line when there is neither warning nor failure.
    pub well: &'static str,
    /// One and several failures, one and several warnings.
    pub counts: [&'static str; 4],
}

impl Labels {
    /// In English.
    pub const ENGLISH: Self = Self {
        levels: ["ok", "note", "warning", "failure"],
        well: "All is well.",
        counts: ["failure", "failures", "warning", "warnings"],
    };

    /// In German.
    pub const GERMAN: Self = Self {
        levels: ["in Ordnung", "Hinweis", "Warnung", "Fehler"],
        well: "Alles in Ordnung.",
        counts: ["Fehler", "Fehler", "Warnung", "Warnungen"],
    };
}

impl Report {
    /// An empty report of `software`, made at `at`.
    #[must_use]
    pub fn new(software: &str, at: Moment) -> Self {
        Self {
            software: software.to_owned(),
            at,
            failures: 0,
            warnings: 0,
            sections: Vec::new(),
        }
    }

    /// Adds findings; a section without any is left out.
    pub fn add(&mut self, name: &str, findings: Vec<Finding>) {
        let count = |level| findings.iter().filter(|found| found.level == level).count();
        self.failures += count(Level::Failure);
        self.warnings += count(Level::Warning);
        if !findings.is_empty() {
            let name = name.to_owned();
            self.sections.push(Section { name, findings });
        }
    }

    /// Every finding.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.sections.iter().flat_map(|section| &section.findings)
    }

    /// Done when there is no failure; warnings do not count.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.failures == 0 {
            Exit::Done
        } else {
            Exit::Failed
        }
    }

    /// For people, as stdout takes it: with signs on a terminal, and in words alone elsewhere.
    #[must_use]
    pub fn text(&self, labels: &Labels) -> String {
        self.text_on(labels, stdout().is_terminal())
    }

    /// For people; `signs`: whether ✓, ! and ✗ stand before the words. The words are always there
    /// where something is wrong: not everybody sees a sign.
    #[must_use]
    pub fn text_on(&self, labels: &Labels, signs: bool) -> String {
        let mut lines = Vec::new();
        for section in &self.sections {
            lines.push(section.name.clone());
            for finding in &section.findings {
                let word = word_of(labels, finding.level);
                let (sign, plain) = match finding.level {
                    Level::Ok => ("✓", false),
                    Level::Note => ("·", true),
                    Level::Warning => ("!", true),
                    Level::Failure => ("✗", true),
                };
                let head = match (signs, plain) {
                    (true, false) => sign.to_owned(),
                    (true, true) => format!("{sign} {word}:"),
                    (false, _) => format!("{word}:"),
                };
                lines.push(format!("  {head} {}", safe(&finding.what)));
                if !finding.way_out.is_empty() {
                    lines.push(format!("      → {}", safe(&finding.way_out)));
                }
            }
            lines.push(String::new());
        }
        lines.push(self.sum(labels));
        lines.join("\n")
    }

    fn sum(&self, labels: &Labels) -> String {
        let [failure, failures, warning, warnings] = labels.counts;
        let told = |count, one, several| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {several}")),
        };
        let parts: Vec<String> = [
            told(self.failures, failure, failures),
            told(self.warnings, warning, warnings),
        ]
        .into_iter()
        .flatten()
        .collect();
        if parts.is_empty() {
            labels.well.to_owned()
        } else {
            parts.join(", ")
        }
    }
}

fn word_of(labels: &Labels, level: Level) -> &'static str {
    let [ok, note, warning, failure] = labels.levels;
    match level {
        Level::Ok => ok,
        Level::Note => note,
        Level::Warning => warning,
        Level::Failure => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new("calluna-node 0.1.0", Moment(0));
        let fine = Finding::ok("dns", "a name");
        let bad = Finding::failure("tls", "a filter\u{1b}[2J", "exempt it");
        report.add("Hub", vec![fine, bad]);
        report.add("Nothing", Vec::new());
        report.add(
            "Store",
            vec![Finding::warning("disk", "little room", "make some")],
        );
        report
    }

    #[test]
    fn a_failure_is_exit_code_1_and_a_warning_is_not() {
        assert_eq!(report().exit(), Exit::Failed);
        let mut mild = Report::new("x", Moment(0));
        mild.add(
            "a",
            vec![
                Finding::warning("disk", "little", "more"),
                Finding::note("b", "c"),
            ],
        );
        assert_eq!((mild.exit(), mild.warnings), (Exit::Done, 1));
    }

    #[test]
    fn words_are_there_with_and_without_signs_and_nothing_steers_the_terminal() {
        assert_eq!(
            report().text_on(&Labels::GERMAN, true),
            "Hub\n  ✓ a name\n  ✗ Fehler: a filter\\u{1b}[2J\n      → exempt it\n\n\
             Store\n  ! Warnung: little room\n      → make some\n\n1 Fehler, 1 Warnung"
        );
        let plain = report().text_on(&Labels::ENGLISH, false);
        assert!(
            plain.contains("  ok: a name\n  failure: a filter"),
            "{plain}"
        );
        assert!(!plain.contains('✓') && !plain.contains('✗'), "{plain}");
        let empty = Report::new("x", Moment(0)).text_on(&Labels::ENGLISH, true);
        assert_eq!(empty, "All is well.");
    }

    #[test]
    fn json_holds_the_same_findings() {
        let json = serde_json::to_string(&report()).unwrap();
        let back: Report = serde_json::from_str(&json).unwrap();
        assert_eq!(back, report());
        let ids: Vec<&str> = back.findings().map(|found| found.id.as_str()).collect();
        assert_eq!(ids, ["dns", "tls", "disk"]);
        assert!(json.contains("\"level\":\"failure\""), "{json}");
    }
}
