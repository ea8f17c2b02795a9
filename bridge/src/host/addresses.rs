//! Where peers are: what a connection, Identify, mDNS or the owner told.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

const PEERS_MAX: usize = 4096;
const ADDRESSES_OF_PEER_MAX: usize = 16;

/// The oldest peer is forgotten for a new one.
#[derive(Default)]
pub struct AddressBook {
    peers: HashMap<PeerId, VecDeque<Multiaddr>>,
    order: VecDeque<PeerId>,
}

impl AddressBook {
    pub fn add(&mut self, peer: PeerId, addresses: impl IntoIterator<Item = Multiaddr>) {
        if !self.peers.contains_key(&peer) {
            self.order.push_back(peer);
            if self.order.len() > PEERS_MAX {
                self.order.pop_front().map(|oldest| self.peers.remove(&oldest));
            }
        }
        let known = self.peers.entry(peer).or_default();
        for address in addresses.into_iter().map(without_peer) {
            if !known.contains(&address) {
                known.push_front(address);
                known.truncate(ADDRESSES_OF_PEER_MAX);
            }
        }
    }

    /// Whether it was known.
    pub fn forget(&mut self, peer: &PeerId, address: &Multiaddr) -> bool {
        let Some(known) = self.peers.get_mut(peer) else { return false };
        let count = known.len();
        known.retain(|other| other != address);
        known.len() < count
    }

    pub fn of(&self, peer: &PeerId) -> Vec<Multiaddr> {
        self.peers.get(peer).map_or_else(Vec::new, |known| known.iter().cloned().collect())
    }
}

/// The address of the peer, without the "/p2p/PEER" at its end.
pub fn without_peer(mut address: Multiaddr) -> Multiaddr {
    if matches!(address.iter().last(), Some(Protocol::P2p(_))) {
        address.pop();
    }
    address
}

pub fn is_loopback(address: &Multiaddr) -> bool {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => ip.is_loopback(),
        Some(Protocol::Ip6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

/// One that the whole Internet can dial, by its form.
pub fn is_public(address: &Multiaddr) -> bool {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => is_public_ip(IpAddr::V4(ip)),
        Some(Protocol::Ip6(ip)) => is_public_ip(IpAddr::V6(ip)),
        Some(Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name) | Protocol::Dnsaddr(name)) => {
            name != "localhost" && !name.ends_with(".local")
        }
        _ => false,
    }
}

fn is_public_ip(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || shared)
        }
        IpAddr::V6(ip) => {
            let unique_local = ip.segments()[0] & 0xfe00 == 0xfc00;
            let link_local = ip.segments()[0] & 0xffc0 == 0xfe80;
            !(unique_local || link_local || ip == Ipv6Addr::LOCALHOST || ip.is_unspecified())
        }
    }
}
