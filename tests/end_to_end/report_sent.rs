//! The report leaves the hub: by mail, to an address, as a sign of life; and nothing leaves it when
//! nobody wants that. Mail and web server are real sockets on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use calluna_certs::files::write_private;
use calluna_model::outcome::Outcome;
use calluna_tests::district::District;
use calluna_tests::post::{Call, Mail, MailServer, Manners, WebServer};
use calluna_tests::process::poll;
use calluna_tests::sample::write;

/// A person in a list of courses: nothing of her may be in a report.
const PERSON: &str = "Erika Mustermann";

fn set_mail(district: &mut District, server: &MailServer) {
    district.set("CALLUNA_MAIL_SERVER", "127.0.0.1");
    district.set("CALLUNA_MAIL_PORT", &server.port());
    district.set("CALLUNA_MAIL_TLS", "none");
    district.set("CALLUNA_MAIL_FROM", "Calluna <hub@landkreis.example>");
    district.set(
        "CALLUNA_MAIL_TO",
        "[\"buero@landkreis.example\", \"it@landkreis.example\"]",
    );
    district.set("CALLUNA_MAIL_LANG", "en");
}

fn status(district: &District, word: &str) -> String {
    poll(word, || {
        let text = district.hub(&["status"]).ok().stdout;
        text.contains(word).then_some(text)
    })
}

fn check_mail(mail: &Mail) {
    assert!(mail.from.contains("hub@landkreis.example"), "{mail:#?}");
    assert_eq!(mail.to.len(), 2, "{mail:#?}");
    assert!(
        mail.text.contains("night 2: 1 of 1 up to date"),
        "{mail:#?}"
    );
    assert!(
        mail.text.contains("Auto-Submitted: auto-generated"),
        "{mail:#?}"
    );
}

fn check_calls(calls: &[Call]) {
    let posted = calls
        .iter()
        .find(|call| call.head.starts_with("POST /hook"))
        .unwrap();
    assert!(
        posted
            .head
            .to_lowercase()
            .contains("authorization: bearer t0ken-secret"),
        "{posted:#?}"
    );
    let json: serde_json::Value = serde_json::from_str(&posted.body).unwrap();
    assert_eq!((&json["night"], &json["ok"]), (&2.into(), &true.into()));
    assert!(
        json["text"]
            .as_str()
            .unwrap()
            .starts_with("1 of 1 up to date"),
        "{json:#}"
    );
    assert!(
        calls.iter().any(|call| call.head.starts_with("GET /alive")),
        "{calls:#?}"
    );
}

