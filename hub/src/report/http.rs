//! One HTTP call: the report as JSON, or the sign of life.

use std::sync::Arc;

use calluna_host::config::Secret;
use rustls::crypto::ring;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::deliver::{Failure, TRY};
use crate::config::WebAddress;

/// A call that is to be made.
pub(super) struct Call {
    pub(super) address: WebAddress,
    /// Authorities (PEM) to trust besides those of the system.
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) token: Option<Secret>,
    /// JSON to be posted; without one it is a plain GET.
    pub(super) body: Option<String>,
}

impl Call {
    /// Makes the call. Blocks, at most [`TRY`].
    pub(super) fn make(self) -> Result<(), Failure> {
        let host = self.address.host().to_owned();
        let Some(url) = self.address.get().map(Secret::expose) else {
            return Ok(());
        };
        let secure = url.starts_with("https://");
        if self.token.is_some() && !secure && !is_here(&host) {
            return Err(Failure::final_(
                "a token is not sent in the clear over a network: use https:// in webhook.url",
            ));
        }
        let agent = agent(secure, self.authorities.as_deref())?;
        let bearer = self.token.map(|token| format!("Bearer {}", token.expose()));
        let answered = match self.body {
            Some(body) => {
                let mut request = agent.post(url).content_type("application/json");
                if let Some(bearer) = &bearer {
                    request = request.header("Authorization", bearer);
                }
                request.send(body)
            }
            None => agent.get(url).call(),
        };
        match answered {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => {
                let status = answer.status();
                let passing =
                    status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
                let way_out = if status.is_redirection() {
                    "; write the address that it points to"
                } else {
                    ""
                };
                Err(Failure {
                    reason: format!("{host} answered {}{way_out}", status.as_u16()),
                    passing,
                })
            }
            Err(error) => Err(Failure::passing(format!("{host}: {}", in_words(&error)))),
        }
    }
}

/// Errors that would repeat the address are told without it.
fn in_words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) => "the address cannot be used".to_owned(),
        ureq::Error::Http(_) => "the address or the token cannot be used".to_owned(),
        ureq::Error::Timeout(_) => format!("no answer within {} s", TRY.as_secs()),
        other => other.to_string(),
    }
}

fn agent(secure: bool, authorities: Option<&[u8]>) -> Result<Agent, Failure> {
    let mut roots: Vec<Certificate<'static>> = Vec::new();
    if secure {
        let system = rustls_native_certs::load_native_certs().certs;
        roots.extend(
            system
                .iter()
                .map(|one| Certificate::from_der(one).to_owned()),
        );
        for item in authorities.into_iter().flat_map(parse_pem) {
            let wrong = |error| Failure::final_(format!("webhook.ca_file: {error}"));
            if let PemItem::Certificate(one) = item.map_err(wrong)? {
                roots.push(one);
            }
        }
    }
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .root_certs(RootCerts::from(roots))
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(TRY))
        .http_status_as_error(false)
        // A redirect may lead anywhere, and what is posted stays here.
        .max_redirects(0)
        .max_redirects_will_error(false)
        // Only addresses that the settings name are called; no variable of the environment counts.
        .proxy(None)
        .user_agent(concat!("calluna-hub/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.into())
}

fn is_here(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let bare = name.trim_matches(['[', ']']);
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
