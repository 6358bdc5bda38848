//! What is decided about the daemon, its connection, and the last night.

use calluna_host::check::Finding;
use calluna_model::clock::Moment;
use calluna_model::outcome::Outcome;

use crate::link::LinkInfo;
use crate::text::Words;

/// Without a night for longer than this, somebody should look (36 hours: one night was missed).
pub(super) const NIGHT_WARNING: i64 = 36 * 3_600;
/// Without a night for longer than this, the catalogue at the hub is out of date (7 days).
pub(super) const NIGHT_FAILURE: i64 = 7 * 86_400;

/// What is known of the daemon and of nights.
#[derive(Clone, Debug, Default)]
pub(super) struct NightFacts {
    /// Whether the daemon runs; otherwise all that is known lies in the store.
    pub(super) running: bool,
    /// Its connection.
    pub(super) link: Option<LinkInfo>,
    /// When the hub last asked since the daemon started.
    pub(super) asked_at: Option<Moment>,
    /// The newest receipt.
    pub(super) receipt: Option<(Moment, Outcome)>,
}

pub(super) fn findings(words: Words, facts: &NightFacts, now: Moment) -> Vec<Finding> {
    let mut findings = vec![daemon(words, facts)];
    findings.extend(facts.link.as_ref().map(|link| connection(words, link)));
    findings.push(night(words, facts, now));
    findings.extend(
        facts
            .receipt
            .map(|(at, outcome)| receipt(words, at, outcome)),
    );
    findings
}

fn daemon(words: Words, facts: &NightFacts) -> Finding {
    if facts.running {
        return Finding::ok("daemon", words.pick("der Dienst läuft", "the daemon runs"));
    }
    Finding::warning(
        "daemon",
        words.pick(
            "der Dienst läuft nicht: der Hub kann nichts abholen",
            "the daemon does not run: the hub cannot fetch anything",
        ),
        words.pick(
            "bitte starten: calluna-node serve (oder der Dienst des Systems)",
            "start it: calluna-node serve (or the system's service)",
        ),
    )
}

fn connection(words: Words, link: &LinkInfo) -> Finding {
    let address = &link.address;
    if let Some(since) = link.connected_since {
        return Finding::ok(
            "link",
            words.pick(
                format!("mit dem Hub verbunden seit {since} ({address})"),
                format!("connected with the hub since {since} ({address})"),
            ),
        );
    }
    let why = if link.last_error.is_empty() {
        String::new()
    } else {
        format!(" ({})", link.last_error)
    };
    Finding::warning(
        "link",
        words.pick(
            format!("der Dienst hat keine Verbindung mit dem Hub{why}, {} Versuche", link.attempts),
            format!("the daemon has no connection with the hub{why}, {} attempts", link.attempts),
        ),
        words.pick("die Befunde unter „Hub“ sagen, woran es liegt; kommt das Zertifikat nicht an, bitte beim Landkreis fragen", "the findings on the hub say why; if the certificate is refused, ask the district office"),
    )
}

/// A night without changes leaves no receipt: a daemon that was restarted since does not know of it.
fn night(words: Words, facts: &NightFacts, now: Moment) -> Finding {
    let receipt = facts.receipt.map(|(at, _)| at);
    let Some(last) = facts.asked_at.max(receipt) else {
        return Finding::note(
            "night",
            words.pick("wann der Hub zuletzt etwas abholte, ist unbekannt: noch nie, soweit dieser Knoten weiß", "when the hub last fetched is unknown: never, as far as this node knows"),
        );
    };
    let what = words.pick(
        format!("der Hub hat zuletzt am {last} abgefragt"),
        format!("the hub last asked on {last}"),
    );
    let age = now.since(last);
    let ask = words.pick(
        "bitte beim Landkreis fragen, ob der Hub seine Nächte hält, und die Befunde unter „Hub“ beachten",
        "ask the district office whether the hub holds its nights, and look at the findings on the hub",
    );
    if age <= NIGHT_WARNING {
        return Finding::ok("night", what);
    }
    if facts.asked_at.is_none() && facts.running {
        let what = words.pick(
            format!("{what}; seit dem Start des Dienstes noch nicht, und eine Nacht ohne Änderungen hinterlässt keine Quittung"),
            format!("{what}; not since the daemon started, and a night without changes leaves no receipt"),
        );
        return Finding::warning("night", what, ask);
    }
    if age > NIGHT_FAILURE {
        Finding::failure("night", what, ask)
    } else {
        Finding::warning("night", what, ask)
    }
}

fn receipt(words: Words, at: Moment, outcome: Outcome) -> Finding {
    let what = words.pick(
        format!("letzte Quittung: {at}, {outcome}"),
        format!("last receipt: {at}, {outcome}"),
    );
    if outcome.agreed() {
        return Finding::ok("receipt", what);
    }
    let look = words.pick(
        "mehr sagt: calluna-node status",
        "more is told by: calluna-node status",
    );
    Finding::warning("receipt", what, look)
}
