//! A process that is killed, a write that fails, a disk that is full.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::{EPOCH, count, opened, options};
use crate::engine::fjall::Fjall;
use crate::engine::guarded::Guarded;
use crate::engine::guarded::bodies::BodyWriter;
use crate::engine::guarded::writer::Writer;
use crate::engine::sled::Sled;
use crate::engine::tree::Tree;
use crate::state::{Mark, StateFile};
use crate::{Batch, Engine, KvError, Options, Trust, open};

over_both! {
    what_was_acknowledged_survives_kill_after_kill,
    a_failed_write_is_told_and_from_then_on_the_engine_only_reads,
    a_full_disk_is_told_and_nothing_is_lost,
}

/// Where the child of the next test writes, and with which engine. It is the test binary itself.
const CHILD_DIR: &str = "CALLUNA_KV_CHILD";
const CHILD_ENGINE: &str = "CALLUNA_KV_CHILD_ENGINE";
/// Small values that each thread writes over and over, so that trees have something to clear up.
const SLOTS: u64 = 20;
const SLOT_VALUES: u8 = 8;

/// Two threads commit until they are killed, and print what was acknowledged: a pair of large
/// values of their own, and small ones that replace older ones.
#[test]
#[ignore = "the child of what_was_acknowledged_survives_kill_after_kill"]
fn child_that_commits_until_it_is_killed() {
    let dir = std::env::var_os(CHILD_DIR);
    let (Some(dir), Some(engine)) = (dir, std::env::var_os(CHILD_ENGINE)) else {
        return;
    };
    let kv = opened(engine.to_str().unwrap(), Path::new(&dir)).engine;
    let worker = |thread: u64| {
        let kv = Arc::clone(&kv);
        let begin = kv.scan(&half_key(0, thread, 0)[..9], None).count() as u64;
        std::thread::spawn(move || {
            for number in begin.. {
                let mut batch = Batch::default();
                for half in [0_u8, 1] {
                    batch.put(half_key(half, thread, number), vec![half; 30_000]);
                }
                for value in 0..SLOT_VALUES {
                    let key = slot_key(thread, number % SLOTS, value);
                    batch.put(key, [&number.to_be_bytes()[..], &[7; 15_000]].concat());
                }
                kv.commit(batch).unwrap();
                println!("acknowledged {thread} {number}");
            }
        })
    };
    for worker in [worker(0), worker(1)] {
        worker.join().unwrap();
    }
}

fn half_key(half: u8, thread: u64, number: u64) -> Vec<u8> {
    [&[half][..], &thread.to_be_bytes(), &number.to_be_bytes()].concat()
}

fn slot_key(thread: u64, slot: u64, value: u8) -> Vec<u8> {
    [
        &[2][..],
        &thread.to_be_bytes(),
        &slot.to_be_bytes(),
        &[value],
    ]
    .concat()
}

