//! The documents that `status` and `members` show. The daemon and the command line make the same
//! ones; text is written from them, so both say the same.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use calluna_certs::Invitation;
use calluna_model::checkpoint::HeldNight;
use calluna_model::clock::Moment;
use calluna_model::head::Head;
use calluna_model::id::ProviderId;
use calluna_model::member::{Member, MemberState, ProviderKind, Reach, Stated};
use calluna_model::outcome::Outcome;
use calluna_model::report::{Delivery, NightReport, NightState};
use serde::{Deserialize, Serialize};

use crate::backup::{self, Backups};
use crate::ca;
use crate::hub::Hub;
use crate::members::{self, Enrolment, InvitationState, Revocation};
use crate::newest::{self, Noted};

/// What `status --format json` prints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusDocument {
    /// Name of the district.
    pub district: String,
    /// `host:port` that nodes dial.
    pub address: String,
    /// Address that pages and interface are served on; nothing when they are not.
    #[serde(default)]
    pub web: Option<SocketAddr>,
    /// Whether a daemon is running.
    pub running: bool,
    /// Version of this program.
    pub version: String,
    /// Days until the hub's own certificate runs out.
    pub certificate_days_left: i64,
    /// Fingerprint of the authority: nodes pin it.
    pub authority: String,
    /// Bytes that the store takes.
    pub store_bytes: u64,
    /// Why the store is not to be taken as proof; empty when it is whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub store_note: String,
    /// Offers that readers see, of all providers.
    pub offers: u64,
    /// The newest night.
    pub last_night: Option<NightReport>,
    /// The night that runs now.
    #[serde(default)]
    pub running_night: Option<u64>,
    /// When the next night begins by the clock; nothing without a daemon or a schedule.
    #[serde(default)]
    pub next_night: Option<Moment>,
    /// Every provider, those that need a look first.
    pub providers: Vec<ProviderDocument>,
    /// How the last report was delivered, on each way on which one was sent.
    #[serde(default)]
    pub deliveries: Vec<Delivery>,
    /// Where the audit log ends, as `NUMBER:HASH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
    /// Fingerprint of the key that signs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_key: Option<String>,
    /// Why the audit log is not whole; empty when it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub audit_note: String,
    /// When the newest night over all providers began that ended in order.
    #[serde(default)]
    pub last_whole_night: Option<Moment>,
    /// How the nightly backups went; nothing where there are none.
    #[serde(default)]
    pub backups: Option<Backups>,
    /// The newest release of the monitoring dataset; nothing before the first try.
    #[serde(default)]
    pub dataset: Option<Noted>,
    /// What somebody should do about the district's authority and the hub's certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust_warnings: Vec<String>,
}

/// One line of `runs --format json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NightDocument {
    /// Its number.
    pub night: u64,
    /// When it began.
    pub started_at: Moment,
    /// When it ended; nothing while it runs.
    pub ended_at: Option<Moment>,
    /// How it stands.
    pub state: NightState,
    /// How many providers it was about.
    pub providers: usize,
    /// How many ended with each outcome.
    pub outcomes: BTreeMap<Outcome, usize>,
}

/// One provider in the status.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProviderDocument {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How far it is on its way in.
    pub state: MemberState,
    /// Whether there is a connection now; nothing when no daemon runs, or the hub dials it.
    pub connected: Option<bool>,
    /// Offers that readers see.
    pub offers: u64,
    /// Records that are refused at present.
    pub quarantined: u64,
    /// The node's head that the hub proved itself equal to.
    pub head: Option<Head>,
    /// How its last night ended.
    pub last_outcome: Option<Outcome>,
    /// What that night noted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// When both sides last agreed.
    pub agreed_at: Option<Moment>,
    /// Nights in a row without agreement.
    pub nights_missed: u64,
    /// Whether readers see an older state than the node may have.
    #[serde(default)]
    pub stale: bool,
    /// A night that is held back.
    pub held: Option<HeldNight>,
    /// What needs somebody's eye beyond the last night.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmDocument>,
}

/// An alarm: it has a name, so that a program can react to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmDocument {
    /// Such as `duplicate-identity`.
    pub name: String,
    /// When it was first raised.
    pub since: Moment,
    /// When its cause was last seen.
    pub last_seen: Moment,
    /// What is wrong, and what to do.
    pub text: String,
}

