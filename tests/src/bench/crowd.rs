//! Very many nodes in one process: real ones, each with its own key, certificate, catalogue,
//! service and dialled-out connection over TLS. Only where their stores lie is a choice.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use calluna_certs::{NodeKey, TokenSecret, files};
use calluna_host::clock::SystemClock;
use calluna_host::data_dir::DataDir;
use calluna_host::entropy::OsEntropy;
use calluna_host::tasks::Tasks;
use calluna_hub::hub::Hub;
use calluna_hub::members::{self, JoinRequest};
use calluna_model::clock::Clock;
use calluna_model::id::ProviderId;
use calluna_model::member::{ProviderKind, Stated};
use calluna_node::config::{Config, Settings};
use calluna_node::keyring::{BUNDLE, CERTIFICATE, KEY, Keyring};
use calluna_node::link::LinkState;
use calluna_node::publish::{Candidate, Terms};
use calluna_node::run::Node;
use calluna_node::store::Store;
use tokio::time::Instant;

use super::data;

/// How often the links are looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Where the nodes keep their catalogues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// In memory: the node's own code on an engine that has no disk.
    InMemory,
    /// In a sled store for each, as in a district.
    OnDisk,
}

/// The id of the `n`th provider.
///
/// # Panics
/// Never: it is a valid id.
#[must_use]
pub fn id(n: usize) -> ProviderId {
    format!("p{n:04}").parse().expect("a letter and digits")
}

/// Makes `count` members of the hub in `hub`, which must not be running, and puts their keys and
/// certificates into directories below `nodes`. It is the hub's own way in, without the network.
///
/// # Errors
/// When either cannot be written.
pub fn enlist(hub: &Path, nodes: &Path, count: usize) -> Result<()> {
    let nothing: BTreeMap<String, String> = BTreeMap::new();
    let hub = Hub::open(hub, &nothing, Arc::new(SystemClock), Arc::new(OsEntropy))?;
    for n in 0..count {
        let id = id(n);
        let token = members::invite(&hub, &id, "Messung", ProviderKind::Other, 3_600)?;
        let key = NodeKey::generate()?;
        let certificate = enrol(&hub, &id, &token.secret, &key)?;
        let dir = DataDir::create_new(&nodes.join(id.as_str()))?;
        std::fs::write(dir.join(CERTIFICATE), certificate)?;
        files::write_private(&dir.join(KEY), key.pem().as_bytes())?;
        std::fs::write(dir.join(BUNDLE), &hub.trust.now().bundle_pem)?;
    }
    Ok(())
}

fn enrol(hub: &Hub, id: &ProviderId, secret: &TokenSecret, key: &NodeKey) -> Result<String> {
    let csr = key.csr_der(id)?;
    let ask = JoinRequest {
        provider: id,
        secret,
        csr: &csr,
        listen_address: "",
        stated: Stated::default(),
    };
    Ok(members::enrol(hub, &ask)?.1)
}

/// The nodes.
#[derive(Debug)]
pub struct Crowd {
    nodes: Vec<Node>,
    links: Vec<LinkState>,
    tasks: Tasks,
    offers: usize,
    version: u64,
}

/// What a change of some offers came to.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// How many offers are in another version.
    pub offers: usize,
    /// Bytes of their records.
    pub bytes: usize,
}

impl Crowd {
    /// Opens `count` enlisted nodes below `nodes`, that dial `hub`. After a loss they dial again
    /// within `spread` seconds; nothing means as the product does by itself.
    ///
    /// # Errors
    /// When a file is missing or a store cannot be opened.
    pub fn open(
        nodes: &Path,
        count: usize,
        hub: &str,
        keeps: Keeps,
        spread: Option<u64>,
    ) -> Result<Self> {
        let open = |n| {
            let mut config = Config::new(hub, id(n));
            if let Some(seconds) = spread {
                config.link.reconnect_seconds = seconds;
            }
            one(&nodes.join(id(n).as_str()), config, keeps)
        };
        Ok(Self {
            nodes: (0..count).map(open).collect::<Result<_>>()?,
            links: Vec::new(),
            tasks: Tasks::default(),
            offers: 0,
            version: 0,
        })
    }

    /// Every node publishes `offers` offers.
    ///
    /// # Errors
    /// When a store cannot be written.
    pub fn publish(&mut self, offers: usize) -> Result<()> {
        self.offers = offers;
        self.each(|provider| (0..offers).map(|n| data::offer(provider, n, 0)).collect())
            .map(drop)
    }

    /// `total` offers change, spread evenly over all nodes.
    ///
    /// # Errors
    /// When a store cannot be written.
    pub fn change(&mut self, total: usize) -> Result<Changed> {
        self.version += 1;
        let (version, offers, nodes) = (self.version, self.offers, self.nodes.len());
        let total = total.min(offers * nodes);
        let mut mine = vec![0; nodes];
        for n in 0..total {
            // Fewer changes than nodes: not always the first ones.
            let node = if total < nodes {
                n * nodes / total
            } else {
                n % nodes
            };
            if let Some(mine) = mine.get_mut(node) {
                *mine += 1;
            }
        }
        let mine = &mine;
        let bytes = self.each(move |provider| {
            let some = mine.get(provider).copied().unwrap_or_default();
            places(some, offers)
                .map(|n| data::offer(provider, n, version))
                .collect()
        })?;
        Ok(Changed {
            offers: total,
            bytes,
        })
    }

