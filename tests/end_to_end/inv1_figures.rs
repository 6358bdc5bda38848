//! Invariant 1 for registrations: whatever a list says about persons stays in the list. Everything that the
//! node sends is recorded before TLS; everything on both disks, every word and log is searched.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use calluna_certs::Peer;
use calluna_host::clock::SystemClock;
use calluna_host::entropy::OsEntropy;
use calluna_host::guarded::Guarded;
use calluna_host::tasks::Tasks;
use calluna_host::workers::Workers;
use calluna_model::outcome::Outcome;
use calluna_node::link::Session;
use calluna_node::membership::renew::Hint;
use calluna_node::run::Node;
use calluna_node::service::provider_node::with_figures;
use calluna_node::service::serve_hub;
use calluna_tests::district::District;
use calluna_tests::process::run;
use calluna_tests::registrations::quarters;
use calluna_tests::sample::{every_byte, holds, jsonl, offer, workbook, write};
use calluna_wire::v1 as pb;
use calluna_wire::v1::provider_node_client::ProviderNodeClient;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tonic::transport::{Endpoint, Uri};

/// Invented words: in no form may they be found anywhere afterwards.
const WORDS: [&str; 12] = [
    "Kanarienvögelein",
    "kanarienvoegelein",
    "Zeisigmüller",
    "zeisigmueller",
    "ZEISIGMUELLER",
    "Stieglitzstraße",
    "Papageienhausen",
    "17.02.1931",
    "1931-02-17",
    "D-29690",
    "KNR-NACHTIGALL",
    "zeisig@privat.example",
];

/// Numbers that could also be a part of some digest: they may not stand alone.
const NUMBERS: [&str; 4] = [
    "29690",
    "0815471100",
    "DE89370400440532013000",
    "01715550123",
];

/// 90 persons who agree in nothing but in being invented, the first ones with the canaries.
fn list() -> Vec<Vec<String>> {
    let header = [
        "Kursnummer",
        "Kundennummer",
        "Nachname",
        "Vorname",
        "Geburtsdatum",
        "Geschlecht",
        "PLZ",
        "Ort",
        "Straße",
        "E-Mail",
        "Telefon",
        "IBAN",
        "Status",
        "Bemerkung",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for n in 0..90 {
        let canary = n < 12;
        let family = if canary {
            "Zeisigmüller".to_owned()
        } else {
            format!("Zeisigmüller {n}")
        };
        let course = if n == 11 {
            "KNR-NACHTIGALL".to_owned()
        } else {
            format!("K-{:05}", n % 2)
        };
        rows.push(vec![
            course,
            format!("0815471100{n:02}"),
            family,
            "Kanarienvögelein".to_owned(),
            "17.02.1931".to_owned(),
            if n % 2 == 0 { "w" } else { "m" }.to_owned(),
            if n % 5 == 0 { "D-29690" } else { "29690" }.to_owned(),
            "Papageienhausen".to_owned(),
            "Stieglitzstraße 3".to_owned(),
            "zeisig@privat.example".to_owned(),
            "01715550123".to_owned(),
            "DE89370400440532013000".to_owned(),
            if n == 10 {
                "Kanarienvögelein"
            } else {
                "angemeldet"
            }
            .to_owned(),
            "Frau Zeisigmüller rief an".to_owned(),
        ]);
    }
    rows
}

fn csv() -> String {
    let mut text = String::new();
    for row in list() {
        writeln!(text, "{}", row.join(";")).unwrap();
    }
    text
}

/// A word in the encodings that files and memory use.
fn forms(word: &str) -> Vec<Vec<u8>> {
    let latin: Option<Vec<u8>> = word
        .chars()
        .map(|c| u8::try_from(u32::from(c)).ok())
        .collect();
    let wide = |bytes: fn(u16) -> [u8; 2]| word.encode_utf16().flat_map(bytes).collect();
    let mut forms = vec![
        word.as_bytes().to_vec(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
    ];
    forms.extend(latin);
    forms
}

/// Whether a number stands there by itself, and not inside some digest.
fn stands_alone(bytes: &[u8], number: &[u8]) -> bool {
    let inside = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let found = bytes
        .windows(number.len())
        .enumerate()
        .filter(|(_, window)| *window == number);
    found.into_iter().any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !inside(before) && !inside(bytes.get(at + number.len()))
    })
}

fn search(what: &str, bytes: &[u8]) {
    for word in WORDS {
        for form in forms(word) {
            assert!(!holds(bytes, &form), "{word} is in {what}");
        }
    }
    for number in NUMBERS {
        for form in forms(number) {
            assert!(!stands_alone(bytes, &form), "{number} is in {what}");
        }
    }
}

