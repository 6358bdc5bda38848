//! A store's life: new, opened again, put back from a backup, held by another.

use std::fs;
use std::time::Duration;

use super::{EPOCH, assert_behind, copy, count, fill, folder, opened, options, stamp};
use crate::{Batch, KvError, Options, Stamp, Trust, open};

over_both! {
    conforms,
    a_store_is_fresh_once_and_whole_after_that,
    the_folder_is_private_and_holds_a_reserve,
    a_store_that_was_put_back_is_behind_until_it_is_renewed,
    an_emptied_store_or_a_lost_state_is_behind,
    a_held_lock_is_told_and_waited_for,
    a_newer_state_is_refused,
}

fn conforms(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut number = 0;
    let mut make = || {
        number += 1;
        opened(engine, &dir.path().join(number.to_string())).engine
    };
    crate::conformance::suite(&mut make).unwrap();
}

fn a_store_is_fresh_once_and_whole_after_that(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("deep/store");
    let first = opened(engine, &store);
    assert_eq!(
        (first.trust, first.epoch, first.stamp),
        (Trust::Fresh, EPOCH, Stamp::default())
    );
    drop(first.engine);
    let second = open(engine, &store, [2; 16], &options()).unwrap();
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
    let third = opened(engine, &store);
    assert_eq!(
        (third.trust, third.stamp),
        (Trust::Whole, stamp(3)),
        "a batch without stamp keeps the last"
    );
    assert_eq!(count(&*third.engine), 4);
}

fn the_folder_is_private_and_holds_a_reserve(engine: &str) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let _open = opened(engine, &store);
    assert_eq!(
        store.metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert!(store.join("RESERVE").metadata().unwrap().blocks() * 512 >= 1 << 20);
}

fn a_store_that_was_put_back_is_behind_until_it_is_renewed(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (store, old) = (dir.path().join("store"), dir.path().join("old"));
    let kv = opened(engine, &store).engine;
    fill(&*kv, 1..6);
    drop(kv);
    copy(&store.join(folder(engine)), &old);
    let kv = opened(engine, &store).engine;
    fill(&*kv, 6..9);
    drop(kv);
    fs::remove_dir_all(store.join(folder(engine))).unwrap();
    copy(&old, &store.join(folder(engine)));

    let behind = assert_behind(engine, &store, "STATE tells of commit 8");
    assert!(matches!(behind.trust, Trust::Behind { state, .. } if state == stamp(8)));
    assert_eq!(
        (behind.epoch, behind.stamp, count(&*behind.engine)),
        (EPOCH, stamp(5), 5)
    );
    // Writing does not make it trustworthy, however many commits there are.
    fill(&*behind.engine, 20..40);
    drop(behind);
    let behind = assert_behind(engine, &store, "was not renewed");
    behind.engine.renew_epoch([3; 16], stamp(40)).unwrap();
    fill(&*behind.engine, 40..41);
    drop(behind);
    let mended = opened(engine, &store);
    assert_eq!(
        (mended.trust, mended.epoch, mended.stamp),
        (Trust::Whole, [3; 16], stamp(40))
    );
    drop(mended.engine);
    // The old files under the new STATE belong to another life, whatever their number.
    fs::remove_dir_all(store.join(folder(engine))).unwrap();
    copy(&old, &store.join(folder(engine)));
    assert_behind(engine, &store, "different epochs");
}

fn an_emptied_store_or_a_lost_state_is_behind(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let kv = opened(engine, &store).engine;
    fill(&*kv, 1..4);
    drop(kv);
    fs::remove_file(store.join("STATE")).unwrap();
    assert_behind(engine, &store, "STATE is missing");
    let behind = assert_behind(engine, &store, "");
    behind.engine.renew_epoch([4; 16], stamp(3)).unwrap();
    drop(behind);
    assert_eq!(opened(engine, &store).trust, Trust::Whole);
    fs::write(store.join("STATE"), vec![0; 5000]).unwrap();
    assert_behind(engine, &store, "readable")
        .engine
        .renew_epoch([5; 16], stamp(3))
        .unwrap();
    assert_eq!(opened(engine, &store).trust, Trust::Whole);
    fs::remove_dir_all(store.join(folder(engine))).unwrap();
    assert_behind(engine, &store, "is empty");
}

fn a_held_lock_is_told_and_waited_for(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let first = opened(engine, dir.path());
    let hasty = Options {
        lock_wait: Duration::from_millis(40),
        ..options()
    };
    let error = open(engine, dir.path(), EPOCH, &hasty).unwrap_err();
    assert!(matches!(error, KvError::Locked { .. }), "{error}");
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        drop(first);
    });
    assert_eq!(
        opened(engine, dir.path()).trust,
        Trust::Whole,
        "it opens as soon as the other lets go"
    );
    release.join().unwrap();
}

fn a_newer_state_is_refused(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    drop(opened(engine, dir.path()));
    let mut bytes = fs::read(dir.path().join("STATE")).unwrap();
    bytes[8] = 9;
    fs::write(dir.path().join("STATE"), bytes).unwrap();
    let error = open(engine, dir.path(), EPOCH, &options()).unwrap_err();
    assert!(matches!(error, KvError::Newer { found: 9, .. }), "{error}");
}
