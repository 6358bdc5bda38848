//! Synthetic lists with the hazards of real ones, each hazard with what has to become of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail loudly"
)]

use calluna_figures::{
    Basis, Fault, Figures, Import, Mapping, Offers, PostalCodes, Report, Rule, Secret,
};
use calluna_model::id::OfferId;
use calluna_model::text::Language;
use calluna_tables::{Counts, Dim, Layout, OfferFacts, Region, Subjects};

struct Few;

impl Offers for Few {
    fn facts(&self, name: &OfferId) -> Option<OfferFacts> {
        let (subject, format, cefr, dqr, funding) = match name.as_str() {
            "261-101" => ("2.05", "in-person", "", None, vec![]),
            "261-102" | "261-103" => (
                "4.06",
                "online",
                "B1",
                None,
                vec!["bildungsurlaub".to_owned()],
            ),
            "B1" => (
                "5.10",
                "hybrid",
                "",
                Some(4),
                vec!["bamf".to_owned(), "other".to_owned()],
            ),
            _ => return None,
        };
        Some(OfferFacts {
            subject: subject.to_owned(),
            format: format.to_owned(),
            cefr: cefr.to_owned(),
            dqr,
            funding,
        })
    }
}

const VHS: &[u8] = include_bytes!("data/synthetic-vhs.csv");
const BBS: &[u8] = include_bytes!("data/synthetic-bbs.xlsx");
const ATTRIBUTES: &[u8] = include_bytes!("data/synthetic-attributes.csv");
const NO_HEADER: &[u8] = include_bytes!("data/synthetic-no-header.csv");

fn layout() -> Layout {
    Layout::new(Region::heidekreis().unwrap(), Subjects::areas())
}

fn secret() -> Secret {
    Secret::new([7; 32])
}

fn import(files: &[(&str, &[u8])], mapping: Option<&Mapping>) -> Result<(Figures, Report), Fault> {
    let layout = layout();
    let postal = PostalCodes::heidekreis().unwrap();
    let mut import = Import::new(
        &layout,
        &postal,
        &Few,
        "2026-Q3".parse().unwrap(),
        &secret(),
    );
    for (name, bytes) in files {
        import.read(name, bytes, mapping)?;
    }
    Ok(import.finish())
}

fn vhs() -> (Figures, Report) {
    import(&[("vhs.csv", VHS)], None).unwrap()
}

/// The cell of a table where these codes meet.
fn cell(table: &str, codes: &[&str]) -> u32 {
    let layout = layout();
    let placed = layout
        .tables()
        .iter()
        .find(|placed| placed.table.id == table)
        .unwrap();
    let node = |(dim, code): (&Dim, &&str)| {
        let found = layout.tree(*dim).unwrap().node(code);
        found.unwrap_or_else(|| panic!("{dim:?} has no {code}"))
    };
    let nodes: Vec<u16> = placed.table.dims.iter().zip(codes).map(node).collect();
    placed.cell(&nodes).unwrap()
}

fn counts(figures: &Figures, table: &str, codes: &[&str]) -> Counts {
    figures.counts(cell(table, codes))
}

fn enrolled(figures: &Figures, table: &str, codes: &[&str]) -> u32 {
    counts(figures, table, codes).enrolments
}

/// Rules with their lines.
fn told(faults: &[Fault]) -> Vec<(Rule, Vec<u64>)> {
    faults
        .iter()
        .map(|fault| (fault.rule, fault.lines.clone()))
        .collect()
}

