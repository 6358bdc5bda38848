//! Where formats put what they read.

use std::collections::{HashMap, HashSet};

use calluna_model::finding::{Finding, shorten};
use calluna_model::fingerprint::canonical_bytes;
use calluna_model::limit::{OFFERS_PER_PROVIDER, RECORD_BYTES};
use calluna_model::offer::{Offer, OfferDraft};

use calluna_tabular::mapping::fold;

use crate::Imported;
use crate::error::ImportError;
use crate::personal;

/// Most findings of each kind that are kept; nobody reads more, and refused records are counted.
const FINDINGS: usize = 10_000;
/// Most findings that are only told once.
const ONCE: usize = 1_000;

/// Takes drafts and findings, in the order of the file.
///
/// Every draft goes through the same door: what points to a person is removed, then every rule of
/// the offer is applied. A format cannot put an offer past it.
#[derive(Debug)]
pub struct Sink {
    file: String,
    imported: Imported,
    seen: HashMap<String, usize>,
    said: HashSet<String>,
}

impl Sink {
    /// An empty sink for the file of that name.
    #[must_use]
    pub fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            imported: Imported::default(),
            seen: HashMap::new(),
            said: HashSet::new(),
        }
    }

    /// The file name as people know it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The place of a line: `kurse.xml:42`.
    #[must_use]
    pub fn line(&self, line: u64) -> String {
        format!("{}:{line}", self.file)
    }

    /// Counts records (or rows) that the file holds.
    pub fn saw(&mut self, records: u64) {
        self.imported.read += records;
    }

    /// Takes an offer that stands at `place`. When it breaks a rule, it is refused alone.
    ///
    /// # Errors
    /// When the file holds more offers than a provider may have.
    pub fn offer(&mut self, place: &str, mut draft: OfferDraft) -> Result<(), ImportError> {
        for field in personal::remove(&mut draft) {
            self.warn(
                Finding::new(field, "personal-data-removed")
                    .at(place)
                    .of(draft.id.clone()),
            );
        }
        let id = draft.id.trim().to_owned();
        for (index, run) in draft.runs.iter().enumerate() {
            // Both are written YYYY-MM-DD, so text order is the order of time.
            if !run.end.is_empty() && run.end < run.start {
                let finding = Finding::new(format!("runs[{index}].end"), "end-before-start");
                self.warn(finding.value(&run.end).at(place).of(id.clone()));
            }
        }
        match Offer::tidy(draft) {
            Err(findings) => {
                let known = |finding: Finding| finding.at(place).of(id.clone());
                self.refuse(findings.into_iter().map(known).collect());
            }
            Ok(offer) => self.checked(place, offer)?,
        }
        Ok(())
    }

    fn checked(&mut self, place: &str, offer: Offer) -> Result<(), ImportError> {
        let id = offer.id().as_str().to_owned();
        if let Some(index) = self.seen.get(&id) {
            if self.imported.offers.get(*index) != Some(&offer) {
                let finding = Finding::new("id", "duplicate-offer").value(&id);
                self.refuse(vec![finding.at(place).of(id)]);
            }
            return Ok(());
        }
        if canonical_bytes(&offer).len() > RECORD_BYTES {
            let finding = Finding::new("", "too-large").limit(RECORD_BYTES);
            self.refuse(vec![finding.at(place).of(id)]);
            return Ok(());
        }
        if self.imported.offers.len() as u64 >= OFFERS_PER_PROVIDER {
            let file = self.file.clone();
            return Err(ImportError::TooManyOffers {
                file,
                limit: OFFERS_PER_PROVIDER,
            });
        }
        self.seen.insert(id, self.imported.offers.len());
        self.imported.offers.push(offer);
        Ok(())
    }

    /// Refuses one record, for all these reasons.
    pub fn refuse(&mut self, findings: Vec<Finding>) {
        self.imported.refused_records += 1;
        let room = FINDINGS.saturating_sub(self.imported.refused.len());
        let kept = findings.into_iter().take(room).map(personal::hide);
        self.imported.refused.extend(kept);
    }

    /// Notes something that was taken, but changed or doubtful.
    pub fn warn(&mut self, finding: Finding) {
        if self.imported.warnings.len() < FINDINGS {
            self.imported.warnings.push(personal::hide(finding));
        }
    }

    /// Notes something that holds for many records only where it first occurs. At most 1,000
    /// different ones: more names than that are no names of fields.
    pub(crate) fn warn_once(&mut self, finding: Finding) {
        let key = format!("{} {} {}", finding.rule, finding.field, finding.value);
        if self.said.len() < ONCE && self.said.insert(key) {
            self.warn(finding);
        }
    }

    /// Notes a field of the source that an offer has no place for, once.
    pub(crate) fn not_carried(&mut self, place: &str, name: &str) {
        self.warn_once(Finding::new(shorten(name), "not-carried").at(place));
    }

    /// Notes that the file names another provider than the node's own.
    pub(crate) fn compare_provider(&mut self, line: u64, found: &str, own: Option<&str>) {
        let differs = own.is_some_and(|own| fold(own) != fold(found));
        if differs && !found.is_empty() {
            let place = self.line(line);
            self.warn(Finding::new("", "other-provider").value(found).at(place));
        }
    }

    /// What was read.
    #[must_use]
    pub fn finish(mut self, format: &'static str) -> Imported {
        self.imported.format = format;
        self.imported
    }
}
