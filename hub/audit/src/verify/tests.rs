//! Every way to touch a log is found and called by its name; whatever is done to a file by chance
//! is found.

use calluna_certs::{Fingerprint, NodeKey};
use calluna_model::clock::Moment;
use proptest::prelude::*;

use super::{Expected, Verdict, verify_lines};
use crate::entry::{Draft, Entry};
use crate::event::Event;
use crate::fixture::{add, export, key, log};
use crate::head::{Hash, Head};
use crate::key::AuditKey;
use crate::problem::{Fault, Warning};

fn read(lines: &[String], expected: Expected) -> Verdict {
    let file: String = lines.iter().map(|line| format!("{line}\n")).collect();
    verify_lines(file.as_bytes(), expected).unwrap()
}

fn faults(lines: &[String]) -> Vec<(Fault, Option<u64>)> {
    let verdict = read(lines, Expected::default());
    let problems = verdict.problems.iter();
    problems.map(|p| (p.fault, p.number)).collect()
}

fn one(fault: Fault, number: u64) -> Vec<(Fault, Option<u64>)> {
    vec![(fault, Some(number))]
}

/// An export of nine entries; line `n` holds entry `n`.
fn nine() -> (AuditKey, Vec<Entry>, Vec<String>) {
    let key = key();
    let entries = log(&key, 9);
    let lines = export(&key, &entries);
    (key, entries, lines)
}

#[test]
fn a_log_that_nobody_touched_is_sound() {
    let (key, entries, lines) = nine();
    let expected = Expected {
        head: Some(entries[4].head()),
        key: Some(key.id()),
    };
    let verdict = read(&lines, expected);
    assert!(verdict.sound(), "{verdict:?}");
    assert_eq!((verdict.first, verdict.entries), (Some(1), 9));
    assert_eq!(verdict.head, entries[8].head());
    assert_eq!(verdict.keys, [key.id()]);
    assert!(verdict.warnings.is_empty(), "{verdict:?}");
    let alone = read(&lines, Expected::default());
    assert!(alone.sound());
    assert_eq!(alone.warnings, [Warning::NoHead, Warning::NoKeyGiven]);
}

#[test]
fn a_part_is_sound_and_says_that_it_is_one() {
    let (key, entries, _) = nine();
    let lines = export(&key, &entries[4..]);
    let verdict = read(&lines, Expected::default());
    assert!(verdict.sound(), "{verdict:?}");
    assert_eq!(verdict.first, Some(5));
    assert!(verdict.warnings.contains(&Warning::Part { from: 5 }));
    // Nothing before it can be vouched for.
    let head = Some(entries[1].head());
    let verdict = read(&lines, Expected { head, key: None });
    assert!(
        verdict
            .warnings
            .contains(&Warning::HeadBefore { number: 2 })
    );
    // And its own beginning cannot be taken away.
    let without = [&lines[..1], &lines[2..]].concat();
    assert_eq!(faults(&without), one(Fault::Removed, 5));
}

#[test]
fn a_removed_entry_is_named_wherever_it_was() {
    let (_, _, lines) = nine();
    for number in 1..=9 {
        let mut lines = lines.clone();
        lines.remove(number);
        let number = number as u64;
        let fault = if number == 9 {
            Fault::Cut
        } else {
            Fault::Removed
        };
        assert_eq!(faults(&lines), one(fault, number), "{number}");
    }
    let without = [&lines[..3], &lines[6..]].concat();
    assert_eq!(faults(&without), one(Fault::Removed, 3));
    let verdict = read(&without, Expected::default());
    assert!(verdict.problems[0].text.contains("3 to 5"), "{verdict:?}");
}

#[test]
fn a_cut_tail_is_found_by_the_first_line_and_by_a_head_from_elsewhere() {
    let (key, entries, lines) = nine();
    assert_eq!(faults(&lines[..7]), one(Fault::Cut, 7));
    // Whoever cuts with care writes the first line anew: only a head from elsewhere helps.
    let careful = export(&key, &entries[..6]);
    assert!(faults(&careful).is_empty());
    let head = Some(entries[8].head());
    let verdict = read(&careful, Expected { head, key: None });
    assert_eq!(verdict.problems[0].fault, Fault::Cut);
    assert!(
        verdict.problems[0].text.contains("reached entry 9"),
        "{verdict:?}"
    );
}

