//! The files of the releases of the monitoring dataset, for everybody, at the addresses that the releases name:
//! `/daten/000012/figures/2026-Q3.csv`. A release never changes, so whoever has a file may keep it.
//!
//! Served is what stands in the release's manifest, the manifest itself, and the sums; no other name reaches the disk.

use std::io;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use calluna_monitor::{Error, MANIFEST, Releases, SUMS};
use tokio_util::io::ReaderStream;

/// A release never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What is known of a file before it is opened.
struct Known {
    path: PathBuf,
    /// Its hash, where the manifest holds one.
    tag: Option<String>,
}

/// The addresses of the files of the releases in that folder, which need not be there yet.
pub fn router(folder: PathBuf) -> Router {
    Router::new()
        .route("/daten/{release}/", get(page))
        .route("/daten/{release}/{*file}", get(file))
        .with_state(Arc::new(Releases::reading(&folder)))
}

/// The address that a release gives itself ends with a slash; its page does not.
async fn page(Path(release): Path<String>) -> Response {
    let digits = release.bytes().all(|byte| byte.is_ascii_digit());
    match HeaderValue::from_str(&format!("/daten/{release}")) {
        Ok(page) if digits => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, page)]).into_response(),
        _ => absent("there is no such release"),
    }
}

async fn file(
    State(releases): State<Arc<Releases>>,
    Path((release, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let looking = tokio::task::spawn_blocking({
        let name = name.clone();
        move || known(&releases, &release, &name)
    });
    let known = match looking.await {
        Ok(Ok(Some(known))) => known,
        Ok(Ok(None)) => {
            return absent(
                "there is no such file; /daten lists the releases, and the page of each its files",
            );
        }
        Ok(Err(error)) => return failed(&error),
        Err(error) => return failed(&error),
    };
    let tag = known.tag.as_ref().and_then(|tag| {
        let quoted = format!("\"{tag}\"");
        HeaderValue::from_str(&quoted).ok()
    });
    if let Some(tag) = &tag
        && headers.get(IF_NONE_MATCH) == Some(tag)
    {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag.clone())]).into_response();
    }
    match opened(&known.path, &name).await {
        Ok(mut response) => {
            if let Some(tag) = tag {
                response.headers_mut().insert(ETAG, tag);
            }
            response
        }
        Err(error) => failed(&error),
    }
}

/// The file, where the release has one of that name.
fn known(releases: &Releases, release: &str, name: &str) -> Result<Option<Known>, Error> {
    let digits = release.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = release.parse().ok().filter(|_| digits) else {
        return Ok(None);
    };
    let manifest = match releases.show(number) {
        Ok(manifest) => manifest,
        Err(Error::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let tag = match name {
        MANIFEST | SUMS => None,
        _ => match manifest.files.into_iter().find(|file| file.name == name) {
            Some(file) => Some(file.sha256),
            None => return Ok(None),
        },
    };
    let path = releases.folder(number).join(name);
    Ok(Some(Known { path, tag }))
}

async fn opened(path: &FilePath, name: &str) -> io::Result<Response> {
    let file = tokio::fs::File::open(path).await?;
    let length = file.metadata().await?.len();
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media(name))),
        (CACHE_CONTROL, HeaderValue::from_static(FOR_EVER)),
        (CONTENT_LENGTH, HeaderValue::from(length)),
    ];
    let body = Body::from_stream(ReaderStream::new(file));
    Ok((headers, body).into_response())
}

/// The media type of a file, by its ending.
fn media(name: &str) -> &'static str {
    let ending = FilePath::new(name).extension();
    match ending.and_then(|ending| ending.to_str()) {
        Some("csv") => "text/csv; charset=utf-8",
        Some("json") => "application/json",
        Some("jsonld") => "application/ld+json",
        Some("ttl") => "text/turtle; charset=utf-8",
        Some("md") => "text/markdown; charset=utf-8",
        Some("parquet") => "application/vnd.apache.parquet",
        _ => "text/plain; charset=utf-8",
    }
}

