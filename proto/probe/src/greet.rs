//! The one question: what time is it with you, and who are you?

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calluna_model::clock::{Clock, Moment};
use calluna_wire::status::PeerFailure;
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_client::MembershipClient;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Endpoint, Uri};

/// Largest answer that is taken, and longest text in it that is kept.
const ANSWER_BYTES: usize = 16 * 1024;
const TEXT_CHARS: usize = 200;

/// What the hub says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The time at the hub.
    pub now: Moment,
    /// The time here, in the middle between question and answer.
    pub here: Moment,
    /// Its software.
    pub software: String,
    /// The district.
    pub district: String,
    /// Versions of the contract that it speaks.
    pub versions: Vec<String>,
}

impl Greeting {
    /// How many seconds this machine's clock is ahead of the hub's; negative when it is behind.
    #[must_use]
    pub fn ahead(&self) -> i64 {
        self.here.since(self.now)
    }
}

pub(super) async fn greet(
    stream: TlsStream<TcpStream>,
    clock: &Arc<dyn Clock>,
    patience: Duration,
) -> Result<Greeting, String> {
    let asking = async {
        // Used once: gRPC must not dial again by itself.
        let slot = Mutex::new(Some(TokioIo::new(stream)));
        let connector = tower::service_fn(move |_: Uri| {
            let stream = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            async move { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
        });
        let channel = Endpoint::from_static("http://hub.calluna.internal")
            .connect_with_connector(connector)
            .await
            .map_err(|error| error.to_string())?;
        let before = clock.now();
        let answer = MembershipClient::new(channel)
            .max_decoding_message_size(ANSWER_BYTES)
            .greet(pb::GreetRequest {})
            .await
            .map_err(|status| PeerFailure::from(status).text)?;
        let here = Moment(i64::midpoint(before.0, clock.now().0));
        let pb::GreetResponse {
            now,
            software,
            district,
            versions,
        } = answer.into_inner();
        Ok(Greeting {
            now: Moment(now),
            here,
            software: clipped(&software),
            district: clipped(&district),
            versions: versions.iter().take(8).map(|v| clipped(v)).collect(),
        })
    };
    timeout(patience, asking)
        .await
        .unwrap_or_else(|_| Err("no answer came in time".to_owned()))
}

fn clipped(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}
