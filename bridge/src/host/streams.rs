//! The behaviour that opens and accepts the owner's streams.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::{ready, Ready};
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::{InboundUpgrade, OutboundUpgrade, UpgradeInfo};
use libp2p::core::Endpoint;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::handler::{ConnectionEvent, DialUpgradeError, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    NotifyHandler, StreamUpgradeError, SubstreamProtocol, THandlerInEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol};

use super::common::Common;
use super::event::{Event, Fields, FLAG_INBOUND, STREAM_OPENED};
use super::frame_stream::Task;
use super::opening::Opening;
use super::protocols::{self, InboundCount, Protocols};
use super::stream_state::Shared;

const NEGOTIATION_TIME_MAX: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Peer {
    inbound: Arc<InboundCount>,
    /// With whether it is relayed.
    connections: Vec<(ConnectionId, bool)>,
    waiting: Vec<Opening>,
}

pub struct Behaviour {
    common: Common,
    protocols: Protocols,
    peers: HashMap<PeerId, Peer>,
    actions: VecDeque<ToSwarm<Infallible, ToHandler>>,
    waker: Option<Waker>,
}

#[derive(Debug)]
pub enum ToHandler {
    Open(Opening),
    Protocols(ProtocolsChanged),
}

pub struct ProtocolsChanged(Protocols);

impl std::fmt::Debug for ProtocolsChanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} protocols", self.0.len())
    }
}

impl Behaviour {
    pub fn new(common: Common, protocols: Protocols) -> Behaviour {
        Behaviour { common, protocols, peers: HashMap::new(), actions: VecDeque::new(), waker: None }
    }

    pub fn set_protocols(&mut self, protocols: Protocols) {
        self.protocols = protocols.clone();
        for (peer_id, peer) in &self.peers {
            for (connection, _) in &peer.connections {
                let event = ToHandler::Protocols(ProtocolsChanged(protocols.clone()));
                let handler = NotifyHandler::One(*connection);
                self.actions.push_back(ToSwarm::NotifyHandler { peer_id: *peer_id, handler, event });
            }
        }
        self.wake();
    }

