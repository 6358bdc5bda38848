//! One decision: what the next revision would be.

use calluna_evidence::{Frame, broken, prove_public};
use calluna_figures::{Figures, PersonHash, Touch};
use calluna_protect::{Audit, Budget, Memory};
use calluna_tables::{Kind, Revision, Rules, Shown};

use crate::fault::Fault;
use crate::history::{changes, index, number, sums};
use crate::ledger::Ledger;
use crate::outlook::{Outlook, Rounded, Waiting};
use crate::search::{End, Found, Reason, Search};

/// A hidden number may come to be shown at every fifth revision of the nights.
pub(crate) const UNMASK: u32 = 5;

/// Why a revision is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// While the period runs: numbers of the nightly tables, which only grow.
    Night,
    /// The period is over: all tables, cancellations and changes included.
    Close,
    /// After the close.
    Correction,
}

impl Occasion {
    const fn kind(self) -> Kind {
        match self {
            Self::Night => Kind::Provisional,
            Self::Close => Kind::Final,
            Self::Correction => Kind::Correction,
        }
    }
}

/// What a decision is made from.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Layout and web of this node.
    pub frame: &'a Frame,
    /// The rules of the district.
    pub rules: &'a Rules,
    /// The newest import.
    pub figures: &'a Figures,
    /// Numbers that are zero because nothing of the kind is offered: [`calluna_tables::Web::structural`].
    pub structural: &'a [bool],
    /// Night, close or correction.
    pub occasion: Occasion,
    /// Now, by the caller's clock: seconds since 1970.
    pub at: i64,
    /// How much work the proofs may be.
    pub budget: Budget,
}

/// Evidence of a proposal, for people and for the log of decisions; it holds no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Numbers in the proof, all revisions together.
    pub cells: u64,
    /// Hidden ones.
    pub hidden: u64,
    /// The narrowest interval that was witnessed; nothing where nothing is hidden.
    pub minimum_width: Option<u64>,
    /// Linear programs solved for the last proof.
    pub solves: u64,
    /// blake3 of the system that was proved.
    pub system: [u8; 32],
}

impl From<&Audit> for Proof {
    fn from(audit: &Audit) -> Self {
        Self {
            cells: audit.cells as u64,
            hidden: audit.hidden as u64,
            minimum_width: audit.minimum_width,
            solves: audit.solves as u64,
            system: audit.system,
        }
    }
}

/// A revision that may be published, and what the ledger has to remember when it is.
pub struct Proposal {
    /// What would be published.
    pub revision: Revision,
    /// Whose part is new in it, with the part; empty for somebody who is gone.
    pub(crate) batch: Vec<(PersonHash, Box<[Touch]>)>,
    /// Why it may be.
    pub proof: Proof,
    /// What a person is told.
    pub outlook: Outlook,
}

impl Proposal {
    /// How many persons appear, change or leave with it.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.batch.len()
    }

    /// The persons who do, by hash.
    pub fn batch(&self) -> impl ExactSizeIterator<Item = PersonHash> + '_ {
        self.batch.iter().map(|(hash, _)| *hash)
    }
}

/// Why there is a proposal, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is one.
    Proposed,
    /// What the public sees would not change.
    NothingNew,
    /// It cannot be proved that the hidden numbers stay hidden, and coarser than what was shown it cannot become.
    NotProved,
    /// A number that was shown would fall below its threshold, whoever waits.
    WouldFall,
}

/// What was decided.
pub struct Decision {
    /// The next revision, if there may be one.
    pub proposal: Option<Proposal>,
    /// Who waits.
    pub waiting: Waiting,
    /// Why.
    pub why: Why,
}

