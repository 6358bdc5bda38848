//! A small reader of HTML for tests: tags with their attributes. Our pages are made by templates, so it may be strict.

/// A tag that begins an element.
#[derive(Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Every tag that begins an element. What stands inside scripts is passed over.
pub(crate) fn tags(html: &str) -> Vec<Tag> {
    let mut out = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with(['/', '!']) {
            continue;
        }
        assert!(
            rest.starts_with(|c: char| c.is_ascii_alphabetic()),
            "a bare < in: {:.60}",
            rest
        );
        let (tag, after) = tag(rest);
        rest = after;
        if tag.name == "script" {
            rest = &rest[rest.find("</script>").unwrap()..];
        }
        out.push(tag);
    }
    out
}

fn tag(text: &str) -> (Tag, &str) {
    let end = text
        .find(|c: char| c.is_whitespace() || c == '>' || c == '/')
        .unwrap();
    let name = text[..end].to_ascii_lowercase();
    let mut attributes = Vec::new();
    let mut rest = &text[end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            return (Tag { name, attributes }, after);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || "=>/".contains(c))
            .unwrap();
        let key = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        if let Some(after) = rest.strip_prefix('=') {
            let quote = after.chars().next().unwrap();
            assert_eq!(quote, '"', "quote attributes: {:.60}", after);
            let (value, after) = after[1..].split_once('"').unwrap();
            attributes.push((key, unescaped(value)));
            rest = after;
        } else {
            attributes.push((key, String::new()));
        }
    }
}

/// Character references undone, as far as our templates write them.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = text.to_owned();
    for (from, to) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ] {
        out = out.replace(from, to);
    }
    out
}

/// The text between the first such tag and its end.
pub(crate) fn inside<'a>(html: &'a str, name: &str) -> &'a str {
    let from = html
        .find(&format!("<{name}"))
        .unwrap_or_else(|| panic!("no {name}"));
    let body = &html[from..];
    let begin = body.find('>').unwrap() + 1;
    &body[begin..body.find(&format!("</{name}>")).unwrap()]
}

/// What stands between a mark and the next end.
pub(crate) fn after<'a>(html: &'a str, mark: &str, end: &str) -> &'a str {
    let from = html.find(mark).unwrap_or_else(|| panic!("no {mark}"));
    let rest = &html[from..];
    &rest[..rest.find(end).unwrap()]
}

#[test]
fn tags_are_read() {
    let found = tags(
        "<!doctype html><p class=\"a b\" hidden>x</p><script src=\"y\">if (a<b) {}</script><br/>",
    );
    let names: Vec<_> = found.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["p", "script", "br"]);
    assert_eq!(found[0].get("class"), Some("a b"));
    assert_eq!(found[0].get("hidden"), Some(""));
}
