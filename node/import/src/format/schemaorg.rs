//! schema.org `Course` as JSON-LD: one object, an array, a `@graph`, an `ItemList`, or a page of
//! HTML with blocks of it.
//!
//! A `Course` is an offer, its `hasCourseInstance` are the runs. An instance or `EducationEvent`
//! that belongs to no course is an offer with one run. Instructors, authors and reviews are not
//! read.

mod blocks;
mod course;
mod instance;
mod offers;

use std::collections::HashMap;

use calluna_model::finding::Finding;
use serde_json::Value;

use self::blocks::{BLOCK, documents};
pub(super) use self::course::{address, frame_level, line, lines, subject};
pub(super) use self::instance::degrees;
use super::{Format, beginning};
use crate::error::ImportError;
use crate::json::{self, Node, RECORD_BYTES};
use crate::record::Record;
use crate::sink::Sink;
use crate::split;
use crate::{Options, Source};

/// Most levels of lists within lists.
const DEPTH: usize = 16;

pub(super) struct SchemaOrg;

impl Format for SchemaOrg {
    fn name(&self) -> &'static str {
        "schemaorg"
    }

    fn looks_like(&self, source: &Source<'_>) -> bool {
        let begins = beginning(source);
        if begins.starts_with("<!doctype html") || begins.starts_with("<html") {
            let block = BLOCK.as_bytes();
            return source.bytes.windows(block.len()).any(|part| part == block);
        }
        let named = |name: &str| begins.contains(name);
        begins.starts_with(['{', '['])
            && named("\"@context\"")
            && named("\"@type\"")
            && named("schema.org")
    }

    fn read(
        &self,
        source: &Source<'_>,
        options: &Options<'_>,
        sink: &mut Sink,
    ) -> Result<(), ImportError> {
        let documents = if beginning(source).starts_with('<') {
            documents(source, sink)?
        } else {
            vec![(json::document(source)?, source.name.to_owned())]
        };
        let mut graph = Graph::default();
        for (document, place) in &documents {
            graph.index(document, 0);
            let mut found = Vec::new();
            collect(document, 0, &mut found);
            // A JSON file has no lines that people know; the number of the entry has to do.
            let counted = found.into_iter().enumerate();
            let placed = counted.map(|(at, node)| (node, format!("{place}#{}", at + 1)));
            graph.courses.extend(placed);
        }
        graph.read(options, sink)
    }
}

/// Finds what can be an offer, without going into one that was found.
fn collect<'a>(value: &'a Value, depth: usize, out: &mut Vec<Node<'a>>) {
    if depth > DEPTH {
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, depth + 1, out)),
        Value::Object(fields) => {
            let node = Node(fields);
            if ["Course", "CourseInstance", "EducationEvent"]
                .iter()
                .any(|kind| node.is(kind))
            {
                out.push(node);
                return;
            }
            for (name, value) in fields {
                let holds = ["@graph", "itemListElement", "item", "mainEntity", "hasPart"];
                if holds.contains(&json::bare(name)) || json::bare(name) == "hasCourse" {
                    collect(value, depth + 1, out);
                }
            }
        }
        _ => {}
    }
}

/// What was found, and every object with a name by that name.
#[derive(Default)]
struct Graph<'a> {
    named: HashMap<&'a str, Node<'a>>,
    courses: Vec<(Node<'a>, String)>,
}

impl<'a> Graph<'a> {
    fn index(&mut self, value: &'a Value, depth: usize) {
        if depth > 4 * DEPTH {
            return;
        }
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.index(item, depth + 1)),
            Value::Object(fields) => {
                // A mere reference holds nothing but the name.
                if let Some(id) = fields.get("@id").and_then(Value::as_str)
                    && fields.len() > 1
                {
                    self.named.entry(id).or_insert(Node(fields));
                }
                fields
                    .values()
                    .for_each(|value| self.index(value, depth + 1));
            }
            _ => {}
        }
    }

    /// What a reference stands for; anything else is itself.
    fn resolve(&self, node: Node<'a>) -> Node<'a> {
        let only = node.0.len() == 1;
        let id = node.0.get("@id").and_then(Value::as_str);
        id.filter(|_| only)
            .and_then(|id| self.named.get(id).copied())
            .unwrap_or(node)
    }

    /// The objects of a property, references resolved.
    fn nodes(&self, node: Node<'a>, name: &str) -> Vec<Node<'a>> {
        let found = node.nodes(name).into_iter();
        found.map(|node| self.resolve(node)).collect()
    }

    fn read(&self, options: &Options<'_>, sink: &mut Sink) -> Result<(), ImportError> {
        let instances = self.instances_of_courses();
        let mut compared = false;
        for (node, place) in &self.courses {
            let id = node.0.get("@id").and_then(Value::as_str);
            let alone = node.is("Course");
            if !alone && id.is_some_and(|id| instances.binary_search(&id).is_ok()) {
                // It is read where its course refers to it.
                continue;
            }
            sink.saw(1);
            if node.weight() > RECORD_BYTES {
                let finding = Finding::new("", "too-large").limit(RECORD_BYTES);
                sink.refuse(vec![finding.at(place.clone())]);
                continue;
            }
            if !compared
                && let (Some(own), Some(provider)) =
                    (options.provider_name, self.nodes(*node, "provider").first())
            {
                compared = true;
                let name = provider.text("name");
                if calluna_tabular::mapping::fold(own) != calluna_tabular::mapping::fold(&name)
                    && !name.is_empty()
                {
                    let finding = Finding::new("", "other-provider").value(&name);
                    sink.warn(finding.at(place.clone()));
                }
            }
            let mut record = Record::at(place.clone());
            let draft = course::read(self, *node, &mut record);
            course::left_out(self, *node, |name| sink.not_carried(place, name));
            if record.settle(sink) {
                split::take(sink, place, draft)?;
            }
        }
        Ok(())
    }

    /// Names of the instances to which a course refers.
    fn instances_of_courses(&self) -> Vec<&'a str> {
        let mut out = Vec::new();
        for (node, _) in self.courses.iter().filter(|(node, _)| node.is("Course")) {
            for instance in node.nodes("hasCourseInstance") {
                out.extend(instance.0.get("@id").and_then(Value::as_str));
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}
