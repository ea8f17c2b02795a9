//! A stream that is wanted but not open yet. However it ends, its owner is told.

use std::sync::Arc;
use std::time::Instant;

use futures::{AsyncReadExt, AsyncWriteExt};
use libp2p::{Stream, StreamProtocol};

use super::common::Common;
use super::event;
use super::frame_stream::Task;
use super::protocols::{Counted, Protocol};
use super::queue::Queue;
use super::stream_state::Shared;

const PING_BYTES: usize = 32;

enum What {
    Frames(Arc<Shared>),
    /// One ping, and then the stream ends: the query that asks for it.
    Ping(u64),
}

pub struct Opening {
    what: Option<What>,
    pub protocols: Vec<StreamProtocol>,
    queue: Arc<Queue>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opening({:?})", self.protocols)
    }
}

impl Opening {
    pub fn frames(stream: Arc<Shared>, protocols: Vec<StreamProtocol>, queue: Arc<Queue>) -> Opening {
        Opening { what: Some(What::Frames(stream)), protocols, queue }
    }

    pub fn ping(query: u64, queue: Arc<Queue>) -> Opening {
        Opening { what: Some(What::Ping(query)), protocols: vec![libp2p::ping::PROTOCOL_NAME], queue }
    }

    /// What the stream is known by from now on, unless it is for a ping.
    pub fn opened(
        mut self,
        stream: Stream,
        name: &StreamProtocol,
        protocol: Option<&Protocol>,
        common: &Common,
    ) -> Option<Arc<Shared>> {
        match self.what.take()? {
            What::Frames(shared) => {
                let fields = event::Fields::default().add(shared.peer.to_bytes()).add(name.as_ref());
                self.queue.push(event::Event::new(event::STREAM_OPENED, shared.id, fields).of_stream(&shared));
                let guard: Option<Counted> = None;
                let frame_bytes_max = protocol.map_or(0, |protocol| protocol.frame_bytes_max);
                let mut task = Task::new(stream, shared.clone(), common, frame_bytes_max, guard);
                task.sends_after_end = protocol.is_some_and(|protocol| protocol.sends_after_end);
                tokio::spawn(task);
                Some(shared)
            }
            What::Ping(query) => {
                tokio::spawn(ping(stream, query, self.queue.clone()));
                None
            }
        }
    }

    pub fn failed(mut self, why: &str) {
        self.fail(why);
    }

    fn fail(&mut self, why: &str) {
        match self.what.take() {
            Some(What::Frames(shared)) => {
                shared.end();
                self.queue.push(event::stream_closed(&shared, why));
            }
            Some(What::Ping(query)) => self.queue.push(event::pinged(query, Err(why))),
            None => {}
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.fail("the connection closed before the stream was open");
    }
}

async fn ping(mut stream: Stream, query: u64, queue: Arc<Queue>) {
    let outcome = match tokio::time::timeout(super::PING_TIME_MAX, round_trip(&mut stream)).await {
        Ok(Ok(nanoseconds)) => Ok(nanoseconds),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", super::PING_TIME_MAX.as_secs())),
    };
    queue.push(event::pinged(query, outcome.as_ref().map(|n| *n).map_err(String::as_str)));
    let _ = stream.close().await;
}

async fn round_trip(stream: &mut Stream) -> std::io::Result<u64> {
    let mut sent = [0u8; PING_BYTES];
    // SAFETY: fills the 32 bytes of the buffer; up to 256 are never cut short.
    unsafe { libc::getrandom(sent.as_mut_ptr().cast(), sent.len(), 0) };
    let start = Instant::now();
    stream.write_all(&sent).await?;
    stream.flush().await?;
    let mut received = [0u8; PING_BYTES];
    stream.read_exact(&mut received).await?;
    if received != sent {
        return Err(std::io::Error::other("the peer sent other bytes back"));
    }
    Ok(start.elapsed().as_nanos() as u64)
}
