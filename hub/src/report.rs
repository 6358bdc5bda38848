//! The morning report: what the night did, and who needs a look.
//!
//! Everything is derived from the night's outcomes (DESIGN invariant 5) and from what the hub knows
//! of its members; text, JSON, mail and sign of life are made from this one value. It holds names
//! of providers and counts, and nothing of what is in an offer.

mod deliver;
mod http;
mod mail;
mod text;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use calluna_model::checkpoint::HeldNight;
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::MemberState;
use calluna_model::outcome::Outcome;
use calluna_model::report::{NightReport, NightState, ProviderReport};
use serde::{Deserialize, Serialize};

pub use self::deliver::{PATIENCE, Sender, Sent, deliver, settle};
pub use self::text::{subject, summary, text};

use crate::backup::{self, Backups};
use crate::ca;
use crate::hub::Hub;
use crate::newest::{self, Noted};
use crate::view;

/// The hub's own certificate is named when it runs out within so many days. It is renewed 30 days
/// before (90 at two thirds), so it is named when that has failed for a while.
pub const HUB_DAYS_LEFT: i64 = 21;
/// A node's certificate is named when it runs out within so many days; it is renewed ten days before.
pub const NODE_DAYS_LEFT: i64 = 7;
/// How many nights are looked back at, to say since when a provider is silent.
const LOOK_BACK: u64 = 60;

/// The report of one night.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MorningReport {
    /// Name of the district.
    pub district: String,
    /// Number of the night.
    pub night: u64,
    /// When it began.
    pub started_at: Moment,
    /// When it ended.
    pub ended_at: Option<Moment>,
    /// How it stands.
    pub state: NightState,
    /// Whether the night is over, every provider is `ok` or `unchanged`, and store and audit log are whole.
    pub ok: bool,
    /// Whether a person should look at it: not `ok`, or a certificate runs out.
    pub look: bool,
    /// How many providers the night was about.
    pub providers: usize,
    /// How many of them are up to date: both sides agree, and not everything was refused.
    pub current: usize,
    /// How many ended with each outcome.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// Offers added, in all.
    pub added: u64,
    /// Offers changed, in all.
    pub changed: u64,
    /// Offers removed, in all.
    pub removed: u64,
    /// Offers that readers see of these providers.
    pub offers: u64,
    /// Providers that are not up to date: those that could not be reached first, the longest
    /// silent at the top, then those that are held, then the others.
    pub attention: Vec<Attention>,
    /// Providers of which records are refused, most first.
    pub quarantined: Vec<Refused>,
    /// Certificates that run out; only in the report of the newest night.
    pub certificates: Vec<Expiring>,
    /// Why the store is not whole; empty when it is. Only in the report of the newest night.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub store_note: String,
    /// Where the audit log ends, as `NUMBER:HASH`: with it a log that is cut off later is found.
    /// Only in the report of the newest night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_head: Option<String>,
    /// Why the audit log is not whole; empty when it is. Only in the report of the newest night.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub audit_note: String,
    /// How the nightly backups went; nothing where there are none. Only in the report of the newest night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backups: Option<Backups>,
    /// The newest release of the monitoring dataset, and whether the last try failed. Only in the report of the
    /// newest night.
    #[serde(default)]
    pub dataset: Option<Noted>,
    /// What somebody should do about the district's authority and the hub's certificate. Only in the
    /// report of the newest night.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trust_warnings: Vec<String>,
}

/// A provider that is not up to date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// Who.
    pub provider: ProviderId,
    /// Its name.
    pub name: String,
    /// How its night ended.
    pub outcome: Outcome,
    /// How many nights in a row it could not be reached (`unreachable`), or did not come to agree
    /// (any other outcome), this one included.
    pub nights: u64,
    /// It may be more nights: no more are looked back at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub or_more: bool,
    /// When both sides last agreed; only in the report of the newest night.
    pub agreed_at: Option<Moment>,
    /// Offers that readers see of it.
    pub offers: u64,
    /// What waits for the operator; only in the report of the newest night.
    pub held: Option<HeldNight>,
    /// What the night noted.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A provider of which records are refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Who.
    pub provider: ProviderId,
    /// How many records.
    pub records: u64,
    /// Offers that readers see of it. None at all: nothing was accepted.
    pub offers: u64,
}

