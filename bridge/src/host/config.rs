//! What a host is started with.

use std::path::PathBuf;
use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::{Multiaddr, PeerId};

use super::address_limits::AddressLimits;
use super::fields;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum DhtMode {
    Auto,
    Client,
    Server,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SecurityChoice {
    Both,
    Noise,
    Tls,
}

pub struct Config {
    pub key: Keypair,
    pub agent: String,
    pub listen: Vec<Multiaddr>,
    pub announce: Vec<Multiaddr>,
    pub bootstrap: Vec<(PeerId, Vec<Multiaddr>)>,
    pub network_key: Option<[u8; 32]>,
    pub dht_mode: DhtMode,
    pub mdns: bool,
    pub upnp: bool,
    pub relay_client: bool,
    pub relay_server: bool,
    pub connections_max: u32,
    pub connections_of_peer_max: u32,
    pub pending_inbound_max: u32,
    pub address_limits: AddressLimits,
    pub reachability_delay: Duration,
    pub security: SecurityChoice,
    /// Where the records of the DHT are kept; none: in memory.
    pub records_folder: Option<PathBuf>,
    pub worker_threads: usize,
    pub send_queue_bytes_max: usize,
}

pub fn parse_address(bytes: &[u8]) -> Result<Multiaddr, String> {
    let text = String::from_utf8_lossy(bytes);
    text.parse().map_err(|error| format!("\"{text}\" is no multiaddr: {error}; expected one like /ip4/127.0.0.1/tcp/4001"))
}

pub fn parse_addresses(bytes: &[u8]) -> Result<Vec<Multiaddr>, String> {
    fields::split(bytes).into_iter().map(parse_address).collect()
}

pub fn parse_peer(bytes: &[u8]) -> Result<PeerId, String> {
    PeerId::from_bytes(bytes).map_err(|error| format!("no PeerID: {error}"))
}

/// "[peer, {address}, ...]"
pub fn parse_peers(bytes: &[u8]) -> Result<Vec<(PeerId, Vec<Multiaddr>)>, String> {
    fields::split(bytes).chunks_exact(2).map(|pair| Ok((parse_peer(pair[0])?, parse_addresses(pair[1])?))).collect()
}
