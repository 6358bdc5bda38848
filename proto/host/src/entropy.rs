//! Chance from the operating system.

use calluna_model::entropy::Entropy;

use crate::out;

/// Random bytes from the operating system, fit for secrets. Made once in `main` and handed down.
///
/// Invariant: the operating system gives random bytes. Where it does not, the process is aborted
/// with a message: going on would mean keys and secrets that can be guessed.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, out: &mut [u8]) {
        if let Err(cause) = getrandom::fill(out) {
            out::say(&format!(
                "error: the operating system gives no random bytes ({cause}); \
                 stopping, because secrets could be guessed"
            ));
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut one, mut two) = ([0_u8; 32], [0_u8; 32]);
        OsEntropy.fill(&mut one);
        OsEntropy.fill(&mut two);
        assert_ne!(one, two);
    }
}
