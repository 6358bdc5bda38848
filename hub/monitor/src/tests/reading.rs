//! What people read of a release is what its files say.

use calluna_tables::Kind;

use super::fixture::World;
use crate::reading::{Said, ValueText, indicators, quality};
use crate::{Error, Releases, build};

#[test]
fn a_release_reads_as_its_files_say() {
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    let mut world = World::new();
    let records = world.drawn(120, 7);
    world.publish("vhs-heide", "2026-Q3", Kind::Provisional, &records);
    build(&world.input(), &releases).unwrap();
    let read = indicators(&releases, 1).unwrap();
    assert_eq!(read.len(), crate::indicator::INDICATORS.len());
    let rows = std::fs::read_to_string(releases.folder(1).join("indicators.csv")).unwrap();
    let values: Vec<&ValueText> = read.iter().flat_map(|one| &one.values).collect();
    assert_eq!(values.len(), rows.lines().count() - 1);
    for kind in [
        |said: Said| matches!(said, Said::Value(_)),
        |said: Said| matches!(said, Said::Between(..)),
        |said: Said| said == Said::Hidden,
    ] {
        assert!(values.iter().any(|value| kind(value.value)));
    }
    let enrolments = read.iter().find(|one| one.id == "CAL-G3").unwrap();
    assert_eq!(enrolments.unit.de, "Belegungen");
    assert!(!enrolments.formula.de.is_empty() && !enrolments.name.en.is_empty());
    let total = &enrolments.values[0];
    assert_eq!((total.area.as_str(), total.provisional), ("03358", true));
    assert_eq!(total.dimensions[0].code, "_T");
    assert_ne!(total.dimensions[0].words.de, "_T");
    let quality = quality(&releases, 1).unwrap();
    let delivered = quality
        .providers
        .iter()
        .find(|one| one.provider == "vhs-heide");
    assert_eq!(delivered.unwrap().periods[0].period, "2026-Q3");
    assert!(matches!(
        indicators(&releases, 2),
        Err(Error::Missing { number: 2 })
    ));
}
