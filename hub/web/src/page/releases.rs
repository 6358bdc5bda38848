//! `/daten/{release}`: one release of the monitoring dataset, for ever at that address.

use askama::Template;
use calluna_monitor::reading::ProviderQuality;
use calluna_monitor::{MANIFEST, Manifest, ReleaseKind, SUMS};

use crate::fault::Fault;
use crate::format;
use crate::monitor::name;
use crate::page::monitoring::called;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::cell::Cell;
use crate::view::value::say;
use crate::visit::Visit;
use crate::words::Words;

/// A file of the release.
struct FileView {
    href: String,
    name: String,
    size: String,
    sha256: String,
}

/// What a provider delivered of a period.
struct Delivery {
    provider: String,
    period: String,
    state: &'static str,
    waiting: Cell,
    /// Tables that are coarser than they could be.
    coarser: String,
}

#[derive(Template)]
#[template(path = "release.html")]
struct ReleasePage {
    s: Shell,
    kind: &'static str,
    built: String,
    /// What it corrects, and why.
    corrects: Option<(String, String)>,
    reason: String,
    deliveries: Vec<Delivery>,
    /// Provider and period of which nothing came.
    missing: Vec<(String, String)>,
    limits: Vec<String>,
    files: Vec<FileView>,
    /// How to name it as a source.
    citation: String,
    content: String,
    monitoring: String,
}

/// What kind of release it is, in words.
pub(crate) fn kind(manifest: &Manifest, words: Words) -> &'static str {
    words.say(match manifest.kind {
        ReleaseKind::Provisional => "release.provisional",
        ReleaseKind::Final => "release.final",
        ReleaseKind::Correction => "release.correction",
    })
}

/// `/daten/{release}`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let monitor = visit.site.monitor.as_ref().ok_or(Fault::Missing)?;
    let number = visit.param("release").parse().map_err(|_| Fault::Missing)?;
    let manifest = monitor.manifest(number)?.ok_or(Fault::Missing)?;
    let quality = monitor.quality(number)?;
    let base = format!("/daten/{}", name(number));
    let (title, href) = called(visit, &manifest);
    let own = [MANIFEST, SUMS].map(|file| FileView {
        href: format!("{base}/{file}"),
        name: file.to_owned(),
        size: String::new(),
        sha256: String::new(),
    });
    let files = manifest.files.iter().map(|file| FileView {
        href: format!("{base}/{}", file.name),
        name: file.name.clone(),
        size: words.fill(
            "release.kilobytes",
            &[("n", &format::number(file.bytes.div_ceil(1000), words.0))],
        ),
        sha256: file.sha256.clone(),
    });
    let settings = &visit.site.settings;
    let operator = if settings.operator.name.is_empty() {
        &visit.district
    } else {
        &settings.operator.name
    };
    let address = settings.absolute(&href);
    let values: [(&str, &str); 3] = [("who", operator), ("what", &title), ("where", &address)];
    Reply::page(&ReleasePage {
        // One page for each number: the address with and without leading zeros is the same.
        s: Shell::of(visit, title.clone()).at_path(base.clone()),
        kind: kind(&manifest, words),
        built: format::stamp(&manifest.built_at, words),
        corrects: manifest.corrects.map(|number| {
            let number_text = format::number(number, words.0);
            (
                number_text,
                format!("{}/daten/{}", words.root(), name(number)),
            )
        }),
        reason: manifest
            .reason
            .as_ref()
            .map(|reason| say(reason, words).to_owned())
            .unwrap_or_default(),
        deliveries: deliveries(&quality.providers, words),
        missing: quality
            .providers
            .iter()
            .flat_map(|one| {
                one.missing
                    .iter()
                    .map(|period| (one.name.clone(), period.clone()))
            })
            .collect(),
        limits: quality
            .limits
            .iter()
            .map(|one| say(one, words).to_owned())
            .collect(),
        files: own.into_iter().chain(files).collect(),
        citation: words.fill("release.cite", &values),
        content: manifest.content.clone(),
        monitoring: format!("{}/monitoring?release={number}", words.root()),
    })
}

fn deliveries(providers: &[ProviderQuality], words: Words) -> Vec<Delivery> {
    let mut out = Vec::new();
    for provider in providers {
        for period in &provider.periods {
            out.push(Delivery {
                provider: provider.name.clone(),
                period: period.period.clone(),
                state: words.say(if period.kind == "provisional" {
                    "release.open"
                } else {
                    "release.closed"
                }),
                waiting: Cell::number(period.waiting, words),
                coarser: period.coarsened.join(", "),
            });
        }
    }
    out.sort_by(|one, other| (&other.period, &one.provider).cmp(&(&one.period, &other.provider)));
    out
}
