//! `calluna-hub quarantine`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use calluna_catalogue::export::sheet;
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::finding::Finding;
use calluna_model::id::ProviderId;
use calluna_model::text::{Language, hint, message};
use calluna_wire::v1 as pb;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::door::{Door, said};
use super::file::WholeFile;
use super::{Data, Lang};
use crate::quarantine::{RefusalDocument, quarantine};

/// Pieces are written when they reach this size.
const PIECE_BYTES: usize = 64 * 1024;

const HEADER: [&str; 10] = [
    "provider",
    "record",
    "field",
    "value",
    "rule",
    "limit",
    "message",
    "hint",
    "earlier_version_shown",
    "refused_since",
];

/// List the records that are refused at present: what is wrong with each, and what to do.
#[derive(Debug, Args)]
pub(super) struct Quarantine {
    /// Only these providers.
    #[arg(value_name = "PROVIDER")]
    providers: Vec<ProviderId>,
    #[command(flatten)]
    data: Data,
    /// How to write the list.
    #[arg(long, value_enum, default_value_t)]
    format: ListFormat,
    /// Write to this file, which appears whole or not at all; otherwise to standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Language of the rules and hints; otherwise that of the environment.
    #[arg(long, value_enum)]
    lang: Option<Lang>,
}

/// How the list is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// For people: lines.
    #[default]
    Text,
    /// For programs: one JSON list.
    Json,
    /// For a spreadsheet: one row per broken rule; no cell is run as a formula.
    Csv,
}

impl Quarantine {
    pub(super) async fn run(self) -> Result<Exit> {
        let door = Door::open(&self.data.data).await?;
        let file = self.output.as_deref().map(WholeFile::create).transpose()?;
        let mut list = List {
            format: self.format,
            language: Lang::or_environment(self.lang),
            file,
            waiting: Vec::new(),
            records: 0,
            provider: None,
        };
        list.begin()?;
        match door {
            Door::Daemon(mut daemon) => {
                let provider_ids = self.providers.iter().map(ToString::to_string).collect();
                let request = pb::ListRefusalsRequest { provider_ids };
                let mut pieces = daemon
                    .list_refusals(request)
                    .await
                    .map_err(said)?
                    .into_inner();
                while let Some(piece) = pieces.message().await.map_err(said)? {
                    for json in piece.refusals_json {
                        let refusal = serde_json::from_str(&json);
                        list.take(&refusal.context("reading a refused record")?)?;
                    }
                }
            }
            Door::Here(hub) => {
                quarantine(&hub, &self.providers, &mut |refusal| list.take(&refusal))?
            }
        }
        let records = list.finish()?;
        match &self.output {
            Some(path) => out::say(&format!(
                "{records} refused records written to {}",
                path.display()
            )),
            None if records == 0 => out::say("No record is refused."),
            None => {}
        }
        Ok(Exit::Done)
    }
}

/// The list while it is written: of the records, only what waits for the next piece is held.
struct List {
    format: ListFormat,
    language: Language,
    file: Option<WholeFile>,
    waiting: Vec<u8>,
    records: u64,
    provider: Option<ProviderId>,
}

/// A finding with its words.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    message: String,
    hint: String,
}

#[derive(Serialize)]
struct ToldRefusal<'a> {
    provider: &'a ProviderId,
    record: &'a str,
    good_version_kept: bool,
    since: Option<calluna_model::clock::Moment>,
    findings: Vec<Told<'a>>,
}

impl List {
    fn begin(&mut self) -> Result<()> {
        match self.format {
            ListFormat::Text => {}
            ListFormat::Json => self.waiting.push(b'['),
            ListFormat::Csv => sheet::write_row(&mut self.waiting, &HEADER)?,
        }
        Ok(())
    }

