//! The catalogue as files for everybody: `/export/catalogue.csv` and its like, written while they are fetched.
//!
//! A file is as large as the catalogue, so only a few are made at once, and one that nobody takes away is given up.
//! openQ-cat is not among them: it names the persons whom KURSNET asks for, and is made by the operator alone.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use calluna_catalogue::export::openqcat::Profiles;
use calluna_catalogue::export::{ALL, Format};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::export::{Order, export};
use crate::hub::Hub;

/// Files that are made at once.
const AT_ONCE: usize = 4;
/// Pieces that wait to be taken away.
const WAITING: usize = 4;
/// Longest wait for one piece to be taken away.
const PATIENCE: Duration = Duration::from_secs(60);
/// Name of every file, before its ending.
const STEM: &str = "catalogue.";

/// What every request needs.
struct Files {
    hub: Arc<Hub>,
    permits: Arc<Semaphore>,
}

/// The formats that everybody may fetch, each with its path.
pub fn public() -> impl Iterator<Item = (String, &'static dyn Format)> {
    let public = ALL.iter().copied().filter(|format| format.is_public());
    public.map(|format| (format!("/export/{STEM}{}", format.extension()), format))
}

/// The addresses of the files.
pub fn router(hub: Arc<Hub>) -> Router {
    let files = Arc::new(Files {
        hub,
        permits: Arc::new(Semaphore::new(AT_ONCE)),
    });
    Router::new()
        .route("/export/{file}", get(file))
        .with_state(files)
}

async fn file(State(files): State<Arc<Files>>, Path(name): Path<String>) -> Response {
    let wanted = format!("/export/{name}");
    let Some((_, format)) = public().find(|(path, _)| *path == wanted) else {
        let known: Vec<String> = public().map(|(path, _)| path).collect();
        let text = format!("there is no such file; there are: {}\n", known.join(", "));
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let Ok(permit) = Arc::clone(&files.permits).try_acquire_owned() else {
        let text = "several files are being made already; come back in a minute\n";
        let later = [(RETRY_AFTER, "60")];
        return (StatusCode::SERVICE_UNAVAILABLE, later, text).into_response();
    };
    let (pieces, taken) = mpsc::channel::<std::io::Result<Bytes>>(WAITING);
    let hub = Arc::clone(&files.hub);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let give = |piece| {
            let giving = tokio::time::timeout(PATIENCE, pieces.send(piece));
            match runtime.block_on(giving) {
                Ok(Ok(())) => Ok(()),
                _ => Err(anyhow::anyhow!("nobody takes the file away")),
            }
        };
        let order = Order {
            format,
            only: None,
            profiles: Profiles::default(),
            base_url: &hub.config.pages.base_url,
        };
        let made = export(&hub, order, &mut |data, _| give(Ok(Bytes::from(data))));
        if let Err(error) = made {
            tracing::warn!(
                format = format.name(),
                error = format!("{error:#}"),
                "a file of the catalogue was not finished"
            );
            // An answer that breaks off is not taken for a whole file.
            let _gone = give(Err(std::io::Error::other("the file could not be finished")));
        }
    });
    let body = Body::from_stream(ReceiverStream::new(taken).map(|piece| piece));
    (headers(format, &name), body).into_response()
}

/// What is said of a file before it comes.
fn headers(format: &'static dyn Format, name: &str) -> [(HeaderName, HeaderValue); 3] {
    [
        (CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            CONTENT_DISPOSITION,
            HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
                .unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_comes_with_the_type_of_its_format_under_the_name_of_its_address() {
        let (path, format) = public()
            .find(|(_, format)| format.name() == "jsonl")
            .unwrap();
        assert_eq!(path, "/export/catalogue.jsonl");
        let [media, _, file] = headers(format, "catalogue.jsonl").map(|(_, value)| value);
        assert_eq!(media, "application/jsonl");
        assert_eq!(file, "attachment; filename=\"catalogue.jsonl\"");
        for (path, format) in public() {
            let [media, ..] = headers(format, &path).map(|(_, value)| value);
            assert_eq!(media, format.media_type(), "{path}");
        }
    }
}
