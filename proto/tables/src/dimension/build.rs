//! The trees, from code lists, subjects and region.

use calluna_model::code;

use super::{Dim, Dimension};
use crate::region::{OUTSIDE, Region};
use crate::subject::Subjects;

/// The tree of each dimension, in the order of [`Dim::ALL`].
pub(crate) fn trees(region: &Region, subjects: &Subjects) -> Vec<Dimension> {
    Dim::ALL
        .iter()
        .map(|dim| match dim {
            Dim::Subject => {
                let mut tree = Dimension::new(*dim);
                tree.grow(subjects.entries(), "", 0, true);
                tree.unknown();
                tree
            }
            Dim::Residence => residence(region),
            Dim::Sex => Dimension::of_list(*dim, code::SEX),
            Dim::Status => Dimension::of_list(*dim, code::REGISTRATION_STATUS),
            Dim::Funding => {
                let mut tree = Dimension::of_list(*dim, code::FUNDING);
                tree.push(
                    "_M",
                    "Mehrere Förderungen möglich",
                    "Several routes possible",
                    Some(0),
                );
                tree.push("_N", "Keine genannt", "None named", Some(0));
                tree.unknown();
                tree
            }
            other => {
                let mut tree = Dimension::of_list(*other, list(*other));
                tree.unknown();
                tree
            }
        })
        .collect()
}

fn list(dim: Dim) -> code::Name {
    match dim {
        Dim::Age => code::AGE_GROUP,
        Dim::Level => code::LEVEL_GROUP,
        Dim::Qualification => code::PRIOR_QUALIFICATION,
        Dim::Destination => code::DESTINATION,
        _ => code::FORMAT,
    }
}

/// Land (only where the region has several of its Kreise), Kreis, municipality.
fn residence(region: &Region) -> Dimension {
    let mut tree = Dimension::new(Dim::Residence);
    let mut entries: Vec<code::Entry> = Vec::new();
    let municipalities = region.municipalities();
    let mut kreise: Vec<(&str, &str)> = municipalities
        .iter()
        .filter_map(|known| Some((known.ags.get(..5)?, known.district.as_str())))
        .collect();
    kreise.dedup_by_key(|(key, _)| *key);
    let several = |land: &str| {
        kreise
            .iter()
            .filter(|(key, _)| key.starts_with(land))
            .count()
            > 1
    };
    let mut add = |code: &str, name: &str, parent: &str| {
        if !entries.iter().any(|entry| entry.code == code) {
            entries.push(code::Entry {
                code: code.to_owned(),
                de: name.to_owned(),
                en: name.to_owned(),
                parent: parent.to_owned(),
            });
        }
    };
    for (key, name) in &kreise {
        let land = key.get(..2).unwrap_or_default();
        let above = if several(land) { land } else { "" };
        if !above.is_empty() {
            add(land, &format!("Land {land}"), "");
        }
        add(key, name, above);
    }
    for known in municipalities {
        add(
            &known.ags,
            &known.name,
            known.ags.get(..5).unwrap_or_default(),
        );
    }
    tree.grow(&entries, "", 0, true);
    tree.push(
        OUTSIDE,
        "Außerhalb der Region",
        "Outside the region",
        Some(0),
    );
    tree.unknown();
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dimension::age_code;

    fn all() -> Vec<Dimension> {
        trees(&Region::heidekreis().unwrap(), &Subjects::areas())
    }

    #[test]
    fn every_tree_has_one_root_parents_first_and_no_code_twice() {
        for (tree, dim) in all().iter().zip(Dim::ALL) {
            assert_eq!(tree.dim, dim);
            assert!(tree.codes().len() > 2, "{dim:?}");
            for (at, code) in tree.codes().iter().enumerate() {
                assert_eq!(code.parent.is_none(), at == 0, "{dim:?} {}", code.id);
                assert!(code.parent.is_none_or(|parent| usize::from(parent) < at));
                assert_eq!(
                    tree.node(&code.id),
                    u16::try_from(at).ok(),
                    "{dim:?} {} stands twice",
                    code.id
                );
                assert_eq!(tree.chain(u16::try_from(at).unwrap()).last(), Some(&0));
            }
        }
    }

    #[test]
    fn what_is_known_in_part_is_counted_in_part() {
        let trees = all();
        let residence = &trees[Dim::Residence as usize];
        let up = |id: &str| -> Vec<&str> {
            let chain = residence.chain(residence.leaf(id));
            chain
                .iter()
                .map(|node| residence.codes()[usize::from(*node)].id.as_str())
                .collect()
        };
        assert_eq!(up("03358021"), ["03358021", "03358", "_T"]);
        assert_eq!(up("03358"), ["03358_X", "03358", "_T"]);
        assert_eq!(up("09999"), ["_X", "_T"]);
        for age in 0..=120 {
            assert!(trees[Dim::Age as usize].node(age_code(age)).is_some());
        }
    }

    #[test]
    fn a_region_of_several_districts_has_the_land_above_them() {
        let text = "ags,name,district,formerly\n03358021,Soltau,Heidekreis,\n03353036,Undeloh,Harburg,\n02000000,Hamburg,Hamburg,\n";
        let tree = residence(&Region::parse(text).unwrap());
        let ids: Vec<&str> = tree.codes().iter().map(|code| code.id.as_str()).collect();
        assert_eq!(
            ids,
            [
                "_T", "02000", "02000000", "02000_X", "03", "03353", "03353036", "03353_X",
                "03358", "03358021", "03358_X", "03_X", "_O", "_X"
            ]
        );
    }
}
