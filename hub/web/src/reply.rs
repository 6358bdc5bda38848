//! What a page answers, before it becomes HTTP.

use askama::Template;
use axum::http::StatusCode;

use crate::fault::Fault;

/// HTML.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// What a page answers.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Status.
    pub(crate) status: StatusCode,
    /// Media type.
    pub(crate) media: &'static str,
    /// The body.
    pub(crate) body: Vec<u8>,
    /// Name of the file, where the browser is to save it. Of harmless characters only.
    pub(crate) file: Option<String>,
    /// Seconds that others may keep it; without them they ask each time whether it still holds.
    pub(crate) keep: Option<u32>,
}

impl Reply {
    /// A page from its template.
    pub(crate) fn page(template: &impl Template) -> Result<Self, Fault> {
        Self::page_with(StatusCode::OK, template)
    }

    /// A page with another status.
    pub(crate) fn page_with(status: StatusCode, template: &impl Template) -> Result<Self, Fault> {
        let body = template
            .render()
            .map_err(|cause| Fault::Internal(Box::new(cause)))?;
        Ok(Self {
            status,
            ..Self::of(HTML, body)
        })
    }

    /// Anything else.
    pub(crate) fn of(media: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: StatusCode::OK,
            media,
            body: body.into(),
            file: None,
            keep: None,
        }
    }
}
