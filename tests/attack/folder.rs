//! Releases read from folders, as a reader has them.

use std::fs;
use std::path::Path;

use calluna_tests::attack::release::COLUMNS;
use calluna_tests::attack::{Attack, Options};

fn write(folder: &Path, number: u64, rows: &str) {
    fs::create_dir_all(folder.join("figures")).unwrap();
    let about = format!(
        r#"{{"number": {number}, "kind": "provisional", "notes":
        {{"left_out": [{{"period": "2026-Q3", "provider": "hof", "table": "age", "level": 1}}]}}}}"#
    );
    fs::write(folder.join("release.json"), about).unwrap();
    let codes = "DIMENSION,CODE,PARENT,DE,EN\nAGE,_T,,Insgesamt,Total\nAGE,Y,_T,jung,young\nAGE,O,_T,alt,old\n";
    fs::write(folder.join("dimensions.csv"), codes).unwrap();
    let text = format!("{}\n{rows}", COLUMNS.join(","));
    fs::write(folder.join("figures/2026-Q3.csv"), text).unwrap();
}

fn line(provider: &str, age: &str, rest: &str) -> String {
    format!(
        "age,2026-Q3,{provider},_Z,{age},_Z,_Z,_Z,_Z,_Z,_Z,_Z,_Z,ENROLMENTS,{rest},enrolments\n"
    )
}

#[test]
fn folders_are_read_as_they_are_written() {
    let home = tempfile::tempdir().unwrap();
    let (one, two) = (home.path().join("000001"), home.path().join("000002"));
    let rows = |total: u64| {
        [
            line("haus", "_T", &format!("{total},,,P,F")),
            line("haus", "Y", "20,,,P,F"),
            line("haus", "O", ",,,Q,C"),
            // Of this table a row is left out, so nothing follows for the young.
            line("hof", "_T", "30,,,P,F"),
            line("hof", "Y", ",,,Q,C"),
            line("_T", "_T", &format!("{},,,P,F", total + 30)),
            line("_T", "Y", ",20,50,Q,C"),
        ]
        .concat()
    };
    write(&one, 1, &rows(22));
    write(&two, 2, &rows(23));
    let found = Attack::load(&[&one, &two])
        .unwrap()
        .run(&Options::default());
    let exact: Vec<i64> = found.exact.iter().map(|found| found.low).collect();
    assert_eq!(exact, [2, 3]);
    assert!(
        found.narrow.is_empty() && found.district_leaks.is_empty(),
        "{found}"
    );
    assert_eq!(found.small_changes.len(), 3, "{found}");
    assert_eq!(found.utility.listed, 5);
}

#[test]
fn what_is_not_as_agreed_is_refused_with_its_place() {
    let home = tempfile::tempdir().unwrap();
    for (rows, word) in [
        (line("haus", "_T", "22,,,P,C"), "line 2"),
        (line("haus", "_T", ",,,A,F"), "line 2"),
        (line("haus", "_T", "viele,,,A,F"), "OBS_VALUE"),
        (line("haus", "_T", ",1,2,Q,C"), "bounds"),
        (line("haus", "X", "7,,,A,F"), "code X"),
    ] {
        write(home.path(), 1, &rows);
        let error = format!("{:#}", Attack::load(&[home.path()]).unwrap_err());
        assert!(error.contains(word), "{error}");
    }
    write(home.path(), 1, "");
    let twice = Attack::load(&[home.path(), home.path()]).unwrap_err();
    assert!(format!("{twice:#}").contains("oldest first"));
}
