//! The door to the store, in words of the domain.

use std::fmt;

use calluna_model::checkpoint::{HeldNight, Staged};
use calluna_model::clock::Moment;
use calluna_model::finding::Finding;
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, Digest, ProviderId, Revision};
use calluna_model::member::Member;
use calluna_model::report::{Delivery, NightReport, ProviderReport, Trigger};

use crate::dump::Dumped;
use crate::error::StoreError;
use crate::state::ProviderState;
use crate::verdict::Verdict;

/// Called for every offer that readers see: its id and its record (an encoded
/// `calluna.exchange.v1.Offer`). An error stops the reading.
pub type Visit<'a> = dyn FnMut(&str, &[u8]) -> Result<(), StoreError> + 'a;

/// Called for every record that is refused. An error stops the reading.
pub type VisitRefusal<'a> = dyn FnMut(Refusal) -> Result<(), StoreError> + 'a;

/// Called for every audit record: its number and its bytes. `false` stops the reading.
pub type VisitAudit<'a> = dyn FnMut(u64, &[u8]) -> bool + 'a;

/// One record of the audit log; what it says is opaque to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number; the first is 1, and every later one is one more.
    pub number: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// One revision of a provider's participation figures; its bytes are opaque to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiguresRecord {
    /// The quarter, such as 2026-Q3.
    pub period: String,
    /// Number of the revision in its period.
    pub number: u32,
    /// Its digest.
    pub digest: [u8; 32],
    /// The revision as it travelled.
    pub bytes: Vec<u8>,
}

/// Called for every stored revision: period, number, bytes. `false` stops the reading.
pub type VisitFigures<'a> = dyn FnMut(&str, u32, &[u8]) -> bool + 'a;

/// A change that the audit log tells of.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// Nothing but the records themselves.
    Nothing,
    /// See [`HubStore::save_member`].
    Member(&'a Member, &'a [u8]),
    /// See [`HubStore::release`].
    Release(&'a ProviderId, Moment),
    /// See [`HubStore::discard`].
    Discard(&'a ProviderId),
    /// See [`HubStore::save_night`].
    Night(&'a NightReport),
    /// As `Member`, and every offer of that provider is withdrawn at that moment: readers see none,
    /// whatever a night had staged is gone, and [`HubStore::look_up`] says of each since when.
    /// Whoever makes this change holds the provider's stage, so that no night writes to it.
    Withdraw(&'a Member, &'a [u8], Moment),
    /// Revisions of participation figures of a provider, in order of period and number, that were accepted.
    /// They are kept for good: what was published stays provable.
    Figures(&'a ProviderId, &'a [FiguresRecord]),
    /// The operator's word on two offers; it takes the place of an earlier one.
    Verdict(&'a Verdict),
}

/// How one offer stands for readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// They see it: its record, an encoded `calluna.exchange.v1.Offer`.
    Shown(Vec<u8>),
    /// They saw it until a moment.
    Gone {
        /// Since when they do not.
        since: Moment,
        /// What it was called last; nothing where an older hub has not noted it.
        title: Option<String>,
    },
    /// They never saw it, or so long ago that nothing is known of it any more.
    Unknown,
}

/// Offers of one provider that readers saw change at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// Its number; every later one is one more.
    pub number: u64,
    /// Whose offers.
    pub provider: ProviderId,
    /// When readers saw it.
    pub at: Moment,
    /// Ids of offers that came, or came in another version.
    pub shown: Vec<String>,
    /// Ids of offers that went.
    pub gone: Vec<String>,
}

/// Which changes are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeSpan {
    /// This life of the store: numbers of another one mean nothing here.
    pub life: [u8; 16],
    /// The oldest number; 0 before the first change.
    pub oldest: u64,
    /// The newest number; 0 before the first change.
    pub newest: u64,
}

/// Called for every set of changes; `false` stops the reading.
pub type VisitChanges<'a> = dyn FnMut(ChangeSet) -> bool + 'a;

/// Everything that the hub keeps. Calls block; whoever is asynchronous moves them to a thread.
pub trait HubStore: Send + Sync + fmt::Debug {
    /// Every member, in order of its id.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn members(&self) -> Result<Vec<Member>, StoreError>;

    /// One member.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn member(&self, id: &ProviderId) -> Result<Option<Member>, StoreError>;

    /// Writes a member and its enrolment (opaque bytes) in one step.
    ///
    /// # Errors
    /// When it could not be made durable; nothing has changed then.
    fn save_member(&self, member: &Member, enrolment: &[u8]) -> Result<(), StoreError> {
        let change = Change::Member(member, enrolment);
        self.apply(&change, &[]).map(|_nothing_held| ())
    }

    /// A member's enrolment, as it was saved.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn enrolment(&self, id: &ProviderId) -> Result<Option<Vec<u8>>, StoreError>;

