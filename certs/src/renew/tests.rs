//! Who may renew, and who is sent to the district office.

use super::*;
use crate::mint;
use crate::request::NodeKey;

const NOW: Moment = mint::NOW;
const LIFE: i64 = 30 * DAY;

fn key() -> RequestedKey {
    NodeKey::generate().unwrap().public_key().unwrap()
}

fn ours() -> Fingerprint {
    Fingerprint([1; 32])
}

fn given(serial: &str, key: &RequestedKey, at: Moment) -> Given {
    Given {
        at,
        key: key.fingerprint(),
        certificate_pem: format!("PEM {serial}"),
        serial: serial.to_owned(),
        not_after: at.plus(LIFE),
        issuer: Some(ours()),
        revoked: None,
    }
}

fn asks<'a>(shown: &'a str, key: &'a RequestedKey) -> Renewal<'a> {
    let issuer = ours();
    Renewal { shown, key, issuer }
}

/// What both doors say.
fn both(
    record: &[Given],
    asked: Renewal<'_>,
    now: Moment,
) -> [Result<RenewDecision, RenewRefused>; 2] {
    [
        over_tls(record, asked, now),
        in_grace(record, asked, now, GRACE_DAYS),
    ]
}

#[test]
fn a_certificate_that_is_due_is_renewed_for_the_same_key_or_another() {
    let (one, two) = (key(), key());
    let record = [given("01", &one, NOW)];
    let due = NOW.plus(LIFE / 3 * 2);
    for wanted in [&one, &two] {
        assert_eq!(
            over_tls(&record, asks("01", wanted), due),
            Ok(RenewDecision::Issue)
        );
    }
}

#[test]
fn whoever_asks_before_the_time_gets_the_same_one_again() {
    let one = key();
    let record = [given("01", &one, NOW)];
    let again = Ok(RenewDecision::Repeat(record[0].clone()));
    let before = NOW.plus(LIFE / 3 * 2 - 1);
    assert_eq!(
        both(&record, asks("01", &one), before),
        [again.clone(), again]
    );
    // A new key is asked for on purpose, whenever.
    let decided = over_tls(&record, asks("01", &key()), NOW);
    assert_eq!(decided, Ok(RenewDecision::Issue));
}

#[test]
fn another_authority_replaces_a_certificate_before_its_time() {
    let one = key();
    let mut record = [given("01", &one, NOW)];
    for issuer in [Some(Fingerprint([2; 32])), None] {
        record[0].issuer = issuer;
        let decided = both(&record, asks("01", &one), NOW);
        assert_eq!(
            decided,
            [Ok(RenewDecision::Issue), Ok(RenewDecision::Issue)]
        );
    }
}

#[test]
fn a_lost_answer_is_given_again() {
    let (one, two) = (key(), key());
    let due = NOW.plus(20 * DAY);
    // With a new key, over mutual TLS, still showing the old one.
    let record = [given("01", &one, NOW), given("02", &two, due)];
    assert_eq!(
        over_tls(&record, asks("01", &two), due.plus(60)),
        Ok(RenewDecision::Repeat(record[1].clone()))
    );
    // With the same key, after the old one expired.
    let record = [given("01", &one, NOW), given("02", &one, due)];
    assert_eq!(
        in_grace(&record, asks("01", &one), NOW.plus(LIFE), GRACE_DAYS),
        Ok(RenewDecision::Repeat(record[1].clone()))
    );
}

#[test]
fn an_old_copy_renews_while_its_certificate_is_valid_and_not_after() {
    let (one, two) = (key(), key());
    let due = NOW.plus(20 * DAY);
    let record = [given("01", &one, NOW), given("02", &two, due)];
    for wanted in [&one, &key()] {
        assert_eq!(
            over_tls(&record, asks("01", wanted), due),
            Ok(RenewDecision::Issue)
        );
    }
    let late = NOW.plus(LIFE);
    assert_eq!(
        in_grace(&record, asks("01", &one), late, GRACE_DAYS),
        Err(RenewRefused::Superseded { at: due })
    );
}

