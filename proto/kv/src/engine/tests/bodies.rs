//! Values that lie beside the tree.

use std::fs;
use std::path::Path;

use super::{EPOCH, opened, options};
use crate::{Batch, Engine, KvError, open};

over_both! {
    large_values_lie_beside_the_tree_and_survive,
    a_file_that_nothing_needs_goes_and_one_that_is_needed_stays,
    what_a_crash_left_behind_is_cleared_at_the_next_start,
    inv3_a_lost_or_changed_body_is_never_silent,
    readers_beside_a_writer_that_replaces_large_values_see_whole_ones,
}

fn body_files(dir: &Path) -> usize {
    fs::read_dir(dir.join("bodies")).unwrap().count()
}

fn large(n: u8) -> Vec<u8> {
    vec![n; 40_000]
}

fn put(kv: &dyn Engine, key: &str, value: Vec<u8>) {
    let mut batch = Batch::default();
    batch.put(key, value);
    kv.commit(batch).unwrap();
}

fn large_values_lie_beside_the_tree_and_survive(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let kv = opened(engine, dir.path()).engine;
    for n in 0..20 {
        put(&*kv, &format!("k{n:02}"), large(n));
    }
    put(&*kv, "small", b"x".to_vec());
    drop(kv);
    let kv = opened(engine, dir.path()).engine;
    assert_eq!(kv.get(b"k07").unwrap(), Some(large(7)));
    assert_eq!(kv.get(b"small").unwrap(), Some(b"x".to_vec()));
    let all: Vec<_> = kv
        .scan(b"k", Some(b"k18"))
        .map(|pair| pair.unwrap().1)
        .collect();
    assert_eq!(all, [large(18), large(19)]);
    assert_eq!(kv.last(b"k").unwrap().unwrap().1, large(19));
    assert!(kv.size_on_disk().unwrap() > 20 * 40_000);
    assert_eq!(
        kv.scan(b"", None).count(),
        21,
        "the engine's own keys are not shown"
    );
}

fn a_file_that_nothing_needs_goes_and_one_that_is_needed_stays(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let kv = opened(engine, dir.path()).engine;
    put(&*kv, "a", large(1));
    drop(kv);
    let kv = opened(engine, dir.path()).engine;
    put(&*kv, "b", large(2));
    assert_eq!(body_files(dir.path()), 2);
    put(&*kv, "a", b"small now".to_vec());
    assert_eq!(body_files(dir.path()), 1);
    put(&*kv, "b", large(3));
    assert_eq!(kv.get(b"b").unwrap(), Some(large(3)));
    let mut batch = Batch::default();
    batch.remove("b");
    batch.put("c", large(4));
    batch.put("c", large(5));
    kv.commit(batch).unwrap();
    assert_eq!(kv.get(b"b").unwrap(), None);
    assert_eq!(kv.get(b"c").unwrap(), Some(large(5)));
    drop(kv);
    let kv = opened(engine, dir.path()).engine;
    let mut batch = Batch::default();
    batch.remove("c");
    kv.commit(batch).unwrap();
    assert_eq!(body_files(dir.path()), 0);
}

fn what_a_crash_left_behind_is_cleared_at_the_next_start(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let kv = opened(engine, dir.path()).engine;
    put(&*kv, "a", large(1));
    drop(kv);
    fs::write(
        dir.path().join("bodies/00000000000000ff"),
        b"CALBODY1 cut off",
    )
    .unwrap();
    let kv = opened(engine, dir.path()).engine;
    assert_eq!(body_files(dir.path()), 1);
    put(&*kv, "b", large(2));
    assert_eq!(kv.get(b"a").unwrap(), Some(large(1)));
    assert_eq!(kv.get(b"b").unwrap(), Some(large(2)));
}

fn inv3_a_lost_or_changed_body_is_never_silent(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let kv = opened(engine, dir.path()).engine;
    put(&*kv, "a", large(1));
    drop(kv);
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
        let kv = opened(engine, dir.path()).engine;
        assert!(matches!(kv.get(b"a"), Err(KvError::Damaged { .. })));
        assert!(matches!(
            kv.scan(b"a", None).next(),
            Some(Err(KvError::Damaged { .. }))
        ));
    }
    fs::remove_file(&file).unwrap();
    let refused = open(engine, dir.path(), EPOCH, &options());
    assert!(
        matches!(refused, Err(KvError::Damaged { .. })),
        "{refused:?}"
    );
}

fn readers_beside_a_writer_that_replaces_large_values_see_whole_ones(engine: &str) {
    let dir = tempfile::tempdir().unwrap();
    let kv = opened(engine, dir.path()).engine;
    put(&*kv, "a", large(0));
    std::thread::scope(|scope| {
        scope.spawn(|| (1..60).for_each(|n| put(&*kv, "a", large(n))));
        for _ in 0..400 {
            let value = kv.get(b"a").unwrap().unwrap();
            assert!(value.len() == 40_000 && value.iter().all(|b| *b == value[0]));
        }
    });
}
