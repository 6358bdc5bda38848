//! Where the passphrase of the authority's key comes from. It never stands in an argument, where every
//! user of the machine could read it.

use std::path::{Path, PathBuf};

use calluna_certs::{Passphrase, files};
use calluna_host::config::Environment;

/// Name of the systemd credential.
const CREDENTIAL: &str = "ca-passphrase";
/// Where systemd puts credentials.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// The variable that holds the passphrase itself.
pub const VARIABLE: &str = "CALLUNA_CERTIFICATES_PASSPHRASE";

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The passphrase.
    pub passphrase: Option<Passphrase>,
    /// Where it comes from, in words; empty without one.
    pub place: String,
    /// Why one that was named cannot be used; empty when all is well.
    pub trouble: String,
}

/// Looks for the passphrase, the safest place first: the systemd credential `ca-passphrase`, then `file`
/// (relative to `dir`; nothing when empty), then the environment, which is the weakest: whatever the
/// hub starts, and whoever may look at it, can read that.
///
/// A place that is named and does not work ends the search: an older passphrase from another place would
/// only confuse.
#[must_use]
pub fn find(environment: &dyn Environment, dir: &Path, file: &Path) -> Found {
    if let Some(credentials) = environment.get(CREDENTIALS) {
        let path = PathBuf::from(credentials).join(CREDENTIAL);
        if path.exists() {
            return of_file(&path, false);
        }
    }
    if !file.as_os_str().is_empty() {
        return of_file(&dir.join(file), true);
    }
    match environment.get(VARIABLE) {
        Some(text) => taken(text, format!("the variable {VARIABLE}")),
        None => Found::default(),
    }
}

/// Reads a passphrase from a file that nobody else can read.
#[must_use]
pub fn of_file(path: &Path, check: bool) -> Found {
    let place = path.display().to_string();
    // systemd keeps a credential from others by means that its mode does not always show.
    let text = match check.then(|| files::check_private(path)).transpose() {
        Ok(_) => files::read_text(path),
        Err(exposed) => Err(exposed),
    };
    match text {
        Ok(text) => taken(text, place),
        Err(error) => Found {
            trouble: error.to_string(),
            place,
            ..Found::default()
        },
    }
}

fn taken(text: String, place: String) -> Found {
    match Passphrase::new(text) {
        Ok(passphrase) => Found {
            passphrase: Some(passphrase),
            place,
            ..Found::default()
        },
        Err(error) => Found {
            trouble: format!("{place}: {error}"),
            place,
            ..Found::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_safest_place_counts_and_nothing_is_ever_shown() {
        let home = tempfile::tempdir().unwrap();
        let (dir, credentials) = (home.path(), home.path().join("credentials"));
        fs::create_dir(&credentials).unwrap();
        let write = |path: &Path, text: &str, mode: u32| {
            fs::write(path, text).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        let mut environment = BTreeMap::new();
        let (none, file) = (Path::new(""), Path::new("words"));
        assert!(find(&environment, dir, none).passphrase.is_none());
        environment.insert(VARIABLE.to_owned(), "words of the variable".to_owned());
        assert!(find(&environment, dir, none).place.contains(VARIABLE));
        let missing = find(&environment, dir, file);
        assert!(missing.passphrase.is_none() && missing.trouble.contains("words"));
        write(&dir.join("words"), "words of the file\n", 0o644);
        let exposed = find(&environment, dir, file);
        assert!(exposed.passphrase.is_none() && exposed.trouble.contains("chmod 600"));
        write(&dir.join("words"), "\n", 0o600);
        assert!(find(&environment, dir, file).trouble.contains("empty"));
        write(&dir.join("words"), "words of the file\n", 0o600);
        assert!(find(&environment, dir, file).place.ends_with("/words"));
        let path = credentials.to_string_lossy().into_owned();
        environment.insert(CREDENTIALS.to_owned(), path);
        assert!(
            find(&environment, dir, file).place.ends_with("/words"),
            "there is none"
        );
        write(&credentials.join(CREDENTIAL), "words of systemd", 0o440);
        let found = find(&environment, dir, file);
        assert!(found.place.ends_with("ca-passphrase"));
        assert!(!format!("{found:?}").contains("words of"));
    }
}
