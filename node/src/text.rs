//! What people at a node read, in German and English. Logs are English and do not come from here.

mod figures;
mod outbox;
pub(crate) mod trouble;

use calluna_certs::TokenError;
use calluna_model::failure::Reaction;
use calluna_model::finding::Finding;
use calluna_model::guard::Shrink;
use calluna_model::member::WrongPublicData;
use calluna_model::receipt::Receipt;
use calluna_model::text::Language;

use crate::intake::FileReport;
use crate::membership::JoinError;
use crate::publish::{Difference, PublishError};

/// Most findings that are shown one by one.
pub const FINDINGS: usize = 50;

/// The words of one language.
#[derive(Clone, Copy, Debug)]
pub struct Words(pub Language);

impl Words {
    /// One of two texts.
    #[must_use]
    pub fn pick<T>(self, german: T, english: T) -> T {
        match self.0 {
            Language::De => german,
            Language::En => english,
        }
    }

    /// `new 12 · changed 3 · unchanged 410 · removed 1 · refused 2`.
    #[must_use]
    pub fn difference(self, difference: &Difference, refused: u64) -> String {
        let Difference {
            added,
            changed,
            unchanged,
            removed,
            ..
        } = difference;
        self.pick(
            format!("neu {added} · geändert {changed} · unverändert {unchanged} · entfällt {removed} · abgelehnt {refused}"),
            format!("new {added} · changed {changed} · unchanged {unchanged} · removed {removed} · refused {refused}"),
        )
    }

    /// The changes that are shown one by one, and the ids that go.
    #[must_use]
    pub fn examples(self, difference: &Difference) -> Vec<String> {
        let mut lines = Vec::new();
        for example in &difference.examples {
            lines.push(format!("  {} {}", example.id, example.title));
            for field in &example.fields {
                lines.push(format!(
                    "    {}: `{}` → `{}`",
                    field.field, field.before, field.after
                ));
            }
        }
        for id in difference.removed_ids.iter().take(20) {
            lines.push(format!("  {id}: {}", self.pick("entfällt", "removed")));
        }
        let more = difference.removed.saturating_sub(20);
        if more > 0 {
            lines.push(self.pick(
                format!("  … und {more} weitere entfallen"),
                format!("  … and {more} more are removed"),
            ));
        }
        lines
    }

    /// Findings of all files, at most `most`, then a count.
    #[must_use]
    pub fn findings(self, files: &[FileReport], most: usize) -> Vec<String> {
        let refused = files
            .iter()
            .flat_map(|file| &file.findings)
            .map(|finding| (finding, false));
        let warned = files
            .iter()
            .flat_map(|file| &file.warnings)
            .map(|finding| (finding, true));
        let all: Vec<_> = refused.chain(warned).collect();
        let mut lines: Vec<_> = all
            .iter()
            .take(most)
            .map(|(finding, warning)| self.finding(finding, *warning))
            .collect();
        if all.len() > most {
            let more = all.len() - most;
            lines.push(self.pick(
                format!("… und {more} weitere (alle mit --report json)"),
                format!("… and {more} more (all of them with --report json)"),
            ));
        }
        lines
    }

    /// One finding on one line.
    #[must_use]
    pub fn finding(self, finding: &Finding, warning: bool) -> String {
        let line = calluna_model::text::line(finding, self.0);
        if warning {
            format!("{}: {line}", self.pick("Hinweis", "note"))
        } else {
            line
        }
    }

    /// How many findings of a receipt are not shown: those beyond `shown`, and those that the hub
    /// could not send.
    #[must_use]
    pub fn more_findings(self, receipt: &Receipt, shown: usize) -> String {
        let more = receipt.findings.len().saturating_sub(shown);
        let unsent = receipt.findings_left_out;
        let mut text = String::new();
        if more > 0 {
            text.push_str(&self.pick(
                format!("\n… und {more} weitere (alle mit --format json)"),
                format!("\n… and {more} more (all of them with --format json)"),
            ));
        }
        if unsent > 0 {
            text.push_str(&self.pick(
                format!("\n… und {unsent} weitere, die nicht in die Quittung passten; nach dem Beheben der ersten kommen sie nach"),
                format!("\n… and {unsent} more that had no room in the receipt; they follow once the first ones are mended"),
            ));
        }
        text
    }

