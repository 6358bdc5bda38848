//! The ledger as bytes, and back.
//!
//! `CLNL`, a version (1), whether persons are in it (1 or 0); then period, revisions, persons, the proposal that waits,
//! seal, settled; then BLAKE3 over all before. Numbers have variable length, lists their length before them, numbers of
//! a list ascend and are written as steps. A person of 45 numbers takes about 90 bytes.

use calluna_figures::{PersonHash, Touch};
use calluna_tables::revision::RevisionDigest;
use calluna_tables::{Kind, Period, Revision, Rules, Shown};

use crate::bytes::{Reader, Writer};
use crate::decide::{Proof, Proposal};
use crate::fault::Damaged;
use crate::history::{Entry, Persons};
use crate::ledger::{Ledger, Seal};
use crate::outlook::{Outlook, Rounded, TableOutlook, Waiting};

const MAGIC: &[u8] = b"CLNL";
const VERSION: u8 = 1;

impl Ledger {
    /// Everything, for the node's own store. Personal data: hashes and profiles.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.write(true)
    }

    /// What was published and nothing of persons, for backups that leave the house. A ledger that is read from
    /// it is sealed: without the persons no rule could be kept.
    #[must_use]
    pub fn encode_public(&self) -> Vec<u8> {
        self.write(false)
    }

    fn write(&self, whole: bool) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes(MAGIC);
        out.bytes(&[VERSION]);
        out.flag(whole);
        out.text(&self.period.to_string());
        out.number(self.revisions.len() as u64);
        for revision in &self.revisions {
            write_revision(&mut out, revision);
        }
        if whole {
            out.number(self.persons.len() as u64);
            for (hash, history) in &self.persons {
                out.bytes(hash.as_bytes());
                out.number(history.len() as u64);
                for entry in history {
                    out.number(u64::from(entry.revision));
                    write_touches(&mut out, &entry.touches);
                }
            }
            out.flag(self.held.is_some());
            if let Some(held) = &self.held {
                write_proposal(&mut out, held);
            }
        }
        out.flag(self.sealed.is_some());
        if let Some(seal) = &self.sealed {
            out.text(&seal.reason);
            out.signed(seal.at);
        }
        out.flag(self.settled);
        let checksum = blake3::hash(&out.0);
        out.bytes(checksum.as_bytes());
        out.0
    }

    /// Reads a ledger. `now` is when one without persons counts as sealed from: seconds since 1970.
    ///
    /// # Errors
    /// [`Damaged`], whatever the bytes are.
    pub fn decode(bytes: &[u8], now: i64) -> Result<Self, Damaged> {
        let (content, checksum) = bytes.split_last_chunk::<32>().ok_or(Damaged::Unknown)?;
        let mut reader = Reader(content);
        if !content.starts_with(MAGIC) || content.get(MAGIC.len()) != Some(&VERSION) {
            return Err(Damaged::Unknown);
        }
        if blake3::hash(content).as_bytes() != checksum {
            return Err(Damaged::Checksum);
        }
        reader.take(MAGIC.len() + 1)?;
        let whole = reader.flag()?;
        let period: Period = reader
            .text()?
            .parse()
            .map_err(|_| Damaged::Content("its period is none"))?;
        let mut ledger = Self::new(period);
        for number in 1..=reader.count()? {
            let revision = read_revision(&mut reader)?;
            let before = ledger.revisions.last().map(Revision::digest);
            if u64::from(revision.number) != number as u64
                || revision.period != period
                || revision.before != before.unwrap_or_default()
            {
                return Err(Damaged::Content("its revisions do not follow each other"));
            }
            ledger.revisions.push(revision);
        }
        if whole {
            ledger.persons = read_persons(&mut reader, ledger.revisions.len())?;
            if reader.flag()? {
                ledger.held = Some(read_proposal(&mut reader)?);
            }
        }
        if reader.flag()? {
            ledger.sealed = Some(Seal {
                reason: reader.text()?,
                at: reader.signed()?,
            });
        }
        ledger.settled = reader.flag()?;
        if !reader.0.is_empty() {
            return Err(Damaged::Content("something follows its end"));
        }
        if !whole && !ledger.settled {
            ledger.seal(
                "read from a backup without persons: nobody knows who is counted in what was published",
                now,
            );
        }
        Ok(ledger)
    }
}

fn write_revision(out: &mut Writer, revision: &Revision) {
    out.text(&revision.period.to_string());
    out.number(u64::from(revision.number));
    out.bytes(&[revision.kind.code()]);
    out.signed(revision.at);
    out.text(&revision.layout);
    let rules = &revision.rules;
    for number in [rules.threshold, rules.sensitive_threshold, rules.batch] {
        out.number(u64::from(number));
    }
    out.number(rules.sensitive.len() as u64);
    rules.sensitive.iter().for_each(|code| out.text(code));
    out.number(revision.waiting);
    out.bytes(&revision.before.0);
    out.number(revision.values.len() as u64);
    for value in &revision.values {
        // -3 is the least code.
        out.number((value.code() + 3).unsigned_abs());
    }
}

