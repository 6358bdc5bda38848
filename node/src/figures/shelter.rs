//! What keeps the memory of an importing process from the disk: no core dump, no swapping.
//!
//! A core dump is refused three ways: the limit on its size is 0, the process is not dumpable (which
//! also keeps other processes of the same user from reading its memory), and children inherit both.
//! Against swapping all memory is locked, where the system allows that without a limit; with a limit,
//! a list that passes it would end the process in the middle, so then nothing is locked and the
//! caller is told.

use rustix::io::Errno;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// What could be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelter {
    /// Whether a core dump is out of the question.
    pub no_core_dump: bool,
    /// Whether nothing can be swapped out.
    pub locked: bool,
}

/// Shelters this process, for the rest of its life. What the system refuses is told, and no error.
#[must_use]
pub fn take() -> Shelter {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let limited = setrlimit(Resource::Core, none);
    let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    Shelter {
        no_core_dump: limited.is_ok() && hidden.is_ok(),
        locked: lock().is_ok(),
    }
}

fn lock() -> Result<(), Errno> {
    let unlimited = Rlimit {
        current: None,
        maximum: None,
    };
    // Only who may raise it succeeds; whether it did is looked at below.
    if setrlimit(Resource::Memlock, unlimited).is_err()
        && getrlimit(Resource::Memlock).current.is_some()
    {
        return Err(Errno::PERM);
    }
    mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT)
}
