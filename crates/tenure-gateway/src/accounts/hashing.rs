//! Passwords and their hashes: Argon2id (RFC 9106) with the parameters that OWASP's Password Storage Cheat Sheet
//! names first, on a bounded number of threads.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The shortest password (NIST SP 800-63B-4, section 3.1.1.2, for one that is used with nothing else: 15; as one
/// of two factors: 8).
const SHORTEST: usize = 8;
/// The longest password, in bytes: far above the 64 characters that NIST asks to allow.
const LONGEST: usize = 1024;

/// How many passwords may wait to be checked; more are turned away, so that memory stays bounded.
const WAITING: usize = 256;

/// The hash of a password in PHC string format. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

/// Why a password cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// It is too short.
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    /// It is too long.
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    /// It could not be hashed: no random bits, or no memory.
    #[error("the password could not be hashed")]
    Failed,
}

/// Too many passwords wait to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords wait to be checked")]
pub struct HashError;

/// Hashes a new password.
///
/// # Errors
/// It is too short or too long, or the operating system gives no random bits.
pub fn hash_password(password: &str) -> Result<PasswordHash, PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::TooLong);
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| PasswordError::Failed)?;
    let salt = SaltString::encode_b64(&salt).map_err(|_| PasswordError::Failed)?;
    let hash = argon2().hash_password(password.as_bytes(), &salt).map_err(|_| PasswordError::Failed)?;
    Ok(PasswordHash(hash.to_string()))
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Checks passwords, a few at a time.
pub(super) struct Hasher {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    computed: Arc<AtomicU64>,
    /// The hash that a password is held against where there is no account.
    nobody: PasswordHash,
}

impl Hasher {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let nobody = hash_password("no account has this password").unwrap_or(PasswordHash(String::new()));
        Self {
            running: Arc::new(Semaphore::new(cores.div_ceil(2))),
            waiting: Arc::new(Semaphore::new(WAITING)),
            computed: Arc::default(),
            nobody,
        }
    }

    /// Whether a password is the one of a hash. Without a hash the same work is done, and the answer is no.
    pub(super) async fn verify(
        &self,
        password: Zeroizing<String>,
        hash: Option<PasswordHash>,
    ) -> Result<bool, HashError> {
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| HashError)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|_| HashError)?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let computed = Arc::clone(&self.computed);
        let checked = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            computed.fetch_add(1, Ordering::Relaxed);
            matches(&password, &hash)
        });
        Ok(checked.await.unwrap_or(false) && known)
    }

    /// How many hashes have been computed.
    #[cfg(test)]
    pub(super) fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }
}

fn matches(password: &str, hash: &PasswordHash) -> bool {
    // Too long to be anybody's: the work is done all the same.
    let password = password.get(..LONGEST.min(password.len())).unwrap_or_default();
    argon2::PasswordHash::new(&hash.0)
        .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_names_its_parameters_and_is_never_shown() {
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(format!("{hash:?}"), "PasswordHash(..)");
        assert!(matches("correct horse", &hash) && !matches("correct horses", &hash));
        assert_ne!(hash, hash_password("correct horse").unwrap());
    }

    #[test]
    fn a_password_has_a_sensible_length() {
        assert_eq!(hash_password("short"), Err(PasswordError::TooShort));
        assert_eq!(hash_password(&"x".repeat(LONGEST + 1)), Err(PasswordError::TooLong));
    }

    #[tokio::test]
    async fn a_damaged_hash_lets_nobody_in() {
        let hasher = Hasher::new();
        let damaged = PasswordHash("$argon2id$nonsense".into());
        assert_eq!(hasher.verify(Zeroizing::new("correct horse".into()), Some(damaged)).await, Ok(false));
    }
}
