//! Joining, against a hub that answers `Enrol` with the real decision parts.

use std::sync::Mutex;

use calluna_certs::{Authority, Peer, RequestedKey, mint};
use calluna_host::tasks::Tasks;
use calluna_model::clock::HandClock;
use calluna_wire::status::status_of;
use calluna_wire::v1 as pb;
use calluna_wire::v1::membership_server::{Membership, MembershipServer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tonic::transport::Server;
use tonic::{Request, Response, Status, async_trait};

use super::*;

/// Issues to everybody who asks, and remembers the requests.
struct FakeHub {
    authority: Arc<Authority>,
    asked: Arc<Mutex<Vec<pb::EnrolRequest>>>,
    refuse: bool,
}

#[async_trait]
impl Membership for FakeHub {
    async fn enrol(
        &self,
        request: Request<pb::EnrolRequest>,
    ) -> Result<Response<pb::EnrolResponse>, Status> {
        let request = request.into_inner();
        self.asked.lock().unwrap().push(request.clone());
        if self.refuse {
            return Err(status_of(
                Reaction::NotYours,
                "the token was used already by another key",
            ));
        }
        let peer = Peer::Provider(request.provider_id.parse().unwrap());
        let key = RequestedKey::from_csr(&request.certificate_request, &peer).unwrap();
        let issued = self
            .authority
            .issue(&peer, &key, 365, &mint::clock(), &mint::entropy())
            .unwrap();
        Ok(Response::new(pb::EnrolResponse {
            certificate_pem: issued.certificate_pem,
            trust_bundle_pem: self.authority.root_pem(),
            district: "Landkreis Musterheide".to_owned(),
            provider_name: "VHS Musterheide".to_owned(),
            waiting: false,
        }))
    }

    async fn renew(
        &self,
        _: Request<pb::RenewRequest>,
    ) -> Result<Response<pb::RenewResponse>, Status> {
        Err(status_of(Reaction::NotYours, "this hub only enrols"))
    }

    async fn get_trust_bundle(
        &self,
        _: Request<pb::GetTrustBundleRequest>,
    ) -> Result<Response<pb::GetTrustBundleResponse>, Status> {
        Err(status_of(Reaction::NotYours, "this hub only enrols"))
    }

    async fn greet(
        &self,
        _: Request<pb::GreetRequest>,
    ) -> Result<Response<pb::GreetResponse>, Status> {
        Err(status_of(Reaction::NotThere, "a fake hub"))
    }
}

struct Door {
    token: JoinToken,
    authority: Arc<Authority>,
    asked: Arc<Mutex<Vec<pb::EnrolRequest>>>,
    _tasks: Tasks,
}

async fn door(refuse: bool) -> Door {
    let authority = Arc::new(mint::district());
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap().to_string();
    let config = calluna_certs::tls::enrol_server(&mint::hub(&authority)).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let hub = FakeHub {
        authority: Arc::clone(&authority),
        asked: Arc::clone(&asked),
        refuse,
    };
    let tasks = Tasks::default();
    tasks.spawn("fake hub", async move {
        let service = MembershipServer::new(hub);
        let incoming = futures_util::stream::unfold(
            (tcp, TlsAcceptor::from(config)),
            |(tcp, acceptor)| async {
                loop {
                    let (stream, _) = tcp.accept().await.unwrap();
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let (guarded, _) = calluna_host::guarded::Guarded::new(stream, ());
                        return Some((Ok::<_, std::io::Error>(guarded), (tcp, acceptor)));
                    }
                }
            },
        );
        Server::builder()
            .add_service(service)
            .serve_with_incoming(incoming)
            .await
            .unwrap();
    });
    let expires = mint::NOW.plus(7 * 86_400);
    let token = JoinToken::mint(
        &address,
        authority.fingerprint(),
        "vhs".parse().unwrap(),
        expires,
        &mint::entropy(),
    );
    Door {
        token: token.unwrap(),
        authority,
        asked,
        _tasks: tasks,
    }
}

async fn try_join(token: &JoinToken, dir: &Path) -> Result<Joined, JoinError> {
    let clock: Arc<dyn Clock> = Arc::new(mint::clock());
    join(token, dir, &ListenWish::default(), Language::De, &clock).await
}

