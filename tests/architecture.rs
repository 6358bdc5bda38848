//! The plan of the house, compared with the house: which crate may know which, the order of the
//! modules in hub and node, sizes, a test for every invariant, help for every command.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests; a panic is how they fail"
)]

mod attacks;
mod lessons;
mod threats;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use calluna_tests::process::{binary, repository, run};
use serde_json::Value;

/// Crate, folder, own crates that it may import, crates that it must never import itself.
type Row = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// An arrow points to a row above, so there is no circle. Dev-dependencies are free.
const CRATES: &[Row] = &[
    (
        "model",
        "proto/model",
        &[],
        &["tokio", "tonic", "prost", "tracing", "sled", "fjall"],
    ),
    (
        "tables",
        "proto/tables",
        &["model"],
        &["tokio", "tonic", "prost", "tracing", "sled", "fjall"],
    ),
    ("kv", "proto/kv", &[], &["tonic", "prost"]),
    (
        "wire",
        "proto/wire",
        &["tables", "model"],
        &["sled", "fjall"],
    ),
    ("host", "proto/host", &["model"], &["sled", "fjall"]),
    (
        "certs",
        "certs",
        &["model"],
        &["tonic", "prost", "sled", "fjall"],
    ),
    (
        "probe",
        "proto/probe",
        &["certs", "host", "wire", "model"],
        &["sled", "fjall"],
    ),
    (
        "tabular",
        "node/tabular",
        &["model"],
        &["tracing", "log", "tonic"],
    ),
    (
        "import",
        "node/import",
        &["tabular", "model"],
        &["tracing", "log", "tonic", "prost"],
    ),
    // What holds a registration has no mouth.
    (
        "figures",
        "node/figures",
        &["tables", "tabular", "model"],
        &["tracing", "log", "tonic", "prost", "serde_json", "tokio"],
    ),
    (
        "protect",
        "proto/protect",
        &["model"],
        &[
            "tokio",
            "tonic",
            "prost",
            "tracing",
            "sled",
            "fjall",
            "serde_json",
        ],
    ),
    (
        "evidence",
        "proto/evidence",
        &["protect", "tables", "model"],
        &["tokio", "tonic", "prost", "tracing", "sled", "fjall"],
    ),
    (
        "monitor",
        "hub/monitor",
        &["tables", "model"],
        &["tokio", "tonic", "prost", "sled", "fjall", "tracing"],
    ),
    // What remembers persons has no mouth either.
    (
        "ledger",
        "node/ledger",
        &["evidence", "figures", "protect", "tables"],
        &[
            "tracing",
            "log",
            "tonic",
            "prost",
            "tokio",
            "serde_json",
            "sled",
            "fjall",
        ],
    ),
    (
        "node",
        "node",
        &[
            "import", "ledger", "figures", "tabular", "evidence", "protect", "tables", "probe",
            "kv", "wire", "certs", "host", "model",
        ],
        &["sled", "fjall"],
    ),
    ("store", "hub/store", &["kv", "model"], &["tonic", "prost"]),
    (
        "sync",
        "hub/sync",
        &["model"],
        &["tokio", "tonic", "prost", "sled", "fjall"],
    ),
    (
        "catalogue",
        "hub/catalogue",
        &["model"],
        &["axum", "tonic", "sled", "fjall"],
    ),
    (
        "search",
        "hub/search",
        &["catalogue", "model"],
        &["axum", "tonic", "tokio", "tracing", "sled", "fjall"],
    ),
    (
        "web",
        "hub/web",
        &["search", "catalogue", "monitor", "model"],
        &["tonic", "prost", "sled", "fjall", "tantivy"],
    ),
    (
        "api",
        "hub/api",
        &["search", "catalogue", "model"],
        &["tonic", "prost", "sled", "fjall", "tantivy"],
    ),
    (
        "audit",
        "hub/audit",
        &["model", "certs"],
        &["tokio", "tonic", "prost", "sled", "fjall", "tracing"],
    ),
    (
        "hub",
        "hub",
        &[
            "store",
            "sync",
            "catalogue",
            "search",
            "web",
            "api",
            "audit",
            "evidence",
            "protect",
            "monitor",
            "tables",
            "probe",
            "kv",
            "wire",
            "certs",
            "host",
            "model",
        ],
        &["sled", "fjall"],
    ),
];

/// The crate in which tests may use anything.
const TESTS: &str = "tests";

