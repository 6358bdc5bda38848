//! What people and programs read, kept word for word. The district is synthetic. `write_golden`
//! (ignored) writes the files anew after a change that is meant.

use std::fs;
use std::path::{Path, PathBuf};

use calluna_tables::Kind;

use super::fixture::World;
use crate::{Releases, build};

const KEPT: &[&str] = &[
    "release.json",
    "indicators.csv",
    "catalogue.csv",
    "quality.md",
    "quality.json",
    "audit.json",
    "change.md",
    "change.json",
    "population.csv-metadata.json",
];

/// Two releases of the synthetic district; the second has a final period and a new provisional one.
fn released() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    let mut world = World::new();
    let mut records = world.drawn(120, 7);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    build(&world.input(), &releases).unwrap();
    records.extend([records[0]; 6]);
    world.publish("vhs-heide", "2026-Q3", Kind::Final, &records);
    let few = world.drawn(40, 8);
    world.publish("schule-eins", "2026-Q3", Kind::Provisional, &few);
    world.prove();
    world.evidence.proofs.pop();
    build(&world.input(), &releases).unwrap();
    let folder = releases.folder(2);
    (dir, folder)
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// What a file says, without the hashes of other files: a new wording somewhere, or a new version of
/// the Parquet library, is not what is looked at here.
fn said(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    if !matches!(name, "release.json" | "audit.json") {
        return text;
    }
    let mut whole: serde_json::Value = serde_json::from_str(&text).unwrap();
    for key in ["files", "tables", "content"] {
        whole.as_object_mut().unwrap().remove(key);
    }
    format!("{whole:#}\n")
}

/// The rows of the smallest table stand for all of them.
fn head(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("figures/2026-Q3.csv")).unwrap();
    let kept = text
        .lines()
        .filter(|line| line.starts_with("TABLE") || line.starts_with("sex,"));
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_release_of_the_synthetic_district_is_what_it_was() {
    let (_dir, folder) = released();
    let same = |name: &str, found: String| {
        let kept = fs::read_to_string(golden().join(name.replace('/', "-"))).unwrap();
        assert!(
            kept == found,
            "{name} is another; if that is meant: cargo test -p calluna-monitor write_golden -- --ignored\n{found}"
        );
    };
    for name in KEPT {
        same(name, said(&folder, name));
    }
    same("figures-sex.csv", head(&folder));
}

#[test]
#[ignore = "writes the files anew"]
fn write_golden() {
    let (_dir, folder) = released();
    fs::create_dir_all(golden()).unwrap();
    for name in KEPT {
        let path = golden().join(name.replace('/', "-"));
        fs::write(path, said(&folder, name)).unwrap();
    }
    fs::write(golden().join("figures-sex.csv"), head(&folder)).unwrap();
}
