//! Where our binaries are, and what builds them when they are not.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, SystemTime};

use super::Process;

/// A command for one of our binaries, deaf to whatever the developer's environment sets.
///
/// # Panics
/// When it has not been built and cannot be.
#[must_use]
pub fn binary(name: &str) -> Command {
    let mut command = Command::new(binaries().join(name));
    for (key, _) in std::env::vars_os() {
        if key.to_string_lossy().starts_with("CALLUNA_") {
            command.env_remove(key);
        }
    }
    command
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("RUST_LOG");
    command
}

/// Where our binaries lie: beside the test, one folder up (`target/debug`).
///
/// `cargo test --workspace` has built them. After `cargo test -p calluna-tests` they may be missing
/// or older than the sources; then, once, cargo is asked for them.
fn binaries() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let test = std::env::current_exe().expect("a test knows its own path");
        let folder = test
            .ancestors()
            .nth(2)
            .expect("tests lie in target/PROFILE/deps")
            .to_owned();
        let built = |name: &str| {
            std::fs::metadata(folder.join(name))
                .and_then(|meta| meta.modified())
                .ok()
        };
        let oldest = built("calluna-hub").and_then(|hub| Some(hub.min(built("calluna-node")?)));
        if oldest.is_none_or(|oldest| oldest < newest_source()) {
            build(&folder);
        }
        for name in ["calluna-hub", "calluna-node"] {
            assert!(
                folder.join(name).is_file(),
                "{name} is not in {}; run `cargo build --workspace` first",
                folder.display()
            );
        }
        folder
    })
}

fn build(folder: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--offline",
        "-p",
        "calluna-hub",
        "-p",
        "calluna-node",
    ]);
    cargo.current_dir(repository());
    if let Some(target) = folder.parent() {
        cargo.arg("--target-dir").arg(target);
    }
    match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => {}
        Some(profile) => {
            cargo.args(["--profile", profile]);
        }
    }
    let mut building = Process::start(&mut cargo);
    // A build may take longer than anything else here.
    while building.runs() {
        thread::sleep(Duration::from_millis(100));
    }
    let _built = building.wait().ok();
}

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ lies in the repository")
        .to_owned()
}

fn newest_source() -> SystemTime {
    let mut newest = SystemTime::UNIX_EPOCH;
    let mut folders: Vec<PathBuf> = ["proto", "certs", "node", "hub"]
        .iter()
        .map(|name| repository().join(name))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(meta) = entry.metadata() else { continue };
            // Tests are no part of the binaries.
            if meta.is_dir() && entry.file_name() != "tests" {
                folders.push(entry.path());
            } else if meta.is_file() {
                newest = newest.max(meta.modified().unwrap_or(newest));
            }
        }
    }
    newest
}
