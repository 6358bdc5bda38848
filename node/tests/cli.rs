//! The real binary, for what needs no hub.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of tests fail by panicking too"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use calluna_certs::{Peer, mint};
use calluna_host::data_dir::DataDir;
use calluna_model::fixture::an_offer;
use calluna_node::config::Config;
use calluna_node::membership::{Answer, settle};
use serde_json::Value;
use tempfile::TempDir;

/// A member's data directory, and room for files beside it.
struct Home {
    dir: TempDir,
}

impl Home {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::new("127.0.0.1:1", "vhs".parse().unwrap());
        config.name = "VHS Musterheide".to_owned();
        change(&mut config);
        let authority = mint::district();
        let leaf = mint::leaf(&authority, &Peer::Provider(config.provider.clone()));
        let answer = Answer {
            certificate_pem: leaf.certificate_pem,
            trust_bundle_pem: authority.root_pem(),
            ..Answer::default()
        };
        let data = DataDir::create_new(&dir.path().join("n")).unwrap();
        settle(&data, &config, &answer, &leaf.key_pem).unwrap();
        Self { dir }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("n")
    }

    /// A file of JSON lines with these offers.
    fn list(&self, name: &str, ids: impl IntoIterator<Item = usize>) -> PathBuf {
        let line = |id| {
            serde_json::to_string(&an_offer(&format!("A-{id}")).build().into_draft()).unwrap()
                + "\n"
        };
        self.file(name, &ids.into_iter().map(line).collect::<String>())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let data = self.data();
        ran(node().args(arguments).arg("--data").arg(data))
    }

    fn import(&self, file: &Path, more: &[&str]) -> Ran {
        let file = file.to_str().unwrap();
        self.run(&[&["import", file], more].concat())
    }

    fn status(&self) -> Value {
        self.run(&["status", "--format", "json"]).expect(0).json()
    }

    /// Starts the daemon and waits for its own word.
    fn serve(&self, more: &[&str]) -> Daemon {
        let mut command = node();
        command
            .arg("serve")
            .arg("--data")
            .arg(self.data())
            .args(more)
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines
            .find_map(|line| line.unwrap().strip_prefix("ready: ").map(str::to_owned))
            .unwrap();
        // What follows is read, so that the daemon never waits for room.
        std::thread::spawn(move || lines.count());
        Daemon { child, ready }
    }
}

struct Daemon {
    child: Child,
    ready: String,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.out, self.err
        );
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

fn node() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_calluna-node"));
    command.env_clear().env("LANG", "en_GB.UTF-8");
    command
}

fn ran(command: &mut Command) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: status.code().unwrap(),
        out: text(stdout),
        err: text(stderr),
    }
}

#[test]
fn wrong_usage_is_2_and_names_what_is_wrong() {
    for arguments in [
        &["import"][..],
        &["serve"],
        &["nonsense"],
        &["import", "x", "--format", "pdf", "--data", "n"],
        &[],
    ] {
        let ran = ran(node().args(arguments)).expect(2);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_directory_without_a_node_says_how_to_join() {
    let dir = tempfile::tempdir().unwrap();
    for command in [&["status"][..], &["serve"], &["import", "x"]] {
        let ran = ran(node()
            .args(command)
            .env("CALLUNA_DATA", dir.path().join("none")))
        .expect(1);
        assert!(ran.err.contains("calluna-node join"), "{}", ran.err);
    }
}

#[test]
fn what_stands_in_the_way_is_said_in_german() {
    let home = Home::new();
    let missing = home.dir.path().join("none");
    let settings = home.data().join("node.toml");
    let german = |arguments: &[&str], data: &Path| {
        let mut command = node();
        command.args(arguments).arg("--data").arg(data);
        ran(command.env("LANG", "de_DE.UTF-8")).expect(1).err
    };
    let check = |said: &str, words: &str| {
        assert!(
            said.starts_with("Fehler: ") && said.contains(words),
            "{said}"
        );
    };
    check(&german(&["status"], &missing), "gibt es nicht");
    check(&german(&["join", "cal1-abc"], &missing), "abgeschnitten");
    check(
        &german(&["import", "none.csv"], &home.data()),
        "diese Datei gibt es nicht",
    );
    let open = home.dir.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
    check(&german(&["status"], &open), "andere Benutzer");
    let daemon = home.serve(&[]);
    check(
        &german(&["serve"], &home.data()),
        "in einem anderen Prozess geöffnet",
    );
    drop(daemon);
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace("complete =", "complet =")).unwrap();
    check(
        &german(&["status"], &home.data()),
        "die Einstellung `watch.complet` gibt es nicht",
    );
}

#[test]
fn a_token_that_cannot_be_right_says_why_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("n");
    for (language, token, words) in [
        ("en_GB", "hello", "not a join token"),
        ("en_GB", "cal1-abc", "cut off"),
        ("de_DE.UTF-8", "cal1-abc", "abgeschnitten"),
    ] {
        let ran = ran(node()
            .args(["join", token, "--data"])
            .arg(&home)
            .env("LANG", language))
        .expect(1);
        assert!(ran.err.contains(words), "{}", ran.err);
        assert!(!home.exists());
    }
}