/// Runs the child until so many commits are acknowledged, then kills it; the last number of each
/// thread that was acknowledged.
fn run_and_kill(engine: &str, store: &Path, commits: usize) -> [Option<u64>; 2] {
    let child = "engine::tests::crash::child_that_commits_until_it_is_killed";
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture"])
        .env(CHILD_DIR, store)
        .env(CHILD_ENGINE, engine)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut last, mut seen) = ([None; 2], 0);
    for line in lines.map(Result::unwrap) {
        if let Some(at) = line.find("acknowledged ") {
            let words = line[at..].split(' ').skip(1);
            let numbers: Vec<u64> = words.filter_map(|word| word.parse().ok()).collect();
            last[usize::try_from(numbers[0]).unwrap()] = Some(numbers[1]);
            seen += 1;
        }
        if seen == commits {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(seen >= commits, "the child ended by itself");
    last
}

fn what_was_acknowledged_survives_kill_after_kill(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    for commits in [1, 40, 120, 8, 250, 60] {
        let last = run_and_kill(engine, &store, commits);
        let after = opened(engine, &store);
        assert_eq!(after.trust, Trust::Whole);
        for (thread, last) in (0_u64..).zip(last) {
            let Some(last) = last else { continue };
            for (half, number) in (0..=last).flat_map(|number| [(0, number), (1, number)]) {
                let value = after.engine.get(&half_key(half, thread, number)).unwrap();
                assert_eq!(value, Some(vec![half; 30_000]), "{thread} {number} is lost");
            }
            assert_slots(&*after.engine, thread, last);
        }
        let halves = |half: u8| after.engine.scan(&[half], None).map(Result::unwrap).count();
        assert_eq!(halves(0), halves(1), "a batch is whole or not there");
    }
}

/// Every slot holds the newest acknowledged values or newer ones, all of one batch.
fn assert_slots(kv: &dyn Engine, thread: u64, last: u64) {
    for slot in 0..SLOTS.min(last + 1) {
        let newest = last - (last + SLOTS - slot) % SLOTS;
        let number = |value: u8| {
            let bytes = kv.get(&slot_key(thread, slot, value)).unwrap().unwrap();
            u64::from_be_bytes(*bytes.first_chunk().unwrap())
        };
        let first = number(0);
        assert!(
            first >= newest && first % SLOTS == slot,
            "{first} in slot {slot}"
        );
        assert!(
            (0..SLOT_VALUES).all(|value| number(value) == first),
            "half a batch"
        );
    }
}

fn a_failed_write_is_told_and_from_then_on_the_engine_only_reads(engine: &str) {
    if engine == Sled::NAME {
        assert_a_failed_write_is_told::<Sled>();
    } else {
        assert_a_failed_write_is_told::<Fjall>();
    }
}

fn assert_a_failed_write_is_told<T: Tree>() {
    let dir = tempfile::tempdir().unwrap();
    let tree = T::open(dir.path(), &options()).unwrap();
    let bodies = BodyWriter::open(dir.path(), &tree, true).unwrap();
    let mut writer = Writer::new(dir.path(), tree.clone(), bodies, Mark::default(), true);
    // Every write to this device fails: the disk is full.
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    writer.keep_state(StateFile::over(full));
    let lock = fs::File::create(dir.path().join("LOCK")).unwrap();
    let engine = Guarded::start(dir.path(), tree, writer, lock).unwrap();
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

/// A tmpfs of so many MiB, unmounted when it is dropped; nothing where this user may not mount.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(mib: u64) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &format!("size={mib}m"), "none"])
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

/// Writes until the disk is full; how many records are there then.
fn fill_up(kv: &dyn Engine) -> u64 {
    let mut held = 0_u64;
    let error = loop {
        let mut batch = Batch::default();
        batch.put(held.to_be_bytes(), vec![1; 60_000]);
        batch.put(
            [&b"small"[..], &held.to_be_bytes()].concat(),
            vec![1; 15_000],
        );
        match kv.commit(batch) {
            Ok(()) => held += 2,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, KvError::Full { .. }), "{error}");
    held
}

/// One small record, that may use the reserve or not.
fn note(kv: &dyn Engine, key: &str, needful: bool) -> Result<(), KvError> {
    let mut batch = Batch::default();
    batch.put(key, "how things stand");
    if needful {
        batch.use_reserve();
    }
    kv.commit(batch)
}

fn a_full_disk_is_told_and_nothing_is_lost(engine: &str) {
    let mib = if engine == Sled::NAME { 24 } else { 96 };
    let Some(small) = SmallDisk::mount(mib) else {
        return println!("SKIPPED: this user may not mount a small disk");
    };
    let (disk, store) = (small.0.path(), small.0.path().join("store"));
    fs::write(disk.join("other"), vec![0; 6 << 20]).unwrap();
    let options = Options {
        reserve_bytes: 4 << 20,
        ..options()
    };
    let opened = |store: &Path| open(engine, store, EPOCH, &options).unwrap();
    let kv = opened(&store).engine;
    let held = fill_up(&*kv);
    assert_eq!(count(&*kv) as u64, held, "reads go on");
    drop(kv);
    // Somebody else takes the very last byte: it opens all the same, and reads.
    let rest = fs::write(disk.join("rest"), vec![0; 96 << 20]);
    assert!(rest.is_err());
    assert!(store.join("RESERVE").metadata().unwrap().len() > 0);
    let full = opened(&store);
    assert_eq!(
        (full.trust, count(&*full.engine) as u64),
        (Trust::Whole, held)
    );
    let refused = note(&*full.engine, "more", false);
    assert!(matches!(refused, Err(KvError::Full { .. })), "{refused:?}");
    // What notes how things stand is written all the same, from the reserve.
    for number in 0..20 {
        note(&*full.engine, &format!("note {number}"), true).unwrap();
    }
    let refused = note(&*full.engine, "more", false);
    assert!(matches!(refused, Err(KvError::Full { .. })), "{refused:?}");
    // There is room again: writing goes on without a restart, and the reserve is set aside again.
    fs::remove_file(disk.join("rest")).unwrap();
    fs::remove_file(disk.join("other")).unwrap();
    note(&*full.engine, "more", false).unwrap();
    assert_eq!(count(&*full.engine) as u64, held + 21);
    drop(full.engine);
    let again = opened(&store);
    assert_eq!(
        (again.trust, count(&*again.engine) as u64),
        (Trust::Whole, held + 21)
    );
}
