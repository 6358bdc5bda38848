//! Searches that found nothing, counted: a sign of what people look for and nobody offers.
//!
//! # What is kept
//! Single words and how often in a week; nothing of who asked, from where, or with which other words. Numbers, and
//! whole questions with a mail address or a long number in them, are not counted; neither are words that look like
//! names (`words`). What is shown was asked at least [`THRESHOLD`] times in one week. A word that many people wrote
//! on purpose to be counted shows what many people wrote: figures, not proof.
//!
//! Counts stand in a small file of the data directory, written at most once a minute and when the hub stops; what
//! was counted since is lost when the machine dies. They are kept for `WEEKS` weeks.

mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use calluna_host::data_dir::DataDir;
use calluna_model::clock::Moment;
use calluna_search::query::Query;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Name of the file in the data directory.
pub const FILE: &str = "demand.json";
/// A word is shown for a week in which it was asked at least so often.
pub const THRESHOLD: u64 = 5;
/// Weeks that are kept.
const WEEKS: usize = 53;
/// Different words that are kept of one week; further ones are not counted.
const MOST_WORDS: usize = 5_000;
/// The file is written at most this often, in seconds.
const WRITE_SECONDS: i64 = 60;

/// Week, such as `2026-W49`, then word, then how often.
type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// What is looked for and not found.
#[derive(Debug)]
pub struct Demand {
    /// Nothing for a hub without a directory: it forgets with its process.
    file: Option<PathBuf>,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    counts: Counts,
    changed: bool,
    written: Option<Moment>,
}

/// What `demand --format json` prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandDocument {
    /// Fewest times in one week that are shown.
    pub threshold: u64,
    /// The words, the most wanted first.
    pub words: Vec<Wanted>,
}

/// A word that was looked for and not found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The word, in small letters.
    pub word: String,
    /// How often, in all weeks that are shown.
    pub times: u64,
    /// How often in each week in which it was at least the threshold.
    pub weeks: BTreeMap<String, u64>,
}

impl Demand {
    /// What was counted in this directory. A file that cannot be read is as good as none: counting begins anew.
    #[must_use]
    pub fn open(dir: Option<&DataDir>) -> Self {
        let file = dir.map(|dir| dir.join(FILE));
        let bytes = file.as_ref().and_then(|file| fs::read(file).ok());
        let counts = bytes.and_then(|bytes| {
            serde_json::from_slice(&bytes)
                .inspect_err(|error| {
                    tracing::warn!(%error, "{FILE} cannot be read; counting begins anew");
                })
                .ok()
        });
        let kept = Kept {
            counts: counts.unwrap_or_default(),
            ..Kept::default()
        };
        Self {
            file,
            kept: Mutex::new(kept),
        }
    }

    /// Counts the words of a question that found nothing.
    pub fn note(&self, query: &Query, now: Moment) {
        let words = words::countable(&query.text);
        if words.is_empty() || query.offset > 0 {
            return;
        }
        let mut kept = self.lock();
        let week = kept.counts.entry(week(now)).or_default();
        for word in words {
            let room = week.len() < MOST_WORDS;
            match week.get_mut(&word) {
                Some(times) => *times += 1,
                None if room => {
                    week.insert(word, 1);
                }
                None => {}
            }
        }
        while kept.counts.len() > WEEKS {
            kept.counts.pop_first();
        }
        kept.changed = true;
    }

