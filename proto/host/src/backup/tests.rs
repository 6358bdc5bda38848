//! What a backup promises, without any store: bytes stand for it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use super::*;

fn manifest() -> Manifest {
    Manifest {
        format: FORMAT,
        kind: Kind::Hub,
        software: "calluna-hub 9.9.9".to_owned(),
        made_at: Moment(1_700_000_000),
        store: StoreManifest::default(),
        state: serde_json::json!({"offers": 3}),
        secrets: Vec::new(),
        left_out: Vec::new(),
        members: Vec::new(),
    }
}

/// A store of a good 9 MiB: three pieces.
fn store() -> Vec<u8> {
    (0..2_400_000_u32).flat_map(u32::to_le_bytes).collect()
}

fn write(place: &Path, store: &[u8], change: impl FnOnce(&mut Manifest)) {
    let mut packer = Packer::new(SealedFile::create(place, false).unwrap());
    packer.file("hub.toml", 0o644, b"name = 'x'\n").unwrap();
    packer.file("ca.key", 0o600, b"secret").unwrap();
    packer.write_all(store).unwrap();
    let mut manifest = manifest();
    change(&mut manifest);
    let bytes = packer.finish(&mut manifest).unwrap().finish().unwrap();
    assert_eq!(bytes, fs::metadata(place).unwrap().len());
}

fn checked(place: &Path) -> Result<Manifest, BackupError> {
    check(place, Kind::Hub, &mut |_| ())
}

#[test]
fn what_was_packed_is_unpacked_and_the_file_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("b.tar.gz");
    write(&place, &store(), |_| ());
    assert_eq!(
        fs::metadata(&place).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no leftovers");
    let read = checked(&place).unwrap();
    assert_eq!(read.members.len(), 5);
    assert_eq!(read.state["offers"], 3);
    let into = dir.path().join("into");
    fs::create_dir(&into).unwrap();
    let unpacked: Result<Vec<u8>, BackupError> = unpack(&place, &into, |parts| {
        let mut bytes = Vec::new();
        parts.read_to_end(&mut bytes).unwrap();
        Ok(bytes)
    });
    assert!(unpacked.unwrap() == store());
    assert_eq!(fs::read(into.join("ca.key")).unwrap(), b"secret");
    let mode = |name| fs::metadata(into.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("ca.key"), mode("hub.toml")), (0o600, 0o644));
}

/// Every single byte of a small backup, and every length.
#[test]
fn a_flipped_byte_anywhere_and_a_cut_anywhere_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("b.tar.gz");
    write(&place, b"a small store", |_| ());
    let right = fs::read(&place).unwrap();
    let wrong = dir.path().join("wrong.tar.gz");
    for at in 0..right.len() {
        for bit in [0, 5] {
            let mut bytes = right.clone();
            bytes[at] ^= 1 << bit;
            fs::write(&wrong, &bytes).unwrap();
            assert!(checked(&wrong).is_err(), "byte {at} of {}", right.len());
        }
        fs::write(&wrong, &right[..at]).unwrap();
        assert!(checked(&wrong).is_err(), "cut at {at}");
    }
    fs::write(&wrong, [&right[..], b"x"].concat()).unwrap();
    assert!(checked(&wrong).is_err(), "something behind it");
    fs::write(&wrong, &right).unwrap();
    assert!(checked(&wrong).is_ok());
}

#[test]
fn a_newer_format_the_other_side_and_another_file_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let place = |name: &str| dir.path().join(name);
    write(&place("newer"), b"", |manifest| {
        manifest.format = FORMAT + 1
    });
    let said = checked(&place("newer")).unwrap_err().to_string();
    assert!(
        said.contains("format 2") && said.contains("calluna-hub 9.9.9"),
        "{said}"
    );
    write(&place("node"), b"", |manifest| manifest.kind = Kind::Node);
    let said = checked(&place("node")).unwrap_err().to_string();
    assert!(said.contains("use calluna-node"), "{said}");
    for other in [
        "",
        "x",
        "PK and far more than a header of any kind has, so that it is read to its end, all of it, without a doubt",
    ] {
        fs::write(place("other"), other).unwrap();
        assert!(matches!(
            checked(&place("other")),
            Err(BackupError::NotABackup { .. })
        ));
    }
}

#[test]
fn nothing_is_replaced_without_force_and_a_dropped_file_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("b");
    fs::write(&place, "older").unwrap();
    let refused = SealedFile::create(&place, false).unwrap_err();
    assert!(refused.to_string().contains("--force"), "{refused}");
    let mut begun = SealedFile::create(&place, true).unwrap();
    begun.write_all(b"half").unwrap();
    drop(begun);
    assert_eq!(fs::read(&place).unwrap(), b"older");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn every_file_is_taken_whatever_its_name_but_no_socket_and_no_temporary_file() {
    let dir = tempfile::tempdir().unwrap();
    for name in [
        "hub.toml",
        "audit.head",
        "something new",
        ".hub.toml.1-1.tmp",
        "skipped",
    ] {
        fs::write(dir.path().join(name), name).unwrap();
    }
    let _socket = UnixListener::bind(dir.path().join("control.sock")).unwrap();
    fs::create_dir(dir.path().join("letters")).unwrap();
    let found = collect(dir.path(), &["skipped"]).unwrap();
    let names: Vec<_> = found.files.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["audit.head", "hub.toml", "something new"]);
    assert_eq!(found.left_out, ["letters"]);
}

/// A key that waits for its certificate, or had one before, opens as much as the one in use.
#[test]
fn every_key_in_the_directory_is_called_a_secret() {
    let dir = tempfile::tempdir().unwrap();
    let plain = "-----BEGIN PRIVATE KEY-----\n";
    let keys = ["hub.key", "hub.key.next", "node.key.next", "node.key.old"];
    for name in keys {
        fs::write(dir.path().join(name), plain).unwrap();
    }
    let sealed = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";
    fs::write(dir.path().join("ca-next.key.next"), sealed).unwrap();
    fs::write(dir.path().join("node.crt.old"), "public").unwrap();
    let secrets = collect(dir.path(), &[]).unwrap().secrets();
    let named = |encrypted: bool| {
        let of = secrets
            .iter()
            .filter(|secret| secret.encrypted == encrypted);
        of.map(|secret| secret.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(named(false), keys);
    assert_eq!(named(true), ["ca-next.key.next"]);
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["../ca.key", "/etc/passwd", ".ssh", "a/b", ""] {
        let place = dir.path().join("b");
        let mut packer = Packer::new(SealedFile::create(&place, true).unwrap());
        // The crate for archives refuses some of these names itself.
        let added = packer.file(name, 0o600, b"x");
        let mut manifest = manifest();
        packer.finish(&mut manifest).unwrap().finish().unwrap();
        assert!(added.is_err() || checked(&place).is_err(), "{name}");
    }
}

#[test]
fn a_staging_goes_away_unless_it_was_put_in_place() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("hub");
    let staging = Staging::beside(&place).unwrap();
    fs::write(staging.path().join("x"), "x").unwrap();
    drop(staging);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    fs::create_dir(&place).unwrap();
    let staging = Staging::beside(&place).unwrap();
    fs::write(staging.path().join("x"), "x").unwrap();
    staging.put_in_place().unwrap();
    assert_eq!(fs::read(place.join("x")).unwrap(), b"x");
    assert_eq!(
        fs::metadata(&place).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let refused = Staging::beside(&place).unwrap_err().to_string();
    assert!(
        refused.contains("`x`") && refused.contains("--data"),
        "{refused}"
    );
}
