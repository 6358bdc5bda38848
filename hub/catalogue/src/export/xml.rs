//! Writes XML element by element. Whatever the text holds, the file stays well-formed.

use super::text::plain;

/// Elements that are open, and the bytes so far.
pub(super) struct Xml<'a> {
    out: &'a mut Vec<u8>,
    open: Vec<&'static str>,
}

impl<'a> Xml<'a> {
    /// Continues behind `out`.
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            open: Vec::new(),
        }
    }

    /// Opens an element.
    pub(super) fn open(&mut self, name: &'static str) {
        self.open_with(name, &[]);
    }

    /// Opens an element with attributes.
    pub(super) fn open_with(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.out.extend_from_slice(b">\n");
        self.open.push(name);
    }

    /// Closes the element that was opened last.
    pub(super) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.extend_from_slice(b"</");
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b">\n");
        }
    }

    /// An element with text; nothing when there is no text.
    pub(super) fn leaf(&mut self, name: &str, text: &str) {
        self.leaf_with(name, &[], text);
    }

    /// An element with attributes and text; nothing when there is no text.
    pub(super) fn leaf_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        let text = plain(text);
        if text.trim().is_empty() {
            return;
        }
        self.start(name, attributes);
        self.out.push(b'>');
        escape(&text, self.out);
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b">\n");
    }

    /// An element with a number; nothing when there is none.
    pub(super) fn number(&mut self, name: &str, value: Option<u32>) {
        if let Some(value) = value {
            self.leaf(name, &value.to_string());
        }
    }

    /// An element without content.
    pub(super) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.out.extend_from_slice(b"/>\n");
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        for (name, value) in attributes {
            self.out.push(b' ');
            self.out.extend_from_slice(name.as_bytes());
            self.out.extend_from_slice(b"=\"");
            escape(&plain(value), self.out);
            self.out.push(b'"');
        }
    }
}

fn escape(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            // A reader would make a line end or a blank of it.
            b'\r' => out.extend_from_slice(b"&#13;"),
            byte => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element() {
        let mut out = Vec::new();
        let mut xml = Xml::new(&mut out);
        xml.open_with("a", &[("b", "\"><x c='\u{1}'")]);
        xml.leaf("t", "]]></t><script>&amp;\u{0}\u{202e}\u{ffff}");
        xml.leaf("gone", " \u{0}");
        xml.number("n", None);
        xml.close();
        xml.close();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "<a b=\"&quot;&gt;&lt;x c=''\">\n<t>]]&gt;&lt;/t&gt;&lt;script&gt;&amp;amp;</t>\n</a>\n"
        );
    }
}
