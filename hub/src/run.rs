//! Puts the hub together, starts it, and stops it in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use calluna_host::h2;
use calluna_host::socket;
use calluna_host::tasks::{Ended, Tasks};
use calluna_wire::v1::hub_control_server::HubControlServer;
use calluna_wire::v1::membership_server::MembershipServer;
use futures_util::StreamExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use crate::hub::Hub;
use crate::link::accept;
use crate::service::control::ControlService;
use crate::service::membership::MembershipService;

/// How long running work may take to end.
const GRACE: Duration = Duration::from_secs(8);

/// Opens the door for nodes: connections and enrolments. Returns the address that is really bound.
///
/// # Errors
/// When the address cannot be bound.
pub async fn open_doors(hub: &Arc<Hub>, tasks: &Tasks) -> Result<SocketAddr> {
    let listen = hub.config.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|cause| in_words(listen, cause))?;
    let bound = listener
        .local_addr()
        .context("asking for the bound address")?;
    let (enrolments, streams) = mpsc::channel::<io::Result<accept::EnrolStream>>(16);
    accept::start(hub, listener, enrolments, tasks)?;
    let service = MembershipServer::new(MembershipService(Arc::clone(hub)))
        .max_decoding_message_size(64 * 1024);
    let serving = h2::server(4)
        .timeout(Duration::from_secs(30))
        .concurrency_limit_per_connection(4)
        .add_service(service)
        .serve_with_incoming_shutdown(ReceiverStream::new(streams), tasks.stopping());
    tasks.spawn("membership", async move {
        if let Err(cause) = serving.await {
            tracing::error!(%cause, "enrolment ended");
        }
    });
    Ok(bound)
}

/// Serves the command line on the control socket.
///
/// # Errors
/// When the socket cannot be bound.
pub fn open_control(hub: &Arc<Hub>, tasks: &Tasks) -> Result<()> {
    let path = hub.dir.control_socket();
    let listener = socket::bind(&path)?;
    let service = ControlService {
        hub: Arc::clone(hub),
        tasks: tasks.clone(),
    };
    let serving = Server::builder()
        .add_service(HubControlServer::new(service))
        .serve_with_incoming_shutdown(socket::incoming(listener).boxed(), tasks.stopping());
    tasks.spawn("control", async move {
        if let Err(cause) = serving.await {
            tracing::error!(%cause, "the control socket ended");
        }
    });
    Ok(())
}

/// Ends everything in order: no new work, connections cut, running work finished.
pub async fn stop(hub: &Hub, tasks: &Tasks) {
    tasks.stop();
    hub.links.cut_all();
    if let Ended::Cut { still_running } = tasks.drain(GRACE).await {
        tracing::warn!(still_running, "work was cut off at the end");
    }
    // Whoever comes next need not wonder whether somebody is still there.
    let _gone_already = std::fs::remove_file(hub.dir.control_socket());
}

fn in_words(listen: SocketAddr, cause: io::Error) -> anyhow::Error {
    let way_out = match cause.kind() {
        io::ErrorKind::AddrInUse => {
            "another program uses this port; stop it, or choose another one with `listen` in hub.toml"
        }
        io::ErrorKind::PermissionDenied => {
            "this user may not use this port; choose one above 1023 with `listen` in hub.toml"
        }
        io::ErrorKind::AddrNotAvailable => {
            "this machine does not have that address; correct `listen` in hub.toml"
        }
        _ => "check `listen` in hub.toml",
    };
    anyhow::Error::new(cause).context(format!("cannot listen on {listen}: {way_out}"))
}
