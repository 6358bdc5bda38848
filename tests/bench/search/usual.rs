//! PostgreSQL as the usual way: see `usual.sh`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use calluna_model::offer::OfferDraft;
use calluna_search::places;
use calluna_search::query::{Facet, Query};

/// Where Debian's package puts it.
const SERVER: &str = "/usr/lib/postgresql/15/bin/postgres";

/// A temporary cluster; it ends with its handle.
#[derive(Debug)]
pub(crate) struct Usual(PathBuf);

impl Usual {
    /// Starts it; nothing where it is not installed.
    pub(crate) fn start(dir: &Path) -> Option<Self> {
        if !Path::new(SERVER).exists() {
            return None;
        }
        fs::create_dir_all(dir).ok()?;
        let usual = Self(dir.to_owned());
        usual.run(&["start"]).map(|_| usual)
    }

    /// Loads offers with the values of their facets.
    pub(crate) fn load<'a>(&self, offers: impl Iterator<Item = &'a OfferDraft>) -> Option<()> {
        let mut lines = String::new();
        for (n, offer) in offers.enumerate() {
            line(&mut lines, n, offer);
        }
        let file = self.0.join("offers.csv");
        fs::write(&file, lines).ok()?;
        self.run(&["load", file.to_str()?]).map(|_| ())
    }

    /// Asks, one question after the other in one session: milliseconds of each.
    pub(crate) fn ask(&self, questions: &[Query]) -> Option<Vec<f64>> {
        let mut statements = String::from("\\timing on\n\\o /dev/null\n");
        questions
            .iter()
            .for_each(|query| statements.push_str(&statement(query)));
        let file = self.0.join("questions.sql");
        fs::write(&file, statements).ok()?;
        let said = self.run(&["ask", file.to_str()?])?;
        let times = said.lines().filter_map(|line| {
            let time = line.strip_prefix("Time: ")?;
            time.split(' ').next()?.parse().ok()
        });
        Some(times.collect())
    }

    fn run(&self, args: &[&str]) -> Option<String> {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/bench/search/usual.sh");
        let (action, rest) = args.split_first()?;
        let output = Command::new("sh")
            .arg(script)
            .arg(action)
            .arg(&self.0)
            .args(rest)
            .output()
            .ok()?;
        if !output.status.success() {
            crate::say(&format!(
                "usual.sh {action}: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
            return None;
        }
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Usual {
    fn drop(&mut self) {
        let _ended = self.run(&["stop"]);
    }
}

fn line(lines: &mut String, n: usize, offer: &OfferDraft) {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let label = offer.subjects.iter().map(|subject| subject.label.as_str());
    let keywords = offer.keywords.iter().map(String::as_str);
    let subject: Vec<&str> = label.chain(keywords).collect();
    let venue = offer.runs.iter().find_map(|run| run.venue.as_ref());
    let place = venue.and_then(|venue| places::find(&venue.city, "03358"));
    let degrees = |of: fn(&places::Place) -> f64| {
        place.map(|place| of(place).to_string()).unwrap_or_default()
    };
    let over = offer.runs.iter().all(|run| run.end.as_str() < "2026-11-30");
    let _written = writeln!(
        lines,
        "{n},{},{},{},{},{},{over},{},{},{}",
        quoted(&offer.title),
        quoted(&subject.join(" ")),
        quoted(&offer.summary),
        quoted(&offer.description),
        quoted(venue.map_or("", |venue| venue.city.as_str())),
        degrees(|place| place.point.latitude),
        degrees(|place| place.point.longitude),
        quoted(&format!("{{{}}}", facets(n, offer).join(","))),
    );
}

/// The same values as ours, each with the key of its facet.
fn facets(n: usize, offer: &OfferDraft) -> Vec<String> {
    let mut facets = Vec::new();
    let mut add = |facet: Facet, value: &str| {
        if !value.is_empty() {
            facets.push(format!("{}:{value}", facet.key()));
        }
    };
    for subject in &offer.subjects {
        add(Facet::Subject, subject.code.get(..1).unwrap_or_default());
    }
    for run in &offer.runs {
        add(
            Facet::Municipality,
            run.venue
                .as_ref()
                .map_or("online", |venue| venue.ags.as_str()),
        );
        add(
            Facet::FreeSeats,
            if matches!(run.availability.as_str(), "available" | "few") {
                "yes"
            } else {
                ""
            },
        );
        for slot in &run.weekly {
            add(Facet::Weekday, &slot.weekday.to_string());
            add(
                Facet::TimeOfDay,
                match slot.start.get(..2) {
                    Some("09") => "morning",
                    Some("14") => "afternoon",
                    _ => "evening",
                },
            );
        }
    }
    add(Facet::Format, &offer.format);
    add(
        Facet::Price,
        match offer.price.as_ref().and_then(|price| price.amount_cents) {
            None => "unknown",
            Some(0) => "free",
            Some(..=5_000) => "50",
            Some(..=10_000) => "100",
            Some(..=25_000) => "250",
            Some(_) => "more",
        },
    );
    add(
        Facet::Cefr,
        offer.level.as_ref().map_or("", |level| level.cefr.as_str()),
    );
    offer
        .awards
        .iter()
        .for_each(|award| add(Facet::Award, &award.code));
    add(Facet::Entry, "none");
    offer
        .languages
        .iter()
        .for_each(|language| add(Facet::Language, language));
    offer
        .accessibility
        .iter()
        .for_each(|code| add(Facet::Accessibility, code));
    offer
        .funding
        .iter()
        .for_each(|code| add(Facet::Funding, code));
    add(
        Facet::Childcare,
        if offer.childcare == Some(true) {
            "yes"
        } else {
            ""
        },
    );
    add(Facet::Provider, &format!("p{:03}", n / 1_000));
    add(Facet::ProviderKind, "other");
    facets.sort();
    facets.dedup();
    facets
}

fn statement(query: &Query) -> String {
    let literal = |text: &str| text.replace('\'', "''");
    let mut filter = String::from("NOT is_over");
    for (facet, values) in &query.chosen {
        let values: Vec<String> = values
            .iter()
            .map(|value| format!("'{}:{value}'", facet.key()))
            .collect();
        let _written = write!(filter, " AND facets && ARRAY[{}]", values.join(","));
    }
    if let Some(place) = query
        .near
        .as_ref()
        .and_then(|near| places::find(&near.place, "03358"))
    {
        let radius = query
            .near
            .as_ref()
            .map_or(0.0, |near| f64::from(near.radius_km));
        let (latitude, longitude) = (place.point.latitude, place.point.longitude);
        let (north, east) = (radius / 111.0, radius / 67.0);
        let _written = write!(
            filter,
            " AND latitude BETWEEN {} AND {} AND longitude BETWEEN {} AND {}",
            latitude - north,
            latitude + north,
            longitude - east,
            longitude + east
        );
    }
    format!(
        "WITH hits AS MATERIALIZED (SELECT id, facets, ts_rank(words, q) AS rank FROM offers, websearch_to_tsquery('german', '{}') q WHERE words @@ q AND {filter}), \
         top AS (SELECT id::text AS what, rank::float8 AS n FROM hits ORDER BY rank DESC LIMIT 20) \
         SELECT what, n FROM top UNION ALL SELECT value, count(*)::float8 FROM hits, unnest(facets) value GROUP BY value UNION ALL SELECT 'total', count(*)::float8 FROM hits;\n",
        literal(&query.text)
    )
}
