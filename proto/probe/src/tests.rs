//! Looks at servers of every bad kind.

use std::sync::Arc;

use calluna_certs::tls::{Identity, Proof, enrol_server};
use calluna_certs::{Authority, Peer, mint};
use calluna_host::guarded::Guarded;
use calluna_model::clock::HandClock;
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_server::{Membership, MembershipServer};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tonic::{Request, Response, Status, async_trait};

use super::*;

/// No test fails because the machine is busy.
const LONG: Duration = Duration::from_secs(60);

/// A hub that only greets.
struct Greeter;

#[async_trait]
impl Membership for Greeter {
    async fn enrol(
        &self,
        _: Request<pb::EnrolRequest>,
    ) -> Result<Response<pb::EnrolResponse>, Status> {
        panic!("nobody enrols here")
    }

    async fn renew(
        &self,
        _: Request<pb::RenewRequest>,
    ) -> Result<Response<pb::RenewResponse>, Status> {
        panic!("nobody renews here")
    }

    async fn get_trust_bundle(
        &self,
        _: Request<pb::GetTrustBundleRequest>,
    ) -> Result<Response<pb::GetTrustBundleResponse>, Status> {
        panic!("nobody asks for trust here")
    }

    async fn greet(
        &self,
        _: Request<pb::GreetRequest>,
    ) -> Result<Response<pb::GreetResponse>, Status> {
        Ok(Response::new(pb::GreetResponse {
            now: mint::NOW.0 + 400,
            software: "calluna-hub 9.9.9".to_owned(),
            district: "Landkreis Musterheide".to_owned(),
            versions: vec!["v1".to_owned()],
        }))
    }
}

/// A server on a port of its own that ends with the test.
struct Server {
    address: String,
    serving: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Shakes hands with whoever comes, and greets on what comes of it.
async fn server(config: Arc<ServerConfig>) -> Server {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move {
        let incoming = futures_util::stream::unfold((tcp, config), |(tcp, config)| async move {
            loop {
                let (stream, _) = tcp.accept().await.unwrap();
                let acceptor = TlsAcceptor::from(Arc::clone(&config));
                if let Ok(stream) = acceptor.accept(stream).await {
                    let stream = Guarded::new(stream, ()).0;
                    return Some((Ok::<_, io::Error>(stream), (tcp, config)));
                }
            }
        });
        let service = MembershipServer::new(Greeter);
        let server = tonic::transport::Server::builder().add_service(service);
        server.serve_with_incoming(incoming).await.unwrap();
    });
    Server { address, serving }
}

async fn hub(identity: &Identity) -> Server {
    server(enrol_server(identity).unwrap()).await
}

fn without_protocol(identity: &Identity) -> Arc<ServerConfig> {
    let mut config = Arc::unwrap_or_clone(enrol_server(identity).unwrap());
    config.alpn_protocols.clear();
    Arc::new(config)
}

