//! The libp2p host of a node. `ffi.rs` is its face to C++; what is decided is decided there.
//!
//! The owner's thread makes every call and takes the events; the runtime's threads drive libp2p.
//! Between them are a channel of commands, one send queue for each stream, and one queue of events.

mod address_limits;
mod addresses;
mod behaviour;
mod common;
mod config;
mod dht;
mod door;
mod event;
mod ffi;
mod fields;
mod frame_reader;
mod frame_stream;
mod muxing;
mod of_lan;
mod opening;
mod piping;
mod protocols;
mod provider_table;
mod pubsub;
mod pubsub_filter;
mod queue;
mod reasons;
mod record_entry;
mod record_log;
mod record_store;
mod security;
mod stream_state;
mod streams;
mod swarm;
mod tls;
mod tls_certificates;
mod transport;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use libp2p::{relay, PeerId, StreamProtocol, Swarm};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{unbounded_channel, UnboundedSender};
use tokio::task::JoinHandle;

use behaviour::Behaviour;
use common::Common;
use config::Config;
use event::Event;
use opening::Opening;
use protocols::{Protocol, Protocols};
use pubsub_filter::Topics;
use queue::Queue;
use stream_state::{Sent, Shared};
use swarm::{Command, Driver, Published};

pub const PING_TIME_MAX: Duration = Duration::from_secs(10);
/// Which connections are worth keeping is decided by the owner.
const IDLE_TIME_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
const STOPPING_TIME_MAX: Duration = Duration::from_millis(600);

/// The owner's side. One thread makes all calls.
pub struct Host {
    runtime: Runtime,
    driver: JoinHandle<()>,
    commands: UnboundedSender<Command>,
    common: Common,
    published: Arc<Published>,
    protocols: Vec<Protocol>,
    streams: HashMap<u64, Arc<Shared>>,
    /// Taken from the queue, but not yet by the owner.
    ready: VecDeque<Event>,
}

/// A write of several pieces to a socket that the peer has closed raises it, and would end the process.
fn block_sigpipe() {
    // SAFETY: the set is made by the first call before it is read; only this thread's mask is changed.
    unsafe {
        let mut signals = std::mem::zeroed();
        libc::sigemptyset(&mut signals);
        libc::sigaddset(&mut signals, libc::SIGPIPE);
        libc::pthread_sigmask(libc::SIG_BLOCK, &signals, std::ptr::null_mut());
    }
}

fn runtime(threads: usize) -> Result<Runtime, String> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .thread_name("libp2p")
        .on_thread_start(block_sigpipe)
        .enable_all()
        .build()
        .map_err(|error| format!("starting the threads of the host: {error}"))
}

fn swarm(config: &Config, common: &Common, topics: Topics) -> Result<Swarm<Behaviour>, String> {
    let peer = config.key.public().to_peer_id();
    let (relay_transport, relay_client) = match config.relay_client {
        true => {
            let (transport, behaviour) = relay::client::new(peer);
            (Some(transport), Some(behaviour))
        }
        false => (None, None),
    };
    let transport = transport::build(config, relay_transport)?;
    let streams = streams::Behaviour::new(common.clone(), Arc::from([]));
    let behaviour = Behaviour::new(config, streams, relay_client, topics)?;
    let settings = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(IDLE_TIME_MAX);
    let mut swarm = Swarm::new(transport, behaviour, peer, settings);
    config.announce.iter().for_each(|address| swarm.add_external_address(address.clone()));
    Ok(swarm)
}

