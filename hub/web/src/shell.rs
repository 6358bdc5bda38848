//! What stands around every page: title, language, navigation, footer.

use crate::ask;
use crate::assets;
use crate::visit::Visit;
use crate::words::Words;

/// What stands around a page.
#[derive(Debug)]
pub(crate) struct Shell {
    /// The words of its language.
    pub(crate) w: Words,
    /// Its title, without the name of the site.
    pub(crate) title: String,
    /// One sentence for search engines; empty where there is none.
    pub(crate) summary: String,
    /// Name of the district.
    pub(crate) district: String,
    /// What stands in front of every address: nothing, or `/en`.
    pub(crate) root: &'static str,
    /// Path of this page without the part for the language, with its query.
    pub(crate) here: String,
    /// Public address of the pages.
    pub(crate) base: String,
    /// Whether search engines may keep it.
    pub(crate) indexed: bool,
    /// Address of a feed, and of what.
    pub(crate) feed: Option<String>,
    /// The words that were searched for.
    pub(crate) asked: String,
}

impl Shell {
    /// Around a page of that title.
    pub(crate) fn of(visit: &Visit, title: impl Into<String>) -> Self {
        let query = visit.pairs().unwrap_or_default();
        let query = if query.is_empty() {
            String::new()
        } else {
            format!(
                "?{}",
                ask::written(query.iter().map(|(name, value)| (name, value)))
            )
        };
        Self {
            w: visit.words,
            title: title.into(),
            summary: String::new(),
            district: visit.district.clone(),
            root: visit.words.root(),
            here: format!("{}{query}", visit.path),
            base: visit.site.settings.absolute(""),
            indexed: true,
            feed: None,
            asked: String::new(),
        }
    }

    /// Not for search engines: pages of a moment, such as hits and lists.
    pub(crate) fn hidden(mut self) -> Self {
        self.indexed = false;
        self
    }

    /// As if the page lay there.
    pub(crate) fn at_path(mut self, path: String) -> Self {
        self.here = path;
        self
    }

    /// With a sentence for search engines.
    pub(crate) fn summed_up(mut self, summary: &str) -> Self {
        self.summary = summary.chars().take(300).collect();
        self
    }

    /// A text.
    pub(crate) fn t(&self, key: &str) -> &'static str {
        self.w.say(key)
    }

    /// Address of this page in the other language.
    pub(crate) fn other(&self) -> String {
        let root = if self.root.is_empty() { "/en" } else { "" };
        match self.here.as_str() {
            "/" if !root.is_empty() => root.to_owned(),
            here => format!("{root}{here}"),
        }
    }

    /// Address of this page in that language, with its host.
    pub(crate) fn absolute(&self, root: &str) -> String {
        let here = if self.here == "/" && !root.is_empty() {
            ""
        } else {
            &self.here
        };
        format!("{}{root}{here}", self.base)
    }

    /// Whether the page lies at that path: for the navigation.
    pub(crate) fn at(&self, path: &str) -> bool {
        let here = self.here.split('?').next().unwrap_or_default();
        here == path
    }

    /// Address of the style sheet.
    pub(crate) fn style(&self) -> &'static str {
        assets::address("style.css")
    }

    /// Address of the script.
    pub(crate) fn script(&self) -> &'static str {
        assets::address("calluna.js")
    }

    /// Address of the icon.
    pub(crate) fn icon(&self) -> &'static str {
        assets::address("calluna.svg")
    }
}