async fn see(address: &str, district: &Authority) -> Reach {
    let clock = Arc::new(mint::clock());
    look(address, &district.root_pem(), clock, LONG)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_hub_greets_and_says_what_time_it_is() {
    let district = mint::district();
    let server = hub(&mint::hub(&district)).await;
    let reach = see(&server.address, &district).await;
    assert_eq!((&reach.dns, &reach.tcp), (&Dns::Number, &Some(Tcp::Open)));
    assert_eq!(reach.shown().unwrap().proof, Proof::Hub);
    let greeting = reach.greeting.unwrap().unwrap();
    assert_eq!(greeting.ahead(), -400);
    assert_eq!(greeting.software, "calluna-hub 9.9.9");
}

#[tokio::test]
async fn with_a_wrong_clock_the_hub_still_says_what_time_it_is() {
    let district = mint::district();
    let server = hub(&mint::hub(&district)).await;
    let years = 20 * 365 * 86_400;
    let clock = Arc::new(HandClock::at(mint::NOW.plus(-years)));
    let reach = look(&server.address, &district.root_pem(), clock, LONG).await;
    let reach = reach.unwrap();
    assert_eq!(reach.shown().unwrap().proof, Proof::OutOfDate);
    assert_eq!(reach.greeting.unwrap().unwrap().ahead(), -years - 400);
}

#[tokio::test]
async fn an_expired_hub_is_told_from_a_stranger() {
    let district = mint::district();
    let server = hub(&mint::expired(&district, &Peer::Hub)).await;
    let reach = see(&server.address, &district).await;
    assert_eq!(reach.shown().unwrap().proof, Proof::OutOfDate);
    assert!(reach.greeting.unwrap().is_ok());
}

#[tokio::test]
async fn a_filter_that_opens_tls_is_named_and_nobody_is_greeted() {
    let (district, filter) = (mint::district(), mint::district());
    let own = mint::hub(&filter);
    for config in [enrol_server(&own).unwrap(), without_protocol(&own)] {
        let server = server(config).await;
        let reach = see(&server.address, &district).await;
        assert!(matches!(reach.tls, Some(Tls::Refused(_))), "{reach:?}");
        let shown = reach.shown().unwrap();
        assert_eq!((&shown.proof, &shown.leaf), (&Proof::Stranger, own.leaf()));
        assert_eq!(shown.facts.issuer, "Landkreis Musterheide");
        assert!(reach.greeting.is_none());
    }
}

#[tokio::test]
async fn a_filter_that_refuses_the_protocol_shows_itself_to_the_second_look() {
    let (district, filter) = (mint::district(), mint::district());
    let mut config = Arc::unwrap_or_clone(enrol_server(&mint::hub(&filter)).unwrap());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let server = server(Arc::new(config)).await;
    let reach = see(&server.address, &district).await;
    assert!(matches!(reach.tls, Some(Tls::Refused(_))), "{reach:?}");
    assert_eq!(reach.shown().unwrap().proof, Proof::Stranger);
}

#[tokio::test]
async fn a_protocol_that_was_taken_out_is_told() {
    let district = mint::district();
    let server = server(without_protocol(&mint::hub(&district))).await;
    let reach = see(&server.address, &district).await;
    assert!(matches!(reach.tls, Some(Tls::NoProtocol(_))), "{reach:?}");
    assert!(reach.greeting.is_none());
}

#[tokio::test]
async fn another_member_in_the_place_of_the_hub_is_named() {
    let district = mint::district();
    let server = hub(&mint::node(&district, "vhs-a")).await;
    let reach = see(&server.address, &district).await;
    let proof = Proof::Other("provider vhs-a".to_owned());
    assert_eq!(reach.shown().unwrap().proof, proof);
    assert!(matches!(reach.tls, Some(Tls::Refused(_))), "{reach:?}");
}

#[tokio::test]
async fn a_closed_port_a_dead_name_and_nonsense_are_told_apart() {
    let district = mint::district();
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = free.local_addr().unwrap().to_string();
    drop(free);
    let reach = see(&closed, &district).await;
    assert_eq!((reach.tcp, reach.tls.is_none()), (Some(Tcp::Refused), true));
    let reach = see("hub.nirgends.invalid:7443", &district).await;
    assert!(
        matches!(reach.dns, Dns::Unknown(_) | Dns::Late),
        "{reach:?}"
    );
    assert!(reach.tcp.is_none());
    for nonsense in ["hub", "hub:", ":7443", "hub:70000"] {
        assert_eq!(
            see(nonsense, &district).await.dns,
            Dns::NoAddress,
            "{nonsense}"
        );
    }
}

#[tokio::test]
async fn who_takes_the_connection_and_says_nothing_is_waited_for_no_longer_than_allowed() {
    let district = mint::district();
    let hole = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = hole.local_addr().unwrap().to_string();
    let clock = Arc::new(mint::clock());
    let patience = Duration::from_millis(300);
    let bundle = district.root_pem();
    let looking = look(&address, &bundle, clock, patience);
    let reach = timeout(Duration::from_secs(60), looking)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(reach.tcp, Some(Tcp::Open));
    let Some(Tls::Nothing(why)) = reach.tls else {
        panic!("{reach:?}")
    };
    assert!(why.contains("no answer came in time"), "{why}");
}

#[tokio::test]
async fn a_bundle_that_cannot_be_used_is_an_error_before_anything_is_dialled() {
    let clock = Arc::new(mint::clock());
    let looked = look("127.0.0.1:1", "nonsense", clock, LONG).await;
    assert!(looked.is_err());
}
