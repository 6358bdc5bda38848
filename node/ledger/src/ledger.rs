//! What is kept of one period, and the few ways to change it.

use calluna_figures::PersonHash;
use calluna_protect::Memory;
use calluna_tables::revision::FiguresHead;
use calluna_tables::{Period, Revision};

use crate::decide::Proposal;
use crate::fault::Fault;
use crate::history::{Entry, Persons};

/// Why nothing more is decided in a period, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Why, in words for people; nothing personal.
    pub reason: String,
    /// When, in seconds since 1970.
    pub at: i64,
}

/// One period of one provider: what was published, who is in it with what, and what waits to be released.
pub struct Ledger {
    pub(crate) period: Period,
    pub(crate) revisions: Vec<Revision>,
    pub(crate) persons: Persons,
    pub(crate) held: Option<Proposal>,
    pub(crate) sealed: Option<Seal>,
    pub(crate) settled: bool,
    /// Proofs that were made before; only saves time, and is not kept on disk.
    pub(crate) memory: Memory,
}

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self {
            period,
            revisions: Vec::new(),
            persons: Persons::new(),
            held: None,
            sealed: None,
            settled: false,
            memory: Memory::default(),
        }
    }

    /// The quarter.
    #[must_use]
    pub fn period(&self) -> Period {
        self.period
    }

    /// Everything that was published, in order.
    #[must_use]
    pub fn revisions(&self) -> &[Revision] {
        &self.revisions
    }

    /// How far the period has come; nothing before the first revision.
    #[must_use]
    pub fn head(&self) -> Option<FiguresHead> {
        self.revisions.last().map(Revision::head)
    }

    /// How many persons are remembered.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.persons.len()
    }

    /// Whether a person is remembered.
    #[must_use]
    pub fn knows(&self, person: &PersonHash) -> bool {
        self.persons.contains_key(person)
    }

    /// Why and since when nothing is decided any more.
    #[must_use]
    pub fn sealed(&self) -> Option<&Seal> {
        self.sealed.as_ref()
    }

    /// Whether the persons were forgotten.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.settled
    }

    /// The proposal that waits for a person's release.
    #[must_use]
    pub fn held(&self) -> Option<&Proposal> {
        self.held.as_ref()
    }

    /// Keeps a proposal until a person releases ([`Self::release`]) or withdraws it.
    ///
    /// # Errors
    /// It does not follow the newest revision, another one waits, or the ledger is sealed or settled.
    pub fn hold(&mut self, proposal: Proposal) -> Result<(), Fault> {
        self.takes(&proposal)?;
        self.held = Some(proposal);
        Ok(())
    }

    /// Publishes the proposal that waits; nothing when none does.
    ///
    /// # Errors
    /// As [`Self::publish`].
    pub fn release(&mut self) -> Result<Option<&Revision>, Fault> {
        match self.held.take() {
            Some(proposal) => self.publish(proposal).map(Some),
            None => Ok(None),
        }
    }

    /// Drops the proposal that waits; whether there was one.
    pub fn withdraw(&mut self) -> bool {
        self.held.take().is_some()
    }

    /// Takes a proposal as published: from here on every decision has to agree with it. Call this, and keep the
    /// ledger, **before** the revision leaves the house.
    ///
    /// # Errors
    /// It does not follow the newest revision, another one waits, or the ledger is sealed or settled.
    pub fn publish(&mut self, proposal: Proposal) -> Result<&Revision, Fault> {
        self.takes(&proposal)?;
        let revision = proposal.revision.number;
        for (hash, touches) in proposal.batch {
            let history = self.persons.entry(hash).or_default();
            history.push(Entry { revision, touches });
        }
        self.revisions.push(proposal.revision);
        self.revisions
            .last()
            .ok_or(Fault::Internal("a revision was lost"))
    }

    fn takes(&self, proposal: &Proposal) -> Result<(), Fault> {
        if let Some(seal) = &self.sealed {
            return Err(Fault::Sealed {
                reason: seal.reason.clone(),
            });
        }
        if self.settled {
            return Err(Fault::Settled);
        }
        if self.held.is_some() {
            return Err(Fault::Waiting);
        }
        let last = self.revisions.last();
        let before = last.map(Revision::digest).unwrap_or_default();
        let next = last.map_or(1, |last| last.number.saturating_add(1));
        let revision = &proposal.revision;
        if revision.before != before || revision.number != next || revision.period != self.period {
            return Err(Fault::Stale);
        }
        Ok(())
    }

    /// Nothing is decided in this period any more. The first reason stays.
    pub fn seal(&mut self, reason: &str, at: i64) {
        self.held = None;
        self.sealed.get_or_insert_with(|| Seal {
            reason: reason.to_owned(),
            at,
        });
    }

    /// Forgets the persons: the time for corrections is over. What was published stays.
    pub fn settle(&mut self) {
        self.persons = Persons::new();
        self.held = None;
        self.memory = Memory::default();
        self.settled = true;
    }
}
