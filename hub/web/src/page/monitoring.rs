//! `/monitoring`: the indicators of the monitoring dataset, and a page for each.

use std::collections::BTreeSet;

use askama::Template;
use calluna_monitor::Manifest;
use calluna_monitor::reading::{IndicatorText, Said, ValueText};

use crate::ask;
use crate::fault::Fault;
use crate::format;
use crate::monitor::{Monitor, name};
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::cell::Cell;
use crate::view::value::{self, AreaView, say};
use crate::visit::Visit;

/// An indicator in the list.
struct Line {
    href: String,
    name: String,
    formula: String,
    /// The newest value for the whole district, with its period.
    newest: Option<(Cell, String, String)>,
}

#[derive(Template)]
#[template(path = "monitoring.html")]
struct MonitoringPage {
    s: Shell,
    /// Which release it is, and its address; nothing before the first.
    release: Option<(String, String)>,
    lines: Vec<Line>,
}

/// A link to another period.
struct Turn {
    href: String,
    text: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "indicator.html")]
struct IndicatorPage {
    s: Shell,
    release: (String, String),
    /// Address of the files of the release.
    files: String,
    indicator: IndicatorWords,
    period: String,
    /// Whether figures of the period may still change.
    provisional: bool,
    periods: Vec<Turn>,
    /// The whole district over the periods.
    course: Vec<(String, Cell)>,
    areas: Vec<AreaView>,
    /// Whether any row tells numerator and denominator.
    parts: bool,
    /// How many values are not shown; empty where all are.
    hidden: String,
    /// Providers that delivered nothing of the period; empty where all did.
    missing: Vec<String>,
}

struct IndicatorWords {
    id: String,
    formula: String,
    unit: String,
    sources: Vec<String>,
}

/// The release that is asked for, the newest where none is.
fn release(visit: &Visit) -> Result<Option<(&Monitor, Manifest)>, Fault> {
    let Some(monitor) = &visit.site.monitor else {
        return Ok(None);
    };
    let pairs = visit.pairs()?;
    let number = match ask::values(&pairs, "release").first() {
        Some(wanted) => Some(wanted.parse().map_err(|_| Fault::Missing)?),
        None => monitor.numbers()?.first().copied(),
    };
    let Some(number) = number else {
        return Ok(None);
    };
    let manifest = monitor.manifest(number)?.ok_or(Fault::Missing)?;
    Ok(Some((monitor, manifest)))
}

/// What a release is called, and its address.
pub(crate) fn called(visit: &Visit, manifest: &Manifest) -> (String, String) {
    let words = visit.words;
    let day = format::stamp(&manifest.built_at, words);
    let number = format::number(manifest.number, words.0);
    let text = words.fill("release.called", &[("n", &number), ("day", &day)]);
    let href = format!("{}/daten/{}", words.root(), name(manifest.number));
    (text, href)
}

/// The address of an indicator; of a release where one was asked for.
fn address(visit: &Visit, id: &str, period: Option<&str>) -> Result<String, Fault> {
    let pairs = visit.pairs()?;
    let mut query = Vec::new();
    if let Some(period) = period {
        query.push(("period", period));
    }
    if let Some(release) = ask::values(&pairs, "release").first() {
        query.push(("release", *release));
    }
    let query = match query.is_empty() {
        true => String::new(),
        false => format!("?{}", ask::written(query)),
    };
    Ok(format!("{}/monitoring/{id}{query}", visit.words.root()))
}

/// `/monitoring`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let shell =
        Shell::of(visit, words.say("monitoring.title")).summed_up(words.say("monitoring.lead"));
    let Some((monitor, manifest)) = release(visit)? else {
        return Reply::page(&MonitoringPage {
            s: shell,
            release: None,
            lines: Vec::new(),
        });
    };
    let mut lines = Vec::new();
    for indicator in monitor.indicators(manifest.number)?.iter() {
        let totals = indicator.values.iter().filter(|one| value::is_total(one));
        let newest = totals.max_by_key(|one| &one.period);
        lines.push(Line {
            href: address(visit, &indicator.id, None)?,
            name: say(&indicator.name, words).to_owned(),
            formula: say(&indicator.formula, words).to_owned(),
            newest: newest.map(|one| {
                let unit = say(&indicator.unit, words).to_owned();
                (value::cell(one.value, words), unit, one.period.clone())
            }),
        });
    }
    Reply::page(&MonitoringPage {
        s: shell,
        release: Some(called(visit, &manifest)),
        lines,
    })
}

