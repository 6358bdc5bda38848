//! Where to go on.

use serde::Serialize;
use utoipa::ToSchema;

use super::Ask;
use crate::problem::Problem;
use crate::reply::Reply;

/// The way in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Root {
    /// Name of the district.
    pub(crate) district: String,
    /// The description of the interface (OpenAPI 3.1).
    #[schema(format = "uri-reference")]
    pub(crate) openapi: String,
    /// The same for people.
    #[schema(format = "uri-reference")]
    pub(crate) page: String,
    /// The search.
    #[schema(format = "uri-reference")]
    pub(crate) search: String,
    /// Every offer.
    #[schema(format = "uri-reference")]
    pub(crate) offers: String,
    /// Every provider.
    #[schema(format = "uri-reference")]
    pub(crate) providers: String,
    /// The code lists.
    #[schema(format = "uri-reference")]
    pub(crate) codes: String,
    /// What changed.
    #[schema(format = "uri-reference")]
    pub(crate) changes: String,
    /// The catalogue in figures.
    #[schema(format = "uri-reference")]
    pub(crate) statistics: String,
}

/// The way in: where everything is
#[utoipa::path(
    get,
    path = "/api/v1",
    operation_id = "root",
    responses((status = 200, description = "Addresses of everything", body = Root))
)]
pub(crate) fn root(ask: &Ask) -> Result<Reply, Problem> {
    let [] = ask.values([])?;
    let at = |path: &str| ask.api.settings.absolute(path);
    let root = Root {
        district: ask.api.reader.district(),
        openapi: at("/api/v1/openapi.json"),
        page: at("/api"),
        search: at("/api/v1/search"),
        offers: at("/api/v1/offers"),
        providers: at("/api/v1/providers"),
        codes: at("/api/v1/codes"),
        changes: at("/api/v1/changes"),
        statistics: at("/api/v1/statistics"),
    };
    Reply::json(&root, 3_600)
}
