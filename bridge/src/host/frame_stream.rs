//! The task of one stream: it writes what the owner sends, and reads what the peer sends while there
//! is room for it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::{AsyncRead, AsyncWrite};
use libp2p::Stream;

use super::common::Common;
use super::event::{self, Event};
use super::fields::Fields;
use super::frame_reader::FrameReader;
use super::queue::Queue;
use super::stream_state::Shared;

/// After so much the other tasks of the thread have their turn.
const READ_BYTES_OF_TURN: usize = 1 << 20;
const WRITE_BYTES_OF_TURN: usize = 1 << 20;
const SCRATCH_BYTES: usize = 64 << 10;
/// How long an ended stream may take to hand over what was sent before.
const CLOSING_TIME_MAX: Duration = Duration::from_secs(60);

/// A frame that has begun goes on within this.
const FRAME_PAUSE_MAX: Duration = Duration::from_secs(60);

thread_local! {
    // Where a thread's streams read to: an idle stream needs no buffer of its own.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

enum Writing {
    Open,
    Closing(Pin<Box<tokio::time::Sleep>>),
    Closed,
}

/// Drives a stream until it ends, and tells its end.
pub struct Task<Guard> {
    stream: Stream,
    shared: Arc<Shared>,
    queue: Arc<Queue>,
    reader: FrameReader,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
    writing: Writing,
    chunks: VecDeque<Vec<u8>>,
    written: usize,
    needs_flush: bool,
    /// See `Protocol::sends_after_end`; of streams that we opened.
    pub sends_after_end: bool,
    peer_has_ended: bool,
    told_end: bool,
    _guard: Guard,
}

impl<Guard> Task<Guard> {
    pub fn new(stream: Stream, shared: Arc<Shared>, common: &Common, frame_bytes_max: usize, guard: Guard) -> Self {
        Task {
            stream,
            shared,
            queue: common.queue.clone(),
            reader: FrameReader::new(frame_bytes_max, common.half_received.clone()),
            pause: None,
            writing: Writing::Open,
            chunks: VecDeque::new(),
            written: 0,
            needs_flush: true,
            sends_after_end: false,
            peer_has_ended: false,
            told_end: false,
            _guard: guard,
        }
    }

    fn tell_end(&mut self, why: &str) {
        if !std::mem::replace(&mut self.told_end, true) {
            self.queue.push(event::stream_closed(&self.shared, why));
        }
    }

    /// Err: the stream has failed. Ready: all is written and our side closed.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut of_turn = 0;
        loop {
            while let Some(chunk) = self.chunks.front() {
                match Pin::new(&mut self.stream).poll_write(cx, &chunk[self.written..])? {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Poll::Ready(n) => {
                        self.written += n;
                        of_turn += n;
                        self.needs_flush = true;
                    }
                }
                if self.written == chunk.len() {
                    self.chunk_written();
                }
                if of_turn > WRITE_BYTES_OF_TURN {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
            if !self.fetch_chunks() {
                break;
            }
        }
        if self.needs_flush {
            if Pin::new(&mut self.stream).poll_flush(cx)?.is_pending() {
                return Poll::Pending;
            }
            self.needs_flush = false;
        }
        match self.writing {
            Writing::Open => Poll::Pending,
            _ => Pin::new(&mut self.stream).poll_close(cx),
        }
    }

    /// False: there is nothing to write now.
    fn fetch_chunks(&mut self) -> bool {
        let mut outgoing = self.shared.outgoing.lock().unwrap();
        std::mem::swap(&mut outgoing.chunks, &mut self.chunks);
        if outgoing.closing && matches!(self.writing, Writing::Open) {
            self.writing = Writing::Closing(Box::pin(tokio::time::sleep(CLOSING_TIME_MAX)));
        }
        !self.chunks.is_empty()
    }

    fn chunk_written(&mut self) {
        let chunk = self.chunks.pop_front().expect("it was just written");
        self.written = 0;
        let mut outgoing = self.shared.outgoing.lock().unwrap();
        outgoing.bytes -= chunk.len();
        if outgoing.told_full && outgoing.bytes <= self.shared.send_queue_bytes_max / 2 {
            outgoing.told_full = false;
            drop(outgoing);
            let event = Event::new(event::STREAM_WRITABLE, self.shared.id, Fields::default());
            self.queue.push(event.of_stream(&self.shared));
        }
    }

    /// Ok: the peer has closed in order.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut of_turn = 0;
        let mut frames = Vec::new();
        self.reader.keeps_room(cx.waker())?;
        let ended = loop {
            if !self.queue.lets_read(&self.shared) {
                break Poll::Pending;
            }
            if of_turn > READ_BYTES_OF_TURN {
                cx.waker().wake_by_ref();
                break Poll::Pending;
            }
            let stream = Pin::new(&mut self.stream);
            let reader = &mut self.reader;
            let read = match reader.body_space()? {
                Some(space) => stream.poll_read(cx, space).map_ok(|n| {
                    reader.body_filled(n, &mut frames);
                    n
                }),
                None => SCRATCH.with_borrow_mut(|scratch| match stream.poll_read(cx, scratch) {
                    Poll::Ready(Ok(n)) => Poll::Ready(reader.take(&scratch[..n], &mut frames).map(|()| n)),
                    other => other,
                }),
            };
            match read {
                Poll::Pending => break Poll::Pending,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Ready(Ok(0)) => break Poll::Ready(self.reader.at_end()),
                Poll::Ready(Ok(n)) => of_turn += n,
            }
            self.hand_over(&mut frames);
        };
        self.hand_over(&mut frames);
        if ended.is_pending() && self.poll_pause(cx, of_turn > 0).is_ready() {
            let why = format!("the peer stopped for {} s in the middle of a frame", FRAME_PAUSE_MAX.as_secs());
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why)));
        }
        ended
    }

    /// Ready: the peer has begun a frame and does not go on, though it may.
    fn poll_pause(&mut self, cx: &mut Context<'_>, went_on: bool) -> Poll<()> {
        if !self.reader.is_within_frame() || !self.queue.lets_read(&self.shared) {
            self.pause = None;
            return Poll::Pending;
        }
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(FRAME_PAUSE_MAX)));
        if went_on {
            pause.as_mut().reset(tokio::time::Instant::now() + FRAME_PAUSE_MAX);
        }
        pause.as_mut().poll(cx)
    }

    fn hand_over(&self, frames: &mut Vec<Vec<u8>>) {
        if frames.is_empty() {
            return;
        }
        let bytes = frames.iter().map(Vec::len).sum();
        self.shared.handed_over(frames.len(), bytes);
        self.queue.push_all(frames.drain(..).map(|data| Event {
            kind: event::STREAM_FRAME,
            flags: 0,
            id: self.shared.id,
            number: 0,
            data,
            stream: Some(self.shared.clone()),
        }));
    }

    /// Err: the peer has not ended its side, but the whole stream.
    fn peer_ended(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if !self.sends_after_end {
            self.tell_end("");
            self.shared.close();
            return Ok(());
        }
        // A reader sees the same in both cases; a writer fails if it is the second.
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, &[]) {
            written.map_err(|_| io::Error::new(io::ErrorKind::ConnectionReset, "the peer reset the stream"))?;
            self.needs_flush = true;
        }
        self.peer_has_ended = true;
        let event = Event::new(event::STREAM_ENDED, self.shared.id, Fields::default());
        self.queue.push(event.of_stream(&self.shared));
        Ok(())
    }

    fn is_open(&self) -> bool {
        !self.told_end && matches!(self.writing, Writing::Open)
    }

    /// Ready: the stream is over, for this reason.
    fn poll_peer(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        if !self.peer_has_ended {
            let ended = match self.poll_read(cx) {
                Poll::Ready(Ok(())) => self.peer_ended(cx),
                Poll::Ready(Err(error)) => Err(error),
                Poll::Pending => Ok(()),
            };
            if let Err(error) = ended {
                return Poll::Ready(error.to_string());
            }
        }
        if self.shared.is_connection_gone() && (self.peer_has_ended || !self.shared.is_reading()) {
            return Poll::Ready("the connection closed".to_string());
        }
        Poll::Pending
    }
}

impl<Guard: Unpin> Future for Task<Guard> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.shared.waker.register(cx.waker());
        if this.is_open() {
            if let Poll::Ready(why) = this.poll_peer(cx) {
                this.tell_end(&why);
                return Poll::Ready(());
            }
        }
        match this.poll_write(cx) {
            Poll::Pending => {}
            Poll::Ready(Ok(())) => {
                this.writing = Writing::Closed;
                return Poll::Ready(());
            }
            Poll::Ready(Err(error)) => {
                this.tell_end(&error.to_string());
                return Poll::Ready(());
            }
        }
        match &mut this.writing {
            Writing::Closing(limit) => limit.as_mut().poll(cx),
            _ => Poll::Pending,
        }
    }
}

impl<Guard> Drop for Task<Guard> {
    fn drop(&mut self) {
        self.shared.end();
        let was_closed_by_us = !matches!(self.writing, Writing::Open);
        if !was_closed_by_us {
            self.tell_end("the stream ended");
        }
    }
}