    fn take(&mut self, refusal: &RefusalDocument) -> Result<()> {
        match self.format {
            ListFormat::Text => self.text(refusal),
            ListFormat::Json => self.json(refusal)?,
            ListFormat::Csv => self.csv(refusal)?,
        }
        self.records += 1;
        if self.waiting.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn text(&mut self, refusal: &RefusalDocument) {
        if self.provider.as_ref() != Some(&refusal.provider) {
            let blank = if self.provider.is_some() { "\n" } else { "" };
            self.line(&format!("{blank}{}", refusal.provider));
            self.provider = Some(refusal.provider.clone());
        }
        let kept = match (self.language, refusal.good_version_kept) {
            (Language::De, true) => "eine frühere Fassung ist weiter zu sehen",
            (Language::De, false) => "nicht zu sehen",
            (Language::En, true) => "an earlier version is still shown",
            (Language::En, false) => "not shown",
        };
        let since = match (self.language, refusal.since) {
            (Language::De, Some(at)) => format!(", abgelehnt seit {at}"),
            (Language::En, Some(at)) => format!(", refused since {at}"),
            (_, None) => String::new(),
        };
        self.line(&format!("  {} ({kept}{since})", out::safe(&refusal.record)));
        for finding in &refusal.findings {
            let bare = Finding {
                record: String::new(),
                ..finding.clone()
            };
            let words = calluna_model::text::line(&bare, self.language);
            self.line(&format!(
                "    {} [{}]",
                out::safe(&words),
                out::safe(&finding.rule)
            ));
        }
    }

    fn line(&mut self, line: &str) {
        self.waiting.extend_from_slice(line.as_bytes());
        self.waiting.push(b'\n');
    }

    fn json(&mut self, refusal: &RefusalDocument) -> Result<()> {
        let told = |finding| Told {
            finding,
            message: message(finding, self.language),
            hint: hint(finding, self.language),
        };
        let RefusalDocument {
            provider,
            record,
            good_version_kept,
            since,
            findings,
        } = refusal;
        let told = ToldRefusal {
            provider,
            record,
            good_version_kept: *good_version_kept,
            since: *since,
            findings: findings.iter().map(told).collect(),
        };
        self.waiting
            .extend_from_slice(if self.records == 0 { b"\n" } else { b",\n" });
        serde_json::to_writer(&mut self.waiting, &told).context("writing a record as JSON")
    }

    fn csv(&mut self, refusal: &RefusalDocument) -> Result<()> {
        let kept = match (self.language, refusal.good_version_kept) {
            (Language::De, true) => "ja",
            (Language::De, false) => "nein",
            (Language::En, true) => "yes",
            (Language::En, false) => "no",
        };
        let since = refusal.since.map(|at| at.to_string()).unwrap_or_default();
        // A record whose reasons cannot be read any more is still refused, and in the list.
        let none = [Finding::new("", "")];
        let findings = match refusal.findings.as_slice() {
            [] => &none,
            some => some,
        };
        for finding in findings {
            let row = [
                refusal.provider.as_str(),
                &refusal.record,
                &finding.field,
                &finding.value,
                &finding.rule,
                &finding.limit,
                &message(finding, self.language),
                &hint(finding, self.language),
                kept,
                &since,
            ];
            sheet::write_row(&mut self.waiting, &row).context("writing a record as CSV")?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        match &mut self.file {
            Some(file) => {
                file.write(&self.waiting)?;
                self.waiting.clear();
            }
            None => {
                // Standard output is written in whole lines; the rest waits for its end.
                let Some(end) = self.waiting.iter().rposition(|byte| *byte == b'\n') else {
                    return Ok(());
                };
                let rest = self.waiting.split_off(end + 1);
                let lines = std::mem::replace(&mut self.waiting, rest);
                out::data(String::from_utf8_lossy(&lines).trim_end_matches('\n'));
            }
        }
        Ok(())
    }

    /// How many records there were.
    fn finish(mut self) -> Result<u64> {
        if self.format == ListFormat::Json {
            self.waiting
                .extend_from_slice(if self.records == 0 { b"]\n" } else { b"\n]\n" });
        }
        if !self.waiting.is_empty() {
            self.flush()?;
        }
        if let Some(file) = self.file.take() {
            file.finish()?;
        }
        Ok(self.records)
    }
}
