//! Every word of our own: one file per language in `text/`, read once.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use calluna_model::code;
use calluna_model::text::Language;

/// The words of one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    /// The text of that key. One that is missing shows its key, and fails the test below.
    pub(crate) fn say(self, key: &str) -> &'static str {
        match texts(self.0).get_key_value(key) {
            Some((_, text)) => text,
            // Leaks nothing: an unknown key is a constant of ours that the tests have not met.
            None => "…",
        }
    }

    /// The text of that key with its `{name}`s filled.
    pub(crate) fn fill(self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.say(key).to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// A number with its noun: `key.one` for 1, `key.many` otherwise.
    pub(crate) fn count(self, key: &str, number: u64) -> String {
        let form = if number == 1 { "one" } else { "many" };
        let shown = crate::format::number(number, self.0);
        self.fill(&format!("{key}.{form}"), &[("n", &shown)])
    }

    /// A code of a list in words; the code itself where the list does not know it.
    pub(crate) fn code(self, list: code::Name, code: &str) -> String {
        match (list.get(code), self.0) {
            (Some(entry), Language::De) => entry.de.clone(),
            (Some(entry), Language::En) => entry.en.clone(),
            (None, _) => code.to_owned(),
        }
    }

    /// A language by its tag, in words; the tag where it is not one of the usual ones.
    pub(crate) fn tongue(self, tag: &str) -> String {
        let primary = tag.split('-').next().unwrap_or_default();
        match texts(self.0).get(&format!("tongue.{primary}")) {
            Some(name) => name.clone(),
            None => tag.to_owned(),
        }
    }

    /// What stands in front of every address of this language.
    pub(crate) fn root(self) -> &'static str {
        match self.0 {
            Language::De => "",
            Language::En => "/en",
        }
    }

    /// BCP 47 tag of the language.
    pub(crate) fn tag(self) -> &'static str {
        match self.0 {
            Language::De => "de",
            Language::En => "en",
        }
    }
}

fn texts(language: Language) -> &'static BTreeMap<String, String> {
    static DE: LazyLock<BTreeMap<String, String>> =
        LazyLock::new(|| flat(include_str!("../text/de.toml")));
    static EN: LazyLock<BTreeMap<String, String>> =
        LazyLock::new(|| flat(include_str!("../text/en.toml")));
    match language {
        Language::De => &DE,
        Language::En => &EN,
    }
}

/// `[a] b = "c"` becomes `a.b`. A broken file of our own shows as no texts, which the tests refuse.
fn flat(text: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let table = text.parse::<toml::Table>().unwrap_or_default();
    flatten("", &table, &mut out);
    out
}

fn flatten(before: &str, table: &toml::Table, out: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = if before.is_empty() {
            key.clone()
        } else {
            format!("{before}.{key}")
        };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, out),
            toml::Value::String(text) => {
                out.insert(key, text.trim().to_owned());
            }
            other => {
                out.insert(key, other.to_string());
            }
        }
    }
}

#[cfg(test)]
#[path = "words/tests.rs"]
mod tests;
