//! What the owner's thread and the task of a stream share: the send queue, and what waits unread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::task::AtomicWaker;
use libp2p::PeerId;

/// Of what waits for the owner, one stream's share.
const UNREAD_BYTES_MAX: usize = 8 << 20;
const UNREAD_EVENTS_MAX: usize = 1024;
/// Frames shorter than this are written together.
const BATCH_BYTES: usize = 64 << 10;

#[derive(Default)]
pub struct Outgoing {
    pub chunks: VecDeque<Vec<u8>>,
    /// Of `chunks`, and of those the task is writing.
    pub bytes: usize,
    pub told_full: bool,
    pub closing: bool,
    dead: bool,
}

pub enum Sent {
    Taken,
    Full,
    Closed,
}

/// What the owner's thread and the stream's task share.
pub struct Shared {
    pub id: u64,
    pub peer: PeerId,
    pub send_queue_bytes_max: usize,
    pub outgoing: Mutex<Outgoing>,
    reading: AtomicBool,
    connection_gone: AtomicBool,
    unread_bytes: AtomicUsize,
    unread_events: AtomicUsize,
    held_by_share: AtomicBool,
    held_by_queue: AtomicBool,
    pub waker: AtomicWaker,
}

impl Shared {
    pub fn new(id: u64, peer: PeerId, send_queue_bytes_max: usize) -> Arc<Shared> {
        Arc::new(Shared {
            id,
            peer,
            send_queue_bytes_max,
            outgoing: Mutex::default(),
            reading: AtomicBool::new(true),
            connection_gone: AtomicBool::new(false),
            unread_bytes: AtomicUsize::new(0),
            unread_events: AtomicUsize::new(0),
            held_by_share: AtomicBool::new(false),
            held_by_queue: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        })
    }

    /// One frame made of `pieces`. Only the owner's thread sends.
    pub fn send(&self, pieces: &[&[u8]]) -> Sent {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let header = Varint::of(length as u64);
        let total = header.bytes().len() + length;
        let mut outgoing = self.outgoing.lock().unwrap();
        if outgoing.dead || outgoing.closing {
            return Sent::Closed;
        }
        if outgoing.bytes > 0 && outgoing.bytes + length > self.send_queue_bytes_max {
            outgoing.told_full = true;
            return Sent::Full;
        }
        let mut was_idle = outgoing.chunks.is_empty();
        let fill = |chunk: &mut Vec<u8>| {
            chunk.extend_from_slice(header.bytes());
            pieces.iter().for_each(|piece| chunk.extend_from_slice(piece));
        };
        match outgoing.chunks.back_mut() {
            Some(last) if last.len() + total <= BATCH_BYTES => fill(last),
            _ if total < BATCH_BYTES => {
                let mut chunk = Vec::with_capacity(total);
                fill(&mut chunk);
                outgoing.chunks.push_back(chunk);
            }
            _ => {
                // Copied unlocked: the room that was found stays, for nobody else sends.
                drop(outgoing);
                let mut chunk = Vec::with_capacity(total);
                fill(&mut chunk);
                outgoing = self.outgoing.lock().unwrap();
                was_idle = outgoing.chunks.is_empty();
                outgoing.chunks.push_back(chunk);
            }
        }
        outgoing.bytes += total;
        drop(outgoing);
        if was_idle {
            self.waker.wake();
        }
        Sent::Taken
    }

    pub fn close(&self) {
        self.outgoing.lock().unwrap().closing = true;
        self.waker.wake();
    }

    pub fn set_reading(&self, reading: bool) {
        if self.reading.swap(reading, Ordering::SeqCst) != reading {
            self.waker.wake();
        }
    }

    pub fn connection_gone(&self) {
        self.connection_gone.store(true, Ordering::SeqCst);
        self.waker.wake();
    }

    /// Nothing is taken any more.
    pub fn end(&self) {
        let mut outgoing = self.outgoing.lock().unwrap();
        outgoing.dead = true;
        outgoing.chunks.clear();
    }

    /// Whether its own share lets its task read now. If not, it is woken when it does.
    pub fn share_lets_read(&self) -> bool {
        if !self.is_reading() {
            return false;
        }
        if self.share_is_used() {
            self.held_by_share.store(true, Ordering::SeqCst);
            // The owner may have taken the last of them just before.
            return !self.share_is_used();
        }
        true
    }

    /// The queue of all streams is full. False: the stream waits for its room already.
    pub fn begins_to_wait_for_room(&self) -> bool {
        !self.held_by_queue.swap(true, Ordering::SeqCst)
    }

    /// So many frames wait for the owner.
    pub fn handed_over(&self, frames: usize, bytes: usize) {
        self.unread_bytes.fetch_add(bytes, Ordering::SeqCst);
        self.unread_events.fetch_add(frames, Ordering::SeqCst);
    }

    pub fn is_connection_gone(&self) -> bool {
        self.connection_gone.load(Ordering::SeqCst)
    }

    pub fn is_reading(&self) -> bool {
        self.reading.load(Ordering::SeqCst)
    }

    /// The owner has taken a frame.
    pub fn took(&self, bytes: usize) {
        let bytes_left = self.unread_bytes.fetch_sub(bytes, Ordering::SeqCst) - bytes;
        let events_left = self.unread_events.fetch_sub(1, Ordering::SeqCst) - 1;
        let is_roomy = bytes_left < UNREAD_BYTES_MAX / 2 && events_left < UNREAD_EVENTS_MAX / 2;
        if is_roomy && self.held_by_share.swap(false, Ordering::SeqCst) {
            self.waker.wake();
        }
    }

    /// The queue of all streams has room.
    pub fn room_again(&self) {
        self.held_by_queue.store(false, Ordering::SeqCst);
        self.waker.wake();
    }

    fn share_is_used(&self) -> bool {
        self.unread_bytes.load(Ordering::SeqCst) >= UNREAD_BYTES_MAX
            || self.unread_events.load(Ordering::SeqCst) >= UNREAD_EVENTS_MAX
    }
}

/// An unsigned varint, the length before a frame.
struct Varint {
    bytes: [u8; 10],
    length: usize,
}

impl Varint {
    fn of(mut value: u64) -> Varint {
        let mut varint = Varint { bytes: [0; 10], length: 0 };
        while value >= 0x80 {
            varint.bytes[varint.length] = (value as u8) | 0x80;
            varint.length += 1;
            value >>= 7;
        }
        varint.bytes[varint.length] = value as u8;
        varint.length += 1;
        varint
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
