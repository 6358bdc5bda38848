//! Offers that compete in time and place.

use std::collections::{BTreeMap, HashMap};

use calluna_model::id::ProviderId;
use calluna_model::offer::{OfferDraft, RunDraft};
use jiff::ToSpan;
use jiff::civil::{Date, Time};

use super::{Ask, Overlap};
use crate::duplicates::{Groups, OfferKey};

/// Pairs that are listed.
const PAIRS: usize = 10_000;
/// Weeks that a weekly time is followed.
const WEEKS: usize = 106;

/// One occurrence of one offer, for one of its subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Occurrence {
    /// Subject, level and municipality.
    bucket: u32,
    day: Date,
    start: u16,
    end: u16,
    offer: u32,
}

/// What is kept of all offers.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    offers: Vec<OfferKey>,
    buckets: HashMap<(String, String, String), u32>,
    occurrences: Vec<Occurrence>,
}

#[derive(Debug)]
struct Pair {
    bucket: u32,
    dates: u64,
    minutes: u64,
    first: Date,
    last: Date,
}

impl Overlaps {
    /// Begins an offer.
    pub(super) fn of(&mut self, provider: &ProviderId, offer: &OfferDraft) -> u32 {
        let at = small(self.offers.len());
        self.offers.push(OfferKey {
            provider: provider.clone(),
            offer: offer.id.clone(),
        });
        at
    }

    /// Takes the occurrences of a run that counts.
    pub(super) fn run(
        &mut self,
        at: u32,
        offer: &OfferDraft,
        run: &RunDraft,
        place: &str,
        ask: &Ask,
    ) {
        let times = occurrences(run, ask);
        if times.is_empty() {
            return;
        }
        let level = level(offer);
        for subject in offer
            .subjects
            .iter()
            .filter(|subject| !subject.code.is_empty())
        {
            let name = format!("{} {}", subject.scheme, subject.code);
            let key = (name, level.clone(), place.to_owned());
            let next = small(self.buckets.len());
            let bucket = *self.buckets.entry(key).or_insert(next);
            self.occurrences
                .extend(times.iter().map(|(day, start, end)| Occurrence {
                    bucket,
                    day: *day,
                    start: *start,
                    end: *end,
                    offer: at,
                }));
        }
    }

    /// The pairs, and the days beyond them.
    pub(super) fn finish(mut self, groups: &Groups) -> (Vec<Overlap>, u64) {
        // Buckets are numbered as they came; named, the order of offers does not show.
        self.occurrences.sort_unstable();
        self.occurrences.dedup();
        let mut pairs: HashMap<(u32, u32), Pair> = HashMap::new();
        let mut not_listed = 0;
        for day in self
            .occurrences
            .chunk_by(|a, b| (a.bucket, a.day) == (b.bucket, b.day))
        {
            let mut running: Vec<Occurrence> = Vec::new();
            for next in day {
                running.retain(|one| one.end > next.start);
                for one in &running {
                    if self.competes(one.offer, next.offer, groups) {
                        not_listed += u64::from(!take(&mut pairs, one, next));
                    }
                }
                running.push(*next);
            }
        }
        let names: BTreeMap<u32, &(String, String, String)> =
            self.buckets.iter().map(|(name, at)| (*at, name)).collect();
        let key = |at: u32| {
            self.offers
                .get(usize::try_from(at).unwrap_or_default())
                .cloned()
        };
        let mut list: Vec<Overlap> = pairs
            .into_iter()
            .filter_map(|((one, two), pair)| {
                let (one, two) = (key(one)?, key(two)?);
                let (left, right) = if one < two { (one, two) } else { (two, one) };
                let (subject, level, municipality) = names.get(&pair.bucket)?;
                Some(Overlap {
                    subject: subject.clone(),
                    level: level.clone(),
                    municipality: municipality.clone(),
                    left,
                    right,
                    dates: pair.dates,
                    minutes: pair.minutes,
                    first: pair.first.to_string(),
                })
            })
            .collect();
        list.sort_by(|a, b| {
            b.dates
                .cmp(&a.dates)
                .then_with(|| (&a.left, &a.right).cmp(&(&b.left, &b.right)))
        });
        (list, not_listed)
    }

    fn competes(&self, one: u32, two: u32, groups: &Groups) -> bool {
        let key = |at: u32| self.offers.get(usize::try_from(at).unwrap_or_default());
        let (Some(one), Some(two)) = (key(one), key(two)) else {
            return false;
        };
        let same = groups
            .group_of(one)
            .is_some_and(|group| group.members.contains(two));
        one.provider != two.provider && !same
    }
}

/// Counts an overlap, once a day; one pair with two subjects in common counts under the first. Says whether there was
/// room.
fn take(pairs: &mut HashMap<(u32, u32), Pair>, one: &Occurrence, two: &Occurrence) -> bool {
    let key = (one.offer.min(two.offer), one.offer.max(two.offer));
    if pairs.len() >= PAIRS && !pairs.contains_key(&key) {
        return false;
    }
    let pair = pairs.entry(key).or_insert(Pair {
        bucket: one.bucket,
        dates: 0,
        minutes: 0,
        first: one.day,
        last: Date::MIN,
    });
    if pair.bucket == one.bucket {
        pair.minutes += u64::from(one.end.min(two.end).saturating_sub(two.start));
        pair.first = pair.first.min(one.day);
        pair.dates += u64::from(pair.last != one.day);
        pair.last = one.day;
    }
    true
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// CEFR, else DQR.
fn level(offer: &OfferDraft) -> String {
    let Some(level) = &offer.level else {
        return String::new();
    };
    if level.cefr.is_empty() {
        level
            .dqr
            .map(|dqr| format!("DQR {dqr}"))
            .unwrap_or_default()
    } else {
        level.cefr.clone()
    }
}

/// Day and minutes of each occurrence within the days that are asked about.
fn occurrences(run: &RunDraft, ask: &Ask) -> Vec<(Date, u16, u16)> {
    let wanted = |day: &Date| *day >= ask.from && ask.until.is_none_or(|until| *day <= until);
    let day = |text: &str| text.parse::<Date>().ok();
    if !run.slots.is_empty() {
        let single = run.slots.iter().filter_map(|slot| {
            let (start, end) = span(&slot.start, &slot.end)?;
            Some((day(&slot.date)?, start, end))
        });
        return single.filter(|(day, ..)| wanted(day)).collect();
    }
    let (Some(first), Some(last)) = (day(&run.start), day(&run.end)) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for weekly in &run.weekly {
        let Some((start, end)) = span(&weekly.start, &weekly.end) else {
            continue;
        };
        let weekday = i64::from(weekly.weekday);
        let ahead = (weekday - i64::from(first.weekday().to_monday_one_offset())).rem_euclid(7);
        let mut next = first.checked_add(ahead.days());
        for _ in 0..WEEKS {
            let Ok(day) = next else { break };
            if day > last {
                break;
            }
            if wanted(&day) {
                out.push((day, start, end));
            }
            next = day.checked_add(7.days());
        }
    }
    out
}

/// Minutes of the day, where both are told and the end is later.
fn span(start: &str, end: &str) -> Option<(u16, u16)> {
    let minutes = |text: &str| {
        let time: Time = text.parse().ok()?;
        u16::try_from(i32::from(time.hour()) * 60 + i32::from(time.minute())).ok()
    };
    let (start, end) = (minutes(start)?, minutes(end)?);
    (start < end).then_some((start, end))
}
