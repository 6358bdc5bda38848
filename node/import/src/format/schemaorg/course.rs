//! A `Course` as an offer.

use calluna_model::id::OfferId;
use calluna_model::offer::{LevelDraft, OfferDraft, QualificationDraft, SubjectDraft};
use serde_json::Value;

use super::{Graph, instance, offers};
use crate::html;
use crate::json::{self, Node};
use crate::record::{Record, distinct, raise_format};
use crate::value::{date, duration, language, money, text};

/// Properties of a course that are read.
const READ: &[&str] = &[
    "type",
    "name",
    "headline",
    "alternateName",
    "alternativeHeadline",
    "abstract",
    "disambiguatingDescription",
    "description",
    "identifier",
    "courseCode",
    "url",
    "provider",
    "about",
    "educationalAlignment",
    "educationalLevel",
    "coursePrerequisites",
    "competencyRequired",
    "educationalCredentialAwarded",
    "occupationalCredentialAwarded",
    "teaches",
    "audience",
    "keywords",
    "inLanguage",
    "availableLanguage",
    "hasCourseInstance",
    "offers",
    "isAccessibleForFree",
    "timeRequired",
    "dateModified",
    "financialAidEligible",
];
/// Properties about persons, and about the page instead of the course: nobody need be told.
pub(super) const SILENT: &[&str] = &[
    "instructor",
    "author",
    "creator",
    "contributor",
    "editor",
    "performer",
    "organizer",
    "attendee",
    "attendees",
    "contactPoint",
    "review",
    "reviews",
    "aggregateRating",
    "comment",
    "totalHistoricalEnrollment",
    "mainEntityOfPage",
    "potentialAction",
    "publisher",
    "sameAs",
    "superEvent",
];

/// Names every property that has no place in an offer.
pub(super) fn left_out(graph: &Graph<'_>, node: Node<'_>, mut each: impl FnMut(&str)) {
    let course = node.is("Course");
    let own: &[&str] = if course { &[] } else { instance::READ };
    for name in node.left_over(&[READ, SILENT, own]) {
        each(name);
    }
    for run in graph.nodes(node, "hasCourseInstance") {
        for name in run.left_over(&[instance::READ, SILENT]) {
            each(&format!("hasCourseInstance.{name}"));
        }
    }
}

pub(super) fn read(graph: &Graph<'_>, node: Node<'_>, record: &mut Record) -> OfferDraft {
    let title = first(node, &["name", "headline"]);
    let title = text::shortened(&line(&title), 255);
    let id = identity(node, &title, record);
    let (description, description_html) = html::both(&node.text("description"));
    let mut instances = graph.nodes(node, "hasCourseInstance");
    if !node.is("Course") {
        instances = vec![node];
    }
    let runs = instances
        .into_iter()
        .enumerate()
        .map(|(index, run)| instance::read(graph, run, index, record))
        .collect();
    let (mut price, told) = offers::read(graph, node, record);
    let mut runs = distinct(runs);
    if let [only] = runs.as_mut_slice() {
        // What is said of the offer holds for its only run, which is where it is looked for.
        told.complete(only);
    }
    let alone = runs.len() == 1 || !node.is("Course");
    if price.is_none() && alone {
        price = runs.first().and_then(|run| run.price.clone());
    }
    for run in &mut runs {
        if run.price == price {
            run.price = None;
        }
        if run.duration_text.is_empty() {
            run.duration_text = text::shortened(&duration::words(&node.text("timeRequired")), 500);
        }
    }
    let mut draft = OfferDraft {
        id,
        title,
        subtitle: text::shortened(
            &line(&first(node, &["alternateName", "alternativeHeadline"])),
            255,
        ),
        summary: text::shortened(
            &line(&first(node, &["abstract", "disambiguatingDescription"])),
            1_000,
        ),
        description,
        description_html,
        kind: if node.is("Course") || node.is("CourseInstance") {
            "course".into()
        } else {
            "single-event".into()
        },
        subjects: subjects(graph, node),
        level: level(graph, node),
        entry_requirements: qualifications(node, &["coursePrerequisites", "competencyRequired"]),
        awards: qualifications(
            node,
            &[
                "educationalCredentialAwarded",
                "occupationalCredentialAwarded",
            ],
        ),
        learning_outcomes: lines(node.texts("teaches"), 50, 1_000),
        audiences: audiences(graph, node),
        keywords: keywords(node),
        languages: languages(graph, node),
        funding: lines(
            node.texts("financialAidEligible")
                .iter()
                .filter_map(|words| money::funding(words))
                .map(str::to_owned)
                .collect(),
            20,
            60,
        ),
        price,
        url: address(&node.text("url")),
        modified: date::iso(&node.text("dateModified")).unwrap_or_default(),
        runs,
        ..OfferDraft::default()
    };
    draft.teaching_units_hundredths = text::teaching_units_in(&draft.title);
    raise_format(&mut draft);
    draft
}