/// The node asked with a new key, the hub wrote it down, the answer was lost, and then came the summer.
#[test]
fn an_answer_that_was_lost_before_the_holidays_is_given_for_the_newest_key() {
    let (one, two) = (key(), key());
    let due = NOW.plus(20 * DAY);
    let mut record = [given("01", &one, NOW), given("02", &two, due)];
    let (soon, late) = (NOW.plus(LIFE), NOW.plus(90 * DAY));
    let decide = |record: &[Given], key: &RequestedKey, now| {
        in_grace(record, asks("01", key), now, GRACE_DAYS)
    };
    let again = Ok(RenewDecision::Repeat(record[1].clone()));
    assert_eq!(decide(&record, &two, soon), again);
    assert_eq!(decide(&record, &two, late), Ok(RenewDecision::Issue));
    // A key that nobody wrote down proves nothing, and nor does that of one in between.
    assert_eq!(decide(&record, &key(), soon), Err(RenewRefused::OtherKey));
    let three = key();
    let longer = [
        record[0].clone(),
        record[1].clone(),
        given("03", &three, due),
    ];
    assert_eq!(decide(&longer, &two, soon), Err(RenewRefused::OtherKey));
    assert!(decide(&longer, &three, soon).is_ok());
    // What was revoked stays so, whichever of the two it was.
    for void in [0, 1] {
        record[void].revoked = Some(due);
        let refused = Err(RenewRefused::Revoked { at: due });
        assert_eq!(decide(&record, &two, soon), refused);
        record[void].revoked = None;
    }
}

/// The hub's clock ran a year ahead when the certificate was given.
#[test]
fn a_certificate_of_a_time_to_come_is_never_given_again() {
    let one = key();
    let record = [given("01", &one, NOW.plus(365 * DAY))];
    let new = || Ok(RenewDecision::Issue);
    assert_eq!(both(&record, asks("01", &one), NOW), [new(), new()]);
    let begun = record[0].at;
    let again = Ok(RenewDecision::Repeat(record[0].clone()));
    assert_eq!(
        both(&record, asks("01", &one), begun),
        [again.clone(), again]
    );
    assert_eq!(
        both(&record, asks("01", &one), begun.plus(-1)),
        [new(), new()]
    );
}

#[test]
fn inv2_a_certificate_without_a_record_is_none() {
    let one = key();
    let record = [given("01", &one, NOW)];
    let unknown = [Err(RenewRefused::Unknown), Err(RenewRefused::Unknown)];
    assert_eq!(both(&record, asks("02", &one), NOW), unknown);
    assert_eq!(both(&[], asks("01", &one), NOW), unknown);
}

#[test]
fn inv2_what_was_revoked_is_never_renewed() {
    let (one, two, three) = (key(), key(), key());
    let at = NOW.plus(DAY);
    let refused = [
        Err(RenewRefused::Revoked { at }),
        Err(RenewRefused::Revoked { at }),
    ];
    let record = |void: usize| {
        let mut all = [
            given("01", &one, NOW),
            given("02", &two, NOW),
            given("03", &one, NOW),
        ];
        all[void].revoked = Some(at);
        all
    };
    let now = NOW.plus(25 * DAY);
    // The one that is shown; the newest; and an earlier one with the key that is shown.
    assert_eq!(both(&record(1), asks("02", &two), now), refused);
    assert_eq!(both(&record(2), asks("02", &two), now), refused);
    assert_eq!(both(&record(0), asks("03", &one), now), refused);
    // The key that is shown is void, though another is asked for, and another one is the newest.
    let mut with_newest = record(0).to_vec();
    with_newest.push(given("04", &two, NOW));
    assert_eq!(over_tls(&with_newest, asks("03", &two), now), refused[0]);
    // A revoked key is not taken up again over a certificate that stands.
    let record = {
        let mut all = [given("01", &two, NOW), given("02", &one, NOW)];
        all[0].revoked = Some(at);
        all
    };
    assert_eq!(
        over_tls(&record, asks("02", &two), now),
        Err(RenewRefused::Revoked { at })
    );
    assert_eq!(
        over_tls(&record, asks("02", &three), now),
        Ok(RenewDecision::Issue),
        "an old certificate that is void does not stand in the way"
    );
}

