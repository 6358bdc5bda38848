//! `figures import`: registration lists into protected counts.
//!
//! The one process of the node that reads registrations. It takes shelter before it opens a list, holds
//! each list in memory that is overwritten afterwards, and says of it nothing but places and rules.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use calluna_figures::{Fault, Mapping, Report};
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat, Progress, safe};
use calluna_model::text;
use calluna_tables::Period;
use calluna_tabular::cell::column_letters;
use clap::Args;
use serde::Serialize;
use zeroize::Zeroizing;

use super::super::{Around, Data};
use super::offers::Catalogue;
use crate::config::Settings;
use crate::figures::FiguresError;
use crate::figures::book::Book;
use crate::figures::ground::Ground;
use crate::figures::import::{Done, Outcome, Session, Wish};
use crate::figures::outbox::{RevisionOut, Stand, revision_out};
use crate::figures::shelter;
use crate::intake::mapping_in;
use crate::text::{FINDINGS, Words};

/// Largest list, in bytes: far more than a quarter of the largest school has.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// The list is always the whole list of its quarter: who is not in it is no longer counted. While the quarter
/// runs, import as often as you like; the numbers of the evening are what the hub fetches in the night.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The lists, CSV or XLSX; together they are the whole quarter.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The quarter, such as 2026-Q3.
    #[arg(long)]
    period: Period,
    #[command(flatten)]
    data: Data,
    /// A TOML file that says which column holds what; the headings decide otherwise.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Only show what would be published; nothing is written.
    #[arg(long)]
    dry_run: bool,
    /// Close the quarter now: it is over, and the list is complete.
    #[arg(long = "final")]
    closing: bool,
    /// Go on although most persons of the earlier lists are not in this one.
    #[arg(long)]
    yes: bool,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
    /// Say also how the list is kept from the disk.
    #[arg(long)]
    verbose: bool,
}

/// The document of `--format json`. Nothing in it is a value of a list.
#[derive(Debug, Serialize)]
struct Document<'a> {
    period: String,
    files: Vec<String>,
    rows: u64,
    counted: u64,
    refused_rows: u64,
    other_period: u64,
    repeated: u64,
    basis: &'static str,
    columns: BTreeMap<&'static str, String>,
    refused: Vec<FaultOut<'a>>,
    notices: Vec<FaultOut<'a>>,
    done: &'static str,
    dry_run: bool,
    waiting: u64,
    reasons: &'a [String],
    closes_on: &'a str,
    forgotten_on: &'a str,
    revision: Option<RevisionOut>,
}

/// A fault for programs.
#[derive(Debug, Serialize)]
struct FaultOut<'a> {
    file: &'a str,
    rule: &'static str,
    field: &'static str,
    column: String,
    lines: &'a [u64],
    count: u64,
    message: String,
    hint: String,
}

