//! `/daten`: where the monitoring dataset will be found, and what can be taken from the catalogue.

use askama::Template;

use crate::fault::Fault;
use crate::prose;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::site::Download;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "data.html")]
struct DataPage {
    s: Shell,
    text: String,
    downloads: Vec<Download>,
}

/// `/daten`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    Reply::page(&DataPage {
        s: Shell::of(visit, visit.words.say("data.title")),
        text: prose::html("prose.data", &visit.site.settings, visit.words),
        downloads: visit.site.downloads.clone(),
    })
}
