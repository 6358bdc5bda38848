//! What is decided about this machine: settings, files, certificate, store, disk, folder, clock.

use std::path::{Path, PathBuf};

use calluna_certs::CertificateFacts;
use calluna_host::check::{Fault, Finding, Level, disk_level, skew_level};
use calluna_host::out::human_bytes;
use calluna_model::clock::Moment;

use crate::membership::renew::RenewalInfo;
use crate::store::Mended;
use crate::text::Words;

/// A certificate with fewer days left is worth a look: it should have been renewed long before.
pub(super) const CERTIFICATE_WARNING: i64 = 7;
/// Most files that are named one by one.
const FILES: usize = 8;

/// Private files: nobody else may read them.
pub(super) fn modes(words: Words, faults: &[Fault]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = faults
        .iter()
        .take(FILES)
        .map(|fault| fault_found(words, fault))
        .collect();
    let more = faults.len().saturating_sub(FILES);
    if more > 0 {
        let what = words.pick(
            format!("… und {more} weitere Dateien"),
            format!("… and {more} more files"),
        );
        findings.push(Finding::note("file-modes", what));
    }
    if findings.is_empty() {
        let what = words.pick(
            "Verzeichnis und Schlüssel sind nur für ihren Besitzer lesbar",
            "directory and keys are readable for their owner alone",
        );
        findings.push(Finding::ok("file-modes", what));
    }
    findings
}

fn fault_found(words: Words, fault: &Fault) -> Finding {
    match fault {
        Fault::Exposed { path, mode, wanted } => Finding::failure(
            "file-modes",
            words.pick(
                format!("andere Benutzer können {} lesen oder ändern (Rechte {mode:04o})", path.display()),
                format!("other users can read or change {} (mode {mode:04o})", path.display()),
            ),
            words.pick(
                format!("bitte ausführen: chmod {wanted:o} '{}'", path.display()),
                format!("run: chmod {wanted:o} '{}'", path.display()),
            ),
        ),
        Fault::Foreign { path, owner, expected } => Finding::warning(
            "file-owner",
            words.pick(
                format!("{} gehört dem Benutzer {owner}, das Datenverzeichnis aber {expected}: der Dienst kann sie womöglich nicht lesen", path.display()),
                format!("{} belongs to user {owner}, but the data directory to {expected}: the daemon may be unable to read it", path.display()),
            ),
            words.pick(
                format!("bitte ausführen: chown {expected} '{}'", path.display()),
                format!("run: chown {expected} '{}'", path.display()),
            ),
        ),
    }
}

/// Room on the disk.
pub(super) fn disk(words: Words, dir: &Path, free: Option<u64>) -> Finding {
    let place = dir.display();
    let what = match free {
        Some(free) => {
            let free = human_bytes(free);
            words.pick(
                format!("{free} frei, wo {place} liegt"),
                format!("{free} free where {place} lies"),
            )
        }
        None => words.pick(
            format!(
                "wie viel Platz auf der Festplatte von {place} frei ist, sagt das Dateisystem nicht"
            ),
            format!("the file system of {place} does not say how much of it is free"),
        ),
    };
    let level = disk_level(free);
    let way_out = if level >= Level::Warning {
        words.pick("bitte Platz schaffen", "make room on this disk")
    } else {
        ""
    };
    Finding::new("disk", level, what, way_out)
}

/// The drop folder.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) is_folder: bool,
    pub(super) usable: bool,
}

pub(super) fn watch(words: Words, folder: &Folder) -> Finding {
    let place = folder.path.display();
    if !folder.is_folder {
        return Finding::failure(
            "watch-folder",
            words.pick(
                format!("den Ordner {place} für Dateien gibt es nicht"),
                format!("there is no drop folder {place}"),
            ),
            words.pick(
                "bitte den Ordner anlegen oder [watch] in node.toml berichtigen",
                "make the folder, or correct [watch] in node.toml",
            ),
        );
    }
    if !folder.usable {
        return Finding::failure(
            "watch-folder",
            words.pick(
                format!("im Ordner {place} kann dieser Benutzer nicht lesen und schreiben"),
                format!("this user cannot read and write in the drop folder {place}"),
            ),
            words.pick(
                "bitte diesem Benutzer das Recht geben; eingelesene Dateien werden dort nach done/ oder refused/ verschoben",
                "give that right to this user; files that were read are moved to done/ or refused/ there",
            ),
        );
    }
    Finding::ok(
        "watch-folder",
        words.pick(
            format!("der Ordner {place} ist lesbar und beschreibbar"),
            format!("the drop folder {place} can be read and written"),
        ),
    )
}

