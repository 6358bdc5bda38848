//! Everything that the hub keeps, written out as it stands at one moment; and what stands in it, counted
//! anew.

use calluna_kv::Stamp;
use calluna_kv::convert::Content;
use calluna_model::fingerprint::Digester;
use calluna_model::id::{ContentHash, Digest, EpochId, ProviderId, Revision};
use serde::{Deserialize, Serialize};

use crate::embedded::{EmbeddedStore, Shelf, parse};
use crate::error::StoreError;
use crate::key;
use crate::port::HubStore;
use crate::state::ProviderState;

/// What readers see of one provider, as it was proved equal to its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    /// Whose.
    pub provider: ProviderId,
    /// Offers, refused ones included.
    pub count: u64,
    /// Digest over their fingerprints.
    pub digest: Digest,
    /// The node's epoch.
    pub epoch: EpochId,
    /// The node's revision.
    pub revision: Revision,
    /// Offers that readers see.
    pub offers: u64,
}

impl Proved {
    fn of(provider: ProviderId, state: &ProviderState) -> Option<Self> {
        let published = state.published?;
        Some(Self {
            provider,
            count: published.head.count,
            digest: published.head.digest,
            epoch: published.head.epoch,
            revision: published.head.revision,
            offers: published.offers,
        })
    }
}

/// What was written out.
#[derive(Clone, Debug)]
pub struct Dumped {
    /// The store's epoch.
    pub epoch: [u8; 16],
    /// The store's stamp.
    pub stamp: Stamp,
    /// Keys and bytes.
    pub content: Content,
    /// Members.
    pub members: u64,
    /// Every provider of whom readers see something, by its id.
    pub providers: Vec<Proved>,
}

pub(crate) fn dump(
    shelf: &Shelf,
    out: &mut dyn std::io::Write,
    step: &mut dyn FnMut(u64),
) -> Result<Dumped, StoreError> {
    let snapshot = shelf.engine.snapshot()?;
    let (epoch, stamp) = (snapshot.epoch, snapshot.stamp);
    let (mut members, mut providers, mut unreadable) = (0, Vec::new(), None);
    let content = calluna_kv::dump::write(snapshot, out, &mut |key, value| {
        step((key.len() + value.len()) as u64);
        members += u64::from(key.starts_with(key::MEMBERS));
        let Some(provider) = key::provider_of(key) else {
            return;
        };
        match parse::<ProviderState>(key, value) {
            Ok(state) => providers.extend(Proved::of(provider, &state)),
            Err(error) => unreadable = Some(error),
        }
    })?;
    if let Some(error) = unreadable {
        return Err(error);
    }
    Ok(Dumped {
        epoch,
        stamp,
        content,
        members,
        providers,
    })
}

impl EmbeddedStore {
    /// Every provider of whom readers see something, with count and digest computed from the records
    /// themselves.
    ///
    /// # Errors
    /// When the store cannot be read, or holds something else than what it says of itself.
    pub fn prove(&self) -> Result<Vec<Proved>, StoreError> {
        let mut list = Vec::new();
        for member in self.members()? {
            let state = self.provider(&member.id)?;
            let Some(told) = Proved::of(member.id.clone(), &state) else {
                continue;
            };
            let index = self.index(&member.id, state.visible)?;
            let mut digester = Digester::default();
            let mut offers = 0;
            for (id, entry) in index.iter() {
                offers += u64::from(entry.good.is_some());
                if entry.kind != calluna_kv::packed::Kind::Gone {
                    digester.add(id, &ContentHash(entry.hash));
                }
            }
            let found = Proved {
                count: digester.count(),
                digest: digester.finish(),
                offers,
                ..told.clone()
            };
            if found != told {
                return Err(StoreError::NotAsTold {
                    provider: member.id.to_string(),
                    told: told.count,
                    found: found.count,
                });
            }
            list.push(found);
        }
        Ok(list)
    }
}
