//! Sockets that the hub listens on.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait to be accepted: every node of a large district at once, after the hub
/// was restarted. The system's usual 128 would make the others wait for seconds and try again.
const WAITING: u32 = 4_096;

/// Listens on an address.
///
/// # Errors
/// When it cannot be bound; [`in_words`] says what to do.
pub(crate) fn on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(WAITING)
}

/// Why it cannot be listened on, and the way out; `setting` is the line of hub.toml that says where.
pub(crate) fn in_words(address: SocketAddr, setting: &str, cause: io::Error) -> anyhow::Error {
    let way_out = match cause.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another program uses this port; stop it, or choose another one with `{setting}` in hub.toml"
        ),
        io::ErrorKind::PermissionDenied => format!(
            "this user may not use this port; choose one above 1023 with `{setting}` in hub.toml"
        ),
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine does not have that address; correct `{setting}` in hub.toml")
        }
        _ => format!("check `{setting}` in hub.toml"),
    };
    anyhow::Error::new(cause).context(format!("cannot listen on {address}: {way_out}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpStream;
    use tokio::time::timeout;

    use super::*;

    /// Nobody accepts here: all of them have to find room in the queue.
    #[tokio::test]
    async fn a_herd_finds_room_in_the_queue() {
        let listener = on("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let mut herd = Vec::new();
        for number in 0..600 {
            let stream = timeout(Duration::from_secs(20), TcpStream::connect(address)).await;
            let stream = stream.unwrap_or_else(|_| panic!("connection {number} found no room"));
            herd.push(stream.unwrap());
        }
    }
}
