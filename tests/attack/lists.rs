//! The synthetic lists are understood by the importer as they are meant.

use std::path::Path;

use calluna_figures::{Import, OfferIndex, PostalCodes, Secret};
use calluna_tables::{Layout, Region, Subjects, Web};
use calluna_tests::townhall::Synthetic;

/// Counts a provider's list of a night and compares it with what it was made of.
fn count(town: &Synthetic, provider: usize, night: u32, period: &str) -> usize {
    let offers: Vec<_> = town.providers[provider]
        .offers
        .iter()
        .map(|offer| offer.to_offer())
        .collect();
    let index: OfferIndex = offers.iter().collect();
    let layout = Layout::new(Region::heidekreis().unwrap(), Subjects::areas());
    let secret = Secret::new([9; 32]);
    let postal = PostalCodes::heidekreis().unwrap();
    let period_read = period.parse().unwrap();
    let mut import = Import::new(&layout, &postal, &index, period_read, &secret);
    let list = town.csv(provider, night, period);
    import.read("liste.csv", list.as_bytes(), None).unwrap();
    let (_, report) = import.finish(&Web::new(&layout));
    assert_eq!(report.refused, [], "{}", town.providers[provider].id);
    assert_eq!(report.notices, [], "{}", town.providers[provider].id);
    assert_eq!((report.repeated, report.other_period), (0, 0));
    let listed = town.listed(provider, night, period).count();
    assert_eq!(report.counted, listed as u64);
    listed
}

#[test]
fn lists_of_a_synthetic_district_are_read_without_a_remark() {
    let town = Synthetic::new(21, 5, 1_200, 120);
    let mut all = 0;
    for provider in 0..5 {
        for (night, period) in [
            (3, "2026-Q3"),
            (60, "2026-Q3"),
            (119, "2026-Q3"),
            (119, "2026-Q4"),
        ] {
            all += count(&town, provider, night, period);
        }
    }
    assert!(all > 1_500);
}

#[test]
fn lists_of_real_attributes_are_read_without_a_remark() {
    let file = Path::new("/work/shared/data/participation/oulad_studentInfo.csv");
    let Some(town) = Synthetic::of_oulad(file, 5, 120).unwrap() else {
        println!("{} is not here: skipped", file.display());
        return;
    };
    assert!(count(&town, 3, 80, "2026-Q3") > 2_000);
}
