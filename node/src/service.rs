//! gRPC adapters: unwrap, ask the domain, wrap. No decision is made here.

pub mod control;
pub mod provider_node;

use std::io;

use calluna_host::guarded::Guarded;
use calluna_host::h2;
use calluna_host::tasks::Tasks;
use calluna_host::workers::Workers;
use calluna_model::failure::{Failure, Reaction};
use calluna_wire::status::{status_of, to_status};
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

use self::provider_node::HubOnly;
use crate::link::Session;

/// Largest message that is taken, in bytes.
pub(crate) const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Calls that the hub may have open at once.
const STREAMS: u32 = 32;
/// How many batches may wait for a slow reader.
const WAITING: usize = 4;

/// Serves the hub on every stream that the link brings, until the process is asked to stop.
pub fn serve_hub<S>(tasks: &Tasks, service: HubOnly, streams: mpsc::Receiver<Guarded<S, Session>>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let stopping = tasks.stopping();
    tasks.spawn("provider-node", async move {
        let incoming = ReceiverStream::new(streams).map(Ok::<_, io::Error>);
        let server = h2::server(STREAMS)
            .add_service(service)
            .serve_with_incoming_shutdown(incoming, stopping);
        if let Err(error) = server.await {
            tracing::error!(%error, "link: the server ended");
        }
    });
}

/// A stream of answers.
pub(crate) type Answers<T> = BoxStream<'static, Result<T, Status>>;

/// Where a reader puts what it reads.
pub(crate) struct Out<T>(mpsc::Sender<Result<T, Status>>);

impl<T> Out<T> {
    /// Waits for room; false when nobody listens any more.
    pub(crate) fn give(&self, item: T) -> bool {
        self.put(Ok(item))
    }

    /// Blocks only where there is no room, which whoever reads inline never sees.
    fn put(&self, item: Result<T, Status>) -> bool {
        match self.0.try_send(item) {
            Ok(()) => true,
            Err(TrySendError::Full(item)) => self.0.blocking_send(item).is_ok(),
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

/// Runs something that blocks beside the asynchronous work.
pub(crate) async fn blocking<T, E>(
    workers: Workers,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Status>
where
    T: Send + 'static,
    E: Failure + Send + 'static,
{
    match workers.run(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(failure)) => Err(to_status(&failure)),
        Err(_) => Err(status_of(
            Reaction::AskOperator,
            "the node failed inside; its log tells more",
        )),
    }
}

/// The answers of a thread that reads and waits for its reader; inline, of a reader that reads to
/// the end first. An error before the first answer
/// becomes the error of the call itself.
pub(crate) async fn streamed<T, E>(
    workers: Workers,
    read: impl FnOnce(&Out<T>) -> Result<(), E> + Send + 'static,
) -> Result<Response<Answers<T>>, Status>
where
    T: Send + 'static,
    E: Failure + Send + 'static,
{
    let room = match workers {
        Workers::Threads => WAITING,
        Workers::Inline => Semaphore::MAX_PERMITS,
    };
    let (sender, mut answers) = mpsc::channel(room);
    let out = Out(sender);
    let reading = workers.run(move || {
        if let Err(failure) = read(&out) {
            // Whoever asked may have gone meanwhile.
            let _heard = out.put(Err(to_status(&failure)));
        }
    });
    tokio::spawn(reading);
    match answers.recv().await {
        Some(Err(status)) => Err(status),
        Some(first) => {
            let all = stream::iter([first]).chain(ReceiverStream::new(answers));
            Ok(Response::new(all.boxed()))
        }
        None => Ok(Response::new(stream::empty().boxed())),
    }
}
