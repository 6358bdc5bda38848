//! Calls into sled, which panics over some damaged files instead of returning an error.
//!
//! A caught panic becomes an error with its words. It is not printed as well: the operator would
//! read of a crash where there was none.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;

use super::disk;
use crate::KvError;

thread_local! {
    /// The words of a panic in a call that is being guarded; `None` outside of one.
    static WORDS: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Calls sled over the files in `dir`.
pub(super) fn call<T>(
    dir: &Path,
    doing: &str,
    call: impl FnOnce() -> ::sled::Result<T>,
) -> Result<T, KvError> {
    HOOK.call_once(listen);
    WORDS.set(Some(String::new()));
    let ended = catch_unwind(AssertUnwindSafe(call));
    let words = WORDS.take().unwrap_or_default();
    match ended {
        Ok(done) => done.map_err(|e| KvError::sled(dir, e)),
        Err(_) => Err(panicked(dir, doing, &words)),
    }
}

/// Keeps the words of a guarded call's panic; any other panic goes where it went before.
fn listen() {
    let before = take_hook();
    set_hook(Box::new(move |panic| {
        let kept = WORDS.with_borrow_mut(|words| match words {
            Some(words) => {
                let text = panic.payload_as_str().unwrap_or("no words");
                *words = text.lines().next().unwrap_or_default().to_owned();
                true
            }
            None => false,
        });
        if !kept {
            before(panic);
        }
    }));
}

/// On a full disk that, and not damage, is the likely cause.
fn panicked(dir: &Path, doing: &str, words: &str) -> KvError {
    let needed = disk::needed_bytes(0);
    if let Some(free) = disk::free_bytes(dir).filter(|free| *free < needed) {
        return KvError::Full {
            dir: dir.to_owned(),
            needed,
            free,
        };
    }
    KvError::Damaged {
        dir: dir.to_owned(),
        why: format!("sled stopped while it {doing}: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_with_its_words() {
        let dir = tempfile::tempdir().unwrap();
        let broken = call::<()>(dir.path(), "read", || panic!("page 7 is\nodd"));
        let text = broken.unwrap_err().to_string();
        assert!(text.contains("while it read: page 7 is"), "{text}");
        assert_eq!(call(dir.path(), "read", || Ok(5)).unwrap(), 5);
    }
}
