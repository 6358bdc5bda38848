//! Synthetic lists with the hazards of real ones, each hazard with what has to become of it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests may fail loudly"
)]

use std::collections::{BTreeMap, BTreeSet};

use calluna_figures::{
    Basis, Fault, Figures, Import, Mapping, Offers, PersonHash, PostalCodes, Report, Rule, Secret,
    Touch,
};
use calluna_model::id::OfferId;
use calluna_model::text::Language;
use calluna_tables::{Dim, Layout, Measure, OfferFacts, Region, Subjects, Web};

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
    Ok(import.finish(&Web::new(&layout)))
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

/// The number of a cell in a measure of its table.
fn number(table: &str, codes: &[&str], measure: Measure) -> u32 {
    let layout = layout();
    let tables = layout.tables();
    let at = tables
        .iter()
        .position(|placed| placed.table.id == table)
        .unwrap();
    let measures = tables[at].table.measures;
    let which = measures.iter().position(|known| *known == measure);
    let inside = usize::try_from(cell(table, codes) - tables[at].first).unwrap();
    Web::new(&layout)
        .place(at, inside, which.unwrap(), measures.len())
        .unwrap()
}

fn count(figures: &Figures, table: &str, codes: &[&str], measure: Measure) -> u32 {
    figures.value(number(table, codes, measure))
}

/// Persons with an enrolment in a cell.
fn persons(figures: &Figures, table: &str, codes: &[&str]) -> u32 {
    let at = number(table, codes, Measure::Enrolments);
    figures.contributors()[usize::try_from(at).unwrap()]
}

fn enrolled(figures: &Figures, table: &str, codes: &[&str]) -> u32 {
    count(figures, table, codes, Measure::Enrolments)
}

fn registered(figures: &Figures, table: &str, codes: &[&str]) -> u32 {
    count(figures, table, codes, Measure::Registrations)
}

