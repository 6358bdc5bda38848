//! Which words of an offer may be one that is looked for. Only those are analysed: three letters tell.

/// So many letters of a stem have to stand in a word of an offer.
const LETTERS: usize = 3;
/// Five bits of each letter.
const BITS: usize = 5;
const SEEN: usize = 1 << (BITS * LETTERS);

/// The beginnings of the stems that are looked for.
#[derive(Debug)]
pub(super) struct Likely {
    /// Beginnings of plain letters.
    plain: Vec<[u8; LETTERS]>,
    /// A bit for each of them; others may share it.
    seen: Vec<u64>,
    /// Shorter ones, and those with other letters.
    other: Vec<String>,
}

impl Likely {
    pub(super) fn new<'s>(stems: impl Iterator<Item = &'s str>) -> Self {
        let mut likely = Self {
            plain: Vec::new(),
            seen: vec![0; SEEN / 64],
            other: Vec::new(),
        };
        for stem in stems {
            let beginning: String = stem.chars().take(LETTERS).collect();
            match <[u8; LETTERS]>::try_from(beginning.as_bytes()) {
                Ok(plain) if beginning.is_ascii() => {
                    let at = place(plain);
                    likely.seen[at / 64] |= 1 << (at % 64);
                    likely.plain.push(plain);
                }
                _ => likely.other.push(beginning),
            }
        }
        likely
    }

    /// Whether the beginning of a stem stands in a folded word.
    pub(super) fn may_be(&self, folded: &str) -> bool {
        let plain = |letters: &[u8]| {
            let Ok(letters) = <[u8; LETTERS]>::try_from(letters) else {
                return false;
            };
            let at = place(letters);
            self.seen[at / 64] & (1 << (at % 64)) != 0 && self.plain.contains(&letters)
        };
        folded.as_bytes().windows(LETTERS).any(plain)
            || self
                .other
                .iter()
                .any(|beginning| folded.contains(beginning.as_str()))
    }
}

fn place(letters: [u8; LETTERS]) -> usize {
    letters
        .iter()
        .fold(0, |at, letter| at << BITS | usize::from(letter & 31))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_if_every_beginning_were_looked_for(stems in prop::collection::vec("[a-cäs7q]{0,5}", 0..6), word in "[a-cäs7q]{0,9}") {
            let likely = Likely::new(stems.iter().map(String::as_str));
            let plainly = stems.iter().any(|stem| {
                let beginning: String = stem.chars().take(LETTERS).collect();
                word.contains(&beginning)
            });
            prop_assert_eq!(likely.may_be(&word), plainly);
        }
    }
}
