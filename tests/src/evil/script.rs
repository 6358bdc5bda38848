//! What an evil node says: a catalogue, true or not, and the manner of telling it.

use calluna_model::fingerprint::{Digester, content_hash};
use calluna_model::head::Head;
use calluna_model::id::{ContentHash, Digest, EpochId, ProviderId, Revision};
use calluna_model::offer::Offer;
use calluna_tables::revision::FiguresHead;
use calluna_wire::convert::offer::record_of;
use calluna_wire::v1 as pb;

/// One record as an evil node tells it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The id under which it is sent.
    pub id: String,
    /// The hash that is stated.
    pub hash: ContentHash,
    /// The bytes.
    pub record: Vec<u8>,
}

impl Told {
    /// An offer, told as it is.
    #[must_use]
    pub fn truly(offer: &Offer) -> Self {
        Self {
            id: offer.id().to_string(),
            hash: content_hash(offer),
            record: record_of(offer),
        }
    }
}

/// How the changes are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// As the contract says.
    #[default]
    Proper,
    /// Without end.
    Endless,
    /// Not at all: the call is taken and never answered.
    Silent,
    /// The second half first.
    Disordered,
    /// No HTTP/2 at all, but noise.
    Noise,
    /// One small batch after the other, so slowly that it never ends.
    Drip,
    /// Batches without end that hold nothing.
    Hollow,
    /// The first half twice.
    Repeats,
    /// Without the first half.
    Skips,
    /// Everything in one batch, however large.
    OneBatch,
    /// A message that is none of the contract's.
    Foreign,
    /// A message of a megabyte that says it inflates to a gigabyte.
    Bomb,
}

/// What an evil node says.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Its catalogue; each record has the revision of its place, from 1.
    pub records: Vec<Told>,
    /// How it tells it.
    pub manner: Manner,
    /// The identity of its store's life.
    pub epoch: u8,
    /// Another digest than the true one.
    pub digest: Option<Digest>,
    /// Another number of offers than the true one.
    pub count: Option<u64>,
    /// Another provider for whom it signs.
    pub signs_for: Option<ProviderId>,
    /// Participation figures of one period, in order.
    pub revisions: Vec<calluna_tables::Revision>,
}

impl Script {
    /// A catalogue of honest records.
    #[must_use]
    pub fn honest(offers: impl IntoIterator<Item = Offer>) -> Self {
        Self {
            records: offers
                .into_iter()
                .map(|offer| Told::truly(&offer))
                .collect(),
            ..Self::default()
        }
    }

    pub(super) fn head(&self) -> Head {
        let mut sorted: Vec<&Told> = self.records.iter().collect();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        let mut digester = Digester::default();
        sorted
            .iter()
            .for_each(|told| digester.add(&told.id, &told.hash));
        Head {
            epoch: EpochId([self.epoch; 16]),
            revision: Revision(self.records.len() as u64),
            count: self.count.unwrap_or(self.records.len() as u64),
            digest: self.digest.unwrap_or_else(|| digester.finish()),
        }
    }

    /// How far its figures are.
    pub(super) fn figures(&self) -> Vec<FiguresHead> {
        let newest = self.revisions.last();
        newest
            .map(calluna_tables::Revision::head)
            .into_iter()
            .collect()
    }

    /// The revisions that come after what the hub has; none where that is unknown here.
    pub(super) fn tables(&self, held: &[pb::FiguresHead]) -> Vec<pb::TableRevision> {
        let Some(held) = held.first() else {
            return self.revisions.iter().map(Into::into).collect();
        };
        let known =
            |revision: &&calluna_tables::Revision| revision.digest().0[..] == held.digest[..];
        if !self.revisions.iter().any(|revision| known(&revision)) {
            return Vec::new();
        }
        let later = self
            .revisions
            .iter()
            .filter(|revision| revision.number > held.number);
        later.map(Into::into).collect()
    }

    pub(super) fn changes(&self, after: u64) -> Vec<pb::Change> {
        let numbered = (1_u64..)
            .zip(&self.records)
            .filter(|(revision, _)| *revision > after);
        numbered
            .map(|(revision, told)| change(revision, told))
            .collect()
    }
}

/// The same few records under new ids, for ever.
pub(super) fn endless(
    script: &Script,
    after: u64,
) -> impl Iterator<Item = pb::ChangeBatch> + Send + 'static {
    const PIECE: u64 = 50;
    let epoch = script.head().epoch;
    let record = script
        .records
        .first()
        .map(|told| told.record.clone())
        .unwrap_or_default();
    (0..).map(move |round| {
        let begin = after + round * PIECE;
        let told = |revision: u64| {
            let hash = ContentHash(*blake3::hash(&revision.to_be_bytes()).as_bytes());
            change(
                revision,
                &Told {
                    id: format!("E-{revision}"),
                    hash,
                    record: record.clone(),
                },
            )
        };
        batch(
            epoch,
            begin,
            begin + PIECE,
            (begin + 1..=begin + PIECE).map(told).collect(),
        )
    })
}

/// Batches that move on and hold nothing, for ever.
pub(super) fn hollow(
    script: &Script,
    after: u64,
) -> impl Iterator<Item = pb::ChangeBatch> + Send + 'static {
    let epoch = script.head().epoch;
    (after..).map(move |at| batch(epoch, at, at + 1, Vec::new()))
}

/// A batch that covers the revisions `(after, up_to]`.
pub(super) fn batch(
    epoch: EpochId,
    after: u64,
    up_to: u64,
    changes: Vec<pb::Change>,
) -> pb::ChangeBatch {
    pb::ChangeBatch {
        epoch: epoch.0.to_vec(),
        after_revision: after,
        up_to_revision: up_to,
        changes,
    }
}

fn change(revision: u64, told: &Told) -> pb::Change {
    pb::Change {
        revision,
        offer_id: told.id.clone(),
        content_hash: told.hash.0.to_vec().into(),
        body: Some(pb::change::Body::Offer(told.record.clone().into())),
    }
}
