//! Participation figures in German and English: what an import made, and why one was refused.

use calluna_figures::{Fault, Report};
use calluna_host::out::safe;
use calluna_model::text::Language;

use super::{Words, trouble};
use crate::figures::import::{Done, Outcome};
use crate::figures::keep::Kept;
use crate::figures::outbox::{Counts, Stand};
use crate::figures::shelter::Shelter;
use crate::figures::standing::Standing;
use crate::figures::{FiguresError, sealed, sealed_en};

impl Words {
    /// What was read, in one line.
    #[must_use]
    pub fn figures_read(self, period: &str, report: &Report) -> String {
        let Report {
            rows,
            counted,
            other_period,
            repeated,
            refused_rows,
            ..
        } = report;
        self.pick(
            format!("{period}: {rows} Zeilen · {counted} Anmeldungen gezählt · andere Zeiträume {other_period} · doppelt {repeated} · abgelehnt {refused_rows}"),
            format!("{period}: {rows} rows · {counted} registrations counted · other periods {other_period} · repeated {repeated} · refused {refused_rows}"),
        )
    }

    /// What told persons apart.
    #[must_use]
    pub fn basis(self, basis: &str) -> &'static str {
        match basis {
            "id" => self.pick(
                "die Nummer der Person in der Kurssoftware",
                "the person's number in the course software",
            ),
            "name" => self.pick(
                "Familienname, Vorname und Geburt",
                "family name, given name and birth",
            ),
            "attributes" => self.pick(
                "Geburt, Geschlecht und Postleitzahl (wer darin übereinstimmt, zählt als eine Person)",
                "birth, sex and postal code (whoever agrees in these counts as one person)",
            ),
            _ => self.pick("noch nichts", "nothing yet"),
        }
    }

    /// Faults on lines of their own, at most `most`, then a count. They name places and rules, no values.
    #[must_use]
    pub fn faults(self, report: &Report, most: usize) -> Vec<String> {
        let note = self.pick("Hinweis", "note");
        let line = |fault: &Fault| fault.line(self.0);
        let refused = report.refused.iter().map(line);
        let noticed = report
            .notices
            .iter()
            .map(|fault| format!("{note}: {}", line(fault)));
        let all: Vec<String> = refused.chain(noticed).collect();
        let more = all.len().saturating_sub(most);
        let mut lines: Vec<String> = all.into_iter().take(most).collect();
        if more > 0 {
            lines.push(self.pick(
                format!("… und {more} weitere (alle mit --format json)"),
                format!("… and {more} more (all of them with --format json)"),
            ));
        }
        lines
    }

    /// What became of a list.
    #[must_use]
    pub fn figures_done(self, period: &str, outcome: &Outcome) -> Vec<String> {
        let mut lines: Vec<String> = outcome.kept.iter().map(|kept| self.kept(*kept)).collect();
        let revision = outcome.revision.as_ref().map(|revision| {
            let kind = self.kind(revision.kind.as_str());
            format!("Revision {} ({kind})", revision.number)
        });
        let revision = revision.unwrap_or_default();
        let closes = &outcome.closes_on;
        lines.push(match outcome.done {
            Done::Published => self.pick(
                format!("Veröffentlicht: {revision}; der Hub holt sie in der nächsten Nacht. Ansehen: calluna-node outbox --period {period}"),
                format!("Published: {revision}; the hub fetches it in the next night. Look at it: calluna-node outbox --period {period}"),
            ),
            Done::Proposed => self.pick(
                format!("{revision} wartet auf Ihre Freigabe; bis dahin verlässt nichts das Haus. Ansehen: calluna-node outbox --period {period} · Freigeben: calluna-node outbox approve --period {period}"),
                format!("{revision} waits for your release; until then nothing leaves. Look at it: calluna-node outbox --period {period} · Release it: calluna-node outbox approve --period {period}"),
            ),
            Done::Would => self.pick(
                format!("Veröffentlicht würde: {revision}"),
                format!("Would be published: {revision}"),
            ),
            Done::Nothing => self.pick(
                "Nichts Neues, das gezeigt werden darf; es bleibt bei dem, was veröffentlicht ist.".to_owned(),
                "Nothing new that may be shown; what is published stays as it is.".to_owned(),
            ),
            Done::Waits => self.pick(
                format!("Das Quartal ist vorbei. Bis zum Abschluss wird nichts mehr veröffentlicht, damit dann viele auf einmal dazukommen: importieren Sie die vollständige Liste ab {closes} noch einmal, oder jetzt mit --final. Nichts wurde geschrieben."),
                format!("The quarter is over. Until it is closed nothing more is published, so that many come in at once: import the complete list again from {closes} on, or now with --final. Nothing was written."),
            ),
        });
        if outcome.done != Done::Waits {
            lines.extend(self.waiting_persons(outcome.waiting));
        }
        for code in &outcome.reasons {
            lines.push(self.reason(code));
        }
        lines
    }

    /// How many persons are not in the figures as they are now.
    #[must_use]
    pub fn waiting_persons(self, waiting: u64) -> Option<String> {
        (waiting > 0).then(|| {
            self.pick(
                format!("Etwa {waiting} Personen (auf 10 gerundet) sind noch nicht oder nicht mit ihrem jetzigen Stand enthalten: einzelne Neue kämen sonst ans Licht. Sie folgen, sobald genügend andere dazukommen."),
                format!("About {waiting} persons (rounded to 10) are not in the figures yet, or not as they are now: single newcomers would come to light. They follow when enough others join them."),
            )
        })
    }

    /// Why something was held back.
    #[must_use]
    pub fn reason(self, code: &str) -> String {
        let text = match code {
            "few" => self.pick(
                "Zurückgehalten: bei einigen würde sich eine sichtbare Zahl um zu wenige Personen ändern.",
                "Held back: with some a number that can be seen would change by too few persons.",
            ),
            "changed" => self.pick(
                "Zurückgehalten: einige haben sich geändert oder sind nicht mehr in der Liste; das zeigt erst der Abschluss oder die nächste Berichtigung.",
                "Held back: some changed or are not in the list any more; the close or the next correction shows it.",
            ),
            "below" => self.pick(
                "Zurückgehalten: ohne einige fiele eine schon gezeigte Zahl unter die Schwelle.",
                "Held back: without some a number that was shown would fall below its threshold.",
            ),
            "not-proved" => self.pick(
                "Nichts veröffentlicht: es ließ sich nicht beweisen, dass die geschützten Zahlen geschützt bleiben.",
                "Nothing published: it could not be proved that the protected numbers stay protected.",
            ),
            "would-fall" => self.pick(
                "Nichts veröffentlicht: eine schon gezeigte Zahl fiele unter die Schwelle.",
                "Nothing published: a number that was shown would fall below its threshold.",
            ),
            "rules-kept" => self.pick(
                "Die Regeln dieses Quartals bleiben, wie sie bei der ersten Revision waren; geänderte gelten ab dem nächsten.",
                "The rules of this quarter stay as they were at its first revision; changed ones hold from the next one on.",
            ),
            other => other,
        };
        text.to_owned()
    }

    /// A kind of revision.
    #[must_use]
    pub fn kind(self, kind: &str) -> &'static str {
        match kind {
            "final" => self.pick("endgültig", "final"),
            "correction" => self.pick("Berichtigung", "correction"),
            _ => self.pick("vorläufig", "provisional"),
        }
    }

    /// Where a revision stands.
    #[must_use]
    pub fn stand(self, stand: Stand) -> &'static str {
        match stand {
            Stand::WaitsForRelease => self.pick(
                "wartet auf Freigabe, nichts davon hat das Haus verlassen",
                "waits for release, nothing of it has left",
            ),
            Stand::WillBeSent => self.pick(
                "wird in der nächsten Nacht abgeholt",
                "will be fetched in the next night",
            ),
            Stand::Accepted => self.pick("vom Hub angenommen", "accepted by the hub"),
            Stand::Refused => self.pick("vom Hub abgelehnt", "refused by the hub"),
            Stand::NotSent => self.pick("wird nicht gesendet", "is not sent"),
        }
    }

    /// Numbers of a revision by what is shown of them.
    #[must_use]
    pub fn shown_counts(self, counts: Counts) -> String {
        let Counts {
            shown,
            hidden,
            structural,
            left_out,
        } = counts;
        self.pick(
            format!("{shown} Zahlen gezeigt, {hidden} geschützt, {structural} ohne Angebot, {left_out} ausgelassen"),
            format!("{shown} numbers shown, {hidden} protected, {structural} without an offer, {left_out} left out"),
        )
    }

    /// What was done with a period in passing.
    #[must_use]
    pub fn kept(self, kept: Kept) -> String {
        match kept {
            Kept::Forgotten(period) => self.pick(
                format!("{period}: alles über Personen wurde vergessen, die Frist ist um; das Veröffentlichte bleibt."),
                format!("{period}: everything about persons was forgotten, its time is over; what was published stays."),
            ),
            Kept::Sealed(period, reason) => {
                let why = self.sealed(reason);
                self.pick(
                    format!("{period} ist beim veröffentlichten Stand abgeschlossen: {why}."),
                    format!("{period} is closed for good at what was published: {why}."),
                )
            }
        }
    }

    /// Why a period is closed for good.
    #[must_use]
    pub fn sealed(self, code: &str) -> &'static str {
        match (self.0, code) {
            (Language::De, sealed::SECRET) => {
                "das Geheimnis des Knotens ging verloren, Personen lassen sich nicht wiedererkennen, und nichts mehr könnte sicher gezeigt werden"
            }
            (Language::De, sealed::DIVERGED) => {
                "der Hub hat Zahlen, die dieser Knoten nicht kennt, und nichts mehr könnte sicher gezeigt werden"
            }
            (Language::De, sealed::RESTORED) => {
                "der Knoten wurde aus einer Sicherung wiederhergestellt, die nichts über Personen enthält, und nichts mehr könnte sicher gezeigt werden"
            }
            (Language::De, _) => "nichts mehr könnte sicher gezeigt werden",
            (Language::En, _) => sealed_en(code),
        }
    }

    /// What protects the memory of an import.
    #[must_use]
    pub fn shelter(self, shelter: Shelter) -> Vec<&'static str> {
        vec![
            if shelter.no_core_dump {
                self.pick(
                    "Dieser Vorgang schreibt keinen Speicherauszug.",
                    "This process writes no core dump.",
                )
            } else {
                self.pick(
                    "Das System verbietet nicht, dass dieser Vorgang einen Speicherauszug schreibt.",
                    "The system does not keep this process from writing a core dump.",
                )
            },
            if shelter.locked {
                self.pick(
                    "Sein Speicher wird nicht ausgelagert.",
                    "Its memory is not swapped out.",
                )
            } else {
                self.pick(
                    "Sein Speicher lässt sich ohne mehr Rechte nicht vor dem Auslagern schützen (ulimit -l); eine verschlüsselte Auslagerungsdatei hilft.",
                    "Its memory cannot be kept from swapping without more rights (ulimit -l); encrypted swap helps.",
                )
            },
        ]
    }

    /// How a period stands, on one line, and what to do on others.
    #[must_use]
    pub fn standing(self, standing: &Standing) -> String {
        let Standing {
            period,
            newest,
            waiting,
            accepted,
            ..
        } = standing;
        if !standing.fault.is_empty() {
            return format!("{period} · {}", safe(&standing.fault));
        }
        let mut parts = vec![period.clone()];
        parts.push(if *newest == 0 {
            self.pick("nichts veröffentlicht", "nothing published")
                .to_owned()
        } else {
            let kind = self.kind(&standing.kind);
            format!("Revision {newest} ({kind})")
        });
        if *newest > 0 {
            parts.push(match (*accepted >= *newest, *accepted) {
                (true, _) => self
                    .pick("vom Hub angenommen", "accepted by the hub")
                    .to_owned(),
                (false, 0) => self
                    .pick("noch nicht abgeholt", "not fetched yet")
                    .to_owned(),
                (false, accepted) => self.pick(
                    format!("vom Hub angenommen bis {accepted}"),
                    format!("accepted by the hub up to {accepted}"),
                ),
            });
        }
        if *waiting > 0 {
            parts.push(self.pick(
                format!("etwa {waiting} Personen warten"),
                format!("about {waiting} persons wait"),
            ));
        }
        if let Some(at) = standing.proposed_at {
            parts.push(self.pick(
                format!("wartet seit {at} auf Freigabe (calluna-node outbox)"),
                format!("waits for release since {at} (calluna-node outbox)"),
            ));
        }
        if let Some(at) = standing.forgotten_at {
            parts.push(self.pick(
                format!("Personen vergessen am {at}"),
                format!("persons forgotten on {at}"),
            ));
        }
        if !standing.sealed.is_empty() {
            let why = self.sealed(&standing.sealed);
            parts.push(self.pick(
                format!("abgeschlossen: {why}"),
                format!("closed for good: {why}"),
            ));
        }
        if standing.refused > 0 {
            let (number, why) = (standing.refused, safe(&standing.reason));
            parts.push(self.pick(
                format!("Revision {number} abgelehnt: {why}"),
                format!("revision {number} refused: {why}"),
            ));
        }
        parts.join(" · ")
    }

    /// Why figures cannot be read, made or published.
    #[must_use]
    pub fn figures_error(self, error: &FiguresError) -> String {
        match self.0 {
            Language::De => german(error),
            Language::En => error.to_string(),
        }
    }
}

