//! The libp2p protocols of a host, and their settings.

use std::time::Duration;

use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{
    allow_block_list, autonat, connection_limits, dcutr, gossipsub, identify, identity, kad, mdns, ping, relay, upnp,
    PeerId, StreamProtocol,
};

use super::config::{Config, DhtMode};
use super::lan_dht::{Kademlia, LanDht};
use super::pubsub;
use super::record_store::Records;
use super::streams;

pub const WAN_DHT: StreamProtocol = StreamProtocol::new("/ipfs/kad/1.0.0");
pub const LAN_DHT: StreamProtocol = StreamProtocol::new("/ipfs/lan/kad/1.0.0");

const PROTOCOL_VERSION: &str = "ipfs/0.1.0";
const PING_INTERVAL: Duration = Duration::from_secs(30);
const QUERY_TIME_MAX: Duration = Duration::from_secs(60);
/// Peers of which Identify remembers the addresses.
const IDENTIFY_CACHE: usize = 256;

#[derive(NetworkBehaviour)]
pub struct Behaviour {
    pub denied: allow_block_list::Behaviour<allow_block_list::BlockedPeers>,
    pub limits: connection_limits::Behaviour,
    pub streams: streams::Behaviour,
    pub identify: identify::Behaviour,
    pub ping: ping::Behaviour,
    pub wan: Kademlia,
    pub lan: LanDht,
    pub gossipsub: gossipsub::Behaviour,
    pub autonat: autonat::Behaviour,
    pub dcutr: Toggle<dcutr::Behaviour>,
    pub relay_client: Toggle<relay::client::Behaviour>,
    pub relay_server: Toggle<relay::Behaviour>,
    pub upnp: Toggle<upnp::tokio::Behaviour>,
    pub mdns: Toggle<mdns::tokio::Behaviour>,
}

fn kademlia(peer: PeerId, protocol: StreamProtocol) -> Kademlia {
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
    Kademlia::with_config(peer, Records::default(), config)
}

fn dhts(config: &Config, peer: PeerId) -> (Kademlia, LanDht) {
    let mut wan = kademlia(peer, WAN_DHT);
    let mut lan = kademlia(peer, LAN_DHT);
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
    (wan, LanDht(lan))
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

impl Behaviour {
    /// Needs a runtime: some of them start tasks.
    pub fn new(
        config: &Config,
        streams: streams::Behaviour,
        relay_client: Option<relay::client::Behaviour>,
    ) -> Result<Behaviour, String> {
        let key = &config.key;
        let peer = key.public().to_peer_id();
        let limits = connection_limits::ConnectionLimits::default()
            .with_max_established(Some(config.connections_max))
            .with_max_established_per_peer(Some(config.connections_of_peer_max))
            .with_max_pending_incoming(Some(config.pending_inbound_max));
        let (wan, lan) = dhts(config, peer);
        let mdns = match config.mdns {
            // A machine without multicast has no local discovery, and works otherwise.
            true => mdns::tokio::Behaviour::new(mdns::Config::default(), peer).ok(),
            false => None,
        };
        let is_private = config.network_key.is_some();
        Ok(Behaviour {
            denied: allow_block_list::Behaviour::default(),
            limits: connection_limits::Behaviour::new(limits),
            streams,
            identify: identification(config, key),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_INTERVAL)),
            wan,
            lan,
            gossipsub: pubsub::behaviour(key)?,
            autonat: autonat::Behaviour::new(
                peer,
                autonat::Config { only_global_ips: !is_private, ..Default::default() },
            ),
            dcutr: relay_client.is_some().then(|| dcutr::Behaviour::new(peer)).into(),
            relay_client: relay_client.into(),
            relay_server: config.relay_server.then(|| relay::Behaviour::new(peer, Default::default())).into(),
            upnp: config.upnp.then(upnp::tokio::Behaviour::default).into(),
            mdns: mdns.into(),
        })
    }
}
