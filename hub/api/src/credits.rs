//! Whose data about places is built into the search and the statistics. Their licences ask that it is said wherever
//! the data shows; the first lines of each file say the same.

/// A source of data.
pub(crate) struct Source {
    /// What comes from it.
    pub(crate) said: &'static str,
    /// Who has to be named.
    pub(crate) by: &'static str,
    /// Name of the licence.
    pub(crate) licence: &'static str,
    /// Where it is written.
    pub(crate) address: &'static str,
}

/// Every source.
pub(crate) const SOURCES: [Source; 3] = [
    Source {
        said: "Postal codes, an extract of 2022",
        by: "OpenStreetMap contributors, suche-postleitzahl.org",
        licence: "ODbL 1.0",
        address: "https://opendatacommons.org/licenses/odbl/1-0/",
    },
    Source {
        said: "Names and keys of places, an extract",
        by: "Statistische Ämter des Bundes und der Länder, GV-ISys 2023",
        licence: "dl-de/by-2-0",
        address: "https://www.govdata.de/dl-de/by-2-0",
    },
    Source {
        said: "Centres of places, computed from simplified outlines",
        by: "GeoBasis-DE / BKG 2023 (VG250)",
        licence: "dl-de/by-2-0",
        address: "https://www.govdata.de/dl-de/by-2-0",
    },
];

/// All of them in one sentence each, for the document.
pub(crate) fn in_words() -> String {
    let each = SOURCES.iter().map(|source| {
        format!(
            " {}: © {}, {} ({}).",
            source.said, source.by, source.licence, source.address
        )
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_that_the_files_of_places_name_is_credited() {
        let files = [
            include_str!("../../search/data/postal_codes.csv"),
            include_str!("../../search/data/places.csv"),
        ];
        let heads = files.map(|file| file.lines().take(3).collect::<String>());
        for (mark, credited) in [
            ("OpenStreetMap contributors", "OpenStreetMap contributors"),
            ("suche-postleitzahl.org", "suche-postleitzahl.org"),
            ("ODbL 1.0", "ODbL 1.0"),
            ("Statistische Aemter", "Statistische Ämter"),
            ("GeoBasis-DE / BKG", "GeoBasis-DE / BKG"),
            ("dl-de/by-2-0", "dl-de/by-2-0"),
        ] {
            assert!(heads.iter().any(|head| head.contains(mark)), "{mark}");
            assert!(in_words().contains(credited), "{credited}");
        }
    }
}
