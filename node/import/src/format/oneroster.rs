//! OneRoster 1.2 (also 1.1, and School Data Sync): a ZIP, or a folder, of CSV files in which schools
//! hand over courses and classes. A course is an offer, its classes are the runs.
//!
//! The same bundle holds pupils, teachers, guardians, enrolments and demographics. Those files are
//! never opened: from an archive only the five files below are inflated, from a folder only they
//! are read. A class often carries the name of its teacher, so the title of a class is used only
//! where there is no course, and a home room (`homeroom`) is a class of children and no offer.

mod lists;

use std::path::Path;

use calluna_model::finding::Finding;
use calluna_model::id::OfferId;
use calluna_model::offer::{LevelDraft, OfferDraft, RunDraft, SubjectDraft, VenueDraft};
use calluna_tabular::archive::{self, Part};

use self::lists::{List, Lists, Span};
use super::Format;
use crate::error::ImportError;
use crate::sink::Sink;
use crate::split::{self, GATHERED_RUNS};
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
    index: std::collections::HashMap<String, usize>,
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
            index: std::collections::HashMap::new(),
        })
    }

    fn courses(&mut self, list: &List<'_>, sink: &mut Sink) -> Result<(), ImportError> {
        list.left_out(&lists::COURSE_COLUMNS, sink);
        for row in list.rows() {
            let row = row?;
            sink.saw(1);
            if row.is_gone() {
                continue;
            }
            let code = row.first(&["courseCode", "code"]);
            let Ok(id) = OfferId::from_foreign(&row.get("sourcedId")) else {
                let finding = Finding::new("sourcedId", "required");
                sink.refuse(vec![finding.at(row.place())]);
                continue;
            };
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

    fn classes(&mut self, list: &List<'_>, sink: &mut Sink) -> Result<(), ImportError> {
        list.left_out(&lists::CLASS_COLUMNS, sink);
        for row in list.rows() {
            let row = row?;
            sink.saw(1);
            if row.is_gone() || row.get("classType").eq_ignore_ascii_case("homeroom") {
                continue;
            }
            let own = row.get("sourcedId");
            let Ok(id) = OfferId::from_foreign(&own) else {
                let finding = Finding::new("sourcedId", "required");
                sink.refuse(vec![finding.at(row.place())]);
                continue;
            };
            let run = self.run(&row, id.to_string(), sink);
            let course = row.first(&["courseSourcedId", "courseSourcedIds"]);
            let known = OfferId::from_foreign(&course)
                .ok()
                .and_then(|course| self.index.get(course.as_str()).copied());
            if known.is_none() {
                // A class without its course stands for itself.
                if !course.is_empty() {
                    let finding = Finding::new("courseSourcedId", "unknown-reference");
                    sink.warn(finding.value(&course).at(row.place()).of(own));
                }
                let draft = OfferDraft {
                    id: id.to_string(),
                    title: text::shortened(&row.get("title"), 255),
                    kind: "course".into(),
                    subjects: subjects(&row),
                    level: grades(&row.first(&["grades", "grade"])),
                    runs: vec![run],
                    ..OfferDraft::default()
                };
                self.offer(row.place(), draft, sink);
            } else if let Some(offer) = known.and_then(|at| self.offers.get_mut(at)) {
                add(offer, run, row.place(), sink);
            }
        }
        Ok(())
    }

    fn run(&self, row: &lists::Line, id: String, sink: &mut Sink) -> RunDraft {
        let terms = text::list(&row.first(&["termSourcedIds", "sessionSourcedIds"]));
        let mut found = Vec::new();
        for term in &terms {
            match self.spans.iter().find(|span| span.id == *term) {
                Some(span) => found.push(span),
                None => {
                    let finding = Finding::new("termSourcedIds", "unknown-reference");
                    sink.warn(finding.value(term).at(row.place()).of(id.clone()));
                }
            }
        }
        let org = row.first(&["schoolSourcedId", "orgSourcedId"]);
        let name = self.orgs.iter().find(|(id, _)| *id == org);
        let venue = VenueDraft {
            name: text::shortened(name.map_or("", |(_, name)| name), 255),
            room: text::shortened(&row.get("location"), 255),
            ..VenueDraft::default()
        };
        // Dates are written YYYY-MM-DD, so text order is the order of time.
        let starts = found.iter().map(|span| span.start.clone());
        let ends = found.iter().map(|span| span.end.clone());
        RunDraft {
            id,
            number: text::shortened(&row.get("classCode"), 60),
            start: starts
                .filter(|day| !day.is_empty())
                .min()
                .unwrap_or_default(),
            end: ends.max().unwrap_or_default(),
            venue: (venue != VenueDraft::default()).then_some(venue),
            ..RunDraft::default()
        }
    }
}

fn add(offer: &mut Gathered, run: RunDraft, place: String, sink: &mut Sink) {
    let runs = &mut offer.draft.runs;
    match runs.iter().find(|other| other.id == run.id) {
        Some(other) if *other == run => {}
        Some(_) => {
            let finding = Finding::new("sourcedId", "duplicate-run").value(&run.id);
            sink.refuse(vec![finding.at(place).of(offer.draft.id.clone())]);
        }
        None if runs.len() > GATHERED_RUNS => {}
        None => runs.push(run),
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