/// Modules of the hub and the node in layers: each may use those below, and none in its own layer.
/// As it stands in the first page of each crate.
const HUB: &[&[&str]] = &[
    &["cli"],
    &["check"],
    &["run"],
    &["service"],
    &["night"],
    &["pages"],
    &["report", "dataset", "gaps", "download"],
    &[
        "link",
        "export",
        "figures",
        "held",
        "quarantine",
        "view",
        "trail",
        "revoke",
    ],
    &["duplicates"],
    &["upkeep"],
    &["ca"],
    &["members"],
    &["backup", "newest"],
    &["hub"],
    &[
        "convert",
        "current",
        "audit",
        "trust",
        "tries",
        "letter",
        "desk",
        "readers",
        "finder",
        "listen",
        "web",
        "release_files",
    ],
    &["config", "demand"],
];
const NODE: &[&[&str]] = &[
    &["cli"],
    &["check"],
    &["run"],
    &["service", "watch"],
    &["status", "text"],
    &["intake", "membership", "link", "backup"],
    &["publish", "figures"],
    &["store"],
    &["keyring"],
    &["config"],
];

/// Arrows that point up all the same: folder, from, to, why.
const MEANT: &[(&str, &str, &str, &str)] = &[(
    "hub/src",
    "hub",
    "link",
    "an open hub holds its live connections, and whoever accepts one has to know the hub",
)];

/// Code lines of a file without its tests: nobody should need to scroll through more.
const MOST_LINES: usize = 500;

#[test]
fn crates_know_only_what_lies_below_them() {
    let metadata = metadata();
    let mut found = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let own = name
            .strip_prefix("calluna-")
            .unwrap_or_else(|| panic!("{name}: our crates are calluna-*"));
        if own == TESTS {
            continue;
        }
        let (_, folder, may, never) = row(own);
        found.insert(own);
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
        assert_eq!(
            manifest.parent().unwrap(),
            repository().join(folder),
            "{name} lies elsewhere"
        );
        for dependency in package["dependencies"].as_array().unwrap() {
            let needed = dependency["name"].as_str().unwrap();
            if !dependency["kind"].is_null() {
                continue;
            }
            assert!(
                !never.contains(&needed),
                "{name} must never import {needed}"
            );
            if let Some(needed) = needed.strip_prefix("calluna-") {
                assert!(
                    may.contains(&needed),
                    "{name} may not import calluna-{needed}"
                );
            }
        }
    }
    let planned: BTreeSet<&str> = CRATES.iter().map(|(name, ..)| *name).collect();
    assert_eq!(
        found, planned,
        "crates that are there, and crates in the table"
    );
}

#[test]
fn the_table_of_crates_has_no_circle() {
    for (place, (name, _, may, _)) in CRATES.iter().enumerate() {
        for needed in *may {
            let below = CRATES.iter().take(place).any(|(other, ..)| other == needed);
            assert!(below, "{name} points up, to {needed}");
        }
    }
}

