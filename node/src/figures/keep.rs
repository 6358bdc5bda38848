//! Closing periods for good, and forgetting persons in time.

use calluna_model::clock::Moment;
use calluna_tables::Period;

use super::book::Writer;
use super::calendar::{Phase, phase};
use super::decide::Page;
use super::file::Note;
use super::heard::Heard;
use super::{FiguresError, offers, sealed};
use crate::config::Figures;

/// What was done with a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Everything about persons was forgotten.
    Forgotten(Period),
    /// It was closed for good, for the reason of this code.
    Sealed(Period, &'static str),
}

/// Does what time and the secret ask for, in every period: forgets persons whose time is over, seals what
/// cannot go on. A period whose file is damaged is passed over; whoever uses it says so.
///
/// # Errors
/// When something cannot be read or written.
pub fn upkeep(
    writer: &Writer,
    config: &Figures,
    heard: &Heard,
    now: Moment,
) -> Result<Vec<Kept>, FiguresError> {
    let mark = match writer.secret() {
        Ok(kept) => kept.map(|kept| kept.mark).unwrap_or_default(),
        // A file that is no secret is as good as none.
        Err(FiguresError::NoSecret { .. }) => String::new(),
        Err(error) => return Err(error),
    };
    let mut done = Vec::new();
    for period in writer.book().periods()? {
        let note = match writer.book().look(period) {
            Ok(Some(parts)) => parts.note,
            Ok(None) | Err(FiguresError::Damaged { .. }) => continue,
            Err(error) => return Err(error),
        };
        if over(period, config, now) && note.forgotten_at.is_none() {
            forget(writer, period, now)?;
            done.push(Kept::Forgotten(period));
        } else if let Some(reason) = must_seal(&note, &mark, heard.diverged(period)) {
            seal(writer, period, reason)?;
            done.push(Kept::Sealed(period, reason));
        }
    }
    Ok(done)
}

/// Whether the time for corrections of a period is over.
#[must_use]
pub fn over(period: Period, config: &Figures, now: Moment) -> bool {
    matches!(phase(period, now), Phase::Ended { days } if days > i64::from(config.correction_days))
}

/// Why a period has to be closed for good, if it has to.
#[must_use]
pub fn must_seal(note: &Note, mark: &str, diverged: bool) -> Option<&'static str> {
    if !note.sealed.is_empty() || note.forgotten_at.is_some() {
        return None;
    }
    if diverged {
        return Some(sealed::DIVERGED);
    }
    (!note.mark.is_empty() && note.mark != mark).then_some(sealed::SECRET)
}

/// Forgets everything about persons of a period. What was published stays.
///
/// # Errors
/// When there is no such period, or it cannot be written.
pub fn forget(writer: &Writer, period: Period, now: Moment) -> Result<(), FiguresError> {
    rewrite(writer, period, |page| {
        page.note.forgotten_at.get_or_insert(now);
    })?;
    offers::forget(writer, period)
}

/// Closes a period for good.
fn seal(writer: &Writer, period: Period, reason: &str) -> Result<(), FiguresError> {
    rewrite(writer, period, |page| {
        reason.clone_into(&mut page.note.sealed)
    })
}

/// From the public part alone: what is forgotten need not be read first.
fn rewrite(
    writer: &Writer,
    period: Period,
    change: impl FnOnce(&mut Page),
) -> Result<(), FiguresError> {
    let parts = writer
        .book()
        .look(period)?
        .ok_or(FiguresError::NoSuchPeriod { period })?;
    let mut page = Page::of(period, parts)?;
    page.ledger.settle();
    page.note.mark.clear();
    page.note.proposed_at = None;
    change(&mut page);
    writer.write(period, &page.parts())
}
