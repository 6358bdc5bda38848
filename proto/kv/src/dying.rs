//! An engine that fails or dies at the n-th commit, for tests of what is acknowledged.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Batch, Engine, KvError, Pair, Pairs, Snapshot, Stamp};

/// What happens at the n-th commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// It fails and nothing is written; the ones after it work again.
    Fails,
    /// It is written, but its answer is a failure: a process that died before it could say so.
    LosesAnswer,
    /// It fails and nothing is written from then on: a process that died before the write.
    Stops,
    /// It is written, its answer is a failure, and nothing is written from then on.
    StopsAfter,
    /// The disk is full from then on.
    Full,
}

/// Wraps an engine and counts its commits.
#[derive(Debug)]
pub struct Dying {
    inner: Arc<dyn Engine>,
    death: Death,
    at: u64,
    commits: AtomicU64,
}

impl Dying {
    /// Dies at the commit with this number, counted from 1; at 0 never.
    #[must_use]
    pub fn new(inner: Arc<dyn Engine>, death: Death, at: u64) -> Self {
        Self {
            inner,
            death,
            at,
            commits: AtomicU64::new(0),
        }
    }

    /// How many commits were asked for so far.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    /// The engine below: what a restart would find.
    #[must_use]
    pub fn survivor(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.inner)
    }

    fn through(&self, write: impl FnOnce() -> Result<(), KvError>) -> Result<(), KvError> {
        let number = self.commits.fetch_add(1, Ordering::SeqCst) + 1;
        if self.at == 0 || number < self.at {
            return write();
        }
        let dead = || KvError::ReadOnly {
            dir: PathBuf::from("dying"),
            why: "this engine was told to die".to_owned(),
        };
        match self.death {
            Death::Fails | Death::LosesAnswer if number > self.at => write(),
            Death::LosesAnswer | Death::StopsAfter if number == self.at => write().and(Err(dead())),
            Death::Full => Err(KvError::Full {
                dir: PathBuf::from("dying"),
                needed: 1,
                free: 0,
            }),
            Death::Fails | Death::LosesAnswer | Death::Stops | Death::StopsAfter => Err(dead()),
        }
    }
}

impl Engine for Dying {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KvError> {
        self.inner.get(key)
    }

    fn scan<'a>(&'a self, prefix: &[u8], from: Option<&[u8]>) -> Pairs<'a> {
        self.inner.scan(prefix, from)
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Pair>, KvError> {
        self.inner.last(prefix)
    }

    fn commit(&self, batch: Batch) -> Result<(), KvError> {
        self.through(|| self.inner.commit(batch))
    }

    fn snapshot(&self) -> Result<Snapshot<'_>, KvError> {
        self.inner.snapshot()
    }

    fn size_on_disk(&self) -> Result<u64, KvError> {
        self.inner.size_on_disk()
    }

    fn renew_epoch(&self, epoch: [u8; 16], stamp: Stamp) -> Result<(), KvError> {
        self.through(|| self.inner.renew_epoch(epoch, stamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, open};

    /// Which of the keys 1 to 4, committed one by one, were acknowledged and which are there.
    fn play(kind: &str, death: Death) -> (String, String) {
        let dir = tempfile::tempdir().unwrap();
        let opened = open(kind, dir.path(), [0; 16], &Options::default()).unwrap();
        let dying = Dying::new(opened.engine, death, 2);
        let mut acknowledged = String::new();
        for key in ["1", "2", "3", "4"] {
            let mut batch = Batch::default();
            batch.put(key, key);
            if dying.commit(batch).is_ok() {
                acknowledged.push_str(key);
            }
        }
        let mut survivor = dying.survivor();
        drop(dying);
        if kind != "memory" {
            // What a restart finds, not what is still in memory.
            drop(survivor);
            survivor = open(kind, dir.path(), [0; 16], &Options::default())
                .unwrap()
                .engine;
        }
        let keys = survivor.scan(b"", None).map(|pair| pair.unwrap().0);
        let there = keys.flatten().map(char::from).collect();
        (acknowledged, there)
    }

    #[test]
    fn each_death_leaves_what_it_says() {
        let both = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        for kind in crate::ENGINES {
            assert_eq!(play(kind, Death::Fails), both("134", "134"), "{kind}");
            assert_eq!(
                play(kind, Death::LosesAnswer),
                both("134", "1234"),
                "{kind}"
            );
            assert_eq!(play(kind, Death::Stops), both("1", "1"), "{kind}");
            assert_eq!(play(kind, Death::StopsAfter), both("1", "12"), "{kind}");
            assert_eq!(play(kind, Death::Full), both("1", "1"), "{kind}");
        }
    }
}
