//! What a file does not say although the catalogue does: fields that the format has no place for, and records that
//! were refused because a mandatory field was missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use serde::{Deserialize, Serialize};

use super::fields::{FIELDS, Field};
use super::{Carries, Format, Row};

/// Refused records that are listed one by one; beyond that they are counted only.
pub const LISTED: usize = 10_000;

/// What a format says about the row that it was given.
#[derive(Debug, Default)]
pub struct Notes {
    lost: Vec<&'static str>,
    refused: Vec<(String, Vec<&'static str>)>,
    left_out: bool,
    over: u64,
}

impl Notes {
    /// So many runs were left out because they were cancelled or are over, which the format cannot say.
    pub fn over(&mut self, runs: u64) {
        self.over += runs;
    }

    /// A field that the format has a place for could not be carried, or not whole.
    pub fn lose(&mut self, field: &'static str) {
        if !self.lost.contains(&field) {
            self.lost.push(field);
        }
    }

    /// A run was left out: these mandatory fields are missing.
    pub fn refuse_run(&mut self, run: &str, fields: Vec<&'static str>) {
        self.refused.push((run.to_owned(), fields));
    }

    /// The whole offer was left out: these mandatory fields are missing.
    pub fn refuse(&mut self, fields: Vec<&'static str>) {
        self.left_out = true;
        if !fields.is_empty() {
            self.refused.push((String::new(), fields));
        }
    }

    /// The whole offer was left out because each of its runs was.
    pub fn leave_out(&mut self) {
        self.left_out = true;
    }
}

/// A field that was not carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldLoss {
    /// Its name.
    pub field: String,
    /// Of how many offers.
    pub offers: u64,
}

/// A record that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Whose it is.
    pub provider: ProviderId,
    /// Id of the offer.
    pub offer: String,
    /// Id of the run; empty when it is the whole offer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// The missing mandatory fields, as the format calls them.
    pub missing: Vec<String>,
}

/// How often a mandatory field was missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedField {
    /// Whose records.
    pub provider: ProviderId,
    /// The field, as the format calls it.
    pub missing: String,
    /// How many records.
    pub records: u64,
}

/// The report about one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Name of the format.
    pub format: String,
    /// When the file was made.
    pub made_at: Moment,
    /// Offers that were handed in.
    pub offers: u64,
    /// Offers that the file holds.
    pub written: u64,
    /// Offers that it does not hold.
    pub refused: u64,
    /// Fields that it does not hold of the offers that it does, most frequent first.
    pub lost: Vec<FieldLoss>,
    /// Which mandatory fields were missing how often, by provider.
    pub missing: Vec<RefusedField>,
    /// The refused records, the first [`LISTED`].
    pub refusals: Vec<Refusal>,
    /// Refused records beyond those.
    pub refusals_not_listed: u64,
    /// Runs that were left out because they were cancelled or are over, which the format cannot say.
    #[serde(default)]
    pub runs_over: u64,
}

/// Counts while a file is written.
pub(super) struct Tally {
    loss: Loss,
    uncarried: Vec<&'static Field>,
    lost: BTreeMap<&'static str, u64>,
    missing: BTreeMap<(ProviderId, &'static str), u64>,
}

impl Tally {
    pub(super) fn new(format: &dyn Format, made_at: Moment) -> Self {
        let carried = |field: &Field| match format.carries() {
            Carries::Everything => true,
            Carries::These(names) => names.contains(&field.name),
        };
        Self {
            loss: Loss {
                format: format.name().to_owned(),
                made_at,
                offers: 0,
                written: 0,
                refused: 0,
                lost: Vec::new(),
                missing: Vec::new(),
                refusals: Vec::new(),
                refusals_not_listed: 0,
                runs_over: 0,
            },
            uncarried: FIELDS.iter().filter(|field| !carried(field)).collect(),
            lost: BTreeMap::new(),
            missing: BTreeMap::new(),
        }
    }

    /// Whether the format says that a run was cancelled.
    pub(super) fn says_status(&self) -> bool {
        !self
            .uncarried
            .iter()
            .any(|field| field.name == "runs.status")
    }

    pub(super) fn take(&mut self, row: &Row<'_>, notes: Notes) {
        self.loss.offers += 1;
        self.loss.runs_over += notes.over;
        for (run, fields) in notes.refused {
            for field in &fields {
                let key = (row.provider.id.clone(), *field);
                *self.missing.entry(key).or_default() += 1;
            }
            if self.loss.refusals.len() < LISTED {
                self.loss.refusals.push(Refusal {
                    provider: row.provider.id.clone(),
                    offer: row.offer.id.clone(),
                    run,
                    missing: fields.iter().map(|field| (*field).to_owned()).collect(),
                });
            } else {
                self.loss.refusals_not_listed += 1;
            }
        }
        if notes.left_out {
            self.loss.refused += 1;
            return;
        }
        self.loss.written += 1;
        for field in &self.uncarried {
            if (field.given)(row.offer) {
                *self.lost.entry(field.name).or_default() += 1;
            }
        }
        for field in notes.lost {
            *self.lost.entry(field).or_default() += 1;
        }
    }

    pub(super) fn finish(self) -> Loss {
        let Self {
            mut loss,
            lost,
            missing,
            ..
        } = self;
        loss.lost = lost
            .into_iter()
            .map(|(field, offers)| FieldLoss {
                field: field.to_owned(),
                offers,
            })
            .collect();
        loss.lost.sort_by_key(|lost| std::cmp::Reverse(lost.offers));
        loss.missing = missing
            .into_iter()
            .map(|((provider, field), records)| RefusedField {
                provider,
                missing: field.to_owned(),
                records,
            })
            .collect();
        loss
    }
}

impl Loss {
    /// In words, for whoever made the file. Ids and field names, no contents.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = format!(
            "{}: {} of {} offers written, {} refused\n",
            self.format, self.written, self.offers, self.refused
        );
        let mut line = |text: std::fmt::Arguments<'_>| {
            // Writing to a string does not fail.
            let _written = out.write_fmt(text);
        };
        if self.runs_over > 0 {
            line(format_args!(
                "{} runs left out: cancelled or over, which the format cannot say\n",
                self.runs_over
            ));
        }
        if !self.lost.is_empty() {
            line(format_args!("fields that the format could not carry:\n"));
            for lost in &self.lost {
                line(format_args!(
                    "  {:<34} {} offers\n",
                    lost.field, lost.offers
                ));
            }
        }
        if !self.missing.is_empty() {
            line(format_args!("missing mandatory fields:\n"));
            for missing in &self.missing {
                line(format_args!(
                    "  {:<24} {:<34} {} records\n",
                    missing.provider, missing.missing, missing.records
                ));
            }
        }
        for refusal in self.refusals.iter().take(20) {
            let run = if refusal.run.is_empty() {
                String::new()
            } else {
                format!(", run {}", refusal.run)
            };
            line(format_args!(
                "  refused: {}/{}{run}: {}\n",
                refusal.provider,
                refusal.offer,
                refusal.missing.join(", ")
            ));
        }
        let more = self.refusals.len().saturating_sub(20) as u64 + self.refusals_not_listed;
        if more > 0 {
            line(format_args!("  and {more} more refused records\n"));
        }
        out
    }
}
