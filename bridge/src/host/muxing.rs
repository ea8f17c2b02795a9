//! Yamux with frames so large that a connection under load makes few system calls.

use std::collections::VecDeque;
use std::future::{ready, Ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::{StreamMuxer, StreamMuxerEvent};
use libp2p::core::upgrade::{InboundConnectionUpgrade, OutboundConnectionUpgrade, UpgradeInfo};
use yamux::{Connection, ConnectionError, Mode, Stream};

use super::piping::PIECE_BYTES;

/// Of one stream. With its header it is what the layers below hand on as one piece.
const FRAME_BYTES: usize = PIECE_BYTES - HEADER_BYTES;
const HEADER_BYTES: usize = 12;
/// No stream ever has room for more than 1 MiB: the library ends the connection at a frame over
/// 1 MiB, but lets a stream's window grow beyond that, and peers such as Helia fill a window with one
/// frame. A window grows by what the 1 GiB of a connection has left when each stream that may be open
/// has its 256 KiB: three times that here.
const STREAMS_MAX: usize = STREAMS_OF_256_KIB_IN_1_GIB - 3;
const STREAMS_OF_256_KIB_IN_1_GIB: usize = 4096;
/// Opened by the peer and not yet taken; one more is reset.
const ACCEPTED_MAX: usize = 256;

#[derive(Clone)]
pub struct Muxing(yamux::Config);

impl Muxing {
    pub fn new() -> Muxing {
        let mut config = yamux::Config::default();
        config.set_max_num_streams(STREAMS_MAX).set_split_send_size(FRAME_BYTES);
        Muxing(config)
    }
}

impl UpgradeInfo for Muxing {
    type Info = &'static str;
    type InfoIter = std::iter::Once<&'static str>;

    fn protocol_info(&self) -> Self::InfoIter {
        std::iter::once("/yamux/1.0.0")
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> InboundConnectionUpgrade<C> for Muxing {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = Ready<io::Result<Muxer<C>>>;

    fn upgrade_inbound(self, socket: C, _: &'static str) -> Self::Future {
        ready(Ok(Muxer::new(socket, self.0, Mode::Server)))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> OutboundConnectionUpgrade<C> for Muxing {
    type Output = Muxer<C>;
    type Error = io::Error;
    type Future = Ready<io::Result<Muxer<C>>>;

    fn upgrade_outbound(self, socket: C, _: &'static str) -> Self::Future {
        ready(Ok(Muxer::new(socket, self.0, Mode::Client)))
    }
}

/// The streams of one connection.
pub struct Muxer<C> {
    connection: Connection<C>,
    accepted: VecDeque<Stream>,
    taker: Option<Waker>,
}

impl<C: AsyncRead + AsyncWrite + Unpin> Muxer<C> {
    fn new(socket: C, config: yamux::Config, mode: Mode) -> Muxer<C> {
        Muxer { connection: Connection::new(socket, config, mode), accepted: VecDeque::new(), taker: None }
    }

    /// Drives the connection on until the peer opens a stream.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<Stream, ConnectionError>> {
        self.connection.poll_next_inbound(cx).map(|stream| stream.unwrap_or(Err(ConnectionError::Closed)))
    }
}

impl<C: AsyncRead + AsyncWrite + Unpin> StreamMuxer for Muxer<C> {
    type Substream = Stream;
    type Error = ConnectionError;

    fn poll_inbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, ConnectionError>> {
        if let Some(stream) = self.accepted.pop_front() {
            return Poll::Ready(Ok(stream));
        }
        let stream = self.poll_accept(cx);
        if stream.is_pending() {
            self.taker = Some(cx.waker().clone());
        }
        stream
    }

    fn poll_outbound(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Stream, ConnectionError>> {
        self.connection.poll_new_outbound(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), ConnectionError>> {
        self.connection.poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<StreamMuxerEvent, ConnectionError>> {
        while let Poll::Ready(stream) = self.poll_accept(cx)? {
            if self.accepted.len() < ACCEPTED_MAX {
                self.accepted.push_back(stream);
            }
            if let Some(taker) = self.taker.take() {
                taker.wake();
            }
        }
        Poll::Pending
    }
}