impl Host {
    pub fn start(config: Config) -> Result<Host, String> {
        let runtime = runtime(config.worker_threads)?;
        let queue = Queue::new().map_err(|error| format!("making an eventfd: {error}"))?;
        let common = Common {
            queue: Arc::new(queue),
            half_received: Default::default(),
            next_id: Arc::new(AtomicU64::new(1)),
            send_queue_bytes_max: config.send_queue_bytes_max,
        };
        let published = Arc::new(Published::default());
        let (commands, received) = unbounded_channel();
        let driver = {
            // Some of the protocols start tasks when they are made.
            let _inside = runtime.enter();
            let topics = Topics::default();
            Driver::new(swarm(&config, &common, topics.clone())?, common.clone(), published.clone(), topics)
        };
        let driver = runtime.spawn(driver.run(received));
        let host = Host {
            runtime,
            driver,
            commands,
            common,
            published,
            protocols: Vec::new(),
            streams: HashMap::new(),
            ready: VecDeque::new(),
        };
        config.listen.into_iter().for_each(|address| host.command(Command::Listen(address)));
        config.bootstrap.into_iter().for_each(|(peer, addresses)| host.command(Command::Connect(peer, addresses)));
        Ok(host)
    }

    /// Closes the connections and ends the threads.
    pub fn stop(self) {
        drop(self.commands);
        let _ = self.runtime.block_on(async { tokio::time::timeout(STOPPING_TIME_MAX, self.driver).await });
        self.runtime.shutdown_timeout(STOPPING_TIME_MAX);
    }

    fn command(&self, command: Command) {
        // The driver ends only with the host.
        let _ = self.commands.send(command);
    }

    fn next_id(&self) -> u64 {
        self.common.next_id.fetch_add(1, Ordering::Relaxed)
    }

    pub fn listen_addresses(&self) -> Vec<String> {
        self.published.listen_addresses.lock().unwrap().clone()
    }

    pub fn is_listened_to(&self, topic: &str) -> bool {
        self.published.listeners.has(topic)
    }

    pub fn ping(&self, peer: PeerId) -> u64 {
        let query = self.next_id();
        self.command(Command::Open(peer, Opening::ping(query, self.common.queue.clone())));
        query
    }

    pub fn handle_protocol(&mut self, protocol: Protocol) {
        self.protocols.retain(|other| other.name != protocol.name);
        self.protocols.push(protocol);
        self.command(Command::Protocols(Protocols::from(self.protocols.clone())));
    }

    pub fn open_stream(&mut self, peer: PeerId, protocols: Vec<StreamProtocol>) -> u64 {
        let id = self.next_id();
        let shared = Shared::new(id, peer, self.common.send_queue_bytes_max);
        self.streams.insert(id, shared.clone());
        let opening = Opening::frames(shared, protocols, self.common.queue.clone());
        self.command(Command::Open(peer, opening));
        id
    }

    pub fn send(&self, stream: u64, pieces: &[&[u8]]) -> Sent {
        self.streams.get(&stream).map_or(Sent::Closed, |shared| shared.send(pieces))
    }

    pub fn set_reading(&self, stream: u64, reading: bool) {
        if let Some(shared) = self.streams.get(&stream) {
            shared.set_reading(reading);
        }
    }

    /// Nothing more is told of it.
    pub fn close_stream(&mut self, stream: u64) {
        if let Some(shared) = self.streams.remove(&stream) {
            shared.close();
        }
    }

    pub fn take(&mut self, max: usize, mut give: impl FnMut(Event)) -> usize {
        let mut given = 0;
        while given < max {
            if self.ready.is_empty() {
                self.common.queue.take_all(&mut self.ready);
            }
            if self.ready.is_empty() {
                break;
            }
            let (mut count, mut bytes) = (0, 0);
            while given < max {
                let Some(event) = self.ready.pop_front() else { break };
                count += 1;
                bytes += event.weight();
                if self.is_of_interest(&event) {
                    give(event);
                    given += 1;
                }
            }
            self.common.queue.took(count, bytes);
        }
        given
    }

    /// Not, if it is of a stream that the owner has closed.
    fn is_of_interest(&mut self, event: &Event) -> bool {
        let Some(stream) = &event.stream else { return true };
        match event.kind {
            event::STREAM_OPENED if event.flags & event::FLAG_INBOUND != 0 => {
                self.streams.insert(stream.id, stream.clone());
                true
            }
            event::STREAM_FRAME => {
                stream.took(event.weight());
                self.streams.contains_key(&stream.id)
            }
            event::STREAM_CLOSED => self.streams.remove(&stream.id).is_some(),
            _ => self.streams.contains_key(&stream.id),
        }
    }
}
