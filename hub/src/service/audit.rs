//! The audit log on its way to the command line: some lines at a time.

use anyhow::{Result, bail};
use calluna_model::clock::Moment;
use calluna_wire::v1 as pb;
use calluna_wire::v1::read_audit_request::What;
use tokio::sync::mpsc;
use tonic::Status;

use crate::hub::Hub;
use crate::trail::{self, Choice, Since};

/// Lines are handed on when they reach this size.
const PIECE_BYTES: usize = 256 * 1024;

/// Answers `ReadAudit`.
pub(crate) fn read(
    hub: &Hub,
    ask: pb::ReadAuditRequest,
    pieces: &mpsc::Sender<Result<pb::AuditPiece, Status>>,
) -> Result<()> {
    let (mut lines, mut bytes) = (Vec::new(), 0);
    let mut sink = |line: String| {
        bytes += line.len();
        lines.push(line);
        if bytes >= PIECE_BYTES {
            bytes = 0;
            let lines = std::mem::take(&mut lines);
            pieces.blocking_send(Ok(pb::AuditPiece { lines }))?;
        }
        Ok(())
    };
    let pb::ReadAuditRequest { what } = ask;
    match what {
        Some(What::SinceNumber(number)) => {
            trail::export(hub, Since::Number(number), &mut sink)?;
        }
        Some(What::SinceAt(at)) => {
            trail::export(hub, Since::Moment(Moment(at)), &mut sink)?;
        }
        Some(What::Newest(choice)) => trail::list(hub, &choice_of(choice)?, &mut sink)?,
        None => bail!("the request says nothing of what is asked for"),
    }
    Ok(pieces.blocking_send(Ok(pb::AuditPiece { lines }))?)
}

fn choice_of(choice: pb::AuditChoice) -> Result<Choice> {
    let pb::AuditChoice {
        provider_id,
        event,
        limit,
    } = choice;
    let given = |text: &str| !text.is_empty();
    Ok(Choice {
        provider: given(&provider_id)
            .then(|| provider_id.parse())
            .transpose()?,
        event: given(&event).then(|| event.parse()).transpose()?,
        limit,
    })
}
