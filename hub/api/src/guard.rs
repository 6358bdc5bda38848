//! For pages and interface alike: how large a request may be, how many may come from one source, and compression.
//!
//! # Rates
//! With a limit a source (an IPv4 address, a /64 of IPv6) may ask so often in a minute, and a third of that at
//! once. Requests from this machine itself are not counted: they are a proxy that nobody has named, or the operator.
//! Without a limit nothing of a source is remembered; with one its address, in memory, for as long as it counts.
//!
//! # Refusals
//! Whoever asks the interface gets a problem (RFC 9457), a browser that asks for a page gets a page, anybody else
//! two lines of text.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use tower_http::compression::CompressionLayer;

use crate::problem::{Kind, Problem};
use crate::settings::Settings;
use crate::source::{self, Network, Peer};

/// Longest address of a request, in bytes.
const ADDRESS_BYTES: usize = 8 * 1024;
/// Most bytes that a request may announce behind its head: nobody has anything to send.
const BODY_BYTES: u64 = 16 * 1024;
/// After so many requests sources that no longer count are forgotten.
const SWEEP: u32 = 4_096;

type Limiter = RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, DefaultClock>;

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its source asked too often, and may come back in so many seconds.
    TooMany {
        /// Seconds to wait.
        seconds: u64,
    },
    /// Its address is too long.
    AddressTooLong,
    /// It announces more than anybody has to send.
    TooLarge,
}

impl Refusal {
    fn kind(self) -> Kind {
        match self {
            Self::TooMany { .. } => Kind::TooManyRequests,
            Self::AddressTooLong => Kind::AddressTooLong,
            Self::TooLarge => Kind::TooLarge,
        }
    }
}

/// Makes the page for people of a refusal; the text is the path that was asked for.
pub type Page = Arc<dyn Fn(Refusal, &str) -> Response + Send + Sync>;

struct Guard {
    page: Option<Page>,
    limiter: Option<Limiter>,
    clock: DefaultClock,
    trusted: Vec<Network>,
    asked: AtomicU32,
}

/// Puts sizes, rates and compression around pages and interface. Without `page` people get text.
pub fn guarded(router: Router, settings: &Settings, page: Option<Page>) -> Router {
    let quota = NonZeroU32::new(settings.requests_per_minute).map(|per_minute| {
        let at_once = NonZeroU32::new(per_minute.get() / 3).unwrap_or(NonZeroU32::MIN);
        Quota::per_minute(per_minute).allow_burst(at_once)
    });
    let guard = Arc::new(Guard {
        page,
        limiter: quota.map(RateLimiter::keyed),
        clock: DefaultClock::default(),
        trusted: settings.trusted_proxies.clone(),
        asked: AtomicU32::new(0),
    });
    router
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(guard, watch))
}

async fn watch(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.judge(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => guard.refuse(refusal, &request),
    }
}

impl Guard {
    fn judge(&self, request: &Request) -> Result<(), Refusal> {
        self.admit(request)
            .map_err(|seconds| Refusal::TooMany { seconds })?;
        let address = request.uri().path_and_query();
        if address.is_some_and(|all| all.as_str().len() > ADDRESS_BYTES) {
            return Err(Refusal::AddressTooLong);
        }
        if announced(request.headers()) > BODY_BYTES {
            return Err(Refusal::TooLarge);
        }
        Ok(())
    }

    fn refuse(&self, refusal: Refusal, request: &Request) -> Response {
        let path = request.uri().path();
        let kind = refusal.kind();
        let mut response = if path == "/api" || path.starts_with("/api/") {
            Problem::new(kind, "").into_response()
        } else {
            match &self.page {
                Some(page) if wants_a_page(request.headers()) => page(refusal, path),
                _ => in_text(kind),
            }
        };
        // Whatever a page says of itself, it is a refusal.
        *response.status_mut() = kind.status();
        let headers = response.headers_mut();
        match refusal {
            Refusal::TooMany { seconds } => {
                headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            // What was announced is not read.
            Refusal::TooLarge => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Refusal::AddressTooLong => {}
        }
        response
    }

    /// Counts a request; the error is how many seconds its source has to wait.
    fn admit(&self, request: &Request) -> Result<(), u64> {
        let (Some(limiter), Some(Peer(peer))) =
            (&self.limiter, request.extensions().get::<Peer>().copied())
        else {
            return Ok(());
        };
        let source = source::of(peer, request.headers(), &self.trusted);
        if source.is_loopback() {
            return Ok(());
        }
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter
            .check_key(&source::one_source(source))
            .map_err(|until| until.wait_time_from(self.clock.now()).as_secs() + 1)
    }
}

/// Bytes that a request says it brings; what is no number is more than anybody may bring.
fn announced(headers: &HeaderMap) -> u64 {
    let Some(length) = headers.get(CONTENT_LENGTH) else {
        return 0;
    };
    let number = length.to_str().ok().and_then(|text| text.parse().ok());
    number.unwrap_or(u64::MAX)
}

/// Whether it is a browser that asks for something to look at: nobody else names HTML.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    let mut lines = accepted.filter_map(|line| line.to_str().ok());
    lines.any(|line| line.contains("text/html"))
}

/// A refusal in words of both languages.
fn in_text(kind: Kind) -> Response {
    let [de, en] = kind.words();
    let mut response = Response::new(Body::from(format!("{de}\n{en}\n")));
    *response.status_mut() = kind.status();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
