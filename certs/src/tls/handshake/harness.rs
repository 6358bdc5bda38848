//! Two sides that shake hands over buffers, and what tests ask of them.

use std::io::{Read, Write};

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, SanType};
use rustls::{ClientConfig, ClientConnection, Error, ServerConfig, ServerConnection};

use super::super::*;
use crate::authority::Authority;
use crate::mint;

/// What two sides came to.
#[derive(Debug)]
pub(super) struct Talk {
    pub(super) client: ClientConnection,
    pub(super) server: ServerConnection,
    /// Every byte the client sent, as a fake server could record it.
    pub(super) sent: Vec<u8>,
}

#[derive(Debug)]
pub(super) enum Refused {
    /// The client broke off.
    ByClient(Error),
    /// The server broke off; what it says, and what the client then hears.
    ByServer(Error, Option<Error>),
}

pub(super) fn shake(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    to: &Peer,
) -> Result<Talk, Box<Refused>> {
    let name = server_name(to).unwrap();
    let mut talk = Talk {
        client: ClientConnection::new(Arc::clone(client), name).unwrap(),
        server: ServerConnection::new(Arc::clone(server)).unwrap(),
        sent: Vec::new(),
    };
    // A client writes as soon as it may; what it writes first is what it must not lose.
    talk.client.writer().write_all(SECRET).unwrap();
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while talk.client.wants_write() {
            talk.client.write_tls(&mut bytes).unwrap();
        }
        talk.sent.extend_from_slice(&bytes);
        feed(&mut bytes.as_slice(), |from| talk.server.read_tls(from));
        let refused = talk.server.process_new_packets().err();
        let mut answer = Vec::new();
        while talk.server.wants_write() {
            talk.server.write_tls(&mut answer).unwrap();
        }
        feed(&mut answer.as_slice(), |from| talk.client.read_tls(from));
        let heard = talk.client.process_new_packets().err();
        match (refused, heard) {
            (Some(refused), heard) => return Err(Box::new(Refused::ByServer(refused, heard))),
            (None, Some(error)) => {
                assert_no_secret(talk);
                return Err(Box::new(Refused::ByClient(error)));
            }
            (None, None) => {}
        }
    }
    assert!(!talk.client.is_handshaking() && !talk.server.is_handshaking());
    Ok(talk)
}

/// Neither in the open, nor in what a fake server, who has the keys, can decrypt to the end.
pub(super) fn assert_no_secret(mut talk: Talk) {
    let mut last = Vec::new();
    while talk.client.wants_write() {
        talk.client.write_tls(&mut last).unwrap();
    }
    talk.sent.extend_from_slice(&last);
    feed(&mut last.as_slice(), |from| talk.server.read_tls(from));
    assert!(matches!(
        talk.server.process_new_packets(),
        Err(Error::AlertReceived(_))
    ));
    assert_eq!(received(&mut talk.server), "");
    assert!(
        !talk
            .sent
            .windows(SECRET.len())
            .any(|window| window == SECRET)
    );
}

pub(super) const SECRET: &[u8] = b"the SECRET of the token";

pub(super) fn feed(
    from: &mut &[u8],
    mut read: impl FnMut(&mut dyn Read) -> std::io::Result<usize>,
) {
    while !from.is_empty() {
        read(from).unwrap();
    }
}

pub(super) fn received(server: &mut ServerConnection) -> String {
    let mut out = vec![0; 100];
    let length = server.reader().read(&mut out).unwrap_or(0);
    String::from_utf8_lossy(&out[..length]).into_owned()
}

pub(super) fn accepts(identity: &Identity) -> Arc<ServerConfig> {
    mutual_server(identity, &[ALPN_GRPC, ALPN_REVERSE]).unwrap()
}

pub(super) fn dials(identity: &Identity) -> Arc<ClientConfig> {
    mutual_client(identity, ALPN_REVERSE).unwrap()
}

pub(super) fn refused_by_client(result: Result<Talk, Box<Refused>>) -> String {
    match *result.expect_err("the client refuses") {
        Refused::ByClient(error) => explain(&error),
        other => panic!("expected the client to refuse, got {other:?}"),
    }
}

/// What the server says, and what the client hears.
pub(super) fn refused_by_server(result: Result<Talk, Box<Refused>>) -> (String, String) {
    match *result.expect_err("the server refuses") {
        Refused::ByServer(error, heard) => (
            explain(&error),
            heard.as_ref().map(explain).unwrap_or_default(),
        ),
        other => panic!("expected the server to refuse, got {other:?}"),
    }
}

pub(super) fn assert_says(text: &str, words: &str) {
    assert!(text.contains(words), "`{words}` is not in: {text}");
}

pub(super) struct District {
    pub(super) authority: Authority,
    pub(super) hub: Identity,
    pub(super) node: Identity,
}

pub(super) fn district() -> District {
    let authority = mint::district();
    let (hub, node) = (mint::hub(&authority), mint::node(&authority, "vhs"));
    District {
        authority,
        hub,
        node,
    }
}

/// A certificate that `issue` would never make, signed by the district's authority all the same.
pub(super) fn crafted(
    authority: &Authority,
    change: impl FnOnce(&mut CertificateParams),
) -> Arc<ClientConfig> {
    let ca_key = KeyPair::from_pem(&authority.key_pem()).unwrap();
    let issuer = Issuer::from_ca_cert_der(authority.root_der(), ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.subject_alt_names = vec![uri("calluna://provider/vhs")];
    params
        .distinguished_name
        .push(DnType::CommonName, "calluna://provider/vhs");
    change(&mut params);
    let chain = vec![params.signed_by(&key, &issuer).unwrap().der().clone()];
    presents(chain, key, &mint::node(authority, "vhs"))
}

/// A client that trusts as `like` does and presents exactly this.
pub(super) fn presents(
    chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    like: &Identity,
) -> Arc<ClientConfig> {
    let key = rustls_pki_types::PrivateKeyDer::from(key);
    let certified = rustls::sign::CertifiedKey::from_der(chain, key, &provider()).unwrap();
    let mut config = ClientConfig::clone(&dials(like));
    config.client_auth_cert_resolver = Arc::new(rustls::sign::SingleCertAndKey::from(certified));
    Arc::new(config)
}

pub(super) fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

/// A client hello as TLS 1.2 wrote it: no supported versions, ECDHE-ECDSA with AES-128-GCM.
pub(super) fn hello_tls12() -> Vec<u8> {
    let extensions: &[u8] = &[
        0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, // groups: P-256
        0x00, 0x0b, 0x00, 0x02, 0x01, 0x00, // point formats: uncompressed
        0x00, 0x0d, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03, // signatures: ECDSA P-256 SHA-256
        0x00, 0x17, 0x00, 0x00, // extended master secret
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
