//! The pure decision of the hub about a request to join. It reads no clock and writes nothing:
//! the caller commits the outcome before it answers.

use calluna_model::clock::Moment;
use calluna_model::failure::{Failure, Reaction};

use crate::ledger::{Given, Invitation};
use crate::request::RequestedKey;
use crate::token::{TokenSecret, secret_hash};

/// What to do with an admissible request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Issue a certificate, and mark the invitation as used in the same write.
    Issue,
    /// Same token, same key: the first answer was lost. Give the same one again.
    Repeat(Given),
}

/// Why a request to join is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolRefused {
    /// This hub never invited the provider.
    #[error(
        "this hub has no invitation for the provider that the token names: the token is from another hub, \
         or the invitation was withdrawn; ask the district office for a new invitation"
    )]
    Unknown,
    /// The secret is not the one of the newest invitation.
    #[error(
        "the token is not the one of the provider's newest invitation; use the newest letter, \
         or ask the district office for a new invitation"
    )]
    WrongSecret,
    /// The invitation has run out.
    #[error("the invitation expired on {at}; ask the district office for a new invitation")]
    Expired {
        /// When it ran out.
        at: Moment,
    },
    /// Another key has already joined with this token.
    #[error(
        "the token was already used on {at} with another key; if that was not this installation, \
         tell the district office at once; to join again, ask it for a new invitation"
    )]
    AlreadyUsed {
        /// When it was used.
        at: Moment,
    },
    /// The certificate that the token was exchanged for was revoked.
    #[error(
        "the token was used, and the certificate that it gave was revoked on {at}; \
         ask the district office why, and for a new invitation"
    )]
    CertificateRevoked {
        /// When it was revoked.
        at: Moment,
    },
    /// The invitation was withdrawn.
    #[error(
        "the invitation was withdrawn on {at}; ask the district office why, and for a new invitation"
    )]
    Cancelled {
        /// When.
        at: Moment,
    },
    /// The certificate that the token was exchanged for has run out as well.
    #[error(
        "the token was used, and the certificate that it gave expired on {at}; \
         ask the district office for a new invitation"
    )]
    CertificateExpired {
        /// When the certificate expired.
        at: Moment,
    },
}

impl Failure for EnrolRefused {
    fn reaction(&self) -> Reaction {
        match self {
            Self::Unknown | Self::WrongSecret => Reaction::Unauthenticated,
            Self::Expired { .. }
            | Self::AlreadyUsed { .. }
            | Self::CertificateRevoked { .. }
            | Self::Cancelled { .. }
            | Self::CertificateExpired { .. } => Reaction::NotYours,
        }
    }
}

/// Decides whether `key` may have a certificate for the invitation.
///
/// A repeat is granted after the token's expiry too: the door was open when the key came first,
/// and nothing new is given away.
///
/// # Errors
/// [`EnrolRefused`] says why not. Without the right secret nothing else is said about an
/// invitation.
pub fn decide(
    invitation: Option<&Invitation>,
    secret: &TokenSecret,
    key: &RequestedKey,
    now: Moment,
) -> Result<Decision, EnrolRefused> {
    let invitation = invitation.ok_or(EnrolRefused::Unknown)?;
    if !same(&invitation.secret_hash, &secret_hash(secret)) {
        return Err(EnrolRefused::WrongSecret);
    }
    match &invitation.used {
        Some(used) if used.key != key.fingerprint() => {
            Err(EnrolRefused::AlreadyUsed { at: used.at })
        }
        Some(Given {
            revoked: Some(at), ..
        }) => Err(EnrolRefused::CertificateRevoked { at: *at }),
        Some(used) if now >= used.not_after => {
            Err(EnrolRefused::CertificateExpired { at: used.not_after })
        }
        Some(used) => Ok(Decision::Repeat(used.clone())),
        None if invitation.cancelled.is_some() => Err(EnrolRefused::Cancelled {
            at: invitation.cancelled.unwrap_or(now),
        }),
        None if now >= invitation.expires => Err(EnrolRefused::Expired {
            at: invitation.expires,
        }),
        None => Ok(Decision::Issue),
    }
}

