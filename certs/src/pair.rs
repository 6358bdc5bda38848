//! A key and its certificate in two files that are replaced together or not at all.
//!
//! Two files cannot be renamed in one step, so a replacement is prepared beside them (`….next`) and
//! the order of the steps tells, after a crash, how far it came: [`PairFiles::heal`] ends it or takes
//! it back. A key that waits alone (`node.key.next` without a certificate) belongs to a request whose
//! answer may have been lost; the same request is sent again with it.

use std::fs;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use zeroize::Zeroizing;

use crate::error::CertError;
use crate::files::{self, FileError};
use crate::request::NodeKey;
use crate::x509::parse;

/// A key and a certificate that cannot be read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// What a file holds.
    #[error("{}: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: CertError,
    },
}

/// Where a key and its certificate lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairFiles {
    key: PathBuf,
    certificate: PathBuf,
}

impl PairFiles {
    /// The pair in the directory `dir`.
    #[must_use]
    pub fn new(dir: &Path, key: &str, certificate: &str) -> Self {
        Self {
            key: dir.join(key),
            certificate: dir.join(certificate),
        }
    }

    /// The file with the key.
    #[must_use]
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// The file with the certificate.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Ends a replacement that was cut off, so that both files belong together again. Whoever opens
    /// the pair calls this first.
    ///
    /// # Errors
    /// When a file cannot be read or moved.
    pub fn heal(&self) -> Result<(), PairError> {
        let (key_next, certificate_next) = (next(&self.key), next(&self.certificate));
        let Some(certificate) = read_if_there(&certificate_next)? else {
            return Ok(());
        };
        let waits = read_if_there(&key_next)?;
        if waits.is_some_and(|key| are_pair(&key, &certificate)) {
            files::rename(&key_next, &self.key)?;
        }
        if read_if_there(&self.key)?.is_some_and(|key| are_pair(&key, &certificate)) {
            files::rename(&certificate_next, &self.certificate)?;
        } else {
            // A certificate without any key here is of no use to anybody.
            files::remove(&certificate_next)?;
        }
        Ok(())
    }

    /// Key and certificate, PEM. The key must be private.
    ///
    /// # Errors
    /// When a file is missing, or others can read the key.
    pub fn read(&self) -> Result<(Zeroizing<String>, String), PairError> {
        files::check_private(&self.key)?;
        let key = Zeroizing::new(files::read_text(&self.key)?);
        Ok((key, files::read_text(&self.certificate)?))
    }

    /// The key of the next certificate: the one that waits for an answer, or a new one, which is kept
    /// before anybody hears of it.
    ///
    /// # Errors
    /// When it cannot be read or kept.
    pub fn next_key(&self) -> Result<NodeKey, PairError> {
        // A torn file cannot be: it was renamed into place. So whatever is unreadable was written by
        // somebody else, and a new key harms nobody.
        match self.waiting_key()? {
            Some(key) => Ok(key),
            None => self.fresh_key(),
        }
    }

    /// The key of a request whose answer was lost, if there is one ([`PairFiles::next_key`]).
    ///
    /// # Errors
    /// When it cannot be read, or others can read it.
    pub fn waiting_key(&self) -> Result<Option<NodeKey>, PairError> {
        let path = next(&self.key);
        let Some(pem) = read_if_there(&path)? else {
            return Ok(None);
        };
        files::check_private(&path)?;
        Ok(NodeKey::from_pem(&pem).ok())
    }

    /// A new key for the next certificate, in the place of one that waits.
    ///
    /// # Errors
    /// When it cannot be kept.
    pub fn fresh_key(&self) -> Result<NodeKey, PairError> {
        let path = next(&self.key);
        let key = NodeKey::generate().map_err(|source| PairError::Content {
            path: path.clone(),
            source,
        })?;
        files::write_private(&path, key.pem().as_bytes())?;
        Ok(key)
    }

