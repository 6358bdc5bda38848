//! From a list to a revision or a proposal: what may be made of a period today, and its writing.
//!
//! The command reads the files between [`Session::open`] and [`Session::decide`]; the lock is held all the
//! while, so nothing changes under it.

use calluna_figures::{Figures as Counted, OfferIndex, Report, Rule, Secret};
use calluna_ledger::{Asked, Fault, Occasion, Proposal};
use calluna_model::clock::Moment;
use calluna_model::entropy::Entropy;
use calluna_protect::Budget;
use calluna_tables::{Kind, OfferFacts, Period, Revision, Shown};

use super::FiguresError;
use super::book::{Book, Writer};
use super::calendar::{Phase, day_after, phase};
use super::decide::{Page, RULES_KEPT, reasons};
use super::ground::Ground;
use super::heard::Heard;
use super::keep;
use super::offers;
use super::secret::{self, Kept};
use crate::config::Figures;

/// With fewer persons than this, that most of them are gone says nothing.
const FEW: usize = 10;

/// What is asked for.
#[derive(Debug)]
pub struct Wish<'a> {
    /// The folder.
    pub book: &'a Book,
    /// The settings.
    pub config: &'a Figures,
    /// Layout and postal codes.
    pub ground: &'a Ground,
    /// The period.
    pub period: Period,
    /// Close the period although the day for it has not come.
    pub closing: bool,
    /// Write nothing.
    pub dry_run: bool,
    /// Go on although most persons of the earlier lists are not in this one.
    pub confirmed: bool,
    /// What time it is.
    pub now: Moment,
}

/// What is made of a list today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Today {
    /// A revision, for this reason.
    Decide(Occasion),
    /// Nothing: the period is over, and is closed later, so that many come in at once.
    Wait,
}

/// An import that has begun.
#[derive(Debug)]
pub struct Session<'a> {
    wish: Wish<'a>,
    writer: Option<Writer>,
    kept: Kept,
    page: Page,
    today: Today,
    sealed: Vec<keep::Kept>,
    first: bool,
}

/// What became of a list.
#[derive(Debug)]
pub struct Outcome {
    /// What was published, proposed, or would be.
    pub revision: Option<Revision>,
    /// The newest before it.
    pub before: Option<Revision>,
    /// How it was done.
    pub done: Done,
    /// Persons who are not in the figures as they are now, rounded to 10.
    pub waiting: u64,
    /// Why something was held back, as codes.
    pub reasons: Vec<String>,
    /// The day from which an import closes the period.
    pub closes_on: String,
    /// The day on which everything about persons of the period is forgotten.
    pub forgotten_on: String,
    /// Whether it is the first list of the period.
    pub first: bool,
    /// Periods that had to be closed for good, or forgotten.
    pub kept: Vec<keep::Kept>,
}

/// How an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It is published: the hub fetches it in the next night.
    Published,
    /// It waits for its release.
    Proposed,
    /// It would be published or proposed.
    Would,
    /// There is nothing new that may be shown.
    Nothing,
    /// The period is over, and is closed later.
    Waits,
}

impl<'a> Session<'a> {
    /// Looks what may be made of a list today. Waits for other writers.
    ///
    /// # Errors
    /// When nothing may be, with the reason; or when something cannot be read or written.
    pub fn open(wish: Wish<'a>, entropy: &dyn Entropy) -> Result<Self, FiguresError> {
        let period = wish.period;
        in_time(&wish)?;
        let heard = Heard::read(wish.book);
        let (writer, kept, sealed) = if wish.dry_run {
            let kept = secret::read(wish.book.folder())?;
            (
                None,
                kept.unwrap_or_else(|| secret::passing(entropy)),
                Vec::new(),
            )
        } else {
            let writer = wish.book.write()?;
            let sealed = keep::upkeep(&writer, wish.config, &heard, wish.now)?;
            let kept = match writer.secret() {
                Ok(Some(kept)) => kept,
                Ok(None) | Err(FiguresError::NoSecret { .. }) => writer.make_secret(entropy)?,
                Err(error) => return Err(error),
            };
            (Some(writer), kept, sealed)
        };
        let found = wish.book.look_whole(period)?;
        let first = found.is_none();
        let mut page = match found {
            Some(parts) => Page::of(period, parts)?,
            None => Page::new(period),
        };
        if let Some(reason) = keep::must_seal(&page.note, &kept.mark, heard.diverged(period)) {
            reason.clone_into(&mut page.note.sealed);
        }
        let today = today(&wish, &page)?;
        Ok(Self {
            wish,
            writer,
            kept,
            page,
            today,
            sealed,
            first,
        })
    }

    /// What is made of a list today.
    #[must_use]
    pub fn today(&self) -> Today {
        self.today
    }

