//! A mail server: plain or with STARTTLS, with or without a login.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::process::poll;

/// A mail as it was taken.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// Sender of the envelope.
    pub from: String,
    /// Recipients of the envelope.
    pub to: Vec<String>,
    /// Head and body, with `\n` as the end of a line.
    pub text: String,
    /// What was said to log in, as it came (Base64).
    pub login: Option<String>,
    /// Whether it came under TLS.
    pub secure: bool,
}

/// How a mail server behaves.
#[derive(Clone, Debug, Default)]
pub struct Manners {
    /// It offers STARTTLS.
    pub tls: bool,
    /// What it answers to a recipient instead of taking it.
    pub refuses: Option<&'static str>,
}

/// A mail server that listens until the test ends.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    authority: String,
    mails: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    /// Starts one.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (config, authority) = certificate();
        let mails = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&mails);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, config, manners) =
                    (Arc::clone(&kept), Arc::clone(&config), manners.clone());
                thread::spawn(move || drop(converse(stream, &config, &manners, &kept)));
            }
        });
        Self {
            address,
            authority,
            mails,
        }
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// The certificate that it shows, in PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The mails that it has taken so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.mails
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until it has taken so many mails.
    #[must_use]
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Mail> {
        poll("a mail", || {
            Some(self.mails()).filter(|mails| mails.len() >= count)
        })
    }
}

fn certificate() -> (Arc<ServerConfig>, String) {
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a certificate that fits its key");
    (Arc::new(config), made.cert.pem())
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

enum Next {
    Over,
    StartTls,
}

fn converse(
    mut stream: TcpStream,
    config: &Arc<ServerConfig>,
    manners: &Manners,
    kept: &Mutex<Vec<Mail>>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    say(&mut stream, "220 post.example at your service")?;
    if let Next::StartTls = talk(&mut stream, manners, false, kept)? {
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        let mut secure = StreamOwned::new(connection, stream);
        talk(&mut secure, manners, true, kept)?;
    }
    Ok(())
}

fn talk(
    stream: &mut dyn Stream,
    manners: &Manners,
    secure: bool,
    kept: &Mutex<Vec<Mail>>,
) -> io::Result<Next> {
    let fresh = || Mail {
        secure,
        ..Mail::default()
    };
    let mut mail = fresh();
    loop {
        let line = hear(stream)?;
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let tls = if manners.tls && !secure {
                    "250-STARTTLS\r\n"
                } else {
                    ""
                };
                say(
                    stream,
                    &format!("250-post.example\r\n{tls}250-AUTH PLAIN LOGIN\r\n250 8BITMIME"),
                )?;
            }
            "STARTTLS" => {
                say(stream, "220 go ahead")?;
                return Ok(Next::StartTls);
            }
            "AUTH" => {
                mail.login = Some(line.rsplit(' ').next().unwrap_or_default().to_owned());
                say(stream, "235 welcome")?;
            }
            "MAIL" => {
                mail.from = line.clone();
                say(stream, "250 ok")?;
            }
            "RCPT" => {
                mail.to.push(line.clone());
                say(stream, manners.refuses.unwrap_or("250 ok"))?;
            }
            "DATA" => {
                say(stream, "354 go on")?;
                mail.text = data(stream)?;
                kept.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(std::mem::replace(&mut mail, fresh()));
                say(stream, "250 taken")?;
            }
            "QUIT" => {
                say(stream, "221 bye")?;
                return Ok(Next::Over);
            }
            _ => say(stream, "250 ok")?,
        }
    }
}

fn data(stream: &mut dyn Stream) -> io::Result<String> {
    let mut text = String::new();
    loop {
        let line = hear(stream)?;
        if line == "." {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        text.push('\n');
    }
}

fn say(stream: &mut dyn Stream, line: &str) -> io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes())?;
    stream.flush()
}

/// One line without its end. Byte by byte: nothing that belongs to TLS is read ahead.
fn hear(stream: &mut dyn Stream) -> io::Result<String> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte)?;
        match byte {
            [b'\n'] => {
                return Ok(String::from_utf8_lossy(&line)
                    .trim_end_matches('\r')
                    .to_owned());
            }
            [other] => line.push(other),
        }
    }
}
