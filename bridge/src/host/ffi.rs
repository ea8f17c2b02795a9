//! The C ABI of the host; mirrors `include/timerose_host.h`.
//!
//! # Safety
//! Of every function: views must be readable for their size, out-pointers writable, and a host must
//! be live, given by `timerose_host_start`, and used by one thread at a time.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::slice;
use std::time::Duration;

use libp2p::identity::Keypair;
use libp2p::StreamProtocol;

use super::address_limits::AddressLimits;
use super::config::{parse_address, parse_addresses, parse_peer, parse_peers, Config, DhtMode, SecurityChoice};
use super::dht::Question;
use super::event::Event;
use super::fields::{split, Fields};
use super::stream_state::Sent;
use super::protocols::Protocol;
use super::pubsub::MESSAGE_BYTES_MAX;
use super::swarm::Command;
use super::Host;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct View {
    data: *const u8,
    size: usize,
}

impl View {
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.size == 0 {
            return &[];
        }
        slice::from_raw_parts(self.data, self.size)
    }

    unsafe fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

#[repr(C)]
pub struct Buffer {
    data: *mut u8,
    size: usize,
    capacity: usize,
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Buffer {
        let mut bytes = std::mem::ManuallyDrop::new(bytes);
        Buffer { data: bytes.as_mut_ptr(), size: bytes.len(), capacity: bytes.capacity() }
    }
}

#[no_mangle]
pub unsafe extern "C" fn timerose_buffer_release(buffer: Buffer) {
    if !buffer.data.is_null() {
        drop(Vec::from_raw_parts(buffer.data, buffer.size, buffer.capacity));
    }
}

#[repr(C)]
pub struct Options {
    private_key: View,
    agent: View,
    listen: View,
    announce: View,
    bootstrap: View,
    network_key: View,
    dht_mode: u32,
    mdns: bool,
    upnp: bool,
    relay_client: bool,
    relay_server: bool,
    connections_max: u32,
    connections_of_peer_max: u32,
    pending_inbound_max: u32,
    inbound_of_address_max: u32,
    inbound_of_subnet_max: u32,
    counts_loopback: bool,
    reachability_delay_ms: u32,
    security: u32,
    records_folder: View,
    worker_threads: u32,
    send_queue_bytes_max: usize,
}

