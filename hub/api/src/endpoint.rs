//! The endpoints: each a file with its description and its work, and a line in [`ALL`].

pub(crate) mod changes;
pub(crate) mod codes;
pub(crate) mod offers;
pub(crate) mod providers;
pub(crate) mod root;
pub(crate) mod search;
pub(crate) mod statistics;
pub(crate) mod suggestions;

use calluna_model::clock::Moment;
use calluna_model::id::ProviderId;

use crate::api::Api;
use crate::problem::{Kind, Problem};
use crate::reply::Reply;

/// Most items on a page.
pub(crate) const LIMIT_MAX: usize = 200;
/// Items on a page, where nothing is said.
pub(crate) const LIMIT: usize = 50;

/// A request, taken apart.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) api: Api,
    pub(crate) now: Moment,
    /// What stands in the places of the path, in order.
    pub(crate) places: Vec<String>,
    /// Names and values behind the question mark.
    pub(crate) pairs: Vec<(String, String)>,
}

/// Answers a request; it may block.
pub(crate) type Work = fn(&Ask) -> Result<Reply, Problem>;

/// Every endpoint by its path.
pub(crate) const ALL: &[(&str, Work)] = &[
    ("/api/v1", root::root),
    ("/api/v1/search", search::search),
    ("/api/v1/suggestions", suggestions::suggestions),
    ("/api/v1/offers", offers::offers),
    ("/api/v1/offers/{provider}/{offer}", offers::offer),
    ("/api/v1/providers", providers::providers),
    ("/api/v1/providers/{provider}", providers::provider),
    ("/api/v1/codes", codes::lists),
    ("/api/v1/codes/{list}", codes::list),
    ("/api/v1/changes", changes::changes),
    ("/api/v1/statistics", statistics::statistics),
];

impl Ask {
    /// What stands in a place of the path; empty where there is no such place.
    pub(crate) fn place(&self, at: usize) -> &str {
        self.places.get(at).map_or("", String::as_str)
    }

    /// The values of these parameters, in their order: each at most once, and no others. An empty value is none.
    pub(crate) fn values<const N: usize>(
        &self,
        known: [&str; N],
    ) -> Result<[Option<&str>; N], Problem> {
        let mut values = [None; N];
        for (name, value) in &self.pairs {
            let at = known.iter().position(|known| known == name);
            let Some(place) = at.and_then(|at| values.get_mut(at)) else {
                return Err(Problem::unknown_parameter(name, &known));
            };
            if place.is_some_and(|before| before != value) {
                return Err(Problem::bad_value(
                    name,
                    format!("`{name}` is given more than once, with different values"),
                ));
            }
            if !value.is_empty() {
                *place = Some(value.as_str());
            }
        }
        Ok(values)
    }
}

/// Reads `limit`.
pub(crate) fn limit(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else {
        return Ok(LIMIT);
    };
    let number = text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
    number.ok_or_else(|| {
        Problem::bad_value(
            "limit",
            format!("`limit` takes a number from 1 to {LIMIT_MAX}"),
        )
    })
}

/// Reads the id of a provider in a path; what is none names nobody.
pub(crate) fn provider_id(text: &str) -> Result<ProviderId, Problem> {
    text.parse()
        .map_err(|_| Problem::new(Kind::NotFound, "there is no such provider"))
}

/// A path with parameters.
pub(crate) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    format!("{path}?{}", query.finish())
}
