//! `quality.json`, `quality.md`: who delivered, until when, what is missing, what is not in it yet.

use serde::Serialize;

use super::figures::Period;
use crate::about::Words;
use crate::input::{Input, Provider};

/// Quality notes of a release.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Quality {
    /// When they were written; left out where dates do not count.
    built_at: Option<String>,
    providers: Vec<ProviderNote>,
    limits: Vec<Words>,
}

#[derive(Clone, Debug, Serialize)]
struct ProviderNote {
    provider: String,
    name: String,
    /// `member`, `revoked`, `withdrawn`.
    standing: &'static str,
    /// When the hub last agreed with its node.
    agreed: Option<String>,
    /// Whether it ever did.
    ever_agreed: bool,
    /// What told persons apart; nothing when not known.
    persons_told_apart_by: Option<String>,
    periods: Vec<PeriodLine>,
    /// Periods of the release that it has nothing of.
    missing: Vec<String>,
    /// Periods that it delivered for other cells than the district's tables have.
    not_placed: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct PeriodLine {
    period: String,
    kind: &'static str,
    revision: u32,
    /// Persons whose registration is not in it yet, rounded to 10: the known error.
    waiting: u64,
    /// Tables of which something is left out because it could not be protected.
    coarsened: Vec<String>,
}

/// The notes.
pub(crate) fn quality(input: &Input<'_>, periods: &[Period]) -> Quality {
    let note = |provider: &Provider| {
        let id = provider.id.as_str();
        let mut lines = Vec::new();
        let mut missing = Vec::new();
        let mut not_placed = Vec::new();
        for period in periods {
            let name = period.period.to_string();
            let found = period.delivered.iter().find(|known| known.provider == id);
            if let Some(delivered) = found {
                let here = |left: &&crate::release::LeftOut| left.provider == id;
                let tables = period.left_out.iter().filter(here);
                lines.push(PeriodLine {
                    period: name,
                    kind: delivered.kind.as_str(),
                    revision: delivered.revision,
                    waiting: delivered.waiting,
                    coarsened: tables.map(|left| left.table.clone()).collect(),
                });
            } else if period.unplaced.contains(&provider.id) {
                not_placed.push(name);
            } else {
                missing.push(name);
            }
        }
        ProviderNote {
            provider: id.to_owned(),
            name: provider.name.clone(),
            standing: provider.standing.as_str(),
            agreed: provider.agreed.map(|moment| moment.to_string()),
            ever_agreed: provider.agreed.is_some(),
            persons_told_apart_by: provider.told_apart.clone(),
            periods: lines,
            missing,
            not_placed,
        }
    };
    Quality {
        built_at: Some(input.now.to_string()),
        providers: super::sorted(input.providers)
            .into_iter()
            .map(note)
            .collect(),
        limits: input.limits.to_vec(),
    }
}

impl Quality {
    /// The file for programs.
    pub(crate) fn json(&self) -> String {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        format!("{text}\n")
    }

    /// The same, but what changes with every night.
    pub(crate) fn without_dates(&self) -> Self {
        let mut out = self.clone();
        out.built_at = None;
        for provider in &mut out.providers {
            provider.agreed = None;
        }
        out
    }

    /// The file for people, German first.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        for german in [true, false] {
            let pick = |de: &'static str, en: &'static str| if german { de } else { en };
            out += pick("# Hinweise zur Qualität\n\n", "# Quality notes\n\n");
            out += pick(
                "| Anbieter | Stand | zuletzt abgeglichen | geliefert | es fehlt | noch nicht enthalten (Personen, auf 10 gerundet) | Personen unterschieden nach |\n",
                "| provider | standing | last agreed | delivered | missing | not in it yet (persons, rounded to 10) | persons told apart by |\n",
            );
            out += "|---|---|---|---|---|---|---|\n";
            for provider in &self.providers {
                let list = |items: Vec<String>| {
                    if items.is_empty() {
                        "-".to_owned()
                    } else {
                        items.join(", ")
                    }
                };
                let delivered = provider.periods.iter().map(|line| {
                    let coarse = match line.coarsened.len() {
                        0 => String::new(),
                        found => format!(
                            "; {} {found}",
                            pick("vergröberte Tabellen:", "tables made coarser:")
                        ),
                    };
                    format!("{} ({}{coarse})", line.period, line.kind)
                });
                let waiting = provider.periods.iter().filter(|line| line.waiting > 0);
                let waiting = waiting.map(|line| format!("{}: {}", line.period, line.waiting));
                let missing =
                    provider
                        .missing
                        .iter()
                        .cloned()
                        .chain(provider.not_placed.iter().map(|period| {
                            format!(
                                "{period} {}",
                                pick(
                                    "(andere Tabellen als der Kreis)",
                                    "(other tables than the district)"
                                )
                            )
                        }));
                let cells = [
                    format!(
                        "{} (`{}`)",
                        provider.name.replace('|', "\\|"),
                        provider.provider
                    ),
                    provider.standing.to_owned(),
                    provider
                        .agreed
                        .clone()
                        .unwrap_or_else(|| pick("nie", "never").to_owned()),
                    list(delivered.collect()),
                    list(missing.collect()),
                    list(waiting.collect()),
                    provider
                        .persons_told_apart_by
                        .clone()
                        .unwrap_or_else(|| pick("nicht bekannt", "not known").to_owned()),
                ];
                out += &format!("| {} |\n", cells.join(" | "));
            }
            out.push('\n');
            out += pick(
                "Ein Anbieter, dem ein Zeitraum fehlt, zählt dort nicht mit: die Summe des Kreises ist die der Anbieter, die geliefert haben.\n\n",
                "A provider that lacks a period does not count in it: the district's total is that of the providers that delivered.\n\n",
            );
            for limit in &self.limits {
                out += &format!("- {}\n", if german { &limit.de } else { &limit.en });
            }
            if !self.limits.is_empty() {
                out.push('\n');
            }
        }
        out
    }
}
