//! What is decided about participation figures: their folder, their secret, what waits or was refused.

use std::path::Path;

use calluna_host::check::{FileMode, Finding, files_in};
use calluna_host::out::safe;
use calluna_model::clock::Moment;

use super::here;
use crate::config::Figures;
use crate::figures::book::Book;
use crate::figures::ground::Ground;
use crate::figures::secret;
use crate::figures::standing::{Standing, standings};
use crate::text::Words;

/// A proposal that waits longer than this was forgotten (7 days).
pub(super) const RELEASE_WARNING: i64 = 7 * 86_400;

/// The figures of the node in `dir`; nothing where it has none.
pub(super) fn findings(words: Words, dir: &Path, config: &Figures, now: Moment) -> Vec<Finding> {
    let book = Book::of(dir);
    let Ok(files) = files_in(book.folder()) else {
        return Vec::new();
    };
    let faults: Vec<_> = files.iter().filter_map(FileMode::exposed).collect();
    let mut findings = Vec::new();
    if !faults.is_empty() {
        findings.extend(here::modes(words, &faults));
    }
    findings.push(layout(words, config));
    let standings = match standings(&book) {
        Ok(standings) => standings,
        Err(error) => {
            let what = words.figures_error(&error);
            let way_out = words.pick("bitte die Rechte prüfen", "look at the rights");
            findings.push(Finding::failure("figures-folder", what, way_out));
            return findings;
        }
    };
    findings.extend(secret_of(words, &book, &standings));
    for standing in &standings {
        findings.extend(period(words, standing, now));
    }
    findings
}

fn layout(words: Words, config: &Figures) -> Finding {
    match Ground::of(config) {
        Ok(ground) => {
            let print: String = ground.frame.fingerprint.chars().take(12).collect();
            Finding::note(
                "figures-layout",
                words.pick(
                    format!("Gemeinden, Fachgebiete und Tabellen: {print} (bei allen Knoten eines Landkreises gleich)"),
                    format!("municipalities, fields and tables: {print} (the same at every node of a district)"),
                ),
            )
        }
        Err(error) => Finding::failure(
            "figures-layout",
            words.figures_error(&error),
            words.pick(
                "bitte [figures] in node.toml berichtigen",
                "mend [figures] in node.toml",
            ),
        ),
    }
}

/// Open periods whose hashes were made with a secret that is not there any more.
fn secret_of(words: Words, book: &Book, standings: &[Standing]) -> Option<Finding> {
    let kept = secret::read(book.folder()).ok().flatten();
    let mark = kept.map(|kept| kept.mark).unwrap_or_default();
    let lost = standings
        .iter()
        .filter(|one| !one.mark.is_empty() && one.mark != mark);
    let lost: Vec<&str> = lost.map(|one| one.period.as_str()).collect();
    if lost.is_empty() {
        return None;
    }
    let periods = lost.join(", ");
    Some(Finding::failure(
        "figures-secret",
        words.pick(
            format!("das Geheimnis, mit dem {periods} geführt wird, ist weg oder ein anderes"),
            format!("the secret with which {periods} is kept is gone or another one"),
        ),
        words.pick(
            "bitte figures/secret von dieser Platte zurücklegen, wenn es sie noch gibt; sonst werden diese Quartale beim veröffentlichten Stand abgeschlossen",
            "put figures/secret back from this disk if it is still there; otherwise these quarters are closed for good at what was published",
        ),
    ))
}

fn period(words: Words, standing: &Standing, now: Moment) -> Vec<Finding> {
    let Standing {
        period,
        proposed_at,
        refused,
        reason,
        fault,
        ..
    } = standing;
    let mut findings = Vec::new();
    if !fault.is_empty() {
        findings.push(Finding::failure(
            "figures-file",
            format!("{period}: {}", safe(fault)),
            words.pick(
                "bitte die Datei von einer Kopie dieser Platte zurücklegen",
                "put the file back from a copy of this disk",
            ),
        ));
        return findings;
    }
    if let Some(at) = proposed_at.filter(|at| now.since(*at) > RELEASE_WARNING) {
        findings.push(Finding::warning(
            "figures-release",
            words.pick(
                format!("{period} wartet seit {at} auf Freigabe"),
                format!("{period} waits for release since {at}"),
            ),
            words.pick(
                "bitte ansehen und freigeben oder verwerfen: calluna-node outbox; outbox approve; outbox discard",
                "look at it, and release or drop it: calluna-node outbox; outbox approve; outbox discard",
            ),
        ));
    }
    if *refused > 0 {
        findings.push(Finding::warning(
            "figures-refused",
            words.pick(
                format!(
                    "der Hub hat {period}, Revision {refused} abgelehnt: {}",
                    safe(reason)
                ),
                format!(
                    "the hub has refused {period}, revision {refused}: {}",
                    safe(reason)
                ),
            ),
            words.pick(
                "bitte beim Landkreis nachfragen; die Ursache steht dort im Bericht der Nacht",
                "ask the district office; its report of the night tells the cause",
            ),
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("figures-period", words.standing(standing)));
    }
    findings
}
