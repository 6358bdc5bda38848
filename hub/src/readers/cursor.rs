//! The place in the changes where a reader goes on, as text. Readers keep it and give it back; what it says is
//! ours, and whatever we did not write ourselves is refused.

use calluna_host::backup::hex;
use calluna_model::id::{OfferId, ProviderId};

/// Letters of a store's life that stand in a cursor: enough to tell lives apart.
const LIFE: usize = 16;

/// Where a reader goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It lists every offer that is shown, and stands behind this one; then it goes on in the journal.
    Listing {
        /// The newest change when it began.
        began: u64,
        /// Whose offers it lists.
        provider: ProviderId,
        /// The last one that it got.
        offer: String,
    },
    /// It has read the journal up to this number, and of the next set so many items.
    Journal {
        /// The last set that it has whole.
        after: u64,
        /// Items of the next one.
        items: usize,
    },
}

impl Place {
    /// The cursor for this life of the store.
    pub(super) fn text(&self, life: &[u8; 16]) -> String {
        let life = &hex(life)[..LIFE];
        match self {
            Self::Listing {
                began,
                provider,
                offer,
            } => format!("{life}.{began}.all.{provider}.{offer}"),
            Self::Journal { after, items } => format!("{life}.{after}.{items}"),
        }
    }

    /// The place that a cursor of this life of the store says.
    pub(super) fn read(text: &str, life: &[u8; 16]) -> Option<Self> {
        let (said, rest) = text.split_once('.')?;
        if said != &hex(life)[..LIFE] {
            return None;
        }
        let (number, rest) = rest.split_once('.')?;
        let number = number.parse().ok()?;
        match rest.strip_prefix("all.") {
            Some(rest) => {
                let (provider, offer) = rest.split_once('.')?;
                let offer: OfferId = offer.parse().ok()?;
                Some(Self::Listing {
                    began: number,
                    provider: provider.parse().ok()?,
                    offer: offer.to_string(),
                })
            }
            None => Some(Self::Journal {
                after: number,
                items: rest.parse().ok()?,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_in_its_own_life_only() {
        let life = [7; 16];
        for place in [
            Place::Journal {
                after: 12,
                items: 3,
            },
            Place::Listing {
                began: 0,
                provider: "vhs".parse().unwrap(),
                offer: "A.1~b:2".to_owned(),
            },
        ] {
            let text = place.text(&life);
            assert_eq!(Place::read(&text, &life), Some(place));
            assert_eq!(Place::read(&text, &[8; 16]), None);
        }
        for odd in [
            "",
            ".",
            "1.2.3",
            "0707070707070707.1.all.vhs.",
            "0707070707070707.-1.0",
        ] {
            assert_eq!(Place::read(odd, &life), None, "{odd}");
        }
    }
}