#[test]
fn a_history_that_was_written_anew_does_not_fit_an_old_head() {
    let (key, entries, _) = nine();
    let mut other = entries[..4].to_vec();
    for _ in 0..6 {
        add(&mut other, Draft::hub(Event::Night), &key);
    }
    let lines = export(&key, &other);
    assert!(faults(&lines).is_empty());
    let head = Some(entries[6].head());
    let verdict = read(&lines, Expected { head, key: None });
    let found = &verdict.problems[0];
    assert_eq!((found.fault, found.number), (Fault::OtherHead, Some(7)));
}

#[test]
fn a_changed_entry_is_named_whatever_was_changed() {
    let (_, entries, lines) = nine();
    for number in 1..=9_u64 {
        let at = usize::try_from(number).unwrap();
        let touched = |change: &dyn Fn(&mut Entry)| {
            let mut entry = entries[at - 1].clone();
            change(&mut entry);
            let mut lines = lines.clone();
            lines[at] = entry.to_line().unwrap();
            faults(&lines)
        };
        let changed = one(Fault::Changed, number);
        assert_eq!(touched(&|e| e.at = e.at.plus(-60)), changed);
        assert_eq!(touched(&|e| e.draft.event = Event::BackupMade), changed);
        assert_eq!(touched(&|e| e.draft.details.set("a", "b")), changed);
        assert_eq!(
            touched(&|e| e.draft.provider = None),
            if entries[at - 1].draft.provider.is_some() {
                changed.clone()
            } else {
                vec![]
            }
        );
        assert_eq!(touched(&|e| e.number += 3), changed);
        assert_eq!(touched(&|e| e.before = Hash([9; 32])), changed);
        assert_eq!(touched(&|e| e.key = Fingerprint([9; 32])), changed);
        assert_eq!(touched(&|e| e.hash = Hash([9; 32])), changed);
        assert_eq!(
            touched(&|e| e.signature[20] ^= 1),
            one(Fault::Signature, number)
        );
        // Changed with its hash: the signature does not fit, nor does the next one follow.
        let with_hash = touched(&|e| {
            e.at = e.at.plus(-60);
            e.hash = e.computed();
        });
        assert_eq!(with_hash[0], (Fault::Signature, Some(number)));
    }
}

#[test]
fn an_inserted_entry_is_told_from_the_true_one() {
    let (_, entries, lines) = nine();
    let stranger = AuditKey::new(NodeKey::generate().unwrap()).unwrap();
    let draft = Draft::operator(Event::Released).with("removed", 1);
    let forged = entries[3]
        .head()
        .next(Moment(1_796_000_230), draft, &stranger);
    let forged = forged.unwrap();
    let mut with = lines.clone();
    with.insert(5, forged.to_line().unwrap());
    assert_eq!(faults(&with), one(Fault::Inserted, 5));
    // In the place of the true one.
    let mut instead = lines.clone();
    instead[5] = forged.to_line().unwrap();
    let found = faults(&instead);
    assert_eq!(found[0], (Fault::ForeignKey, Some(5)));
    assert_eq!(found[1], (Fault::Detached, Some(6)));
    // With the name of the hub's key on it.
    let mut named = forged;
    named.key = entries[0].key;
    named.hash = named.computed();
    with[5] = named.to_line().unwrap();
    assert_eq!(faults(&with), one(Fault::Inserted, 5));
    instead[5] = named.to_line().unwrap();
    assert_eq!(faults(&instead)[0], (Fault::Signature, Some(5)));
}

#[test]
fn a_moved_a_doubled_and_a_second_entry_are_named() {
    let (key, entries, lines) = nine();
    let mut swapped = lines.clone();
    swapped.swap(4, 5);
    assert_eq!(faults(&swapped), one(Fault::Reordered, 4));
    let mut moved = lines.clone();
    let entry = moved.remove(3);
    moved.push(entry);
    assert_eq!(faults(&moved), one(Fault::Reordered, 3));
    for after in 2..=10 {
        let mut doubled = lines.clone();
        doubled.insert(after, lines[1].clone());
        assert_eq!(faults(&doubled), one(Fault::Duplicate, 1), "{after}");
    }
    // The hub went on from an older state, and somebody put both together.
    let mut older = entries[..5].to_vec();
    add(&mut older, Draft::hub(Event::Restored), &key);
    let mut both = lines;
    both.push(older[5].to_line().unwrap());
    assert_eq!(faults(&both), one(Fault::Twin, 6));
}

