//! The door to what decides which numbers may be shown.
//!
//! **Not the real decision yet**: until `calluna-ledger` is behind it, every number is hidden, which is
//! always allowed. Everything else (kinds, numbers, digests, who waits) is as it will be.

use std::time::Duration;

use calluna_figures::Figures;
use calluna_tables::revision::{FiguresHead, RevisionDigest};
use calluna_tables::{Kind, Period, Revision, Rules, Shown};
use calluna_wire::v1 as pb;
use prost::Message;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::FiguresError;
use super::file::{Note, Parts};
use super::ground::Ground;

/// Why a revision is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The period runs.
    Night,
    /// It is over and is closed.
    Close,
    /// It was closed, and is corrected.
    Correction,
}

/// What was decided.
#[derive(Debug)]
pub struct Decision {
    /// What may be published, where that is anything new.
    pub proposal: Option<Proposal>,
    /// Persons who are not in the figures as they are now, rounded to 10.
    pub waiting: u64,
    /// Why something was held back, as codes.
    pub reasons: Vec<String>,
}

/// A revision that may be published.
#[derive(Debug)]
pub struct Proposal {
    /// What the public would see.
    pub revision: Revision,
    persons: Vec<[u8; 32]>,
}

/// What a decision needs besides the list.
pub struct Given<'a> {
    /// Layout and numbers.
    pub ground: &'a Ground,
    /// Thresholds.
    pub rules: &'a Rules,
    /// What is zero whatever the registrations are, by number.
    pub structural: &'a [bool],
    /// Why.
    pub occasion: Occasion,
    /// When, in seconds since 1970.
    pub at: i64,
    /// How long a proof may take.
    pub budget: Duration,
}

impl std::fmt::Debug for Given<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given")
            .field("occasion", &self.occasion)
            .finish_non_exhaustive()
    }
}

/// One period: what was published, and who is in it.
pub struct Ledger {
    period: Period,
    revisions: Vec<Revision>,
    proposal: Option<Revision>,
    persons: Vec<[u8; 32]>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    revisions: Vec<Vec<u8>>,
    proposal: Option<Vec<u8>>,
}