#[test]
fn modules_of_hub_and_node_know_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    let mut needed = 0;
    for (folder, layers) in [("hub/src", HUB), ("node/src", NODE)] {
        let root = repository().join(folder);
        let layer = |module: &str| layers.iter().position(|layer| layer.contains(&module));
        // Tests may use what they like.
        for file in rust_files(&root)
            .iter()
            .filter(|file| !file.ends_with("tests.rs") && !lies_in_tests(file))
        {
            let module = top_module(&root, file);
            if ["lib", "main", "fixture"].contains(&module.as_str()) {
                continue;
            }
            let Some(own) = layer(&module) else {
                wrong.push(format!("{folder}: module {module} is in no layer"));
                continue;
            };
            for used in used_modules(&code_of(file)) {
                if used == module || layer(&used).is_none_or(|used| used > own) {
                    continue;
                }
                if MEANT
                    .iter()
                    .any(|(at, from, to, _)| (*at, *from, *to) == (folder, &module, &used))
                {
                    needed += 1;
                } else {
                    wrong.push(format!(
                        "{folder}: {module} uses {used} ({})",
                        file.display()
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        needed >= MEANT.len(),
        "an exception is no longer needed: take it off the list"
    );
}

#[test]
fn files_are_small_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for file in all_rust_files() {
        let text = fs::read_to_string(&file).unwrap();
        let name = file
            .strip_prefix(repository())
            .unwrap()
            .display()
            .to_string();
        if !text.starts_with("//!") {
            wrong.push(format!("{name} does not open with `//!`"));
        }
        if file.file_name() == Some(OsStr::new("mod.rs")) {
            wrong.push(format!("{name}: modules are foo.rs beside foo/"));
        }
        let is_test = name.contains("tests");
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let lines = code_of(&file).lines().filter(is_code).count();
        if lines > MOST_LINES && !is_test {
            wrong.push(format!(
                "{name} has {lines} lines of code; at most {MOST_LINES}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether a file is part of a `tests.rs`, in the folder beside it.
fn lies_in_tests(file: &Path) -> bool {
    file.parent()
        .is_some_and(|folder| folder.ends_with("tests"))
}

#[test]
fn the_attacker_shares_nothing_with_what_it_attacks() {
    let mut folders = rust_files(&repository().join("tests/src/attack"));
    folders.push(repository().join("tests/src/attack.rs"));
    assert!(folders.len() > 5, "the attacker lies elsewhere");
    for file in folders {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            !text.contains("calluna_") && !text.contains("use crate::"),
            "{}: the attacker stands alone, on what a release says",
            file.display()
        );
    }
}

#[test]
fn every_invariant_that_is_built_has_a_test_of_its_name() {
    let mut tests: BTreeMap<u8, usize> = BTreeMap::new();
    for file in all_rust_files() {
        let text = fs::read_to_string(&file).unwrap();
        for rest in text.split("fn inv").skip(1) {
            let mut chars = rest.chars();
            if let (Some(number), Some('_')) =
                (chars.next().and_then(|c| c.to_digit(10)), chars.next())
            {
                *tests.entry(u8::try_from(number).unwrap()).or_default() += 1;
            }
        }
    }
    for number in [1, 2, 3, 4, 5, 6, 7, 8] {
        assert!(
            tests.contains_key(&number),
            "invariant {number} has no test inv{number}_…"
        );
    }
}

#[test]
fn every_command_explains_itself_and_its_options() {
    for (program, commands) in [
        (
            "calluna-hub",
            &[
                "init",
                "invite",
                "serve",
                "sync",
                "status",
                "members",
                "export",
                "release",
                "runs",
                "quarantine",
                "report",
                "store",
                "check",
                "audit",
                "revoke",
                "offer",
            ][..],
        ),
        (
            "calluna-node",
            &[
                "join", "import", "serve", "status", "check", "figures", "outbox",
            ][..],
        ),
    ] {
        let help = run(binary(program).arg("--help")).ok().stdout;
        let listed = listed_commands(&help);
        for command in commands {
            assert!(
                listed.contains_key(*command),
                "{program} {command} is missing:\n{help}"
            );
        }
        assert!(
            help.contains("Exit codes") || help.contains("exit codes"),
            "{program}:\n{help}"
        );
        for (command, purpose) in &listed {
            assert!(
                purpose.len() > 8,
                "{program} {command} says nothing of its purpose:\n{help}"
            );
            if command == "help" {
                continue;
            }
            let own = run(binary(program).args([command, "--help"])).ok().stdout;
            for (option, meaning) in options(&own) {
                assert!(
                    !meaning.is_empty(),
                    "{program} {command} {option} has no words:\n{own}"
                );
            }
        }
    }
}

// === what the house is like ===

fn row(name: &str) -> &'static Row {
    let found = CRATES.iter().find(|(known, ..)| *known == name);
    found.unwrap_or_else(|| panic!("calluna-{name} is not in the table of tests/architecture.rs"))
}

fn metadata() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(repository());
    run(&mut cargo).ok().json()
}

/// Every Rust file of the workspace, generated ones left out.
fn all_rust_files() -> Vec<PathBuf> {
    ["proto", "certs", "node", "hub", "tests"]
        .iter()
        .flat_map(|name| rust_files(&repository().join(name)))
        .collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name() != Some(OsStr::new("target")) {
            files.extend(rust_files(&path));
        } else if path.extension() == Some(OsStr::new("rs")) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A file without its inline tests.
fn code_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    match text.find("\n#[cfg(test)]\nmod ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// `hub/src/night/provider.rs` belongs to `night`.
fn top_module(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).unwrap().with_extension("");
    inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned()
}

/// What stands after `crate::` in code: modules that a file uses.
fn used_modules(code: &str) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for line in code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
    {
        for rest in line.split("crate::").skip(1) {
            let inner = rest.strip_prefix('{').unwrap_or(rest);
            let names = if rest.starts_with('{') {
                inner.split('}').next().unwrap_or(inner)
            } else {
                rest
            };
            let pieces: Vec<&str> = if rest.starts_with('{') {
                names.split(',').collect()
            } else {
                vec![names]
            };
            for piece in pieces {
                let name: String = piece
                    .trim()
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                    .collect();
                if !name.is_empty() {
                    used.insert(name);
                }
            }
        }
    }
    used
}

/// The block "Commands:" of a help text: name and purpose.
fn listed_commands(help: &str) -> BTreeMap<String, String> {
    let block = help.split("Commands:").nth(1).unwrap_or_default();
    let lines = block
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with("  "));
    lines
        .filter_map(|line| line.trim().split_once(' '))
        .map(|(name, purpose)| (name.to_owned(), purpose.trim().to_owned()))
        .collect()
}

/// Options and arguments of a help text, each with its words, wherever those stand.
fn options(help: &str) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let mut current = None;
    let blocks = help
        .lines()
        .skip_while(|line| !line.starts_with("Arguments:") && !line.starts_with("Options:"));
    for line in blocks {
        let text = line.trim();
        let begins = line.len() - line.trim_start().len() <= 6
            && (text.starts_with('-') || text.starts_with('<') || text.starts_with('['));
        if begins {
            let (name, words) = text.split_once("  ").unwrap_or((text, ""));
            all.insert(name.to_owned(), words.trim().to_owned());
            current = Some(name.to_owned());
        } else if let Some(words) = current.as_ref().and_then(|name| all.get_mut(name)) {
            words.push_str(text);
        }
    }
    all
}
