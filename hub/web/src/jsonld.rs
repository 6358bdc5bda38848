//! schema.org `Course` in the page of an offer: a block of data, which no browser runs and no policy stops.

use calluna_catalogue::reader::ProviderCard;
use calluna_model::offer::OfferDraft;
use serde_json::json;

use crate::fault::Fault;
use crate::visit::Visit;

/// The document, fit to stand between the tags of a script.
pub(crate) fn course(
    visit: &Visit,
    card: &ProviderCard,
    offer: &OfferDraft,
) -> Result<String, Fault> {
    let settings = &visit.site.settings;
    let id = settings.absolute(&format!("/angebot/{}/{}", card.member.id, offer.id));
    let document = json!({
        "@context": "https://schema.org",
        "@type": "Course",
        "@id": id,
        "name": offer.title,
        "description": offer.summary,
        "provider": { "@type": "EducationalOrganization", "name": card.member.name },
    });
    let text =
        serde_json::to_string(&document).map_err(|cause| Fault::Internal(Box::new(cause)))?;
    Ok(text
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026"))
}