    /// Copies the present pair beside itself (`….old`), for the case that who gave the next one forgets it.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn keep_old(&self) -> Result<(), PairError> {
        let (key, certificate) = self.read()?;
        files::write_private(&old(&self.key), key.as_bytes())?;
        files::write_private(&old(&self.certificate), certificate.as_bytes())?;
        Ok(())
    }

    /// The pair that [`PairFiles::keep_old`] kept; none where its two files do not belong together.
    ///
    /// # Errors
    /// When a file cannot be read, or others can read the key.
    pub fn old(&self) -> Result<Option<(Zeroizing<String>, String)>, PairError> {
        let path = old(&self.key);
        let (Some(key), Some(certificate)) = (
            read_if_there(&path)?,
            read_if_there(&old(&self.certificate))?,
        ) else {
            return Ok(None);
        };
        files::check_private(&path)?;
        let certificate = certificate.to_string();
        Ok(are_pair(&key, &certificate).then_some((key, certificate)))
    }

    /// Removes what [`PairFiles::keep_old`] kept.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn forget_old(&self) -> Result<(), PairError> {
        for path in [old(&self.key), old(&self.certificate)] {
            if read_if_there(&path)?.is_some() {
                files::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Puts a new key and its certificate in the place of the old ones. Durable when it returns; cut
    /// off in between, [`PairFiles::heal`] ends it.
    ///
    /// # Errors
    /// When they are no pair, or a file cannot be written. The old pair is still whole then, or the
    /// new one is after `heal`.
    pub fn replace(&self, key_pem: &str, certificate_pem: &str) -> Result<(), PairError> {
        if !are_pair(key_pem, certificate_pem) {
            return Err(PairError::Content {
                path: self.certificate.clone(),
                source: CertError::NotAPair,
            });
        }
        files::write_private(&next(&self.key), key_pem.as_bytes())?;
        files::write_public(&next(&self.certificate), certificate_pem.as_bytes())?;
        self.heal()
    }

    /// Puts a new certificate of the same key in the place of the old one.
    ///
    /// # Errors
    /// When it is not this key's, or cannot be written.
    pub fn replace_certificate(&self, certificate_pem: &str) -> Result<(), PairError> {
        let key = Zeroizing::new(files::read_text(&self.key)?);
        if !are_pair(&key, certificate_pem) {
            return Err(PairError::Content {
                path: self.certificate.clone(),
                source: CertError::NotAPair,
            });
        }
        Ok(files::write_public(
            &self.certificate,
            certificate_pem.as_bytes(),
        )?)
    }
}

fn next(path: &Path) -> PathBuf {
    with(path, ".next")
}

fn old(path: &Path) -> PathBuf {
    with(path, ".old")
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn read_if_there(path: &Path) -> Result<Option<Zeroizing<String>>, FileError> {
    match fs::exists(path) {
        Ok(false) => Ok(None),
        _ => files::read_text(path).map(|text| Some(Zeroizing::new(text))),
    }
}

/// Whether the first certificate is of this key. What cannot be read is no pair.
fn are_pair(key_pem: &str, certificate_pem: &str) -> bool {
    let Ok(der) = CertificateDer::from_pem_slice(certificate_pem.as_bytes()) else {
        return false;
    };
    let (Ok(key), Ok(certificate)) = (NodeKey::from_pem(key_pem), parse(&der, "certificate"))
    else {
        return false;
    };
    certificate.public_key().subject_public_key.data.as_ref() == key.into_pair().public_key_raw()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mint;
    use crate::peer::Peer;

    fn pair() -> (tempfile::TempDir, PairFiles, [mint::Leaf; 2]) {
        let dir = tempfile::tempdir().unwrap();
        let district = mint::district();
        let leaves = [
            mint::leaf(&district, &Peer::Hub),
            mint::leaf(&district, &Peer::Hub),
        ];
        let files = PairFiles::new(dir.path(), "hub.key", "hub.crt");
        files::write_private(files.key(), leaves[0].key_pem.as_bytes()).unwrap();
        files::write_public(files.certificate(), leaves[0].certificate_pem.as_bytes()).unwrap();
        (dir, files, leaves)
    }

    fn holds(files: &PairFiles, leaf: &mint::Leaf) -> bool {
        let (key, certificate) = files.read().unwrap();
        *key == leaf.key_pem && certificate == leaf.certificate_pem
    }

    #[test]
    fn both_are_replaced_and_nothing_is_left_beside_them() {
        let (dir, files, [_, new]) = pair();
        files.replace(&new.key_pem, &new.certificate_pem).unwrap();
        assert!(holds(&files, &new));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_replacement_that_was_cut_off_anywhere_is_ended_or_was_never_begun() {
        // What lies there after each step of `replace`.
        for step in 0..4 {
            let (_dir, files, [old, new]) = pair();
            if step > 0 {
                files::write_private(&next(files.key()), new.key_pem.as_bytes()).unwrap();
            }
            if step > 1 {
                let path = next(files.certificate());
                files::write_public(&path, new.certificate_pem.as_bytes()).unwrap();
            }
            if step > 2 {
                files::rename(&next(files.key()), files.key()).unwrap();
            }
            files.heal().unwrap();
            assert!(
                holds(&files, if step > 1 { &new } else { &old }),
                "step {step}"
            );
            assert!(!next(files.certificate()).exists(), "step {step}");
        }
    }

    #[test]
    fn a_key_that_waits_is_used_again_and_survives() {
        let (_dir, files, [old, _]) = pair();
        let first = files.next_key().unwrap().pem();
        assert_eq!(first, files.next_key().unwrap().pem());
        files.heal().unwrap();
        assert_eq!(first, files.next_key().unwrap().pem());
        assert!(holds(&files, &old));
    }

    #[test]
    fn the_former_pair_is_private_and_there_only_whole() {
        let (_dir, files, [former, new]) = pair();
        assert!(files.old().unwrap().is_none());
        files.keep_old().unwrap();
        files.replace(&new.key_pem, &new.certificate_pem).unwrap();
        assert!(holds(&files, &new));
        let (key, certificate) = files.old().unwrap().unwrap();
        assert!(*key == former.key_pem && certificate == former.certificate_pem);
        files::check_private(&old(files.key())).unwrap();
        files::check_private(&old(files.certificate())).unwrap();
        // Cut off between the two files.
        files::write_private(&old(files.key()), new.key_pem.as_bytes()).unwrap();
        assert!(files.old().unwrap().is_none());
        files.forget_old().unwrap();
        files.forget_old().unwrap();
        assert!(!old(files.key()).exists() && !old(files.certificate()).exists());
    }

    #[test]
    fn what_is_no_pair_is_refused_and_the_old_one_stays() {
        let (_dir, files, [old, new]) = pair();
        assert!(files.replace(&old.key_pem, &new.certificate_pem).is_err());
        assert!(files.replace_certificate(&new.certificate_pem).is_err());
        assert!(files.replace("", "").is_err());
        files.replace_certificate(&old.certificate_pem).unwrap();
        assert!(holds(&files, &old));
        // A certificate that belongs to nobody is taken away.
        files::write_public(&next(files.certificate()), new.certificate_pem.as_bytes()).unwrap();
        files.heal().unwrap();
        assert!(holds(&files, &old) && !next(files.certificate()).exists());
    }
}
