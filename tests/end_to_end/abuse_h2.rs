//! What can be done to the hub's port without being a member, below gRPC: sockets that say nothing,
//! streams that are opened and reset, headers without end. Members notice nothing of it.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::JoinToken;
use calluna_certs::tls::{pinned_client, server_name};
use calluna_model::outcome::Outcome;
use calluna_tests::district::{District, Node};
use calluna_tests::process::memory;
use calluna_tests::sample::{jsonl, offer};
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::codegen::http::Request;

const GROWTH: u64 = 64 << 20;

fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

/// A stream on which somebody may enrol: all it takes is to know where the hub is.
async fn stranger(token: &JoinToken) -> io::Result<TlsStream<tokio::net::TcpStream>> {
    let tcp = tokio::net::TcpStream::connect(&token.hub).await?;
    let config = pinned_client(token.fingerprint).map_err(io::Error::other)?;
    let name = server_name(&calluna_certs::Peer::Hub).map_err(io::Error::other)?;
    TlsConnector::from(config).connect(name, tcp).await
}

/// A member that has been in a night, and the token of somebody who never joins.
fn district() -> (District, Node, JoinToken) {
    let district = District::with(&[("CALLUNA_NIGHT_WAIT_SECONDS", "20")]);
    let node = district.member("vhs-a");
    let list = jsonl(&district.path("l.jsonl"), [offer(1, "x")]);
    let _imported = node.import(&list, &[]).ok();
    let _first = district.night().expect("vhs-a", Outcome::Ok);
    let token = district.invite("fremd").parse().unwrap();
    (district, node, token)
}

/// A member joins, connects, and is synchronised, as if nothing else were going on.
fn members_notice_nothing(district: &District, before: u64) {
    let newcomer = district.member("vhs-neu");
    let list = jsonl(&district.path("n.jsonl"), [offer(2, "y")]);
    let _imported = newcomer.import(&list, &[]).ok();
    let night = district.night();
    let _same = night.expect("vhs-a", Outcome::Unchanged);
    let _new = night.expect("vhs-neu", Outcome::Ok);
    let (after, _) = memory(district.hub_pid());
    println!("{} KiB more", (after - before) >> 10);
    assert!(
        after - before <= GROWTH,
        "the hub needed {} bytes more",
        after - before
    );
    assert!(
        !district.hub_log().contains("panicked"),
        "{}",
        district.hub_log()
    );
}

/// Opens a stream and resets it, again and again: how many before the hub ended the connection.
async fn resets(token: &JoinToken, most: u32) -> u32 {
    let (mut client, connection) = h2::client::handshake(stranger(token).await.unwrap())
        .await
        .unwrap();
    let driving = tokio::spawn(connection);
    for done in 0..most {
        let request = Request::post("http://hub/calluna.exchange.v1.Membership/Enrol").body(());
        let ready = tokio::time::timeout(Duration::from_secs(10), client.clone().ready()).await;
        let sent = match ready {
            Ok(Ok(ready)) => {
                client = ready;
                client.send_request(request.unwrap(), false)
            }
            Ok(Err(_)) => return done,
            Err(_) => unreachable!("the hub neither answers nor hangs up"),
        };
        let Ok((_answer, mut stream)) = sent else {
            return done;
        };
        stream.send_reset(h2::Reason::CANCEL);
        tokio::task::yield_now().await;
    }
    driving.abort();
    most
}

#[test]
fn inv6_streams_that_are_opened_and_reset_end_the_connection() {
    let (district, _node, token) = district();
    let (before, _) = memory(district.hub_pid());
    let done = runtime().block_on(resets(&token, 200_000));
    println!("the hub hung up after {done} resets");
    assert!(done < 200_000, "the hub took every one of them");
    members_notice_nothing(&district, before);
}

#[test]
fn inv6_headers_above_the_limit_are_refused() {
    let (district, _node, token) = district();
    let (before, _) = memory(district.hub_pid());
    let answered = runtime().block_on(async {
        let stream = stranger(&token).await.unwrap();
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        let request = Request::post("http://hub/calluna.exchange.v1.Membership/Enrol")
            .header("x-much", "x".repeat(200_000))
            .body(())
            .unwrap();
        let (answer, _stream) = client.send_request(request, true)?;
        tokio::time::timeout(Duration::from_secs(20), answer)
            .await
            .unwrap()
    });
    let refused = match &answered {
        Ok(answer) => answer.status().as_u16() == 431,
        Err(_) => true,
    };
    assert!(refused, "{answered:?}");
    members_notice_nothing(&district, before);
}

#[test]
fn inv6_sockets_that_say_nothing_keep_nobody_out() {
    let (district, _node, token) = district();
    let (before, _) = memory(district.hub_pid());
    let hub: SocketAddr = hub_itself(&district);
    let silent: Vec<TcpStream> = (0..2_500)
        .filter_map(|_| TcpStream::connect(hub).ok())
        .collect();
    assert!(silent.len() > 2_000, "only {} connected", silent.len());
    // And connections for enrolling on which nobody enrols: beyond a number they are turned away.
    let runtime = runtime();
    let token = Arc::new(token);
    let idle = runtime.block_on(async {
        let mut open = Vec::new();
        for _ in 0..150 {
            let Ok(stream) = stranger(&token).await else {
                continue;
            };
            let Ok((client, connection)) = h2::client::handshake(stream).await else {
                continue;
            };
            open.push((client, tokio::spawn(connection)));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        open.retain(|(_, connection)| !connection.is_finished());
        open
    });
    println!(
        "{} silent sockets, {} idle strangers",
        silent.len(),
        idle.len()
    );
    // All of them come from one address, and that may take a quarter of the 64 places.
    assert!(
        (8..=16).contains(&idle.len()),
        "{} strangers are let sit",
        idle.len()
    );
    // Some of them leave; then a newcomer from there may come in.
    let leaving: Vec<_> = idle.into_iter().take(6).collect();
    leaving
        .iter()
        .for_each(|(_, connection)| connection.abort());
    drop(leaving);
    members_notice_nothing(&district, before);
    drop(silent);
}

/// The hub's own port: the proxy of the test would need a thread for each socket.
fn hub_itself(district: &District) -> SocketAddr {
    let log = district.hub_log();
    let ready = log
        .lines()
        .find_map(|line| line.split("listens on ").nth(1))
        .unwrap();
    ready.split(' ').next().unwrap().parse().unwrap()
}
