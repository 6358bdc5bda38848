//! The life of the district's authority: gathers the facts, takes the step that is due, does what the
//! operator asks, and tells how it stands. What step that is, [`crate::trust::plan`] decides.

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use calluna_certs::{AuthorityChain, Reason, Revoked, days_left};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use serde::{Deserialize, Serialize};

use crate::hub::Hub;
use crate::members::{self, Enrolment};
use crate::trust::plan::{self, Facts, MemberFacts, Step};
use crate::trust::{INTERMEDIATE_WARN_DAYS, Issuing, Phase};

const DAY: i64 = 86_400;
/// When the end of the old authority is nearer, those who would be lost with it are named.
const NAME_DAYS: i64 = plan::HURRY_DAYS * 2;

/// What `ca status --format json` prints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaDocument {
    /// How far the replacement of the authority is.
    pub phase: Phase,
    /// Since when.
    pub since: Option<Moment>,
    /// The authorities that members are told to trust, the one that issues first.
    pub authorities: Vec<AuthorityDocument>,
    /// Whether certificates can be issued.
    pub can_issue: bool,
    /// Why not; empty when they can.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub locked: String,
    /// Whether the key is encrypted on disk.
    pub key_encrypted: bool,
    /// Where its passphrase comes from; empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub passphrase_from: String,
    /// Providers that the next step waits for.
    pub waits_for: Vec<ProviderId>,
    /// The newest revocation list.
    pub revocations: Option<ListDocument>,
    /// What somebody should do.
    pub warnings: Vec<String>,
}

/// An authority.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorityDocument {
    /// `issuing`, `next` or `old`.
    pub part: String,
    /// What it is called.
    pub name: String,
    /// SHA-256 of the root's certificate.
    pub fingerprint: String,
    /// Whether the root's key is kept offline, and an intermediate issues.
    pub root_offline: bool,
    /// Until when it can issue.
    pub not_after: Moment,
    /// Until when the root is valid.
    pub root_not_after: Moment,
}

/// A revocation list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListDocument {
    /// Its number.
    pub number: u64,
    /// How many certificates are on it.
    pub certificates: usize,
    /// When the next one is due.
    pub next_update: Moment,
}

/// What the operator asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing but how it stands.
    Status,
    /// Make the next authority.
    Introduce,
    /// Let it issue.
    Switch,
    /// Take the old one away.
    Retire,
}

impl Act {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Introduce => "introduce",
            Self::Switch => "switch",
            Self::Retire => "retire",
        }
    }
}

impl FromStr for Act {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let all = [Self::Status, Self::Introduce, Self::Switch, Self::Retire];
        let found = all.into_iter().find(|act| act.as_str() == text);
        found.with_context(|| format!("`{text}` is no step: status, introduce, switch, retire"))
    }
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Done {
    /// Who was not ready, and was passed over because of `--force`.
    pub passed_over: Vec<ProviderId>,
    /// How it stands now.
    pub status: CaDocument,
}

/// Does what is due by the clock.
///
/// # Errors
/// When the store cannot be read, or a file cannot be written.
pub fn turn(hub: &Hub) -> Result<()> {
    match plan::next(&facts(hub)?) {
        Step::Introduce if hub.trust.now().chain.is_root => {
            hub.trust.introduce(hub.entropy.as_ref())?;
        }
        // Only the operator has the root's key; `warnings` asks for it.
        Step::Introduce | Step::Rest | Step::Wait(_) | Step::WaitForHub => {}
        Step::Switch => switch(hub)?,
        Step::Retire(stranded) => retire(hub, &stranded)?,
    }
    if hub.trust.revocations_due() {
        publish_revocations(hub)?;
    }
    Ok(())
}

/// Makes and publishes the list of all certificates that are void.
///
/// # Errors
/// When the authority's key is locked, or the list cannot be written.
pub fn publish_revocations(hub: &Hub) -> Result<()> {
    hub.trust.publish_revocations(&void(hub)?)
}