#[test]
fn another_hubs_log_is_not_taken_for_this_one() {
    let (_, _, lines) = nine();
    let other = Some(key().id());
    let verdict = read(
        &lines,
        Expected {
            head: None,
            key: other,
        },
    );
    assert_eq!(verdict.problems[0].fault, Fault::UntrustedKey);
}

#[test]
fn a_new_key_is_only_taken_from_the_old_one() {
    let (old, mut entries, _) = nine();
    let new = key();
    add(&mut entries, Draft::key_changed(new.public()), &old);
    for _ in 0..3 {
        add(&mut entries, Draft::hub(Event::Night), &new);
    }
    let lines = export(&old, &entries);
    for trusted in [old.id(), new.id()] {
        let key = Some(trusted);
        let verdict = read(&lines, Expected { head: None, key });
        assert!(verdict.sound(), "{verdict:?}");
        assert_eq!(verdict.keys, [old.id(), new.id()]);
    }
    // A part that begins after the change.
    assert!(faults(&export(&new, &entries[11..])).is_empty());
    // A doubled entry of the old key stands among those of the new one.
    let mut doubled = lines.clone();
    doubled.push(lines[2].clone());
    assert_eq!(faults(&doubled), one(Fault::Duplicate, 2));
    // Without the change nobody vouches for the new key.
    let mut without = lines;
    without.remove(10);
    let found = faults(&without);
    assert!(found.contains(&(Fault::ForeignKey, Some(11))), "{found:?}");
    // The new key cannot introduce itself.
    let mut entries = entries[..9].to_vec();
    add(&mut entries, Draft::key_changed(new.public()), &new);
    let found = faults(&export(&old, &entries));
    assert_eq!(found, one(Fault::ForeignKey, 10));
}

#[test]
fn what_the_log_admits_is_told() {
    let (key, mut entries, _) = nine();
    let head = entries[8].head();
    let draft = Draft::hub(Event::LogBehind).with("expected", head);
    add(&mut entries, draft, &key);
    assert_eq!(faults(&export(&key, &entries)), one(Fault::Lost, 10));
    assert!(faults(&export(&key, &entries[9..])) == one(Fault::Lost, 10));
}

#[test]
fn a_clock_that_was_set_back_is_a_warning() {
    let (key, mut entries, _) = nine();
    let head = entries[8].head();
    let back = head.next(Moment(1_000), Draft::hub(Event::Night), &key);
    entries.push(back.unwrap());
    let verdict = read(&export(&key, &entries), Expected::default());
    assert!(verdict.sound(), "{verdict:?}");
    let back = |w: &Warning| matches!(w, Warning::TimeBackwards { number: 10, .. });
    assert!(verdict.warnings.iter().any(back), "{verdict:?}");
}

#[test]
fn lines_that_are_none_and_first_lines_that_lie_are_told() {
    let (_, entries, lines) = nine();
    assert_eq!(faults(&[]), [(Fault::Header, None)]);
    assert_eq!(faults(&lines[1..]), [(Fault::Header, None)]);
    let mut broken = lines.clone();
    broken[4].truncate(50);
    assert_eq!(faults(&broken), [(Fault::Unreadable, None)]);
    broken = lines.clone();
    broken[9].truncate(50);
    assert_eq!(faults(&broken), [(Fault::Unreadable, None)]);
    broken = lines.clone();
    broken[4] = "x".repeat(crate::entry::LINE_BYTES * 2 + 5);
    assert_eq!(faults(&broken), [(Fault::Unreadable, None)]);
    // A first line of another key, another head, another beginning.
    let other = key();
    for (at, lie) in [export(&other, &entries), export(&other, &entries[2..])]
        .iter()
        .enumerate()
    {
        let mut lying = lines.clone();
        lying[0].clone_from(&lie[0]);
        assert!(!faults(&lying).is_empty(), "{at}");
    }
    let mut lying = lines.clone();
    lying[0] = lying[0].replace("\"head\":\"9:", "\"head\":\"8:");
    let found = faults(&lying);
    assert!(found.contains(&(Fault::OtherHead, Some(8))), "{found:?}");
    assert!(found.contains(&(Fault::Header, None)), "{found:?}");
}

