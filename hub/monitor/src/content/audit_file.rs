//! `audit.json`: the rules, the hashes of all tables, and what the proof of protection found.

use serde_json::json;

use crate::dataset::FileEntry;
use crate::evidence::Line;
use crate::input::Input;
use crate::release::PeriodNote;

/// Every proof; with run times or without.
pub(crate) fn proofs(input: &Input<'_>, with_times: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = input.evidence.proofs.iter().map(Line::from).collect();
    lines.sort_by(|a, b| (&a.period, &a.provider).cmp(&(&b.period, &b.provider)));
    if !with_times {
        lines.iter_mut().for_each(|line| line.milliseconds = 0);
    }
    lines
}

/// The text of `audit.json`.
pub(crate) fn audit_file(input: &Input<'_>, periods: &[PeriodNote], files: &[FileEntry]) -> String {
    let evidence = input.evidence;
    let lines = proofs(input, true);
    let sum = |of: fn(&Line) -> u64| lines.iter().map(of).sum::<u64>();
    // What is published and nobody proved: a reader must see that at once.
    let unproved: Vec<_> = periods
        .iter()
        .flat_map(|period| period.providers.iter().map(move |known| (period, known)))
        .filter(|(_, known)| !lines.iter().any(|line| line.digest == known.digest && line.provider == known.provider))
        .map(|(period, known)| json!({"period": period.period, "provider": known.provider, "digest": known.digest}))
        .collect();
    let tables: Vec<_> = files
        .iter()
        .filter(|file| file.name.starts_with("figures/"))
        .collect();
    let whole = json!({
        "prover": evidence.prover,
        "rules": evidence.rules,
        "least_rules": input.least,
        "width": evidence.width,
        "totals": {
            "numbers": sum(|line| line.numbers),
            "hidden": sum(|line| line.hidden),
            "minimum_width": lines.iter().filter_map(|line| line.minimum_width).min(),
            "exact": sum(|line| line.exact),
            "narrower": sum(|line| line.narrower),
            "milliseconds": sum(|line| line.milliseconds),
        },
        "proofs": lines,
        "unproved": unproved,
        "tables": tables,
    });
    format!("{whole:#}\n")
}
