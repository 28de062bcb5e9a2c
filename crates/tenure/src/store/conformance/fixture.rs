//! Sessions to try stores with.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::super::{
    Actor, Change, Details, Device, Ending, Found, Happening, OldPrivilege, Record, Rotation, Store, Touch,
    UpdateError,
};
use crate::core::{
    Assurance, Audience, EndReason, LockReason, Session, SessionId, State, Subject, Timestamp, TokenHash,
    Version,
};

pub(super) const START: Timestamp = Timestamp::from_millis(1_700_000_000_000);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HERE: Audience = Audience(1);
pub(super) const ELSEWHERE: Audience = Audience(2);

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A number that no other call gives. Spread over all bits, as random ids are.
fn unique() -> u64 {
    NUMBERS.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

pub(super) fn new_id() -> SessionId {
    let mut bytes = [0x5a; 16];
    bytes[..8].copy_from_slice(&unique().to_be_bytes());
    SessionId::from_bytes(bytes)
}

pub(super) fn new_token() -> TokenHash {
    let mut bytes = [0xa5; 24];
    bytes[..8].copy_from_slice(&unique().to_be_bytes());
    TokenHash(bytes)
}

pub(super) fn subject(name: &str) -> Subject {
    Subject::new(name).expect("the names of this suite are good")
}

/// A session that signed in at this moment and is due half an hour later.
pub(super) fn record(name: &str, audience: Audience, at: Timestamp) -> Record {
    let session = Session {
        id: new_id(),
        subject: subject(name),
        audience,
        state: State::Active,
        assurance: Assurance::Aal1,
        remembered: false,
        signed_in_at: at,
        authenticated_at: at,
        last_activity_at: at,
        rotated_at: at,
        version: Version::FIRST,
    };
    let device = Device { user_agent: "A browser".into(), address: "192.0.2.1".into() };
    let mut details = Details { host: "wiki.example.com".into(), device, ending: None, timeline: Vec::new() };
    details.note(at, Happening::SignedIn, Actor::Person);
    Record { session, details, due_at: at + 30 * MINUTE }
}

/// Inserts a session of `ada` and gives its record and token.
pub(super) async fn signed_in<S: Store>(store: &S) -> (Record, TokenHash) {
    signed_in_as(store, "ada", HERE, START).await
}

pub(super) async fn signed_in_as<S: Store>(
    store: &S,
    name: &str,
    audience: Audience,
    at: Timestamp,
) -> (Record, TokenHash) {
    let (record, token) = (record(name, audience, at), new_token());
    let displaced = store.insert(record.clone(), token, super::super::Admission::Unlimited).await;
    assert_eq!(displaced.expect("a session is inserted"), []);
    (record, token)
}

pub(super) async fn found<S: Store>(store: &S, token: TokenHash) -> Found {
    store.find(&token).await.expect("the store answers").expect("the token is known")
}

pub(super) async fn loaded<S: Store>(store: &S, id: SessionId) -> Record {
    store.load(id).await.expect("the store answers").expect("the session is known")
}

pub(super) fn change(record: Record) -> Change {
    Change { record, rotation: None, if_quiet_since: None }
}

pub(super) fn ending(reason: EndReason) -> Ending {
    Ending { reason, at: START + MINUTE, by: Actor::Person }
}

/// Writes a change of the session as it is now.
pub(super) async fn update<S: Store>(
    store: &S,
    id: SessionId,
    edit: impl FnOnce(&mut Record),
) -> Result<Version, UpdateError> {
    let mut record = loaded(store, id).await;
    edit(&mut record);
    store.update(record.session.version, change(record)).await
}

pub(super) async fn end<S: Store>(store: &S, id: SessionId) -> Result<Version, UpdateError> {
    update(store, id, |record| record.end(ending(EndReason::SignedOut), START + 60 * MINUTE)).await
}

pub(super) async fn lock<S: Store>(store: &S, id: SessionId) -> Result<Version, UpdateError> {
    let locked = State::Locked { reason: LockReason::Idle, since: START + MINUTE };
    update(store, id, |record| record.session.state = locked).await
}

pub(super) const OLD: OldPrivilege =
    OldPrivilege::Active { assurance: Assurance::Aal1, authenticated_at: START };

/// Gives the session a new token.
pub(super) async fn rotate<S: Store>(store: &S, id: SessionId) -> TokenHash {
    let (record, token) = (loaded(store, id).await, new_token());
    let rotation = Some(Rotation { token, old_privilege: OLD });
    let version = record.session.version;
    let change = Change { record, rotation, if_quiet_since: None };
    store.update(version, change).await.expect("nobody else changes the session");
    token
}

pub(super) fn touch_at(at: Timestamp) -> Touch {
    Touch { at, due_at: at + 30 * MINUTE }
}

pub(super) fn is_ended(record: &Record) -> bool {
    !record.session.is_live()
}
