//! The suite that every engine passes. Asserts what the crate's page promises and can be seen
//! without a disk; durability is tested where the disk is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;

use crate::{Batch, Engine, KvError};

/// Runs the whole suite; `make` returns a new, empty engine each time.
///
/// # Errors
/// Whatever the engine reports.
///
/// # Panics
/// Where the engine breaks a promise.
pub fn suite(make: &mut dyn FnMut() -> Arc<dyn Engine>) -> Result<(), KvError> {
    reads_what_was_written(&*make())?;
    scans_are_sorted_and_bounded(&*make())?;
    the_engines_own_key_is_hidden(&*make())?;
    large_values_come_back(&*make())?;
    agrees_with_a_sorted_map(&*make())?;
    many_threads_lose_nothing(&make())
}

fn put(engine: &dyn Engine, pairs: &[(&[u8], &[u8])]) -> Result<(), KvError> {
    let mut batch = Batch::default();
    for (key, value) in pairs {
        batch.put(*key, *value);
    }
    engine.commit(batch)
}

fn keys(engine: &dyn Engine, prefix: &[u8], from: Option<&[u8]>) -> Result<Vec<Vec<u8>>, KvError> {
    engine
        .scan(prefix, from)
        .map(|pair| pair.map(|(key, _)| key))
        .collect()
}

fn reads_what_was_written(engine: &dyn Engine) -> Result<(), KvError> {
    assert_eq!(engine.get(b"a")?, None);
    engine.commit(Batch::default())?;
    put(engine, &[(b"a", b"1"), (b"b", b""), (b"a", b"2")])?;
    assert_eq!(
        engine.get(b"a")?,
        Some(b"2".to_vec()),
        "the last write to a key counts"
    );
    assert_eq!(
        engine.get(b"b")?,
        Some(Vec::new()),
        "an empty value is a value"
    );
    let mut batch = Batch::default();
    batch.put("c", "3");
    batch.remove("a");
    batch.remove("never there");
    engine.commit(batch)?;
    assert_eq!(engine.get(b"a")?, None);
    assert_eq!(engine.get(b"c")?, Some(b"3".to_vec()));
    let mut batch = Batch::default();
    batch.remove("c");
    batch.put("c", "4");
    batch.put("b", "5");
    batch.remove("b");
    engine.commit(batch)?;
    assert_eq!(
        engine.get(b"c")?,
        Some(b"4".to_vec()),
        "writes apply in order"
    );
    assert_eq!(engine.get(b"b")?, None, "writes apply in order");
    Ok(())
}

fn scans_are_sorted_and_bounded(engine: &dyn Engine) -> Result<(), KvError> {
    assert!(keys(engine, b"", None)?.is_empty());
    assert_eq!(engine.last(b"")?, None);
    put(
        engine,
        &[
            (b"b2", b"x"),
            (b"b1", b"x"),
            (b"a", b"x"),
            (b"c", b"x"),
            (b"b", b"x"),
        ],
    )?;
    put(engine, &[(&[255, 255], b"x"), (&[255], b"x"), (&[0], b"x")])?;
    let all: [&[u8]; 8] = [&[0], b"a", b"b", b"b1", b"b2", b"c", &[255], &[255, 255]];
    assert_eq!(keys(engine, b"", None)?, all);
    assert_eq!(keys(engine, b"b", None)?, all[2..5]);
    assert_eq!(
        keys(engine, b"b", Some(b"b1"))?,
        all[3..5],
        "the first key counts in"
    );
    assert_eq!(keys(engine, b"b", Some(b"b11"))?, all[4..5]);
    assert_eq!(
        keys(engine, b"b", Some(b"a"))?,
        all[2..5],
        "never before the prefix"
    );
    assert!(
        keys(engine, b"b", Some(b"c"))?.is_empty(),
        "never behind the prefix"
    );
    assert_eq!(keys(engine, &[255], None)?, all[6..]);
    assert!(keys(engine, b"bb", None)?.is_empty());
    let last = |prefix: &[u8]| Ok::<_, KvError>(engine.last(prefix)?.map(|(key, _)| key));
    assert_eq!(last(b"b")?, Some(b"b2".to_vec()));
    assert_eq!(last(b"")?, Some(vec![255, 255]));
    assert_eq!(last(&[0])?, Some(vec![0]));
    assert_eq!(last(b"bb")?, None);
    Ok(())
}

fn the_engines_own_key_is_hidden(engine: &dyn Engine) -> Result<(), KvError> {
    let own = b"\0calluna-kv/mark";
    put(engine, &[(b"a", b"x")])?;
    assert_eq!(engine.get(own)?, None);
    assert!(matches!(
        put(engine, &[(own, b"x")]),
        Err(KvError::ReservedKey { .. })
    ));
    assert!(keys(engine, b"\0", None)?.is_empty());
    assert_eq!(engine.last(b"\0")?, None);
    Ok(())
}

fn large_values_come_back(engine: &dyn Engine) -> Result<(), KvError> {
    for size in [64 * 1024_usize, 200 * 1024, 2 * 1024 * 1024] {
        let value: Vec<u8> = (0..size).map(|place| (place % 251) as u8).collect();
        put(engine, &[(&size.to_be_bytes(), &value)])?;
        assert_eq!(engine.get(&size.to_be_bytes())?, Some(value));
    }
    Ok(())
}

/// Some thousand random writes over few keys, so that most of them meet an older one.
fn agrees_with_a_sorted_map(engine: &dyn Engine) -> Result<(), KvError> {
    let mut map = BTreeMap::new();
    let mut seed = 1_u64;
    let mut next = |bound: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % bound
    };
    for round in 0..100_u64 {
        let mut batch = Batch::default();
        for _ in 0..40 {
            let key = format!("{:03}", next(500)).into_bytes();
            if next(4) == 0 {
                batch.remove(key.clone());
                map.remove(&key);
            } else {
                let value = round.to_le_bytes().to_vec();
                batch.put(key.clone(), value.clone());
                map.insert(key, value);
            }
        }
        engine.commit(batch)?;
    }
    let held: Vec<_> = engine.scan(b"", None).collect::<Result<_, _>>()?;
    assert_eq!(held, map.into_iter().collect::<Vec<_>>());
    Ok(())
}

fn many_threads_lose_nothing(engine: &Arc<dyn Engine>) -> Result<(), KvError> {
    const THREADS: u32 = 8;
    const COMMITS: u32 = 20;
    let worker = |thread: u32| {
        let engine = Arc::clone(engine);
        thread::spawn(move || {
            (0..COMMITS).try_for_each(|commit| {
                let key = [thread.to_be_bytes(), commit.to_be_bytes()].concat();
                put(&*engine, &[(&key, b"x")])?;
                assert!(
                    engine.get(&key)?.is_some(),
                    "one reads what one has committed"
                );
                Ok::<_, KvError>(())
            })
        })
    };
    let workers: Vec<_> = (0..THREADS).map(worker).collect();
    for worker in workers {
        let ended = worker.join();
        assert!(ended.is_ok(), "a thread has panicked");
        if let Ok(done) = ended {
            done?;
        }
    }
    let count = keys(&**engine, b"", None)?.len();
    assert_eq!(
        count,
        (THREADS * COMMITS) as usize,
        "every acknowledged commit is there"
    );
    Ok(())
}