fn absent(why: &'static str) -> Response {
    (StatusCode::NOT_FOUND, format!("{why}\n")).into_response()
}

/// Our own fault; the cause is for the log.
fn failed(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a file of a release cannot be read");
    let text = "the file cannot be read just now; the operator finds the cause in the log\n";
    (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use calluna_evidence::fixture::frame;
    use calluna_model::clock::Moment;
    use calluna_monitor::{About, Evidence, Input, Population, build};
    use calluna_tables::{Period, Revision, Rules};
    use std::collections::BTreeMap;
    use tower::ServiceExt;

    use super::*;

    fn released() -> tempfile::TempDir {
        let dir = tempfile::TempDir::new().unwrap();
        let frame = frame();
        let figures: BTreeMap<(Period, calluna_model::id::ProviderId), Revision> = BTreeMap::new();
        let input = Input {
            now: Moment(1_790_000_500),
            about: &About::heidekreis(),
            layout: &frame.layout,
            web: &frame.web,
            least: &Rules::default(),
            providers: &[],
            figures: &figures,
            population: &Population::heidekreis().unwrap(),
            evidence: &Evidence::default(),
            limits: &[],
            correction: None,
        };
        build(&input, &Releases::open(dir.path()).unwrap()).unwrap();
        dir
    }

    async fn get(
        dir: &FilePath,
        path: &str,
        tag: Option<&str>,
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::get(path);
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let request = request.body(Body::empty()).unwrap();
        let response = router(dir.to_owned()).oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        (head.status, head.headers, body.to_vec())
    }

    #[tokio::test]
    async fn every_file_of_a_release_lies_where_the_release_says() {
        let dir = released();
        let manifest = Releases::reading(dir.path()).show(1).unwrap();
        let own = [MANIFEST, SUMS].map(str::to_owned);
        for name in manifest
            .files
            .iter()
            .map(|file| file.name.clone())
            .chain(own)
        {
            let (status, headers, body) =
                get(dir.path(), &format!("/daten/000001/{name}"), None).await;
            assert_eq!(status, StatusCode::OK, "{name}");
            assert_eq!(
                body,
                std::fs::read(dir.path().join("000001").join(&name)).unwrap()
            );
            assert_eq!(headers[CONTENT_LENGTH], body.len().to_string());
            assert_eq!(headers[CACHE_CONTROL], FOR_EVER);
        }
        let (_, headers, _) = get(dir.path(), "/daten/1/indicators.csv", None).await;
        assert_eq!(headers[CONTENT_TYPE], "text/csv; charset=utf-8");
        let tag = headers[ETAG].to_str().unwrap();
        let (status, _, body) = get(dir.path(), "/daten/000001/indicators.csv", Some(tag)).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
        let (status, headers, _) = get(dir.path(), "/daten/000001/", None).await;
        assert_eq!(status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(headers[LOCATION], "/daten/000001");
    }

    #[tokio::test]
    async fn nothing_else_reaches_the_disk() {
        let dir = released();
        std::fs::write(dir.path().join("secret.csv"), "secret").unwrap();
        std::fs::write(dir.path().join("000001").join("other.csv"), "secret").unwrap();
        for path in [
            "/daten/000001/../secret.csv",
            "/daten/000001/%2e%2e/secret.csv",
            "/daten/000001/..%2fsecret.csv",
            "/daten/../000001/indicators.csv",
            "/daten/000001/other.csv",
            "/daten/000001/./indicators.csv",
            "/daten/000001//indicators.csv",
            "/daten/000002/indicators.csv",
            "/daten/+1/indicators.csv",
            "/daten/99999999999999999999999/indicators.csv",
            "/daten/x/indicators.csv",
            "/daten/x/",
        ] {
            let (status, _, body) = get(dir.path(), path, None).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            assert!(
                !String::from_utf8(body).unwrap().contains("secret"),
                "{path}"
            );
        }
        let nowhere = dir.path().join("nowhere");
        let (status, _, _) = get(&nowhere, "/daten/000001/indicators.csv", None).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}