    /// Writes what was counted, if that is due. `at_once`: the process ends.
    ///
    /// # Errors
    /// When it cannot be written; the next time tries again.
    pub fn settle(&self, now: Moment, at_once: bool) -> Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let bytes = {
            let mut kept = self.lock();
            let waited = kept.written.is_none_or(|at| now.since(at) >= WRITE_SECONDS);
            if !kept.changed || !(waited || at_once) {
                return Ok(());
            }
            kept.changed = false;
            kept.written = Some(now);
            serde_json::to_vec(&kept.counts)?
        };
        let (dir, name) = (file.parent().context("no directory")?, FILE);
        DataDir::open(dir, "calluna-hub init")?
            .write(name, &bytes, 0o600)
            .inspect_err(|_| self.lock().changed = true)?;
        Ok(())
    }

    /// What was asked often enough to be shown.
    #[must_use]
    pub fn document(&self) -> DemandDocument {
        let kept = self.lock();
        let mut words: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
        for (week, counts) in &kept.counts {
            for (word, times) in counts.iter().filter(|(_, times)| **times >= THRESHOLD) {
                words.entry(word).or_default().insert(week.clone(), *times);
            }
        }
        let mut words: Vec<Wanted> = words
            .into_iter()
            .map(|(word, weeks)| Wanted {
                word: word.to_owned(),
                times: weeks.values().sum(),
                weeks,
            })
            .collect();
        words.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| a.word.cmp(&b.word)));
        DemandDocument {
            threshold: THRESHOLD,
            words,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The week of a moment by ISO 8601; nothing finer is ever kept.
fn week(now: Moment) -> String {
    let date = Timestamp::from_second(now.0)
        .unwrap_or_default()
        .to_zoned_datetime(TimeZone::UTC)
        .date();
    let week = date.iso_week_date();
    format!("{}-W{:02}", week.year(), week.week())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_795_996_800);
    const DAY: i64 = 86_400;

    fn ask(demand: &Demand, text: &str, times: usize, at: Moment) {
        for _ in 0..times {
            demand.note(&Query::words(text), at);
        }
    }

    fn shown(demand: &Demand) -> Vec<(String, u64)> {
        let words = demand.document().words.into_iter();
        words.map(|wanted| (wanted.word, wanted.times)).collect()
    }

    #[test]
    fn a_word_is_shown_from_the_threshold_on_and_week_by_week() {
        let demand = Demand::open(None);
        ask(&demand, "Imkern", 4, NOW);
        assert_eq!(shown(&demand), []);
        // The next week begins anew: four and four are not eight.
        ask(&demand, "imkern", 4, NOW.plus(7 * DAY));
        assert_eq!(shown(&demand), []);
        ask(&demand, "IMKERN", 1, NOW.plus(7 * DAY));
        assert_eq!(shown(&demand), [("imkern".to_owned(), 5)]);
        let wanted = demand.document().words.remove(0);
        assert_eq!(wanted.weeks.len(), 1);
        assert!(wanted.weeks.keys().all(|week| week.starts_with("2026-W")));
    }

    #[test]
    fn further_pages_are_no_further_questions() {
        let demand = Demand::open(None);
        let second = Query::words("Imkern").at_page(2);
        for _ in 0..9 {
            demand.note(&second, NOW);
        }
        assert_eq!(shown(&demand), []);
    }

    #[test]
    fn counts_survive_a_restart_and_are_written_once_a_minute_at_most() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::create_new(&dir.path().join("hub")).unwrap();
        let file = data.join(FILE);
        let demand = Demand::open(Some(&data));
        ask(&demand, "Imkern", 5, NOW);
        demand.settle(NOW, false).unwrap();
        let first = fs::read(&file).unwrap();
        ask(&demand, "Imkern", 1, NOW);
        demand.settle(NOW.plus(59), false).unwrap();
        assert_eq!(fs::read(&file).unwrap(), first, "not yet");
        demand.settle(NOW.plus(60), false).unwrap();
        assert_ne!(fs::read(&file).unwrap(), first);
        ask(&demand, "Imkern", 1, NOW);
        demand.settle(NOW.plus(61), true).unwrap();
        assert_eq!(
            shown(&Demand::open(Some(&data))),
            [("imkern".to_owned(), 7)]
        );
        fs::write(&file, b"{").unwrap();
        assert_eq!(shown(&Demand::open(Some(&data))), []);
    }

    #[test]
    fn neither_words_nor_weeks_grow_without_end() {
        let demand = Demand::open(None);
        let name = |n: usize| {
            let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
            format!("wort{}{}{}", letter(n), letter(n / 26), letter(n / 676))
        };
        for n in 0..6_000 {
            ask(&demand, &name(n), 1, NOW);
        }
        assert_eq!(demand.lock().counts[&week(NOW)].len(), MOST_WORDS);
        for n in 0..80 {
            ask(&demand, "Imkern", 1, NOW.plus(n * 7 * DAY));
        }
        assert_eq!(demand.lock().counts.len(), WEEKS);
    }
}
