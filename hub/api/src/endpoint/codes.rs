//! The code lists that offers use.

use calluna_model::code::{self, Entry, Name};
use serde::Serialize;
use utoipa::ToSchema;

use super::Ask;
use crate::problem::{Kind, Problem};
use crate::reply::Reply;
use crate::settings::Settings;

/// Seconds that code lists keep: they change with a release of the program.
const KEEP: u32 = 86_400;

/// A code with its words.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Code {
    /// The code, as it stands in offers.
    pub(crate) code: &'static str,
    /// German words.
    pub(crate) de: &'static str,
    /// English words.
    pub(crate) en: &'static str,
    /// Code of the wider group in the same list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<&'static str>,
}

impl Code {
    fn of(entry: &'static Entry) -> Self {
        Self {
            code: &entry.code,
            de: &entry.de,
            en: &entry.en,
            parent: Some(entry.parent.as_str()).filter(|parent| !parent.is_empty()),
        }
    }
}

/// A code list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CodeList {
    /// Its name.
    #[schema(example = "format")]
    pub(crate) name: &'static str,
    /// Where it comes from.
    pub(crate) source: &'static str,
    /// Which state of the source.
    pub(crate) version: &'static str,
    /// The codes, in their order.
    pub(crate) entries: Vec<Code>,
}

/// A code list, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CodeListBrief {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where it comes from.
    pub(crate) source: &'static str,
    /// How many codes it has.
    pub(crate) entries: usize,
    /// The list itself.
    #[schema(format = "uri-reference")]
    pub(crate) href: String,
}

/// Every code list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CodeLists {
    /// The lists.
    pub(crate) items: Vec<CodeListBrief>,
}

/// Every code list
#[utoipa::path(
    get,
    path = "/api/v1/codes",
    operation_id = "listCodes",
    responses((status = 200, description = "The code lists", body = CodeLists))
)]
pub(crate) fn lists(ask: &Ask) -> Result<Reply, Problem> {
    let [] = ask.values([])?;
    let items = code::ALL.iter().map(|name| brief(&ask.api.settings, *name));
    let items = items.collect();
    Reply::json(&CodeLists { items }, KEEP)
}

fn brief(settings: &Settings, name: Name) -> CodeListBrief {
    let list = name.list();
    CodeListBrief {
        name: name.as_str(),
        source: &list.source,
        entries: list.entries.len(),
        href: settings.absolute(&format!("/api/v1/codes/{}", name.as_str())),
    }
}

/// One code list, with German and English words
#[utoipa::path(
    get,
    path = "/api/v1/codes/{list}",
    operation_id = "getCodes",
    params(("list" = String, Path, description = "Name of the list", example = "format")),
    responses(
        (status = 200, description = "The list", body = CodeList),
        (status = 404, description = "There is no such list", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) fn list(ask: &Ask) -> Result<Reply, Problem> {
    let [] = ask.values([])?;
    let asked = ask.place(0);
    let Some(name) = code::ALL.iter().find(|name| name.as_str() == asked) else {
        return Err(Problem::new(Kind::NotFound, "there is no such code list"));
    };
    let list = name.list();
    let found = CodeList {
        name: name.as_str(),
        source: &list.source,
        version: &list.version,
        entries: list.entries.iter().map(Code::of).collect(),
    };
    Reply::json(&found, KEEP)
}