/// Who is new, gone or different, with the numbers that she changes.
fn changes(after: &Figures, before: &Figures) -> Vec<(PersonHash, Vec<u32>)> {
    let list = |figures: &Figures, hash: &PersonHash| -> BTreeMap<u32, u32> {
        let touches = figures
            .person(hash)
            .map_or(&[][..], |person| person.touches);
        let pairs = touches.iter().map(|touch| (touch.number, touch.value));
        pairs.collect()
    };
    let both = after.persons().chain(before.persons());
    let all: BTreeSet<PersonHash> = both.map(|person| person.hash).collect();
    all.into_iter()
        .filter_map(|hash| {
            let (old, new) = (list(before, &hash), list(after, &hash));
            let numbers: BTreeSet<u32> = old.keys().chain(new.keys()).copied().collect();
            let differs = |number: &u32| old.get(number) != new.get(number);
            let numbers: Vec<u32> = numbers.into_iter().filter(differs).collect();
            (!numbers.is_empty()).then_some((hash, numbers))
        })
        .collect()
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
    for placed in layout().tables() {
        let root = vec!["_T"; placed.table.dims.len()];
        for measure in placed.table.measures {
            let wanted = match measure {
                Measure::Enrolments => 4,
                Measure::Persons => 3,
                Measure::Registrations => 6,
            };
            let found = count(&figures, placed.table.id, &root, *measure);
            assert_eq!(found, wanted, "{} {measure:?}", placed.table.id);
        }
    }
    let all = usize::try_from(number("status", &["_T"], Measure::Registrations)).unwrap();
    assert_eq!(
        figures.contributors()[all],
        5,
        "persons with a registration"
    );
    assert_eq!(enrolled(&figures, "subject", &["2"]), 2);
    assert_eq!(enrolled(&figures, "subject", &["4"]), 1);
    assert_eq!(
        enrolled(&figures, "subject", &["_X"]),
        1,
        "an unknown offer counts without subject"
    );
    assert_eq!(persons(&figures, "age", &["Y35T49"]), 1);
    assert_eq!(enrolled(&figures, "age", &["Y35T49"]), 2);
    assert_eq!(enrolled(&figures, "age", &["Y25T34"]), 1);
    assert_eq!(enrolled(&figures, "age", &["Y25T49"]), 3);
    assert_eq!(
        enrolled(&figures, "age", &["Y_GE65"]),
        1,
        "65 in 2026, born on New Year's Eve"
    );
    assert_eq!(registered(&figures, "status", &["waiting"]), 1);
    assert_eq!(
        enrolled(&figures, "age", &["Y_LT18"]),
        0,
        "who waits is not enrolled"
    );
    assert_eq!(enrolled(&figures, "residence", &["03358021"]), 2);
    assert_eq!(
        enrolled(&figures, "residence", &["03358_X"]),
        1,
        "29664 is Walsrode or Osterheide"
    );
    assert_eq!(enrolled(&figures, "residence", &["03358"]), 4);
    assert_eq!(
        registered(&figures, "residence_status", &["_O", "cancelled"]),
        1
    );
    assert_eq!(enrolled(&figures, "residence", &["_O"]), 0);
    assert_eq!(enrolled(&figures, "level", &["CEFR_B"]), 1);
    assert_eq!(enrolled(&figures, "funding", &["bildungsurlaub"]), 1);
    assert_eq!(
        enrolled(&figures, "subject_age_sex", &["2", "Y25T34", "F"]),
        1
    );
    for (state, wanted) in [("cancelled", 1), ("completed", 1), ("enrolments", 4)] {
        assert_eq!(registered(&figures, "status", &[state]), wanted, "{state}");
    }
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
    let passage = |codes: &[&str]| enrolled(&figures, "qualification_destination", codes);
    assert_eq!(passage(&["apprenticeship", "work"]), 1);
    assert_eq!(passage(&["esa", "learning"]), 1);
    assert_eq!(registered(&figures, "status", &["completed"]), 1);
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
    assert_eq!(
        (
            enrolled(&figures, "sex", &["_T"]),
            persons(&figures, "sex", &["_T"])
        ),
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
    // With every birthday somebody else would seem to have come.
    let aged = b"Kursnummer;Alter;Geschlecht;PLZ;Status\n261-101;44;w;29614;angemeldet\n";
    let fault = import(&[("a.csv", aged)], None).err().unwrap();
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
    let (figures, report) = both.finish(&Web::new(&layout));
    assert_eq!(report, vhs().1);
    assert_eq!(figures.values(), vhs().0.values());
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
    assert_eq!(first.values(), again.values());
    assert_eq!(report, same);
    assert!(changes(&again, &first).is_empty());
    assert!(first.persons().eq(again.persons()));
    let (twice, _) = import(&[("vhs.csv", VHS), ("copy.csv", VHS)], None).unwrap();
    assert!(changes(&twice, &first).is_empty() && twice.values() == first.values());
    let text: String = VHS.iter().map(|byte| char::from(*byte)).collect();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let turned: Vec<u8> = lines
        .join("\n")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let (turned, _) = import(&[("vhs.csv", &turned)], None).unwrap();
    assert!(changes(&turned, &first).is_empty() && turned.values() == first.values());
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
    let enrolments = |table: &str, code: &str| number(table, &[code], Measure::Enrolments);
    // Jürgen drops out of one course: his cells, and only those of the course and of completions.
    let after = correct("Soltau;abgeschlossen", "Soltau;storniert");
    let changed = changes(&after, &before);
    assert_eq!(changed.len(), 1);
    let (who, cells) = &changed[0];
    assert!(before.person(who).is_some());
    assert!(
        cells.contains(&enrolments("subject", "4")) && !cells.contains(&enrolments("subject", "2"))
    );
    // Moving house keeps the person and touches the old and the new cell.
    let after = correct(
        "M\u{fc}ller;J\u{fc}rgen;03.04.1980;m;29614;Soltau;abge",
        "M\u{fc}ller;J\u{fc}rgen;03.04.1980;m;29646;Bispingen;abge",
    );
    let changed = changes(&after, &before);
    assert_eq!((changed.len(), &changed[0].0), (1, who));
    for code in ["03358021", "03358002"] {
        assert!(
            changed[0].1.contains(&enrolments("residence", code)),
            "{code}"
        );
    }
    assert!(!changed[0].1.contains(&enrolments("residence", "03358")));
    // Somebody whom the list no longer holds is gone, in every cell that she touched.
    let after = correct("261-102;Gro\u{df};", "261-102;;");
    let changed = changes(&after, &before);
    assert_eq!(changed.len(), 1);
    assert_eq!(
        changed[0].1.len(),
        before.person(&changed[0].0).unwrap().touches.len()
    );
}

#[test]
fn every_sum_of_the_web_holds_and_every_number_is_the_sum_of_its_persons() {
    let (figures, _) = vhs();
    let layout = layout();
    let web = Web::new(&layout);
    for sum in web.sums() {
        let parts: u32 = sum.parts.iter().map(|part| figures.value(*part)).sum();
        assert_eq!(figures.value(sum.parent), parts);
    }
    for (lesser, greater) in web.at_most() {
        assert!(figures.value(*lesser) <= figures.value(*greater));
    }
    let mut summed = vec![0; figures.values().len()];
    let mut persons = summed.clone();
    for person in figures.persons() {
        assert!(person.touches.is_sorted_by(|a, b| a.number < b.number));
        for touch in person.touches {
            summed[usize::try_from(touch.number).unwrap()] += touch.value;
            persons[usize::try_from(touch.number).unwrap()] += 1;
        }
    }
    assert_eq!(
        (&summed[..], &persons[..]),
        (figures.values(), figures.contributors())
    );
}

#[test]
fn a_later_registration_leaves_the_person_where_she_was_counted_first() {
    let first = "Kursnummer;TN-Nr;PLZ;Anmeldedatum\n261-101;7;29614;01.07.2026\n";
    let (before, _) = import(&[("a.csv", first.as_bytes())], None).unwrap();
    let place = number("residence", &["03358021"], Measure::Enrolments);
    for offer in ["261-102", "261-103", "K-1", "K-2", "K-3", "K-4"] {
        let both = format!("{first}{offer};7;20095;02.07.2026\n");
        let (after, _) = import(&[("a.csv", both.as_bytes())], None).unwrap();
        assert_eq!((before.value(place), after.value(place)), (1, 1), "{offer}");
        let grows = before
            .values()
            .iter()
            .zip(after.values())
            .all(|(a, b)| a <= b);
        assert!(grows, "{offer}: nothing shrinks");
    }
}

#[test]
fn figures_can_be_made_from_what_persons_add() {
    let who = |byte| PersonHash::from_bytes([byte; 32]);
    let touch = |number, value| Touch { number, value };
    let made = Figures::new(
        3,
        vec![
            (who(2), vec![touch(1, 1), touch(9, 1), touch(0, 0)]),
            (who(1), vec![touch(1, 2)]),
            (who(2), vec![touch(2, 1), touch(1, 1)]),
        ],
    );
    assert_eq!(made.values(), [0, 4, 1]);
    assert_eq!(made.contributors(), [0, 2, 1]);
    assert_eq!(made.persons().len(), 2);
    assert!(made.person(&who(2)).unwrap().touches == [touch(1, 2), touch(2, 1)]);
}
