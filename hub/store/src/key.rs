//! Keys of the embedded store. A provider id holds neither `/` nor zero bytes, so no key of one
//! provider is the beginning of another's.

use calluna_model::id::ProviderId;
use calluna_model::report::Way;

use crate::verdict::OfferAt;

pub(crate) const META: &[u8] = b"meta";
pub(crate) const MEMBERS: &[u8] = b"m/";
pub(crate) const PROVIDERS: &[u8] = b"p/";
pub(crate) const ENROLMENTS: &[u8] = b"e/";
pub(crate) const NIGHTS: &[u8] = b"n/";
pub(crate) const DELIVERIES: &[u8] = b"d/";
pub(crate) const AUDIT: &[u8] = b"a/";
pub(crate) const FIGURES: &[u8] = b"f/";
pub(crate) const CHANGES: &[u8] = b"c/";
pub(crate) const VERDICTS: &[u8] = b"v/";

pub(crate) fn member(id: &ProviderId) -> Vec<u8> {
    [MEMBERS, id.as_str().as_bytes()].concat()
}

pub(crate) fn enrolment(id: &ProviderId) -> Vec<u8> {
    [ENROLMENTS, id.as_str().as_bytes()].concat()
}

pub(crate) fn provider(id: &ProviderId) -> Vec<u8> {
    [PROVIDERS, id.as_str().as_bytes()].concat()
}

pub(crate) fn log(id: &ProviderId) -> Vec<u8> {
    [b"l/", id.as_str().as_bytes(), b"/"].concat()
}

pub(crate) fn night(number: u64) -> Vec<u8> {
    [NIGHTS, &number.to_be_bytes()].concat()
}

/// Where a provider's participation figures are: all, or those of one period.
pub(crate) fn figures(id: &ProviderId, period: Option<&str>) -> Vec<u8> {
    let mut key = [FIGURES, id.as_str().as_bytes(), b"/"].concat();
    if let Some(period) = period {
        key.extend(period.as_bytes());
        key.push(b'/');
    }
    key
}

/// One revision of a period's participation figures.
pub(crate) fn revision(id: &ProviderId, period: &str, number: u32) -> Vec<u8> {
    [&figures(id, Some(period))[..], &number.to_be_bytes()].concat()
}

/// Period and number from the key of a revision of this provider.
pub(crate) fn revision_of<'a>(id: &ProviderId, key: &'a [u8]) -> Option<(&'a str, u32)> {
    let rest = key.strip_prefix(&figures(id, None)[..])?;
    let (period, number) = rest.split_at_checked(rest.len().checked_sub(4)?)?;
    let period = std::str::from_utf8(period.strip_suffix(b"/")?).ok()?;
    Some((period, u32::from_be_bytes(number.try_into().ok()?)))
}

/// Whose state a key holds.
pub(crate) fn provider_of(key: &[u8]) -> Option<ProviderId> {
    let id = key.strip_prefix(PROVIDERS)?;
    std::str::from_utf8(id).ok()?.parse().ok()
}

/// The number of a night from its key.
pub(crate) fn night_of(key: &[u8]) -> Option<u64> {
    let number = key.strip_prefix(NIGHTS)?;
    Some(u64::from_be_bytes(number.try_into().ok()?))
}

pub(crate) fn delivery(way: Way) -> Vec<u8> {
    [DELIVERIES, way.as_str().as_bytes()].concat()
}

pub(crate) fn audit(number: u64) -> Vec<u8> {
    [AUDIT, &number.to_be_bytes()].concat()
}

/// The number of an audit record from its key.
pub(crate) fn audit_of(key: &[u8]) -> Option<u64> {
    let number = key.strip_prefix(AUDIT)?;
    Some(u64::from_be_bytes(number.try_into().ok()?))
}

/// An entry of the journal of changes.
pub(crate) fn change(number: u64) -> Vec<u8> {
    [CHANGES, &number.to_be_bytes()].concat()
}

/// The number of an entry of the journal from its key.
pub(crate) fn change_of(key: &[u8]) -> Option<u64> {
    let number = key.strip_prefix(CHANGES)?;
    Some(u64::from_be_bytes(number.try_into().ok()?))
}

/// The operator's word on two offers. No id holds a `/`.
pub(crate) fn verdict(first: &OfferAt, second: &OfferAt) -> Vec<u8> {
    let [first, second] = [first, second].map(|side| format!("{}/{}", side.provider, side.offer));
    [VERDICTS, first.as_bytes(), b"/", second.as_bytes()].concat()
}
