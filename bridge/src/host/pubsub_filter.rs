//! What of pub/sub comes in at all: Gossipsub keeps every good message for some seconds, and every topic that
//! a peer listens to, whether this node has to do with them or not.

use std::collections::HashSet;
use std::io;
use std::sync::{Arc, RwLock};

use libp2p::gossipsub::{
    AllowAllSubscriptionFilter, Behaviour, DataTransform, MaxCountSubscriptionFilter, Message, RawMessage, TopicHash,
};

/// Topics of a peer that are remembered; a peer that tells of more at once is not heard.
const TOPICS_OF_PEER_MAX: usize = 1024;

pub type Subscriptions = MaxCountSubscriptionFilter<AllowAllSubscriptionFilter>;
pub type Gossipsub = Behaviour<Topics, Subscriptions>;

pub fn subscriptions() -> Subscriptions {
    MaxCountSubscriptionFilter {
        filter: AllowAllSubscriptionFilter {},
        max_subscribed_topics: TOPICS_OF_PEER_MAX,
        max_subscriptions_per_request: TOPICS_OF_PEER_MAX,
    }
}

/// The topics that this node listens to: messages of others are refused before they are kept.
#[derive(Clone, Default)]
pub struct Topics(Arc<RwLock<HashSet<TopicHash>>>);

impl Topics {
    pub fn add(&self, topic: TopicHash) {
        self.0.write().unwrap().insert(topic);
    }

    pub fn remove(&self, topic: &TopicHash) {
        self.0.write().unwrap().remove(topic);
    }
}

impl DataTransform for Topics {
    fn inbound_transform(&self, raw: RawMessage) -> io::Result<Message> {
        if !self.0.read().unwrap().contains(&raw.topic) {
            return Err(io::Error::other("this node does not listen to the topic"));
        }
        Ok(Message { source: raw.source, data: raw.data, sequence_number: raw.sequence_number, topic: raw.topic })
    }

    fn outbound_transform(&self, _: &TopicHash, data: Vec<u8>) -> io::Result<Vec<u8>> {
        Ok(data)
    }
}
