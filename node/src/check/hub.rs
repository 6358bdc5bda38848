//! What is decided about the way to the hub: name, port, who answers, whose clock is wrong.

use calluna_certs::tls::{Proof, Shown};
use calluna_host::check::{Finding, Level, skew_level};
use calluna_model::clock::Moment;
use calluna_probe::{Dns, Greeting, Reach, Tcp, Tls};
use calluna_wire::version;

use super::here::set_clock;
use crate::text::Words;

/// Variables that browsers and package managers take their proxy from.
pub(super) const PROXY_VARIABLES: [&str; 6] = [
    "https_proxy",
    "HTTPS_PROXY",
    "http_proxy",
    "HTTP_PROXY",
    "all_proxy",
    "ALL_PROXY",
];

/// A proxy is set: nobody who sees only a closed port would think of it.
pub(super) fn proxies(words: Words, set: &[&str]) -> Option<Finding> {
    let names = (!set.is_empty()).then(|| set.join(", "))?;
    Some(Finding::note(
        "proxy-environment",
        words.pick(
            format!("in der Umgebung ist ein Proxy eingetragen ({names}); Calluna benutzt ihn nicht und verbindet sich unmittelbar mit dem Hub"),
            format!("the environment names a proxy ({names}); Calluna does not use it and connects with the hub directly"),
        ),
    ))
}

/// Everything about the way, as far as it was gone.
pub(super) fn way(words: Words, reach: &Reach, now: Moment) -> Vec<Finding> {
    let mut findings = vec![dns(words, reach)];
    findings.extend(
        reach
            .tcp
            .as_ref()
            .map(|tcp| port(words, &reach.address, tcp)),
    );
    findings.extend(
        reach
            .tls
            .as_ref()
            .map(|seen| tls(words, &reach.address, seen)),
    );
    let greeting = reach.greeting.as_ref().and_then(|said| said.as_ref().ok());
    if let Some(Tls::Hub(shown)) = &reach.tls {
        findings.push(hub_certificate(words, shown, greeting, now));
    }
    match &reach.greeting {
        Some(Ok(greeting)) => findings.extend(greeted(words, greeting)),
        Some(Err(why)) => findings.push(Finding::warning(
            "hub-greets",
            words.pick(format!("der Hub ist da, sagt aber seine Uhrzeit nicht: {why}"), format!("the hub is there, but does not say what time it is: {why}")),
            words.pick("bitte später noch einmal versuchen; ein alter Hub kann es nicht: der Landkreis sollte ihn erneuern", "try again later; an old hub cannot do it: the district office should update it"),
        )),
        None => {}
    }
    findings
}

fn dns(words: Words, reach: &Reach) -> Finding {
    let address = &reach.address;
    let ask = words.pick(
        "bitte die Namensauflösung dieses Rechners prüfen (Netzwerk, DNS) und die Adresse `hub` in node.toml",
        "look at the name resolution of this machine (network, DNS), and at the address `hub` in node.toml",
    );
    match &reach.dns {
        Dns::NoAddress => Finding::failure(
            "dns",
            words.pick(
                format!("`{address}` ist keine Adresse der Form host:port"),
                format!("`{address}` is no address of the form host:port"),
            ),
            words.pick(
                "bitte `hub` in node.toml berichtigen",
                "correct `hub` in node.toml",
            ),
        ),
        Dns::Number => Finding::ok(
            "dns",
            words.pick(
                format!("{address} ist eine Nummer und braucht keine Namensauflösung"),
                format!("{address} is a number and needs no name resolution"),
            ),
        ),
        Dns::Known(found) => {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            let found = found.join(", ");
            Finding::ok(
                "dns",
                words.pick(
                    format!("{address} führt zu {found}"),
                    format!("{address} leads to {found}"),
                ),
            )
        }
        Dns::Unknown(why) => Finding::failure(
            "dns",
            words.pick(
                format!("den Namen in {address} kennt hier niemand ({why})"),
                format!("nobody here knows the name in {address} ({why})"),
            ),
            ask,
        ),
        Dns::Late => Finding::failure(
            "dns",
            words.pick(
                format!("auf die Frage nach dem Namen in {address} kam keine Antwort"),
                format!("no answer came to the question for the name in {address}"),
            ),
            ask,
        ),
    }
}

