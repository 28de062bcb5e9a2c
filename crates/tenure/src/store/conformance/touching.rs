//! Activity: it moves forward, conflicts with nothing, and overwrites nothing.

use super::super::{Change, Store, Touch, TouchError, UpdateError};
use super::fixture::*;
use crate::core::State;

/// Neither the activity nor the due moment ever goes back, each for itself.
pub async fn activity_moves_forward_only<S: Store>(store: S) {
    let (record, token) = signed_in(&store).await;
    let (id, seen) = (record.session.id, found(&store, token).await);
    let minutes = |count: u32| START + count * MINUTE;
    for (touch, at, due_at) in [
        (Touch { at: minutes(5), due_at: minutes(35) }, minutes(5), minutes(35)),
        (Touch { at: minutes(3), due_at: minutes(33) }, minutes(5), minutes(35)),
        (Touch { at: minutes(4), due_at: minutes(90) }, minutes(5), minutes(90)),
        (Touch { at: minutes(6), due_at: minutes(36) }, minutes(6), minutes(90)),
    ] {
        store.touch(&seen, touch).await.unwrap();
        let now = loaded(&store, id).await;
        assert_eq!((now.session.last_activity_at, now.due_at), (at, due_at));
        assert_eq!(found(&store, token).await.session.last_activity_at, at);
    }
    let mut rest = loaded(&store, id).await;
    rest.session.last_activity_at = record.session.last_activity_at;
    rest.due_at = record.due_at;
    assert_eq!(rest, record, "nothing else changes, the version included");
}

/// A change that was made before the activity goes through, and the activity stays.
pub async fn activity_conflicts_with_nothing_and_is_kept<S: Store>(store: S) {
    let (mut record, token) = signed_in(&store).await;
    let seen = found(&store, token).await;
    store.touch(&seen, touch_at(START + 5 * MINUTE)).await.unwrap();
    record.details.host = "other.example.com".into();
    let version = store.update(record.session.version, change(record.clone())).await.unwrap();
    let now = loaded(&store, record.session.id).await;
    assert_eq!(now.details.host, "other.example.com");
    assert_eq!(now.session.last_activity_at, START + 5 * MINUTE);
    assert_eq!(now.due_at, START + 35 * MINUTE, "it stays active, so it is due as late as promised");
    assert_eq!(now.session.version, version);
    store.touch(&seen, touch_at(START + 6 * MINUTE)).await.unwrap();
    assert_eq!(loaded(&store, record.session.id).await.session.last_activity_at, START + 6 * MINUTE);
}

/// A change may carry activity itself.
pub async fn a_later_activity_of_a_change_counts<S: Store>(store: S) {
    let (mut record, token) = signed_in(&store).await;
    store.touch(&found(&store, token).await, touch_at(START + 5 * MINUTE)).await.unwrap();
    record.session.last_activity_at = START + 7 * MINUTE;
    record.due_at = START + 37 * MINUTE;
    store.update(record.session.version, change(record.clone())).await.unwrap();
    let now = loaded(&store, record.session.id).await;
    assert_eq!((now.session.last_activity_at, now.due_at), (START + 7 * MINUTE, START + 37 * MINUTE));
}

/// Activity that was judged before a lock and is noted after it comes too late.
pub async fn a_session_that_is_not_active_takes_no_activity<S: Store>(store: S) {
    let (record, token) = signed_in(&store).await;
    let slow = found(&store, token).await;
    lock(&store, record.session.id).await.unwrap();
    let before = loaded(&store, record.session.id).await;
    let touched = store.touch(&slow, touch_at(START + 5 * MINUTE)).await;
    assert!(matches!(touched, Err(TouchError::Gone)), "{touched:?}");
    assert_eq!(loaded(&store, record.session.id).await, before);
}

/// A change on the condition of quiet holds only if there was no later activity.
pub async fn a_change_that_needs_quiet_conflicts_with_activity<S: Store>(store: S) {
    let (record, token) = signed_in(&store).await;
    let mut locked = record.clone();
    locked.session.state =
        State::Locked { reason: crate::core::LockReason::Idle, since: START + 30 * MINUTE };
    let lock = |since| Change { record: locked.clone(), rotation: None, if_quiet_since: Some(since) };
    let seen = found(&store, token).await;
    store.touch(&seen, touch_at(START + 29 * MINUTE)).await.unwrap();
    let written = store.update(record.session.version, lock(START)).await;
    assert!(matches!(written, Err(UpdateError::Conflict)), "{written:?}");
    assert_eq!(loaded(&store, record.session.id).await.session.state, State::Active);
    store.update(record.session.version, lock(START + 29 * MINUTE)).await.unwrap();
    assert_eq!(loaded(&store, record.session.id).await.session.state, locked.session.state);
}
