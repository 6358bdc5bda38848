//! `figures/<period>`: every table of every provider, then the district's.
//!
//! A row is there for every cell and measure that is shown or hidden. What is zero because nobody
//! offers it has no row, and neither has what is not published at all; the latter is listed in
//! `release.json` (`notes.left_out`).

use std::collections::BTreeMap;

use calluna_model::id::ProviderId;
use calluna_tables::dimension::DIMS;
use calluna_tables::layout::Placed;
use calluna_tables::{Dim, Kind, Period as Quarter, Revision, Shown, Table, When};

use super::lists::NOT_APPLICABLE;
use crate::catalogue::TOTAL;
use crate::dataset::{FORMATS, Folder, Formats};
use crate::error::{Error, Result};
use crate::input::{Input, Standing};
use crate::merge::{District, Merged};
use crate::release::{Delivered, LeftOut, PeriodNote};
use crate::sheet::{Column, Sheet, Value};

/// Columns that name a row.
const KEY: &[&str] = &[
    "TABLE",
    "PERIOD",
    "PROVIDER",
    "SUBJECT",
    "AGE",
    "SEX",
    "REF_AREA",
    "FORMAT",
    "LEVEL",
    "FUNDING",
    "STATUS",
    "PRIOR_QUALIFICATION",
    "DESTINATION",
    "MEASURE",
];

/// Columns of the figures. Their order is a contract: programs of others read them.
pub(crate) fn columns() -> Vec<Column> {
    let mut columns = vec![
        Column::text("TABLE", "Tabelle", "Table").listed("tables.csv", "TABLE"),
        Column::text(
            "PERIOD",
            "Zeitraum: Quartal der Anmeldung",
            "Period: quarter of registration",
        ),
        Column::text(
            "PROVIDER",
            "Anbieter: _T alle zusammen",
            "Provider: _T all together",
        )
        .listed("codes/PROVIDER.csv", "CODE"),
    ];
    for dim in Dim::ALL {
        let (de, en) = dim.definition();
        let file = format!("codes/{}.csv", dim.id());
        columns.push(Column::text(dim.id(), de, en).listed(&file, "CODE"));
    }
    columns.extend([
        Column::text("MEASURE", "Maß: was gezählt ist", "Measure: what is counted")
            .listed("codes/MEASURE.csv", "CODE"),
        Column::whole(
            "OBS_VALUE",
            "Wert: leer, wo er nicht gezeigt wird; ein leerer Wert ist keine Null",
            "Value: empty where it is not shown; an empty value is not zero",
        )
        .in_unit("see UNIT")
        .optional(),
        Column::whole(
            "LOWER",
            "Untergrenze: nur beim Kreis, wo der Wert nicht gezeigt wird; folgt allein aus den veröffentlichten Zeilen",
            "Lower bound: for the district where the value is not shown; follows from the published rows alone",
        )
        .in_unit("see UNIT")
        .optional(),
        Column::whole(
            "UPPER",
            "Obergrenze: wie LOWER; leer, wo nichts sie begrenzt",
            "Upper bound: as LOWER; empty where nothing bounds it",
        )
        .in_unit("see UNIT")
        .optional(),
        Column::text("OBS_STATUS", "Stand des Werts", "Status of the value")
            .listed("codes/OBS_STATUS.csv", "CODE"),
        Column::text("CONF_STATUS", "Vertraulichkeit", "Confidentiality")
            .listed("codes/CONF_STATUS.csv", "CODE"),
        Column::text("UNIT", "Einheit des Werts", "Unit of the value"),
    ]);
    columns
}

/// One period before it is written: who delivered, and the district's numbers.
pub(crate) struct Period {
    pub(crate) period: Quarter,
    pub(crate) district: District,
    pub(crate) delivered: Vec<Delivered>,
    pub(crate) left_out: Vec<LeftOut>,
    /// Providers whose figures count other cells than the district's layout has.
    pub(crate) unplaced: Vec<ProviderId>,
    inputs: String,
}

