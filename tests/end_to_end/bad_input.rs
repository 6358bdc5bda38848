//! Hostile and broken input through the real binary: a sentence with the way out, within bounds,
//! and nothing changed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use calluna_model::id::Digest;
use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node};
use calluna_tests::process::Ended;
use calluna_tests::sample::{jsonl, long_offer, offer, write, zip_bomb};
use tokio::time::Instant;

/// A node that has three offers already.
struct Bench {
    district: District,
    node: Node,
    before: Digest,
}

impl Bench {
    fn new() -> Self {
        let district = District::new();
        let node = district.joined("vhs-a");
        let list = jsonl(&district.path("gut.jsonl"), (0..3).map(|n| offer(n, "x")));
        let _imported = node.import(&list, &[]).ok();
        let before = node.digest();
        Self {
            district,
            node,
            before,
        }
    }

    /// The file is refused as a whole: soon, in words, naming it, and nothing has changed.
    #[track_caller]
    fn refuses(&self, file: &Path, words: &[&str]) {
        let begun = Instant::now();
        let ended = self.node.import(file, &["--replace", "--yes"]).expect(1);
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}: {ended:#?}",
            begun.elapsed()
        );
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for word in [&[name.as_str()], words].concat() {
            assert!(
                ended.stderr.contains(word),
                "`{word}` is missing: {ended:#?}"
            );
        }
        assert_eq!((self.node.count(), self.node.digest()), (3, self.before));
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        write(&self.district.path(name), bytes)
    }
}

#[test]
fn hostile_and_broken_files_are_refused_and_change_nothing() {
    let bench = Bench::new();
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><kurse><kurs><knr>&c;</knr></kurs></kurse>";
    bench.refuses(&bench.file("bombe.xml", bomb.as_bytes()), &["DOCTYPE", "1"]);
    let outside = "<?xml version=\"1.0\"?><!DOCTYPE k [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\
        <kurse><kurs><knr>1</knr><haupttitel>&x;</haupttitel></kurs></kurse>";
    bench.refuses(&bench.file("aussen.xml", outside.as_bytes()), &["DOCTYPE"]);
    let cut = "<?xml version=\"1.0\"?>\n<kurse>\n<kurs><knr>1</knr><haupttitel>Kurs</haupttitel></kurs>\n<kurs><knr>2</k";
    bench.refuses(
        &bench.file("halb.xml", cut.as_bytes()),
        &["halb.xml:4", "ends in the middle"],
    );
    let deep = format!("<kurse><kurs><knr>1</knr>{}", "<a>".repeat(100_000));
    bench.refuses(&bench.file("tief.xml", deep.as_bytes()), &["nested"]);
    bench.refuses(&bench.file("leer.xml", b""), &["empty"]);
    bench.refuses(
        &bench.file("bild.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0"),
        &[],
    );
    bench.refuses(
        &bench.file(
            "mitte.jsonl",
            b"{\"id\":\"A\",\"title\":\"T\"}\n{\"id\":\"B\",\"ti",
        ),
        &["mitte.jsonl:2"],
    );
    bench.refuses(
        &bench.district.path("fehlt.xml"),
        &["there is no such file"],
    );
    bench.refuses(&bench.node.dir, &["not a regular file"]);
}

#[test]
fn a_zip_bomb_is_measured_before_it_is_read() {
    let bench = Bench::new();
    let bomb = zip_bomb(300 * 1024 * 1024);
    assert!(bomb.len() < 2 * 1024 * 1024);
    bench.refuses(&bench.file("bombe.xlsx", &bomb), &["inflate"]);
    bench.refuses(&bench.file("halb.xlsx", &bomb[..bomb.len() / 2]), &[]);
}

#[test]
fn a_file_of_two_gigabytes_is_refused_by_its_size() {
    let bench = Bench::new();
    let path = bench.district.path("riesig.csv");
    // Sparse: it takes no room on the disk, and reading it would take all of the memory.
    File::create(&path).unwrap().set_len(2 << 30).unwrap();
    bench.refuses(&path, &["too large"]);
}

#[test]
fn a_line_without_end_is_refused_within_bounds() {
    let bench = Bench::new();
    let line = [b"id;title\nA;".as_slice(), &vec![b'x'; 40 << 20]].concat();
    let file = bench.file("endlos.csv", &line);
    let ended = bench.node.import(&file, &[]);
    assert!(matches!(ended.code, Some(1 | 3)), "{ended:#?}");
    assert!(!ended.stderr.contains("panicked") && ended.stderr.len() + ended.stdout.len() < 10_000);
    assert_eq!(bench.node.digest(), bench.before);
}

