//! `/angebot/{provider}/{offer}`: one offer. One that was withdrawn answers 410 with what it was called and what is
//! like it.

use askama::Template;
use axum::http::StatusCode;
use calluna_catalogue::reader::{ProviderCard, Standing};
use calluna_model::clock::Moment;
use calluna_model::id::{OfferId, ProviderId};
use calluna_model::offer::OfferDraft;
use calluna_search::query::{Facet, Query};

use crate::fault::Fault;
use crate::format;
use crate::jsonld;
use crate::reply::Reply;
use crate::shell::Shell;
use crate::view::facet::Labels;
use crate::view::form::Form;
use crate::view::hit::{self, HitView};
use crate::view::offer::OfferView;
use crate::view::provider::ProviderView;
use crate::visit::{Providers, Visit};

/// Offers that lead on, or lead here; and those that are like one that went.
const OTHERS: usize = 5;

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage {
    s: Shell,
    offer: OfferView,
    provider: ProviderView,
    onward: Vec<HitView>,
    before: Vec<HitView>,
    similar: Vec<HitView>,
    /// schema.org, harmless between the tags of a script.
    data: String,
    list: String,
}

#[derive(Template)]
#[template(path = "gone.html")]
struct GonePage {
    s: Shell,
    since: String,
    provider: Option<ProviderView>,
    similar: Vec<HitView>,
    form: Form,
}

/// `/angebot/{provider}/{offer}`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let (provider, offer) = (visit.provider_id()?, visit.offer_id()?);
    let providers = visit.providers()?;
    match visit.offer(&provider, offer.as_str())? {
        Standing::Shown(draft) => {
            let card = providers.get(&provider).ok_or(Fault::Missing)?;
            shown(visit, &providers, card, &draft)
        }
        Standing::Gone { since, title } => gone(visit, &providers, &provider, since, title),
        Standing::Unknown => Err(Fault::Missing),
    }
}

fn shown(
    visit: &Visit,
    providers: &Providers,
    card: &ProviderCard,
    draft: &OfferDraft,
) -> Result<Reply, Fault> {
    let words = visit.words;
    let labels = Labels {
        words,
        providers,
        map: &visit.site.map,
    };
    let own = (&card.member.id, draft.id.as_str());
    let onward = passages(visit, &labels, own, onward(draft))?;
    let before = passages(visit, &labels, own, before(draft))?;
    let known: Vec<_> = onward.iter().chain(&before).map(|hit| &hit.mark).collect();
    let mut similar = like(visit, &labels, own, &draft.title)?;
    similar.retain(|hit| !known.contains(&&hit.mark));
    let offer = OfferView::of(visit, &card.member, draft);
    let summary = if offer.summary.is_empty() {
        &offer.subtitle
    } else {
        &offer.summary
    };
    let title = format!("{} – {}", offer.title, card.member.name);
    let s = Shell::of(visit, title).summed_up(summary);
    Reply::page(&OfferPage {
        s,
        provider: ProviderView::of(card, visit.now, words),
        data: jsonld::course(visit, card, draft),
        list: format!("{}/liste?o={}", words.root(), offer.mark),
        offer,
        onward,
        before,
        similar,
    })
}

/// The page of an offer that was withdrawn, for each of its addresses.
pub(crate) fn gone(
    visit: &Visit,
    providers: &Providers,
    provider: &ProviderId,
    since: Moment,
    title: Option<String>,
) -> Result<Reply, Fault> {
    let words = visit.words;
    let labels = Labels {
        words,
        providers,
        map: &visit.site.map,
    };
    let card = providers.get(provider);
    let offer: OfferId = visit.offer_id()?;
    let similar = match &title {
        Some(title) => like(visit, &labels, (provider, offer.as_str()), title)?,
        None => Vec::new(),
    };
    let heading = match &title {
        Some(title) => words.fill("gone.title", &[("title", title)]),
        None => words.say("gone.untitled").to_owned(),
    };
    Reply::page_with(
        StatusCode::GONE,
        &GonePage {
            // Its other addresses, such as calendar files, are not there in both languages.
            s: Shell::of(visit, heading)
                .hidden()
                .at_path(format!("/angebot/{provider}/{offer}")),
            form: Form::of(&Query::words(title.as_deref().unwrap_or_default())),
            since: format::plain_date(format::wall(since).date(), words.0),
            provider: card.map(|card| ProviderView::of(card, visit.now, words)),
            similar,
        },
    )
}

