//! Which key a join asks for, and how a join that was cut off anywhere is asked for again with the same
//! one: a token opens for one key only.
//!
//! `token.next` is written before anything is sent: the hash of the token and the key that is asked for.
//! It becomes `token` when everything else is in place.

use std::fs;

use calluna_certs::pair::PairFiles;
use calluna_certs::{JoinToken, NodeKey, files, secret_hash};
use calluna_host::data_dir::DataDir;
use calluna_host::durable::FileError;
use data_encoding::HEXLOWER;

use super::JoinError;
use crate::keyring::{CERTIFICATE, KEY};

/// Holds the hash of the token with which this node joined: another one is a new invitation.
const TOKEN: &str = "token";
/// The same, of a join that has not come to its end.
const NEXT: &str = "token.next";

/// A join with one token in one directory.
pub(super) struct Attempt<'a> {
    data: &'a DataDir,
    hash: String,
}

/// A key to ask for.
pub(super) struct Asked {
    /// The key, kept on disk.
    pub(super) key: NodeKey,
    /// Whether it is the only one to ask for. Otherwise a refusal may be meant for the key (it was
    /// revoked), and a new one can be tried.
    pub(super) only: bool,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(token: &JoinToken, data: &'a DataDir) -> Self {
        let hash = HEXLOWER.encode(&secret_hash(&token.secret));
        Self { data, hash }
    }

    /// Whether the node joined with this token, to the end.
    pub(super) fn is_done(&self) -> Result<bool, JoinError> {
        let used = self.read(TOKEN)?;
        Ok(used.is_some_and(|(hash, _)| hash == self.hash))
    }

    /// The key to ask for first. `again`: the node has joined here before.
    ///
    /// Whoever is invited again gets a new key: the old one may have been revoked, or copied. Where
    /// nobody wrote down the token of then, it may be the same token, which is good for the same key
    /// only; asking for the present key harms nobody.
    pub(super) fn first(&self, again: bool) -> Result<Asked, JoinError> {
        let begun = self.read(NEXT)?;
        if let Some((hash, key)) = &begun
            && *hash == self.hash
            && let Some(key) = self.key_with(key)?
        {
            return Ok(Asked { key, only: true });
        }
        let (key, only) = match (again, self.read(TOKEN)?) {
            (true, Some((used, _))) if used != self.hash => (self.pair().fresh_key()?, true),
            (true, Some(_)) => (self.present()?, true),
            (true, None) => (self.present()?, false),
            (false, _) => (self.present()?, begun.is_none()),
        };
        self.note(&key)?;
        Ok(Asked { key, only })
    }

    /// Another key, after the first was refused.
    pub(super) fn second(&self) -> Result<NodeKey, JoinError> {
        let key = self.pair().fresh_key()?;
        self.note(&key)?;
        Ok(key)
    }

    /// Everything is in place.
    pub(super) fn done(&self) -> Result<(), JoinError> {
        Ok(files::rename(
            &self.data.join(NEXT),
            &self.data.join(TOKEN),
        )?)
    }

    fn pair(&self) -> PairFiles {
        PairFiles::new(self.data.path(), KEY, CERTIFICATE)
    }

    /// The key that is in use or was kept by an earlier attempt, or a new one, kept before anybody hears
    /// of it.
    fn present(&self) -> Result<NodeKey, JoinError> {
        let path = self.data.join(KEY);
        if path.exists() {
            files::check_private(&path)?;
            return Ok(NodeKey::from_pem(&files::read_text(&path)?)?);
        }
        let key = NodeKey::generate()?;
        files::write_private(&path, key.pem().as_bytes())?;
        Ok(key)
    }

    /// The key with this fingerprint, in whichever of the two files it is by now.
    fn key_with(&self, fingerprint: &str) -> Result<Option<NodeKey>, JoinError> {
        let waiting = self.pair().waiting_key()?;
        for key in [Some(self.present()?), waiting].into_iter().flatten() {
            if fingerprint_of(&key)? == fingerprint {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn note(&self, key: &NodeKey) -> Result<(), JoinError> {
        let text = format!("{}\n{}\n", self.hash, fingerprint_of(key)?);
        Ok(files::write_private(
            &self.data.join(NEXT),
            text.as_bytes(),
        )?)
    }

    /// The hash of a token, and the fingerprint of a key.
    fn read(&self, name: &str) -> Result<Option<(String, String)>, JoinError> {
        let path = self.data.join(name);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(FileError::when("read", &path))?,
        };
        let mut lines = text.lines().map(|line| line.trim().to_owned());
        let mut line = || lines.next().unwrap_or_default();
        Ok(Some((line(), line())))
    }
}

fn fingerprint_of(key: &NodeKey) -> Result<String, JoinError> {
    let public = key.public_key()?;
    Ok(HEXLOWER.encode(&public.fingerprint()))
}
