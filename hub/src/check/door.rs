//! What is decided about the way to the hub's own public address.

use calluna_certs::Fingerprint;
use calluna_certs::tls::{Proof, Shown};
use calluna_host::check::Finding;
use calluna_probe::{Dns, Reach, Tcp, Tls};

/// Nodes dial this address; so does this look, from the hub's own machine. `own`: the certificate in
/// `hub.crt`; `running`: whether a daemon runs.
pub(super) fn way(reach: &Reach, own: Option<Fingerprint>, running: bool) -> Vec<Finding> {
    let mut findings = vec![dns(reach)];
    findings.extend(
        reach
            .tcp
            .as_ref()
            .map(|tcp| port(&reach.address, tcp, running)),
    );
    findings.extend(
        reach
            .tls
            .as_ref()
            .map(|seen| tls(&reach.address, seen, own)),
    );
    if let Some(Err(why)) = &reach.greeting {
        findings.push(Finding::warning(
            "hub-greets",
            format!(
                "the hub answers at {}, but not to a greeting: {why}",
                reach.address
            ),
            "look at the daemon's log, and whether daemon and this program have the same version",
        ));
    }
    findings
}

fn dns(reach: &Reach) -> Finding {
    let address = &reach.address;
    let failed = |what: String| {
        Finding::failure(
            "dns",
            what,
            "have the name entered in the DNS, or correct `address` in hub.toml; nodes that have joined keep the old one",
        )
    };
    match &reach.dns {
        Dns::NoAddress => Finding::failure(
            "dns",
            format!("`{address}` is no address of the form host:port"),
            "correct `address` in hub.toml",
        ),
        Dns::Number => Finding::note(
            "dns",
            format!("{address} is a number; with a name the hub could move"),
        ),
        Dns::Known(found) => {
            let found: Vec<String> = found.iter().map(ToString::to_string).collect();
            Finding::ok("dns", format!("{address} leads to {}", found.join(", ")))
        }
        Dns::Unknown(why) => failed(format!("nobody here knows the name in {address} ({why})")),
        Dns::Late => failed(format!(
            "no answer came to the question for the name in {address}"
        )),
    }
}

fn port(address: &str, tcp: &Tcp, running: bool) -> Finding {
    let way_out = if running {
        "look whether a firewall or router passes this port on to `listen` in hub.toml; some networks cannot reach their own public address from inside: then try from elsewhere"
    } else {
        "start the hub: calluna-hub serve (or the system's service)"
    };
    let failed = |what: String| Finding::failure("port", what, way_out);
    match tcp {
        Tcp::Open => Finding::ok("port", format!("{address} can be reached from here")),
        Tcp::Refused if !running => failed(format!(
            "nothing listens at {address}: the hub's daemon does not run"
        )),
        Tcp::Refused => failed(format!(
            "nothing listens at {address}, although the hub's daemon runs"
        )),
        Tcp::Late => failed(format!(
            "no answer came from {address}: a firewall probably swallows the connection"
        )),
        Tcp::NoWay => failed(format!(
            "the network of this machine has no way to {address}"
        )),
        Tcp::Failed(why) => failed(format!("the connection with {address} failed: {why}")),
    }
}

fn tls(address: &str, seen: &Tls, own: Option<Fingerprint>) -> Finding {
    let pass = "pass the TCP stream through to the hub unopened (TLS passthrough; in nginx `stream`, in HAProxy `mode tcp`)";
    match seen {
        Tls::Hub(shown) => hub(address, shown, own),
        Tls::NoProtocol(shown) => Finding::failure(
            "tls",
            format!(
                "a proxy before the hub ends the TLS with the hub's own certificate (fingerprint {}) and does not pass the protocol on (ALPN)",
                shown.facts.fingerprint
            ),
            format!("{pass}; the hub's key should lie nowhere but in its data directory"),
        ),
        Tls::Refused(shown) => match &shown.proof {
            Proof::Other(whose) => Finding::failure(
                "tls",
                format!("not the hub answers at {address}, but {whose}"),
                "correct `address` in hub.toml, or what the port is passed on to",
            ),
            Proof::Hub | Proof::OutOfDate | Proof::Stranger => Finding::failure(
                "tls",
                format!(
                    "the TLS does not end in the hub: a proxy or another server answers at {address} (issuer: {}, fingerprint {})",
                    shown.facts.issuer, shown.facts.fingerprint
                ),
                pass,
            ),
        },
        Tls::Nothing(why) => Finding::failure(
            "tls",
            format!("no encryption could be set up with {address} ({why})"),
            format!("look whether the port leads to the hub; if a proxy stands before it, {pass}"),
        ),
    }
}

fn hub(address: &str, shown: &Shown, own: Option<Fingerprint>) -> Finding {
    if own.is_some_and(|own| own != shown.facts.fingerprint) {
        return Finding::warning(
            "tls",
            format!(
                "a hub of this district answers at {address}, but with another certificate than hub.crt"
            ),
            "if hub.crt was replaced by hand, restart the daemon; otherwise another hub runs with the same authority: stop one of them",
        );
    }
    Finding::ok(
        "tls",
        format!("the TLS at {address} ends in this hub itself"),
    )
}
