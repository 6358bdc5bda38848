//! How the node stands: one document, for people and for programs.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use calluna_host::socket;
use calluna_model::clock::{Clock, Moment};
use calluna_model::head::Head;
use calluna_model::limit;
use calluna_model::receipt::Receipt;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::node_control_client::NodeControlClient;
use serde::{Deserialize, Serialize};

use crate::config::{Config, SOFTWARE};
use crate::figures::book::Book;
use crate::figures::standing::{Standing, standings};
use crate::keyring::Keyring;
use crate::link::{LinkInfo, LinkState};
use crate::membership::renew::{RenewalInfo, RenewalState};
use crate::publish::{PublishError, Publisher};
use crate::store::{ImportSummary, Mended};

/// Longest status: ten receipts, each as full as one gets, as JSON.
const STATUS_BYTES: usize = limit::RECEIPTS_KEPT * limit::RECEIPT_BYTES * 4;

/// Asks the daemon that listens at `socket`; nothing where there is none.
///
/// # Errors
/// When it does not answer, or in a way that this program does not know.
pub async fn ask(socket: &Path) -> anyhow::Result<Option<StatusReport>> {
    let Some(channel) = socket::connect(socket).await? else {
        return Ok(None);
    };
    let answer = NodeControlClient::new(channel)
        .max_decoding_message_size(STATUS_BYTES)
        .get_status(pb::GetStatusRequest {})
        .await
        .map_err(PeerFailure::from)?;
    let report = serde_json::from_str(&answer.into_inner().json);
    Ok(Some(report.context("the daemon answered in a way that this program does not know; use the same version for both")?))
}

/// The document that `status --format json` prints. Moments are seconds since 1970.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusReport {
    /// The provider's id.
    pub provider: String,
    /// Its public name.
    pub name: String,
    /// The district.
    pub district: String,
    /// The hub's address.
    pub hub: String,
    /// Version of the software that answers.
    pub software: String,
    /// Whether the daemon runs.
    pub running: bool,
    /// The connection with the hub; nothing when the daemon does not run.
    pub link: Option<LinkInfo>,
    /// When the hub last asked since the daemon started, also in nights without changes.
    #[serde(default)]
    pub asked_at: Option<Moment>,
    /// Where the catalogue stands.
    pub head: Head,
    /// The store.
    pub store: StoreReport,
    /// The node's certificate.
    pub certificate: CertificateReport,
    /// The last import.
    pub last_import: Option<ImportSummary>,
    /// The hub's receipts, the newest first.
    pub receipts: Vec<Receipt>,
    /// The drop folder; empty when there is none.
    pub watch: String,
    /// Participation figures, by period; empty where there are none.
    #[serde(default)]
    pub figures: Vec<Standing>,
}

/// How the store stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoreReport {
    /// Bytes on disk.
    pub bytes: u64,
    /// The last time that it was found behind what it once held.
    pub mended: Option<Mended>,
}

/// How long the node's certificate lasts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CertificateReport {
    /// Until when it is valid.
    pub not_after: Moment,
    /// Whole days until then; negative when it has expired.
    pub days_left: i64,
    /// How its renewal stands; nothing when the daemon does not run.
    #[serde(default)]
    pub renewal: Option<RenewalInfo>,
}

/// Looks at a node.
#[derive(Debug)]
pub struct Observer {
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) config: Config,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) renewal: Option<RenewalState>,
    pub(crate) link: Option<LinkState>,
    pub(crate) book: Book,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Observer {
    /// How the node stands now. Blocks.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn look(&self) -> Result<StatusReport, PublishError> {
        let store = self.publisher.store();
        let current = store.current();
        let not_after = self.keyring.now().identity.not_after();
        let days_left = not_after.since(self.clock.now()).div_euclid(86_400);
        Ok(StatusReport {
            provider: self.publisher.provider().to_string(),
            name: self.config.name.clone(),
            district: self.config.district.clone(),
            hub: self.config.hub.clone(),
            software: SOFTWARE.to_owned(),
            running: self.link.is_some(),
            link: self.link.as_ref().map(LinkState::look),
            asked_at: self.publisher.asked_at(),
            head: current.head,
            store: StoreReport {
                bytes: store.size_on_disk()?,
                mended: current.mended,
            },
            certificate: CertificateReport {
                not_after,
                days_left,
                renewal: self.renewal.as_ref().map(RenewalState::look),
            },
            last_import: store.last_import()?,
            receipts: store.receipts()?,
            watch: self.config.watch.folder.clone(),
            // That the folder cannot be read is told by `check`.
            figures: standings(&self.book).unwrap_or_default(),
        })
    }
}
