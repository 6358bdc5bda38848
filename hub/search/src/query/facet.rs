//! What one can filter by.

use calluna_model::code;
use calluna_model::id::ProviderId;
use calluna_model::member::ProviderKind;

/// What one can filter by, each with counts. A chosen facet takes values joined by OR; facets are joined by AND.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// Subject area: code list `dvv_area` (first digit of a dvv code), or `other`.
    Subject,
    /// Municipality of the district of a run's venue: its AGS; `online` for offers without a place, `elsewhere`.
    Municipality,
    /// Code list `format`.
    Format,
    /// 1 (Monday) to 7.
    Weekday,
    /// `morning` (before 12), `afternoon` (12 to 17), `evening` (from 17).
    TimeOfDay,
    /// `free`, `50` (to 50 euros), `100`, `250`, `more`, `unknown`.
    Price,
    /// DQR level `1` to `8`.
    Level,
    /// What one must have: code list `qualification`; `none` where nothing is asked.
    Entry,
    /// What one has afterwards: code list `qualification`.
    Award,
    /// Language of instruction, BCP 47, its first part in small letters (`de`).
    Language,
    /// CEFR level, `A1` to `C2`.
    Cefr,
    /// Code list `accessibility`.
    Accessibility,
    /// `yes`.
    Childcare,
    /// Code list `funding`.
    Funding,
    /// Provider id.
    Provider,
    /// `school`, `vhs` ...
    ProviderKind,
    /// `yes`: the provider says that one can still get in.
    FreeSeats,
}

impl Facet {
    /// Every facet, in the order in which pages show them.
    pub const ALL: [Self; 17] = [
        Self::Subject,
        Self::Municipality,
        Self::Format,
        Self::Weekday,
        Self::TimeOfDay,
        Self::Price,
        Self::Level,
        Self::Entry,
        Self::Award,
        Self::Language,
        Self::Cefr,
        Self::Accessibility,
        Self::Childcare,
        Self::Funding,
        Self::Provider,
        Self::ProviderKind,
        Self::FreeSeats,
    ];

    /// Its name in the address.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Municipality => "municipality",
            Self::Format => "format",
            Self::Weekday => "weekday",
            Self::TimeOfDay => "time",
            Self::Price => "price",
            Self::Level => "level",
            Self::Entry => "entry",
            Self::Award => "award",
            Self::Language => "language",
            Self::Cefr => "cefr",
            Self::Accessibility => "accessibility",
            Self::Childcare => "childcare",
            Self::Funding => "funding",
            Self::Provider => "provider",
            Self::ProviderKind => "kind",
            Self::FreeSeats => "seats",
        }
    }

    /// The facet of that name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.key() == key)
    }

    /// Every value that can stand in it, in the order in which pages show them. Nothing where the catalogue
    /// decides: municipalities, languages, providers.
    #[must_use]
    pub fn known(self) -> Option<Vec<&'static str>> {
        Some(match self {
            Self::Subject => {
                let mut areas = code::DVV_AREA.codes();
                areas.push("other");
                areas
            }
            Self::Format => code::FORMAT.codes(),
            Self::Weekday => vec!["1", "2", "3", "4", "5", "6", "7"],
            Self::TimeOfDay => vec!["morning", "afternoon", "evening"],
            Self::Price => vec!["free", "50", "100", "250", "more", "unknown"],
            Self::Level => vec!["1", "2", "3", "4", "5", "6", "7", "8"],
            Self::Entry | Self::Award => code::QUALIFICATION.codes(),
            Self::Cefr => code::CEFR.codes(),
            Self::Accessibility => code::ACCESSIBILITY.codes(),
            Self::Childcare | Self::FreeSeats => vec!["yes"],
            Self::Funding => code::FUNDING.codes(),
            Self::ProviderKind => ProviderKind::ALL.iter().map(|kind| kind.as_str()).collect(),
            Self::Municipality | Self::Language | Self::Provider => return None,
        })
    }

    /// Whether `value` can stand in it.
    #[must_use]
    pub fn takes(self, value: &str) -> bool {
        if let Some(known) = self.known() {
            return known.contains(&value);
        }
        match self {
            Self::Municipality => {
                matches!(value, "online" | "elsewhere")
                    || (value.len() == 8 && value.bytes().all(|b| b.is_ascii_digit()))
            }
            Self::Language => {
                (2..=8).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_lowercase())
            }
            _ => value.parse::<ProviderId>().is_ok(),
        }
    }

    /// What it takes, in words for messages.
    #[must_use]
    pub fn expected(self) -> String {
        match self.known() {
            Some(known) => known.join(", "),
            None => match self {
                Self::Municipality => {
                    "`online`, `elsewhere` or an AGS of 8 digits, such as 03358024".into()
                }
                Self::Language => "a language tag in small letters, such as de".into(),
                _ => "the id of a provider, such as vhs-heidekreis".into(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_facet_has_a_key_of_its_own() {
        for facet in Facet::ALL {
            assert_eq!(Facet::from_key(facet.key()), Some(facet));
            assert!(!facet.expected().is_empty());
            for value in facet.known().unwrap_or_default() {
                assert!(facet.takes(value), "{facet:?} {value}");
            }
            assert!(!facet.takes("../x"), "{facet:?}");
        }
    }
}
