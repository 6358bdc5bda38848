//! A backup after each night over all providers that came to its end: made, proved, and the oldest
//! ones removed. Not only after nights without trouble: some school is always on holiday.
//!
//! In the folder of `[backup]` lie `hub-TIME.tar.gz`. Only a file that was proved stays, and only when
//! a new one was proved are older ones removed: a failing disk never eats the last good backup. Other
//! files in that folder are nobody's business here. How it went stands in `backup.json` in the data
//! directory, and from there in `status` and in the morning report.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use calluna_host::backup::SealedFile;
use calluna_host::config::ProcessEnvironment;
use calluna_host::durable;
use calluna_model::clock::Moment;
use serde::{Deserialize, Serialize};

use super::{Around, make, verify};
use crate::hub::Hub;

/// Where it is noted how the backups went.
const NOTED: &str = "backup.json";
const BEGIN: &str = "hub-";
const END: &str = ".tar.gz";

/// How the nightly backups went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backups {
    /// When the newest one was made that was proved.
    pub verified_at: Option<Moment>,
    /// Its path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Its size in bytes.
    #[serde(default)]
    pub bytes: u64,
    /// Why the last try failed; empty when it did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failure: String,
    /// When it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Moment>,
}

/// How the nightly backups went; nothing where there are none.
#[must_use]
pub fn noted(hub: &Hub) -> Option<Backups> {
    let bytes = fs::read(hub.dir.as_ref()?.join(NOTED)).ok();
    let noted = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let wanted = !hub.config.backup.folder.as_os_str().is_empty();
    noted.or_else(|| wanted.then(Backups::default))
}

/// Makes the backup of a night. That it failed is noted and told, and no error of the night.
pub fn after_night(hub: &Hub) {
    let (Some(dir), folder) = (&hub.dir, &hub.config.backup.folder) else {
        return;
    };
    if folder.as_os_str().is_empty() {
        return;
    }
    let mut noted = noted(hub).unwrap_or_default();
    let now = hub.clock.now();
    match one(hub, &dir.join(folder), now) {
        Ok((file, bytes)) => {
            tracing::info!(file = %file.display(), bytes, "the backup of this night is made and proved");
            noted = Backups {
                verified_at: Some(now),
                file: file.display().to_string(),
                bytes,
                ..Backups::default()
            };
        }
        Err(error) => {
            noted.failure = format!("{error:#}");
            noted.failed_at = Some(now);
            tracing::error!(error = noted.failure, "the backup of this night failed");
        }
    }
    let written = serde_json::to_vec(&noted).map(|bytes| dir.write(NOTED, &bytes, 0o600));
    if !matches!(written, Ok(Ok(_))) {
        tracing::error!("how the backup went could not be noted");
    }
}

fn one(hub: &Hub, folder: &Path, now: Moment) -> Result<(PathBuf, u64)> {
    durable::make_dir(folder, 0o700).with_context(|| {
        format!(
            "the folder {} cannot be made; see [backup] in hub.toml",
            folder.display()
        )
    })?;
    // Colons are no part of a file's name everywhere.
    let name = format!("{BEGIN}{}{END}", now.to_string().replace(':', ""));
    let file = folder.join(name);
    let out = SealedFile::create(&file, true)?;
    let (_, out) = make(hub, out, &mut |_| ())?;
    let bytes = out.finish()?;
    let around = Around {
        environment: &ProcessEnvironment,
        entropy: hub.entropy.as_ref(),
    };
    if let Err(error) = verify(&file, false, around, &mut |_| ()) {
        // What cannot be restored must not lie about as if it could.
        let _may_stay = fs::remove_file(&file);
        return Err(error.context("the backup was made, and could not be restored on trial"));
    }
    remove_older(folder, hub.config.backup.keep.get())?;
    Ok((file, bytes))
}

/// Keeps the newest `keep`; their names sort as their times do.
fn remove_older(folder: &Path, keep: usize) -> Result<()> {
    let shown = || format!("older backups in {} cannot be removed", folder.display());
    let mut ours = Vec::new();
    for entry in fs::read_dir(folder).with_context(shown)? {
        let name = entry.with_context(shown)?.file_name();
        let name = name.to_string_lossy().into_owned();
        if name.starts_with(BEGIN) && name.ends_with(END) {
            ours.push(name);
        }
    }
    ours.sort();
    ours.reverse();
    for name in ours.iter().skip(keep) {
        fs::remove_file(folder.join(name)).with_context(shown)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_other_files_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let names = [
            "hub-2026-11-01T031700Z.tar.gz",
            "hub-2026-11-03T031700Z.tar.gz",
            "hub-2026-11-02T031700Z.tar.gz",
            "letter.odt",
            "hub-notes.txt",
        ];
        for name in names {
            fs::write(dir.path().join(name), name).unwrap();
        }
        remove_older(dir.path(), 2).unwrap();
        let left = |name: &str| dir.path().join(name).exists();
        assert_eq!(names.map(left), [false, true, true, true, true]);
    }
}
