//! Languages of instruction by their names and codes.

/// Tag, ISO 639-2 codes as the EU authority list writes them, German and English names.
const KNOWN: [(&str, &[&str]); 26] = [
    ("ar", &["ara", "arabisch", "arabic"]),
    ("bg", &["bul", "bulgarisch", "bulgarian"]),
    ("cs", &["ces", "cze", "tschechisch", "czech"]),
    ("da", &["dan", "dänisch", "danish"]),
    ("de", &["deu", "ger", "deutsch", "german"]),
    ("el", &["ell", "gre", "griechisch", "greek"]),
    ("en", &["eng", "englisch", "english"]),
    ("es", &["spa", "spanisch", "spanish"]),
    ("fa", &["fas", "per", "persisch", "farsi", "persian"]),
    ("fi", &["fin", "finnisch", "finnish"]),
    ("fr", &["fra", "fre", "französisch", "french"]),
    ("hr", &["hrv", "kroatisch", "croatian"]),
    ("it", &["ita", "italienisch", "italian"]),
    ("ku", &["kur", "kurdisch", "kurdish"]),
    ("nds", &["plattdeutsch", "niederdeutsch", "low german"]),
    ("nl", &["nld", "dut", "niederländisch", "dutch"]),
    ("no", &["nor", "norwegisch", "norwegian"]),
    ("pl", &["pol", "polnisch", "polish"]),
    ("pt", &["por", "portugiesisch", "portuguese"]),
    ("ro", &["ron", "rum", "rumänisch", "romanian"]),
    ("ru", &["rus", "russisch", "russian"]),
    ("sv", &["swe", "schwedisch", "swedish"]),
    ("tr", &["tur", "türkisch", "turkish"]),
    ("uk", &["ukr", "ukrainisch", "ukrainian"]),
    ("vi", &["vie", "vietnamesisch", "vietnamese"]),
    ("zh", &["zho", "chi", "chinesisch", "chinese"]),
];

/// A language by its name, code or tag; what is none of these stays as it is, in lower case.
pub(crate) fn tag(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let known = KNOWN
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()));
    known.map_or(name, |(tag, _)| (*tag).to_owned())
}

/// As [`tag`], where what is no language at all is left out.
pub(crate) fn known(name: &str) -> Option<String> {
    let (first, rest) = name.trim().split_once('-').unwrap_or((name.trim(), ""));
    let tag = tag(first);
    let whole = (2..=3).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_lowercase());
    let region = rest.is_empty() || rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !whole || !region || rest.len() > 8 {
        None
    } else if rest.is_empty() {
        Some(tag)
    } else {
        Some(format!("{tag}-{rest}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_name_code_and_tag() {
        for (name, expected) in [
            ("Deutsch", Some("de")),
            ("DEU", Some("de")),
            ("ger", Some("de")),
            ("en-GB", Some("en-GB")),
            ("zul", Some("zul")),
            ("trimester", None),
            ("", None),
            ("de-ä", None),
        ] {
            assert_eq!(known(name).as_deref(), expected, "{name}");
        }
        assert_eq!(tag("Esperanto?"), "esperanto?");
    }
}
