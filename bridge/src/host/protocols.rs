//! The protocols that the owner handles, and how many inbound streams of each a peer has open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use libp2p::StreamProtocol;

#[derive(Clone)]
pub struct Protocol {
    pub name: StreamProtocol,
    pub frame_bytes_max: usize,
    pub inbound_streams_max: u32,
    /// The peer may end its side of a stream that we opened, and is sent to as before.
    pub sends_after_end: bool,
}

/// The whole set; replaced, never changed, so that a connection holds on to one.
pub type Protocols = Arc<[Protocol]>;

pub fn find<'a>(protocols: &'a [Protocol], name: &StreamProtocol) -> Option<&'a Protocol> {
    protocols.iter().find(|protocol| protocol.name == *name)
}

/// Inbound streams of one peer that are open now, over all its connections.
#[derive(Default)]
pub struct InboundCount(Mutex<HashMap<StreamProtocol, u32>>);

/// One open stream; it stops counting when this is dropped.
pub struct Counted {
    count: Arc<InboundCount>,
    name: StreamProtocol,
}

impl InboundCount {
    /// None: the peer has as many as it may.
    pub fn admit(self: &Arc<Self>, protocol: &Protocol) -> Option<Counted> {
        let mut open = self.0.lock().unwrap();
        let number = open.entry(protocol.name.clone()).or_default();
        if *number >= protocol.inbound_streams_max {
            return None;
        }
        *number += 1;
        Some(Counted { count: self.clone(), name: protocol.name.clone() })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(number) = self.count.0.lock().unwrap().get_mut(&self.name) {
            *number -= 1;
        }
    }
}
