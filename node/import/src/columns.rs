//! Which names a column may have: `data/columns.csv`.

use std::sync::LazyLock;

use calluna_tabular::mapping::fold;

/// Stands as the target of columns about persons.
const PERSONAL: &str = "-";

/// The beginnings of names under which contact persons are exported, whatever follows.
const PERSONAL_BEGINNINGS: [&str; 5] =
    ["kontakt", "dozent", "kursleit", "ansprechp", "mitarbeiter"];
/// Columns that begin so and are about an office.
const OFFICE: [&str; 2] = ["kontaktseite", "kontakturl"];

static NAMES: LazyLock<Vec<(&'static str, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("../data/columns.csv").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .collect()
});

/// Targets with the names of their columns, for a guess.
pub(crate) fn known() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut out: Vec<(&str, Vec<&str>)> = Vec::new();
    for (target, name) in NAMES.iter().filter(|(target, _)| *target != PERSONAL) {
        match out.iter_mut().find(|(known, _)| known == target) {
            Some((_, names)) => names.push(name),
            None => out.push((target, vec![name])),
        }
    }
    out
}

/// Whether a column is about a person.
pub(crate) fn is_personal(column: &str) -> bool {
    let folded = fold(column);
    if OFFICE.contains(&folded.as_str()) {
        return false;
    }
    PERSONAL_BEGINNINGS
        .iter()
        .any(|begins| folded.starts_with(begins))
        || NAMES
            .iter()
            .any(|(target, name)| *target == PERSONAL && fold(name) == folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_things() {
        let mut seen = std::collections::HashMap::new();
        for (target, name) in NAMES.iter() {
            let before = seen.insert(fold(name), target);
            assert!(
                before.is_none_or(|before| before == target),
                "{name}: {before:?} and {target}"
            );
        }
        assert!(seen.len() > 150);
    }

    #[test]
    fn inv1_columns_about_persons_are_recognised() {
        for column in [
            "Dozent*in",
            "KONTAKT_TEL",
            "kontakt_sonstwas",
            "Kursleitung",
            "Telefon (privat)",
            "E-Mail",
        ] {
            assert!(is_personal(column), "{column}");
        }
        for column in ["Titel", "Kontaktseite", "Teilnahmegebühr", "Max Teilnehmer"] {
            assert!(!is_personal(column), "{column}");
        }
    }
}