#[test]
fn a_file_cannot_steer_the_terminal_of_who_verifies_it() {
    let (_, _, mut lines) = nine();
    lines[3] = "{\"\u{1b}[31m\u{202e}\":1}".to_owned();
    let verdict = read(&lines, Expected::default());
    let told = verdict.problems[0].to_string();
    assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told:?}");
}

#[test]
fn so_many_problems_are_counted_and_not_all_told() {
    let key = key();
    let entries = log(&key, 400);
    let mut lines = export(&key, &entries);
    for line in &mut lines[100..300] {
        line.truncate(20);
    }
    let verdict = read(&lines, Expected::default());
    assert_eq!((verdict.problems.len(), verdict.more), (50, 150));
}

#[test]
fn the_head_of_nothing_is_sound_and_behind_every_head() {
    let verdict = super::Verifier::new(Expected::default()).finish();
    assert!(verdict.sound());
    let head = Some(Head {
        number: 1,
        hash: Hash::default(),
    });
    let verdict = super::Verifier::new(Expected { head, key: None }).finish();
    assert_eq!(verdict.problems[0].fault, Fault::Cut);
}

#[derive(Clone, Debug)]
enum Touch {
    Cut(usize),
    Drop(usize),
    Double(usize, usize),
    Swap(usize, usize),
    Byte(usize, u8),
    DropByte(usize),
}

fn touch() -> impl Strategy<Value = Touch> {
    let any = 0..100_000_usize;
    prop_oneof![
        any.clone().prop_map(Touch::Cut),
        any.clone().prop_map(Touch::Drop),
        (any.clone(), any.clone()).prop_map(|(a, b)| Touch::Double(a, b)),
        (any.clone(), any.clone()).prop_map(|(a, b)| Touch::Swap(a, b)),
        (any.clone(), 1..=255_u8).prop_map(|(a, b)| Touch::Byte(a, b)),
        any.prop_map(Touch::DropByte),
    ]
}

/// The touched file; nothing where it would be the same.
fn apply(lines: &[String], touch: &Touch) -> Option<Vec<u8>> {
    let n = lines.len();
    let mut lines = lines.to_vec();
    match *touch {
        Touch::Cut(at) => lines.truncate(at % n),
        Touch::Drop(at) => drop(lines.remove(at % n)),
        Touch::Double(which, at) => lines.insert(at % (n + 1), lines[which % n].clone()),
        Touch::Swap(a, b) if a % n == b % n => return None,
        Touch::Swap(a, b) => lines.swap(a % n, b % n),
        Touch::Byte(..) | Touch::DropByte(_) => {}
    }
    let mut file: Vec<u8> = lines
        .iter()
        .flat_map(|l| format!("{l}\n").into_bytes())
        .collect();
    let last = file.len().saturating_sub(1);
    match *touch {
        Touch::Byte(at, with) => file[at % (last + 1)] ^= with,
        // The very last line's end may be missing: nothing is lost by it.
        Touch::DropByte(at) => drop(file.remove(at % last)),
        _ => {}
    }
    Some(file)
}

proptest! {
    // The keys are new in every run, so a kept seed would show nothing.
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever single thing is done to an export, it is found.
    #[test]
    fn any_single_touch_is_found(touch in touch()) {
        thread_local! {
            static LINES: Vec<String> = nine().2;
        }
        let lines = LINES.with(Clone::clone);
        if let Some(file) = apply(&lines, &touch) {
            let verdict = verify_lines(file.as_slice(), Expected::default()).unwrap();
            prop_assert!(!verdict.sound(), "{:?}", verdict);
            for problem in &verdict.problems {
                prop_assert!(!problem.to_string().chars().any(char::is_control));
            }
        }
    }
}
