//! Serves the synthetic catalogue of the tests on a port of this machine: `cargo run -p calluna-web --example show`.
//! Prints its address when it is ready. For looking at, and for the tests with a browser.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example, for people who look at it"
)]
#![allow(
    dead_code,
    clippy::too_many_lines,
    reason = "the fixture is that of the tests, which use more of it"
)]

use std::env;

use tokio::net::TcpListener;

#[path = "../tests/web/fixture.rs"]
mod fixture;

#[tokio::main]
async fn main() {
    let port = env::args().nth(1).unwrap_or_else(|| "0".into());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))
        .await
        .unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let (site, _) = fixture::site(fixture::Shelf::usual().with_many(60));
    axum::serve(listener, calluna_web::router(site))
        .await
        .unwrap();
}
