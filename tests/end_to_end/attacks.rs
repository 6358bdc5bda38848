//! What strangers, members and thieves may try at the doors of a hub, one test for each.
//!
//! The whole list, with the tests that stand elsewhere, is `tests/attacks.rs`: there every attack has its test
//! by name, and a test that goes is missed.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use calluna_certs::tls::{
    ALPN_GRPC, ALPN_REVERSE, Identity, grace_client, mutual_client, pinned_client_at,
};
use calluna_certs::{JoinToken, NodeKey, Peer, RequestedKey, TokenSecret};
use calluna_host::entropy::OsEntropy;
use calluna_hub::members::{self, Figures, JoinRequest, Why};
use calluna_hub::revoke::revoke;
use calluna_hub::tries::Source;
use calluna_model::clock::{Clock, HandClock};
use calluna_model::id::ProviderId;
use calluna_model::member::{ProviderKind, Stated};
use calluna_tests::district::District;
use calluna_tests::knock::{ask, bent, channel, greedy, hello_tls12, honest, shake};
use calluna_tests::proxy::Mode;
use calluna_tests::trustees::{BEGIN, DAY, Office, School, until};
use calluna_wire::v1 as pb;
use calluna_wire::v1::hub_control_client::HubControlClient;
use calluna_wire::v1::membership_client::MembershipClient;
use calluna_wire::v1::node_control_client::NodeControlClient;
use calluna_wire::v1::provider_node_client::ProviderNodeClient;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::{ClientConfig, HandshakeKind};
use tonic::transport::Channel;
use tonic::{Code, Status};

fn clock_of(office: &Office) -> Arc<dyn Clock> {
    Arc::new(office.clock.clone())
}

fn token_for(office: &Office, id: &str) -> JoinToken {
    let id: ProviderId = id.parse().unwrap();
    members::invite(&office.hub, &id, "Muster", ProviderKind::Vhs, DAY).unwrap()
}

/// The configuration of whoever has nothing but a letter.
fn stranger(office: &Office, token: &JoinToken) -> Arc<ClientConfig> {
    pinned_client_at(token.fingerprint, clock_of(office)).unwrap()
}

async fn door(office: &Office, config: Arc<ClientConfig>) -> MembershipClient<Channel> {
    MembershipClient::new(channel(office.address(), config).await.unwrap())
}

/// A badge that opens nothing any more by itself, but is right in every detail.
fn member_config(school: &School) -> Arc<ClientConfig> {
    mutual_client(&school.node.keyring().now().identity, ALPN_GRPC).unwrap()
}

/// Asks something as whoever `config` makes us.
async fn asks(office: &Office, config: Arc<ClientConfig>) -> Result<(), String> {
    let channel = channel(office.address(), config)
        .await
        .map_err(|error| error.to_string())?;
    let answer = MembershipClient::new(channel)
        .get_trust_bundle(pb::GetTrustBundleRequest::default())
        .await;
    answer.map(|_| ()).map_err(|status| format!("{status:?}"))
}

