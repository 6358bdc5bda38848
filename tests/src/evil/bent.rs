//! Answers below gRPC: what no code that was made from the contract would say.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use calluna_wire::v1::provider_node_server::ProviderNodeServer;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use prost::bytes::Bytes;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::NamedService;

use super::{Manner, Play};

/// The service of an evil node. Calls for changes are answered by hand where the script says so.
#[derive(Clone)]
pub(super) struct Bent {
    play: Arc<Play>,
    service: ProviderNodeServer<Play>,
}

impl Bent {
    pub(super) fn over(play: Arc<Play>) -> Self {
        let service = ProviderNodeServer::from_arc(Arc::clone(&play));
        Self { play, service }
    }
}

impl NamedService for Bent {
    const NAME: &'static str = <ProviderNodeServer<Play> as NamedService>::NAME;
}

impl Service<http::Request<Body>> for Bent {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let asked = request.uri().path().ends_with("/StreamChanges");
        match self.play.script().manner {
            Manner::Foreign if asked => answer(frame(0, b"this is no message of the contract"), ""),
            Manner::Bomb if asked => answer(frame(1, bomb()), "gzip"),
            _ => self.service.call(request),
        }
    }
}

fn answer(body: Vec<u8>, encoding: &'static str) -> <Bent as Service<http::Request<Body>>>::Future {
    let mut answer = http::Response::new(Body::new(Full::new(Bytes::from(body))));
    let headers = answer.headers_mut();
    let mut say = |name, value| headers.insert(name, http::HeaderValue::from_static(value));
    say("content-type", "application/grpc");
    if !encoding.is_empty() {
        say("grpc-encoding", encoding);
    }
    Box::pin(std::future::ready(Ok(answer)))
}

/// A message as gRPC frames it.
fn frame(compressed: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("a message of a test");
    [&[compressed][..], &length.to_be_bytes(), message].concat()
}

/// A gigabyte of zeros in a megabyte. Made once: packing it takes seconds.
pub(super) fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..1_000 {
            packer.write_all(&zeros).expect("memory takes it");
        }
        packer.finish().expect("memory takes it")
    })
}