/// How long the node's own certificate is good. `really` is the time at the hub, where it is known:
/// then a wrong clock is not taken for an old certificate.
pub(super) fn certificate(
    words: Words,
    own: &CertificateFacts,
    now: Moment,
    really: Option<Moment>,
) -> Finding {
    let (from, until) = (own.not_before, own.not_after);
    let wrong_clock = really.is_some_and(|really| {
        skew_level(now.since(really)) == Level::Failure && (from..=until).contains(&really)
    });
    if now < from || (now > until && wrong_clock) {
        return Finding::failure(
            "certificate",
            words.pick(
                format!("die Uhr dieses Rechners geht falsch: sie zeigt {now}, das Zertifikat gilt von {from} bis {until}"),
                format!("the clock of this machine is wrong: it shows {now}, and the certificate is valid from {from} to {until}"),
            ),
            set_clock(words),
        );
    }
    let days = own.days_left(really.unwrap_or(now));
    if days < 0 {
        return Finding::failure(
            "certificate",
            words.pick(format!("das Zertifikat dieses Knotens ist am {until} abgelaufen"), format!("the certificate of this node expired on {until}")),
            words.pick(
                "bitte beim Landkreis eine neue Einladung anfordern und noch einmal beitreten: calluna-node join",
                "ask the district office for a new invitation and join again: calluna-node join",
            ),
        );
    }
    let what = words.pick(
        format!("das Zertifikat gilt noch {days} Tage (bis {until})"),
        format!("the certificate is valid for {days} more days (until {until})"),
    );
    if days < CERTIFICATE_WARNING {
        let way_out = words.pick(
            "es hätte längst erneuert sein sollen: bitte das Protokoll des Dienstes lesen oder beim Landkreis eine neue Einladung anfordern",
            "it should have been renewed long before: look at the daemon's log, or ask the district office for a new invitation",
        );
        return Finding::warning("certificate", what, way_out);
    }
    Finding::ok("certificate", what)
}

/// How the renewal of the certificate stands, as the daemon says; nothing when all is well.
pub(super) fn renewal(words: Words, info: &RenewalInfo) -> Option<Finding> {
    if info.failures == 0 {
        return None;
    }
    let why = &info.last_error;
    if info.refused {
        let what = words.pick(
            format!("der Hub lehnt diesen Knoten ab: {why}"),
            format!("the hub refuses this node: {why}"),
        );
        let way_out = words.pick(
            "bitte beim Landkreis nachfragen; zurück geht es mit einer neuen Einladung: calluna-node join",
            "ask the district office; the way back is a new invitation: calluna-node join",
        );
        return Some(Finding::failure("renewal", what, way_out));
    }
    let what = words.pick(
        format!("Zertifikat und Vertrauensliste wurden zuletzt nicht erneuert: {why}"),
        format!("certificate and trust bundle could not be renewed last: {why}"),
    );
    let way_out = words.pick(
        "es wird von selbst wiederholt; bitte ansehen, was zu Verbindung und Hub gemeldet ist",
        "it is tried again by itself; look at what is said of the connection and the hub",
    );
    Some(Finding::warning("renewal", what, way_out))
}

/// What makes a clock right.
pub(super) fn set_clock(words: Words) -> &'static str {
    words.pick(
        "bitte die Uhr stellen und die Zeit aus dem Netz beziehen (timedatectl set-ntp true)",
        "set the clock, and have it set from the network (timedatectl set-ntp true)",
    )
}

/// What the store holds, once it is open.
pub(super) struct StoreFacts {
    pub(super) offers: u64,
    pub(super) mended: Option<Mended>,
}

/// The store, as far as it could be looked at.
pub(super) enum StoreSeen {
    /// It is open, here or in the daemon.
    Open(StoreFacts),
    /// It does not open; why, in the person's language.
    Broken(String),
    /// It belongs to this user, and no daemon runs to be asked.
    Foreign(u32),
}

/// The store.
pub(super) fn store(words: Words, seen: &StoreSeen) -> Vec<Finding> {
    let facts = match seen {
        StoreSeen::Open(facts) => facts,
        StoreSeen::Broken(why) => {
            let what = words.pick(
                "der Speicher lässt sich nicht öffnen",
                "the store cannot be opened",
            );
            return vec![Finding::failure("store-opens", what, why)];
        }
        StoreSeen::Foreign(owner) => {
            let what = words.pick(
                format!("wie der Speicher dasteht, ist unbekannt: er gehört dem Benutzer {owner}, und der Dienst läuft nicht"),
                format!("how the store stands is unknown: it belongs to user {owner}, and the daemon does not run"),
            );
            let way_out = words.pick(
                format!(
                    "bitte als dieser Benutzer ausführen: sudo -u '#{owner}' calluna-node check"
                ),
                format!("run it as that user: sudo -u '#{owner}' calluna-node check"),
            );
            return vec![Finding::warning("store-opens", what, way_out)];
        }
    };
    let offers = facts.offers;
    let opens = Finding::ok(
        "store-opens",
        words.pick(
            format!("der Speicher ist heil und in einer bekannten Fassung: {offers} Angebote"),
            format!("the store is whole and of a known version: {offers} offers"),
        ),
    );
    let state = match &facts.mended {
        None => Finding::ok(
            "store-state",
            words.pick(
                "er enthält alles, was je bestätigt wurde (STATE)",
                "it holds everything that was ever confirmed (STATE)",
            ),
        ),
        Some(mended) => {
            let (at, note) = (mended.at, &mended.note);
            Finding::warning(
                "store-state",
                words.pick(format!("am {at} fehlte etwas im Speicher ({note})"), format!("on {at} something was missing in the store ({note})")),
                words.pick("bitte die vollständige Liste noch einmal importieren: calluna-node import --replace", "import the complete list again: calluna-node import --replace"),
            )
        }
    };
    vec![opens, state]
}
