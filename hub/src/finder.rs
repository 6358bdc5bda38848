//! The search index of a hub: opened, brought up to date, asked.
//!
//! The index is a copy. It lies in a folder of its own, which no backup takes along: damaged, lost or of another version
//! it is thrown away and made anew from the store. Whoever asks meanwhile gets the state before, always a whole one.
//!
//! It is brought up to date by a task of its own ([`keep`]), told by whoever changed what readers see ([`News`]). A
//! night never waits for it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use calluna_api::Find;
use calluna_catalogue::reader::Reader;
use calluna_model::clock::{Clock, Moment};
use calluna_search::answer::{Answer, Asking, Hit, SearchError, Statistics, Suggestion};
use calluna_search::groups::Groups;
use calluna_search::index::{Index, IndexError, Opened, Refreshed};
use calluna_search::query::Query;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::demand::Demand;

/// Name of its folder in the data directory.
pub const FOLDER: &str = "index";

/// Changes that come together are taken up together.
const GATHER: Duration = Duration::from_millis(250);
/// What is the same is looked for once nothing has changed for so long: it reads the whole catalogue, and in a night
/// one provider after the other changes.
const QUIET: Duration = Duration::from_secs(2);
/// After a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(60);
/// The least that is looked at by itself: whether counts of searches are to be written.
const LOOK: Duration = Duration::from_secs(60);

/// Tells that what readers see has changed. Telling costs nothing and never waits.
#[derive(Debug, Default)]
pub struct News(Notify);

impl News {
    /// Something changed.
    pub fn tell(&self) {
        self.0.notify_one();
    }

    async fn heard(&self) {
        self.0.notified().await;
    }
}

/// What the public gets of a running hub.
#[derive(Debug, Default)]
pub struct Public(OnceLock<(SocketAddr, Arc<Finder>)>);

impl Public {
    /// It is served here, with this search.
    pub fn note(&self, at: SocketAddr, finder: Arc<Finder>) {
        // A process opens one listener in its life.
        let _first = self.0.set((at, finder));
    }

    /// Where it is served; nothing when it is not.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.get().map(|(at, _)| *at)
    }

    /// The search that is served.
    #[must_use]
    pub fn finder(&self) -> Option<&Arc<Finder>> {
        self.0.get().map(|(_, finder)| finder)
    }
}

/// What the search needs from outside.
#[derive(Debug)]
pub struct Parts {
    /// What readers see.
    pub reader: Arc<dyn Reader>,
    /// What is looked for and not found.
    pub demand: Arc<Demand>,
    /// The district: first five digits of the AGS of its municipalities.
    pub district: String,
    /// Where "today" is, an IANA name.
    pub time_zone: String,
    /// What nobody outside knows of the shuffle of equal hits.
    pub secret: [u8; 32],
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// The search over the catalogue.
#[derive(Debug)]
pub struct Finder {
    index: Index,
    reader: Arc<dyn Reader>,
    demand: Arc<Demand>,
    zone: TimeZone,
    clock: Arc<dyn Clock>,
}

impl Finder {
    /// Opens the index in the data directory, or an empty one in its place. It still has to be brought up to date.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(dir: &Path, parts: Parts) -> Result<Self> {
        let folder = dir.join(FOLDER);
        let (index, opened) = Index::open(&folder, &parts.district)
            .with_context(|| format!("the search index in {}", folder.display()))?;
        match opened {
            Opened::Whole => {}
            Opened::New => tracing::info!("the search index is made anew"),
            Opened::ThrownAway => tracing::warn!(
                "the search index was damaged or of another version; it is made anew from the store"
            ),
        }
        Ok(Self::over(index, parts))
    }

    fn over(index: Index, parts: Parts) -> Self {
        let Parts {
            reader,
            demand,
            district: _,
            time_zone,
            secret,
            clock,
        } = parts;
        index.shuffle_by(&secret);
        Self {
            index,
            reader,
            demand,
            zone: TimeZone::get(&time_zone).unwrap_or(TimeZone::UTC),
            clock,
        }
    }

    /// Brings the index to what readers see. Blocks.
    ///
    /// # Errors
    /// When the catalogue cannot be read or the index not written; what is found stays as it was.
    pub fn refresh(&self) -> Result<Refreshed, IndexError> {
        let done = self.index.refresh(self.reader.as_ref())?;
        if done.updated > 0 || done.removed > 0 {
            tracing::info!(
                providers = done.updated,
                gone = done.removed,
                offers = done.offers,
                "the search index is up to date"
            );
        }
        Ok(done)
    }

