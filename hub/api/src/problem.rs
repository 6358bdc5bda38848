//! What went wrong, as RFC 9457 wants it told. The list is closed, and the page at `/api` explains each.

use axum::http::StatusCode;
use calluna_catalogue::reader::ReadError;
use calluna_search::answer::SearchError;
use calluna_search::query::{Query, QueryFault};
use serde::Serialize;
use utoipa::ToSchema;

/// Kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A filter or parameter that does not exist.
    UnknownFilter,
    /// A value that cannot be used.
    BadValue,
    /// Nothing is there.
    NotFound,
    /// It was there, and is gone for good.
    Gone,
    /// The cursor is not known any more.
    CursorUnknown,
    /// Only reading is possible.
    MethodNotAllowed,
    /// The request is too large.
    TooLarge,
    /// The address is too long.
    AddressTooLong,
    /// Too many requests of one source.
    TooManyRequests,
    /// Too much at once; it passes.
    Busy,
    /// Something is broken here.
    Internal,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::UnknownFilter,
        Self::BadValue,
        Self::NotFound,
        Self::Gone,
        Self::CursorUnknown,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::AddressTooLong,
        Self::TooManyRequests,
        Self::Busy,
        Self::Internal,
    ];

    /// Its name: the end of `type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownFilter => "unknown-filter",
            Self::BadValue => "bad-value",
            Self::NotFound => "not-found",
            Self::Gone => "gone",
            Self::CursorUnknown => "cursor-unknown",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::TooLarge => "too-large",
            Self::AddressTooLong => "address-too-long",
            Self::TooManyRequests => "too-many-requests",
            Self::Busy => "busy",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::UnknownFilter | Self::BadValue => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Gone | Self::CursorUnknown => StatusCode::GONE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::AddressTooLong => StatusCode::URI_TOO_LONG,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What it means, in German and English.
    #[must_use]
    pub fn words(self) -> [&'static str; 2] {
        match self {
            Self::UnknownFilter => [
                "Diesen Filter gibt es nicht. `known` nennt alle, die es gibt.",
                "There is no such filter. `known` lists those that there are.",
            ],
            Self::BadValue => [
                "Ein Wert lässt sich nicht verwenden. `detail` sagt, was erwartet wird.",
                "A value cannot be used. `detail` says what is expected.",
            ],
            Self::NotFound => ["Hier ist nichts.", "Nothing is here."],
            Self::Gone => [
                "Das Angebot gab es. `since` sagt, seit wann es weg ist, `last_title` seinen letzten Titel.",
                "The offer was there. `since` says since when it is gone, `last_title` what it was called last.",
            ],
            Self::CursorUnknown => [
                "Diese Stelle ist nicht mehr bekannt. Ohne `cursor` neu beginnen.",
                "This place is not known any more. Begin again without `cursor`.",
            ],
            Self::MethodNotAllowed => [
                "Die Schnittstelle liest nur: GET und HEAD.",
                "The interface only reads: GET and HEAD.",
            ],
            Self::TooLarge => ["Die Anfrage ist zu groß.", "The request is too large."],
            Self::AddressTooLong => ["Die Adresse ist zu lang.", "The address is too long."],
            Self::TooManyRequests => [
                "Zu viele Anfragen aus einer Quelle. `Retry-After` sagt, wann es weitergeht.",
                "Too many requests of one source. `Retry-After` says when to go on.",
            ],
            Self::Busy => [
                "Gerade ist zu viel los. In Kürze noch einmal versuchen.",
                "Too much is going on. Try again soon.",
            ],
            Self::Internal => [
                "Hier ist etwas kaputt. Der Betreiber sieht es in seinem Protokoll.",
                "Something is broken here. The operator sees it in the log.",
            ],
        }
    }
}

/// What went wrong (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Address of an explanation; another one for every kind of problem.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/api#unknown-filter")]
    pub kind: String,
    /// The kind of problem in words.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong with this request.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The parameter that is to blame, where it is one alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Every parameter that there is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
    /// Since when it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "date-time")]
    pub since: Option<String>,
    /// What it was called last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_title: Option<String>,
}

impl Problem {
    /// A problem of this kind; `detail` says what is wrong with this request.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let [_, title] = kind.words();
        Self {
            kind: format!("/api#{}", kind.name()),
            title: title.to_owned(),
            status: kind.status().as_u16(),
            detail: detail.into(),
            parameter: None,
            known: Vec::new(),
            since: None,
            last_title: None,
        }
    }

    /// A parameter that an endpoint does not have.
    #[must_use]
    pub fn unknown_parameter(name: &str, known: &[&str]) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        let said = if known.is_empty() {
            format!("there is no parameter `{name}`; there is none here")
        } else {
            format!(
                "there is no parameter `{name}`; there are: {}",
                known.join(", ")
            )
        };
        Self {
            known: known.iter().map(|known| (*known).to_owned()).collect(),
            ..Self::new(Kind::UnknownFilter, said)
        }
    }

    /// A value that a parameter does not take.
    #[must_use]
    pub fn bad_value(parameter: &str, said: impl Into<String>) -> Self {
        Self {
            parameter: Some(parameter.to_owned()),
            ..Self::new(Kind::BadValue, said)
        }
    }
}

impl From<QueryFault> for Problem {
    fn from(fault: QueryFault) -> Self {
        let said = fault.to_string();
        if matches!(fault, QueryFault::UnknownFilter { .. }) {
            let known = Query::keys().into_iter().map(str::to_owned).collect();
            return Self {
                known,
                ..Self::new(Kind::UnknownFilter, said)
            };
        }
        Self {
            parameter: fault.filter().map(str::to_owned),
            ..Self::new(Kind::BadValue, said)
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Fault(fault) => fault.into(),
            SearchError::UnknownPlace { ref similar, .. } => {
                let hint = match similar.len() {
                    0 => String::new(),
                    _ => format!("; there are: {}", similar.join(", ")),
                };
                Self::bad_value("place", format!("{error}{hint}"))
            }
            SearchError::Index(source) => {
                tracing::error!(%source, "the search index cannot be read");
                Self::new(Kind::Internal, "the search cannot be used")
            }
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Cursor => Self {
                parameter: Some("cursor".to_owned()),
                ..Self::new(Kind::CursorUnknown, error.to_string())
            },
            ReadError::Source(source) => {
                tracing::error!(source, "the catalogue cannot be read");
                Self::new(Kind::Internal, "the catalogue cannot be read")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_and_words() {
        let names: std::collections::BTreeSet<_> =
            Kind::ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            assert!(kind.status().as_u16() >= 400);
            assert!(kind.words().iter().all(|words| words.ends_with('.')));
        }
    }
}
