//! A full disk: hub and node stay up, say what is missing, lose nothing, start all the same, and go
//! on without a restart once there is room.
//!
//! On a tmpfs that the test mounts; where that is not permitted it says so and ends.

use calluna_model::outcome::Outcome;
use calluna_tests::disk::{SmallDisk, taken};
use calluna_tests::district::{District, Node, digest_of};
use calluna_tests::sample::{jsonl, long_offer};

const SMALL_RESERVE: &[(&str, &str)] = &[("CALLUNA_STORE_RESERVE_MIB", "8")];

fn import(district: &District, node: &Node, version: &str) {
    let list = jsonl(
        &district.path(&format!("{version}.jsonl")),
        (0..1_500).map(|n| long_offer(n, version)),
    );
    let _imported = node.import(&list, &["--replace"]).ok();
}

fn versions(district: &District) -> Vec<String> {
    let mut all: Vec<String> = district
        .titles("vhs-a")
        .into_values()
        .map(|title| title.rsplit(' ').next().unwrap_or_default().to_owned())
        .collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn a_hub_on_a_full_disk_stays_up_says_what_is_missing_and_recovers() {
    let mut district = District::prepared(SMALL_RESERVE);
    let Some(disk) = SmallDisk::under(&district.hub_dir(), 64) else {
        return println!("SKIPPED: this user may not mount a small disk");
    };
    district.start_hub();
    let node = district.member("vhs-a");
    import(&district, &node, "alt");
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let reserve = district.hub_dir().join("store/RESERVE");
    assert!(taken(&reserve) >= 8 << 20, "the reserve is set aside");

    disk.fill();
    import(&district, &node, "neu");
    let night = district.night();
    let line = night.expect("vhs-a", Outcome::Failed);
    for word in ["is full", "MB are missing", "free some space"] {
        assert!(
            line.note.contains(word),
            "`{word}` is missing: {}",
            line.note
        );
    }
    assert_eq!(taken(&reserve), 0, "the reserve is given back");
    // Readers see what they saw, and the hub says how it stands.
    assert_eq!(versions(&district), ["alt"]);
    let status = district.status();
    assert_eq!(status.providers[0].last_outcome, Some(Outcome::Failed));
    assert!(status.providers[0].note.contains("is full"));
    assert_eq!(status.last_night.unwrap(), night.report);

    // It also starts like this, in order and after a kill.
    district.kill_hub();
    district.start_hub();
    assert_eq!(versions(&district), ["alt"]);
    let _still = district.night().expect("vhs-a", Outcome::Failed);
    let _ended = district.stop_hub().ok();
    district.start_hub();

    // Somebody makes room: the next night is right, without a restart.
    let pid = district.hub_pid();
    disk.clear();
    let _good = district.night().expect("vhs-a", Outcome::Ok);
    assert_eq!(district.hub_pid(), pid);
    assert_eq!(digest_of(district.catalogue().values()), node.digest());
    assert_eq!(versions(&district), ["neu"]);
    // A small write is enough for the reserve to be there again.
    let _invited = district.invite("vhs-b");
    assert!(taken(&reserve) >= 8 << 20, "the reserve is set aside again");
    let _ended = district.stop_hub().ok();
}

#[test]
fn a_node_on_a_full_disk_refuses_an_import_loses_nothing_and_recovers() {
    let district = District::new();
    let mut node = district.joined("vhs-a");
    let Some(disk) = SmallDisk::under(&node.dir, 40) else {
        return println!("SKIPPED: this user may not mount a small disk");
    };
    node.serve();
    import(&district, &node, "alt");
    let before = node.digest();
    let _first = district.night().expect("vhs-a", Outcome::Ok);

    disk.fill();
    let list = jsonl(
        &district.path("neu.jsonl"),
        (0..1_500).map(|n| long_offer(n, "neu")),
    );
    node.import(&list, &["--replace"])
        .says(1, &["is full", "MB are missing", "free some space"]);
    assert_eq!((node.count(), node.digest()), (1_500, before));
    let _same = district.night().expect("vhs-a", Outcome::Unchanged);
    // It also starts like this.
    node.kill();
    node.serve();
    assert_eq!((node.count(), node.digest()), (1_500, before));
    let _same = district.night().expect("vhs-a", Outcome::Unchanged);

    disk.clear();
    import(&district, &node, "neu");
    let _good = district.night().expect("vhs-a", Outcome::Ok);
    assert_eq!(digest_of(district.catalogue().values()), node.digest());
    let _ended = node.stop().ok();
}
