//! The real binary, for what needs no node.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of a test stop it as a test does"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn hub(data: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_calluna-hub"))
        .args(args)
        .env("CALLUNA_DATA", data)
        .env_remove("CALLUNA_LOG")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn init(data: &Path, listen: &str) -> Output {
    hub(
        data,
        &[
            "init",
            "--name",
            "Landkreis Beispiel",
            "--listen",
            listen,
            "--address",
            "hub.example:7443",
        ],
    )
}

/// A running hub; it ends with its handle.
struct Daemon(Child);

impl Daemon {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_calluna-hub"))
            .args(["serve", "--data"])
            .arg(data)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let ready = lines.find_map(|line| line.ok().filter(|line| line.starts_with("ready:")));
        assert!(ready.is_some(), "the hub did not become ready");
        std::thread::spawn(move || lines.for_each(drop));
        Self(child)
    }

    fn stop(mut self) -> i32 {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.0.wait().unwrap().code().unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _already_gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[test]
fn a_hub_is_made_once_and_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("hub");
    assert_eq!(init(&data, "127.0.0.1:0").status.code(), Some(0));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for key in ["ca.key", "hub.key"] {
        assert_eq!(mode(&data.join(key)), 0o600, "{key}");
    }
    let again = init(&data, "127.0.0.1:0");
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("not empty"), "{}", said(&again));
}

#[test]
fn an_address_that_nobody_could_dial_is_wrong_usage() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("hub");
    let made = hub(&data, &["init", "--name", "x", "--listen", "0.0.0.0:7443"]);
    assert_eq!(made.status.code(), Some(2));
    assert!(said(&made).contains("--address"), "{}", said(&made));
    assert!(!data.exists());
}

#[test]
fn an_invitation_prints_the_token_alone_with_and_without_a_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("hub");
    init(&data, "127.0.0.1:0");
    let invite = |id: &str| {
        let made = hub(
            &data,
            &["invite", id, "--name", "Beispiel-VHS", "--kind", "vhs"],
        );
        assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        let text = String::from_utf8(made.stdout).unwrap();
        assert_eq!(text.lines().count(), 1);
        let token: calluna_certs::JoinToken = text.parse().unwrap();
        assert_eq!(
            (token.hub.as_str(), token.provider.as_str()),
            ("hub.example:7443", id)
        );
    };
    invite("vhs-a");
    let daemon = Daemon::start(&data);
    invite("vhs-b");
    let listed = hub(&data, &["members", "--format", "json"]);
    let members: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let ids: Vec<_> = members
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].clone())
        .collect();
    assert_eq!(ids, ["vhs-a", "vhs-b"]);
    assert!(members[0]["state"] == "invited");
    assert_eq!(daemon.stop(), 0);
    // The same list without the daemon.
    assert_eq!(
        hub(&data, &["members", "--format", "json"]).stdout,
        listed.stdout
    );
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("hub");
    init(&data, "127.0.0.1:0");
    for args in [
        &["invite", "Not An Id", "--name", "x"][..],
        &["invite", "vhs", "--name", "x", "--kind", "shop"],
        &["invite", "vhs", "--name", "x", "--expires", "soon"],
        &["export", "--output", "x", "--format", "docx"],
        &["dance"],
    ] {
        assert_eq!(hub(&data, args).status.code(), Some(2), "{args:?}");
    }
    let unknown = hub(&data, &["sync", "--provider", "nobody"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        said(&unknown).contains("calluna-hub members"),
        "{}",
        said(&unknown)
    );
}

#[test]
fn a_second_daemon_and_a_port_in_use_are_sentences() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("hub");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    init(&data, &taken.local_addr().unwrap().to_string());
    let refused = hub(&data, &["serve"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("another program uses this port"),
        "{}",
        said(&refused)
    );
    drop(taken);
    let _daemon = Daemon::start(&data);
    let second = hub(&data, &["serve"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        said(&second).contains("open in another process"),
        "{}",
        said(&second)
    );
}

#[test]
fn a_folder_that_is_no_hub_and_a_path_that_is_no_file_are_sentences() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("hub");
    init(&data, "127.0.0.1:0");
    let folder = dir.path().to_str().unwrap();
    for (output, words) in [
        (folder.to_owned(), "is a folder"),
        (format!("{folder}/none/x.jsonl"), "does not exist"),
    ] {
        let refused = hub(&data, &["export", "--output", &output]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains(words), "{}", said(&refused));
    }
    std::fs::remove_file(data.join("hub.toml")).unwrap();
    let refused = hub(&data, &["status"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("holds no hub") && said(&refused).contains("calluna-hub init"),
        "{}",
        said(&refused)
    );
}

#[test]
fn what_people_read_fits_a_terminal_of_80_columns() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("hub");
    init(&data, "127.0.0.1:0");
    for id in ["vhs-heidekreis", "bbs-soltau"] {
        hub(
            &data,
            &["invite", id, "--name", id, "--kind", "counselling"],
        );
    }
    for command in ["status", "members"] {
        let shown = hub(&data, &[command]);
        let text = String::from_utf8(shown.stdout).unwrap();
        assert!(text.contains("vhs-heidekreis"), "{text}");
        let table = text.lines().skip_while(|line| !line.contains("state"));
        for line in table {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn an_empty_catalogue_and_a_mistyped_setting() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("hub");
    init(&data, "127.0.0.1:0");
    let file = dir.path().join("catalogue.jsonl");
    let written = hub(&data, &["export", "--output", file.to_str().unwrap()]);
    assert_eq!(written.status.code(), Some(0), "{}", said(&written));
    assert_eq!(std::fs::read(&file).unwrap(), b"");
    let settings = data.join("hub.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text.replace("# wait_seconds", "wait_second")).unwrap();
    let refused = hub(&data, &["status"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("did you mean `night.wait_seconds`"),
        "{}",
        said(&refused)
    );
}
