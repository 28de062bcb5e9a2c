//! One change of leases, as a line of the journal: a checksum and a JSON object.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Record {
    /// An account got an address.
    Lease {
        /// Whose it is.
        account: String,
        /// What sites see.
        address: IpAddr,
        /// When, in seconds since 1970.
        at: u64,
    },
    /// An account gave an address back.
    Release {
        /// Whose it was.
        account: String,
        /// Which.
        address: IpAddr,
        /// From when on somebody else may get it, in seconds since 1970.
        free_at: u64,
    },
    /// An account got another address of the same family, in one step.
    Move {
        /// Whose they are.
        account: String,
        /// The old one.
        from: IpAddr,
        /// The new one.
        to: IpAddr,
        /// When, in seconds since 1970.
        at: u64,
        /// From when on somebody else may get the old one.
        free_at: u64,
    },
}

/// Why a line is not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is cut off, or its bytes are not those that were written.
    Damaged,
    /// It is whole, and of a newer version.
    Unknown,
}

/// Hexadecimal digits of a checksum.
const DIGITS: usize = 16;

impl Record {
    /// The line, with its end.
    #[must_use]
    pub fn to_line(&self) -> String {
        let object = serde_json::to_string(self).unwrap_or_default();
        format!("{:016x} {object}\n", xxh3_64(object.as_bytes()))
    }

    /// Reads a line without its end.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn from_line(line: &[u8]) -> Result<Self, Unreadable> {
        let (sum, object) = line.split_at_checked(DIGITS).ok_or(Unreadable::Damaged)?;
        let object = object.strip_prefix(b" ").ok_or(Unreadable::Damaged)?;
        let sum = std::str::from_utf8(sum).ok().and_then(|sum| u64::from_str_radix(sum, 16).ok());
        if sum != Some(xxh3_64(object)) {
            return Err(Unreadable::Damaged);
        }
        serde_json::from_slice(object).map_err(|_| Unreadable::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_no_changed_byte_passes() {
        let record = Record::Move {
            account: "ada \"wörk\"".into(),
            from: "192.0.2.1".parse().unwrap(),
            to: "192.0.2.2".parse().unwrap(),
            at: 5,
            free_at: 10,
        };
        let line = record.to_line();
        let line = line.strip_suffix('\n').unwrap().as_bytes();
        assert_eq!(Record::from_line(line), Ok(record));
        for index in 0..line.len() {
            let mut changed = line.to_vec();
            changed[index] ^= 1;
            assert_eq!(Record::from_line(&changed), Err(Unreadable::Damaged), "byte {index}");
            assert_eq!(Record::from_line(&line[..index]), Err(Unreadable::Damaged));
        }
    }
}
