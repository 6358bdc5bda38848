//! Keys that are sealed here are opened here and by openssl, with the right words only.

use std::io::Write;
use std::process::{Command, Stdio};

use super::*;
use crate::mint;

const WORDS: &str = "Heide Fähre Pilz Kran Öl";

fn words() -> Passphrase {
    Passphrase::new(WORDS).unwrap()
}

fn key() -> Zeroizing<String> {
    NodeKey::generate().unwrap().pem()
}

fn public(pem: &str) -> [u8; 32] {
    let key = NodeKey::from_pem(pem).unwrap();
    key.public_key().unwrap().fingerprint()
}

#[test]
fn what_is_sealed_opens_with_the_same_words() {
    let key = key();
    let sealed = seal(&key, &words(), &mint::entropy()).unwrap();
    assert!(is_sealed(&sealed) && !is_sealed(&key));
    assert!(sealed.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    let body = key.lines().nth(1).unwrap();
    assert!(!sealed.contains(body));
    let opened = open(&sealed, Some(&words())).unwrap();
    assert_eq!(public(&opened), public(&key));
}

#[test]
fn an_authority_is_sealed_and_loaded_again() {
    let root = mint::district();
    let sealed = seal(&root.key_pem(), &words(), &mint::entropy()).unwrap();
    assert!(crate::Authority::from_pem(&root.chain_pem(), &sealed).is_err());
    let opened = open(&sealed, Some(&words())).unwrap();
    crate::Authority::from_pem(&root.chain_pem(), &opened).unwrap();
}

#[test]
fn each_seal_has_its_own_salt_and_its_stated_cost() {
    let (key, entropy) = (key(), mint::entropy());
    let one = seal(&key, &words(), &entropy).unwrap();
    let two = seal(&key, &words(), &entropy).unwrap();
    assert_ne!(one, two);
    let (_, document) = SecretDocument::from_pem(&one).unwrap();
    let sealed = EncryptedPrivateKeyInfoOwned::from_der(document.as_bytes()).unwrap();
    let way = sealed.encryption_algorithm.pbes2().unwrap();
    let cost = way.kdf.scrypt().unwrap();
    assert_eq!(
        (cost.cost_parameter, cost.block_size, cost.parallelization),
        (16_384, 8, 5)
    );
    assert_eq!(way.encryption.key_size(), 32);
}

#[test]
fn without_the_right_words_it_stays_closed_and_says_what_to_do() {
    let sealed = seal(&key(), &words(), &mint::entropy()).unwrap();
    let refused = |with: Option<&Passphrase>| open(&sealed, with).unwrap_err();
    assert_eq!(refused(None), SealError::Needed);
    assert!(refused(None).to_string().contains("mode 0600"));
    for wrong in ["heide Fähre Pilz Kran Öl", "Heide Fähre Pilz Kran Öl ", "x"] {
        let wrong = Passphrase::new(wrong).unwrap();
        assert_eq!(refused(Some(&wrong)), SealError::Wrong);
    }
}

#[test]
fn a_passphrase_for_a_key_in_the_open_is_told() {
    let key = key();
    assert_eq!(open(&key, None).unwrap(), key);
    assert_eq!(open(&key, Some(&words())), Err(SealError::NotEncrypted));
}

#[test]
fn no_key_at_all_is_told_before_anything_else() {
    for text in ["", "x", &mint::district().root_pem()] {
        assert_eq!(open(text, None), Err(SealError::Unreadable));
        assert_eq!(open(text, Some(&words())), Err(SealError::Unreadable));
        assert_eq!(
            seal(text, &words(), &mint::entropy()),
            Err(SealError::Unreadable)
        );
    }
    let cut = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(open(cut, Some(&words())), Err(SealError::Unreadable));
}

#[test]
fn short_and_empty_passphrases_are_refused() {
    for empty in ["", "\n", "   ", "\r\n"] {
        assert_eq!(Passphrase::new(empty).unwrap_err(), SealError::Empty);
    }
    let short = Passphrase::new("ÄÖÜ-elf-lang").unwrap();
    assert_eq!(short.check(), Ok(()), "characters are counted, not bytes");
    let short = Passphrase::new("elf-zeichen").unwrap();
    let refused = seal(&key(), &short, &mint::entropy()).unwrap_err();
    assert_eq!(refused, SealError::Short { got: 11 });
}

#[test]
fn the_line_break_of_a_file_is_no_part_of_the_passphrase() {
    let sealed = seal(&key(), &words(), &mint::entropy()).unwrap();
    for ending in ["\n", "\r\n"] {
        let from_file = Passphrase::new(format!("{WORDS}{ending}")).unwrap();
        assert!(open(&sealed, Some(&from_file)).is_ok());
    }
}

#[test]
fn the_passphrase_is_never_shown() {
    assert_eq!(format!("{:?}", words()), "Passphrase(..)");
    let sealed = seal(&key(), &words(), &mint::entropy()).unwrap();
    let wrong = Passphrase::new("quite another one").unwrap();
    let error = open(&sealed, Some(&wrong)).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("quite"));
}

#[test]
fn a_file_that_would_eat_the_machine_is_not_opened() {
    let key = key();
    let info_der = NodeKey::from_pem(&key).unwrap().into_pair().serialize_der();
    let info = PrivateKeyInfoRef::try_from(info_der.as_slice()).unwrap();
    let cheap = scrypt::Params::new(1, 1, 1).unwrap();
    let way = Parameters::generate_scrypt_aes256cbc(cheap, &[1; 16], [2; 16]).unwrap();
    let sealed = info.encrypt_with_params(way, WORDS).unwrap();
    let mut sealed = EncryptedPrivateKeyInfoOwned::from_der(sealed.as_bytes()).unwrap();
    let EncryptionScheme::Pbes2(way) = &mut sealed.encryption_algorithm else {
        panic!("PBES2 was asked for");
    };
    let pkcs8::pkcs5::pbes2::Kdf::Scrypt(cost) = &mut way.kdf else {
        panic!("scrypt was asked for");
    };
    cost.cost_parameter = 1 << 40;
    let text = SecretDocument::try_from(&sealed)
        .unwrap()
        .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
        .unwrap();
    assert_eq!(open(&text, Some(&words())), Err(SealError::Unsupported));
}

/// What openssl answers, or `None` where there is none.
fn openssl(arguments: &[&str], input: &str) -> Option<String> {
    let started = Command::new("openssl")
        .args(arguments)
        .env("CALLUNA_TEST_WORDS", WORDS)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        eprintln!("NOTICE: there is no openssl here, so it was not asked");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "openssl refused: {said}");
    Some(String::from_utf8(done.stdout).unwrap())
}

#[test]
fn openssl_opens_what_is_sealed_here() {
    let key = key();
    let sealed = seal(&key, &words(), &mint::entropy()).unwrap();
    let arguments = ["pkey", "-passin", "env:CALLUNA_TEST_WORDS"];
    if let Some(opened) = openssl(&arguments, &sealed) {
        assert_eq!(public(&opened), public(&key));
    }
}

#[test]
fn what_openssl_seals_is_opened_here() {
    let key = key();
    let arguments = [
        "pkcs8",
        "-topk8",
        "-v2",
        "aes-256-cbc",
        "-passout",
        "env:CALLUNA_TEST_WORDS",
    ];
    if let Some(sealed) = openssl(&arguments, &key) {
        let opened = open(&sealed, Some(&words())).unwrap();
        assert_eq!(public(&opened), public(&key));
    }
}
