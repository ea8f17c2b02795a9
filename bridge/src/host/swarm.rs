//! The task that drives libp2p: it carries out the owner's commands and tells what happens.

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::{IpAddr, TcpListener};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures::StreamExt;
use libp2p::core::transport::{ListenerId, PortUse};
use libp2p::core::ConnectedPoint;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{autonat, gossipsub, identify, mdns, ping, Multiaddr, PeerId, Swarm};
use tokio::sync::mpsc::UnboundedReceiver;

use super::addresses::{is_loopback, without_peer, AddressBook};
use super::behaviour::{Behaviour, BehaviourEvent};
use super::common::Common;
use super::dht::{Dht, Net, Question};
use super::event::{self, add_peer, Event, Fields};
use super::opening::Opening;
use super::protocols::Protocols;
use super::pubsub::{self, Listeners, Unjudged};
use super::pubsub_filter::Topics;
use super::queue::Queue;
use super::reasons;

/// How long the connections may take to close when the host ends.
const CLOSING_TIME_MAX: Duration = Duration::from_millis(400);
/// A peer that leaves so many pings in a row without an answer is gone.
const PINGS_MISSED_MAX: u32 = 3;
/// Of what a peer says of itself.
const ADDRESSES_TOLD_MAX: usize = 32;
const PROTOCOLS_TOLD_MAX: usize = 128;
const TEXT_BYTES_MAX: usize = 256;

pub enum Command {
    Listen(Multiaddr),
    Connect(PeerId, Vec<Multiaddr>),
    Disconnect(PeerId),
    Deny(PeerId, bool),
    Protocols(Protocols),
    Open(PeerId, Opening),
    Ask(u64, Question),
    Cancel(u64),
    AcceptRecord(u64),
    Subscribe(String),
    Unsubscribe(String),
    Publish(String, Vec<u8>),
    Judge(u64, i32),
}

/// What the owner's thread reads at once.
#[derive(Default)]
pub struct Published {
    pub listen_addresses: Mutex<Vec<String>>,
    pub listeners: Listeners,
}

struct Connection {
    number: u64,
    peer: PeerId,
    is_within_machine: bool,
    pings_missed: u32,
}

struct Dial {
    /// What attempts at addresses that were forgotten since have given.
    said: String,
    port: PortUse,
}

pub struct Driver {
    swarm: Swarm<Behaviour>,
    common: Common,
    published: Arc<Published>,
    book: AddressBook,
    connections: HashMap<ConnectionId, Connection>,
    /// Dials of the owner: of those it is told how they end.
    dials: HashMap<ConnectionId, Dial>,
    /// With the address that was asked for.
    listeners: HashMap<ListenerId, Multiaddr>,
    dht: Dht,
    unjudged: Unjudged,
    topics: Topics,
}

impl Driver {
    pub fn new(swarm: Swarm<Behaviour>, common: Common, published: Arc<Published>, topics: Topics) -> Driver {
        Driver {
            swarm,
            common,
            published,
            book: AddressBook::default(),
            connections: HashMap::new(),
            dials: HashMap::new(),
            listeners: HashMap::new(),
            dht: Dht::default(),
            unjudged: Unjudged::default(),
            topics,
        }
    }

