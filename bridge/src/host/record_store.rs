//! The DHT records that are kept for others, and ours; bounded, and on disk if there is a place.
//!
//! A full store makes room by forgetting the oldest: a record is kept by many nodes and is put
//! again by its owner, so what is lost here comes back.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use libp2p::kad::store::{Error, RecordStore, Result};
use libp2p::kad::{ProviderRecord, Record, RecordKey};
use libp2p::PeerId;

use super::provider_table::ProviderTable;
use super::record_entry::{self, Entry};
use super::record_log::{self, RecordLog};

/// A value is an IPNS record or the like: 10 KiB by the specification of IPNS.
const VALUE_BYTES_MAX: usize = 10 << 10;
const VALUES_MAX: usize = 1024;
const PROVIDER_RECORDS_MAX: usize = 32_768;
/// What we provide has its own room, so that a large store of ours does not drive out what is kept
/// for others.
const OWN_RECORDS_MAX: usize = 65_536;
const KEY_BYTES_MAX: usize = 256;
/// Of values and of providers, as the Kademlia specification of libp2p has it.
pub const LIFETIME: Duration = Duration::from_secs(48 * 3600);

pub struct Records {
    own: PeerId,
    values: HashMap<RecordKey, Record>,
    /// In the order in which they came.
    value_order: VecDeque<RecordKey>,
    others: ProviderTable,
    ours: ProviderTable,
    log: Option<RecordLog>,
}

fn limited(expires: Option<Instant>) -> Option<Instant> {
    let latest = Instant::now() + LIFETIME;
    Some(expires.map_or(latest, |at| at.min(latest)))
}

impl Records {
    pub fn in_memory(own: PeerId) -> Records {
        Records {
            own,
            values: HashMap::new(),
            value_order: VecDeque::new(),
            others: ProviderTable::new(PROVIDER_RECORDS_MAX),
            ours: ProviderTable::new(OWN_RECORDS_MAX),
            log: None,
        }
    }

    /// With what the file has, which is made if there is none.
    pub fn open(own: PeerId, path: &Path) -> io::Result<Records> {
        let mut records = Records::in_memory(own);
        record_log::read(path, |entry| match record_entry::parse(entry) {
            Some(Entry::Value(record)) => records.insert(record),
            Some(Entry::Provider(record)) => records.others.add(record),
            Some(Entry::Gone(key)) => records.forget(&key),
            None => {}
        })?;
        records.log = Some(RecordLog::create(path, records.entries())?);
        Ok(records)
    }

    fn entries(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let values = self.value_order.iter().filter_map(|key| self.values.get(key));
        values.map(record_entry::of_value).chain(self.others.all().map(record_entry::of_provider))
    }

    fn insert(&mut self, mut record: Record) {
        record.expires = limited(record.expires);
        let key = record.key.clone();
        if self.values.insert(key.clone(), record).is_none() {
            self.value_order.push_back(key);
        }
        let now = Instant::now();
        while let Some(oldest) = self.value_order.front() {
            let has_expired = self.values.get(oldest).is_none_or(|record| record.is_expired(now));
            if self.values.len() <= VALUES_MAX && !has_expired {
                break;
            }
            self.value_order.pop_front().map(|key| self.values.remove(&key));
        }
    }

    fn forget(&mut self, key: &RecordKey) {
        if self.values.remove(key).is_some() {
            self.value_order.retain(|other| other != key);
        }
    }

    fn note(&mut self, entry: Vec<u8>) {
        let Some(log) = &mut self.log else { return };
        let mut noted = log.append(&entry);
        if noted.is_ok() && log.is_overgrown() {
            let path = log.path().to_owned();
            noted = RecordLog::create(&path, self.entries()).map(|new| self.log = Some(new));
        }
        if let Err(error) = noted {
            eprintln!("The records of the DHT are kept in memory only from now on: {error}");
            self.log = None;
        }
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
        self.insert(record);
        if let Some(entry) = self.values.get(&key).map(record_entry::of_value) {
            self.note(entry);
        }
        Ok(())
    }

    fn remove(&mut self, key: &RecordKey) {
        self.forget(key);
        self.note(record_entry::of_gone(key));
    }

    fn records(&self) -> Self::RecordsIter<'_> {
        self.values.values().map(Cow::Borrowed)
    }

    fn add_provider(&mut self, mut record: ProviderRecord) -> Result<()> {
        if record.key.as_ref().len() > KEY_BYTES_MAX {
            return Err(Error::ValueTooLarge);
        }
        record.expires = limited(record.expires);
        if record.provider == self.own {
            self.ours.add(record);
            return Ok(());
        }
        let entry = record_entry::of_provider(&record);
        self.others.add(record);
        self.note(entry);
        Ok(())
    }

    fn providers(&self, key: &RecordKey) -> Vec<ProviderRecord> {
        self.ours.of(key).chain(self.others.of(key)).cloned().collect()
    }

    fn provided(&self) -> Self::ProvidedIter<'_> {
        std::iter::empty()
    }

    fn remove_provider(&mut self, key: &RecordKey, provider: &PeerId) {
        let table = if *provider == self.own { &mut self.ours } else { &mut self.others };
        table.remove(key, provider);
    }
}
