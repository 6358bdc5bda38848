//! Becoming a member: from a join token to a key, a certificate and settings on disk.
//!
//! The order is what makes it safe to try again: the key is kept before anything is sent, so a lost
//! answer is asked for again with the same key, and the hub gives the same certificate; `node.toml`
//! is written when key and certificate are there, so a directory that has one is whole; `token` is
//! written last, and says that this invitation is done with (`attempt`).

mod ask;
mod attempt;
mod hub;
pub mod renew;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use calluna_certs::pair::{PairError, PairFiles};
use calluna_certs::tls::Identity;
use calluna_certs::{CertError, JoinToken, NodeKey, TokenError, files};
use calluna_host::data_dir::{DataDir, DataDirError};
use calluna_host::durable::FileError;
use calluna_model::clock::{Clock, Moment};
use calluna_model::failure::{Failure, Reaction};
use calluna_model::member::WrongPublicData;
use calluna_model::text::Language;

pub use self::ask::Answer;
use self::attempt::{Asked, Attempt};
use crate::config::{Config, FILE, Listen, Public, Settings, SettingsError};
use crate::keyring::{BUNDLE, CERTIFICATE, KEY, REVOCATIONS};

/// Holds the provider id while a join is under way.
const JOINING: &str = "joining";

/// Why nobody joined.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The token: mistyped, cut off, expired.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// What is said of the provider.
    #[error(transparent)]
    Public(#[from] WrongPublicData),
    /// The directory.
    #[error(transparent)]
    Dir(#[from] DataDirError),
    /// A file in it.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file in it.
    #[error(transparent)]
    CertFile(#[from] files::FileError),
    /// Key or certificate on disk.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// What is there already cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Another provider, or another district, lives there.
    #[error("{} belongs to {whose}, and the token is for {token}; give another directory with --data", dir.display())]
    Occupied {
        /// The directory.
        dir: PathBuf,
        /// Who lives there.
        whose: String,
        /// Whom the token invites.
        token: String,
    },
    /// A node that listens has to say where it can be reached.
    #[error(
        "the hub cannot dial `{address}`; give the host:port at which it reaches this node with --advertise"
    )]
    Advertise {
        /// The address to listen at.
        address: String,
    },
    /// No connection with the hub.
    #[error("the hub at {address} cannot be reached: {why}")]
    Unreachable {
        /// The address of the token.
        address: String,
        /// Why, in words.
        why: String,
    },
    /// The secure connection failed: another hub, or somebody in between.
    #[error("no secure connection with the hub at {address}: {why}")]
    NotTheHub {
        /// The address of the token.
        address: String,
        /// Why, in words.
        why: String,
    },
    /// The hub said no.
    #[error("the hub refused: {why}")]
    Refused {
        /// In the hub's words.
        why: String,
        /// What can be done about it.
        reaction: Reaction,
    },
    /// Key or certificate.
    #[error(
        "what the hub answered cannot be used: {0}; ask the district office for a new invitation"
    )]
    Certificate(#[from] CertError),
    /// The certificate is for somebody else.
    #[error(
        "the hub gave a certificate for {found} instead of {expected}; ask the district office"
    )]
    OtherName {
        /// Who it names.
        found: String,
        /// Whom the token invites.
        expected: String,
    },
}

impl Failure for JoinError {
    fn reaction(&self) -> Reaction {
        match self {
            Self::Token(error) => error.reaction(),
            Self::Advertise { .. } | Self::Public(_) => Reaction::FixRequest,
            Self::Unreachable { .. } => Reaction::ComeBackLater,
            _ => Reaction::AskOperator,
        }
    }
}

/// What was joined.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The settings that now stand in `node.toml`.
    pub config: Config,
    /// Until when the certificate is valid.
    pub not_after: Moment,
    /// Whether it was so before.
    pub already: bool,
    /// Whether the district still has to approve the provider.
    pub waiting: bool,
}

