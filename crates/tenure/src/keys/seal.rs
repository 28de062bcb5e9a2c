//! Sealing values for storage: XChaCha20-Poly1305 under the current key of the ring.
//!
//! A sealed value is `1` (the version of this format), the id of the key (2 bytes), a random nonce
//! (24 bytes), and ciphertext with its tag (16 bytes more than the plain value). What the value
//! belongs to is authenticated with it, so that it opens in no other place.

use chacha20poly1305::aead::AeadInPlace as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

use super::ring::{Key, KeyRing};

const FORMAT: u8 = 1;
const HEADER: usize = 1 + 2;
const NONCE: usize = 24;
const TAG: usize = 16;
/// How many bytes a sealed value is longer than the plain one.
pub const OVERHEAD: usize = HEADER + NONCE + TAG;

/// What a value is and where it belongs: authenticated, not stored.
#[derive(Clone, Copy, Debug)]
pub struct Purpose<'a> {
    /// The kind of value, such as `session`.
    pub kind: &'static str,
    /// Its place, such as the bytes of a session id.
    pub place: &'a [u8],
}

/// Why a value cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The operating system gives no random bits, so nothing can be sealed.
    #[error("the operating system gives no random bits")]
    NoRandomness,
    /// The value has a format that this version does not know.
    #[error("the stored value has the unknown format {0}")]
    UnknownFormat(u8),
    /// The key is not in the ring (any more).
    #[error("the stored value was sealed with key {0}, which is not in the key ring")]
    UnknownKey(u16),
    /// The value has been damaged, cut short, or belongs to another place.
    #[error("the stored value is damaged or belongs to another place")]
    Damaged,
}

impl KeyRing {
    /// Seals a value.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn seal(&self, purpose: Purpose<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        self.seal_into(&mut sealed, purpose, |sealed| sealed.extend_from_slice(plain))?;
        Ok(sealed)
    }

    /// Seals a value that `write` puts at the end of a buffer, in its place.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub(crate) fn seal_into(
        &self,
        buffer: &mut Vec<u8>,
        purpose: Purpose<'_>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), SealError> {
        let key = self.current();
        buffer.push(FORMAT);
        buffer.extend_from_slice(&key.id.to_be_bytes());
        let mut nonce = XNonce::default();
        getrandom::fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        buffer.extend_from_slice(&nonce);
        let begin = buffer.len();
        write(buffer);
        let tag = cipher(key)
            .encrypt_in_place_detached(&nonce, &associated(purpose), &mut buffer[begin..])
            .map_err(|_| SealError::Damaged)?;
        buffer.extend_from_slice(&tag);
        Ok(())
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// The value is damaged, of an unknown format, of an unknown key, or of another purpose.
    pub fn open(&self, purpose: Purpose<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut plain = Vec::new();
        self.open_into(&mut plain, purpose, sealed)?;
        Ok(plain)
    }

    /// Opens a sealed value into a buffer, in place of what that held.
    ///
    /// # Errors
    /// As [`open`](Self::open); then the buffer holds nothing that is of use.
    pub(crate) fn open_into(
        &self,
        buffer: &mut Vec<u8>,
        purpose: Purpose<'_>,
        sealed: &[u8],
    ) -> Result<(), SealError> {
        let (header, rest) = sealed.split_first_chunk::<HEADER>().ok_or(SealError::Damaged)?;
        if header[0] != FORMAT {
            return Err(SealError::UnknownFormat(header[0]));
        }
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Damaged)?;
        let (body, tag) = rest.split_last_chunk::<TAG>().ok_or(SealError::Damaged)?;
        let id = u16::from_be_bytes([header[1], header[2]]);
        let key = self.find(id).ok_or(SealError::UnknownKey(id))?;
        buffer.clear();
        buffer.extend_from_slice(body);
        cipher(key)
            .decrypt_in_place_detached(nonce.into(), &associated(purpose), buffer, tag.into())
            .map_err(|_| SealError::Damaged)
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&key.sealing.0).into())
}

/// `kind`, a zero byte (no kind has one), and the place.
fn associated(purpose: Purpose<'_>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(purpose.kind.len() + 1 + purpose.place.len());
    bytes.extend_from_slice(purpose.kind.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(purpose.place);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::Timestamp;

    const PURPOSE: Purpose<'_> = Purpose { kind: "session", place: b"one" };

    #[test]
    fn a_value_opens_where_it_was_sealed_and_after_a_rotation() {
        let mut ring = KeyRing::generate(Timestamp::EPOCH).unwrap();
        let sealed = ring.seal(PURPOSE, b"cart").unwrap();
        assert_eq!(sealed.len(), 4 + OVERHEAD);
        ring.rotate(Timestamp::EPOCH).unwrap();
        assert_eq!(ring.open(PURPOSE, &sealed).as_deref(), Ok(&b"cart"[..]));
    }

    #[test]
    fn a_value_moved_to_another_place_does_not_open() {
        let ring = KeyRing::generate(Timestamp::EPOCH).unwrap();
        let sealed = ring.seal(PURPOSE, b"cart").unwrap();
        assert_eq!(ring.open(Purpose { kind: "session", place: b"two" }, &sealed), Err(SealError::Damaged));
        assert_eq!(ring.open(Purpose { kind: "data", place: b"one" }, &sealed), Err(SealError::Damaged));
    }

    #[test]
    fn every_damaged_byte_and_every_cut_is_noticed() {
        let ring = KeyRing::generate(Timestamp::EPOCH).unwrap();
        let sealed = ring.seal(PURPOSE, b"cart").unwrap();
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert!(ring.open(PURPOSE, &damaged).is_err(), "byte {place}");
            assert!(ring.open(PURPOSE, &sealed[..place]).is_err(), "cut at {place}");
        }
    }
}
