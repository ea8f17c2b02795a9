//! The owner's questions to the DHT. Each goes to the wide-area and to the local Kademlia, and the
//! answers come under one id.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroUsize;
use std::time::Instant;

use libp2p::core::Endpoint;
use libp2p::kad::store::RecordStore;
use libp2p::kad::{self, GetProvidersOk, GetRecordOk, InboundRequest, QueryResult, Quorum, Record, RecordKey};
use libp2p::swarm::{ConnectionId, NetworkBehaviour};
use libp2p::{identify, Multiaddr, PeerId};

use super::addresses::{is_public, without_peer, AddressBook};
use super::behaviour::{Behaviour, Kademlia, LAN_DHT, WAN_DHT};
use super::event::{self, add_peer, Event, Fields};
use super::record_store::LIFETIME;

const OFFERS_MAX: usize = 1024;
const QUERIES_MAX: usize = 1024;
const ADDRESSES_ROUTED_MAX: usize = 8;
const ADDRESSES_TOLD_MAX: usize = 16;
const NOBODY: &str = "no peer of the DHT is known: connect to one first";

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Net {
    Wan,
    Lan,
}

pub enum Question {
    Providers { key: Vec<u8>, count_max: usize },
    Provide { key: Vec<u8> },
    Peer(PeerId),
    Value { key: Vec<u8> },
    PutValue { key: Vec<u8>, value: Vec<u8> },
}

struct Query {
    running: Vec<(Net, kad::QueryId)>,
    peer: Option<PeerId>,
    count_max: usize,
    seen: HashSet<PeerId>,
    asked: u32,
    succeeded: bool,
    whys: Vec<String>,
}

#[derive(Default)]
pub struct Dht {
    queries: HashMap<u64, Query>,
    by_kademlia: HashMap<(Net, kad::QueryId), u64>,
    offers: HashMap<u64, (Net, Record)>,
    offer_order: VecDeque<u64>,
}

fn kademlia(behaviour: &mut Behaviour, net: Net) -> &mut Kademlia {
    match net {
        Net::Wan => &mut behaviour.wan,
        Net::Lan => &mut behaviour.lan.0,
    }
}

/// What the Kademlia knows of where a peer is: its table and the answers of running queries.
fn known_addresses(behaviour: &mut Behaviour, net: Net, peer: PeerId, book: &AddressBook) -> Vec<Multiaddr> {
    let found = kademlia(behaviour, net)
        .handle_pending_outbound_connection(ConnectionId::new_unchecked(0), Some(peer), &[], Endpoint::Dialer)
        .unwrap_or_default();
    let mut all: Vec<Multiaddr> = Vec::new();
    for address in found.into_iter().map(without_peer).chain(book.of(&peer)) {
        if !all.contains(&address) && all.len() < ADDRESSES_TOLD_MAX {
            all.push(address);
        }
    }
    all
}

fn start(behaviour: &mut Behaviour, net: Net, question: &Question) -> Result<kad::QueryId, String> {
    let kademlia = kademlia(behaviour, net);
    let full = |error: kad::store::Error| error.to_string();
    match question {
        Question::Providers { key, .. } => Ok(kademlia.get_providers(RecordKey::new(key))),
        Question::Provide { key } => kademlia.start_providing(RecordKey::new(key)).map_err(full),
        Question::Peer(peer) => Ok(kademlia.get_closest_peers(*peer)),
        Question::Value { key } => Ok(kademlia.get_record(RecordKey::new(key))),
        Question::PutValue { key, value } => {
            let record = Record {
                key: RecordKey::new(key),
                value: value.clone(),
                publisher: None,
                expires: Some(Instant::now() + LIFETIME),
            };
            kademlia.put_record(record, Quorum::N(NonZeroUsize::MIN)).map_err(full)
        }
    }
}

