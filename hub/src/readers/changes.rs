//! A stretch of changes: the listing of everything that is shown, then the journal.

use std::collections::HashMap;

use calluna_catalogue::reader::{ChangedOffer, Changes, ReadError};
use calluna_model::id::ProviderId;
use calluna_store::{ChangeSet, ChangeSpan, StoreError};

use super::cursor::Place;
use super::{StoreReader, source, standing};

/// Most items of the journal that one stretch looks at: most may be contradicted by later ones.
const LOOKED_AT: usize = 20_000;

/// At most `limit` changes after `cursor`.
pub(super) fn read(
    reader: &StoreReader,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Changes, ReadError> {
    let span = reader.store.change_span().map_err(source)?;
    let limit = limit.max(1);
    let place = match cursor {
        None => None,
        Some(text) => Some(Place::read(text, &span.life).ok_or(ReadError::Cursor)?),
    };
    match place {
        None => listed(reader, &span, span.newest, None, limit),
        Some(Place::Listing {
            began,
            provider,
            offer,
        }) => {
            known(&span, began)?;
            listed(reader, &span, began, Some((provider, offer)), limit)
        }
        Some(Place::Journal { after, items }) => {
            known(&span, after)?;
            journal(reader, &span, after, items, limit)
        }
    }
}

/// Whether everything behind this number is still remembered.
fn known(span: &ChangeSpan, after: u64) -> Result<(), ReadError> {
    if after > span.newest || after.saturating_add(1) < span.oldest {
        return Err(ReadError::Cursor);
    }
    Ok(())
}

/// Goes on listing what is shown.
fn listed(
    reader: &StoreReader,
    span: &ChangeSpan,
    began: u64,
    behind: Option<(ProviderId, String)>,
    limit: usize,
) -> Result<Changes, ReadError> {
    let mut items: Vec<ChangedOffer> = Vec::new();
    let members = reader.store.members().map_err(source)?;
    for member in members.iter().filter(|member| standing(member).is_some()) {
        let after = match &behind {
            Some((provider, _)) if member.id < *provider => continue,
            Some((provider, offer)) if member.id == *provider => offer,
            _ => "",
        };
        let published = reader.store.provider(&member.id).map_err(source)?.published;
        let Some(published) = published else {
            continue;
        };
        let room = limit - items.len();
        let ids = reader.store.offer_ids(&member.id, after, room);
        items.extend(ids.map_err(source)?.into_iter().map(|offer| ChangedOffer {
            provider: member.id.clone(),
            offer,
            shown: true,
            at: published.at,
        }));
        if items.len() >= limit {
            break;
        }
    }
    let full = items.len() >= limit;
    let place = match items.last().filter(|_| full) {
        Some(last) => Place::Listing {
            began,
            provider: last.provider.clone(),
            offer: last.offer.clone(),
        },
        None => Place::Journal {
            after: began,
            items: 0,
        },
    };
    Ok(Changes {
        items,
        next: place.text(&span.life),
        more: full || span.newest > began,
    })
}

/// Items in the order in which readers saw them; of one offer the newest.
#[derive(Default)]
struct Newest {
    items: Vec<Option<ChangedOffer>>,
    at: HashMap<(ProviderId, String), usize>,
}

impl Newest {
    fn len(&self) -> usize {
        self.at.len()
    }

    fn take(&mut self, item: ChangedOffer) {
        let key = (item.provider.clone(), item.offer.clone());
        if let Some(earlier) = self.at.insert(key, self.items.len())
            && let Some(place) = self.items.get_mut(earlier)
        {
            *place = None;
        }
        self.items.push(Some(item));
    }
}

/// Goes on in the journal.
fn journal(
    reader: &StoreReader,
    span: &ChangeSpan,
    after: u64,
    items: usize,
    limit: usize,
) -> Result<Changes, ReadError> {
    let (mut newest, mut looked_at) = (Newest::default(), 0);
    let (mut place, mut full) = ((after, items), false);
    let mut failed: Option<StoreError> = None;
    let mut take = |set: ChangeSet| {
        let skipped = if set.number == after + 1 { items } else { 0 };
        let (at, provider) = (set.at, set.provider);
        let gone = set.gone.into_iter().map(|offer| (offer, false));
        let all = gone.chain(set.shown.into_iter().map(|offer| (offer, true)));
        for (number, (offer, shown)) in all.enumerate().skip(skipped) {
            if newest.len() >= limit || looked_at >= LOOKED_AT {
                place = (set.number - 1, number);
                full = true;
                return false;
            }
            looked_at += 1;
            match reader.store.is_shown(&provider, &offer) {
                Err(error) => {
                    failed = Some(error);
                    return false;
                }
                Ok(now) if now != shown => continue,
                Ok(_) => {}
            }
            newest.take(ChangedOffer {
                provider: provider.clone(),
                offer,
                shown,
                at,
            });
        }
        place = (set.number, 0);
        true
    };
    reader.store.changes(after + 1, &mut take).map_err(source)?;
    if let Some(error) = failed {
        return Err(source(error));
    }
    let (after, items) = place;
    Ok(Changes {
        items: newest.items.into_iter().flatten().collect(),
        next: Place::Journal { after, items }.text(&span.life),
        more: full,
    })
}
