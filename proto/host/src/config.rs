//! Settings: default < file < environment < flag.
//!
//! A configuration is a documented type with `#[serde(deny_unknown_fields, default)]`. [`load`]
//! fills it from a TOML file and from environment variables; flags are laid over it by the command
//! line. Whoever wrote something wrong reads where it is, what it is called, and what was meant.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{self, DeserializeOwned, Deserializer, Visitor};

use crate::durable::FileError;

mod merge;

/// Where the process finds environment variables.
pub trait Environment: fmt::Debug {
    /// The value of a variable; `None` when it is not set (or is not UTF-8).
    fn get(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// For tests.
impl Environment for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        Self::get(self, name).cloned()
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The file.
    File,
    /// The environment variable of this name.
    Variable(String),
}

/// A configuration, and where its values came from.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The configuration.
    pub value: T,
    /// Whether there was a file at all.
    pub from_file: bool,
    origins: BTreeMap<String, Origin>,
}

impl<T> Loaded<T> {
    /// Where the value of one of the known keys, such as `night.at`, came from.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }
}

/// A setting is wrong. Each text names the place, the key and the way out.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file is not TOML.
    #[error("{}, line {line}: this is not valid TOML: {reason}", file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// A key that does not exist.
    #[error("{}, line {line}: there is no setting `{key}`; {advice}", file.display())]
    UnknownKey {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The key with its section.
        key: String,
        /// The nearest known key, or all of them.
        advice: String,
    },
    /// A value of the wrong type or outside its range.
    #[error("{}, line {line}: `{key}` is {value}, but must be different: {rule}", file.display())]
    WrongValue {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The key with its section.
        key: String,
        /// The value as written, shortened.
        value: String,
        /// What is expected.
        rule: String,
    },
    /// A value without a default is not set.
    #[error("{}: the setting `{key}` is missing; add it, or set {variable}", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// The key with its section.
        key: String,
        /// The environment variable that would set it as well.
        variable: String,
    },
    /// An environment variable holds a wrong value.
    #[error(
        "the environment variable {variable} (setting `{key}`) is {value}, but must be different: {rule}"
    )]
    Variable {
        /// Its name.
        variable: String,
        /// The key with its section.
        key: String,
        /// The value, shortened.
        value: String,
        /// What is expected.
        rule: String,
    },
}

/// Loads a configuration from `file`, overridden by the environment.
///
/// `known` lists the keys that the environment may override, as `section.key` or, at the top,
/// `key`. With the prefix `CALLUNA`, `night.at` is overridden by `CALLUNA_NIGHT_AT`. A variable that
/// is empty counts as not set. A file that does not exist counts as empty: see
/// [`Loaded::from_file`].
///
/// # Errors
/// The file cannot be read, or a setting is wrong.
pub fn load<T: DeserializeOwned>(
    file: &Path,
    environment: &dyn Environment,
    prefix: &str,
    known: &[&str],
) -> Result<Loaded<T>, ConfigError> {
    let (text, from_file) = match std::fs::read_to_string(file) {
        Ok(text) => (text, true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (String::new(), false),
        Err(error) => return Err(FileError::when("read the settings", file)(error).into()),
    };
    let (value, origins) = merge::merge(file, &text, environment, prefix, known)?;
    Ok(Loaded {
        value,
        from_file,
        origins,
    })
}

/// The environment variable that overrides `key`: `night.at` → `CALLUNA_NIGHT_AT`.
#[must_use]
pub fn variable(prefix: &str, key: &str) -> String {
    format!("{prefix}_{key}")
        .replace(['.', '-'], "_")
        .to_ascii_uppercase()
}

/// What a wrong type of a [`Secret`] is answered with; the value is not shown then.
const A_SECRET: &str = "a secret text";

/// A secret read from a file or the environment; printing it shows only that it is there.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A secret made or read elsewhere.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl<'de> de::Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(A_SECRET)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests;
