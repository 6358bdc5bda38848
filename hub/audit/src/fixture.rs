//! Logs for the tests of this crate.

use calluna_certs::NodeKey;
use calluna_model::clock::Moment;

use crate::entry::{Draft, Entry};
use crate::event::Event;
use crate::export::Header;
use crate::key::AuditKey;

pub(crate) fn key() -> AuditKey {
    AuditKey::new(NodeKey::generate().unwrap()).unwrap()
}

/// A log of `length` entries.
pub(crate) fn log(key: &AuditKey, length: u64) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let vhs = "vhs-heidekreis".parse().unwrap();
    for number in 1..=length {
        let draft = match number % 4 {
            1 if number == 1 => Draft::began(key.public()),
            0 => Draft::node(&vhs, Event::Renewed).with("serial", "0a1b"),
            1 => Draft::operator(Event::Released)
                .about(&vhs)
                .with("removed", 26),
            2 => Draft::hub(Event::ServiceStarted).with("version", "0.1.0"),
            _ => Draft::hub(Event::Night)
                .with("night", number)
                .with("ok", "ü 3"),
        };
        add(&mut entries, draft, key);
    }
    entries
}

pub(crate) fn add(entries: &mut Vec<Entry>, draft: Draft, key: &AuditKey) {
    let head = entries.last().map(Entry::head).unwrap_or_default();
    let at = Moment(1_796_000_000 + i64::try_from(head.number).unwrap() * 60);
    entries.push(head.next(at, draft, key).unwrap());
}

/// The log as an export.
pub(crate) fn export(key: &AuditKey, entries: &[Entry]) -> Vec<String> {
    let first = entries.first().unwrap();
    let header = Header {
        from: first.number,
        before: first.before,
        head: entries.last().unwrap().head(),
        key: key.public().clone(),
    };
    let mut lines = vec![header.to_line().unwrap()];
    lines.extend(entries.iter().map(|entry| entry.to_line().unwrap()));
    lines
}