/// Where the node shall listen, if it shall, and what it says of its provider.
#[derive(Clone, Debug, Default)]
pub struct ListenWish {
    /// `address:port` to bind.
    pub address: Option<String>,
    /// `host:port` that the hub dials; without it the address to bind.
    pub advertise: Option<String>,
    /// What the provider says of itself; what is empty stays as it was said before.
    pub public: Public,
}

/// Joins with `token` in the directory `dir`.
///
/// # Errors
/// Says which: a token that is expired, used or for another hub; a directory that is not free; a
/// hub that does not answer.
pub async fn join(
    token: &JoinToken,
    dir: &Path,
    wish: &ListenWish,
    language: Language,
    clock: &Arc<dyn Clock>,
) -> Result<Joined, JoinError> {
    let listen = listen_of(wish)?;
    wish.public.check()?;
    if let Some(joined) = joined_before(token, dir, &listen, clock)? {
        return Ok(joined);
    }
    token.check_time(clock.now())?;
    let data = prepare(token, dir)?;
    let again = dir.join(FILE).exists();
    let attempt = Attempt::new(token, &data);
    let mut config = Config::new(&token.hub, token.provider.clone());
    config.public = wish.public.clone();
    if again {
        let Settings { config: old, .. } =
            Settings::load(data.path(), &std::collections::BTreeMap::new())?;
        config.public = config.public.or(old.public);
    }
    let about = About {
        advertise: &listen.advertise,
        public: &config.public,
    };
    let (key, answer) = asked(&attempt, again, token, &about, clock).await?;
    config.name.clone_from(&answer.provider_name);
    config.district.clone_from(&answer.district);
    config.fingerprint = token.fingerprint.to_string();
    config.language = language;
    config.listen = listen;
    if again {
        keep_settings(&mut config, &data)?;
    }
    let not_after = settle(&data, &config, &answer, &key.pem())?;
    attempt.done()?;
    Ok(Joined {
        config,
        not_after,
        already: false,
        waiting: answer.waiting,
    })
}

/// What a node says of itself when it asks.
struct About<'a> {
    advertise: &'a str,
    public: &'a Public,
}

/// Asks the hub, for one key or, where that one may be the reason of a refusal, for another.
async fn asked(
    attempt: &Attempt<'_>,
    again: bool,
    token: &JoinToken,
    about: &About<'_>,
    clock: &Arc<dyn Clock>,
) -> Result<(NodeKey, Answer), JoinError> {
    let ask = |key: NodeKey| async {
        let (advertise, public) = (about.advertise, about.public);
        let answer = ask::enrol(token, &key, advertise, public, Arc::clone(clock)).await?;
        Ok::<_, JoinError>((key, answer))
    };
    let Asked { key, only } = attempt.first(again)?;
    let refused = match ask(key).await {
        Err(refused) if !only && is_no(&refused) => refused,
        ended => return ended,
    };
    match ask(attempt.second()?).await {
        Err(second) if is_no(&second) => Err(refused),
        ended => ended,
    }
}

/// Whether the hub said that this token and this key lead nowhere.
fn is_no(error: &JoinError) -> bool {
    let JoinError::Refused { reaction, .. } = error else {
        return false;
    };
    *reaction == Reaction::NotYours
}

/// What the owner has set in `node.toml` outlives a new invitation.
fn keep_settings(config: &mut Config, data: &DataDir) -> Result<(), JoinError> {
    let Settings { config: old, .. } =
        Settings::load(data.path(), &std::collections::BTreeMap::new())?;
    let listen = match config.listen.address.is_empty() {
        true => old.listen,
        false => std::mem::take(&mut config.listen),
    };
    *config = Config {
        listen,
        watch: old.watch,
        import: old.import,
        log: old.log,
        link: old.link,
        ..config.clone()
    };
    Ok(())
}

