//! One request to its answer: a thread that may block, within a number and a time; whatever goes wrong becomes a
//! problem.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, ETAG, HeaderName,
    IF_NONE_MATCH, LINK, REFERRER_POLICY, RETRY_AFTER, VARY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use calluna_model::text::Language;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any as AnyOrigin, CorsLayer};

use crate::api::Api;
use crate::endpoint::{self, Ask, Work};
use crate::problem::{Kind, Problem};
use crate::reply::{JSON, Reply};
use crate::{document, page};

/// Answers that are made at once; more are asked to come back.
const AT_ONCE: usize = 64;
/// Longest that an answer may take.
const LONGEST: Duration = Duration::from_secs(10);
/// Seconds that the description keeps.
const KEEP: u32 = 3_600;

/// What a browser may load for the page for people: our own style, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; \
frame-ancestors 'none'; base-uri 'none'";

/// What every request needs.
#[derive(Debug)]
struct Gate {
    api: Api,
    permits: Arc<Semaphore>,
    document: Vec<u8>,
    /// For people: in German, in English.
    pages: [String; 2],
}

/// The interface, with the page for people. It answers everything below `/api`.
pub fn router(api: Api) -> Router {
    let document = document::of(&api.settings, &api.reader.district());
    let gate = Arc::new(Gate {
        pages: [Language::De, Language::En].map(|language| page::of(&document, language)),
        document: document.to_string().into_bytes(),
        permits: Arc::new(Semaphore::new(AT_ONCE)),
        api,
    });
    let mut router = Router::new();
    for (path, work) in endpoint::ALL {
        router = router.route(path, handler(*work));
    }
    router
        .route("/api/v1/openapi.json", get(openapi))
        .route("/api", get(people))
        .route("/api/style.css", get(style))
        .fallback(missing)
        .method_not_allowed_fallback(not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors())
        .layer(map_response(kept_apart))
        .with_state(gate)
}

/// Every page of the world may read; none gets more by it than without.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([ACCEPT, ACCEPT_LANGUAGE, IF_NONE_MATCH])
        .expose_headers([ETAG, LINK, RETRY_AFTER])
        .max_age(Duration::from_secs(86_400))
}

fn handler(work: Work) -> MethodRouter<Arc<Gate>> {
    let handler = move |State(gate): State<Arc<Gate>>,
                        places: Result<RawPathParams, RawPathParamsRejection>,
                        request: Request| async move {
        match places {
            Ok(places) => {
                let places = places.iter().map(|(_, value)| value.to_owned()).collect();
                let (head, _no_body) = request.into_parts();
                answer(&gate, work, places, &head).await
            }
            // Bytes that are no text name nothing that there is.
            Err(_) => Problem::new(Kind::NotFound, "the address is no text").into_response(),
        }
    };
    get(handler)
}

/// Makes an answer on a thread where it may block.
async fn answer(gate: &Gate, work: Work, places: Vec<String>, head: &Parts) -> Response {
    let query = head.uri.query().unwrap_or_default();
    let ask = Ask {
        api: gate.api.clone(),
        now: gate.api.clock.now(),
        places,
        pairs: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
    };
    let busy = |said| Problem::new(Kind::Busy, said).into_response();
    let Ok(permit) = Arc::clone(&gate.permits).try_acquire_owned() else {
        return busy("too many requests at once");
    };
    let doing = tokio::task::spawn_blocking(move || {
        // Held until the work is done, even where nobody waits for it any more.
        let _permit = permit;
        work(&ask)
    });
    match tokio::time::timeout(LONGEST, doing).await {
        Ok(Ok(Ok(reply))) => reply.into_response(&head.headers),
        Ok(Ok(Err(problem))) => problem.into_response(),
        Ok(Err(panic)) => {
            tracing::error!(%panic, "an answer panicked");
            Problem::new(Kind::Internal, "").into_response()
        }
        Err(_) => {
            tracing::warn!(path = head.uri.path(), "an answer took too long");
            busy("the answer took too long")
        }
    }
}

async fn openapi(State(gate): State<Arc<Gate>>, headers: HeaderMap) -> Response {
    let reply = Reply {
        media: JSON,
        body: gate.document.clone(),
        keep: KEEP,
        headers: Vec::new(),
    };
    reply.into_response(&headers)
}

async fn people(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let language = page::language(request.uri().query(), request.headers());
    let [de, en] = &gate.pages;
    let (page, said) = match language {
        Language::De => (de, "de"),
        Language::En => (en, "en"),
    };
    let reply = Reply {
        media: "text/html; charset=utf-8",
        body: page.clone().into_bytes(),
        keep: KEEP,
        headers: vec![
            (CONTENT_LANGUAGE, said.to_owned()),
            (VARY, "accept-language".to_owned()),
        ],
    };
    reply.into_response(request.headers())
}

async fn style(headers: HeaderMap) -> Response {
    let reply = Reply {
        media: "text/css; charset=utf-8",
        body: page::STYLE.as_bytes().to_vec(),
        keep: KEEP,
        headers: Vec::new(),
    };
    reply.into_response(&headers)
}

async fn missing() -> Response {
    Problem::new(
        Kind::NotFound,
        "there is no such address; /api/v1 says which there are",
    )
    .into_response()
}

async fn not_allowed() -> Response {
    Problem::new(Kind::MethodNotAllowed, "").into_response()
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request panicked");
    Problem::new(Kind::Internal, "").into_response()
}

/// Headers that keep an answer to itself, whatever it is.
async fn kept_apart(mut response: Response<Body>) -> Response<Body> {
    let fixed: [(HeaderName, &'static str); 4] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in fixed {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
