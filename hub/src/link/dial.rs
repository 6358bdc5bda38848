//! Opening a connection to a node that listens.

use std::io;
use std::time::Duration;

use calluna_certs::Peer;
use calluna_certs::tls::{self, explain_io, peer_from_chain};
use calluna_model::id::ProviderId;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::Connection;
use crate::hub::Hub;
use crate::members;

/// How long dialling and the handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Dials `provider` at `address` and proves that it is that provider.
///
/// # Errors
/// In words, what is in the way and what to do.
pub async fn dial(hub: &Hub, provider: &ProviderId, address: &str) -> Result<Connection, String> {
    let dialling = open(hub, provider, address);
    match tokio::time::timeout(PATIENCE, dialling).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(cause)) => Err(format!("cannot reach {address}: {}", explain_io(&cause))),
        Err(_) => Err(format!(
            "{address} did not answer within {} s",
            PATIENCE.as_secs()
        )),
    }
}

async fn open(hub: &Hub, provider: &ProviderId, address: &str) -> io::Result<Connection> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let wanted = Peer::Provider(provider.clone());
    let name = tls::server_name(&wanted).map_err(io::Error::other)?;
    let standing = hub.trust.now();
    let config =
        tls::mutual_client(&standing.identity, tls::ALPN_GRPC).map_err(io::Error::other)?;
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    let chain = stream.get_ref().1.peer_certificates();
    let peer = peer_from_chain(chain).map_err(io::Error::other)?;
    let leaf = chain.and_then(<[CertificateDer<'static>]>::first).cloned();
    let Some(leaf) = leaf.filter(|_| peer == wanted) else {
        return Err(io::Error::other(format!(
            "{address} is {peer}, not {wanted}"
        )));
    };
    members::admit(hub, provider, &leaf).map_err(io::Error::other)?;
    let connection = super::channel_on(stream, peer, leaf, hub.clock.now(), address.to_owned())
        .await
        .map_err(io::Error::other)?;
    hub.links.dialled(provider, &connection);
    Ok(connection)
}
