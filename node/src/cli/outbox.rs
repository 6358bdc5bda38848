//! `outbox`: what leaves the house, and what has left.

use std::path::PathBuf;

use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_tables::Period;
use clap::{Args, Subcommand};

use super::{Around, Data};
use crate::config::{Figures, Settings};
use crate::figures::book::Book;
use crate::figures::ground::Ground;
use crate::figures::import::{approve, discard};
use crate::figures::outbox::{Choice, outbox};
use crate::figures::shelter;

/// Exactly what the hub fetches, in words: every number that is shown, what is protected, what waits for a
/// release. What is not in it does not leave.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Outbox {
    #[command(subcommand)]
    what: Option<What>,
    /// The node's data directory.
    #[arg(long, env = "CALLUNA_DATA", value_name = "DIR", required = true)]
    data: Option<PathBuf>,
    /// Only this quarter, such as 2026-Q3.
    #[arg(long)]
    period: Option<Period>,
    /// The tables of every revision, not only of the newest and of what the hub has not accepted yet.
    #[arg(long)]
    all: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Releases what waits of a quarter: the hub fetches it in the next night.
    Approve(Release),
    /// Drops what waits of a quarter: it never leaves.
    Discard(Release),
}

#[derive(Debug, Args)]
struct Release {
    /// The quarter, such as 2026-Q3.
    #[arg(long)]
    period: Period,
    #[command(flatten)]
    data: Data,
}

impl Outbox {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let words = around.words;
        // What is kept about persons is read to show what waits.
        let _shelter = shelter::take();
        let data = match (self.what, self.data) {
            (Some(What::Approve(release)), _) => return release.approve(around),
            (Some(What::Discard(release)), _) => return release.discard(around),
            (None, Some(data)) => data,
            (None, None) => return Ok(Exit::Usage),
        };
        let settings = Settings::load(&data, &ProcessEnvironment)?;
        let config = &settings.config.figures;
        let choice = Choice {
            period: self.period,
            all: self.all,
        };
        let ground = Ground::of(config)?;
        let book = Book::of(settings.dir.path());
        let found = outbox(&book, &ground, config.correction_days, choice)?;
        match self.format {
            OutputFormat::Json => out::json(&found),
            OutputFormat::Text => out::data(&words.outbox(&found)),
        }
        Ok(Exit::Done)
    }
}

impl Release {
    fn place(&self) -> anyhow::Result<(Book, Figures)> {
        let settings = Settings::load(&self.data.data, &ProcessEnvironment)?;
        Ok((Book::of(settings.dir.path()), settings.config.figures))
    }

    fn approve(self, around: &Around) -> anyhow::Result<Exit> {
        let (book, config) = self.place()?;
        let revision = approve(&book, &config, self.period, around.clock.now())?;
        let (period, number, digest) = (self.period, revision.number, revision.digest());
        out::say(&around.words.pick(
            format!("{period}, Revision {number} ist freigegeben; der Hub holt sie in der nächsten Nacht (Prüfsumme {digest})"),
            format!("{period}, revision {number} is released; the hub fetches it in the next night (digest {digest})"),
        ));
        Ok(Exit::Done)
    }

    fn discard(self, around: &Around) -> anyhow::Result<Exit> {
        let (book, config) = self.place()?;
        discard(&book, &config, self.period, around.clock.now())?;
        let period = self.period;
        out::say(&around.words.pick(
            format!("{period}: was wartete, ist verworfen; nichts davon hat das Haus verlassen"),
            format!("{period}: what waited is dropped; nothing of it has left"),
        ));
        Ok(Exit::Done)
    }
}
