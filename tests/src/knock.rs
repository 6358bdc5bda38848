//! Calls at the hub's doors as no node of ours would make them: any TLS configuration, any request.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; a panic is how they fail"
)]

use std::io;
use std::sync::Arc;
use std::sync::Mutex;

use calluna_certs::tls::server_name;
use calluna_certs::{JoinToken, NodeKey, Peer};
use calluna_wire::v1 as pb;
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ED25519, SanType,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tonic::transport::{Channel, Endpoint, Uri};

/// A TLS connection to the hub at `address`.
///
/// # Errors
/// When it refuses, as far as that is heard in the handshake.
pub async fn shake(address: &str, config: Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let name = server_name(&Peer::Hub).map_err(io::Error::other)?;
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(config).connect(name, stream).await
}

/// A gRPC channel over one TLS connection to the hub at `address`.
///
/// # Errors
/// When the hub refuses; in TLS 1.3 that may be heard only at the first call.
pub async fn channel(address: &str, config: Arc<ClientConfig>) -> io::Result<Channel> {
    let stream = shake(address, config).await?;
    let slot = Mutex::new(Some(TokioIo::new(stream)));
    let connector = tower::service_fn(move |_: Uri| {
        let stream = slot.lock().unwrap().take();
        async move { stream.ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected)) }
    });
    let endpoint = Endpoint::from_static("http://hub.calluna.internal");
    endpoint
        .connect_with_connector(connector)
        .await
        .map_err(io::Error::other)
}

/// The same configuration, changed.
#[must_use]
pub fn bent(config: &ClientConfig, change: impl FnOnce(&mut ClientConfig)) -> Arc<ClientConfig> {
    let mut config = config.clone();
    change(&mut config);
    Arc::new(config)
}

/// A request to join with `token`.
#[must_use]
pub fn ask(token: &JoinToken, csr: Vec<u8>) -> pb::EnrolRequest {
    pb::EnrolRequest {
        provider_id: token.provider.to_string(),
        secret: token.secret.expose().to_vec(),
        certificate_request: csr,
        ..pb::EnrolRequest::default()
    }
}

/// The honest request of a new key for `token`.
#[must_use]
pub fn honest(token: &JoinToken) -> pb::EnrolRequest {
    let key = NodeKey::generate().unwrap();
    ask(token, key.csr_der(&token.provider).unwrap())
}

/// Certificate requests that ask for more than `provider` may have, with a word of the refusal.
#[must_use]
pub fn greedy(provider: &str) -> Vec<(&'static str, Vec<u8>)> {
    let p256 = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let other_kind = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let csr = |key: &KeyPair, change: &dyn Fn(&mut CertificateParams)| {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        change(&mut params);
        params.serialize_request(key).unwrap().der().to_vec()
    };
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let own = format!("calluna://provider/{provider}");
    vec![
        (
            "names",
            csr(&p256, &|params| {
                params.subject_alt_names = vec![uri(&own), uri("calluna://hub")];
            }),
        ),
        (
            "names",
            csr(&p256, &|params| {
                params.subject_alt_names = vec![uri("calluna://provider/vhs-victim")];
            }),
        ),
        (
            "authority",
            csr(&p256, &|params| {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }),
        ),
        ("P-256", csr(&other_kind, &|_| {})),
        ("P-256", weak_rsa()),
    ]
}

/// A request with an RSA key of 512 bits, made by openssl; its signature is good.
fn weak_rsa() -> Vec<u8> {
    let hex = include_str!("../data/weak_rsa_512.csr.hex");
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

/// The first message of a client that speaks nothing newer than TLS 1.2, and speaks it well.
#[must_use]
pub fn hello_tls12() -> Vec<u8> {
    let extensions: &[u8] = &[
        0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, // groups: P-256
        0x00, 0x0b, 0x00, 0x02, 0x01, 0x00, // point formats: uncompressed
        0x00, 0x0d, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03, // signatures: ECDSA P-256 SHA-256
        0x00, 0x10, 0x00, 0x05, 0x00, 0x03, 0x02, b'h', b'2', // ALPN: h2
    ];
    let mut body = vec![0x03, 0x03];
    body.extend([7; 32]);
    body.extend([0x00, 0x00, 0x02, 0xc0, 0x2b, 0x01, 0x00]);
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u8::try_from(body.len()).unwrap();
    let mut record = vec![0x16, 0x03, 0x01, 0x00, length + 4, 0x01, 0x00, 0x00, length];
    record.extend(body);
    record
}
