//! The public pages: search, offers, providers, map, comparison, lists, feeds, calendar files, and the monitoring dataset.
//!
//! Everything is made on the server from what [`calluna_catalogue::reader::Reader`] shows and what the search
//! answers; the pages work without JavaScript, set no cookie and ask no other host for anything. German stands
//! under `/`, English under `/en`, with the same addresses, which stay for ever.
//!
//! * [`site`]: what the pages are given; [`settings`]: what the operator says of itself.
//! * `routes`: the list of pages, which is the site map. `gate`: one request to its answer. `turned_away`: one that
//!   never got here. Sockets are the affair of whoever serves the pages.
//! * `page`: a file per page; `view`: what templates show; `text/*.toml`: every word of our own.
//! * [`monitor`]: the releases of the monitoring dataset, which the pages read from their files.
//! * `scrub`: what providers wrote is made harmless once, before any template sees it.

mod ask;
mod assets;
mod calendar;
mod fault;
mod feed;
mod format;
mod gate;
mod jsonld;
pub mod map;
mod markup;
pub mod monitor;
mod page;
mod prose;
mod question;
mod reply;
mod routes;
mod scrub;
mod security;
pub mod settings;
mod shell;
pub mod site;
mod turned_away;
mod view;
mod visit;
mod wellknown;
mod words;

pub use self::gate::router;
pub use self::monitor::Monitor;
pub use self::settings::Settings;
pub use self::site::{Download, Search, Site};
pub use self::turned_away::TurnedAway;