    /// Writes the offers of every provider anew, whatever the index holds. Each is replaced in one step, so that
    /// whoever asks meanwhile finds everything. Blocks.
    ///
    /// # Errors
    /// As [`Finder::refresh`].
    pub fn rebuild(&self) -> Result<Refreshed, IndexError> {
        let mut done = Refreshed::default();
        for card in self.reader.providers()? {
            let id = card.member.id.clone();
            done.offers += self
                .index
                .update(&card, &mut |visit| self.reader.offers(&id, visit))?;
            done.updated += 1;
        }
        done.removed = self.index.refresh(self.reader.as_ref())?.removed;
        Ok(done)
    }

    /// Says which offers are the same.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn fold(&self, groups: Groups) -> Result<(), IndexError> {
        self.index.fold(groups)
    }

    fn asking(&self, now: Moment) -> Asking {
        let now = Timestamp::from_second(now.0).unwrap_or_default();
        Asking::on(now.to_zoned_datetime(self.zone.clone()).date())
    }
}

impl Find for Finder {
    fn search(&self, query: &Query, now: Moment) -> Result<Answer, SearchError> {
        let answer = self.index.search(query, &self.asking(now))?;
        if answer.total == 0 {
            self.demand.note(query, now);
        }
        Ok(answer)
    }

    fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError> {
        self.index.suggest(typed, limit)
    }

    fn statistics(&self, now: Moment) -> Result<Statistics, SearchError> {
        self.index.statistics(&self.asking(now))
    }
}

/// As the pages ask: they know the day themselves.
impl calluna_web::Search for Finder {
    fn search(&self, query: &Query, asking: &Asking) -> Result<Answer, SearchError> {
        let answer = self.index.search(query, asking)?;
        if answer.total == 0 {
            self.demand.note(query, self.clock.now());
        }
        Ok(answer)
    }

    fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, SearchError> {
        self.index.suggest(typed, limit)
    }

    fn similar(&self, text: &str, limit: usize, asking: &Asking) -> Result<Vec<Hit>, SearchError> {
        self.index.similar(text, limit, asking)
    }
}

/// Brings the index up to date whenever something changed, until `stop`, and then says with `fold` what is the same.
/// Work that has begun is ended first.
pub async fn keep(
    finder: Arc<Finder>,
    fold: impl Fn(&Finder) -> Result<()> + Clone + Send + 'static,
    news: Arc<News>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    // What changed while no process ran is taken up first.
    let (mut due, mut fold_due) = (true, true);
    let mut next = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = news.heard() => {
                // The first of many says when, so that no stream of them puts it off for ever.
                if !due {
                    next = Instant::now() + GATHER;
                }
                (due, fold_due) = (true, true);
                continue;
            }
            () = tokio::time::sleep_until(next) => {}
        }
        let mut wait = LOOK;
        if due {
            let refresh = |finder: &Finder| -> Result<()> {
                finder.refresh()?;
                Ok(())
            };
            due = !apart(&finder, refresh, "brought up to date").await;
            wait = if due { AGAIN } else { QUIET };
        } else if fold_due {
            fold_due = !apart(&finder, fold.clone(), "told what is the same").await;
            wait = if fold_due { AGAIN } else { LOOK };
        }
        settle(&finder, clock.now(), false).await;
        next = Instant::now() + wait;
    }
    settle(&finder, clock.now(), true).await;
}

/// Does something that blocks; whether it succeeded.
async fn apart(
    finder: &Arc<Finder>,
    work: impl FnOnce(&Finder) -> Result<()> + Send + 'static,
    what: &str,
) -> bool {
    let working = Arc::clone(finder);
    let done = tokio::task::spawn_blocking(move || work(&working)).await;
    let error = match done {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => format!("{error:#}"),
        Err(panic) => panic.to_string(),
    };
    tracing::error!(
        error,
        "the search index could not be {what}; what is found may be old"
    );
    false
}

async fn settle(finder: &Arc<Finder>, now: Moment, at_once: bool) {
    let demand = Arc::clone(&finder.demand);
    let written = tokio::task::spawn_blocking(move || demand.settle(now, at_once)).await;
    if let Ok(Err(error)) = written {
        tracing::warn!(
            error = format!("{error:#}"),
            "counts of searches without a hit were not written"
        );
    }
}
