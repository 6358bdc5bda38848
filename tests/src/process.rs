//! Real binaries as child processes: started, waited for, killed; none outlives its test.

mod binaries;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::time::Instant;

pub use self::binaries::{binary, repository};

/// How long anything may take before a test gives up. Far above what a slow machine needs.
pub const PATIENCE: Duration = Duration::from_secs(100);

/// How a process ended, and what it said.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The command line, for messages.
    pub what: String,
    /// Exit code; nothing when a signal ended it.
    pub code: Option<i32>,
    /// Everything it wrote to stdout.
    pub stdout: String,
    /// Everything it wrote to stderr.
    pub stderr: String,
}

impl Ended {
    /// Fails the test unless the exit code is `code`.
    ///
    /// # Panics
    /// When it is not.
    #[must_use = "what it said is often the point"]
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.stderr.contains("panicked at"), "{self:#?}");
        self
    }

    /// Fails the test unless it ended with 0.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.expect(0)
    }

    /// Fails the test unless it ended with `code` and said every one of `words` on stderr.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn says(self, code: i32, words: &[&str]) {
        let ended = self.expect(code);
        for word in words {
            assert!(
                ended.stderr.contains(word),
                "`{word}` is missing: {ended:#?}"
            );
        }
    }

    /// What it wrote to stdout, as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    what: String,
    child: Child,
    stdout: Heard,
    stderr: Heard,
}

impl Process {
    /// Starts `command`, with nothing on its stdin.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let what = line_of(command);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        let stdout = Heard::listen(child.stdout.take().expect("stdout is piped"));
        let stderr = Heard::listen(child.stderr.take().expect("stderr is piped"));
        Self {
            what,
            child,
            stdout,
            stderr,
        }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has said on stderr so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until a line on stderr begins with `word`, and gives that line.
    ///
    /// # Panics
    /// When the process ends before, or says nothing of the kind for too long.
    #[track_caller]
    pub fn until(&mut self, word: &str) -> String {
        let found = self.until_or_end(word);
        found.unwrap_or_else(|| {
            panic!(
                "`{}` ended before it said `{word}`:\n{}",
                self.what,
                self.stderr.text()
            )
        })
    }

    /// As [`Self::until`]; nothing when the process ends before.
    ///
    /// # Panics
    /// When it does neither for too long.
    #[track_caller]
    pub fn until_or_end(&mut self, word: &str) -> Option<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.has_ended().is_some();
            if ended {
                self.stderr.finish();
            }
            let said = self.stderr.text();
            if let Some(line) = said.lines().find(|line| line.starts_with(word)) {
                return Some(line.to_owned());
            }
            if ended {
                return None;
            }
            assert!(
                Instant::now() < deadline,
                "`{}` never said `{word}`:\n{said}",
                self.what
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it still runs.
    #[must_use]
    pub fn runs(&mut self) -> bool {
        self.has_ended().is_none()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end in time.
    #[must_use = "how it ended is often the point"]
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.has_ended() {
                break status;
            }
            let said = self.stderr.text();
            assert!(
                Instant::now() < deadline,
                "`{}` does not end:\n{said}",
                self.what
            );
            thread::sleep(Duration::from_millis(5));
        };
        self.stdout.finish();
        self.stderr.finish();
        Ended {
            what: self.what.clone(),
            code: status.code(),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }

    /// `kill -9`, at once.
    pub fn kill(mut self) -> Ended {
        self.child.kill().expect("a child can be killed");
        self.wait()
    }

    /// SIGTERM, and waits until it has ended in order.
    pub fn stop(self) -> Ended {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).expect("a child can be told to stop");
        self.wait()
    }

    fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child
            .try_wait()
            .expect("a child can be asked whether it ended")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago; either way it is gone and reaped afterwards.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started, or does not end in time.
#[must_use = "how it ended is often the point"]
#[track_caller]
pub fn run(command: &mut Command) -> Ended {
    Process::start(command).wait()
}

/// Looks again and again until `look` finds something.
///
/// # Panics
/// When it finds nothing in time.
#[track_caller]
pub fn poll<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Most memory that a process ever held, and what it holds now, in bytes.
///
/// # Panics
/// When it has ended.
#[must_use]
pub fn memory(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let kilobytes = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        number.expect("Linux tells it")
    };
    (kilobytes("VmHWM:") * 1024, kilobytes("VmRSS:") * 1024)
}

fn line_of(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    let mut line = program.to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}

/// What a process says, collected by a thread so that it never waits for us.
#[derive(Debug)]
struct Heard {
    text: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Heard {
    fn listen(from: impl Read + Send + 'static) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&text);
        let thread = thread::spawn(move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from
                .read_until(b'\n', &mut line)
                .is_ok_and(|length| length > 0)
            {
                shared
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .append(&mut line);
            }
        });
        Self {
            text,
            thread: Some(thread),
        }
    }

    fn text(&self) -> String {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Waits for the last word; to be called when the process has ended.
    fn finish(&mut self) {
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
