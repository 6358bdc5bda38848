//! What happens to a store: crashes, old backups, damage, a held lock, a full disk.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::Sled;
use super::bodies::BodyWriter;
use super::disk::Disk;
use super::writer::Writer;
use crate::state::{Mark, StateFile};
use crate::{Batch, Engine, KvError, Opened, Options, Stamp, Trust, open};

pub(super) const EPOCH: [u8; 16] = [1; 16];

pub(super) fn options() -> Options {
    Options {
        cache_bytes: 8 << 20,
        reserve_bytes: 1 << 20,
        lock_wait: Duration::from_secs(5),
    }
}

fn opened(dir: &Path) -> Opened {
    open("sled", dir, EPOCH, &options()).unwrap()
}

fn stamp(revision: u64) -> Stamp {
    Stamp {
        revision,
        count: revision,
        digest: [5; 32],
    }
}

/// Commits `commits` batches of one record each, stamped with their number.
fn fill(engine: &dyn Engine, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let mut batch = Batch::default();
        batch.put(number.to_be_bytes(), vec![7; 3000]);
        batch.stamp(stamp(number));
        engine.commit(batch).unwrap();
    }
}

fn count(engine: &dyn Engine) -> usize {
    engine.scan(b"", None).map(Result::unwrap).count()
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

fn assert_behind(dir: &Path, words: &str) -> Opened {
    let opened = opened(dir);
    match &opened.trust {
        Trust::Behind { note, .. } => assert!(note.contains(words), "{note}"),
        other => panic!("{other:?} instead of Behind ({words})"),
    }
    opened
}

#[test]
fn sled_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let mut number = 0;
    let mut make = || {
        number += 1;
        opened(&dir.path().join(number.to_string())).engine
    };
    crate::conformance::suite(&mut make).unwrap();
}

#[test]
fn a_store_is_fresh_once_and_whole_after_that() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("deep/store");
    let first = opened(&store);
    assert_eq!(
        (first.trust, first.epoch, first.stamp),
        (Trust::Fresh, EPOCH, Stamp::default())
    );
    drop(first.engine);
    let second = open("sled", &store, [2; 16], &options()).unwrap();
    assert_eq!(
        (second.trust, second.epoch),
        (Trust::Whole, EPOCH),
        "the first epoch stays"
    );
    fill(&*second.engine, 1..4);
    let mut batch = Batch::default();
    batch.put("unstamped", "x");
    second.engine.commit(batch).unwrap();
    assert!(second.engine.size_on_disk().unwrap() > 9000);
    drop(second.engine);
    let third = opened(&store);
    assert_eq!(
        (third.trust, third.stamp),
        (Trust::Whole, stamp(3)),
        "a batch without stamp keeps the last"
    );
    assert_eq!(count(&*third.engine), 4);
}

#[test]
fn the_folder_is_private_and_holds_a_reserve() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let _open = opened(&store);
    assert_eq!(
        store.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert!(store.join("RESERVE").metadata().unwrap().blocks() * 512 >= 1 << 20);
}

#[test]
fn a_store_that_was_put_back_is_behind_until_it_is_renewed() {
    let dir = tempfile::tempdir().unwrap();
    let (store, old) = (dir.path().join("store"), dir.path().join("old"));
    let engine = opened(&store).engine;
    fill(&*engine, 1..6);
    drop(engine);
    copy(&store.join("db"), &old);
    let engine = opened(&store).engine;
    fill(&*engine, 6..9);
    drop(engine);
    fs::remove_dir_all(store.join("db")).unwrap();
    copy(&old, &store.join("db"));

    let behind = assert_behind(&store, "STATE tells of commit 8");
    assert!(matches!(behind.trust, Trust::Behind { state, .. } if state == stamp(8)));
    assert_eq!(
        (behind.epoch, behind.stamp, count(&*behind.engine)),
        (EPOCH, stamp(5), 5)
    );
    // Writing does not make it trustworthy, however many commits there are.
    fill(&*behind.engine, 20..40);
    drop(behind);
    let behind = assert_behind(&store, "was not renewed");
    behind.engine.renew_epoch([3; 16], stamp(40)).unwrap();
    fill(&*behind.engine, 40..41);
    drop(behind);
    let mended = opened(&store);
    assert_eq!(
        (mended.trust, mended.epoch, mended.stamp),
        (Trust::Whole, [3; 16], stamp(40))
    );
    drop(mended.engine);
    // The old files under the new STATE belong to another life, whatever their number.
    fs::remove_dir_all(store.join("db")).unwrap();
    copy(&old, &store.join("db"));
    assert_behind(&store, "different epochs");
}

