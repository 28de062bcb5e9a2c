//! Waiting for a session to stop, and activity that is not written down.

use std::time::Duration;

use crate::core::{LockReason, MissingReason, Reason, Request, SessionId};
use crate::service::testing::*;
use crate::store::{Actor, Store as _};

#[tokio::test]
async fn an_open_stream_learns_that_its_session_stopped() {
    let house = house(general());
    let (_, session) = house.sign_in("ada").await;
    let mut watch = house.sessions.watch(session.id).await.unwrap();
    let mut other = house.sessions.watch(session.id).await.unwrap();
    let waiting = tokio::spawn(async move { watch.stopped().await });
    house.sessions.lock(session.id, LockReason::ConfirmSignIn, Actor::Administrator).await.unwrap();
    let locked = Reason::Locked(LockReason::ConfirmSignIn);
    assert_eq!(waiting.await.unwrap(), locked);
    assert_eq!(other.stopped().await, locked);
    let mut late = house.sessions.watch(session.id).await.unwrap();
    assert_eq!(late.stopped().await, locked);
    let mut unknown = house.sessions.watch(SessionId::from_bytes([1; 16])).await.unwrap();
    assert_eq!(unknown.stopped().await, Reason::Missing(MissingReason::CookieUnknown));
}

#[tokio::test]
async fn an_idle_session_is_noticed_by_the_sweep_and_its_streams_are_told() {
    let house = house(general());
    let (_, session) = house.sign_in("ada").await;
    let mut watch = house.sessions.watch(session.id).await.unwrap();
    house.clock.advance(house.policy.idle_timeout());
    house.sessions.sweep(10).await.unwrap();
    assert_eq!(watch.stopped().await, Reason::Locked(LockReason::Idle));
}

#[tokio::test]
async fn activity_right_after_activity_is_not_written_and_promises_nothing_more() {
    let house = house(general());
    let (token, session) = house.sign_in("ada").await;
    let began = house.sessions.now();
    house.clock.advance(Duration::from_millis(999));
    let deadlines = house.request(&token).await.deadlines().unwrap();
    assert_eq!(deadlines.idle_at, began + house.policy.idle_timeout());
    house.clock.advance(Duration::from_millis(1));
    let deadlines = house.request(&token).await.deadlines().unwrap();
    assert_eq!(deadlines.idle_at, house.sessions.now() + house.policy.idle_timeout());
    let record = house.sessions.store().load(session.id).await.unwrap().unwrap();
    assert_eq!(record.session.last_activity_at, house.sessions.now());
    assert_eq!(record.due_at, deadlines.idle_at);
}

#[tokio::test]
async fn a_machine_never_keeps_a_session_alive() {
    let house = house(general());
    let (token, _) = house.sign_in("ada").await;
    let passive = Request::passive(&house.policy);
    let minute = Duration::from_secs(60);
    for _ in 0..29 {
        house.clock.advance(minute);
        assert!(house.sessions.judge(&token, here(), &passive).await.unwrap().passes());
    }
    house.clock.advance(minute);
    let outcome = house.sessions.judge(&token, here(), &passive).await.unwrap();
    assert_eq!(outcome.reason(), Some(Reason::Locked(LockReason::Idle)));
}