#[test]
fn an_expired_certificate_is_renewed_in_grace_for_its_own_key_only() {
    let one = key();
    let record = [given("01", &one, NOW)];
    let end = NOW.plus(LIFE);
    let decide = |key: &RequestedKey, now| in_grace(&record, asks("01", key), now, 14);
    assert_eq!(decide(&one, end), Ok(RenewDecision::Issue));
    let last = end.plus(14 * DAY - 1);
    assert_eq!(decide(&one, last), Ok(RenewDecision::Issue));
    let until = end.plus(14 * DAY);
    assert_eq!(
        decide(&one, until),
        Err(RenewRefused::TooLate { at: end, until })
    );
    assert_eq!(decide(&key(), end), Err(RenewRefused::OtherKey));
    assert_eq!(
        in_grace(&record, asks("01", &one), end, 0),
        Err(RenewRefused::TooLate {
            at: end,
            until: end
        }),
        "no days, no grace"
    );
}

#[test]
fn the_grace_of_a_lost_answer_counts_from_that_answer() {
    let one = key();
    let due = NOW.plus(20 * DAY);
    let record = [given("01", &one, NOW), given("02", &one, due)];
    let last = due.plus(LIFE).plus(14 * DAY - 1);
    let decide = |now| in_grace(&record, asks("01", &one), now, 14);
    assert_eq!(decide(last), Ok(RenewDecision::Issue));
    assert_eq!(
        decide(last.plus(1)),
        Err(RenewRefused::TooLate {
            at: due.plus(LIFE),
            until: last.plus(1)
        })
    );
}

#[test]
fn inv2_an_expired_certificate_is_nothing_over_mutual_tls() {
    let one = key();
    let record = [given("01", &one, NOW)];
    let at = NOW.plus(LIFE);
    assert!(over_tls(&record, asks("01", &one), at.plus(-1)).is_ok());
    assert_eq!(
        over_tls(&record, asks("01", &one), at),
        Err(RenewRefused::Expired { at })
    );
}

#[test]
fn every_refusal_names_the_way_out() {
    for refusal in [
        RenewRefused::Unknown,
        RenewRefused::Revoked { at: NOW },
        RenewRefused::Superseded { at: NOW },
        RenewRefused::OtherKey,
        RenewRefused::TooLate {
            at: NOW,
            until: NOW,
        },
        RenewRefused::Expired { at: NOW },
    ] {
        let text = refusal.to_string();
        assert!(
            text.contains("district office") && text.contains("invitation"),
            "{text}"
        );
    }
}

#[test]
fn what_was_given_survives_being_written_down_and_older_records_are_read() {
    let root = mint::district();
    let one = key();
    let vhs = mint::provider("vhs");
    let issued = root
        .issue(&vhs, &one, 30, &mint::clock(), &mint::entropy())
        .unwrap();
    let kept = Given::new(&issued, &one, NOW);
    assert_eq!(kept.issuer, Some(root.fingerprint()));
    let mut json = serde_json::to_value(&kept).unwrap();
    let back = serde_json::from_value::<Given>(json.clone()).unwrap();
    assert_eq!(back, kept);
    let fields = json.as_object_mut().unwrap();
    fields.remove("issuer");
    fields.remove("revoked");
    let old = serde_json::from_value::<Given>(json).unwrap();
    assert_eq!((old.issuer, old.revoked), (None, None));
    assert_eq!(old.serial, kept.serial);
}
