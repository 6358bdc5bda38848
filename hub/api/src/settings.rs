//! What the operator sets.

use crate::source::Network;

/// What the operator sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Public address of pages and interface, such as `https://bildung.example`, without a slash at the end. Where
    /// it is empty, addresses in answers begin with a slash.
    pub base_url: String,
    /// The district: first five digits of the AGS of its municipalities.
    pub district: String,
    /// Mail address for questions about the interface; may be empty.
    pub contact: String,
    /// Most requests of one source in a minute; 0 for no limit.
    pub requests_per_minute: u32,
    /// Proxies whose word on a request's source is taken.
    pub trusted_proxies: Vec<Network>,
}

impl Settings {
    /// The public address of a path of ours.
    #[must_use]
    pub fn absolute(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.trim_end_matches('/'))
    }
}
