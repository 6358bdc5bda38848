//! What a person at the node is told about a decision: counts of what is shown and who waits, without any value.

use calluna_evidence::Frame;
use calluna_tables::Shown;

use crate::history::index;

/// A count that says nothing of single persons: rounded down to 10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rounded(u64);

impl Rounded {
    /// Rounds.
    #[must_use]
    pub const fn of(count: u64) -> Self {
        Self(count - count % 10)
    }

    /// The multiple of 10; 0 means fewer than 10, none included.
    #[must_use]
    pub const fn least(self) -> u64 {
        self.0
    }
}

/// How many persons wait and for what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// All of them.
    pub all: Rounded,
    /// In some number that can be seen or worked out too few would change with them.
    pub few: Rounded,
    /// They changed or left after they were published, and wait for the close or the next correction.
    pub changed: Rounded,
    /// Without them a number that was shown would fall below its threshold.
    pub below: Rounded,
}

/// What a revision says of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOutlook {
    /// [`calluna_tables::Table::id`].
    pub table: String,
    /// Numbers that are shown.
    pub shown: u32,
    /// Hidden ones.
    pub hidden: u32,
    /// Zeros that everybody knows.
    pub structural: u32,
    /// Numbers that are not published: not due yet, or too fine to be proved.
    pub left_out: u32,
}

/// What is told of a proposal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Every table, in the order of the layout; a number that stands in two tables counts in both.
    pub tables: Vec<TableOutlook>,
    /// Who waits.
    pub waiting: Waiting,
}

impl Outlook {
    pub(crate) fn of(frame: &Frame, values: &[Shown], waiting: Waiting) -> Self {
        let tables = frame.layout.tables().iter().enumerate();
        let tables = tables.map(|(at, placed)| {
            let mut told = TableOutlook {
                table: placed.table.id.to_owned(),
                ..TableOutlook::default()
            };
            for number in frame.web.places(at) {
                let shown = values.get(index(*number)).copied();
                *match shown.unwrap_or(Shown::LeftOut) {
                    Shown::Value(_) => &mut told.shown,
                    Shown::Hidden => &mut told.hidden,
                    Shown::Structural => &mut told.structural,
                    Shown::LeftOut => &mut told.left_out,
                } += 1;
            }
            told
        });
        Self {
            tables: tables.collect(),
            waiting,
        }
    }
}
