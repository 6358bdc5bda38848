//! From what course software writes to plain text and the safe subset of HTML.

use std::borrow::Cow;

/// Tags that say the same as one of ours.
const ALIKE: [(&str, &str); 8] = [
    ("b", "strong"),
    ("i", "em"),
    ("div", "p"),
    ("h1", "h3"),
    ("h2", "h3"),
    ("h6", "h5"),
    ("tr", "p"),
    ("section", "p"),
];
/// Tags by which a text is recognised as HTML.
const KNOWN: [&str; 24] = [
    "p", "br", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "a", "b", "i",
    "u", "div", "span", "table", "tr", "font", "script", "img",
];
/// Of those, the ones that break lines.
const BREAKING: [&str; 13] = [
    "p", "br", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "div", "tr",
];
/// Longest HTML of an offer, in characters (the rule of `description_html`); the plain text stays.
const HTML_CHARS: usize = 40_000;
/// Longest text that is looked through for markup, in bytes.
const MARKUP_BYTES: usize = 256 * 1024;

/// The safe subset of `html`, as the hub will ask for it: see [`calluna_model::html`].
#[must_use]
pub fn clean_html(html: &str) -> String {
    calluna_model::html::clean(html)
}

/// A text as it stands in an export: plain, and as clean HTML where the source had markup.
pub(crate) fn both(raw: &str) -> (String, String) {
    // What is longer than any text may be is refused afterwards; it is not worth a parser.
    if raw.len() > MARKUP_BYTES || !tags(raw).any(|tag| KNOWN.contains(&tag.name.as_str())) {
        return (tidy_lines(&decode(raw)), String::new());
    }
    let mut text = Cow::Borrowed(raw);
    if !tags(raw).any(|tag| BREAKING.contains(&tag.name.as_str())) {
        // Only emphasis or links: the line breaks of the source are meant as line breaks.
        text = Cow::Owned(raw.replace("\r\n", "\n").replace('\n', "<br>"));
    }
    let html = clean_html(&rename(&text));
    let plain = plain(&html);
    if plain.is_empty() {
        (plain, String::new())
    } else {
        (plain, html.trim().to_owned())
    }
}

/// Several texts as one: plain with an empty line between them, and as HTML when one of them had
/// markup and the whole is not too long for it.
pub(crate) fn joined<'a>(texts: impl IntoIterator<Item = &'a str>) -> (String, String) {
    let parts: Vec<_> = texts
        .into_iter()
        .map(both)
        .filter(|(plain, _)| !plain.is_empty())
        .collect();
    let plain: Vec<&str> = parts.iter().map(|(plain, _)| plain.as_str()).collect();
    let mut html = String::new();
    if parts.iter().any(|(_, html)| !html.is_empty()) {
        for (plain, markup) in &parts {
            if markup.is_empty() {
                html.push_str(&format!("<p>{}</p>", escape(plain).replace('\n', "<br>")));
            } else {
                html.push_str(markup);
            }
        }
        html = clean_html(&html);
    }
    if html.chars().count() > HTML_CHARS {
        html.clear();
    }
    (plain.join("\n\n"), html)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// The plain text of HTML that [`clean_html`] returned.
pub(crate) fn plain(clean: &str) -> String {
    let mut out = String::with_capacity(clean.len());
    let mut from = 0;
    for tag in tags(clean) {
        push_inline(&mut out, clean.get(from..tag.start).unwrap_or_default());
        from = tag.end;
        match tag.name.as_str() {
            "br" => out.push('\n'),
            "li" if !tag.closing => out.push_str("\n- "),
            "p" | "ul" | "ol" | "h3" | "h4" | "h5" => out.push('\n'),
            _ => {}
        }
    }
    push_inline(&mut out, clean.get(from..).unwrap_or_default());
    tidy_lines(&out)
}

/// Line breaks inside HTML text are blanks.
fn push_inline(out: &mut String, text: &str) {
    let mut blank = out.ends_with([' ', '\n']);
    for c in decode(text).chars() {
        if c.is_whitespace() {
            if !blank {
                out.push(' ');
            }
            blank = true;
        } else {
            out.push(c);
            blank = false;
        }
    }
}

/// Outer blanks of every line removed, at most one empty line in a row.
fn tidy_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

/// Gives tags the names of [`ALIKE`]; attributes stay, cleaning comes after.
fn rename(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    for tag in tags(html) {
        if let Some((_, to)) = ALIKE.iter().find(|(name, _)| *name == tag.name) {
            out.push_str(html.get(from..tag.start).unwrap_or_default());
            out.push_str(if tag.closing { "</" } else { "<" });
            out.push_str(to);
            from = tag.after_name;
        }
    }
    out.push_str(html.get(from..).unwrap_or_default());
    out
}

/// A tag in a text: where it stands and what it is called, in lower case.
struct Tag {
    start: usize,
    after_name: usize,
    end: usize,
    closing: bool,
    name: String,
}

/// Whatever looks like a tag. Only for finding out what a text is; [`clean_html`] decides.
fn tags(text: &str) -> impl Iterator<Item = Tag> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find('<')?;
            let rest = text.get(start + 1..)?;
            let closing = rest.starts_with('/');
            let name_at = start + 1 + usize::from(closing);
            let name: String = text
                .get(name_at..)?
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .take(12)
                .collect();
            let after_name = name_at + name.len();
            let follows = text.get(after_name..)?;
            from = start + 1;
            if name.is_empty()
                || !follows.starts_with(|c: char| c.is_whitespace() || c == '>' || c == '/')
            {
                continue;
            }
            let length = follows.find('>')?;
            from = after_name + length + 1;
            let name = name.to_ascii_lowercase();
            return Some(Tag {
                start,
                after_name,
                end: from,
                closing,
                name,
            });
        }
    })
}

