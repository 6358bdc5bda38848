//! `calluna-hub gaps`.

use anyhow::Result;
use calluna_catalogue::export::sheet::write_row;
use calluna_catalogue::gaps::{Report, State};
use calluna_host::exit::Exit;
use calluna_host::out;
use calluna_model::code;
use calluna_model::id::ProviderId;
use calluna_wire::v1 as pb;
use clap::{Args, ValueEnum};

use super::Data;
use super::door::{Door, said};
use crate::gaps::{find, place};

/// Show what is offered where, what nowhere, and which offers compete in time and place.
///
/// A cell is a subject area, a municipality and a way of taking part, with the number of offers. Zero means that every
/// provider has delivered and none offers it; "not delivered" that somebody has not, so that nobody can say zero;
/// "unknown" that an offer which does not tell its area, place or way could be one.
/// Offers compete when two providers hold the same subject on the same level in one municipality at the same time.
#[derive(Debug, Args)]
pub(super) struct Gaps {
    #[command(flatten)]
    data: Data,
    /// First day, such as 2027-01-31; today without it.
    #[arg(
        long,
        value_name = "DAY",
        default_value = "",
        hide_default_value = true
    )]
    from: String,
    /// Last day.
    #[arg(
        long,
        value_name = "DAY",
        default_value = "",
        hide_default_value = true
    )]
    until: String,
    /// Only this subject area, 1 to 7.
    #[arg(
        long,
        value_name = "AREA",
        default_value = "",
        hide_default_value = true
    )]
    area: String,
    /// Only this municipality, by its key of 8 digits.
    #[arg(
        long,
        value_name = "AGS",
        default_value = "",
        hide_default_value = true
    )]
    municipality: String,
    /// Only this way of taking part, such as in-person.
    #[arg(
        long,
        value_name = "WAY",
        default_value = "",
        hide_default_value = true
    )]
    way: String,
    /// As if this provider were no member. May be given more than once.
    #[arg(long, value_name = "ID")]
    without: Vec<ProviderId>,
    /// How to print; csv prints one table.
    #[arg(long, value_enum, default_value_t)]
    format: Print,
    /// Which table csv prints.
    #[arg(long, value_enum, default_value_t)]
    table: Table,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Print {
    /// For reading.
    #[default]
    Text,
    /// For programs.
    Json,
    /// For a spreadsheet.
    Csv,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Table {
    /// Every cell.
    #[default]
    Coverage,
    /// Pairs of offers that compete.
    Overlaps,
}

/// Pairs that are shown for reading.
const SHOWN: usize = 20;

impl Gaps {
    pub(super) async fn run(self) -> Result<Exit> {
        let request = pb::FindGapsRequest {
            from: self.from,
            until: self.until,
            area: self.area,
            municipality: self.municipality,
            format: self.way,
            without: self.without.iter().map(ToString::to_string).collect(),
        };
        let report: Report = match Door::open(&self.data.data).await? {
            Door::Daemon(mut daemon) => {
                let answer = daemon.find_gaps(request).await.map_err(said)?;
                serde_json::from_str(&answer.into_inner().json)?
            }
            Door::Here(hub) => find(&hub, &request)?,
        };
        match (self.format, self.table) {
            (Print::Json, _) => out::json(&report),
            (Print::Csv, Table::Coverage) => out::data(coverage(&report)?.trim_end()),
            (Print::Csv, Table::Overlaps) => out::data(overlaps(&report)?.trim_end()),
            (Print::Text, _) => out::data(text(&report).trim_end()),
        }
        Ok(Exit::Done)
    }
}

fn area(known: &str) -> &str {
    let words = code::DVV_AREA.get(known).map(|entry| entry.en.as_str());
    words.unwrap_or("not told")
}

fn table(header: &[&str], rows: &[Vec<String>]) -> Result<String> {
    let mut out = Vec::new();
    write_row(&mut out, header)?;
    for row in rows {
        write_row(&mut out, row)?;
    }
    Ok(String::from_utf8(out)?)
}

fn coverage(report: &Report) -> Result<String> {
    let header = [
        "area",
        "area_name",
        "municipality",
        "municipality_name",
        "way",
        "state",
        "offers",
        "runs",
    ];
    let rows = report.coverage.iter().map(|cell| {
        // A number that nobody knows is no zero.
        let known = |number: u64| match cell.state {
            State::NotDelivered | State::Unknown => String::new(),
            _ => number.to_string(),
        };
        vec![
            cell.area.clone(),
            area(&cell.area).to_owned(),
            cell.municipality.clone(),
            place(&cell.municipality),
            cell.format.clone(),
            cell.state.as_str().to_owned(),
            known(cell.offers),
            known(cell.runs),
        ]
    });
    table(&header, &rows.collect::<Vec<_>>())
}

fn overlaps(report: &Report) -> Result<String> {
    let header = [
        "subject",
        "level",
        "municipality",
        "municipality_name",
        "provider_1",
        "offer_1",
        "provider_2",
        "offer_2",
        "dates",
        "minutes",
        "first",
    ];
    let rows = report.overlaps.iter().map(|pair| {
        vec![
            pair.subject.clone(),
            pair.level.clone(),
            pair.municipality.clone(),
            place(&pair.municipality),
            pair.left.provider.to_string(),
            pair.left.offer.clone(),
            pair.right.provider.to_string(),
            pair.right.offer.clone(),
            pair.dates.to_string(),
            pair.minutes.to_string(),
            pair.first.clone(),
        ]
    });
    table(&header, &rows.collect::<Vec<_>>())
}

/// How many cells hold nothing, and what that means.
fn empty(report: &Report) -> String {
    let kinds = [
        (State::Zero, "zero"),
        (
            State::NotDelivered,
            "not delivered: somebody has not delivered, so nobody can say zero",
        ),
        (
            State::Unknown,
            "unknown: an offer that does not tell its area, place or way could be one",
        ),
    ];
    let lines = kinds.iter().filter_map(|(state, why)| {
        let cells = report.coverage.iter().filter(|cell| cell.state == *state);
        let cells = cells.count();
        (cells > 0).then(|| format!("{cells} more cells: {why}; --format csv lists them\n"))
    });
    lines.collect()
}

fn text(report: &Report) -> String {
    let until = if report.until.is_empty() {
        String::new()
    } else {
        format!(" to {}", report.until)
    };
    let mut text = format!(
        "{} offers count from {}{until}\n",
        report.offers, report.from
    );
    for missing in &report.not_delivered {
        let since = missing
            .since
            .map(|at| format!(", a member since {}", out::day(at)));
        text += &format!(
            "not delivered: {}{}\n",
            missing.provider,
            since.unwrap_or_default()
        );
    }
    let found: Vec<Vec<String>> = report
        .coverage
        .iter()
        .filter(|cell| cell.state == State::Value)
        .map(|cell| {
            vec![
                area(&cell.area).to_owned(),
                place(&cell.municipality),
                cell.format.clone(),
                cell.offers.to_string(),
                cell.runs.to_string(),
            ]
        })
        .collect();
    text += "\nCoverage\n";
    text += &out::table(&["area", "municipality", "way", "offers", "runs"], &found);
    text += &empty(report);
    for (code, state) in &report.nowhere {
        text += &format!("nowhere: {} {} ({})\n", code, area(code), state.as_str());
    }
    text += "\nOverlaps\n";
    let pairs: Vec<Vec<String>> = report
        .overlaps
        .iter()
        .take(SHOWN)
        .map(|pair| {
            vec![
                pair.subject.clone(),
                pair.level.clone(),
                place(&pair.municipality),
                pair.left.to_string(),
                pair.right.to_string(),
                pair.dates.to_string(),
                pair.first.clone(),
            ]
        })
        .collect();
    text += &out::table(
        &[
            "subject",
            "level",
            "municipality",
            "offer",
            "and",
            "days",
            "first",
        ],
        &pairs,
    );
    let more = report.overlaps.len().saturating_sub(SHOWN);
    if more > 0 {
        text += &format!("{more} more pairs; --format csv --table overlaps lists them\n");
    }
    text
}
