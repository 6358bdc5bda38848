//! Who tries tokens that do not fit, and how often.
//!
//! A secret has 128 bits, so nobody guesses one. What is limited is the work and the noise: a source
//! address has ten wrong tries, and one more every six minutes; beyond that it is told when to come
//! back, whatever it shows. A provider has ten wrong tries as well, over all sources; beyond that wrong
//! ones are not told apart any more, but **the right token still opens**: nobody can keep a provider out by
//! guessing from elsewhere, and no wrong try ever uses up an invitation.
//!
//! The audit log gets one entry for each provider and hour, with the count.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use calluna_audit::{Draft, Event};
use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;

/// Wrong tries at once.
const TRIES: i64 = 10;
/// Seconds until there is one more.
const REFILL: i64 = 360;
/// Sources that are remembered at once. Whoever has more addresses than that has to be stopped elsewhere.
const SOURCES: usize = 4_096;
/// How long refusals are counted before they are written down, in seconds.
const HOUR: i64 = 3_600;

/// Where somebody is, as far as one can be told from another: an IPv4 address, or the /64 of an IPv6
/// address, because whoever has one address of it has all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(four) => Self(four.into()),
            IpAddr::V6(six) => {
                let network = six.to_bits() & (u128::MAX << 64);
                Self(Ipv6Addr::from_bits(network).into())
            }
        }
    }
}

/// What is left of somebody's wrong tries, kept as the moment at which all of them are there again.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    full_at: Moment,
}

impl Bucket {
    fn new(now: Moment) -> Self {
        Self { full_at: now }
    }

    /// When it is full again. A clock that was set back makes nobody wait longer than an empty bucket.
    fn full_at(self, now: Moment) -> Moment {
        self.full_at.min(now.plus(TRIES * REFILL)).max(now)
    }

    /// Until when there is no try left; nothing when there is one.
    fn empty_until(self, now: Moment) -> Option<Moment> {
        let next = self.full_at(now).plus(-(TRIES - 1) * REFILL);
        (next > now).then_some(next)
    }

    fn take(&mut self, now: Moment) {
        self.full_at = self.full_at(now).plus(REFILL);
    }
}

/// Refusals of one kind, of one provider, that are not in the audit log yet.
#[derive(Debug)]
struct Count {
    since: Moment,
    reasons: BTreeMap<&'static str, u64>,
}

/// Everybody's tries. It is in memory alone: a restart forgives.
#[derive(Debug, Default)]
pub struct Tries {
    sources: HashMap<Source, Bucket>,
    providers: HashMap<ProviderId, Bucket>,
    /// By event and provider; without one: somebody who is no member.
    counts: BTreeMap<(Event, Option<ProviderId>), Count>,
}

impl Tries {
    /// Until when `source` has no try left; nothing when it has one.
    #[must_use]
    pub fn source_waits(&self, source: Source, now: Moment) -> Option<Moment> {
        self.sources.get(&source)?.empty_until(now)
    }

    /// Takes one of the wrong tries of `source`.
    pub fn wrong_from(&mut self, source: Source, now: Moment) {
        if self.sources.len() >= SOURCES && !self.sources.contains_key(&source) {
            self.make_room(now);
        }
        let bucket = self.sources.entry(source);
        bucket.or_insert_with(|| Bucket::new(now)).take(now);
    }

    /// Takes one of the wrong tries for `provider`, a member. Until when there is none left, if there was
    /// none.
    pub fn wrong_for(&mut self, provider: &ProviderId, now: Moment) -> Option<Moment> {
        let bucket = self.providers.entry(provider.clone());
        let bucket = bucket.or_insert_with(|| Bucket::new(now));
        let until = bucket.empty_until(now);
        if until.is_none() {
            bucket.take(now);
        }
        until
    }

    /// Counts a refusal for the audit log.
    pub fn count(
        &mut self,
        event: Event,
        provider: Option<ProviderId>,
        why: &'static str,
        now: Moment,
    ) {
        let count = self.counts.entry((event, provider)).or_insert(Count {
            since: now,
            reasons: BTreeMap::new(),
        });
        *count.reasons.entry(why).or_default() += 1;
    }

    /// What is to be written down by now: an entry for each provider whose first refusal is an hour old.
    pub fn due(&mut self, now: Moment) -> Vec<Draft> {
        self.drafts(|count| now.since(count.since) >= HOUR || now < count.since)
    }

    /// What was not written down yet, because the process ends.
    pub fn rest(&mut self) -> Vec<Draft> {
        self.drafts(|_| true)
    }

