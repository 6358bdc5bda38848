//! The steps by which one authority takes the place of another. Each writes new files, then `ca.json`,
//! and removes what became useless last; [`Credentials::settle`] does what a step that was cut off left.

use std::sync::Arc;

use anyhow::{Context, Result};
use calluna_certs::{Authority, files, sealed};
use calluna_host::data_dir::DataDir;
use calluna_model::entropy::Entropy;

use super::Credentials;
use super::standing::{Issuing, Locked, Standing, unlock};
use super::state::{Phase, State, certificate_file, key_file};

/// A step that cannot be done as things stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The next authority was introduced already.
    #[error(
        "the next authority is introduced already; `calluna-hub ca status` says what it waits for, \
         and `calluna-hub ca switch` lets it issue"
    )]
    Introduced,
    /// The old authority is trusted still.
    #[error(
        "the authority was replaced lately and the one before it is trusted still; first: calluna-hub ca retire"
    )]
    Switched,
    /// No authority is being replaced.
    #[error("no authority is being replaced; that begins with: calluna-hub ca introduce")]
    Settled,
    /// The hub's own certificate is of the old authority.
    #[error(
        "the hub's own certificate is still of the old authority; it is renewed by itself within a minute while \
         the hub runs (calluna-hub status says if it cannot be)"
    )]
    HubIsOld,
    /// The root's key is elsewhere.
    #[error(
        "the root's key is kept offline, and only it can vouch for the next authority; stop the hub, and give the \
         file: calluna-hub ca introduce --root-key FILE --to FILE2"
    )]
    OfflineRoot,
    /// The root's key is here.
    #[error("the root's key is not offline, so there is no intermediate authority to renew")]
    OnlineRoot,
    /// The root's key is offline already.
    #[error(
        "the root's key is offline already; the hub issues with an intermediate authority (calluna-hub ca status)"
    )]
    AlreadyOffline,
    /// Another root.
    #[error(
        "the key in {file} is of another authority ({found}); the root of this hub is {expected}: look for the file \
         that `calluna-hub ca take-offline` or `ca introduce` wrote last"
    )]
    OtherRoot {
        /// The file.
        file: String,
        /// Fingerprint of the authority in it.
        found: String,
        /// Fingerprint that was expected.
        expected: String,
    },
}

impl Credentials {
    /// Makes the next authority and tells everybody to trust it too. The root's key must be here.
    ///
    /// # Errors
    /// When one is introduced already, the key is locked or offline, or a file cannot be written.
    pub fn introduce(&self, entropy: &dyn Entropy) -> Result<()> {
        let (dir, _one_at_a_time) = self.alone()?;
        let standing = self.now();
        need(&standing, Phase::Settled)?;
        let old = Arc::clone(standing.authority()?);
        if !old.is_root() {
            return Err(ChangeError::OfflineRoot.into());
        }
        let new = Authority::create(&old.name(), self.clock.as_ref(), entropy)?;
        let voucher = old.vouch_for(&new, self.clock.as_ref(), entropy)?;
        self.add_next(dir, &standing, &new, voucher, entropy)
    }

    pub(super) fn add_next(
        &self,
        dir: &DataDir,
        standing: &Standing,
        new: &Authority,
        vouchers_pem: String,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        let (stem, mut state) = standing.state.one_more();
        self.write_authority(dir, &stem, new, entropy)?;
        state.next = Some(stem);
        state.vouchers_pem = vouchers_pem;
        self.commit(dir, state)?;
        let root = new.fingerprint().to_string();
        tracing::info!(root, "authority-introduced");
        Ok(())
    }

    /// Lets the next authority issue. The key of the one before goes.
    ///
    /// # Errors
    /// When none is introduced, its key cannot be opened, or a file cannot be written.
    pub fn switch(&self) -> Result<()> {
        let (dir, one_at_a_time) = self.alone()?;
        let standing = self.now();
        need(&standing, Phase::Introduced)?;
        let Some(next) = standing.state.next.clone() else {
            return Err(ChangeError::Settled.into());
        };
        // Whoever switches to a key that cannot be opened has none at all.
        if let (Issuing::Locked(why), _) = unlock(dir, &next, &self.found)? {
            return Err(Locked).context(why);
        }
        let mut state = standing.state.clone();
        let old = std::mem::replace(&mut state.issuing, next);
        state.remove.push(key_file(&old));
        state.next = None;
        state.old = Some(old);
        self.commit(dir, state)?;
        let root = self.now().root().to_string();
        tracing::info!(root, "authority-switched");
        drop(one_at_a_time);
        self.settle()
    }

    /// Takes the authority away that issued before.
    ///
    /// # Errors
    /// When there is none, the hub's own certificate is of it, or a file cannot be written.
    pub fn retire(&self) -> Result<()> {
        let (dir, one_at_a_time) = self.alone()?;
        let standing = self.now();
        need(&standing, Phase::Switched)?;
        if standing.hub_root != Some(standing.root()) {
            return Err(ChangeError::HubIsOld.into());
        }
        let mut state = standing.state.clone();
        state
            .remove
            .extend(state.old.as_deref().map(certificate_file));
        state.old = None;
        state.vouchers_pem.clear();
        self.commit(dir, state)?;
        let root = standing.oldest().root.to_string();
        tracing::info!(root, "authority-retired");
        drop(one_at_a_time);
        self.settle()
    }

    /// Removes what the last change made useless; also where that change was cut off.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn settle(&self) -> Result<()> {
        if self.dir.is_none() || self.now().state.remove.is_empty() {
            return Ok(());
        }
        let (dir, _one_at_a_time) = self.alone()?;
        let mut state = self.now().state.clone();
        for name in std::mem::take(&mut state.remove) {
            let path = dir.join(&name);
            if path.exists() {
                files::remove_secret(&path)?;
            }
        }
        state.write(dir)?;
        self.reload(dir)
    }

    /// From here on it holds.
    pub(super) fn commit(&self, dir: &DataDir, mut state: State) -> Result<()> {
        state.since = Some(self.clock.now());
        state.write(dir)?;
        self.reload(dir)
    }

    /// Writes an authority's key, encrypted where there is a passphrase, and its certificate.
    pub(super) fn write_authority(
        &self,
        dir: &DataDir,
        stem: &str,
        authority: &Authority,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        let key = match &self.found.passphrase {
            Some(passphrase) => sealed::seal(&authority.key_pem(), passphrase, entropy)?.into(),
            None => authority.key_pem(),
        };
        files::write_private(&dir.join(key_file(stem)), key.as_bytes())?;
        let certificate = dir.join(certificate_file(stem));
        Ok(files::write_public(
            &certificate,
            authority.chain_pem().as_bytes(),
        )?)
    }
}

/// Fails unless it stands so.
pub(super) fn need(standing: &Standing, phase: Phase) -> Result<(), ChangeError> {
    match standing.state.phase() {
        now if now == phase => Ok(()),
        Phase::Introduced => Err(ChangeError::Introduced),
        Phase::Switched => Err(ChangeError::Switched),
        Phase::Settled => Err(ChangeError::Settled),
    }
}
