//! One whole state of the index, as readers hold it while others are written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use tantivy::index::SegmentId;
use tantivy::{IndexReader, Searcher, TantivyError};

use super::columns::{Columns, Entry, Interner};
use super::memory::Memory;
use super::schema::Fields;
use super::view::View;
use crate::german::dictionary::Dictionary;
use crate::groups::Groups;

/// Days for which a view is kept: today, yesterday around midnight, and everything.
const VIEWS_MAX: usize = 3;

/// The rows of each segment, kept over commits.
type Segments = HashMap<SegmentId, Arc<Columns>>;

/// What a day shows, made when it is first asked for.
type DayView = Arc<OnceLock<Arc<View>>>;

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
    pub(crate) parts: Vec<(usize, Arc<Columns>)>,
    views: Mutex<Vec<(Option<i32>, DayView)>>,
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
        let known = |id: &SegmentId| before.and_then(|state| state.segments.get(id));
        let mut segments = Segments::new();
        thread::scope(|scope| {
            let new = searcher.segment_readers().iter();
            let new = new.filter(|segment| known(&segment.segment_id()).is_none());
            let reading: Vec<_> = new
                .map(|segment| {
                    let rows = || Columns::read(segment, fields.row, &interner);
                    (segment.segment_id(), scope.spawn(rows))
                })
                .collect();
            for (id, rows) in reading {
                let broken = |_| TantivyError::ErrorInThread("the rows of the index".into());
                segments.insert(id, Arc::new(rows.join().map_err(broken)??));
            }
            Ok::<_, TantivyError>(())
        })?;
        let mut parts = Vec::new();
        let mut base = 0;
        for segment in searcher.segment_readers() {
            let id = segment.segment_id();
            if let Some(rows) = known(&id) {
                segments.insert(id, Arc::clone(rows));
            }
            let rows = segments.get(&id).map(Arc::clone).unwrap_or_default();
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
    pub(crate) fn rows(&self) -> impl Iterator<Item = Entry<'_>> {
        self.parts.iter().flat_map(|(_, rows)| rows.iter())
    }

    /// The segment of a document and its place there.
    #[inline]
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

    #[inline]
    pub(crate) fn row(&self, doc: usize) -> Option<Entry<'_>> {
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
        let known = views.iter().find(|(day, _)| *day == today);
        let view = if let Some((_, view)) = known {
            Arc::clone(view)
        } else {
            if views.len() >= VIEWS_MAX {
                views.remove(0);
            }
            let view = Arc::default();
            views.push((today, Arc::clone(&view)));
            view
        };
        drop(views);
        // Who asks for the same day waits: they would make the same. Who asks for another day does not.
        Arc::clone(view.get_or_init(|| Arc::new(View::new(self, today))))
    }

    /// Days whose views are at hand.
    pub(crate) fn days(&self) -> Vec<Option<i32>> {
        let views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        views.iter().map(|(day, _)| *day).collect()
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
