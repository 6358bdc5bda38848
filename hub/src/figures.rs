//! Participation figures in the hub's store: read back, judged, accepted.

use anyhow::{Context, Result};
use calluna_audit::{Draft, Event};
use calluna_model::id::ProviderId;
use calluna_model::receipt::FiguresReceipt;
use calluna_store::{Change, FiguresRecord};
use calluna_tables::revision::FiguresHead;
use calluna_tables::{Period, Revision};
use calluna_wire::v1 as pb;
use prost::Message;

use crate::hub::Hub;

/// Every accepted revision of one period of a provider, in order.
///
/// # Errors
/// When the store cannot be read, or holds something that is no revision.
pub fn revisions(hub: &Hub, provider: &ProviderId, period: &str) -> Result<Vec<Revision>> {
    let mut found = Vec::new();
    hub.store
        .figures(provider, Some(period), &mut |_, _, bytes| {
            found.push(read(bytes));
            true
        })?;
    found.into_iter().collect::<Result<_>>().with_context(|| {
        format!("the stored figures of {provider} for {period} cannot be read; restore a backup")
    })
}

fn read(bytes: &[u8]) -> Result<Revision> {
    Ok(Revision::try_from(pb::TableRevision::decode(bytes)?)?)
}

/// The periods of which a provider has figures, each with its newest accepted revision.
///
/// # Errors
/// When the store cannot be read.
pub fn heads(hub: &Hub, provider: &ProviderId) -> Result<Vec<FiguresHead>> {
    let state = hub.store.provider(provider)?;
    let head = |at: calluna_store::FiguresAt| {
        let period: Period = at.period.parse().ok()?;
        Some(FiguresHead {
            period,
            number: at.number,
            digest: calluna_tables::revision::RevisionDigest(at.digest),
        })
    };
    Ok(state.figures.into_iter().filter_map(head).collect())
}

/// Judges what a node sent of one period, and keeps it whole or not at all.
///
/// # Errors
/// When the store cannot be read or written. A refusal is no error: it stands in the receipt.
pub fn take(
    hub: &Hub,
    provider: &ProviderId,
    period: Period,
    next: &[Revision],
) -> Result<FiguresReceipt> {
    let named = period.to_string();
    let earlier = revisions(hub, provider, &named)?;
    let accepted = earlier.last().map_or(0, |last| last.number);
    let mut receipt = FiguresReceipt {
        period: named.clone(),
        accepted,
        ..FiguresReceipt::default()
    };
    let Some(newest) = next.last() else {
        return Ok(receipt);
    };
    match hub.desk.judge(&earlier, next) {
        Ok(proof) => {
            let records: Vec<FiguresRecord> = next
                .iter()
                .map(|revision| FiguresRecord {
                    period: named.clone(),
                    number: revision.number,
                    digest: revision.digest().0,
                    bytes: pb::TableRevision::from(revision).encode_to_vec(),
                })
                .collect();
            let draft = Draft::hub(Event::FiguresAccepted)
                .about(provider)
                .with("period", &named)
                .with("revision", newest.number)
                .with("kind", newest.kind.as_str())
                .with("digest", newest.digest());
            hub.audited([draft], |audit| {
                hub.store.apply(&Change::Figures(provider, &records), audit)
            })?;
            tracing::info!(
                %provider, period = %named, revision = newest.number, hidden = proof.audit.numbers,
                millis = proof.millis, "participation figures accepted"
            );
            receipt.accepted = newest.number;
        }
        Err(refused) => {
            receipt.refused = next.first().map_or(newest.number, |first| first.number);
            receipt.reason = format!("{refused:#}");
            let draft = Draft::hub(Event::FiguresRefused)
                .about(provider)
                .with("period", &named)
                .with("revision", receipt.refused);
            hub.record([draft])?;
            tracing::warn!(%provider, period = %named, revision = receipt.refused, "participation figures refused");
        }
    }
    Ok(receipt)
}