/// Compares in constant time: `blake3::Hash` promises that of its equality.
fn same(left: &[u8; 32], right: &[u8; 32]) -> bool {
    blake3::Hash::from_bytes(*left) == blake3::Hash::from_bytes(*right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::NodeKey;

    const NOW: Moment = Moment(1_000_000);

    struct Case {
        invitation: Invitation,
        secret: TokenSecret,
        key: RequestedKey,
    }

    fn case() -> Case {
        let secret = TokenSecret::from_bytes([7; 16]);
        let invitation = Invitation {
            provider: "vhs".parse().unwrap(),
            secret_hash: secret_hash(&secret),
            expires: NOW.plus(10),
            used: None,
            cancelled: None,
        };
        Case {
            invitation,
            secret,
            key: key(),
        }
    }

    fn key() -> RequestedKey {
        NodeKey::generate().unwrap().public_key().unwrap()
    }

    fn used_by(key: &RequestedKey) -> Given {
        Given {
            at: NOW.plus(-5),
            key: key.fingerprint(),
            certificate_pem: "PEM".to_owned(),
            serial: "01".to_owned(),
            not_after: NOW.plus(1_000),
            issuer: None,
            revoked: None,
        }
    }

    impl Case {
        fn ask(&self, now: Moment) -> Result<Decision, EnrolRefused> {
            decide(Some(&self.invitation), &self.secret, &self.key, now)
        }
    }

    #[test]
    fn an_open_invitation_is_exchanged_for_a_certificate() {
        assert_eq!(case().ask(NOW), Ok(Decision::Issue));
    }

    #[test]
    fn nobody_joins_who_was_not_invited() {
        let Case { secret, key, .. } = case();
        assert_eq!(decide(None, &secret, &key, NOW), Err(EnrolRefused::Unknown));
    }

    #[test]
    fn a_guess_learns_nothing_but_that_it_was_wrong() {
        let mut guess = case();
        guess.secret = TokenSecret::from_bytes([8; 16]);
        assert_eq!(guess.ask(NOW), Err(EnrolRefused::WrongSecret));
        assert_eq!(guess.ask(NOW.plus(99)), Err(EnrolRefused::WrongSecret));
        guess.invitation.used = Some(used_by(&guess.key));
        assert_eq!(guess.ask(NOW), Err(EnrolRefused::WrongSecret));
    }

    #[test]
    fn the_door_closes_at_the_second_of_expiry() {
        let open = case();
        let expires = open.invitation.expires;
        assert_eq!(open.ask(expires.plus(-1)), Ok(Decision::Issue));
        assert_eq!(
            open.ask(expires),
            Err(EnrolRefused::Expired { at: expires })
        );
    }

    #[test]
    fn a_lost_answer_is_given_again_even_after_the_token_expired() {
        let mut lost = case();
        let used = used_by(&lost.key);
        lost.invitation.used = Some(used.clone());
        assert_eq!(lost.ask(NOW), Ok(Decision::Repeat(used.clone())));
        assert_eq!(lost.ask(NOW.plus(500)), Ok(Decision::Repeat(used.clone())));
        let end = used.not_after;
        assert_eq!(
            lost.ask(end),
            Err(EnrolRefused::CertificateExpired { at: end })
        );
    }

    #[test]
    fn a_revoked_certificate_is_not_given_again() {
        let mut lost = case();
        let mut used = used_by(&lost.key);
        used.revoked = Some(NOW);
        lost.invitation.used = Some(used);
        assert_eq!(
            lost.ask(NOW),
            Err(EnrolRefused::CertificateRevoked { at: NOW })
        );
    }

    #[test]
    fn a_second_key_gets_nothing_from_a_used_token() {
        let mut replay = case();
        let used = used_by(&key());
        replay.invitation.used = Some(used.clone());
        assert_eq!(
            replay.ask(NOW),
            Err(EnrolRefused::AlreadyUsed { at: used.at })
        );
    }

    #[test]
    fn every_refusal_names_the_way_out() {
        for refusal in [
            EnrolRefused::Unknown,
            EnrolRefused::WrongSecret,
            EnrolRefused::Expired { at: NOW },
            EnrolRefused::AlreadyUsed { at: NOW },
            EnrolRefused::CertificateExpired { at: NOW },
            EnrolRefused::CertificateRevoked { at: NOW },
            EnrolRefused::Cancelled { at: NOW },
        ] {
            assert!(refusal.to_string().contains("district office"), "{refusal}");
        }
    }

    #[test]
    fn an_invitation_survives_being_written_down() {
        let mut kept = case().invitation;
        kept.used = Some(used_by(&key()));
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Invitation>(&json).unwrap(), kept);
    }
}
