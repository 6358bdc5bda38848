//! What the hub proves itself with, issues from, and tells its members to trust. All of it is
//! exchanged as a whole while the hub runs: whoever opens or accepts a connection asks for what holds
//! at that moment, and a connection keeps what it began with. So no connection is dropped when a
//! certificate is renewed, and a TLS configuration never holds half of two states.
//!
//! The files are what counts: a change writes them and then reads all of them anew, so that what is in
//! use is always what the next start would find.

mod change;
mod offline;
pub mod passphrase;
pub mod plan;
mod revoked;
mod seal;
mod standing;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use calluna_certs::tls::Identity;
use calluna_certs::{Authority, CertError, NodeKey, Passphrase, Peer, files, renew_at, sealed};
use calluna_host::data_dir::DataDir;
use calluna_model::clock::{Clock, Moment};
use calluna_model::entropy::Entropy;

pub use self::change::ChangeError;
pub use self::offline::{INTERMEDIATE_WARN_DAYS, RootFile};
pub use self::passphrase::Found;
pub use self::standing::{Issuing, Locked, REVOCATIONS, Standing};
pub use self::state::{Phase, STATE, State};

use self::standing::hub_pair;

/// The certificate of the first authority, PEM.
pub const CA_CERT: &str = "ca.crt";
/// Its key, PEM, encrypted where there is a passphrase.
pub const CA_KEY: &str = "ca.key";
/// The hub's certificate, PEM.
pub const HUB_CERT: &str = "hub.crt";
/// Its key, PEM.
pub const HUB_KEY: &str = "hub.key";

/// Holds what holds now.
#[derive(Debug)]
pub struct Credentials {
    now: ArcSwap<Standing>,
    dir: Option<DataDir>,
    found: Found,
    clock: Arc<dyn Clock>,
    changing: Mutex<()>,
    trouble: Mutex<String>,
}

impl Credentials {
    /// Without files: nothing of it can be exchanged.
    ///
    /// # Errors
    /// When the identity cannot serve.
    pub fn of(
        authority: Authority,
        identity: Identity,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CertError> {
        let standing = Standing::of(authority, identity)?;
        Ok(Self::holding(standing, None, Found::default(), clock))
    }

    fn holding(
        standing: Standing,
        dir: Option<DataDir>,
        found: Found,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            now: ArcSwap::from_pointee(standing),
            dir,
            found,
            clock,
            changing: Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    /// Makes authority and hub certificate in a new data directory. With a passphrase the authority's
    /// key is encrypted from the first byte on.
    ///
    /// # Errors
    /// When they cannot be made or written, or the passphrase is too short.
    pub fn create(
        dir: &DataDir,
        district: &str,
        hub_days: u32,
        passphrase: Option<&Passphrase>,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<()> {
        let authority = Authority::create(district, clock, entropy)?;
        let key = NodeKey::generate()?;
        let request = key.public_key()?;
        let issued = authority.issue(&Peer::Hub, &request, hub_days, clock, entropy)?;
        let kept = match passphrase {
            Some(passphrase) => sealed::seal(&authority.key_pem(), passphrase, entropy)?.into(),
            None => authority.key_pem(),
        };
        files::write_private(&dir.join(CA_KEY), kept.as_bytes())?;
        files::write_public(&dir.join(CA_CERT), authority.chain_pem().as_bytes())?;
        files::write_private(&dir.join(HUB_KEY), key.pem().as_bytes())?;
        files::write_public(&dir.join(HUB_CERT), issued.certificate_pem.as_bytes())?;
        Ok(())
    }

    /// Reads the files in the data directory.
    ///
    /// # Errors
    /// When one is missing or wrong, or a key can be read by others. An encrypted key that cannot be
    /// opened is no error: everything but issuing goes on.
    pub fn open(dir: &DataDir, found: Found, clock: Arc<dyn Clock>) -> Result<Self> {
        hub_pair(dir).heal()?;
        let standing = Standing::read(dir, &found, &clock)?;
        Ok(Self::holding(standing, Some(dir.clone()), found, clock))
    }

    /// What holds now.
    #[must_use]
    pub fn now(&self) -> Arc<Standing> {
        self.now.load_full()
    }

    /// Where the passphrase comes from; empty without one.
    #[must_use]
    pub fn passphrase_place(&self) -> &str {
        &self.found.place
    }

    /// Notes why something that was due could not be done; empty when all is well.
    pub(crate) fn note_trouble(&self, trouble: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why something that was due could not be done; empty when all is well.
    #[must_use]
    pub fn trouble(&self) -> String {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the hub's certificate is to be renewed: at two thirds of its life, and at once when it is not
    /// of the authority that issues.
    #[must_use]
    pub fn renewal_due(&self) -> Moment {
        let standing = self.now();
        let begin = standing.identity.not_before();
        if self.clock.now() < begin {
            // It was made while the clock was ahead: nobody takes it until then.
            return self.clock.now();
        }
        if standing.hub_root != Some(standing.root()) {
            return begin;
        }
        renew_at(begin, standing.identity.not_after())
    }

    /// Gives the hub a new key and certificate, valid `days` days. Connections that stand stay; new
    /// ones see the new certificate. Gives until when it is valid.
    ///
    /// # Errors
    /// When it cannot be issued or written; the old one is in use as before then.
    pub fn renew_hub(&self, days: u32, entropy: &dyn Entropy) -> Result<Moment> {
        let (dir, _one_at_a_time) = self.alone()?;
        let standing = self.now();
        let key = NodeKey::generate()?;
        let public = key.public_key()?;
        let authority = standing.authority()?;
        let issued = authority.issue(&Peer::Hub, &public, days, self.clock.as_ref(), entropy)?;
        // Nothing is put in place that could not be used afterwards.
        Identity::from_pem(&issued.certificate_pem, &key.pem(), &standing.bundle_pem)?;
        hub_pair(dir).replace(&key.pem(), &issued.certificate_pem)?;
        self.reload(dir)?;
        Ok(issued.not_after)
    }

    /// The directory, and the right to change what is in it.
    fn alone(&self) -> Result<(&DataDir, MutexGuard<'_, ()>)> {
        let dir = self.dir.as_ref().context("this hub has no files")?;
        let guard = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((dir, guard))
    }

    /// Takes into use what the files say now.
    fn reload(&self, dir: &DataDir) -> Result<()> {
        let standing = Standing::read(dir, &self.found, &self.clock)?;
        self.now.store(Arc::new(standing));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
