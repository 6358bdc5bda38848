//! Test vectors: another program that makes the same bytes, hashes and signatures verifies a log.
//! The lines were compared with an independent reading (Python, `blake3` and `cryptography`).

use data_encoding::HEXLOWER;

use crate::entry::Entry;
use crate::verify::{Expected, Verifier};

/// Entry 1: its key is in it.
const FIRST: &str = r#"{"number":1,"at":1796000000,"time":"2026-11-30T00:53:20Z","actor":"hub","event":"began","provider":null,"details":{"public-key":"3059301306072a8648ce3d020106082a8648ce3d0301070342000494fef782cd25e6ac3f609c36f5ad85d4f3a8ab8caf31de3248fab2cd6eeeb33d3c9b5aa45d49c3320953694d811f8129d6b212e676a8a5e5f5f933af6658cb7b"},"before":"0000000000000000000000000000000000000000000000000000000000000000","key":"de911519acfc41e05d365547cb2217f3ab85d6746223026d54c93c1e27ba1f79","hash":"d9139aa353cc28ca62d8fe686aae80013cda7040311ea1cd769072f56c34e63e","signature":"3045022023d9d5e12521bd4f39cfc73bbb10f5deb1a76c25ad561c63b1cecc0f71d0bf5c022100d8cb5491c77fbce9ee2a37be46d22c6464e0a3626b158160f67b2a4fde499136"}"#;
/// Entry 2, from before 1970, with text that JSON escapes.
const SECOND: &str = r#"{"number":2,"at":-1,"time":"1969-12-31T23:59:59Z","actor":"node:vhs-heidekreis","event":"renewed","provider":"vhs-heidekreis","details":{"note":"Ümlaut \"q\"","serial":"0a1b"},"before":"d9139aa353cc28ca62d8fe686aae80013cda7040311ea1cd769072f56c34e63e","key":"de911519acfc41e05d365547cb2217f3ab85d6746223026d54c93c1e27ba1f79","hash":"5a90c2d7077da6ea2ef3a8241e2d9fbbb7f8958f11e00b86ced700880f894ae7","signature":"3046022100e2d3c53bb5cc6ca11368115d79859157f018a51d8adb2664fcab5b14579d8204022100d42e6ac6bf3a4278c407449439242e16275217ece694ee7fe1e078280610fcc3"}"#;
/// The canonical bytes of entry 2.
const SECOND_BYTES: &str = "0000001663616c6c756e6120617564697420656e7472792076310000000000000002ffffffffffffffff000000136e6f64653a7668732d68656964656b726569730000000772656e657765640000000e7668732d68656964656b7265697300000002000000046e6f74650000000bc39c6d6c617574202271220000000673657269616c0000000430613162d9139aa353cc28ca62d8fe686aae80013cda7040311ea1cd769072f56c34e63ede911519acfc41e05d365547cb2217f3ab85d6746223026d54c93c1e27ba1f79";

#[test]
fn the_vectors_hold() {
    let entries = [FIRST, SECOND].map(|line| Entry::from_line(line).unwrap());
    assert_eq!(HEXLOWER.encode(&entries[1].canonical()), SECOND_BYTES);
    let mut verifier = Verifier::new(Expected::default());
    for entry in &entries {
        assert_eq!(entry.computed(), entry.hash);
        verifier.entry(entry);
    }
    let verdict = verifier.finish();
    assert!(verdict.sound(), "{verdict:?}");
    assert_eq!(verdict.head, entries[1].head());
}
