//! What makes few and large reads and writes of many small ones. A connection at rest holds no buffer.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{ready, Context, Poll};

use futures::{AsyncRead, AsyncWrite};

pub const PIECE_BYTES: usize = 64 << 10;

thread_local! {
    // Which the next connection to read takes: no piece is made and cleared for every few bytes.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Reads from `inner` in large pieces.
pub struct ReadAhead<T> {
    inner: T,
    /// What is between `taken` and `filled` waits to be taken. Empty at rest.
    piece: Vec<u8>,
    taken: usize,
    filled: usize,
}

impl<T: AsyncRead + Unpin> ReadAhead<T> {
    pub fn new(inner: T) -> ReadAhead<T> {
        ReadAhead { inner, piece: Vec::new(), taken: 0, filled: 0 }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.piece.is_empty() {
            self.piece = SPARE.take();
            self.piece.resize(PIECE_BYTES, 0);
        }
        let read = Pin::new(&mut self.inner).poll_read(cx, &mut self.piece);
        if read.is_pending() {
            SPARE.set(std::mem::take(&mut self.piece));
        }
        (self.taken, self.filled) = (0, ready!(read)?);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for ReadAhead<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.taken == this.filled {
            if out.len() >= PIECE_BYTES {
                return Pin::new(&mut this.inner).poll_read(cx, out);
            }
            ready!(this.poll_fill(cx))?;
        }
        let n = out.len().min(this.filled - this.taken);
        out[..n].copy_from_slice(&this.piece[this.taken..this.taken + n]);
        this.taken += n;
        Poll::Ready(Ok(n))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for ReadAhead<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, pieces)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

/// Gathers what is written until it is flushed, or is a large piece.
pub struct Gather<T> {
    inner: T,
    /// Of it, `written` bytes are with `inner`. Empty at rest.
    piece: Vec<u8>,
    written: usize,
}

impl<T: AsyncWrite + Unpin> Gather<T> {
    pub fn new(inner: T) -> Gather<T> {
        Gather { inner, piece: Vec::new(), written: 0 }
    }

    fn poll_hand_on(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.piece.len() {
            let n = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.piece[self.written..]))?;
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += n;
        }
        self.piece.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Gather<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(cx, out)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Gather<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.piece.len() == PIECE_BYTES {
            ready!(self.poll_hand_on(cx))?;
        }
        let n = bytes.len().min(PIECE_BYTES - self.piece.len());
        self.piece.extend_from_slice(&bytes[..n]);
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_hand_on(cx))?;
        self.piece = Vec::new();
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_hand_on(cx))?;
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use futures::{AsyncReadExt, AsyncWriteExt};

    /// Gives `step` bytes at a time, and nothing every second time; keeps each write apart.
    struct Wire {
        bytes: Vec<u8>,
        step: usize,
        pause: bool,
        reads: usize,
        writes: Vec<Vec<u8>>,
        flushes: usize,
    }

    fn wire(bytes: Vec<u8>, step: usize) -> Wire {
        Wire { bytes, step, pause: false, reads: 0, writes: Vec::new(), flushes: 0 }
    }

    impl Wire {
        fn is_paused(&mut self, cx: &mut Context<'_>) -> bool {
            self.pause = !self.pause;
            if self.pause {
                cx.waker().wake_by_ref();
            }
            self.pause
        }
    }

    impl AsyncRead for Wire {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
            if self.is_paused(cx) {
                return Poll::Pending;
            }
            let n = out.len().min(self.step).min(self.bytes.len());
            self.bytes.drain(..n).zip(out).for_each(|(from, to)| *to = from);
            self.reads += 1;
            Poll::Ready(Ok(n))
        }
    }

    impl AsyncWrite for Wire {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            if self.is_paused(cx) {
                return Poll::Pending;
            }
            let n = bytes.len().min(self.step);
            self.writes.push(bytes[..n].to_vec());
            Poll::Ready(Ok(n))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushes += 1;
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|i| (i % 251) as u8).collect()
    }

    #[test]
    fn reads_the_same_bytes_in_fewer_reads() {
        for step in [1, 1000, PIECE_BYTES + 1] {
            let expected = content(3 * PIECE_BYTES / 64 + 5);
            let mut ahead = ReadAhead::new(wire(expected.clone(), step));
            let mut got = Vec::new();
            let mut few = [0; 7];
            block_on(async {
                while let n @ 1.. = ahead.read(&mut few).await.unwrap() {
                    got.extend_from_slice(&few[..n]);
                }
            });
            assert_eq!(got, expected);
            assert_eq!(ahead.inner.reads, expected.len().div_ceil(step) + 1);
        }
    }

    #[test]
    fn holds_no_piece_at_rest() {
        let mut ahead = ReadAhead::new(wire(content(10), 10));
        let mut few = [0; 10];
        block_on(ahead.read_exact(&mut few)).unwrap();
        let waker = futures::task::noop_waker();
        let poll = Pin::new(&mut ahead).poll_read(&mut Context::from_waker(&waker), &mut few);
        assert!(poll.is_pending());
        assert_eq!(ahead.piece.capacity(), 0);
    }

    #[test]
    fn gathers_until_flushed_or_full() {
        let expected = content(PIECE_BYTES + 100);
        let mut gather = Gather::new(wire(Vec::new(), usize::MAX));
        block_on(async {
            gather.write_all(&expected[..10]).await.unwrap();
            gather.write_all(&expected[10..30]).await.unwrap();
            assert!(gather.inner.writes.is_empty());
            gather.flush().await.unwrap();
            assert_eq!(gather.inner.writes, [&expected[..30]]);
            gather.write_all(&expected[30..]).await.unwrap();
            assert_eq!(gather.inner.writes.len(), 2);
            gather.close().await.unwrap();
        });
        assert_eq!(gather.inner.flushes, 1);
        assert_eq!(gather.inner.writes.concat(), expected);
    }

    #[test]
    fn hands_on_all_of_it_in_whatever_steps() {
        let expected = content(2 * PIECE_BYTES + 1);
        let mut gather = Gather::new(wire(Vec::new(), 1000));
        block_on(async {
            gather.write_all(&expected).await.unwrap();
            gather.flush().await.unwrap();
        });
        assert_eq!(gather.inner.writes.concat(), expected);
        assert_eq!(gather.piece.capacity(), 0);
    }
}
