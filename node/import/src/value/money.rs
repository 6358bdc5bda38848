//! Words about funding and qualifications, as codes where they say one.

/// Funding routes that a text names; `other` when it names one that we have no code for.
pub(crate) fn funding(text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase();
    let names = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Some(match text.as_str() {
        "" | "keine" | "keine förderung" | "nein" | "none" | "no" => return None,
        _ if names(&["bildungsgutschein"]) => "bildungsgutschein",
        _ if names(&["vermittlungsgutschein", "aktivierungsgutschein", "avgs"]) => {
            "aktivierungsgutschein"
        }
        _ if names(&[
            "aufstiegs-bafög",
            "aufstiegsbafög",
            "meister-bafög",
            "meisterbafög",
        ]) || names(&["aufstiegs-bafoeg", "aufstiegsfortbildungsförderung", "afbg"]) =>
        {
            "aufstiegs-bafoeg"
        }
        _ if names(&["bildungsurlaub", "bildungszeit", "educational leave"]) => "bildungsurlaub",
        _ if names(&["bamf", "integrationskurs"]) => "bamf",
        _ if names(&["ermäßig", "reduced"]) => "reduced-fee",
        _ => "other",
    })
}

/// The general qualification that a short title names; nothing where it names none, several, or
/// says that one is not needed.
pub(crate) fn qualification(title: &str) -> &'static str {
    const NAMES: [(&str, &[&str]); 8] = [
        ("esa", &["hauptschulabschluss", "erster schulabschluss"]),
        (
            "msa",
            &[
                "mittlerer schulabschluss",
                "realschulabschluss",
                "mittlere reife",
            ],
        ),
        ("fhr", &["fachhochschulreife"]),
        ("ahr", &["allgemeine hochschulreife", "abitur"]),
        ("bachelor", &["bachelor"]),
        ("master", &["master of", "master-", "masterabschluss"]),
        (
            "master-craftsman",
            &["meisterprüfung", "meister/in", "fachwirt"],
        ),
        (
            "attendance",
            &[
                "teilnahmebescheinigung",
                "teilnahmebestätigung",
                "confirmation of participation",
            ],
        ),
    ];
    let title = title.trim().to_lowercase();
    let hedged = ["ohne ", "kein", "oder ", "nicht", "without", " or "]
        .iter()
        .any(|word| title.contains(word));
    if hedged || title.chars().count() > 120 {
        return "";
    }
    let mut found = NAMES
        .iter()
        .filter(|(_, words)| words.iter().any(|word| title.contains(word)));
    match (found.next(), found.next()) {
        (Some((code, _)), None) => code,
        (None, _) if title == "zertifikat" || title == "certificate" => "certificate",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn funding_is_known_by_its_names() {
        for (text, code) in [
            (
                "Förderung mit Bildungsgutschein möglich",
                Some("bildungsgutschein"),
            ),
            ("AVGS", Some("aktivierungsgutschein")),
            ("Aufstiegs-BAföG", Some("aufstiegs-bafoeg")),
            ("anerkannt als Bildungsurlaub", Some("bildungsurlaub")),
            ("Bildungsprämie", Some("other")),
            ("keine", None),
            ("", None),
        ] {
            assert_eq!(funding(text), code, "{text}");
        }
    }

    #[test]
    fn a_qualification_is_only_named_where_it_is_certain() {
        for (title, code) in [
            ("Realschulabschluss", "msa"),
            ("Bachelor of Arts", "bachelor"),
            ("Teilnahmebescheinigung", "attendance"),
            ("Zertifikat", "certificate"),
            ("auch ohne Hauptschulabschluss", ""),
            ("Abitur oder Fachhochschulreife", ""),
            ("Web-Mastering", ""),
            ("IHK-Zertifikat „Fachkraft“", ""),
        ] {
            assert_eq!(qualification(title), code, "{title}");
        }
    }
}