/// Does what the operator asks. Without `force` nobody is passed over who is not ready.
///
/// # Errors
/// When it cannot be done as things stand, the key is locked, or a file cannot be written.
pub fn act(hub: &Hub, act: Act, force: bool) -> Result<Done> {
    let facts = facts(hub)?;
    let mut passed_over = Vec::new();
    match act {
        Act::Status => {}
        Act::Introduce => hub.trust.introduce(hub.entropy.as_ref())?,
        Act::Switch => {
            if facts.phase == Phase::Introduced {
                passed_over = plan::unaware(&facts);
                refuse_unless(
                    force,
                    &passed_over,
                    "have not said yet that they know the next authority",
                    "they are carried over by its voucher as long as the old authority is not retired",
                )?;
            }
            switch(hub)?;
        }
        Act::Retire => {
            if facts.phase == Phase::Switched {
                passed_over = plan::stranded(&facts);
                refuse_unless(
                    force,
                    &passed_over,
                    "still depend on the old authority",
                    "each of them needs a new invitation then (calluna-hub invite)",
                )?;
            }
            retire(hub, &passed_over)?;
        }
    }
    if act != Act::Status && hub.trust.revocations_due() {
        publish_revocations(hub)?;
    }
    Ok(Done {
        passed_over,
        status: status(hub)?,
    })
}

fn refuse_unless(force: bool, who: &[ProviderId], why: &str, then: &str) -> Result<()> {
    if force || who.is_empty() {
        return Ok(());
    }
    bail!(
        "nothing was changed: {} {why}; wait, or add --force: {then}",
        names(who)
    )
}

fn switch(hub: &Hub) -> Result<()> {
    hub.trust.switch()?;
    let days = hub.config.certificates.hub_days;
    hub.trust.renew_hub(days, hub.entropy.as_ref())?;
    Ok(())
}

fn retire(hub: &Hub, stranded: &[ProviderId]) -> Result<()> {
    hub.trust.retire()?;
    if !stranded.is_empty() {
        let who = names(stranded);
        tracing::warn!(
            who,
            "the old authority was retired; these need a new invitation"
        );
    }
    Ok(())
}

/// Everything the next step is decided by.
fn facts(hub: &Hub) -> Result<Facts> {
    let standing = hub.trust.now();
    let now = hub.clock.now();
    let newest = standing.newest_root();
    let mut members = Vec::new();
    for (id, kept) in enrolments(hub)? {
        let certificate = kept.newest();
        let agreed = hub.store.provider(&id)?.agreed_at;
        members.push(MemberFacts {
            returns: returns(hub, &kept, now),
            heard: agreed.max(certificate.map(|given| given.at)),
            knows_new: kept.roots.contains(&newest),
            shows_new: kept.shown == Some(newest),
            token_of_old: kept.invitation.used.is_none()
                && now < kept.invitation.expires
                && kept.pinned != Some(newest),
            id,
        });
    }
    Ok(Facts {
        now,
        phase: standing.state.phase(),
        since: standing.state.since,
        root_until: standing.oldest().root_not_after,
        rotate_days: hub.config.certificates.rotate_days,
        hub_is_current: standing.hub_root == Some(standing.root()),
        members,
    })
}

fn enrolments(hub: &Hub) -> Result<Vec<(ProviderId, Enrolment)>> {
    let mut list = Vec::new();
    for member in hub.store.members()? {
        if let Some(kept) = members::enrolment(hub, &member.id)? {
            list.push((member.id, kept));
        }
    }
    Ok(list)
}

/// Whether the node can come back by itself: its certificate is good or can be renewed by its key.
fn returns(hub: &Hub, kept: &Enrolment, now: Moment) -> bool {
    let grace = i64::from(hub.config.certificates.grace_days) * DAY;
    let newest = kept.newest();
    newest.is_some_and(|given| given.revoked.is_none() && now < given.not_after.plus(grace))
}

/// The certificates that are void before their time.
///
/// # Errors
/// When the store cannot be read.
pub fn void(hub: &Hub) -> Result<Vec<Revoked>> {
    let mut list = Vec::new();
    for (_, kept) in enrolments(hub)? {
        list.extend(kept.given.iter().filter_map(|given| {
            Some(Revoked {
                serial: given.serial.clone(),
                at: given.revoked?,
                reason: Reason::Unspecified,
            })
        }));
    }
    Ok(list)
}