    /// The district has to approve the provider first.
    #[must_use]
    pub fn waiting(self) -> &'static str {
        self.pick(
            "Der Landkreis muss diesen Anbieter noch freigeben; bis dahin wird nichts abgeholt und nichts gezeigt.",
            "The district office still has to approve this provider; until then nothing is fetched or shown.",
        )
    }

    /// After a dry run.
    #[must_use]
    pub fn dry_run(self) -> &'static str {
        self.pick(
            "Probelauf: nichts wurde geändert",
            "dry run: nothing was changed",
        )
    }

    /// What the guard would say to the real thing.
    #[must_use]
    pub fn would_be_held(self, shrink: &Shrink) -> String {
        let Shrink { removed, before } = shrink;
        self.pick(
            format!("{removed} von {before} Angeboten würden entfallen: ohne --yes wird das nicht ausgeführt"),
            format!("{removed} of {before} offers would be removed: this is not done without --yes"),
        )
    }

    /// A publication that did not come about.
    #[must_use]
    pub fn publish_error(self, error: &PublishError) -> String {
        if self.0 == Language::En {
            return error.to_string();
        }
        match error {
            PublishError::WouldShrink(Shrink { removed, before }) => format!(
                "{removed} von {before} Angeboten würden entfallen; bitte die Datei prüfen oder mit --yes bestätigen. Nichts wurde geändert"
            ),
            PublishError::NothingAccepted { before } => format!(
                "die Liste enthält kein verwendbares Angebot und würde als vollständige Liste alle {before} entfernen; \
                 bitte die Datei prüfen oder mit --yes bestätigen. Nichts wurde geändert"
            ),
            PublishError::TooManyOffers { got } => format!(
                "es wären {got} Angebote, erlaubt sind höchstens {}; nichts wurde geändert",
                calluna_model::limit::OFFERS_PER_PROVIDER
            ),
            PublishError::Store(error) => trouble::store(error),
            other => other.to_string(),
        }
    }

    /// A join that did not come about.
    #[must_use]
    pub fn join_error(self, error: &JoinError) -> String {
        match (self.0, error) {
            (Language::De, JoinError::Token(token)) => german_token(token),
            (Language::De, JoinError::Unreachable { address, why }) => {
                format!("der Hub {address} ist nicht erreichbar: {why}")
            }
            (Language::De, JoinError::NotTheHub { address, why }) => {
                format!("keine sichere Verbindung mit dem Hub {address}: {why}")
            }
            (Language::De, JoinError::Refused { why, reaction }) => german_refusal(*reaction, why),
            (Language::De, JoinError::Dir(error)) => trouble::directory(error),
            (Language::De, JoinError::File(error)) => trouble::file(error),
            (Language::De, JoinError::Settings(error)) => trouble::settings(error),
            (Language::De, JoinError::Occupied { dir, whose, token }) => format!(
                "{} ist schon vergeben ({whose}), und der Einladungscode ist für {token}; \
                 bitte hinter --data ein anderes Verzeichnis angeben",
                dir.display()
            ),
            (Language::De, JoinError::Advertise { address }) => format!(
                "`{address}` kann der Hub nicht anrufen; bitte hinter --advertise host:port angeben, unter dem er diesen Knoten erreicht"
            ),
            (Language::De, JoinError::Public(wrong)) => german_public_data(wrong),
            (_, other) => other.to_string(),
        }
    }
}

fn german_public_data(wrong: &WrongPublicData) -> String {
    match wrong {
        WrongPublicData::Name => {
            "der Name hinter --name hat 1 bis 200 Zeichen ohne Steuerzeichen".to_owned()
        }
        WrongPublicData::Kind(_) => {
            "hinter --kind steht school, vhs, trainer, university, counselling oder other".to_owned()
        }
        WrongPublicData::Address => {
            "die Anschrift hinter --address ist eine Zeile mit höchstens 200 Zeichen ohne Steuerzeichen"
                .to_owned()
        }
        WrongPublicData::Website => {
            "die Website hinter --website beginnt mit http:// oder https:// und hat höchstens 2000 Zeichen, \
             etwa https://www.vhs.example"
                .to_owned()
        }
    }
}

/// The hub answers in English; what can be done about it is said first.
fn german_refusal(reaction: Reaction, why: &str) -> String {
    let what = match reaction {
        Reaction::Unauthenticated => {
            "der Hub kennt diesen Einladungscode nicht: Er ist von einem anderen Hub oder durch einen neueren ersetzt; \
             bitte den Code aus der neuesten Einladung nehmen oder beim Landkreis eine neue anfordern"
        }
        Reaction::NotYours => {
            "der Einladungscode gilt nicht mehr: Er wurde schon verwendet, zurückgezogen oder ist abgelaufen; \
             bitte beim Landkreis eine neue Einladung anfordern"
        }
        Reaction::ComeBackLater => {
            "der Hub kann gerade nicht antworten; bitte später noch einmal versuchen"
        }
        Reaction::TooMuch => {
            "zu viele falsche Einladungscodes; der richtige Code bleibt gültig, bitte zur genannten Zeit (Weltzeit) noch einmal versuchen"
        }
        _ => "der Hub hat abgelehnt; bitte beim Landkreis nachfragen",
    };
    format!("{what} (Antwort des Hubs: {why})")
}

fn german_token(error: &TokenError) -> String {
    match error {
        TokenError::NotAToken => {
            "das ist kein Einladungscode: er beginnt mit `cal1-`; bitte die ganze Zeile aus der Einladung kopieren".to_owned()
        }
        TokenError::CutOff { have, want } => format!(
            "der Einladungscode ist abgeschnitten: {have} Zeichen nach `cal1-`, nötig sind {want}; \
             bitte die ganze Zeile kopieren, auch wenn sie umbrochen ist"
        ),
        TokenError::Mistyped => {
            "der Einladungscode enthält einen Tippfehler: die Prüfsumme stimmt nicht; bitte noch einmal kopieren".to_owned()
        }
        TokenError::Expired { at, .. } => format!(
            "der Einladungscode ist am {at} abgelaufen; bitte beim Landkreis neu anfordern, oder die Uhr dieses Rechners prüfen"
        ),
        TokenError::Newer { version } => format!(
            "der Einladungscode hat die Fassung {version}, dieses Programm liest die Fassung 1; bitte das neueste calluna-node installieren"
        ),
        other => other.to_string(),
    }
}
