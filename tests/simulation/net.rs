//! The network between the hub and its nodes: streams in memory whose pieces arrive later, in order,
//! or never.
//!
//! Whatever is drawn here depends on *how often* somebody wrote, never on how many bytes: signatures
//! and dates differ in length from run to run, and a seed has to give the same night all the same.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::chance::Chance;

/// Pieces that may be under way in one direction before the writer has to wait.
const WINDOW: usize = 64;

/// How a node's line is on one night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Time that a piece takes, in milliseconds, at least and at most.
    pub(crate) delay: (u64, u64),
    /// The connection breaks when this many pieces were written, in either direction. Counted anew
    /// for each connection, for the first `breaks` connections.
    pub(crate) cut_after: Option<u64>,
    /// How many connections break.
    pub(crate) breaks: u64,
    /// Nothing goes through between these two times, in milliseconds since the night began.
    pub(crate) partition: Option<(u64, u64)>,
}

impl Line {
    pub(crate) const GOOD: Self = Self {
        delay: (1, 30),
        cut_after: None,
        breaks: 0,
        partition: None,
    };
}

#[derive(Debug, Default)]
struct Pipe {
    under_way: VecDeque<(Instant, Vec<u8>)>,
    last: Option<Instant>,
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Debug)]
struct Wire {
    pipes: [Pipe; 2],
    /// How the connection ended for each side.
    ended: [Option<io::ErrorKind>; 2],
    /// What is under way still arrives at the end of a connection.
    drains: bool,
    written: u64,
    chance: Chance,
    line: Line,
    night: Instant,
    cut_after: Option<u64>,
}

impl Wire {
    fn end(&mut self, how: [Option<io::ErrorKind>; 2]) {
        for (place, how) in self.ended.iter_mut().zip(how) {
            *place = place.or(how);
        }
        for pipe in &mut self.pipes {
            pipe.reader.take().into_iter().for_each(Waker::wake);
            pipe.writer.take().into_iter().for_each(Waker::wake);
        }
    }

    fn still_arrives(&self, side: usize) -> bool {
        self.drains && !self.pipes[1 - side].under_way.is_empty()
    }

    fn arrival(&self, before: Option<Instant>) -> Instant {
        let (low, high) = self.line.delay;
        let delay = Duration::from_millis(self.chance.between(low, high));
        let mut at = Instant::now() + delay;
        if let Some((from, to)) = self.line.partition {
            let (from, to) = (
                self.night + Duration::from_millis(from),
                self.night + Duration::from_millis(to),
            );
            // The network repeats what was lost, once it stands again.
            if at >= from && at < to {
                at = to + delay;
            }
        }
        let behind = Duration::from_millis(self.chance.below(high / 2 + 1));
        before.map_or(at, |before| at.max(before + behind))
    }
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Stream {
    wire: Arc<Mutex<Wire>>,
    side: usize,
    timer: Option<Pin<Box<Sleep>>>,
}

/// All connections of one node, to be cut from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wires(Arc<Mutex<Vec<Weak<Mutex<Wire>>>>>);

/// Which side a cable belongs to.
pub(crate) const NODE: usize = 0;
/// See [`NODE`].
pub(crate) const HUB: usize = 1;

impl Wires {
    /// A new connection: the node's end and the hub's.
    pub(crate) fn connect(
        &self,
        line: &Line,
        night: Instant,
        chance: Chance,
        nth: u64,
    ) -> [Stream; 2] {
        let cut_after = line.cut_after.filter(|_| nth < line.breaks);
        let wire = Arc::new(Mutex::new(Wire {
            pipes: [Pipe::default(), Pipe::default()],
            ended: [None, None],
            drains: false,
            written: 0,
            chance,
            line: line.clone(),
            night,
            cut_after,
        }));
        let mut all = self.0.lock().unwrap();
        all.retain(|wire| wire.strong_count() > 0);
        all.push(Arc::downgrade(&wire));
        [NODE, HUB].map(|side| Stream {
            wire: Arc::clone(&wire),
            side,
            timer: None,
        })
    }

    /// Ends every connection at the moment when the process at `side` ends. The other side is told
    /// unless the machine went down with it.
    pub(crate) fn sever(&self, side: usize, told: bool) {
        let mut how = [None, None];
        how[side] = Some(io::ErrorKind::ConnectionAborted);
        how[1 - side] = told.then_some(io::ErrorKind::ConnectionReset);
        for wire in self.0.lock().unwrap().iter().filter_map(Weak::upgrade) {
            let mut wire = wire.lock().unwrap();
            wire.drains = false;
            wire.end(how);
        }
    }
}

impl Stream {
    fn lock(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let next = {
                let mut wire = self.lock();
                let left = wire.still_arrives(self.side);
                if let Some(how) = wire.ended[self.side].filter(|_| !left) {
                    return Poll::Ready(Err(how.into()));
                }
                let pipe = &mut wire.pipes[1 - self.side];
                match pipe.under_way.front_mut() {
                    Some((at, bytes)) if *at <= Instant::now() => {
                        let fits = bytes.len().min(buffer.remaining());
                        buffer.put_slice(&bytes[..fits]);
                        bytes.drain(..fits);
                        if bytes.is_empty() {
                            pipe.under_way.pop_front();
                            pipe.writer.take().into_iter().for_each(Waker::wake);
                        }
                        return Poll::Ready(Ok(()));
                    }
                    Some((at, _)) => *at,
                    None if pipe.closed => return Poll::Ready(Ok(())),
                    None => {
                        pipe.reader = Some(context.waker().clone());
                        return Poll::Pending;
                    }
                }
            };
            // The connection may be cut meanwhile.
            self.lock().pipes[1 - self.side].reader = Some(context.waker().clone());
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(next)));
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut wire = self.lock();
        if let Some(how) = wire.ended[self.side] {
            // Whoever still hears something does not know yet that nobody hears him.
            let deaf = wire.still_arrives(self.side);
            return Poll::Ready(if deaf {
                Ok(bytes.len())
            } else {
                Err(how.into())
            });
        }
        if wire.pipes[1 - self.side].closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if wire.pipes[self.side].under_way.len() >= WINDOW {
            wire.pipes[self.side].writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        wire.written += 1;
        if wire.cut_after.is_some_and(|after| wire.written > after) {
            wire.drains = wire.chance.percent(85);
            wire.end([Some(io::ErrorKind::ConnectionReset); 2]);
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let last = wire.pipes[self.side].last;
        let at = wire.arrival(last);
        let pipe = &mut wire.pipes[self.side];
        pipe.last = Some(at);
        pipe.under_way.push_back((at, bytes.to_vec()));
        pipe.reader.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wire = self.lock();
        let pipe = &mut wire.pipes[self.side];
        pipe.closed = true;
        pipe.reader.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut wire = self.lock();
        for pipe in &mut wire.pipes {
            pipe.closed = true;
            pipe.reader.take().into_iter().for_each(Waker::wake);
            pipe.writer.take().into_iter().for_each(Waker::wake);
        }
    }
}
