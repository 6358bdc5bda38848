//! Where participation figures are judged: from public data alone, with the district's rules.
//!
//! The hub never knows a number that it may not show, so it cannot be made to give one away; and it does not take a
//! node's word for it. Every revision is held against every earlier one of its period, and all of them together
//! are proved again ([`calluna_evidence`]). What was proved is remembered by content, over restarts too
//! ([`kept`]): an unchanged quarter costs next to nothing the next night.

pub mod kept;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use calluna_evidence::{Frame, broken, prove_public};
use calluna_protect::{Audit, Budget, Memory};
use calluna_tables::revision::RevisionDigest;
use calluna_tables::{Layout, Region, Revision, Rules, Subjects};
use tokio::time::Instant;

use self::kept::Kept;
use crate::config::FiguresConfig;

/// Most revisions of one period: a node that publishes every night of a quarter has about 100.
pub const MOST_REVISIONS: usize = 400;
/// Proofs by content that are remembered; beyond, the memory starts anew.
const REMEMBERED: usize = 200_000;
/// Of many broken rules a person needs to read the first few.
const TOLD: usize = 5;

/// What the hub knows about figures besides the figures.
#[derive(Debug)]
pub struct Desk {
    /// Layout and web.
    pub frame: Frame,
    /// The weakest rules that are accepted.
    pub least: Rules,
    solves: usize,
    patience: Duration,
    memory: Mutex<Memory>,
    proved: Mutex<HashMap<RevisionDigest, Proof>>,
    /// Where proofs are kept.
    file: Option<PathBuf>,
}

/// Evidence of all revisions of one period of one provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// What was judged.
    pub audit: Audit,
    /// How long it took when it was made, in milliseconds.
    pub millis: u64,
}

impl Desk {
    /// The desk with these settings; files are relative to `dir`.
    ///
    /// # Errors
    /// When a rule is below the floor, or a file cannot be used.
    pub fn new(config: &FiguresConfig, dir: &Path) -> Result<Self> {
        let least = config.least();
        if let Some(fault) = least.fault() {
            anyhow::bail!("hub.toml, [figures]: {fault}");
        }
        let read = |file: &Path| {
            let path = dir.join(file);
            fs::read_to_string(&path)
                .with_context(|| format!("hub.toml, [figures]: {} cannot be read", path.display()))
        };
        let region = if config.municipalities_file.as_os_str().is_empty() {
            Region::heidekreis()?
        } else {
            Region::parse(&read(&config.municipalities_file)?)?
        };
        let subjects = if config.subjects_file.as_os_str().is_empty() {
            Subjects::areas()
        } else {
            Subjects::with_fields(&read(&config.subjects_file)?)?
        };
        Ok(Self {
            frame: Frame::new(Layout::new(region, subjects)),
            least,
            solves: config.proof_solves,
            patience: Duration::from_secs(config.proof_seconds),
            memory: Mutex::default(),
            proved: Mutex::default(),
            file: None,
        })
    }

    /// The desk with the proofs of this file, where [`Desk::keep`] keeps them.
    #[must_use]
    pub fn with(mut self, file: PathBuf) -> Self {
        let Kept { memory, proved } = Kept::read(&file);
        self.memory = Mutex::new(memory);
        self.proved = Mutex::new(proved);
        self.file = Some(file);
        self
    }

    /// Keeps the proofs of the histories that end so, and forgets those of others. That it cannot be written is told, and
    /// costs no more than time after the next restart.
    pub fn keep(&self, last: &HashSet<RevisionDigest>) {
        let Some(file) = &self.file else { return };
        let mut proved = self.proved.lock().unwrap_or_else(PoisonError::into_inner);
        proved.retain(|digest, _| last.contains(digest));
        let proved = proved.clone();
        let memory = self
            .memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Err(error) = kept::write(file, &memory, &proved) {
            tracing::warn!(
                %error,
                "proofs could not be kept in {}: they are made anew after a restart",
                file.display()
            );
        }
    }

    /// The desk of a hub without a directory.
    ///
    /// # Panics
    /// Never: a test holds that the usual region is whole.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the data file is a part of the program")]
    pub fn usual() -> Self {
        Self::new(&FiguresConfig::default(), Path::new("")).expect("the usual region is whole")
    }

    /// Whether `next` may follow `earlier` (all accepted revisions of the period, in order), and whether all
    /// of them together are proved.
    ///
    /// # Errors
    /// The reason of a refusal, for the node's operator; it holds no number of a table.
    pub fn judge(&self, earlier: &[Revision], next: &[Revision]) -> Result<Proof> {
        let mut all = earlier.to_vec();
        for revision in next {
            ensure!(
                all.len() < MOST_REVISIONS,
                "the period has {MOST_REVISIONS} revisions already: publish less often, the close will tell the rest"
            );
            let found = broken(&self.frame, &self.least, &all, revision);
            if !found.is_empty() {
                let told: Vec<String> = found.iter().take(TOLD).map(ToString::to_string).collect();
                let more = found.len().saturating_sub(TOLD);
                let more = if more > 0 {
                    format!(" and {more} more")
                } else {
                    String::new()
                };
                anyhow::bail!(
                    "revision {} of {} breaks the rules: {}{more}. The last accepted revision stands; update \
                     calluna-node, and look at its settings of [figures]",
                    revision.number,
                    revision.period,
                    told.join("; "),
                );
            }
            all.push(revision.clone());
        }
        let proof = self.prove(&all)?;
        ensure!(
            proof.audit.holds(),
            "the protection of the figures of {} could not be proved again at the hub ({} of {} hidden numbers): \
             the last accepted revision stands; update calluna-node, or let it join categories",
            all.last()
                .map(|last| last.period.to_string())
                .unwrap_or_default(),
            proof.audit.narrower,
            proof.audit.numbers,
        );
        Ok(proof)
    }

