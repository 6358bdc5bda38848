//! Quality notes and evidence: who delivered, what is missing, what nobody proved.

use std::fs;

use calluna_tables::Kind;
use serde_json::Value as Json;

use super::fixture::{World, id, quarter};
use crate::{Releases, Standing, build};

fn read(world: &World, file: &str) -> Json {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    build(&world.input(), &releases).unwrap();
    serde_json::from_slice(&fs::read(releases.folder(1).join(file)).unwrap()).unwrap()
}

/// Two providers and a third that has left; the second lacks a period and counts other cells in another.
fn world() -> World {
    let mut world = World::new();
    world.join("trainer", "Trainer (synthetic)");
    let records = world.drawn(80, 51);
    for period in ["2026-Q1", "2026-Q2", "2026-Q3"] {
        world.publish("vhs-heide", period, Kind::Final, &records);
        world.publish("trainer", period, Kind::Final, &records);
    }
    world.publish("schule-eins", "2026-Q2", Kind::Final, &records);
    world.publish("schule-eins", "2026-Q3", Kind::Provisional, &records);
    let key = (quarter("2026-Q2"), id("schule-eins"));
    world.figures.get_mut(&key).unwrap().layout = "of another district".to_owned();
    world.providers[1].agreed = None;
    world.providers[1].told_apart = None;
    world.providers[2].standing = Standing::Withdrawn;
    world
}

#[test]
fn quality_notes_say_who_delivered_and_what_is_missing() {
    let notes = read(&world(), "quality.json");
    let of = |provider: &str| {
        let all = notes["providers"].as_array().unwrap().iter();
        all.clone()
            .find(|one| one["provider"] == provider)
            .unwrap()
            .clone()
    };
    let school = of("schule-eins");
    assert_eq!(school["missing"], serde_json::json!(["2026-Q1"]));
    assert_eq!(school["not_placed"], serde_json::json!(["2026-Q2"]));
    assert_eq!(school["agreed"], Json::Null);
    assert_eq!(school["persons_told_apart_by"], Json::Null);
    assert_eq!(school["periods"][0]["kind"], "provisional");
    assert_eq!(school["periods"][0]["waiting"], 10);
    let vhs = of("vhs-heide");
    assert_eq!(vhs["missing"], serde_json::json!([]));
    assert_eq!(vhs["agreed"], "2026-09-21T13:56:40Z");
    let trainer = of("trainer");
    assert_eq!(
        (
            trainer["standing"].as_str(),
            trainer["periods"].as_array().unwrap().len()
        ),
        (Some("withdrawn"), 0)
    );
}

#[test]
fn one_providers_foreign_cells_cost_the_others_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    build(&world().input(), &releases).unwrap();
    let text = fs::read_to_string(releases.folder(1).join("figures/2026-Q2.csv")).unwrap();
    assert!(
        text.contains(",vhs-heide,")
            && !text.contains(",schule-eins,")
            && !text.contains(",trainer,")
    );
    let manifest = releases.show(1).unwrap();
    let states: Vec<&str> = manifest
        .periods
        .iter()
        .map(|known| known.state.as_str())
        .collect();
    assert_eq!(states, ["final", "final", "provisional"]);
}

#[test]
fn what_nobody_proved_stands_in_the_audit_file() {
    let mut world = world();
    world.providers.pop();
    world.prove();
    world
        .evidence
        .proofs
        .retain(|proof| proof.provider != id("schule-eins"));
    world.evidence.proofs[0].minimum_width = Some(6);
    let audit = read(&world, "audit.json");
    assert_eq!(audit["unproved"].as_array().unwrap().len(), 1);
    assert_eq!(audit["unproved"][0]["provider"], "schule-eins");
    assert_eq!(audit["totals"]["minimum_width"], 4);
    assert_eq!(audit["prover"], "synthetic prover 1");
    let tables = audit["tables"].as_array().unwrap();
    assert_eq!(tables.len(), 12, "three periods in four files each");
}
