//! The libp2p protocols of a host, and their settings.

use std::time::Duration;

use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{
    allow_block_list, autonat, connection_limits, dcutr, identify, identity, kad, mdns, ping, relay, upnp,
    PeerId, StreamProtocol,
};

use super::config::{Config, DhtMode};
use super::door;
use super::of_lan::OfLan;
use super::pubsub;
use super::pubsub_filter::{Gossipsub, Topics};
use super::record_store::Records;
use super::streams;

pub type Kademlia = kad::Behaviour<Records>;

pub const WAN_DHT: StreamProtocol = StreamProtocol::new("/ipfs/kad/1.0.0");
pub const LAN_DHT: StreamProtocol = StreamProtocol::new("/ipfs/lan/kad/1.0.0");

const PROTOCOL_VERSION: &str = "ipfs/0.1.0";
const PING_INTERVAL: Duration = Duration::from_secs(30);
const QUERY_TIME_MAX: Duration = Duration::from_secs(60);
/// Until it is asked again for want of an answer.
const REACHABILITY_RETRY_DELAYS: u32 = 6;
/// Peers of which Identify remembers the addresses.
const IDENTIFY_CACHE: usize = 256;

#[derive(NetworkBehaviour)]
pub struct Behaviour {
    // Before the limits of all: who is turned away here takes no room there.
    pub door: door::Behaviour,
    pub denied: allow_block_list::Behaviour<allow_block_list::BlockedPeers>,
    pub limits: connection_limits::Behaviour,
    pub streams: streams::Behaviour,
    pub identify: identify::Behaviour,
    pub ping: ping::Behaviour,
    pub wan: Kademlia,
    pub lan: OfLan<Kademlia>,
    pub gossipsub: Gossipsub,
    pub autonat: autonat::Behaviour,
    pub dcutr: Toggle<dcutr::Behaviour>,
    pub relay_client: Toggle<relay::client::Behaviour>,
    pub relay_server: Toggle<OfLan<relay::Behaviour>>,
    pub upnp: Toggle<upnp::tokio::Behaviour>,
    pub mdns: Toggle<mdns::tokio::Behaviour>,
}

/// What one circuit of a relay may carry, and for how long. A node relays only if its owner has it so,
/// and then so that its peers can exchange blocks.
const CIRCUIT_BYTES_MAX: u64 = 1 << 30;
const CIRCUIT_TIME_MAX: Duration = Duration::from_secs(3600);

fn records(config: &Config, peer: PeerId, name: &str) -> Result<Records, String> {
    let Some(folder) = &config.records_folder else { return Ok(Records::in_memory(peer)) };
    let path = folder.join(name);
    Records::open(peer, &path).map_err(|error| format!("opening {}: {error}", path.display()))
}

fn kademlia(peer: PeerId, protocol: StreamProtocol, records: Records) -> Kademlia {
    let mut config = kad::Config::new(protocol);
    config
        .set_query_timeout(QUERY_TIME_MAX)
        .set_record_filtering(kad::StoreInserts::FilterBoth)
        // A peer is routed to once Identify has said that it serves, with addresses of this network.
        .set_kbucket_inserts(kad::BucketInserts::Manual)
        .set_caching(kad::Caching::Disabled)
        // Publishing again is the owner's business.
        .set_replication_interval(None)
        .set_publication_interval(None)
        .set_provider_publication_interval(None);
    Kademlia::with_config(peer, records, config)
}

fn dhts(config: &Config, peer: PeerId) -> Result<(Kademlia, OfLan<Kademlia>), String> {
    let mut wan = kademlia(peer, WAN_DHT, records(config, peer, "wan.records")?);
    let mut lan = kademlia(peer, LAN_DHT, records(config, peer, "lan.records")?);
    match config.dht_mode {
        DhtMode::Auto => lan.set_mode(Some(kad::Mode::Server)),
        DhtMode::Client => {
            wan.set_mode(Some(kad::Mode::Client));
            lan.set_mode(Some(kad::Mode::Client));
        }
        DhtMode::Server => {
            wan.set_mode(Some(kad::Mode::Server));
            lan.set_mode(Some(kad::Mode::Server));
        }
    }
    Ok((wan, OfLan(lan)))
}

fn identification(config: &Config, key: &identity::Keypair) -> identify::Behaviour {
    identify::Behaviour::new(
        identify::Config::new(PROTOCOL_VERSION.to_string(), key.public())
            .with_agent_version(config.agent.clone())
            .with_push_listen_addr_updates(true)
            .with_cache_size(IDENTIFY_CACHE)
            .with_hide_listen_addrs(!config.announce.is_empty()),
    )
}

fn relay_server(peer: PeerId) -> OfLan<relay::Behaviour> {
    let config = relay::Config {
        max_circuit_bytes: CIRCUIT_BYTES_MAX,
        max_circuit_duration: CIRCUIT_TIME_MAX,
        ..Default::default()
    };
    OfLan(relay::Behaviour::new(peer, config))
}

fn reachability(config: &Config) -> autonat::Config {
    autonat::Config {
        // The addresses of a private network are those that its nodes are dialled by.
        only_global_ips: config.network_key.is_none(),
        boot_delay: config.reachability_delay,
        retry_interval: config.reachability_delay * REACHABILITY_RETRY_DELAYS,
        ..Default::default()
    }
}

impl Behaviour {
    /// Needs a runtime: some of them start tasks.
    pub fn new(
        config: &Config,
        streams: streams::Behaviour,
        relay_client: Option<relay::client::Behaviour>,
        topics: Topics,
    ) -> Result<Behaviour, String> {
        let key = &config.key;
        let peer = key.public().to_peer_id();
        let limits = connection_limits::ConnectionLimits::default()
            .with_max_established(Some(config.connections_max))
            .with_max_established_per_peer(Some(config.connections_of_peer_max))
            .with_max_pending_incoming(Some(config.pending_inbound_max));
        let (wan, lan) = dhts(config, peer)?;
        let mdns = match config.mdns {
            // A machine without multicast has no local discovery, and works otherwise.
            true => mdns::tokio::Behaviour::new(mdns::Config::default(), peer).ok(),
            false => None,
        };
        Ok(Behaviour {
            door: door::Behaviour::new(config.address_limits),
            denied: allow_block_list::Behaviour::default(),
            limits: connection_limits::Behaviour::new(limits),
            streams,
            identify: identification(config, key),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_INTERVAL)),
            wan,
            lan,
            gossipsub: pubsub::behaviour(key, topics)?,
            autonat: autonat::Behaviour::new(peer, reachability(config)),
            dcutr: relay_client.is_some().then(|| dcutr::Behaviour::new(peer)).into(),
            relay_client: relay_client.into(),
            relay_server: config.relay_server.then(|| relay_server(peer)).into(),
            upnp: config.upnp.then(upnp::tokio::Behaviour::default).into(),
            mdns: mdns.into(),
        })
    }
}