#[test]
fn inv3_an_import_is_there_afterwards_and_again_changes_nothing() {
    let home = Home::new();
    let list = home.list("kurse.jsonl", 1..=7);
    let first = home.import(&list, &[]).expect(0);
    assert_eq!(
        first.out,
        "new 7 · changed 0 · unchanged 0 · removed 0 · refused 0\n"
    );
    let head = home.status()["head"].clone();
    assert_eq!(
        (&head["count"], &head["revision"]),
        (&Value::from(7), &Value::from(7))
    );
    let again = home.import(&list, &[]).expect(0);
    assert_eq!(
        again.out,
        "new 0 · changed 0 · unchanged 7 · removed 0 · refused 0\n"
    );
    assert_eq!(home.status()["head"], head);
    let text = home.run(&["status"]).expect(0).out;
    for words in [
        "VHS Musterheide (vhs)",
        "7 offers",
        "kurse.jsonl",
        "daemon does not run",
        "not fetched anything",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn several_files_are_one_complete_list_and_much_at_once_asks_for_yes() {
    let home = Home::new();
    home.import(&home.list("all.jsonl", 1..=10), &[]).expect(0);
    let (one, two) = (home.list("one.jsonl", 1..=5), home.list("two.jsonl", 5..=9));
    let both = home
        .import(&one, &[two.to_str().unwrap(), "--replace"])
        .expect(3);
    assert!(
        both.out
            .starts_with("new 0 · changed 0 · unchanged 9 · removed 1 · refused 1\n"),
        "{}",
        both.out
    );
    assert!(
        both.out.contains("two.jsonl") && both.out.contains("A-5"),
        "{}",
        both.out
    );
    let head = home.status()["head"].clone();
    let refused = home.import(&one, &["--replace"]).expect(1);
    assert!(
        refused.err.contains("4 of 9") && refused.err.contains("--yes"),
        "{}",
        refused.err
    );
    assert_eq!(home.status()["head"], head);
    home.import(&one, &["--replace", "--yes"]).expect(0);
    assert_eq!(home.status()["head"]["count"], 5);
}

#[test]
fn a_dry_run_predicts_and_writes_nothing() {
    let home = Home::new();
    home.import(&home.list("all.jsonl", 1..=10), &[]).expect(0);
    let before = home.status();
    let changed = home.file(
        "new.jsonl",
        "{\"id\":\"A-1\",\"title\":\"Ganz neu\"}\n{\"id\":\"B-1\",\"title\":\"x\"}\n",
    );
    let dry = home.import(&changed, &["--dry-run"]).expect(0);
    assert!(
        dry.out
            .starts_with("new 1 · changed 1 · unchanged 0 · removed 0 · refused 0\n"),
        "{}",
        dry.out
    );
    assert!(
        dry.out.contains("title: `Kurs A-1` → `Ganz neu`"),
        "{}",
        dry.out
    );
    assert!(dry.err.contains("nothing was changed"), "{}", dry.err);
    let after = home.status();
    assert_eq!(
        (&before["head"], &before["last_import"]),
        (&after["head"], &after["last_import"])
    );
    let held = home.import(&changed, &["--dry-run", "--replace"]).expect(0);
    assert!(held.err.contains("not done without --yes"), "{}", held.err);
}

#[test]
fn inv7_a_bad_record_is_refused_alone_and_named() {
    let home = Home::new();
    let file = home.file(
        "k.jsonl",
        "{\"id\":\"A-1\",\"title\":\"x\"}\n{\"id\":\"A-2\",\"title\":\"\"}\n",
    );
    let text = home.import(&file, &[]).expect(3);
    assert!(
        text.out.contains("k.jsonl:2: A-2: title: is missing → "),
        "{}",
        text.out
    );
    let german = ran(node()
        .arg("import")
        .arg(&file)
        .arg("--data")
        .arg(home.data())
        .env("LC_ALL", "de_DE.UTF-8"))
    .expect(3);
    assert!(
        german
            .out
            .starts_with("neu 0 · geändert 0 · unverändert 1 · entfällt 0 · abgelehnt 1\n"),
        "{}",
        german.out
    );
    let json = home.import(&file, &["--report", "json"]).expect(3).json();
    assert_eq!(json["files"][0]["findings"][0]["rule"], "required");
    assert_eq!(
        (
            &json["files"][0]["refused"],
            &json["difference"]["unchanged"]
        ),
        (&Value::from(1), &Value::from(1))
    );
    assert_eq!(json["head"]["count"], 1);
}

#[test]
fn a_file_that_is_refused_as_a_whole_changes_nothing_of_the_others() {
    let home = Home::new();
    let (good, bad) = (
        home.list("good.jsonl", 1..=3),
        home.file("bad.bin", "\u{0}\u{1}\u{2}"),
    );
    let refused = home.import(&good, &[bad.to_str().unwrap()]).expect(1);
    assert!(
        refused.err.contains("bad.bin") && refused.out.is_empty(),
        "{}",
        refused.err
    );
    assert_eq!(home.status()["head"]["revision"], 0);
    let json = home.import(&bad, &["--report", "json"]).expect(1).json();
    assert!(
        json["error"].as_str().unwrap().contains("bad.bin"),
        "{json}"
    );
    home.import(&home.dir.path().join("none.jsonl"), &[])
        .expect(1);
}

#[test]
fn a_directory_or_key_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let home = Home::new();
    fs::set_permissions(
        home.data().join("node.key"),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    let key = home.run(&["status"]).expect(1).err;
    assert!(key.contains("chmod 600"), "{key}");
    fs::set_permissions(home.data(), fs::Permissions::from_mode(0o755)).unwrap();
    let dir = home.run(&["status"]).expect(1).err;
    assert!(dir.contains("chmod 700"), "{dir}");
}

#[test]
fn a_wrong_setting_is_named_with_its_line_and_the_nearest_one() {
    let home = Home::new();
    let file = home.data().join("node.toml");
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("folder = ", "foldr = ");
    fs::write(&file, text).unwrap();
    let error = home.run(&["status"]).expect(1).err;
    assert!(
        error.contains("foldr") && error.contains("folder") && error.contains("line"),
        "{error}"
    );
}

#[test]
fn inv3_the_daemon_publishes_what_the_command_reads_and_keeps_it_when_killed() {
    let home = Home::new();
    let mut daemon = home.serve(&[]);
    assert!(daemon.ready.contains("vhs"), "{}", daemon.ready);
    let list = home.list("kurse.jsonl", 1..=1_000);
    home.import(&list, &["--dry-run"]).expect(0);
    assert_eq!(home.status()["head"]["revision"], 0);
    let done = home.import(&list, &["--report", "json"]).expect(0).json();
    assert_eq!(done["difference"]["added"], 1_000);
    let held = home
        .import(&home.list("few.jsonl", 1..=2), &["--replace"])
        .expect(1);
    assert!(held.err.contains("998 of 1000"), "{}", held.err);
    let status = home.status();
    assert_eq!(
        (&status["running"], &status["head"]),
        (&Value::from(true), &done["head"])
    );
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    let status = home.status();
    assert_eq!(
        (&status["running"], &status["head"]),
        (&Value::from(false), &done["head"])
    );
    assert_eq!(status["store"]["mended"], Value::Null);
}

#[test]
fn a_daemon_that_is_asked_to_stop_ends_in_order_and_a_second_one_is_refused() {
    let home = Home::with(|config| config.listen.address = "127.0.0.1:0".to_owned());
    let mut daemon = home.serve(&[]);
    let port: u16 = daemon.ready.rsplit(':').next().unwrap().parse().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let second = home.run(&["serve"]).expect(1);
    assert!(second.err.contains("another process"), "{}", second.err);
    let stopped = Command::new("kill")
        .arg("-TERM")
        .arg(daemon.child.id().to_string())
        .status()
        .unwrap();
    assert!(stopped.success());
    let ended = (0..100).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        daemon.child.try_wait().unwrap()
    });
    assert_eq!(ended.and_then(|status| status.code()), Some(0));
}

#[test]
fn what_is_dropped_into_the_folder_is_imported() {
    let home = Home::new();
    let drop = home.dir.path().join("drop");
    let _daemon = home.serve(&["--watch", drop.to_str().unwrap()]);
    fs::rename(home.list("kurse.jsonl", 1..=4), drop.join("kurse.jsonl")).unwrap();
    let done = drop.join("done/kurse.jsonl");
    let arrived = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        done.exists()
    });
    assert!(arrived);
    assert_eq!(home.status()["head"]["count"], 4);
}
