//! Calls into a tree. sled panics over some damaged files instead of returning an error, and no other
//! tree is believed never to.
//!
//! A caught panic becomes an error with its words. It is not printed as well: the operator would
//! read of a crash where there was none.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::path::Path;
use std::sync::Once;

use crate::KvError;
use crate::engine::space::{HEADROOM, free_bytes};
use crate::engine::tree::Tree;

thread_local! {
    /// The words of a panic in a call that is being guarded; `None` outside of one.
    static WORDS: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Calls a tree over the files in `dir`.
pub(super) fn call<T: Tree, R>(
    dir: &Path,
    doing: &str,
    call: impl FnOnce() -> Result<R, KvError>,
) -> Result<R, KvError> {
    HOOK.call_once(listen);
    // A guarded call within a guarded call leaves the outer one guarded.
    let outer = WORDS.replace(Some(String::new()));
    let ended = catch_unwind(AssertUnwindSafe(call));
    let words = WORDS.replace(outer).unwrap_or_default();
    ended.unwrap_or_else(|_| Err(panicked(dir, T::NAME, doing, &words)))
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
fn panicked(dir: &Path, engine: &str, doing: &str, words: &str) -> KvError {
    let needed = HEADROOM;
    if let Some(free) = free_bytes(dir).filter(|free| *free < needed) {
        return KvError::Full {
            dir: dir.to_owned(),
            needed,
            free,
        };
    }
    KvError::Damaged {
        dir: dir.to_owned(),
        why: format!("{engine} stopped while it {doing}: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{fjall::Fjall, sled::Sled};

    #[test]
    fn a_panic_becomes_an_error_with_its_words() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let broken = call::<Sled, ()>(dir, "read", || panic!("page 7 is\nodd"));
        let text = broken.unwrap_err().to_string();
        assert!(
            text.contains("sled stopped while it read: page 7 is"),
            "{text}"
        );
        assert_eq!(call::<Sled, _>(dir, "read", || Ok(5)).unwrap(), 5);
        let outer = call::<Fjall, ()>(dir, "opened", || {
            call::<Fjall, _>(dir, "read", || Ok(()))?;
            panic!("behind a call that went well")
        });
        let text = outer.unwrap_err().to_string();
        assert!(
            text.contains("fjall stopped while it opened: behind a call"),
            "{text}"
        );
    }
}
