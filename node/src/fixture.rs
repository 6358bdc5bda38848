//! A node's catalogue for tests: a real store in a folder that goes away, a clock turned by hand.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use calluna_model::clock::{HandClock, Moment};
use calluna_model::entropy::SeededEntropy;
use calluna_model::fixture::an_offer;
use calluna_model::offer::Offer;
use tempfile::TempDir;

use crate::publish::{Candidate, PublishError, Published, Publisher, Terms};
use crate::store::Store;

pub(crate) const NOW: Moment = Moment(1_800_000_000);

pub(crate) struct House {
    pub(crate) dir: TempDir,
    pub(crate) clock: HandClock,
    pub(crate) publisher: Arc<Publisher>,
}

impl House {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = HandClock::at(NOW);
        let publisher = open(dir.path(), &clock);
        Self {
            dir,
            clock,
            publisher,
        }
    }

    /// Closes the store, lets `meanwhile` do something to its folder, and opens it again.
    pub(crate) fn reopened(self, meanwhile: impl FnOnce(&Path)) -> Self {
        let Self {
            dir,
            clock,
            publisher,
        } = self;
        drop(publisher);
        meanwhile(&dir.path().join("store"));
        let publisher = open(dir.path(), &clock);
        Self {
            dir,
            clock,
            publisher,
        }
    }

    pub(crate) fn publish(&self, offers: &[Offer]) -> Result<Published, PublishError> {
        self.publisher
            .publish(&candidates(offers), &Terms::default())
    }

    pub(crate) fn replace(&self, offers: &[Offer]) -> Result<Published, PublishError> {
        self.publisher.publish(
            &candidates(offers),
            &Terms {
                replace: true,
                ..Terms::default()
            },
        )
    }
}

fn open(dir: &Path, clock: &HandClock) -> Arc<Publisher> {
    let entropy =
        SeededEntropy::new(dir.as_os_str().len() as u64 + u64::from(dir.join("store").exists()));
    let store = Store::open(&dir.join("store"), clock, &entropy, Duration::from_secs(5)).unwrap();
    let provider = "vhs".parse().unwrap();
    Arc::new(Publisher::new(
        Arc::new(store),
        provider,
        Arc::new(clock.clone()),
    ))
}

pub(crate) fn candidates(offers: &[Offer]) -> Vec<Candidate> {
    offers.iter().map(Candidate::of).collect()
}

/// `A-1` to `A-n`, with a description of `bytes` letters.
pub(crate) fn offers(n: usize, bytes: usize) -> Vec<Offer> {
    (1..=n)
        .map(|i| {
            an_offer(&format!("A-{i}"))
                .described(&"x".repeat(bytes))
                .build()
        })
        .collect()
}

pub(crate) fn titled(id: &str, title: &str) -> Offer {
    an_offer(id).titled(title).build()
}

/// The directory of a node that has joined the district of `authority`, to be dialled at or dialling.
pub(crate) fn member(
    dir: &Path,
    authority: &calluna_certs::Authority,
    config: &crate::config::Config,
) -> calluna_host::data_dir::DataDir {
    let peer = calluna_certs::Peer::Provider(config.provider.clone());
    let leaf = calluna_certs::mint::leaf(authority, &peer);
    let data = calluna_host::data_dir::DataDir::create_new(dir).unwrap();
    let answer = crate::membership::Answer {
        certificate_pem: leaf.certificate_pem,
        trust_bundle_pem: authority.root_pem(),
        ..crate::membership::Answer::default()
    };
    crate::membership::settle(&data, config, &answer, &leaf.key_pem).unwrap();
    data
}
