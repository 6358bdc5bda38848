//! What stands in the way on this machine, in German: directory, settings, files, store. The
//! English sentences are those of the errors themselves.

use std::io::ErrorKind;

use calluna_host::config::ConfigError;
use calluna_host::data_dir::DataDirError;
use calluna_host::durable::FileError;
use calluna_kv::KvError;

use crate::config::{FILE, MADE_BY, SettingsError};
use crate::store::StoreError;

/// The data directory or `node.toml`.
pub(crate) fn settings(error: &SettingsError) -> String {
    match error {
        SettingsError::Dir(error) => directory(error),
        SettingsError::Config(error) => config(error),
        SettingsError::NotJoined(dir) => format!(
            "{} enthält noch keinen Knoten: {FILE} fehlt darin; bitte zuerst beitreten: {MADE_BY}",
            dir.display()
        ),
    }
}

/// The data directory.
pub(crate) fn directory(error: &DataDirError) -> String {
    match error {
        DataDirError::Missing { path, make: "" } => format!(
            "das Datenverzeichnis {} gibt es nicht; bitte den Pfad hinter --data prüfen",
            path.display()
        ),
        DataDirError::Missing { path, make } => format!(
            "das Datenverzeichnis {} gibt es nicht; bitte den Pfad hinter --data prüfen oder es anlegen: {make}",
            path.display()
        ),
        DataDirError::NotADirectory { path } => format!(
            "{} ist kein Verzeichnis; bitte hinter --data einen anderen Pfad angeben",
            path.display()
        ),
        DataDirError::NotEmpty { path, entry } => format!(
            "das Verzeichnis {} ist nicht leer (es enthält `{entry}`); bitte hinter --data ein neues oder leeres angeben",
            path.display()
        ),
        DataDirError::Open { path, mode } => format!(
            "andere Benutzer können das Datenverzeichnis {0} betreten (Rechte {mode:04o}), obwohl Schlüssel darin liegen; \
             bitte ausführen: chmod 700 '{0}'",
            path.display()
        ),
        DataDirError::File(error) => file(error),
    }
}

/// A file or folder.
pub(crate) fn file(error: &FileError) -> String {
    let FileError {
        doing,
        path,
        source,
    } = error;
    let why = match source.kind() {
        ErrorKind::StorageFull => {
            "die Festplatte ist voll; bitte Platz schaffen und es noch einmal versuchen"
        }
        ErrorKind::QuotaExceeded => {
            "das Kontingent dieses Benutzers ist erschöpft; bitte Platz schaffen und es noch einmal versuchen"
        }
        ErrorKind::PermissionDenied => {
            "die Rechte fehlen; bitte als der Benutzer ausführen, dem es gehört, oder diesem Benutzer das Recht geben"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "das Dateisystem ist schreibgeschützt; bitte einen anderen Ort wählen"
        }
        ErrorKind::NotFound => "das gibt es nicht; bitte den Pfad prüfen",
        _ => return format!("{}: {doing}: {source}", path.display()),
    };
    format!("{}: {why}", path.display())
}

/// The store.
pub(crate) fn store(error: &StoreError) -> String {
    match error {
        StoreError::Kv(KvError::Locked { dir }) => format!(
            "der Speicher in {} ist in einem anderen Prozess geöffnet, meist im Dienst (`serve`) desselben Verzeichnisses; \
             bitte diesen zuerst beenden oder hinter --data ein anderes Verzeichnis angeben",
            dir.display()
        ),
        StoreError::Kv(KvError::Full { dir, .. }) => format!(
            "die Festplatte mit dem Speicher in {} ist voll; bitte Platz schaffen und es noch einmal versuchen. \
             Was vorher gespeichert war, ist sicher",
            dir.display()
        ),
        StoreError::Kv(KvError::Damaged { dir, .. }) => format!(
            "der Speicher in {} ist beschädigt; gelöscht wurde nichts. Bitte eine Sicherung zurückspielen \
             oder mit einem neuen Verzeichnis beitreten und die vollständige Liste importieren ({error})",
            dir.display()
        ),
        StoreError::Kv(KvError::ReadOnly { dir, .. }) => format!(
            "der Speicher in {} wird nur noch gelesen, weil ein Schreiben misslang; bitte die Ursache beheben \
             und den Dienst neu starten ({error})",
            dir.display()
        ),
        StoreError::Kv(KvError::Newer { .. }) | StoreError::Newer { .. } => format!(
            "eine neuere Fassung von calluna-node hat den Speicher geschrieben; bitte diese verwenden ({error})"
        ),
        other => other.to_string(),
    }
}

fn config(error: &ConfigError) -> String {
    match error {
        ConfigError::File(error) => file(error),
        ConfigError::Syntax { file, line, reason } => format!(
            "{}, Zeile {line}: das ist kein gültiges TOML: {reason}",
            file.display()
        ),
        ConfigError::UnknownKey {
            file,
            line,
            key,
            advice,
        } => format!(
            "{}, Zeile {line}: die Einstellung `{key}` gibt es nicht ({advice})",
            file.display()
        ),
        ConfigError::WrongValue {
            file,
            line,
            key,
            value,
            rule,
        } => format!(
            "{}, Zeile {line}: `{key}` darf nicht {value} sein ({rule})",
            file.display()
        ),
        ConfigError::Missing {
            file,
            key,
            variable,
        } => format!(
            "{}: die Einstellung `{key}` fehlt; bitte ergänzen oder {variable} setzen",
            file.display()
        ),
        ConfigError::Variable {
            variable,
            key,
            value,
            rule,
        } => format!(
            "die Umgebungsvariable {variable} (Einstellung `{key}`) darf nicht {value} sein ({rule})"
        ),
    }
}
