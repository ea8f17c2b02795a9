//! "Fields": how lists and records cross the C ABI (see `include/timerose_host.h`).

/// Writes fields one after the other.
#[derive(Default)]
pub struct Fields(Vec<u8>);

impl Fields {
    pub fn add(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let length = u32::try_from(bytes.len()).expect("a field is shorter than 4 GiB");
        self.0.reserve(4 + bytes.len());
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn add_list<T: AsRef<[u8]>>(self, items: impl IntoIterator<Item = T>) -> Self {
        let inner = items.into_iter().fold(Fields::default(), Fields::add);
        self.add(inner.0)
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// The fields in `bytes`; what is left over at the end is not one.
pub fn split(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
        let Some((field, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize) else {
            break;
        };
        fields.push(field);
        bytes = rest;
    }
    fields
}
