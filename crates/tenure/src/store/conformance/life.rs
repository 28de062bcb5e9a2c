//! Inserting, updating, ending, forgetting.

use super::super::{
    Actor, Admission, DataError, Happening, InsertError, Precondition, Store, TokenStanding, TouchError,
    UpdateError,
};
use super::fixture::*;
use crate::core::{EndReason, State, Version};

/// What was inserted is found by its token and loaded by its id, word for word.
pub async fn an_inserted_session_is_found_and_loaded<S: Store>(store: S) {
    let (mut record, token) = signed_in(&store).await;
    let found = found(&store, token).await;
    assert_eq!(found.session, record.session);
    assert_eq!(found.token, TokenStanding::Current { first_seen: false });
    assert_eq!(loaded(&store, record.session.id).await, record);
    record.session.version = Version::FIRST;
    assert_eq!(found.session.version, Version::FIRST, "a new session has the first version");
}

/// Unknown tokens and ids are nothing, and nothing can be done to them.
pub async fn what_is_unknown_is_nothing<S: Store>(store: S) {
    let (_, token) = signed_in(&store).await;
    let mut unknown = found(&store, token).await;
    unknown.session.id = new_id();
    let id = unknown.session.id;
    assert_eq!(store.find(&new_token()).await.unwrap(), None);
    assert_eq!(store.load(id).await.unwrap(), None);
    let record = record("ada", HERE, START);
    assert!(matches!(store.update(Version::FIRST, change(record)).await, Err(UpdateError::Gone)));
    assert!(matches!(store.touch(&unknown, touch_at(START)).await, Err(TouchError::Gone)));
    assert!(matches!(store.retire(&unknown, START).await, Err(TouchError::Gone)));
    assert!(matches!(store.data_keys(id).await, Err(DataError::Gone)));
    assert!(matches!(store.data(id, "cart").await, Err(DataError::Gone)));
    let written = store.write_data(id, "cart", Some(vec![1]), Precondition::Always).await;
    assert!(matches!(written, Err(DataError::Gone)));
    assert_eq!(store.list(&subject("nobody")).await.unwrap(), []);
    store.forget(id).await.unwrap();
}

/// An update replaces the whole record. The store counts versions, whatever the record says.
pub async fn an_update_replaces_the_record_and_gives_the_next_version<S: Store>(store: S) {
    let (record, token) = signed_in(&store).await;
    let mut changed = record.clone();
    changed.session.assurance = crate::core::Assurance::Aal3;
    changed.session.version = Version(77);
    changed.details.device.address = "2001:db8::1".into();
    changed.details.note(START + MINUTE, Happening::SteppedUp, Actor::Person);
    changed.due_at = START + 45 * MINUTE;
    let version = store.update(Version::FIRST, change(changed.clone())).await.unwrap();
    assert_eq!(version, Version::FIRST.next());
    changed.session.version = version;
    assert_eq!(loaded(&store, record.session.id).await, changed);
    assert_eq!(found(&store, token).await.session, changed.session);
}

/// A change that was made from another version changes nothing.
pub async fn an_update_of_another_version_conflicts_and_changes_nothing<S: Store>(store: S) {
    let (record, _) = signed_in(&store).await;
    let id = record.session.id;
    let version = update(&store, id, |record| record.details.host = "first.example.com".into()).await;
    let before = loaded(&store, id).await;
    for stale in [Version::FIRST, version.unwrap().next(), Version(0)] {
        let written = store.update(stale, change(record.clone())).await;
        assert!(matches!(written, Err(UpdateError::Conflict)), "{stale:?}: {written:?}");
    }
    assert_eq!(loaded(&store, id).await, before);
}

/// Nothing changes an ended session, and nothing brings it back.
pub async fn an_ended_session_is_final<S: Store>(store: S) {
    let (record, token) = signed_in(&store).await;
    let (id, slow) = (record.session.id, found(&store, token).await);
    let version = end(&store, id).await.unwrap();
    let before = loaded(&store, id).await;
    assert_eq!(before.details.ending, Some(ending(EndReason::SignedOut)));
    for expected in [Version::FIRST, version, version.next()] {
        let written = store.update(expected, change(record.clone())).await;
        assert!(matches!(written, Err(UpdateError::Gone)), "{expected:?}: {written:?}");
        let again = store.update(expected, change(before.clone())).await;
        assert!(matches!(again, Err(UpdateError::Gone)), "{expected:?}: {again:?}");
    }
    assert!(matches!(store.touch(&slow, touch_at(START + MINUTE)).await, Err(TouchError::Gone)));
    assert!(matches!(store.retire(&slow, START).await, Err(TouchError::Gone)));
    let written = store.write_data(id, "cart", Some(vec![1]), Precondition::Always).await;
    assert!(matches!(written, Err(DataError::Gone)));
    assert_eq!(loaded(&store, id).await, before);
}

