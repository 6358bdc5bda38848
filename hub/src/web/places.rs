//! How many connections there may be, of all and of one source.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use calluna_api::source::one_source;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One source has at most this part of all places.
const SHARE: usize = 8;

/// The places of a listener. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    all: Arc<Semaphore>,
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    /// Most of one source.
    share: usize,
}

/// A place that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Free {
    places: Places,
    permit: Option<OwnedSemaphorePermit>,
}

/// A place while it is taken.
#[derive(Debug)]
pub(super) struct Place {
    taken: Arc<Mutex<HashMap<IpAddr, usize>>>,
    /// Nothing for this machine itself.
    source: Option<IpAddr>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(super) fn new(most: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(most)),
            taken: Arc::default(),
            share: (most / SHARE).max(1),
        }
    }

    /// Waits until a place is free.
    pub(super) async fn take(&self) -> Free {
        Free {
            places: self.clone(),
            // The semaphore is never closed.
            permit: Arc::clone(&self.all).acquire_owned().await.ok(),
        }
    }
}

impl Free {
    /// Takes the place for an address, unless its source has its share already.
    pub(super) fn of(self, address: IpAddr) -> Option<Place> {
        let Self { places, permit } = self;
        let source = Some(one_source(address)).filter(|source| !source.is_loopback());
        if let Some(source) = source {
            let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let of_source = taken.entry(source).or_default();
            if *of_source >= places.share {
                return None;
            }
            *of_source += 1;
        }
        Some(Place {
            taken: places.taken,
            source,
            _permit: permit,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(source) = self.source else { return };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_source) = taken.get_mut(&source) {
            *of_source -= 1;
            if *of_source == 0 {
                taken.remove(&source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_source_has_a_share_and_what_is_given_back_is_free() {
        let places = Places::new(16);
        let greedy: IpAddr = "203.0.113.5".parse().unwrap();
        let first = places.take().await.of(greedy).unwrap();
        let _second = places.take().await.of(greedy).unwrap();
        assert!(places.take().await.of(greedy).is_none());
        let other = places.take().await.of("203.0.113.6".parse().unwrap());
        assert!(other.is_some());
        drop(other);
        drop(first);
        assert!(places.take().await.of(greedy).is_some());
        let proxy: IpAddr = "127.0.0.1".parse().unwrap();
        let mut many = Vec::new();
        for _ in 0..9 {
            many.push(places.take().await.of(proxy).unwrap());
        }
        drop(many);
        assert_eq!(
            places.taken.lock().unwrap().len(),
            1,
            "only who is there is remembered"
        );
    }
}
