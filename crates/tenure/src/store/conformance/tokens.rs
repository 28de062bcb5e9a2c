//! Rotation: new tokens, and those that they replace.

use super::super::{Change, OldPrivilege, Rotation, Store, TokenStanding, UpdateError};
use super::fixture::*;
use crate::core::{LockReason, TokenHash, Version};

const NEW: TokenStanding = TokenStanding::Current { first_seen: true };
const SEEN: TokenStanding = TokenStanding::Current { first_seen: false };

async fn standing<S: Store>(store: &S, token: TokenHash) -> TokenStanding {
    found(store, token).await.token
}

const fn replaced(privilege: OldPrivilege, retired_at: Option<crate::core::Timestamp>) -> TokenStanding {
    TokenStanding::Replaced { privilege, retired_at }
}

/// The old token leads to its session, with what it could do; the new one waits to be seen.
pub async fn a_replaced_token_is_found_as_replaced<S: Store>(store: S) {
    let (record, old) = signed_in(&store).await;
    let id = record.session.id;
    lock(&store, id).await.unwrap();
    let mut unlocked = loaded(&store, id).await;
    unlocked.session.state = crate::core::State::Active;
    let old_privilege = OldPrivilege::Locked { reason: LockReason::Idle, since: START + MINUTE };
    let (token, version) = (new_token(), unlocked.session.version);
    let rotation = Some(Rotation { token, old_privilege });
    let change = Change { record: unlocked, rotation, if_quiet_since: None };
    store.update(version, change).await.unwrap();
    assert_eq!(standing(&store, old).await, replaced(old_privilege, None));
    assert_eq!(standing(&store, token).await, NEW);
    assert_eq!(found(&store, old).await.session, found(&store, token).await.session);
}

/// From the first sight of the new token on, the old one is known to be out of use.
pub async fn the_first_sight_of_a_new_token_retires_the_old_one<S: Store>(store: S) {
    let (record, old) = signed_in(&store).await;
    let new = rotate(&store, record.session.id).await;
    let seen = found(&store, new).await;
    store.retire(&seen, START + MINUTE).await.unwrap();
    assert_eq!(standing(&store, old).await, replaced(OLD, Some(START + MINUTE)));
    assert_eq!(standing(&store, new).await, SEEN);
    store.retire(&seen, START + 2 * MINUTE).await.unwrap();
    store.retire(&seen, START).await.unwrap();
    assert_eq!(standing(&store, old).await, replaced(OLD, Some(START + MINUTE)), "the first moment counts");
}

/// Only the token right before the current one is remembered.
pub async fn only_the_token_before_is_remembered<S: Store>(store: S) {
    let (record, first) = signed_in(&store).await;
    let second = rotate(&store, record.session.id).await;
    store.retire(&found(&store, second).await, START + MINUTE).await.unwrap();
    let third = rotate(&store, record.session.id).await;
    assert_eq!(store.find(&first).await.unwrap(), None);
    assert_eq!(standing(&store, second).await, replaced(OLD, None));
    assert_eq!(standing(&store, third).await, NEW);
}

/// Where nothing was replaced, nothing is retired.
pub async fn a_token_that_replaced_nothing_retires_nothing<S: Store>(store: S) {
    let (record, token) = signed_in(&store).await;
    store.retire(&found(&store, token).await, START).await.unwrap();
    assert_eq!(standing(&store, token).await, SEEN);
    let new = rotate(&store, record.session.id).await;
    assert_eq!(standing(&store, new).await, NEW, "an early sight counts for nothing later");
}

/// A slow request saw the second token; meanwhile there is a third one, which nobody has seen. The
/// second may be all that the browser has, so it must not be retired.
pub async fn a_late_sight_of_a_token_does_not_retire_for_its_successor<S: Store>(store: S) {
    let (record, _) = signed_in(&store).await;
    let second = rotate(&store, record.session.id).await;
    let slow = found(&store, second).await;
    let third = rotate(&store, record.session.id).await;
    store.retire(&slow, START + MINUTE).await.unwrap();
    assert_eq!(standing(&store, second).await, replaced(OLD, None));
    assert_eq!(standing(&store, third).await, NEW);
}

/// A rotation that came too late gives no token.
pub async fn a_rotation_that_conflicts_makes_no_token_good<S: Store>(store: S) {
    let (record, token) = signed_in(&store).await;
    lock(&store, record.session.id).await.unwrap();
    let late = new_token();
    let rotation = Some(Rotation { token: late, old_privilege: OLD });
    let change = Change { record, rotation, if_quiet_since: None };
    assert!(matches!(store.update(Version::FIRST, change).await, Err(UpdateError::Conflict)));
    assert_eq!(store.find(&late).await.unwrap(), None);
    assert_eq!(standing(&store, token).await, SEEN);
}

/// Other changes leave tokens as they stand.
pub async fn a_change_without_a_rotation_keeps_the_tokens<S: Store>(store: S) {
    let (record, old) = signed_in(&store).await;
    let new = rotate(&store, record.session.id).await;
    lock(&store, record.session.id).await.unwrap();
    assert_eq!(standing(&store, old).await, replaced(OLD, None));
    assert_eq!(standing(&store, new).await, NEW);
    store.retire(&found(&store, new).await, START + MINUTE).await.unwrap();
    update(&store, record.session.id, |record| record.session.state = crate::core::State::Active)
        .await
        .unwrap();
    assert_eq!(standing(&store, old).await, replaced(OLD, Some(START + MINUTE)));
    assert_eq!(standing(&store, new).await, SEEN);
}
