//! Classes as runs of their courses.
//!
//! A class is often called after its teacher ("Mathe 7b Müller"). So it goes out under the title of
//! its course or not at all. Where the bundle has no file of courses, the title of the class is
//! used if every word of it is known (see `personal::title`). A home room is a class of children
//! and no offer: either it says so, or it has neither a type nor a course.

use calluna_model::finding::Finding;
use calluna_model::id::OfferId;
use calluna_model::offer::{OfferDraft, RunDraft, VenueDraft};

use super::lists::{self, Line, List};
use super::{Gathered, School, grades, subjects};
use crate::error::ImportError;
use crate::personal;
use crate::sink::Sink;
use crate::split::GATHERED_RUNS;
use crate::value::text;

/// What becomes of a class.
enum Fate {
    /// A run of the offer at that index.
    Run(usize),
    /// An offer of its own, under that title.
    Offer(String),
    HomeRoom,
    /// Its course was taken back.
    Withdrawn,
    Refused(Finding),
}

/// How many classes were left out for one reason, and where the first of them stands.
#[derive(Default)]
struct Tally {
    count: usize,
    first: String,
}

impl Tally {
    fn add(&mut self, row: &Line<'_>) {
        if self.count == 0 {
            self.first = row.place();
        }
        self.count += 1;
    }

    fn tell(self, finding: Finding, sink: &mut Sink) {
        if self.count > 0 {
            sink.warn(finding.limit(self.count).at(self.first));
        }
    }
}

impl School {
    pub(super) fn classes(&mut self, list: &List<'_>, sink: &mut Sink) -> Result<(), ImportError> {
        list.left_out(&lists::CLASS_COLUMNS, sink);
        let (mut homes, mut withdrawn) = (Tally::default(), Tally::default());
        for row in list.rows() {
            let row = row?;
            sink.saw(1);
            if row.is_gone() {
                continue;
            }
            let own = OfferId::from_foreign(&row.get("sourcedId"));
            match (self.fate(&row), own) {
                (Fate::HomeRoom, _) => homes.add(&row),
                (Fate::Withdrawn, _) => withdrawn.add(&row),
                (_, Err(_)) => {
                    let finding = Finding::new("sourcedId", "required");
                    sink.refuse(vec![finding.at(row.place())]);
                }
                (Fate::Refused(finding), Ok(id)) => {
                    sink.refuse(vec![finding.at(row.place()).of(id.to_string())]);
                }
                (Fate::Run(at), Ok(id)) => {
                    let run = self.run(&row, id.to_string(), sink);
                    if let Some(offer) = self.offers.get_mut(at) {
                        add(offer, run, row.place(), sink);
                    }
                }
                (Fate::Offer(title), Ok(id)) => {
                    let draft = OfferDraft {
                        id: id.to_string(),
                        title,
                        kind: "course".into(),
                        subjects: subjects(&row),
                        level: grades(&row.first(&["grades", "grade"])),
                        runs: vec![self.run(&row, id.to_string(), sink)],
                        ..OfferDraft::default()
                    };
                    self.offer(row.place(), draft, sink);
                }
            }
        }
        homes.tell(Finding::new("classType", "home-rooms-left-out"), sink);
        let finding = Finding::new("courseSourcedId", "withdrawn-course");
        withdrawn.tell(finding, sink);
        Ok(())
    }

    /// Findings say nothing of the title: it may hold a name.
    fn fate(&self, row: &Line<'_>) -> Fate {
        let kind = row.get("classType");
        if kind.eq_ignore_ascii_case("homeroom") {
            return Fate::HomeRoom;
        }
        let course = row.first(&["courseSourcedId", "courseSourcedIds"]);
        if let Ok(id) = OfferId::from_foreign(&course) {
            // Without courses, the index holds classes.
            let known = self.index.get(id.as_str()).filter(|_| self.has_courses);
            return match known {
                Some(at) => Fate::Run(*at),
                None if self.gone.contains(id.as_str()) => Fate::Withdrawn,
                None => {
                    let finding = Finding::new("courseSourcedId", "unknown-reference");
                    Fate::Refused(finding.value(&course))
                }
            };
        }
        let title = row.get("title");
        if self.has_courses {
            if kind.is_empty() {
                Fate::HomeRoom
            } else {
                Fate::Refused(Finding::new("courseSourcedId", "required"))
            }
        } else if personal::names_only_a_subject(&title) {
            Fate::Offer(text::shortened(&title, 255))
        } else {
            Fate::Refused(Finding::new("title", "class-title-unsafe"))
        }
    }

    fn run(&self, row: &Line<'_>, id: String, sink: &mut Sink) -> RunDraft {
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
