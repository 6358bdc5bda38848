//! `restore`: a node from a backup.

use std::path::PathBuf;

use anyhow::bail;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat};
use calluna_host::socket;
use clap::Args;

use super::backup::{reading, tell};
use super::{Around, Data, runtime};
use crate::backup;

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Restore {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let place = &self.data.data;
        let shown = out::safe(&place.display().to_string());
        let running = runtime()?.block_on(socket::connect(&place.join("node.sock")))?;
        if running.is_some() {
            bail!(around.words.pick(
                format!("der Knoten in {shown} läuft; halten Sie ihn an, legen Sie sein Verzeichnis beiseite und stellen Sie dann wieder her"),
                format!("the node in {shown} is running; stop it, move its directory away, then restore"),
            ));
        }
        let work = |from: backup::Around<'_>, step: &mut dyn FnMut(u64)| {
            backup::restore(&self.file, place, from, step)
        };
        let manifest = reading(around, work)?;
        let bytes = std::fs::metadata(&self.file)?.len();
        tell(self.format, around.words, &self.file, bytes, &manifest);
        if self.format == OutputFormat::Text {
            let made_at = manifest.made_at;
            out::say(&around.words.pick(
                format!(
                    "Wiederhergestellt in {shown}, Stand {made_at}.\nWie es weitergeht:\n  \
                     1. Der alte Knoten darf nie wieder laufen: zwei mit demselben Ausweis stören sich.\n  \
                     2. Importieren Sie die vollständige aktuelle Liste: calluna-node import DATEI --replace --data {shown}\n  \
                     3. calluna-node serve --data {shown}\n  \
                     4. In der nächsten Nacht vergleicht der Hub alles; ohne Beleg wird nichts entfernt."
                ),
                format!(
                    "Restored to {shown}, as of {made_at}.\nWhat happens next:\n  \
                     1. Make sure that the old node never runs again: two with one identity disturb each other.\n  \
                     2. Import the complete present list: calluna-node import FILE --replace --data {shown}\n  \
                     3. calluna-node serve --data {shown}\n  \
                     4. In the next night the hub compares everything; nothing is removed without proof."
                ),
            ));
        }
        Ok(Exit::Done)
    }
}
