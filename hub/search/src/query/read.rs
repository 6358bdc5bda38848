//! Address to query and back.

use jiff::civil::Date;

use super::fault::shown;
use super::{
    Facet, Near, OFFSET_MAX, PAGE_SIZE, PAIRS_MAX, Query, QueryFault, RADIUS_KM, RADIUS_MAX_KM,
    Sort, TEXT_MAX, VALUE_MAX, VALUES_MAX,
};

/// Keys that are not a facet, in the order in which [`Query::pairs`] writes them.
const PLAIN: [&str; 9] = [
    "q",
    "place",
    "radius",
    "from",
    "until",
    "price_max",
    "past",
    "sort",
    "page",
];

impl Query {
    /// Every key that an address may have.
    #[must_use]
    pub fn keys() -> Vec<&'static str> {
        let facets = Facet::ALL.iter().map(|facet| facet.key());
        let mut keys = vec![PLAIN[0]];
        keys.extend(facets);
        keys.extend_from_slice(&PLAIN[1..]);
        keys
    }

    /// Reads the pairs of an address, already decoded. Empty values are passed over, as forms send them;
    /// a facet's key may come several times.
    ///
    /// # Errors
    /// The first thing that cannot be asked, with what can be.
    pub fn read<K: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, QueryFault> {
        let mut query = Self::default();
        let mut plain: [Option<String>; PLAIN.len()] = Default::default();
        for (count, (key, value)) in pairs.into_iter().enumerate() {
            if count >= PAIRS_MAX {
                return Err(QueryFault::TooManyPairs);
            }
            let (key, value) = (key.as_ref(), value.as_ref());
            if let Some(facet) = Facet::from_key(key) {
                choose(&mut query, facet, value.trim())?;
            } else if let Some(at) = PLAIN.iter().position(|known| *known == key) {
                once(&mut plain[at], PLAIN[at], value)?;
            } else {
                return Err(QueryFault::UnknownFilter {
                    name: shown(key),
                    known: Self::keys().join(", "),
                });
            }
        }
        let [q, place, radius, from, until, price_max, past, sort, page] = plain;
        query.text = q.unwrap_or_default();
        let radius = radius.map(|text| self::radius(&text)).transpose()?;
        query.near = place.map(|place| Near {
            place,
            radius_km: radius.unwrap_or(RADIUS_KM),
        });
        query.from = from.map(|text| day("from", &text)).transpose()?;
        query.until = until.map(|text| day("until", &text)).transpose()?;
        query.price_max_cents = price_max.map(|text| cents(&text)).transpose()?;
        query.past = past.map(|text| yes(&text)).transpose()?.is_some();
        query.sort = sort
            .map(|text| order(&text))
            .transpose()?
            .unwrap_or_default();
        query.offset = page
            .map(|text| offset(&text))
            .transpose()?
            .unwrap_or_default();
        query.fits()?;
        Ok(query)
    }

    /// The pairs that [`Query::read`] reads as this query, in a fixed order, without what is usual.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.text.is_empty() {
            pairs.push(("q", self.text.clone()));
        }
        for (facet, values) in &self.chosen {
            pairs.extend(values.iter().map(|value| (facet.key(), value.clone())));
        }
        if let Some(near) = &self.near {
            pairs.push(("place", near.place.clone()));
            if near.radius_km != RADIUS_KM {
                pairs.push(("radius", near.radius_km.to_string()));
            }
        }
        pairs.extend(self.from.map(|day| ("from", day.to_string())));
        pairs.extend(self.until.map(|day| ("until", day.to_string())));
        pairs.extend(
            self.price_max_cents
                .map(|cents| ("price_max", euros(cents))),
        );
        if self.past {
            pairs.push(("past", "yes".into()));
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.key().into()));
        }
        if self.page() > 1 {
            pairs.push(("page", self.page().to_string()));
        }
        pairs
    }

    /// What only the whole question can break.
    fn fits(&self) -> Result<(), QueryFault> {
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until < from
        {
            return Err(QueryFault::EndsBeforeStart);
        }
        if self.sort == Sort::Distance && self.near.is_none() {
            return Err(QueryFault::SortNeedsPlace);
        }
        Ok(())
    }
}

