//! The hub's store under each engine, and from one to the other.

use std::collections::BTreeMap;
use std::fs;

use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node, digest_of};
use calluna_tests::process::Process;
use calluna_tests::sample::{jsonl, long_offer, offer};
use tokio::time::Instant;

/// What readers see, and what the hub says that it holds.
fn holds(district: &District) -> (Vec<String>, u64) {
    let catalogue = district.catalogue();
    let titles = catalogue.into_iter().map(|((provider, id), offer)| {
        let all = serde_json::to_string(&offer).unwrap();
        format!("{provider} {id} {all}")
    });
    (titles.collect(), district.status().offers)
}

fn import(district: &District, node: &Node, count: usize, version: &str) {
    let list = jsonl(
        &district.path("l.jsonl"),
        (0..count).map(|n| long_offer(n, version)),
    );
    let _imported = node.import(&list, &["--replace"]).ok();
}

fn assert_agreed(district: &District, node: &Node) {
    let catalogue: BTreeMap<_, _> = district.catalogue();
    assert_eq!(digest_of(catalogue.values()), node.digest());
}

#[test]
fn a_hub_goes_to_fjall_and_back_and_its_nights_go_on() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    import(&district, &node, 400, "alt");
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 400);
    district
        .hub(&["store", "convert", "--to", "fjall"])
        .says(1, &["is running", "stop it"]);
    let _stopped = district.stop_hub().ok();
    let before = holds(&district);

    let convert = ["store", "convert", "--format", "json", "--to"];
    let said = district
        .hub(&[&convert[..], &["fjall"]].concat())
        .ok()
        .json();
    assert_eq!(
        (&said["converted"], &said["from"]),
        (&true.into(), &"sled".into())
    );
    assert!(said["keys"].as_u64().unwrap() > 5, "{said}");
    assert_eq!(said["hash"].as_str().unwrap().len(), 64);
    let old = said["old_store"].as_str().unwrap();
    assert!(old.ends_with("/store.old-sled") && fs::exists(old).unwrap());
    assert!(district.hub_dir().join("store/fjall").is_dir());
    assert_eq!(holds(&district), before, "everything is there");

    // A night with nothing, one with changes, a kill, and one more.
    district.start_hub();
    let _quiet = district.night().expect("vhs-a", Outcome::Unchanged);
    import(&district, &node, 390, "neu");
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 390);
    district.kill_hub();
    assert_agreed(&district, &node);
    district.start_hub();
    let _quiet = district.night().expect("vhs-a", Outcome::Unchanged);
    let _stopped = district.stop_hub().ok();

    let before = holds(&district);
    let back = district
        .hub(&["store", "convert", "--to", "sled"])
        .ok()
        .stderr;
    assert!(
        back.contains("Converted from fjall to sled") && back.contains("rm -r"),
        "{back}"
    );
    assert_eq!(holds(&district), before);
    let again = district
        .hub(&["store", "convert", "--to", "sled"])
        .ok()
        .stderr;
    assert!(again.contains("already"), "{again}");
    district.start_hub();
    let _quiet = district.night().expect("vhs-a", Outcome::Unchanged);
    assert_agreed(&district, &node);
}

#[test]
fn a_new_hub_begins_with_fjall_and_what_it_reported_survives_kill_after_kill() {
    let mut district = District::with(&[("CALLUNA_STORE_ENGINE", "fjall")]);
    let node = district.member("vhs-a");
    for round in 0..3 {
        import(&district, &node, 150 + round, &format!("r{round}"));
        let _line = district.night().expect("vhs-a", Outcome::Ok);
        district.kill_hub();
        assert_agreed(&district, &node);
        district.start_hub();
    }
    assert!(district.hub_dir().join("store/fjall").is_dir());
    let _stopped = district.stop_hub().ok();
    // The setting in hub.toml is still that of sled.
    district.set("CALLUNA_STORE_ENGINE", "sled");
    let words = ["is kept by the engine \"fjall\"", "CALLUNA_STORE_ENGINE"];
    district.hub(&["status"]).says(1, &words);
}

#[test]
fn the_wrong_engine_is_a_sentence_and_never_an_empty_hub() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    let list = jsonl(&district.path("l.jsonl"), (0..20).map(|n| offer(n, "x")));
    let _imported = node.import(&list, &[]).ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let _stopped = district.stop_hub().ok();
    let path = district.hub_dir().join("hub.toml");
    let right = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        right.replace("# engine = \"sled\"", "engine = \"fjall\""),
    )
    .unwrap();
    for command in ["serve", "status", "sync"] {
        let words = [
            "is kept by the engine \"sled\"",
            "the settings say \"fjall\"",
            "set engine = \"sled\" under [store]",
            "store convert --to fjall",
        ];
        district.hub(&[command]).says(1, &words);
    }
    fs::write(
        &path,
        right.replace("# engine = \"sled\"", "engine = \"rocks\""),
    )
    .unwrap();
    let words = ["no storage engine \"rocks\"", "sled, fjall"];
    district.hub(&["status"]).says(1, &words);
    district
        .hub(&["store", "convert", "--to", "rocks"])
        .says(2, &["rocks", "fjall"]);
    fs::write(&path, right).unwrap();
    assert_eq!(district.status().offers, 20);
}

#[test]
fn a_conversion_killed_at_any_point_leaves_the_whole_old_or_the_whole_new_store() {
    let mut district = District::new();
    let node = district.member("vhs-a");
    import(&district, &node, 300, "alt");
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let _stopped = district.stop_hub().ok();
    let before = holds(&district);
    // There and back in peace: how long it takes here, and so at which moments to kill it.
    let begun = Instant::now();
    for (to, old) in [("fjall", "store.old-sled"), ("sled", "store.old-fjall")] {
        let _done = district.hub(&["store", "convert", "--to", to]).ok();
        fs::remove_dir_all(district.hub_dir().join(old)).unwrap();
    }
    let usual = begun.elapsed() / 2;
    let (mut engine, mut killed, mut converted) = ("sled", 0, 0);
    for delay in (1..=10).map(|round| usual * round / 9) {
        let to = if engine == "sled" { "fjall" } else { "sled" };
        let mut command = district.hub_command(&["store", "convert", "--to", to]);
        let converting = Process::start(&mut command);
        // Not a wait for something: this is the moment at which it is killed.
        std::thread::sleep(delay);
        let ended = converting.kill();
        assert_eq!(holds(&district), before, "killed after {delay:?}");
        let fjall = district.hub_dir().join("store/fjall").is_dir();
        let held = if fjall { "fjall" } else { "sled" };
        if held == to {
            converted += 1;
            engine = to;
            let old = if fjall {
                "store.old-sled"
            } else {
                "store.old-fjall"
            };
            fs::remove_dir_all(district.hub_dir().join(old)).unwrap();
        } else {
            killed += 1;
            assert_ne!(ended.code, Some(0), "it said that it had converted");
        }
    }
    assert!(killed > 0, "it was never killed in time");
    println!("{killed} times the old store, {converted} times the new one");
}
