//! Tombstones in a provider's log: since when an offer is gone, and what it was called.

use calluna_kv::packed::{Chunk, Index, Kind, Loc, Log};
use calluna_model::clock::Moment;

/// Tells what an offer is called, from its record. The store itself knows no record from the inside.
pub type TitleOf = fn(&[u8]) -> Option<String>;

/// First byte of a tombstone's body. Tombstones of earlier builds have no body at all.
const FORMAT: u8 = 1;

/// A tombstone has no content hash. The place of one says when the offer went, so that it can be
/// read from the heads alone.
pub(crate) fn gone_hash(at: Moment) -> [u8; 32] {
    let mut hash = [0; 32];
    if let Some(place) = hash.first_chunk_mut() {
        *place = at.0.to_be_bytes();
    }
    hash
}

/// When the offer of a tombstone went: see [`gone_hash`].
pub(crate) fn gone_at(hash: &[u8; 32]) -> Moment {
    Moment(
        hash.first_chunk()
            .map_or(i64::MAX, |at| i64::from_be_bytes(*at)),
    )
}

/// The body of a tombstone.
pub(crate) fn body(title: Option<&str>) -> Vec<u8> {
    let Some(title) = title.filter(|title| !title.is_empty()) else {
        return Vec::new();
    };
    let mut body = Vec::with_capacity(1 + title.len());
    body.push(FORMAT);
    body.extend_from_slice(title.as_bytes());
    body
}

/// The title in a tombstone's body, where there is one.
pub(crate) fn title(body: &[u8]) -> Option<String> {
    let (format, title) = body.split_first()?;
    let title = std::str::from_utf8(title).ok()?;
    (*format == FORMAT && !title.is_empty()).then(|| title.to_owned())
}

/// Finds the last titles of offers that go. Of the log only one chunk is held at a time; those that go
/// together usually lie together.
#[derive(Debug)]
pub(crate) struct LastTitles {
    title_of: TitleOf,
    held: Option<(u64, Option<Chunk>)>,
}

impl LastTitles {
    pub(crate) fn new(title_of: TitleOf) -> Self {
        Self {
            title_of,
            held: None,
        }
    }

    /// What the offer was called for readers. Only what was written can be read; where that fails, the
    /// offer goes without its title.
    pub(crate) fn find(&mut self, log: &Log, index: &Index, id: &str) -> Option<String> {
        let entry = index.get(id)?;
        if entry.kind == Kind::Gone {
            let title_here = title;
            return self.read(log, entry.at, id, &|body| title_here(body));
        }
        let title_of = self.title_of;
        self.read(log, entry.good?, id, &|body| title_of(body))
    }

    fn read(
        &mut self,
        log: &Log,
        at: Loc,
        id: &str,
        title: &dyn Fn(&[u8]) -> Option<String>,
    ) -> Option<String> {
        if self.held.as_ref().is_none_or(|(seq, _)| *seq != at.seq) {
            let chunk = log.chunk(at.seq).unwrap_or_else(|error| {
                tracing::warn!(%error, "the last title of an offer cannot be read");
                None
            });
            self.held = Some((at.seq, chunk));
        }
        let (_, chunk) = self.held.as_ref()?;
        let record = chunk.as_ref()?.record(usize::try_from(at.slot).ok()?)?;
        (record.key == id).then(|| title(record.body)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_survives_and_an_old_tombstone_has_none() {
        assert_eq!(title(&body(Some("Töpfern"))), Some("Töpfern".to_owned()));
        for none in [&body(None)[..], &body(Some("")), &[2, b'x'], &[FORMAT, 255]] {
            assert_eq!(title(none), None);
        }
        let at = Moment(1_800_000_000);
        assert_eq!(gone_at(&gone_hash(at)), at);
    }
}
