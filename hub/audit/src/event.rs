//! The closed list of what is recorded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The text is not the name of an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no event of the audit log; one of these is: {names}", names = Event::names())]
pub struct UnknownEvent(String);

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What an entry tells of. The names stand in exports, so none is ever changed or reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Event {
            $($(#[$doc])* $name,)*
        }

        impl Event {
            /// Every event.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name that stands in the log.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

events! {
    /// The log begins; holds the public key.
    Began = "began",
    /// Another key signs from now on; signed by the old one, holds the new one.
    KeyChanged = "key-changed",
    /// A provider was invited, or invited again.
    Invited = "invited",
    /// An open invitation was taken back.
    InvitationCancelled = "invitation-cancelled",
    /// An invitation was exchanged for a certificate.
    Enrolled = "enrolled",
    /// An enrolment was refused; whoever records it counts and limits.
    EnrolRefused = "enrol-refused",
    /// The operator approved a member's public data.
    Approved = "approved",
    /// A certificate was renewed.
    Renewed = "renewed",
    /// An expired certificate was renewed with the same key.
    RenewedInGrace = "renewed-in-grace",
    /// A renewal was refused.
    RenewalRefused = "renewal-refused",
    /// A member was revoked.
    Revoked = "revoked",
    /// A member's offers left the catalogue.
    OffersWithdrawn = "offers-withdrawn",
    /// The hub has a new certificate.
    HubCertificateRenewed = "hub-certificate-renewed",
    /// Another authority is trusted beside the old one.
    AuthorityIntroduced = "authority-introduced",
    /// The other authority issues from now on.
    AuthoritySwitched = "authority-switched",
    /// The old authority is no longer trusted.
    AuthorityRetired = "authority-retired",
    /// The authority's key was encrypted, or encrypted anew.
    AuthorityKeySealed = "authority-key-sealed",
    /// The root's key left the hub; an intermediate authority issues.
    AuthorityTakenOffline = "authority-taken-offline",
    /// A new intermediate authority issues.
    IntermediateRenewed = "intermediate-renewed",
    /// A guard holds a night back.
    Held = "held",
    /// The operator released a held night.
    Released = "released",
    /// The operator discarded a held night.
    Discarded = "discarded",
    /// A night ended.
    Night = "night",
    /// Two nodes spoke for one provider.
    DuplicateIdentity = "duplicate-identity",
    /// The store was found behind what was known of it.
    StoreDoubted = "store-doubted",
    /// The settings differ from those of the start before.
    ConfigChanged = "config-changed",
    /// A backup was made.
    BackupMade = "backup-made",
    /// The hub was restored from a backup.
    Restored = "restored",
    /// The service started.
    ServiceStarted = "service-started",
    /// This log was found shorter than, or other than, its own head said: entries were lost.
    LogBehind = "log-behind",
    /// Revisions of participation figures were accepted.
    FiguresAccepted = "figures-accepted",
    /// Revisions of participation figures were refused.
    FiguresRefused = "figures-refused",
    /// A release of the monitoring dataset was made.
    ReleaseBuilt = "release-built",
    /// The operator said of two offers that they are the same, or that they are not.
    DuplicateJudged = "duplicate-judged",
}

impl Event {
    /// Every name, for a message.
    #[must_use]
    pub fn names() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|event| event.as_str()).collect();
        names.join(", ")
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL
            .iter()
            .copied()
            .find(|event| event.as_str() == text);
        found.ok_or_else(|| UnknownEvent(calluna_model::finding::shorten(text)))
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_survives_its_own_name() {
        for event in Event::ALL {
            assert_eq!(event.as_str().parse(), Ok(*event));
        }
        let error = "fine".parse::<Event>().unwrap_err().to_string();
        assert!(error.contains("service-started"), "{error}");
    }
}
