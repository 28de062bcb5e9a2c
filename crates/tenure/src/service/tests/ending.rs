//! Endings, limits of sessions, and what is done because time has passed.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::core::{Assurance, EndReason, LockReason, OnExcess, OnLimit, Policy, Reason, Subject};
use crate::service::testing::*;
use crate::service::{Endings, LockOutcome, Outcome, SignIn, SignInError, UnlockError};
use crate::store::{Actor, Device, Store as _};

fn limited(to: u32, on_excess: OnExcess) -> Policy {
    general().to_builder().max_sessions(NonZeroU32::new(to)).on_excess(on_excess).build().unwrap()
}

fn reason(outcome: &Outcome) -> Option<Reason> {
    outcome.reason()
}

#[tokio::test]
async fn the_first_ending_holds() {
    let house = house(general());
    let (token, session) = house.sign_in("ada").await;
    let first = house.sessions.end(session.id, EndReason::SignedOut, Actor::Person).await.unwrap();
    let Endings::Now(first) = first else { panic!("{first:?}") };
    let second = house.sessions.end(session.id, EndReason::Risk, Actor::Tenure).await.unwrap();
    assert_eq!(second, Endings::Before(first));
    assert_eq!(reason(&house.request(&token).await), Some(Reason::Ended(EndReason::SignedOut)));
    let lock = house.sessions.lock(session.id, LockReason::Idle, Actor::Tenure).await.unwrap();
    assert!(matches!(lock, LockOutcome::Ended(ending) if ending.reason == EndReason::SignedOut));
}

#[tokio::test]
async fn the_displaced_learn_by_whom() {
    let house = house(limited(1, OnExcess::EndOldest));
    let (token, _) = house.sign_in("ada").await;
    let phone = Device { user_agent: "Phone".into(), address: "192.0.2.7".into() };
    let who = SignIn::new(ada(), Assurance::Aal1, HOST).device(phone.clone());
    let second = house.sessions.sign_in(who, &house.policy).await.unwrap();
    let outcome = house.request(&token).await;
    assert_eq!(reason(&outcome), Some(Reason::Ended(EndReason::Displaced)));
    let record = house.sessions.load(second.displaced[0].id).await.unwrap().unwrap();
    let by = Actor::Elsewhere { session: Some(second.session.id), device: phone };
    assert_eq!(record.details.ending.unwrap().by, by);
}

#[tokio::test]
async fn a_refusing_limit_names_the_sessions_in_the_way_and_ignores_the_choice() {
    let house = house(limited(1, OnExcess::Refuse));
    let (token, session) = house.sign_in("ada").await;
    let who = SignIn::new(ada(), Assurance::Aal1, HOST).replacing(session.id);
    let refused = house.sessions.sign_in(who, &house.policy).await;
    let Err(SignInError::LimitRefused(open)) = refused else { panic!("{refused:?}") };
    assert_eq!(open[0].session.id, session.id);
    assert!(house.request(&token).await.passes());
}

#[tokio::test]
async fn a_lock_that_has_expired_does_not_count_against_the_limit() {
    let house = house(limited(1, OnExcess::Refuse));
    let (_, session) = house.sign_in("ada").await;
    house.sessions.lock(session.id, LockReason::Idle, Actor::Tenure).await.unwrap();
    house.clock.advance(house.policy.keep_work_for());
    let (token, _) = house.sign_in("ada").await;
    assert!(house.request(&token).await.passes());
    let old = house.sessions.load(session.id).await.unwrap().unwrap();
    assert_eq!(old.details.ending.unwrap().reason, EndReason::LockExpired);
}

#[tokio::test]
async fn another_person_s_or_host_s_session_is_never_ended_by_a_choice() {
    let house = house(limited(1, OnExcess::Ask));
    let (bobs, bob) = house.sign_in("bob").await;
    let (_, _) = house.sign_in("ada").await;
    let who = SignIn::new(ada(), Assurance::Aal1, HOST).replacing(bob.id);
    let refused = house.sessions.sign_in(who, &house.policy).await;
    assert!(matches!(refused, Err(SignInError::LimitAsk(_))));
    assert!(house.request(&bobs).await.passes());
}

