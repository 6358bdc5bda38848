//! Looks along the way to a hub, step by step, and says how far it gets: name, port, TLS, greeting.
//!
//! Both `check` commands stand on it: the node's looks at the hub, and the hub's at its own public
//! address. It only finds out; what a finding means, and the way out, is said by whoever asks.
//!
//! Nothing secret leaves: it shakes hands as somebody who enrols does (without a certificate of
//! its own) and asks one question, [`Greet`](calluna_wire::v1::GreetRequest), which is empty.

mod greet;
mod look;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::CertError;
use calluna_certs::tls::{self, Shown};
use calluna_model::clock::Clock;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

pub use self::greet::Greeting;
pub use self::look::Tls;

/// How long each step may take.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
const ADDRESSES: usize = 4;

/// What a name is in the DNS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dns {
    /// The text is no `host:port`.
    NoAddress,
    /// There is a number instead of a name.
    Number,
    /// It leads to these.
    Known(Vec<IpAddr>),
    /// Nobody knows it; what the system says.
    Unknown(String),
    /// Nobody answered in time.
    Late,
}

/// What became of a TCP connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tcp {
    /// It stands.
    Open,
    /// Nothing listens there.
    Refused,
    /// Nobody answered in time.
    Late,
    /// The network has no way there.
    NoWay,
    /// Something else, in the system's words.
    Failed(String),
}

/// How far a look got. What was not reached is `None`.
#[derive(Debug)]
pub struct Reach {
    /// The address, as it was given.
    pub address: String,
    /// The name.
    pub dns: Dns,
    /// The port.
    pub tcp: Option<Tcp>,
    /// Who is there.
    pub tls: Option<Tls>,
    /// What the hub says; or why it did not answer.
    pub greeting: Option<Result<Greeting, String>>,
}

impl Reach {
    /// What was presented by whoever answered.
    #[must_use]
    pub fn shown(&self) -> Option<&Shown> {
        match self.tls.as_ref()? {
            Tls::Hub(shown) | Tls::NoProtocol(shown) | Tls::Refused(shown) => Some(shown),
            Tls::Nothing(_) => None,
        }
    }
}

/// Looks along the way to `address` (`host:port`) with the authorities of a bundle (PEM). Each step
/// has `patience`.
///
/// # Errors
/// When the bundle cannot be used.
pub async fn look(
    address: &str,
    bundle_pem: &str,
    clock: Arc<dyn Clock>,
    patience: Duration,
) -> Result<Reach, CertError> {
    // An unusable bundle is told before anything is dialled.
    let first = tls::Probe::new(bundle_pem, true, Arc::clone(&clock))?;
    let second = tls::Probe::new(bundle_pem, false, Arc::clone(&clock))?;
    let mut reach = Reach {
        address: address.to_owned(),
        dns: Dns::NoAddress,
        tcp: None,
        tls: None,
        greeting: None,
    };
    let (dns, addresses) = resolve(address, patience).await;
    reach.dns = dns;
    if addresses.is_empty() {
        return Ok(reach);
    }
    let (tcp, stream) = connect(&addresses, patience).await;
    reach.tcp = Some(tcp);
    let Some((stream, found)) = stream else {
        return Ok(reach);
    };
    let (found_tls, stream) = look::shake(&first, stream, patience).await;
    reach.tls = Some(match found_tls {
        // Whoever does not like the protocol shows a certificate only to those who ask for none.
        Tls::Nothing(why) => look::again(&second, found, why, patience).await,
        seen => seen,
    });
    if let Some(stream) = stream {
        reach.greeting = Some(greet::greet(stream, &clock, patience).await);
    }
    Ok(reach)
}

async fn resolve(address: &str, patience: Duration) -> (Dns, Vec<SocketAddr>) {
    if let Ok(number) = address.parse() {
        return (Dns::Number, vec![number]);
    }
    let shape = address.rsplit_once(':');
    if shape.is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err()) {
        return (Dns::NoAddress, Vec::new());
    }
    match timeout(patience, lookup_host(address)).await {
        Err(_) => (Dns::Late, Vec::new()),
        Ok(Err(error)) => (Dns::Unknown(error.to_string()), Vec::new()),
        Ok(Ok(found)) => {
            let found: Vec<SocketAddr> = found.take(ADDRESSES).collect();
            if found.is_empty() {
                return (Dns::Unknown("it has no address".to_owned()), found);
            }
            let known = found.iter().map(SocketAddr::ip).collect();
            (Dns::Known(known), found)
        }
    }
}

async fn connect(
    addresses: &[SocketAddr],
    patience: Duration,
) -> (Tcp, Option<(TcpStream, SocketAddr)>) {
    let mut last = Tcp::Late;
    for address in addresses {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return (Tcp::Open, Some((stream, *address))),
            Ok(Err(error)) => last = trouble(&error),
            Err(_) => last = Tcp::Late,
        }
    }
    (last, None)
}

fn trouble(error: &io::Error) -> Tcp {
    match error.kind() {
        ErrorKind::ConnectionRefused => Tcp::Refused,
        ErrorKind::TimedOut => Tcp::Late,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Tcp::NoWay,
        _ => Tcp::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