#[test]
fn a_list_of_a_volkshochschule_is_counted_as_a_person_would_count_it() {
    let (figures, _) = vhs();
    let total = Counts {
        enrolments: 4,
        persons: 3,
        completions: 1,
        cancellations: 1,
        waiting: 1,
        contributors: 5,
    };
    for placed in layout().tables() {
        let root = vec!["_T"; placed.table.dims.len()];
        assert_eq!(
            counts(&figures, placed.table.id, &root),
            total,
            "{}",
            placed.table.id
        );
    }
    assert_eq!(enrolled(&figures, "subject", &["2"]), 2);
    assert_eq!(enrolled(&figures, "subject", &["4"]), 1);
    assert_eq!(
        enrolled(&figures, "subject", &["_X"]),
        1,
        "an unknown offer counts without subject"
    );
    assert_eq!(counts(&figures, "age", &["Y35T49"]).persons, 1);
    assert_eq!(counts(&figures, "age", &["Y35T49"]).enrolments, 2);
    assert_eq!(enrolled(&figures, "age", &["Y25T34"]), 1);
    assert_eq!(enrolled(&figures, "age", &["Y25T49"]), 3);
    assert_eq!(
        enrolled(&figures, "age", &["Y_GE65"]),
        1,
        "65 in 2026, born on New Year's Eve"
    );
    assert_eq!(counts(&figures, "age", &["Y_LT18"]).waiting, 1);
    assert_eq!(counts(&figures, "sex", &["_O"]).waiting, 1);
    assert_eq!(enrolled(&figures, "residence", &["03358021"]), 2);
    assert_eq!(
        enrolled(&figures, "residence", &["03358_X"]),
        1,
        "29664 is Walsrode or Osterheide"
    );
    assert_eq!(enrolled(&figures, "residence", &["03358"]), 4);
    assert_eq!(counts(&figures, "residence", &["_O"]).cancellations, 1);
    assert_eq!(enrolled(&figures, "level", &["CEFR_B"]), 1);
    assert_eq!(enrolled(&figures, "funding", &["bildungsurlaub"]), 1);
    assert_eq!(
        enrolled(&figures, "subject_age_sex", &["2", "Y25T34", "F"]),
        1
    );
    let cancelled = counts(&figures, "status", &["cancelled"]);
    assert_eq!(cancelled.value(calluna_tables::Measure::Registrations), 1);
}

#[test]
fn every_row_that_does_not_count_is_told_with_its_line_and_rule() {
    let (_, report) = vhs();
    assert_eq!(report.basis, Some(Basis::Name));
    assert_eq!(
        (
            report.rows,
            report.counted,
            report.refused_rows,
            report.other_period,
            report.repeated
        ),
        (13, 6, 4, 1, 2)
    );
    assert_eq!(
        report.rows,
        report.counted + report.refused_rows + report.other_period + report.repeated
    );
    let refused = told(&report.refused);
    for wanted in [
        (Rule::CellCount, vec![13]),
        (Rule::NoPerson, vec![11]),
        (Rule::NoPerson, vec![14]),
        (Rule::UnknownStatus, vec![10]),
    ] {
        assert!(refused.contains(&wanted), "{wanted:?} in {refused:?}");
    }
    let notices = told(&report.notices);
    for wanted in [
        (Rule::Encoding, vec![]),
        (Rule::OtherPeriod, vec![12]),
        (Rule::PlaceAmbiguous, vec![7, 9]),
        (Rule::Twice, vec![3]),
        (Rule::TwiceDiffers, vec![6]),
        (Rule::UnknownOffer, vec![9]),
        (Rule::UnknownWord, vec![9]),
    ] {
        assert!(notices.contains(&wanted), "{wanted:?} in {notices:?}");
    }
}

#[test]
fn a_workbook_gives_dates_numbers_and_keys_as_people_mean_them() {
    let (figures, report) = import(&[("bbs.xlsx", BBS)], None).unwrap();
    assert_eq!(report.basis, Some(Basis::Id));
    assert_eq!(
        (report.rows, report.counted, report.refused_rows),
        (5, 4, 1)
    );
    assert_eq!(told(&report.refused), [(Rule::NoPerson, vec![7])]);
    let notices = told(&report.notices);
    for wanted in [Rule::BadAge, Rule::BadPlace, Rule::UnknownWord] {
        assert!(
            notices.contains(&(wanted, vec![8])),
            "{wanted:?} in {notices:?}"
        );
    }
    assert_eq!(
        enrolled(&figures, "age", &["Y35T49"]),
        2,
        "46, from a date cell and from a bare number"
    );
    assert_eq!(
        enrolled(&figures, "residence", &["03358021"]),
        1,
        "the zero that Excel took"
    );
    assert_eq!(
        enrolled(&figures, "residence", &["03358024"]),
        1,
        "Bomlitz is Walsrode"
    );
    assert_eq!(enrolled(&figures, "residence", &["_O"]), 1);
    let passage = counts(
        &figures,
        "qualification_destination",
        &["apprenticeship", "work"],
    );
    assert_eq!((passage.enrolments, passage.completions), (1, 1));
    let passage = counts(&figures, "qualification_destination", &["esa", "learning"]);
    assert_eq!((passage.enrolments, passage.completions), (1, 0));
    assert_eq!(
        enrolled(&figures, "funding", &["bildungsgutschein"]),
        1,
        "the registration's own"
    );
    assert_eq!(enrolled(&figures, "funding", &["_N"]), 1);
    assert_eq!(
        enrolled(&figures, "funding", &["_M"]),
        2,
        "the offer has two routes"
    );
    let all = format!("{report:?}");
    assert!(!all.contains("Erika") && all.contains("bbs.xlsx"), "{all}");
}

