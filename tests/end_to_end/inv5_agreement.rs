//! Invariant 5: a night is ok only if both sides agree on count and digest.

use calluna_model::id::Digest;
use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::evil::{Badge, Evil, Manner, Script};
use calluna_tests::sample::offer;

fn district_with(script: Script) -> (District, Evil) {
    let district = District::new();
    let badge = Badge::join(&district.invite("vhs-e"));
    (district, Evil::start(badge, script))
}

#[test]
fn inv5_a_digest_that_lies_is_never_ok_and_shows_nothing() {
    let honest = Script::honest((0..10).map(|n| offer(n, "x")));
    let (district, evil) = district_with(Script {
        digest: Some(Digest([9; 32])),
        ..honest.clone()
    });
    for _ in 0..2 {
        let night = district.night();
        let line = night.line("vhs-e");
        assert!(!line.outcome.agreed(), "{line:?}");
        assert_eq!(night.code, Some(3));
        assert!(district.catalogue().is_empty());
    }
    let receipt = evil.receipts().pop().unwrap();
    assert_eq!(receipt.outcome, "refused", "the node is told: {receipt:?}");
    // When it tells the truth, it is believed.
    evil.tell(honest);
    let _agreed = district.night().expect("vhs-e", Outcome::Ok);
    assert_eq!(district.catalogue().len(), 10);
}

#[test]
fn inv5_a_lie_after_a_good_night_leaves_the_good_one_visible() {
    let honest = Script::honest((0..10).map(|n| offer(n, "gut")));
    let (district, evil) = district_with(honest.clone());
    let _good = district.night().expect("vhs-e", Outcome::Ok);
    let mut more = Script::honest(
        (0..10)
            .map(|n| offer(n, "gut"))
            .chain((10..15).map(|n| offer(n, "neu"))),
    );
    more.digest = Some(Digest([9; 32]));
    evil.tell(more);
    let night = district.night();
    assert!(!night.line("vhs-e").outcome.agreed());
    assert_eq!(district.titles("vhs-e").len(), 10);
}

#[test]
fn inv5_changes_out_of_order_are_refused() {
    let honest = Script::honest((0..10).map(|n| offer(n, "x")));
    let (district, _evil) = district_with(Script {
        manner: Manner::Disordered,
        ..honest
    });
    let night = district.night();
    let line = night.expect("vhs-e", Outcome::Refused);
    assert!(line.note.contains("order"), "{line:?}");
    assert!(district.catalogue().is_empty());
}