fn assert_says(status: &Status, code: Code, word: &str) {
    assert_eq!(status.code(), code, "{status:?}");
    assert!(status.message().contains(word), "`{word}`: {status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_whoever_shows_no_certificate_or_a_wrong_one_gets_no_answer() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    asks(&office, member_config(&school)).await.unwrap();
    let token = token_for(&office, "vhs-b");
    // None at all, at each door for members.
    for alpn in [ALPN_GRPC, ALPN_REVERSE] {
        let bare = bent(&stranger(&office, &token), |config| {
            config.alpn_protocols = vec![alpn.to_vec()];
        });
        let refused = asks(&office, bare).await.unwrap_err();
        assert!(!refused.contains("vhs"), "{refused}");
    }
    // And at the door for strangers nothing but joining.
    let refused = asks(&office, stranger(&office, &token)).await.unwrap_err();
    assert!(refused.contains("only members"), "{refused}");
    // From the district's own authority, but of another time; and of this time, but never given.
    office.clock.forward(10 * DAY);
    let standing = office.hub.trust.now();
    let bundle = &standing.bundle_pem;
    for (day, days, word) in [
        (2, 3, "expired"),
        (60, 30, "not yet valid"),
        (10, 30, "does not know"),
    ] {
        let key = NodeKey::generate().unwrap();
        let peer = Peer::Provider("vhs-a".parse().unwrap());
        let then = HandClock::at(BEGIN.plus(day * DAY));
        let public: RequestedKey = key.public_key().unwrap();
        let issued = standing
            .authority()
            .unwrap()
            .issue(&peer, &public, days, &then, &OsEntropy)
            .unwrap();
        let identity = Identity::from_pem(&issued.certificate_pem, &key.pem(), bundle)
            .unwrap()
            .timed_by(clock_of(&office));
        let config = mutual_client(&identity, ALPN_GRPC).unwrap();
        let refused = asks(&office, config).await.unwrap_err();
        let said_by_tls = !refused.contains("Unauthenticated");
        assert_eq!(said_by_tls, day != 10, "{word}: {refused}");
    }
    school.close().await;
    office.close().await;
}

/// A connection that stood before the revocation, one that was made after it, and one that tries to
/// resume a session of before.
#[tokio::test(flavor = "multi_thread")]
async fn attack_a_revoked_member_is_out_on_every_connection_old_new_or_resumed() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    let id = school.node.publisher().provider().clone();
    until("connected", || office.hub.links.get(&id).is_some()).await;
    let config = bent(&member_config(&school), |config| {
        config.resumption = Resumption::in_memory_sessions(8);
    });
    let mut before = door(&office, Arc::clone(&config)).await;
    let question = pb::GetTrustBundleRequest::default;
    before.get_trust_bundle(question()).await.unwrap();
    let why = Why {
        reason: "Test".to_owned(),
        key_compromised: true,
        figures: Figures::Keep,
    };
    revoke(&office.hub, &id, why).await.unwrap();
    assert!(office.hub.links.get(&id).is_none());
    // The connection that stood is cut.
    let refused = before.get_trust_bundle(question()).await.unwrap_err();
    assert_ne!(refused.code(), Code::Ok, "{refused:?}");
    let csr = NodeKey::generate().unwrap().csr_der(&id).unwrap();
    let renewal = pb::RenewRequest {
        certificate_request: csr,
        ..pb::RenewRequest::default()
    };
    let refused = before.renew(renewal).await.unwrap_err();
    assert_ne!(refused.code(), Code::Ok, "{refused:?}");
    // Again with the same memory of sessions: nothing is resumed, and nothing is answered.
    for _ in 0..2 {
        let stream = shake(office.address(), Arc::clone(&config)).await.unwrap();
        let kind = stream.get_ref().1.handshake_kind();
        assert_eq!(kind, Some(HandshakeKind::Full));
    }
    let refused = asks(&office, config).await.unwrap_err();
    assert!(refused.contains("was revoked"), "{refused}");
    school.close().await;
    office.close().await;
}

/// What the command line may ask is not on the network, whoever asks.
#[tokio::test(flavor = "multi_thread")]
async fn attack_the_operator_s_calls_are_not_on_the_network() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    let token = token_for(&office, "vhs-b");
    for config in [member_config(&school), stranger(&office, &token)] {
        let channel = channel(office.address(), config).await.unwrap();
        let mut hub = HubControlClient::new(channel.clone());
        let revoke = pb::RevokeRequest {
            provider_id: "vhs-a".to_owned(),
            reason: "x".to_owned(),
            figures: "keep".to_owned(),
            ..pb::RevokeRequest::default()
        };
        let refusals = [
            hub.invite(pb::InviteRequest::default()).await.unwrap_err(),
            hub.revoke(revoke).await.unwrap_err(),
            hub.list_members(pb::ListMembersRequest {})
                .await
                .unwrap_err(),
            NodeControlClient::new(channel.clone())
                .get_status(pb::GetStatusRequest {})
                .await
                .unwrap_err(),
            ProviderNodeClient::new(channel)
                .get_head(pb::GetHeadRequest::default())
                .await
                .unwrap_err(),
        ];
        for refused in refusals {
            assert_eq!(refused.code(), Code::Unimplemented, "{refused:?}");
        }
    }
    let id = school.node.publisher().provider();
    assert!(office.hub.store.member(id).unwrap().unwrap().takes_part());
    school.close().await;
    office.close().await;
}