impl Import {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let words = around.words;
        let settings = Settings::load(&self.data.data, &ProcessEnvironment)?;
        let shelter = shelter::take();
        if self.verbose {
            for line in words.shelter(shelter) {
                out::say(line);
            }
        }
        let named = self.mapping.as_ref();
        let mapping = named.map(|path| mapping_in(path, words.0).map_err(|why| anyhow!(why)));
        let mapping = mapping.transpose()?;
        let Catalogue(mut offers) = Catalogue::of(&settings, around)?;
        let config = &settings.config.figures;
        let ground = Ground::of(config)?;
        let book = Book::of(settings.dir.path());
        let wish = Wish {
            book: &book,
            config,
            ground: &ground,
            period: self.period,
            closing: self.closing,
            dry_run: self.dry_run,
            confirmed: self.yes,
            now: around.clock.now(),
        };
        if !self.dry_run && book.is_busy() {
            out::say(words.pick(
                "Gerade schreibt ein anderer Vorgang an den Zahlen; dieser wartet auf ihn.",
                "Another process is writing the figures; this one waits for it.",
            ));
        }
        let session = Session::open(wish, &*around.entropy)?;
        session.recall(&mut offers)?;
        let mut import = calluna_figures::Import::new(
            &ground.frame.layout,
            &ground.postal,
            &offers,
            self.period,
            session.secret(),
        );
        self.read(&mut import, mapping.as_ref(), words)?;
        let (figures, report) = import.finish(&ground.frame.web);
        let outcome = session.decide(&figures, &report, &offers)?;
        self.tell(&report, &outcome, &ground, words);
        Ok(match report.refused_rows {
            0 => Exit::Done,
            _ => Exit::Partly,
        })
    }

    fn read(
        &self,
        import: &mut calluna_figures::Import<'_>,
        mapping: Option<&Mapping>,
        words: Words,
    ) -> anyhow::Result<()> {
        let progress = Progress::new(words.pick("lesen", "read"), Some(self.files.len() as u64));
        for path in &self.files {
            let name = name_of(path);
            progress.message(&name);
            let bytes = bytes_of(path, words)?;
            import
                .read(&name, &bytes, mapping)
                .map_err(FiguresError::List)?;
            progress.inc(1);
        }
        progress.finish(words.pick(
            "fertig; prüfen, was gezeigt werden darf",
            "done; proving what may be shown",
        ));
        Ok(())
    }

    fn tell(&self, report: &Report, outcome: &Outcome, ground: &Ground, words: Words) {
        let shown = outcome.revision.as_ref().map(|revision| {
            let stand = match outcome.done {
                Done::Proposed | Done::Would => Stand::WaitsForRelease,
                _ => Stand::WillBeSent,
            };
            revision_out(revision, stand, self.dry_run.then_some(ground))
        });
        let basis = report.basis.map_or("", |basis| basis.name());
        if self.format == OutputFormat::Json {
            let faults = |faults| fault_list(faults, words);
            out::json(&Document {
                period: self.period.to_string(),
                files: self.files.iter().map(|path| name_of(path)).collect(),
                rows: report.rows,
                counted: report.counted,
                refused_rows: report.refused_rows,
                other_period: report.other_period,
                repeated: report.repeated,
                basis,
                columns: report
                    .columns
                    .iter()
                    .map(|(field, column)| (*field, column_letters(*column)))
                    .collect(),
                refused: faults(&report.refused),
                notices: faults(&report.notices),
                done: done_code(outcome.done),
                dry_run: self.dry_run,
                waiting: outcome.waiting,
                reasons: &outcome.reasons,
                closes_on: &outcome.closes_on,
                forgotten_on: &outcome.forgotten_on,
                revision: shown,
            });
            return;
        }
        let period = self.period.to_string();
        let mut lines = vec![words.figures_read(&period, report)];
        if outcome.first {
            let told = words.pick("Personen unterscheidet", "persons are told apart by");
            lines.push(format!("{told}: {}", words.basis(basis)));
            let found = report.columns.iter();
            let found: Vec<String> = found
                .map(|(field, column)| format!("{field} {}", column_letters(*column)))
                .collect();
            let told = words.pick("gefundene Spalten", "columns found");
            lines.push(format!("{told}: {}", found.join(", ")));
        }
        lines.extend(words.faults(report, FINDINGS));
        lines.extend(words.figures_done(&period, outcome));
        if let Some(revision) = shown {
            if self.dry_run {
                lines.extend(words.revision(&revision));
            } else {
                lines.push(words.shown_counts(revision.counts));
            }
        }
        let lines: Vec<String> = lines.iter().map(|line| safe(line)).collect();
        out::data(&lines.join("\n"));
        if self.dry_run {
            out::say(words.dry_run());
        }
    }
}

fn done_code(done: Done) -> &'static str {
    match done {
        Done::Published => "published",
        Done::Proposed => "waits-for-release",
        Done::Would => "would-be-published",
        Done::Nothing => "nothing-new",
        Done::Waits => "waits-for-closing",
    }
}

fn fault_list(faults: &[Fault], words: Words) -> Vec<FaultOut<'_>> {
    let out = |fault: &'_ Fault| {
        let finding = fault.finding("");
        (
            text::message(&finding, words.0),
            text::hint(&finding, words.0),
        )
    };
    let all = faults.iter().map(|fault| {
        let (message, hint) = out(fault);
        FaultOut {
            file: &fault.file,
            rule: fault.rule.code(),
            field: fault.field,
            column: fault.column.map(column_letters).unwrap_or_default(),
            lines: &fault.lines,
            count: fault.count,
            message: message.to_string(),
            hint: hint.to_string(),
        }
    });
    all.collect()
}

/// The name of a file without its folder.
fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    safe(&name.to_string_lossy())
}

/// The bytes of a list, which are overwritten when they go.
fn bytes_of(path: &Path, words: Words) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let shown = name_of(path);
    let failed = || {
        words.pick(
            format!("{shown} lässt sich nicht lesen"),
            format!("{shown} cannot be read"),
        )
    };
    let file = File::open(path).with_context(failed)?;
    let length = file.metadata().with_context(failed)?.len();
    if length > MOST_BYTES {
        bail!(words.pick(
            format!("{shown} ist größer als 256 MiB; bitte die Liste teilen und alle Teile zusammen angeben"),
            format!("{shown} is larger than 256 MiB; split the list, and give all parts together"),
        ));
    }
    // Room at once, and one byte more: a vector that grows leaves copies behind.
    let room = usize::try_from(length)
        .unwrap_or_default()
        .saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(length)
        .read_to_end(&mut bytes)
        .with_context(failed)?;
    Ok(bytes)
}
