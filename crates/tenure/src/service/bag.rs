//! The data bag of a session: preferences, carts, progress. Written key by key, on conditions.

use super::Sessions;
use crate::core::SessionId;
use crate::store::{DataError, DataValue, DataVersion, Precondition, Store, Unavailable};

/// Why a data bag was not read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BagError {
    /// The key has another form than `[A-Za-z0-9._-]{1,64}`.
    #[error("a key of session data has 1 to 64 letters, digits, dots, underscores or hyphens")]
    BadKey,
    /// The value is too long.
    #[error("a value of session data has at most {LARGEST_VALUE} bytes; this one has {0}")]
    TooLarge(usize),
    /// There are too many keys.
    #[error("a session has at most {MOST_KEYS} keys of data")]
    TooMany,
    /// The session has ended or is unknown.
    #[error("the session has ended")]
    Gone,
    /// The precondition does not hold; this version is there.
    #[error("the value was changed meanwhile")]
    Conflict(Option<DataVersion>),
    /// The store does not answer: nobody knows.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The longest value, in bytes: 64 KiB.
pub const LARGEST_VALUE: usize = 64 * 1024;
/// How many keys a session may have. Writes of new keys at the same moment may pass it by a few: it
/// bounds memory, it is no quota.
pub const MOST_KEYS: usize = 64;
const LONGEST_KEY: usize = 64;

impl From<DataError> for BagError {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Gone => Self::Gone,
            DataError::Conflict(there) => Self::Conflict(there),
            DataError::Unavailable(unavailable) => Self::Unavailable(unavailable),
        }
    }
}

impl<S: Store> Sessions<S> {
    /// The keys of a session's data and their versions, in order.
    ///
    /// # Errors
    /// [`BagError::Gone`], [`BagError::Unavailable`].
    pub async fn data_keys(&self, id: SessionId) -> Result<Vec<(String, DataVersion)>, BagError> {
        Ok(self.store.data_keys(id).await?)
    }

    /// A value.
    ///
    /// # Errors
    /// [`BagError::BadKey`], [`BagError::Gone`], [`BagError::Unavailable`].
    pub async fn data(&self, id: SessionId, key: &str) -> Result<Option<DataValue>, BagError> {
        check_key(key)?;
        Ok(self.store.data(id, key).await?)
    }

    /// Writes a value if the precondition holds. It is durable when this answers. Gives its version.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use tenure::{clock::ManualClock, core::*, keys::*, service::*, store::*};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let keys = SharedKeys::new(KeyRing::generate(Timestamp::EPOCH).unwrap());
    /// # let clock = Arc::new(ManualClock::at(Timestamp::from_millis(1_700_000_000_000)));
    /// # let policy = Policy::builder(Preset::General).build().unwrap();
    /// # let sessions = Sessions::new(MemoryStore::new(), keys, clock, policy.clone());
    /// # let who = SignIn::new(Subject::new("ada")?, Assurance::Aal1, "shop.example.com");
    /// let id = sessions.sign_in(who, &policy).await?.session.id;
    /// let first = sessions.put_data(id, "cart", b"[1]".to_vec(), Precondition::Absent).await?;
    /// let second = sessions.put_data(id, "cart", b"[1,2]".to_vec(), Precondition::Version(first)).await?;
    ///
    /// let late = sessions.put_data(id, "cart", b"[1,3]".to_vec(), Precondition::Version(first)).await;
    /// assert!(matches!(late, Err(BagError::Conflict(Some(there))) if there == second));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`BagError`].
    pub async fn put_data(
        &self,
        id: SessionId,
        key: &str,
        value: Vec<u8>,
        precondition: Precondition,
    ) -> Result<DataVersion, BagError> {
        check_key(key)?;
        if value.len() > LARGEST_VALUE {
            return Err(BagError::TooLarge(value.len()));
        }
        let keys = self.store.data_keys(id).await?;
        if keys.len() >= MOST_KEYS && keys.iter().all(|(there, _)| there != key) {
            return Err(BagError::TooMany);
        }
        Ok(self.store.write_data(id, key, Some(value), precondition).await?)
    }

    /// Removes a value if the precondition holds. Removing what is not there is no error.
    ///
    /// # Errors
    /// [`BagError`].
    pub async fn delete_data(
        &self,
        id: SessionId,
        key: &str,
        precondition: Precondition,
    ) -> Result<(), BagError> {
        check_key(key)?;
        self.store.write_data(id, key, None, precondition).await?;
        Ok(())
    }
}

fn check_key(key: &str) -> Result<(), BagError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let good = (1..=LONGEST_KEY).contains(&key.len()) && key.bytes().all(is_allowed);
    if good { Ok(()) } else { Err(BagError::BadKey) }
}