#[test]
fn without_names_and_numbers_persons_are_never_counted_too_high() {
    let (figures, report) = import(&[("a.csv", ATTRIBUTES)], None).unwrap();
    assert_eq!(report.basis, Some(Basis::Attributes));
    let total = counts(&figures, "sex", &["_T"]);
    assert_eq!(
        (total.enrolments, total.persons),
        (5, 4),
        "1980 w 29614 twice in one offer is once"
    );
    let missing: Vec<&str> = report
        .notices
        .iter()
        .filter(|fault| fault.rule == Rule::ColumnMissing)
        .map(|fault| fault.field)
        .collect();
    assert_eq!(missing, ["status"]);
}

#[test]
fn inv1_a_list_without_header_is_refused_without_a_word_of_it() {
    let Err(fault) = import(&[("liste.csv", NO_HEADER)], None) else {
        panic!("a list without header was taken")
    };
    assert_eq!(fault.rule, Rule::NoOfferColumn);
    for language in Language::ALL {
        let line = fault.line(language);
        assert!(
            line.starts_with("liste.csv: ") && line.contains(" → "),
            "{line}"
        );
        assert!(
            !line.to_lowercase().contains("ller") && !line.contains("1980"),
            "{line}"
        );
    }
}

#[test]
fn inv1_the_name_of_a_sheet_stays_unsaid() {
    let mapping = Mapping::from_toml("sheet = 'Anmeldungen'\n").unwrap();
    let fault = import(&[("bbs.xlsx", BBS)], Some(&mapping)).err().unwrap();
    assert_eq!(fault.rule, Rule::NoSuchSheet);
    let said = format!("{fault} {fault:?} {}", fault.line(Language::De));
    assert!(
        said.contains("bbs.xlsx") && !said.contains("Erika"),
        "{said}"
    );
}

#[test]
fn a_list_that_tells_nobody_apart_is_refused() {
    let fault = import(
        &[("a.csv", b"Kursnummer;Status\n261-101;angemeldet\n")],
        None,
    )
    .err()
    .unwrap();
    assert_eq!(fault.rule, Rule::NoPersonColumn);
}

#[test]
fn files_that_tell_persons_apart_differently_do_not_mix() {
    let files: [(&str, &[u8]); 2] = [("vhs.csv", VHS), ("bbs.xlsx", BBS)];
    assert_eq!(
        import(&files, None).err().unwrap().rule,
        Rule::IdentityDiffers
    );
    // Nothing of a refused file counts.
    let layout = layout();
    let postal = PostalCodes::heidekreis().unwrap();
    let mut both = Import::new(
        &layout,
        &postal,
        &Few,
        "2026-Q3".parse().unwrap(),
        &secret(),
    );
    both.read("vhs.csv", VHS, None).unwrap();
    both.read("bbs.xlsx", BBS, None).unwrap_err();
    let (figures, report) = both.finish();
    assert_eq!(report, vhs().1);
    assert_eq!(figures.cells(), vhs().0.cells());
}

#[test]
fn a_mapping_names_columns_and_chooses_what_tells_persons_apart() {
    let text = "K;N;V;Jahr;Wo\n261-101;Müller;Jürgen;1980;29614\n";
    let mapping = |text: &str| Mapping::from_toml(text).unwrap();
    let good = mapping(
        "[columns]\noffer = 'K'\nfamily_name = 'N'\ngiven_name = 'V'\nbirth_year = 'Jahr'\npostal_code = 'Wo'\n[defaults]\nsex = 'm'\nidentity = 'attributes'\n",
    );
    let (figures, report) = import(&[("a.csv", text.as_bytes())], Some(&good)).unwrap();
    assert_eq!(report.basis, Some(Basis::Attributes));
    assert_eq!(enrolled(&figures, "age_sex", &["Y35T49", "M"]), 1);
    for (toml, rule) in [
        ("[columns]\nkurs = 'K'\n", Rule::MappingField),
        ("[defaults]\nidentity = 'face'\n", Rule::MappingField),
        ("[columns]\noffer = 'Kurs'\n", Rule::MappingColumn),
        (
            "[columns]\noffer = 'K'\n[defaults]\nidentity = 'id'\n",
            Rule::NoPersonColumn,
        ),
    ] {
        let fault = import(&[("a.csv", text.as_bytes())], Some(&mapping(toml)))
            .err()
            .unwrap();
        assert_eq!(fault.rule, rule, "{toml}");
    }
}

