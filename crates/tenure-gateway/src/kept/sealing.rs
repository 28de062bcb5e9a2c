//! Sealing a body in chunks, so that no more than one of them is ever in memory.
//!
//! The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over ChaCha20-Poly1305 (RFC 8439): the nonce of a
//! chunk holds its number and whether it is the last, so a chunk that was altered, moved, left out or repeated does not open,
//! and neither does a body that was cut at the edge of a chunk. Each body has a random key of its own, which is why the rest
//! of the nonce may be zero.

use chacha20poly1305::aead::AeadInPlace as _;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, Nonce};
use zeroize::Zeroizing;

/// How many bytes of a body are sealed together. Every chunk but the last is as long as this.
pub const CHUNK: usize = 64 * 1024;
/// How many bytes a sealed chunk is longer.
pub const TAG: usize = 16;

/// The key of one body.
pub type BodyKey = Zeroizing<[u8; 32]>;

/// A chunk is damaged, out of place, or too many chunks came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the kept body is damaged")]
pub struct Damaged;

/// The chunks of one body, in their order.
pub struct Chunks {
    cipher: ChaCha20Poly1305,
    next: Option<u32>,
}

impl Chunks {
    /// Begins with the first chunk.
    pub fn new(key: &BodyKey) -> Self {
        Self { cipher: ChaCha20Poly1305::new((&**key).into()), next: Some(0) }
    }

    /// Seals the next chunk in place; it grows by [`TAG`].
    ///
    /// # Errors
    /// The body has more chunks than can be numbered (256 TiB).
    pub fn seal(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), Damaged> {
        let nonce = self.nonce(last)?;
        self.cipher.encrypt_in_place(&nonce, b"", chunk).map_err(|_| Damaged)
    }

    /// Opens the next chunk in place; it shrinks by [`TAG`].
    ///
    /// # Errors
    /// It is not the chunk that belongs here.
    pub fn open(&mut self, chunk: &mut Vec<u8>, last: bool) -> Result<(), Damaged> {
        let nonce = self.nonce(last)?;
        self.cipher.decrypt_in_place(&nonce, b"", chunk).map_err(|_| Damaged)
    }

    /// Seven zero bytes, the number of the chunk, and the mark of the last one. After the last one there is no other.
    fn nonce(&mut self, last: bool) -> Result<Nonce, Damaged> {
        let number = self.next.ok_or(Damaged)?;
        self.next = if last { None } else { number.checked_add(1) };
        let mut nonce = Nonce::default();
        nonce[7..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = u8::from(last);
        Ok(nonce)
    }
}

impl std::fmt::Debug for Chunks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunks").field("next", &self.next).finish_non_exhaustive()
    }
}

/// A new key.
///
/// # Errors
/// The operating system gives no random bits.
pub fn new_key() -> Result<BodyKey, getrandom::Error> {
    let mut key = BodyKey::default();
    getrandom::fill(&mut *key)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> BodyKey {
        BodyKey::new([7; 32])
    }

    fn sealed(chunks: &[&str]) -> Vec<Vec<u8>> {
        let mut stream = Chunks::new(&key());
        let last = chunks.len() - 1;
        chunks
            .iter()
            .enumerate()
            .map(|(number, text)| {
                let mut chunk = text.as_bytes().to_vec();
                stream.seal(&mut chunk, number == last).unwrap();
                chunk
            })
            .collect()
    }

    /// Opens chunks as a reader does, who takes the last one that is there for the last one.
    fn opened(chunks: &[Vec<u8>]) -> Result<Vec<u8>, Damaged> {
        let mut stream = Chunks::new(&key());
        let mut body = Vec::new();
        for (number, chunk) in chunks.iter().enumerate() {
            let mut chunk = chunk.clone();
            stream.open(&mut chunk, number + 1 == chunks.len())?;
            body.append(&mut chunk);
        }
        Ok(body)
    }

    #[test]
    fn what_was_sealed_opens_in_its_order_only() {
        let chunks = sealed(&["one", "two", "six"]);
        assert_eq!(opened(&chunks).as_deref(), Ok(&b"onetwosix"[..]));
        let pick = |numbers: &[usize]| numbers.iter().map(|&n| chunks[n].clone()).collect::<Vec<_>>();
        for order in
            [&[1, 0, 2][..], &[0, 2], &[0, 1], &[0], &[2], &[0, 1, 2, 2], &[0, 0, 1, 2], &[0, 1, 1, 2]]
        {
            assert_eq!(opened(&pick(order)), Err(Damaged), "{order:?}");
        }
    }

    #[test]
    fn every_altered_bit_is_noticed() {
        let chunks = sealed(&["one", ""]);
        for chunk in 0..2 {
            for byte in 0..chunks[chunk].len() {
                let mut altered = chunks.clone();
                altered[chunk][byte] ^= 1;
                assert_eq!(opened(&altered), Err(Damaged), "chunk {chunk}, byte {byte}");
            }
        }
    }

    #[test]
    fn nothing_can_be_sealed_after_the_last_chunk() {
        let mut stream = Chunks::new(&key());
        stream.seal(&mut Vec::new(), true).unwrap();
        assert_eq!(stream.seal(&mut Vec::new(), true), Err(Damaged));
    }
}
