//! Rules in words, German and English. Each language is a data file in `proto/model/text/`; adding
//! one is a file and a line here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::finding::Finding;

/// A language that people are spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// German: what people at a node and citizens read.
    #[default]
    De,
    /// English: logs, and whoever asks for it.
    En,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::De, Self::En];

    /// Chooses by a locale such as `de_DE.UTF-8`; anything that is not German is English.
    #[must_use]
    pub fn from_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("de") {
            Self::De
        } else {
            Self::En
        }
    }

    fn texts(self) -> &'static Texts {
        static DE: LazyLock<Texts> = LazyLock::new(|| parse(include_str!("../text/de.toml")));
        static EN: LazyLock<Texts> = LazyLock::new(|| parse(include_str!("../text/en.toml")));
        match self {
            Self::De => &DE,
            Self::En => &EN,
        }
    }
}

/// A rule in words.
#[derive(Clone, Debug, Deserialize)]
struct RuleText {
    /// What is wrong.
    message: String,
    /// What to do about it.
    hint: String,
}

/// All rules in one language.
#[derive(Clone, Debug, Default, Deserialize)]
struct Texts {
    rule: BTreeMap<String, RuleText>,
}

/// A broken file of our own shows as no texts at all, which the test below refuses.
fn parse(text: &str) -> Texts {
    toml::from_str(text).unwrap_or_default()
}

/// What is wrong, in words. A rule that this version does not know is named by its code.
#[must_use]
pub fn message(finding: &Finding, language: Language) -> String {
    fill(language, finding, |text| &text.message)
}

/// What to do about it, in words; empty for a rule that this version does not know.
#[must_use]
pub fn hint(finding: &Finding, language: Language) -> String {
    if language.texts().rule.contains_key(&finding.rule) {
        fill(language, finding, |text| &text.hint)
    } else {
        String::new()
    }
}

/// The whole finding on one line: place, record, field, value, what is wrong, what to do.
#[must_use]
pub fn line(finding: &Finding, language: Language) -> String {
    let mut out = String::new();
    for part in [&finding.place, &finding.record, &finding.field] {
        if !part.is_empty() {
            out.push_str(part);
            out.push_str(": ");
        }
    }
    if !finding.value.is_empty() {
        out.push_str(&format!("`{}`: ", finding.value));
    }
    out.push_str(&message(finding, language));
    let hint = hint(finding, language);
    if !hint.is_empty() {
        out.push_str(" → ");
        out.push_str(&hint);
    }
    out
}

/// Whether this version has words for `rule` in every language.
#[must_use]
pub fn knows(rule: &str) -> bool {
    Language::ALL
        .iter()
        .all(|language| language.texts().rule.contains_key(rule))
}

fn fill(language: Language, finding: &Finding, pick: fn(&RuleText) -> &String) -> String {
    match language.texts().rule.get(&finding.rule) {
        Some(text) => pick(text).replace("{limit}", &finding.limit),
        None => finding.rule.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_speak_about_the_same_rules() {
        let de: Vec<_> = Language::De.texts().rule.keys().collect();
        let en: Vec<_> = Language::En.texts().rule.keys().collect();
        assert!(de.len() > 20, "the German texts were not read");
        assert_eq!(de, en);
        for language in Language::ALL {
            for (rule, text) in &language.texts().rule {
                assert!(!text.message.is_empty() && !text.hint.is_empty(), "{rule}");
            }
        }
    }

    /// A rule without words would reach a school as a bare code.
    #[test]
    fn every_rule_of_the_offer_has_words() {
        let source = include_str!("offer/check.rs");
        let mut seen = 0;
        for part in source.split("broken(").skip(1) {
            let Some(rule) = part
                .split('"')
                .nth(1)
                .filter(|_| part.find('"') < part.find(';'))
            else {
                continue;
            };
            if part
                .split('"')
                .next()
                .is_some_and(|head| head.contains("Within") && head.len() > 90)
            {
                continue;
            }
            if rule.contains('-') || rule == "required" {
                assert!(knows(rule), "no words for `{rule}`");
                seen += 1;
            }
        }
        assert!(seen > 10);
    }

    #[test]
    fn a_finding_reads_as_a_sentence_with_a_way_out() {
        let finding = Finding::new("title", "too-long")
            .value("abc")
            .limit(255)
            .at("kurse.xml:42");
        let line = line(&finding, Language::De);
        assert!(line.starts_with("kurse.xml:42: title: `abc`: "), "{line}");
        assert!(line.contains("255") && line.contains(" → "), "{line}");
    }

    #[test]
    fn an_unknown_rule_is_still_named() {
        let finding = Finding::new("title", "rule-of-next-year");
        assert_eq!(message(&finding, Language::De), "rule-of-next-year");
    }
}
