//! Folders of releases: numbers, links, crashes, damage.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use calluna_tables::Kind;

use super::fixture::World;
use crate::{
    Built, Correction, Error, Manifest, ReleaseKind, Releases, Standing, Words, Wrong, build, diff,
    verify,
};

fn new(built: Built) -> Manifest {
    match built {
        Built::New(manifest) => *manifest,
        Built::Unchanged(number) => panic!("unchanged since {number}"),
    }
}

fn open() -> (tempfile::TempDir, Releases) {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(&dir.path().join("releases")).unwrap();
    (dir, releases)
}

#[test]
fn a_release_is_whole_numbered_and_read_only() {
    let (_dir, releases) = open();
    assert_eq!(
        (releases.next().unwrap(), releases.newest().unwrap()),
        (1, None)
    );
    let mut world = World::new();
    let records = world.drawn(300, 1);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    let manifest = new(build(&world.input(), &releases).unwrap());
    assert_eq!(
        (manifest.number, manifest.kind),
        (1, ReleaseKind::Provisional)
    );
    assert_eq!(releases.list().unwrap(), [1]);
    assert_eq!(releases.newest().unwrap().unwrap(), manifest);
    assert_eq!(manifest.built_at, "2026-09-21T14:13:20Z");
    assert_eq!(verify(&releases, 1).unwrap(), []);
    let folder = releases.folder(1);
    for file in &manifest.files {
        let mode = fs::metadata(folder.join(&file.name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o444, "{}", file.name);
    }
    // What everybody has at hand agrees.
    let sums = Command::new("sha256sum")
        .args(["-c", "--quiet", "SHA256SUMS"])
        .current_dir(&folder)
        .output();
    let sums = sums.unwrap();
    assert!(
        sums.status.success(),
        "{}",
        String::from_utf8_lossy(&sums.stderr)
    );
    assert!(matches!(
        verify(&releases, 2),
        Err(Error::Missing { number: 2 })
    ));
}

#[test]
fn nothing_but_dates_makes_no_release() {
    let (_dir, releases) = open();
    let mut world = World::new();
    let records = world.drawn(200, 2);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    world.prove();
    new(build(&world.input(), &releases).unwrap());
    world.now = world.now.plus(86_400);
    world.providers[0].agreed = Some(world.now);
    world.evidence.proofs[0].milliseconds = 99;
    assert_eq!(
        build(&world.input(), &releases).unwrap(),
        Built::Unchanged(1)
    );
    assert_eq!(
        fs::read_dir(releases.dir()).unwrap().count(),
        2,
        "one release and the lock"
    );
    // What is known of its quality does make one.
    world.limits.clear();
    assert_eq!(new(build(&world.input(), &releases).unwrap()).number, 2);
}

#[test]
fn a_period_that_did_not_change_costs_no_disk() {
    let (_dir, releases) = open();
    let mut world = World::new();
    let mut records = world.drawn(200, 3);
    world.publish("vhs-heide", "2026-Q2", Kind::Final, &records);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    new(build(&world.input(), &releases).unwrap());
    records.extend([records[0]; 6]);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    new(build(&world.input(), &releases).unwrap());
    let inode = |number, name: &str| {
        fs::metadata(releases.folder(number).join(name))
            .unwrap()
            .ino()
    };
    for ending in ["csv", "parquet", "json", "csv-metadata.json"] {
        let name = format!("figures/2026-Q2.{ending}");
        assert_eq!(inode(1, &name), inode(2, &name), "{name}");
    }
    assert_eq!(inode(1, "dictionary.md"), inode(2, "dictionary.md"));
    assert_ne!(
        inode(1, "figures/2026-Q3.csv"),
        inode(2, "figures/2026-Q3.csv")
    );
    // A file that is no longer what it was is not carried on.
    let path = releases.folder(2).join("figures/2026-Q2.csv");
    damage(&path);
    world.limits.clear();
    new(build(&world.input(), &releases).unwrap());
    assert_eq!(verify(&releases, 3).unwrap(), []);
    assert!(!verify(&releases, 2).unwrap().is_empty());
}

/// Changes one byte in place.
fn damage(path: &std::path::Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn verify_names_every_file_that_is_not_what_it_was() {
    let (_dir, releases) = open();
    let world = World::new();
    new(build(&world.input(), &releases).unwrap());
    let folder = releases.folder(1);
    damage(&folder.join("tables.csv"));
    fs::remove_file(folder.join("codes/SEX.csv")).unwrap();
    fs::write(folder.join("codes/more.csv"), "x").unwrap();
    let mut found: Vec<(String, Wrong)> = verify(&releases, 1)
        .unwrap()
        .into_iter()
        .map(|fault| (fault.file, fault.what))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("codes/SEX.csv", Wrong::Missing),
        ("codes/more.csv", Wrong::Unknown),
        ("tables.csv", Wrong::Changed),
    ];
    assert_eq!(found, expected.map(|(file, what)| (file.to_owned(), what)));
}

#[test]
fn the_manifest_itself_is_held_by_the_sums() {
    let (_dir, releases) = open();
    new(build(&World::new().input(), &releases).unwrap());
    let path = releases.folder(1).join("release.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("provisional", "final");
    fs::write(&path, text).unwrap();
    let faults = verify(&releases, 1).unwrap();
    assert!(
        faults.iter().any(|fault| fault.file == "release.json"),
        "{faults:?}"
    );
}

#[test]
fn what_a_crash_left_is_removed_and_nothing_else() {
    let (_dir, releases) = open();
    let world = World::new();
    new(build(&world.input(), &releases).unwrap());
    let left = releases.dir().join(".building-000002");
    fs::create_dir_all(left.join("figures")).unwrap();
    fs::write(left.join("figures/2026-Q3.csv"), "half").unwrap();
    fs::set_permissions(
        left.join("figures/2026-Q3.csv"),
        fs::Permissions::from_mode(0o444),
    )
    .unwrap();
    let again = Releases::open(releases.dir()).unwrap();
    assert!(!left.exists());
    assert_eq!(again.list().unwrap(), [1]);
    assert_eq!(again.next().unwrap(), 2);
}

#[test]
fn two_never_write_at_once() {
    let (_dir, releases) = open();
    let held = fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(releases.dir().join(".lock"))
        .unwrap();
    held.lock().unwrap();
    let left = releases.dir().join(".building-000001");
    fs::create_dir(&left).unwrap();
    let error = build(&World::new().input(), &releases).unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error}");
    // Opening takes nothing away from whoever is writing.
    Releases::open(releases.dir()).unwrap();
    assert!(left.exists());
    // Who looks on does not keep a builder out either.
    assert!(Releases::reading(releases.dir()).list().unwrap().is_empty());
    drop(held);
    Releases::open(releases.dir()).unwrap();
    assert!(!left.exists());
}

#[test]
fn the_kind_says_what_happened_since() {
    let (_dir, releases) = open();
    let mut world = World::new();
    let mut records = world.drawn(200, 4);
    let step = |world: &World| new(build(&world.input(), &releases).unwrap());
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    assert_eq!(step(&world).kind, ReleaseKind::Provisional);
    world.publish("vhs-heide", "2026-Q3", Kind::Final, &records);
    assert_eq!(step(&world).kind, ReleaseKind::Final);
    world.publish("schule-eins", "2026-Q3", Kind::Provisional, &records);
    let mixed = step(&world);
    assert_eq!(
        (mixed.kind, mixed.periods[0].state.as_str()),
        (ReleaseKind::Provisional, "provisional")
    );
    records.extend([records[0]; 7]);
    world.publish("vhs-heide", "2026-Q3", Kind::Correction, &records);
    let corrected = step(&world);
    assert_eq!(
        (corrected.kind, corrected.corrects),
        (ReleaseKind::Correction, Some(3))
    );
    world.correction = Some(Correction {
        corrects: 2,
        reason: Words::new("Name war falsch.", "A name was wrong."),
    });
    world.providers[0].name = "VHS Heide, anders (synthetic)".to_owned();
    let named = step(&world);
    assert_eq!(
        (named.kind, named.corrects),
        (ReleaseKind::Correction, Some(2))
    );
    // Said once; the next night brings nothing, with or without it.
    assert_eq!(
        build(&world.input(), &releases).unwrap(),
        Built::Unchanged(5)
    );
    world.correction = Some(Correction {
        corrects: 1,
        reason: Words::new("Noch etwas.", "Something else."),
    });
    assert_eq!(step(&world).corrects, Some(1), "said by itself, too");
    world.correction = None;
    assert_eq!(
        build(&world.input(), &releases).unwrap(),
        Built::Unchanged(6)
    );
    let text = fs::read_to_string(releases.folder(5).join("change.md")).unwrap();
    assert!(
        text.contains("Berichtigt Ausgabe 2. Name war falsch."),
        "{text}"
    );
}

#[test]
fn a_difference_counts_rows_by_table() {
    let (_dir, releases) = open();
    let mut world = World::new();
    let mut records = world.drawn(300, 5);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    world.publish("schule-eins", "2026-Q3", Kind::Provisional, &records);
    new(build(&world.input(), &releases).unwrap());
    // Six more of one kind: total, area 4 and nothing else of the subject table change.
    let more = world.record(&[(calluna_tables::Dim::Subject, "4")]);
    records.extend([more; 6]);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    new(build(&world.input(), &releases).unwrap());
    let changes = diff(&releases, 1, 2).unwrap();
    let of = |provider: &str, table: &str| {
        let found = changes
            .figures
            .iter()
            .find(|one| one.provider == provider && one.table == table);
        found.map(|one| (one.added, one.removed, one.changed))
    };
    assert_eq!(of("vhs-heide", "subject"), Some((0, 0, 2)));
    assert_eq!(of("_T", "subject"), Some((0, 0, 2)));
    assert!(
        changes
            .figures
            .iter()
            .all(|one| one.provider != "schule-eins")
    );
    // Back the other way it is the same.
    assert_eq!(diff(&releases, 2, 1).unwrap().totals(), changes.totals());

    // Figures that are withdrawn are gone from now on, and stay where they were.
    world.providers[1].standing = Standing::Withdrawn;
    let gone = new(build(&world.input(), &releases).unwrap());
    assert_eq!(gone.periods[0].providers.len(), 1);
    let changes = diff(&releases, 2, 3).unwrap();
    let rows: u64 = changes
        .figures
        .iter()
        .filter(|one| one.provider == "schule-eins")
        .map(|one| one.removed)
        .sum();
    assert!(rows > 50, "{rows}");
    assert_eq!(verify(&releases, 2).unwrap(), []);
    let note: serde_json::Value =
        serde_json::from_slice(&fs::read(releases.folder(3).join("change.json")).unwrap()).unwrap();
    assert_eq!(note["removed"][0]["provider"], "schule-eins");
    assert_eq!(note["rows"]["removed"].as_u64(), Some(changes.totals().1));
}

/// Fails at the second look at a revision, as a store does that changes meanwhile.
struct Restless(World, std::cell::Cell<u32>);

impl crate::Figures for Restless {
    fn periods(&self) -> Result<std::collections::BTreeSet<calluna_tables::Period>, crate::Reason> {
        self.0.figures.periods()
    }

    fn revision(
        &self,
        provider: &calluna_model::id::ProviderId,
        period: calluna_tables::Period,
    ) -> Result<Option<calluna_tables::Revision>, crate::Reason> {
        self.1.set(self.1.get() + 1);
        let mut found = self.0.figures.revision(provider, period)?;
        if let Some(revision) = &mut found {
            revision.number += self.1.get() / 3;
        }
        Ok(found)
    }
}

#[test]
fn what_fails_leaves_nothing_behind() {
    let (_dir, releases) = open();
    let mut world = World::new();
    let records = world.drawn(50, 6);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    let restless = Restless(world, std::cell::Cell::new(0));
    let input = crate::Input {
        figures: &restless,
        ..restless.0.input()
    };
    let error = build(&input, &releases).unwrap_err();
    assert!(
        error.to_string().contains("changed while the release"),
        "{error}"
    );
    assert_eq!(releases.list().unwrap(), Vec::<u64>::new());
    assert_eq!(fs::read_dir(releases.dir()).unwrap().count(), 1, "the lock");
}
