//! The authority's key on disk: encrypted, or taken out of the machine. With the real binaries.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node};
use calluna_tests::process::{Ended, binary, run};
use calluna_tests::sample::{jsonl, offer};

const PASSPHRASE: &str = "CALLUNA_CERTIFICATES_PASSPHRASE";
const WORDS: &str = "heather bridge lantern nine otters";

fn private(path: &Path, text: &str) -> String {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    path.to_string_lossy().into_owned()
}

fn serving(district: &District, id: &str) -> Node {
    let mut node = district.joined(id);
    let list = jsonl(&district.path(&format!("{id}.jsonl")), [offer(1, "neu")]);
    let _imported = node.import(&list, &[]).ok();
    node.serve();
    node
}

fn is_encrypted(path: &Path) -> bool {
    let text = fs::read_to_string(path).unwrap();
    text.contains("BEGIN ENCRYPTED PRIVATE KEY") && !text.contains("BEGIN PRIVATE KEY")
}

fn nobody_told(ended: &Ended) {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(!said.contains(WORDS) && !said.contains("heather"), "{said}");
}

/// Right, missing and wrong: nights go on in every case, and only with the right one anybody joins.
#[test]
fn a_sealed_key_opens_with_its_passphrase_and_nights_go_on_without_it() {
    let mut district = District::with(&[(PASSPHRASE, WORDS)]);
    let key = district.hub_dir().join("ca.key");
    assert!(is_encrypted(&key), "from the first byte");
    let _node = serving(&district, "vhs-a");
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let status = district.hub(&["ca", "status", "--format", "json"]).ok();
    nobody_told(&status);
    let status = status.json();
    assert_eq!(
        (&status["can_issue"], &status["key_encrypted"]),
        (&true.into(), &true.into())
    );

    for (words, why) in [
        ("", "passphrase"),
        ("some other words than those", "does not open"),
    ] {
        let _stopped = district.stop_hub();
        district.set(PASSPHRASE, words);
        district.start_hub();
        let _connected = district.night().expect("vhs-a", Outcome::Unchanged);
        let said = district.hub(&["status"]).ok();
        assert!(
            said.stdout.contains("! cannot issue or renew") && said.stdout.contains(why),
            "{said:#?}"
        );
        nobody_told(&said);
        let report = district.hub(&["report", "--lang", "en"]);
        assert!(
            report.stdout.contains("cannot issue or renew"),
            "{report:#?}"
        );
        let ca = district
            .hub(&["ca", "status", "--format", "json"])
            .ok()
            .json();
        assert_eq!(ca["can_issue"], false);
        let token = district.invite("vhs-b");
        let refused = district.stranger("vhs-b").run(&["join", &token]);
        assert_ne!(refused.code, Some(0));
        assert!(refused.stderr.contains("locked"), "{refused:#?}");
        district.hub(&["ca", "introduce"]).says(1, &["locked"]);
    }

    // A thief has a copy of everything, and not the passphrase.
    let loot = district.path("loot");
    let copied = Command::new("cp")
        .arg("-r")
        .arg(district.hub_dir())
        .arg(&loot)
        .status();
    assert!(copied.unwrap().success());
    drop(fs::remove_file(loot.join("control.sock")));
    for entry in fs::read_dir(&loot).unwrap() {
        let path = entry.unwrap().path();
        let plain = fs::read(&path).is_ok_and(|bytes| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.contains("BEGIN PRIVATE KEY")
        });
        // The hub's own key opens the hub's door, that of the audit log signs the log; neither issues.
        let known = path.ends_with("hub.key") || path.ends_with("audit.key");
        assert!(!plain || known, "{}", path.display());
    }
    let mut thief = binary("calluna-hub");
    thief.args(["ca", "introduce", "--data"]).arg(&loot);
    run(&mut thief).says(1, &["locked"]);

    let _stopped = district.stop_hub();
    district.set(PASSPHRASE, WORDS);
    district.start_hub();
    let _second = serving(&district, "vhs-b");
    let _agreed = district.night().expect("vhs-b", Outcome::Ok);
    nobody_told(&district.stop_hub());
}

/// `ca seal` on a hub that has run for a while: the old bytes are gone, the passphrase can be changed, and
/// a short one is refused.
#[test]
fn a_key_is_sealed_later_and_its_passphrase_changed() {
    let mut district = District::new();
    let key = district.hub_dir().join("ca.key");
    let words = private(&district.path("words"), &format!("{WORDS}\n"));
    let seal =
        |district: &District, file: &str| district.hub(&["ca", "seal", "--passphrase-file", file]);
    seal(&district, &words).says(1, &["is running", "stop it"]);
    let _stopped = district.stop_hub();
    let short = private(&district.path("short"), "short\n");
    seal(&district, &short).says(1, &["5 characters", "12"]);
    fs::set_permissions(&short, fs::Permissions::from_mode(0o644)).unwrap();
    seal(&district, &short).says(1, &["chmod 600"]);
    assert!(!is_encrypted(&key));
    // Whoever had the file open sees that its bytes are gone.
    let plain = district.path("before");
    fs::hard_link(&key, &plain).unwrap();
    seal(&district, &words).says(
        0,
        &["Encrypted, and proved to open: ca.key", "passphrase_file"],
    );
    assert!(is_encrypted(&key));
    assert!(fs::read(&plain).unwrap().iter().all(|byte| *byte == 0));

    district.set("CALLUNA_CERTIFICATES_PASSPHRASE_FILE", &words);
    let others = private(&district.path("others"), "quite another five words\n");
    seal(&district, &others).says(0, &["Encrypted"]);
    let status = district.hub(&["ca", "status"]).ok();
    assert!(status.stdout.contains("cannot be opened"), "{status:#?}");
    district.set("CALLUNA_CERTIFICATES_PASSPHRASE_FILE", &others);
    seal(&district, &others).says(0, &["Nothing was to be done"]);
    district.start_hub();
    let _node = serving(&district, "vhs-a");
    let _agreed = district.night().expect("vhs-a", Outcome::Ok);
}