impl Ledger {
    /// A period of which nothing was published.
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self {
            period,
            revisions: Vec::new(),
            proposal: None,
            persons: Vec::new(),
        }
    }

    fn decode(period: Period, bytes: &[u8]) -> Result<Self, FiguresError> {
        let wrong = |reason: String| FiguresError::Ledger { period, reason };
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (bytes, hashes) = bytes.split_at(end.unwrap_or(bytes.len()));
        let hashes = hashes.get(1..).unwrap_or_default();
        let stored: Stored =
            serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
        let revision = |bytes: &Vec<u8>| {
            let wire = pb::TableRevision::decode(bytes.as_slice())
                .map_err(|error| wrong(error.to_string()))?;
            Revision::try_from(wire).map_err(|error| wrong(error.to_string()))
        };
        Ok(Self {
            period,
            revisions: stored
                .revisions
                .iter()
                .map(revision)
                .collect::<Result<_, _>>()?,
            proposal: stored.proposal.as_ref().map(revision).transpose()?,
            persons: hashes.as_chunks().0.to_vec(),
        })
    }

    fn encode(&self, persons: bool) -> Result<Zeroizing<Vec<u8>>, FiguresError> {
        let bytes = |revision: &Revision| pb::TableRevision::from(revision).encode_to_vec();
        let stored = Stored {
            revisions: self.revisions.iter().map(bytes).collect(),
            proposal: self.proposal.as_ref().filter(|_| persons).map(bytes),
        };
        let mut out = serde_json::to_vec(&stored).map_err(|_| FiguresError::TooLarge)?;
        if persons {
            out.push(b'\n');
            out.extend(self.persons.as_flattened());
        }
        Ok(Zeroizing::new(out))
    }

    /// What was published, the first first.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// How far it has come; nothing before the first revision.
    #[must_use]
    pub fn head(&self) -> Option<FiguresHead> {
        self.revisions.last().map(Revision::head)
    }

    /// What waits for its release.
    #[must_use]
    pub fn proposal(&self) -> Option<&Revision> {
        self.proposal.as_ref()
    }

    /// Decides what of these figures may be shown.
    ///
    /// # Errors
    /// When the period does not take anything more.
    pub fn decide(&self, given: &Given<'_>, figures: &Figures) -> Result<Decision, FiguresError> {
        let web = &given.ground.web;
        let (kind, many) = match given.occasion {
            Occasion::Night => (Kind::Provisional, web.nightly()),
            Occasion::Close => (Kind::Final, web.numbers().len()),
            Occasion::Correction => (Kind::Correction, web.numbers().len()),
        };
        let shown = |structural: &bool| match structural {
            true => Shown::Structural,
            false => Shown::Hidden,
        };
        let last = self.revisions.last();
        let revision = Revision {
            period: self.period,
            number: last.map_or(1, |last| last.number + 1),
            kind,
            at: given.at,
            layout: given.ground.fingerprint.clone(),
            rules: given.rules.clone(),
            waiting: 0,
            before: last.map_or(RevisionDigest::default(), Revision::digest),
            values: given.structural.iter().take(many).map(shown).collect(),
        };
        let persons: Vec<[u8; 32]> = figures
            .persons()
            .map(|person| *person.hash.as_bytes())
            .collect();
        let new = last.is_none_or(|last| last.kind != kind) || persons != self.persons;
        let waiting = u64::try_from(persons.len())
            .unwrap_or_default()
            .next_multiple_of(10);
        Ok(Decision {
            proposal: new.then_some(Proposal { revision, persons }),
            waiting,
            reasons: Vec::new(),
        })
    }

    /// Publishes what was proposed.
    pub fn publish(&mut self, proposal: Proposal) {
        self.proposal = None;
        self.revisions.push(proposal.revision);
        self.persons = proposal.persons;
    }

    /// Lets a proposal wait for its release, in the place of one that waits already.
    pub fn hold(&mut self, proposal: Proposal) {
        self.proposal = Some(proposal.revision);
    }

    /// Publishes what waits; whether anything did.
    pub fn approve(&mut self) -> bool {
        let waiting = self.proposal.take();
        let any = waiting.is_some();
        self.revisions.extend(waiting);
        any
    }

    /// Drops what waits; whether anything did.
    pub fn discard(&mut self) -> bool {
        self.proposal.take().is_some()
    }

    /// Forgets everything about persons, and with it what waits.
    pub fn forget(&mut self) {
        self.persons.clear();
        self.proposal = None;
    }
}

/// A period: its note and its ledger.
pub struct Page {
    /// What its file says of it.
    pub note: Note,
    /// What was published, and who is in it.
    pub ledger: Ledger,
}

impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page")
            .field("note", &self.note)
            .finish_non_exhaustive()
    }
}

impl Page {
    /// A period of which there is nothing yet.
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self {
            note: Note::default(),
            ledger: Ledger::new(period),
        }
    }

    /// From a file, as far as it was read.
    ///
    /// # Errors
    /// When the ledger in it cannot be read.
    pub fn of(period: Period, parts: Parts) -> Result<Self, FiguresError> {
        let bytes = if parts.private.is_empty() {
            &parts.public
        } else {
            &*parts.private
        };
        let ledger = Ledger::decode(period, bytes)?;
        Ok(Self {
            note: parts.note,
            ledger,
        })
    }

    /// For its file. A period that was forgotten or closed for good keeps nothing about persons.
    ///
    /// # Errors
    /// When it is larger than a file can be.
    pub fn parts(&self) -> Result<Parts, FiguresError> {
        let keeps = self.note.forgotten_at.is_none() && self.note.sealed.is_empty();
        Ok(Parts {
            note: self.note.clone(),
            public: self.ledger.encode(false)?.to_vec(),
            private: if keeps {
                self.ledger.encode(true)?
            } else {
                Zeroizing::default()
            },
        })
    }
}
