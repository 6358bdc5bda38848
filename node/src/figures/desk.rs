//! What the hub is told of the figures: from the public parts alone, and only what was published.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};

use calluna_model::clock::{Clock, Moment};
use calluna_model::receipt::Receipt;
use calluna_tables::revision::FiguresHead;
use calluna_tables::{Period, Revision};

use super::FiguresError;
use super::book::Book;
use super::decide::Page;
use super::heard::Heard;
use super::keep::{self, Kept};
use crate::config::Figures;

/// Answers for the figures of one node.
#[derive(Debug)]
pub struct Desk {
    book: Book,
    config: Figures,
    clock: Arc<dyn Clock>,
    /// Heads by file, so that a quiet night reads no file twice.
    heads: Mutex<BTreeMap<Period, Known>>,
    /// Held while `hub.json` is read, changed and written.
    heard: Mutex<()>,
}

/// The head of a file as it lay there.
#[derive(Clone, Copy, Debug)]
struct Known {
    stamp: Stamp,
    head: Option<FiguresHead>,
}

/// Changes whenever a file was replaced: inode, length, time in nanoseconds.
type Stamp = (u64, u64, i64, i64);

impl Desk {
    /// The desk of the figures in `book`.
    #[must_use]
    pub fn new(book: Book, config: Figures, clock: Arc<dyn Clock>) -> Self {
        Self {
            book,
            config,
            clock,
            heads: Mutex::default(),
            heard: Mutex::default(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// How far every period has come, ascending. A period that cannot be read, or of which the hub knows
    /// more, is left out. Blocks.
    #[must_use]
    pub fn heads(&self) -> Vec<FiguresHead> {
        let periods = match self.book.periods() {
            Ok(periods) => periods,
            Err(error) => {
                tracing::warn!(%error, "figures: the folder cannot be read; nothing is said of them");
                return Vec::new();
            }
        };
        if periods.is_empty() {
            return Vec::new();
        }
        let heard = Heard::read(&self.book);
        let told = periods.iter().filter(|period| !heard.diverged(**period));
        told.filter_map(|period| self.head(*period)).collect()
    }

    fn head(&self, period: Period) -> Option<FiguresHead> {
        let meta = fs::metadata(self.book.path(period)).ok()?;
        let stamp = (meta.ino(), meta.len(), meta.mtime(), meta.mtime_nsec());
        let known = self.lock_heads().get(&period).copied();
        if let Some(known) = known.filter(|known| known.stamp == stamp) {
            return known.head;
        }
        let head = match self.page(period) {
            Ok(page) => page.and_then(|page| page.ledger.head()),
            Err(error) => {
                tracing::warn!(%period, %error, "figures: a period cannot be read; nothing is sent of it");
                None
            }
        };
        self.lock_heads().insert(period, Known { stamp, head });
        head
    }

    fn lock_heads(&self) -> std::sync::MutexGuard<'_, BTreeMap<Period, Known>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, period: Period) -> Result<Option<Page>, FiguresError> {
        let parts = self.book.look(period)?;
        parts.map(|parts| Page::of(period, parts)).transpose()
    }

    /// Hands every published revision that the hub does not have to `give`, ascending, until that says
    /// no. Of a period of which the hub holds what this node does not know nothing is given, now and
    /// later. Blocks.
    ///
    /// # Errors
    /// When what the hub holds cannot be noted: then nothing was given.
    pub fn stream(
        &self,
        held: &[FiguresHead],
        mut give: impl FnMut(&Revision) -> bool,
    ) -> Result<(), FiguresError> {
        let mut pages = Vec::new();
        let mut unknown = Vec::new();
        for period in self.book.periods()? {
            match self.page(period) {
                Ok(Some(page)) => pages.push((period, page)),
                Ok(None) => {}
                Err(error) => {
                    // Whether the hub knows more cannot be told; nothing is sent of it either way.
                    tracing::warn!(%period, %error, "figures: a period cannot be read; nothing is sent of it");
                }
            }
        }
        for head in held {
            let page = pages.iter().find(|(period, _)| *period == head.period);
            let known = page.is_some_and(|(_, page)| knows(page, head));
            let readable = page.is_some() || !self.book.path(head.period).exists();
            if !known && readable {
                unknown.push(head.period);
            }
        }
        self.diverge(&unknown)?;
        let heard = Heard::read(&self.book);
        for (period, page) in &pages {
            if heard.diverged(*period) {
                continue;
            }
            let has = held.iter().find(|head| head.period == *period);
            let after = has.map_or(0, |head| head.number);
            for revision in page
                .ledger
                .revisions()
                .iter()
                .filter(|one| one.number > after)
            {
                if !give(revision) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Notes that the hub holds what this node does not know, and seals those periods.
    fn diverge(&self, periods: &[Period]) -> Result<(), FiguresError> {
        if periods.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        {
            let _one_at_a_time = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let mut heard = Heard::read(&self.book);
            let mut new = false;
            for period in periods {
                if heard.diverge(*period, now) {
                    new = true;
                    tracing::warn!(%period, "figures: the hub holds a revision that this node does not know; the period is closed for good");
                }
            }
            if new {
                heard.write(&self.book)?;
            }
        }
        self.upkeep();
        Ok(())
    }

    /// Keeps what a receipt says of figures. On disk when this returns. Blocks.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn acknowledge(&self, receipt: &Receipt) -> Result<(), FiguresError> {
        if receipt.figures.is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let mut heard = Heard::read(&self.book);
        if heard.take(receipt) {
            heard.write(&self.book)?;
        }
        for figures in receipt.figures.iter().filter(|figures| figures.refused > 0) {
            tracing::warn!(
                period = figures.period,
                revision = figures.refused,
                reason = figures.reason,
                "figures: the hub refuses a revision"
            );
        }
        Ok(())
    }

    /// Forgets what has to be forgotten, and seals what cannot go on; where a command is writing, that
    /// does it, or the next time. Blocks.
    pub fn upkeep(&self) {
        let done = self.try_upkeep(self.clock.now());
        match done {
            Ok(done) => {
                for kept in done {
                    match kept {
                        Kept::Forgotten(period) => {
                            tracing::info!(%period, "figures: everything about persons was forgotten");
                        }
                        Kept::Sealed(period, reason) => {
                            tracing::warn!(%period, reason, "figures: the period is closed for good");
                        }
                    }
                }
            }
            Err(error) => tracing::error!(%error, "figures: forgetting failed; it is tried again"),
        }
    }

    fn try_upkeep(&self, now: Moment) -> Result<Vec<Kept>, FiguresError> {
        if self.book.periods()?.is_empty() {
            return Ok(Vec::new());
        }
        let Some(writer) = self.book.try_write()? else {
            return Ok(Vec::new());
        };
        keep::upkeep(&writer, &self.config, &Heard::read(&self.book), now)
    }
}

/// Whether a revision that the hub holds is one of this node's.
fn knows(page: &Page, head: &FiguresHead) -> bool {
    let own = page
        .ledger
        .revisions()
        .iter()
        .find(|own| own.number == head.number);
    own.is_some_and(|own| own.digest() == head.digest)
}