/// The name that lasts. A fragment or a blank node is a name only within its page.
fn identity(node: Node<'_>, title: &str, record: &mut Record) -> String {
    let global = node
        .0
        .get("@id")
        .and_then(Value::as_str)
        .filter(|id| !id.starts_with(['#', '_']))
        .unwrap_or_default();
    let names = [
        node.text("identifier"),
        global.to_owned(),
        node.text("courseCode"),
        node.text("url"),
    ];
    if names.iter().all(|name| name.trim().is_empty()) && !title.is_empty() {
        record.warn("id", "id-from-title", title);
        let hash = blake3::hash(title.to_lowercase().as_bytes()).to_hex();
        let own = format!("t{}", hash.get(..16).unwrap_or_default());
        return record.id([own.as_str()]);
    }
    record.id(names.iter().map(String::as_str))
}

/// The name of a run, empty where it has none that lasts.
pub(super) fn run_identity(node: Node<'_>) -> String {
    let global = node
        .0
        .get("@id")
        .and_then(Value::as_str)
        .filter(|id| !id.starts_with(['#', '_']))
        .unwrap_or_default();
    let names = [node.text("identifier"), global.to_owned()];
    names
        .iter()
        .find_map(|name| OfferId::from_foreign(name).ok())
        .map(|id| id.to_string())
        .unwrap_or_default()
}

fn subjects(graph: &Graph<'_>, node: Node<'_>) -> Vec<SubjectDraft> {
    let mut out: Vec<SubjectDraft> = Vec::new();
    let mut add = |subject: SubjectDraft| {
        let said = !subject.code.is_empty() || !subject.label.is_empty();
        if said && !out.contains(&subject) && out.len() < 20 {
            out.push(subject);
        }
    };
    for value in node.all("about") {
        match Node::of(value) {
            None => add(subject("", "", &json::words(value).unwrap_or_default())),
            Some(about) => {
                let about = graph.resolve(about);
                add(subject(
                    &set_of(graph, about),
                    &about.text("termCode"),
                    &about.text("name"),
                ));
            }
        }
    }
    for alignment in graph.nodes(node, "educationalAlignment") {
        let kind = alignment.text("alignmentType");
        if matches!(kind.as_str(), "" | "educationalSubject") {
            let framework = alignment.text("educationalFramework");
            let code = alignment.text("targetName");
            add(subject(
                &format!("{framework} {}", alignment.text("targetUrl")),
                &alignment.text("shortCode"),
                &code,
            ));
        }
    }
    out
}

