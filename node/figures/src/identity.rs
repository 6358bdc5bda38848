//! Who is the same person, without saying who: keyed hashes.
//!
//! What goes in, and why, is told in the first page of the crate.

use std::fmt;

use blake3::Hasher;
use calluna_tabular::mapping::fold;
use zeroize::{Zeroize, Zeroizing};

use calluna_tables::Period;

/// The node's secret for hashes of persons: 32 random bytes that never leave the node and lie
/// apart from what is hashed. Whoever has both can try names until one fits.
pub struct Secret([u8; 32]);

impl Secret {
    /// Takes the secret over. The caller makes it from the system's random source.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key of one period. Hashes of two periods have nothing in common, so nobody can be
    /// followed from one period to the next, and a period can be forgotten by itself.
    #[must_use]
    pub fn of(&self, period: Period) -> PeriodKey {
        let mut hasher = Hasher::new_derive_key("calluna-figures 2026-11 key of a period");
        hasher.update(&self.0);
        hasher.update(period.to_string().as_bytes());
        PeriodKey(*hasher.finalize().as_bytes())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// The key of one period, derived from the [`Secret`].
pub struct PeriodKey([u8; 32]);

impl Drop for PeriodKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl PeriodKey {
    /// Hashes parts so that no two lists of parts are the same bytes: each with its length.
    pub(crate) fn hash(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = Hasher::new_keyed(&self.0);
        for part in [purpose.as_bytes()].iter().chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }

    pub(crate) fn person(&self, basis: Basis, parts: &[&str]) -> PersonHash {
        let folded: Vec<Zeroizing<String>> = parts.iter().map(|part| alike(part)).collect();
        let bytes: Vec<&[u8]> = folded.iter().map(|part| part.as_bytes()).collect();
        PersonHash(self.hash(basis.name(), &bytes))
    }
}

/// Without what people and programs write differently. A number that a spreadsheet has held lost
/// its leading zeros.
fn alike(text: &str) -> Zeroizing<String> {
    let mut folded = Zeroizing::new(fold(text));
    if folded.bytes().all(|byte| byte.is_ascii_digit()) {
        let zeros = folded.len() - folded.trim_start_matches('0').len();
        folded.drain(..zeros);
    }
    folded
}

/// What tells the persons of a list apart, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// The course software's own number of the person.
    Id,
    /// Family name, given name and birth date (or year).
    Name,
    /// Birth date or year (never an age, which changes), sex and postal code: persons who agree in all of them count as
    /// one. So the number of persons errs on the low and thereby safe side, as long as the list
    /// writes these three alike in all rows of a person.
    Attributes,
}

impl Basis {
    /// As it stands in a mapping (`[defaults] identity = "name"`) and in quality notes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Attributes => "attributes",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Id, Self::Name, Self::Attributes]
            .into_iter()
            .find(|basis| basis.name() == name)
    }
}

/// A person of one period, as the node remembers her: 32 bytes that only the holder of the secret
/// can connect with a name. Pseudonymous and therefore still personal data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonHash(pub(crate) [u8; 32]);

impl PersonHash {
    /// The hash, for the node's own store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash that was stored before.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for PersonHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8, period: &str) -> PeriodKey {
        Secret::new([byte; 32]).of(period.parse().unwrap())
    }

    #[test]
    fn a_person_is_the_same_however_her_name_is_written() {
        let key = key(1, "2026-Q3");
        let seen = key.person(Basis::Name, &["Müller-Lüdenscheidt", "Anna", "1980-02-01"]);
        let again = key.person(
            Basis::Name,
            &["MUELLER LUEDENSCHEIDT ", "anna", "1980-02-01"],
        );
        assert!(seen == again);
        let shifted = key.person(Basis::Name, &["Müller-LüdenscheidtA", "nna", "1980-02-01"]);
        assert!(seen != shifted, "parts must not run into each other");
        assert!(seen != key.person(Basis::Id, &["Müller-Lüdenscheidt", "Anna", "1980-02-01"]));
    }

    #[test]
    fn another_secret_or_period_gives_other_hashes() {
        let parts = ["4711"];
        let seen = key(1, "2026-Q3").person(Basis::Id, &parts);
        assert!(seen != key(2, "2026-Q3").person(Basis::Id, &parts));
        assert!(seen != key(1, "2026-Q4").person(Basis::Id, &parts));
        assert!(seen == key(1, "2026-Q3").person(Basis::Id, &parts));
        assert_eq!(format!("{seen:?}"), "PersonHash(…)");
    }
}
