//! How bytes reach a peer: TCP and WebSocket under Noise or TLS and Yamux, QUIC, and relays.

use std::time::Duration;

use futures::future::Either;
use futures::{AsyncRead, AsyncWrite};
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::{Boxed, OptionalTransport, OrTransport};
use libp2p::core::upgrade::Version;
use libp2p::pnet::{PnetConfig, PreSharedKey};
use libp2p::{dns, quic, relay, tcp, websocket, PeerId, Transport};

use super::config::Config;
use super::muxing::Muxing;
use super::piping::ReadAhead;
use super::security::Security;

/// From the first byte of a connection to its multiplexer.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

type Output = (PeerId, StreamMuxerBox);
pub type Io = Boxed<Output>;

type NamedTransport<T> = dns::tokio::Transport<T>;

/// DNS names in addresses, by the machine's configuration, or a common one where it has none.
fn named<T>(make: impl Fn() -> T) -> NamedTransport<T> {
    NamedTransport::system(make())
        .unwrap_or_else(|_| NamedTransport::custom(make(), Default::default(), Default::default()))
}

fn socket() -> tcp::tokio::Transport {
    tcp::tokio::Transport::new(tcp::Config::default().nodelay(true))
}

/// From a stream of bytes to encrypted streams of a known peer.
fn secured<T>(transport: T, security: &Security, network_key: Option<[u8; 32]>) -> Io
where
    T: Transport + Send + Unpin + 'static,
    T::Output: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    T::Dial: Send + 'static,
    T::ListenerUpgrade: Send + 'static,
    T::Error: Send + Sync + 'static,
{
    let network_key = network_key.map(PreSharedKey::new);
    transport
        .and_then(move |socket, _| async move {
            match network_key {
                None => Ok(Either::Left(ReadAhead::new(socket))),
                Some(key) => PnetConfig::new(key).handshake(socket).await.map(|done| Either::Right(ReadAhead::new(done))),
            }
        })
        .upgrade(Version::V1Lazy)
        .authenticate(security.clone())
        .multiplex(Muxing::new())
        .timeout(HANDSHAKE_TIME_MAX)
        .map(|(peer, muxer), _| (peer, StreamMuxerBox::new(muxer)))
        .boxed()
}

pub fn build(config: &Config, relay: Option<relay::client::Transport>) -> Result<Io, String> {
    let Config { key, network_key, .. } = config;
    let network_key = *network_key;
    let security = Security::new(key, config.security)?;
    let relayed = relay.map(|transport| secured(transport, &security, None));
    let relayed = relayed.map_or_else(OptionalTransport::none, OptionalTransport::some);
    let web = secured(websocket::Config::new(named(socket)), &security, network_key);
    let plain = named(|| {
        // A private network has no QUIC: its key encrypts the bytes below Noise.
        let quic = network_key.is_none().then(|| {
            let quic = quic::tokio::Transport::new(quic::Config::new(key));
            quic.map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection))).boxed()
        });
        let quic = quic.map_or_else(OptionalTransport::none, OptionalTransport::some);
        OrTransport::new(quic, secured(socket(), &security, network_key)).map(|done, _| done.into_inner()).boxed()
    });
    // Names are looked up only once an address is taken: so of these the last takes what is left.
    let last = OrTransport::new(web, plain).map(|done, _| done.into_inner()).boxed();
    Ok(OrTransport::new(relayed, last).map(|done, _| done.into_inner()).boxed())
}
