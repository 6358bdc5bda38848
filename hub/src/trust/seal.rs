//! Encrypting the keys of the authorities where they lie.

use anyhow::{Context, Result, bail};
use calluna_certs::{Passphrase, SealError, files, sealed};
use calluna_model::entropy::Entropy;
use zeroize::Zeroizing;

use super::Credentials;
use super::standing::text;
use super::state::key_file;

impl Credentials {
    /// Encrypts every authority's key that lies here with `new`; one that is encrypted already is opened
    /// with `old` first. The names of the files that were changed. Cut off in between, it goes on when
    /// asked again. What is in use in this process stays as it is.
    ///
    /// # Errors
    /// When the passphrase is too short, the old one does not open a key, or a file cannot be written.
    pub fn seal(
        &self,
        old: Option<&Passphrase>,
        new: &Passphrase,
        entropy: &dyn Entropy,
    ) -> Result<Vec<String>> {
        new.check()?;
        let (dir, _one_at_a_time) = self.alone()?;
        let mut changed = Vec::new();
        for name in self.now().state.with_keys().map(key_file) {
            let pem = Zeroizing::new(text(dir, &name)?);
            let is_sealed = sealed::is_sealed(&pem);
            if is_sealed && sealed::open(&pem, Some(new)).is_ok() {
                continue;
            }
            let opened = match sealed::open(&pem, old.filter(|_| is_sealed)) {
                Ok(opened) => opened,
                Err(SealError::Needed) => bail!(
                    "{name} is encrypted already; to change its passphrase the present one is needed, from the \
                     place where the hub gets it"
                ),
                Err(error) => return Err(error).with_context(|| format!("opening {name}")),
            };
            let closed = sealed::seal(&opened, new, entropy)?;
            // Proved before the only other form of the key is overwritten.
            sealed::open(&closed, Some(new)).with_context(|| format!("checking {name}"))?;
            files::replace_secret(&dir.join(&name), closed.as_bytes())?;
            tracing::info!(file = name, "authority-key-sealed");
            changed.push(name);
        }
        Ok(changed)
    }
}
