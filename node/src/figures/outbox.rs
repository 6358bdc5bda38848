//! What leaves the house, cell by cell: exactly what is sent, and nothing that is not.
//!
//! Everything in it comes from revisions and proposals, that is from what the public may see; and from
//! the note, whose counts are rounded. What is held back is told by its number of persons rounded to 10 and
//! its reason, never by its cells.

use calluna_model::clock::Moment;
use calluna_tables::layout::Placed;
use calluna_tables::{Dim, Period, Revision, Rules, Shown};
use serde::Serialize;

use super::FiguresError;
use super::book::Book;
use super::decide::Page;
use super::ground::Ground;
use super::heard::{Heard, Said};

/// All periods.
#[derive(Clone, Debug, Serialize)]
pub struct Outbox {
    /// Fingerprint of the layout of this node.
    pub layout: String,
    /// One for each period, ascending.
    pub periods: Vec<PeriodOut>,
}

/// One period.
#[derive(Clone, Debug, Serialize)]
pub struct PeriodOut {
    /// The quarter.
    pub period: String,
    /// When a list was last imported.
    pub imported_at: Option<Moment>,
    /// What told persons apart: `id`, `name` or `attributes`.
    pub basis: String,
    /// Persons who are not in the figures as they are now, rounded to 10.
    pub waiting: u64,
    /// Why something is held back, as codes.
    pub reasons: Vec<String>,
    /// Why the period is closed for good, as a code; empty while it is not.
    pub sealed: String,
    /// When everything about persons was forgotten.
    pub forgotten_at: Option<Moment>,
    /// When everything about persons will be forgotten, if not yet: a day.
    pub forgotten_on: String,
    /// What waits for its release.
    pub proposal: Option<RevisionOut>,
    /// Since when.
    pub proposed_at: Option<Moment>,
    /// What the hub has said.
    pub hub: Said,
    /// What was published, the newest first.
    pub revisions: Vec<RevisionOut>,
    /// What is wrong with its file; empty when all is well.
    pub fault: String,
}

/// Where a revision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stand {
    /// It waits for its release; nothing of it has left.
    WaitsForRelease,
    /// The hub fetches it in the next night.
    WillBeSent,
    /// The hub has accepted it.
    Accepted,
    /// The hub has refused it.
    Refused,
    /// It is not sent: the hub holds other figures of this period.
    NotSent,
}

/// One revision.
#[derive(Clone, Debug, Serialize)]
pub struct RevisionOut {
    /// Counts from 1.
    pub number: u32,
    /// `provisional`, `final` or `correction`.
    pub kind: &'static str,
    /// When it was made.
    pub at: Moment,
    /// Where it stands.
    pub stand: Stand,
    /// Digest of this and all before it.
    pub digest: String,
    /// Digest of the one before; zeros for the first.
    pub before: String,
    /// Fingerprint of the layout that the values belong to.
    pub layout: String,
    /// The rules that it was made under.
    pub rules: Rules,
    /// Persons who were not in it as they were then, rounded to 10.
    pub waiting: u64,
    /// Different numbers by what is shown of them.
    pub counts: Counts,
    /// The tables; empty when they were not asked for, or belong to another layout.
    pub tables: Vec<TableOut>,
}

/// How many different numbers there are of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Shown.
    pub shown: usize,
    /// Protected.
    pub hidden: usize,
    /// Zero because nothing of the kind is offered.
    pub structural: usize,
    /// Not published.
    pub left_out: usize,
}

/// One table.
#[derive(Clone, Debug, Serialize)]
pub struct TableOut {
    /// Its name in data.
    pub id: &'static str,
    /// German title.
    pub de: &'static str,
    /// English title.
    pub en: &'static str,
    /// Names of its dimensions in data.
    pub dimensions: Vec<&'static str>,
    /// Names of its measures in data.
    pub measures: Vec<&'static str>,
    /// Its cells.
    pub cells: Vec<CellOut>,
}

/// One cell.
#[derive(Clone, Debug, Serialize)]
pub struct CellOut {
    /// One code of each dimension.
    pub codes: Vec<String>,
    /// German words of the codes.
    pub de: Vec<String>,
    /// English words of the codes.
    pub en: Vec<String>,
    /// One for each measure: a number, or `protected`, `structural-zero`, `left-out`.
    pub values: Vec<ValueOut>,
}

/// What is shown of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ValueOut {
    /// The number.
    Number(u32),
    /// A word in its place.
    Word(&'static str),
}

impl From<Shown> for ValueOut {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Value(value) => Self::Number(value),
            Shown::Hidden => Self::Word("protected"),
            Shown::Structural => Self::Word("structural-zero"),
            Shown::LeftOut => Self::Word("left-out"),
        }
    }
}

/// How much is shown.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Only this period.
    pub period: Option<Period>,
    /// The tables of every revision, not only of what is not accepted yet and the newest.
    pub all: bool,
}

/// What leaves, and what has left. Blocks.
///
/// # Errors
/// When the folder cannot be read, or there is no such period.
pub fn outbox(
    book: &Book,
    ground: &Ground,
    correction_days: u32,
    choice: Choice,
) -> Result<Outbox, FiguresError> {
    let heard = Heard::read(book);
    let mut periods = book.periods()?;
    if let Some(period) = choice.period {
        periods.retain(|one| *one == period);
        if periods.is_empty() {
            return Err(FiguresError::NoSuchPeriod { period });
        }
    }
    let periods = periods.into_iter().map(|period| {
        let said = heard.of(period);
        let page = book.look_whole(period);
        let page = page.and_then(|parts| parts.map(|parts| Page::of(period, parts)).transpose());
        let mut out = match page {
            Ok(Some(page)) => period_out(period, &page, said, ground, choice.all),
            Ok(None) => faulty(period, said, String::new()),
            Err(error) => faulty(period, said, error.to_string()),
        };
        if out.forgotten_at.is_none() && out.sealed.is_empty() {
            out.forgotten_on =
                super::calendar::day_after(period, correction_days.saturating_add(1));
        }
        out
    });
    Ok(Outbox {
        layout: ground.frame.fingerprint.clone(),
        periods: periods.collect(),
    })
}

