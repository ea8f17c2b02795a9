//! What the host tells its owner, in the form in which it crosses the C ABI.

use std::sync::Arc;

use libp2p::{Multiaddr, PeerId};

pub use super::fields::Fields;
use super::stream_state::Shared;

pub const LISTENING: u32 = 1;
pub const LISTEN_ENDED: u32 = 2;
pub const CONNECTION_OPENED: u32 = 3;
pub const CONNECTION_CLOSED: u32 = 4;
pub const DIAL_FAILED: u32 = 5;
pub const IDENTIFIED: u32 = 6;
pub const LOCAL_PEER_SEEN: u32 = 7;
pub const STREAM_OPENED: u32 = 8;
pub const STREAM_FRAME: u32 = 9;
pub const STREAM_WRITABLE: u32 = 10;
pub const STREAM_CLOSED: u32 = 11;
pub const PINGED: u32 = 12;
pub const PROVIDERS_FOUND: u32 = 13;
pub const PEER_FOUND: u32 = 14;
pub const VALUE_FOUND: u32 = 15;
pub const QUERY_ENDED: u32 = 16;
pub const RECORD_OFFERED: u32 = 17;
pub const MESSAGE_RECEIVED: u32 = 18;
pub const REACHABILITY_CHANGED: u32 = 19;
pub const STREAM_ENDED: u32 = 20;

pub const FLAG_INBOUND: u32 = 1;
pub const FLAG_RELAYED: u32 = 2;
pub const FLAG_OK: u32 = 4;

pub struct Event {
    pub kind: u32,
    pub flags: u32,
    pub id: u64,
    pub number: u64,
    pub data: Vec<u8>,
    /// Of a stream's events: what the owner is to know it by.
    pub stream: Option<Arc<Shared>>,
}

impl Event {
    pub fn new(kind: u32, id: u64, data: Fields) -> Event {
        Event { kind, flags: 0, id, number: 0, data: data.into_bytes(), stream: None }
    }

    pub fn with_flags(mut self, flags: u32) -> Event {
        self.flags = flags;
        self
    }

    pub fn with_number(mut self, number: u64) -> Event {
        self.number = number;
        self
    }

    pub fn of_stream(mut self, stream: &Arc<Shared>) -> Event {
        self.stream = Some(stream.clone());
        self
    }

    /// What it holds of the queue's bytes.
    pub fn weight(&self) -> usize {
        self.data.len()
    }
}

/// "[peer, {address}]"
pub fn add_peer(fields: Fields, peer: &PeerId, addresses: &[Multiaddr]) -> Fields {
    fields.add(peer.to_bytes()).add_list(addresses.iter().map(|a| a.to_string()))
}

pub fn listening(address: &Multiaddr) -> Event {
    Event::new(LISTENING, 0, Fields::default().add(address.to_string()))
}

pub fn listen_ended(address: &str, why: &str) -> Event {
    Event::new(LISTEN_ENDED, 0, Fields::default().add(address).add(why))
}

pub fn dial_failed(peer: Option<PeerId>, why: &str) -> Event {
    let peer = peer.map_or_else(Vec::new, |p| p.to_bytes());
    Event::new(DIAL_FAILED, 0, Fields::default().add(peer).add(why))
}

pub fn stream_closed(stream: &Arc<Shared>, why: &str) -> Event {
    let fields = Fields::default().add(stream.peer.to_bytes()).add(why);
    Event::new(STREAM_CLOSED, stream.id, fields).of_stream(stream)
}

pub fn pinged(query: u64, outcome: Result<u64, &str>) -> Event {
    let fields = Fields::default().add(outcome.err().unwrap_or(""));
    let event = Event::new(PINGED, query, fields);
    match outcome {
        Ok(nanoseconds) => event.with_flags(FLAG_OK).with_number(nanoseconds),
        Err(_) => event,
    }
}

pub fn query_ended(query: u64, peers_asked: u32, why: &str) -> Event {
    Event::new(QUERY_ENDED, query, Fields::default().add(why)).with_number(peers_asked.into())
}