#[test]
fn an_emptied_store_or_a_lost_state_is_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let engine = opened(&store).engine;
    fill(&*engine, 1..4);
    drop(engine);
    fs::remove_file(store.join("STATE")).unwrap();
    assert_behind(&store, "STATE is missing");
    let behind = assert_behind(&store, "");
    behind.engine.renew_epoch([4; 16], stamp(3)).unwrap();
    drop(behind);
    assert_eq!(opened(&store).trust, Trust::Whole);
    fs::write(store.join("STATE"), vec![0; 5000]).unwrap();
    assert_behind(&store, "readable")
        .engine
        .renew_epoch([5; 16], stamp(3))
        .unwrap();
    assert_eq!(opened(&store).trust, Trust::Whole);
    fs::remove_dir_all(store.join("db")).unwrap();
    assert_behind(&store, "is empty");
}

#[test]
fn a_half_written_snapshot_is_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let engine = opened(dir.path()).engine;
    fill(&*engine, 1..4);
    drop(engine);
    for _ in 0..2 {
        fs::write(
            dir.path().join("db/snap.FFFFFFFFFFFFFFFF.generating"),
            b"half",
        )
        .unwrap();
        let again = opened(dir.path());
        assert_eq!((again.trust, count(&*again.engine)), (Trust::Whole, 3));
    }
    assert_eq!(
        fs::read_dir(dir.path().join("aside")).unwrap().count(),
        2,
        "both are kept"
    );
}

#[test]
fn a_cut_or_zeroed_store_is_never_taken_for_a_whole_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let engine = opened(&store).engine;
    fill(&*engine, 1..900);
    drop(engine);
    let len = fs::metadata(store.join("db/db")).unwrap().len();
    assert!(len > 4 << 19, "several segments");
    let cuts = [
        0,
        1,
        4096,
        len / 4,
        len / 2,
        len - (1 << 20),
        len - (1 << 19),
        len - 70_000,
        len - 4096,
        len - 1,
    ];
    for (number, cut) in cuts.into_iter().enumerate() {
        let damaged = dir.path().join(number.to_string());
        copy(&store, &damaged);
        fs::File::options()
            .write(true)
            .open(damaged.join("db/db"))
            .unwrap()
            .set_len(cut)
            .unwrap();
        let snapshots_gone = number % 2 == 1;
        for entry in fs::read_dir(damaged.join("db"))
            .unwrap()
            .map(Result::unwrap)
        {
            if snapshots_gone && entry.file_name().to_string_lossy().starts_with("snap.") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        match open("sled", &damaged, EPOCH, &options()) {
            Err(KvError::Damaged { .. }) => {}
            Err(other) => panic!("cut at {cut}: {other}"),
            Ok(opened) => match opened.trust {
                Trust::Behind { .. } => {}
                Trust::Fresh => panic!("cut at {cut}: taken for a fresh store"),
                Trust::Whole => assert_eq!(
                    count(&*opened.engine),
                    899,
                    "cut at {cut}: records are lost in silence"
                ),
            },
        }
    }
}

#[test]
fn a_held_lock_is_told_and_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let first = opened(dir.path());
    let hasty = Options {
        lock_wait: Duration::from_millis(40),
        ..options()
    };
    let error = open("sled", dir.path(), EPOCH, &hasty).unwrap_err();
    assert!(matches!(error, KvError::Locked { .. }), "{error}");
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(first);
    });
    assert_eq!(
        opened(dir.path()).trust,
        Trust::Whole,
        "it opens as soon as the other lets go"
    );
    release.join().unwrap();
}

#[test]
fn a_failed_write_is_told_and_from_then_on_the_engine_only_reads() {
    let dir = tempfile::tempdir().unwrap();
    let db = ::sled::Config::new()
        .path(dir.path().join("db"))
        .flush_every_ms(None)
        .open()
        .unwrap();
    let disk = Disk::open(dir.path()).unwrap();
    let bodies = BodyWriter::open(dir.path(), &db, true).unwrap();
    let mut writer = Writer::new(dir.path(), db.clone(), disk, bodies, Mark::default(), true);
    // Every write to this device fails: the disk is full.
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    writer.keep_state(StateFile::over(full));
    let lock = fs::File::create(dir.path().join("LOCK")).unwrap();
    let engine = Sled::start(dir.path(), db, writer, lock).unwrap();
    let commit = |key: &str| {
        let mut batch = Batch::default();
        batch.put(key, "x");
        engine.commit(batch)
    };
    assert!(matches!(commit("first"), Err(KvError::Full { .. })));
    let second = commit("second").unwrap_err();
    assert!(
        matches!(second, KvError::ReadOnly { .. }) && second.to_string().contains("full"),
        "{second}"
    );
    assert_eq!(engine.get(b"second").unwrap(), None);
    assert!(engine.get(b"first").is_ok(), "reads go on");
}

