//! A DHT record as an entry of the log: fields, whose first says what the others are.
//!
//! "[value, key, value, publisher or nothing, expiry]", "[provider, key, provider, expiry, {address}]"
//! and "[gone, key]", of a value; an expiry is seconds since 1970, eight bytes little-endian.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use libp2p::kad::{ProviderRecord, Record, RecordKey};
use libp2p::{Multiaddr, PeerId};

use super::fields::{split, Fields};

const VALUE: &[u8] = b"value";
const PROVIDER: &[u8] = b"provider";
const GONE: &[u8] = b"gone";

pub enum Entry {
    Value(Record),
    Provider(ProviderRecord),
    Gone(RecordKey),
}

fn seconds_of(expires: Option<Instant>) -> [u8; 8] {
    let left = expires.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()));
    (SystemTime::now() + left).duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()).to_le_bytes()
}

/// None: it is over.
fn instant_of(seconds: &[u8]) -> Option<Instant> {
    let seconds = u64::from_le_bytes(seconds.try_into().ok()?);
    let left = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?.duration_since(SystemTime::now()).ok()?;
    Instant::now().checked_add(left)
}

pub fn of_value(record: &Record) -> Vec<u8> {
    let publisher = record.publisher.map_or_else(Vec::new, |peer| peer.to_bytes());
    let fields = Fields::default().add(VALUE).add(&record.key).add(&record.value).add(publisher);
    fields.add(seconds_of(record.expires)).into_bytes()
}

pub fn of_provider(record: &ProviderRecord) -> Vec<u8> {
    let fields = Fields::default().add(PROVIDER).add(&record.key).add(record.provider.to_bytes());
    fields.add(seconds_of(record.expires)).add_list(record.addresses.iter().map(|a| a.to_vec())).into_bytes()
}

pub fn of_gone(key: &RecordKey) -> Vec<u8> {
    Fields::default().add(GONE).add(key).into_bytes()
}

/// None: of another version, or it has expired.
pub fn parse(bytes: &[u8]) -> Option<Entry> {
    match split(bytes).as_slice() {
        [VALUE, key, value, publisher, expires] => Some(Entry::Value(Record {
            key: key.to_vec().into(),
            value: value.to_vec(),
            publisher: PeerId::from_bytes(publisher).ok(),
            expires: Some(instant_of(expires)?),
        })),
        [PROVIDER, key, provider, expires, addresses] => Some(Entry::Provider(ProviderRecord {
            key: key.to_vec().into(),
            provider: PeerId::from_bytes(provider).ok()?,
            expires: Some(instant_of(expires)?),
            addresses: split(addresses).into_iter().filter_map(|a| Multiaddr::try_from(a.to_vec()).ok()).collect(),
        })),
        [GONE, key] => Some(Entry::Gone(key.to_vec().into())),
        _ => None,
    }
}
