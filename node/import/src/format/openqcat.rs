//! openQ-cat 1.1, the format in which providers hand their offers to KURSNET.
//!
//! Offers and runs are both a `SERVICE`: one with `EDUCATION/@type` true is an offer with its first
//! run, every other is a further run of the offer that `COURSE_ID` names. They may stand in any
//! order, so offers are handed over at the end of the file. `DELETE` deletes nothing here: what
//! a provider no longer offers is what a complete catalogue does not have.
//!
//! Contact persons, instructors and authors are not read; a mailbox of an office is.

mod run;
mod service;

use std::collections::HashMap;

use calluna_model::finding::Finding;
use calluna_model::offer::{OfferDraft, RunDraft};

use self::service::Service;
use super::{Format, beginning};
use crate::error::ImportError;
use crate::record::{Record, raise_format, raise_price};
use crate::sink::Sink;
use crate::split::{self, GATHERED_RUNS};
use crate::xml::{Element, Met, Wanted, walk};
use crate::{Options, Source};

pub(super) struct OpenQcat;

impl Format for OpenQcat {
    fn name(&self) -> &'static str {
        "openqcat"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        begins.starts_with('<') && (begins.contains("<openqcat") || begins.contains(":openqcat"))
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let wanted = Wanted {
            root: "OPENQCAT",
            record: "SERVICE",
            around: &["SUPPLIER_NAME", "CURRENCY"],
        };
        let mut catalogue = Catalogue::default();
        walk(source, &wanted, sink, |met, sink| {
            match met {
                Met::Around(found) if found.name == "CURRENCY" => {
                    catalogue.currency = found.text();
                }
                Met::Around(name) => {
                    sink.compare_provider(name.line, &name.text(), options.provider_name);
                }
                Met::Record(service) => catalogue.take(service, sink),
            }
            Ok(())
        })?;
        catalogue.finish(sink)
    }
}

/// The offers of a catalogue while their runs come in.
#[derive(Default)]
struct Catalogue {
    /// Of prices that name none.
    currency: String,
    offers: Vec<Gathered>,
    index: HashMap<String, usize>,
}

struct Gathered {
    place: String,
    draft: OfferDraft,
    runs: Vec<RunDraft>,
    /// Whether the offer itself stood in the file, and not only runs of it.
    declared: bool,
}

impl Catalogue {
    fn take(&mut self, element: &Element, sink: &mut Sink) {
        let place = sink.line(element.line);
        if is_deletion(element) {
            sink.warn_once(Finding::new("DELETE", "deletion-ignored").at(place));
            return;
        }
        let mut record = Record::at(place.clone());
        let service = service::read(element, &self.currency, &mut record);
        if !record.settle(sink) {
            return;
        }
        service::left_out(element, |name, line| {
            let place = sink.line(line);
            sink.not_carried(&place, name);
        });
        for (field, class) in &service.unknown_classes {
            let finding = Finding::new(*field, "unknown-class").value(class);
            sink.warn_once(finding.at(&place));
        }
        self.gather(service, place, sink);
    }

    fn gather(&mut self, service: Service, place: String, sink: &mut Sink) {
        let id = service.draft.id.clone();
        let Some(known) = self.index.get(&id).and_then(|at| self.offers.get_mut(*at)) else {
            self.index.insert(id, self.offers.len());
            self.offers.push(Gathered {
                place,
                draft: service.draft,
                runs: service.run.into_iter().collect(),
                declared: service.is_offer,
            });
            return;
        };
        if service.is_offer {
            if known.declared && known.draft != service.draft {
                let finding = Finding::new("PRODUCT_ID", "duplicate-offer").value(&id);
                sink.refuse(vec![finding.at(place).of(id)]);
                return;
            }
            let mut draft = service.draft;
            merge(&mut draft, &known.draft);
            known.draft = draft;
            if !known.declared {
                known.place = place.clone();
            }
            known.declared = true;
        } else {
            merge(&mut known.draft, &service.draft);
        }
        let Some(run) = service.run else {
            return;
        };
        match known.runs.iter().find(|other| other.id == run.id) {
            Some(other) if *other == run => {}
            Some(_) => {
                let finding = Finding::new("PRODUCT_ID", "duplicate-run").value(&run.id);
                sink.refuse(vec![finding.at(place).of(id)]);
            }
            // One more than allowed is enough for the offer to be refused.
            None if known.runs.len() > GATHERED_RUNS => {}
            None => known.runs.push(run),
        }
    }

    fn finish(self, sink: &mut Sink) -> Result<(), ImportError> {
        for gathered in self.offers {
            let Gathered {
                place,
                mut draft,
                runs,
                declared,
            } = gathered;
            if !declared {
                let finding = Finding::new("COURSE_ID", "unknown-reference").value(&draft.id);
                sink.warn(finding.at(&place).of(draft.id.clone()));
            }
            draft.runs = runs;
            // What holds for all runs is said once.
            raise_format(&mut draft);
            raise_price(&mut draft);
            split::take(sink, &place, draft)?;
        }
        Ok(())
    }
}

/// Funding and languages are told with each run; for the offer they count together.
fn merge(into: &mut OfferDraft, from: &OfferDraft) {
    for (into, from) in [
        (&mut into.funding, &from.funding),
        (&mut into.languages, &from.languages),
        (&mut into.accessibility, &from.accessibility),
    ] {
        for value in from {
            if !into.contains(value) && into.len() < 20 {
                into.push(value.clone());
            }
        }
    }
}

/// `DELETE/SERVICE` holds nothing but names; a service can also say it itself.
fn is_deletion(service: &Element) -> bool {
    service.attribute("mode").eq_ignore_ascii_case("delete")
        || (service.first("SERVICE_DETAILS").is_none() && service.first("COURSE_TYPE").is_none())
}