#[test]
fn of_two_columns_the_more_certain_name_counts() {
    let text = "Kurs;TN-Nr;Kursnummer\nTöpfern;1;261-101\nSingen;2;261-102\n";
    let (figures, report) = import(&[("a.csv", text.as_bytes())], None).unwrap();
    assert_eq!(enrolled(&figures, "subject", &["2"]), 1);
    assert_eq!(enrolled(&figures, "subject", &["4"]), 1);
    assert!(
        !report
            .notices
            .iter()
            .any(|fault| fault.rule == Rule::UnknownOffer)
    );
}

#[test]
fn importing_twice_or_in_another_order_changes_nothing() {
    let (first, report) = vhs();
    let (again, same) = vhs();
    assert_eq!(first.cells(), again.cells());
    assert_eq!(report, same);
    assert!(again.changed(&first).is_empty());
    assert!(first.persons().eq(again.persons()));
    let (twice, _) = import(&[("vhs.csv", VHS), ("copy.csv", VHS)], None).unwrap();
    assert!(twice.changed(&first).is_empty() && twice.cells() == first.cells());
    let text: String = VHS.iter().map(|byte| char::from(*byte)).collect();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let turned: Vec<u8> = lines
        .join("\n")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let (turned, _) = import(&[("vhs.csv", &turned)], None).unwrap();
    assert!(turned.changed(&first).is_empty() && turned.cells() == first.cells());
}

#[test]
fn a_corrected_row_changes_exactly_that_person() {
    let (before, _) = vhs();
    let text: String = VHS.iter().map(|byte| char::from(*byte)).collect();
    let bytes = |text: String| -> Vec<u8> {
        text.chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect()
    };
    let correct = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        import(&[("vhs.csv", &bytes(text.replace(from, to)))], None)
            .unwrap()
            .0
    };
    // Jürgen drops out of one course: his cells, and only those of the course and of completions.
    let after = correct("Soltau;abgeschlossen", "Soltau;storniert");
    let changed = after.changed(&before);
    assert_eq!(changed.len(), 1);
    let (who, cells) = &changed[0];
    assert!(before.person(who).is_some());
    assert!(cells.contains(&cell("subject", &["4"])) && !cells.contains(&cell("subject", &["2"])));
    // Moving house keeps the person and touches the old and the new cell.
    let after = correct(
        "M\u{fc}ller;J\u{fc}rgen;03.04.1980;m;29614;Soltau;abge",
        "M\u{fc}ller;J\u{fc}rgen;03.04.1980;m;29646;Bispingen;abge",
    );
    let changed = after.changed(&before);
    assert_eq!((changed.len(), &changed[0].0), (1, who));
    for code in ["03358021", "03358002"] {
        assert!(changed[0].1.contains(&cell("residence", &[code])), "{code}");
    }
    assert!(!changed[0].1.contains(&cell("residence", &["03358"])));
    // Somebody whom the list no longer holds is gone, in every cell that she touched.
    let after = correct("261-102;Gro\u{df};", "261-102;;");
    let changed = after.changed(&before);
    assert_eq!(changed.len(), 1);
    assert_eq!(
        changed[0].1.len(),
        before.person(&changed[0].0).unwrap().touches.len()
    );
}

#[test]
fn every_group_is_the_sum_of_its_parts_and_every_cell_the_sum_of_its_persons() {
    let (figures, _) = vhs();
    let layout = layout();
    for placed in layout.tables() {
        for cell in placed.first..placed.first + placed.cells {
            let nodes = placed.nodes(cell).unwrap();
            for (at, dim) in placed.table.dims.iter().enumerate() {
                let tree = layout.tree(*dim).unwrap();
                let children: Vec<u16> = tree.children(nodes[at]).collect();
                if children.is_empty() {
                    continue;
                }
                let mut sum = Counts::default();
                for child in children {
                    let mut below = nodes.clone();
                    below[at] = child;
                    sum.add(&figures.counts(placed.cell(&below).unwrap()));
                }
                let own = figures.counts(cell);
                let flows = |counts: &Counts| {
                    [
                        counts.enrolments,
                        counts.completions,
                        counts.cancellations,
                        counts.waiting,
                    ]
                };
                assert_eq!(flows(&own), flows(&sum), "{} {nodes:?}", placed.table.id);
                assert!(own.persons <= sum.persons && own.contributors <= sum.contributors);
            }
        }
    }
    let mut summed = vec![Counts::default(); figures.cells().len()];
    for person in figures.persons() {
        for touch in person.touches {
            summed[usize::try_from(touch.cell).unwrap()].add(&touch.counts());
        }
    }
    assert_eq!(summed, figures.cells());
}
