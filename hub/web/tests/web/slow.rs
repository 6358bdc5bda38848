//! Real sockets: slow and silent clients, large heads, an orderly end.

use std::net::SocketAddr;
use std::time::Duration;

use calluna_web::serve::{Limits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// Quick enough for a test.
fn limits() -> Limits {
    Limits {
        connections: 4,
        head: Duration::from_millis(400),
        connection: Duration::from_secs(3),
        grace: Duration::from_millis(500),
        head_bytes: 16 * 1024,
    }
}

async fn served(limits: Limits) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let stop = async {
            stopped.await.ok();
        };
        serve(listener, crate::usual(), limits, stop).await.unwrap();
    });
    (address, stop, task)
}

/// Everything until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes)).await;
    read.expect("it is never closed").ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn one_who_writes_slowly_is_cut_off_and_others_are_served() {
    let (address, _stop, _task) = served(limits()).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    let mut silent = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        .await
        .unwrap();
    let began = Instant::now();
    let drip = async {
        for _ in 0..40 {
            sleep(Duration::from_millis(100)).await;
            if slow.write_all(b"a").await.is_err() {
                break;
            }
        }
        rest(&mut slow).await
    };
    let other = async {
        let mut quick = TcpStream::connect(address).await.unwrap();
        quick
            .write_all(b"GET /ueber HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        rest(&mut quick).await
    };
    let (_, answer) = tokio::join!(drip, other);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:.80}");
    rest(&mut silent).await;
    // Forty drips would have taken four seconds: it was cut off long before.
    assert!(
        began.elapsed() < limits().connection,
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let (address, _stop, _task) = served(limits()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n",
        "a".repeat(40_000)
    );
    stream.write_all(head.as_bytes()).await.ok();
    let answer = rest(&mut stream).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer:.80}");
}

#[tokio::test]
async fn open_connections_end_with_the_process() {
    let (address, stop, task) = served(limits()).await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stop.send(()).unwrap();
    timeout(Duration::from_secs(3), task)
        .await
        .expect("it does not end")
        .unwrap();
    rest(&mut idle).await;
    assert!(
        TcpStream::connect(address).await.is_err(),
        "it still listens"
    );
}
