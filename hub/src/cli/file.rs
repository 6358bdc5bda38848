//! A file that appears whole or not at all.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file that is being written beside its place. Dropped before [`WholeFile::finish`], it is gone:
/// half a file must not lie about as if it were one.
#[derive(Debug)]
pub(super) struct WholeFile {
    file: Option<BufWriter<File>>,
    part: PathBuf,
    output: PathBuf,
}

impl WholeFile {
    pub(super) fn create(output: &Path) -> Result<Self> {
        let mut name = output.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.part", std::process::id()));
        let part = output.with_file_name(name);
        let file = File::create(&part).with_context(|| {
            format!(
                "cannot write {}; check the folder and its permissions",
                part.display()
            )
        })?;
        Ok(Self {
            file: Some(BufWriter::new(file)),
            part,
            output: output.to_owned(),
        })
    }

    pub(super) fn write(&mut self, data: &[u8]) -> Result<()> {
        let Some(file) = self.file.as_mut() else {
            return Ok(());
        };
        file.write_all(data)
            .with_context(|| format!("cannot write {}; is the disk full?", self.part.display()))
    }

    /// Makes it durable and puts it in its place.
    pub(super) fn finish(mut self) -> Result<()> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let failed = || format!("cannot write {}; is the disk full?", self.part.display());
        let placed = file
            .into_inner()
            .map_err(|error| error.into_error())
            .and_then(|file| file.sync_all())
            .with_context(failed)
            .and_then(|()| {
                std::fs::rename(&self.part, &self.output)
                    .with_context(|| format!("cannot put {} in place", self.output.display()))
            });
        if placed.is_err() {
            remove(&self.part);
        }
        placed
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            remove(&self.part);
        }
    }
}

fn remove(part: &Path) {
    let _may_not_exist = std::fs::remove_file(part);
}
