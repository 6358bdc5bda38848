//! A web server that keeps what it is asked and always answers the same.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::process::poll;

/// One call as it came.
#[derive(Clone, Debug)]
pub struct Call {
    /// `POST /path HTTP/1.1`, then the header lines.
    pub head: String,
    /// What was sent along.
    pub body: String,
}

/// A web server that listens until the test ends.
#[derive(Debug)]
pub struct WebServer {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl WebServer {
    /// Starts one that answers with `status`, such as `200 OK`.
    ///
    /// # Panics
    /// When it cannot listen.
    #[must_use]
    pub fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let calls = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&calls);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || drop(answer(&stream, status, &kept)));
            }
        });
        Self { address, calls }
    }

    /// An address on it.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The calls so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until there were so many calls.
    #[must_use]
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Call> {
        poll("a call", || {
            Some(self.calls()).filter(|calls| calls.len() >= count)
        })
    }
}

fn answer(stream: &TcpStream, status: &str, kept: &Mutex<Vec<Call>>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    kept.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Call { head, body });
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )?;
    stream.flush()
}
