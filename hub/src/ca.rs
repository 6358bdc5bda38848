//! The life of the district's authority: gathers the facts, takes the step that is due, does what the
//! operator asks, and tells how it stands. What step that is, [`crate::trust::plan`] decides.

mod tell;

use std::str::FromStr;

use anyhow::{Context, Result, bail};
use calluna_audit::{Draft, Event};
use calluna_certs::{Reason, Revoked};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use serde::{Deserialize, Serialize};

pub use self::tell::{AuthorityDocument, CaDocument, ListDocument, status, warnings};
use crate::hub::Hub;
use crate::members::{self, Enrolment};
use crate::trust::Phase;
use crate::trust::plan::{self, Facts, MemberFacts, Step};

const DAY: i64 = 86_400;

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
            recorded(hub, Draft::hub(Event::AuthorityIntroduced));
        }
        // Only the operator has the root's key; `warnings` asks for it.
        Step::Introduce | Step::Rest | Step::Wait(_) | Step::WaitForHub => {}
        Step::Switch => {
            switch(hub)?;
            recorded(hub, Draft::hub(Event::AuthoritySwitched));
        }
        Step::Retire(stranded) => {
            retire(hub, &stranded)?;
            let told = Draft::hub(Event::AuthorityRetired);
            recorded(hub, told.with("stranded", names(&stranded)));
        }
    }
    if hub.trust.revocations_due() {
        publish_revocations(hub)?;
    }
    Ok(())
}

/// Tells the audit log what was done to the authority. The files are changed by then and stay so; a log
/// that cannot be written is told.
pub fn recorded(hub: &Hub, told: Draft) {
    let standing = hub.trust.now();
    let told = told.with("root", standing.root());
    if let Err(cause) = hub.record([told]) {
        tracing::error!(%cause, "what was done to the authority could not be recorded in the audit log");
    }
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
        Act::Introduce => {
            hub.trust.introduce(hub.entropy.as_ref())?;
            recorded(hub, Draft::operator(Event::AuthorityIntroduced));
        }
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
            let told = Draft::operator(Event::AuthoritySwitched);
            recorded(hub, told.with("passed-over", names(&passed_over)));
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
            let told = Draft::operator(Event::AuthorityRetired);
            recorded(hub, told.with("stranded", names(&passed_over)));
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
        match members::enrolment(hub, &member.id) {
            Ok(Some(kept)) => list.push((member.id, kept)),
            Ok(None) => {}
            // One record that cannot be read must not keep the list of all from being made.
            Err(error) => tracing::error!(provider = %member.id, %error, "passed over"),
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
        let stolen = kept.revoked.as_ref().map(|why| why.key_compromised);
        let reason = match stolen {
            Some(true) => Reason::KeyCompromise,
            Some(false) => Reason::CessationOfOperation,
            None => Reason::Unspecified,
        };
        list.extend(kept.given.iter().filter_map(|given| {
            Some(Revoked {
                serial: given.serial.clone(),
                at: given.revoked?,
                reason,
            })
        }));
    }
    Ok(list)
}

/// The names in a sentence.
fn names(ids: &[ProviderId]) -> String {
    let names: Vec<&str> = ids.iter().map(ProviderId::as_str).collect();
    names.join(", ")
}
