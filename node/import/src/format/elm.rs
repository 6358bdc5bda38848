//! ELM 3, the European Learning Model: learning opportunities as Europass takes them, in XML and in
//! JSON-LD (see [`json`]).
//!
//! A `learningOpportunity` is an offer with one run; several of the same identifier and words are
//! one offer. What one learns, where and from whom stands
//! in other parts of the file that are referred to by name, so a file is held as a whole. Of
//! agents only the legal name of an organisation is read: contact points can be those of persons.

mod budget;
mod json;
mod opportunity;

use std::collections::HashMap;

use calluna_model::finding::Finding;
use calluna_model::offer::OfferDraft;
use calluna_tabular::mapping::fold;

use self::budget::{Budget, TooManyParts};
use self::json::Later;
use super::{Format, beginning};
use crate::error::ImportError;
use crate::json::{DOCUMENT_BYTES, document};
use crate::record::{Record, raise_format, raise_price};
use crate::sink::Sink;
use crate::split::{self, GATHERED_RUNS};
use crate::xml::{Element, Met, Wanted, walk};
use crate::{Options, Source};

pub(super) struct Elm;

/// What a learning opportunity refers to.
const REFERRED: [&str; 5] = [
    "qualification",
    "learningAchievementSpecification",
    "learningOutcome",
    "location",
    "organisation",
];

impl Format for Elm {
    fn name(&self) -> &'static str {
        "elm"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        let named = begins.contains("data.europa.eu/snb")
            && (begins.contains("<courses") || begins.contains("learningopportunity"));
        begins.starts_with(['<', '{', '[']) && named
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let bytes = source.bytes.len() as u64;
        if bytes > DOCUMENT_BYTES {
            return Err(ImportError::TooLarge {
                file: source.name.to_owned(),
                bytes,
                limit: DOCUMENT_BYTES,
            });
        }
        if beginning(source).starts_with(['{', '[']) {
            let document = document(source)?;
            let file = json::read(&document, source.name, Budget::default(), sink);
            file.offers(options, sink)
        } else {
            let mut file = File::default();
            let wanted = Wanted {
                root: "Courses",
                record: "learningOpportunity",
                around: &REFERRED,
            };
            walk(source, &wanted, sink, |met, sink| {
                match met {
                    Met::Record(found) => {
                        let place = sink.line(found.line);
                        file.opportunities.push((place, found.clone()));
                    }
                    Met::Around(found) => file.index(found.clone()),
                }
                Ok(())
            })?;
            file.offers(options, sink)
        }
    }
}

/// The parts of a file.
#[derive(Default)]
struct File<'a> {
    opportunities: Vec<(String, Element)>,
    named: HashMap<String, Part<'a>>,
    budget: Budget,
}

/// What others can refer to.
enum Part<'a> {
    Xml(Element),
    /// Made an element only when something refers to it: one part can hold all others.
    Json(Later<'a>),
}

impl File<'_> {
    fn index(&mut self, element: Element) {
        let id = element.attribute("id").to_owned();
        if !id.is_empty() {
            self.named.entry(id).or_insert(Part::Xml(element));
        }
    }

    fn part(&self, id: &str) -> Option<Result<&Element, TooManyParts>> {
        match self.named.get(id)? {
            Part::Xml(element) => Some(Ok(element)),
            Part::Json(later) => later.element(&self.budget).transpose(),
        }
    }

    /// What an element of that name refers to, or holds itself. What is not there is named.
    fn referred<'a>(
        &'a self,
        from: &'a Element,
        name: &'a str,
        record: &mut Record,
    ) -> Vec<&'a Element> {
        let mut out = Vec::new();
        for element in from.all(name) {
            let id = element.attribute("idref");
            if element.children().next().is_some() {
                out.push(element);
            } else if let Some(found) = self.part(id) {
                match found {
                    Ok(found) => out.push(found),
                    Err(TooManyParts) => record.refuse(name, TooManyParts::RULE, id),
                }
            } else if !id.is_empty() {
                record.warn(name, "unknown-reference", id);
            }
        }
        out
    }

    fn offers(&self, options: &Options<'_>, sink: &mut Sink) -> Result<(), ImportError> {
        let mut compared = false;
        let mut offers: Vec<(&str, OfferDraft)> = Vec::new();
        let mut index: HashMap<String, usize> = HashMap::new();
        for (place, element) in &self.opportunities {
            let mut record = Record::at(place.clone());
            let provider = opportunity::provider(self, element, &mut record);
            if let (false, Some(own)) = (compared || provider.is_empty(), options.provider_name) {
                compared = true;
                if fold(&provider) != fold(own) {
                    let finding = Finding::new("", "other-provider").value(&provider);
                    sink.warn(finding.at(place));
                }
            }
            let draft = opportunity::read(self, element, &mut record);
            opportunity::left_out(element, |name| sink.not_carried(place, name));
            if !record.settle(sink) {
                continue;
            }
            // An offer with several runs is a learning opportunity for each of them.
            let known = index.get(&draft.id).and_then(|at| offers.get_mut(*at));
            match known {
                Some((_, other)) if is_same(other, &draft) && !draft.runs.is_empty() => {
                    if other.runs.len() <= GATHERED_RUNS
                        && !draft.runs.iter().any(|run| other.runs.contains(run))
                    {
                        other.runs.extend(draft.runs);
                    }
                }
                _ => {
                    index.entry(draft.id.clone()).or_insert(offers.len());
                    offers.push((place, draft));
                }
            }
        }
        for (place, mut draft) in offers {
            raise_format(&mut draft);
            raise_price(&mut draft);
            split::take(sink, place, draft)?;
        }
        Ok(())
    }
}

/// Whether two are the same but for their runs.
fn is_same(one: &OfferDraft, other: &OfferDraft) -> bool {
    let bare = |draft: &OfferDraft| OfferDraft {
        runs: Vec::new(),
        ..draft.clone()
    };
    bare(one) == bare(other)
}
