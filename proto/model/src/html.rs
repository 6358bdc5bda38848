//! The safe subset of HTML that a description may hold.
//!
//! Paragraphs, line breaks, lists, small headings, emphasis and links with `http` or `https`: what
//! course software writes, and nothing that can run, load or restyle. Cleaning is done by
//! `ammonia`; what it would change is refused on the wire.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::Builder;

/// What may stand in a description.
const TAGS: [&str; 11] = [
    "p", "br", "ul", "ol", "li", "h3", "h4", "h5", "strong", "em", "a",
];
/// How often cleaning is repeated until nothing changes.
const ROUNDS: usize = 8;

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .url_schemes(HashSet::from(["http", "https"]))
        .url_relative(ammonia::UrlRelative::Deny)
        // Who shows a link decides how it is marked; a record says only where it leads.
        .link_rel(None);
    builder
});

/// The part of `html` that is allowed: scripts and styles go with their content, other tags leave
/// their text. Cleaning twice gives the same as cleaning once.
#[must_use]
pub fn clean(html: &str) -> String {
    let mut clean = CLEANER.clean(html).to_string();
    for _ in 0..ROUNDS {
        // Removing a tag can leave two elements nested that a reader would take apart again.
        let again = CLEANER.clean(&clean).to_string();
        if again == clean {
            return clean;
        }
        clean = again;
    }
    // Markup that never comes to rest is nobody's course description; the plain text remains.
    String::new()
}

/// Whether `html` holds nothing that [`clean`] would change.
#[must_use]
pub fn is_clean(html: &str) -> bool {
    clean(html) == html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_runs_or_loads_survives() {
        for hostile in [
            "<script>alert(1)</script>",
            "<p onclick=x()>a</p>",
            "<img src=x onerror=alert(1)>",
            "<a href=\"javascript:alert(1)\">a</a>",
            "<svg><script>alert(1)</script></svg>",
            "<style>*{display:none}</style>",
            "<iframe src=//evil></iframe>",
            "<p style=\"x\">a</p>",
        ] {
            let cleaned = clean(hostile);
            assert!(is_clean(&cleaned), "{cleaned}");
            assert!(!is_clean(hostile), "{hostile}");
            for word in ["script", "on", "style", "iframe", "javascript", "src"] {
                let inside = cleaned.split('<').skip(1).any(|tag| {
                    tag.split('>')
                        .next()
                        .is_some_and(|t| t.contains(word) && !t.contains("rel="))
                });
                assert!(!inside, "{hostile} left {cleaned}");
            }
        }
    }

    #[test]
    fn what_course_software_writes_stays() {
        let html = "<p>Ein <strong>Kurs</strong><br>für alle</p><ul><li>eins</li></ul>";
        assert!(is_clean(html));
        let link = clean("<a href=\"https://vhs.example\">vhs</a>");
        assert!(
            link.contains("https://vhs.example") && is_clean(&link),
            "{link}"
        );
    }
}