fn read_revision(reader: &mut Reader<'_>) -> Result<Revision, Damaged> {
    let period = reader
        .text()?
        .parse()
        .map_err(|_| Damaged::Content("a period is none"))?;
    let number = reader.small()?;
    let kind = Kind::from_code(reader.byte()?).ok_or(Damaged::Content("a kind is unknown"))?;
    let at = reader.signed()?;
    let layout = reader.text()?;
    let (threshold, sensitive_threshold, batch) =
        (reader.small()?, reader.small()?, reader.small()?);
    let codes = reader.count()?;
    let sensitive = (0..codes)
        .map(|_| reader.text())
        .collect::<Result<_, _>>()?;
    let waiting = reader.number()?;
    let before = RevisionDigest(reader.hash()?);
    let count = reader.count()?;
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        let code = i64::try_from(reader.number()?).unwrap_or(i64::MAX);
        let shown = Shown::from_code(code.saturating_sub(3));
        values.push(shown.ok_or(Damaged::Content("a value is none"))?);
    }
    Ok(Revision {
        period,
        number,
        kind,
        at,
        layout,
        rules: Rules {
            threshold,
            sensitive_threshold,
            sensitive,
            batch,
        },
        waiting,
        before,
        values,
    })
}

/// Steps from number to number; the lowest bit says that a value other than 1 follows.
fn write_touches(out: &mut Writer, touches: &[Touch]) {
    out.number(touches.len() as u64);
    let mut next = 0;
    for touch in touches {
        let step = u64::from(touch.number.saturating_sub(next));
        out.number(step << 1 | u64::from(touch.value != 1));
        if touch.value != 1 {
            out.number(u64::from(touch.value));
        }
        next = touch.number.saturating_add(1);
    }
}

fn read_touches(reader: &mut Reader<'_>) -> Result<Box<[Touch]>, Damaged> {
    let wrong = Damaged::Content("a number of the tables is none");
    let count = reader.count()?;
    let mut touches = Vec::with_capacity(count);
    let mut next = 0_u32;
    for _ in 0..count {
        let step = reader.number()?;
        let number = u32::try_from(step >> 1)
            .ok()
            .and_then(|step| next.checked_add(step))
            .filter(|number| *number < u32::MAX)
            .ok_or_else(|| wrong.clone())?;
        let value = if step & 1 == 0 { 1 } else { reader.small()? };
        touches.push(Touch { number, value });
        next = number + 1;
    }
    Ok(touches.into())
}

fn read_persons(reader: &mut Reader<'_>, revisions: usize) -> Result<Persons, Damaged> {
    let mut persons = Persons::new();
    for _ in 0..reader.count()? {
        let hash = PersonHash::from_bytes(reader.hash()?);
        let count = reader.count()?;
        let mut history: Vec<Entry> = Vec::with_capacity(count.min(revisions));
        for _ in 0..count {
            let revision = reader.small()?;
            let before = history.last().map_or(0, |entry| entry.revision);
            if revision <= before || u64::from(revision) > revisions as u64 {
                return Err(Damaged::Content(
                    "a person is in a revision that is not there",
                ));
            }
            let touches = read_touches(reader)?;
            history.push(Entry { revision, touches });
        }
        if persons.insert(hash, history).is_some() {
            return Err(Damaged::Content("a person stands twice"));
        }
    }
    Ok(persons)
}

fn write_proposal(out: &mut Writer, proposal: &Proposal) {
    write_revision(out, &proposal.revision);
    out.number(proposal.batch.len() as u64);
    for (hash, touches) in &proposal.batch {
        out.bytes(hash.as_bytes());
        write_touches(out, touches);
    }
    let proof = &proposal.proof;
    out.number(proof.cells);
    out.number(proof.hidden);
    out.number(proof.minimum_width.map_or(0, |width| width + 1));
    out.number(proof.solves);
    out.bytes(&proof.system);
    let outlook = &proposal.outlook;
    out.number(outlook.tables.len() as u64);
    for table in &outlook.tables {
        out.text(&table.table);
        for count in [table.shown, table.hidden, table.structural, table.left_out] {
            out.number(u64::from(count));
        }
    }
    let Waiting {
        all,
        few,
        changed,
        below,
    } = outlook.waiting;
    for count in [all, few, changed, below] {
        out.number(count.least());
    }
}

fn read_proposal(reader: &mut Reader<'_>) -> Result<Proposal, Damaged> {
    let revision = read_revision(reader)?;
    let mut batch = Vec::new();
    for _ in 0..reader.count()? {
        let hash = PersonHash::from_bytes(reader.hash()?);
        batch.push((hash, read_touches(reader)?));
    }
    let proof = Proof {
        cells: reader.number()?,
        hidden: reader.number()?,
        minimum_width: reader.number()?.checked_sub(1),
        solves: reader.number()?,
        system: reader.hash()?,
    };
    let mut tables = Vec::new();
    for _ in 0..reader.count()? {
        tables.push(TableOutlook {
            table: reader.text()?,
            shown: reader.small()?,
            hidden: reader.small()?,
            structural: reader.small()?,
            left_out: reader.small()?,
        });
    }
    let mut rounded = || reader.number().map(Rounded::of);
    let waiting = Waiting {
        all: rounded()?,
        few: rounded()?,
        changed: rounded()?,
        below: rounded()?,
    };
    Ok(Proposal {
        revision,
        batch,
        proof,
        outlook: Outlook { tables, waiting },
    })
}