#[test]
fn bad_rows_are_refused_alone_with_place_field_value_and_rule() {
    let bench = Bench::new();
    let text =
        "id;title;url\nA-1;Kurs;https://a.example/\nA-2;;\nA-3;Kurs;javascript:x\nA-4;Kurs;\n";
    let file = bench.file("kurse.csv", text.as_bytes());
    let ended = bench.node.import(&file, &[]).expect(3);
    let said = ended.stdout.clone() + &ended.stderr;
    assert!(
        said.contains("kurse.csv") && said.contains("title") && said.contains("javascript:x"),
        "{said}"
    );
    assert!(bench.node.count() >= 5, "the others are in");
}

#[test]
fn files_go_in_together_or_not_at_all() {
    let bench = Bench::new();
    let good = jsonl(&bench.district.path("mehr.jsonl"), [offer(10, "x")]);
    let bad = bench.file("schlecht.xml", b"<kurse><kurs><knr>");
    let (good, bad) = (good.to_string_lossy(), bad.to_string_lossy());
    bench
        .node
        .run(&["import", &good, &bad])
        .says(1, &["schlecht.xml"]);
    assert_eq!(bench.node.digest(), bench.before);
}

#[test]
fn a_port_in_use_is_named_with_the_way_out() {
    let mut district = District::prepared(&[]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    district.set("CALLUNA_LISTEN", &address);
    district
        .hub(&["serve"])
        .says(1, &[&address, "another program uses this port", "hub.toml"]);
    // The same for a node that listens.
    let district = District::new();
    let node = district.stranger("vhs-a");
    let _joined = node
        .run(&["join", &district.invite("vhs-a"), "--listen", &address])
        .ok();
    node.run(&["serve"]).says(1, &[&address, "node.toml"]);
}

#[test]
fn a_store_that_another_process_has_open_is_told_as_such() {
    let district = District::new();
    let node = district.member("vhs-a");
    let list = jsonl(&district.path("l.jsonl"), [offer(1, "x")]);
    // Nobody answers on the socket, but the store is in use.
    std::fs::remove_file(node.dir.join("node.sock")).unwrap();
    std::fs::remove_file(district.hub_dir().join("control.sock")).unwrap();
    let ended = node.import(&list, &[]).expect(1);
    assert!(ended.stderr.contains("another process"), "{ended:#?}");
    let ended = district.hub(&["status"]).expect(1);
    assert!(ended.stderr.contains("another process"), "{ended:#?}");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let district = District::prepared(&[]);
    for args in [
        &["fly"][..],
        &["sync", "--format", "yaml"],
        &["invite", "Vhs A", "--name", "x"],
    ] {
        let ended = district.hub(args).expect(2);
        assert!(!ended.stderr.is_empty(), "{ended:#?}");
    }
    let node = district.stranger("vhs-a");
    let _usage = node.run(&["import"]).expect(2);
    node.run(&["status"]).says(1, &["join"]);
}

#[test]
fn a_wrong_setting_is_refused_with_the_nearest_known_one() {
    let district = District::new();
    let node = district.joined("vhs-a");
    let spoil = |file: PathBuf, line: &str| {
        let text = std::fs::read_to_string(&file).unwrap();
        let _spoilt = write(&file, format!("{line}\n{text}").as_bytes());
    };
    spoil(district.hub_dir().join("hub.toml"), "adress = \"x:1\"");
    district
        .hub(&["serve"])
        .says(1, &["hub.toml", "adress", "address"]);
    spoil(node.dir.join("node.toml"), "provder = \"x\"");
    node.run(&["serve"])
        .says(1, &["node.toml", "provder", "provider"]);
}

/// A file system of a few megabytes, gone when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Nothing where this process may not mount.
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        std::fs::create_dir_all(&at).ok()?;
        let options = format!("size={size},mode=0700");
        let mut mount = std::process::Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&at);
        let done = mount.output().ok()?;
        done.status.success().then_some(Self(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(
            std::process::Command::new("umount")
                .arg("-l")
                .arg(&self.0)
                .output(),
        );
    }
}

#[test]
fn a_full_disk_is_a_sentence_and_costs_nothing_that_was_there() {
    let district = District::new();
    let mut node = district.stranger("vhs-a");
    let Some(disk) = SmallDisk::mount(district.path("klein"), "24m") else {
        eprintln!("skipped: this user may not mount a small file system");
        return;
    };
    node.dir = disk.0.join("n");
    let _joined = node.run(&["join", &district.invite("vhs-a")]).ok();
    let _imported = node
        .import(
            &jsonl(
                &district.path("klein.jsonl"),
                (0..20).map(|n| offer(n, "x")),
            ),
            &[],
        )
        .ok();
    let before = node.digest();
    let big = jsonl(
        &district.path("gross.jsonl"),
        (0..15_000).map(|n| long_offer(n, "x")),
    );
    let ended: Ended = node.import(&big, &[]).expect(1);
    let said = ended.stderr.to_lowercase();
    assert!(
        said.contains("full") || said.contains("space") || said.contains("room"),
        "{ended:#?}"
    );
    // What was there is there, and goes out.
    assert_eq!((node.count(), node.digest()), (20, before));
    node.serve();
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 20);
    drop(node);
    drop(disk);
}
