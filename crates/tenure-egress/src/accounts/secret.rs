//! What accounts prove themselves with: secrets that are made here, and their hashes.
//!
//! A secret is 160 random bits, so its hash needs no slow function: nobody can try them all. Checking one takes well
//! under a microsecond, on every connection.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Secret;

/// The hash of a secret. `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretHash(blake3::Hash);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

const CONTEXT: &str = "Tenure egress 2026 secret of an account";
const LENGTH: usize = 20;
/// Crockford's: no letters that look like others.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl SecretHash {
    /// What is compared where there is no account.
    pub const NOBODY: Self = Self(blake3::Hash::from_bytes([0; 32]));

    /// The hash of a secret.
    #[must_use]
    pub fn of(secret: &Secret) -> Self {
        Self(blake3::Hash::from_bytes(blake3::derive_key(CONTEXT, secret.expose())))
    }

    /// Whether it is the hash of this secret, in a time that does not depend on how far it is.
    #[must_use]
    pub fn is_of(&self, secret: &Secret) -> bool {
        // Hashes of blake3 compare in constant time.
        Self::of(secret).0 == self.0
    }
}

impl From<SecretHash> for String {
    fn from(hash: SecretHash) -> Self {
        hash.0.to_hex().to_string()
    }
}

impl TryFrom<String> for SecretHash {
    type Error = blake3::HexError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        blake3::Hash::from_hex(text).map(Self)
    }
}

/// A new secret, as text that can be typed.
///
/// # Errors
/// The operating system gives no random bits.
pub fn generate() -> Result<Secret, getrandom::Error> {
    let mut random = Zeroizing::new([0; LENGTH]);
    getrandom::fill(&mut *random)?;
    let mut text = Vec::with_capacity(LENGTH * 8 / 5);
    for five in random.chunks_exact(5) {
        let bits = five.iter().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
        for shift in (0..8).rev() {
            let digit = usize::try_from(bits >> (shift * 5) & 31).unwrap_or_default();
            text.push(ALPHABET[digit]);
        }
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_160_bits_and_its_hash_knows_it_and_shows_nothing() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_eq!(one.expose().len(), 32);
        assert!(one.expose().iter().all(|byte| ALPHABET.contains(byte)));
        let hash = SecretHash::of(&one);
        assert!(hash.is_of(&one) && !hash.is_of(&other) && !SecretHash::NOBODY.is_of(&one));
        assert_eq!(format!("{hash:?}"), "SecretHash(..)");
        assert_eq!(SecretHash::try_from(String::from(hash)).unwrap(), hash);
    }
}
