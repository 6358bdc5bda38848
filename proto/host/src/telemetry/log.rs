//! Logs: English, one event a line, to stderr.

use std::fmt::{self, Write};
use std::io::IsTerminal;

use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{self, debug_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::Environment;
use crate::out::steers;

/// Longest field value of a text line, in bytes. What a provider sends may not flood the log.
const VALUE_BYTES: usize = 1024;

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// JSON, one object a line, instead of text.
    pub json: bool,
    /// Directives such as `info` or `warn,calluna_node=debug`.
    pub filter: String,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            json: false,
            filter: "info".to_owned(),
        }
    }
}

impl LogOptions {
    /// `CALLUNA_LOG` is the filter, `CALLUNA_LOG_FORMAT=json` chooses JSON; what is not set keeps
    /// its value of `self`.
    #[must_use]
    pub fn overridden_by(mut self, environment: &dyn Environment) -> Self {
        if let Some(filter) = environment.get("CALLUNA_LOG").filter(|f| !f.is_empty()) {
            self.filter = filter;
        }
        if let Some(format) = environment.get("CALLUNA_LOG_FORMAT") {
            self.json = format.eq_ignore_ascii_case("json");
        }
        self
    }
}

/// Logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not understood.
    #[error(
        "the log filter `{filter}` (CALLUNA_LOG) is not understood: {reason}; write for example `info` or `warn,calluna_node=debug`"
    )]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Logging was started before.
    #[error("logging was already started in this process: {0}")]
    Twice(#[source] TryInitError),
}

/// Holds the logging of this process. Keep it until the end of `main`.
#[derive(Debug)]
#[must_use = "keep it until the end of `main`"]
pub struct LogGuard(());

/// Starts logging to stderr. To be called once, first thing in `main`.
///
/// # Errors
/// The filter is not understood, or logging was already started.
pub fn start_logging(options: &LogOptions) -> Result<LogGuard, LogError> {
    let filter = EnvFilter::try_new(&options.filter).map_err(|cause| LogError::Filter {
        filter: calluna_model::finding::shorten(&options.filter),
        reason: cause.to_string(),
    })?;
    let registry = tracing_subscriber::registry().with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let started = if options.json {
        registry
            .with(lines.json().flatten_event(true).with_ansi(false))
            .try_init()
    } else {
        let fields = debug_fn(write_field).delimited(" ");
        registry
            .with(
                lines
                    .fmt_fields(fields)
                    .with_ansi(std::io::stderr().is_terminal()),
            )
            .try_init()
    };
    started.map_err(LogError::Twice)?;
    Ok(LogGuard(()))
}

fn write_field(
    writer: &mut format::Writer<'_>,
    field: &Field,
    value: &dyn fmt::Debug,
) -> fmt::Result {
    let mut cut = Cut {
        inner: writer,
        left: VALUE_BYTES,
    };
    if field.name() == "message" {
        write!(cut, "{value:?}")
    } else {
        write!(cut.inner, "{}=", field.name())?;
        write!(cut, "{value:?}")
    }
}

/// Writes at most `left` bytes, control characters made visible, and an ellipsis for the rest.
struct Cut<'a, W: Write> {
    inner: &'a mut W,
    left: usize,
}

impl<W: Write> Write for Cut<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.left == 0 {
                return Ok(());
            }
            if self.left <= c.len_utf8() {
                self.left = 0;
                return self.inner.write_char('…');
            }
            self.left -= c.len_utf8();
            if steers(c) {
                write!(self.inner, "{}", c.escape_default())?;
            } else {
                self.inner.write_char(c)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_long_value_is_cut_and_cannot_start_a_new_line() {
        let mut line = String::new();
        let mut cut = Cut {
            inner: &mut line,
            left: 8,
        };
        write!(cut, "a\nb{}", "ü".repeat(500)).unwrap();
        assert_eq!(line, "a\\nbüü…");
    }

    #[test]
    fn the_environment_overrides_and_a_wrong_filter_is_named() {
        let set = BTreeMap::from([("CALLUNA_LOG".to_owned(), "=oops=".to_owned())]);
        let options = LogOptions::default().overridden_by(&set);
        assert_eq!(options.filter, "=oops=");
        let error = start_logging(&options).unwrap_err().to_string();
        assert!(
            error.contains("`=oops=`") && error.contains("CALLUNA_LOG"),
            "{error}"
        );
        assert_eq!(
            LogOptions::default().overridden_by(&BTreeMap::new()).filter,
            "info"
        );
    }
}