    /// Publishes what `which` says for every node, on every core; the bytes of all records.
    fn each(
        &self,
        which: impl Fn(usize) -> Vec<calluna_model::offer::Offer> + Sync,
    ) -> Result<usize> {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let work = |thread: usize| -> Result<usize> {
            let mut bytes = 0;
            for (provider, node) in self.nodes.iter().enumerate().skip(thread).step_by(threads) {
                let offers: Vec<Candidate> = which(provider).iter().map(Candidate::of).collect();
                bytes += offers
                    .iter()
                    .map(|offer| offer.record().len())
                    .sum::<usize>();
                if !offers.is_empty() {
                    node.publisher().publish(&offers, &Terms::default())?;
                }
            }
            Ok(bytes)
        };
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .map(|thread| scope.spawn(move || work(thread)))
                .collect();
            running
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .map_err(|_| anyhow::anyhow!("a thread panicked"))?
                })
                .sum()
        })
    }

    /// Serves, and dials the hub.
    ///
    /// # Errors
    /// When a socket cannot be bound.
    pub async fn serve(&mut self) -> Result<()> {
        for node in &self.nodes {
            self.links.push(node.serve(&self.tasks).await?.link);
        }
        Ok(())
    }

    /// How many are connected.
    #[must_use]
    pub fn connected(&self) -> usize {
        self.links.iter().filter(|link| stands(link)).count()
    }

    /// Waits until all are connected.
    ///
    /// # Errors
    /// When that takes longer than `patience`.
    pub async fn all_connected(&self, patience: Duration) -> Result<()> {
        let begun = Instant::now();
        while self.connected() < self.links.len() {
            if begun.elapsed() > patience {
                bail!(
                    "{} of {} nodes are connected after {patience:?}",
                    self.connected(),
                    self.links.len()
                );
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Waits until every connection has been lost and stands again; the moments of the new ones,
    /// in seconds from now, ascending.
    ///
    /// # Errors
    /// When that takes longer than `patience`.
    pub async fn all_return(&self, patience: Duration) -> Result<Vec<f64>> {
        let begun = Instant::now();
        let mut lost = vec![false; self.links.len()];
        let mut back: Vec<Option<f64>> = vec![None; self.links.len()];
        while back.iter().any(Option::is_none) {
            if begun.elapsed() > patience {
                let back = back.iter().flatten().count();
                bail!("{back} of {} nodes are back after {patience:?}", lost.len());
            }
            for ((link, lost), back) in self.links.iter().zip(&mut lost).zip(&mut back) {
                match stands(link) {
                    false => *lost = true,
                    true if *lost && back.is_none() => *back = Some(begun.elapsed().as_secs_f64()),
                    true => {}
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        let mut moments: Vec<f64> = back.into_iter().flatten().collect();
        moments.sort_by(f64::total_cmp);
        Ok(moments)
    }

    /// Ends all nodes.
    pub async fn stop(self) {
        self.tasks.stop();
        self.tasks.drain(Duration::from_secs(20)).await;
    }
}

fn stands(link: &LinkState) -> bool {
    link.look().connected_since.is_some()
}

fn one(dir: &Path, config: Config, keeps: Keeps) -> Result<Node> {
    let store = match keeps {
        Keeps::InMemory => Store::in_memory(&SystemClock, &OsEntropy)?,
        Keeps::OnDisk => {
            let wait = Duration::from_secs(5);
            Store::open(&dir.join("store"), &SystemClock, &OsEntropy, wait)?
        }
    };
    let settings = Settings {
        dir: DataDir::open(dir, "the benchmark")?,
        config,
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let keyring = Keyring::open(&settings.dir, &settings.config.provider, &clock)?;
    Ok(Node::of_parts(
        settings,
        keyring,
        store,
        clock,
        Arc::new(OsEntropy),
    ))
}

/// Which of `offers` offers change when `some` do: evenly spread.
pub fn places(some: usize, offers: usize) -> impl Iterator<Item = usize> {
    (0..some).map(move |k| k * offers / some.max(1))
}

/// The most connections that came within one second, wherever that second begins.
#[must_use]
pub fn busiest_second(ascending: &[f64]) -> usize {
    let within = |(at, first): (usize, &f64)| {
        let later = ascending.iter().skip(at);
        later.take_while(|moment| **moment < first + 1.0).count()
    };
    ascending
        .iter()
        .enumerate()
        .map(within)
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heap_shows_wherever_it_lies() {
        assert_eq!(busiest_second(&[]), 0);
        assert_eq!(busiest_second(&[0.1, 0.9, 1.0, 1.05, 2.5]), 4);
        assert_eq!(busiest_second(&[0.0, 1.0, 2.0]), 1);
    }
}
