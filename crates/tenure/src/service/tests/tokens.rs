//! Tokens: forged ones, replaced ones, and browsers that never received the newer one.

use std::time::Duration;

use crate::core::{Audience, EndReason, LockReason, MissingReason, Preset, Reason, Request};
use crate::service::testing::*;
use crate::service::{EventKind, Next, Outcome, Proof, RenewError, UnlockError};
use crate::store::{Actor, Device};

fn ended_by_replay(outcome: &Outcome) -> bool {
    outcome.reason() == Some(Reason::Ended(EndReason::TokenReplayed))
}

async fn unlock(house: &House, token: &str, proof: Proof) -> Result<String, UnlockError> {
    let device = Device::default();
    let unlocked = house.sessions.unlock(token, here(), proof, device, &house.policy).await?;
    Ok(unlocked.token.expose())
}

#[tokio::test]
async fn tokens_that_are_not_ours_are_told_apart() {
    let house = house(general());
    let other = self::house(general());
    let (foreign, _) = other.sign_in("ada").await;
    let (token, _) = house.sign_in("ada").await;
    for (text, reason) in [
        ("", MissingReason::CookieMalformed),
        ("tnr1_short", MissingReason::CookieMalformed),
        (foreign.as_str(), MissingReason::CookieForged),
    ] {
        assert_eq!(house.request(text).await, Outcome::Missing(reason), "{text}");
    }
    let elsewhere = Audience::of_host("other.example.com");
    let request = Request::active(&house.policy);
    let outcome = house.sessions.judge(&token, elsewhere, &request).await.unwrap();
    assert_eq!(outcome, Outcome::Missing(MissingReason::CookieUnknown));
    assert!(house.request(&token).await.passes());
}

#[tokio::test]
async fn a_replaced_token_serves_during_the_overlap_and_then_ends_the_session() {
    let house = house(general());
    let mut events = house.sessions.events().subscribe(None);
    let (old, _) = house.sign_in("ada").await;
    let new = house.sessions.rotate(&old, here(), &house.policy).await.unwrap().token.expose();
    assert!(house.request(&new).await.passes());
    house.clock.advance(house.policy.rotation_overlap() - Duration::from_millis(1));
    assert!(house.request(&old).await.passes());
    house.clock.advance(Duration::from_millis(1));
    assert!(ended_by_replay(&house.request(&old).await));
    assert!(ended_by_replay(&house.request(&new).await));
    let mut kinds = Vec::new();
    while kinds.len() < 4 {
        let Some(Next::Event(event)) = events.next().await else { panic!("an event was expected") };
        kinds.push(event.kind);
    }
    let replayed = EventKind::Ended(EndReason::TokenReplayed);
    assert_eq!(kinds, [EventKind::SignedIn, EventKind::Rotated, EventKind::TokenReplayed, replayed]);
}

#[tokio::test]
async fn a_browser_that_never_received_the_new_token_goes_on_with_the_old_one() {
    let house = house(general());
    let (old, _) = house.sign_in("ada").await;
    house.sessions.rotate(&old, here(), &house.policy).await.unwrap();
    for _ in 0..10 {
        house.clock.advance(house.policy.rotation_overlap());
        assert!(house.request(&old).await.passes());
    }
}

#[tokio::test]
async fn a_browser_that_never_received_the_answer_to_its_unlock_can_unlock_again() {
    let house = house(general());
    let (old, _) = house.sign_in("ada").await;
    house.clock.advance(house.policy.idle_timeout());
    unlock(&house, &old, proof("ada")).await.unwrap();
    house.clock.advance(Duration::from_secs(300));
    let locked = house.request(&old).await;
    assert_eq!(locked.reason(), Some(Reason::Locked(LockReason::Idle)));
    let again = unlock(&house, &old, proof("ada")).await.unwrap();
    assert!(house.request(&again).await.passes());
}

#[tokio::test]
async fn an_unlocked_session_stays_closed_to_its_old_token() {
    let house = house(general());
    let (old, _) = house.sign_in("ada").await;
    house.clock.advance(house.policy.idle_timeout());
    let new = unlock(&house, &old, proof("ada")).await.unwrap();
    assert!(house.request(&new).await.passes());
    assert_eq!(house.request(&old).await.reason(), Some(Reason::Locked(LockReason::Idle)));
    assert!(matches!(unlock(&house, &new, proof("ada")).await, Err(UnlockError::NotLocked)));
}

#[tokio::test]
async fn a_step_up_gives_the_old_token_no_more_than_it_had() {
    let house = house(general());
    let (old, _) = house.sign_in("ada").await;
    house.clock.advance(Duration::from_secs(600));
    let stronger = Proof { assurance: crate::core::Assurance::Aal2, ..proof("ada") };
    let device = Device::default();
    let stepped = house.sessions.step_up(&old, here(), stronger, device, &house.policy).await.unwrap();
    let request = Request { step_up_within: Some(Duration::from_secs(60)), ..Request::active(&house.policy) };
    let new = stepped.token.expose();
    let by_new = house.sessions.judge(&new, here(), &request).await.unwrap();
    let by_old = house.sessions.judge(&old, here(), &request).await.unwrap();
    assert!(by_new.passes());
    assert!(matches!(by_old, Outcome::StepUp { .. }), "{by_old:?}");
    assert_eq!(by_old.session().unwrap().assurance, crate::core::Assurance::Aal1);
}

#[tokio::test]
async fn an_old_authentication_that_is_over_locks_its_browser_and_not_the_session() {
    let policy = crate::core::Policy::builder(Preset::Custom)
        .idle_timeout(Duration::from_secs(100))
        .absolute_timeout(Duration::from_secs(100))
        .warn_before(Duration::from_secs(20))
        .build()
        .unwrap();
    let house = house(policy);
    let (old, session) = house.sign_in("ada").await;
    house.clock.advance(Duration::from_secs(90));
    let device = Device::default();
    house.sessions.step_up(&old, here(), proof("ada"), device, &house.policy).await.unwrap();
    house.clock.advance(Duration::from_secs(20));
    assert_eq!(house.request(&old).await.reason(), Some(Reason::Locked(LockReason::Absolute)));
    let record = house.sessions.load(session.id).await.unwrap().unwrap();
    assert_eq!(record.session.state, crate::core::State::Active);
    let again = unlock(&house, &old, proof("ada")).await.unwrap();
    assert!(house.request(&again).await.passes());
}

#[tokio::test]
async fn nobody_else_unlocks_or_steps_up() {
    let house = house(general());
    let (token, session) = house.sign_in("ada").await;
    let device = Device::default();
    let refused = house.sessions.step_up(&token, here(), proof("bob"), device.clone(), &house.policy).await;
    assert!(matches!(refused, Err(RenewError::DifferentSubject)));
    house.sessions.lock(session.id, LockReason::ConfirmSignIn, Actor::Administrator).await.unwrap();
    assert!(matches!(unlock(&house, &token, proof("bob")).await, Err(UnlockError::DifferentSubject)));
    let refused = house.sessions.step_up(&token, here(), proof("ada"), device, &house.policy).await;
    assert!(matches!(refused, Err(RenewError::Locked(LockReason::ConfirmSignIn))));
    assert!(unlock(&house, &token, proof("ada")).await.is_ok());
}
