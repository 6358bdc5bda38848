//! Reads a log once, with bounded memory, and names what is wrong with it.

mod lines;
mod verdict;

use std::collections::VecDeque;

use calluna_certs::{Fingerprint, PublicKey};
use calluna_model::clock::Moment;

use crate::entry::Entry;
use crate::event::Event;
use crate::export::Header;
use crate::head::{Hash, Head};
use crate::key::{introduced, is_signed};
use crate::problem::{Fault, Warning};

pub use lines::{LineVerifier, verify_lines};
pub use verdict::Verdict;

/// How many entries back a second one of the same number is told from a copy.
const REMEMBERED: usize = 256;
/// How many gaps are kept in mind; entries that come later to a forgotten one count as twice there.
const GAPS: usize = 1_000;
/// Keys of one log that are kept in mind.
const KEYS: usize = 100;

/// What is known from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// A head that was told before: the log must go at least so far, and hold that entry.
    pub head: Option<Head>,
    /// A key that must have signed.
    pub key: Option<Fingerprint>,
}

/// Verifies entry after entry.
#[derive(Debug)]
pub struct Verifier {
    expected: Expected,
    header: Option<Header>,
    /// The key in force.
    key: Option<PublicKey>,
    line: u64,
    place: Place,
    /// Where the log stood before the newest entry, if something is wrong with that one: it may
    /// turn out to stand between two that belong together.
    doubtful: Option<Place>,
    last: Head,
    last_at: Option<Moment>,
    missing: VecDeque<(u64, u64)>,
    recent: VecDeque<Head>,
    verdict: Verdict,
}

/// Where the next entry belongs.
#[derive(Clone, Debug)]
struct Place {
    next: u64,
    /// What may stand in its `before`; empty: anything.
    before: Vec<Hash>,
    /// Lines that could not be read since the last entry.
    unread: u64,
}

impl Verifier {
    /// Begins with the first entry of a log.
    #[must_use]
    pub fn new(expected: Expected) -> Self {
        Self {
            expected,
            header: None,
            key: None,
            line: 0,
            place: Place {
                next: 1,
                before: vec![Hash::default()],
                unread: 0,
            },
            doubtful: None,
            last: Head::default(),
            last_at: None,
            missing: VecDeque::new(),
            recent: VecDeque::new(),
            verdict: Verdict::default(),
        }
    }

    /// Takes the first line of an export.
    pub fn header(&mut self, header: Header) {
        self.line += 1;
        self.place.next = header.from.max(1);
        self.place.before = vec![header.before];
        self.take_key(header.key.clone());
        self.header = Some(header);
    }

    /// Takes a line that is no entry.
    pub fn unreadable(&mut self, why: &str) {
        self.line += 1;
        self.place.unread += 1;
        self.report(
            None,
            Fault::Unreadable,
            format!("this line is no entry: {why}"),
        );
    }

    /// Takes the next entry.
    pub fn entry(&mut self, entry: &Entry) {
        self.line += 1;
        self.verdict.entries += 1;
        let fault = self.look_at(entry);
        let intact = fault.is_none();
        if let Some(place) = self.doubtful.take()
            && intact
            && entry.number == place.next
        {
            // The one before it took its place: now it is known for what it is.
            self.verdict.relabel(Fault::Inserted);
            self.place = place;
        }
        // What a changed entry says of its number counts for nothing: it stands where it stands.
        let number = if fault == Some(Fault::Changed) {
            self.place.next
        } else {
            entry.number
        };
        if number < self.place.next {
            self.earlier(entry, fault);
            return;
        }
        if number > self.place.next {
            self.gap(number);
        }
        match fault {
            Some(fault) => {
                self.doubtful = Some(self.place.clone());
                let text = words(fault, number, entry);
                self.report(Some(number), fault, text);
            }
            None => self.follow(entry),
        }
        self.advance(number, entry);
    }

    /// What was found. Heads and keys from elsewhere are compared here.
    #[must_use]
    pub fn finish(mut self) -> Verdict {
        self.line = 0;
        for (from, to) in std::mem::take(&mut self.missing) {
            let which = if from == to {
                format!("entry {from} was removed")
            } else {
                format!("entries {from} to {to} were removed")
            };
            self.report(Some(from), Fault::Removed, which);
        }
        self.compare_ends();
        if let Some(trusted) = self.expected.key
            && !self.verdict.keys.contains(&trusted)
        {
            let text = format!("the log is not signed by the key {trusted}");
            self.report(None, Fault::UntrustedKey, text);
        }
        self.warn_at_the_end();
        self.verdict.head = self.last;
        self.verdict
    }

    fn warn_at_the_end(&mut self) {
        let from = self.header.as_ref().map_or(1, |header| header.from);
        if from > 1 {
            self.verdict.warn(Warning::Part { from });
        }
        match self.expected.head {
            None => self.verdict.warn(Warning::NoHead),
            Some(Head { number, .. }) if number + 1 < from => {
                self.verdict.warn(Warning::HeadBefore { number });
            }
            Some(_) => {}
        }
        if self.expected.key.is_none() {
            self.verdict.warn(Warning::NoKeyGiven);
        }
    }

    fn compare_ends(&mut self) {
        let last = self.place.next - 1;
        let own = self.header.as_ref().map(|header| header.head);
        if let Some(own) = own.filter(|own| own.number < last) {
            let text = format!(
                "the first line says that the log ended with entry {}, and entry {last} is here",
                own.number
            );
            self.report(None, Fault::Header, text);
        }
        let heads = [self.expected.head, own];
        let furthest = heads.into_iter().flatten().max_by_key(|head| head.number);
        // A line that could not be read is told already.
        if let Some(head) = furthest.filter(|head| head.number > last + self.place.unread) {
            let text = format!(
                "the log was cut off after entry {last}: it once reached entry {} ({head})",
                head.number
            );
            self.report(Some(last + 1), Fault::Cut, text);
        }
    }