impl Dht {
    pub fn ask(&mut self, id: u64, question: &Question, behaviour: &mut Behaviour) -> Vec<Event> {
        if self.queries.len() >= QUERIES_MAX {
            let why = format!("{QUERIES_MAX} queries of the DHT are running: wait for one to end");
            return vec![event::query_ended(id, 0, &why)];
        }
        let mut query = Query {
            running: Vec::new(),
            peer: None,
            count_max: usize::MAX,
            seen: HashSet::new(),
            asked: 0,
            succeeded: false,
            whys: Vec::new(),
        };
        match question {
            Question::Providers { count_max, .. } => query.count_max = *count_max,
            Question::Peer(peer) => query.peer = Some(*peer),
            _ => {}
        }
        for net in [Net::Wan, Net::Lan] {
            match start(behaviour, net, question) {
                Ok(kad_id) => {
                    query.running.push((net, kad_id));
                    self.by_kademlia.insert((net, kad_id), id);
                }
                Err(why) => query.whys.push(why),
            }
        }
        self.queries.insert(id, query);
        self.end_if_done(id).into_iter().collect()
    }

    pub fn cancel(&mut self, id: u64, behaviour: &mut Behaviour) {
        let Some(query) = self.queries.remove(&id) else { return };
        for (net, kad_id) in query.running {
            self.by_kademlia.remove(&(net, kad_id));
            if let Some(mut running) = kademlia(behaviour, net).query_mut(&kad_id) {
                running.finish();
            }
        }
    }

    pub fn accept(&mut self, offer: u64, behaviour: &mut Behaviour) {
        let Some((net, record)) = self.offers.remove(&offer) else { return };
        // A record that the store refuses for its size was offered against its stated limit.
        let _ = kademlia(behaviour, net).store_mut().put(record);
    }

    /// Routes to peers that serve, by addresses of the network in question.
    pub fn identified(&mut self, peer: PeerId, info: &identify::Info, behaviour: &mut Behaviour) {
        for (net, protocol) in [(Net::Wan, WAN_DHT), (Net::Lan, LAN_DHT)] {
            let kademlia = kademlia(behaviour, net);
            if !info.protocols.contains(&protocol) {
                kademlia.remove_peer(&peer);
                continue;
            }
            let fitting = info.listen_addrs.iter().filter(|address| is_public(address) == (net == Net::Wan));
            for address in fitting.take(ADDRESSES_ROUTED_MAX) {
                kademlia.add_address(&peer, without_peer(address.clone()));
            }
        }
    }

    /// `next_id` gives the id of an offer.
    pub fn on_event(
        &mut self,
        net: Net,
        event: kad::Event,
        behaviour: &mut Behaviour,
        book: &AddressBook,
        next_id: impl FnOnce() -> u64,
    ) -> Vec<Event> {
        match event {
            kad::Event::InboundRequest { request: InboundRequest::AddProvider { record: Some(mut record) } } => {
                if record.addresses.is_empty() {
                    record.addresses = book.of(&record.provider);
                }
                let _ = kademlia(behaviour, net).store_mut().add_provider(record);
                Vec::new()
            }
            kad::Event::InboundRequest { request: InboundRequest::PutRecord { source, record: Some(record), .. } } => {
                vec![self.offered(next_id(), net, source, record)]
            }
            kad::Event::OutboundQueryProgressed { id, result, stats, step } => {
                let Some(query_id) = self.by_kademlia.get(&(net, id)).copied() else { return Vec::new() };
                let mut events = self.progress(query_id, net, result, behaviour, book);
                if step.last {
                    self.by_kademlia.remove(&(net, id));
                    if let Some(query) = self.queries.get_mut(&query_id) {
                        query.asked += stats.num_requests();
                        query.running.retain(|running| *running != (net, id));
                    }
                    events.extend(self.end_if_done(query_id));
                }
                events
            }
            _ => Vec::new(),
        }
    }

