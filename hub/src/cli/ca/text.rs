//! `ca` in words.

use calluna_host::out;
use calluna_model::id::ProviderId;

use crate::ca::{Act, CaDocument, Done};
use crate::trust::Phase;

/// How it stands.
pub(super) fn status(status: &CaDocument) -> String {
    let mut lines = vec![phase(status)];
    for authority in &status.authorities {
        let below = if authority.root_offline {
            format!(
                "intermediate until {}, root offline, ",
                out::day(authority.not_after)
            )
        } else {
            String::new()
        };
        lines.push(format!(
            "{}: {}, {below}root until {}, {}",
            authority.part,
            out::safe(&authority.name),
            out::day(authority.root_not_after),
            authority.fingerprint
        ));
    }
    lines.push(match (status.key_encrypted, status.can_issue) {
        (true, true) => format!("key: encrypted, passphrase from {}", status.passphrase_from),
        (true, false) => "key: encrypted, and it cannot be opened".to_owned(),
        (false, _) => "key: not encrypted (calluna-hub ca seal encrypts it)".to_owned(),
    });
    lines.push(match &status.revocations {
        Some(list) => format!(
            "revocation list: number {}, {} certificates, next one by {}",
            list.number,
            list.certificates,
            out::day(list.next_update)
        ),
        None => "revocation list: none yet; it is made while the hub runs".to_owned(),
    });
    if !status.waits_for.is_empty() {
        lines.push(format!("waits for: {}", names(&status.waits_for)));
    }
    let warnings = status.warnings.iter();
    lines.extend(warnings.map(|warning| format!("! {}", out::safe(warning))));
    lines.join("\n")
}

fn phase(status: &CaDocument) -> String {
    let since = status
        .since
        .map_or_else(String::new, |at| format!(" (since {})", out::day(at)));
    let phase = match status.phase {
        Phase::Settled => "one authority; nothing is being replaced",
        Phase::Introduced => {
            "the next authority is introduced: nodes are told to trust it, the present one issues still"
        }
        Phase::Switched => {
            "the new authority issues: nodes renew their certificates, the old one is trusted still"
        }
    };
    format!("{phase}{since}")
}

/// What was done, and how it stands now.
pub(super) fn done(act: Act, done: &Done) -> String {
    let mut lines = vec![
        match act {
            Act::Status => "",
            Act::Introduce => {
                "Introduced. The switch follows by itself when all nodes know the new authority."
            }
            Act::Switch => {
                "Switched. The old authority is retired by itself when no node needs it any more."
            }
            Act::Retire => "Retired. The old authority is trusted by nobody any more.",
        }
        .to_owned(),
    ];
    if !done.passed_over.is_empty() {
        let who = names(&done.passed_over);
        lines.push(match act {
            Act::Retire => format!("! these need a new invitation: {who}"),
            _ => format!("! not ready, and carried over when they come back: {who}"),
        });
    }
    lines.push(status(&done.status));
    lines.join("\n")
}

fn names(ids: &[ProviderId]) -> String {
    let names: Vec<&str> = ids.iter().map(ProviderId::as_str).collect();
    names.join(", ")
}