#[test]
fn a_newer_state_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(opened(dir.path()));
    let mut bytes = fs::read(dir.path().join("STATE")).unwrap();
    bytes[8] = 9;
    fs::write(dir.path().join("STATE"), bytes).unwrap();
    let error = open("sled", dir.path(), EPOCH, &options()).unwrap_err();
    assert!(matches!(error, KvError::Newer { found: 9, .. }), "{error}");
}

/// Where the child of the next test writes. It is the test binary itself.
const CHILD_DIR: &str = "CALLUNA_KV_CHILD";

/// Two threads commit pairs of records until they are killed, and print what was acknowledged.
#[test]
#[ignore = "the child of what_was_acknowledged_survives_a_kill"]
fn child_that_commits_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let engine = opened(Path::new(&dir)).engine;
    let worker = |thread: u64| {
        let engine = Arc::clone(&engine);
        std::thread::spawn(move || {
            for number in 0_u64.. {
                let mut batch = Batch::default();
                for half in [0_u8, 1] {
                    let key = [&[half][..], &thread.to_be_bytes(), &number.to_be_bytes()].concat();
                    batch.put(key, vec![half; 50_000]);
                }
                engine.commit(batch).unwrap();
                println!("acknowledged {thread} {number}");
            }
        })
    };
    for worker in [worker(0), worker(1)] {
        worker.join().unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..3_usize {
        let store = dir.path().join(round.to_string());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "engine::sled::tests::child_that_commits_until_it_is_killed",
            ])
            .args(["--ignored", "--nocapture"])
            .env(CHILD_DIR, &store)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        acknowledged.clear();
        for line in lines {
            if let Some(at) = line.find("acknowledged ") {
                acknowledged.push(line[at..].to_owned());
            }
            if acknowledged.len() > 7 + 20 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        let after = opened(&store);
        assert_eq!(after.trust, Trust::Whole);
        for line in &acknowledged {
            let numbers: Vec<u64> = line
                .split(' ')
                .filter_map(|word| word.parse().ok())
                .collect();
            let key = [numbers[0].to_be_bytes(), numbers[1].to_be_bytes()].concat();
            for half in [0_u8, 1] {
                let value = after.engine.get(&[&[half][..], &key].concat()).unwrap();
                assert_eq!(value, Some(vec![half; 50_000]), "{line} is lost");
            }
        }
        let halves = |half: u8| after.engine.scan(&[half], None).map(Result::unwrap).count();
        assert_eq!(halves(0), halves(1), "a batch is whole or not there");
    }
}

/// A tmpfs of 24 MiB, unmounted when it is dropped; nothing where this user may not mount.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=24m", "none"])
            .arg(dir.path());
        let mounted = mount.stderr(Stdio::null()).status();
        mounted
            .is_ok_and(|status| status.success())
            .then_some(Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.0.path()).status());
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let Some(small) = SmallDisk::mount() else {
        return println!("SKIPPED: this user may not mount a small disk");
    };
    let (disk, store) = (small.0.path(), small.0.path().join("store"));
    fs::write(disk.join("other"), vec![0; 6 << 20]).unwrap();
    let options = Options {
        reserve_bytes: 4 << 20,
        ..options()
    };
    let opened = |store: &Path| open("sled", store, EPOCH, &options).unwrap();
    let engine = opened(&store).engine;
    let mut held = 0_u64;
    let error = loop {
        let mut batch = Batch::default();
        batch.put(held.to_be_bytes(), vec![1; 60_000]);
        match engine.commit(batch) {
            Ok(()) => held += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, KvError::Full { .. }), "{error}");
    assert_eq!(count(&*engine) as u64, held, "reads go on");
    drop(engine);
    // Somebody else takes the very last byte: it opens all the same, and reads.
    let rest = fs::write(disk.join("rest"), vec![0; 24 << 20]);
    assert!(rest.is_err());
    assert!(store.join("RESERVE").metadata().unwrap().len() > 0);
    let full = opened(&store);
    assert_eq!(
        (full.trust, count(&*full.engine) as u64),
        (Trust::Whole, held)
    );
    let mut batch = Batch::default();
    batch.put("more", "x");
    assert!(matches!(
        full.engine.commit(batch),
        Err(KvError::Full { .. })
    ));
    // What notes how things stand is written all the same, from the reserve.
    let mut batch = Batch::default();
    batch.put("note", "the disk is full");
    batch.use_reserve();
    full.engine.commit(batch).unwrap();
    // There is room again: writing goes on without a restart.
    fs::remove_file(disk.join("rest")).unwrap();
    fs::remove_file(disk.join("other")).unwrap();
    let mut batch = Batch::default();
    batch.put("more", "x");
    full.engine.commit(batch).unwrap();
    assert_eq!(count(&*full.engine) as u64, held + 2);
}