/// The browser of an ended session can be told why, by its token or the one before, until the
/// tombstone is forgotten; and then nothing of it is left.
pub async fn an_ended_session_is_found_until_it_is_forgotten<S: Store>(store: S) {
    let (record, old) = signed_in(&store).await;
    let id = record.session.id;
    let new = rotate(&store, id).await;
    let version = end(&store, id).await.unwrap();
    let ended = State::Ended { reason: EndReason::SignedOut, at: START + MINUTE };
    for token in [old, new] {
        assert_eq!(found(&store, token).await.session.state, ended);
    }
    store.forget(id).await.unwrap();
    for token in [old, new] {
        assert_eq!(store.find(&token).await.unwrap(), None);
    }
    assert_eq!(store.load(id).await.unwrap(), None);
    assert_eq!(store.list(&record.session.subject).await.unwrap(), []);
    assert_eq!(store.page(None, 10).await.unwrap(), []);
    assert!(matches!(store.update(version, change(record)).await, Err(UpdateError::Gone)));
    assert_eq!(store.due(START + 10_000 * MINUTE, 10).await.unwrap(), []);
}

/// An id or a token that is known, be it of an ended session, is not given to another session.
pub async fn nothing_that_is_known_is_overwritten_by_an_insert<S: Store>(store: S) {
    for ended in [false, true] {
        let (record, token) = signed_in(&store).await;
        let id = record.session.id;
        if ended {
            end(&store, id).await.unwrap();
        }
        let before = loaded(&store, id).await;
        let fresh = new_token();
        let same_id = store.insert(record.clone(), fresh, Admission::Unlimited).await;
        assert!(matches!(same_id, Err(InsertError::Unavailable(_))), "{same_id:?}");
        let other = super::fixture::record("bob", HERE, START);
        let same_token = store.insert(other.clone(), token, Admission::Unlimited).await;
        assert!(matches!(same_token, Err(InsertError::Unavailable(_))), "{same_token:?}");
        assert_eq!(store.find(&fresh).await.unwrap(), None);
        assert_eq!(store.load(other.session.id).await.unwrap(), None);
        assert_eq!(loaded(&store, id).await, before);
        assert_eq!(found(&store, token).await.session.id, id);
    }
}

/// Sessions that have not ended are not forgotten.
pub async fn only_tombstones_are_forgotten<S: Store>(store: S) {
    let (active, token) = signed_in(&store).await;
    let (locked, locked_token) = signed_in(&store).await;
    lock(&store, locked.session.id).await.unwrap();
    for (record, token) in [(active, token), (locked, locked_token)] {
        store.forget(record.session.id).await.unwrap();
        assert_eq!(found(&store, token).await.session.id, record.session.id);
        assert!(store.load(record.session.id).await.unwrap().is_some());
    }
}

/// A lock takes nothing away but the way in: data, details and tokens stay, and it can be lifted.
pub async fn a_locked_session_keeps_everything<S: Store>(store: S) {
    let (record, token) = signed_in(&store).await;
    let id = record.session.id;
    let cart = store.write_data(id, "cart", Some(b"[1]".to_vec()), Precondition::Always).await.unwrap();
    lock(&store, id).await.unwrap();
    assert!(matches!(found(&store, token).await.session.state, State::Locked { .. }));
    assert_eq!(loaded(&store, id).await.details, record.details);
    assert_eq!(store.data(id, "cart").await.unwrap().unwrap().version, cart);
    store.write_data(id, "form", Some(vec![2]), Precondition::Always).await.unwrap();
    update(&store, id, |record| record.session.state = State::Active).await.unwrap();
    assert_eq!(found(&store, token).await.session.state, State::Active);
    assert_eq!(store.data_keys(id).await.unwrap().len(), 2);
}