/// A certificate that runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiring {
    /// Whose: a provider's id, or nothing for the hub itself.
    pub provider: Option<String>,
    /// Days until then; negative when it has run out.
    pub days_left: i64,
}

/// The report of a night; of the newest one without a number. Nothing before the first night.
///
/// # Errors
/// When the store cannot be read.
pub fn make(hub: &Arc<Hub>, number: Option<u64>) -> Result<Option<MorningReport>> {
    let newest = hub.store.latest_night()?;
    let night = match number {
        Some(number) => hub.store.night(number)?,
        None => newest.clone(),
    };
    let Some(night) = night else {
        return Ok(None);
    };
    let is_newest = newest.is_some_and(|newest| newest.night == night.night);
    let mut report = of_night(&hub.config.name, &night);
    look_back(hub, &mut report)?;
    if is_newest {
        add_present(hub, &mut report)?;
    }
    report.ok &= report.store_note.is_empty() && report.audit_note.is_empty();
    let failed = report
        .backups
        .as_ref()
        .is_some_and(|all| !all.failure.is_empty())
        || report
            .dataset
            .as_ref()
            .is_some_and(|noted| !noted.failure.is_empty());
    report.look = !report.ok
        || failed
        || !report.certificates.is_empty()
        || !report.trust_warnings.is_empty();
    order(&mut report.attention);
    Ok(Some(report))
}

/// As [`make`], for a command that names the night.
///
/// # Errors
/// When there is no such night, or the store cannot be read.
pub fn asked(hub: &Arc<Hub>, number: Option<u64>) -> Result<MorningReport> {
    make(hub, number)?.with_context(|| match number {
        Some(number) => {
            format!(
                "there is no night {number}; `calluna-hub runs` lists those that are remembered"
            )
        }
        None => "there was no night yet; next: calluna-hub sync".to_owned(),
    })
}

/// What the night alone says.
fn of_night(district: &str, night: &NightReport) -> MorningReport {
    let lines = &night.providers;
    let sum = |pick: fn(&ProviderReport) -> u64| lines.iter().map(pick).sum();
    let mut outcomes = BTreeMap::new();
    for line in lines {
        *outcomes.entry(line.outcome).or_insert(0) += 1;
    }
    let mut quarantined: Vec<Refused> = lines
        .iter()
        .filter(|line| line.quarantined > 0)
        .map(|line| Refused {
            provider: line.provider.clone(),
            records: line.quarantined,
            offers: line.offers,
        })
        .collect();
    quarantined.sort_by_key(|refused| (refused.offers > 0, Reverse(refused.records)));
    let current = lines
        .iter()
        .filter(|line| line.outcome.agreed() && !nothing_accepted(line))
        .count();
    let finished = night.state == NightState::Finished;
    MorningReport {
        district: district.to_owned(),
        night: night.night,
        started_at: night.started_at,
        ended_at: night.ended_at,
        state: night.state,
        // Nobody was asked: that is no success.
        ok: finished && night.clean() && current == lines.len() && !lines.is_empty(),
        look: true,
        providers: lines.len(),
        current,
        outcomes,
        added: sum(|line| line.added),
        changed: sum(|line| line.changed),
        removed: sum(|line| line.removed),
        offers: sum(|line| line.offers),
        attention: lines
            .iter()
            .filter(|line| !line.outcome.agreed())
            .map(attention)
            .collect(),
        quarantined,
        certificates: Vec::new(),
        store_note: String::new(),
        audit_head: None,
        audit_note: String::new(),
        backups: None,
        dataset: None,
        trust_warnings: Vec::new(),
    }
}

