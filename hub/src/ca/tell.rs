//! How the authority stands, and what somebody should do about it.

use anyhow::Result;
use calluna_certs::{AuthorityChain, days_left};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use serde::{Deserialize, Serialize};

use super::{enrolments, facts, names, returns};
use crate::hub::Hub;
use crate::trust::plan::{self, Facts, Step};
use crate::trust::{INTERMEDIATE_WARN_DAYS, Issuing, Phase};

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
