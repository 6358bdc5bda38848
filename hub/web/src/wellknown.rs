//! What machines look for: site map, robots.txt, security.txt (RFC 9116), OpenSearch.

use std::ops::ControlFlow;

use calluna_model::id::ProviderId;
use jiff::ToSpan;

use crate::fault::Fault;
use crate::markup::escape;
use crate::reply::Reply;
use crate::routes::{self, Kind};
use crate::visit::Visit;

const XML: &str = "application/xml; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
/// Most addresses in one file of the site map, as the protocol allows.
const PER_FILE: u64 = 50_000;
/// Each offer and provider stands there in both languages.
const EACH: u64 = 2;
/// Days for which security.txt may be relied on.
const RELIABLE_DAYS: i64 = 180;
/// Seconds for which these may be kept.
const KEEP: u32 = 3_600;

fn kept(media: &'static str, body: String) -> Reply {
    Reply {
        keep: Some(KEEP),
        ..Reply::of(media, body)
    }
}

/// `/robots.txt`: everything but the pages that are made of a question.
pub(crate) fn robots(visit: &Visit) -> Result<Reply, Fault> {
    let mut body = "User-agent: *\n".to_owned();
    for root in ["", "/en"] {
        for path in [
            "/suche?",
            "/vergleich?",
            "/liste?",
            "/liste.ics",
            "/suche.atom",
        ] {
            body.push_str(&format!("Disallow: {root}{path}\n"));
        }
    }
    let map = visit.site.settings.absolute("/sitemap.xml");
    Ok(kept(TEXT, format!("{body}\nSitemap: {map}\n")))
}

/// `/.well-known/security.txt`. Without an address to write to there is none.
pub(crate) fn security(visit: &Visit) -> Result<Reply, Fault> {
    let settings = &visit.site.settings;
    let mut contact = settings.security_contact.trim().to_owned();
    if contact.is_empty() || contact.contains(char::is_whitespace) {
        return Err(Fault::Missing);
    }
    if contact.contains('@') && !contact.contains(':') {
        contact = format!("mailto:{contact}");
    }
    let last = visit.today().saturating_add(RELIABLE_DAYS.days());
    let own = settings.absolute("/.well-known/security.txt");
    let body = format!(
        "Contact: {contact}\nExpires: {last}T00:00:00Z\nPreferred-Languages: de, en\nCanonical: {own}\n"
    );
    Ok(kept(TEXT, body))
}

/// `/opensearch.xml`: lets a browser search here.
pub(crate) fn opensearch(visit: &Visit) -> Result<Reply, Fault> {
    let (settings, words) = (&visit.site.settings, visit.words);
    let of = |path: &str| escape(&settings.absolute(&format!("{}{path}", words.root())));
    // Sixteen characters are what the format allows.
    let short: String = words.say("opensearch.short").chars().take(16).collect();
    let long = words.fill("opensearch.long", &[("district", &visit.district)]);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n\
         <ShortName>{}</ShortName>\n<Description>{}</Description>\n<InputEncoding>UTF-8</InputEncoding>\n\
         <Url type=\"text/html\" template=\"{}?q={{searchTerms}}\"/>\n\
         <Url type=\"application/atom+xml\" template=\"{}?q={{searchTerms}}\"/>\n</OpenSearchDescription>\n",
        escape(&short),
        escape(&long),
        of("/suche"),
        of("/suche.atom"),
    );
    Ok(kept(
        "application/opensearchdescription+xml; charset=utf-8",
        body,
    ))
}

/// `/sitemap.xml`: all addresses, or where they lie in parts when there are more than one file takes.
pub(crate) fn sitemap(visit: &Visit) -> Result<Reply, Fault> {
    let parts = parts(visit, PER_FILE)?;
    if parts.len() <= 1 {
        return part(visit, PER_FILE, 1);
    }
    let mut body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
                    <sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
        .to_owned();
    for number in 1..=parts.len() {
        let address = visit
            .site
            .settings
            .absolute(&format!("/sitemap/{number}.xml"));
        body.push_str(&format!(
            "<sitemap><loc>{}</loc></sitemap>\n",
            escape(&address)
        ));
    }
    Ok(kept(XML, body + "</sitemapindex>\n"))
}

/// `/sitemap/{part}.xml`.
pub(crate) fn sitemap_part(visit: &Visit) -> Result<Reply, Fault> {
    let number = visit.param("part").strip_suffix(".xml");
    let number = number.and_then(|text| text.parse().ok());
    part(visit, PER_FILE, number.ok_or(Fault::Missing)?)
}

/// A stretch of one provider's offers: from the nth, so many.
struct Stretch {
    provider: ProviderId,
    from: u64,
    most: u64,
}

/// The offers of all providers in files. The first file holds the fixed pages and the providers too.
fn parts(visit: &Visit, per_file: u64) -> Result<Vec<Vec<Stretch>>, Fault> {
    let providers = visit.providers()?;
    let fixed = routes::ALL
        .iter()
        .filter(|route| route.kind == Kind::Listed);
    let fixed = u64::try_from(fixed.count() + providers.len()).unwrap_or(u64::MAX) * EACH;
    let mut files = vec![Vec::new()];
    let mut room = per_file.saturating_sub(fixed) / EACH;
    for (id, card) in providers {
        let mut from = 0;
        while from < card.offers {
            if room == 0 {
                files.push(Vec::new());
                room = per_file / EACH;
            }
            let most = room.min(card.offers - from);
            if let Some(file) = files.last_mut() {
                file.push(Stretch {
                    provider: id.clone(),
                    from,
                    most,
                });
            }
            from += most;
            room -= most;
        }
    }
    Ok(files)
}

fn part(visit: &Visit, per_file: u64, number: usize) -> Result<Reply, Fault> {
    let files = parts(visit, per_file)?;
    let index = number.checked_sub(1).ok_or(Fault::Missing)?;
    let file = files.get(index).ok_or(Fault::Missing)?;
    let mut body = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
                    <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n"
        .to_owned();
    let mut add = |path: &str| {
        for root in ["", "/en"] {
            let path = if path == "/" && !root.is_empty() {
                ""
            } else {
                path
            };
            let address = visit.site.settings.absolute(&format!("{root}{path}"));
            body.push_str(&format!("<url><loc>{}</loc></url>\n", escape(&address)));
        }
    };
    if index == 0 {
        let listed = routes::ALL
            .iter()
            .filter(|route| route.kind == Kind::Listed);
        listed.for_each(|route| add(route.path));
        for id in visit.providers()?.keys() {
            add(&format!("/anbieter/{id}"));
        }
    }
    for stretch in file {
        let (mut seen, end) = (0, stretch.from + stretch.most);
        visit.site.reader.offers(&stretch.provider, &mut |offer| {
            if seen >= end {
                return ControlFlow::Break(());
            }
            if seen >= stretch.from {
                add(&format!("/angebot/{}/{}", stretch.provider, offer.id));
            }
            seen += 1;
            ControlFlow::Continue(())
        })?;
    }
    Ok(kept(XML, body + "</urlset>\n"))
}
