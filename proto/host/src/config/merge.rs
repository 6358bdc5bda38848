//! Lays environment variables over a parsed file and says whose fault an error is.
//!
//! Overrides become entries of the parsed document whose span lies beyond the end of any file;
//! so the span of an error tells the line of the file or the variable.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use calluna_model::finding::shorten;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::{A_SECRET, ConfigError, Environment, Origin, variable};

/// Spans from here on stand for environment variables. No file is that long.
const BEYOND: usize = usize::MAX / 2;

struct Override {
    key: String,
    variable: String,
    value: String,
}

/// The value of `T`, and where each known key came from.
pub(super) fn merge<T: DeserializeOwned>(
    file: &Path,
    text: &str,
    environment: &dyn Environment,
    prefix: &str,
    known: &[&str],
) -> Result<(T, BTreeMap<String, Origin>), ConfigError> {
    let root = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        file: file.to_owned(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        reason: error.message().to_owned(),
    })?;
    let overrides = overrides(environment, prefix, known);
    // Text first; where the type wants something else, the literal. Each round settles one.
    let mut as_literal = vec![false; overrides.len()];
    loop {
        let mut document = root.clone();
        for (index, (one, literal)) in overrides.iter().zip(&as_literal).enumerate() {
            insert(document.get_mut(), BEYOND + index, one, *literal);
        }
        let error = match T::deserialize(toml::Deserializer::from(document.clone())) {
            Ok(value) => return Ok((value, origins(root.get_ref(), &overrides, known))),
            Err(error) => error,
        };
        let index = error
            .span()
            .and_then(|span| span.start.checked_sub(BEYOND))
            .unwrap_or(usize::MAX);
        match (overrides.get(index), as_literal.get_mut(index)) {
            (Some(one), Some(done)) if !*done && literal(&one.value).is_some() => *done = true,
            (Some(one), _) => return Err(wrong_variable(one, &error)),
            _ => return Err(wrong_file(file, text, prefix, document.get_ref(), &error)),
        }
    }
}

fn overrides(environment: &dyn Environment, prefix: &str, known: &[&str]) -> Vec<Override> {
    known
        .iter()
        .filter_map(|key| {
            let variable = variable(prefix, key);
            let value = environment.get(&variable).filter(|v| !v.is_empty())?;
            Some(Override {
                key: (*key).to_owned(),
                variable,
                value,
            })
        })
        .collect()
}

fn insert<'a>(root: &mut DeTable<'a>, at: usize, one: &'a Override, as_literal: bool) {
    let mut table = root;
    let mut rest = one.key.as_str();
    while let Some((section, below)) = rest.split_once('.') {
        let entry = table
            .entry(Spanned::new(0..0, Cow::Borrowed(section)))
            .or_insert_with(|| Spanned::new(0..0, DeValue::Table(DeTable::new())));
        // A file that has a plain value there is wrong; its own error says so.
        let DeValue::Table(found) = entry.get_mut() else {
            return;
        };
        table = found;
        rest = below;
    }
    let value = match literal(&one.value) {
        Some(DeValue::Array(items)) if as_literal => {
            let item = |item: Spanned<DeValue<'a>>| Spanned::new(at..at, item.into_inner());
            DeValue::Array(items.into_iter().map(item).collect())
        }
        Some(literal) if as_literal => literal,
        _ => DeValue::String(Cow::Borrowed(&one.value)),
    };
    let name = Spanned::new(at..at, Cow::Borrowed(rest));
    // Removed first: inserting alone would keep the key, and so the span, of the file.
    drop(table.remove(&name));
    table.insert(name, Spanned::new(at..at, value));
}

/// The text as number, truth value, date or list.
fn literal(text: &str) -> Option<DeValue<'_>> {
    match DeValue::parse(text).ok()?.into_inner() {
        DeValue::String(_) | DeValue::Table(_) => None,
        other => Some(other),
    }
}

fn origins(root: &DeTable<'_>, overrides: &[Override], known: &[&str]) -> BTreeMap<String, Origin> {
    let mut origins: BTreeMap<String, Origin> = known
        .iter()
        .filter(|key| in_file(root, key))
        .map(|key| ((*key).to_owned(), Origin::File))
        .collect();
    for one in overrides {
        origins.insert(one.key.clone(), Origin::Variable(one.variable.clone()));
    }
    origins
}

fn in_file(root: &DeTable<'_>, key: &str) -> bool {
    match key.split_once('.') {
        None => root.contains_key(key),
        Some((section, below)) => root
            .get(section)
            .and_then(|value| value.get_ref().as_table())
            .is_some_and(|table| in_file(table, below)),
    }
}

fn wrong_variable(one: &Override, error: &Error) -> ConfigError {
    let rule = rule(error.message());
    ConfigError::Variable {
        variable: one.variable.clone(),
        key: one.key.clone(),
        value: shown(&format!("`{}`", one.value), &rule),
        rule,
    }
}

fn wrong_file(
    file: &Path,
    text: &str,
    prefix: &str,
    document: &DeTable<'_>,
    error: &Error,
) -> ConfigError {
    let file = file.to_owned();
    let message = error.message();
    let span = error.span().unwrap_or(0..0);
    let line = line_of(text, span.start);
    let path = path_of(document, &span);
    if let Some(name) = message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split('`').next())
    {
        let key = join(&path, name);
        let variable = variable(prefix, &key);
        return ConfigError::Missing {
            file,
            key,
            variable,
        };
    }
    if let Some(rest) = message.strip_prefix("unknown field `") {
        let name = rest.split('`').next().unwrap_or_default();
        return ConfigError::UnknownKey {
            file,
            line,
            advice: advice(&path, name, rest),
            key: shorten(&path),
        };
    }
    let rule = rule(message);
    ConfigError::WrongValue {
        file,
        line,
        key: shorten(&path),
        value: shown(&format!("`{}`", text.get(span).unwrap_or_default()), &rule),
        rule,
    }
}

/// `expected u16` out of serde's `invalid type: string "x", expected u16`; other messages whole.
fn rule(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => message.to_owned(),
    }
}

fn shown(value: &str, rule: &str) -> String {
    if rule.contains(A_SECRET) {
        "(secret)".to_owned()
    } else {
        shorten(value)
    }
}

/// The nearest of the keys that serde lists, or all of them.
fn advice(path: &str, name: &str, message: &str) -> String {
    let section = path.rsplit_once('.').map_or("", |(section, _)| section);
    // `a`, expected one of `b`, `c`: every second part lies between two ticks.
    let listed = message.split_once("expected").map_or("", |(_, rest)| rest);
    let candidates: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    let nearest = candidates
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), *candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(2));
    match nearest {
        Some((_, candidate)) => format!("did you mean `{}`?", join(section, candidate)),
        None if candidates.is_empty() => "nothing can be set here".to_owned(),
        None => format!("there are: {}", candidates.join(", ")),
    }
}

fn join(section: &str, name: &str) -> String {
    if section.is_empty() {
        name.to_owned()
    } else {
        format!("{section}.{name}")
    }
}

/// The key (with its sections) whose name or value lies at `span`, as deep as possible.
fn path_of(table: &DeTable<'_>, span: &Range<usize>) -> String {
    for (key, value) in table {
        let name = key.get_ref();
        if key.span() == *span {
            return name.to_string();
        }
        let below = value.get_ref().as_table().map(|t| path_of(t, span));
        if let Some(below) = below.filter(|below| !below.is_empty()) {
            return join(name, &below);
        }
        let holds = value.span().start <= span.start && span.end <= value.span().end;
        if holds && !span.is_empty() {
            return name.to_string();
        }
    }
    String::new()
}

fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