/// Writes the files of a member: key, certificate, trust bundle, and `node.toml` last. Returns until
/// when the certificate is valid.
///
/// # Errors
/// When they do not fit together or cannot be written.
pub fn settle(
    data: &DataDir,
    config: &Config,
    answer: &Answer,
    key_pem: &str,
) -> Result<Moment, JoinError> {
    let identity = Identity::from_pem(&answer.certificate_pem, key_pem, &answer.trust_bundle_pem)?;
    if identity.peer().provider() != Some(&config.provider) {
        let (found, expected) = (identity.peer().to_string(), config.provider.to_string());
        return Err(JoinError::OtherName { found, expected });
    }
    let pair = PairFiles::new(data.path(), KEY, CERTIFICATE);
    pair.replace(key_pem, &answer.certificate_pem)?;
    // What was before the invitation may be revoked.
    pair.forget_old()?;
    files::write_public(&data.join(BUNDLE), answer.trust_bundle_pem.as_bytes())?;
    files::write_public(&data.join(REVOCATIONS), b"")?;
    files::write_private(&data.join(FILE), config.to_toml().as_bytes())?;
    let joining = data.join(JOINING);
    if joining.exists() {
        std::fs::remove_file(&joining).map_err(FileError::when("remove", &joining))?;
    }
    Ok(identity.not_after())
}

fn listen_of(wish: &ListenWish) -> Result<Listen, JoinError> {
    let address = wish.address.clone().unwrap_or_default();
    if address.is_empty() {
        return Ok(Listen::default());
    }
    let open = ["0.0.0.0:", "[::]:", ":"]
        .iter()
        .any(|any| address.starts_with(any))
        || address.ends_with(":0");
    match &wish.advertise {
        Some(advertise) => Ok(Listen {
            address,
            advertise: advertise.clone(),
        }),
        None if open => Err(JoinError::Advertise { address }),
        None => Ok(Listen {
            advertise: address.clone(),
            address,
        }),
    }
}

/// What was joined in this directory before, if it is what the token is for and still good.
fn joined_before(
    token: &JoinToken,
    dir: &Path,
    listen: &Listen,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Joined>, JoinError> {
    if !dir.join(FILE).exists() {
        return Ok(None);
    }
    let Settings { dir: data, config } = Settings::load(dir, &std::collections::BTreeMap::new())?;
    let same_district =
        config.fingerprint.is_empty() || config.fingerprint == token.fingerprint.to_string();
    if config.provider != token.provider || !same_district {
        let whose = format!("provider {} of {}", config.provider, config.district);
        return Err(JoinError::Occupied {
            dir: dir.to_owned(),
            whose,
            token: token.provider.to_string(),
        });
    }
    // Both would be read, and one of them be the old one.
    PairFiles::new(data.path(), KEY, CERTIFICATE).heal()?;
    let read = |name| {
        let path = data.join(name);
        std::fs::read_to_string(&path).map_err(FileError::when("read", &path))
    };
    let identity = Identity::from_pem(&read(CERTIFICATE)?, &read(KEY)?, &read(BUNDLE)?)?;
    // A certificate that ran out, another way of being reached, or another invitation needs a new
    // answer of the hub.
    let attempt = Attempt::new(token, &data);
    let moved = !listen.address.is_empty() && *listen != config.listen;
    if identity.not_after() <= clock.now() || moved || !attempt.is_done()? {
        return Ok(None);
    }
    Ok(Some(Joined {
        config,
        not_after: identity.not_after(),
        already: true,
        waiting: false,
    }))
}

/// The directory: new, empty, or with a join of the same provider that did not come to its end.
fn prepare(token: &JoinToken, dir: &Path) -> Result<DataDir, JoinError> {
    if dir.join(FILE).exists() {
        return Ok(DataDir::open(dir, "")?);
    }
    let joining = dir.join(JOINING);
    if joining.exists() {
        let data = DataDir::open(dir, "")?;
        let whose = std::fs::read_to_string(&joining).map_err(FileError::when("read", &joining))?;
        if whose.trim() != token.provider.as_str() {
            let whose = format!("an unfinished join of provider {}", whose.trim());
            return Err(JoinError::Occupied {
                dir: dir.to_owned(),
                whose,
                token: token.provider.to_string(),
            });
        }
        return Ok(data);
    }
    let data = DataDir::create_new(dir)?;
    data.write(JOINING, token.provider.as_str().as_bytes(), 0o600)?;
    Ok(data)
}

#[cfg(test)]
mod tests;