impl Period {
    /// Reads what every provider has of a period, one after the other.
    pub(crate) fn survey(input: &Input<'_>, period: Quarter) -> Result<Self> {
        let layout = input.layout.fingerprint();
        let mut out = Self {
            period,
            district: District::new(input.web),
            delivered: Vec::new(),
            left_out: Vec::new(),
            unplaced: Vec::new(),
            inputs: String::new(),
        };
        let mut inputs = blake3::Hasher::new();
        for text in [env!("CARGO_PKG_VERSION"), &layout, &period.to_string()] {
            inputs.update(text.as_bytes());
            inputs.update(&[0]);
        }
        for provider in super::sorted(input.providers) {
            if provider.standing == Standing::Withdrawn {
                continue;
            }
            let Some(revision) = load(input, &provider.id, period)? else {
                continue;
            };
            if revision.layout != layout {
                out.unplaced.push(provider.id.clone());
                continue;
            }
            let digest = revision.digest();
            inputs.update(provider.id.as_str().as_bytes());
            inputs.update(&digest.0);
            out.district.add(input.web, &revision);
            out.left_out
                .extend(left_out(input, &provider.id, &revision));
            out.delivered.push(Delivered {
                provider: provider.id.to_string(),
                revision: revision.number,
                kind: revision.kind,
                digest: digest.to_string(),
                waiting: revision.waiting,
            });
        }
        out.inputs = inputs.finalize().to_hex().to_string();
        Ok(out)
    }

    /// What the release says about it.
    pub(crate) fn note(&self) -> PeriodNote {
        let state = if self.district.provisional() {
            "provisional"
        } else {
            "final"
        };
        PeriodNote {
            period: self.period.to_string(),
            state: state.to_owned(),
            inputs: self.inputs.clone(),
            providers: self.delivered.clone(),
        }
    }

    /// The names of its files.
    pub(crate) fn files(&self) -> Vec<String> {
        let name = format!("figures/{}", self.period);
        let endings = FORMATS.iter().map(|format| format.ending);
        endings
            .chain(["csv-metadata.json"])
            .map(|ending| format!("{name}.{ending}"))
            .collect()
    }
}

fn load(input: &Input<'_>, provider: &ProviderId, period: Quarter) -> Result<Option<Revision>> {
    let found = input.figures.revision(provider, period);
    found.map_err(|why| Error::Figures {
        who: provider.to_string(),
        period: period.to_string(),
        why: why.to_string(),
    })
}

/// Writes a period, or takes it over from the release before when it was made of the same.
pub(crate) fn write_period(
    folder: &mut Folder,
    input: &Input<'_>,
    surveyed: &Period,
    before: Option<&PeriodNote>,
) -> Result<()> {
    let files = surveyed.files();
    if before.is_some_and(|before| before.inputs == surveyed.inputs) {
        if folder.take_over(&files)? {
            return Ok(());
        }
        folder.give_back(&files)?;
    }
    let sheet = Sheet {
        name: format!("figures/{}", surveyed.period),
        de: format!("Teilnahme im Zeitraum {}", surveyed.period),
        en: format!("Participation in the period {}", surveyed.period),
        columns: columns(),
        key: KEY,
    };
    let period = surveyed.period.to_string();
    folder.sheet(&sheet, Formats::All, |emit| {
        for delivered in &surveyed.delivered {
            let provider: ProviderId = match delivered.provider.parse() {
                Ok(provider) => provider,
                Err(_) => continue,
            };
            let Some(revision) = load(input, &provider, surveyed.period)? else {
                continue;
            };
            if revision.digest().to_string() != delivered.digest {
                return Err(Error::Figures {
                    who: delivered.provider.clone(),
                    period: period.clone(),
                    why: "they changed while the release was being made; make it again".to_owned(),
                });
            }
            let provisional = revision.kind == Kind::Provisional;
            let writer = Writer {
                input,
                period: &period,
                provider: provider.as_str(),
                provisional,
                closed: !provisional,
            };
            writer.tables(emit, |number| match revision.value(number) {
                Shown::Value(value) => Some(Merged::Known(u64::from(value))),
                // What bounds a provider's hidden number is left to the reader.
                Shown::Hidden => Some(Merged::Absent),
                Shown::Structural | Shown::LeftOut => None,
            })?;
        }
        let writer = Writer {
            input,
            period: &period,
            provider: TOTAL,
            provisional: surveyed.district.provisional(),
            closed: surveyed
                .delivered
                .iter()
                .any(|known| known.kind != Kind::Provisional),
        };
        writer.tables(emit, |number| match surveyed.district.number(number) {
            Merged::Absent => None,
            merged => Some(merged),
        })
    })
}

/// Writes all tables of one provider, or of the district.
struct Writer<'a> {
    input: &'a Input<'a>,
    period: &'a str,
    provider: &'a str,
    provisional: bool,
    /// Whether the tables that come with the closing are there.
    closed: bool,
}

/// Whether a table is published already. Its margins may be known from the tables of every night.
fn is_due(table: &Table, closed: bool) -> bool {
    closed || table.when == When::Nightly
}

type Emit<'e> = dyn FnMut(&[Value<'_>]) -> Result<()> + 'e;

