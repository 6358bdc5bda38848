//! Publishing through the daemon.

use std::path::Path;

use anyhow::{Context, anyhow};
use calluna_host::socket;
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::node_control_client::NodeControlClient;
use calluna_wire::v1::publish_piece::Piece;
use futures_util::stream;
use prost::bytes::Bytes;

use crate::publish::{Candidate, Published, Terms};

/// A piece of offers is sent when it holds this much, in bytes.
const PIECE_BYTES: usize = 256 * 1024;

/// Publishes through the daemon at `socket`; nothing when none is there.
pub(super) async fn publish(
    socket: &Path,
    offers: &[Candidate],
    terms: &Terms,
) -> anyhow::Result<Option<Published>> {
    let Some(channel) = socket::connect(socket).await? else {
        return Ok(None);
    };
    let first = pb::PublishPiece {
        piece: Some(Piece::Terms(terms_of(terms)?)),
    };
    let pieces = std::iter::once(first).chain(pieces(offers));
    let pieces: Vec<pb::PublishPiece> = pieces.collect();
    let answer = NodeControlClient::new(channel)
        .max_decoding_message_size(64 * 1024 * 1024)
        .publish(stream::iter(pieces))
        .await
        .map_err(|status| anyhow!(PeerFailure::from(status).text))?;
    let pb::PublishResponse {
        json,
        head,
        receipt: _,
    } = answer.into_inner();
    let unknown = "the daemon answered in a way that this program does not know; use the same version for both";
    let difference = serde_json::from_str(&json).context(unknown)?;
    let head = head.context(unknown)?.try_into().context(unknown)?;
    Ok(Some(Published { difference, head }))
}

fn terms_of(terms: &Terms) -> anyhow::Result<pb::PublishTerms> {
    let Terms {
        replace,
        dry_run,
        confirmed,
        keep,
        sources,
    } = terms;
    Ok(pb::PublishTerms {
        replace: *replace,
        dry_run: *dry_run,
        confirmed: *confirmed,
        keep: keep.iter().cloned().collect(),
        sources_json: serde_json::to_string(sources)?,
    })
}

fn pieces(offers: &[Candidate]) -> impl Iterator<Item = pb::PublishPiece> {
    let mut rest = offers;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut bytes = 0;
        let fits = rest.iter().take_while(|offer| {
            let room = bytes < PIECE_BYTES;
            bytes += offer.record().len();
            room
        });
        let (piece, after) = rest.split_at(fits.count());
        rest = after;
        let offers = piece
            .iter()
            .map(|offer| Bytes::copy_from_slice(offer.record()))
            .collect();
        Some(pb::PublishPiece {
            piece: Some(Piece::Offers(pb::EncodedOffers { offers })),
        })
    })
}