#[test]
fn attack_a_client_of_tls_1_2_is_sent_away_by_the_running_hub() {
    let district = District::new();
    let mut stream = TcpStream::connect(district.proxy().address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream.write_all(&hello_tls12()).unwrap();
    let mut alert = Vec::new();
    match stream.read_to_end(&mut alert) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    // An alert, fatal, `protocol_version`; and nothing of a server's own hello.
    assert_eq!(alert, [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46]);
    district.heard("does not speak TLS 1.3");
}

/// Ten wrong tries, then a time is named; whoever comes at that time with the right token gets in, and
/// whoever comes from elsewhere gets in at once. The log has one entry.
#[tokio::test(flavor = "multi_thread")]
async fn attack_guessed_tokens_are_limited_and_keep_nobody_out() {
    let office = Office::open("").await;
    let (token, other) = (token_for(&office, "vhs-a"), token_for(&office, "vhs-b"));
    let mut hub = door(&office, stranger(&office, &token)).await;
    let guess = |n: u8| pb::EnrolRequest {
        secret: vec![n; 16],
        ..honest(&token)
    };
    for n in 0..10 {
        let refused = hub.enrol(guess(n)).await.unwrap_err();
        assert_says(&refused, Code::Unauthenticated, "newest invitation");
    }
    // From now on nothing is looked at, on no connection from here: also not whether it is right.
    let mut again = door(&office, stranger(&office, &token)).await;
    for refused in [
        hub.enrol(guess(11)).await.unwrap_err(),
        again.enrol(honest(&token)).await.unwrap_err(),
        again.enrol(honest(&other)).await.unwrap_err(),
    ] {
        let later = office.clock.now().plus(360);
        assert_says(&refused, Code::ResourceExhausted, &later.to_string());
    }
    // Elsewhere the right one opens, although the provider's own tries are used up as well; a wrong one
    // learns nothing.
    let elsewhere = Source::from(std::net::IpAddr::from([192, 0, 2, 7]));
    let wrong = TokenSecret::from_bytes([7; 16]);
    let (key, id) = (NodeKey::generate().unwrap(), token.provider.clone());
    let csr = key.csr_der(&id).unwrap();
    let from_elsewhere = |secret| JoinRequest {
        provider: &id,
        secret,
        csr: &csr,
        listen_address: "",
        stated: Stated::default(),
    };
    let refused = members::enrol_from(&office.hub, elsewhere, &from_elsewhere(&wrong));
    assert!(matches!(refused, Err(members::MemberError::TooMany { .. })));
    members::enrol_from(&office.hub, elsewhere, &from_elsewhere(&token.secret)).unwrap();
    // Here as well, at the time that was named; no invitation was used up.
    office.clock.forward(360);
    again.enrol(honest(&other)).await.unwrap();

    office.clock.forward(3_600);
    office.night().await;
    let entries = refusals(&office);
    let [entry] = entries.as_slice() else {
        panic!("one entry for one provider and hour: {entries:#?}");
    };
    assert!(
        entry.contains("\"vhs-a\"") && entry.contains("\"tries\":\"11\""),
        "{entry}"
    );
    office.close().await;
}

/// The entries of the audit log that tell of refused enrolments.
fn refusals(office: &Office) -> Vec<String> {
    let mut entries = Vec::new();
    office
        .hub
        .store
        .audit(1, &mut |_, bytes| {
            let line = String::from_utf8_lossy(bytes).into_owned();
            if line.contains("enrol-refused") {
                entries.push(line);
            }
            true
        })
        .unwrap();
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_a_replayed_token_is_named_for_what_it_is_and_limited_like_a_guess() {
    let office = Office::open("").await;
    let token = token_for(&office, "vhs-a");
    let mut hub = door(&office, stranger(&office, &token)).await;
    let first = honest(&token);
    hub.enrol(first.clone()).await.unwrap();
    for _ in 0..9 {
        let refused = hub.enrol(honest(&token)).await.unwrap_err();
        assert_says(&refused, Code::PermissionDenied, "already used");
    }
    // The node of the right key may ask again, as often as it likes.
    for _ in 0..5 {
        hub.enrol(first.clone()).await.unwrap();
    }
    let refused = hub.enrol(honest(&token)).await.unwrap_err();
    assert_says(&refused, Code::PermissionDenied, "already used");
    let refused = hub.enrol(honest(&token)).await.unwrap_err();
    assert_says(&refused, Code::ResourceExhausted, "come back at");
    office.close().await;
}

/// Whatever is wrong with a token is said in words that lead on.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_opens_nothing_says_why() {
    let office = Office::open("").await;
    let out = |id: &str| {
        let hub = Arc::clone(&office.hub);
        let id: ProviderId = id.parse().unwrap();
        let why = Why {
            reason: "Test".to_owned(),
            key_compromised: false,
            figures: Figures::Keep,
        };
        async move { revoke(&hub, &id, why).await.unwrap() }
    };
    let cancelled = token_for(&office, "vhs-c");
    members::cancel(&office.hub, &cancelled.provider).unwrap();
    let before_joining = token_for(&office, "vhs-d");
    out("vhs-d").await;
    let joined = token_for(&office, "vhs-e");
    let mut hub = door(&office, stranger(&office, &joined)).await;
    let its_own = honest(&joined);
    hub.enrol(its_own.clone()).await.unwrap();
    out("vhs-e").await;
    let expired = token_for(&office, "vhs-f");
    let mut unknown = token_for(&office, "vhs-g");
    unknown.provider = "vhs-nobody".parse().unwrap();
    office.clock.forward(2 * DAY);
    let mut hub = door(&office, stranger(&office, &joined)).await;
    for (request, word) in [
        (honest(&cancelled), "was withdrawn on"),
        (honest(&before_joining), "was withdrawn on"),
        (its_own, "was revoked on"),
        (honest(&expired), "expired on"),
        (honest(&unknown), "no invitation for the provider"),
    ] {
        let refused = hub.enrol(request).await.unwrap_err();
        assert!(refused.message().contains(word), "{word}: {refused:?}");
        assert!(refused.message().contains("district office"), "{refused:?}");
    }
    office.close().await;
}

/// Through each of the three doors at which a certificate can be asked for.
#[tokio::test(flavor = "multi_thread")]
async fn attack_a_request_for_more_than_a_node_may_have_is_refused_at_every_door() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    let token = token_for(&office, "vhs-b");
    let mut enrol = door(&office, stranger(&office, &token)).await;
    let badge = school.node.keyring().now();
    let mut members_door = door(&office, member_config(&school)).await;
    let mut grace = door(&office, grace_client(&badge.identity).unwrap()).await;
    for (word, csr) in greedy("vhs-a") {
        let renewal = pb::RenewRequest {
            certificate_request: csr.clone(),
            certificate_pem: badge.certificate_pem.clone(),
            ..pb::RenewRequest::default()
        };
        let refused = members_door.renew(renewal.clone()).await.unwrap_err();
        assert_says(&refused, Code::InvalidArgument, word);
        let refused = grace.renew(renewal).await.unwrap_err();
        assert_says(&refused, Code::InvalidArgument, word);
    }
    // Strangers have ten wrong tries, and five are gone.
    office.clock.forward(3_600);
    for (word, csr) in greedy("vhs-b") {
        let refused = enrol.enrol(ask(&token, csr)).await.unwrap_err();
        assert_says(&refused, Code::InvalidArgument, word);
    }
    // The invitation is as good as before.
    enrol.enrol(honest(&token)).await.unwrap();
    school.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_nobody_renews_for_another_provider() {
    let office = Office::open("").await;
    let (a, b) = (office.member("vhs-a").await, office.member("vhs-b").await);
    let of_a = a.node.keyring().now();
    let key = NodeKey::generate().unwrap();
    // As b over mutual TLS: for a by name; and with a's certificate in the message, which is not looked at.
    let mut hub = door(&office, member_config(&b)).await;
    let for_a = pb::RenewRequest {
        certificate_request: key.csr_der(a.node.publisher().provider()).unwrap(),
        certificate_pem: of_a.certificate_pem.clone(),
        ..pb::RenewRequest::default()
    };
    let refused = hub.renew(for_a.clone()).await.unwrap_err();
    assert_says(&refused, Code::InvalidArgument, "names");
    // A member is no stranger: it exchanges no tokens over its own connection.
    let token = token_for(&office, "vhs-c");
    let refused = hub.enrol(honest(&token)).await.unwrap_err();
    assert_says(&refused, Code::PermissionDenied, "door for enrolment");
    // At the door for expired ones: a's certificate, which everybody can see, without a's key.
    let dir = a.close().await;
    office.clock.forward(40 * DAY);
    office.night().await;
    let grace = grace_client(&of_a.identity.clone().timed_by(clock_of(&office))).unwrap();
    let mut hub = door(&office, grace).await;
    let refused = hub.renew(for_a).await.unwrap_err();
    assert!(
        matches!(
            refused.code(),
            Code::PermissionDenied | Code::Unauthenticated
        ),
        "{refused:?}"
    );
    // The owner of the key comes back.
    let a = office.school(dir).await;
    let id = a.node.publisher().provider().clone();
    until("connected", || office.hub.links.get(&id).is_some()).await;
    a.close().await;
    b.close().await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_an_oversized_request_is_not_read() {
    let office = Office::open("").await;
    let token = token_for(&office, "vhs-a");
    let mut hub = door(&office, stranger(&office, &token)).await;
    let huge = pb::EnrolRequest {
        software: "x".repeat(100 * 1024),
        ..honest(&token)
    };
    let refused = hub.enrol(huge).await.unwrap_err();
    assert!(
        matches!(refused.code(), Code::OutOfRange | Code::ResourceExhausted),
        "{refused:?}"
    );
    let long = ask(&token, vec![0x30; 60 * 1024]);
    let refused = hub.enrol(long).await.unwrap_err();
    assert_says(&refused, Code::InvalidArgument, "at most");
    for wrong in [
        pb::EnrolRequest {
            website: "javascript:alert(1)".to_owned(),
            ..honest(&token)
        },
        pb::EnrolRequest {
            address: "a\nb".to_owned(),
            ..honest(&token)
        },
        pb::EnrolRequest {
            secret: vec![1; 15],
            ..honest(&token)
        },
    ] {
        let refused = hub.enrol(wrong).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    }
    hub.enrol(honest(&token)).await.unwrap();
    office.close().await;
}

/// Somebody holds connections open from one address: at most a quarter of the places, and the hub goes on
/// answering members.
#[tokio::test(flavor = "multi_thread")]
async fn attack_one_address_takes_a_quarter_of_the_places_for_strangers() {
    let office = Office::open("").await;
    let school = office.member("vhs-a").await;
    let token = token_for(&office, "vhs-b");
    let config = stranger(&office, &token);
    let mut held = Vec::new();
    for _ in 0..16 {
        held.push(shake(office.address(), Arc::clone(&config)).await.unwrap());
    }
    assert!(shake(office.address(), Arc::clone(&config)).await.is_err());
    asks(&office, member_config(&school)).await.unwrap();
    // Whoever lets go makes room.
    drop(held);
    let waiting = async {
        while shake(office.address(), Arc::clone(&config)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .unwrap();
    school.close().await;
    office.close().await;
}

/// The answer to a join is lost on its way: the same token and key get the same certificate, and the hub
/// has given one.
#[test]
fn a_join_whose_answer_was_lost_is_asked_again_and_gets_the_same_certificate() {
    let district = District::new();
    let token: JoinToken = district.invite("vhs-a").parse().unwrap();
    let request = honest(&token);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = calluna_certs::tls::pinned_client(token.fingerprint).unwrap();
    let asks = |request: pb::EnrolRequest| {
        let (hub, config) = (token.hub.clone(), Arc::clone(&config));
        async move {
            let mut hub = MembershipClient::new(channel(&hub, config).await.unwrap());
            hub.enrol(request).await
        }
    };
    let lost = runtime.block_on(async {
        let channel = channel(&token.hub, Arc::clone(&config)).await.unwrap();
        let mut hub = MembershipClient::new(channel);
        district.proxy().set(Mode::LoseAnswers);
        let asked = tokio::spawn({
            let request = request.clone();
            async move { hub.enrol(request).await }
        });
        tokio::task::block_in_place(|| district.heard("joined"));
        district.proxy().set(Mode::Cut);
        asked.await.unwrap()
    });
    assert!(lost.is_err(), "the answer was lost");
    district.proxy().set(Mode::Forward);
    let first = runtime.block_on(asks(request.clone())).unwrap();
    let second = runtime.block_on(asks(request)).unwrap();
    assert_eq!(first.into_inner(), second.into_inner());
    let audit = district
        .hub(&[
            "audit",
            "list",
            "--provider",
            "vhs-a",
            "--event",
            "enrolled",
        ])
        .ok();
    assert_eq!(
        audit.stdout.matches("enrolled").count(),
        1,
        "{}",
        audit.stdout
    );
}

/// The socket is closed to others by its mode; and where somebody has opened it by mistake, the daemon
/// still asks who is there.
#[test]
fn attack_the_control_socket_answers_no_other_user() {
    let district = District::new();
    let dir = district.hub_dir();
    assert!(
        answers(&dir, None),
        "the test itself must be able to succeed"
    );
    if !rustix::process::geteuid().is_root() {
        println!("skipped in part: only root can be another user");
        return;
    }
    let nobody = 65_534;
    assert!(!answers(&dir, Some(nobody)));
    let open = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(district.hub_dir().parent().unwrap(), 0o755);
    open(&dir, 0o755);
    open(&dir.join("control.sock"), 0o666);
    assert!(!answers(&dir, Some(nobody)));
    district.heard("refused a caller of another user");
}

/// Whether the daemon of `dir` keeps talking to a process of this user.
fn answers(dir: &std::path::Path, user: Option<u32>) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args([
            "--exact",
            "attacks::knocks_at_the_socket",
            "--ignored",
            "--nocapture",
        ])
        .current_dir(dir);
    if let Some(user) = user {
        child.uid(user).gid(user);
    }
    let said = child.output();
    // It may not even enter the directory.
    if said
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    {
        return false;
    }
    let said = said.unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let (yes, no) = (
        said.contains("it answers"),
        said.contains("it does not answer"),
    );
    assert!(yes != no, "the child said neither: {said}");
    yes
}

/// The child of the test above: it runs in the directory of a hub, as another user.
#[test]
#[ignore = "the child of another test"]
fn knocks_at_the_socket() {
    let greeted = || -> std::io::Result<bool> {
        let mut stream = UnixStream::connect("control.sock")?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")?;
        let mut answer = [0; 9];
        stream.read_exact(&mut answer)?;
        Ok(true)
    };
    match greeted() {
        Ok(true) => println!("it answers"),
        _ => println!("it does not answer"),
    }
}
