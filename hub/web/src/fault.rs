//! What can go wrong with a request, and the page that says so. Never with anything of the inside.

use askama::Template;
use axum::http::StatusCode;
use calluna_catalogue::reader::ReadError;

use crate::ask::Malformed;
use crate::question::Wrong;
use crate::reply::{HTML, Reply};
use crate::shell::Shell;
use crate::turned_away::TurnedAway;
use crate::view::facet;
use crate::view::form::Form;
use crate::visit::Visit;
use crate::words::Words;

/// What went wrong.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The address asks for something that cannot be: key of a text.
    Malformed(&'static str),
    /// The question is wrong.
    Question(Wrong),
    /// There is nothing at this address.
    Missing,
    /// Pages are only read.
    Method,
    /// Too much at once; come back.
    Busy,
    /// It was turned away before it reached the pages.
    TurnedAway(TurnedAway),
    /// Our own fault; the cause is for the log.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl From<Malformed> for Fault {
    fn from(Malformed(key): Malformed) -> Self {
        Self::Malformed(key)
    }
}

impl From<calluna_monitor::Error> for Fault {
    fn from(cause: calluna_monitor::Error) -> Self {
        Self::Internal(Box::new(cause))
    }
}

impl From<ReadError> for Fault {
    fn from(cause: ReadError) -> Self {
        Self::Internal(Box::new(cause))
    }
}

/// The page of a fault.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    s: &'a Shell,
    code: u16,
    lead: String,
    detail: String,
    /// The question as it was asked, to be put right.
    form: Form,
    /// Filters that the search knows, where the question was wrong.
    filters: Vec<(&'static str, String)>,
}

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Question(_) => StatusCode::BAD_REQUEST,
            Self::Missing => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::TurnedAway(why) => why.status(),
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Heading, and what it means.
    fn words(&self, words: Words) -> (&'static str, String) {
        let (title, lead) = match self {
            Self::Malformed(_) | Self::Question(_) => ("error.400.title", "error.400.lead"),
            Self::Missing => ("error.404.title", "error.404.lead"),
            Self::Method => ("error.405.title", "error.405.lead"),
            Self::Busy => ("error.503.title", "error.503.lead"),
            Self::TurnedAway(TurnedAway::TooLarge) => ("error.413.title", "error.413.lead"),
            Self::TurnedAway(TurnedAway::AddressTooLong) => ("error.414.title", "error.414.lead"),
            Self::TurnedAway(TurnedAway::TooMany { seconds }) => {
                let lead = words.count("error.429.lead", *seconds);
                return (words.say("error.429.title"), lead);
            }
            Self::Internal(_) => ("error.500.title", "error.500.lead"),
        };
        (words.say(title), words.say(lead).to_owned())
    }

    /// The page that says so. Asks neither catalogue nor search: they may be what failed.
    pub(crate) fn reply(&self, visit: &Visit) -> Reply {
        let words = visit.words;
        let (title, lead) = self.words(words);
        let mut form = Form::raw(&visit.pairs().unwrap_or_default());
        let (detail, filters) = match self {
            Self::Malformed(key) => (words.say(key).to_owned(), facet::known(words)),
            Self::Question(wrong) => {
                form.wrong = wrong.field;
                (wrong.text.clone(), facet::known(words))
            }
            _ => (String::new(), Vec::new()),
        };
        let shell = Shell::of(visit, title).hidden();
        let page = ErrorPage {
            s: &shell,
            code: self.status().as_u16(),
            lead: lead.clone(),
            detail,
            form,
            filters,
        };
        Reply::page_with(self.status(), &page).unwrap_or_else(|_| Reply {
            status: self.status(),
            ..Reply::of(HTML, lead)
        })
    }
}
