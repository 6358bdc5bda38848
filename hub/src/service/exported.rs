//! The catalogue in pieces, as the command line fetches it.

use anyhow::Result;
use calluna_catalogue::export::format;
use calluna_catalogue::export::openqcat::Profiles;
use calluna_wire::v1 as pb;
use tokio::sync::mpsc;
use tonic::Status;

use crate::export::{Order, export};
use crate::hub::Hub;

/// Sends the file that is asked for; the last piece says what it does not hold.
pub(super) fn send(
    hub: &Hub,
    ask: &pb::ExportRequest,
    pieces: &mpsc::Sender<Result<pb::ExportPiece, Status>>,
) -> Result<()> {
    let only = (!ask.provider_id.is_empty()).then(|| ask.provider_id.parse());
    let only = only.transpose()?;
    let order = Order {
        format: format(&ask.format)?,
        only: only.as_ref(),
        profiles: profiles(&ask.profiles)?,
        base_url: &ask.base_url,
    };
    let loss = export(hub, order, &mut |data, offers| {
        let piece = pb::ExportPiece {
            data: data.into(),
            offers,
            loss: String::new(),
        };
        Ok(pieces.blocking_send(Ok(piece))?)
    })?;
    let last = pb::ExportPiece {
        loss: serde_json::to_string(&loss)?,
        ..pb::ExportPiece::default()
    };
    Ok(pieces.blocking_send(Ok(last))?)
}

/// None where nothing is given.
pub(crate) fn profiles(text: &str) -> Result<Profiles> {
    if text.is_empty() {
        return Ok(Profiles::default());
    }
    Ok(Profiles::parse(text)?)
}
