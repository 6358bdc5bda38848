//! Yes and no.

/// Whether a text says yes or no; nothing for anything else.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "ja" | "j" | "yes" | "y" | "1" | "x" | "wahr" | "ture" => Some(true),
        // "fasle" stands in the open data of a large Volkshochschule.
        "false" | "nein" | "n" | "no" | "0" | "falsch" | "fasle" | "flase" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_the_misspelt_no_is_a_no() {
        assert_eq!(truth("fasle"), Some(false));
        assert_eq!(truth(" JA "), Some(true));
        assert_eq!(truth("vielleicht"), None);
    }
}
