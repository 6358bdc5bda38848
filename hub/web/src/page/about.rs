//! `/ueber`: what this is, how data arrive, how fresh they are.

use askama::Template;

use crate::fault::Fault;
use crate::page::providers;
use crate::prose;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::provider::ProviderView;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "about.html")]
struct AboutPage {
    s: Shell,
    text: String,
    gaps: bool,
    providers: Vec<ProviderView>,
}

/// `/ueber`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let (settings, words) = (&visit.site.settings, visit.words);
    Reply::page(&AboutPage {
        s: Shell::of(visit, words.say("about.title")),
        text: prose::html("prose.about", settings, words),
        gaps: prose::has_gaps("prose.about", settings, words),
        providers: providers::present(visit)?,
    })
}
