//! Longer texts of our own: a little markup in the files of texts becomes HTML.
//!
//! `## heading`, `- point`, `> note`, paragraphs between empty lines, `**strong**`, `[text](address)` and
//! `{placeholder}`. An address that begins with `/` gets the language in front. A placeholder that the operator
//! has not filled shows as a marked place with the text of the key `todo.<name>`.

use crate::markup::escape;
use crate::settings::Settings;
use crate::words::Words;

/// The text of that key as HTML.
pub(crate) fn html(key: &str, settings: &Settings, words: Words) -> String {
    let mut out = String::new();
    let mut open = Open::Nothing;
    for line in words.say(key).lines().map(str::trim) {
        let (kind, text) = kind(line);
        if kind != open {
            out.push_str(open.end());
            out.push_str(kind.begin());
            open = kind;
        } else if kind == Open::Paragraph || kind == Open::Note {
            out.push(' ');
        }
        let text = inline(text, settings, words);
        match kind {
            Open::Nothing => {}
            Open::Heading => out.push_str(&format!("<h2>{text}</h2>")),
            Open::List => out.push_str(&format!("<li>{text}</li>")),
            Open::Paragraph | Open::Note => out.push_str(&text),
        }
    }
    out.push_str(open.end());
    out
}

/// Whether the text of that key has a place that the operator has not filled.
pub(crate) fn has_gaps(key: &str, settings: &Settings, words: Words) -> bool {
    let mut parts = words.say(key).split('{').skip(1);
    parts.any(|part| {
        let name = part.split('}').next().unwrap_or_default();
        settings.value(name).is_some_and(str::is_empty)
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Heading,
    List,
    Paragraph,
    Note,
}

impl Open {
    fn begin(self) -> &'static str {
        match self {
            Self::Nothing | Self::Heading => "",
            Self::List => "<ul>",
            Self::Paragraph => "<p>",
            Self::Note => "<p class=\"note\">",
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Nothing | Self::Heading => "",
            Self::List => "</ul>",
            Self::Paragraph | Self::Note => "</p>",
        }
    }
}

fn kind(line: &str) -> (Open, &str) {
    if line.is_empty() {
        (Open::Nothing, "")
    } else if let Some(text) = line.strip_prefix("## ") {
        (Open::Heading, text)
    } else if let Some(text) = line.strip_prefix("- ") {
        (Open::List, text)
    } else if let Some(text) = line.strip_prefix("> ") {
        (Open::Note, text)
    } else {
        (Open::Paragraph, line)
    }
}

/// Emphasis, links and placeholders of one line.
fn inline(text: &str, settings: &Settings, words: Words) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut strong = false;
    while let Some(at) = rest.find(['*', '[', '{']) {
        let (before, from) = rest.split_at(at);
        out.push_str(&escape(before));
        if let Some(after) = from.strip_prefix("**") {
            out.push_str(if strong { "</strong>" } else { "<strong>" });
            strong = !strong;
            rest = after;
        } else if let Some((name, after)) = between(from, "{", "}") {
            out.push_str(&placeholder(name, settings, words));
            rest = after;
        } else if let Some((label, (to, after))) = between(from, "[", "](")
            .and_then(|(label, after)| after.split_once(')').map(|target| (label, target)))
        {
            out.push_str(&link(label, to, words));
            rest = after;
        } else {
            let end = from.chars().next().map_or(0, char::len_utf8);
            out.push_str(&escape(from.get(..end).unwrap_or_default()));
            rest = from.get(end..).unwrap_or_default();
        }
    }
    out.push_str(&escape(rest));
    out
}

/// A link: within these pages in their language, elsewhere without telling where one came from.
fn link(label: &str, to: &str, words: Words) -> String {
    let (root, rel) = if to.starts_with('/') {
        (words.root(), "")
    } else {
        ("", " rel=\"noopener noreferrer\"")
    };
    let to = escape(&format!("{root}{to}"));
    format!("<a href=\"{to}\"{rel}>{}</a>", escape(label))
}

fn between<'a>(text: &'a str, begin: &str, end: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(begin)?.split_once(end)
}

/// What the operator says, with mail addresses and pages as links; a marked gap where it says nothing.
fn placeholder(name: &str, settings: &Settings, words: Words) -> String {
    let value = settings.value(name).unwrap_or_default();
    if value.is_empty() {
        let what = words.say(&format!("todo.{name}"));
        return format!("<mark class=\"todo\">[{}]</mark>", escape(what));
    }
    let shown = escape(value);
    if value.starts_with("https://") {
        format!("<a href=\"{shown}\" rel=\"noopener noreferrer\">{shown}</a>")
    } else if value.contains('@') && !value.contains(char::is_whitespace) {
        format!("<a href=\"mailto:{shown}\">{shown}</a>")
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use calluna_model::text::Language;

    use super::*;

    const DE: Words = Words(Language::De);
    const EN: Words = Words(Language::En);

    #[test]
    fn a_gap_is_marked_and_a_value_is_escaped() {
        let mut settings = Settings::default();
        assert!(has_gaps("prose.imprint", &settings, DE));
        assert!(html("prose.imprint", &settings, DE).contains("<mark class=\"todo\">["));
        settings.operator.name = "Landkreis <b>".into();
        settings.operator.mail = "info@kreis.example".into();
        let html = html("prose.imprint", &settings, DE);
        assert!(html.contains("Landkreis &lt;b&gt;"), "{html}");
        assert!(html.contains("<a href=\"mailto:info@kreis.example\">"));
    }

    #[test]
    fn markup_is_read() {
        let settings = Settings::default();
        assert_eq!(
            inline("a **b** [c & d](/suche) e*f", &settings, EN),
            "a <strong>b</strong> <a href=\"/en/suche\">c &amp; d</a> e*f"
        );
        assert_eq!(inline("[x", &settings, DE), "[x");
        assert_eq!(
            inline("[a](https://b.example/c)", &settings, EN),
            "<a href=\"https://b.example/c\" rel=\"noopener noreferrer\">a</a>"
        );
    }
}
