//! How each period stands, from the public parts alone: for `status` and `check`.

use calluna_model::clock::Moment;
use calluna_tables::Period;
use serde::{Deserialize, Serialize};

use super::FiguresError;
use super::book::Book;
use super::decide::Page;
use super::heard::Heard;
use super::sealed;

/// One period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The quarter.
    pub period: String,
    /// The newest published revision; 0 for none.
    pub newest: u32,
    /// Its kind; empty for none.
    pub kind: String,
    /// When it was made.
    pub made_at: Option<Moment>,
    /// When a list was last imported.
    pub imported_at: Option<Moment>,
    /// Persons who are not in the figures as they are now, rounded to 10.
    pub waiting: u64,
    /// Since when a proposal waits for its release.
    pub proposed_at: Option<Moment>,
    /// Why the period is closed for good, as a code; empty while it is not.
    pub sealed: String,
    /// When everything about persons was forgotten.
    pub forgotten_at: Option<Moment>,
    /// Mark of the secret that its hashes were made with; empty when it holds none.
    pub mark: String,
    /// The newest revision that the hub has accepted; 0 for none.
    pub accepted: u32,
    /// The revision that the hub has refused; 0 for none.
    pub refused: u32,
    /// Why.
    pub reason: String,
    /// What is wrong with its file; empty when all is well.
    pub fault: String,
}

/// Every period, ascending. Blocks.
///
/// # Errors
/// When the folder cannot be read.
pub fn standings(book: &Book) -> Result<Vec<Standing>, FiguresError> {
    let heard = Heard::read(book);
    let one = |period: Period| {
        let said = heard.of(period);
        let base = Standing {
            period: period.to_string(),
            accepted: said.accepted,
            refused: said.refused,
            reason: said.reason,
            ..Standing::default()
        };
        let page = book.look(period);
        let page = page.and_then(|parts| parts.map(|parts| Page::of(period, parts)).transpose());
        match page {
            Ok(Some(page)) => of_page(page, said.diverged_at.is_some(), base),
            Ok(None) => base,
            Err(error) => Standing {
                fault: error.to_string(),
                ..base
            },
        }
    };
    Ok(book.periods()?.into_iter().map(one).collect())
}

fn of_page(page: Page, diverged: bool, base: Standing) -> Standing {
    let last = page.ledger.revisions().last();
    let mut note = page.note;
    if diverged && note.sealed.is_empty() {
        sealed::DIVERGED.clone_into(&mut note.sealed);
    }
    Standing {
        newest: last.map_or(0, |last| last.number),
        kind: last.map_or("", |last| last.kind.as_str()).to_owned(),
        made_at: last.map(|last| Moment(last.at)),
        imported_at: note.imported_at,
        waiting: note.waiting,
        proposed_at: note.proposed_at,
        sealed: note.sealed,
        forgotten_at: note.forgotten_at,
        mark: note.mark,
        ..base
    }
}
