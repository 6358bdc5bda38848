//! One request to its answer: limits, the page on a thread of its own, conditional answers,
//! headers. Whatever goes wrong becomes a page.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    LOCATION, RETRY_AFTER,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use calluna_model::text::Language;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::assets;
use crate::fault::Fault;
use crate::reply::{HTML, Reply};
use crate::routes::{self, Kind, Page};
use crate::security;
use crate::site::Site;
use crate::visit::Visit;

/// Pages that are made at once; more are asked to come back.
const AT_ONCE: usize = 64;
/// Longest that a page may take.
const LONGEST: Duration = Duration::from_secs(10);
/// Seconds after which one who was sent away may come back.
const COME_BACK: u32 = 2;

/// What every request needs.
#[derive(Debug)]
struct Gate {
    site: Site,
    permits: Arc<Semaphore>,
}

/// The pages over that site.
pub fn router(site: Site) -> Router {
    let gate = Arc::new(Gate {
        site,
        permits: Arc::new(Semaphore::new(AT_ONCE)),
    });
    let mut router = Router::new();
    for route in routes::ALL {
        router = router.route(route.path, page(Language::De, route.page));
        if route.kind != Kind::Machine {
            let path = format!("/en{}", route.path.trim_end_matches('/'));
            router = router.route(&path, page(Language::En, route.page));
        }
    }
    router
        .route("/assets/{file}", get(asset))
        .route("/en/", get(to_english))
        .fallback(missing)
        .method_not_allowed_fallback(not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(map_response(guarded))
        .with_state(gate)
}

fn page(language: Language, page: Page) -> axum::routing::MethodRouter<Arc<Gate>> {
    let handler = move |State(gate): State<Arc<Gate>>,
                        params: Result<RawPathParams, RawPathParamsRejection>,
                        request: Request| async move {
        // Nobody here reads a body.
        let (head, _) = request.into_parts();
        let params = params.map(|params| {
            let pairs = params.iter();
            pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        });
        match params {
            Ok(params) => answer(&gate, language, page, params, &head).await,
            Err(_) => answer(&gate, language, unreadable, Vec::new(), &head).await,
        }
    };
    get(handler)
}

/// Makes a page on a thread where it may block, within a number and a time.
async fn answer(
    gate: &Gate,
    language: Language,
    page: Page,
    params: Vec<(String, String)>,
    head: &Parts,
) -> Response {
    let path = head.uri.path();
    let path = match language {
        Language::De => path,
        Language::En => path.strip_prefix("/en").unwrap_or(path),
    };
    let path = if path.is_empty() { "/" } else { path };
    let mut visit = Visit::new(&gate.site, language, path, head.uri.query());
    visit.params = params;
    let Ok(permit) = Arc::clone(&gate.permits).try_acquire_owned() else {
        return to_http(Fault::Busy.reply(&visit), language, &head.headers);
    };
    let work = tokio::task::spawn_blocking(move || {
        // Held until the work is done, even where nobody waits for it any more.
        let _permit = permit;
        page(&visit).unwrap_or_else(|fault| {
            if let Fault::Internal(cause) = &fault {
                tracing::error!(
                    path = visit.path,
                    cause = cause.to_string(),
                    "a page failed"
                );
            }
            fault.reply(&visit)
        })
    });
    let reply = match tokio::time::timeout(LONGEST, work).await {
        Ok(Ok(reply)) => reply,
        Ok(Err(panic)) => {
            tracing::error!(%panic, "a page panicked");
            failed(gate, language, Fault::Internal(Box::new(panic)))
        }
        Err(_) => {
            tracing::warn!("a page took too long");
            failed(gate, language, Fault::Busy)
        }
    };
    to_http(reply, language, &head.headers)
}

/// The page of a fault without the visit that led to it.
fn failed(gate: &Gate, language: Language, fault: Fault) -> Reply {
    fault.reply(&Visit::new(&gate.site, language, "/", None))
}

fn unreadable(_: &Visit) -> Result<Reply, Fault> {
    Err(Fault::Malformed("bad.utf8"))
}

async fn missing(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    fallback(&gate, request, |_| Err(Fault::Missing)).await
}

async fn not_allowed(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let mut response = fallback(&gate, request, |_| Err(Fault::Method)).await;
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

/// The page of a fault, in the language of the address.
async fn fallback(gate: &Gate, request: Request, page: Page) -> Response {
    let (head, _) = request.into_parts();
    let language = language(head.uri.path());
    answer(gate, language, page, Vec::new(), &head).await
}

/// The language of an address.
pub(crate) fn language(path: &str) -> Language {
    if path == "/en" || path.starts_with("/en/") {
        Language::En
    } else {
        Language::De
    }
}

async fn to_english() -> Response {
    let headers = [(LOCATION, HeaderValue::from_static("/en"))];
    (StatusCode::PERMANENT_REDIRECT, headers).into_response()
}

async fn asset(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let Some(found) = assets::at(request.uri().path()) else {
        return fallback(&gate, request, |_| Err(Fault::Missing)).await;
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(found.media)),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    (headers, found.content.as_slice()).into_response()
}

/// The last resort: something outside a page panicked. One text for both languages, nothing of the inside.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request panicked");
    let body = "<!doctype html><html lang=\"de\"><title>Fehler</title>\
                <h1>Das hat nicht geklappt</h1><p><a href=\"/\">Zur Startseite</a></p></html>";
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(HTML))];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, body).into_response()
}

async fn guarded(mut response: Response) -> Response {
    security::guard(response.headers_mut());
    response
}

/// A reply as HTTP, to a request with these headers.
pub(crate) fn to_http(reply: Reply, language: Language, asked: &HeaderMap) -> Response {
    // Weak: the same page may travel compressed. Made from what is shown, so it cannot miss a change.
    let tag = format!("W/\"{}\"", &blake3::hash(&reply.body).to_hex()[..32]);
    let known = asked
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|other| other.trim() == tag);
    let ok = reply.status == StatusCode::OK;
    let mut response = if ok && known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Response::new(Body::from(reply.body));
        *response.status_mut() = reply.status;
        let media = HeaderValue::from_static(reply.media);
        response.headers_mut().insert(CONTENT_TYPE, media);
        response
    };
    let headers = response.headers_mut();
    let keep = match reply.keep {
        Some(seconds) if ok => format!("public, max-age={seconds}"),
        _ => "no-cache".to_owned(),
    };
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(CACHE_CONTROL, &keep);
    if ok {
        set(ETAG, &tag);
    }
    if reply.media == HTML {
        set(
            CONTENT_LANGUAGE,
            match language {
                Language::De => "de",
                Language::En => "en",
            },
        );
    }
    if let Some(file) = &reply.file {
        set(
            CONTENT_DISPOSITION,
            &format!("attachment; filename=\"{file}\""),
        );
    }
    if reply.status == StatusCode::SERVICE_UNAVAILABLE {
        set(RETRY_AFTER, &COME_BACK.to_string());
    }
    response
}
