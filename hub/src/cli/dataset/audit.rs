//! `calluna-hub dataset audit`.

use std::path::Path;

use anyhow::Result;
use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use clap::Args;
use serde::Serialize;

use super::{Place, pick};
use crate::config::{self, FiguresConfig};
use crate::dataset::{Proved, prove};
use crate::desk::Desk;

/// Repeat every check and the proof of protection, from the releases alone: no store, no secret. Exit code 1
/// when anything does not hold.
///
/// Checked over all releases: hashes, sums, thresholds, nothing shown below a protected number, what was shown
/// stays shown, every number changes by nothing or by at least the batch. Proved for the newest release (or the
/// one given), over all revisions of every provider and period: no protected number can be confined to fewer
/// values than its threshold.
#[derive(Debug, Args)]
pub(in crate::cli) struct Audit {
    /// Prove this release; the newest without it.
    number: Option<u64>,
    #[command(flatten)]
    place: Place,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

#[derive(Debug, Serialize)]
struct Document {
    ok: bool,
    release: u64,
    public: calluna_monitor::Audit,
    proofs: Vec<Proved>,
    exact: usize,
    narrower: usize,
    minimum_width: Option<u64>,
}

impl Audit {
    pub(super) fn run(self) -> Result<Exit> {
        let releases = self.place.open()?;
        let release = pick(&releases, self.number)?;
        out::say("checking every release ...");
        let public = calluna_monitor::audit(releases.dir())?;
        let desk = self.desk()?;
        out::say(&format!("proving release {} ...", release.number));
        let solves = FiguresConfig::default().proof_solves;
        let proofs = prove(&desk, &releases, release.number, solves, &mut |one| {
            if self.format == OutputFormat::Text {
                out::data(&line(one));
            }
        })?;
        let document = Document {
            ok: public.is_clean() && proofs.iter().all(Proved::holds),
            release: release.number,
            exact: proofs.iter().map(|one| one.exact).sum(),
            narrower: proofs.iter().map(|one| one.narrower).sum(),
            minimum_width: proofs.iter().filter_map(|one| one.minimum_width).min(),
            public,
            proofs,
        };
        match self.format {
            OutputFormat::Json => out::json(&document),
            OutputFormat::Text => text(&document),
        }
        Ok(if document.ok {
            Exit::Done
        } else {
            Exit::Failed
        })
    }

    /// The tables and rules of the hub where its settings are at hand, else the usual ones.
    fn desk(&self) -> Result<Desk> {
        let Some(data) = self
            .place
            .data
            .as_deref()
            .filter(|_| self.place.releases.is_none())
        else {
            return Desk::new(&FiguresConfig::default(), Path::new(""));
        };
        let config = config::read(data, &ProcessEnvironment)?;
        Desk::new(&config.figures, data)
    }
}

fn line(one: &Proved) -> String {
    let width = one
        .minimum_width
        .map_or_else(|| "-".to_owned(), |width| width.to_string());
    let word = if one.holds() {
        "holds"
    } else {
        "DOES NOT HOLD"
    };
    format!(
        "{}  {}: {} revisions, {} protected numbers, narrowest {width}, exact {}, too narrow {}: {word}",
        one.period, one.provider, one.revisions, one.hidden, one.exact, one.narrower
    )
}

fn text(document: &Document) {
    for proved in &document.proofs {
        for rule in proved.broken.iter().take(20) {
            out::data(&format!("{}  {}: {rule}", proved.period, proved.provider));
        }
    }
    for finding in &document.public.findings {
        out::data(&format!(
            "release {}, {}: {}",
            finding.release, finding.place, finding.what
        ));
    }
    let word = if document.ok {
        "Everything holds."
    } else {
        "NOT EVERYTHING HOLDS."
    };
    out::say(&format!(
        "{word} {} releases, {} rows; {} shown and {} protected numbers; disclosed exactly {}, too narrow {}",
        document.public.releases.len(),
        document.public.rows,
        document.public.shown,
        document.public.hidden,
        document.exact,
        document.narrower
    ));
}
