//! The spreadsheet by which providers feed KURSNET: a row for every offer at every site.
//!
//! 4,000 rows are 16 offers at 250 sites, so rows with the same `PRODUCT ID` and the same words are
//! the runs of one offer (see [`super::table`]). Classes are numbers; those of lists that we have
//! become codes, the others are named once.

use calluna_model::finding::Finding;
use calluna_model::offer::{OfferDraft, RunDraft};
use calluna_tabular::mapping::fold;
use calluna_tabular::{Row, Table, archive};

use super::table::{self, Dialect};
use super::{Format, beginning};
use crate::error::ImportError;
use crate::sink::Sink;
use crate::terms;
use crate::value::text;
use crate::{Options, Source};

/// How much of a workbook is looked at to find its header, in bytes.
const SNIFF_BYTES: u64 = 64 * 1024;
/// Columns by which the spreadsheet is recognised.
const MARKS: [&str; 2] = ["product id", "unterrichtsform_klasse"];
/// Columns that only steer the exchange with KURSNET.
const STEERING: [&str; 3] = ["modus", "modultyp", "segmenttypeklasse"];

pub(super) struct KursNet;

impl Format for KursNet {
    fn name(&self) -> &'static str {
        "kursnet"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        if !calluna_tabular::looks_like_workbook(source.bytes) {
            let begins = beginning(source);
            let header = begins.lines().next().unwrap_or_default();
            return MARKS.iter().all(|mark| header.contains(mark));
        }
        // The texts of a workbook stand in one part, those of its header first.
        ["sharedstrings.xml", "sheet1.xml"].iter().any(|part| {
            let text = archive::beginning(source.bytes, part, SNIFF_BYTES);
            let text = String::from_utf8_lossy(&text).to_lowercase();
            MARKS.iter().all(|mark| text.contains(mark))
        })
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let table = if calluna_tabular::looks_like_workbook(source.bytes) {
            let sheet = options.mapping.and_then(|mapping| mapping.sheet.as_deref());
            Table::xlsx(source.name, source.bytes, sheet)?
        } else {
            Table::csv(source.name, source.bytes)?
        };
        let mut classes = Classes::find(&table);
        table::read(&table, options, &mut classes, sink)
    }
}

/// The columns that only this spreadsheet has.
struct Classes {
    modus: Option<usize>,
    number: Option<usize>,
    measure: Option<usize>,
    form: Option<usize>,
    /// Columns of classes whose lists are not public.
    closed: Vec<(usize, String)>,
}

impl Classes {
    fn find(table: &Table<'_>) -> Self {
        let at = |name: &str| {
            table
                .header
                .iter()
                .position(|column| fold(column) == fold(name))
        };
        let closed = table.header.iter().enumerate().filter(|(index, column)| {
            let folded = fold(column);
            folded.ends_with("klasse")
                && !STEERING.contains(&folded.as_str())
                && Some(*index) != at("UNTERRICHTSFORM_KLASSE")
        });
        Self {
            modus: at("MODUS"),
            number: at("ALT_PRODUKT_ID"),
            measure: at("MASSNAHMEN_NR"),
            form: at("UNTERRICHTSFORM_KLASSE"),
            closed: closed
                .map(|(index, column)| (index, column.clone()))
                .collect(),
        }
    }
}

fn cell(row: &Row, at: Option<usize>) -> &str {
    at.and_then(|at| row.cells.get(at))
        .map_or("", |text| text.trim())
}

impl Dialect for Classes {
    fn knows(&self, column: &str) -> bool {
        let folded = fold(column);
        folded.ends_with("klasse")
            || STEERING.contains(&folded.as_str())
            || ["altproduktid", "massnahmennr"].contains(&folded.as_str())
    }

    fn complete(
        &mut self,
        row: &Row,
        draft: &mut OfferDraft,
        run: &mut Option<RunDraft>,
        sink: &mut Sink,
    ) -> bool {
        if cell(row, self.modus).eq_ignore_ascii_case("delete") {
            sink.warn_once(Finding::new("MODUS", "deletion-ignored").at(row.place()));
            return false;
        }
        if !cell(row, self.measure).is_empty() {
            sink.not_carried(&row.place(), "MASSNAHMEN_NR");
        }
        let form = cell(row, self.form);
        match terms::kursnet(form) {
            Some(term) if draft.format.is_empty() => term.code.clone_into(&mut draft.format),
            None if !form.is_empty() && form != "0" => {
                unknown(row, "UNTERRICHTSFORM_KLASSE", form, sink);
            }
            _ => {}
        }
        for (at, column) in &self.closed {
            let class = cell(row, Some(*at));
            if !class.is_empty() && class != "0" {
                unknown(row, column, class, sink);
            }
        }
        if draft.teaching_units_hundredths.is_none() {
            draft.teaching_units_hundredths = text::teaching_units_in(&draft.title);
        }
        // Measures by § 45 SGB III are what an Aktivierungs- und Vermittlungsgutschein is for.
        let activation = draft.subjects.iter().any(|subject| {
            let label = subject.label.split_whitespace().collect::<String>();
            label.starts_with("§45") && label.contains("SGBIII")
        });
        let code = "aktivierungsgutschein".to_owned();
        if activation && !draft.funding.contains(&code) {
            draft.funding.push(code);
        }
        if let Some(run) = run
            && run.number.is_empty()
        {
            run.number = text::shortened(cell(row, self.number), 60);
        }
        true
    }
}

fn unknown(row: &Row, column: &str, class: &str, sink: &mut Sink) {
    let finding = Finding::new(column, "unknown-class").value(class);
    sink.warn_once(finding.at(row.place()));
}
