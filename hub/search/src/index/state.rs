//! One whole state of the index, as readers hold it while others are written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::index::SegmentId;
use tantivy::{IndexReader, Searcher};

use super::columns::{self, Doc, Interner};
use super::memory::Memory;
use super::schema::Fields;
use super::view::View;
use crate::german::dictionary::Dictionary;
use crate::groups::Groups;

/// Days for which a view is kept: today, yesterday around midnight, and everything.
const VIEWS_MAX: usize = 3;

/// The rows of each segment, kept over commits.
type Segments = HashMap<SegmentId, Arc<Vec<Doc>>>;

/// One state.
pub(crate) struct State {
    pub(crate) searcher: Searcher,
    pub(crate) fields: Fields,
    pub(crate) district: String,
    pub(crate) memory: Memory,
    pub(crate) dictionary: Dictionary,
    pub(crate) groups: Arc<Groups>,
    pub(crate) interner: Arc<Interner>,
    segments: Segments,
    /// First document of each segment, and its rows.
    pub(crate) parts: Vec<(usize, Arc<Vec<Doc>>)>,
    views: Mutex<Vec<Arc<View>>>,
}

impl State {
    /// The state that `reader` shows now; rows of segments that `before` had are taken over.
    pub(crate) fn load(
        reader: &IndexReader,
        fields: Fields,
        memory: Memory,
        groups: Arc<Groups>,
        before: Option<&Self>,
    ) -> tantivy::Result<Self> {
        let searcher = reader.searcher();
        let interner = before.map_or_else(Arc::default, |state| Arc::clone(&state.interner));
        let mut segments = Segments::new();
        let mut parts = Vec::new();
        let mut base = 0;
        for segment in searcher.segment_readers() {
            let id = segment.segment_id();
            let rows = match before.and_then(|state| state.segments.get(&id)) {
                Some(rows) => Arc::clone(rows),
                None => Arc::new(columns::read(segment, fields.row, &interner)?),
            };
            segments.insert(id, Arc::clone(&rows));
            parts.push((base, rows));
            base += segment.max_doc() as usize;
        }
        Ok(Self {
            searcher,
            fields,
            district: memory.district.clone(),
            dictionary: Dictionary::with(memory.words.iter().cloned()),
            memory,
            groups,
            interner,
            segments,
            parts,
            views: Mutex::default(),
        })
    }

    /// How many documents, deleted ones among them.
    pub(crate) fn docs(&self) -> usize {
        self.parts
            .last()
            .map_or(0, |(base, rows)| base + rows.len())
    }

    /// Their rows, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Doc> {
        self.parts.iter().flat_map(|(_, rows)| rows.iter())
    }

    /// The segment of a document and its place there.
    pub(crate) fn place(&self, doc: usize) -> (usize, usize) {
        let part = self
            .parts
            .partition_point(|(base, _)| *base <= doc)
            .saturating_sub(1);
        (
            part,
            doc - self.parts.get(part).map_or(0, |(base, _)| *base),
        )
    }

    pub(crate) fn row(&self, doc: usize) -> Option<&Doc> {
        let (part, at) = self.place(doc);
        self.parts.get(part)?.1.get(at)
    }

    pub(crate) fn is_alive(&self, doc: usize) -> bool {
        let (part, at) = self.place(doc);
        let segment = self.searcher.segment_readers().get(part);
        segment.is_some_and(|segment| {
            let deleted = |bits: &tantivy::fastfield::AliveBitSet| bits.is_deleted(at as u32);
            !segment.alive_bitset().is_some_and(deleted)
        })
    }

    /// The catalogue on a day; without one, everything.
    pub(crate) fn view(&self, today: Option<i32>) -> Arc<View> {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(view) = views.iter().find(|view| view.today == today) {
            return Arc::clone(view);
        }
        // Made while others wait: they would make the same.
        let view = Arc::new(View::new(self, today));
        if views.len() >= VIEWS_MAX {
            views.remove(0);
        }
        views.push(Arc::clone(&view));
        view
    }

    /// Days whose views are at hand.
    pub(crate) fn days(&self) -> Vec<Option<i32>> {
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.iter().map(|view| view.today).collect()
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("docs", &self.docs())
            .field("providers", &self.memory.providers.len())
            .finish_non_exhaustive()
    }
}
