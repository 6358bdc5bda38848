//! What holds for a whole file.

use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;
use calluna_model::member::Member;

use super::Format;
use super::openqcat::Profiles;

/// The licence of the catalogue: Datenlizenz Deutschland, Namensnennung, 2.0, by its address in the DCAT-AP.de list.
pub const LICENCE: &str = "http://dcat-ap.de/def/licenses/dl-by-de/2.0";

/// Who publishes the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publisher {
    /// Name of the office.
    pub name: String,
    /// Its page, `http` or `https`; empty when it has none.
    pub url: String,
    /// Its role mailbox; empty when it has none. Never a person's.
    pub email: String,
    /// Key of the Kreis, 5 digits; empty when it is not known.
    pub district_key: String,
    /// `dcatde:contributorID` that GovData or the state's portal has given; empty until then.
    pub contributor_id: String,
}

/// What a file says beside its rows: when it was made, of which district, where the catalogue's pages are.
#[derive(Clone, Debug)]
pub struct Edition {
    /// Name of the district.
    pub district: String,
    /// Where the catalogue's pages are, such as `https://bildung.example`, without `/` at the end; empty when
    /// nobody serves them.
    pub base_url: String,
    /// When the file is made.
    pub now: Moment,
    /// Every provider that rows may come from.
    pub providers: Vec<Member>,
    /// Who publishes it.
    pub publisher: Publisher,
    /// What KURSNET asks of providers and no offer says.
    pub profiles: Profiles,
}

impl Edition {
    /// An edition with the least that a file needs.
    #[must_use]
    pub fn new(district: &str, now: Moment, providers: Vec<Member>) -> Self {
        Self {
            district: district.to_owned(),
            base_url: String::new(),
            now,
            providers,
            publisher: Publisher {
                name: district.to_owned(),
                ..Publisher::default()
            },
            profiles: Profiles::default(),
        }
    }

    /// Address of an offer: its page where pages are served, else a name that stays the same.
    #[must_use]
    pub fn offer_iri(&self, provider: &ProviderId, offer: &str) -> String {
        offer_iri(&self.base_url, provider, offer)
    }

    /// Address at which the catalogue can be fetched in a format.
    #[must_use]
    pub fn download(&self, format: &dyn Format) -> String {
        format!("{}/export/catalogue.{}", self.base_url, format.extension())
    }

    /// Address of a provider.
    #[must_use]
    pub fn provider_iri(&self, provider: &ProviderId) -> String {
        provider_iri(&self.base_url, provider)
    }
}

/// Address of an offer's page below `base_url`; a `urn` where there is none.
pub(super) fn offer_iri(base_url: &str, provider: &ProviderId, offer: &str) -> String {
    if base_url.is_empty() {
        format!("urn:calluna:{provider}:{offer}")
    } else {
        format!("{base_url}/angebot/{provider}/{offer}")
    }
}

/// Address of a provider's page below `base_url`; a `urn` where there is none.
pub(super) fn provider_iri(base_url: &str, provider: &ProviderId) -> String {
    if base_url.is_empty() {
        format!("urn:calluna:{provider}")
    } else {
        format!("{base_url}/anbieter/{provider}")
    }
}