/// What asks for what this offer gives, or goes on where it ends.
fn onward(offer: &OfferDraft) -> Vec<Query> {
    let codes = offer.awards.iter().map(|award| award.code.as_str());
    let mut queries = asking(Facet::Entry, codes);
    queries.extend(stepped(offer, 1));
    queries
}

/// What gives what this offer asks for, or ends where it begins.
fn before(offer: &OfferDraft) -> Vec<Query> {
    let codes = offer
        .entry_requirements
        .iter()
        .map(|entry| entry.code.as_str());
    let mut queries = asking(Facet::Award, codes);
    queries.extend(stepped(offer, -1));
    queries
}

/// One question for all codes of a facet; none where there is none worth asking for.
fn asking<'a>(facet: Facet, codes: impl Iterator<Item = &'a str>) -> Vec<Query> {
    // A mere certificate of attendance leads nowhere in particular.
    let telling = |code: &&str| !matches!(*code, "" | "none" | "attendance" | "certificate");
    let mut query = Query::default();
    for code in codes.filter(telling) {
        if facet.takes(code) && !query.has(facet, code) {
            query = query.toggled(facet, code);
        }
    }
    if query.chosen.is_empty() {
        Vec::new()
    } else {
        vec![query]
    }
}

/// The same language one level up or down.
fn stepped(offer: &OfferDraft, step: isize) -> Option<Query> {
    const LEVELS: [&str; 6] = ["A1", "A2", "B1", "B2", "C1", "C2"];
    let cefr = &offer.level.as_ref()?.cefr;
    let place = LEVELS.iter().position(|level| level == cefr)?;
    let next = LEVELS.get(place.checked_add_signed(step)?)?;
    let language = offer.languages.first()?.split('-').next()?;
    if !Facet::Language.takes(language) {
        return None;
    }
    let query = Query::default().toggled(Facet::Cefr, next);
    Some(query.toggled(Facet::Language, language))
}

/// The hits of several questions, each offer once, this one left out.
fn passages(
    visit: &Visit,
    labels: &Labels<'_>,
    own: (&ProviderId, &str),
    queries: Vec<Query>,
) -> Result<Vec<HitView>, Fault> {
    let mut hits = Vec::new();
    for mut query in queries {
        query.limit = OTHERS + 1;
        for hit in visit.search(&query)?.hits {
            let same = |other: &calluna_search::answer::Hit| {
                other.provider == hit.provider && other.offer == hit.offer
            };
            if (&hit.provider, hit.offer.as_str()) != own && !hits.iter().any(same) {
                hits.push(hit);
            }
        }
    }
    hits.truncate(OTHERS);
    hit::all(visit, &hits, labels, &[])
}

/// Offers like that title, this one left out.
fn like(
    visit: &Visit,
    labels: &Labels<'_>,
    own: (&ProviderId, &str),
    title: &str,
) -> Result<Vec<HitView>, Fault> {
    let mut hits = visit.similar(title, OTHERS + 1)?;
    hits.retain(|hit| (&hit.provider, hit.offer.as_str()) != own);
    hits.truncate(OTHERS);
    let mut views = hit::all(visit, &hits, labels, &[])?;
    views.iter_mut().for_each(|hit| hit.why.clear());
    Ok(views)
}

#[cfg(test)]
mod tests {
    use calluna_model::offer::{LevelDraft, QualificationDraft};

    use super::*;

    #[test]
    fn a_level_and_an_award_lead_on() {
        let offer = OfferDraft {
            level: Some(LevelDraft {
                cefr: "B1".into(),
                ..LevelDraft::default()
            }),
            languages: vec!["en".into()],
            awards: vec![QualificationDraft {
                title: "Realschulabschluss".into(),
                code: "msa".into(),
                dqr: None,
            }],
            ..OfferDraft::default()
        };
        let queries = onward(&offer);
        assert!(queries[0].has(Facet::Entry, "msa"));
        assert!(queries[1].has(Facet::Cefr, "B2") && queries[1].has(Facet::Language, "en"));
        assert!(before(&offer)[0].has(Facet::Cefr, "A2"));
        assert!(onward(&OfferDraft::default()).is_empty());
    }
}
