//! The root's key kept offline: in a file on a stick in a safe. The hub issues with an intermediate
//! authority below the root, which the root renews once a year. Nodes notice nothing: they trust the root.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use calluna_certs::{Authority, Passphrase, files, sealed};
use calluna_model::clock::Moment;
use calluna_model::entropy::Entropy;
use zeroize::Zeroizing;

use super::Credentials;
use super::change::{ChangeError, need};
use super::state::{Phase, certificate_file, key_file};

/// So many days before the intermediate authority runs out it is said every day.
pub const INTERMEDIATE_WARN_DAYS: i64 = 90;

const KEY_BEGINS: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// A file with a root's certificate and its key, which is always encrypted.
#[derive(Debug)]
pub struct RootFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What the key in it is encrypted with.
    pub passphrase: Passphrase,
}

impl RootFile {
    /// Writes it and reads it back.
    ///
    /// # Errors
    /// When there is something already, it would lie in `dir`, it cannot be written, or does not read back.
    fn write(&self, dir: &Path, root: &Authority, entropy: &dyn Entropy) -> Result<()> {
        let path = &self.path;
        ensure!(
            !path.try_exists()?,
            "{} is there already, and may be the only copy of another key; give another name",
            path.display()
        );
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let parent = parent.canonicalize();
        let parent =
            parent.with_context(|| format!("cannot find the directory of {}", path.display()))?;
        ensure!(
            !parent.starts_with(dir.canonicalize()?),
            "{} would lie in the hub's own directory, where it is not offline; give a path on a stick or \
             another machine",
            path.display()
        );
        let key = sealed::seal(&root.key_pem(), &self.passphrase, entropy)?;
        files::write_private(path, format!("{}{key}", root.root_pem()).as_bytes())?;
        let back = self.open()?;
        ensure!(
            back.fingerprint() == root.fingerprint(),
            "{} holds something else than was written; look at the medium, and use another one",
            path.display()
        );
        Ok(())
    }

    /// Reads the root.
    ///
    /// # Errors
    /// When it cannot be read, the passphrase is another one, or it holds no root.
    pub fn open(&self) -> Result<Authority> {
        let path = self.path.display();
        let text = Zeroizing::new(files::read_text(&self.path)?);
        let Some(at) = text.find(KEY_BEGINS) else {
            bail!(
                "{path} holds no encrypted key; give the file that `calluna-hub ca take-offline` or `ca introduce` wrote"
            );
        };
        let (certificate, key) = text.split_at(at);
        let key =
            sealed::open(key, Some(&self.passphrase)).with_context(|| format!("opening {path}"))?;
        Authority::from_pem(certificate, &key).with_context(|| format!("reading {path}"))
    }
}

impl Credentials {
    /// Takes the root's key out of this machine: from now on an intermediate authority issues, valid `days`
    /// days. The key goes only after the file was read back.
    ///
    /// # Errors
    /// When the key is locked or offline already, an authority is being replaced, or a file cannot be
    /// written. The root's key is here still then.
    pub fn take_offline(
        &self,
        file: &RootFile,
        days: u32,
        entropy: &dyn Entropy,
    ) -> Result<Moment> {
        let (dir, one_at_a_time) = self.alone()?;
        let standing = self.now();
        need(&standing, Phase::Settled)?;
        let root = standing.authority()?;
        if !root.is_root() {
            return Err(ChangeError::AlreadyOffline.into());
        }
        let issuing = root.intermediate(None, days, self.clock.as_ref(), entropy)?;
        let (stem, mut state) = standing.state.one_more();
        self.write_authority(dir, &stem, &issuing, entropy)?;
        file.write(dir.path(), root, entropy)?;
        let old = std::mem::replace(&mut state.issuing, stem);
        state
            .remove
            .extend([key_file(&old), certificate_file(&old)]);
        self.commit(dir, state)?;
        let root = standing.root().to_string();
        tracing::info!(root, "authority-taken-offline");
        drop(one_at_a_time);
        self.settle()?;
        Ok(issuing.not_after())
    }

    /// Puts a new intermediate authority in the place of the one that issues, valid `days` days.
    ///
    /// # Errors
    /// When the root is here, or another one, or a file cannot be written.
    pub fn renew_intermediate(
        &self,
        file: &RootFile,
        days: u32,
        entropy: &dyn Entropy,
    ) -> Result<Moment> {
        let (dir, one_at_a_time) = self.alone()?;
        let standing = self.now();
        if standing.chain.is_root {
            return Err(ChangeError::OnlineRoot.into());
        }
        let root = self.root_in(file)?;
        let issuing = root.intermediate(None, days, self.clock.as_ref(), entropy)?;
        let (stem, mut state) = standing.state.one_more();
        self.write_authority(dir, &stem, &issuing, entropy)?;
        state.issuing = stem;
        let old = &standing.state.issuing;
        state.remove.extend([key_file(old), certificate_file(old)]);
        // Not by `commit`: how long a replacement takes is counted from its own steps.
        state.write(dir)?;
        self.reload(dir)?;
        let until = issuing.not_after();
        tracing::info!(%until, "intermediate-renewed");
        drop(one_at_a_time);
        self.settle()?;
        Ok(until)
    }

    /// [`Credentials::introduce`] where the root's key is offline: the key of the next root is written to
    /// `to` and never lies here.
    ///
    /// # Errors
    /// As there; when `file` holds another root, or `to` cannot be written.
    pub fn introduce_offline(
        &self,
        file: &RootFile,
        to: &RootFile,
        days: u32,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        let (dir, _one_at_a_time) = self.alone()?;
        let standing = self.now();
        need(&standing, Phase::Settled)?;
        if standing.chain.is_root {
            return Err(ChangeError::OnlineRoot.into());
        }
        let old = self.root_in(file)?;
        let root = Authority::create(&old.name(), self.clock.as_ref(), entropy)?;
        let issuing = root.intermediate(None, days, self.clock.as_ref(), entropy)?;
        let voucher = old.vouch_for(&root, self.clock.as_ref(), entropy)?;
        to.write(dir.path(), &root, entropy)?;
        self.add_next(dir, &standing, &issuing, voucher, entropy)
    }

    fn root_in(&self, file: &RootFile) -> Result<Authority> {
        let root = file.open()?;
        let expected = self.now().root();
        if root.fingerprint() != expected {
            return Err(ChangeError::OtherRoot {
                file: file.path.display().to_string(),
                found: root.fingerprint().to_string(),
                expected: expected.to_string(),
            }
            .into());
        }
        Ok(root)
    }
}
