//! OneRoster 1.2 (also 1.1, and School Data Sync): a ZIP, or a folder, of CSV files in which schools
//! hand over courses and classes. A course is an offer, its classes are the runs.
//!
//! The same bundle holds pupils, teachers, guardians, enrolments and demographics. Those files are
//! never opened: from an archive only the five files below are inflated, from a folder only they
//! are read. A class often carries the name of its teacher, in its title as in its code: the code
//! is not read, the title only where there are no courses (see `classes`).

mod classes;
mod lists;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use calluna_model::finding::Finding;
use calluna_model::id::OfferId;
use calluna_model::offer::{LevelDraft, OfferDraft, SubjectDraft};
use calluna_tabular::archive::{self, Part};

use self::lists::{List, Lists, Span};
use super::Format;
use crate::error::ImportError;
use crate::sink::Sink;
use crate::split;
use crate::value::text;
use crate::{FILE_BYTES, Options, Source};

/// The files that are read, the first two of which it is recognised by.
pub(crate) const FILES: [&str; 5] = [
    "classes.csv",
    "courses.csv",
    "orgs.csv",
    "academicsessions.csv",
    "manifest.csv",
];

pub(super) struct OneRoster;

impl Format for OneRoster {
    fn name(&self) -> &'static str {
        "oneroster"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let names = archive::names(source.bytes);
        let holds = |name: &str| names.iter().any(|known| known == name);
        (holds(FILES[0]) || holds(FILES[1])) && FILES[2..].iter().any(|name| holds(name))
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let parts = archive::parts(source.name, source.bytes, &FILES)?;
        let lists = Lists::open(source.name, &parts)?;
        if lists.classes.is_none() && lists.courses.is_none() {
            return Err(ImportError::WrongRoot {
                place: source.name.to_owned(),
                expected: FILES[0],
            });
        }
        let mut school = School::read(&lists, options, sink)?;
        if let Some(courses) = &lists.courses {
            school.courses(courses, sink)?;
        }
        if let Some(classes) = &lists.classes {
            school.classes(classes, sink)?;
        }
        for Gathered { place, draft } in school.offers {
            split::take(sink, &place, draft)?;
        }
        Ok(())
    }
}

/// The files of a folder as an archive; nothing when there is no bundle in it.
pub(crate) fn bundle(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, ImportError> {
    let failed = |error: std::io::Error| ImportError::Unreadable {
        file: name.to_owned(),
        reason: error.to_string(),
    };
    let mut parts = Vec::new();
    let mut left = FILE_BYTES;
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let file = entry.file_name().to_string_lossy().to_lowercase();
        if !FILES.contains(&file.as_str()) || !entry.file_type().map_err(failed)?.is_file() {
            continue;
        }
        let bytes = crate::bytes_of(&entry.path(), &format!("{name}/{file}"))?;
        left = left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| ImportError::TooLarge {
                file: name.to_owned(),
                bytes: FILE_BYTES + 1,
                limit: FILE_BYTES,
            })?;
        parts.push(Part { name: file, bytes });
    }
    let holds = |name: &str| parts.iter().any(|part| part.name == name);
    if !holds(FILES[0]) && !holds(FILES[1]) {
        return Ok(None);
    }
    parts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Some(archive::pack(name, &parts)?))
}

struct Gathered {
    place: String,
    draft: OfferDraft,
}

/// What the files say, while classes find their courses.
struct School {
    orgs: Vec<(String, String)>,
    spans: Vec<Span>,
    offers: Vec<Gathered>,
    index: HashMap<String, usize>,
    /// Courses that were taken back: nothing of them goes out, their classes neither.
    gone: HashSet<String>,
    has_courses: bool,
}

impl School {
    fn read(
        lists: &Lists<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<Self, ImportError> {
        let mut orgs = Vec::new();
        if let Some(list) = &lists.orgs {
            for row in list.rows() {
                let row = row?;
                orgs.push((row.get("sourcedId"), row.get("name")));
            }
        }
        if let ([(_, name)], Some(own)) = (orgs.as_slice(), options.provider_name) {
            sink.compare_provider(2, name, Some(own));
        }
        let mut spans = Vec::new();
        if let Some(list) = &lists.sessions {
            for row in list.rows() {
                spans.extend(Span::read(&row?, sink));
            }
        }
        Ok(Self {
            orgs,
            spans,
            offers: Vec::new(),
            index: HashMap::new(),
            gone: HashSet::new(),
            has_courses: lists.has_courses,
        })
    }

    fn courses(&mut self, list: &List<'_>, sink: &mut Sink) -> Result<(), ImportError> {
        list.left_out(&lists::COURSE_COLUMNS, sink);
        for row in list.rows() {
            let row = row?;
            sink.saw(1);
            let id = OfferId::from_foreign(&row.get("sourcedId"));
            if row.is_gone() {
                self.gone.extend(id.map(|id| id.to_string()));
                continue;
            }
            let Ok(id) = id else {
                let finding = Finding::new("sourcedId", "required");
                sink.refuse(vec![finding.at(row.place())]);
                continue;
            };
            let code = row.first(&["courseCode", "code"]);
            let draft = OfferDraft {
                id: id.to_string(),
                title: text::shortened(&row.get("title"), 255),
                kind: "course".into(),
                subjects: subjects(&row),
                level: grades(&row.first(&["grades", "grade"])),
                keywords: Some(code)
                    .filter(|code| !code.is_empty())
                    .into_iter()
                    .collect(),
                ..OfferDraft::default()
            };
            self.offer(row.place(), draft, sink);
        }
        Ok(())
    }

    fn offer(&mut self, place: String, draft: OfferDraft, sink: &mut Sink) {
        if let Some(at) = self.index.get(&draft.id) {
            if self
                .offers
                .get(*at)
                .is_some_and(|known| known.draft != draft)
            {
                let finding = Finding::new("sourcedId", "duplicate-offer").value(&draft.id);
                sink.refuse(vec![finding.at(place).of(draft.id)]);
            }
            return;
        }
        self.index.insert(draft.id.clone(), self.offers.len());
        self.offers.push(Gathered { place, draft });
    }
}

/// Names and codes stand in two lists, in the same order.
fn subjects(row: &lists::Line) -> Vec<SubjectDraft> {
    let names = text::list(&row.first(&["subjects", "subject"]));
    let codes = text::list(&row.get("subjectCodes"));
    let most = names.len().max(codes.len()).min(20);
    (0..most)
        .map(|at| SubjectDraft {
            scheme: "provider".into(),
            code: text::shortened(codes.get(at).map_or("", String::as_str), 60),
            label: text::shortened(names.get(at).map_or("", String::as_str), 255),
        })
        .collect()
}

fn grades(raw: &str) -> Option<LevelDraft> {
    let grades = text::list(raw);
    (!grades.is_empty()).then(|| LevelDraft {
        text: text::shortened(&format!("Jahrgang {}", grades.join(", ")), 255),
        ..LevelDraft::default()
    })
}
