//! How far a long piece of work has come.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::Instant;

use super::{safe, say};

/// Least time between two plain lines.
const QUIET: Duration = Duration::from_secs(5);

/// Shows progress on stderr: a bar (or a spinner when the total is not known) on a terminal, a
/// plain line every few seconds elsewhere. Clones show the same progress.
#[derive(Clone, Debug)]
pub struct Progress(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Bar(ProgressBar),
    Lines(Arc<Mutex<Lines>>),
}

impl Progress {
    /// Starts showing progress of `label`, up to `total` where that is known.
    #[must_use]
    pub fn new(label: &str, total: Option<u64>) -> Self {
        let label = safe(label);
        if !std::io::stderr().is_terminal() {
            let lines = Lines::new(label, total, Instant::now());
            return Self(Kind::Lines(Arc::new(Mutex::new(lines))));
        }
        let (bar, template) = match total {
            Some(total) => (
                ProgressBar::new(total),
                "{prefix} [{bar:30}] {human_pos}/{human_len} {msg}",
            ),
            None => (
                ProgressBar::new_spinner(),
                "{spinner} {prefix} {human_pos} {msg}",
            ),
        };
        // The templates are constants that parse; a bar of another look would do as well.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(label);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(Kind::Bar(bar))
    }

    /// `n` more are done.
    pub fn inc(&self, n: u64) {
        match &self.0 {
            Kind::Bar(bar) => bar.inc(n),
            Kind::Lines(lines) => step(lines, |lines| lines.done = lines.done.saturating_add(n)),
        }
    }

    /// `n` are done altogether.
    pub fn set(&self, n: u64) {
        match &self.0 {
            Kind::Bar(bar) => bar.set_position(n),
            Kind::Lines(lines) => step(lines, |lines| lines.done = n),
        }
    }

    /// What is being done just now.
    pub fn message(&self, message: &str) {
        let message = safe(message);
        match &self.0 {
            Kind::Bar(bar) => bar.set_message(message),
            Kind::Lines(lines) => step(lines, |lines| lines.message = message),
        }
    }

    /// Ends the progress with a last line.
    pub fn finish(&self, message: &str) {
        let message = safe(message);
        match &self.0 {
            Kind::Bar(bar) => {
                let label = bar.prefix();
                bar.finish_and_clear();
                say(&format!("{label}: {message}"));
            }
            Kind::Lines(lines) => {
                let label = lines
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .label
                    .clone();
                say(&format!("{label}: {message}"));
            }
        }
    }
}

fn step(lines: &Mutex<Lines>, change: impl FnOnce(&mut Lines)) {
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    change(&mut lines);
    if let Some(line) = lines.due(Instant::now()) {
        say(&line);
    }
}

#[derive(Debug)]
struct Lines {
    label: String,
    total: Option<u64>,
    done: u64,
    message: String,
    last: Instant,
}

impl Lines {
    fn new(label: String, total: Option<u64>, now: Instant) -> Self {
        Self {
            label,
            total,
            done: 0,
            message: String::new(),
            last: now,
        }
    }

    /// The line to show now, if it is time for one.
    fn due(&mut self, now: Instant) -> Option<String> {
        if now.duration_since(self.last) < QUIET {
            return None;
        }
        self.last = now;
        let Self {
            label,
            done,
            message,
            ..
        } = self;
        let line = match self.total {
            Some(total) => format!("{label}: {done}/{total} {message}"),
            None => format!("{label}: {done} {message}"),
        };
        Some(line.trim_end().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines_come_seldom() {
        let start = Instant::now();
        let mut lines = Lines::new("import".to_owned(), Some(10), start);
        lines.done = 4;
        assert_eq!(lines.due(start + Duration::from_secs(1)), None);
        assert_eq!(lines.due(start + QUIET).as_deref(), Some("import: 4/10"));
        lines.message = "kurse.xml".to_owned();
        assert_eq!(lines.due(start + QUIET), None);
        assert_eq!(
            lines.due(start + QUIET * 2).as_deref(),
            Some("import: 4/10 kurse.xml")
        );
    }
}
