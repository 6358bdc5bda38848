//! How a process ends: the exit codes that scripts rely on.

use std::process::ExitCode;

use calluna_model::failure::Reaction;

use crate::out;

/// How a command ended. `main` returns it; nothing else ends the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: everything that was asked for is done.
    Done,
    /// 1: it failed.
    Failed,
    /// 2: the call itself was wrong (clap uses the same code).
    Usage,
    /// 3: done in part: some records or providers were refused.
    Partly,
}

impl Exit {
    /// The exit that fits a failure: only a wrong request is a matter of usage.
    #[must_use]
    pub fn of(reaction: Reaction) -> Self {
        match reaction {
            Reaction::FixRequest => Self::Usage,
            Reaction::Reconcile
            | Reaction::ComeBackLater
            | Reaction::Unauthenticated
            | Reaction::NotYours
            | Reaction::TooMuch
            | Reaction::NotThere
            | Reaction::AskOperator => Self::Failed,
        }
    }

    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partly => 3,
        }
    }
}

impl From<Exit> for ExitCode {
    /// As [`Exit::code`]; but [`Exit::Done`] becomes 1 when output was lost (a full disk behind
    /// `> file`): exit code 0 promises that the data is there.
    fn from(exit: Exit) -> Self {
        let exit = match exit {
            Exit::Done if out::lost() => Exit::Failed,
            other => other,
        };
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_scripts_know() {
        let codes = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Partly].map(Exit::code);
        assert_eq!(codes, [0, 1, 2, 3]);
        assert_eq!(Exit::of(Reaction::FixRequest), Exit::Usage);
        assert_eq!(Exit::of(Reaction::ComeBackLater), Exit::Failed);
    }
}
