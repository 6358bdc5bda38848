//! The control socket: how a command reaches the daemon of the same data directory.
//!
//! It lies in the data directory (mode 0700), has mode 0600, and both sides are the same user, so
//! whoever can reach it could also open the store. Only one thing is asked besides: that the
//! caller's user is the daemon's or root.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::stream::{self, Stream};
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tonic::transport::{Channel, Endpoint, Uri};

use crate::durable::FileError;

/// Longest path of a Unix socket in bytes: `sun_path` has 108, one of them ends the text.
const PATH_BYTES: usize = 107;

/// How long a daemon that listens may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The control socket cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The operating system allows only short paths.
    #[error("the path of the control socket {} has {length} bytes, but Unix sockets allow {PATH_BYTES}; give a shorter path with --data", path.display())]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
    },
    /// Somebody answers there.
    #[error("another daemon serves this directory (it answers at {}); stop it first, or give another directory with --data", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Something else lies there.
    #[error("{} is in the way: it is not a socket; move it away", path.display())]
    InTheWay {
        /// The path.
        path: PathBuf,
    },
    /// A daemon listens, but no conversation came about.
    #[error("the daemon at {} does not answer; look at its log, or restart it", path.display())]
    Mute {
        /// The socket.
        path: PathBuf,
        /// What the transport said.
        source: tonic::transport::Error,
    },
    /// The operating system refused.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Listens at `path` with mode 0600; to be called inside a Tokio runtime. A socket that a dead
/// daemon left behind is replaced.
///
/// The directory must be closed to others ([`crate::data_dir::DataDir`] sees to that): it is what
/// protects the socket in the moment before it has its mode. That two daemons do not start at the
/// same moment is the business of the store's lock, taken before.
///
/// # Errors
/// The path is too long, somebody answers there, something else lies there, or the operating
/// system refuses.
pub fn bind(path: &Path) -> Result<UnixListener, SocketError> {
    check_length(path)?;
    remove_stale(path)?;
    let listener = UnixListener::bind(path).map_err(FileError::when("listen at", path))?;
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(FileError::when("close to other users", path))?;
    Ok(listener)
}

/// Connects to the daemon that listens at `path`; `None` when there is none (no socket, or one
/// that a dead daemon left behind).
///
/// # Errors
/// The path is too long, permission is missing, or the daemon does not answer.
pub async fn connect(path: &Path) -> Result<Option<Channel>, SocketError> {
    check_length(path)?;
    // Tried first by hand: the transport's own error does not tell absence from failure.
    match UnixStream::connect(path).await {
        Ok(stream) => drop(stream),
        Err(error) if is_absence(&error) => return Ok(None),
        Err(error) => return Err(FileError::when("connect to", path)(error).into()),
    }
    let target = path.to_owned();
    let connector = tower::service_fn(move |_: Uri| {
        let target = target.clone();
        async move { UnixStream::connect(target).await.map(TokioIo::new) }
    });
    Endpoint::from_static("http://calluna.control")
        .connect_timeout(PATIENCE)
        .connect_with_connector(connector)
        .await
        .map(Some)
        .map_err(|source| SocketError::Mute {
            path: path.to_owned(),
            source,
        })
}

/// Whether the other end belongs to the user of this process, or to root.
#[must_use]
pub fn same_user(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

/// The callers of a control socket that pass [`same_user`], for tonic's `serve_with_incoming`.
/// The stream never ends and never fails: a passing trouble (no file handles left) is logged and
/// waited out.
pub fn incoming(listener: UnixListener) -> impl Stream<Item = io::Result<UnixStream>> + Send {
    stream::unfold(listener, |listener| async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) if same_user(&stream) => return Some((Ok(stream), listener)),
                Ok(_) => tracing::warn!("control socket: refused a caller of another user"),
                Err(cause) => {
                    tracing::warn!(%cause, "control socket: cannot accept");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    })
}

fn check_length(path: &Path) -> Result<(), SocketError> {
    let length = path.as_os_str().as_bytes().len();
    if length > PATH_BYTES {
        let path = path.to_owned();
        return Err(SocketError::TooLong { path, length });
    }
    Ok(())
}

fn remove_stale(path: &Path) -> Result<(), SocketError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::when("look at", path)(error).into()),
    };
    if !found.file_type().is_socket() {
        let path = path.to_owned();
        return Err(SocketError::InTheWay { path });
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if is_absence(&error) => match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(FileError::when("remove the stale socket", path)(error).into())
            }
            _ => Ok(()),
        },
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Err(FileError::when("connect to", path)(error).into())
        }
        // It answers, or is too busy to: somebody is there.
        _ => Err(SocketError::Taken {
            path: path.to_owned(),
        }),
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    #[tokio::test]
    async fn the_socket_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let _listener = bind(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }

    #[tokio::test]
    async fn a_stale_socket_is_absence_and_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        assert!(connect(&path).await.unwrap().is_none());
        drop(bind(&path).unwrap());
        assert!(path.exists());
        assert!(connect(&path).await.unwrap().is_none());
        bind(&path).unwrap();
    }

    #[tokio::test]
    async fn a_socket_that_answers_is_not_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let _listener = bind(&path).unwrap();
        let error = bind(&path).unwrap_err();
        assert!(matches!(error, SocketError::Taken { .. }), "{error}");
        assert!(
            error
                .to_string()
                .contains("another daemon serves this directory")
        );
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_file_in_the_way_and_a_long_path_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        fs::write(&path, b"letter").unwrap();
        assert!(matches!(bind(&path), Err(SocketError::InTheWay { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"letter");
        let long = dir.path().join("x".repeat(120));
        let error = bind(&long).unwrap_err().to_string();
        assert!(error.contains("107") && error.contains("--data"), "{error}");
        assert!(connect(&long).await.is_err());
    }

    #[tokio::test]
    async fn a_caller_of_the_same_user_comes_in_and_gets_a_channel() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("control.sock");
        let listener = bind(&path).unwrap();
        let server = tokio::spawn(async move {
            tonic::transport::Server::builder()
                .add_routes(tonic::service::Routes::default())
                .serve_with_incoming(incoming(listener).boxed())
                .await
        });
        assert!(connect(&path).await.unwrap().is_some());
        server.abort();
    }
}
