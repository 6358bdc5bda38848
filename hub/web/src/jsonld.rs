//! schema.org `Course` in the page of an offer: a block of data, which no browser runs and no policy stops.

use calluna_catalogue::export::Row;
use calluna_catalogue::export::schemaorg::{course as document, script_data};
use calluna_catalogue::reader::ProviderCard;
use calluna_model::offer::OfferDraft;

use crate::visit::Visit;

/// The document, fit to stand between the tags of a script.
pub(crate) fn course(visit: &Visit, card: &ProviderCard, offer: &OfferDraft) -> String {
    let row = Row {
        provider: &card.member,
        offer,
    };
    script_data(&document(&row, &visit.site.settings.absolute("")))
}
