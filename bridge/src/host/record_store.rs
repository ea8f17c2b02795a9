//! The DHT records that are kept for others, in memory and bounded.
//!
//! A full store makes room by forgetting the oldest: a record is kept by many nodes and is put
//! again by its owner, so what is lost here comes back.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{ProviderRecord, Record, RecordKey};
use libp2p::PeerId;

/// A value is an IPNS record or the like: 10 KiB by the specification of IPNS.
const VALUE_BYTES_MAX: usize = 10 << 10;
const VALUES_MAX: usize = 1024;
const PROVIDED_KEYS_MAX: usize = 16384;
const PROVIDERS_OF_KEY_MAX: usize = 20;
const ADDRESSES_OF_PROVIDER_MAX: usize = 8;
const KEY_BYTES_MAX: usize = 256;
/// As the Kademlia specification of libp2p has it.
const PROVIDER_LIFETIME: Duration = Duration::from_secs(48 * 3600);

/// Keys in the order in which they came.
type Order = VecDeque<RecordKey>;

#[derive(Default)]
pub struct Records {
    values: HashMap<RecordKey, Record>,
    value_order: Order,
    providers: HashMap<RecordKey, Vec<ProviderRecord>>,
    provider_order: Order,
}

impl Records {
    fn forget_oldest_value(&mut self) {
        if let Some(key) = self.value_order.pop_front() {
            self.values.remove(&key);
        }
    }

    fn forget_oldest_providers(&mut self) {
        if let Some(key) = self.provider_order.pop_front() {
            self.providers.remove(&key);
        }
    }
}

fn remove_from(order: &mut Order, key: &RecordKey) {
    if let Some(place) = order.iter().position(|other| other == key) {
        order.remove(place);
    }
}

impl RecordStore for Records {
    type RecordsIter<'a> = std::iter::Map<
        std::collections::hash_map::Values<'a, RecordKey, Record>,
        fn(&'a Record) -> Cow<'a, Record>,
    >;
    // Providing again is the owner's business.
    type ProvidedIter<'a> = std::iter::Empty<Cow<'a, ProviderRecord>>;

    fn get(&self, key: &RecordKey) -> Option<Cow<'_, Record>> {
        self.values.get(key).map(Cow::Borrowed)
    }

    fn put(&mut self, record: Record) -> Result<()> {
        if record.value.len() > VALUE_BYTES_MAX || record.key.as_ref().len() > KEY_BYTES_MAX {
            return Err(Error::ValueTooLarge);
        }
        let key = record.key.clone();
        if self.values.insert(key.clone(), record).is_none() {
            self.value_order.push_back(key);
            if self.values.len() > VALUES_MAX {
                self.forget_oldest_value();
            }
        }
        Ok(())
    }

    fn remove(&mut self, key: &RecordKey) {
        if self.values.remove(key).is_some() {
            remove_from(&mut self.value_order, key);
        }
    }

    fn records(&self) -> Self::RecordsIter<'_> {
        self.values.values().map(Cow::Borrowed)
    }

    fn add_provider(&mut self, mut record: ProviderRecord) -> Result<()> {
        if record.key.as_ref().len() > KEY_BYTES_MAX {
            return Err(Error::ValueTooLarge);
        }
        record.addresses.truncate(ADDRESSES_OF_PROVIDER_MAX);
        record.expires = record.expires.or(Some(Instant::now() + PROVIDER_LIFETIME));
        let key = record.key.clone();
        let is_new = !self.providers.contains_key(&key);
        let providers = self.providers.entry(key.clone()).or_default();
        providers.retain(|old| old.provider != record.provider && !old.is_expired(Instant::now()));
        if providers.len() == PROVIDERS_OF_KEY_MAX {
            providers.remove(0);
        }
        providers.push(record);
        if is_new {
            self.provider_order.push_back(key);
            if self.providers.len() > PROVIDED_KEYS_MAX {
                self.forget_oldest_providers();
            }
        }
        Ok(())
    }

    fn providers(&self, key: &RecordKey) -> Vec<ProviderRecord> {
        self.providers.get(key).cloned().unwrap_or_default()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        std::iter::empty()
    }

    fn remove_provider(&mut self, key: &RecordKey, provider: &PeerId) {
        let Some(providers) = self.providers.get_mut(key) else { return };
        providers.retain(|record| record.provider != *provider);
        if providers.is_empty() {
            self.providers.remove(key);
            remove_from(&mut self.provider_order, key);
        }
    }
}
