//! Who provides what: bounded provider records, the key that came first forgotten first.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use libp2p::kad::{ProviderRecord, RecordKey};
use libp2p::PeerId;

const PROVIDERS_OF_KEY_MAX: usize = 20;
const ADDRESSES_OF_PROVIDER_MAX: usize = 8;
const ADDRESS_BYTES_MAX: usize = 256;

pub struct ProviderTable {
    records_max: usize,
    records: usize,
    keys: HashMap<RecordKey, Vec<ProviderRecord>>,
    /// In the order in which they came.
    order: VecDeque<RecordKey>,
}

impl ProviderTable {
    pub fn new(records_max: usize) -> ProviderTable {
        ProviderTable { records_max, records: 0, keys: HashMap::new(), order: VecDeque::new() }
    }

    pub fn add(&mut self, mut record: ProviderRecord) {
        let now = Instant::now();
        // Room only for those that are kept, however many came.
        record.addresses = std::mem::take(&mut record.addresses)
            .into_iter()
            .filter(|address| address.len() <= ADDRESS_BYTES_MAX)
            .take(ADDRESSES_OF_PROVIDER_MAX)
            .collect();
        record.addresses.shrink_to_fit();
        let key = record.key.clone();
        if !self.keys.contains_key(&key) {
            self.order.push_back(key.clone());
        }
        let providers = self.keys.entry(key).or_default();
        let before = providers.len();
        providers.retain(|old| old.provider != record.provider && !old.is_expired(now));
        if providers.len() == PROVIDERS_OF_KEY_MAX {
            providers.remove(0);
        }
        providers.push(record);
        self.records = self.records + providers.len() - before;
        self.make_room(now);
    }

    fn make_room(&mut self, now: Instant) {
        while let Some(oldest) = self.order.front() {
            let has_expired = self.keys.get(oldest).is_none_or(|all| all.iter().all(|record| record.is_expired(now)));
            if self.records <= self.records_max && !has_expired {
                break;
            }
            let gone = self.order.pop_front().and_then(|key| self.keys.remove(&key));
            self.records -= gone.map_or(0, |providers| providers.len());
        }
    }

    pub fn of<'a>(&'a self, key: &RecordKey) -> impl Iterator<Item = &'a ProviderRecord> + use<'a> {
        let now = Instant::now();
        self.keys.get(key).into_iter().flatten().filter(move |record| !record.is_expired(now))
    }

    /// Oldest key first.
    pub fn all(&self) -> impl Iterator<Item = &ProviderRecord> {
        self.order.iter().filter_map(|key| self.keys.get(key)).flatten()
    }

    pub fn remove(&mut self, key: &RecordKey, provider: &PeerId) {
        let Some(providers) = self.keys.get_mut(key) else { return };
        let before = providers.len();
        providers.retain(|record| record.provider != *provider);
        self.records -= before - providers.len();
        if providers.is_empty() {
            self.keys.remove(key);
            self.order.retain(|other| other != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use libp2p::Multiaddr;

    use super::*;

    const RECORDS_MAX: usize = 16;

    fn record(key: u32, provider: PeerId, addresses: Vec<Multiaddr>) -> ProviderRecord {
        ProviderRecord::new(RecordKey::new(&key.to_be_bytes()), provider, addresses)
    }

    #[test]
    fn keeps_so_many_records_of_all_keys_and_forgets_the_oldest() {
        let mut table = ProviderTable::new(RECORDS_MAX);
        let peers: Vec<PeerId> = (0..4).map(|_| PeerId::random()).collect();
        let keys = (RECORDS_MAX / peers.len()) as u32;
        for key in 0..keys {
            peers.iter().for_each(|peer| table.add(record(key, *peer, Vec::new())));
        }
        assert_eq!(table.records, RECORDS_MAX);
        table.add(record(keys, peers[0], Vec::new()));
        assert_eq!(table.records, RECORDS_MAX - peers.len() + 1);
        assert_eq!(table.of(&RecordKey::new(&0u32.to_be_bytes())).count(), 0);
        table.remove(&RecordKey::new(&1u32.to_be_bytes()), &peers[0]);
        assert_eq!(table.records, RECORDS_MAX - peers.len());
    }

    #[test]
    fn keeps_few_addresses_and_no_long_ones() {
        let mut table = ProviderTable::new(RECORDS_MAX);
        let long: Multiaddr = format!("/dns4/{}/tcp/1", "a".repeat(300)).parse().unwrap();
        let addresses = (1..100).map(|port| format!("/ip4/10.0.0.1/tcp/{port}").parse().unwrap());
        table.add(record(1, PeerId::random(), std::iter::once(long).chain(addresses).collect()));
        let kept = &table.all().next().unwrap().addresses;
        assert_eq!(kept.len(), ADDRESSES_OF_PROVIDER_MAX);
        assert_eq!(kept[0], "/ip4/10.0.0.1/tcp/1".parse::<Multiaddr>().unwrap());
        assert!(kept.capacity() <= 2 * ADDRESSES_OF_PROVIDER_MAX);
    }
}
