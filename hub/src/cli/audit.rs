//! `calluna-hub audit`.

mod list;
mod verify;

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::Result;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::clock::Moment;
use calluna_wire::v1 as pb;
use calluna_wire::v1::read_audit_request::What;
use clap::{Args, Subcommand};

use super::Data;
use super::door::{Door, said};
use super::file::WholeFile;
use crate::trail::{self, Since};

/// Prove what happened: verify, export or list the audit log.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Verify the hub's own log, or an export of it without any hub.
    Verify(verify::Verify),
    /// Write the log to a file, for whoever wants to verify it.
    Export(Export),
    /// List the newest entries.
    List(list::List),
}

impl Audit {
    pub(super) async fn run(self) -> Result<Exit> {
        match self {
            Self::Verify(verify) => verify.run().await,
            Self::Export(export) => export.run().await,
            Self::List(list) => list.run().await,
        }
    }
}

/// Write the log, one JSON object a line, with a first line that says what follows.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    data: Data,
    /// The file; it appears whole or not at all. Without it the lines are printed.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Begin with this entry, or with the first one of this date (UTC).
    #[arg(long, value_name = "NUMBER|DATE", default_value = "1")]
    since: Begin,
}

impl Export {
    async fn run(self) -> Result<Exit> {
        let door = Door::open(&self.data.data).await?;
        let Some(output) = self.output else {
            lines(door, self.since, &mut |line| {
                out::data(line);
                Ok(())
            })
            .await?;
            return Ok(Exit::Done);
        };
        let mut file = WholeFile::create(&output)?;
        let mut count = 0_u64;
        lines(door, self.since, &mut |line| {
            count += 1;
            file.write(line.as_bytes())?;
            file.write(b"\n")
        })
        .await?;
        file.finish()?;
        let shown = out::safe(&output.display().to_string());
        out::say(&format!(
            "{} entries written to {shown}\nVerify them anywhere: calluna-hub audit verify {shown}",
            count.saturating_sub(1)
        ));
        Ok(Exit::Done)
    }
}

/// The lines of an export, whichever way they come.
async fn lines(
    door: Door,
    since: Begin,
    sink: &mut (dyn FnMut(&str) -> Result<()> + Send),
) -> Result<()> {
    match door {
        Door::Daemon(mut daemon) => {
            let what = Some(match since.0 {
                Since::Number(number) => What::SinceNumber(number),
                Since::Moment(at) => What::SinceAt(at.0),
            });
            let request = pb::ReadAuditRequest { what };
            let mut pieces = daemon.read_audit(request).await.map_err(said)?.into_inner();
            while let Some(piece) = pieces.message().await.map_err(said)? {
                piece.lines.iter().try_for_each(|line| sink(line))?;
            }
        }
        Door::Here(hub) => {
            trail::export(&hub, since.0, &mut |line| sink(&line))?;
        }
    }
    Ok(())
}

/// Where an export begins, as it is written on the command line.
#[derive(Clone, Copy, Debug)]
struct Begin(Since);

impl FromStr for Begin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(number) = text.parse() {
            return Ok(Self(Since::Number(number)));
        }
        let moment = text.parse::<jiff::Timestamp>().or_else(|_| {
            let midnight = text.parse::<jiff::civil::Date>()?.at(0, 0, 0, 0);
            jiff::tz::TimeZone::UTC.to_timestamp(midnight)
        });
        moment
            .map(|at| Self(Since::Moment(Moment(at.as_second()))))
            .map_err(|_: jiff::Error| {
                "write the number of an entry, a date such as 2026-11-25, or a moment such as 2026-11-25T03:00:00Z"
                    .to_owned()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_begins_with_a_number_a_date_or_a_moment() {
        let since = |text: &str| text.parse::<Begin>().map(|begin| begin.0);
        assert_eq!(since("17"), Ok(Since::Number(17)));
        let date = Since::Moment(Moment(1_795_564_800));
        assert_eq!(since("2026-11-25"), Ok(date));
        assert_eq!(since("2026-11-25T00:00:00Z"), Ok(date));
        assert_eq!(since("2026-11-25T01:00:00+01:00"), Ok(date));
        for wrong in ["", "yesterday", "-1", "2026-13-01", "25.11.2026"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