/// Where a term comes from: its set, or its own address.
fn set_of(graph: &Graph<'_>, term: Node<'_>) -> String {
    let sets = graph.nodes(term, "inDefinedTermSet");
    let named = sets.iter().map(|set| {
        let id = set.0.get("@id").and_then(Value::as_str).unwrap_or_default();
        format!("{} {id} {}", set.text("name"), set.text("url"))
    });
    let mut out: Vec<String> = named.collect();
    out.push(term.text("inDefinedTermSet"));
    out.push(
        term.0
            .get("@id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    );
    out.push(term.text("url"));
    out.join(" ")
}

/// A subject of the classification that `set` names.
pub(crate) fn subject(set: &str, code: &str, label: &str) -> SubjectDraft {
    let set_lower = set.to_lowercase();
    let scheme = if set_lower.contains("isced") {
        "isced-f-2013"
    } else if set_lower.contains("dvv") && set_lower.contains("1.0") {
        "dvv-1.0"
    } else if set_lower.contains("dvv") {
        "dvv-2.0"
    } else if set_lower.contains("kurssystematik") || set_lower.contains("ba-systematik") {
        "ba-systematik"
    } else {
        "provider"
    };
    let mut code = code.trim().to_owned();
    if scheme == "isced-f-2013" && code.is_empty() {
        // The address of the term ends with its code.
        let last = set
            .trim()
            .rsplit(['/', '#', ' '])
            .next()
            .unwrap_or_default();
        if (2..=4).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_digit()) {
            last.clone_into(&mut code);
        }
    }
    SubjectDraft {
        scheme: scheme.into(),
        code: text::shortened(&code, 60),
        label: text::shortened(&line(label), 255),
    }
}

fn level(graph: &Graph<'_>, node: Node<'_>) -> Option<LevelDraft> {
    let mut level = LevelDraft::default();
    let mut said = Vec::new();
    for value in node.all("educationalLevel") {
        let words = line(&json::words(value).unwrap_or_default());
        let (code, set) = Node::of(value).map_or_else(Default::default, |term| {
            let term = graph.resolve(term);
            (term.text("termCode"), set_of(graph, term))
        });
        if level.cefr.is_empty() {
            let cefr = text::cefr(&code).or_else(|| text::cefr(&words));
            cefr.unwrap_or_default().clone_into(&mut level.cefr);
        }
        if set.to_lowercase().contains("isced") && level.isced2011.is_none() {
            level.isced2011 = code.parse().ok().filter(|level| *level <= 8);
        }
        level.dqr = level
            .dqr
            .or_else(|| frame_level(&format!("{set} {code} {words}")));
        if !words.is_empty() && !said.contains(&words) {
            said.push(words);
        }
    }
    level.text = text::shortened(&said.join(", "), 255);
    (level != LevelDraft::default()).then_some(level)
}

/// The level of the DQR or EQF that words name: `DQR-Niveau 4`, `EQF 6`, `…/snb/eqf/5`.
pub(crate) fn frame_level(words: &str) -> Option<u32> {
    let lower = words.to_lowercase();
    let at = ["dqr", "eqf", "eqr"]
        .iter()
        .find_map(|name| lower.find(name).map(|at| at + name.len()))?;
    let rest = lower.get(at..)?;
    let near = rest.chars().take(10).position(|c| c.is_ascii_digit())?;
    let mut digits = rest.chars().skip(near);
    let level = digits.next()?.to_digit(10)?;
    let alone = digits.next().is_none_or(|c| !c.is_ascii_digit());
    (alone && (1..=8).contains(&level)).then_some(level)
}

fn qualifications(node: Node<'_>, names: &[&str]) -> Vec<QualificationDraft> {
    let mut out: Vec<QualificationDraft> = Vec::new();
    for title in names.iter().flat_map(|name| node.texts(name)) {
        let title = text::shortened(&html::both(&title).0, 1_000);
        let draft = QualificationDraft {
            code: money::qualification(&title).to_owned(),
            dqr: None,
            title,
        };
        if !draft.title.is_empty() && !out.contains(&draft) && out.len() < 20 {
            out.push(draft);
        }
    }
    out
}

fn audiences(graph: &Graph<'_>, node: Node<'_>) -> Vec<String> {
    let mut out = Vec::new();
    for value in node.all("audience") {
        match Node::of(value).map(|audience| graph.resolve(audience)) {
            None => out.extend(json::words(value)),
            Some(audience) => {
                for name in ["audienceType", "educationalRole", "name"] {
                    out.extend(audience.texts(name));
                }
            }
        }
    }
    lines(out, 50, 255)
}

fn keywords(node: Node<'_>) -> Vec<String> {
    let values = node.all("keywords");
    let texts = node.texts("keywords");
    // A single text is a list with commas; a list of texts holds one word each.
    let split = values.len() < 2;
    let words = texts.into_iter().flat_map(|words| {
        if split {
            text::list(&words)
        } else {
            vec![words]
        }
    });
    lines(words.collect(), 100, 255)
}

fn languages(graph: &Graph<'_>, node: Node<'_>) -> Vec<String> {
    let instances = graph.nodes(node, "hasCourseInstance");
    let mut out = Vec::new();
    for source in std::iter::once(node).chain(instances) {
        for name in ["inLanguage", "availableLanguage"] {
            for value in source.all(name) {
                let code = Node::of(value).map(|language| language.text("alternateName"));
                let words = json::words(value).unwrap_or_default();
                let known = code.as_deref().and_then(language::known);
                out.extend(known.or_else(|| language::known(&words)));
            }
        }
    }
    lines(out, 20, 35)
}

/// The first of these properties with a text.
fn first(node: Node<'_>, names: &[&str]) -> String {
    names
        .iter()
        .map(|name| node.text(name))
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// Distinct texts, each on one line and cut to its length.
pub(crate) fn lines(texts: Vec<String>, most: usize, longest: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for text in texts {
        let text = text::shortened(&line(&text), longest);
        if !text.is_empty() && !out.contains(&text) && out.len() < most {
            out.push(text);
        }
    }
    out
}

pub(crate) fn line(raw: &str) -> String {
    let plain = html::both(raw).0;
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An address of the web; a path or a name of something else is none.
pub(crate) fn address(raw: &str) -> String {
    let raw = raw.trim();
    if raw.starts_with("http://") || raw.starts_with("https://") {
        raw.to_owned()
    } else {
        String::new()
    }
}
