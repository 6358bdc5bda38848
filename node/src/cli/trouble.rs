//! Why a command failed, in the language of the person who called.

use calluna_host::out;
use calluna_host::socket::SocketError;
use calluna_model::text::Language;

use crate::config::SettingsError;
use crate::figures::FiguresError;
use crate::keyring::KeyringError;
use crate::run::NodeError;
use crate::text::{Words, trouble};

/// Tells it on stderr.
pub(super) fn tell(error: anyhow::Error, words: Words) {
    let told = match words.0 {
        Language::De => german(&error).map(anyhow::Error::msg),
        Language::En => None,
    };
    out::error_in(words.0, &told.unwrap_or(error));
}

/// The sentence, where the error is one of this program's own.
fn german(error: &anyhow::Error) -> Option<String> {
    if let Some(error) = error.downcast_ref::<SettingsError>() {
        return Some(trouble::settings(error));
    }
    if let Some(error) = error.downcast_ref::<SocketError>() {
        return Some(socket(error));
    }
    if let Some(error) = error.downcast_ref::<FiguresError>() {
        return Some(Words(Language::De).figures_error(error));
    }
    Some(match error.downcast_ref::<NodeError>()? {
        NodeError::Settings(error) => trouble::settings(error),
        NodeError::Store(error) => trouble::store(error),
        NodeError::Socket(error) => socket(error),
        NodeError::Listen { address, source } => format!(
            "an {address} kann nicht gelauscht werden: {source}; vielleicht belegt ein anderes Programm den Port: \
             bitte in [listen] von node.toml einen anderen wählen"
        ),
        NodeError::Keyring(KeyringError::OtherProvider { found, expected }) => format!(
            "das Zertifikat gehört {found}, in node.toml steht aber der Anbieter `{expected}`; \
             bitte node.toml berichtigen oder neu beitreten"
        ),
        NodeError::Keyring(KeyringError::Content { path, source }) => format!(
            "{}: Schlüssel oder Zertifikat ist nicht brauchbar; bitte mit einer neuen Einladung beitreten ({source})",
            path.display()
        ),
        NodeError::Keyring(KeyringError::File(_)) => return None,
    })
}

fn socket(error: &SocketError) -> String {
    match error {
        SocketError::TooLong { path, length } => format!(
            "der Pfad {} ist mit {length} Byte zu lang für einen Unix-Socket; bitte hinter --data einen kürzeren angeben",
            path.display()
        ),
        SocketError::Taken { path } => format!(
            "für dieses Verzeichnis läuft schon ein Dienst (er antwortet an {}); bitte diesen zuerst beenden \
             oder hinter --data ein anderes Verzeichnis angeben",
            path.display()
        ),
        SocketError::InTheWay { path } => format!(
            "{} ist im Weg: es ist kein Socket; bitte beiseiteschaffen",
            path.display()
        ),
        SocketError::Mute { path, .. } => format!(
            "der Dienst an {} antwortet nicht; bitte sein Protokoll lesen oder ihn neu starten",
            path.display()
        ),
        SocketError::File(error) => trouble::file(error),
    }
}
