//! The offers that registrations belong to: from the daemon if it runs, else from the store.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use calluna_figures::OfferIndex;
use calluna_host::socket;
use calluna_model::id::Revision;
use calluna_model::offer::Offer;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::node_control_client::NodeControlClient;
use prost::Message;

use super::super::{Around, runtime};
use crate::config::Settings;
use crate::publish::Publisher;
use crate::publish::changes::Body;
use crate::run::{Node, NodeError};

/// Largest piece that a daemon sends.
const PIECE_BYTES: usize = 64 * 1024 * 1024;

/// Every public offer, to look registrations up in.
#[derive(Debug, Default)]
pub(super) struct Catalogue(pub(super) OfferIndex);

impl Catalogue {
    /// Asks the daemon, or opens the store for a moment.
    pub(super) fn of(settings: &Settings, around: &Around) -> anyhow::Result<Self> {
        let socket = settings.socket();
        let runtime = runtime()?;
        if let Some(asked) = runtime.block_on(ask(&socket))? {
            return Ok(asked);
        }
        let (clock, entropy) = (Arc::clone(&around.clock), Arc::clone(&around.entropy));
        match Node::with_settings(settings.clone(), clock, entropy) {
            Ok(node) => read(node.publisher()),
            // A daemon that has just started has the store before it has its socket.
            Err(NodeError::Store(error)) if error.is_locked() => {
                let again = runtime.block_on(ask(&socket))?;
                again.ok_or_else(|| anyhow!(error))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn add(&mut self, record: &[u8]) -> anyhow::Result<()> {
        let offer = pb::Offer::decode(record).ok();
        // What was stored under older rules is public all the same, as far as it can be read.
        let offer = offer.and_then(|wire| Offer::check(wire.into()).ok());
        let offer =
            offer.context("an offer of the store cannot be read; import the offers again")?;
        self.0.add(&offer);
        Ok(())
    }
}

/// Nothing when no daemon is there.
async fn ask(socket: &Path) -> anyhow::Result<Option<Catalogue>> {
    let Some(channel) = socket::connect(socket).await? else {
        return Ok(None);
    };
    let asked = NodeControlClient::new(channel)
        .max_decoding_message_size(PIECE_BYTES)
        .offers(pb::OffersRequest {})
        .await;
    let mut pieces = asked.map_err(PeerFailure::from)?.into_inner();
    let mut catalogue = Catalogue::default();
    while let Some(piece) = pieces.message().await.map_err(PeerFailure::from)? {
        for record in &piece.offers {
            catalogue.add(record)?;
        }
    }
    Ok(Some(catalogue))
}

fn read(publisher: &Publisher) -> anyhow::Result<Catalogue> {
    let mut catalogue = Catalogue::default();
    for batch in publisher.changes(None, Revision(0))? {
        for change in batch?.changes {
            if let Body::Offer { record, .. } = change.body {
                catalogue.add(&record)?;
            }
        }
    }
    Ok(catalogue)
}