/// One line of `members --format json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MemberDocument {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What kind of provider it is.
    pub kind: ProviderKind,
    /// How far it is on its way in.
    pub state: MemberState,
    /// When it was invited (last).
    pub invited_at: Moment,
    /// Until when its token is good; nothing once it was used.
    pub token_expires: Option<Moment>,
    /// When it joined (last).
    pub joined_at: Option<Moment>,
    /// How the hub gets to it.
    pub reach: Reach,
    /// Days until its certificate runs out.
    pub certificate_days_left: Option<i64>,
    /// When it was put out; nothing while it takes part.
    #[serde(default)]
    pub revoked_at: Option<Moment>,
    /// Its postal address, as approved.
    #[serde(default)]
    pub address: String,
    /// Its website, as approved.
    #[serde(default)]
    pub website: String,
    /// What its node states of it and the operator has not approved.
    #[serde(default, skip_serializing_if = "Stated::is_empty")]
    pub stated: Stated,
}

/// One line of `invitations --format json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InvitationDocument {
    /// Who is invited.
    pub provider: String,
    /// Its name.
    pub name: String,
    /// How the invitation stands.
    pub state: InvitationState,
    /// When it was made.
    pub invited_at: Moment,
    /// Until when its token is good, or was.
    pub expires: Moment,
    /// Whole days until then; nothing unless it is open.
    pub days_left: Option<i64>,
    /// When a node joined with it.
    pub used_at: Option<Moment>,
    /// When it was taken back.
    pub cancelled_at: Option<Moment>,
}

/// Makes the status. `running`: whether this process is the daemon.
///
/// # Errors
/// When the store cannot be read.
pub fn status(hub: &Arc<Hub>, running: bool) -> Result<StatusDocument> {
    let mut providers = Vec::new();
    for member in hub.store.members()? {
        let known = hub.store.provider(&member.id)?;
        let dials = member.reach == Reach::DialsOut;
        let connected = (running && dials).then(|| hub.links.get(&member.id).is_some());
        providers.push(ProviderDocument {
            state: members::state(hub, &member)?,
            connected,
            offers: known.published.map_or(0, |published| published.offers),
            quarantined: known.published.map_or(0, |published| published.quarantined),
            head: known.published.map(|published| published.head),
            last_outcome: known.last.as_ref().map(|line| line.outcome),
            note: known.last.map(|line| line.note).unwrap_or_default(),
            stale: known.nights_missed > 0,
            agreed_at: known.agreed_at,
            nights_missed: known.nights_missed,
            held: known.held,
            alarms: alarms(hub, &member.id),
            id: member.id.to_string(),
            name: member.name,
        });
    }
    let worry = |p: &ProviderDocument| {
        let clean = p.last_outcome.is_none_or(Outcome::clean);
        let quiet = p.held.is_none() && p.alarms.is_empty();
        (quiet, std::cmp::Reverse(p.nights_missed), clean)
    };
    providers.sort_by(|a, b| worry(a).cmp(&worry(b)).then_with(|| a.id.cmp(&b.id)));
    Ok(StatusDocument {
        district: hub.config.name.clone(),
        address: hub.config.address.clone(),
        web: hub.public.address().or(hub.config.web),
        running,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        certificate_days_left: days(hub.trust.now().identity.not_after().since(hub.clock.now())),
        authority: hub.trust.now().root().to_string(),
        store_bytes: hub.store.size_on_disk()?,
        store_note: hub.store_note.clone(),
        offers: providers.iter().map(|provider| provider.offers).sum(),
        last_night: hub.store.latest_night()?,
        running_night: hub.current.running(),
        next_night: hub.next_night(),
        providers,
        deliveries: hub.store.deliveries()?,
        audit_head: audit_head(hub)?,
        audit_key: hub.audit.key_id().map(|key| key.to_string()),
        audit_note: hub.audit.why_not_whole().to_owned(),
        last_whole_night: hub.store.last_whole_night()?,
        backups: backup::noted(hub),
        dataset: newest::noted(hub),
        trust_warnings: ca::warnings(hub)?,
    })
}

/// Where the audit log ends, for people; nothing without a log.
///
/// # Errors
/// When the store cannot be read.
pub fn audit_head(hub: &Hub) -> Result<Option<String>> {
    let head = hub.audit.head(hub.store.as_ref())?;
    Ok(head.map(|head| head.to_string()))
}

fn alarms(hub: &Hub, provider: &ProviderId) -> Vec<AlarmDocument> {
    let twin = hub.links.twin(provider, hub.clock.now());
    let alarm = twin.map(|twin| AlarmDocument {
        name: "duplicate-identity".to_owned(),
        since: twin.first,
        last_seen: twin.last,
        text: format!(
            "two live nodes have the identity of `{provider}` (from {} and {}, last seen together \
             {}); stop one of them, or invite it as a member of its own",
            twin.from[0], twin.from[1], twin.last
        ),
    });
    alarm.into_iter().collect()
}

