//! All nodes of a district lose their hub in the same moment.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use calluna_node::config::Link;
use calluna_tests::bench::crowd::{Crowd, Keeps, busiest_second, enlist};
use calluna_tests::bench::meter;
use calluna_tests::district::District;
use tokio::runtime::Runtime;

/// How many; `cargo bench -p calluna-tests --bench scale -- herd` does the same with a thousand.
const NODES: usize = 200;

/// The figures of the issue, which asks for a thousand nodes: all are back within 120 s, the
/// busiest second sees less than three times its share, and the hub stays below 300 MiB.
#[test]
fn a_herd_comes_back_spread_out() {
    let mut district = District::prepared(&[]);
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let hub = free.local_addr().unwrap().to_string();
    drop(free);
    // Not through the proxy: two threads for each of so many connections would be its own herd.
    district.set("CALLUNA_LISTEN", &hub);
    let nodes = district.path("nodes");
    std::fs::create_dir_all(&nodes).unwrap();
    enlist(&district.hub_dir(), &nodes, NODES).unwrap();
    district.start_hub();
    let runtime = Runtime::new().unwrap();
    // As `join` makes them: the test sets nothing that spreads them.
    let mut crowd = Crowd::open(&nodes, NODES, &hub, Keeps::InMemory, None).unwrap();
    let patience = Duration::from_secs(120);
    runtime.block_on(crowd.serve()).unwrap();
    runtime.block_on(crowd.all_connected(patience)).unwrap();
    let back = thread::scope(|scope| {
        let returning = scope.spawn(|| runtime.block_on(crowd.all_return(patience)).unwrap());
        district.kill_hub();
        district.start_hub();
        returning.join().unwrap()
    });
    assert_eq!(back.len(), NODES);
    let share = NODES as f64 / Link::default().reconnect_seconds as f64;
    let busiest = busiest_second(&back);
    assert!(
        (busiest as f64) < 3.0 * share,
        "{busiest} in one second, {share} would be even: {back:.1?}"
    );
    let resident = meter::of(district.hub_pid()).resident_mib();
    assert!(resident < 300.0, "{resident:.0} MiB");
    // They are back for the hub, too.
    let night = district.night();
    assert_eq!(night.report.providers.len(), NODES);
    assert!(night.report.clean(), "{:#?}", night.ended);
    runtime.block_on(crowd.stop());
}
