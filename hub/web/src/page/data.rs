//! `/daten`: the releases of the monitoring dataset, and what can be taken from the catalogue.

use askama::Template;

use crate::fault::Fault;
use crate::format;
use crate::monitor::name;
use crate::page::releases;
use crate::prose;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::site::Download;
use crate::visit::Visit;

/// Releases on the page; all of them lie at their addresses.
const MOST: usize = 400;

/// A release in the list.
struct Line {
    href: String,
    number: String,
    kind: &'static str,
    built: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "data.html")]
struct DataPage {
    s: Shell,
    text: String,
    releases: Vec<Line>,
    downloads: Vec<Download>,
}

/// `/daten`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    Reply::page(&DataPage {
        s: Shell::of(visit, visit.words.say("data.title")),
        text: prose::html("prose.data", &visit.site.settings, visit.words),
        releases: lines(visit)?,
        downloads: visit.site.downloads.clone(),
    })
}

fn lines(visit: &Visit) -> Result<Vec<Line>, Fault> {
    let words = visit.words;
    let Some(monitor) = &visit.site.monitor else {
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    for number in monitor.numbers()?.into_iter().take(MOST) {
        let Some(manifest) = monitor.manifest(number)? else {
            continue;
        };
        let reason = manifest.reason.as_ref();
        lines.push(Line {
            href: format!("{}/daten/{}", words.root(), name(number)),
            number: format::number(number, words.0),
            kind: releases::kind(&manifest, words),
            built: format::stamp(&manifest.built_at, words),
            reason: reason
                .map(|reason| crate::view::value::say(reason, words).to_owned())
                .unwrap_or_default(),
        });
    }
    Ok(lines)
}