/// What `revoke --format json` prints.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokedDocument {
    /// Who.
    pub provider: String,
    /// When, why, and what became of its offers and figures.
    #[serde(flatten)]
    pub revocation: Revocation,
}

/// Makes the document of a revocation.
#[must_use]
pub fn revoked(provider: &ProviderId, revocation: &Revocation) -> RevokedDocument {
    RevokedDocument {
        provider: provider.to_string(),
        revocation: revocation.clone(),
    }
}

/// Makes the list of members.
///
/// # Errors
/// When the store cannot be read.
pub fn members(hub: &Hub) -> Result<Vec<MemberDocument>> {
    let mut list = Vec::new();
    for member in hub.store.members()? {
        let kept = members::enrolment(hub, &member.id)?;
        let newest = kept.as_ref().and_then(Enrolment::newest);
        let open = kept.as_ref().filter(|kept| {
            let invitation = &kept.invitation;
            invitation.used.is_none() && invitation.cancelled.is_none()
        });
        list.push(MemberDocument {
            state: members::state(hub, &member)?,
            token_expires: open.map(|kept| kept.invitation.expires),
            certificate_days_left: newest
                .map(|newest| days(newest.not_after.since(hub.clock.now()))),
            id: member.id.to_string(),
            name: member.name,
            kind: member.kind,
            invited_at: member.invited_at,
            joined_at: member.joined_at,
            reach: member.reach,
            revoked_at: member.revoked_at,
            address: member.address,
            website: member.website,
            stated: kept.map(|kept| kept.stated).unwrap_or_default(),
        });
    }
    Ok(list)
}

/// Makes the list of invitations: the newest one of every member, the open ones first.
///
/// # Errors
/// When the store cannot be read.
pub fn invitations(hub: &Hub) -> Result<Vec<InvitationDocument>> {
    let mut list = Vec::new();
    for member in hub.store.members()? {
        if let Some(kept) = members::enrolment(hub, &member.id)? {
            list.push(invitation(hub, &member, &kept.invitation));
        }
    }
    list.sort_by_key(|one| (one.state != InvitationState::Open, one.expires));
    Ok(list)
}

/// Makes the document of one invitation.
#[must_use]
pub fn invitation(hub: &Hub, member: &Member, invitation: &Invitation) -> InvitationDocument {
    let now = hub.clock.now();
    let state = InvitationState::of(invitation, now);
    let open = state == InvitationState::Open;
    InvitationDocument {
        provider: member.id.to_string(),
        name: member.name.clone(),
        state,
        invited_at: member.invited_at,
        expires: invitation.expires,
        days_left: open.then(|| days(invitation.expires.since(now))),
        used_at: invitation.used.as_ref().map(|used| used.at),
        cancelled_at: invitation.cancelled,
    }
}

/// Takes an open invitation back, and makes its document.
///
/// # Errors
/// As [`members::cancel`].
pub fn cancelled(hub: &Hub, provider: &ProviderId) -> Result<InvitationDocument> {
    let taken_back = members::cancel(hub, provider)?;
    let member = hub.store.member(provider)?;
    let member = member.with_context(|| format!("there is no member `{provider}`"))?;
    Ok(invitation(hub, &member, &taken_back))
}

/// Makes the list of nights, the newest first, at most `most`.
///
/// # Errors
/// When the store cannot be read.
pub fn nights(hub: &Hub, most: u32) -> Result<Vec<NightDocument>> {
    let mut list = Vec::new();
    if most == 0 {
        return Ok(list);
    }
    hub.store.nights(None, &mut |night| {
        let mut outcomes = BTreeMap::new();
        for line in &night.providers {
            *outcomes.entry(line.outcome).or_insert(0) += 1;
        }
        list.push(NightDocument {
            night: night.night,
            started_at: night.started_at,
            ended_at: night.ended_at,
            state: night.state,
            providers: night.providers.len(),
            outcomes,
        });
        list.len() < most as usize
    })?;
    Ok(list)
}

/// One night.
///
/// # Errors
/// When it is not remembered, or the store cannot be read.
pub fn night(hub: &Hub, number: u64) -> Result<NightReport> {
    hub.store.night(number)?.with_context(|| {
        format!("there is no night {number}; `calluna-hub runs` lists those that are remembered")
    })
}

fn days(seconds: i64) -> i64 {
    seconds.div_euclid(86_400)
}
