//! The key ring in memory.

use std::fmt;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use zeroize::Zeroize as _;

use crate::core::Timestamp;
use crate::core::token::{Token, TokenError, TokenHash, TokenKey};

/// A ring of keys. One is current: it makes tokens and seals values. The others check and open
/// what was made with them.
#[derive(Clone)]
pub struct KeyRing {
    /// In order of their making; the last one is current.
    keys: Vec<Key>,
}

#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: u16,
    pub(super) made_at: Timestamp,
    pub(super) secret: Secret,
    pub(super) token: TokenKey,
    pub(super) sealing: Secret,
}

/// 256 bits that are wiped from memory when they are no longer needed.
#[derive(Clone)]
pub(super) struct Secret(pub(super) [u8; 32]);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What may be known of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct KeyInfo {
    /// Its id, which tokens and sealed values carry.
    pub id: u16,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether it makes new tokens and seals new values.
    pub current: bool,
}

impl KeyRing {
    /// A ring with one new key.
    ///
    /// # Errors
    /// The operating system gives no random bits.
    pub fn generate(now: Timestamp) -> Result<Self, getrandom::Error> {
        let mut ring = Self { keys: Vec::new() };
        ring.rotate(now)?;
        Ok(ring)
    }

    /// Adds a new key and makes it current. The older keys go on checking and opening.
    ///
    /// # Errors
    /// The operating system gives no random bits.
    pub fn rotate(&mut self, now: Timestamp) -> Result<KeyInfo, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let id = self.keys.last().map_or(1, |key| key.id.wrapping_add(1));
        self.keys.push(Key::new(id, now, secret));
        secret.zeroize();
        Ok(KeyInfo { id, made_at: now, current: true })
    }

    pub(super) fn from_keys(keys: Vec<Key>) -> Option<Self> {
        if keys.is_empty() { None } else { Some(Self { keys }) }
    }

    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// All keys, oldest first.
    pub fn list(&self) -> Vec<KeyInfo> {
        let current = self.current().id;
        self.keys
            .iter()
            .map(|key| KeyInfo { id: key.id, made_at: key.made_at, current: key.id == current })
            .collect()
    }

    pub(super) fn current(&self) -> &Key {
        // A ring is never empty: `generate` and `from_keys` see to it.
        &self.keys[self.keys.len() - 1]
    }

    pub(super) fn find(&self, id: u16) -> Option<&Key> {
        self.keys.iter().rev().find(|key| key.id == id)
    }

    /// Makes a new token and the hash under which the store will know it.
    ///
    /// # Errors
    /// The operating system gives no random bits.
    pub fn issue_token(&self) -> Result<(Token, TokenHash), getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let issued = self.current().token.issue(secret);
        secret.zeroize();
        Ok(issued)
    }

    /// Checks a token without any look-up.
    ///
    /// # Errors
    /// [`TokenError::Forged`] if no key of the ring made it.
    pub fn check_token(&self, token: &Token) -> Result<TokenHash, TokenError> {
        self.find(token.key_id()).ok_or(TokenError::Forged)?.token.check(token)
    }

    /// The id of the key by which [`KeyRing::authenticate`] makes proofs now.
    pub fn current_id(&self) -> u16 {
        self.current().id
    }

    /// A keyed hash for short-lived proofs such as form tokens: 256 bits over `purpose` and `data`
    /// under the key with this id, or the current one; `None` if the ring has no such key.
    pub fn authenticate(&self, key_id: Option<u16>, purpose: &str, data: &[u8]) -> Option<(u16, [u8; 32])> {
        let key = match key_id {
            Some(id) => self.find(id)?,
            None => self.current(),
        };
        let derived = blake3::Hasher::new_derive_key(purpose).update(&key.secret.0).finalize();
        Some((key.id, *blake3::keyed_hash(derived.as_bytes(), data).as_bytes()))
    }
}

impl Key {
    pub(super) fn new(id: u16, made_at: Timestamp, secret: [u8; 32]) -> Self {
        Self {
            id,
            made_at,
            token: TokenKey::new(id, blake3::derive_key("tenure 2026-11 session tokens", &secret)),
            sealing: Secret(blake3::derive_key("tenure 2026-11 sealed values", &secret)),
            secret: Secret(secret),
        }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list()).finish()
    }
}

/// A key ring that many threads read while it may be replaced by a rotated one.
#[derive(Clone)]
pub struct SharedKeys(Arc<ArcSwap<KeyRing>>);

impl SharedKeys {
    /// Shares a ring.
    pub fn new(ring: KeyRing) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(ring)))
    }

    /// The ring as it is now.
    pub fn load(&self) -> Guard<Arc<KeyRing>> {
        self.0.load()
    }

    /// Replaces the ring for everybody who shares it.
    pub fn replace(&self, ring: KeyRing) {
        self.0.store(Arc::new(ring));
    }
}

impl fmt::Debug for SharedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self.load(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_older_keys_are_still_good_after_a_rotation() {
        let mut ring = KeyRing::generate(Timestamp::EPOCH).unwrap();
        let (old, old_hash) = ring.issue_token().unwrap();
        ring.rotate(Timestamp::EPOCH).unwrap();
        let (new, new_hash) = ring.issue_token().unwrap();
        assert_eq!(ring.check_token(&old), Ok(old_hash));
        assert_eq!(ring.check_token(&new), Ok(new_hash));
        assert_ne!(old.key_id(), new.key_id());
    }

    #[test]
    fn a_token_of_another_ring_is_forged() {
        let ours = KeyRing::generate(Timestamp::EPOCH).unwrap();
        let theirs = KeyRing::generate(Timestamp::EPOCH).unwrap();
        assert_eq!(ours.check_token(&theirs.issue_token().unwrap().0), Err(TokenError::Forged));
    }
}
