//! `import`: files into the catalogue, through the daemon if it runs, else by hand.

mod control;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, Progress, safe};
use calluna_import::Mapping;
use calluna_model::head::Head;
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{Around, Data, runtime};
use crate::config::Settings;
use crate::intake::{FileReport, Intake, Reading, mapping_in};
use crate::publish::{Difference, PublishError, Published, Terms};
use crate::run::{Node, NodeError};
use crate::text::{FINDINGS, Words};

#[derive(Debug, Args)]
pub(super) struct Import {
    /// The files (or a folder with a OneRoster bundle); together they are one publication.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    data: Data,
    /// The format; found out by itself otherwise.
    #[arg(long, value_enum, default_value_t)]
    format: FormatName,
    /// A TOML file that says which column holds what (CSV and XLSX).
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// The files are the complete list: what is not in them is removed.
    #[arg(long)]
    replace: bool,
    /// Only show what would change.
    #[arg(long)]
    dry_run: bool,
    /// One JSON document instead of text.
    #[arg(long, value_enum)]
    report: Option<ReportFormat>,
    /// Do it although more is removed than goes without asking.
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FormatName {
    #[default]
    Auto,
    Openvhs,
    Kufer,
    Xcri,
    Openqcat,
    Elm,
    Oneroster,
    Kursnet,
    Moochub,
    Schemaorg,
    Csv,
    Xlsx,
    Jsonl,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReportFormat {
    Json,
}

/// The document of `--report json`.
#[derive(Debug, Default, Serialize)]
struct Document<'a> {
    files: &'a [FileReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<&'a Difference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Head>,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Import {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let settings = Settings::load(&self.data.data, &ProcessEnvironment)?;
        let mut intake = Intake::default();
        let done = self
            .read(&settings, &mut intake, around.words)
            .and_then(|()| self.publish(settings, &intake, around));
        match done {
            Ok(published) => Ok(self.tell(&intake, &published, around.words)),
            Err(error) => {
                if self.report.is_some() {
                    let error = Some(safe(&format!("{error:#}")));
                    let dry_run = self.dry_run;
                    out::json(&Document {
                        files: &intake.files,
                        dry_run,
                        error,
                        ..Document::default()
                    });
                }
                Err(error)
            }
        }
    }

    fn read(&self, settings: &Settings, intake: &mut Intake, words: Words) -> anyhow::Result<()> {
        let mapping = self.mapping(settings, words)?;
        let only = Some(settings.config.import.only.as_str()).filter(|only| !only.is_empty());
        let reading = Reading {
            format: self.format.name(),
            mapping: mapping.as_ref(),
            only,
        };
        let progress = Progress::new(words.pick("lesen", "read"), Some(self.files.len() as u64));
        for path in &self.files {
            progress.message(&path.display().to_string());
            intake
                .add(path, &reading)
                .map_err(|error| anyhow!(error.message(words.0)))?;
            progress.inc(1);
        }
        let offers = intake.offers.len();
        progress.finish(&words.pick(format!("{offers} Angebote"), format!("{offers} offers")));
        Ok(())
    }

    /// The mapping that was named here, else the one of the settings.
    fn mapping(&self, settings: &Settings, words: Words) -> anyhow::Result<Option<Mapping>> {
        let set = Some(PathBuf::from(&settings.config.import.mapping));
        let named = self.mapping.clone().or(set);
        named
            .filter(|path| !path.as_os_str().is_empty())
            .map(|path| mapping_in(&path, words.0).map_err(|why| anyhow!(why)))
            .transpose()
    }

    fn publish(
        &self,
        settings: Settings,
        intake: &Intake,
        around: &Around,
    ) -> anyhow::Result<Published> {
        let terms = Terms {
            dry_run: self.dry_run,
            confirmed: self.yes,
            ..intake.terms(self.replace)
        };
        let socket = settings.socket();
        let runtime = runtime()?;
        if let Some(published) =
            runtime.block_on(control::publish(&socket, &intake.offers, &terms))?
        {
            return Ok(published);
        }
        let node = match Node::with_settings(
            settings,
            Arc::clone(&around.clock),
            Arc::clone(&around.entropy),
        ) {
            Ok(node) => node,
            // A daemon that has just started has the store before it has its socket.
            Err(NodeError::Store(error)) if error.is_locked() => {
                let again = runtime.block_on(control::publish(&socket, &intake.offers, &terms))?;
                return again.ok_or_else(|| anyhow!(error));
            }
            Err(error) => return Err(error.into()),
        };
        let published = node.publisher().publish(&intake.offers, &terms);
        published.map_err(|error: PublishError| anyhow!(around.words.publish_error(&error)))
    }

    fn tell(&self, intake: &Intake, published: &Published, words: Words) -> Exit {
        let (difference, refused) = (&published.difference, intake.refused());
        if self.report.is_some() {
            out::json(&Document {
                files: &intake.files,
                difference: Some(difference),
                head: Some(published.head),
                dry_run: self.dry_run,
                error: None,
            });
        } else {
            let mut lines = vec![words.difference(difference, refused)];
            if self.dry_run {
                lines.extend(words.examples(difference));
            }
            lines.extend(words.findings(&intake.files, FINDINGS));
            let lines: Vec<String> = lines.iter().map(|line| safe(line)).collect();
            out::data(&lines.join("\n"));
        }
        if self.dry_run {
            out::say(words.dry_run());
            if let Some(shrink) = difference.held.as_ref().filter(|_| !self.yes) {
                out::say(&words.would_be_held(shrink));
            }
        }
        if refused > 0 {
            Exit::Partly
        } else {
            Exit::Done
        }
    }
}

impl FormatName {
    fn name(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Openvhs => Some("openvhs"),
            Self::Kufer => Some("kufer"),
            Self::Xcri => Some("xcri"),
            Self::Openqcat => Some("openqcat"),
            Self::Elm => Some("elm"),
            Self::Oneroster => Some("oneroster"),
            Self::Kursnet => Some("kursnet"),
            Self::Moochub => Some("moochub"),
            Self::Schemaorg => Some("schemaorg"),
            Self::Csv => Some("csv"),
            Self::Xlsx => Some("xlsx"),
            Self::Jsonl => Some("jsonl"),
        }
    }
}