/// Everything that a provider offers was refused: both sides agree on that, and it is no success.
fn nothing_accepted(line: &ProviderReport) -> bool {
    line.offers == 0 && line.quarantined > 0
}

fn attention(line: &ProviderReport) -> Attention {
    Attention {
        provider: line.provider.clone(),
        name: String::new(),
        outcome: line.outcome,
        nights: 1,
        or_more: false,
        agreed_at: None,
        offers: line.offers,
        held: None,
        note: line.note.clone(),
    }
}

/// Counts for how many nights it has been so, from the nights before.
fn look_back(hub: &Hub, report: &mut MorningReport) -> Result<()> {
    let mut open: BTreeMap<ProviderId, &mut Attention> = report
        .attention
        .iter_mut()
        .map(|entry| (entry.provider.clone(), entry))
        .collect();
    if open.is_empty() || report.night <= 1 {
        return Ok(());
    }
    let mut seen = 0;
    hub.store.nights(Some(report.night - 1), &mut |night| {
        for line in &night.providers {
            let same = open.get(&line.provider).map(|entry| {
                let silent = entry.outcome == Outcome::Unreachable;
                !line.outcome.agreed() && (!silent || line.outcome == Outcome::Unreachable)
            });
            match same {
                Some(true) => {
                    if let Some(entry) = open.get_mut(&line.provider) {
                        entry.nights += 1;
                    }
                }
                Some(false) => drop(open.remove(&line.provider)),
                None => {}
            }
        }
        seen += 1;
        seen < LOOK_BACK && !open.is_empty()
    })?;
    if seen == LOOK_BACK {
        open.values_mut().for_each(|entry| entry.or_more = true);
    }
    Ok(())
}

/// What holds now, and not only in that night.
fn add_present(hub: &Arc<Hub>, report: &mut MorningReport) -> Result<()> {
    for entry in &mut report.attention {
        let known = hub.store.provider(&entry.provider)?;
        entry.agreed_at = known.agreed_at;
        entry.held = known.held;
        let member = hub.store.member(&entry.provider)?;
        entry.name = member.map(|member| member.name).unwrap_or_default();
    }
    let own = hub.trust.now().identity.not_after().since(hub.clock.now());
    let own = Expiring {
        provider: None,
        days_left: own.div_euclid(86_400),
    };
    let members = view::members(hub)?.into_iter();
    let members = members
        .filter(|member| member.state == MemberState::Joined)
        .filter_map(|member| {
            Some(Expiring {
                provider: Some(member.id),
                days_left: member.certificate_days_left?,
            })
        });
    report.certificates = std::iter::once(own)
        .filter(|own| own.days_left <= HUB_DAYS_LEFT)
        .chain(members.filter(|one| one.days_left <= NODE_DAYS_LEFT))
        .collect();
    report.certificates.sort_by_key(|one| one.days_left);
    report.store_note.clone_from(&hub.store_note);
    report.audit_head = view::audit_head(hub)?;
    hub.audit.why_not_whole().clone_into(&mut report.audit_note);
    report.backups = backup::noted(hub);
    report.dataset = newest::noted(hub);
    report.trust_warnings = ca::warnings(hub)?;
    Ok(())
}

/// The silent ones first, the longest silent at the top; then what waits for a word.
fn order(attention: &mut [Attention]) {
    let rank = |entry: &Attention| match (entry.outcome, &entry.held) {
        (Outcome::Unreachable, _) => 0,
        (Outcome::Held, _) | (_, Some(_)) => 1,
        (Outcome::Failed, _) => 2,
        (Outcome::Refused, _) => 3,
        _ => 4,
    };
    attention.sort_by(|a, b| {
        (rank(a), Reverse(a.nights), &a.provider).cmp(&(rank(b), Reverse(b.nights), &b.provider))
    });
}

#[cfg(test)]
mod tests;
