//! `figures`: participation figures from registration lists.

mod import;
mod offers;

use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_tables::Period;
use clap::{Args, Subcommand};

use super::{Around, Data};
use crate::config::Settings;
use crate::figures::book::Book;
use crate::figures::import::forget;

#[derive(Debug, Args)]
pub(super) struct Figures {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Reads registration lists and publishes protected counts; nothing about persons leaves.
    Import(import::Import),
    /// Forgets everything that is kept about persons of a quarter, now.
    Forget(Forget),
}

/// Hashes of persons and the cells that they count in are deleted. What was published stays, since it is
/// anonymous; nothing can be corrected in that quarter any more. For one person who asks for deletion:
/// delete her registration in the course software and import the list again.
#[derive(Debug, Args)]
struct Forget {
    /// The quarter, such as 2026-Q3.
    #[arg(long)]
    period: Period,
    #[command(flatten)]
    data: Data,
}

impl Figures {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        match self.what {
            What::Import(import) => import.run(around),
            What::Forget(forget) => forget.run(around),
        }
    }
}

impl Forget {
    fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let settings = Settings::load(&self.data.data, &ProcessEnvironment)?;
        let book = Book::of(settings.dir.path());
        let period = self.period;
        forget(&book, period, around.clock.now())?;
        out::say(&around.words.pick(
            format!("{period}: alles über Personen ist vergessen. Das Veröffentlichte bleibt; berichtigt werden kann in diesem Quartal nichts mehr."),
            format!("{period}: everything about persons is forgotten. What was published stays; nothing can be corrected in this quarter any more."),
        ));
        Ok(Exit::Done)
    }
}