    fn drafts(&mut self, mut wanted: impl FnMut(&Count) -> bool) -> Vec<Draft> {
        let due = self.counts.extract_if(.., |_, count| wanted(count));
        due.map(|((event, provider), count)| {
            let draft = Draft::hub(event)
                .with("tries", count.reasons.values().sum::<u64>())
                .with("since", count.since);
            let draft = match &provider {
                Some(provider) => draft.about(provider),
                None => draft.with("provider", "none of the members"),
            };
            let reasons = count.reasons.into_iter();
            reasons.fold(draft, |draft, (why, times)| draft.with(why, times))
        })
        .collect()
    }

    /// Forgets whoever has all tries again; when that is nobody, whoever has the most left.
    fn make_room(&mut self, now: Moment) {
        self.sources.retain(|_, bucket| bucket.full_at(now) > now);
        if self.sources.len() >= SOURCES {
            let least = self.sources.iter().min_by_key(|(_, bucket)| bucket.full_at);
            if let Some(source) = least.map(|(source, _)| *source) {
                self.sources.remove(&source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_000_000);

    fn source(text: &str) -> Source {
        Source::from(text.parse::<IpAddr>().unwrap())
    }

    fn vhs() -> ProviderId {
        "vhs".parse().unwrap()
    }

    #[test]
    fn ten_wrong_tries_and_then_one_every_six_minutes() {
        let (mut tries, here) = (Tries::default(), source("192.0.2.1"));
        for _ in 0..10 {
            assert_eq!(tries.source_waits(here, NOW), None);
            tries.wrong_from(here, NOW);
        }
        assert_eq!(tries.source_waits(here, NOW), Some(NOW.plus(360)));
        assert_eq!(tries.source_waits(here, NOW.plus(359)), Some(NOW.plus(360)));
        assert_eq!(tries.source_waits(here, NOW.plus(360)), None);
        tries.wrong_from(here, NOW.plus(360));
        assert_eq!(tries.source_waits(here, NOW.plus(360)), Some(NOW.plus(720)));
        assert_eq!(tries.source_waits(source("192.0.2.2"), NOW), None);
        // A clock that was wrong by a year, and is set right.
        tries.wrong_from(here, NOW.plus(365 * 86_400));
        let waits = tries.source_waits(here, NOW).unwrap_or(NOW);
        assert!(waits.since(NOW) <= 3_600, "{waits}");
    }

    #[test]
    fn a_network_of_version_six_is_one_source_and_a_mapped_address_is_its_own() {
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:2"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }

    #[test]
    fn a_provider_has_its_tries_over_all_sources() {
        let mut tries = Tries::default();
        for _ in 0..10 {
            assert_eq!(tries.wrong_for(&vhs(), NOW), None);
        }
        assert_eq!(tries.wrong_for(&vhs(), NOW), Some(NOW.plus(360)));
        let other = "other".parse().unwrap();
        assert_eq!(tries.wrong_for(&other, NOW), None);
    }

    #[test]
    fn an_hour_of_refusals_is_one_entry_with_the_counts() {
        let mut tries = Tries::default();
        for n in 0..50 {
            let at = NOW.plus(n);
            tries.count(Event::EnrolRefused, Some(vhs()), "wrong", at);
        }
        tries.count(Event::EnrolRefused, Some(vhs()), "used", NOW);
        tries.count(Event::EnrolRefused, None, "unknown", NOW.plus(3_000));
        assert!(tries.due(NOW.plus(3_599)).is_empty());
        let due = tries.due(NOW.plus(3_600));
        let [draft] = due.as_slice() else {
            panic!("{due:?}");
        };
        assert_eq!(draft.provider, Some(vhs()));
        let told = format!("{draft:?}");
        assert!(told.contains("51") && told.contains("50"), "{told}");
        assert!(tries.due(NOW.plus(3_601)).is_empty());
        assert_eq!(tries.rest().len(), 1);
        assert!(tries.rest().is_empty());
    }

    #[test]
    fn many_sources_take_bounded_memory_and_the_worst_is_remembered() {
        let mut tries = Tries::default();
        let worst = source("192.0.2.1");
        for _ in 0..10 {
            tries.wrong_from(worst, NOW);
        }
        for n in 0..10_000_u32 {
            let other = Source::from(IpAddr::from((n + 0x0a00_0000).to_be_bytes()));
            tries.wrong_from(other, NOW);
        }
        assert!(tries.sources.len() <= SOURCES);
        assert!(tries.source_waits(worst, NOW).is_some());
    }
}