fn port(words: Words, address: &str, tcp: &Tcp) -> Finding {
    let failed = |german: String, english: String| {
        Finding::failure(
            "port",
            words.pick(german, english),
            words.pick(
                format!("bitte beim Landkreis fragen, ob der Hub läuft, und in der Firewall {address} nach außen (TCP) freigeben lassen"),
                format!("ask the district office whether the hub runs, and have {address} (TCP, outbound) opened in the firewall"),
            ),
        )
    };
    match tcp {
        Tcp::Open => Finding::ok(
            "port",
            words.pick(
                format!("{address} ist erreichbar"),
                format!("{address} can be reached"),
            ),
        ),
        Tcp::Refused => failed(
            format!(
                "unter {address} lauscht niemand: der Hub läuft nicht, oder der Port stimmt nicht"
            ),
            format!("nothing listens at {address}: the hub does not run, or the port is wrong"),
        ),
        Tcp::Late => failed(
            format!(
                "von {address} kam keine Antwort: vermutlich verschluckt eine Firewall die Verbindung"
            ),
            format!("no answer came from {address}: a firewall probably swallows the connection"),
        ),
        Tcp::NoWay => failed(
            format!("das Netz dieses Rechners hat keinen Weg zu {address}"),
            format!("the network of this machine has no way to {address}"),
        ),
        Tcp::Failed(why) => failed(
            format!("die Verbindung mit {address} misslang: {why}"),
            format!("the connection with {address} failed: {why}"),
        ),
    }
}

fn tls(words: Words, address: &str, seen: &Tls) -> Finding {
    let exempt = words.pick(
        format!("bitte {address} davon ausnehmen (die Verbindung ungeöffnet durchlassen)"),
        format!("have {address} exempted from it (let the connection through unopened)"),
    );
    match seen {
        Tls::Hub(_) => Finding::ok(
            "tls",
            words.pick("am anderen Ende ist der Hub; nichts dazwischen öffnet die Verschlüsselung", "the hub is at the other end; nothing in between opens the encryption"),
        ),
        Tls::NoProtocol(_) => Finding::failure(
            "tls",
            words.pick(
                format!("unter {address} antwortet jemand mit dem Zertifikat des Hubs, spricht aber nicht das Protokoll von Calluna (ALPN): ein Filter oder Proxy nimmt es heraus"),
                format!("somebody with the hub's certificate answers at {address}, but does not speak Calluna's protocol (ALPN): a filter or proxy takes it out"),
            ),
            exempt,
        ),
        Tls::Refused(shown) => stranger(words, address, shown, exempt),
        Tls::Nothing(why) => Finding::failure(
            "tls",
            words.pick(format!("mit {address} kam keine Verschlüsselung zustande ({why})"), format!("no encryption could be set up with {address} ({why})")),
            words.pick(
                format!("bitte Adresse und Port prüfen; steht ein Filter dazwischen, {address} davon ausnehmen"),
                format!("look whether address and port are right; if there is a filter in between, have {address} exempted from it"),
            ),
        ),
    }
}

