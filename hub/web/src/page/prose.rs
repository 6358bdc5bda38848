//! Pages that are only text: statement on accessibility, easy language, imprint, data protection.

use askama::Template;

use crate::fault::Fault;
use crate::prose;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "prose.html")]
struct ProsePage {
    s: Shell,
    /// HTML of our own texts.
    text: String,
    /// Whether the operator has still to fill something in.
    gaps: bool,
    easy: bool,
}

fn show(visit: &Visit, title: &'static str, key: &'static str) -> Result<Reply, Fault> {
    show_with(visit, title, key, String::new())
}

/// The same with HTML of our own at its end.
fn show_with(
    visit: &Visit,
    title: &'static str,
    key: &'static str,
    end: String,
) -> Result<Reply, Fault> {
    let settings = &visit.site.settings;
    Reply::page(&ProsePage {
        s: Shell::of(visit, title),
        text: prose::html(key, settings, visit.words) + &end,
        gaps: prose::has_gaps(key, settings, visit.words),
        easy: key.starts_with("prose.easy"),
    })
}

/// `/barrierefreiheit`.
pub(crate) fn accessibility(visit: &Visit) -> Result<Reply, Fault> {
    show(
        visit,
        visit.words.say("prose-title.accessibility"),
        "prose.accessibility",
    )
}

/// `/impressum`, with whose data the pages use.
pub(crate) fn imprint(visit: &Visit) -> Result<Reply, Fault> {
    show_with(
        visit,
        visit.words.say("prose-title.imprint"),
        "prose.imprint",
        prose::html("prose.sources", &visit.site.settings, visit.words),
    )
}

/// `/datenschutz`.
pub(crate) fn privacy(visit: &Visit) -> Result<Reply, Fault> {
    show(
        visit,
        visit.words.say("prose-title.privacy"),
        "prose.privacy",
    )
}

/// `/leichte-sprache`.
pub(crate) fn easy(visit: &Visit) -> Result<Reply, Fault> {
    show(visit, visit.words.say("prose-title.easy"), "prose.easy")
}

/// `/leichte-sprache/suche`.
pub(crate) fn easy_search(visit: &Visit) -> Result<Reply, Fault> {
    show(
        visit,
        visit.words.say("prose-title.easy-search"),
        "prose.easy-search",
    )
}

/// `/leichte-sprache/angebot`.
pub(crate) fn easy_offer(visit: &Visit) -> Result<Reply, Fault> {
    show(
        visit,
        visit.words.say("prose-title.easy-offer"),
        "prose.easy-offer",
    )
}
