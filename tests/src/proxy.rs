//! A TCP proxy that stands where nodes believe the hub to be: it forwards, and it can cut, hold
//! back, slow down, and cut after so many bytes.
//!
//! "Up" is from whoever dialled towards the target: what a node sends to the hub.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How often a connection looks whether the mode has changed, and paces what it lets through.
const TICK: Duration = Duration::from_millis(20);

/// What the proxy does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Passes everything on.
    Forward,
    /// Ends every connection at once, the open ones too.
    Cut,
    /// Keeps connections open and passes nothing on: a firewall that lost its state.
    Hold,
    /// Passes at most so many bytes a second up, and everything down.
    Slow(u64),
    /// Ends a connection when so many bytes have passed up on it.
    CutAfter(u64),
    /// Passes everything up and nothing down: answers are lost.
    LoseAnswers,
}

/// The proxy; it ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    mode: Mutex<Mode>,
    target: Mutex<Option<SocketAddr>>,
    up: AtomicU64,
    ended: AtomicBool,
}

impl Default for Proxy {
    fn default() -> Self {
        Self::new()
    }
}

impl Proxy {
    /// A proxy on a port of its own, without a target: connections are ended until it has one.
    ///
    /// # Panics
    /// When the machine has no port left.
    #[must_use]
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            mode: Mutex::new(Mode::Forward),
            target: Mutex::new(None),
            up: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let all = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if all.ended.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&all);
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Self { address, shared }
    }

    /// What to dial.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where connections go from now on.
    pub fn aim(&self, target: SocketAddr) {
        *self
            .shared
            .target
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(target);
    }

    /// What to do from now on, also with open connections.
    pub fn set(&self, mode: Mode) {
        *self
            .shared
            .mode
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = mode;
    }

    /// Bytes that have passed up, over all connections.
    #[must_use]
    pub fn passed(&self) -> u64 {
        self.shared.up.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        self.set(Mode::Cut);
        // Wakes the listener, which then sees that it is over.
        drop(TcpStream::connect(self.address));
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        *self.mode.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, near: &TcpStream) {
        let target = *self.target.lock().unwrap_or_else(PoisonError::into_inner);
        let far = match (self.mode(), target) {
            (Mode::Cut, _) | (_, None) => None,
            (_, Some(target)) => TcpStream::connect(target).ok(),
        };
        let Some(far) = far else {
            drop(near.shutdown(Shutdown::Both));
            return;
        };
        for stream in [near, &far] {
            stream.set_nodelay(true).expect("a TCP stream");
            stream.set_read_timeout(Some(TICK)).expect("a TCP stream");
        }
        thread::scope(|scope| {
            scope.spawn(|| self.pass(near, &far, true));
            self.pass(&far, near, false);
        });
    }

    /// Passes bytes on until either side ends or the mode says so; then both sides are ended.
    fn pass(&self, mut from: &TcpStream, mut to: &TcpStream, up: bool) {
        let mut buffer = vec![0; 64 * 1024];
        let mut passed = 0;
        loop {
            let most = match self.mode() {
                Mode::Cut => break,
                Mode::Hold => 0,
                Mode::LoseAnswers if !up => 0,
                Mode::Slow(rate) if up => (rate * TICK.as_millis() as u64 / 1_000).max(1),
                Mode::CutAfter(bytes) if up && passed >= bytes => break,
                Mode::CutAfter(bytes) if up => bytes - passed,
                _ => u64::MAX,
            };
            if most < buffer.len() as u64 {
                thread::sleep(TICK);
            }
            if most == 0 {
                continue;
            }
            let room = usize::try_from(most)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let Some(space) = buffer.get_mut(..room) else {
                break;
            };
            match from.read(space) {
                Ok(0) => break,
                Ok(length) => {
                    let Some(read) = space.get(..length) else {
                        break;
                    };
                    // It may have been set while this connection waited for something to read:
                    // what comes after that has to stay here, too.
                    while self.mode() == Mode::Hold || (!up && self.mode() == Mode::LoseAnswers) {
                        thread::sleep(TICK);
                    }
                    if to.write_all(read).is_err() {
                        break;
                    }
                    passed += length as u64;
                    if up {
                        self.up.fetch_add(length as u64, Ordering::Relaxed);
                    }
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        drop(from.shutdown(Shutdown::Both));
        drop(to.shutdown(Shutdown::Both));
    }
}
