//! What can be wrong with a certificate, a key, or the two together.

use calluna_model::clock::Moment;

use crate::peer::PeerError;

/// A certificate or key that cannot be used, or that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertError {
    /// The text holds no readable PEM block of the kind that was looked for.
    #[error(
        "no readable {what} (a block that begins with `-----BEGIN {label}-----`): {reason}; \
         restore the file from a backup, or join again with a new token"
    )]
    Pem {
        /// What was looked for, in words.
        what: &'static str,
        /// The PEM label it should have.
        label: &'static str,
        /// What the reader says.
        reason: String,
    },
    /// The bytes are not an X.509 certificate.
    #[error("the {what} is damaged: it cannot be read as an X.509 certificate")]
    Damaged {
        /// Which certificate.
        what: &'static str,
    },
    /// The key is not an ECDSA key on the curve P-256.
    #[error("the private key cannot be used: {reason}; only ECDSA keys on P-256 are")]
    Key {
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key are not a pair.
    #[error(
        "certificate and private key are not a pair; restore both from the same backup, \
         or join again with a new token"
    )]
    NotAPair,
    /// A certificate stands where only an authority's may stand.
    #[error(
        "the certificate of `{subject}` is not an authority's (CA:TRUE), so nothing can be trusted through it"
    )]
    NotAnAuthority {
        /// Its subject, as text.
        subject: String,
    },
    /// The trust bundle holds nothing.
    #[error("the trust bundle holds no certificate, so nobody can be trusted")]
    EmptyBundle,
    /// The leaf does not say who it is.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The authority itself has run out.
    #[error(
        "the district's certificate authority expired on {at}; it has to be replaced before anything can be issued"
    )]
    AuthorityExpired {
        /// When it expired.
        at: Moment,
    },
    /// A date that a certificate cannot hold.
    #[error("a certificate cannot hold the date {at}; look at the clock of this machine")]
    Date {
        /// The date.
        at: Moment,
    },
    /// A name that a certificate cannot hold.
    #[error(
        "`{name}` cannot be the name of an authority: 1 to 64 characters, no control characters"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A signature does not fit the message and the certificate.
    #[error("the signature does not fit the message and the key of the certificate")]
    Signature,
    /// The library that makes certificates refused.
    #[error("could not make the certificate: {0}")]
    Make(#[from] rcgen::Error),
    /// The TLS library refused a configuration.
    #[error("could not prepare TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The trust bundle cannot serve as a verifier.
    #[error("could not prepare the trust bundle: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
    /// A chain of authorities is broken.
    #[error(
        "the authority `{name}` was not signed by `{by}`, or `{by}` may not have it below itself; \
         a file of authorities holds the issuing one first and the root last"
    )]
    NotSignedBy {
        /// The one.
        name: String,
        /// The one that stands after it.
        by: String,
    },
    /// An intermediate authority stands where only a root may stand.
    #[error(
        "the authority `{name}` is not a root (it did not sign itself), and only a root can be trusted, \
         pinned, or have an authority below it"
    )]
    NotARoot {
        /// What it is called.
        name: String,
    },
    /// A certificate that none of the trusted roots vouches for.
    #[error(
        "none of the trusted authorities issued the certificate: it is from another district, \
         or the authority was replaced; join again with a new token"
    )]
    Stranger,
    /// A revocation list that cannot be used.
    #[error(
        "the revocation list cannot be used: {reason}; ask the district office for the current one"
    )]
    RevocationList {
        /// Why.
        reason: String,
    },
    /// Two authorities that a verifier cannot tell apart.
    #[error(
        "the trust bundle holds two authorities with the subject `{subject}`, so no revocation list of either \
         can be applied; take the old one out of the bundle, or replace it by one made by this version"
    )]
    SameSubject {
        /// Their subject.
        subject: String,
    },
    /// A serial number that is none.
    #[error(
        "`{serial}` is not the serial number of a certificate: up to 40 hexadecimal digits are"
    )]
    Serial {
        /// The text, shortened and escaped.
        serial: String,
    },
    /// The clock says that it is a time before the authority was made.
    #[error(
        "the clock of this machine is wrong: it says {now}, but the district's certificate authority is valid only from \
         {from} on; set the clock right (NTP) and try again"
    )]
    BeforeAuthority {
        /// What the clock says.
        now: Moment,
        /// From when on the authority is valid.
        from: Moment,
    },
}