    /// What is known of a provider; the default for one that never delivered.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn provider(&self, id: &ProviderId) -> Result<ProviderState, StoreError>;

    /// Notes how a provider's night ended.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn note_exchange(&self, line: &ProviderReport, at: Moment) -> Result<(), StoreError>;

    /// Opens the stage of a provider: where a night writes before readers see it. With `resume`
    /// what an earlier night left there stays, otherwise it is discarded.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    fn stage(&self, id: &ProviderId, resume: bool) -> Result<Box<dyn Stage>, StoreError>;

    /// Shows a held night to readers, now.
    ///
    /// # Errors
    /// When nothing is held, or it could not be made durable.
    fn release(&self, id: &ProviderId, now: Moment) -> Result<HeldNight, StoreError> {
        let held = self.apply(&Change::Release(id, now), &[])?;
        held.ok_or_else(|| StoreError::NotHeld {
            provider: id.to_string(),
        })
    }

    /// Forgets what a night left beside what readers see: a held night, or one that was broken off.
    /// The next night begins at what readers see. Gives the held night, where there was one.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn discard(&self, id: &ProviderId) -> Result<Option<HeldNight>, StoreError> {
        self.apply(&Change::Discard(id), &[])
    }

    /// Visits every offer of a provider that readers see: one whole state, whatever nights do
    /// meanwhile.
    ///
    /// # Errors
    /// When the store cannot be read, or `visit` stops.
    fn offers(&self, id: &ProviderId, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// Visits the offers of a provider that readers see, in ascending order of the id: those behind `after`.
    ///
    /// # Errors
    /// When the store cannot be read, or `visit` stops.
    fn offers_after(
        &self,
        id: &ProviderId,
        after: &str,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError>;

    /// Ids of at most `limit` offers of a provider that readers see, ascending: those behind `after`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn offer_ids(
        &self,
        id: &ProviderId,
        after: &str,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;

    /// How one offer of a provider stands for readers.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn look_up(&self, id: &ProviderId, offer: &str) -> Result<Found, StoreError>;

    /// Whether readers see an offer.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn is_shown(&self, id: &ProviderId, offer: &str) -> Result<bool, StoreError>;

    /// Which changes are remembered.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn change_span(&self) -> Result<ChangeSpan, StoreError>;

    /// Visits what readers saw change, in the order in which they saw it, from this number on.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn changes(&self, from: u64, visit: &mut VisitChanges<'_>) -> Result<(), StoreError>;

    /// Every word of the operator on two offers, in order of the offers.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn verdicts(&self) -> Result<Vec<Verdict>, StoreError>;

    /// Visits the revisions of a provider's participation figures, in order of period and number: of one
    /// period, or of all.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn figures(
        &self,
        id: &ProviderId,
        period: Option<&str>,
        visit: &mut VisitFigures<'_>,
    ) -> Result<(), StoreError>;

    /// Visits every record of a provider that is refused at present, in order of its id.
    ///
    /// # Errors
    /// When the store cannot be read, or `visit` stops.
    fn quarantine(&self, id: &ProviderId, visit: &mut VisitRefusal<'_>) -> Result<(), StoreError>;

    /// Begins a night and gives it its number. `whole`: it is over all providers.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn begin_night(
        &self,
        at: Moment,
        trigger: Trigger,
        whole: bool,
    ) -> Result<NightReport, StoreError>;

    /// Writes the report of a night.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn save_night(&self, report: &NightReport) -> Result<(), StoreError> {
        self.apply(&Change::Night(report), &[])
            .map(|_nothing_held| ())
    }

    /// The newest night.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn latest_night(&self) -> Result<Option<NightReport>, StoreError>;

    /// Closes a night that was cut off by the end of the process; that night, if there was one.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn close_aborted_night(&self, at: Moment) -> Result<Option<NightReport>, StoreError>;

    /// When the newest night over all providers began that ended in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn last_whole_night(&self) -> Result<Option<Moment>, StoreError>;

    /// Bytes on disk.
    ///
    /// # Errors
    /// When they cannot be counted.
    fn size_on_disk(&self) -> Result<u64, StoreError>;

    /// One night by its number.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn night(&self, number: u64) -> Result<Option<NightReport>, StoreError>;

    /// Visits nights, the newest first, beginning with `from` (the newest of all without one),
    /// until `visit` says `false` or there are no more.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn nights(
        &self,
        from: Option<u64>,
        visit: &mut dyn FnMut(NightReport) -> bool,
    ) -> Result<(), StoreError>;

    /// Writes everything that is kept, as it stands at one moment, while nights go on. `step` hears of
    /// bytes that were read.
    ///
    /// # Errors
    /// When the store cannot be read to its end, or `out` fails.
    fn dump(
        &self,
        out: &mut dyn std::io::Write,
        step: &mut dyn FnMut(u64),
    ) -> Result<Dumped, StoreError>;

    /// How the last report was delivered, on every way on which one was sent.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn deliveries(&self) -> Result<Vec<Delivery>, StoreError>;

    /// Notes how a report was delivered, or that it was not; the newest on each way is kept.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn save_delivery(&self, delivery: &Delivery) -> Result<(), StoreError>;

    /// Makes a change and appends the audit records that tell of it, in one atomic write: both are
    /// there, or neither is. Gives the held night that a release or a discard was about.
    ///
    /// # Errors
    /// When the records do not follow the newest one, the change cannot be made, or it could not be
    /// made durable.
    fn apply(
        &self,
        change: &Change<'_>,
        audit: &[AuditRecord],
    ) -> Result<Option<HeldNight>, StoreError>;

    /// The newest audit record.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn audit_last(&self) -> Result<Option<AuditRecord>, StoreError>;

    /// One audit record.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn audit_record(&self, number: u64) -> Result<Option<AuditRecord>, StoreError>;

    /// Visits the audit records from number `from` on, in order; one is held at a time.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn audit(&self, from: u64, visit: &mut VisitAudit<'_>) -> Result<(), StoreError>;
}

