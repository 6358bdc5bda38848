//! The JSON interface of the catalogue: `/api/v1/…`, its OpenAPI 3.1 document, and a page for people at `/api`.
//!
//! Nobody needs an account, and nobody gets more than the pages show. Every answer is made from what
//! [`calluna_catalogue::reader::Reader`] shows and what the search answers; the interface itself keeps nothing.
//!
//! | module | holds |
//! |---|---|
//! | [`api`] | what the interface is given |
//! | [`settings`] | what the operator sets |
//! | `gate` | one request to its answer: limits, a thread that may block, conditional answers |
//! | `endpoint` | a file per endpoint: its description and its work |
//! | `shape` | what answers look like, as the document describes them |
//! | [`problem`] | what went wrong (RFC 9457): the whole list |
//! | `credits` | whose data about places is built in, and their licences |
//! | `document` | the OpenAPI document, made from `endpoint` and `shape` |
//! | `page` | the same document for people, in German and English |
//! | [`guard`] | for pages and interface alike: sizes, rates, compression |
//! | [`source`] | whose request it is, also behind a proxy |
//!
//! # Promises
//! What stands under `/api/v1/` is only ever added to. Offers are written exactly as in the data model. Paging is
//! by address: whoever follows `next` gets everything once. Every error is a `problem+json`.

#![allow(
    clippy::result_large_err,
    reason = "a problem is the whole answer; it is made once and moved once"
)]

pub mod api;
mod credits;
mod document;
mod endpoint;
mod gate;
pub mod guard;
mod page;
pub mod problem;
mod reply;
pub mod settings;
mod shape;
pub mod source;
#[cfg(test)]
mod tests;

pub use self::api::{Api, Find};
pub use self::gate::router;
pub use self::settings::Settings;