impl Ledger {
    /// Decides what the next revision would be. Nothing is published or remembered but proofs.
    ///
    /// # Errors
    /// [`Fault`]: the ledger is sealed or settled, what is asked does not fit it, or the decision broke a rule
    /// (then this program has a fault, and nothing is proposed).
    #[expect(
        clippy::too_many_lines,
        reason = "what is known before the search, one after the other"
    )]
    pub fn decide(&mut self, asked: &Asked<'_>) -> Result<Decision, Fault> {
        self.admits(asked)?;
        let frame = asked.frame;
        let night = asked.occasion == Occasion::Night;
        let all = frame.web.numbers().len();
        let reach = if night { frame.web.nightly() } else { all };
        let mut memory = std::mem::take(&mut self.memory);
        let truths = sums(&self.persons, all, self.revisions.len());
        let changes = changes(&self.persons, asked.figures, reach);
        let grows = |by: &[(u32, i64)]| by.iter().all(|(_, by)| *by > 0);
        let zeros = self.zeros_that_stay(frame, night);
        let out = changes
            .iter()
            .map(|change| {
                if night && !grows(&change.by) {
                    Some(Reason::Changed)
                } else if change
                    .by
                    .iter()
                    .any(|(at, _)| zeros.get(index(*at)) == Some(&true))
                {
                    Some(Reason::Few)
                } else {
                    None
                }
            })
            .collect();
        let was = |at: u32, what: fn(Shown) -> bool| {
            self.revisions
                .iter()
                .any(|revision| what(revision.value(at)))
        };
        let shown: Vec<bool> = (0..all)
            .map(|at| was(number(at), |shown| matches!(shown, Shown::Value(_))))
            .collect();
        let base = truths.last();
        let mut structural: Vec<bool> = (0..all)
            .map(|at| {
                let before = base.and_then(|base| base.values.get(at)).copied();
                asked.structural.get(at).copied().unwrap_or_default()
                    && asked.figures.value(number(at)) == 0
                    && before.unwrap_or_default() == 0
                    && !was(number(at), |shown| {
                        matches!(shown, Shown::Value(_) | Shown::Hidden)
                    })
            })
            .collect();
        settle_zeros(frame, &mut structural);
        for (zero, stays) in structural.iter_mut().zip(&zeros) {
            *zero |= stays;
        }
        // To find out what more could be shown takes most of the time, so hidden numbers are looked at
        // again after some revisions only.
        let last = self.revisions.last();
        // Where nothing is shown there may be no next revision before something is.
        let says_something = |last: &Revision| {
            let mut values = last.values.iter();
            values.any(|shown| matches!(shown, Shown::Value(_)))
        };
        let looks =
            !night || last.is_none_or(|last| last.number % UNMASK == 0 || !says_something(last));
        let asleep = (0..all)
            .map(|at| !looks && last.is_some_and(|last| last.value(number(at)) == Shown::Hidden))
            .collect();
        // On the other nights what was published stays published; tables do not come and go.
        let stays = (0..all)
            .map(|at| !looks && last.is_some_and(|last| last.value(number(at)) != Shown::LeftOut))
            .collect();
        let search = Search {
            frame,
            rules: asked.rules,
            revisions: &self.revisions,
            persons: &self.persons,
            truths: &truths,
            night,
            reach,
            changes,
            out,
            structural,
            left_out: (0..all).map(|at| frame.web.is_silent(number(at))).collect(),
            shown,
            stays,
            asleep,
            barred: vec![false; all],
        };
        let mut budget = asked.budget;
        let ended = search.run(&mut budget, &mut memory);
        let decision = ended.and_then(|(end, search)| self.conclude(asked, end, &search));
        self.memory = memory;
        decision
    }

    /// At a close or correction what was a public zero stays one, with all below it; whoever would change that waits.
    /// The revisions before are not tied to this one, so a zero that became a hidden number would serve as the
    /// complement of a small one whose true complement was hidden before and is shown now: it would follow by
    /// subtraction from the two revisions together. While the period runs the proof ties all revisions.
    fn zeros_that_stay(&self, frame: &Frame, night: bool) -> Vec<bool> {
        let mut zeros = vec![false; frame.web.numbers().len()];
        let Some(last) = self.revisions.last().filter(|_| !night) else {
            return zeros;
        };
        for (zero, shown) in zeros.iter_mut().zip(&last.values) {
            *zero = *shown == Shown::Structural;
        }
        loop {
            let before = zeros.iter().filter(|zero| **zero).count();
            for sum in frame.web.sums() {
                if zeros.get(index(sum.parent)) == Some(&true) {
                    for part in &sum.parts {
                        if let Some(zero) = zeros.get_mut(index(*part)) {
                            *zero = true;
                        }
                    }
                }
            }
            if zeros.iter().filter(|zero| **zero).count() == before {
                return zeros;
            }
        }
    }

    fn admits(&self, asked: &Asked<'_>) -> Result<(), Fault> {
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
        if let Some(fault) = asked.rules.fault() {
            return Err(Fault::Rules(fault));
        }
        let numbers = asked.frame.web.numbers().len();
        if asked.figures.values().len() != numbers {
            return Err(Fault::Foreign("the figures"));
        }
        if asked.structural.len() != numbers {
            return Err(Fault::Foreign("the structural zeros"));
        }
        let last = self.revisions.last();
        if let Some(last) = last {
            if last.layout != asked.frame.fingerprint {
                return Err(Fault::Layout);
            }
            if last.rules != *asked.rules {
                return Err(Fault::RulesChanged);
            }
        }
        let closed = last.is_some_and(|last| last.kind != Kind::Provisional);
        if closed != (asked.occasion == Occasion::Correction) {
            return Err(Fault::Order {
                asked: asked.occasion.kind().as_str(),
                last: last.map_or("nothing", |last| last.kind.as_str()),
            });
        }
        Ok(())
    }

    fn conclude(
        &self,
        asked: &Asked<'_>,
        end: End,
        search: &Search<'_>,
    ) -> Result<Decision, Fault> {
        let none = |why, waiting| Decision {
            proposal: None,
            waiting,
            why,
        };
        let found = match end {
            End::Found(found) => *found,
            End::NotProved | End::WouldFall => {
                // Then everybody waits who is not in yet.
                let all = Rounded::of(search.changes.len() as u64);
                let waiting = Waiting {
                    all,
                    few: all,
                    ..Waiting::default()
                };
                let why = if matches!(end, End::NotProved) {
                    Why::NotProved
                } else {
                    Why::WouldFall
                };
                return Ok(none(why, waiting));
            }
        };
        let waiting = waiting(&found);
        let values = search.values(&found);
        let last = self.revisions.last();
        if asked.occasion != Occasion::Close && last.is_some_and(|last| last.values == values) {
            return Ok(none(Why::NothingNew, waiting));
        }
        let revision = Revision {
            period: self.period,
            number: last.map_or(1, |last| last.number.saturating_add(1)),
            kind: asked.occasion.kind(),
            at: asked.at,
            layout: asked.frame.fingerprint.clone(),
            rules: asked.rules.clone(),
            waiting: waiting.all.least(),
            before: last.map(Revision::digest).unwrap_or_default(),
            values,
        };
        // By code that shares nothing with the search.
        if !broken(asked.frame, asked.rules, &self.revisions, &revision).is_empty() {
            return Err(Fault::Internal(
                "the proposal breaks a rule that the public can check",
            ));
        }
        // As the hub will prove it, without the truth. What it would refuse is not made.
        let public: Vec<Revision> = self.revisions.iter().chain([&revision]).cloned().collect();
        let mut budget = asked.budget;
        let proved = prove_public(asked.frame, &public, &mut budget, &mut Memory::default());
        if !proved.is_ok_and(|audit| audit.holds()) {
            return Ok(none(Why::NotProved, waiting));
        }
        let batch = found
            .released
            .iter()
            .filter_map(|at| search.changes.get(*at));
        let batch = batch
            .map(|change| (change.hash, change.is.into()))
            .collect();
        let outlook = Outlook::of(asked.frame, &revision.values, waiting);
        let proposal = Proposal {
            revision,
            batch,
            proof: Proof::from(&found.audit),
            outlook,
        };
        Ok(Decision {
            proposal: Some(proposal),
            waiting,
            why: Why::Proposed,
        })
    }
}

fn waiting(found: &Found) -> Waiting {
    let count = |reason| {
        let mut all = 0;
        for (_, other) in &found.waiting {
            all += u64::from(*other == reason);
        }
        Rounded::of(all)
    };
    Waiting {
        all: Rounded::of(found.waiting.len() as u64),
        few: count(Reason::Few),
        changed: count(Reason::Changed),
        below: count(Reason::Below),
    }
}

/// A zero is public only with all its parts, and with its pair.
fn settle_zeros(frame: &Frame, structural: &mut [bool]) {
    loop {
        let mut changed = false;
        let mut lift = |structural: &mut [bool], at: u32| {
            if let Some(zero) = structural.get_mut(index(at)).filter(|zero| **zero) {
                *zero = false;
                changed = true;
            }
        };
        let is = |structural: &[bool], at: u32| crate::search::flag(structural, at);
        for sum in frame.web.sums() {
            if !sum.parts.iter().all(|part| is(structural, *part)) {
                lift(structural, sum.parent);
            }
        }
        for (lesser, greater) in frame.web.at_most() {
            if is(structural, *lesser) != is(structural, *greater) {
                lift(structural, *lesser);
                lift(structural, *greater);
            }
        }
        if !changed {
            return;
        }
    }
}
