//! Cuts what is read from a stream into frames: an unsigned varint length, then as many bytes.

use std::io;

/// A header longer than this is no length that we allow (28 bits and more).
const HEADER_BYTES_MAX: usize = 5;
/// A frame's room grows with what has come of it: a length alone costs the peer nothing.
const FIRST_ROOM_BYTES: usize = 64 << 10;

pub struct FrameReader {
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
}

impl Body {
    /// Makes `bytes` longer than `filled`, if there is more to come.
    fn make_room(&mut self, wanted: usize) {
        let wanted = wanted.min(self.length);
        if self.bytes.len() < wanted {
            let doubled = (self.bytes.len() * 2).clamp(FIRST_ROOM_BYTES, self.length.max(FIRST_ROOM_BYTES));
            let room = doubled.max(wanted).min(self.length);
            self.bytes.reserve_exact(room - self.bytes.len());
            self.bytes.resize(room, 0);
        }
    }
}

impl FrameReader {
    pub fn new(frame_bytes_max: usize) -> FrameReader {
        FrameReader { frame_bytes_max, header: 0, header_bytes: 0, body: None }
    }

    /// Where the rest of a long frame may be read to directly.
    pub fn body_space(&mut self) -> Option<&mut [u8]> {
        let body = self.body.as_mut()?;
        body.make_room(body.filled + 1);
        Some(&mut body.bytes[body.filled..])
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
            body.make_room(body.filled + count);
            body.bytes[body.filled..body.filled + count].copy_from_slice(&bytes[..count]);
            body.filled += count;
            bytes = &bytes[count..];
            self.finish_body(frames);
        }
        Ok(())
    }

    /// The peer has ended the stream.
    pub fn at_end(&self) -> io::Result<()> {
        if self.body.is_none() && self.header_bytes == 0 {
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
        self.body = Some(Body { bytes: Vec::new(), filled: 0, length });
        Ok(())
    }

    fn finish_body(&mut self, frames: &mut Vec<Vec<u8>>) {
        if self.body.as_ref().is_some_and(|body| body.filled == body.length) {
            frames.extend(self.body.take().map(|body| body.bytes));
        }
    }

    fn too_long(&self) -> io::Error {
        let why = format!("a frame of the peer is longer than the {} bytes its protocol allows", self.frame_bytes_max);
        io::Error::new(io::ErrorKind::InvalidData, why)
    }
}
