//! What the streams of every connection need of the host.

use std::sync::atomic::AtomicU64;
use std::sync::Arc;

use super::frame_reader::HalfReceived;
use super::queue::Queue;

#[derive(Clone)]
pub struct Common {
    pub queue: Arc<Queue>,
    pub half_received: HalfReceived,
    pub next_id: Arc<AtomicU64>,
    pub send_queue_bytes_max: usize,
}
