//! Offers dealt out to several threads, in turns, and taken back in turns: what comes out stands in the order of what went in,
//! however fast each of them is.

use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use calluna_catalogue::reader::ProviderCard;
use calluna_model::offer::OfferDraft;
use tantivy::TantivyError;

use super::{IndexError, Offers};

/// Offers that are handed over at once.
const BATCH: usize = 32;
/// Batches that wait for one thread, and that wait behind it.
const WAITING: usize = 2;
/// More threads than this would wait for the one that writes.
const HANDS_MAX: usize = 4;

/// Some offers of a provider.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) card: Arc<ProviderCard>,
    pub(super) offers: Vec<OfferDraft>,
}

/// What one thread does.
pub(super) trait Hand {
    /// What comes of a batch.
    type Done: Send;

    /// Does it.
    fn work(&mut self, batch: Batch) -> Self::Done;

    /// There is nothing more to do.
    fn leave(self);
}

/// Deals out what `read` hands over to threads that `hire` sets up, and gives what comes of it to `take`, in order.
pub(super) fn deal<H: Hand, T>(
    hire: impl Fn() -> H + Sync,
    take: &mut dyn FnMut(H::Done) -> Result<(), IndexError>,
    read: impl FnOnce(&mut Dealer<'_, H::Done>) -> Result<T, IndexError>,
) -> Result<T, IndexError> {
    thread::scope(|scope| {
        let hands = thread::available_parallelism().map_or(1, NonZero::get);
        let mut dealer = Dealer {
            hands: Vec::new(),
            dealt: 0,
            taken: 0,
            take,
        };
        for _ in 0..hands.min(HANDS_MAX) {
            let (deal, dealt) = sync_channel::<Batch>(WAITING);
            let (give, given) = sync_channel(WAITING);
            let hire = &hire;
            let hand = move || {
                let mut hand = hire();
                for batch in dealt {
                    if give.send(hand.work(batch)).is_err() {
                        break;
                    }
                }
                hand.leave();
            };
            let started = thread::Builder::new()
                .name("calluna-search".into())
                .spawn_scoped(scope, hand);
            started?;
            dealer.hands.push((deal, given));
        }
        let read = read(&mut dealer)?;
        dealer.take_all()?;
        Ok(read)
    })
}

/// Deals out.
pub(super) struct Dealer<'t, D> {
    hands: Vec<(SyncSender<Batch>, Receiver<D>)>,
    /// Batches so far.
    dealt: usize,
    taken: usize,
    take: &'t mut dyn FnMut(D) -> Result<(), IndexError>,
}

impl<D> Dealer<'_, D> {
    /// Deals out the offers of a provider; how many they are.
    pub(super) fn offers(
        &mut self,
        card: &ProviderCard,
        offers: &mut Offers<'_>,
    ) -> Result<u64, IndexError> {
        let card = Arc::new(card.clone());
        let mut batch = Vec::with_capacity(BATCH);
        let mut count = 0;
        let mut failed = None;
        offers(&mut |draft| {
            count += 1;
            batch.push(draft);
            if batch.len() < BATCH {
                return ControlFlow::Continue(());
            }
            let offers = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            let card = Arc::clone(&card);
            match self.deal(Batch { card, offers }) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None if batch.is_empty() => Ok(count),
            None => {
                let offers = batch;
                self.deal(Batch { card, offers })?;
                Ok(count)
            }
        }
    }

    fn deal(&mut self, batch: Batch) -> Result<(), IndexError> {
        while self.dealt - self.taken >= self.hands.len() * WAITING {
            self.take_one()?;
        }
        let turn = self.dealt % self.hands.len().max(1);
        self.dealt += 1;
        let hand = self.hands.get(turn);
        let sent = hand.map(|(deal, _)| deal.send(batch));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(gone()),
        }
    }

    fn take_one(&mut self) -> Result<(), IndexError> {
        let turn = self.taken % self.hands.len().max(1);
        self.taken += 1;
        let hand = self.hands.get(turn).ok_or_else(gone)?;
        let done = hand.1.recv().map_err(|_| gone())?;
        (self.take)(done)
    }

    fn take_all(&mut self) -> Result<(), IndexError> {
        while self.taken < self.dealt {
            self.take_one()?;
        }
        Ok(())
    }
}

fn gone() -> IndexError {
    TantivyError::ErrorInThread("a thread that analyses offers has ended".into()).into()
}