/// One refused record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The id under which it was sent.
    pub record: String,
    /// Whether an earlier, good version is still shown.
    pub good_version_kept: bool,
    /// Since when this version of it is; nothing where an older hub has not noted it.
    pub since: Option<Moment>,
    /// Why it is refused.
    pub findings: Vec<Finding>,
}

/// What a stage changes against what readers see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Offers that readers do not see yet.
    pub added: u64,
    /// Offers that readers see in another version.
    pub changed: u64,
    /// Offers that would go.
    pub removed: u64,
    /// Offers that readers see now.
    pub before: u64,
    /// Offers that readers would see.
    pub offers: u64,
    /// Records that are refused.
    pub quarantined: u64,
}

/// What the stage holds, refused records included: to be compared with a node's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Number of offers.
    pub count: u64,
    /// Digest over their fingerprints.
    pub digest: Digest,
}

/// Where a night writes before readers see it. Nothing is durable before [`Stage::commit`],
/// nothing is visible before [`Stage::publish`].
pub trait Stage: Send + fmt::Debug {
    /// Adds an offer or a new version of it.
    fn put(&mut self, revision: Revision, id: &str, hash: ContentHash, record: &[u8]);

    /// Adds a refusal: the record counts by its fingerprint, its last good version stays.
    fn refuse(
        &mut self,
        revision: Revision,
        id: &str,
        hash: ContentHash,
        findings: &[Finding],
        at: Moment,
    );

    /// Adds a tombstone.
    fn gone(&mut self, revision: Revision, id: &str, at: Moment);

    /// Bytes that wait for the next commit.
    fn pending_bytes(&self) -> usize;

    /// Makes everything so far durable together with how far it reaches, in one atomic write.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn commit(&mut self, progress: Staged) -> Result<(), StoreError>;

    /// The fingerprint that is held for `id`.
    fn fingerprint(&self, id: &str) -> Option<ContentHash>;

    /// Every fingerprint, in ascending order of the id.
    fn fingerprints(&self) -> Box<dyn Iterator<Item = (&str, ContentHash)> + '_>;

    /// How many offers the stage holds, refused ones included.
    fn count(&self) -> u64;

    /// Count and digest of what the stage holds.
    fn holding(&self) -> Holding;

    /// What it changes.
    fn tally(&self) -> Tally;

    /// Visits every offer that readers see and that would go, as readers see it.
    ///
    /// # Errors
    /// When the store cannot be read, or `visit` stops.
    fn removals(&self, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// Visits every offer that readers do not see yet. Only what was committed can be read.
    ///
    /// # Errors
    /// When the store cannot be read, or `visit` stops.
    fn arrivals(&self, visit: &mut Visit<'_>) -> Result<(), StoreError>;

    /// Shows the stage to readers, in one atomic write together with the night's line where there is
    /// one (otherwise [`HubStore::note_exchange`] notes it).
    ///
    /// # Errors
    /// When it could not be made durable; readers see the old state then.
    fn publish(
        self: Box<Self>,
        head: Head,
        night: u64,
        line: Option<&ProviderReport>,
        at: Moment,
    ) -> Result<(), StoreError>;

    /// Keeps the stage, complete and verified, until an operator releases it.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn hold(self: Box<Self>, held: HeldNight) -> Result<(), StoreError> {
        self.hold_audited(held, &[])
    }

    /// As [`Stage::hold`], together with the audit records that tell of it.
    ///
    /// # Errors
    /// As [`Stage::hold`], or when the records do not follow the newest one.
    fn hold_audited(
        self: Box<Self>,
        held: HeldNight,
        audit: &[AuditRecord],
    ) -> Result<(), StoreError>;
}
