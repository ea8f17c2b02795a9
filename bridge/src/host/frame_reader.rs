//! Cuts what is read from a stream into frames: an unsigned varint length, then as many bytes.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Waker;

use futures::task::AtomicWaker;

/// A header longer than this is no length that we allow (28 bits and more).
const HEADER_BYTES_MAX: usize = 5;
/// A frame's room grows with what has come of it: a length alone costs the peer nothing.
const FIRST_ROOM_BYTES: usize = 64 << 10;

/// What all streams together may hold of frames that have not come whole.
const HALF_RECEIVED_BYTES_MAX: usize = 64 << 20;

/// The room of half-received frames, of all streams of a host. Once there is no more, the frame that
/// was begun first ends with its stream: peers that hold many frames open keep nobody else's out.
#[derive(Clone, Default)]
pub struct HalfReceived(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    bytes: usize,
    begun: u64,
    /// By the order in which they were begun.
    frames: BTreeMap<u64, (usize, Arc<Ousted>)>,
}

/// Whether a frame has lost its room to others.
#[derive(Default)]
struct Ousted {
    is_so: AtomicBool,
    waker: AtomicWaker,
}

/// The room of one frame.
struct Room {
    half_received: HalfReceived,
    number: u64,
    ousted: Arc<Ousted>,
}

impl Room {
    fn new(half_received: &HalfReceived, ousted: &Arc<Ousted>) -> Room {
        let mut held = half_received.0.lock().unwrap();
        held.begun += 1;
        Room { half_received: half_received.clone(), number: held.begun, ousted: ousted.clone() }
    }

    fn add(&self, bytes: usize) -> io::Result<()> {
        let mut held = self.half_received.0.lock().unwrap();
        if self.ousted.is_so.load(Ordering::Relaxed) {
            return Err(ousted());
        }
        held.bytes += bytes;
        held.frames.entry(self.number).or_insert_with(|| (0, self.ousted.clone())).0 += bytes;
        while held.bytes > HALF_RECEIVED_BYTES_MAX {
            let Some((_, (bytes, oldest))) = held.frames.pop_first() else { break };
            held.bytes -= bytes;
            oldest.is_so.store(true, Ordering::Relaxed);
            oldest.waker.wake();
        }
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = self.half_received.0.lock().unwrap();
        if let Some((bytes, _)) = held.frames.remove(&self.number) {
            held.bytes -= bytes;
        }
    }
}

fn ousted() -> io::Error {
    io::Error::other("this node needs the room of a frame that did not come whole for those of others")
}

pub struct FrameReader {
    half_received: HalfReceived,
    ousted: Arc<Ousted>,
    frame_bytes_max: usize,
    header: u64,
    header_bytes: usize,
    /// The frame under way, `filled` bytes of `length`; none while its header is read.
    body: Option<Body>,
}

struct Body {
    bytes: Vec<u8>,
    filled: usize,
    length: usize,
    room: Room,
}

impl Body {
    /// Room for `wanted` bytes of it, and more as more has come.
    fn make_room(&mut self, wanted: usize) -> io::Result<()> {
        if self.bytes.len() < wanted {
            let room = wanted.max(self.bytes.len() * 2).max(FIRST_ROOM_BYTES).min(self.length);
            self.room.add(room - self.bytes.len())?;
            self.bytes.reserve_exact(room - self.bytes.len());
            self.bytes.resize(room, 0);
        }
        Ok(())
    }
}

impl FrameReader {
    pub fn new(frame_bytes_max: usize, half_received: HalfReceived) -> FrameReader {
        FrameReader { half_received, ousted: Default::default(), frame_bytes_max, header: 0, header_bytes: 0, body: None }
    }

    pub fn is_within_frame(&self) -> bool {
        self.body.is_some() || self.header_bytes > 0
    }

    /// An error once the frame under way has lost its room to others; wakes when that happens.
    pub fn keeps_room(&self, waker: &Waker) -> io::Result<()> {
        self.ousted.waker.register(waker);
        match self.ousted.is_so.load(Ordering::Relaxed) {
            true => Err(ousted()),
            false => Ok(()),
        }
    }

    /// Where the rest of a frame under way may be read to directly.
    pub fn body_space(&mut self) -> io::Result<Option<&mut [u8]>> {
        let Some(body) = self.body.as_mut() else { return Ok(None) };
        body.make_room(body.filled + 1)?;
        Ok(Some(&mut body.bytes[body.filled..]))
    }

    /// So much was read to `body_space()`.
    pub fn body_filled(&mut self, count: usize, frames: &mut Vec<Vec<u8>>) {
        let body = self.body.as_mut().expect("there was space of a body");
        body.filled += count;
        self.finish_body(frames);
    }