/// Takes the root of a hub offline, into `safe`, whose passphrase is in `words`; the hub is stopped.
fn taken_offline(district: &mut District, safe: &str, words: &str) {
    let inside = district
        .hub_dir()
        .join("safe.pem")
        .to_string_lossy()
        .into_owned();
    let off = |district: &District, to: &str| {
        district.hub(&[
            "ca",
            "take-offline",
            "--to",
            to,
            "--days",
            "60",
            "--passphrase-file",
            words,
        ])
    };
    off(district, safe).says(1, &["is running"]);
    let _stopped = district.stop_hub();
    off(district, &inside).says(1, &["not offline"]);
    assert!(!Path::new(&inside).exists());
    off(district, safe).says(0, &["no longer here", "renew-intermediate"]);
    off(district, safe).says(1, &["offline already"]);
    assert!(is_encrypted(Path::new(safe)));
    assert!(!district.hub_dir().join("ca.key").exists());
}

/// The root leaves the machine; an intermediate issues and is renewed; the root is replaced with its key
/// from the safe. Nodes notice nothing.
#[test]
fn a_root_is_taken_offline_and_its_intermediate_renewed() {
    let mut district = District::new();
    let _old = serving(&district, "vhs-a");
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let words = private(&district.path("words"), WORDS);
    let safe = district.path("safe.pem").to_string_lossy().into_owned();
    taken_offline(&mut district, &safe, &words);
    district.start_hub();
    let _agreed = district.night().expect("vhs-a", Outcome::Unchanged);
    let _below = serving(&district, "vhs-b");
    let _agreed = district.night().expect("vhs-b", Outcome::Ok);
    let said = district.hub(&["status"]).ok();
    assert!(
        said.stdout.contains("! the intermediate authority"),
        "{said:#?}"
    );
    district.hub(&["ca", "introduce"]).says(1, &["--root-key"]);
    let _stopped = district.stop_hub();

    let renew = |district: &District, file: &str, words: &str| {
        let args = [
            "ca",
            "renew-intermediate",
            "--root-key",
            file,
            "--passphrase-file",
            words,
        ];
        district.hub(&args)
    };
    let wrong = private(&district.path("wrong"), "not those words at all");
    renew(&district, &safe, &wrong).says(1, &["does not open"]);
    renew(&district, &words, &words).says(1, &["no encrypted key"]);
    renew(&district, &safe, &words).says(0, &["new intermediate"]);
    let next = district.path("next.pem").to_string_lossy().into_owned();
    let args = [
        "ca",
        "introduce",
        "--root-key",
        &safe,
        "--to",
        &next,
        "--passphrase-file",
        &words,
    ];
    let introduced = district.hub(&args).ok();
    assert!(introduced.stdout.contains("Introduced"), "{introduced:#?}");
    assert!(is_encrypted(Path::new(&next)));
    // The root of the file is this hub's until the switch; the next one's is not.
    renew(&district, &next, &words).says(1, &["another authority"]);

    district.start_hub();
    let _connected = district.night();
    let switched = district
        .hub(&["ca", "switch", "--force", "--format", "json"])
        .ok()
        .json();
    assert_eq!(switched["status"]["phase"], "switched");
    let _agreed = district.night().expect("vhs-a", Outcome::Unchanged);
    let _newest = serving(&district, "vhs-c");
    let night = district.night();
    for id in ["vhs-a", "vhs-b", "vhs-c"] {
        assert!(night.line(id).outcome.clean(), "{id}");
    }
    let said = district.hub(&["status"]).ok();
    assert!(!said.stdout.contains("! the intermediate"), "{said:#?}");
}

/// A backup holds the authority's key as it lies on disk. Whoever restores it without the passphrase has a
/// hub that cannot issue: nobody joins it, and nothing is renewed by it.
#[test]
fn a_stolen_backup_of_a_sealed_hub_makes_no_certificate() {
    let district = District::with(&[(PASSPHRASE, WORDS)]);
    let file = district.path("stolen.tar.gz");
    let path = file.to_str().unwrap();
    let made = district.hub(&["backup", "--output", path]).ok();
    nobody_told(&made);
    let place = district.path("thief");
    let thief = |args: &[&str]| {
        let mut command = binary("calluna-hub");
        command.args(args).arg("--data").arg(&place);
        run(command.env_remove(PASSPHRASE))
    };
    thief(&["restore", path]).ok();
    assert!(is_encrypted(&place.join("ca.key")));
    let status = thief(&["ca", "status", "--format", "json"]).ok().json();
    assert_eq!(status["can_issue"], false, "{status:#}");
    let open = openssl_key(&place.join("ca.key"));
    assert!(open.is_none_or(|opened| !opened), "openssl opened it");
}

/// Whether openssl opens the key with a guess; nothing where there is no openssl here.
fn openssl_key(key: &Path) -> Option<bool> {
    let mut command = Command::new("openssl");
    command.args(["pkey", "-noout", "-passin", "pass:password", "-in"]);
    match command.arg(key).output() {
        Ok(output) => Some(output.status.success()),
        Err(_) => {
            println!("skipped: there is no openssl here");
            None
        }
    }
}