    /// `addresses`: where the peer may be dialled, if it is not connected.
    pub fn open(&mut self, peer_id: PeerId, opening: Opening, addresses: Vec<Multiaddr>) {
        let peer = self.peers.entry(peer_id).or_default();
        // A direct connection before a relayed one.
        match peer.connections.iter().min_by_key(|(_, relayed)| *relayed) {
            Some((connection, _)) => {
                let handler = NotifyHandler::One(*connection);
                self.actions.push_back(ToSwarm::NotifyHandler { peer_id, handler, event: ToHandler::Open(opening) });
            }
            None => {
                if peer.waiting.is_empty() {
                    let opts = DialOpts::peer_id(peer_id)
                        .condition(PeerCondition::DisconnectedAndNotDialing)
                        .addresses(addresses)
                        .extend_addresses_through_behaviour()
                        .build();
                    self.actions.push_back(ToSwarm::Dial { opts });
                }
                peer.waiting.push(opening);
            }
        }
        self.wake();
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn handler(&mut self, peer_id: PeerId) -> Handler {
        let inbound = self.peers.entry(peer_id).or_default().inbound.clone();
        Handler {
            peer: peer_id,
            common: self.common.clone(),
            protocols: self.protocols.clone(),
            inbound,
            wanted: VecDeque::new(),
            streams: Vec::new(),
        }
    }

    fn connected(&mut self, peer_id: PeerId, connection: ConnectionId, relayed: bool) {
        let peer = self.peers.entry(peer_id).or_default();
        peer.connections.push((connection, relayed));
        for opening in peer.waiting.drain(..) {
            let handler = NotifyHandler::One(connection);
            self.actions.push_back(ToSwarm::NotifyHandler { peer_id, handler, event: ToHandler::Open(opening) });
        }
    }

    fn forget_if_idle(&mut self, peer_id: &PeerId) {
        if self.peers.get(peer_id).is_some_and(|p| p.connections.is_empty() && p.waiting.is_empty()) {
            self.peers.remove(peer_id);
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<Handler, ConnectionDenied> {
        Ok(self.handler(peer))
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        match event {
            FromSwarm::ConnectionEstablished(opened) => {
                self.connected(opened.peer_id, opened.connection_id, opened.endpoint.is_relayed());
            }
            FromSwarm::ConnectionClosed(closed) => {
                if let Some(peer) = self.peers.get_mut(&closed.peer_id) {
                    peer.connections.retain(|(id, _)| *id != closed.connection_id);
                }
                self.forget_if_idle(&closed.peer_id);
            }
            FromSwarm::DialFailure(failure) => {
                let Some(peer_id) = failure.peer_id else { return };
                // Another attempt may still be under way.
                if matches!(failure.error, libp2p::swarm::DialError::DialPeerConditionFalse(_)) {
                    return;
                }
                if let Some(peer) = self.peers.get_mut(&peer_id) {
                    let why = super::reasons::dial(failure.error);
                    peer.waiting.drain(..).for_each(|opening| opening.failed(&why));
                }
                self.forget_if_idle(&peer_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, event: Infallible) {
        match event {}
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        if let Some(action) = self.actions.pop_front() {
            return Poll::Ready(action);
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

pub struct Handler {
    peer: PeerId,
    common: Common,
    protocols: Protocols,
    inbound: Arc<InboundCount>,
    wanted: VecDeque<Opening>,
    streams: Vec<Weak<Shared>>,
}

/// Negotiates one of several names; the stream itself is what comes of it.
pub struct Negotiate(Vec<StreamProtocol>);

impl UpgradeInfo for Negotiate {
    type Info = StreamProtocol;
    type InfoIter = std::vec::IntoIter<StreamProtocol>;

    fn protocol_info(&self) -> Self::InfoIter {
        self.0.clone().into_iter()
    }
}

impl InboundUpgrade<Stream> for Negotiate {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_inbound(self, stream: Stream, name: StreamProtocol) -> Self::Future {
        ready(Ok((stream, name)))
    }
}

impl OutboundUpgrade<Stream> for Negotiate {
    type Output = (Stream, StreamProtocol);
    type Error = Infallible;
    type Future = Ready<Result<Self::Output, Infallible>>;

    fn upgrade_outbound(self, stream: Stream, name: StreamProtocol) -> Self::Future {
        ready(Ok((stream, name)))
    }
}

impl Handler {
    fn remember(&mut self, stream: &Arc<Shared>) {
        if self.streams.len() == self.streams.capacity() {
            self.streams.retain(|old| old.strong_count() > 0);
        }
        self.streams.push(Arc::downgrade(stream));
    }

    fn accept(&mut self, stream: Stream, name: &StreamProtocol) {
        let Some(protocol) = protocols::find(&self.protocols, name) else { return };
        // One more than the peer may have is reset, by being dropped here.
        let Some(counted) = self.inbound.admit(protocol) else { return };
        let id = self.common.next_id.fetch_add(1, Ordering::Relaxed);
        let shared = Shared::new(id, self.peer, self.common.send_queue_bytes_max);
        let fields = Fields::default().add(self.peer.to_bytes()).add(name.as_ref());
        let event = Event::new(STREAM_OPENED, id, fields).with_flags(FLAG_INBOUND).of_stream(&shared);
        self.common.queue.push(event);
        let task = Task::new(stream, shared.clone(), &self.common, protocol.frame_bytes_max, Some(counted));
        tokio::spawn(task);
        self.remember(&shared);
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = ToHandler;
    type ToBehaviour = Infallible;
    type InboundProtocol = Negotiate;
    type OutboundProtocol = Negotiate;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Opening;

    fn listen_protocol(&self) -> SubstreamProtocol<Negotiate> {
        let names = self.protocols.iter().map(|protocol| protocol.name.clone()).collect();
        SubstreamProtocol::new(Negotiate(names), ()).with_timeout(NEGOTIATION_TIME_MAX)
    }

    fn on_behaviour_event(&mut self, event: ToHandler) {
        match event {
            ToHandler::Open(opening) => self.wanted.push_back(opening),
            ToHandler::Protocols(changed) => self.protocols = changed.0,
        }
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ConnectionHandlerEvent<Negotiate, Opening, Infallible>> {
        let Some(opening) = self.wanted.pop_front() else { return Poll::Pending };
        let upgrade = Negotiate(opening.protocols.clone());
        let protocol = SubstreamProtocol::new(upgrade, opening).with_timeout(NEGOTIATION_TIME_MAX);
        Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol })
    }

    fn on_connection_event(&mut self, event: ConnectionEvent<Negotiate, Negotiate, (), Opening>) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol: (stream, name), .. }) => {
                self.accept(stream, &name);
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol: (stream, name), info }) => {
                let known = protocols::find(&self.protocols, &name);
                if let Some(shared) = info.opened(stream, &name, known, &self.common) {
                    self.remember(&shared);
                }
            }
            ConnectionEvent::DialUpgradeError(DialUpgradeError { info, error }) => match error {
                StreamUpgradeError::NegotiationFailed => info.failed("the peer speaks none of the protocols"),
                StreamUpgradeError::Timeout => info.failed("the peer did not answer the negotiation in time"),
                StreamUpgradeError::Io(error) => info.failed(&error.to_string()),
                StreamUpgradeError::Apply(never) => match never {},
            },
            _ => {}
        }
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.streams.iter().filter_map(Weak::upgrade).for_each(|stream| stream.connection_gone());
    }
}