/// Control characters, and those that are not seen but turn or hide what is: a reader of the address is not
/// to be fooled, and the analysis knows nothing of them.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Hidden characters and runs of blanks become one blank.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len().min(4 * TEXT_MAX));
    for word in text.split(|c: char| c.is_whitespace() || is_hidden(c)) {
        if !word.is_empty() {
            if !tidy.is_empty() {
                tidy.push(' ');
            }
            tidy.push_str(word);
        }
    }
    tidy
}

fn choose(query: &mut Query, facet: Facet, value: &str) -> Result<(), QueryFault> {
    if value.is_empty() {
        return Ok(());
    }
    if value.len() > VALUE_MAX || !facet.takes(value) {
        return Err(QueryFault::UnknownValue {
            filter: facet.key(),
            value: shown(value),
            known: facet.expected(),
        });
    }
    let values = query.chosen.entry(facet).or_default();
    values.insert(value.to_owned());
    if values.len() > VALUES_MAX {
        return Err(QueryFault::TooManyValues {
            filter: facet.key(),
        });
    }
    Ok(())
}

fn once(slot: &mut Option<String>, filter: &'static str, value: &str) -> Result<(), QueryFault> {
    let max = if filter == "q" { TEXT_MAX } else { VALUE_MAX };
    // Four bytes are the longest character: whatever is longer need not be looked at.
    if value.len() > 4 * max {
        return Err(QueryFault::TooLong { filter, max });
    }
    let value = tidy(value);
    if value.chars().count() > max {
        return Err(QueryFault::TooLong { filter, max });
    }
    if value.is_empty() {
        return Ok(());
    }
    match slot {
        Some(before) if *before != value => Err(QueryFault::Twice { filter }),
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

fn day(filter: &'static str, text: &str) -> Result<Date, QueryFault> {
    let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = shape.then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| QueryFault::BadDate {
        filter,
        value: shown(text),
    })
}

fn radius(text: &str) -> Result<u16, QueryFault> {
    let fits = |km: &u16| (1..=RADIUS_MAX_KM).contains(km);
    text.parse()
        .ok()
        .filter(fits)
        .ok_or_else(|| QueryFault::BadNumber {
            filter: "radius",
            expected: "1 to 200 kilometres",
            value: shown(text),
        })
}

/// Euros with or without cents, comma or point.
fn cents(text: &str) -> Result<u32, QueryFault> {
    let bad = || QueryFault::BadNumber {
        filter: "price_max",
        expected: "euros such as 50 or 49.50",
        value: shown(text),
    };
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let (euros, rest) = text.split_once(['.', ',']).unwrap_or((text, "0"));
    let rest = match rest.len() {
        1 => number(rest).map(|tenths| tenths * 10),
        2 => number(rest),
        _ => None,
    };
    let euros = number(euros).and_then(|euros| euros.checked_mul(100));
    euros
        .zip(rest)
        .and_then(|(euros, rest)| euros.checked_add(rest))
        .ok_or_else(bad)
}

fn euros(cents: u32) -> String {
    match cents % 100 {
        0 => (cents / 100).to_string(),
        rest => format!("{}.{rest:02}", cents / 100),
    }
}

fn yes(text: &str) -> Result<(), QueryFault> {
    (text == "yes")
        .then_some(())
        .ok_or_else(|| QueryFault::UnknownValue {
            filter: "past",
            value: shown(text),
            known: "yes".into(),
        })
}

fn order(text: &str) -> Result<Sort, QueryFault> {
    Sort::from_key(text).ok_or_else(|| QueryFault::UnknownValue {
        filter: "sort",
        value: shown(text),
        known: Sort::ALL.map(Sort::key).join(", "),
    })
}

fn offset(text: &str) -> Result<usize, QueryFault> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let bad = || QueryFault::BadNumber {
        filter: "page",
        expected: "a number from 1",
        value: shown(text),
    };
    if !digits || text.bytes().all(|b| b == b'0') {
        return Err(bad());
    }
    // A number too long to be read is a page too deep.
    let page: usize = text.parse().map_err(|_| QueryFault::TooDeep)?;
    let offset = (page - 1).checked_mul(PAGE_SIZE);
    offset
        .filter(|offset| *offset <= OFFSET_MAX)
        .ok_or(QueryFault::TooDeep)
}

#[cfg(test)]
mod tests;
