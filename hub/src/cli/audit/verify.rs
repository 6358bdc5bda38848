//! `calluna-hub audit verify`.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use calluna_audit::{Expected, Head, LineVerifier, Verdict, verify_lines};
use calluna_certs::{Fingerprint, PublicKey};
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use clap::Args;
use serde::Serialize;

use super::super::door::Door;
use super::{Begin, lines};
use crate::audit::{HEAD, PUBLIC};

/// Verify the hub's own log, or an export of it: then no hub is needed. What is wrong is named with
/// its number and what to do; the exit code is 1 then.
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// An export. Without it the log of the hub in --data.
    file: Option<PathBuf>,
    /// The hub's data directory.
    #[arg(
        long,
        env = "CALLUNA_DATA",
        value_name = "DIR",
        required_unless_present = "file"
    )]
    data: Option<PathBuf>,
    /// Where the log ended once, from a morning report: nothing up to there may be gone or changed.
    #[arg(long, value_name = "NUMBER:HASH")]
    head: Option<Head>,
    /// The key that must have signed, from `calluna-hub status`.
    #[arg(long, value_name = "FINGERPRINT")]
    key: Option<Fingerprint>,
    /// Of the hub's own log only what follows from this entry, or this date (UTC), on.
    #[arg(
        long,
        value_name = "NUMBER|DATE",
        default_value = "1",
        conflicts_with = "file"
    )]
    since: Begin,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

/// What `--format json` prints.
#[derive(Debug, Serialize)]
struct Document {
    sound: bool,
    #[serde(flatten)]
    verdict: Verdict,
}

impl Verify {
    pub(super) async fn run(self) -> Result<Exit> {
        let given = Expected {
            head: self.head,
            key: self.key,
        };
        let verdict = match (&self.file, &self.data) {
            (Some(file), _) => of_file(file, given)?,
            (None, Some(data)) => of_hub(data, self.since, given).await?,
            (None, None) => bail!("give a file, or the hub's data directory with --data"),
        };
        let sound = verdict.sound();
        match self.format {
            OutputFormat::Text => out::data(&text(&verdict)),
            OutputFormat::Json => out::json(&Document { sound, verdict }),
        }
        Ok(if sound { Exit::Done } else { Exit::Failed })
    }
}

fn of_file(file: &Path, expected: Expected) -> Result<Verdict> {
    let shown = out::safe(&file.display().to_string());
    let open = File::open(file).with_context(|| format!("cannot read {shown}"))?;
    verify_lines(BufReader::new(open), expected).with_context(|| format!("cannot read {shown}"))
}

/// The hub's own log is compared with what lies beside it, where nothing better is given.
async fn of_hub(data: &Path, since: Begin, mut expected: Expected) -> Result<Verdict> {
    let door = Door::open(data).await?;
    // Read before the log: what is recorded meanwhile makes the log longer, never shorter.
    if expected.head.is_none()
        && let Ok(text) = std::fs::read_to_string(data.join(HEAD))
    {
        expected.head = text.parse().ok();
    }
    if expected.key.is_none()
        && let Ok(text) = std::fs::read_to_string(data.join(PUBLIC))
    {
        expected.key = Some(
            PublicKey::from_pem(&text)
                .context("reading audit.pub")?
                .fingerprint(),
        );
    }
    let mut verifier = LineVerifier::new(expected);
    lines(door, since, &mut |line| {
        verifier.line(line.as_bytes());
        Ok(())
    })
    .await?;
    Ok(verifier.finish())
}

fn text(verdict: &Verdict) -> String {
    let mut lines = Vec::new();
    let problems = verdict.problems.len() as u64 + verdict.more;
    let first = verdict.first.unwrap_or_default();
    lines.push(if verdict.sound() {
        format!(
            "The audit log is sound: entries {first} to {}.",
            verdict.head.number
        )
    } else {
        format!("THE AUDIT LOG IS NOT SOUND: {problems} problems.")
    });
    lines.extend(
        verdict
            .problems
            .iter()
            .map(|problem| format!("! {problem}")),
    );
    if verdict.more > 0 {
        lines.push(format!("! and {} more", verdict.more));
    }
    lines.extend(
        verdict
            .warnings
            .iter()
            .map(|warning| format!("note: {warning}")),
    );
    if verdict.more_warnings > 0 {
        lines.push(format!("note: and {} more", verdict.more_warnings));
    }
    lines.push(format!("head {}", verdict.head));
    lines.extend(verdict.keys.iter().map(|key| format!("signed by {key}")));
    lines.join("\n")
}
