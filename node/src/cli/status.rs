//! `status`: how the node stands.

use std::sync::Arc;

use calluna_host::config::ProcessEnvironment;
use calluna_host::exit::Exit;
use calluna_host::out::{self, OutputFormat, human_bytes, safe};
use calluna_model::receipt::Receipt;
use calluna_model::text;
use clap::Args;
use serde_json::Value;

use super::{Around, Data, runtime};
use crate::config::Settings;
use crate::membership::renew::RenewalInfo;
use crate::run::Node;
use crate::status::{self, CertificateReport, StatusReport};
use crate::text::Words;

/// How many nights are shown.
const NIGHTS: usize = 5;
/// How many findings of the last night are shown.
const FINDINGS: usize = 20;

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    data: Data,
    /// For people or for programs.
    #[arg(long, value_enum, default_value_t)]
    format: OutputFormat,
}

impl Status {
    pub(super) fn run(self, around: &Around) -> anyhow::Result<Exit> {
        let settings = Settings::load(&self.data.data, &ProcessEnvironment)?;
        let report = match runtime()?.block_on(status::ask(&settings.socket()))? {
            Some(report) => report,
            None => {
                let node = Node::with_settings(
                    settings,
                    Arc::clone(&around.clock),
                    Arc::clone(&around.entropy),
                )?;
                node.observer(None).look()?
            }
        };
        match self.format {
            OutputFormat::Json => out::json(&with_words(&report, around.words)?),
            OutputFormat::Text => out::data(in_words(&report, around.words).trim_end()),
        }
        Ok(Exit::Done)
    }
}

/// The document with the words of each rule beside its code: what is wrong, and what to do.
fn with_words(report: &StatusReport, words: Words) -> anyhow::Result<Value> {
    let mut document = serde_json::to_value(report)?;
    let receipts = document["receipts"].as_array_mut();
    for (told, receipt) in receipts.into_iter().flatten().zip(&report.receipts) {
        let findings = told["findings"].as_array_mut();
        for (told, finding) in findings.into_iter().flatten().zip(&receipt.findings) {
            told["message"] = text::message(finding, words.0).into();
            told["hint"] = text::hint(finding, words.0).into();
        }
    }
    Ok(document)
}

fn in_words(report: &StatusReport, words: Words) -> String {
    let mut lines: Vec<(&str, String)> = Vec::new();
    let name = format!("{} ({})", safe(&report.name), report.provider);
    lines.push((words.pick("Anbieter", "Provider"), name));
    lines.push((
        words.pick("Landkreis", "District"),
        format!("{} · Hub {}", safe(&report.district), report.hub),
    ));
    lines.push((
        words.pick("Verbindung", "Connection"),
        connection(report, words),
    ));
    let renewal = report.certificate.renewal.as_ref();
    if renewal.is_some_and(|info| info.waiting) {
        lines.push((
            words.pick("Freigabe", "Approval"),
            words.waiting().to_owned(),
        ));
    }
    if report.running {
        let asked = report.asked_at.map_or_else(
            || {
                words
                    .pick("seit dem Start noch nicht", "not since the start")
                    .to_owned()
            },
            |at| at.to_string(),
        );
        lines.push((words.pick("Abgefragt", "Last asked"), asked));
    }
    lines.push((words.pick("Katalog", "Catalogue"), catalogue(report, words)));
    lines.push((
        words.pick("Zertifikat", "Certificate"),
        certificate(&report.certificate, words),
    ));
    lines.push((words.pick("Speicher", "Store"), store(report, words)));
    lines.push((
        words.pick("Import", "Last import"),
        last_import(report, words),
    ));
    if !report.watch.is_empty() {
        lines.push((words.pick("Ordner", "Drop folder"), safe(&report.watch)));
    }
    for standing in &report.figures {
        let label = words.pick("Zahlen", "Figures");
        lines.push((label, words.standing(standing)));
    }
    let mut text = String::new();
    for (label, value) in lines {
        text.push_str(&format!("{label:<12} {value}\n"));
    }
    text.push('\n');
    text.push_str(&nights(&report.receipts, words));
    text
}

