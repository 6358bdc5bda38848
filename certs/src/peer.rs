//! Who a certificate says is speaking.

use std::fmt;

use calluna_model::id::ProviderId;
use rustls_pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

const HUB_URI: &str = "calluna://hub";
const PROVIDER_URI: &str = "calluna://provider/";

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// The hub of the district.
    Hub,
    /// The node of one provider.
    Provider(ProviderId),
}

/// A certificate that does not say, plainly and once, who it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// No certificate was presented at all.
    #[error("the other side presented no certificate")]
    NoCertificate,
    /// The bytes are not an X.509 certificate.
    #[error("the certificate is damaged: it cannot be read as X.509")]
    Damaged,
    /// There is no URI among its names.
    #[error(
        "the certificate does not say who it belongs to: it has no URI name (a CN does not count)"
    )]
    NoUri,
    /// There are several URIs.
    #[error("the certificate names {count} URIs where exactly one is allowed")]
    SeveralUris {
        /// How many.
        count: usize,
    },
    /// The URI is not one of ours.
    #[error("`{uri}` is neither calluna://hub nor calluna://provider/<id>")]
    ForeignUri {
        /// The URI, shortened and escaped.
        uri: String,
    },
}

impl Peer {
    /// The URI SAN: `calluna://hub` or `calluna://provider/<id>`.
    #[must_use]
    pub fn uri(&self) -> String {
        match self {
            Self::Hub => HUB_URI.to_owned(),
            Self::Provider(id) => format!("{PROVIDER_URI}{id}"),
        }
    }

    /// Reads a URI SAN.
    ///
    /// # Errors
    /// [`PeerError::ForeignUri`] when it is not exactly one of the two forms.
    pub fn from_uri(uri: &str) -> Result<Self, PeerError> {
        if uri == HUB_URI {
            return Ok(Self::Hub);
        }
        uri.strip_prefix(PROVIDER_URI)
            .and_then(|id| id.parse().ok())
            .map(Self::Provider)
            .ok_or_else(|| PeerError::ForeignUri { uri: shown(uri) })
    }

    /// The provider, when it is one.
    #[must_use]
    pub fn provider(&self) -> Option<&ProviderId> {
        match self {
            Self::Hub => None,
            Self::Provider(id) => Some(id),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hub => f.write_str("the hub"),
            Self::Provider(id) => write!(f, "provider {id}"),
        }
    }
}

/// Reads who a leaf certificate belongs to: its single URI SAN.
///
/// Whether the certificate can be *trusted* is the TLS verifier's business; this is asked
/// afterwards.
///
/// # Errors
/// When there is not exactly one URI SAN, or it is not one of ours.
pub fn peer_of(leaf: &CertificateDer<'_>) -> Result<Peer, PeerError> {
    let (rest, certificate) = X509Certificate::from_der(leaf).map_err(|_| PeerError::Damaged)?;
    if !rest.is_empty() {
        return Err(PeerError::Damaged);
    }
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| PeerError::Damaged)?
        .ok_or(PeerError::NoUri)?;
    let uris: Vec<&str> = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        })
        .collect();
    match uris.as_slice() {
        [] => Err(PeerError::NoUri),
        [uri] => Peer::from_uri(uri),
        several => Err(PeerError::SeveralUris {
            count: several.len(),
        }),
    }
}

/// The DNS SAN that every leaf carries beside its URI, and the server name to ask for when
/// dialling.
#[must_use]
pub fn dns_name(peer: &Peer) -> String {
    match peer {
        Peer::Hub => "hub.calluna.internal".to_owned(),
        Peer::Provider(id) => format!("{id}.provider.calluna.internal"),
    }
}

fn shown(text: &str) -> String {
    text.chars()
        .take(80)
        .flat_map(char::escape_default)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, SanType};

    fn leaf(sans: &[SanType], common_name: &str) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = sans.to_vec();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, common_name);
        params
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap()
            .der()
            .clone()
    }

    fn uri(text: &str) -> SanType {
        SanType::URI(text.try_into().unwrap())
    }

    fn dns(text: &str) -> SanType {
        SanType::DnsName(text.try_into().unwrap())
    }

    #[test]
    fn a_single_uri_names_the_peer() {
        let provider = Peer::Provider("vhs-heidekreis".parse().unwrap());
        assert_eq!(
            peer_of(&leaf(&[dns("a.example"), uri("calluna://hub")], "x")),
            Ok(Peer::Hub)
        );
        assert_eq!(
            peer_of(&leaf(&[uri("calluna://provider/vhs-heidekreis")], "x")),
            Ok(provider)
        );
    }

    #[test]
    fn inv2_the_common_name_and_dns_names_never_name_the_peer() {
        assert_eq!(peer_of(&leaf(&[], "calluna://hub")), Err(PeerError::NoUri));
        let named = leaf(&[dns("hub.calluna.internal")], "calluna://hub");
        assert_eq!(peer_of(&named), Err(PeerError::NoUri));
    }

    #[test]
    fn inv2_two_uris_are_refused_even_if_they_are_equal() {
        let twice = leaf(&[uri("calluna://hub"), uri("calluna://hub")], "x");
        assert_eq!(peer_of(&twice), Err(PeerError::SeveralUris { count: 2 }));
        let both = leaf(
            &[uri("calluna://provider/aa"), uri("https://example.org")],
            "x",
        );
        assert_eq!(peer_of(&both), Err(PeerError::SeveralUris { count: 2 }));
    }

    #[test]
    fn inv2_a_uri_that_is_almost_ours_is_refused() {
        for text in [
            "calluna://hub/",
            "CALLUNA://hub",
            "calluna://hub?x",
            "calluna://hub#",
            "calluna:///hub",
            "calluna://provider/",
            "calluna://provider/A1",
            "calluna://provider/aa/bb",
            "calluna://provider/aa ",
            "calluna://provider/aa%20",
            "calluna://provider",
            "calluna://",
            "",
            "https://provider/aa",
        ] {
            assert!(
                matches!(Peer::from_uri(text), Err(PeerError::ForeignUri { .. })),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(peer_of(&CertificateDer::from(bytes)).is_err());
        }

        #[test]
        fn a_damaged_certificate_never_panics(place in 0_usize..400, with in any::<u8>()) {
            let mut bytes = leaf(&[uri("calluna://provider/aa")], "x").to_vec();
            let place = place % bytes.len();
            bytes[place] = with;
            drop(peer_of(&CertificateDer::from(bytes)));
        }

        #[test]
        fn no_text_makes_the_uri_parser_panic_and_what_it_takes_comes_back(text in ".{0,60}") {
            for uri in [text.clone(), format!("{PROVIDER_URI}{text}")] {
                if let Ok(peer) = Peer::from_uri(&uri) {
                    prop_assert_eq!(peer.uri(), uri);
                }
            }
        }
    }
}