    pub fn take(&mut self, mut bytes: &[u8], frames: &mut Vec<Vec<u8>>) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.body.is_none() {
                bytes = self.take_header(bytes)?;
            }
            let Some(body) = self.body.as_mut() else { break };
            let count = bytes.len().min(body.length - body.filled);
            body.make_room(body.filled + count)?;
            body.bytes[body.filled..body.filled + count].copy_from_slice(&bytes[..count]);
            body.filled += count;
            bytes = &bytes[count..];
            self.finish_body(frames);
        }
        Ok(())
    }

    /// The peer has ended the stream.
    pub fn at_end(&self) -> io::Result<()> {
        if !self.is_within_frame() {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the stream ended in the middle of a frame"))
    }

    fn take_header<'a>(&mut self, mut bytes: &'a [u8]) -> io::Result<&'a [u8]> {
        while let Some((byte, rest)) = bytes.split_first() {
            bytes = rest;
            self.header |= u64::from(byte & 0x7f) << (7 * self.header_bytes);
            self.header_bytes += 1;
            if byte & 0x80 == 0 {
                self.start_body()?;
                break;
            }
            if self.header_bytes == HEADER_BYTES_MAX {
                return Err(self.too_long());
            }
        }
        Ok(bytes)
    }

    fn start_body(&mut self) -> io::Result<()> {
        if self.header > self.frame_bytes_max as u64 {
            return Err(self.too_long());
        }
        let length = self.header as usize;
        self.header = 0;
        self.header_bytes = 0;
        let room = Room::new(&self.half_received, &self.ousted);
        self.body = Some(Body { bytes: Vec::new(), filled: 0, length, room });
        Ok(())
    }

    fn finish_body(&mut self, frames: &mut Vec<Vec<u8>>) {
        if let Some(body) = self.body.take_if(|body| body.filled == body.length) {
            frames.push(body.bytes);
        }
    }

    fn too_long(&self) -> io::Error {
        let why = format!("a frame of the peer is longer than the {} bytes its protocol allows", self.frame_bytes_max);
        io::Error::new(io::ErrorKind::InvalidData, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> FrameReader {
        FrameReader::new(200_000, HalfReceived::default())
    }

    #[test]
    fn cuts_at_any_place() {
        let stream: Vec<u8> = [&[0u8, 1, 7, 0x80, 1][..], &[9; 128], &[2, 5, 5]].concat();
        for step in 1..stream.len() {
            let (mut reader, mut frames) = (reader(), Vec::new());
            stream.chunks(step).for_each(|chunk| reader.take(chunk, &mut frames).unwrap());
            assert_eq!(frames, [vec![], vec![7], vec![9; 128], vec![5, 5]]);
            reader.at_end().unwrap();
            assert_eq!(held(&reader.half_received), (0, 0));
        }
    }

    #[test]
    fn refuses_a_long_frame_and_a_longer_header() {
        assert!(reader().take(&[0xc1, 0x9a, 0x0c], &mut Vec::new()).is_err());
        reader().take(&[0xc0, 0x9a, 0x0c], &mut Vec::new()).unwrap();
        assert!(reader().take(&[0x80; 5], &mut Vec::new()).is_err());
    }

    #[test]
    fn gives_room_only_as_bytes_come() {
        let mut reader = reader();
        reader.take(&[0xc0, 0x9a, 0x0c, 1], &mut Vec::new()).unwrap();
        assert_eq!(held(&reader.half_received), (FIRST_ROOM_BYTES, 1));
        assert!(reader.at_end().is_err());
        let total = reader.half_received.clone();
        drop(reader);
        assert_eq!(held(&total), (0, 0));
    }

    #[test]
    fn the_frame_begun_first_makes_room_for_others() {
        let half = [&[0x80, 0x80, 0x40][..], &vec![9; (1 << 20) - 1]].concat();
        let half_received = HalfReceived::default();
        let begin = || {
            let mut reader = FrameReader::new(1 << 20, half_received.clone());
            half.chunks(FIRST_ROOM_BYTES).try_for_each(|piece| reader.take(piece, &mut Vec::new())).map(|()| reader)
        };
        let mut readers: Vec<FrameReader> = (0..64).map(|_| begin().unwrap()).collect();
        let woken = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(woken.clone());
        readers[0].keeps_room(&waker).unwrap();
        assert_eq!(held(&half_received), (HALF_RECEIVED_BYTES_MAX, 64));
        readers.push(begin().unwrap());
        assert!(woken.0.load(Ordering::Relaxed));
        assert!(readers[0].keeps_room(&waker).is_err());
        assert!(readers[0].take(&[9], &mut Vec::new()).is_ok(), "its last byte needs no more room");
        readers[1].keeps_room(&waker).unwrap();
        assert_eq!(held(&half_received), (HALF_RECEIVED_BYTES_MAX, 64));
        drop(readers);
        assert_eq!(held(&half_received), (0, 0));
    }

    fn held(half_received: &HalfReceived) -> (usize, usize) {
        let held = half_received.0.lock().unwrap();
        (held.bytes, held.frames.len())
    }

    struct Flag(AtomicBool);

    impl std::task::Wake for Flag {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}
