//! Passphrases on the command line: from a file, or typed. Never an argument, which everybody on the
//! machine could read.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use calluna_certs::Passphrase;

use crate::trust::passphrase::of_file;

/// From the file, or typed once.
pub(super) fn known(file: Option<&Path>, of_what: &str) -> Result<Passphrase> {
    match file {
        Some(file) => from(file),
        None => typed(
            &format!("Passphrase of {of_what}: "),
            "--passphrase-file FILE",
        ),
    }
}

/// From the file, or typed twice.
pub(in crate::cli) fn new(file: Option<&Path>, of_what: &str) -> Result<Passphrase> {
    let Some(file) = file else {
        let way_out = "--passphrase-file FILE";
        let first = typed(&format!("New passphrase of {of_what}: "), way_out)?;
        first.check()?;
        let second = typed("The same once more: ", way_out)?;
        ensure!(
            first.is(&second),
            "the two are not the same; nothing was changed"
        );
        return Ok(first);
    };
    let passphrase = from(file)?;
    passphrase.check()?;
    Ok(passphrase)
}

fn from(file: &Path) -> Result<Passphrase> {
    let found = of_file(file, true);
    match found.passphrase {
        Some(passphrase) => Ok(passphrase),
        None => bail!("{}", found.trouble),
    }
}

fn typed(prompt: &str, way_out: &str) -> Result<Passphrase> {
    let text = rpassword::prompt_password(prompt)
        .with_context(|| format!("there is no terminal to type a passphrase at; use {way_out}"))?;
    Ok(Passphrase::new(text)?)
}
