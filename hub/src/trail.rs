//! The audit log for whoever reads or verifies it: as an export, or the newest entries.

use anyhow::{Context, Result, bail};
use calluna_audit::key::introduced;
use calluna_audit::{Entry, Event, Hash, Header};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;

use crate::hub::Hub;

/// Where an export begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// With this entry.
    Number(u64),
    /// With the first entry that is not older.
    Moment(Moment),
}

/// Which entries are listed.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Only about this provider, or by its node.
    pub provider: Option<ProviderId>,
    /// Only this event.
    pub event: Option<Event>,
    /// At most so many.
    pub limit: u32,
}

/// Called for every line, without its end.
pub type Sink<'a> = dyn FnMut(String) -> Result<()> + 'a;

/// Writes the log line by line, a header first, as it is when this is called: entries that are
/// recorded meanwhile belong to the next export. Gives the number of entries.
///
/// # Errors
/// When the store cannot be read, there is no such entry, or `sink` fails.
pub fn export(hub: &Hub, since: Since, sink: &mut Sink<'_>) -> Result<u64> {
    let (Some(head), Some(own)) = (hub.audit.head(hub.store.as_ref())?, hub.audit.public_key())
    else {
        bail!("this hub keeps no audit log");
    };
    let from = first(hub, since, head.number)?;
    let mut key = own.clone();
    let mut before = Hash::default();
    if from > 1 {
        before = entry(hub, from - 1)?.hash;
        key = key_at(hub, from)?.unwrap_or(key);
    } else if let Some(began) = entry(hub, 1)
        .ok()
        .and_then(|e| introduced(&e.draft.details))
    {
        key = began;
    }
    let header = Header {
        from,
        before,
        head,
        key,
    };
    sink(header.to_line()?)?;
    let (mut count, mut failed) = (0, None);
    hub.store.audit(from, &mut |number, bytes| {
        if number > head.number {
            return false;
        }
        // A line that is broken is exported as it is: whoever verifies shall find it.
        match sink(String::from_utf8_lossy(bytes).into_owned()) {
            Ok(()) => count += 1,
            Err(error) => failed = Some(error),
        }
        failed.is_none()
    })?;
    failed.map_or(Ok(count), Err)
}

/// The number of the first entry of an export.
fn first(hub: &Hub, since: Since, newest: u64) -> Result<u64> {
    match since {
        Since::Number(number) if (1..=newest).contains(&number) => Ok(number),
        Since::Number(number) => {
            bail!("there is no entry {number}; the audit log goes from 1 to {newest}")
        }
        Since::Moment(at) => {
            let mut found = None;
            hub.store.audit(1, &mut |number, bytes| {
                if parse(bytes).is_some_and(|entry| entry.at >= at) {
                    found = Some(number);
                }
                found.is_none()
            })?;
            found.with_context(|| format!("nothing was recorded since {at}"))
        }
    }
}

/// The key in force before entry `from`: that of the newest entry before it that introduces one.
fn key_at(hub: &Hub, from: u64) -> Result<Option<calluna_certs::PublicKey>> {
    let mut key = None;
    hub.store.audit(1, &mut |number, bytes| {
        if number < from
            && let Some(entry) = parse(bytes)
            && matches!(entry.draft.event, Event::Began | Event::KeyChanged)
        {
            key = introduced(&entry.draft.details).or(key.take());
        }
        number < from
    })?;
    Ok(key)
}

/// The newest entries that were asked for, the newest first.
///
/// # Errors
/// When the store cannot be read, or `sink` fails.
pub fn list(hub: &Hub, choice: &Choice, sink: &mut Sink<'_>) -> Result<()> {
    let newest = hub.store.audit_last()?.map_or(0, |record| record.number);
    let mut left = choice.limit;
    for number in (1..=newest).rev() {
        if left == 0 {
            break;
        }
        let Some(record) = hub.store.audit_record(number)? else {
            continue;
        };
        let Some(entry) = parse(&record.bytes) else {
            tracing::warn!(
                number,
                "an entry of the audit log cannot be read; see `calluna-hub audit verify`"
            );
            continue;
        };
        let draft = &entry.draft;
        let wanted = choice.event.is_none_or(|event| event == draft.event)
            && (choice.provider.is_none() || draft.provider == choice.provider);
        if wanted {
            left -= 1;
            sink(entry.to_line()?)?;
        }
    }
    Ok(())
}

fn entry(hub: &Hub, number: u64) -> Result<Entry> {
    let record = hub.store.audit_record(number)?;
    record
        .and_then(|record| parse(&record.bytes))
        .with_context(|| format!("entry {number} of the audit log is missing or broken; export all of it, and verify that"))
}

fn parse(bytes: &[u8]) -> Option<Entry> {
    Entry::from_line(std::str::from_utf8(bytes).ok()?).ok()
}