/// How it stands.
///
/// # Errors
/// When the store cannot be read.
pub fn status(hub: &Hub) -> Result<CaDocument> {
    let standing = hub.trust.now();
    let locked = match &standing.issuing {
        Issuing::Ready(_) => String::new(),
        Issuing::Locked(why) => why.clone(),
    };
    let parts = [("next", &standing.next), ("old", &standing.old)];
    let others = parts.into_iter();
    let others = others.filter_map(|(part, chain)| Some(shown(part, chain.as_ref()?)));
    let authorities = std::iter::once(shown("issuing", &standing.chain));
    let waits_for = match plan::next(&facts(hub)?) {
        Step::Wait(who) => who,
        _ => Vec::new(),
    };
    Ok(CaDocument {
        phase: standing.state.phase(),
        since: standing.state.since,
        authorities: authorities.chain(others).collect(),
        can_issue: locked.is_empty(),
        locked,
        key_encrypted: standing.sealed,
        passphrase_from: hub.trust.passphrase_place().to_owned(),
        waits_for,
        revocations: standing.lists().first().map(|list| ListDocument {
            number: list.number(),
            certificates: list.serials().len(),
            next_update: list.next_update(),
        }),
        warnings: warnings(hub)?,
    })
}

fn shown(part: &str, chain: &AuthorityChain) -> AuthorityDocument {
    AuthorityDocument {
        part: part.to_owned(),
        name: chain.name.clone(),
        fingerprint: chain.root.to_string(),
        root_offline: !chain.is_root,
        not_after: chain.not_after,
        root_not_after: chain.root_not_after,
    }
}

/// What somebody should do about the authority and the hub's certificate; nothing when all is well. It is
/// shown by `status` and `ca status`, and stands in the morning report.
///
/// # Errors
/// When the store cannot be read.
pub fn warnings(hub: &Hub) -> Result<Vec<String>> {
    let standing = hub.trust.now();
    let now = hub.clock.now();
    let mut list = Vec::new();
    if let Issuing::Locked(why) = &standing.issuing {
        list.push(format!("cannot issue or renew certificates: {why}"));
    }
    list.extend(Some(hub.trust.trouble()).filter(|trouble| !trouble.is_empty()));
    let place = hub.trust.passphrase_place();
    if !standing.sealed && !place.is_empty() {
        list.push(format!(
            "there is a passphrase ({place}), but the authority's key is not encrypted; stop the hub and run: \
             calluna-hub ca seal"
        ));
    }
    let left = days_left(standing.chain.not_after, now);
    if !standing.chain.is_root && left < INTERMEDIATE_WARN_DAYS {
        list.push(format!(
            "the intermediate authority that issues runs out in {left} days; fetch the root's key, stop the hub \
             and run: calluna-hub ca renew-intermediate --root-key FILE"
        ));
    }
    let facts = facts(hub)?;
    list.extend(about_the_root(hub, &facts));
    let lost = lost(hub, now)?;
    if !lost.is_empty() {
        list.push(format!(
            "the authority of their certificates was retired, and they need a new invitation (calluna-hub \
             invite): {}",
            names(&lost)
        ));
    }
    Ok(list)
}

fn about_the_root(hub: &Hub, facts: &Facts) -> Vec<String> {
    let mut list = Vec::new();
    let left = days_left(facts.root_until, facts.now);
    let soon = left < i64::from(hub.config.certificates.rotate_days).max(NAME_DAYS);
    if facts.phase == Phase::Settled && soon {
        let way = if hub.trust.now().chain.is_root {
            "its successor is made by itself while the hub runs; by hand: calluna-hub ca introduce"
        } else {
            "fetch the root's key, stop the hub and run: calluna-hub ca introduce --root-key FILE --to FILE2"
        };
        list.push(format!(
            "the district's authority runs out in {left} days; {way}"
        ));
    }
    let stranded = plan::stranded(facts);
    if facts.phase == Phase::Switched && left < NAME_DAYS && !stranded.is_empty() {
        list.push(format!(
            "the old authority runs out in {left} days, and these still depend on it: {}; start their nodes once, \
             or invite them anew afterwards",
            names(&stranded)
        ));
    }
    list
}

/// Nodes that could come back, if their authority were still trusted.
fn lost(hub: &Hub, now: Moment) -> Result<Vec<ProviderId>> {
    let standing = hub.trust.now();
    let bundle = standing.identity.bundle();
    let lost = enrolments(hub)?.into_iter().filter(|(_, kept)| {
        let issuer = kept.newest().and_then(|given| given.issuer);
        returns(hub, kept, now) && issuer.is_some_and(|root| !bundle.holds(root))
    });
    Ok(lost.map(|(id, _)| id).collect())
}

/// The names in a sentence.
fn names(ids: &[ProviderId]) -> String {
    let names: Vec<&str> = ids.iter().map(ProviderId::as_str).collect();
    names.join(", ")
}