fn german(error: &FiguresError) -> String {
    let words = Words(Language::De);
    match error {
        FiguresError::File(error) => trouble::file(error),
        FiguresError::Region(_) | FiguresError::Subjects(_) => {
            format!("eine Datei aus [figures] von node.toml ist nicht brauchbar: {error}")
        }
        FiguresError::NoSecret { path } => format!(
            "{} enthält nicht das Geheimnis des Knotens (32 Byte); bitte beiseitelegen: die offenen Quartale sind dann abgeschlossen, neue gehen weiter",
            path.display()
        ),
        FiguresError::Damaged { path } => format!(
            "{} ist beschädigt: von diesem Quartal wird nichts gesendet, und dafür kann nichts importiert werden; bitte die Datei von einer Kopie dieser Platte zurücklegen, oder sie beiseitelegen und das Quartal lassen, wie es veröffentlicht ist",
            path.display()
        ),
        FiguresError::TooLarge => {
            "die Zahlen eines Quartals sind größer, als eine Datei davon sein kann; bitte melden"
                .to_owned()
        }
        FiguresError::NoSuchPeriod { period } => {
            format!("zu {period} gibt es keine Zahlen; was es gibt, zeigt: calluna-node outbox")
        }
        FiguresError::Future { period } => {
            format!("{period} hat noch nicht begonnen; bitte --period prüfen")
        }
        FiguresError::StillRuns { period, last } => format!(
            "{period} läuft noch bis {last}; --final schließt ein Quartal ab, das vorbei ist"
        ),
        FiguresError::Sealed { period, reason } => format!(
            "{period} ist beim veröffentlichten Stand abgeschlossen: {}",
            words.sealed(reason)
        ),
        FiguresError::Forgotten { period, at } => format!(
            "{period} kann nicht mehr berichtigt werden: alles über Personen wurde am {at} vergessen; das Veröffentlichte bleibt"
        ),
        FiguresError::OtherLayout { period } => format!(
            "die Zahlen von {period} wurden mit anderen Gemeinden, Fachgebieten oder Tabellen begonnen; bitte [figures] in node.toml lassen, wie es war, bis das Quartal abgeschlossen ist"
        ),
        FiguresError::OtherBasis {
            period,
            before,
            now,
        } => format!(
            "in den früheren Listen von {period} unterschied Personen: {}; in dieser: {}. So würde niemand wiedererkannt. Bitte dieselben Spalten exportieren wie zuvor, oder [defaults] identity in der Zuordnungsdatei setzen",
            words.basis(before),
            words.basis(now)
        ),
        FiguresError::Strangers { period } => format!(
            "die meisten Personen der früheren Listen von {period} fehlen in dieser; es muss die vollständige Liste des Quartals sein, und Personen müssen nummeriert sein wie zuvor: bitte die Datei prüfen oder mit --yes bestätigen"
        ),
        FiguresError::UnknownOffers { period } => format!(
            "die meisten Anmeldungen der Liste für {period} nennen Angebote, die dieser Knoten nicht kennt; kaum eine zählte in einem Fachgebiet. Bitte zuerst die Angebote importieren (calluna-node import) oder mit --mapping die richtige Spalte angeben; sonst mit --yes bestätigen"
        ),
        FiguresError::List(fault) => fault.line(Language::De),
        FiguresError::NothingWaits { period } => {
            format!("von {period} wartet nichts auf Freigabe")
        }
        FiguresError::Ledger { period, reason } => {
            format!("die Zahlen von {period} sind nicht brauchbar: {reason}")
        }
    }
}
