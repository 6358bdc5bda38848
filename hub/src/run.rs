//! Puts the hub together, starts it, and stops it in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use calluna_audit::{Draft, Event};
use calluna_host::h2;
use calluna_host::socket;
use calluna_host::tasks::{Ended, Tasks};
use calluna_wire::v1::hub_control_server::HubControlServer;
use calluna_wire::v1::membership_server::MembershipServer;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use crate::audit::Start;
use crate::backup;
use crate::hub::Hub;
use crate::link::accept;
use crate::listen;
use crate::report;
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
    let listener = listen::on(listen).map_err(|cause| listen::in_words(listen, "listen", cause))?;
    let bound = listener
        .local_addr()
        .context("asking for the bound address")?;
    let (calls, streams) = mpsc::channel::<io::Result<accept::CallStream>>(16);
    accept::start(hub, listener, calls, tasks);
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
    let dir = hub.dir.as_ref();
    let path = dir
        .context("a hub without a data directory has no control socket")?
        .control_socket();
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

/// Records that the service starts. Readers and nodes are served also where that is not possible.
pub fn tell_start(hub: &Hub) {
    let restored = hub.dir.as_ref().map(|dir| dir.join(backup::RESTORED));
    if let Some(marker) = restored.filter(|marker| marker.exists()) {
        let made_at = std::fs::read_to_string(&marker).unwrap_or_default();
        let told = hub.record([Draft::operator(Event::Restored).with("backup-of", made_at)]);
        match told.map(|()| std::fs::remove_file(&marker)) {
            Ok(Ok(())) => {}
            _ => {
                tracing::error!("that this hub was restored could not be recorded in the audit log")
            }
        }
    }
    let start = Start {
        config: &hub.config,
        version: env!("CARGO_PKG_VERSION"),
    };
    let told = hub
        .audit
        .started(hub.store.as_ref(), hub.clock.now(), &start);
    if let Err(cause) = told {
        tracing::error!(%cause, "the start could not be recorded in the audit log");
    }
}

/// Ends everything in order: no new work, connections cut, running work finished.
pub async fn stop(hub: &Hub, tasks: &Tasks) {
    hub.current.stop();
    tasks.stop();
    hub.links.cut_all();
    report::settle(hub, Duration::ZERO).await;
    if let Ended::Cut { still_running } = tasks.drain(GRACE).await {
        tracing::warn!(still_running, "work was cut off at the end");
    }
    hub.record_refusals(true);
    // Whoever comes next need not wonder whether somebody is still there.
    if let Some(dir) = &hub.dir {
        let _gone_already = std::fs::remove_file(dir.control_socket());
    }
}