    /// Until `commands` end.
    pub async fn run(mut self, mut commands: UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.carry_out(command),
                    None => break,
                },
                event = next_event(&mut self.swarm, &self.common.queue) => self.on_event(event),
            }
        }
        self.close().await;
    }

    async fn close(&mut self) {
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let swarm = &mut self.swarm;
        let closed = async {
            while swarm.network_info().num_peers() > 0 {
                swarm.select_next_some().await;
            }
        };
        let _ = tokio::time::timeout(CLOSING_TIME_MAX, closed).await;
    }

    fn tell(&self, event: Event) {
        self.common.queue.push(event);
    }

    fn next_id(&self) -> u64 {
        self.common.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Listen(address) => self.listen(address),
            Command::Connect(peer, addresses) => self.connect(peer, addresses),
            Command::Disconnect(peer) => {
                let _ = self.swarm.disconnect_peer_id(peer);
            }
            Command::Deny(peer, true) => {
                self.swarm.behaviour_mut().denied.block_peer(peer);
            }
            Command::Deny(peer, false) => {
                self.swarm.behaviour_mut().denied.unblock_peer(peer);
            }
            Command::Protocols(protocols) => self.swarm.behaviour_mut().streams.set_protocols(protocols),
            Command::Open(peer, opening) => {
                let addresses = self.book.of(&peer);
                self.swarm.behaviour_mut().streams.open(peer, opening, addresses);
            }
            Command::Ask(id, question) => self.ask(id, &question),
            Command::Cancel(id) => self.dht.cancel(id, self.swarm.behaviour_mut()),
            Command::AcceptRecord(offer) => self.dht.accept(offer, self.swarm.behaviour_mut()),
            Command::Subscribe(topic) => self.subscribe(&topic),
            Command::Unsubscribe(topic) => {
                let topic = gossipsub::IdentTopic::new(topic);
                self.topics.remove(&topic.hash());
                self.swarm.behaviour_mut().gossipsub.unsubscribe(&topic);
            }
            Command::Publish(topic, data) => {
                // Pub/sub is best effort: who listens, and that it fits, was seen before.
                let topic = gossipsub::IdentTopic::new(topic);
                let _ = self.swarm.behaviour_mut().gossipsub.publish(topic, data);
            }
            Command::Judge(id, verdict) => {
                self.unjudged.judge(id, verdict, &mut self.swarm.behaviour_mut().gossipsub);
            }
        }
    }

    fn listen(&mut self, address: Multiaddr) {
        let listening = match tcp_port_taken(&address) {
            Some(error) => Err(error.to_string()),
            None => self.swarm.listen_on(address.clone()).map_err(|error| reasons::chain(&error)),
        };
        match listening {
            Ok(id) => {
                self.listeners.insert(id, address);
            }
            Err(why) => self.tell(event::listen_ended(&address.to_string(), &why)),
        }
    }

    fn connect(&mut self, peer: PeerId, addresses: Vec<Multiaddr>) {
        self.book.add(peer, addresses);
        self.dial(peer, Dial { said: String::new(), port: PortUse::Reuse });
    }

    fn dial(&mut self, peer: PeerId, dial: Dial) {
        let options = DialOpts::peer_id(peer)
            .condition(PeerCondition::Disconnected)
            .addresses(self.book.of(&peer))
            .extend_addresses_through_behaviour();
        let options = match dial.port {
            PortUse::Reuse => options.build(),
            PortUse::New => options.allocate_new_port().build(),
        };
        let id = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => {
                self.dials.insert(id, dial);
            }
            Err(DialError::DialPeerConditionFalse(_)) => {}
            Err(error) => self.tell(event::dial_failed(Some(peer), &(dial.said + &reasons::dial(&error)))),
        }
    }

    /// Where another peer answers, the library tries no other address: we do, and that one no more. Where both dialled
    /// at once, we dial again from another port.
    fn dial_failed(&mut self, id: ConnectionId, peer: Option<PeerId>, error: &DialError) {
        let Some(Dial { said, port }) = self.dials.remove(&id) else { return };
        if let (Some(peer), PortUse::Reuse, true) = (peer, port, reasons::dialled_at_once(error)) {
            return self.dial(peer, Dial { said, port: PortUse::New });
        }
        let why = said + &reasons::dial(error);
        if let (Some(peer), DialError::WrongPeerId { address, .. }) = (peer, error) {
            let forgotten = self.book.forget(&peer, &without_peer(address.clone()));
            if forgotten && !self.book.of(&peer).is_empty() {
                return self.dial(peer, Dial { said: why + "; ", port });
            }
        }
        self.tell(event::dial_failed(peer, &why));
    }

    fn ask(&mut self, id: u64, question: &Question) {
        if let Question::Peer(peer) = question {
            if self.swarm.is_connected(peer) {
                let fields = add_peer(Fields::default(), peer, &self.book.of(peer));
                self.tell(Event::new(event::PEER_FOUND, id, fields));
                self.tell(event::query_ended(id, 0, ""));
                return;
            }
        }
        let events = self.dht.ask(id, question, self.swarm.behaviour_mut());
        self.common.queue.push_all(events);
    }

    fn subscribe(&mut self, topic: &str) {
        let topic = gossipsub::IdentTopic::new(topic);
        let gossipsub = &mut self.swarm.behaviour_mut().gossipsub;
        // An error here would be a filter of ours or bad parameters: there is neither.
        let _ = gossipsub.set_topic_params(topic.clone(), pubsub::topic_score_params());
        let _ = gossipsub.subscribe(&topic);
        self.topics.add(topic.hash());
    }

    fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_behaviour_event(event),
            SwarmEvent::NewListenAddr { address, .. } => {
                self.published.listen_addresses.lock().unwrap().push(address.to_string());
                self.tell(event::listening(&address));
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => self.listen_ended(&address, "the address is gone"),
            SwarmEvent::ListenerClosed { listener_id, addresses, reason } => {
                let why = reason.err().map_or_else(|| "closed".to_string(), |error| reasons::chain(&error));
                addresses.iter().for_each(|address| self.listen_ended(address, &why));
                // One that never began, as with a relay that refuses, is told by what was asked for.
                let asked_for = self.listeners.remove(&listener_id);
                if let Some(asked_for) = asked_for.filter(|_| addresses.is_empty()) {
                    self.listen_ended(&asked_for, &why);
                }
            }
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.connection_opened(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, num_established, cause, .. } => {
                let why = reasons::closed(cause.as_ref());
                self.connection_closed(peer_id, connection_id, num_established == 0, &why);
            }
            SwarmEvent::OutgoingConnectionError { connection_id, peer_id, error } => {
                self.dial_failed(connection_id, peer_id, &error);
            }
            _ => {}
        }
    }

    fn listen_ended(&self, address: &Multiaddr, why: &str) {
        let text = address.to_string();
        self.published.listen_addresses.lock().unwrap().retain(|other| *other != text);
        self.tell(event::listen_ended(&text, why));
    }

    fn connection_opened(&mut self, peer: PeerId, id: ConnectionId, endpoint: &ConnectedPoint) {
        self.dials.remove(&id);
        let address = without_peer(endpoint.get_remote_address().clone());
        let mut flags = 0;
        match endpoint {
            // What was dialled can be dialled again; where an inbound one came from cannot.
            ConnectedPoint::Dialer { .. } => self.book.add(peer, [address.clone()]),
            ConnectedPoint::Listener { .. } => flags |= event::FLAG_INBOUND,
        }
        if endpoint.is_relayed() {
            flags |= event::FLAG_RELAYED;
        }
        let number = self.next_id();
        let is_within_machine = is_loopback(&address);
        self.connections.insert(id, Connection { number, peer, is_within_machine, pings_missed: 0 });
        let fields = Fields::default().add(peer.to_bytes()).add(address.to_string());
        self.tell(Event::new(event::CONNECTION_OPENED, number, fields).with_flags(flags));
    }

    fn connection_closed(&mut self, peer: PeerId, id: ConnectionId, was_last: bool, why: &str) {
        if was_last {
            self.published.listeners.remove_peer(&peer);
        }
        if let Some(connection) = self.connections.remove(&id) {
            let is_silent = connection.pings_missed >= PINGS_MISSED_MAX;
            let why = if is_silent { "the peer does not answer" } else { why };
            let fields = Fields::default().add(connection.peer.to_bytes()).add(why);
            self.tell(Event::new(event::CONNECTION_CLOSED, connection.number, fields));
        }
    }

    fn on_behaviour_event(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Identify(identify::Event::Received { connection_id, peer_id, info }) => {
                self.identified(connection_id, peer_id, info);
            }
            BehaviourEvent::Ping(event) => self.ping_ended(&event),
            BehaviourEvent::Wan(event) => self.dht_event(Net::Wan, event),
            BehaviourEvent::Lan(event) => self.dht_event(Net::Lan, event),
            BehaviourEvent::Gossipsub(event) => self.pubsub_event(event),
            BehaviourEvent::Mdns(mdns::Event::Discovered(found)) => self.local_peers(found),
            BehaviourEvent::Autonat(autonat::Event::StatusChanged { new, .. }) => {
                let (flags, address) = match new {
                    autonat::NatStatus::Public(address) => (event::FLAG_OK, without_peer(address).to_string()),
                    _ => (0, String::new()),
                };
                let fields = Fields::default().add(address);
                self.tell(Event::new(event::REACHABILITY_CHANGED, 0, fields).with_flags(flags));
            }
            _ => {}
        }
    }

    fn ping_ended(&mut self, event: &ping::Event) {
        let Some(connection) = self.connections.get_mut(&event.connection) else { return };
        connection.pings_missed = match &event.result {
            Err(ping::Failure::Timeout) => connection.pings_missed + 1,
            _ => 0,
        };
        if connection.pings_missed == PINGS_MISSED_MAX {
            self.swarm.close_connection(event.connection);
        }
    }

    fn identified(&mut self, connection: ConnectionId, peer: PeerId, mut info: identify::Info) {
        // Another machine's loopback addresses lead back to this one.
        if !self.connections.get(&connection).is_some_and(|connection| connection.is_within_machine) {
            info.listen_addrs.retain(|address| !is_loopback(address));
        }
        info.listen_addrs.truncate(ADDRESSES_TOLD_MAX);
        info.protocols.truncate(PROTOCOLS_TOLD_MAX);
        self.book.add(peer, info.listen_addrs.iter().cloned());
        self.dht.identified(peer, &info, self.swarm.behaviour_mut());
        let agent: String = info.agent_version.chars().take(TEXT_BYTES_MAX).collect();
        let fields = Fields::default()
            .add(peer.to_bytes())
            .add(agent)
            .add_list(info.protocols.iter().map(|protocol| protocol.as_ref()))
            .add_list(info.listen_addrs.iter().map(|address| address.to_string()))
            .add(info.observed_addr.to_string());
        self.tell(Event::new(event::IDENTIFIED, 0, fields));
    }

    fn dht_event(&mut self, net: Net, event: libp2p::kad::Event) {
        let ids = self.common.next_id.clone();
        let next_id = move || ids.fetch_add(1, Ordering::Relaxed);
        let events = self.dht.on_event(net, event, self.swarm.behaviour_mut(), &self.book, next_id);
        self.common.queue.push_all(events);
    }

    fn pubsub_event(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                let id = self.next_id();
                self.unjudged.add(id, message_id, propagation_source);
                self.tell(pubsub::received(id, &propagation_source, message));
            }
            gossipsub::Event::Subscribed { peer_id, topic } => self.published.listeners.add(topic, peer_id),
            gossipsub::Event::Unsubscribed { peer_id, topic } => self.published.listeners.remove(&topic, &peer_id),
            _ => {}
        }
    }

    fn local_peers(&mut self, found: Vec<(PeerId, Multiaddr)>) {
        let mut peers: HashMap<PeerId, Vec<Multiaddr>> = HashMap::new();
        for (peer, address) in found {
            peers.entry(peer).or_default().push(without_peer(address));
        }
        for (peer, addresses) in peers {
            self.book.add(peer, addresses.iter().cloned());
            let fields = add_peer(Fields::default(), &peer, &addresses);
            self.tell(Event::new(event::LOCAL_PEER_SEEN, 0, fields));
        }
    }
}

/// libp2p shares a TCP port with whoever listens on it already: two nodes would get each other's
/// connections.
fn tcp_port_taken(address: &Multiaddr) -> Option<std::io::Error> {
    // The port of a relay.
    if address.iter().any(|part| part == Protocol::P2pCircuit) {
        return None;
    }
    let mut parts = address.iter();
    let ip = match parts.next()? {
        Protocol::Ip4(ip) => IpAddr::V4(ip),
        Protocol::Ip6(ip) => IpAddr::V6(ip),
        _ => return None,
    };
    match parts.next()? {
        Protocol::Tcp(port) if port != 0 => TcpListener::bind((ip, port)).err(),
        _ => None,
    }
}

/// While the owner's queue is full, libp2p is not driven: it holds its peers back.
async fn next_event(swarm: &mut Swarm<Behaviour>, queue: &Queue) -> SwarmEvent<BehaviourEvent> {
    poll_fn(|cx| match queue.poll_room_for_swarm(cx) {
        Poll::Ready(()) => swarm.poll_next_unpin(cx).map(|event| event.expect("a swarm has no end")),
        Poll::Pending => Poll::Pending,
    })
    .await
}