#[test]
fn the_report_arrives_after_a_night_over_all_providers_and_holds_nobody() {
    let (post, web) = (
        MailServer::start(Manners::default()),
        WebServer::start("204 No Content"),
    );
    let mut district = District::prepared(&[("CALLUNA_NIGHT_WAIT_SECONDS", "1")]);
    set_mail(&mut district, &post);
    write_private(&district.hub_dir().join("token"), b"t0ken-secret\n").unwrap();
    district.set("CALLUNA_WEBHOOK_URL", &web.url("/hook/p4th-secret"));
    district.set("CALLUNA_WEBHOOK_TOKEN_FILE", "token");
    district.set("CALLUNA_WEBHOOK_LANG", "en");
    district.set("CALLUNA_WEBHOOK_HEARTBEAT_URL", &web.url("/alive"));
    district.start_hub();
    let mut node = district.member("vhs-a");
    let rows = format!(
        "id;title;description;url\nB-1;Kurs;Mit {PERSON};https://a.example/\nB-2;;{PERSON};x\n"
    );
    let file = write(&district.path("k.csv"), rows.as_bytes());
    let _published = node.import(&file, &[]).expect(3);

    // Only one provider: that is somebody trying something, and no morning.
    let _tried = district.hub(&["sync", "--provider", "vhs-a"]).ok();
    let _night = district.night().expect("vhs-a", Outcome::Unchanged);
    let mails = post.wait(1);
    let calls = web.wait(2);
    check_mail(&mails[0]);
    check_calls(&calls);
    for way in ["mail", "webhook", "heartbeat"] {
        let _noted = status(&district, &format!("last {way}: night 2 delivered"));
    }

    // A night with trouble: mail and call, and no sign of life.
    let _stopped = node.stop();
    let _night = district.night().expect("vhs-a", Outcome::Unreachable);
    let (mails, calls) = (post.wait(2), web.wait(3));
    let _noted = status(&district, "last webhook: night 3 delivered");
    assert!(
        mails[1].text.contains("0 of 1 up to date, 1 not reached"),
        "{:#?}",
        mails[1]
    );
    let alive = |calls: &[Call]| {
        calls
            .iter()
            .filter(|call| call.head.starts_with("GET /alive"))
            .count()
    };
    assert_eq!(alive(&web.calls()), 1, "{calls:#?}");
    assert_eq!(post.mails().len(), 2, "one mail for each night over all");
    let said = district.stop_hub();
    let texts = mails.iter().map(|mail| &mail.text);
    for text in texts.chain(calls.iter().map(|call| &call.body)) {
        for word in ["Mustermann", "B-1", "Kurs"] {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
    for secret in ["t0ken-secret", "p4th-secret"] {
        assert!(
            !said.stderr.contains(secret),
            "{secret} in the log:\n{}",
            said.stderr
        );
        let kept = district.hub(&["status", "--format", "json"]).ok().stdout;
        assert!(!kept.contains(secret), "{secret} in the status");
    }
}

#[test]
fn nothing_is_sent_while_it_is_off_and_problems_means_problems() {
    let post = MailServer::start(Manners::default());
    let mut district = District::new();
    let _node = district.member("vhs-a");
    let _night = district.night().expect("vhs-a", Outcome::Ok);
    let _down = district.stop_hub();
    district
        .hub(&["report", "--send"])
        .says(1, &["nothing is set up to be sent", "[mail]", "hub.toml"]);
    set_mail(&mut district, &post);
    district.set("CALLUNA_MAIL_WHEN", "problems");
    district.start_hub();
    poll("the node is back", || {
        let status = district.status();
        (status.providers[0].connected == Some(true)).then_some(())
    });
    let _night = district.night().expect("vhs-a", Outcome::Unchanged);
    // The hub ends only after what it had to send was sent.
    let _down = district.stop_hub();
    assert!(post.mails().is_empty(), "{:#?}", post.mails());
    // To try the settings, it is sent all the same.
    assert!(
        district
            .hub(&["report", "--send"])
            .ok()
            .stderr
            .contains("mail: night 2 was sent to 127.0.0.1:")
    );
    assert_eq!(post.mails().len(), 1);
}

#[test]
fn a_mail_server_with_tls_and_login() {
    let post = MailServer::start(Manners {
        tls: true,
        ..Manners::default()
    });
    let mut district = District::new();
    let _night = district.night();
    set_mail(&mut district, &post);
    district.set("CALLUNA_MAIL_TLS", "starttls");
    district.set("CALLUNA_MAIL_USERNAME", "hub");
    district.set("CALLUNA_MAIL_PASSWORD_FILE", "mail-password");
    district
        .hub(&["report", "--send"])
        .says(1, &["cannot read", "mail-password"]);
    let password = district.hub_dir().join("mail-password");
    fs::write(&password, "pa55-word\n").unwrap();
    fs::set_permissions(&password, fs::Permissions::from_mode(0o644)).unwrap();
    // Whoever else is on the machine could read it.
    district
        .hub(&["report", "--send"])
        .says(1, &["mail-password", "chmod"]);
    write_private(&password, b"pa55-word\n").unwrap();
    // Nobody vouches for this server.
    let refused = district.hub(&["report", "--send"]).expect(1);
    assert!(
        refused.stderr.contains("mail to 127.0.0.1:") && refused.stderr.contains("ertificate"),
        "{refused:#?}"
    );
    assert!(post.mails().is_empty());
    fs::write(district.hub_dir().join("post.pem"), post.authority()).unwrap();
    district.set("CALLUNA_MAIL_CA_FILE", "post.pem");
    let sent = district.hub(&["report", "--send"]).ok();
    let mails = post.mails();
    assert_eq!(mails.len(), 1, "{sent:#?}");
    assert!(mails[0].secure && mails[0].login.is_some(), "{mails:#?}");
    assert!(!format!("{refused:?}{sent:?}").contains("pa55-word"));
    // A server that wants TLS is never spoken to without it.
    district.set(
        "CALLUNA_MAIL_PORT",
        &MailServer::start(Manners::default()).port(),
    );
    district
        .hub(&["report", "--send"])
        .says(1, &["mail to 127.0.0.1:", "failed"]);
    // The password does not cross a network in the clear.
    district.set("CALLUNA_MAIL_TLS", "none");
    district.set("CALLUNA_MAIL_SERVER", "mail.landkreis.example");
    district
        .hub(&["report", "--send"])
        .says(1, &["not sent in the clear"]);
}

#[test]
fn a_report_that_cannot_be_delivered_changes_nothing_about_the_night() {
    let post = MailServer::start(Manners {
        refuses: Some("550 no such person here"),
        ..Manners::default()
    });
    let web = WebServer::start("503 Service Unavailable");
    let mut district = District::prepared(&[]);
    set_mail(&mut district, &post);
    district.set("CALLUNA_WEBHOOK_URL", &web.url("/s3cret"));
    district.start_hub();
    let _node = district.member("vhs-a");
    let night = district.night();
    let _line = night.expect("vhs-a", Outcome::Ok);
    assert_eq!(
        night.code,
        Some(0),
        "the report has nothing to do with how the night ended"
    );
    // Refused for good: one try. Out of order: it is tried again.
    let text = status(&district, "! last mail: night 1 not delivered (1 tries");
    assert!(text.contains("550") && text.contains("given up"), "{text}");
    let calls = web.wait(2);
    assert!(
        calls
            .iter()
            .all(|call| call.head.starts_with("POST /s3cret")),
        "{calls:#?}"
    );
    let text = status(&district, "! last webhook: night 1 not delivered");
    assert!(
        text.contains("answered 503") && text.contains("tried again"),
        "{text}"
    );
    assert!(!text.contains("s3cret"), "{text}");
    let sent = district.hub(&["report", "--send"]).expect(1);
    assert!(
        sent.stderr.contains("error: mail to 127.0.0.1:") && sent.stderr.contains("no such person"),
        "{sent:#?}"
    );
    // What waits for another try does not keep the hub from ending.
    assert_eq!(district.stop_hub().code, Some(0));
    assert!(status(&district, "given up").contains("answered 503"));
}
