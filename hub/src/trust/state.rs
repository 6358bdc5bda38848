//! `ca.json`: which authority of those in the directory issues, which one will, which one did. It is the
//! one place where a change takes effect: new files are written before it, old ones removed after it, so
//! whoever is cut off in between has the whole old or the whole new state.

use std::fs;

use anyhow::{Context, Result, ensure};
use calluna_certs::files;
use calluna_host::data_dir::DataDir;
use calluna_model::clock::Moment;
use serde::{Deserialize, Serialize};

/// Name of the file. A hub whose authority was never changed has none.
pub const STATE: &str = "ca.json";
/// The first authority; later ones are called `ca-2`, `ca-3`, and so on.
const FIRST: &str = "ca";
/// Version of this document's shape.
const VERSION: u32 = 1;

/// How far the replacement of the authority is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// There is one authority.
    Settled,
    /// Members are told to trust the next one too; the old one issues still.
    Introduced,
    /// The new one issues; members renew, and the old one is trusted still.
    Switched,
}

/// The content of `ca.json`. Authorities are named by the stem of their files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    v: u32,
    /// The one that issues.
    pub issuing: String,
    /// The one that will issue.
    #[serde(default)]
    pub next: Option<String>,
    /// The one that issued before. Its key is gone.
    #[serde(default)]
    pub old: Option<String>,
    /// What the older one says for the newer one, PEM.
    #[serde(default)]
    pub vouchers_pem: String,
    /// Since when it stands so.
    #[serde(default)]
    pub since: Option<Moment>,
    /// The highest number in a file's name.
    generation: u32,
    /// Files that this change made useless, and that may still be there.
    #[serde(default)]
    pub remove: Vec<String>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            v: VERSION,
            issuing: FIRST.to_owned(),
            next: None,
            old: None,
            vouchers_pem: String::new(),
            since: None,
            generation: 1,
            remove: Vec::new(),
        }
    }
}

impl State {
    /// Reads it; the first authority where there is no file.
    ///
    /// # Errors
    /// When it cannot be read or makes no sense.
    pub fn read(dir: &DataDir) -> Result<Self> {
        let path = dir.join(STATE);
        if !fs::exists(&path)? {
            return Ok(Self::default());
        }
        let text = files::read_text(&path)?;
        let wrong = || {
            format!(
                "{} cannot be used; restore it, together with the ca files beside it, from a backup of this hub",
                path.display()
            )
        };
        let state: Self = serde_json::from_str(&text).with_context(wrong)?;
        state.check().with_context(wrong)?;
        Ok(state)
    }

    /// Writes it: from this moment on it holds.
    ///
    /// # Errors
    /// When it cannot be written; the old one holds then.
    pub fn write(&self, dir: &DataDir) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(files::write_private(&dir.join(STATE), text.as_bytes())?)
    }

    fn check(&self) -> Result<()> {
        ensure!(
            self.v == VERSION,
            "it was written by a newer version of this program (form {})",
            self.v
        );
        let stems = [Some(&self.issuing), self.next.as_ref(), self.old.as_ref()];
        for stem in stems.into_iter().flatten() {
            ensure!(is_stem(stem), "`{stem}` is not the name of an authority");
        }
        for name in &self.remove {
            let stem = name
                .strip_suffix(".key")
                .or_else(|| name.strip_suffix(".crt"));
            ensure!(
                stem.is_some_and(is_stem),
                "`{name}` is not a file of an authority"
            );
        }
        ensure!(
            self.next.is_none() || self.old.is_none(),
            "two replacements at once"
        );
        Ok(())
    }

    /// How far the replacement of the authority is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match (&self.next, &self.old) {
            (Some(_), _) => Phase::Introduced,
            (None, Some(_)) => Phase::Switched,
            (None, None) => Phase::Settled,
        }
    }

    /// The stem for one more authority, and this state with the number taken. Files of that name can
    /// only be left over from a change that never took effect, and are written over.
    #[must_use]
    pub fn one_more(&self) -> (String, Self) {
        let generation = self.generation.saturating_add(1);
        let stem = format!("{FIRST}-{generation}");
        (
            stem,
            Self {
                generation,
                ..self.clone()
            },
        )
    }

    /// The stems of the authorities whose keys are here.
    pub fn with_keys(&self) -> impl Iterator<Item = &str> {
        [Some(&self.issuing), self.next.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// Every file of the data directory that belongs to the authorities.
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        let keys = self.with_keys().map(key_file);
        let stems = self.with_keys().chain(self.old.as_deref());
        keys.chain(stems.map(certificate_file)).collect()
    }
}

/// The file with the key of the authority `stem`.
pub(crate) fn key_file(stem: &str) -> String {
    format!("{stem}.key")
}

/// The file with the certificate of the authority `stem`, and those up to the root.
pub(crate) fn certificate_file(stem: &str) -> String {
    format!("{stem}.crt")
}

fn is_stem(text: &str) -> bool {
    text == FIRST
        || text
            .strip_prefix("ca-")
            .is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number > 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_and_names_no_file_of_somebody_else() {
        let home = tempfile::tempdir().unwrap();
        let dir = DataDir::create_new(&home.path().join("hub")).unwrap();
        assert_eq!(State::read(&dir).unwrap(), State::default());
        let (stem, more) = State::default().one_more();
        assert_eq!(stem, "ca-2");
        let state = State {
            next: Some(stem),
            remove: vec!["ca.key".to_owned()],
            ..more
        };
        state.write(&dir).unwrap();
        assert_eq!(State::read(&dir).unwrap(), state);
        assert_eq!(state.phase(), Phase::Introduced);
        assert_eq!(state.files(), ["ca.key", "ca-2.key", "ca.crt", "ca-2.crt"]);
        assert_eq!(state.one_more().0, "ca-3");
        let text = fs::read_to_string(dir.join(STATE)).unwrap();
        for wrong in [
            text.replace("\"ca.key\"", "\"hub.key\""),
            text.replace("\"ca.key\"", "\"../ca.key\""),
            text.replace("\"ca-2\"", "\"ca-../x\""),
            text.replace("\"v\": 1", "\"v\": 2"),
            text.replace("\"old\": null", "\"old\": \"ca-3\""),
            text.replace("\"old\"", "\"former\""),
            String::new(),
        ] {
            fs::write(dir.join(STATE), wrong).unwrap();
            let said = format!("{:#}", State::read(&dir).unwrap_err());
            assert!(said.contains("backup"), "{said}");
        }
    }
}
