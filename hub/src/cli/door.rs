//! How a command reaches the hub: through the daemon, or by opening the store itself.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use calluna_host::clock::SystemClock;
use calluna_host::config::ProcessEnvironment;
use calluna_host::data_dir::DataDir;
use calluna_host::entropy::OsEntropy;
use calluna_host::socket;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1::hub_control_client::HubControlClient;
use tonic::Status;
use tonic::transport::Channel;

use crate::hub::Hub;

/// Longest answer of a daemon: the lines of a night with thousands of providers fit into it.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// The way to the hub.
pub(super) enum Door {
    /// A daemon runs.
    Daemon(HubControlClient<Channel>),
    /// None runs: this process is the hub for the moment.
    Here(Arc<Hub>),
}

impl Door {
    /// Finds the way to the hub in `path`.
    pub(super) async fn open(path: &Path) -> Result<Self> {
        let dir = DataDir::open(path, "calluna-hub init")?;
        if let Some(channel) = socket::connect(&dir.control_socket()).await? {
            let client = HubControlClient::new(channel).max_decoding_message_size(ANSWER_BYTES);
            return Ok(Self::Daemon(client));
        }
        Ok(Self::Here(Arc::new(open(path)?)))
    }
}

/// Opens the hub with the real clock and chance.
pub(super) fn open(path: &Path) -> Result<Hub> {
    Hub::open(
        path,
        &ProcessEnvironment,
        Arc::new(SystemClock),
        Arc::new(OsEntropy),
    )
}

/// What the daemon answered, as an error for people.
pub(super) fn said(status: Status) -> anyhow::Error {
    anyhow!(PeerFailure::from(status))
}
