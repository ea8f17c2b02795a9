//! The one queue of events from the runtime's threads to the owner's thread.
//!
//! It is bounded by who puts in: streams stop reading while it is full, and the swarm stops being
//! driven, so the peers are held back by their own flow control. What must be told once (that a
//! stream has ended, that it can be written again) always fits: its number is that of the streams.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::task::AtomicWaker;

use super::event::Event;
use super::stream_state::Shared;

/// Frames are read from no stream while this much waits for the owner.
const STREAM_EVENTS_MAX: usize = 4096;
const STREAM_BYTES_MAX: usize = 64 << 20;
/// The swarm has room beside them, so that no stream keeps it from telling of a connection.
const SWARM_EVENTS_MAX: usize = STREAM_EVENTS_MAX + 4096;
const SWARM_BYTES_MAX: usize = STREAM_BYTES_MAX + (16 << 20);

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    streams: Vec<Arc<Shared>>,
    signalled: bool,
}

pub struct Queue {
    waiting: Mutex<Waiting>,
    // Of all events that the owner has not taken.
    count: AtomicUsize,
    bytes: AtomicUsize,
    swarm: AtomicWaker,
    descriptor: OwnedFd,
}

impl Queue {
    pub fn new() -> io::Result<Queue> {
        // SAFETY: a plain system call; the descriptor is ours alone.
        let descriptor = unsafe {
            let raw = libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK);
            if raw < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(raw)
        };
        Ok(Queue {
            waiting: Mutex::default(),
            count: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            swarm: AtomicWaker::new(),
            descriptor,
        })
    }

    pub fn descriptor(&self) -> RawFd {
        self.descriptor.as_raw_fd()
    }

    pub fn push(&self, event: Event) {
        self.push_all(std::iter::once(event));
    }

    pub fn push_all(&self, events: impl IntoIterator<Item = Event>) {
        let mut waiting = self.waiting.lock().unwrap();
        let before = waiting.events.len();
        let mut bytes = 0;
        waiting.events.extend(events.into_iter().inspect(|event| bytes += event.weight()));
        self.count.fetch_add(waiting.events.len() - before, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if !waiting.signalled && waiting.events.len() > before {
            waiting.signalled = true;
            self.signal();
        }
    }

    /// Whether the task of `stream` may read now. If not, it is woken when it may.
    pub fn lets_read(&self, stream: &Arc<Shared>) -> bool {
        if !stream.share_lets_read() {
            return false;
        }
        if self.holds_less(STREAM_EVENTS_MAX, STREAM_BYTES_MAX) {
            return true;
        }
        if stream.begins_to_wait_for_room() {
            self.wake_when_roomy(stream);
        }
        false
    }

    /// Ready while the swarm may be driven on.
    pub fn poll_room_for_swarm(&self, cx: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        if self.holds_less(SWARM_EVENTS_MAX, SWARM_BYTES_MAX) {
            return std::task::Poll::Ready(());
        }
        self.swarm.register(cx.waker());
        if self.holds_less(SWARM_EVENTS_MAX, SWARM_BYTES_MAX) {
            return std::task::Poll::Ready(());
        }
        std::task::Poll::Pending
    }

    /// Fills `taken`, which is empty, with all that waits. What was not handed on by `took()` still
    /// counts against the limits.
    pub fn take_all(&self, taken: &mut VecDeque<Event>) {
        let mut waiting = self.waiting.lock().unwrap();
        std::mem::swap(&mut waiting.events, taken);
        if taken.is_empty() && waiting.signalled {
            waiting.signalled = false;
            self.reset_signal();
        }
    }

    /// The owner has got so many.
    pub fn took(&self, count: usize, bytes: usize) {
        self.count.fetch_sub(count, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
        if self.is_roomy() {
            self.wake_streams();
        }
        self.swarm.wake();
    }

    fn holds_less(&self, count: usize, bytes: usize) -> bool {
        self.count.load(Ordering::SeqCst) < count && self.bytes.load(Ordering::SeqCst) < bytes
    }

    /// Half empty: so that streams are woken seldom, and then for much.
    fn is_roomy(&self) -> bool {
        self.holds_less(STREAM_EVENTS_MAX / 2, STREAM_BYTES_MAX / 2)
    }

    fn wake_when_roomy(&self, stream: &Arc<Shared>) {
        self.waiting.lock().unwrap().streams.push(stream.clone());
        // The owner may have made the room just before.
        if self.is_roomy() {
            self.wake_streams();
        }
    }

    fn wake_streams(&self) {
        let streams = std::mem::take(&mut self.waiting.lock().unwrap().streams);
        for stream in streams {
            stream.room_again();
        }
    }

    fn signal(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: writes 8 bytes from a buffer of 8. It cannot fill up: it is read before 2^64.
        unsafe { libc::write(self.descriptor(), one.as_ptr().cast(), one.len()) };
    }

    fn reset_signal(&self) {
        let mut count = [0u8; 8];
        // SAFETY: reads 8 bytes into a buffer of 8.
        unsafe { libc::read(self.descriptor(), count.as_mut_ptr().cast(), count.len()) };
    }
}