/// Keeps everything that the other side sends.
struct Recorder {
    stream: DuplexStream,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Recorder {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.heard
            .lock()
            .unwrap()
            .extend_from_slice(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Recorder {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Asks the node in `dir` everything that a hub asks: every byte of its answers before TLS, and how many
/// revisions of figures there were.
async fn everything_sent(dir: &Path) -> (Vec<u8>, usize) {
    let node = Node::open(dir, Arc::new(SystemClock), Arc::new(OsEntropy)).unwrap();
    let session = Session {
        peer: Peer::Hub,
        key: Arc::clone(&node.keyring().now().key),
    };
    let (publisher, desk) = (Arc::clone(node.publisher()), Arc::clone(node.desk()));
    let service = with_figures(publisher, Some(desk), Hint::default(), Workers::default());
    let (streams, received) = tokio::sync::mpsc::channel(1);
    let tasks = Tasks::default();
    serve_hub(&tasks, service, received);
    let (near, far) = tokio::io::duplex(64 * 1024);
    let (guarded, _leash) = Guarded::new(far, session);
    assert!(streams.send(guarded).await.is_ok());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let recorder = Recorder {
        stream: near,
        heard: Arc::clone(&heard),
    };
    let mut once = Some(recorder);
    let connector = tower::service_fn(move |_: Uri| {
        let stream = once.take().map(TokioIo::new);
        std::future::ready(stream.ok_or_else(|| std::io::Error::other("one connection only")))
    });
    let endpoint = Endpoint::from_static("http://node");
    let channel = endpoint.connect_with_connector(connector).await.unwrap();
    let mut client = ProviderNodeClient::new(channel);
    let head = client.get_head(pb::GetHeadRequest {
        versions: calluna_wire::version::SPOKEN
            .iter()
            .map(ToString::to_string)
            .collect(),
        ..pb::GetHeadRequest::default()
    });
    let head = head.await.unwrap().into_inner();
    let epoch = head.head.unwrap().epoch;
    let mut changes = client
        .stream_changes(pb::StreamChangesRequest::default())
        .await
        .unwrap()
        .into_inner();
    while changes.message().await.unwrap().is_some() {}
    let listing = pb::ListFingerprintsRequest { epoch };
    let mut prints = client
        .list_fingerprints(listing)
        .await
        .unwrap()
        .into_inner();
    while prints.message().await.unwrap().is_some() {}
    let mut tables = client
        .stream_tables(pb::StreamTablesRequest::default())
        .await
        .unwrap()
        .into_inner();
    let mut revisions = 0;
    while tables.message().await.unwrap().is_some() {
        revisions += 1;
    }
    assert_eq!(head.figures.len(), 2, "this quarter and the last one");
    tasks.stop();
    let heard = heard.lock().unwrap().clone();
    (heard, revisions)
}

/// The list in four forms, each with its quarter; they lie outside of both data directories.
fn lists(district: &District, now: &str, before: &str) -> Vec<(PathBuf, String)> {
    let cells = list();
    let rows: Vec<Vec<&str>> = cells
        .iter()
        .map(|row| row.iter().map(String::as_str).collect())
        .collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let latin: Vec<u8> = csv()
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let wide: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(csv().encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let files = vec![
        (
            write(&district.path("utf8.csv"), csv().as_bytes()),
            now.to_owned(),
        ),
        (write(&district.path("latin1.csv"), &latin), now.to_owned()),
        (write(&district.path("utf16.csv"), &wide), now.to_owned()),
        (
            write(&district.path("mappe.xlsx"), &workbook(&rows)),
            before.to_owned(),
        ),
    ];
    for (file, _) in &files[..3] {
        let found = forms("Zeisigmüller")
            .iter()
            .any(|form| holds(&std::fs::read(file).unwrap(), form));
        assert!(found, "the search finds what is there: {}", file.display());
    }
    files
}

/// Imports every list in every way; everything that was said.
fn import_all(
    node: &calluna_tests::district::Node,
    files: &[(PathBuf, String)],
    now: &str,
) -> String {
    let mut said = String::new();
    for (file, period) in files {
        let file = file.to_string_lossy();
        for more in [&["--dry-run"][..], &["--format", "json"], &["--verbose"]] {
            let base = [
                "figures",
                "import",
                file.as_ref(),
                "--period",
                period.as_str(),
                "--final",
            ];
            let base = if period == now { &base[..5] } else { &base[..] };
            let mut command = node.command(&[base, more].concat());
            command
                .env("RUST_LOG", "trace")
                .env("CALLUNA_LOG_FILTER", "trace")
                .env("CALLUNA_FIGURES_CORRECTION_DAYS", "3000");
            let ended = run(&mut command);
            assert!(matches!(ended.code, Some(0 | 3)), "{ended:#?}");
            said += &ended.stdout;
            said += &ended.stderr;
        }
    }
    said
}

#[test]
fn inv1_what_a_list_says_about_persons_is_never_sent_stored_or_said() {
    let district = District::new();
    let mut node = district.member("vhs-a");
    let offers = jsonl(
        &district.path("offers.jsonl"),
        (0..2).map(|n| offer(n, "v1")),
    );
    let _imported = node.import(&offers, &[]).ok();
    let (now, before) = quarters();
    let files = lists(&district, &now, &before);
    let mut said = import_all(&node, &files, &now);
    assert!(said.contains("utf8.csv"), "places are told: {said}");
    for more in [&[][..], &["--format", "json", "--all"]] {
        said += &node.run(&[&["outbox"], more].concat()).ok().stdout;
    }
    district.night().expect("vhs-a", Outcome::Ok);
    said += &node.status().to_string();
    let checked = node.run(&["check", "--offline"]);
    said += &(checked.stdout + &checked.stderr);
    let backup = node.dir.join("sicherung.tar.gz");
    let _made = node
        .run(&["backup", "--output", &backup.to_string_lossy()])
        .ok();
    let copy = district.stranger("vhs-restored");
    let _restored = copy.run(&["restore", &backup.to_string_lossy()]).ok();
    said += &node.stop().stderr;
    said += &node.log();
    said += &district.hub_log();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let (sent, revisions) = runtime.block_on(everything_sent(&node.dir));
    assert!(
        revisions >= 1 && holds(&sent, b"Kurs 0 v1"),
        "the recorder hears what is public"
    );
    search("what is sent", &sent);
    search("what is said", said.as_bytes());
    search("the node's directory", &every_byte(&node.dir));
    search("the restored directory", &every_byte(&copy.dir));
    search("the hub's directory", &every_byte(&district.hub_dir()));
}
