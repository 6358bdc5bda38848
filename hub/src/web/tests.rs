//! The listener against clients that are slow, many, or still there at the end. With real sockets on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::*;

struct World {
    at: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
}

async fn world(limits: Limits) -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let site = Router::new()
        .route("/quick", get(|| async { "quick" }))
        .route(
            "/slow",
            get(|| async {
                tokio::time::sleep(Duration::from_millis(700)).await;
                "slow"
            }),
        );
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, site, limits, stop.clone()));
    World { at, stop, serving }
}

fn short() -> Limits {
    Limits {
        connections: 4,
        head: Duration::from_millis(400),
        connection: Duration::from_secs(30),
        grace: Duration::from_secs(3),
    }
}

async fn begin(at: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset has said all that it will.
    let _reset = timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes))
        .await
        .expect("the connection stays open");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn ask(at: SocketAddr, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    rest(begin(at, &request).await).await
}

#[tokio::test]
async fn clients_that_never_finish_a_head_are_cut_off_and_others_get_in() {
    let world = world(short()).await;
    let begun = Instant::now();
    // All places are taken by those who say one byte now and then.
    let mut drips = Vec::new();
    for _ in 0..4 {
        let mut stream = begin(world.at, "GET /quick HTTP/1.1\r\nhost: x\r\n").await;
        drips.push(tokio::spawn(async move {
            for _ in 0..40 {
                if stream.write_all(b"x").await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }));
    }
    let answer = ask(world.at, "/quick").await;
    assert!(answer.ends_with("quick"), "{answer}");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
    for drip in drips {
        drip.abort();
    }
    world.stop.cancel();
    world.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn clients_that_say_nothing_keep_nobody_out() {
    let world = world(short()).await;
    let mut silent = Vec::new();
    for bytes in ["", "", "", "P"] {
        silent.push(begin(world.at, bytes).await);
    }
    let begun = Instant::now();
    assert!(ask(world.at, "/quick").await.ends_with("quick"));
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "{:?}",
        begun.elapsed()
    );
}

/// Browsers do not speak HTTP/2 here; whoever begins it is not waited for, however far he gets.
#[tokio::test]
async fn clients_that_begin_with_another_protocol_keep_nobody_out() {
    const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let world = world(short()).await;
    let whole = begin(world.at, PREFACE).await;
    let half = begin(world.at, "PRI * HTTP/2.0\r\n\r\nSM").await;
    let line = begin(world.at, "PRI * HTT").await;
    let mut slow = TcpStream::connect(world.at).await.unwrap();
    let drip = tokio::spawn(async move {
        for byte in PREFACE.as_bytes().iter().cycle() {
            if slow.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    });
    let begun = Instant::now();
    assert!(ask(world.at, "/quick").await.ends_with("quick"));
    for stream in [whole, half, line] {
        assert!(!rest(stream).await.contains("200 OK"));
    }
    timeout(Duration::from_secs(10), drip)
        .await
        .expect("one byte now and then is waited for")
        .unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let world = world(short()).await;
    let large = "a".repeat(40_000);
    let mut stream = TcpStream::connect(world.at).await.unwrap();
    let head = format!("GET /quick HTTP/1.1\r\nhost: x\r\nx-large: {large}\r\n\r\n");
    // It may be cut off before it has said all.
    let _cut = stream.write_all(head.as_bytes()).await;
    assert!(!rest(stream).await.contains("200 OK"));
    assert!(ask(world.at, "/quick").await.ends_with("quick"));
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let world = world(short()).await;
    let stream = begin(world.at, "GET /quick HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let begun = Instant::now();
    let answer = rest(stream).await;
    assert!(answer.ends_with("quick"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn more_connections_than_places_wait_for_their_turn() {
    let world = world(short()).await;
    let mut all = Vec::new();
    for _ in 0..12 {
        all.push(tokio::spawn(ask(world.at, "/slow")));
    }
    let begun = Instant::now();
    for one in all {
        assert!(one.await.unwrap().ends_with("slow"));
    }
    // Twelve, four at a time.
    assert!(
        begun.elapsed() > Duration::from_millis(1_900),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn open_answers_end_before_the_process_does() {
    let world = world(short()).await;
    let open = tokio::spawn(ask(world.at, "/slow"));
    let idle = TcpStream::connect(world.at).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    world.stop.cancel();
    world.serving.await.unwrap().unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert!(open.await.unwrap().ends_with("slow"));
    assert_eq!(rest(idle).await, "");
    assert!(
        TcpStream::connect(world.at).await.is_err(),
        "nobody listens any more"
    );
}
