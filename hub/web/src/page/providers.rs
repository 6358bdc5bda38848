//! `/anbieter`: every provider, with how fresh its data is.

use askama::Template;

use crate::fault::Fault;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::provider::ProviderView;
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "providers.html")]
struct ProvidersPage {
    s: Shell,
    providers: Vec<ProviderView>,
}

/// Those that take part, in the order of their names.
pub(crate) fn present(visit: &Visit) -> Result<Vec<ProviderView>, Fault> {
    let cards = visit.providers()?;
    let views = cards
        .values()
        .map(|card| ProviderView::of(card, visit.now, visit.words));
    let mut views: Vec<_> = views.filter(|provider| !provider.left).collect();
    views.sort_by_key(|provider| provider.name.to_lowercase());
    Ok(views)
}

/// `/anbieter`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    Reply::page(&ProvidersPage {
        s: Shell::of(visit, visit.words.say("providers.title")),
        providers: present(visit)?,
    })
}