/// `/monitoring/{indicator}?period=2026-Q3&release=12`.
pub(crate) fn indicator(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let (monitor, manifest) = release(visit)?.ok_or(Fault::Missing)?;
    let indicators = monitor.indicators(manifest.number)?;
    let wanted = visit.param("indicator");
    let mut found = indicators.iter();
    let indicator = found.find(|one| one.id == wanted).ok_or(Fault::Missing)?;
    let periods: BTreeSet<&str> = indicator
        .values
        .iter()
        .map(|one| one.period.as_str())
        .collect();
    let pairs = visit.pairs()?;
    let period = match ask::values(&pairs, "period").first() {
        Some(period) => periods.get(period).copied().ok_or(Fault::Missing)?,
        None => periods.last().copied().unwrap_or_default(),
    };
    let values: Vec<&ValueText> = indicator
        .values
        .iter()
        .filter(|one| one.period == period)
        .collect();
    let percent = indicator.unit.en == "percent";
    let areas = value::areas(&values, percent, &visit.district, words);
    let turns = periods.iter().rev().map(|one| {
        Ok(Turn {
            href: address(visit, &indicator.id, Some(one))?,
            text: (*one).to_owned(),
            here: *one == period,
        })
    });
    let quality = monitor.quality(manifest.number)?;
    let missing = quality.providers.into_iter();
    let missing = missing.filter(|one| one.missing.iter().any(|missing| missing == period));
    let mut shell =
        Shell::of(visit, say(&indicator.name, words)).summed_up(say(&indicator.formula, words));
    // A page of one release is for citing; search engines keep that of the newest.
    if !ask::values(&pairs, "release").is_empty() || !ask::values(&pairs, "period").is_empty() {
        shell = shell.hidden();
    }
    Reply::page(&IndicatorPage {
        s: shell,
        files: format!("/daten/{}", name(manifest.number)),
        release: called(visit, &manifest),
        indicator: IndicatorWords {
            id: indicator.id.clone(),
            formula: say(&indicator.formula, words).to_owned(),
            unit: say(&indicator.unit, words).to_owned(),
            sources: sources(indicator, &values),
        },
        provisional: values.iter().any(|one| one.provisional),
        periods: turns.collect::<Result<_, Fault>>()?,
        course: course(indicator, visit),
        parts: areas
            .iter()
            .flat_map(|area| &area.rows)
            .any(|row| !row.parts.is_empty()),
        hidden: hidden(&values, visit),
        missing: missing.map(|one| one.name).collect(),
        period: period.to_owned(),
        areas,
    })
}

/// Sources of the definition and of what it is held against.
fn sources(indicator: &IndicatorText, values: &[&ValueText]) -> Vec<String> {
    let mut sources: BTreeSet<&str> = values.iter().map(|one| one.source.as_str()).collect();
    sources.insert(&indicator.source);
    let whole: Vec<&str> = sources
        .iter()
        .copied()
        .filter(|one| !one.is_empty())
        .collect();
    // "A; B" says A too.
    let said = |one: &&&str| {
        !whole
            .iter()
            .any(|other| other != *one && other.starts_with(**one))
    };
    whole
        .iter()
        .filter(said)
        .map(|one| (*one).to_owned())
        .collect()
}

/// The whole district over the periods; nothing where there is only one.
fn course(indicator: &IndicatorText, visit: &Visit) -> Vec<(String, Cell)> {
    let totals = indicator.values.iter().filter(|one| value::is_total(one));
    let mut course: Vec<(String, Cell)> = totals
        .map(|one| (one.period.clone(), value::cell(one.value, visit.words)))
        .collect();
    course.sort_by(|one, other| one.0.cmp(&other.0));
    if course.len() < 2 { Vec::new() } else { course }
}

/// How many of the values are not shown, and why.
fn hidden(values: &[&ValueText], visit: &Visit) -> String {
    let words = visit.words;
    let hidden = values
        .iter()
        .filter(|one| one.value == Said::Hidden)
        .count();
    if hidden == 0 {
        return String::new();
    }
    let count = |count: usize| format::number(u64::try_from(count).unwrap_or(u64::MAX), words.0);
    let (hidden, all) = (count(hidden), count(values.len()));
    words.fill("monitoring.protected", &[("n", &hidden), ("all", &all)])
}