/// Resolves the entities that stand in exports.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let body = from.get(1..).unwrap_or_default();
        let end = body.find(';').filter(|end| *end <= 10);
        match end.and_then(|end| entity(body.get(..end)?).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = body.get(end + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = body;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character of an entity: numeric, the five of XML, and the named ones of German texts.
pub(crate) fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    }
    const NAMED: &str = "amp & lt < gt > quot \" apos ' auml ä ouml ö uuml ü Auml Ä Ouml Ö Uuml Ü szlig ß \
        euro € ndash – mdash — hellip … bdquo „ ldquo “ rdquo ” sbquo ‚ lsquo ‘ rsquo ’ laquo « raquo » \
        eacute é egrave è ecirc ê agrave à aacute á acirc â ccedil ç ntilde ñ oacute ó iacute í \
        copy © reg ® trade ™ deg ° para ¶ sect § middot · bull • times × frac12 ½ sup2 ² acute ´";
    if name == "nbsp" {
        return Some(' ');
    }
    let mut words = NAMED.split_ascii_whitespace();
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        if key == name {
            return value.chars().next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_safe_subset_is_left() {
        let html = "<p onclick='x()'>Hallo <script>alert(1)</script><b>Welt</b> \
            <a href=\"javascript:x\">a</a><a href=\"https://vhs.example\" target=x>b</a><img src=x></p>";
        let clean = clean_html(html);
        assert_eq!(
            clean,
            "<p>Hallo Welt <a>a</a><a href=\"https://vhs.example\">b</a></p>"
        );
        assert_eq!(clean_html(&clean), clean);
    }

    #[test]
    fn what_a_reader_would_take_apart_still_comes_to_rest() {
        for html in [
            "<li><button><li>x",
            "<p><div><p>x</div>",
            "<a href='http://a.example'><table><a href='http://b.example'>x",
            "<svg><p><style><!--</style><img src=x>",
            "<math><mi><p>x",
        ] {
            let clean = clean_html(html);
            assert_eq!(clean_html(&clean), clean, "{html}");
        }
    }

    #[test]
    fn markup_becomes_lines_and_plain_text_stays() {
        let (plain, html) =
            both("<div>Erste&nbsp;Zeile<br/>zweite</div><UL><li>a</li><li>b &amp; c</li></UL>");
        assert_eq!(plain, "Erste Zeile\nzweite\n\n- a\n- b & c");
        assert!(
            html.starts_with("<p>") && html.contains("<ul><li>a</li>"),
            "{html}"
        );
        assert_eq!(
            both("Preis < 5 und > 3 &uuml;ber\n\n\n\nEnde"),
            ("Preis < 5 und > 3 über\n\nEnde".into(), String::new())
        );
        let (plain, html) = both("Zeile 1\nZeile <b>2</b>");
        assert_eq!(
            (plain.as_str(), html.as_str()),
            ("Zeile 1\nZeile 2", "Zeile 1<br>Zeile <strong>2</strong>")
        );
    }

    proptest::proptest! {
        #[test]
        fn cleaning_is_idempotent(html in "(<(/?(p|li|a|b|div|table|td|h3|svg|math|style|select|option|ul|em)|br/|!--|a href='http://x.example')>|[a-z &;<>\"'\n]|&amp;|&lt;){0,40}") {
            let clean = clean_html(&html);
            proptest::prop_assert_eq!(clean_html(&clean), clean);
        }

        #[test]
        fn anything_can_be_cleaned(html in "\\PC{0,200}") {
            let clean = clean_html(&html);
            proptest::prop_assert_eq!(clean_html(&clean), clean);
            drop(both(&html));
        }
    }
}