    /// What is wrong with the entry itself.
    fn look_at(&mut self, entry: &Entry) -> Option<Fault> {
        if entry.computed() != entry.hash {
            return Some(Fault::Changed);
        }
        if entry.number == 1 && entry.draft.event == Event::Began {
            self.begin(entry);
        }
        let Some(key) = &self.key else {
            if self.verdict.entries == 1 {
                let text = "the log does not begin with the entry that holds its key".to_owned();
                self.report(Some(entry.number), Fault::NoKey, text);
            }
            return None;
        };
        if key.fingerprint() != entry.key {
            // An older entry that stands here was signed by an older key.
            let known = entry.number < self.place.next && self.verdict.keys.contains(&entry.key);
            return (!known).then_some(Fault::ForeignKey);
        }
        (!is_signed(key, &entry.hash, &entry.signature)).then_some(Fault::Signature)
    }

    fn begin(&mut self, entry: &Entry) {
        let Some(key) = introduced(&entry.draft.details) else {
            return;
        };
        match &self.key {
            None => self.take_key(key),
            Some(known) if *known != key && self.place.next == 1 => {
                let text = "the first line names another key than entry 1".to_owned();
                self.report(Some(1), Fault::Header, text);
            }
            Some(_) => {}
        }
    }

    fn take_key(&mut self, key: PublicKey) {
        if self.verdict.keys.len() < KEYS {
            self.verdict.keys.push(key.fingerprint());
        }
        self.key = Some(key);
    }

    /// An intact entry at its place, or after a gap.
    fn follow(&mut self, entry: &Entry) {
        if !self.place.before.is_empty() && !self.place.before.contains(&entry.before) {
            let text = format!(
                "entry {} does not follow the entry in front of it: that one was replaced",
                entry.number
            );
            self.report(Some(entry.number), Fault::Detached, text);
        }
        if let Some(last) = self.last_at
            && entry.at < last
        {
            let (number, seconds) = (entry.number, last.since(entry.at));
            self.verdict
                .warn(Warning::TimeBackwards { number, seconds });
        }
        match entry.draft.event {
            Event::KeyChanged => {
                if let Some(key) = introduced(&entry.draft.details) {
                    self.take_key(key);
                }
            }
            Event::LogBehind => {
                let text = words(Fault::Lost, entry.number, entry);
                self.report(Some(entry.number), Fault::Lost, text);
            }
            _ => {}
        }
        self.last_at = Some(entry.at);
    }

    fn advance(&mut self, number: u64, entry: &Entry) {
        let computed = entry.computed();
        self.verdict.first.get_or_insert(number);
        for head in [self.expected.head, self.header.as_ref().map(|h| h.head)]
            .into_iter()
            .flatten()
        {
            if head.number == number && head.hash != entry.hash && head.hash != computed {
                let text =
                    format!("entry {number} is another one than at the time of the head {head}");
                self.report(Some(number), Fault::OtherHead, text);
            }
        }
        self.place = Place {
            next: number.saturating_add(1),
            before: vec![entry.hash, computed],
            unread: 0,
        };
        self.last = Head {
            number,
            hash: entry.hash,
        };
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(self.last);
    }

    /// An entry that stands after later ones.
    fn earlier(&mut self, entry: &Entry, fault: Option<Fault>) {
        let number = entry.number;
        let fault = fault.unwrap_or_else(|| {
            if self.fill(number) {
                return Fault::Reordered;
            }
            let same = self.recent.iter().find(|head| head.number == number);
            match same {
                Some(head) if head.hash != entry.hash => Fault::Twin,
                _ => Fault::Duplicate,
            }
        });
        self.report(Some(number), fault, words(fault, number, entry));
    }

    /// Whether an entry was missing; it is not any more.
    fn fill(&mut self, number: u64) -> bool {
        let Some(at) = self
            .missing
            .iter()
            .position(|(from, to)| (*from..=*to).contains(&number))
        else {
            return false;
        };
        let Some((from, to)) = self.missing.remove(at) else {
            return false;
        };
        if number < to {
            self.missing.insert(at, (number + 1, to));
        }
        if from < number {
            self.missing.insert(at, (from, number - 1));
        }
        true
    }

    fn gap(&mut self, number: u64) {
        let Place { next, unread, .. } = self.place;
        if number - next > unread {
            if self.missing.len() == GAPS {
                self.missing.pop_back();
                self.verdict.more += 1;
            }
            self.missing.push_back((next, number - 1));
        }
        self.place.before.clear();
    }

    fn report(&mut self, number: Option<u64>, fault: Fault, text: String) {
        self.verdict.report(number, self.line, fault, text);
    }
}

fn words(fault: Fault, number: u64, entry: &Entry) -> String {
    match fault {
        Fault::Changed => format!("entry {number} was changed: its hash does not fit its content"),
        Fault::Signature => format!("the signature of entry {number} does not fit"),
        Fault::ForeignKey => format!(
            "entry {number} is signed by another key ({}) than the hub's",
            entry.key
        ),
        Fault::Reordered => format!("entry {number} stands after later ones"),
        Fault::Twin => format!("there are two different entries with the number {number}"),
        Fault::Lost => format!(
            "entry {number} tells that entries were lost: the log should have reached {}",
            entry.draft.details.get("expected").unwrap_or("further")
        ),
        _ => format!("entry {number} stands there twice"),
    }
}

#[cfg(test)]
mod tests;