/// Somebody else answered: a filter, or another member in the hub's place.
fn stranger(words: Words, address: &str, shown: &Shown, exempt: String) -> Finding {
    if let Proof::Other(whose) = &shown.proof {
        return Finding::failure(
            "tls",
            words.pick(
                format!("unter {address} antwortet nicht der Hub, sondern {whose}"),
                format!("not the hub answers at {address}, but {whose}"),
            ),
            words.pick(
                "bitte die Adresse `hub` in node.toml prüfen",
                "look at the address `hub` in node.toml",
            ),
        );
    }
    let (issuer, print) = (&shown.facts.issuer, shown.facts.fingerprint);
    Finding::failure(
        "tls",
        words.pick(
            format!("Zwischen Ihnen und dem Hub öffnet ein Filter die Verschlüsselung (Aussteller: {issuer}, Fingerabdruck {print})."),
            format!("Between you and the hub a filter opens the encryption (issuer: {issuer}, fingerprint {print})."),
        ),
        words.pick(
            format!("Bitte {address} davon ausnehmen. Steht kein Filter dazwischen, führt die Adresse zu einem anderen Hub: dann `hub` in node.toml prüfen"),
            format!("{exempt}; if there is none, the address leads to another hub: look at `hub` in node.toml"),
        ),
    )
}

/// Whether the hub's own certificate fits the day, or the clock here does not.
fn hub_certificate(
    words: Words,
    shown: &Shown,
    greeting: Option<&Greeting>,
    now: Moment,
) -> Finding {
    let (from, until) = (shown.facts.not_before, shown.facts.not_after);
    if shown.proof == Proof::Hub {
        return Finding::ok(
            "hub-certificate",
            words.pick(
                format!("das Zertifikat des Hubs gilt bis {until}"),
                format!("the hub's certificate is valid until {until}"),
            ),
        );
    }
    let really = greeting.map_or(now, |greeting| greeting.now);
    if now < from || (from..=until).contains(&really) {
        return Finding::failure(
            "hub-certificate",
            words.pick(
                format!("die Uhr dieses Rechners geht falsch: sie zeigt {now}, das Zertifikat des Hubs gilt von {from} bis {until}"),
                format!("the clock of this machine is wrong: it shows {now}, and the hub's certificate is valid from {from} to {until}"),
            ),
            set_clock(words),
        );
    }
    Finding::failure(
        "hub-certificate",
        words.pick(
            format!("das Zertifikat des Hubs ist am {until} abgelaufen"),
            format!("the hub's certificate expired on {until}"),
        ),
        words.pick(
            "bitte dem Landkreis Bescheid geben; auf dem Hub hilft: calluna-hub check",
            "tell the district office; on the hub `calluna-hub check` says more",
        ),
    )
}

fn greeted(words: Words, greeting: &Greeting) -> Vec<Finding> {
    vec![skew(words, greeting.ahead()), contract(words, greeting)]
}

fn skew(words: Words, ahead: i64) -> Finding {
    let level = skew_level(ahead);
    let seconds = ahead.saturating_abs();
    let what = if ahead >= 0 {
        words.pick(
            format!("die Uhr dieses Rechners geht der des Hubs {seconds} s vor"),
            format!("the clock of this machine is {seconds} s ahead of the hub's"),
        )
    } else {
        words.pick(
            format!("die Uhr dieses Rechners geht der des Hubs {seconds} s nach"),
            format!("the clock of this machine is {seconds} s behind the hub's"),
        )
    };
    let way_out = if level == Level::Ok {
        ""
    } else {
        set_clock(words)
    };
    Finding::new("clock-skew", level, what, way_out)
}

fn contract(words: Words, greeting: &Greeting) -> Finding {
    let (hub, own) = (&greeting.software, crate::config::SOFTWARE);
    if version::agree(&greeting.versions).is_err() {
        return Finding::failure(
            "version",
            words.pick(
                format!("{own} und {hub} haben keine gemeinsame Fassung des Vertrags"),
                format!("{own} and {hub} have no version of the contract in common"),
            ),
            words.pick("bitte die ältere Seite erneuern", "update the older side"),
        );
    }
    let number = |software: &str| software.rsplit(' ').next().map(str::to_owned);
    let what = words.pick(
        format!("{own} hier, {hub} beim Landkreis"),
        format!("{own} here, {hub} at the district office"),
    );
    if number(hub) == number(own) {
        Finding::ok("version", what)
    } else {
        Finding::note("version", what)
    }
}
