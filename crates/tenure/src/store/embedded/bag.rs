//! Data bags. They are on disk only: applications read them rarely, and they may be large.
//!
//! A value is stored as its version and its bytes, sealed. What was removed leaves its version behind, so that
//! versions only grow; the mark goes with the bag.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::super::{DataError, DataValue, DataVersion, Precondition, Unavailable};
use super::engine::Space;
use super::journal::{Nature, Write};
use super::{EmbeddedStore, Inner, stopped};
use crate::core::SessionId;
use crate::keys::Purpose;

/// One write to a bag at a time, for each part of the sessions.
pub(super) struct Locks(Vec<Arc<Mutex<()>>>);

impl Locks {
    pub(super) fn new() -> Self {
        Self((0..64).map(|_| Arc::default()).collect())
    }

    fn of(&self, id: SessionId) -> Arc<Mutex<()>> {
        Arc::clone(&self.0[usize::from(id.as_bytes()[15]) % self.0.len()])
    }
}

/// A stored value: `None` was removed.
type StoredValue = (DataVersion, Option<Vec<u8>>);

fn place(id: SessionId, key: &str) -> Vec<u8> {
    let mut place = id.as_bytes().to_vec();
    place.extend_from_slice(key.as_bytes());
    place
}

impl Inner {
    fn check_live(&self, id: SessionId) -> Result<(), DataError> {
        let found = self.memory.visible(id).filter(|(_, image)| image.is_live());
        found.map(|_| ()).ok_or(DataError::Gone)
    }

    fn open_value(&self, place: &[u8], sealed: &[u8]) -> Result<StoredValue, Unavailable> {
        let plain =
            self.keys.load().open(Purpose { kind: "data", place }, sealed).map_err(Unavailable::because)?;
        let damaged = || Unavailable::because("a value of a data bag is damaged");
        let (version, rest) = plain.split_first_chunk::<8>().ok_or_else(damaged)?;
        let (&present, bytes) = rest.split_first().ok_or_else(damaged)?;
        Ok((DataVersion(u64::from_le_bytes(*version)), (present == 1).then(|| bytes.to_vec())))
    }

    fn seal_value(
        &self,
        place: &[u8],
        version: DataVersion,
        value: Option<&[u8]>,
    ) -> Result<Vec<u8>, Unavailable> {
        let mut plain = version.0.to_le_bytes().to_vec();
        plain.push(u8::from(value.is_some()));
        plain.extend_from_slice(value.unwrap_or_default());
        self.keys.load().seal(Purpose { kind: "data", place }, &plain).map_err(Unavailable::because)
    }

    fn stored_value(&self, place: &[u8]) -> Result<Option<StoredValue>, Unavailable> {
        let sealed = self.engine.get(Space::Data, place)?;
        sealed.map(|sealed| self.open_value(place, &sealed)).transpose()
    }

    pub(super) fn data_keys(&self, id: SessionId) -> Result<Vec<(String, DataVersion)>, DataError> {
        self.check_live(id)?;
        let mut keys = Vec::new();
        for (place, sealed) in self.engine.prefix(Space::Data, id.as_bytes())? {
            let (version, value) = self.open_value(&place, &sealed)?;
            if value.is_some() {
                keys.push((String::from_utf8_lossy(&place[16..]).into_owned(), version));
            }
        }
        Ok(keys)
    }

    pub(super) fn data(&self, id: SessionId, key: &str) -> Result<Option<DataValue>, DataError> {
        self.check_live(id)?;
        let stored = self.stored_value(&place(id, key))?;
        Ok(stored.and_then(|(version, bytes)| bytes.map(|bytes| DataValue { version, bytes })))
    }
}

pub(super) async fn write(
    store: &EmbeddedStore,
    id: SessionId,
    key: &str,
    value: Option<Vec<u8>>,
    precondition: Precondition,
) -> Result<DataVersion, DataError> {
    let inner = &store.inner;
    let turn = inner.bags.of(id).lock_owned().await;
    let place = place(id, key);
    inner.check_live(id)?;
    let stored = inner.stored_value(&place)?;
    let current = stored.as_ref().filter(|(_, value)| value.is_some()).map(|(version, _)| *version);
    if !precondition.holds_for(current) {
        return Err(DataError::Conflict(current));
    }
    if value.is_none() && current.is_none() {
        return Ok(stored.map_or(DataVersion(0), |(version, _)| version));
    }
    let version = DataVersion(stored.map_or(0, |(version, _)| version.0) + 1);
    let sealed = inner.seal_value(&place, version, value.as_deref())?;
    let answer = {
        // With the right to decide, so that an ending, which drops the bag, comes before or after, and the journal
        // knows which.
        let (_stripe, _, image) = inner.memory.decide_about(id).ok_or(DataError::Gone)?;
        if !image.is_live() {
            return Err(DataError::Gone);
        }
        // The turn is held until the write is durable, also if the caller stops waiting.
        let mut turn = Some(turn);
        store.submit(Nature::Gives, vec![Write::Data(place.into(), sealed.into())], move |result| {
            drop(turn.take());
            result
        })
    };
    answer.await.unwrap_or_else(|_| Err(stopped()))?;
    inner.check_live(id)?;
    Ok(version)
}
