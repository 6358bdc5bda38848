//! Half-open and black-holed connections: both sides find out within a minute, the node comes back,
//! and `status` shows when something was last *completed*, not whether a socket is open.
//!
//! With a network namespace where that is permitted, and through the proxy everywhere.

use std::time::Duration;

use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node};
use calluna_tests::net::BlackHole;
use calluna_tests::process::poll;
use calluna_tests::proxy::Mode;
use calluna_tests::sample::{jsonl, offer};
use tokio::time::Instant;

const IMPATIENT: &[(&str, &str)] = &[
    ("CALLUNA_NIGHT_WAIT_SECONDS", "3"),
    ("CALLUNA_LIMITS_CALL_SECONDS", "3"),
];
/// Within a minute, and what a loaded machine needs to run the commands that look.
const MINUTE: Duration = Duration::from_secs(60 + 15);

fn connected(district: &District) -> bool {
    district.status().providers[0].connected == Some(true)
}

fn linked(node: &Node) -> bool {
    !node.status()["link"]["connected_since"].is_null()
}

/// After a silent cut: who noticed, and how soon.
fn both_notice(district: &District, node: &Node) {
    let begun = Instant::now();
    let (mut hub, mut at_node) = (None, None);
    poll("both sides to notice", || {
        if hub.is_none() && !connected(district) {
            hub = Some(begun.elapsed());
        }
        if at_node.is_none() && !linked(node) {
            at_node = Some(begun.elapsed());
        }
        hub.zip(at_node)
    });
    println!("noticed by the hub after {hub:?}, by the node after {at_node:?}");
    assert!(begun.elapsed() < MINUTE, "{:?}", begun.elapsed());
    let why = node.status()["link"]["last_error"].clone();
    assert!(
        why.as_str().is_some_and(|why| !why.is_empty()),
        "the node says why: {why}"
    );
}

/// A night, the cut, what is shown meanwhile, and the night after it.
fn a_silent_cut(district: &District, node: &Node, cut: impl Fn(), mend: impl Fn()) {
    let first = jsonl(&district.path("eins.jsonl"), (0..10).map(|n| offer(n, "x")));
    let _imported = node.import(&first, &[]).ok();
    let _night = district.night().expect("vhs-a", Outcome::Ok);
    let agreed = district.status().providers[0].agreed_at;
    assert!(agreed.is_some() && linked(node));

    cut();
    both_notice(district, node);
    // What was completed last stays what it was, and a night in the hole moves nothing.
    let known = &district.status().providers[0];
    assert_eq!((known.connected, known.agreed_at), (Some(false), agreed));
    let _away = district.night().expect("vhs-a", Outcome::Unreachable);
    let known = &district.status().providers[0];
    assert_eq!(
        (known.agreed_at, known.offers, known.nights_missed),
        (agreed, 10, 1)
    );

    let second = jsonl(&district.path("zwei.jsonl"), (0..12).map(|n| offer(n, "y")));
    let _imported = node.import(&second, &[]).ok();
    mend();
    poll("the node to come back", || {
        (connected(district) && linked(node)).then_some(())
    });
    assert_eq!(district.night().expect("vhs-a", Outcome::Ok).offers, 12);
    let known = &district.status().providers[0];
    assert!(known.agreed_at >= agreed && known.nights_missed == 0);
    assert!(
        known.alarms.is_empty(),
        "a node that came back is no twin: {:?}",
        known.alarms
    );
}

#[test]
fn a_connection_through_which_nothing_passes_is_found_by_both_sides() {
    let district = District::with(IMPATIENT);
    let node = district.member("vhs-a");
    let proxy = district.proxy();
    a_silent_cut(
        &district,
        &node,
        || proxy.set(Mode::Hold),
        || {
            // A firewall that lost its state does not find it again.
            proxy.set(Mode::Cut);
            std::thread::sleep(Duration::from_millis(300));
            proxy.set(Mode::Forward);
        },
    );
}

/// A hub that is dialled at the switch, and a node behind it.
fn behind(hole: &BlackHole) -> (District, Node) {
    let mut district = District::prepared(IMPATIENT);
    let free = std::net::TcpListener::bind((hole.hub(), 0)).unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    district.set("CALLUNA_LISTEN", &address);
    district.set("CALLUNA_ADDRESS", &address);
    district.start_hub();
    let mut node = district.stranger("vhs-a");
    node.inside = Some(hole.namespace());
    let _joined = node.run(&["join", &district.invite("vhs-a")]).ok();
    node.serve();
    poll("the node to connect", || connected(&district).then_some(()));
    (district, node)
}

#[test]
fn a_black_hole_between_two_machines_is_found_by_both_sides() {
    let Some(hole) = BlackHole::new(0) else {
        return println!("SKIPPED: this user may not make network namespaces");
    };
    let (district, node) = behind(&hole);
    a_silent_cut(&district, &node, || hole.cut(), || hole.mend());
}

#[test]
fn a_node_that_lost_its_power_is_found_and_takes_its_place_again() {
    let Some(hole) = BlackHole::new(1) else {
        return println!("SKIPPED: this user may not make network namespaces");
    };
    let (district, mut node) = behind(&hole);
    let list = jsonl(&district.path("l.jsonl"), (0..10).map(|n| offer(n, "x")));
    let _imported = node.import(&list, &[]).ok();
    let _night = district.night().expect("vhs-a", Outcome::Ok);
    // Half-open: the node is gone, and its last words never arrived.
    hole.cut();
    node.kill();
    assert!(connected(&district), "nobody has told the hub");
    hole.mend();
    node.serve();
    // It is back before the hub missed it: the newest connection wins, and is nobody's twin.
    poll("the node to take its place", || linked(&node).then_some(()));
    let night = district.night();
    let _same = night.expect("vhs-a", Outcome::Unchanged);
    assert!(district.status().providers[0].alarms.is_empty());
    // Gone for good, in silence: the hub finds out by itself.
    hole.cut();
    node.kill();
    let begun = Instant::now();
    poll("the hub to notice", || {
        (!connected(&district)).then_some(())
    });
    println!("noticed by the hub after {:?}", begun.elapsed());
    assert!(begun.elapsed() < MINUTE, "{:?}", begun.elapsed());
}