    fn offered(&mut self, id: u64, net: Net, source: PeerId, record: Record) -> Event {
        let fields = Fields::default().add(source.to_bytes()).add(&record.key).add(&record.value);
        self.offers.insert(id, (net, record));
        self.offer_order.push_back(id);
        if self.offer_order.len() > OFFERS_MAX {
            self.offer_order.pop_front().map(|oldest| self.offers.remove(&oldest));
        }
        Event::new(event::RECORD_OFFERED, id, fields)
    }

    fn end_if_done(&mut self, id: u64) -> Option<Event> {
        if !self.queries.get(&id)?.running.is_empty() {
            return None;
        }
        let query = self.queries.remove(&id)?;
        let why = match (query.succeeded, query.asked, query.whys.first()) {
            (true, ..) => "",
            (false, 0, _) => NOBODY,
            (false, _, Some(why)) => why.as_str(),
            (false, _, None) => "",
        };
        Some(event::query_ended(id, query.asked, why))
    }

    fn progress(
        &mut self,
        id: u64,
        net: Net,
        result: QueryResult,
        behaviour: &mut Behaviour,
        book: &AddressBook,
    ) -> Vec<Event> {
        let Some(query) = self.queries.get_mut(&id) else { return Vec::new() };
        match result {
            QueryResult::GetProviders(Ok(GetProvidersOk::FoundProviders { providers, .. })) => {
                return self.providers_found(id, net, providers, behaviour, book);
            }
            QueryResult::GetClosestPeers(found) => {
                let peers = match found {
                    Ok(ok) => ok.peers,
                    Err(kad::GetClosestPeersError::Timeout { peers, .. }) => peers,
                };
                let Some(wanted) = query.peer else { return Vec::new() };
                let Some(info) = peers.into_iter().find(|info| info.peer_id == wanted) else { return Vec::new() };
                query.succeeded = true;
                let addresses: Vec<Multiaddr> = info.addrs.into_iter().map(without_peer).collect();
                let fields = add_peer(Fields::default(), &wanted, &addresses);
                return vec![Event::new(event::PEER_FOUND, id, fields)];
            }
            QueryResult::GetRecord(Ok(GetRecordOk::FoundRecord(found))) => {
                query.succeeded = true;
                let from = found.peer.map_or_else(Vec::new, |peer| peer.to_bytes());
                let fields = Fields::default().add(found.record.value).add(from);
                return vec![Event::new(event::VALUE_FOUND, id, fields)];
            }
            QueryResult::StartProviding(Ok(_)) => {}
            QueryResult::PutRecord(Ok(_)) => query.succeeded = true,
            QueryResult::GetProviders(Err(error)) => query.whys.push(error.to_string()),
            QueryResult::GetRecord(Err(error)) => query.whys.push(error.to_string()),
            QueryResult::StartProviding(Err(error)) => query.whys.push(error.to_string()),
            QueryResult::PutRecord(Err(error)) => query.whys.push(error.to_string()),
            _ => {}
        }
        Vec::new()
    }

    fn providers_found(
        &mut self,
        id: u64,
        net: Net,
        providers: HashSet<PeerId>,
        behaviour: &mut Behaviour,
        book: &AddressBook,
    ) -> Vec<Event> {
        let Some(query) = self.queries.get_mut(&id) else { return Vec::new() };
        query.succeeded = true;
        let mut fields = Fields::default();
        let seen_before = query.seen.len();
        for provider in providers {
            if query.seen.len() < query.count_max && query.seen.insert(provider) {
                let addresses = known_addresses(behaviour, net, provider, book);
                fields = add_peer(fields, &provider, &addresses);
            }
        }
        let (is_enough, asked) = (query.seen.len() >= query.count_max, query.asked);
        let mut events = Vec::new();
        if query.seen.len() > seen_before {
            events.push(Event::new(event::PROVIDERS_FOUND, id, fields));
        }
        if is_enough {
            self.cancel(id, behaviour);
            events.push(event::query_ended(id, asked, ""));
        }
        events
    }
}
