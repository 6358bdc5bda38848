//! Text that becomes part of HTML or XML where no template does it.

/// A text as HTML and XML take it, between tags and in quoted attributes. What XML cannot hold is left out.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_place() {
        assert_eq!(
            escape("<a b=\"c\" d='e'>&\u{0}\r\n"),
            "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\n"
        );
    }
}