/// How long the certificate lasts, and why it was not renewed where that failed.
fn certificate(report: &CertificateReport, words: Words) -> String {
    let days = report.days_left;
    let mut text = if days < 0 {
        words
            .pick(
                "abgelaufen; der laufende Dienst erneuert es, solange der Landkreis es zulässt",
                "expired; the running service renews it as long as the district office allows",
            )
            .to_owned()
    } else {
        words.pick(
            format!("noch {days} Tage gültig, wird von selbst erneuert"),
            format!("valid for {days} more days, renews by itself"),
        )
    };
    let failed = report.renewal.iter().filter(|info| info.failures > 0);
    for RenewalInfo {
        refused,
        last_error,
        ..
    } in failed
    {
        let why = safe(last_error);
        text.push_str(&if *refused {
            words.pick(
                format!("\n             Der Hub lehnt ab; bitte beim Landkreis nachfragen ({why})"),
                format!("\n             The hub refuses; ask the district office ({why})"),
            )
        } else {
            words.pick(
                format!("\n             Die Erneuerung ist zuletzt fehlgeschlagen und wird wiederholt ({why})"),
                format!("\n             The last renewal failed and will be tried again ({why})"),
            )
        });
    }
    text
}

fn connection(report: &StatusReport, words: Words) -> String {
    let Some(link) = &report.link else {
        return words
            .pick(
                "der Dienst läuft nicht (calluna-node serve)",
                "the daemon does not run (calluna-node serve)",
            )
            .to_owned();
    };
    let since = link.connected_since.map(|since| {
        words.pick(
            format!("verbunden seit {since}"),
            format!("connected since {since}"),
        )
    });
    since.unwrap_or_else(|| {
        let none = words.pick("nicht verbunden", "not connected");
        if link.last_error.is_empty() {
            none.to_owned()
        } else {
            format!("{none}: {}", safe(&link.last_error))
        }
    })
}

fn catalogue(report: &StatusReport, words: Words) -> String {
    let head = &report.head;
    let digest: String = head.digest.to_string().chars().take(12).collect();
    words.pick(
        format!(
            "{} Angebote · Revision {} · Prüfsumme {digest}",
            head.count, head.revision
        ),
        format!(
            "{} offers · revision {} · digest {digest}",
            head.count, head.revision
        ),
    )
}

fn store(report: &StatusReport, words: Words) -> String {
    let size = human_bytes(report.store.bytes);
    match &report.store.mended {
        None => size,
        Some(mended) => {
            let (at, note) = (mended.at, safe(&mended.note));
            words.pick(
                format!("{size} · war am {at} unvollständig ({note}); bitte die vollständige Liste neu importieren"),
                format!("{size} · was incomplete on {at} ({note}); import the complete list again"),
            )
        }
    }
}

fn last_import(report: &StatusReport, words: Words) -> String {
    let Some(last) = &report.last_import else {
        return words.pick("noch keiner", "none yet").to_owned();
    };
    let files: Vec<String> = last
        .files
        .iter()
        .take(5)
        .map(|file| safe(&file.file))
        .collect();
    let difference = crate::publish::Difference {
        added: last.added,
        changed: last.changed,
        unchanged: last.unchanged,
        removed: last.removed,
        ..crate::publish::Difference::default()
    };
    format!(
        "{} · {} · {}",
        last.at,
        files.join(", "),
        words.difference(&difference, last.refused)
    )
}

fn nights(receipts: &[Receipt], words: Words) -> String {
    if receipts.is_empty() {
        return words
            .pick(
                "Der Hub hat noch nichts abgeholt.",
                "The hub has not fetched anything yet.",
            )
            .to_owned();
    }
    let header = words.pick(
        [
            "Nacht",
            "Zeit",
            "Ergebnis",
            "neu",
            "geändert",
            "entfallen",
            "abgelehnt",
        ],
        [
            "night", "time", "outcome", "new", "changed", "removed", "refused",
        ],
    );
    let row = |r: &Receipt| {
        vec![
            r.night.to_string(),
            r.at.to_string(),
            r.outcome.to_string(),
            r.added.to_string(),
            r.changed.to_string(),
            r.removed.to_string(),
            r.quarantined.to_string(),
        ]
    };
    let rows: Vec<Vec<String>> = receipts.iter().take(NIGHTS).map(row).collect();
    let mut text = out::table(&header, &rows);
    if let Some(last) = receipts.first() {
        if !last.note.is_empty() {
            text.push_str(&format!("\n{}", safe(&last.note)));
        }
        for finding in last.findings.iter().take(FINDINGS) {
            text.push_str(&format!("\n{}", safe(&words.finding(finding, false))));
        }
        text.push_str(&words.more_findings(last, FINDINGS));
    }
    text
}
