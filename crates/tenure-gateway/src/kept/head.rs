//! What is known of a kept request besides its body.

use serde::{Deserialize, Serialize};
use tenure::core::{Audience, SessionId, Subject, Timestamp};
use tenure::keys::{KeyRing, Purpose, SealError};
use zeroize::Zeroizing;

use super::KeptId;
use super::sealing::BodyKey;

/// What is known of a kept request besides its body. It is sealed with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The method.
    pub method: String,
    /// The path and query.
    pub target: String,
    /// `Content-Type`, as it came.
    pub content_type: Option<Vec<u8>>,
    /// `Content-Encoding`, as it came.
    pub content_encoding: Option<Vec<u8>>,
    /// The page it was sent from.
    pub referer: Option<Vec<u8>>,
    /// The host it was sent to, without a port.
    pub host: String,
    /// The pattern of the route that was found for it.
    pub route: String,
    /// Whom it belongs to.
    pub subject: Subject,
    /// The session that was locked.
    pub session: SessionId,
    /// When it came.
    pub kept_at: Timestamp,
    /// When it is removed.
    pub expires_at: Timestamp,
}

/// As it lies on disk, behind the key of the body.
#[derive(Serialize, Deserialize)]
struct Stored {
    method: String,
    target: String,
    content_type: Option<Vec<u8>>,
    content_encoding: Option<Vec<u8>>,
    referer: Option<Vec<u8>>,
    host: String,
    route: String,
    subject: String,
    session: SessionId,
    kept_at: u64,
    expires_at: u64,
}

const fn purpose(id: &KeptId) -> Purpose<'_> {
    Purpose { kind: "kept request", place: id.as_bytes() }
}

impl Head {
    /// The host as sessions know it.
    pub fn audience(&self) -> Audience {
        Audience::of_host(&self.host)
    }

    /// Seals the head of this kept request together with the key of its body.
    ///
    /// # Errors
    /// The operating system gives no random bits.
    pub fn seal(&self, id: &KeptId, key: &BodyKey, keys: &KeyRing) -> Result<Vec<u8>, SealError> {
        let stored = Stored {
            method: self.method.clone(),
            target: self.target.clone(),
            content_type: self.content_type.clone(),
            content_encoding: self.content_encoding.clone(),
            referer: self.referer.clone(),
            host: self.host.clone(),
            route: self.route.clone(),
            subject: self.subject.as_str().into(),
            session: self.session,
            kept_at: self.kept_at.as_millis(),
            expires_at: self.expires_at.as_millis(),
        };
        let mut plain = Zeroizing::new(key.to_vec());
        serde_json::to_writer(&mut *plain, &stored).map_err(|_| SealError::Damaged)?;
        keys.seal(purpose(id), &plain)
    }

    /// Opens a head, which opens under its own name only.
    ///
    /// # Errors
    /// It is damaged, of another name, or sealed with a key that is not in the ring.
    pub fn open(id: &KeptId, sealed: &[u8], keys: &KeyRing) -> Result<(Self, BodyKey), SealError> {
        let plain = Zeroizing::new(keys.open(purpose(id), sealed)?);
        let (key, text) = plain.split_first_chunk::<32>().ok_or(SealError::Damaged)?;
        let stored: Stored = serde_json::from_slice(text).map_err(|_| SealError::Damaged)?;
        let head = Self {
            method: stored.method,
            target: stored.target,
            content_type: stored.content_type,
            content_encoding: stored.content_encoding,
            referer: stored.referer,
            host: stored.host,
            route: stored.route,
            subject: Subject::new(&stored.subject).map_err(|_| SealError::Damaged)?,
            session: stored.session,
            kept_at: Timestamp::from_millis(stored.kept_at),
            expires_at: Timestamp::from_millis(stored.expires_at),
        };
        Ok((head, BodyKey::new(*key)))
    }
}
