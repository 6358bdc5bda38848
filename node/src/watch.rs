//! The drop folder: what arrives is imported, moved to `done/` or `refused/`, and reported on.
//!
//! A file is taken when it is a regular file with a finished name and has not changed between two
//! looks. What cannot be moved away afterwards is not imported again and again.

mod folder;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use calluna_host::durable;
use calluna_model::clock::Clock;
use calluna_model::text::Language;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use self::folder::Seen;
use crate::config::Config;
use crate::intake::{FileReport, Intake, Reading, mapping_in};
use crate::publish::{Difference, PublishError, Publisher};
use crate::text::Words;

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// After a failure of the store a file is tried again after this many looks.
const LATER: u32 = 30;
/// Most findings in a report for people.
const REPORTED: usize = 1_000;

/// Watches one folder.
#[derive(Debug)]
pub struct Watcher {
    folder: PathBuf,
    complete: bool,
    only: String,
    mapping: PathBuf,
    words: Words,
    publisher: Arc<Publisher>,
    clock: Arc<dyn Clock>,
    /// What the last look saw, and until when a file is let alone.
    seen: HashMap<PathBuf, Seen>,
}

/// What happened to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Imported, at least in part; where it lies now.
    Done(PathBuf),
    /// Refused as a whole; where it lies now.
    Refused(PathBuf),
    /// Left where it is, for later or for a person.
    Left,
}

/// The report beside a file, for programs.
#[derive(Debug, Serialize)]
struct Report<'a> {
    file: &'a str,
    at: i64,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    files: &'a [FileReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a Difference>,
}

/// What an import came to.
enum Outcome {
    Published(Difference),
    Refused(String),
    /// Trouble with the store or the mapping, not with the file.
    NotNow(String),
}

impl Watcher {
    /// A watcher over the folder of `config`.
    #[must_use]
    pub fn new(publisher: Arc<Publisher>, config: &Config, clock: Arc<dyn Clock>) -> Self {
        Self {
            folder: PathBuf::from(&config.watch.folder),
            complete: config.watch.complete,
            only: config.import.only.clone(),
            mapping: PathBuf::from(&config.import.mapping),
            words: Words(config.language),
            publisher,
            clock,
            seen: HashMap::new(),
        }
    }

    /// Looks every two seconds, until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        tracing::info!(folder = %self.folder.display(), complete = self.complete, "watch: started");
        while !stop.is_cancelled() {
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(back) => self = back,
                Err(error) => {
                    tracing::error!(%error, "watch: ended; restart the node");
                    return;
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// One look: takes what has settled since the last one. Blocks.
    pub fn look(&mut self) -> Vec<(PathBuf, Fate)> {
        let found = match folder::candidates(&self.folder) {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(folder = %self.folder.display(), %error, "watch: cannot look into the folder");
                return Vec::new();
            }
        };
        let ready = folder::settled(&mut self.seen, found);
        ready
            .into_iter()
            .map(|path| (path.clone(), self.take(&path)))
            .collect()
    }

    fn take(&mut self, path: &Path) -> Fate {
        let mut intake = Intake::default();
        let outcome = self.import(path, &mut intake);
        let (folder, word) = match &outcome {
            Outcome::Published(_) if intake.refused() == 0 => ("done", "done"),
            Outcome::Published(_) => ("done", "done-in-part"),
            Outcome::Refused(_) => ("refused", "refused"),
            Outcome::NotNow(why) => {
                tracing::error!(file = %path.display(), %why, "watch: the file stays, and is tried again later");
                folder::leave(&mut self.seen, path, LATER);
                return Fate::Left;
            }
        };
        let target = self.folder.join(folder);
        match self.move_away(path, &target, &outcome, word, &intake) {
            Ok(moved) => {
                tracing::info!(file = %path.display(), outcome = word, "watch: a file was taken");
                self.seen.remove(path);
                if folder == "done" {
                    Fate::Done(moved)
                } else {
                    Fate::Refused(moved)
                }
            }
            Err(error) => {
                tracing::error!(
                    file = %path.display(), outcome = word, %error,
                    "watch: the file cannot be moved away; it is not taken again until it changes"
                );
                folder::leave(&mut self.seen, path, u32::MAX);
                Fate::Left
            }
        }
    }

    fn import(&self, path: &Path, intake: &mut Intake) -> Outcome {
        // Read anew each time: what was corrected counts for the next file.
        let mapping = match Some(&self.mapping).filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => match mapping_in(path, Language::En) {
                Ok(mapping) => Some(mapping),
                Err(why) => return Outcome::NotNow(why),
            },
            None => None,
        };
        let reading = Reading {
            mapping: mapping.as_ref(),
            only: Some(self.only.as_str()).filter(|only| !only.is_empty()),
            ..Reading::default()
        };
        if let Err(error) = intake.add(path, &reading) {
            return Outcome::Refused(error.message(self.words.0));
        }
        match self
            .publisher
            .publish(&intake.offers, &intake.terms(self.complete))
        {
            Ok(published) => Outcome::Published(published.difference),
            Err(PublishError::Store(error)) => Outcome::NotNow(error.to_string()),
            Err(error) => Outcome::Refused(self.words.publish_error(&error)),
        }
    }

    /// The report first: a file in `done/` always has one.
    fn move_away(
        &self,
        path: &Path,
        target: &Path,
        outcome: &Outcome,
        word: &str,
        intake: &Intake,
    ) -> std::io::Result<PathBuf> {
        std::fs::create_dir_all(target)?;
        let name = path.file_name().unwrap_or_default();
        let to = folder::free_name(target, name, self.clock.now());
        let (difference, reason) = match outcome {
            Outcome::Published(difference) => (Some(difference), None),
            Outcome::Refused(why) | Outcome::NotNow(why) => (None, Some(why.as_str())),
        };
        let report = Report {
            file: &name.to_string_lossy(),
            at: self.clock.now().0,
            outcome: word,
            reason,
            files: &intake.files,
            difference,
        };
        let json = serde_json::to_vec_pretty(&report).map_err(std::io::Error::other)?;
        durable::write_file(&folder::beside(&to, "report.json"), &json, 0o644)?;
        durable::write_file(
            &folder::beside(&to, "report.txt"),
            self.in_words(&report, intake).as_bytes(),
            0o644,
        )?;
        std::fs::rename(path, &to)?;
        durable::sync_dir(target)?;
        Ok(to)
    }

    fn in_words(&self, report: &Report<'_>, intake: &Intake) -> String {
        let words = self.words;
        let mut lines = vec![format!(
            "{} · {}",
            calluna_host::out::safe(report.file),
            self.clock.now()
        )];
        if let Some(reason) = report.reason {
            lines.push(format!("{}: {reason}", words.pick("Abgelehnt", "Refused")));
        }
        if let Some(difference) = report.difference {
            lines.push(words.difference(difference, intake.refused()));
        }
        lines.extend(words.findings(&intake.files, REPORTED));
        // Read with the editor of a school's Windows machine.
        lines.join("\r\n") + "\r\n"
    }
}

#[cfg(test)]
mod tests;
