//! A conversion that is broken off at every point, and everything that stands in its way.

use std::collections::BTreeMap;

use calluna_kv::{Batch, Stamp};

use super::*;

const EPOCH: [u8; 16] = [4; 16];
const KEYS: u32 = 300;

struct Place {
    dir: DataDir,
    _kept: tempfile::TempDir,
}

/// A data directory with settings and a store of sled.
fn place() -> Place {
    let kept = tempfile::tempdir().unwrap();
    let dir = DataDir::create_new(&kept.path().join("hub")).unwrap();
    let listen = "0.0.0.0:7443".parse().unwrap();
    let text = config::template("Heide", "hub.example:7443", listen, None);
    let text = text.replace("# reserve_mib = 64", "reserve_mib = 1");
    dir.write(config::FILE, text.as_bytes(), 0o600).unwrap();
    let opened = opened(&dir).unwrap();
    for number in 0..KEYS {
        let mut batch = Batch::default();
        batch.put(
            number.to_be_bytes(),
            vec![7; (number as usize * 97) % 30_000],
        );
        batch.stamp(Stamp {
            revision: u64::from(number),
            ..Stamp::default()
        });
        opened.engine.commit(batch).unwrap();
    }
    Place { dir, _kept: kept }
}

fn nothing_set() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn settings(dir: &DataDir) -> HubConfig {
    config::read(dir.path(), &nothing_set()).unwrap()
}

/// Opens the store as the hub does.
fn opened(dir: &DataDir) -> Result<Opened> {
    finish(dir)?;
    open(dir, &settings(dir), EPOCH)
}

fn to(dir: &DataDir, engine: &str) -> Result<Option<Converted>> {
    convert(dir, engine, &nothing_set(), &mut |_| (), &mut |_| ())
}

/// The engine, after everything that was written was found there.
fn whole(dir: &DataDir) -> String {
    let opened = opened(dir).unwrap();
    assert_eq!(opened.trust, Trust::Whole);
    assert_eq!(opened.epoch, EPOCH);
    assert_eq!(opened.stamp.revision, u64::from(KEYS) - 1);
    assert_eq!(opened.engine.scan(b"", None).count(), KEYS as usize);
    let engine = settings(dir).store.engine;
    assert_eq!(
        calluna_kv::holds(&dir.join(STORE)).unwrap(),
        Some(engine.as_str())
    );
    engine
}

/// The moment at which the copy is proven and nothing was moved yet.
fn decided(place: &Place) {
    let source = opened(&place.dir).unwrap();
    let options = options(&settings(&place.dir));
    copy(
        &source,
        "fjall",
        &place.dir.join(NEW),
        &options,
        &mut |_| (),
    )
    .unwrap();
    let intent = Intent {
        from: "sled".to_owned(),
        to: "fjall".to_owned(),
    };
    let bytes = serde_json::to_vec(&intent).unwrap();
    place.dir.write(CONVERTED, &bytes, 0o600).unwrap();
}

#[test]
fn a_store_is_converted_and_the_old_one_kept() {
    let place = place();
    let done = to(&place.dir, "fjall").unwrap().unwrap();
    assert_eq!(
        (done.from.as_str(), done.content.keys),
        ("sled", u64::from(KEYS))
    );
    assert_eq!(done.old, place.dir.join("store.old-sled"));
    assert_eq!(calluna_kv::holds(&done.old).unwrap(), Some("sled"));
    assert_eq!(whole(&place.dir), "fjall");
    assert!(
        to(&place.dir, "fjall").unwrap().is_none(),
        "it is so already"
    );
    let _back = to(&place.dir, "sled").unwrap().unwrap();
    assert_eq!(whole(&place.dir), "sled");
    // The store before the first conversion is not overwritten by the next.
    let error = to(&place.dir, "fjall").unwrap_err().to_string();
    assert!(error.contains("store.old-sled is still there"), "{error}");
    assert_eq!(whole(&place.dir), "sled");
}

#[test]
fn a_copy_that_was_broken_off_counts_for_nothing() {
    let place = place();
    let new = place.dir.join(NEW);
    let half = calluna_kv::open("fjall", &new, EPOCH, &Options::default()).unwrap();
    drop(half);
    assert_eq!(whole(&place.dir), "sled");
    assert!(to(&place.dir, "fjall").unwrap().is_some());
    assert!(!new.exists());
    assert_eq!(whole(&place.dir), "fjall");
}

#[test]
fn once_decided_a_conversion_is_ended_from_wherever_it_was_broken_off() {
    let steps: [fn(&DataDir); 4] = [
        |_| (),
        |dir| fs::rename(dir.join(STORE), dir.join("store.old-sled")).unwrap(),
        |dir| fs::rename(dir.join(NEW), dir.join(STORE)).unwrap(),
        |dir| set_engine(dir, "fjall").unwrap(),
    ];
    for broken_after in 0..steps.len() {
        let place = place();
        decided(&place);
        steps[..=broken_after]
            .iter()
            .for_each(|step| step(&place.dir));
        assert_eq!(whole(&place.dir), "fjall", "after step {broken_after}");
        assert!(!place.dir.join(CONVERTED).exists() && !place.dir.join(NEW).exists());
        let old = place.dir.join("store.old-sled");
        assert_eq!(calluna_kv::holds(&old).unwrap(), Some("sled"));
    }
}

#[test]
fn settings_that_cannot_be_changed_are_told_with_the_line_and_mended_by_hand() {
    let place = place();
    decided(&place);
    let text = fs::read_to_string(place.dir.join(config::FILE)).unwrap();
    let broken = format!("{text}\n[store\n");
    place
        .dir
        .write(config::FILE, broken.as_bytes(), 0o600)
        .unwrap();
    let error = finish(&place.dir).unwrap_err().to_string();
    assert!(
        error.contains("write engine = \"fjall\" under [store]"),
        "{error}"
    );
    let mended = text.replace("# engine = \"sled\"", "engine = \"fjall\"");
    place
        .dir
        .write(config::FILE, mended.as_bytes(), 0o600)
        .unwrap();
    assert_eq!(whole(&place.dir), "fjall");
}

#[test]
fn a_store_that_is_open_or_behind_is_not_converted() {
    let place = place();
    let open = opened(&place.dir).unwrap();
    let error = to(&place.dir, "fjall").unwrap_err().to_string();
    assert!(error.contains("open in another process"), "{error}");
    drop(open);
    fs::remove_file(place.dir.join("store/STATE")).unwrap();
    let error = to(&place.dir, "fjall").unwrap_err().to_string();
    assert!(error.contains("is not whole"), "{error}");
    assert!(!place.dir.join(NEW).exists());
}

#[test]
fn the_wrong_engine_in_the_settings_is_a_sentence_and_never_an_empty_store() {
    let place = place();
    set_engine(&place.dir, "fjall").unwrap();
    let error = opened(&place.dir).unwrap_err().to_string();
    for words in [
        "is kept by the engine \"sled\"",
        "but the settings say \"fjall\"",
        "set engine = \"sled\" under [store]",
        "calluna-hub store convert --to fjall",
        "CALLUNA_STORE_ENGINE",
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
    set_engine(&place.dir, "sled").unwrap();
    assert_eq!(whole(&place.dir), "sled");
}

#[test]
fn where_there_is_no_store_yet_the_setting_is_named() {
    let place = place();
    fs::remove_dir_all(place.dir.join(STORE)).unwrap();
    let error = to(&place.dir, "fjall").unwrap_err().to_string();
    assert!(error.contains("set engine = \"fjall\""), "{error}");
}