unsafe fn config(options: &Options) -> Result<Config, String> {
    let key = Keypair::from_protobuf_encoding(options.private_key.bytes());
    let network_key = match options.network_key.bytes() {
        [] => None,
        bytes => Some(<[u8; 32]>::try_from(bytes).map_err(|_| "a network key has 32 bytes".to_string())?),
    };
    Ok(Config {
        key: key.map_err(|error| format!("the private key: {error}"))?,
        agent: options.agent.text(),
        listen: parse_addresses(options.listen.bytes())?,
        announce: parse_addresses(options.announce.bytes())?,
        bootstrap: parse_peers(options.bootstrap.bytes())?,
        network_key,
        dht_mode: match options.dht_mode {
            1 => DhtMode::Client,
            2 => DhtMode::Server,
            _ => DhtMode::Auto,
        },
        mdns: options.mdns,
        upnp: options.upnp,
        relay_client: options.relay_client,
        relay_server: options.relay_server,
        connections_max: options.connections_max,
        connections_of_peer_max: options.connections_of_peer_max,
        pending_inbound_max: options.pending_inbound_max,
        address_limits: AddressLimits {
            of_address_max: options.inbound_of_address_max,
            of_subnet_max: options.inbound_of_subnet_max,
            counts_loopback: options.counts_loopback,
        },
        reachability_delay: Duration::from_millis(options.reachability_delay_ms.into()),
        security: match options.security {
            1 => SecurityChoice::Noise,
            2 => SecurityChoice::Tls,
            _ => SecurityChoice::Both,
        },
        records_folder: match options.records_folder.bytes() {
            [] => None,
            bytes => Some(PathBuf::from(OsStr::from_bytes(bytes))),
        },
        worker_threads: options.worker_threads as usize,
        send_queue_bytes_max: options.send_queue_bytes_max,
    })
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_start(options: *const Options, error: *mut Buffer) -> *mut Host {
    match config(&*options).and_then(Host::start) {
        Ok(host) => Box::into_raw(Box::new(host)),
        Err(why) => {
            error.write(why.into_bytes().into());
            std::ptr::null_mut()
        }
    }
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_stop(host: *mut Host) {
    Box::from_raw(host).stop();
}

// --- Events ---

#[repr(C)]
pub struct RawEvent {
    kind: u32,
    flags: u32,
    id: u64,
    number: u64,
    data: Buffer,
}

impl From<Event> for RawEvent {
    fn from(event: Event) -> RawEvent {
        let Event { kind, flags, id, number, data, .. } = event;
        RawEvent { kind, flags, id, number, data: data.into() }
    }
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_event_descriptor(host: *const Host) -> i32 {
    (*host).common.queue.descriptor()
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_take(host: *mut Host, out: *mut RawEvent, max: usize) -> usize {
    let mut place = out;
    (*host).take(max, |event| {
        place.write(event.into());
        place = place.add(1);
    })
}

// --- Connections ---

unsafe fn carry_out(host: *mut Host, command: Result<Command, String>, error: *mut Buffer) -> bool {
    match command {
        Ok(command) => {
            (*host).command(command);
            true
        }
        Err(why) => {
            error.write(why.into_bytes().into());
            false
        }
    }
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_listen(host: *mut Host, address: View, error: *mut Buffer) -> bool {
    carry_out(host, parse_address(address.bytes()).map(Command::Listen), error)
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_connect(
    host: *mut Host,
    peer: View,
    addresses: View,
    error: *mut Buffer,
) -> bool {
    let command = parse_peer(peer.bytes())
        .and_then(|peer| Ok(Command::Connect(peer, parse_addresses(addresses.bytes())?)));
    carry_out(host, command, error)
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_disconnect(host: *mut Host, peer: View) {
    if let Ok(peer) = parse_peer(peer.bytes()) {
        (*host).command(Command::Disconnect(peer));
    }
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_deny(host: *mut Host, peer: View, denied: bool) {
    if let Ok(peer) = parse_peer(peer.bytes()) {
        (*host).command(Command::Deny(peer, denied));
    }
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_listen_addresses(host: *const Host) -> Buffer {
    let addresses = (*host).listen_addresses();
    addresses.iter().fold(Fields::default(), Fields::add).into_bytes().into()
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_ping(host: *mut Host, peer: View) -> u64 {
    parse_peer(peer.bytes()).map_or(0, |peer| (*host).ping(peer))
}

// --- Streams ---

#[no_mangle]
pub unsafe extern "C" fn timerose_host_handle_protocol(
    host: *mut Host,
    name: View,
    frame_bytes_max: u32,
    inbound_streams_max: u32,
    sends_after_end: bool,
) {
    let frame_bytes_max = frame_bytes_max as usize;
    if let Ok(name) = StreamProtocol::try_from_owned(name.text()) {
        (*host).handle_protocol(Protocol { name, frame_bytes_max, inbound_streams_max, sends_after_end });
    }
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_open_stream(host: *mut Host, peer: View, protocols: View) -> u64 {
    let names = split(protocols.bytes()).into_iter();
    let names = names.filter_map(|name| StreamProtocol::try_from_owned(String::from_utf8_lossy(name).into()).ok());
    parse_peer(peer.bytes()).map_or(0, |peer| (*host).open_stream(peer, names.collect()))
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_send(host: *mut Host, stream: u64, pieces: *const View, count: usize) -> i32 {
    let views = if count == 0 { &[] } else { slice::from_raw_parts(pieces, count) };
    let pieces: Vec<&[u8]> = views.iter().map(|view| view.bytes()).collect();
    match (*host).send(stream, &pieces) {
        Sent::Taken => 0,
        Sent::Full => 1,
        Sent::Closed => 2,
    }
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_set_reading(host: *mut Host, stream: u64, reading: bool) {
    (*host).set_reading(stream, reading);
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_close_stream(host: *mut Host, stream: u64) {
    (*host).close_stream(stream);
}

// --- Routing ---

unsafe fn ask(host: *mut Host, question: Question) -> u64 {
    let id = (*host).next_id();
    (*host).command(Command::Ask(id, question));
    id
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_find_providers(host: *mut Host, key: View, count_max: u32) -> u64 {
    ask(host, Question::Providers { key: key.bytes().to_vec(), count_max: count_max as usize })
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_provide(host: *mut Host, key: View) -> u64 {
    ask(host, Question::Provide { key: key.bytes().to_vec() })
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_find_peer(host: *mut Host, peer: View) -> u64 {
    parse_peer(peer.bytes()).map_or(0, |peer| ask(host, Question::Peer(peer)))
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_get_value(host: *mut Host, key: View) -> u64 {
    ask(host, Question::Value { key: key.bytes().to_vec() })
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_put_value(host: *mut Host, key: View, value: View) -> u64 {
    ask(host, Question::PutValue { key: key.bytes().to_vec(), value: value.bytes().to_vec() })
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_accept_record(host: *mut Host, offer: u64) {
    (*host).command(Command::AcceptRecord(offer));
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_cancel_query(host: *mut Host, query: u64) {
    (*host).command(Command::Cancel(query));
}

// --- Pub/sub ---

#[no_mangle]
pub unsafe extern "C" fn timerose_host_subscribe(host: *mut Host, topic: View) {
    (*host).command(Command::Subscribe(topic.text()));
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_unsubscribe(host: *mut Host, topic: View) {
    (*host).command(Command::Unsubscribe(topic.text()));
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_publish(host: *mut Host, topic: View, data: View) -> i32 {
    if data.size > MESSAGE_BYTES_MAX {
        return 1;
    }
    let topic = topic.text();
    if !(*host).is_listened_to(&topic) {
        return 2;
    }
    (*host).command(Command::Publish(topic, data.bytes().to_vec()));
    0
}

#[no_mangle]
pub unsafe extern "C" fn timerose_host_judge(host: *mut Host, message: u64, verdict: i32) {
    (*host).command(Command::Judge(message, verdict));
}
