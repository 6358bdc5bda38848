//! What happened, line by line. The same seed has to give the same lines.

use std::fmt::Write as _;

/// The record of one world.
#[derive(Debug, Default)]
pub(crate) struct History {
    lines: Vec<String>,
}

impl History {
    /// Adds a line.
    pub(crate) fn note(&mut self, line: String) {
        self.lines.push(line);
    }

    /// All lines.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// A hash over everything that happened.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for line in &self.lines {
            hasher.update(line.as_bytes());
            hasher.update(b"\n");
        }
        hasher.finalize().to_hex().to_string()
    }

    /// How often a word occurs, for the summary.
    pub(crate) fn count(&self, word: &str) -> usize {
        let hits = self.lines.iter().map(|line| line.matches(word).count());
        hits.sum()
    }

    /// The last lines that name `who`, or all of the last when nobody is named.
    pub(crate) fn tail(&self, who: Option<&str>, most: usize) -> String {
        let of = |line: &&String| {
            who.is_none_or(|who| line.contains(who))
                || line.contains("===")
                || line.contains("hub ")
        };
        let hits: Vec<&String> = self.lines.iter().filter(of).collect();
        let mut text = String::new();
        for line in hits.iter().skip(hits.len().saturating_sub(most)) {
            let _infallible = writeln!(text, "  {line}");
        }
        text
    }
}
