//! The outbox in words: what a data-protection officer reads before anything leaves.

use calluna_host::out::safe;
use calluna_model::text::Language;

use super::Words;
use crate::figures::outbox::{CellOut, Outbox, PeriodOut, RevisionOut, TableOut, ValueOut};

/// Widest words of a cell before its numbers, in characters.
const WIDEST: usize = 60;

impl Words {
    /// Everything that leaves or has left.
    #[must_use]
    pub fn outbox(self, outbox: &Outbox) -> String {
        if outbox.periods.is_empty() {
            return self
                .pick(
                    "Es gibt keine Teilnahmezahlen: nichts davon hat das Haus verlassen.",
                    "There are no participation figures: nothing of them has left.",
                )
                .to_owned();
        }
        let periods: Vec<String> = outbox.periods.iter().map(|one| self.period(one)).collect();
        periods.join("\n\n")
    }

    fn period(self, period: &PeriodOut) -> String {
        let mut lines = vec![period.period.clone()];
        if !period.fault.is_empty() {
            lines.push(format!("  {}", safe(&period.fault)));
            return lines.join("\n");
        }
        if let Some(at) = period.imported_at {
            let basis = self.basis(&period.basis);
            lines.push(self.pick(
                format!("  Liste zuletzt importiert am {at}; Personen unterschied {basis}"),
                format!("  list last imported on {at}; persons were told apart by {basis}"),
            ));
        }
        lines.extend(
            self.waiting_persons(period.waiting)
                .map(|text| format!("  {text}")),
        );
        lines.extend(
            period
                .reasons
                .iter()
                .map(|code| format!("  {}", self.reason(code))),
        );
        lines.push(format!("  {}", self.memory(period)));
        if !period.hub.reason.is_empty() {
            let (number, why) = (period.hub.refused, safe(&period.hub.reason));
            lines.push(self.pick(
                format!("  Der Hub hat Revision {number} abgelehnt: {why}"),
                format!("  The hub has refused revision {number}: {why}"),
            ));
        }
        for revision in period.proposal.iter().chain(&period.revisions) {
            lines.push(String::new());
            lines.extend(
                self.revision(revision)
                    .into_iter()
                    .map(|line| format!("  {line}")),
            );
        }
        let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
        lines.join("\n")
    }

    /// What is kept about persons, and how long.
    fn memory(self, period: &PeriodOut) -> String {
        if let Some(at) = period.forgotten_at {
            return self.pick(
                format!("Alles über Personen wurde am {at} vergessen; berichtigt werden kann nichts mehr."),
                format!("Everything about persons was forgotten on {at}; nothing can be corrected any more."),
            );
        }
        if !period.sealed.is_empty() {
            let why = self.sealed(&period.sealed);
            return self.pick(
                format!("Beim veröffentlichten Stand abgeschlossen: {why}."),
                format!("Closed for good at what was published: {why}."),
            );
        }
        let on = &period.forgotten_on;
        self.pick(
            format!("Verschlüsselte Kennungen von Personen liegen nur in diesem Haus und werden ab {on} vergessen."),
            format!("Keyed hashes of persons lie in this house only and are forgotten from {on} on."),
        )
    }

    /// One revision, with its tables.
    #[must_use]
    pub fn revision(self, revision: &RevisionOut) -> Vec<String> {
        let kind = self.kind(revision.kind);
        let (number, at) = (revision.number, revision.at);
        let stand = self.stand(revision.stand);
        let rules = &revision.rules;
        let sensitive = rules.sensitive.join(", ");
        let (least, more, batch) = (rules.threshold, rules.sensitive_threshold, rules.batch);
        let waiting = revision.waiting;
        let mut lines = vec![
            format!("Revision {number} ({kind}), {at}: {stand}"),
            self.pick(
                format!("  Prüfsumme {}", revision.digest),
                format!("  digest {}", revision.digest),
            ),
            self.pick(
                format!("  Regeln: unter {least} Personen geschützt, in den Bereichen {sensitive} unter {more}; Änderungen nur in Gruppen ab {batch}"),
                format!("  rules: fewer than {least} persons protected, in subjects {sensitive} fewer than {more}; changes only in groups of at least {batch}"),
            ),
            self.pick(
                format!("  mitgeteilter Fehler: etwa {waiting} Personen fehlen oder sind nicht auf dem letzten Stand"),
                format!("  stated error: about {waiting} persons are missing or not as they were last"),
            ),
            format!("  {}", self.shown_counts(revision.counts)),
        ];
        if revision.tables.is_empty() {
            lines.push(self.pick(
                "  (Tabellen: --all; bei anderen Gemeinden oder Tabellen als heute nur die Prüfsumme)".to_owned(),
                "  (tables: --all; with other municipalities or tables than today only the digest)".to_owned(),
            ));
        }
        for table in &revision.tables {
            lines.push(String::new());
            lines.extend(
                self.table(table)
                    .into_iter()
                    .map(|line| format!("  {line}")),
            );
        }
        lines
    }

    fn table(self, table: &TableOut) -> Vec<String> {
        let title = self.pick(table.de, table.en);
        let mut lines = vec![format!(
            "{title} [{}: {}]",
            table.id,
            table.measures.join(", ")
        )];
        let shown: Vec<&CellOut> = table
            .cells
            .iter()
            .filter(|cell| cell.values.iter().any(|value| !is_structural(*value)))
            .collect();
        let label = |cell: &CellOut| {
            let words = match self.0 {
                Language::De => &cell.de,
                Language::En => &cell.en,
            };
            words.join(" · ")
        };
        let width = shown.iter().map(|cell| label(cell).chars().count()).max();
        let width = width.unwrap_or_default().min(WIDEST);
        for cell in &shown {
            let values: Vec<String> = cell.values.iter().map(|value| self.value(*value)).collect();
            lines.push(format!(
                "  {:<width$}  {}",
                safe(&label(cell)),
                values.join("  ")
            ));
        }
        let empty = table.cells.len() - shown.len();
        if empty > 0 {
            lines.push(self.pick(
                format!("  {empty} weitere Zeilen sind 0, weil es dazu kein Angebot gibt"),
                format!("  {empty} more rows are 0, because nothing of the kind is offered"),
            ));
        }
        lines
    }

    fn value(self, value: ValueOut) -> String {
        match value {
            ValueOut::Number(number) => number.to_string(),
            ValueOut::Word("protected") => self.pick("geschützt", "protected").to_owned(),
            ValueOut::Word("structural-zero") => "–".to_owned(),
            ValueOut::Word(_) => self.pick("ausgelassen", "left out").to_owned(),
        }
    }
}

fn is_structural(value: ValueOut) -> bool {
    value == ValueOut::Word("structural-zero")
}