fn faulty(period: Period, hub: Said, fault: String) -> PeriodOut {
    PeriodOut {
        period: period.to_string(),
        imported_at: None,
        basis: String::new(),
        waiting: 0,
        reasons: Vec::new(),
        sealed: String::new(),
        forgotten_at: None,
        forgotten_on: String::new(),
        proposal: None,
        proposed_at: None,
        hub,
        revisions: Vec::new(),
        fault,
    }
}

fn period_out(period: Period, page: &Page, hub: Said, ground: &Ground, all: bool) -> PeriodOut {
    let note = page.note.clone();
    let sealed = if hub.diverged_at.is_some() && note.sealed.is_empty() {
        super::sealed::DIVERGED.to_owned()
    } else {
        note.sealed
    };
    let newest = page.ledger.head().map_or(0, |head| head.number);
    let stand = |revision: &Revision| match revision.number {
        number if number <= hub.accepted => Stand::Accepted,
        number if number == hub.refused => Stand::Refused,
        _ if hub.diverged_at.is_some() => Stand::NotSent,
        _ => Stand::WillBeSent,
    };
    let out = |revision: &Revision| {
        let stand = stand(revision);
        let whole = all || revision.number == newest || stand != Stand::Accepted;
        revision_out(revision, stand, whole.then_some(ground))
    };
    let proposal = page.ledger.held().map(|held| &held.revision);
    PeriodOut {
        proposal: proposal.map(|one| revision_out(one, Stand::WaitsForRelease, Some(ground))),
        proposed_at: note.proposed_at,
        imported_at: note.imported_at,
        basis: note.basis,
        waiting: note.waiting,
        reasons: note.reasons,
        forgotten_at: note.forgotten_at,
        sealed,
        revisions: page.ledger.revisions().iter().rev().map(out).collect(),
        ..faulty(period, hub, String::new())
    }
}

/// One revision; with its tables where the layout is given and fits.
#[must_use]
pub fn revision_out(revision: &Revision, stand: Stand, ground: Option<&Ground>) -> RevisionOut {
    let fits = ground.filter(|ground| ground.frame.fingerprint == revision.layout);
    RevisionOut {
        number: revision.number,
        kind: revision.kind.as_str(),
        at: Moment(revision.at),
        stand,
        digest: revision.digest().to_string(),
        before: revision.before.to_string(),
        layout: revision.layout.clone(),
        rules: revision.rules.clone(),
        waiting: revision.waiting,
        counts: counts(revision),
        tables: fits
            .map(|ground| tables(revision, ground))
            .unwrap_or_default(),
    }
}

fn counts(revision: &Revision) -> Counts {
    let mut counts = Counts::default();
    for value in &revision.values {
        *match value {
            Shown::Value(_) => &mut counts.shown,
            Shown::Hidden => &mut counts.hidden,
            Shown::Structural => &mut counts.structural,
            Shown::LeftOut => &mut counts.left_out,
        } += 1;
    }
    counts
}

/// The tables of a revision, those left out that it does not reach.
fn tables(revision: &Revision, ground: &Ground) -> Vec<TableOut> {
    let placed = ground.frame.layout.tables().iter().enumerate();
    let tables = placed.map(|(at, placed)| table_out(revision, ground, at, placed));
    let there = |table: &TableOut| {
        let mut values = table.cells.iter().flat_map(|cell| &cell.values);
        values.any(|value| *value != ValueOut::from(Shown::LeftOut))
    };
    tables.filter(there).collect()
}

fn table_out(revision: &Revision, ground: &Ground, at: usize, placed: &Placed) -> TableOut {
    let table = placed.table;
    let measures = table.measures.len();
    let numbers = ground.frame.web.places(at).chunks(measures.max(1));
    let cells = (placed.first..).zip(numbers).map(|(cell, numbers)| {
        let nodes = placed.nodes(cell).unwrap_or_default();
        let codes = table.dims.iter().zip(nodes);
        let codes: Vec<_> = codes
            .filter_map(|(dim, node)| code(ground, *dim, node))
            .collect();
        CellOut {
            codes: codes.iter().map(|code| code.id.clone()).collect(),
            de: codes.iter().map(|code| code.de.clone()).collect(),
            en: codes.iter().map(|code| code.en.clone()).collect(),
            values: numbers
                .iter()
                .map(|number| revision.value(*number).into())
                .collect(),
        }
    });
    TableOut {
        id: table.id,
        de: table.de,
        en: table.en,
        dimensions: table.dims.iter().map(|dim| dim.id()).collect(),
        measures: table
            .measures
            .iter()
            .map(|measure| measure.definition().id)
            .collect(),
        cells: cells.collect(),
    }
}

fn code(ground: &Ground, dim: Dim, node: u16) -> Option<&calluna_tables::dimension::Code> {
    ground
        .frame
        .layout
        .tree(dim)?
        .codes()
        .get(usize::from(node))
}
