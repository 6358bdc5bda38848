//! `/suche.atom?...`: the Atom feed (RFC 4287) of any search.

use calluna_catalogue::reader::Standing;
use calluna_model::clock::Moment;
use calluna_search::query::Query;
use jiff::Timestamp;

use crate::fault::Fault;
use crate::format;
use crate::markup::escape;
use crate::question;
use crate::reply::Reply;
use crate::view::facet::{self, Labels};
use crate::view::hit;
use crate::visit::Visit;

/// Entries of a feed.
const ENTRIES: usize = 50;

/// `/suche.atom`.
pub(crate) fn page(visit: &Visit) -> Result<Reply, Fault> {
    let words = visit.words;
    let mut query = question::read(&visit.pairs()?, words)?.at_page(1);
    query.limit = ENTRIES;
    let providers = visit.providers()?;
    let labels = Labels {
        words,
        providers: &providers,
        map: &visit.site.map,
    };
    let answer = visit.search(&query)?;
    let mut newest = Moment(0);
    let mut entries = String::new();
    for found in &answer.hits {
        let Standing::Shown(offer) = visit.offer(&found.provider, &found.offer)? else {
            continue;
        };
        let agreed = providers
            .get(&found.provider)
            .and_then(|card| card.agreed_at);
        let changed = changed(&offer.modified).or(agreed).unwrap_or_default();
        newest = newest.max(changed);
        let view = hit::one(visit, &found.provider, &offer, &labels);
        let address = visit.site.settings.absolute(&view.href);
        // The same whatever the language: readers keep entries by it.
        let id = format!("/angebot/{}/{}", found.provider, found.offer);
        let id = visit.site.settings.absolute(&id);
        let facts = [view.when.as_str(), &view.place, &view.price.text];
        let facts: Vec<_> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
        let summary = format!("{} ({})", view.summary, facts.join(", "));
        entries.push_str(&format!(
            "<entry><id>{}</id><title>{}</title><link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\
             <updated>{changed}</updated><author><name>{}</name></author><summary>{}</summary></entry>\n",
            escape(&id),
            escape(&view.title),
            escape(&address),
            escape(&view.provider),
            escape(summary.trim()),
        ));
    }
    let body = head(visit, &query, &labels, newest) + &entries + "</feed>\n";
    Ok(Reply::of("application/atom+xml; charset=utf-8", body))
}

fn head(visit: &Visit, query: &Query, labels: &Labels<'_>, newest: Moment) -> String {
    let words = visit.words;
    let of = |path: &str| {
        let address = question::address(words.root(), path, &query.at_page(1), &[]);
        escape(&visit.site.settings.absolute(&address))
    };
    let mut asked: Vec<String> = vec![query.text.clone()];
    let chips = facet::chips(query, labels, &[]);
    asked.extend(chips.into_iter().map(|chip| chip.label));
    asked.retain(|part| !part.is_empty());
    let title = if asked.is_empty() {
        words.fill("feed.all", &[("district", &visit.district)])
    } else {
        let asked = asked.join("; ");
        words.fill(
            "feed.some",
            &[("district", &visit.district), ("asked", &asked)],
        )
    };
    let own = of("/suche.atom");
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n<id>{own}</id>\n<title>{}</title>\n\
         <updated>{newest}</updated>\n<link rel=\"self\" type=\"application/atom+xml\" href=\"{own}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n",
        words.tag(),
        escape(&title),
        of("/suche"),
    )
}

/// When an offer was changed last, by its provider's word.
fn changed(modified: &str) -> Option<Moment> {
    if let Ok(stamp) = modified.parse::<Timestamp>() {
        return Some(Moment(stamp.as_second()));
    }
    let midnight = format::day(modified)?.at(0, 0, 0, 0);
    let stamp = format::zone().to_ambiguous_timestamp(midnight).compatible();
    stamp.ok().map(|stamp| Moment(stamp.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_a_moment_are_read() {
        assert_eq!(
            changed("2026-11-01T08:00:00Z").unwrap().to_string(),
            "2026-11-01T08:00:00Z"
        );
        assert_eq!(
            changed("2026-11-01").unwrap().to_string(),
            "2026-10-31T23:00:00Z"
        );
        assert_eq!(changed("neulich"), None);
    }
}
