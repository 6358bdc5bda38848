//! `calluna-hub dataset export`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use calluna_host::exit::Exit;
use calluna_host::out;
use clap::Args;

use super::{Place, pick};

/// Copy a release, or one file of it, out of the data directory. Its hashes are checked before.
#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// Its number; the newest without it.
    number: Option<u64>,
    /// A new folder for the whole release, or with --file the file to write.
    #[arg(long, value_name = "PATH")]
    output: PathBuf,
    /// Only this file of it, such as figures/2026-Q3.csv or indicators.parquet.
    #[arg(long, value_name = "NAME")]
    file: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Export {
    pub(super) fn run(self) -> Result<Exit> {
        let releases = self.place.open()?;
        let release = pick(&releases, self.number)?;
        let faults = calluna_monitor::verify(&releases, release.number)?;
        ensure!(
            faults.is_empty(),
            "release {} is not as it was made ({} faults); copy it back from a backup of the folder. \
             `calluna-hub dataset audit` names the files",
            release.number,
            faults.len()
        );
        let from = releases.folder(release.number);
        ensure!(
            !self.output.exists(),
            "{} is there already; give a new name",
            self.output.display()
        );
        let shown = out::safe(&self.output.display().to_string());
        if let Some(name) = &self.file {
            ensure!(
                release.files.iter().any(|file| file.name == *name),
                "release {} has no file {}; `calluna-hub dataset show {}` lists them",
                release.number,
                out::safe(name),
                release.number
            );
            copy(&from.join(name), &self.output)?;
            out::say(&format!(
                "{} of release {} written to {shown}",
                out::safe(name),
                release.number
            ));
            return Ok(Exit::Done);
        }
        let own = [calluna_monitor::MANIFEST, calluna_monitor::SUMS];
        let names = release
            .files
            .iter()
            .map(|file| file.name.as_str())
            .chain(own);
        for name in names {
            let to = self.output.join(name);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder)
                    .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
            }
            copy(&from.join(name), &to)?;
        }
        out::say(&format!(
            "release {} written to {shown}; check it anywhere: cd {shown} && sha256sum -c {}",
            release.number,
            calluna_monitor::SUMS
        ));
        Ok(Exit::Done)
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .with_context(|| format!("{} cannot be copied to {}", from.display(), to.display()))?;
    Ok(())
}
