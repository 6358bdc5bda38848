//! From an answer to HTTP: JSON, a tag for conditional requests, how long it keeps.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH, LINK, RETRY_AFTER,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::problem::{Kind, Problem};

/// Media type of answers.
pub(crate) const JSON: &str = "application/json";
/// Media type of problems.
pub(crate) const PROBLEM: &str = "application/problem+json";
/// Seconds after which somebody who was sent away because of too much may come back.
const COME_BACK: &str = "2";

/// An answer before it is HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) media: &'static str,
    pub(crate) body: Vec<u8>,
    /// Seconds that it keeps.
    pub(crate) keep: u32,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Reply {
    /// An answer in JSON that keeps for some seconds.
    pub(crate) fn json(value: &impl Serialize, keep: u32) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written as JSON");
            Problem::new(Kind::Internal, "the answer cannot be written")
        })?;
        Ok(Self {
            media: JSON,
            body,
            keep,
            headers: Vec::new(),
        })
    }

    /// With the address of the next page, where there is one.
    pub(crate) fn followed_by(mut self, next: Option<&str>) -> Self {
        if let Some(next) = next {
            self.headers.push((LINK, format!("<{next}>; rel=\"next\"")));
        }
        self
    }

    /// As HTTP; without its body for whoever has it already.
    pub(crate) fn into_response(self, asked: &HeaderMap) -> Response {
        // Weak: the same answer may travel compressed. Made from what is sent, so it cannot miss a change.
        let tag = format!("W/\"{}\"", &blake3::hash(&self.body).to_hex()[..32]);
        let known = has(asked, &tag);
        let mut response = if known {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            let mut response = Response::new(Body::from(self.body));
            let media = HeaderValue::from_static(self.media);
            response.headers_mut().insert(CONTENT_TYPE, media);
            response
        };
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(ETAG, &tag);
        set(CACHE_CONTROL, &format!("public, max-age={}", self.keep));
        for (name, value) in self.headers {
            set(name, &value);
        }
        response
    }
}

/// Whether whoever asks has what carries this tag.
fn has(asked: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let tag = bare(tag);
    let lines = asked.get_all(IF_NONE_MATCH).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|other| other.trim() == "*" || bare(other) == tag)
}

impl Problem {
    /// As HTTP.
    pub(crate) fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_else(|_| b"{}".to_vec());
        let mut response = Response::new(Body::from(body));
        let status = StatusCode::from_u16(self.status);
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(COME_BACK));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_it_already_gets_no_body() {
        let reply = || Reply::json(&[1, 2], 60).unwrap();
        let first = reply().into_response(&HeaderMap::new());
        let tag = first.headers()[ETAG].clone();
        let mut asked = HeaderMap::new();
        for (value, status) in [
            (tag.to_str().unwrap(), 304),
            (&format!("\"x\", {}", &tag.to_str().unwrap()[2..]), 304),
            ("*", 304),
            ("\"x\"", 200),
        ] {
            asked.insert(IF_NONE_MATCH, value.parse().unwrap());
            let again = reply().into_response(&asked);
            assert_eq!(again.status().as_u16(), status, "{value}");
            assert_eq!(again.headers()[ETAG], tag);
        }
    }
}