impl Writer<'_> {
    /// `number` gives what stands in a row; `Absent` for hidden without bounds, nothing for no row.
    fn tables(&self, emit: &mut Emit<'_>, number: impl Fn(u32) -> Option<Merged>) -> Result<()> {
        for (at, placed) in self.input.layout.tables().iter().enumerate() {
            if !is_due(placed.table, self.closed) {
                continue;
            }
            let measures = placed.table.measures.len();
            for (row, place) in self.input.web.places(at).iter().enumerate() {
                let Some(merged) = number(*place) else {
                    continue;
                };
                let cell = u32::try_from(row / measures).unwrap_or(u32::MAX);
                let measure = placed.table.measures.get(row % measures);
                if let Some(measure) = measure {
                    let definition = measure.definition();
                    self.row(emit, placed, cell, (definition.id, definition.unit), merged)?;
                }
            }
        }
        Ok(())
    }

    fn row(
        &self,
        emit: &mut Emit<'_>,
        placed: &Placed,
        cell: u32,
        (measure, unit): (&str, &str),
        merged: Merged,
    ) -> Result<()> {
        let mut codes = [Value::Text(NOT_APPLICABLE); DIMS];
        let nodes = placed.nodes(placed.first + cell).unwrap_or_default();
        for (dim, node) in placed.table.dims.iter().zip(nodes) {
            let code = self
                .input
                .layout
                .tree(*dim)
                .and_then(|tree| tree.codes().get(usize::from(node)));
            if let (Some(code), Some(slot)) = (code, codes.get_mut(*dim as usize)) {
                *slot = Value::Text(&code.id);
            }
        }
        let (value, lower, upper) = match merged {
            Merged::Known(value) => (Some(value), None, None),
            Merged::Between { lower, upper } => (None, Some(lower), upper),
            Merged::Absent => (None, None, None),
        };
        let (status, confidential) = match (value, self.provisional) {
            (Some(_), false) => ("A", "F"),
            (Some(_), true) => ("P", "F"),
            (None, _) => ("Q", "C"),
        };
        let [d0, d1, d2, d3, d4, d5, d6, d7, d8, d9] = codes;
        emit(&[
            Value::Text(placed.table.id),
            Value::Text(self.period),
            Value::Text(self.provider),
            d0,
            d1,
            d2,
            d3,
            d4,
            d5,
            d6,
            d7,
            d8,
            d9,
            Value::Text(measure),
            Value::whole(value),
            Value::whole(lower),
            Value::whole(upper),
            Value::Text(status),
            Value::Text(confidential),
            Value::Text(unit),
        ])
    }
}

/// Which cells of the tables that are due a provider leaves out: by table, the depths in its
/// dimensions (`1.2` is the first level of the first, the second level of the second), with `~` where
/// only some of that depth are.
fn left_out(input: &Input<'_>, provider: &ProviderId, revision: &Revision) -> Vec<LeftOut> {
    let mut out = Vec::new();
    for (at, placed) in input.layout.tables().iter().enumerate() {
        let measures = placed.table.measures.len().max(1);
        let places = input.web.places(at);
        if !is_due(placed.table, revision.kind != Kind::Provisional) {
            continue;
        }
        // By depth: how many rows there are, how many are left out.
        let mut depths: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (row, number) in places.iter().enumerate() {
            let shown = revision.value(*number);
            if shown == Shown::Structural {
                continue;
            }
            let cell = u32::try_from(row / measures).unwrap_or(u32::MAX);
            let nodes = placed.nodes(placed.first + cell).unwrap_or_default();
            let steps: Vec<String> = placed
                .table
                .dims
                .iter()
                .zip(nodes)
                .map(|(dim, node)| {
                    let chain = input
                        .layout
                        .tree(*dim)
                        .map_or(1, |tree| tree.chain(node).len());
                    chain.saturating_sub(1).to_string()
                })
                .collect();
            let counts = depths.entry(steps.join(".")).or_default();
            counts.0 += 1;
            counts.1 += usize::from(shown == Shown::LeftOut);
        }
        let levels: Vec<String> = depths
            .into_iter()
            .filter(|(_, (_, left))| *left > 0)
            .map(|(depth, (all, left))| {
                if left < all {
                    format!("{depth}~")
                } else {
                    depth
                }
            })
            .collect();
        if !levels.is_empty() {
            out.push(LeftOut {
                period: revision.period.to_string(),
                provider: provider.to_string(),
                table: placed.table.id.to_owned(),
                level: levels.join(";"),
            });
        }
    }
    out
}