fn body_files(dir: &Path) -> usize {
    fs::read_dir(dir.join("bodies")).unwrap().count()
}

fn large(n: u8) -> Vec<u8> {
    vec![n; 40_000]
}

fn put(engine: &dyn Engine, key: &str, value: Vec<u8>) {
    let mut batch = Batch::default();
    batch.put(key, value);
    engine.commit(batch).unwrap();
}

#[test]
fn large_values_lie_beside_the_tree_and_survive() {
    let dir = tempfile::tempdir().unwrap();
    let engine = opened(dir.path()).engine;
    for n in 0..20 {
        put(&*engine, &format!("k{n:02}"), large(n));
    }
    put(&*engine, "small", b"x".to_vec());
    drop(engine);
    let engine = opened(dir.path()).engine;
    assert_eq!(engine.get(b"k07").unwrap(), Some(large(7)));
    assert_eq!(engine.get(b"small").unwrap(), Some(b"x".to_vec()));
    let all: Vec<_> = engine
        .scan(b"k", Some(b"k18"))
        .map(|pair| pair.unwrap().1)
        .collect();
    assert_eq!(all, [large(18), large(19)]);
    assert_eq!(engine.last(b"k").unwrap().unwrap().1, large(19));
    assert!(engine.size_on_disk().unwrap() > 20 * 40_000);
    assert_eq!(
        engine.scan(b"", None).count(),
        21,
        "the engine's own keys are not shown"
    );
}

#[test]
fn a_file_that_nothing_needs_goes_and_one_that_is_needed_stays() {
    let dir = tempfile::tempdir().unwrap();
    let engine = opened(dir.path()).engine;
    put(&*engine, "a", large(1));
    drop(engine);
    let engine = opened(dir.path()).engine;
    put(&*engine, "b", large(2));
    assert_eq!(body_files(dir.path()), 2);
    put(&*engine, "a", b"small now".to_vec());
    assert_eq!(body_files(dir.path()), 1);
    put(&*engine, "b", large(3));
    assert_eq!(engine.get(b"b").unwrap(), Some(large(3)));
    let mut batch = Batch::default();
    batch.remove("b");
    batch.put("c", large(4));
    batch.put("c", large(5));
    engine.commit(batch).unwrap();
    assert_eq!(engine.get(b"b").unwrap(), None);
    assert_eq!(engine.get(b"c").unwrap(), Some(large(5)));
    drop(engine);
    let engine = opened(dir.path()).engine;
    let mut batch = Batch::default();
    batch.remove("c");
    engine.commit(batch).unwrap();
    assert_eq!(body_files(dir.path()), 0);
}

#[test]
fn what_a_crash_left_behind_is_cleared_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let engine = opened(dir.path()).engine;
    put(&*engine, "a", large(1));
    drop(engine);
    fs::write(
        dir.path().join("bodies/00000000000000ff"),
        b"CALBODY1 cut off",
    )
    .unwrap();
    let engine = opened(dir.path()).engine;
    assert_eq!(body_files(dir.path()), 1);
    put(&*engine, "b", large(2));
    assert_eq!(engine.get(b"a").unwrap(), Some(large(1)));
    assert_eq!(engine.get(b"b").unwrap(), Some(large(2)));
}

#[test]
fn inv3_a_lost_or_changed_body_is_never_silent() {
    let dir = tempfile::tempdir().unwrap();
    let engine = opened(dir.path()).engine;
    put(&*engine, "a", large(1));
    drop(engine);
    let file = fs::read_dir(dir.path().join("bodies"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let whole = fs::read(&file).unwrap();
    let mut changed = whole.clone();
    changed[20_000] ^= 1;
    for damage in [changed.as_slice(), &whole[..20_000]] {
        fs::write(&file, damage).unwrap();
        let engine = opened(dir.path()).engine;
        assert!(matches!(engine.get(b"a"), Err(KvError::Damaged { .. })));
        assert!(matches!(
            engine.scan(b"a", None).next(),
            Some(Err(KvError::Damaged { .. }))
        ));
    }
    fs::remove_file(&file).unwrap();
    let refused = open("sled", dir.path(), EPOCH, &options());
    assert!(
        matches!(refused, Err(KvError::Damaged { .. })),
        "{refused:?}"
    );
}

#[test]
fn readers_beside_a_writer_that_replaces_large_values_see_whole_ones() {
    let dir = tempfile::tempdir().unwrap();
    let engine = opened(dir.path()).engine;
    put(&*engine, "a", large(0));
    std::thread::scope(|scope| {
        scope.spawn(|| (1..60).for_each(|n| put(&*engine, "a", large(n))));
        for _ in 0..400 {
            let value = engine.get(b"a").unwrap().unwrap();
            assert!(value.len() == 40_000 && value.iter().all(|b| *b == value[0]));
        }
    });
}
