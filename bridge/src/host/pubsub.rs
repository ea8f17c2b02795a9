//! Gossipsub: settings, who listens to what, and the messages that wait for a verdict.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Mutex;

use libp2p::gossipsub::{
    ConfigBuilder, IdentTopic, Message, MessageAcceptance, MessageAuthenticity, MessageId, PeerScoreParams,
    PeerScoreThresholds, TopicHash, TopicScoreParams, ValidationMode,
};
use libp2p::identity::Keypair;
use libp2p::PeerId;

use super::pubsub_filter::{subscriptions, Gossipsub, Topics};
use super::event::{Event, Fields, MESSAGE_RECEIVED};

pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// What a message has beside its data: topic, signature, key, sender.
const MESSAGE_OVERHEAD_BYTES: usize = 4 << 10;
/// A message that is older than so many newer ones is not passed on any more.
const UNJUDGED_MAX: usize = 4096;
/// A peer that listens to more is not counted among the listeners of the rest.
const TOPICS_OF_PEER_MAX: usize = 128;

/// Everybody hears everybody's adverts, so what a node receives of them goes with the peers in its
/// mesh: of the defaults (6, up to 12) the busiest node has twice as many as most
/// (`timerose-sim adverts`).
const ADVERTS: &str = "/timerose/adverts/1";
const ADVERTS_PEERS: usize = 5;
const ADVERTS_PEERS_MIN: usize = 4; // with fewer, more are taken
const ADVERTS_PEERS_MAX: usize = 6; // with as many, some are left

/// Ids of messages are offered to so many peers outside the mesh of a topic, or to this share of
/// them, for so many heartbeats. With the defaults (6, a quarter, 3) offers of small messages cost
/// several times as much as the messages.
const OFFERED_PEERS: usize = 3;
const OFFERED_SHARE: f64 = 0.04;
const OFFERED_HEARTBEATS: usize = 2;

/// Sender and number as bytes, as other implementations name a message: the default here is text,
/// which is half as long again and means nothing to them.
fn message_id(message: &Message) -> MessageId {
    let mut id = message.source.map(|peer| peer.to_bytes()).unwrap_or_default();
    id.extend(message.sequence_number.unwrap_or_default().to_be_bytes());
    MessageId::from(id)
}

pub fn behaviour(key: &Keypair, topics: Topics) -> Result<Gossipsub, String> {
    let adverts = IdentTopic::new(ADVERTS).hash();
    let config = ConfigBuilder::default()
        .validation_mode(ValidationMode::Strict)
        .validate_messages()
        .max_transmit_size(MESSAGE_BYTES_MAX + MESSAGE_OVERHEAD_BYTES)
        .message_id_fn(message_id)
        .gossip_lazy(OFFERED_PEERS)
        .gossip_factor(OFFERED_SHARE)
        .history_gossip(OFFERED_HEARTBEATS)
        .mesh_n_for_topic(ADVERTS_PEERS, adverts.clone())
        .mesh_n_low_for_topic(ADVERTS_PEERS_MIN, adverts.clone())
        .mesh_n_high_for_topic(ADVERTS_PEERS_MAX, adverts)
        .build()
        .map_err(|error| error.to_string())?;
    let signed = MessageAuthenticity::Signed(key.clone());
    let mut behaviour = Gossipsub::new_with_subscription_filter_and_transform(signed, config, subscriptions(), topics)?;
    behaviour.with_peer_score(score_params(), PeerScoreThresholds::default())?;
    Ok(behaviour)
}

fn score_params() -> PeerScoreParams {
    // Many nodes on one machine are how it is tried out.
    let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    PeerScoreParams { ip_colocation_factor_whitelist: HashSet::from(loopback), ..Default::default() }
}

/// First deliveries count for a peer, invalid messages against it. Deliveries in the mesh do not
/// count: a quiet topic is no fault.
pub fn topic_score_params() -> TopicScoreParams {
    TopicScoreParams {
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: std::time::Duration::from_secs(1),
        first_message_deliveries_cap: 100.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: -20.0,
        invalid_message_deliveries_decay: 0.9,
        ..Default::default()
    }
}

/// Which peers listen to a topic: written by the swarm, read by the owner's thread.
#[derive(Default)]
pub struct Listeners(Mutex<HashMap<PeerId, HashSet<TopicHash>>>);

impl Listeners {
    pub fn has(&self, topic: &str) -> bool {
        let topic = IdentTopic::new(topic).hash();
        self.0.lock().unwrap().values().any(|topics| topics.contains(&topic))
    }

    pub fn add(&self, topic: TopicHash, peer: PeerId) {
        let mut peers = self.0.lock().unwrap();
        let topics = peers.entry(peer).or_default();
        if topics.len() < TOPICS_OF_PEER_MAX {
            topics.insert(topic);
        }
    }

    pub fn remove(&self, topic: &TopicHash, peer: &PeerId) {
        if let Some(topics) = self.0.lock().unwrap().get_mut(peer) {
            topics.remove(topic);
        }
    }

    pub fn remove_peer(&self, peer: &PeerId) {
        self.0.lock().unwrap().remove(peer);
    }
}

/// Messages that the owner has not judged.
#[derive(Default)]
pub struct Unjudged {
    messages: HashMap<u64, (MessageId, PeerId)>,
    order: VecDeque<u64>,
}

impl Unjudged {
    pub fn add(&mut self, id: u64, message_id: MessageId, from: PeerId) {
        self.messages.insert(id, (message_id, from));
        self.order.push_back(id);
        if self.order.len() > UNJUDGED_MAX {
            let oldest = self.order.pop_front();
            oldest.map(|id| self.messages.remove(&id));
        }
    }

    pub fn judge(&mut self, id: u64, verdict: i32, behaviour: &mut Gossipsub) {
        let Some((message_id, from)) = self.messages.remove(&id) else { return };
        let acceptance = match verdict {
            0 => MessageAcceptance::Accept,
            1 => MessageAcceptance::Reject,
            _ => MessageAcceptance::Ignore,
        };
        behaviour.report_message_validation_result(&message_id, &from, acceptance);
    }
}

pub fn received(id: u64, from: &PeerId, message: Message) -> Event {
    let publisher = message.source.map_or_else(Vec::new, |peer| peer.to_bytes());
    let fields =
        Fields::default().add(message.topic.as_str()).add(from.to_bytes()).add(publisher).add(message.data);
    Event::new(MESSAGE_RECEIVED, id, fields)
}