#[tokio::test]
async fn others_all_of_a_person_and_everyone_are_ended() {
    let house = house(general());
    let (keep, kept) = house.sign_in("ada").await;
    let (other, _) = house.sign_in("ada").await;
    let (bobs, _) = house.sign_in("bob").await;
    let ended = house.sessions.end_others(&ada(), here(), kept.id, Actor::Person).await.unwrap();
    assert_eq!(ended.len(), 1);
    assert!(house.request(&keep).await.passes());
    assert_eq!(reason(&house.request(&other).await), Some(Reason::Ended(EndReason::SignedOutElsewhere)));
    let changed = EndReason::CredentialChanged;
    let ended = house.sessions.end_subject(&ada(), changed, Actor::Administrator).await.unwrap();
    assert_eq!(ended, [kept.id]);
    assert_eq!(reason(&house.request(&keep).await), Some(Reason::Ended(changed)));
    assert_eq!(house.sessions.end_everyone(Actor::Administrator).await.unwrap(), 1);
    assert_eq!(reason(&house.request(&bobs).await), Some(Reason::Ended(EndReason::EndedByAdministrator)));
}

#[tokio::test]
async fn what_is_due_is_locked_then_ended_then_forgotten() {
    let house = house(general());
    for number in 0..700 {
        house.sign_in(&format!("user {number}")).await;
    }
    house.clock.advance(house.policy.idle_timeout());
    let first = house.sessions.sweep(600).await.unwrap();
    assert_eq!((first.seen, first.locked, first.more), (600, 600, true));
    let rest = house.sessions.sweep(600).await.unwrap();
    assert_eq!((rest.seen, rest.locked, rest.more), (100, 100, false));
    house.clock.advance(house.policy.keep_work_for());
    assert_eq!(house.sessions.sweep(1000).await.unwrap().ended, 700);
    house.clock.advance(house.policy.explain_for());
    assert_eq!(house.sessions.sweep(1000).await.unwrap().forgotten, 700);
    assert_eq!(house.sessions.store().counts(), crate::store::Counts::default());
}

#[tokio::test]
async fn a_sweep_does_not_cut_short_what_a_laxer_route_promised() {
    let house = house(general());
    let (token, _) = house.sign_in("ada").await;
    let lax = house.policy.to_builder().idle_timeout(Duration::from_secs(2 * 3600)).build().unwrap();
    house.clock.advance(Duration::from_secs(60));
    let request = crate::core::Request::active(&lax);
    assert!(house.sessions.judge(&token, here(), &request).await.unwrap().passes());
    house.clock.advance(Duration::from_secs(2 * 3600 - 1));
    assert_eq!(house.sessions.sweep(10).await.unwrap().seen, 0);
    assert!(house.sessions.judge(&token, here(), &request).await.unwrap().passes());
}

#[tokio::test]
async fn a_sweep_does_not_lock_what_only_a_stricter_route_would() {
    let house = house(general());
    let (token, _) = house.sign_in("ada").await;
    let lax = house.policy.to_builder().idle_timeout(Duration::from_secs(2 * 3600)).build().unwrap();
    let sessions = &house.sessions;
    sessions.extend(&token, here(), &house.policy).await.unwrap();
    house.clock.advance(house.policy.idle_timeout());
    let lax_house = crate::service::Sessions::new(
        crate::store::MemoryStore::new(),
        sessions.keys().clone(),
        house.clock.clone(),
        lax.clone(),
    );
    let who = SignIn::new(Subject::new("ada").unwrap(), Assurance::Aal1, HOST);
    let signed_in = lax_house.sign_in(who, &house.policy).await.unwrap();
    house.clock.advance(house.policy.idle_timeout());
    let swept = lax_house.sweep(10).await.unwrap();
    assert_eq!((swept.seen, swept.locked), (1, 0));
    assert_eq!(lax_house.sweep(10).await.unwrap().seen, 0);
    let request = crate::core::Request::active(&lax);
    let outcome = lax_house.judge(&signed_in.token.expose(), here(), &request).await.unwrap();
    assert!(outcome.passes());
}

#[tokio::test]
async fn a_strict_policy_ends_and_cannot_be_unlocked() {
    let strict = general().to_builder().on_idle(OnLimit::End).build().unwrap();
    let house = house(strict);
    let (token, _) = house.sign_in("ada").await;
    house.clock.advance(house.policy.idle_timeout());
    assert_eq!(reason(&house.request(&token).await), Some(Reason::Ended(EndReason::StrictPolicy)));
    let device = Device::default();
    let refused = house.sessions.unlock(&token, here(), proof("ada"), device, &house.policy).await;
    assert!(matches!(refused, Err(UnlockError::Ended { reason: EndReason::StrictPolicy, .. })));
}
