//! Proofs over a restart: what was proved, by content, in a file of the data directory.
//!
//! To prove every quarter of every provider takes minutes, and nothing of it is new after a restart. A proof stands
//! for exactly the revisions with its digest, so it can be kept. It is of no use to another program: where the
//! generation of the proof ([`calluna_evidence::GENERATION`]) or the program's version is another one, everything is
//! proved anew, and what would not be accepted today is found. A file that is damaged is as good as none. Whoever
//! can write it could write the store as well; `dataset audit` never looks at it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::Path;

use calluna_host::durable::write_file;
use calluna_protect::{Attacker, Audit, Memory};
use calluna_tables::revision::RevisionDigest;
use serde::{Deserialize, Serialize};

use super::Proof;

/// Name of the file in the data directory.
pub const FILE: &str = "proofs.json";

/// What is remembered.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Kept {
    /// Parts of systems.
    pub(super) memory: Memory,
    /// All revisions of a period, by the digest of the last.
    pub(super) proved: HashMap<RevisionDigest, Proof>,
}

/// The file below its checksum.
#[derive(Serialize, Deserialize)]
struct Document {
    generation: u32,
    program: String,
    periods: BTreeMap<String, Line>,
    /// Hash of a part, and its narrowest width.
    parts: BTreeMap<String, u64>,
}

/// A proof that holds: nothing exact, nothing narrower, nothing unproved.
#[derive(Serialize, Deserialize)]
struct Line {
    cells: usize,
    hidden: usize,
    numbers: usize,
    minimum_width: Option<u64>,
    components: usize,
    remembered: usize,
    solves: usize,
    system: String,
    millis: u64,
}

impl Kept {
    /// What the file holds; nothing where it is not there, damaged, or of another program.
    pub(super) fn read(file: &Path) -> Self {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::default(),
            Err(error) => {
                tracing::warn!(%error, "{FILE} cannot be read; the protection of all figures is proved anew");
                return Self::default();
            }
        };
        let Some(document) = whole(&text) else {
            tracing::warn!("{FILE} is damaged; the protection of all figures is proved anew");
            return Self::default();
        };
        if document.generation != calluna_evidence::GENERATION || document.program != program() {
            tracing::info!(
                program = document.program,
                "{FILE} is of another program; the protection of all figures is proved anew"
            );
            return Self::default();
        }
        let period = |(digest, line): (String, Line)| {
            let digest = RevisionDigest(bytes(&digest)?);
            Some((digest, line.proof()?))
        };
        let part = |(hash, width): (String, u64)| Some((bytes(&hash)?, width));
        Self {
            memory: document.parts.into_iter().filter_map(part).collect(),
            proved: document.periods.into_iter().filter_map(period).collect(),
        }
    }
}

/// Writes the file.
///
/// # Errors
/// What the operating system says; the file that was there stays.
pub(super) fn write(
    file: &Path,
    memory: &Memory,
    proved: &HashMap<RevisionDigest, Proof>,
) -> io::Result<()> {
    let periods = proved.iter().filter(|(_, proof)| proof.audit.holds());
    let document = Document {
        generation: calluna_evidence::GENERATION,
        program: program().to_owned(),
        periods: periods
            .map(|(digest, proof)| (hex(digest.0), Line::of(proof)))
            .collect(),
        parts: memory
            .iter()
            .map(|(hash, width)| (hex(hash), width))
            .collect(),
    };
    let body = serde_json::to_string(&document)?;
    let sum = blake3::hash(body.as_bytes()).to_hex();
    write_file(file, format!("{sum}\n{body}").as_bytes(), 0o600)
}

fn program() -> &'static str {
    concat!("calluna-hub ", env!("CARGO_PKG_VERSION"))
}

/// The document, where the sum in the first line is that of the rest.
fn whole(text: &str) -> Option<Document> {
    let (sum, body) = text.split_once('\n')?;
    let right = blake3::hash(body.as_bytes()).to_hex().as_str() == sum;
    right.then(|| serde_json::from_str(body).ok()).flatten()
}

fn hex(bytes: [u8; 32]) -> String {
    blake3::Hash::from_bytes(bytes).to_hex().to_string()
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let hash = blake3::Hash::from_hex(hex).ok()?;
    Some(*hash.as_bytes())
}

impl Line {
    fn of(Proof { audit, millis }: &Proof) -> Self {
        Self {
            cells: audit.cells,
            hidden: audit.hidden,
            numbers: audit.numbers,
            minimum_width: audit.minimum_width,
            components: audit.components,
            remembered: audit.remembered,
            solves: audit.solves,
            system: hex(audit.system),
            millis: *millis,
        }
    }

    fn proof(self) -> Option<Proof> {
        Some(Proof {
            audit: Audit {
                attacker: Attacker::OUTSIDER,
                cells: self.cells,
                hidden: self.hidden,
                numbers: self.numbers,
                minimum_width: self.minimum_width,
                exact: 0,
                narrower: 0,
                unproved: Vec::new(),
                components: self.components,
                remembered: self.remembered,
                solves: self.solves,
                system: bytes(&self.system)?,
            },
            millis: self.millis,
        })
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn sample() -> Kept {
        let line = Line {
            cells: 7,
            hidden: 4,
            numbers: 3,
            minimum_width: Some(4),
            components: 2,
            remembered: 1,
            solves: 9,
            system: hex([3; 32]),
            millis: 12,
        };
        Kept {
            memory: [([1; 32], 4), ([2; 32], 9)].into_iter().collect(),
            proved: [(RevisionDigest([5; 32]), line.proof().unwrap())].into(),
        }
    }

    #[test]
    fn what_was_proved_comes_back() {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join(FILE);
        assert_eq!(Kept::read(&file), Kept::default(), "no file yet");
        let kept = sample();
        write(&file, &kept.memory, &kept.proved).unwrap();
        assert_eq!(Kept::read(&file), kept);
    }

    #[test]
    fn what_does_not_hold_is_not_kept() {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join(FILE);
        let mut kept = sample();
        kept.proved
            .values_mut()
            .for_each(|proof| proof.audit.narrower = 1);
        write(&file, &kept.memory, &kept.proved).unwrap();
        assert!(Kept::read(&file).proved.is_empty());
    }

    #[test]
    fn a_damaged_file_and_one_of_another_program_are_as_good_as_none() {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join(FILE);
        let kept = sample();
        write(&file, &kept.memory, &kept.proved).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        // Every byte matters: a digit of a width must not be another one.
        for at in (0..text.len()).step_by(7) {
            let mut damaged = text.clone().into_bytes();
            damaged[at] ^= 1;
            fs::write(&file, damaged).unwrap();
            assert_eq!(Kept::read(&file), Kept::default(), "byte {at}");
        }
        let (_, body) = text.split_once('\n').unwrap();
        let generation = format!("\"generation\":{}", calluna_evidence::GENERATION);
        for (from, to) in [
            (generation.as_str(), "\"generation\":0"),
            (program(), "calluna-hub 9"),
        ] {
            let other = body.replace(from, to);
            assert_ne!(other, body);
            let sum = blake3::hash(other.as_bytes()).to_hex();
            fs::write(&file, format!("{sum}\n{other}")).unwrap();
            assert_eq!(Kept::read(&file), Kept::default(), "{to}");
        }
    }
}
