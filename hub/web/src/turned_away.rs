//! The page of a request that whoever guards the pages turned away: it never reached them, and is answered in their
//! words, look and headers all the same.

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::fault::Fault;
use crate::gate;
use crate::security;
use crate::site::Site;
use crate::visit::Visit;

/// Why a request was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// Its source asked too often, and may come back in so many seconds.
    TooMany {
        /// Seconds to wait.
        seconds: u64,
    },
    /// It brings more than anybody has to send.
    TooLarge,
    /// Its address is too long.
    AddressTooLong,
}

impl TurnedAway {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::AddressTooLong => StatusCode::URI_TOO_LONG,
        }
    }

    /// The page that says so, in the language of the address. Asks neither catalogue nor search.
    #[must_use]
    pub fn page(self, site: &Site, path: &str) -> Response {
        let language = gate::language(path);
        // Its links lead to the start: the address may be what is wrong.
        let visit = Visit::new(site, language, "/", None);
        let reply = Fault::TurnedAway(self).reply(&visit);
        let mut response = gate::to_http(reply, language, &HeaderMap::new());
        security::guard(response.headers_mut());
        response
    }
}