#[tokio::test]
async fn joining_makes_a_node_that_opens_and_again_says_so() {
    use std::os::unix::fs::PermissionsExt;
    let door = door(false).await;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("n");
    let joined = try_join(&door.token, &home).await.unwrap();
    assert!(!joined.already);
    assert_eq!(
        (joined.config.district.as_str(), joined.config.name.as_str()),
        ("Landkreis Musterheide", "VHS Musterheide")
    );
    let mode = |name: &str| {
        std::fs::metadata(home.join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("."), mode(KEY), mode(FILE)), (0o700, 0o600, 0o600));
    assert!(!home.join(JOINING).exists());
    let again = try_join(&door.token, &home).await.unwrap();
    assert!(again.already && again.not_after == joined.not_after);
    assert_eq!(door.asked.lock().unwrap().len(), 1);
    let entropy = Arc::new(mint::entropy());
    crate::run::Node::open(&home, Arc::new(mint::clock()), entropy).unwrap();
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_with_the_same_key() {
    let door = door(false).await;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("n");
    let data = prepare(&door.token, &home).unwrap();
    let key = Attempt::new(&door.token, &data).first(false).unwrap().key;
    try_join(&door.token, &home).await.unwrap();
    let kept = std::fs::read_to_string(home.join(KEY)).unwrap();
    assert_eq!(kept, *key.pem());
}

#[tokio::test]
async fn another_hub_is_refused_before_the_secret_leaves() {
    let door = door(false).await;
    let other = mint::district();
    let token = JoinToken {
        fingerprint: other.fingerprint(),
        ..door.token.clone()
    };
    let dir = tempfile::tempdir().unwrap();
    let error = try_join(&token, &dir.path().join("n")).await.unwrap_err();
    assert!(matches!(error, JoinError::NotTheHub { .. }), "{error}");
    assert!(
        error.to_string().contains("the secret was not sent"),
        "{error}"
    );
    assert!(door.asked.lock().unwrap().is_empty());
    assert_ne!(door.authority.fingerprint(), token.fingerprint);
}

#[tokio::test]
async fn each_failure_says_which_it_is() {
    let door = door(true).await;
    let dir = tempfile::tempdir().unwrap();
    let used = try_join(&door.token, &dir.path().join("used"))
        .await
        .unwrap_err();
    assert!(used.to_string().contains("used already"), "{used}");
    assert!(
        dir.path().join("used").join(KEY).exists(),
        "the key is kept for another attempt"
    );

    let late: Arc<dyn Clock> = Arc::new(HandClock::at(door.token.expires.plus(3 * 86_400)));
    let expired = join(
        &door.token,
        &dir.path().join("late"),
        &ListenWish::default(),
        Language::De,
        &late,
    )
    .await;
    assert!(expired.unwrap_err().to_string().contains("expired"));
    assert!(!dir.path().join("late").exists(), "nothing is left behind");

    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let away = JoinToken {
        hub: free.clone(),
        ..door.token.clone()
    };
    let away = try_join(&away, &dir.path().join("away"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        away.contains(&free) && away.contains("cannot be reached"),
        "{away}"
    );

    let occupied = dir.path().join("occupied");
    std::fs::create_dir(&occupied).unwrap();
    std::fs::write(occupied.join("letter.txt"), "").unwrap();
    let occupied = try_join(&door.token, &occupied)
        .await
        .unwrap_err()
        .to_string();
    assert!(occupied.contains("letter.txt"), "{occupied}");

    let stranger = JoinToken {
        provider: "school".parse().unwrap(),
        ..door.token.clone()
    };
    let stranger = try_join(&stranger, &dir.path().join("used"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        stranger.contains("unfinished join of provider vhs"),
        "{stranger}"
    );
}

#[test]
fn a_node_that_listens_everywhere_has_to_say_where_it_is() {
    let wish = |address: &str, advertise: Option<&str>| ListenWish {
        address: Some(address.to_owned()),
        advertise: advertise.map(str::to_owned),
        ..ListenWish::default()
    };
    for address in ["0.0.0.0:7444", "[::]:7444", "127.0.0.1:0"] {
        assert!(
            matches!(
                listen_of(&wish(address, None)),
                Err(JoinError::Advertise { .. })
            ),
            "{address}"
        );
    }
    assert_eq!(
        listen_of(&wish("10.0.0.7:7444", None)).unwrap().advertise,
        "10.0.0.7:7444"
    );
    assert_eq!(
        listen_of(&wish("0.0.0.0:7444", Some("node.example:7444")))
            .unwrap()
            .advertise,
        "node.example:7444"
    );
}
