//! Handshake failures in words, each with the way out.

use std::io::{self, ErrorKind};

use calluna_model::clock::Moment;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};
use rustls_pki_types::UnixTime;

const RENEW: &str = "it has to be renewed; ask the district office for a new invitation";
const CLOCK: &str = "look whether the clock of this machine is right";
const STRANGER: &str = "either the address leads to another hub, or something in between (a TLS-inspecting proxy or firewall) \
     opens the connection; ask your network's administrator to exempt the hub's address";

/// Says what a failed handshake means and what to do about it, in one sentence.
#[must_use]
pub fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(problem) => certificate(problem),
        Error::AlertReceived(alert) => alert_text(*alert),
        Error::NoCertificatesPresented => {
            "the other side presented no certificate, and only members may connect; it has to join first".to_owned()
        }
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => {
            "the other side does not speak TLS on this port; look whether address and port are right, \
             and whether a proxy answers in its place"
                .to_owned()
        }
        Error::PeerIncompatible(problem) => incompatible(problem),
        Error::NoApplicationProtocol => {
            "the other side speaks none of Calluna's protocols on this port; look whether address and port are right, \
             and whether both sides have a current version"
                .to_owned()
        }
        Error::FailedToGetCurrentTime => format!("this machine does not know what time it is; {CLOCK}"),
        other => format!("the secure connection could not be set up: {other}"),
    }
}

/// [`explain`] for an error of a TLS stream: finds the TLS error inside, or says what the network
/// did.
#[must_use]
pub fn explain_io(error: &io::Error) -> String {
    if let Some(inside) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    {
        return explain(inside);
    }
    let text = match error.kind() {
        ErrorKind::ConnectionRefused => {
            "nothing listens at this address and port; look whether the other side runs, and whether the port is right"
        }
        ErrorKind::TimedOut => {
            "no answer came in time; look whether the other side runs, and whether a firewall swallows the connection"
        }
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => {
            "the connection was cut off; the other side refused it or was stopped, or a firewall or proxy in between cut it"
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            "there is no way through the network to this address; look at the network connection of this machine"
        }
        _ => return format!("the connection failed: {error}"),
    };
    text.to_owned()
}

fn certificate(problem: &CertificateError) -> String {
    match problem {
        CertificateError::Expired => format!("the certificate of the other side has expired: {RENEW}, or {CLOCK}"),
        CertificateError::ExpiredContext { time, not_after } => format!(
            "the certificate of the other side expired on {}, and it is {} here: {RENEW}, or {CLOCK}",
            moment(*not_after),
            moment(*time),
        ),
        CertificateError::NotValidYet => format!("the certificate of the other side is not yet valid; {CLOCK}"),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "the certificate of the other side is not valid before {}, and it is {} here; {CLOCK}",
            moment(*not_before),
            moment(*time),
        ),
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!("the certificate of the other side is not from this district's authority: {STRANGER}")
        }
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "`{}` was expected to answer, but the certificate there belongs to {}; look whether the address is right",
            expected.to_str(),
            presented.join(", "),
        ),
        CertificateError::NotValidForName => {
            "the certificate of the other side belongs to somebody else; look whether the address is right".to_owned()
        }
        CertificateError::Revoked => {
            "the certificate of the other side was revoked; ask the district office".to_owned()
        }
        // The pin's own words, way out included.
        CertificateError::Other(other) => other.to_string(),
        other => format!("the certificate of the other side cannot be accepted: {other}"),
    }
}

/// What the *other* side says about us before it hangs up.
fn alert_text(alert: AlertDescription) -> String {
    let text = match alert {
        AlertDescription::CertificateExpired => {
            return format!(
                "the other side says that our certificate is expired or not yet valid: {RENEW}, or {CLOCK}"
            );
        }
        AlertDescription::CertificateRequired => {
            "the other side asks for a certificate, and none was shown; this machine has to join first (calluna-node join)"
        }
        AlertDescription::UnknownCA => {
            "the other side does not know the authority that issued our certificate: it belongs to another district, \
             or its authority was replaced; ask the district office for a new invitation"
        }
        AlertDescription::CertificateRevoked => {
            "the other side says that our certificate was revoked; ask the district office"
        }
        AlertDescription::AccessDenied => {
            "the other side knows who we are and does not let us in; ask the district office"
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::DecryptError => {
            "the other side does not accept our certificate; look whether the clocks of both machines are right, \
             or ask the district office for a new invitation"
        }
        AlertDescription::ProtocolVersion
        | AlertDescription::HandshakeFailure
        | AlertDescription::InsufficientSecurity => {
            "the other side does not speak TLS 1.3; look whether the address is right, and whether a proxy answers in its place"
        }
        AlertDescription::NoApplicationProtocol => return explain(&Error::NoApplicationProtocol),
        other => return format!("the other side broke off the secure connection ({other:?})"),
    };
    text.to_owned()
}

fn incompatible(problem: &PeerIncompatible) -> String {
    match problem {
        PeerIncompatible::Tls12NotOffered
        | PeerIncompatible::Tls12NotOfferedOrEnabled
        | PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
        | PeerIncompatible::SupportedVersionsExtensionRequired => {
            "the other side does not speak TLS 1.3, and nothing older is accepted; look whether it has a current version, \
             and whether a proxy answers in its place"
                .to_owned()
        }
        other => format!("the two sides have no way of encrypting in common: {other:?}"),
    }
}

fn moment(time: UnixTime) -> Moment {
    Moment(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tls_error_inside_an_io_error_is_found() {
        let inside = Error::AlertReceived(AlertDescription::CertificateRequired);
        let wrapped = io::Error::new(ErrorKind::InvalidData, inside.clone());
        assert_eq!(explain_io(&wrapped), explain(&inside));
        assert!(explain(&inside).contains("calluna-node join"));
    }

    #[test]
    fn every_alert_about_certificates_has_words_of_its_own() {
        for alert in [
            AlertDescription::CertificateExpired,
            AlertDescription::CertificateRequired,
            AlertDescription::UnknownCA,
            AlertDescription::CertificateRevoked,
            AlertDescription::AccessDenied,
            AlertDescription::BadCertificate,
            AlertDescription::ProtocolVersion,
            AlertDescription::NoApplicationProtocol,
        ] {
            let text = explain(&Error::AlertReceived(alert));
            assert!(
                !text.contains("broke off") && !text.contains("Alert"),
                "{alert:?}: {text}"
            );
        }
    }

    #[test]
    fn what_the_network_did_is_said_with_the_way_out() {
        for kind in [
            ErrorKind::ConnectionRefused,
            ErrorKind::TimedOut,
            ErrorKind::UnexpectedEof,
        ] {
            assert!(explain_io(&kind.into()).contains(';'), "{kind:?}");
        }
        assert_eq!(
            explain_io(&io::Error::other("odd")),
            "the connection failed: odd"
        );
    }
}
