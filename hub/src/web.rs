//! Pages and interface on one listener: who is let in, how long it may take, and what lies behind which address.
//!
//! A slow or silent client costs one connection for a bounded time. One source has at most a share of all
//! connections, so that whoever opens many and says nothing keeps nobody else out. Connections from this machine are
//! a proxy's, and have no such share.

mod connection;
mod places;
#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use calluna_api::{Api, Settings};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::{ServiceExt, service_fn};

use self::places::Places;

/// How much the listener takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once; further ones wait to be accepted.
    pub connections: usize,
    /// Longest that the head of a request may take to arrive; also the longest pause between two requests.
    pub head: Duration,
    /// Longest that one connection lives; then it is closed in order.
    pub connection: Duration,
    /// Longest that open answers get after that, or when the process ends.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            head: Duration::from_secs(10),
            connection: Duration::from_secs(120),
            grace: Duration::from_secs(5),
        }
    }
}

/// The pages, and what they say to whoever is turned away before.
pub struct Pages {
    /// Everything that is not below `/api`.
    pub router: Router,
    /// The page of a refusal.
    pub refusal: calluna_api::guard::Page,
}

/// Everything that is served, with sizes, rates and compression around it: the interface below `/api`, and pages
/// everywhere else. Without pages the interface answers for all of it.
pub fn site(pages: Option<Pages>, api: Api) -> Router {
    let settings: Settings = api.settings.clone();
    let api = calluna_api::router(api);
    let (pages, refusal) = match pages {
        Some(Pages { router, refusal }) => (router, Some(refusal)),
        None => (api.clone(), None),
    };
    let both = service_fn(move |request: Request| {
        let path = request.uri().path();
        let interface = path == "/api" || path.starts_with("/api/");
        let to = if interface {
            api.clone()
        } else {
            pages.clone()
        };
        to.oneshot(request)
    });
    let site = Router::new().fallback_service(both);
    calluna_api::guard::guarded(site, &settings, refusal)
}

/// Serves `site` until `stop`, then lets open answers end.
///
/// # Errors
/// When the listener breaks for good. Single connections that fail do not.
pub async fn serve(
    listener: TcpListener,
    site: Router,
    limits: Limits,
    stop: CancellationToken,
) -> io::Result<()> {
    let places = Places::new(limits.connections);
    let mut open = JoinSet::new();
    let broken = loop {
        // Those that are done are cleared away.
        while open.try_join_next().is_some() {}
        let next = async {
            let place = places.take().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            next = next => next,
            () = stop.cancelled() => break None,
        };
        match accepted {
            Ok((stream, from)) => {
                // One that has its share already is closed at once.
                let Some(place) = place.of(from.ip()) else {
                    continue;
                };
                let (site, stop) = (site.clone(), stop.clone());
                open.spawn(async move {
                    let _place = place;
                    connection::serve(stream, from.ip(), site, limits, stop).await;
                });
            }
            // The client was gone again, or no descriptor is free: neither ends the pages.
            Err(cause) if is_passing(&cause) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(cause) => break Some(cause),
        }
    };
    drop(listener);
    let all = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.grace, all).await.is_err() {
        open.abort_all();
    }
    broken.map_or(Ok(()), Err)
}

fn is_passing(cause: &io::Error) -> bool {
    /// `ENFILE` and `EMFILE`.
    const TOO_MANY_FILES: [i32; 2] = [23, 24];
    matches!(
        cause.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
            | io::ErrorKind::OutOfMemory
    ) || cause
        .raw_os_error()
        .is_some_and(|code| TOO_MANY_FILES.contains(&code))
}
