//! Records of an XML file: the elements of one, and (in [`walk`]) the way through the file.
//!
//! Names are taken without their prefix: the same vocabulary comes with a namespace, with another
//! prefix, or with none.

mod walk;

pub(crate) use self::walk::{Met, RECORD_BYTES, Wanted, walk};

/// An element with what is in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    /// Name without prefix.
    pub(crate) name: String,
    /// Attributes, names without prefix.
    attributes: Vec<(String, String)>,
    parts: Vec<Part>,
    /// Line of its start tag.
    pub(crate) line: u64,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Element(Element),
}

impl Element {
    /// An empty element.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// Sets an attribute.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.attributes.push((name.to_owned(), value.to_owned()));
    }

    /// Adds an element.
    pub(crate) fn push(&mut self, child: Self) {
        self.parts.push(Part::Element(child));
    }

    /// Adds text.
    pub(crate) fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(before)) => before.push_str(text),
            _ => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    /// Adds an element that holds only text.
    pub(crate) fn push_leaf(&mut self, name: &str, text: &str) {
        let mut child = Self::named(name);
        child.push_text(text);
        self.push(child);
    }

    /// The elements in it, taken out.
    pub(crate) fn into_children(self) -> impl Iterator<Item = Self> {
        self.parts.into_iter().filter_map(|part| {
            if let Part::Element(child) = part {
                Some(child)
            } else {
                None
            }
        })
    }

    /// The value of an attribute, empty when there is none.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// The elements in it.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        self.parts.iter().filter_map(|part| {
            if let Part::Element(child) = part {
                Some(child)
            } else {
                None
            }
        })
    }

    /// The elements of that name in it.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children().filter(move |child| child.name == name)
    }

    /// The first element of that name.
    pub(crate) fn first(&self, name: &str) -> Option<&Self> {
        self.children().find(|child| child.name == name)
    }

    /// The elements of that name at any depth in it.
    pub(crate) fn deep<'a>(&'a self, name: &str) -> Vec<&'a Self> {
        let mut out = Vec::new();
        self.find_deep(name, &mut out);
        out
    }

    fn find_deep<'a>(&'a self, name: &str, out: &mut Vec<&'a Self>) {
        for child in self.children() {
            if child.name == name {
                out.push(child);
            }
            child.find_deep(name, out);
        }
    }

    /// The text of the first element of that name at any depth, empty when there is none.
    pub(crate) fn deep_text(&self, name: &str) -> String {
        self.deep(name)
            .first()
            .map(|found| found.text())
            .unwrap_or_default()
    }

    /// The elements with text of their own that are neither in `read` nor in `silent`, nor within
    /// one that is.
    pub(crate) fn left_over(&self, read: &[&str], silent: &[&str]) -> Vec<&Self> {
        let mut out = Vec::new();
        self.find_left_over(read, silent, &mut out);
        out
    }

    fn find_left_over<'a>(&'a self, read: &[&str], silent: &[&str], out: &mut Vec<&'a Self>) {
        for child in self.children() {
            let name = child.name.as_str();
            if read.contains(&name) || silent.contains(&name) {
                continue;
            }
            if child.children().next().is_some() {
                child.find_left_over(read, silent, out);
            } else if !child.text().is_empty() {
                out.push(child);
            }
        }
    }

    /// The whole text in it, also of the elements in it, outer blanks removed.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write_text(&mut out);
        out.trim().to_owned()
    }

    fn write_text(&self, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Element(child) => child.write_text(out),
            }
        }
    }

    /// The text of the first element of that name, empty when there is none.
    pub(crate) fn text_of(&self, name: &str) -> String {
        self.first(name).map(Self::text).unwrap_or_default()
    }

    /// The content as HTML, where it is written in XHTML elements; the plain text otherwise.
    pub(crate) fn markup(&self) -> String {
        if self.children().next().is_none() {
            return self.text();
        }
        let mut out = String::new();
        self.push_markup(&mut out);
        out
    }

    fn push_markup(&self, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => {
                    out.push_str(
                        &text
                            .replace('&', "&amp;")
                            .replace('<', "&lt;")
                            .replace('>', "&gt;"),
                    );
                }
                Part::Element(child) => {
                    out.push_str(&format!("<{}", child.name));
                    if let Some((_, target)) =
                        child.attributes.iter().find(|(key, _)| key == "href")
                    {
                        out.push_str(&format!(
                            " href=\"{}\"",
                            target.replace('&', "&amp;").replace('"', "&quot;")
                        ));
                    }
                    out.push('>');
                    child.push_markup(out);
                    out.push_str(&format!("</{}>", child.name));
                }
            }
        }
    }
}
