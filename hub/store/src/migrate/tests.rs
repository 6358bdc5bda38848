//! Stores of earlier layouts, as the programs of their time wrote them.

use std::path::Path;
use std::sync::Arc;

use calluna_kv::dying::{Death, Dying};
use calluna_kv::{Options, Stamp};
use calluna_model::id::ProviderId;
use serde_json::{Value, json};

use super::*;
use crate::{EmbeddedStore, HubStore};

/// Three members: vhs-a joined, vhs-b joined and was invited again, vhs-c was invited. One night, with
/// twelve offers of each of the first two.
const V1: &[u8] = include_bytes!("../../frozen/v1.bin");

fn frozen(dir: &Path, bytes: &[u8]) -> Arc<dyn Engine> {
    let mut bytes = bytes;
    let life = ([4; 16], Stamp::default());
    let options = Options::default();
    let read = calluna_kv::dump::read(&mut bytes, "sled", dir, life, &options, &mut |_| ());
    read.unwrap().0.engine
}

fn layout(engine: &dyn Engine) -> u64 {
    let meta = engine.get(key::META).unwrap().unwrap();
    let meta: Value = serde_json::from_slice(&meta).unwrap();
    meta["layout"].as_u64().unwrap()
}

fn assert_whole(store: &EmbeddedStore) {
    let ids: Vec<_> = store
        .members()
        .unwrap()
        .into_iter()
        .map(|member| member.id)
        .collect();
    assert_eq!(ids.len(), 3);
    for id in &ids {
        let document = store.enrolment(id).unwrap().unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["v"], 2);
        assert_eq!(document["invitation"]["provider"], id.to_string());
        // Those of before, and the one that stands with the invitation.
        let used = &document["invitation"]["used"];
        let given = document["given"].as_array().unwrap();
        let earlier = usize::from(id.as_str() == "vhs-b");
        assert_eq!(given.len(), earlier + usize::from(!used.is_null()));
        assert!(used.is_null() || given.last() == Some(used));
        assert!(document.get("earlier").is_none());
    }
    let proved = store.prove().unwrap();
    let offers: Vec<_> = proved
        .iter()
        .map(|one| (one.provider.as_str(), one.offers))
        .collect();
    assert_eq!(offers, [("vhs-a", 12), ("vhs-b", 12)]);
    assert_eq!(store.latest_night().unwrap().unwrap().night, 1);
}

#[test]
fn a_store_of_layout_1_is_brought_forward_with_all_that_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    let engine = frozen(dir.path(), V1);
    assert_eq!(layout(&*engine), 1);
    let store = EmbeddedStore::open(Arc::clone(&engine), false).unwrap();
    assert_whole(&store);
    assert_eq!(layout(&*engine), 2);
    // The second time there is nothing to do.
    let before: Vec<_> = engine.scan(b"", None).map(Result::unwrap).collect();
    let _again = EmbeddedStore::open(Arc::clone(&engine), false).unwrap();
    let after: Vec<_> = engine.scan(b"", None).map(Result::unwrap).collect();
    assert!(before == after);
}

#[test]
fn a_migration_that_is_killed_at_any_write_goes_on_at_the_next_open() {
    for death in [Death::Stops, Death::StopsAfter] {
        for at in 1.. {
            let dir = tempfile::tempdir().unwrap();
            let dying = Arc::new(Dying::new(frozen(dir.path(), V1), death, at));
            let engine: Arc<dyn Engine> = Arc::clone(&dying) as _;
            let opened = EmbeddedStore::open(engine, false);
            if opened.is_ok() {
                assert!(at > 1, "nothing was written");
                break;
            }
            assert_whole(&EmbeddedStore::open(dying.survivor(), false).unwrap());
        }
    }
}

#[test]
fn a_store_that_says_nothing_of_its_layout_is_the_first_one_unless_it_is_empty() {
    let engine = || {
        let opened = calluna_kv::open("memory", Path::new(""), [0; 16], &Options::default());
        opened.unwrap().engine
    };
    let empty = engine();
    let _new = EmbeddedStore::open(Arc::clone(&empty), false).unwrap();
    assert_eq!(layout(&*empty), u64::from(LAYOUT));
    // Members, and no night yet.
    let old = engine();
    let mut batch = Batch::default();
    batch.put("e/vhs", r#"{"invitation":{"x":1},"earlier":[]}"#);
    old.commit(batch).unwrap();
    let store = EmbeddedStore::open(Arc::clone(&old), false).unwrap();
    let id: ProviderId = "vhs".parse().unwrap();
    let document: Value = serde_json::from_slice(&store.enrolment(&id).unwrap().unwrap()).unwrap();
    assert_eq!(
        document,
        json!({"v": 2, "invitation": {"x": 1}, "given": []})
    );
}

#[test]
fn a_later_layout_is_refused_with_a_sentence_and_untouched() {
    let dir = tempfile::tempdir().unwrap();
    let engine = frozen(dir.path(), V1);
    let mut batch = Batch::default();
    batch.put(key::META, r#"{"layout":3,"last_night":1}"#);
    engine.commit(batch).unwrap();
    let before: Vec<_> = engine.scan(b"", None).map(Result::unwrap).collect();
    let said = EmbeddedStore::open(Arc::clone(&engine), true)
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("layout 3") && said.contains("newer program"),
        "{said}"
    );
    assert!(
        before
            == engine
                .scan(b"", None)
                .map(Result::unwrap)
                .collect::<Vec<_>>()
    );
}