    /// The secret for hashes of persons.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.kept.secret
    }

    /// Adds to the offers of today those that the period had before, and remembers all of them for the lists to come,
    /// unless a list is only to be looked at.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn recall(&self, index: &mut OfferIndex) -> Result<(), FiguresError> {
        offers::recall(self.wish.book, self.wish.period, index)?;
        match &self.writer {
            Some(writer) => offers::note(writer, self.wish.period, index),
            None => Ok(()),
        }
    }

    /// Decides what may be shown of a list, and writes that, unless it was only to be looked at. `offers`
    /// are the public ones, those that the period had before included.
    ///
    /// # Errors
    /// When the list does not fit the earlier ones, or the period cannot be written.
    pub fn decide(
        mut self,
        figures: &Counted,
        report: &Report,
        offers: &OfferIndex,
    ) -> Result<Outcome, FiguresError> {
        let Wish {
            config,
            ground,
            period,
            now,
            ..
        } = self.wish;
        let mut outcome = Outcome {
            revision: None,
            before: self.page.ledger.revisions().last().cloned(),
            done: Done::Waits,
            waiting: self.page.note.waiting,
            reasons: Vec::new(),
            closes_on: day_after(period, config.close_after_days.saturating_add(1)),
            forgotten_on: day_after(period, config.correction_days.saturating_add(1)),
            first: self.first,
            kept: std::mem::take(&mut self.sealed),
        };
        let Today::Decide(occasion) = self.today else {
            return Ok(outcome);
        };
        self.known_offers(report)?;
        self.same_basis(report)?;
        self.same_persons(figures)?;
        let frame = &ground.frame;
        let facts: Vec<OfferFacts> = offers.known().iter().map(|one| one.facts.clone()).collect();
        let empty = frame.layout.structural(&facts);
        // The rules of a period stay as they were at its first revision.
        let before = outcome.before.as_ref();
        let rules = before.map_or(&config.rules, |one| &one.rules);
        let asked = Asked {
            frame,
            rules,
            figures,
            structural: &frame.web.structural(&frame.layout, &empty),
            occasion,
            at: now.0,
            budget: Budget::default(),
        };
        // A newer list takes the place of what waits.
        let held = self.page.ledger.held();
        let waited = held.map(|held| held.revision.values.clone());
        self.page.ledger.withdraw();
        let decision = self.page.ledger.decide(&asked);
        let decision = decision.map_err(|fault| failed(period, &fault))?;
        outcome.waiting = decision.waiting.all.least();
        outcome.reasons = reasons(&decision);
        if *rules != config.rules {
            outcome.reasons.push(RULES_KEPT.to_owned());
        }
        let proposed = decision.proposal.as_ref();
        outcome.revision = proposed.map(|proposal| proposal.revision.clone());
        outcome.done = match decision.proposal {
            None => Done::Nothing,
            Some(proposal) => self.take(proposal, waited.as_deref())?,
        };
        let note = &mut self.page.note;
        if outcome.done != Done::Proposed {
            note.proposed_at = None;
        }
        note.waiting = outcome.waiting;
        note.reasons.clone_from(&outcome.reasons);
        self.write(report)?;
        Ok(outcome)
    }

    /// Publishes a proposal, or lets it wait for its release; `waited` is what waited before.
    fn take(&mut self, proposal: Proposal, waited: Option<&[Shown]>) -> Result<Done, FiguresError> {
        let Wish {
            config,
            period,
            now,
            dry_run,
            ..
        } = self.wish;
        let Page { note, ledger } = &mut self.page;
        if dry_run {
            return Ok(Done::Would);
        }
        if config.approve {
            let same = waited.is_some_and(|waited| waited == proposal.revision.values);
            let held = ledger.hold(proposal);
            held.map_err(|fault| failed(period, &fault))?;
            let since = note.proposed_at.filter(|_| same);
            note.proposed_at = Some(since.unwrap_or(now));
            return Ok(Done::Proposed);
        }
        let published = ledger.publish(proposal);
        published.map_err(|fault| failed(period, &fault))?;
        Ok(Done::Published)
    }

    /// With other columns to tell persons apart, everybody would look new.
    fn same_basis(&self, report: &Report) -> Result<(), FiguresError> {
        let before = &self.page.note.basis;
        match report.basis {
            Some(basis) if !before.is_empty() && before != basis.name() => {
                Err(FiguresError::OtherBasis {
                    period: self.wish.period,
                    before: before.clone(),
                    now: basis.name().to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// A list before its offers, or with another column read as the offer, would count nobody in any subject, and who
    /// was counted so does not move before the close.
    fn known_offers(&self, report: &Report) -> Result<(), FiguresError> {
        let unknown = report
            .notices
            .iter()
            .filter(|notice| notice.rule == Rule::UnknownOffer);
        let unknown: u64 = unknown.map(|notice| notice.count).sum();
        let most = report.counted >= FEW as u64 && unknown * 2 > report.counted;
        if most && !self.wish.confirmed {
            let period = self.wish.period;
            return Err(FiguresError::UnknownOffers { period });
        }
        Ok(())
    }

    /// A partial list, or a course software that numbers persons anew, would look like many who left.
    fn same_persons(&self, figures: &Counted) -> Result<(), FiguresError> {
        let ledger = &self.page.ledger;
        let again = figures
            .persons()
            .filter(|person| ledger.knows(&person.hash));
        let few = ledger.persons() >= FEW && again.count() * 2 < ledger.persons();
        if few && !self.wish.confirmed {
            let period = self.wish.period;
            return Err(FiguresError::Strangers { period });
        }
        Ok(())
    }

    fn write(mut self, report: &Report) -> Result<(), FiguresError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        let note = &mut self.page.note;
        note.mark.clone_from(&self.kept.mark);
        note.imported_at = Some(self.wish.now);
        if let Some(basis) = report.basis {
            basis.name().clone_into(&mut note.basis);
        }
        writer.write(self.wish.period, &self.page.parts())
    }
}

fn failed(period: Period, fault: &Fault) -> FiguresError {
    let reason = fault.to_string();
    FiguresError::Ledger { period, reason }
}

/// Whether the period has begun, and may be closed if that is asked for.
fn in_time(wish: &Wish<'_>) -> Result<(), FiguresError> {
    let period = wish.period;
    match phase(period, wish.now) {
        Phase::Future => Err(FiguresError::Future { period }),
        Phase::Running if wish.closing => Err(FiguresError::StillRuns {
            period,
            last: day_after(period, 0),
        }),
        _ => Ok(()),
    }
}

/// What is made of a list today.
fn today(wish: &Wish<'_>, page: &Page) -> Result<Today, FiguresError> {
    let (period, config) = (wish.period, wish.config);
    if let Some(at) = page.note.forgotten_at {
        let at = calluna_host::out::day(at);
        return Err(FiguresError::Forgotten { period, at });
    }
    if !page.note.sealed.is_empty() {
        let reason = page.note.sealed.clone();
        return Err(FiguresError::Sealed { period, reason });
    }
    if keep::over(period, config, wish.now) {
        let at = day_after(period, config.correction_days.saturating_add(1));
        return Err(FiguresError::Forgotten { period, at });
    }
    let last = page.ledger.revisions().last();
    if last.is_some_and(|last| last.layout != wish.ground.frame.fingerprint) {
        return Err(FiguresError::OtherLayout { period });
    }
    let Phase::Ended { days } = phase(period, wish.now) else {
        return Ok(Today::Decide(Occasion::Night));
    };
    let closed = last.is_some_and(|last| last.kind != Kind::Provisional);
    Ok(if closed {
        Today::Decide(Occasion::Correction)
    } else if wish.closing || days > i64::from(config.close_after_days) {
        Today::Decide(Occasion::Close)
    } else {
        Today::Wait
    })
}

/// Publishes what waits for its release. Waits for other writers.
///
/// # Errors
/// When nothing waits, or it cannot be written.
pub fn approve(
    book: &Book,
    config: &Figures,
    period: Period,
    now: Moment,
) -> Result<Revision, FiguresError> {
    let (writer, mut page) = waiting(book, config, period, now)?;
    let released = page
        .ledger
        .release()
        .map_err(|fault| FiguresError::Ledger {
            period,
            reason: fault.to_string(),
        })?;
    let revision = released
        .cloned()
        .ok_or(FiguresError::NothingWaits { period })?;
    page.note.proposed_at = None;
    writer.write(period, &page.parts())?;
    Ok(revision)
}

/// Drops what waits for its release. Waits for other writers.
///
/// # Errors
/// When nothing waits, or it cannot be written.
pub fn discard(
    book: &Book,
    config: &Figures,
    period: Period,
    now: Moment,
) -> Result<(), FiguresError> {
    let (writer, mut page) = waiting(book, config, period, now)?;
    page.ledger.withdraw();
    page.note.proposed_at = None;
    writer.write(period, &page.parts())
}

fn waiting(
    book: &Book,
    config: &Figures,
    period: Period,
    now: Moment,
) -> Result<(Writer, Page), FiguresError> {
    if !book.path(period).exists() {
        return Err(FiguresError::NoSuchPeriod { period });
    }
    let writer = book.write()?;
    // What waited may have become impossible meanwhile: time is over, the secret is gone.
    keep::upkeep(&writer, config, &Heard::read(book), now)?;
    let parts = writer
        .read(period)?
        .ok_or(FiguresError::NoSuchPeriod { period })?;
    let page = Page::of(period, parts)?;
    if !page.note.sealed.is_empty() {
        let reason = page.note.sealed.clone();
        return Err(FiguresError::Sealed { period, reason });
    }
    if page.ledger.held().is_none() {
        return Err(FiguresError::NothingWaits { period });
    }
    Ok((writer, page))
}

/// Forgets everything about persons of a period now. Waits for other writers.
///
/// # Errors
/// When there is no such period, or it cannot be written.
pub fn forget(book: &Book, period: Period, now: Moment) -> Result<(), FiguresError> {
    if !book.path(period).exists() {
        return Err(FiguresError::NoSuchPeriod { period });
    }
    keep::forget(&book.write()?, period, now)
}
