//! A district of the size that is expected: 40 providers, all numbers of the Heidekreis.

use std::collections::BTreeSet;
use std::fs;

use calluna_model::id::ProviderId;
use calluna_tables::revision::RevisionDigest;
use calluna_tables::{Kind, Layout, Period, Region, Revision, Shown, Subjects, Web};

use super::fixture::{World, quarter};
use crate::input::{Figures, Reason};
use crate::{Input, Releases, audit, build};

/// Makes each revision when it is asked for: none lies in memory for longer.
struct Made {
    layout: String,
    numbers: usize,
    periods: u8,
    world: World,
}

impl Figures for Made {
    fn periods(&self) -> Result<BTreeSet<Period>, Reason> {
        Ok((1..=self.periods)
            .map(|number| quarter(&format!("2026-Q{number}")))
            .collect())
    }

    fn revision(&self, provider: &ProviderId, period: Period) -> Result<Option<Revision>, Reason> {
        let seed = u32::try_from(provider.as_str().len()).unwrap();
        Ok(Some(Revision {
            period,
            number: 1,
            kind: Kind::Final,
            at: 0,
            layout: self.layout.clone(),
            rules: self.world.rules.clone(),
            waiting: 0,
            before: RevisionDigest::default(),
            values: (0..)
                .take(self.numbers)
                .map(|at: u32| match (at + seed) % 3 {
                    0 => Shown::Value(5 + at % 90),
                    1 => Shown::Hidden,
                    _ => Shown::Structural,
                })
                .collect(),
        }))
    }
}

#[test]
#[ignore = "takes a while: run it to measure"]
fn forty_providers_with_all_numbers() {
    let layout = Layout::new(Region::heidekreis().unwrap(), Subjects::areas());
    let web = Web::new(&layout);
    let mut world = World::new();
    world.providers.clear();
    for number in 0..40 {
        world.join(
            &format!("provider-{number}"),
            &format!("Provider {number} (synthetic)"),
        );
    }
    let made = Made {
        layout: layout.fingerprint(),
        numbers: web.numbers().len(),
        periods: 4,
        world,
    };
    let input = Input {
        layout: &layout,
        web: &web,
        figures: &made,
        ..made.world.input()
    };
    let dir = tempfile::tempdir().unwrap();
    let releases = Releases::open(dir.path()).unwrap();
    build(&input, &releases).unwrap();
    let size = |name: &str| fs::metadata(releases.folder(1).join(name)).unwrap().len();
    println!(
        "numbers {}, rows per provider {}",
        web.numbers().len(),
        layout.cells()
    );
    for ending in ["csv", "json", "parquet"] {
        println!("{ending} {}", size(&format!("figures/2026-Q1.{ending}")));
    }
    println!(
        "{}",
        fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap()
    );
    let found = audit(dir.path()).unwrap();
    println!("audit: rows {}, {:?}", found.rows, found.broken);
    println!(
        "{}",
        fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap()
    );
    // The numbers are made up without regard to sums; the district's rows follow all the same.
    assert!(!found.broken.contains_key(&crate::Rule::District));
}