    /// The proof over all revisions of a period, made or remembered.
    ///
    /// # Errors
    /// When the numbers contradict each other.
    pub fn prove(&self, revisions: &[Revision]) -> Result<Proof> {
        let digest = revisions.last().map(Revision::digest).unwrap_or_default();
        let lock = |memory: &Mutex<HashMap<RevisionDigest, Proof>>| {
            let known = memory.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&digest).cloned()
        };
        if let Some(known) = lock(&self.proved) {
            return Ok(known);
        }
        let begun = Instant::now();
        #[expect(
            clippy::disallowed_methods,
            reason = "the proof knows no clock of tokio"
        )]
        let until = std::time::Instant::now().checked_add(self.patience);
        let mut budget = Budget {
            solves: self.solves,
            until,
        };
        // A copy, so that others can prove meanwhile; of two that end at once one's memory is lost and made again.
        let mut memory = self
            .memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if memory.len() > REMEMBERED {
            memory = Memory::default();
        }
        let audit = prove_public(&self.frame, revisions, &mut budget, &mut memory)
            .context("the figures contradict each other")?;
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = memory;
        let proof = Proof {
            audit,
            millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        let mut proved = self.proved.lock().unwrap_or_else(PoisonError::into_inner);
        if proved.len() > REMEMBERED {
            proved.clear();
        }
        if proof.audit.holds() {
            // A failure may be one of time: the next night tries again.
            proved.insert(digest, proof.clone());
        }
        Ok(proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calluna_evidence::fixture::{count, frame, leaves, publish};
    use calluna_tables::{Kind, Shown};

    fn desk() -> Desk {
        Desk::new(&FiguresConfig::default(), Path::new("")).unwrap()
    }

    fn first() -> Revision {
        let frame = frame();
        let all: Vec<_> = (0..300).map(|seed| leaves(&frame, seed)).collect();
        publish(&frame, &[], Kind::Provisional, &count(&frame, &all))
    }

    #[test]
    fn a_proved_revision_is_accepted_and_remembered() {
        let desk = desk();
        let first = first();
        let proof = desk.judge(&[], std::slice::from_ref(&first)).unwrap();
        assert!(proof.audit.holds() && proof.audit.exact == 0);
        let again = desk.prove(&[first]).unwrap();
        assert_eq!(again.millis, proof.millis, "it was proved anew");
    }

    #[test]
    fn a_revision_that_gives_a_hidden_number_away_is_refused_without_saying_it() {
        let desk = desk();
        let mut wrong = first();
        // Every complement that is large is shown: what is left of a sum is one small number.
        let truth = {
            let all: Vec<_> = (0..300).map(|seed| leaves(&desk.frame, seed)).collect();
            count(&desk.frame, &all)
        };
        for (value, truth) in wrong.values.iter_mut().zip(&truth) {
            if *value == Shown::Hidden && *truth >= 10 {
                *value = Shown::Value(*truth);
            }
        }
        let refused = desk.judge(&[], &[wrong]).unwrap_err().to_string();
        assert!(refused.contains("could not be proved"), "{refused}");
    }

    #[test]
    fn proofs_outlast_a_restart_and_those_of_nobody_are_forgotten() {
        let dir = tempfile::TempDir::new().unwrap();
        let file = dir.path().join(kept::FILE);
        // Who may solve nothing proves nothing but what is remembered.
        let idle = || {
            let config = FiguresConfig {
                proof_solves: 0,
                ..FiguresConfig::default()
            };
            Desk::new(&config, Path::new("")).unwrap()
        };
        let first = first();
        let all = std::slice::from_ref(&first);
        assert!(!idle().with(file.clone()).prove(all).unwrap().audit.holds());
        let desk = desk().with(file.clone());
        let proof = desk.prove(all).unwrap();
        desk.keep(&HashSet::from([first.digest()]));
        let again = idle().with(file.clone());
        assert_eq!(again.prove(all).unwrap(), proof);
        again.keep(&HashSet::new());
        let Kept { memory, proved } = Kept::read(&file);
        assert!(proved.is_empty() && !memory.is_empty());
        // Its parts are known all the same.
        let proof = idle().with(file).prove(all).unwrap();
        assert!(proof.audit.holds() && proof.audit.solves == 0);
    }

    #[test]
    fn weak_rules_are_no_setting() {
        let config = FiguresConfig {
            threshold: 2,
            ..FiguresConfig::default()
        };
        let refused = Desk::new(&config, Path::new("")).unwrap_err().to_string();
        assert!(refused.contains("at least 3"), "{refused}");
    }
}
