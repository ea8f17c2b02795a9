//! A file of entries that grows at its end until it is written anew: what the DHT keeps for others
//! outlives the process by it.
//!
//! After the magic, an entry is its length and its checksum (FNV-1a), four bytes little-endian each,
//! and its bytes. From an entry that is not whole on, as a crash leaves it, nothing is read. Nothing
//! waits for the disk: what is lost comes back, for its owners announce it again.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const MAGIC: &[u8] = b"TRDHT\x01\r\n";
const HEADER_BYTES: usize = 8;
/// More than this is not read: the store is bounded to less.
const FILE_BYTES_MAX: u64 = 128 << 20;
/// The file is written anew once it has grown to twice what it was, and so much more.
const GROWTH_BYTES: u64 = 4 << 20;

pub struct RecordLog {
    file: File,
    path: PathBuf,
    bytes: u64,
    bytes_when_new: u64,
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn add_entry(out: &mut Vec<u8>, entry: &[u8]) {
    out.extend_from_slice(&(entry.len() as u32).to_le_bytes());
    out.extend_from_slice(&checksum(entry).to_le_bytes());
    out.extend_from_slice(entry);
}

fn number_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Gives each whole entry of the file, oldest first; none if there is no such file.
pub fn read(path: &Path, mut give: impl FnMut(&[u8])) -> io::Result<()> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else { return Ok(()) };
    while rest.len() >= HEADER_BYTES {
        let (length, expected) = (number_at(rest, 0) as usize, number_at(rest, 4));
        let Some(entry) = rest.get(HEADER_BYTES..HEADER_BYTES + length) else { break };
        if checksum(entry) != expected {
            break;
        }
        give(entry);
        rest = &rest[HEADER_BYTES + length..];
    }
    Ok(())
}

impl RecordLog {
    /// In the place of what was there, once it is written.
    pub fn create(path: &Path, entries: impl Iterator<Item = Vec<u8>>) -> io::Result<RecordLog> {
        let mut bytes = MAGIC.to_vec();
        entries.for_each(|entry| add_entry(&mut bytes, &entry));
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(&bytes)?;
        fs::rename(&new, path)?;
        let bytes = bytes.len() as u64;
        Ok(RecordLog { file, path: path.to_owned(), bytes, bytes_when_new: bytes })
    }

    pub fn append(&mut self, entry: &[u8]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + entry.len());
        add_entry(&mut bytes, entry);
        self.bytes += bytes.len() as u64;
        self.file.write_all(&bytes)
    }

    /// Time for `create()` with what is kept now.
    pub fn is_overgrown(&self) -> bool {
        self.bytes > 2 * self.bytes_when_new + GROWTH_BYTES
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("{name}-{}", std::process::id()))
    }

    fn entries(path: &Path) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        read(path, |entry| all.push(entry.to_vec())).unwrap();
        all
    }

    #[test]
    fn gives_back_what_was_written_and_appended() {
        let path = path("log-whole");
        let mut log = RecordLog::create(&path, [vec![1], vec![]].into_iter()).unwrap();
        log.append(&[2; 300]).unwrap();
        assert_eq!(entries(&path), [vec![1], vec![], vec![2; 300]]);
        assert!(!log.is_overgrown());
        log.append(&vec![3; GROWTH_BYTES as usize + 100]).unwrap();
        assert!(log.is_overgrown());
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn stops_at_what_is_not_whole_wherever_it_was_cut() {
        let path = path("log-cut");
        let mut log = RecordLog::create(&path, [vec![7; 5]].into_iter()).unwrap();
        let first = log.bytes as usize;
        log.append(&[8; 9]).unwrap();
        let whole = fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(entries(&path).len(), usize::from(cut >= first), "{cut}");
        }
        let mut wrong = whole.clone();
        wrong[first + HEADER_BYTES] ^= 1;
        fs::write(&path, &wrong).unwrap();
        assert_eq!(entries(&path), [vec![7; 5]]);
        fs::remove_file(&path).unwrap();
        assert!(entries(&path).is_empty());
    }
}
